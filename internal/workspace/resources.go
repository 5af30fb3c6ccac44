package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"
	"time"

	"trestle/internal/endpoint/fhirstore"
)

// schemaResources: what FHIR endpoints keep. A version is written once and never changed. Which versions a state is made of is told by spans
// of seq, so that a snapshot and going back to one copy nothing: what came after the snapshot stays where it is, outside of the spans of the
// state, until no snapshot spans it either.
const schemaResources = `
CREATE TABLE fhir_stores(
	id     INTEGER PRIMARY KEY,
	name   TEXT NOT NULL UNIQUE COLLATE NOCASE,
	spans  TEXT NOT NULL,                 -- JSON: [[first, last], ...]; the last of them has no end, 0
	logged INTEGER NOT NULL DEFAULT 0     -- the access log tells of its versions up to this one
);
CREATE TABLE fhir_snapshots(
	store INTEGER NOT NULL REFERENCES fhir_stores(id) ON DELETE CASCADE,
	name  TEXT NOT NULL,
	at    INTEGER NOT NULL,               -- microseconds since 1970, UTC
	spans TEXT NOT NULL,                  -- as above, all with an end
	PRIMARY KEY(store, name)
) WITHOUT ROWID;
CREATE TABLE fhir_versions(
	seq     INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: spans name it
	store   INTEGER NOT NULL REFERENCES fhir_stores(id) ON DELETE CASCADE,
	type    TEXT NOT NULL,
	id      TEXT NOT NULL,
	number  INTEGER NOT NULL,             -- versionId
	updated INTEGER NOT NULL,             -- milliseconds since 1970, UTC
	method  TEXT NOT NULL,
	body    BLOB                          -- JSON; NULL of a delete
);
CREATE INDEX fhir_versions_store ON fhir_versions(store);
`

// Resources keep what one FHIR endpoint holds: every version of every resource, and snapshots of the state. They are what
// fhirstore.Open asks for.
//
// The access log gets an entry when they are opened, one for all versions that were stored in a minute, and one for each snapshot that is
// made, gone back to or dropped.
type Resources struct {
	w    *Workspace
	id   int64
	name string

	mu     sync.Mutex // the store calls one method at a time, Close comes from elsewhere
	last   int64      // seq of the last version
	logged int64      // that the access log tells of
	told   time.Time  // when it did
	count  int        // of those that it does not tell of
	closed bool
}

var _ fhirstore.Keeper = (*Resources)(nil)

// span is a range of seq, both ends in it; an end of 0 is none yet.
type span [2]int64

// OpenResources opens what an endpoint of this name holds; a new one holds nothing. While it is open, nobody else in this program can open
// it: two servers would not see each other's changes. Close it before the workspace.
func (w *Workspace) OpenResources(ctx context.Context, name string) (*Resources, error) {
	if w.ReadOnly() {
		return nil, w.errReadOnly()
	}
	name, err := cleanTitle(name)
	if err != nil {
		return nil, err
	}
	r := &Resources{w: w, name: name}
	w.serving.Lock()
	defer w.serving.Unlock()
	err = w.update(ctx, func(tx *tx) error {
		if _, err := tx.Exec("INSERT INTO fhir_stores(name, spans) VALUES(?, '[[1,0]]') ON CONFLICT DO NOTHING", name); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT id, name, logged FROM fhir_stores WHERE name=?", name).Scan(&r.id, &r.name, &r.logged); err != nil {
			return err
		}
		if w.served[r.id] {
			return fail(ErrInUse, "the resources of %s are in use by an endpoint that runs already; stop it first, or choose another name", r.name)
		}
		// What a crash kept from the access log.
		if err := tx.QueryRow("SELECT count(*), coalesce(max(seq), ?1) FROM fhir_versions INDEXED BY fhir_versions_store WHERE store=?2 AND seq>?1", r.logged, r.id).Scan(&r.count, &r.last); err != nil {
			return err
		}
		if err := r.tell(tx); err != nil {
			return err
		}
		return tx.log(ActionViewed, r.title(), "")
	})
	if err != nil {
		return nil, err
	}
	if w.served == nil {
		w.served = map[int64]bool{}
	}
	w.served[r.id] = true
	return r, nil
}

func (r *Resources) title() string { return "resources of " + r.name }

// tell enters what was stored since the last entry, in the transaction.
func (r *Resources) tell(tx *tx) error {
	if r.count == 0 {
		return nil
	}
	if err := tx.log(ActionReceived, r.title(), fmt.Sprintf("%s, after %d up to %d", plural(r.count, "version"), r.logged, r.last)); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE fhir_stores SET logged=? WHERE id=?", r.last, r.id); err != nil {
		return err
	}
	r.logged, r.told, r.count = r.last, time.Now(), 0
	return nil
}

// change runs a transaction of an open store, and forgets what it counted if that fails.
func (r *Resources) change(ctx context.Context, f func(tx *tx) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fail(fs.ErrClosed, "the resources of %s are closed; start the endpoint again", r.name)
	}
	last, logged, told, count := r.last, r.logged, r.told, r.count
	err := r.w.update(ctx, f)
	if err != nil {
		r.last, r.logged, r.told, r.count = last, logged, told, count
	}
	return err
}

// Keep stores versions, all or none, and returns when they are on disk. Errors: ErrTooLarge, ErrNoSpace.
func (r *Resources) Keep(ctx context.Context, versions []*fhirstore.Version) error {
	for _, v := range versions {
		if len(v.Body) > maxRecord {
			return fail(ErrTooLarge, "a resource has %d bytes; a workspace holds at most %d in one", len(v.Body), maxRecord)
		}
	}
	return r.change(ctx, func(tx *tx) error {
		st, err := tx.Prepare("INSERT INTO fhir_versions(store, type, id, number, updated, method, body) VALUES(?,?,?,?,?,?,?)")
		if err != nil {
			return err
		}
		defer st.Close()
		var res sql.Result
		for _, v := range versions {
			if res, err = st.ExecContext(tx.ctx, r.id, v.Type, v.ID, v.Number, v.Updated.UnixMilli(), v.Method, v.Body); err != nil {
				return err
			}
		}
		if res != nil {
			if r.last, err = res.LastInsertId(); err != nil {
				return err
			}
		}
		if r.count += len(versions); time.Since(r.told) < receivedEvery {
			return nil
		}
		return r.tell(tx)
	})
}

// spans reads those of the state.
func (r *Resources) spans(q interface {
	QueryRow(string, ...any) *sql.Row
}) (list []span, err error) {
	var text string
	if err := q.QueryRow("SELECT spans FROM fhir_stores WHERE id=?", r.id).Scan(&text); err != nil {
		return nil, err
	}
	return list, json.Unmarshal([]byte(text), &list)
}

// Kept gives every version of the state, in the order in which they were kept.
func (r *Resources) Kept(ctx context.Context) iter.Seq2[*fhirstore.Version, error] {
	return func(yield func(*fhirstore.Version, error) bool) {
		list, err := r.spans(r.w.read)
		for _, s := range list {
			if err == nil {
				var more bool
				if more, err = r.span(ctx, s, yield); err == nil && !more {
					return
				}
			}
		}
		if err != nil {
			yield(nil, r.w.sqlError(ctx, err))
		}
	}
}

// span gives the versions of a span; false if no more are wanted.
func (r *Resources) span(ctx context.Context, s span, yield func(*fhirstore.Version, error) bool) (bool, error) {
	end := s[1]
	if end == 0 {
		end = 1<<63 - 1
	}
	rows, err := r.w.read.QueryContext(ctx, `SELECT type, id, number, updated, method, body FROM fhir_versions INDEXED BY fhir_versions_store
		WHERE store=? AND seq BETWEEN ? AND ? ORDER BY seq`, r.id, s[0], end)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	words := map[string]string{} // types and methods, of which there are few
	same := func(text *string) {
		if known, ok := words[*text]; ok {
			*text = known
		} else {
			words[*text] = *text
		}
	}
	for rows.Next() {
		v := &fhirstore.Version{}
		var at int64
		if err := rows.Scan(&v.Type, &v.ID, &v.Number, &at, &v.Method, &v.Body); err != nil {
			return false, err
		}
		same(&v.Type)
		same(&v.Method)
		v.Updated = time.UnixMilli(at).UTC()
		if !yield(v, nil) {
			return false, nil
		}
	}
	return true, rows.Err()
}

// Close enters into the access log what is not yet there. What was stored stays.
func (r *Resources) Close() error {
	err := r.change(context.Background(), r.tell)
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.w.serving.Lock()
	defer r.w.serving.Unlock()
	delete(r.w.served, r.id)
	return err
}
