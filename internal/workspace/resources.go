package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
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

// ended are the spans with their end at the last version that there is.
func ended(list []span, last int64) []span {
	list = slices.Clone(list)
	if n := len(list); n > 0 && list[n-1][1] == 0 {
		if list[n-1][1] = last; last < list[n-1][0] {
			list = list[:n-1]
		}
	}
	return list
}

func lastVersion(tx *tx) (last int64, err error) {
	err = tx.QueryRow("SELECT coalesce(max(seq), 0) FROM fhir_versions").Scan(&last)
	return last, err
}

// put gives spans a name as a snapshot.
func (r *Resources) put(tx *tx, name string, list []span) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT OR REPLACE INTO fhir_snapshots(store, name, at, spans) VALUES(?,?,?,?)", r.id, name, time.Now().UnixMicro(), string(b))
	return err
}

// Snapshot gives the state a name, which an earlier one may have had.
func (r *Resources) Snapshot(ctx context.Context, name string) error {
	name, err := cleanTitle(name)
	if err != nil {
		return err
	}
	return r.change(ctx, func(tx *tx) error {
		list, err := r.spans(tx)
		if err != nil {
			return err
		}
		last, err := lastVersion(tx)
		if err != nil {
			return err
		}
		if err := r.put(tx, name, ended(list, last)); err != nil {
			return err
		}
		if err := r.sweep(tx, last); err != nil {
			return err
		}
		return tx.log(ActionEdited, r.title(), "snapshot "+name)
	})
}

// Snapshots lists the names, in alphabetical order.
func (r *Resources) Snapshots(ctx context.Context) (names []string, err error) {
	rows, err := r.w.read.QueryContext(ctx, "SELECT name FROM fhir_snapshots WHERE store=? ORDER BY name", r.id)
	if err != nil {
		return nil, r.w.sqlError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, r.w.sqlError(ctx, rows.Err())
}

// Restore goes back to a snapshot; the state before becomes the snapshot undo. Error: ErrNotFound.
func (r *Resources) Restore(ctx context.Context, name, undo string) error {
	return r.change(ctx, func(tx *tx) error {
		var text string
		err := tx.QueryRow("SELECT spans FROM fhir_snapshots WHERE store=? AND name=?", r.id, name).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return r.noSnapshot(name)
		}
		var to []span
		if err == nil {
			err = json.Unmarshal([]byte(text), &to)
		}
		if err != nil {
			return err
		}
		before, err := r.spans(tx)
		if err != nil {
			return err
		}
		last, err := lastVersion(tx)
		if err != nil {
			return err
		}
		if err := r.put(tx, undo, ended(before, last)); err != nil {
			return err
		}
		b, err := json.Marshal(append(to, span{last + 1, 0}))
		if err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE fhir_stores SET spans=? WHERE id=?", string(b), r.id); err != nil {
			return err
		}
		if err := r.sweep(tx, last); err != nil {
			return err
		}
		return tx.log(ActionEdited, r.title(), "back to the snapshot "+name)
	})
}

// Drop forgets a snapshot, and what no other holds of it. Error: ErrNotFound.
func (r *Resources) Drop(ctx context.Context, name string) error {
	return r.change(ctx, func(tx *tx) error {
		res, err := tx.Exec("DELETE FROM fhir_snapshots WHERE store=? AND name=?", r.id, name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, r.noSnapshot(name))
		}
		last, err := lastVersion(tx)
		if err != nil {
			return err
		}
		if err := r.sweep(tx, last); err != nil {
			return err
		}
		return tx.log(ActionDeleted, r.title(), "snapshot "+name)
	})
}

func (r *Resources) noSnapshot(name string) error {
	return fail(ErrNotFound, "there is no snapshot %q of the resources of %s", name, r.name)
}

// sweep removes the versions that neither the state nor a snapshot spans.
func (r *Resources) sweep(tx *tx, last int64) error {
	all, err := r.spans(tx)
	if err != nil {
		return err
	}
	rows, err := tx.Query("SELECT spans FROM fhir_snapshots WHERE store=?", r.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var list []span
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return err
		}
		all = append(all, list...)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, gap := range gaps(all, last) {
		if _, err := tx.Exec("DELETE FROM fhir_versions WHERE store=? AND seq BETWEEN ? AND ?", r.id, gap[0], gap[1]); err != nil {
			return err
		}
	}
	return nil
}

// gaps are what spans leave over between 1 and last.
func gaps(spans []span, last int64) (out []span) {
	spans = slices.Clone(spans)
	for i := range spans {
		if spans[i][1] == 0 {
			spans[i][1] = last
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return slices.Compare(a[:], b[:]) })
	at := int64(1)
	for _, s := range spans {
		if s[0] > at {
			out = append(out, span{at, s[0] - 1})
		}
		at = max(at, s[1]+1)
	}
	if at <= last {
		out = append(out, span{at, last})
	}
	return out
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

// ResourceStore describes what an endpoint holds.
type ResourceStore struct {
	Name      string
	Versions  int64
	Bytes     int64 // of their JSON
	Snapshots []ResourceSnapshot
	Running   bool // it is open in this program
}

// ResourceSnapshot is a state that has a name.
type ResourceSnapshot struct {
	Name string
	Made time.Time
}

// ResourceStores lists what FHIR endpoints hold, by name.
func (w *Workspace) ResourceStores(ctx context.Context) (list []ResourceStore, err error) {
	if err := w.knows(schemaWithResources); err != nil {
		return nil, err
	}
	snapshots, err := w.resourceSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := w.read.QueryContext(ctx, `SELECT s.id, s.name, count(v.seq), coalesce(sum(length(v.body)), 0) FROM fhir_stores s LEFT JOIN fhir_versions v ON v.store=s.id GROUP BY s.id ORDER BY s.name`)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	w.serving.Lock()
	defer w.serving.Unlock()
	for rows.Next() {
		var s ResourceStore
		var id int64
		if err := rows.Scan(&id, &s.Name, &s.Versions, &s.Bytes); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		s.Running, s.Snapshots = w.served[id], snapshots[id]
		list = append(list, s)
	}
	return list, w.sqlError(ctx, rows.Err())
}

// resourceSnapshots lists the snapshots of every store, by its number and then by name.
func (w *Workspace) resourceSnapshots(ctx context.Context) (map[int64][]ResourceSnapshot, error) {
	rows, err := w.read.QueryContext(ctx, "SELECT store, name, at FROM fhir_snapshots ORDER BY store, name")
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	out := map[int64][]ResourceSnapshot{}
	for rows.Next() {
		var store, at int64
		var s ResourceSnapshot
		if err := rows.Scan(&store, &s.Name, &at); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		s.Made = time.UnixMicro(at).UTC()
		out[store] = append(out[store], s)
	}
	return out, w.sqlError(ctx, rows.Err())
}

// RenameResources gives what an endpoint holds another name; an endpoint that holds nothing yet is no error. Errors: ErrInUse while the
// endpoint runs, ErrName where another endpoint's resources have the name.
func (w *Workspace) RenameResources(ctx context.Context, from, to string) error {
	to, err := cleanTitle(to)
	if err != nil {
		return err
	}
	w.serving.Lock()
	defer w.serving.Unlock()
	return w.update(ctx, func(tx *tx) error {
		var id, other int64
		err := tx.QueryRow("SELECT id FROM fhir_stores WHERE name=?", from).Scan(&id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		case w.served[id]:
			return fail(ErrInUse, "the endpoint %s is running; stop it before its resources get another name", from)
		}
		switch err := tx.QueryRow("SELECT id FROM fhir_stores WHERE name=? AND id<>?", to, id).Scan(&other); {
		case err == nil:
			return fail(ErrName, "there are resources of an endpoint %s already: delete them, or choose another name", to)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if _, err := tx.Exec("UPDATE fhir_stores SET name=? WHERE id=?", to, id); err != nil {
			return err
		}
		return tx.log(ActionEdited, "resources of "+from, "now those of "+to)
	})
}

// DeleteResources deletes what an endpoint holds, with its snapshots. What is removed is overwritten in the file. Errors: ErrNotFound,
// ErrInUse while the endpoint runs.
func (w *Workspace) DeleteResources(ctx context.Context, name string) error {
	w.serving.Lock()
	defer w.serving.Unlock()
	err := w.update(ctx, func(tx *tx) error {
		var id int64
		err := tx.QueryRow("SELECT id FROM fhir_stores WHERE name=?", name).Scan(&id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fail(ErrNotFound, "there are no resources of %s in this workspace", name)
		case err != nil:
			return err
		case w.served[id]:
			return fail(ErrInUse, "the endpoint %s is running; stop it before its resources are deleted", name)
		}
		var n int64
		for _, q := range []string{"DELETE FROM fhir_versions WHERE store=?", "DELETE FROM fhir_snapshots WHERE store=?", "DELETE FROM fhir_stores WHERE id=?"} {
			res, err := tx.Exec(q, id)
			if err != nil {
				return err
			}
			if n == 0 {
				if n, err = res.RowsAffected(); err != nil {
					return err
				}
			}
		}
		return tx.log(ActionDeleted, "resources of "+name, plural(int(n), "version"))
	})
	if err != nil {
		return err
	}
	return w.checkpoint(ctx) // or they would still stand in the file
}
