package workspace

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// bulkRows is how many rows Messages reads at once.
const bulkRows = 200

// Messages reads many messages with their bytes, in the order of the ids, with one entry in the access log that says
// how many and which. It is written before the first message is handed out; if it cannot be, that is the only error.
// A message that is damaged or gone gives an error of its own (ErrDamaged, ErrNotFound) with its id in Message.ID, and the
// next ones follow. Any other error ends the sequence, as does a cancelled context. Memory holds one message.
func (w *Workspace) Messages(ctx context.Context, ids []int64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if len(ids) == 0 {
			return
		}
		if err := w.reading(ctx, nil, ActionViewed, plural(len(ids), "message"), idRanges(ids)); err != nil {
			yield(Message{}, err)
			return
		}
		for chunk := range slices.Chunk(ids, bulkRows) {
			for _, m := range w.bulk(ctx, chunk) {
				if m.err == nil {
					m.err = w.content(ctx, &m.Message)
				}
				goOn := m.err == nil || errors.Is(m.err, ErrDamaged) || errors.Is(m.err, ErrNotFound)
				if !yield(m.Message, m.err) || !goOn {
					return
				}
			}
		}
	}
}

type bulkMessage struct {
	Message
	err error
}

// bulk reads the rows of messages, those of a damaged page one by one.
func (w *Workspace) bulk(ctx context.Context, ids []int64) []bulkMessage {
	out := make([]bulkMessage, len(ids))
	rows, err := w.readRows(ctx, ids)
	if err != nil && !errors.Is(err, ErrDamaged) || err != nil && len(ids) == 1 {
		out[0].ID, out[0].err = ids[0], err
		return out[:1]
	}
	if err != nil {
		out = out[:0]
		for i := range ids {
			out = append(out, w.bulk(ctx, ids[i:i+1])...)
		}
		return out
	}
	for i, id := range ids { // rows come in the order of the ids, without those that are gone
		if len(rows) > 0 && rows[0].ID == id {
			out[i].Row, rows = rows[0], rows[1:]
		} else {
			out[i].ID, out[i].err = id, noMessage(id)
		}
	}
	return out
}

// maxRanges is how long the list of ids in one entry of the access log may be, in bytes.
const maxRanges = 64 << 10

// idRanges writes ids in ascending order and short: "1-500 502".
func idRanges(ids []int64) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	var b strings.Builder
	for i := 0; i < len(sorted); {
		if b.Len() > maxRanges {
			fmt.Fprintf(&b, " and %d more", len(sorted)-i)
			break
		}
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		if fmt.Fprint(&b, sorted[i]); j > i {
			fmt.Fprintf(&b, "-%d", sorted[j])
		}
		i = j + 1
	}
	return b.String()
}
