package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Set is a named list of messages that is kept as it was, such as the baseline of a comparison. Its messages are copies: deleting
// the messages that they came from leaves a set as it is.
type Set struct {
	Name     string
	Created  time.Time
	Author   string
	Messages int64
	Bytes    int64 // of all messages
}

// SetMessage is a message of a set.
type SetMessage struct {
	Label string // where it came from, in words
	Bytes []byte
}

// setStep is how many messages of a set, and setStepBytes how many bytes of them, are stored or read at once.
const (
	setStep      = 500
	setStepBytes = 8 << 20
)

// Sets lists the sets by name.
func (w *Workspace) Sets(ctx context.Context) ([]Set, error) {
	if err := w.knows(schemaWithDocuments); err != nil {
		return nil, err
	}
	rows, err := w.read.QueryContext(ctx, "SELECT name, created, author, messages, bytes FROM sets WHERE name IS NOT NULL ORDER BY name")
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []Set
	for rows.Next() {
		var s Set
		var created int64
		if err := rows.Scan(&s.Name, &created, &s.Author, &s.Messages, &s.Bytes); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		s.Created = time.UnixMilli(created).UTC()
		out = append(out, s)
	}
	return out, w.sqlError(ctx, rows.Err())
}

// PutSet stores messages under a name, in their order. It takes a set of that name away only if replace is given, and only once
// all messages are stored; with an error, of the messages or of the storing, everything is as before. The messages may
// come from this workspace, and others may write meanwhile. Errors: ErrChanged if the name is taken, ErrName, ErrTooLarge.
func (w *Workspace) PutSet(ctx context.Context, name string, messages iter.Seq2[SetMessage, error], replace bool) (s Set, err error) {
	if s.Name, err = cleanTitle(name); err != nil {
		return s, err
	}
	w.sets.Lock() // or beginning would take another one's for what a crash left
	defer w.sets.Unlock()
	p := &setWriter{w: w, Set: s}
	if err := p.begin(ctx, replace); err != nil {
		return s, err
	}
	for m, err := range messages {
		if err == nil {
			err = p.add(ctx, m)
		}
		if err != nil {
			return s, errors.Join(err, p.abandon(ctx))
		}
	}
	if err := p.finish(ctx, replace); err != nil {
		return s, errors.Join(err, p.abandon(ctx))
	}
	return p.Set, nil
}

// setWriter stores a set in several transactions, or the messages, which may come from this workspace and be logged as read, would
// wait for the one connection that writes. Until finish the set has no name, so nobody sees it; what a crash leaves of it
// is removed at the next begin.
type setWriter struct {
	w  *Workspace
	id int64
	Set
	batch      []SetMessage
	batchBytes int
}

func (p *setWriter) begin(ctx context.Context, replace bool) error {
	return p.w.update(ctx, func(tx *tx) error {
		if err := p.free(tx, replace); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM sets WHERE name IS NULL"); err != nil {
			return err
		}
		p.Created, p.Author = time.Now().UTC().Truncate(time.Millisecond), tx.w.log.user
		r, err := tx.Exec("INSERT INTO sets(created, author, messages, bytes) VALUES(?,?,0,0)", p.Created.UnixMilli(), p.Author)
		if err != nil {
			return err
		}
		p.id, err = r.LastInsertId()
		return err
	})
}

// free looks whether the name may be taken.
func (p *setWriter) free(tx *tx, replace bool) error {
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM sets WHERE name=?", p.Name).Scan(&n); err != nil {
		return err
	}
	if n > 0 && !replace {
		return fail(ErrChanged, "there is a set %s already; replace it, or choose another name", p.Name)
	}
	return nil
}

func (p *setWriter) add(ctx context.Context, m SetMessage) error {
	if len(m.Bytes) > maxRecord {
		return fail(ErrTooLarge, "message %d of the set has %d bytes; a workspace holds at most %d in one", p.Messages+int64(len(p.batch))+1, len(m.Bytes), maxRecord)
	}
	p.batch = append(p.batch, m)
	if p.batchBytes += len(m.Bytes); len(p.batch) < setStep && p.batchBytes < setStepBytes {
		return nil
	}
	return p.flush(ctx)
}

func (p *setWriter) flush(ctx context.Context) error {
	err := p.w.update(ctx, func(tx *tx) error {
		st, err := tx.Prepare(`INSERT INTO set_messages("set", position, label, bytes) VALUES(?,?,?,?)`)
		if err != nil {
			return err
		}
		for i, m := range p.batch {
			if m.Bytes == nil {
				m.Bytes = []byte{}
			}
			if _, err := st.ExecContext(ctx, p.id, p.Messages+int64(i), m.Label, m.Bytes); err != nil {
				return err
			}
		}
		return nil
	})
	p.Messages, p.Bytes = p.Messages+int64(len(p.batch)), p.Bytes+int64(p.batchBytes)
	clear(p.batch)
	p.batch, p.batchBytes = p.batch[:0], 0
	return err
}

func (p *setWriter) finish(ctx context.Context, replace bool) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	return p.w.update(ctx, func(tx *tx) error {
		if err := p.free(tx, replace); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM sets WHERE name=?", p.Name); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE sets SET name=?, messages=?, bytes=? WHERE id=?", p.Name, p.Messages, p.Bytes, p.id); err != nil {
			return err
		}
		return tx.log(ActionEdited, "set "+p.Name, fmt.Sprintf("%s, %d bytes", plural(int(p.Messages), "message"), p.Bytes))
	})
}

// abandon removes what was stored of a set that will not be finished, also when it was cancelled.
func (p *setWriter) abandon(ctx context.Context) error {
	return p.w.update(context.WithoutCancel(ctx), func(tx *tx) error {
		_, err := tx.Exec("DELETE FROM sets WHERE id=?", p.id)
		return err
	})
}

// SetMessages reads the messages of a set in their order, after an entry in the access log. Memory holds some hundred of them. An error
// ends the sequence: ErrNotFound, or ErrChanged if the set was replaced or deleted meanwhile.
func (w *Workspace) SetMessages(ctx context.Context, name string) iter.Seq2[SetMessage, error] {
	return func(yield func(SetMessage, error) bool) {
		id, total, err := w.openSet(ctx, name)
		if err != nil {
			yield(SetMessage{}, err)
			return
		}
		for at := int64(0); at < total; {
			part, err := w.setPart(ctx, id, at)
			if err == nil && len(part) == 0 {
				err = fail(ErrChanged, "the set %s was replaced or deleted meanwhile; begin again", name)
			}
			if err != nil {
				yield(SetMessage{}, err)
				return
			}
			for _, m := range part {
				if !yield(m, nil) {
					return
				}
			}
			at += int64(len(part))
		}
	}
}

// openSet finds a set and enters that it is read.
func (w *Workspace) openSet(ctx context.Context, name string) (id, messages int64, err error) {
	if err := w.knows(schemaWithDocuments); err != nil {
		return 0, 0, err
	}
	err = w.read.QueryRowContext(ctx, "SELECT id, messages FROM sets WHERE name=?", name).Scan(&id, &messages)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, noSet(name)
	}
	if err != nil {
		return 0, 0, w.sqlError(ctx, err)
	}
	return id, messages, w.reading(ctx, nil, ActionViewed, "set "+name, plural(int(messages), "message"))
}

// setPart reads some messages of a set from a position on. Each part is a reading of its own: one long one would keep the
// write-ahead log from beginning anew.
func (w *Workspace) setPart(ctx context.Context, id, from int64) ([]SetMessage, error) {
	rows, err := w.read.QueryContext(ctx, `SELECT label, bytes FROM set_messages WHERE "set"=? AND position>=? ORDER BY position LIMIT ?`, id, from, setStep)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []SetMessage
	for size := 0; size < setStepBytes && rows.Next(); {
		m := SetMessage{Bytes: []byte{}}
		if err := rows.Scan(&m.Label, &m.Bytes); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		size += len(m.Bytes)
		out = append(out, m)
	}
	return out, w.sqlError(ctx, rows.Err())
}

// RenameSet gives a set another name. Errors: ErrNotFound, ErrChanged if the name is taken, ErrName.
func (w *Workspace) RenameSet(ctx context.Context, name, to string) error {
	to, err := cleanTitle(to)
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx *tx) error {
		var taken int
		if err := tx.QueryRow("SELECT count(*) FROM sets WHERE name=? AND id<>(SELECT id FROM sets WHERE name=?)", to, name).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return fail(ErrChanged, "there is a set %s already; choose another name", to)
		}
		r, err := tx.Exec("UPDATE sets SET name=? WHERE name=?", to, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, noSet(name))
		}
		return tx.log(ActionEdited, "set "+to, "renamed from "+name)
	})
}

// DeleteSet removes a set with its messages. Error: ErrNotFound.
func (w *Workspace) DeleteSet(ctx context.Context, name string) error {
	return w.update(ctx, func(tx *tx) error {
		r, err := tx.Exec("DELETE FROM sets WHERE name=?", name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, noSet(name))
		}
		return tx.log(ActionDeleted, "set "+name, "")
	})
}

func noSet(name string) error {
	return fail(ErrNotFound, "there is no set %s in this workspace; it may have been renamed or deleted", name)
}
