package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

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
