package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
)

// A workspace whose access log is damaged must not keep its messages to itself. It is opened, or goes on, for reading
// only: what reads is handed out without an entry in the log, which the user is told, and every write is refused.
// Only damage leads here. A full disk, a failing disk or a file without permission do not, and there the rule
// stands that an act that cannot be logged does not happen.

// salvage is the state of reading without a log.
type salvage struct {
	on   atomic.Bool
	mu   sync.Mutex
	text []string // warnings that came after opening
}

// lowestReadable is the oldest schema that can be read without being brought up to date.
const lowestReadable = 3

// errReadOnly is what every write answers in salvage.
func (w *Workspace) errReadOnly() error {
	if w.guest != nil {
		return fail(ErrReadOnly, "%s is open for reading only, because another program has it open (%s): close it there, and open it here again", w.name, w.guest.holder)
	}
	return fail(ErrReadOnly, "%s is open for reading only, because its access log is damaged: nothing can be changed or added. Export what reads, and restore the workspace from a backup", w.name)
}

// ReadOnly reports that nothing can be written: because another program has the workspace open (Guest), or because the access log is damaged; then
// reading is not logged, and it can become so while the workspace is open. Warnings says it in words.
func (w *Workspace) ReadOnly() bool { return w.guest != nil || w.salvage.on.Load() }

// startSalvage turns salvage on. damage is what was met.
func (w *Workspace) startSalvage(damage error) {
	if !w.salvage.on.CompareAndSwap(false, true) {
		return
	}
	w.salvage.mu.Lock()
	defer w.salvage.mu.Unlock()
	w.salvage.text = append(w.salvage.text, "the access log is damaged, so the workspace is open for reading only, and what is read is not logged ("+damage.Error()+")")
}

// reading writes an act that only reads into the access log, after first, which may be nil. If nothing but damage of the
// log is in the way, the act is allowed and salvage begins.
func (w *Workspace) reading(ctx context.Context, first func(*tx) error, action Action, object, details string) error {
	if w.guest != nil {
		return w.guest.note(ctx, w, action, object, details)
	}
	if w.ReadOnly() {
		return nil
	}
	logging := false
	err := w.update(ctx, func(tx *tx) error {
		if first != nil {
			if err := first(tx); err != nil {
				return err
			}
		}
		logging = true
		return tx.log(action, object, details)
	})
	if logging && errors.Is(err, ErrDamaged) {
		w.startSalvage(err)
		return nil
	}
	if errors.Is(err, ErrReadOnly) { // salvage began meanwhile
		return nil
	}
	return err
}

// openToRead is what is left of opening when damage was met after the keys opened: it gives the writing connection up and
// looks whether the tables read. Nothing is written into the file from here on. If they do not read either, damage is
// the error.
func (w *Workspace) openToRead(ctx context.Context, damage error) error {
	w.write.Close() // folds the log of a crash in, if it can; the error of that is the damage
	w.write = nil
	w.read.Close()
	w.read = connect(w.path, w.keys, salvager)
	var schema, id, tables int
	err := w.read.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id),
		(SELECT count(*) FROM sqlite_schema WHERE name IN ('messages', 'contents', 'sources'))`).Scan(&schema, &id, &tables)
	if err != nil || id != applicationID || tables != 3 || schema < lowestReadable || schema > len(migrations) {
		return damage
	}
	w.schema, w.sweep = schema, true
	w.startSalvage(damage)
	return nil
}

// removeTraces removes what a connection that could not write leaves beside the file: an index of the log, and a log
// without content. A log with content is data. The lock must be held, and all connections closed.
func (w *Workspace) removeTraces() {
	fi, err := os.Lstat(w.path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil || fi.Size() > 0:
		return
	default:
		os.Remove(w.path + "-wal")
	}
	os.Remove(w.path + "-shm")
}
