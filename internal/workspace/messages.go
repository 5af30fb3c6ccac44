package workspace

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"trestle/internal/check"
	"trestle/internal/inspect"
)

// Message is a stored record with its bytes as they came.
type Message struct {
	Row
	Offset int64 // of the bytes in the source
	Bytes  []byte
	// Container is what the file around the message said: framing, batch counts, what a piece is that is no message.
	// Everything else that check finds is found again from the bytes.
	Container []check.Finding
}

// AddMessages stores a batch in one transaction, and one entry in the access log for each source in it; the batches of one large import are one entry
// together (importing.go). It returns the ids in the same order. Findings are counted, not stored, but for those of the container: they are found again from the
// bytes.
func (w *Workspace) AddMessages(ctx context.Context, batch []inspect.Record) ([]int64, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	ids := make([]int64, 0, len(batch))
	err := w.update(ctx, func(tx *tx) error {
		a := &adder{tx: tx, received: time.Now().UnixMilli(), sources: map[string]*sourceCount{}}
		for i := range batch {
			id, err := a.add(&batch[i])
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return a.finish()
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// adder stores the records of one transaction.
type adder struct {
	tx                       *tx
	received                 int64
	sources                  map[string]*sourceCount
	order                    []string // of sources, as met
	message, content, search *sql.Stmt
}

type sourceCount struct {
	id              int64
	messages, bytes int64
}

const messageColumns = `source, position, offset, size, received, at, format, type, trigger_event, structure, version, control_id,
	sending_application, sending_facility, receiving_application, receiving_facility, time, mrn, account, visit, name, segments,
	information, warnings, errors, fatal, worst, sha256`

// maxRecord is the largest record, in bytes. SQLite holds 10⁹ in a row, and its driver passes lengths on as 32-bit numbers
// without looking, so that 4 GiB and a little would be stored as the little.
const maxRecord = 1_000_000_000 - 16<<20

func (a *adder) add(r *inspect.Record) (int64, error) {
	if len(r.Bytes) > maxRecord {
		return 0, fail(ErrTooLarge, "one record of %s has %d bytes; a workspace holds at most %d in one. Split the file before importing it", r.Source, len(r.Bytes), maxRecord)
	}
	if a.message == nil {
		if err := a.prepare(); err != nil {
			return 0, err
		}
	}
	src, err := a.source(r.Source)
	if err != nil {
		return 0, err
	}
	s := &r.Summary
	worst := 0
	for i, n := range r.Counts {
		if n > 0 {
			worst = i + 1
		}
	}
	sum := sha256.Sum256(r.Bytes)
	var at any
	if t, ok := wallClock(s.Time); ok {
		at = t
	}
	res, err := a.message.ExecContext(a.tx.ctx, src.id, r.Index, r.Offset, len(r.Bytes), a.received, at, s.Format, s.Type, s.Trigger, s.Structure,
		s.Version, s.ControlID, s.SendingApplication, s.SendingFacility, s.ReceivingApplication, s.ReceivingFacility, s.Time, s.MRN, s.Account,
		s.Visit, s.Name, s.Segments, r.Counts[0], r.Counts[1], r.Counts[2], r.Counts[3], worst, sum[:])
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	bytes := r.Bytes
	if bytes == nil {
		bytes = []byte{}
	}
	text, own := searchText(r)
	var stored any
	if own {
		stored = text
	} else {
		text = string(bytes)
	}
	container, err := packFindings(r.Container)
	if err != nil {
		return 0, err
	}
	if _, err := a.content.ExecContext(a.tx.ctx, id, stored, bytes, container); err != nil {
		return 0, err
	}
	if _, err := a.search.ExecContext(a.tx.ctx, id, text); err != nil {
		return 0, err
	}
	src.messages++
	src.bytes += int64(len(r.Bytes))
	return id, nil
}

func (a *adder) prepare() (err error) {
	if a.message, err = a.tx.Prepare("INSERT INTO messages(" + messageColumns + ") VALUES(" + placeholders(28) + ")"); err != nil {
		return err
	}
	if a.content, err = a.tx.Prepare("INSERT INTO contents(id, text, bytes, container) VALUES(?,?,?,?)"); err != nil {
		return err
	}
	a.search, err = a.tx.Prepare("INSERT INTO message_words(rowid, text) VALUES(?,?)")
	return err
}

func (a *adder) source(name string) (*sourceCount, error) {
	if s := a.sources[name]; s != nil {
		return s, nil
	}
	s := &sourceCount{}
	if _, err := a.tx.Exec("INSERT INTO sources(name) VALUES(?) ON CONFLICT(name) DO NOTHING", name); err != nil {
		return nil, err
	}
	if err := a.tx.QueryRow("SELECT id FROM sources WHERE name=?", name).Scan(&s.id); err != nil {
		return nil, err
	}
	a.sources[name] = s
	a.order = append(a.order, name)
	return s, nil
}

func (a *adder) finish() error {
	for _, name := range a.order {
		s := a.sources[name]
		if err := a.tx.imported(name, s.messages, s.bytes, len(a.order) == 1); err != nil {
			return err
		}
	}
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Message reads a message with its bytes. That is written into the access log first; if it cannot be, the message is
// not read. Within five minutes the same message counts as viewed once.
func (w *Workspace) Message(ctx context.Context, id int64) (Message, error) {
	what := fmt.Sprintf("message %d", id)
	key := string(ActionViewed) + " " + what
	if !w.log.repeated(key) {
		err := w.reading(ctx, func(tx *tx) error { return exists(tx, id) }, ActionViewed, what, "")
		if err != nil {
			return Message{}, err
		}
		w.log.remember(key)
	}
	rows, err := w.Rows(ctx, []int64{id})
	if err != nil {
		return Message{}, err
	}
	if len(rows) == 0 {
		return Message{}, noMessage(id)
	}
	m := Message{Row: rows[0]}
	return m, w.content(ctx, &m)
}

// content reads what is not in the row of a message.
func (w *Workspace) content(ctx context.Context, m *Message) error {
	q := "SELECT m.offset, c.bytes, c.container FROM messages m JOIN contents c USING(id) WHERE id=?"
	if w.schema < 4 { // only in salvage: opening brings every other workspace up to date
		q = "SELECT m.offset, c.bytes, NULL FROM messages m JOIN contents c USING(id) WHERE id=?"
	}
	var container sql.NullString
	err := w.read.QueryRowContext(ctx, q, m.ID).Scan(&m.Offset, &m.Bytes, &container)
	if errors.Is(err, sql.ErrNoRows) {
		return noMessage(m.ID)
	}
	if err != nil {
		return w.sqlError(ctx, err)
	}
	if m.Bytes == nil {
		m.Bytes = []byte{}
	}
	m.Container, err = unpackFindings(container.String)
	return err
}

func noMessage(id int64) error {
	return fail(ErrNotFound, "there is no message %d in this workspace; it may have been deleted", id)
}

func exists(tx *tx, id int64) error {
	var one int
	err := tx.QueryRow("SELECT 1 FROM messages WHERE id=?", id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return noMessage(id)
	}
	return err
}
