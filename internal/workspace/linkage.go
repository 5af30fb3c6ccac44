package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"trestle/internal/linkage"
)

// LinkStore keeps in a workspace what package linkage asks of a store. Rosters, runs and decisions are never mixed between projects: one
// workspace is one pair of systems.
type LinkStore struct{ w *Workspace }

// Linkage gives the store of rosters, runs and decisions.
func (w *Workspace) Linkage() LinkStore { return LinkStore{w} }

var _ linkage.Store = LinkStore{}

// User is who decides in this session, as the ledger and the access log name them.
func (s LinkStore) User() string { return s.w.log.user }

// linkStep is how many rows or pairs are stored or read at once.
const linkStep = 2000

// staged stores something with many rows so that it is there whole or not at all, and yet in steps: the rows may come from this
// workspace, which enters that they are read and so needs the one connection that writes. Until the end it is not whole, and nobody
// sees it; what a crash left of another one goes first.
type staged[T any] struct {
	w        *Workspace
	table    string // has the columns id and whole
	head     string // INSERT into it
	headArgs []any
	row      string                              // INSERT of a row, with the id and the position as first parameters
	rowArgs  func(T) ([]any, error)              // the other parameters
	finish   func(tx *tx, id int64, n int) error // with the last transaction; n is the number of rows

	id    int64
	n     int
	batch []T
}

// store stores all rows, of which there may be none, and gives the id.
func (s *staged[T]) store(ctx context.Context, rows iter.Seq[T]) (int64, error) {
	s.w.sets.Lock()
	defer s.w.sets.Unlock()
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	err := s.rows(ctx, rows)
	if err == nil {
		err = s.end(ctx)
	}
	if err != nil {
		return 0, errors.Join(err, s.w.update(context.WithoutCancel(ctx), func(tx *tx) error {
			_, err := tx.Exec("DELETE FROM "+s.table+" WHERE id=?", s.id)
			return err
		}))
	}
	return s.id, nil
}

func (s *staged[T]) begin(ctx context.Context) error {
	return s.w.update(ctx, func(tx *tx) error {
		if _, err := tx.Exec("DELETE FROM " + s.table + " WHERE NOT whole"); err != nil {
			return err
		}
		r, err := tx.Exec(s.head, s.headArgs...)
		if err != nil {
			return err
		}
		s.id, err = r.LastInsertId()
		return err
	})
}

func (s *staged[T]) rows(ctx context.Context, rows iter.Seq[T]) error {
	if rows != nil {
		for x := range rows {
			if s.batch = append(s.batch, x); len(s.batch) < linkStep {
				continue
			}
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	return s.flush(ctx)
}

func (s *staged[T]) flush(ctx context.Context) error {
	err := s.w.update(ctx, func(tx *tx) error {
		st, err := tx.Prepare(s.row)
		if err != nil {
			return err
		}
		for i, x := range s.batch {
			args, err := s.rowArgs(x)
			if err != nil {
				return err
			}
			if _, err := st.ExecContext(tx.ctx, append([]any{s.id, s.n + i}, args...)...); err != nil {
				return err
			}
		}
		return nil
	})
	s.n += len(s.batch)
	s.batch = s.batch[:0]
	return err
}

func (s *staged[T]) end(ctx context.Context) error {
	return s.w.update(ctx, func(tx *tx) error {
		if _, err := tx.Exec("UPDATE "+s.table+" SET whole=1 WHERE id=?", s.id); err != nil {
			return err
		}
		return s.finish(tx, s.id, s.n)
	})
}

// parts reads rows by position, some at a time, so that no reading lasts long. from is the query behind "SELECT columns ", with the
// parameters id, first position and limit.
func parts[T any](ctx context.Context, w *Workspace, query string, id int64, scan func(*sql.Rows) (T, error), yield func(T, error) bool) {
	var none T
	for at := 0; ; at += linkStep {
		rows, err := w.read.QueryContext(ctx, query, id, at, linkStep)
		var list []T
		for err == nil && rows.Next() {
			var x T
			if x, err = scan(rows); err == nil {
				list = append(list, x)
			}
		}
		if rows != nil {
			err = errors.Join(err, rows.Err(), rows.Close())
		}
		if err != nil {
			yield(none, w.sqlError(ctx, err))
			return
		}
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
		if len(list) < linkStep {
			return
		}
	}
}

// entering enters that something is read, once in five minutes.
func (s LinkStore) entering(ctx context.Context, what string) error {
	if err := s.w.knows(schemaWithLinkage); err != nil {
		return err
	}
	key := string(ActionViewed) + " " + what
	if s.w.log.repeated(key) {
		return nil
	}
	if err := s.w.reading(ctx, nil, ActionViewed, what, ""); err != nil {
		return err
	}
	s.w.log.remember(key)
	return nil
}

// SaveRoster stores a roster with its rows and returns its id. It is there whole or, after an error, not at all. Older ones stay. By
// and Imported are the session's where they are empty.
func (s LinkStore) SaveRoster(ctx context.Context, r linkage.StoredRoster, rows iter.Seq[linkage.StoredRow]) (int64, error) {
	columns, err := json.Marshal(r.Columns)
	if err != nil {
		return 0, err
	}
	roster := &staged[linkage.StoredRow]{
		w: s.w, table: "link_rosters",
		head:     "INSERT INTO link_rosters(kind, side, name, hash, spec, columns, rows, imported, author, skipped) VALUES(?,?,?,?,?,?,?,?,?,?)",
		headArgs: []any{string(r.Kind), string(r.Side), r.Name, r.Hash, r.Spec, string(columns), r.Rows, microOrNow(r.Imported), cmpOr(r.By, s.w.log.user), r.Skipped},
		row:      "INSERT INTO link_rows(roster, position, id, hash, line, cells, bad) VALUES(?,?,?,?,?,?,?)",
		rowArgs: func(row linkage.StoredRow) ([]any, error) {
			cells, err := json.Marshal(row.Cells)
			return []any{row.ID, row.Hash, row.Line, string(cells), row.Bad}, err
		},
		finish: func(tx *tx, id int64, n int) error {
			if _, err := tx.Exec("UPDATE link_rosters SET rows=? WHERE id=? AND rows=0", n, id); err != nil {
				return err
			}
			details := fmt.Sprintf("roster %d of %s, %s, %s", id, r.Kind, r.Side, plural(n, "row"))
			if r.Skipped != "" {
				details = fmt.Sprintf("no roster of %s, %s: %s", r.Kind, r.Side, r.Skipped)
			}
			return tx.log(ActionImported, cmpOr(r.Name, "roster"), details)
		},
	}
	return roster.store(ctx, rows)
}

func microOrNow(t time.Time) int64 {
	if t.IsZero() {
		t = time.Now()
	}
	return t.UnixMicro()
}

// Rosters lists what was imported, oldest first.
func (s LinkStore) Rosters(ctx context.Context, kind linkage.Kind) ([]linkage.StoredRoster, error) {
	if err := s.w.knows(schemaWithLinkage); err != nil {
		return nil, err
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT id, kind, side, name, hash, spec, columns, rows, imported, author, skipped FROM link_rosters WHERE whole AND kind=? ORDER BY id", string(kind))
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []linkage.StoredRoster
	for rows.Next() {
		var r linkage.StoredRoster
		var columns string
		var imported int64
		if err := rows.Scan(&r.ID, &r.Kind, &r.Side, &r.Name, &r.Hash, &r.Spec, &columns, &r.Rows, &imported, &r.By, &r.Skipped); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		if err := json.Unmarshal([]byte(columns), &r.Columns); err != nil {
			return nil, fmt.Errorf("columns of roster %d: %w", r.ID, err)
		}
		r.Imported = time.UnixMicro(imported).UTC()
		out = append(out, r)
	}
	return out, s.w.sqlError(ctx, rows.Err())
}

// Rows yields the rows of a roster in the order of the file, after an entry in the access log.
func (s LinkStore) Rows(ctx context.Context, roster int64) iter.Seq2[linkage.StoredRow, error] {
	return func(yield func(linkage.StoredRow, error) bool) {
		if err := s.entering(ctx, fmt.Sprintf("roster %d", roster)); err != nil {
			yield(linkage.StoredRow{}, err)
			return
		}
		parts(ctx, s.w, "SELECT id, hash, line, cells, bad FROM link_rows WHERE roster=? AND position>=? ORDER BY position LIMIT ?", roster, func(rows *sql.Rows) (r linkage.StoredRow, err error) {
			var cells string
			if err = rows.Scan(&r.ID, &r.Hash, &r.Line, &cells, &r.Bad); err == nil {
				err = json.Unmarshal([]byte(cells), &r.Cells)
			}
			return r, err
		}, yield)
	}
}

// DeleteRoster removes a roster with its rows. What was decided over it stays. Error: ErrNotFound.
func (s LinkStore) DeleteRoster(ctx context.Context, id int64) error {
	return s.w.update(ctx, func(tx *tx) error {
		r, err := tx.Exec("DELETE FROM link_rosters WHERE id=? AND whole", id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fail(ErrNotFound, "there is no roster %d in this workspace", id))
		}
		return tx.log(ActionDeleted, fmt.Sprintf("roster %d", id), "")
	})
}

// SaveRun stores a run with its candidates and returns its id; it is there whole or not at all.
func (s LinkStore) SaveRun(ctx context.Context, r linkage.StoredRun, candidates iter.Seq[linkage.Candidate]) (int64, error) {
	if r.Summary == nil {
		r.Summary = []byte{}
	}
	run := &staged[linkage.Candidate]{
		w: s.w, table: "link_runs",
		head:     "INSERT INTO link_runs(kind, left_roster, right_roster, seed, model, at, author, summary) VALUES(?,?,?,?,?,?,?,?)",
		headArgs: []any{string(r.Kind), r.LeftRoster, r.RightRoster, int64(r.Seed), r.Model, microOrNow(r.At), cmpOr(r.By, s.w.log.user), r.Summary},
		row:      "INSERT INTO link_candidates(run, position, " + candidateColumns + ") VALUES(?,?,?,?,?,?,?,?,?,?,?)",
		rowArgs:  candidateArgs,
		finish: func(tx *tx, id int64, n int) error {
			return tx.log(ActionEdited, fmt.Sprintf("link run %d", id), fmt.Sprintf("%s of %s, rosters %d and %d", plural(n, "pair"), r.Kind, r.LeftRoster, r.RightRoster))
		},
	}
	return run.store(ctx, candidates)
}

const candidateColumns = "left_id, right_id, left_hash, right_hash, probability, bits, band, gates, pattern"

func candidateArgs(c linkage.Candidate) ([]any, error) {
	gates, err := json.Marshal(c.Gates)
	return []any{c.Left, c.Right, c.LeftHash, c.RightHash, c.Probability, c.Bits, string(c.Band), string(gates), c.Pattern}, err
}

// scanCandidate reads the columns of a candidate, with others before and after them.
func scanCandidate(scan func(...any) error, c *linkage.Candidate, before, after []any) error {
	var gates string
	to := append(append([]any{}, before...), &c.Left, &c.Right, &c.LeftHash, &c.RightHash, &c.Probability, &c.Bits, &c.Band, &gates, &c.Pattern)
	if err := scan(append(to, after...)...); err != nil {
		return err
	}
	return json.Unmarshal([]byte(gates), &c.Gates)
}

// Runs lists the runs, oldest first.
func (s LinkStore) Runs(ctx context.Context, kind linkage.Kind) ([]linkage.StoredRun, error) {
	if err := s.w.knows(schemaWithLinkage); err != nil {
		return nil, err
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT id, kind, left_roster, right_roster, seed, model, at, author, summary FROM link_runs WHERE whole AND kind=? ORDER BY id", string(kind))
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []linkage.StoredRun
	for rows.Next() {
		var r linkage.StoredRun
		var seed, at int64
		if err := rows.Scan(&r.ID, &r.Kind, &r.LeftRoster, &r.RightRoster, &seed, &r.Model, &at, &r.By, &r.Summary); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		r.Seed, r.At = uint64(seed), time.UnixMicro(at).UTC()
		out = append(out, r)
	}
	return out, s.w.sqlError(ctx, rows.Err())
}

// Candidates yields the pairs of a run in their stored order, after an entry in the access log.
func (s LinkStore) Candidates(ctx context.Context, run int64) iter.Seq2[linkage.Candidate, error] {
	return func(yield func(linkage.Candidate, error) bool) {
		if err := s.entering(ctx, fmt.Sprintf("link run %d", run)); err != nil {
			yield(linkage.Candidate{}, err)
			return
		}
		parts(ctx, s.w, "SELECT "+candidateColumns+" FROM link_candidates WHERE run=? AND position>=? ORDER BY position LIMIT ?", run, func(rows *sql.Rows) (c linkage.Candidate, err error) {
			return c, scanCandidate(rows.Scan, &c, nil, nil)
		}, yield)
	}
}

// DeleteRun removes a run with its pairs and its sample. What was decided over it stays. Error: ErrNotFound.
func (s LinkStore) DeleteRun(ctx context.Context, id int64) error {
	return s.w.update(ctx, func(tx *tx) error {
		r, err := tx.Exec("DELETE FROM link_runs WHERE id=? AND whole", id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fail(ErrNotFound, "there is no link run %d in this workspace", id))
		}
		if _, err := tx.Exec("DELETE FROM link_samples WHERE run=?", id); err != nil {
			return err
		}
		return tx.log(ActionDeleted, fmt.Sprintf("link run %d", id), "")
	})
}
