package workspace

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"trestle/internal/compare"
	"trestle/internal/endpoint"
	"trestle/internal/format"
)

// comparedSide is one side of a comparison, which lies in the workspace. Reading it from beginning to end enters the access log once; what
// the comparison then reads again, message by message, is part of that.
type comparedSide struct {
	w        *Workspace
	messages func(ctx context.Context) iter.Seq2[compare.Entry, error]
	query    string // bytes of one message by what is in Ref.Offset, after args
	args     []any
}

func (c comparedSide) Messages(ctx context.Context) iter.Seq2[compare.Entry, error] {
	return c.messages(ctx)
}

func (c comparedSide) Read(ctx context.Context, ref compare.Ref, buf []byte) ([]byte, error) {
	var b sql.RawBytes
	rows, err := c.w.read.QueryContext(ctx, c.query, append(c.args[:len(c.args):len(c.args)], ref.Offset)...)
	if err != nil {
		return nil, c.w.sqlError(ctx, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, errors.Join(c.w.sqlError(ctx, rows.Err()), fail(ErrChanged, "a message was deleted while it was compared; compare again"))
	}
	if err := rows.Scan(&b); err != nil {
		return nil, c.w.sqlError(ctx, err)
	}
	return append(buf[:0], b...), nil
}

// entry is a message as a comparison wants it.
func entry(at int64, name string, b []byte) compare.Entry {
	e := compare.Entry{Ref: compare.Ref{Offset: at, Length: int32(len(b))}, Name: name, Bytes: b}
	if guess := format.Detect(b); !guess.Kind.IsHL7v2() {
		e.Kind = guess.Kind
	}
	return e
}

// CompareMessages gives messages of the workspace as a side of a comparison, in the order of the ids.
func (w *Workspace) CompareMessages(ids []int64) compare.Source {
	return comparedSide{w: w, query: "SELECT bytes FROM contents WHERE id=?", messages: func(ctx context.Context) iter.Seq2[compare.Entry, error] {
		return func(yield func(compare.Entry, error) bool) {
			for m, err := range w.Messages(ctx, ids) {
				if !yield(entry(m.ID, m.Source, m.Bytes), err) || err != nil {
					return
				}
			}
		}
	}}
}

// CompareExchanges gives the requests of the exchanges that a query finds, such as those of one run, as a side of a comparison; or their
// replies. Exchanges whose bytes were not kept, and those without a reply, are left out. Those that come once it was read are not in
// it.
func (w *Workspace) CompareExchanges(q ExchangeQuery, replies bool) compare.Source {
	column := "request"
	if replies {
		column = "reply"
	}
	return comparedSide{w: w, query: "SELECT " + column + " FROM exchange_payloads WHERE id=?", messages: func(ctx context.Context) iter.Seq2[compare.Entry, error] {
		return func(yield func(compare.Entry, error) bool) {
			for e, err := range w.ReadExchanges(ctx, q) {
				b := payloadOf(e, replies)
				if err == nil && len(b) == 0 {
					continue
				}
				if !yield(entry(e.ID, e.Endpoint, b), err) || err != nil {
					return
				}
			}
		}
	}}
}

func payloadOf(e endpoint.Exchange, reply bool) []byte {
	if reply {
		return e.Reply
	}
	return e.Request
}

// CompareSet gives a set as a side of a comparison.
func (w *Workspace) CompareSet(name string) compare.Source {
	return comparedSide{w: w, query: `SELECT bytes FROM set_messages WHERE "set"=(SELECT id FROM sets WHERE name=?) AND position=?`, args: []any{name},
		messages: func(ctx context.Context) iter.Seq2[compare.Entry, error] {
			return func(yield func(compare.Entry, error) bool) {
				at := int64(0)
				for m, err := range w.SetMessages(ctx, name) {
					if !yield(entry(at, m.Label, m.Bytes), err) || err != nil {
						return
					}
					at++
				}
			}
		}}
}
