package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// A copy of a workspace is a new file with a header of its own, whose pages are read here and sealed there one by one,
// through SQLite's backup interface. It shows one moment: what is written meanwhile is not in it, and is not held up. (VACUUM INTO
// would be shorter, but makes a rollback journal beside the copy, which our VFS refuses.)

// copyStep is how many pages are copied between two looks at the context.
const copyStep = 512

// copyTo copies what is in w to a new file at path, under a header that is open. With an error nothing is left there.
func (w *Workspace) copyTo(ctx context.Context, h *sealed.Header, path string, progress func(done, total int64)) (err error) {
	name := filepath.Base(path)
	if err := h.Create(path); err != nil {
		return fileError("to make", name, err)
	}
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	keys, err := h.Keys()
	if err != nil {
		return err
	}
	defer keys.Drop()
	to, err := (&sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error { return prepareCopy(c, keys.PageSize()) }}).Open(keys.URI(path) + "&mode=rw")
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer func() { err = errors.Join(err, w.sqlError(ctx, to.Close())) }()
	from, err := w.read.Conn(ctx)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer from.Close()
	snapshot, err := from.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer snapshot.Rollback()
	var tables int // the moment that the copy shows is the first reading
	if err := snapshot.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return w.sqlError(ctx, err)
	}
	return from.Raw(func(x any) error {
		return w.sqlError(ctx, copyPages(ctx, to.(*sqlite3.SQLiteConn), x.(*sqlite3.SQLiteConn), progress))
	})
}

// prepareCopy is prepare for the connection that a copy is written with. Nobody else has that file, and it is thrown away if
// anything goes wrong, so its journal stays in memory.
func prepareCopy(c *sqlite3.SQLiteConn, pageSize int) error {
	if err := c.SetFileControlInt("main", sealed.ReserveBytes, sealed.Overhead); err != nil {
		return err
	}
	c.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
	for _, q := range []string{fmt.Sprintf("PRAGMA page_size=%d", pageSize), "PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=FULL", "PRAGMA fullfsync=1", "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-8192"} {
		if _, err := answer(c, q); err != nil {
			return err
		}
	}
	return nil
}

func copyPages(ctx context.Context, to, from *sqlite3.SQLiteConn, progress func(done, total int64)) (err error) {
	b, err := to.Backup("main", from, "main")
	if err != nil {
		return err
	}
	finished := false
	defer func() {
		if !finished {
			b.Close()
		}
		var e sqlite3.Error
		if errors.As(err, &e) && e.Code > 0xff { // the driver puts the extended code where the other belongs
			err = sqlite3.Error{Code: e.Code & 0xff, ExtendedCode: sqlite3.ErrNoExtended(e.Code)}
		}
	}()
	for left := -1; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := b.Step(copyStep)
		if err != nil {
			return err
		}
		if progress != nil {
			progress(int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
		}
		if done {
			finished = true
			return b.Close()
		}
		if b.Remaining() == left { // locked; nobody should have either, but do not spin
			time.Sleep(10 * time.Millisecond)
		}
		left = b.Remaining()
	}
}

// checkCopy verifies a finished copy under its header: every page, SQLite's structure, the words and the access log. Its
// problems, if there are any, are an ErrDamaged.
func checkCopy(ctx context.Context, h *sealed.Header, path string, progress func(done, total int64)) (r Report, err error) {
	c := &Workspace{path: path, name: filepath.Base(path), header: h, sweep: true}
	if c.keys, err = h.Keys(); err != nil {
		return r, err
	}
	if c.log.key, err = h.Derive(logPurpose); err != nil {
		return r, err
	}
	defer func() { // as abandon, but the header is the caller's
		if c.read != nil {
			c.read.Close()
		}
		c.removeTraces()
		c.keys.Drop()
		clear(c.log.key)
	}()
	if _, err := sealed.ReadFile(path); err != nil { // what lies on disk, not what is in memory
		return r, headerError(c.name, err)
	}
	r.Name = c.name
	if err := c.verifyAll(ctx, &r, progress); err != nil {
		return r, err
	}
	if !r.OK() {
		return r, fail(ErrDamaged, "the copy %s did not pass its check, so it is not kept: %s Run verify on the workspace", c.name, r.Problems()[0])
	}
	return r, nil
}

// halves gives the progress of two works of about the same length, one after the other.
func halves(progress func(done, total int64)) (first, second func(done, total int64)) {
	if progress == nil {
		return nil, nil
	}
	return func(done, total int64) { progress(done, 2*total) }, func(done, total int64) { progress(total+done, 2*total) }
}

// syncFile makes the content of a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
