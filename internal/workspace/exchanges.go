package workspace

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"trestle/internal/endpoint"
)

const exchangeColumns = `e.id, e.at, p.name, coalesce(r.name, ''), e.kind, e.inbound, e.conversation, e.connection, e.peer, t.text,
	e.first_byte, e.last_byte, e.decided, e.committed, e.reply_written, e.request_size, e.reply_size, e.type, e.trigger_event, e.control_id, e.mrn, e.account,
	e.code, e.rule, coalesce(s.text, ''), e.attempt, e.maybe_twice, e.expected, e.passed, e.outcome, e.hashes, e.more`

func (w *Workspace) scanExchanges(ctx context.Context, q string, args ...any) ([]endpoint.Exchange, error) {
	rows, err := w.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []endpoint.Exchange
	for rows.Next() {
		out = append(out, endpoint.Exchange{})
		if err := scanExchange(rows, &out[len(out)-1]); err != nil {
			return nil, w.sqlError(ctx, err)
		}
	}
	return out, w.sqlError(ctx, rows.Err())
}

func scanExchange(rows *sql.Rows, e *endpoint.Exchange) error {
	var at, connection int64
	var inbound bool
	var tls, more sql.NullString
	var times [5]sql.NullInt64
	var hashes []byte
	err := rows.Scan(&e.ID, &at, &e.Endpoint, &e.Run, &e.Kind, &inbound, &e.Conversation, &connection, &e.Peer, &tls,
		&times[0], &times[1], &times[2], &times[3], &times[4], &e.RequestSize, &e.ReplySize, &e.Type, &e.Trigger, &e.ControlID, &e.MRN, &e.Account,
		&e.Code, &e.Rule, &e.Sentence, &e.Attempt, &e.MaybeTwice, &e.Expected, &e.Passed, &e.Outcome, &hashes, &more)
	if err != nil {
		return err
	}
	e.Direction, e.Connection = directionOf(inbound), uint64(connection)
	for i, to := range []*time.Time{&e.FirstByte, &e.LastByte, &e.Decided, &e.Committed, &e.ReplyWritten} {
		if times[i].Valid {
			*to = time.UnixMicro(at + times[i].Int64).UTC()
		}
	}
	if len(hashes) == 2*sha256.Size {
		copy(e.RequestSHA256[:], hashes)
		copy(e.ReplySHA256[:], hashes[sha256.Size:])
	}
	if tls.Valid {
		e.TLS = &endpoint.TLS{}
		if err := json.Unmarshal([]byte(tls.String), e.TLS); err != nil {
			return fmt.Errorf("encryption of exchange %d: %w", e.ID, err)
		}
	}
	return unpackMore(more, e)
}

// payload reads the bytes of an exchange, and their hashes. There are none where they are not kept.
func (w *Workspace) payload(ctx context.Context, e *endpoint.Exchange) error {
	err := w.read.QueryRowContext(ctx, "SELECT request, reply FROM exchange_payloads WHERE id=?", e.ID).Scan(&e.Request, &e.Reply)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return w.sqlError(ctx, err)
	}
	if e.RequestSize > 0 {
		e.RequestSHA256 = sha256.Sum256(e.Request)
	}
	if e.ReplySize > 0 {
		e.ReplySHA256 = sha256.Sum256(e.Reply)
	}
	return nil
}

// Exchange reads one exchange with its bytes, which are nil where they are not kept. That enters the access log first; within
// five minutes the same exchange counts as viewed once. Error: ErrNotFound.
func (w *Workspace) Exchange(ctx context.Context, id int64) (e endpoint.Exchange, err error) {
	list, err := w.viewExchanges(ctx, fmt.Sprintf("exchange %d", id), "WHERE e.id=?", id)
	if err != nil || len(list) == 0 {
		return e, errors.Join(err, onlyIf(err == nil, fail(ErrNotFound, "there is no exchange %d in the journal; it may have been deleted", id)))
	}
	return list[0], nil
}

func onlyIf(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}

// maxConversation is how many exchanges of a conversation are read at most. Only a sender that uses one control ID for all its
// messages has more.
const maxConversation = 500

// Conversation reads the exchanges of a conversation with their bytes, oldest first, five hundred at most: a message, its retries,
// acknowledgements and responses. It enters the access log as Exchange does.
func (w *Workspace) Conversation(ctx context.Context, conversation string) ([]endpoint.Exchange, error) {
	if conversation == "" {
		return nil, nil
	}
	return w.viewExchanges(ctx, "conversation "+conversation, "INDEXED BY exchanges_conversation", conversation)
}

// viewExchanges reads few exchanges with their bytes, after an entry in the access log.
func (w *Workspace) viewExchanges(ctx context.Context, what, by string, arg any) ([]endpoint.Exchange, error) {
	if err := w.knows(schemaWithJournal); err != nil {
		return nil, err
	}
	key := string(ActionViewed) + " " + what
	if !w.log.repeated(key) {
		if err := w.reading(ctx, nil, ActionViewed, what, ""); err != nil {
			return nil, err
		}
		w.log.remember(key)
	}
	q := "SELECT " + exchangeColumns + " FROM exchanges e" + exchangeSource + " WHERE e.id=?"
	if by != "WHERE e.id=?" {
		q = fmt.Sprintf("SELECT %s FROM exchanges e %s%s WHERE e.conversation<>'' AND e.conversation=? ORDER BY e.id LIMIT %d", exchangeColumns, by, exchangeSource, maxConversation)
	}
	list, err := w.scanExchanges(ctx, q, arg)
	for i := range list {
		if err == nil {
			err = w.payload(ctx, &list[i])
		}
	}
	return list, err
}

// exchangeStep is how many exchanges are read at once.
const exchangeStep = 500

// ReadExchanges reads all exchanges that a query finds with their bytes, oldest first, after one entry in the access log. Memory holds
// the bytes of one. Those that come meanwhile may be among them. An error ends the sequence.
func (w *Workspace) ReadExchanges(ctx context.Context, q ExchangeQuery) iter.Seq2[endpoint.Exchange, error] {
	return w.eachExchange(ctx, q, func() error {
		return w.reading(ctx, nil, ActionViewed, "exchanges", q.about())
	})
}

// ExportExchanges is ReadExchanges for what leaves the workspace: the access log names the file that it goes to, without its
// folder.
func (w *Workspace) ExportExchanges(ctx context.Context, q ExchangeQuery, destination string) iter.Seq2[endpoint.Exchange, error] {
	return w.eachExchange(ctx, q, func() error {
		n, err := w.CountExchanges(ctx, q)
		if err != nil {
			return err
		}
		return w.reading(ctx, nil, ActionExported, destination, joinNonEmpty(", ", plural(int(n), "exchange"), q.about()))
	})
}

// about says in the access log which exchanges are read.
func (q ExchangeQuery) about() string {
	if text := q.words(); text != "" {
		return text
	}
	return joinNonEmpty(", ", onlyText("endpoint ", q.Endpoint), onlyText("run ", q.Run), onlyText("code ", q.Code), onlyText("type ", q.Type))
}

func onlyText(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func (w *Workspace) eachExchange(ctx context.Context, q ExchangeQuery, enter func() error) iter.Seq2[endpoint.Exchange, error] {
	return func(yield func(endpoint.Exchange, error) bool) {
		err := w.knows(schemaWithJournal)
		if err == nil {
			err = enter()
		}
		page := ExchangePage{Oldest: true, Limit: exchangeStep}
		for err == nil {
			var list []endpoint.Exchange
			if list, err = w.exchanges(ctx, q, page); err != nil {
				break
			}
			for i := range list {
				if err = w.payload(ctx, &list[i]); err != nil {
					break
				}
				if !yield(list[i], nil) {
					return
				}
				list[i].Request, list[i].Reply = nil, nil
			}
			if len(list) < page.Limit {
				break
			}
			page.After = list[len(list)-1].ID
		}
		if err != nil {
			yield(endpoint.Exchange{}, err)
		}
	}
}

// Run is a named run of a sender.
type Run struct {
	Endpoint, Name      string
	Exchanges, Failed   int64
	Started, Ended      time.Time // when its first and last exchange was stored
	First, Last         int64     // those exchanges
	FirstTries, Retries int64
}

// Runs lists the runs of senders, newest first.
func (w *Workspace) Runs(ctx context.Context) ([]Run, error) {
	if err := w.knows(schemaWithJournal); err != nil {
		return nil, err
	}
	rows, err := w.read.QueryContext(ctx, `SELECT p.name, r.name, count(*), coalesce(sum(e.failed), 0), min(e.id), max(e.id), min(e.at), max(e.at), sum(e.attempt<=1), sum(e.attempt>1)
		FROM exchange_runs r CROSS JOIN exchange_endpoints p ON p.id=r.endpoint CROSS JOIN exchanges e INDEXED BY exchanges_run ON e.run=r.id GROUP BY r.id ORDER BY min(e.id) DESC`)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []Run
	for rows.Next() {
		var r Run
		var started, ended int64
		if err := rows.Scan(&r.Endpoint, &r.Name, &r.Exchanges, &r.Failed, &r.First, &r.Last, &started, &ended, &r.FirstTries, &r.Retries); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		r.Started, r.Ended = time.UnixMicro(started).UTC(), time.UnixMicro(ended).UTC()
		out = append(out, r)
	}
	return out, w.sqlError(ctx, rows.Err())
}

// EndpointFigures is what the journal has of an endpoint.
type EndpointFigures struct {
	Endpoint                 string
	Received, Sent, Failed   int64
	RequestBytes, ReplyBytes int64
	ByCode                   map[string]int64 // of the acknowledgement; "" is no answer
	ByOutcome                map[endpoint.Outcome]int64
	First, Last              time.Time        // when the first and last exchange was stored
	Latencies                [3]time.Duration // half, 95 and 99 of 100 of the last ten thousand exchanges with a reply took no longer
}

// latencySample is how many exchanges Latencies looks at.
const latencySample = 10_000

// EndpointFigures sums up the journal, by endpoint. It counts nothing anew, but for the latencies.
func (w *Workspace) EndpointFigures(ctx context.Context) ([]EndpointFigures, error) {
	if err := w.knows(schemaWithJournal); err != nil {
		return nil, err
	}
	rows, err := w.read.QueryContext(ctx, `SELECT p.name, c.inbound, c.code, c.outcome, c.failed, c.n, c.request_bytes, c.reply_bytes
		FROM exchange_counts c JOIN exchange_endpoints p ON p.id=c.endpoint WHERE c.n>0 ORDER BY p.name`)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []EndpointFigures
	for rows.Next() {
		var name, code string
		var outcome endpoint.Outcome
		var inbound, failed bool
		var n, request, reply int64
		if err := rows.Scan(&name, &inbound, &code, &outcome, &failed, &n, &request, &reply); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		if len(out) == 0 || out[len(out)-1].Endpoint != name {
			out = append(out, EndpointFigures{Endpoint: name, ByCode: map[string]int64{}, ByOutcome: map[endpoint.Outcome]int64{}})
		}
		f := &out[len(out)-1]
		if inbound {
			f.Received += n
		} else {
			f.Sent += n
		}
		if failed {
			f.Failed += n
		}
		f.RequestBytes, f.ReplyBytes = f.RequestBytes+request, f.ReplyBytes+reply
		f.ByCode[code] += n
		f.ByOutcome[outcome] += n
	}
	if err := rows.Err(); err != nil {
		return nil, w.sqlError(ctx, err)
	}
	for i := range out {
		if err := w.timing(ctx, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (w *Workspace) timing(ctx context.Context, f *EndpointFigures) error {
	var first, last int64
	err := w.read.QueryRowContext(ctx, `SELECT (SELECT at FROM exchanges INDEXED BY exchanges_endpoint WHERE endpoint=p.id ORDER BY id LIMIT 1),
		(SELECT at FROM exchanges INDEXED BY exchanges_endpoint WHERE endpoint=p.id ORDER BY id DESC LIMIT 1) FROM exchange_endpoints p WHERE name=?`, f.Endpoint).Scan(&first, &last)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	f.First, f.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
	took, err := w.numbers(ctx, `SELECT end-last_byte FROM (SELECT CASE WHEN inbound THEN reply_written ELSE decided END AS end, last_byte, reply_size FROM exchanges INDEXED BY exchanges_endpoint
		WHERE endpoint=(SELECT id FROM exchange_endpoints WHERE name=?) ORDER BY id DESC LIMIT ?) WHERE reply_size>0 AND end IS NOT NULL AND last_byte IS NOT NULL`, f.Endpoint, latencySample)
	if err != nil || len(took) == 0 {
		return err
	}
	slices.Sort(took)
	for i, percent := range []int{50, 95, 99} {
		f.Latencies[i] = time.Duration(took[(len(took)-1)*percent/100]) * time.Microsecond
	}
	return nil
}
