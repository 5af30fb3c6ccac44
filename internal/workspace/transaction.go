package workspace

import (
	"context"
	"database/sql"
)

// tx is a transaction of the one writer.
type tx struct {
	w   *Workspace
	ctx context.Context
	sql *sql.Tx

	importEnded bool // the setting of an import that is under way was taken away
}

func (t *tx) Exec(q string, args ...any) (sql.Result, error) {
	return t.sql.ExecContext(t.ctx, q, args...)
}
func (t *tx) Query(q string, args ...any) (*sql.Rows, error) {
	return t.sql.QueryContext(t.ctx, q, args...)
}
func (t *tx) QueryRow(q string, args ...any) *sql.Row {
	return t.sql.QueryRowContext(t.ctx, q, args...)
}
func (t *tx) Prepare(q string) (*sql.Stmt, error) { return t.sql.PrepareContext(t.ctx, q) }

// update runs f in a transaction: all of it happens, its entry in the access log included, or nothing does.
func (w *Workspace) update(ctx context.Context, f func(*tx) error) error {
	if w.ReadOnly() {
		return w.errReadOnly()
	}
	s, err := w.write.BeginTx(ctx, nil)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer s.Rollback()
	if w.frozen.Load() { // Rekey has copied everything
		return errClosed(w.name)
	}
	t := &tx{w: w, ctx: ctx, sql: s}
	beside, err := t.gather()
	if err == nil {
		err = f(t)
	}
	if err == nil {
		if t.importEnded { // before the commit, while no other transaction can begin one
			w.importing.Store(false)
		}
		if err = s.Commit(); err != nil && t.importEnded {
			w.importing.Store(true) // what is rolled back must be found again
		}
	}
	switch {
	case beside == nil:
	case err == nil:
		beside.done()
	default:
		beside.close()
	}
	return w.sqlError(ctx, err)
}
