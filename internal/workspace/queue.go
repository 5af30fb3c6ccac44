package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trestle/internal/endpoint"
)

// QueueStore keeps the queues of senders in a workspace. A queue holds references (MessageRef, ExchangeRef), never bytes.
type QueueStore struct{ w *Workspace }

// Queues gives the store of queues.
func (w *Workspace) Queues() QueueStore { return QueueStore{w} }

var _ endpoint.QueueStore = QueueStore{}

// Enqueue adds messages at the end of a queue, all or none, and enters how many into the access log.
func (s QueueStore) Enqueue(ctx context.Context, queue string, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	return s.w.update(ctx, func(tx *tx) error {
		if _, err := tx.Exec("INSERT INTO queues(name) VALUES(?) ON CONFLICT DO NOTHING", queue); err != nil {
			return err
		}
		st, err := tx.Prepare(`INSERT INTO queue_items(queue, ref, state, attempts, last_try, control_id, time, code, detail)
			SELECT id, ?, ?, 0, 0, '', '', '', '' FROM queues WHERE name=?`)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			if _, err := st.ExecContext(tx.ctx, ref, string(endpoint.Waiting), queue); err != nil {
				return err
			}
		}
		return tx.log(ActionEdited, "queue "+queue, plural(len(refs), "message")+" to be sent")
	})
}

// Pending gives the first items that are waiting or in flight, in order.
func (s QueueStore) Pending(ctx context.Context, queue string, limit int) ([]endpoint.QueueItem, error) {
	return s.items(ctx, `FROM queue_items INDEXED BY queue_items_pending WHERE queue=(SELECT id FROM queues WHERE name=?)
		AND state IN ('waiting', 'in flight') ORDER BY seq LIMIT ?`, queue, limit)
}

// Items gives the items of a queue in any state, in order, from the one after a place on.
func (s QueueStore) Items(ctx context.Context, queue string, after int64, limit int) ([]endpoint.QueueItem, error) {
	return s.items(ctx, "FROM queue_items WHERE queue=(SELECT id FROM queues WHERE name=?) AND seq>? ORDER BY seq LIMIT ?", queue, after, limit)
}

func (s QueueStore) items(ctx context.Context, from string, args ...any) ([]endpoint.QueueItem, error) {
	if err := s.w.knows(schemaWithJournal); err != nil {
		return nil, err
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT seq, ref, state, attempts, last_try, control_id, time, code, detail "+from, args...)
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []endpoint.QueueItem
	for rows.Next() {
		var i endpoint.QueueItem
		var tried int64
		if err := rows.Scan(&i.Seq, &i.Ref, &i.State, &i.Attempts, &tried, &i.ControlID, &i.Time, &i.Code, &i.Detail); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		if tried != 0 {
			i.LastTry = time.UnixMicro(tried).UTC()
		}
		out = append(out, i)
	}
	return out, s.w.sqlError(ctx, rows.Err())
}

// Update stores how far items are, all or none. Error: ErrNotFound if one of them is not in the queue.
func (s QueueStore) Update(ctx context.Context, queue string, items []endpoint.QueueItem) error {
	return s.w.update(ctx, func(tx *tx) error {
		st, err := tx.Prepare(`UPDATE queue_items SET state=?, attempts=?, last_try=?, control_id=?, time=?, code=?, detail=?
			WHERE seq=? AND queue=(SELECT id FROM queues WHERE name=?)`)
		if err != nil {
			return err
		}
		for _, i := range items {
			var tried int64
			if !i.LastTry.IsZero() {
				tried = i.LastTry.UnixMicro()
			}
			r, err := st.ExecContext(tx.ctx, string(i.State), i.Attempts, tried, i.ControlID, i.Time, i.Code, i.Detail, i.Seq, queue)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				return errors.Join(err, fail(ErrNotFound, "item %d is not in the queue %s; the queue may have been emptied", i.Seq, queue))
			}
		}
		return nil
	})
}

// Counts says how many items of a queue are in which state.
func (s QueueStore) Counts(ctx context.Context, queue string) (c endpoint.QueueCounts, err error) {
	all, err := s.All(ctx)
	return all[queue], err
}

// All gives the counts of every queue by its name.
func (s QueueStore) All(ctx context.Context) (map[string]endpoint.QueueCounts, error) {
	if err := s.w.knows(schemaWithJournal); err != nil {
		return nil, err
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT q.name, i.state, count(*) FROM queues q JOIN queue_items i INDEXED BY queue_items_state ON i.queue=q.id GROUP BY q.id, i.state")
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	out := map[string]endpoint.QueueCounts{}
	for rows.Next() {
		var name string
		var state endpoint.QueueState
		var n int64
		if err := rows.Scan(&name, &state, &n); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		c := out[name]
		switch state {
		case endpoint.Waiting:
			c.Waiting = n
		case endpoint.InFlight:
			c.InFlight = n
		case endpoint.Sent:
			c.Sent = n
		case endpoint.GivenUp:
			c.GivenUp = n
		}
		out[name] = c
	}
	return out, s.w.sqlError(ctx, rows.Err())
}

// Clear removes the items of a queue that are in some states, all of them if none are named, and gives their number. The messages
// stay.
func (s QueueStore) Clear(ctx context.Context, queue string, states ...endpoint.QueueState) (removed int64, err error) {
	if len(states) == 0 {
		states = []endpoint.QueueState{endpoint.Waiting, endpoint.InFlight, endpoint.Sent, endpoint.GivenUp}
	}
	err = s.w.update(ctx, func(tx *tx) error {
		for _, state := range states {
			r, err := tx.Exec("DELETE FROM queue_items WHERE queue=(SELECT id FROM queues WHERE name=?) AND state=?", queue, string(state))
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			removed += n
		}
		if _, err := tx.Exec("DELETE FROM queues WHERE NOT EXISTS(SELECT 1 FROM queue_items WHERE queue=queues.id)"); err != nil || removed == 0 {
			return err
		}
		return tx.log(ActionDeleted, "queue "+queue, plural(int(removed), "reference"))
	})
	if err != nil {
		removed = 0
	}
	return removed, err
}

// MessageRef names a message of the workspace, and ExchangeRef the request of an exchange, in a queue.
func MessageRef(id int64) string { return fmt.Sprintf("message/%d", id) }

// ExchangeRef is explained at MessageRef.
func ExchangeRef(id int64) string { return fmt.Sprintf("exchange/%d", id) }

// MessageSource gives a sender the bytes of messages and exchanges by reference. That messages are sent is entered when they are
// queued and when the journal has them; reading them for it is one entry in five minutes.
type MessageSource struct{ w *Workspace }

// Source gives the bytes of what MessageRef and ExchangeRef name.
func (w *Workspace) Source() MessageSource { return MessageSource{w} }

var _ endpoint.Source = MessageSource{}

// Message gives the bytes. Errors: ErrNotFound, also for an exchange whose bytes were not kept.
func (s MessageSource) Message(ctx context.Context, ref string) ([]byte, error) {
	kind, number, _ := strings.Cut(ref, "/")
	query := map[string]string{"message": "SELECT bytes FROM contents WHERE id=?", "exchange": "SELECT request FROM exchange_payloads WHERE id=? AND request IS NOT NULL"}[kind]
	id, err := strconv.ParseInt(number, 10, 64)
	if query == "" || err != nil {
		return nil, fail(ErrNotFound, "%q names no message of the workspace", clipText(ref, 60))
	}
	const what = "messages for sending"
	if key := string(ActionViewed) + " " + what; !s.w.log.repeated(key) {
		if err := s.w.reading(ctx, nil, ActionViewed, what, ""); err != nil {
			return nil, err
		}
		s.w.log.remember(key)
	}
	b := []byte{}
	err = s.w.read.QueryRowContext(ctx, query, id).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fail(ErrNotFound, "%s %d is not in the workspace any more, or its bytes were not kept", kind, id)
	}
	return b, s.w.sqlError(ctx, err)
}
