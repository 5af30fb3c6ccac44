package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"trestle/internal/workspace/sealed"
)

// A second program on the same file reads beside the one that writes. SQLite's write-ahead log is made for that: each reading shows one
// moment, and neither waits for the other. The reader writes nothing into the file, its log or its header; of the shared memory it writes the
// marks by which the writer knows what is still being read. What it reads enters the access log by way of a file beside it (spool.go). Its
// wrong passphrases are counted in its own memory only, since the lock file belongs to the other program.

// Guest describes who writes while this program only reads.
type Guest struct {
	PID   int
	Host  string
	User  string
	Since time.Time
}

// Guest tells who has the workspace open; ok is false where this program itself writes.
func (w *Workspace) Guest() (g Guest, ok bool) {
	if w.guest == nil {
		return g, false
	}
	o := w.guest.holder
	return Guest{o.PID, o.Host, o.User, o.Since}, true
}

// guestOf is what a reader beside another program needs.
type guestOf struct {
	holder  owner
	box     sealed.Box
	readers *flock.Flock
	mu      sync.Mutex // one entry at a time
}

const readersSuffix = ".readers"

// openBeside opens a workspace that another program has open, for reading only.
func openBeside(ctx context.Context, path string, key opener, o OpenOptions, holder owner) (w *Workspace, err error) {
	if w, err = find(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = w.openError(ctx, err)
			w.abandon()
			w = nil
		}
	}()
	w.log.user, w.log.tool = userOr(o.User), o.Tool
	w.guest = &guestOf{holder: holder}
	if err := w.guest.enter(w); err != nil {
		return w, err
	}
	if err := w.unlockBeside(ctx, key); err != nil {
		return w, err
	}
	if w.guest.box, err = w.readingsBox(); err != nil {
		return w, err
	}
	if w.keys, err = w.header.Keys(); err != nil {
		return w, err
	}
	if w.log.key, err = w.header.Derive(logPurpose); err != nil {
		return w, err
	}
	w.read = connect(w.path, w.keys, guest)
	if err := w.checkBeside(ctx); err != nil {
		return w, err
	}
	_, who, err := w.openedBy(ctx)
	if err != nil {
		return w, err
	}
	if w.tries.n > 0 {
		if err := w.guest.noteResult(ctx, w, ActionWrongPassphrase, w.name, fmt.Sprintf("%d by this program", w.tries.n), "not opened"); err != nil {
			return w, err
		}
	}
	if err := w.guest.note(ctx, w, ActionOpened, w.name, joinNonEmpty(", ", who, "for reading only")); err != nil {
		return w, err
	}
	w.warnings = append(w.warnings, "another program has the project open ("+holder.String()+"), so it is open here for reading only; what you read enters the access log when that program writes next")
	return w, nil
}

// unlockBeside opens the header. The other program may be writing it: one of its copies is whole at any moment.
func (w *Workspace) unlockBeside(ctx context.Context, key opener) error {
	h, err := sealed.ReadFile(w.path)
	if err != nil {
		return headerError(w.name, err)
	}
	id := h.FileID()
	if err := pause(ctx, triesOf(id, owner{}).left(time.Now())); err != nil {
		return err
	}
	w.tries = triesOf(id, owner{})
	defer releaseBlocks(strongest(h).MemoryKiB)
	slot, err := key(h, w.name)
	if errors.Is(err, sealed.ErrWrongSecret) {
		return w.wrong(id, w.tries, err)
	}
	if err != nil {
		return headerError(w.name, err)
	}
	forgetWrong(id)
	w.header = h
	w.slot.Store(int32(slot))
	return nil
}

// checkBeside looks whether the database inside is one that this program can read as it is.
func (w *Workspace) checkBeside(ctx context.Context) error {
	var id int
	err := w.read.QueryRowContext(ctx, "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id)").Scan(&w.schema, &id)
	switch {
	case err != nil:
		return err
	case id != applicationID:
		return fail(ErrDamaged, "%s is empty inside: its creation did not finish", w.name)
	case w.schema > len(migrations):
		return fail(ErrNewer, "%s is open in a newer Trestle than this one; update Trestle to read it beside that", w.name)
	case w.schema < len(migrations):
		return fail(ErrInUse, "%s is open in an older Trestle than this one; close it there first, so that it can be brought up to date", w.name)
	}
	return nil
}

// note puts an act of reading into the file of readings. With an error the act must not happen.
func (g *guestOf) note(ctx context.Context, w *Workspace, action Action, object, details string) error {
	return g.noteResult(ctx, w, action, object, details, "")
}

func (g *guestOf) noteResult(ctx context.Context, w *Workspace, action Action, object, details, result string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, err := openSpool(ctx, w.path, true)
	if err == nil {
		err = s.append(g.box, reading{Time: time.Now().UTC(), User: w.log.user, Tool: w.log.tool, Action: action, Object: object, Details: details, Result: result})
		s.close()
	}
	if err != nil && ctx.Err() == nil {
		return fileError("to note what is read beside", w.name, err)
	}
	return err
}

// enter takes part in the lock of the readers, which keeps the file from being replaced or destroyed under them.
func (g *guestOf) enter(w *Workspace) error {
	f, err := lockReaders(w.path, (*flock.Flock).TryRLock)
	if err == nil && f == nil {
		err = fail(ErrInUse, "%s is just being replaced by another program; try again when it is done", w.name)
	}
	g.readers = f
	return err
}

// leave gives the lock of the readers up. Who is the last, with the writer gone, removes what they shared.
func (g *guestOf) leave(w *Workspace) {
	if g.readers == nil {
		return
	}
	g.readers.Close()
	last, err := lockAlone(w.path)
	if err != nil {
		return
	}
	defer last.Close()
	if l, err := lockFile(w.path); err == nil {
		w.removeTraces()
		l.release()
	}
}

// alone is the lock of the readers, held by one that must have the file for itself.
type alone struct{ f *flock.Flock }

// lockAlone takes it, or says that others are reading.
func lockAlone(path string) (*alone, error) {
	f, err := lockReaders(path, (*flock.Flock).TryLock)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, fail(ErrInUse, "%s is open for reading in another program; close it there first", filepath.Base(path))
	}
	return &alone{f}, nil
}

// Close gives the lock up, and removes its file. It may be called more than once.
func (a *alone) Close() {
	if a.f != nil {
		os.Remove(a.f.Path()) // while it is locked; see lockReaders
		a.f.Close()
		a.f = nil
	}
}

// lockReaders locks the file <workspace>.readers in one way; nil without an error is that somebody else has it in another.
func lockReaders(path string, how func(*flock.Flock) (bool, error)) (*flock.Flock, error) {
	name := filepath.Base(path)
	for range 10 {
		if fi, err := os.Lstat(path + readersSuffix); err == nil && !fi.Mode().IsRegular() {
			return nil, fail(fs.ErrPermission, "%s%s beside the workspace is no plain file, so somebody else made it; remove it and try again", name, readersSuffix)
		}
		f := flock.New(path+readersSuffix, flock.SetPermissions(0o600))
		ok, err := how(f)
		if err != nil {
			f.Close()
			return nil, fileError("to make the lock file of readers beside", name, err)
		}
		if !ok {
			f.Close()
			return nil, nil
		}
		mine, err1 := f.Stat()
		there, err2 := os.Lstat(path + readersSuffix)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			return f, nil
		}
		f.Close() // its last holder removed it between our opening and locking it
	}
	return nil, fail(ErrInUse, "%s is being opened by another program; try again", name)
}
