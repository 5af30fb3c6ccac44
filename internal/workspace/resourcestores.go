package workspace

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

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
