package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// The kinds of failure that a face tells apart with errors.Is. Every error of this package has words of its own that
// name the file without its folder and say what to do. A missing file is also fs.ErrNotExist, a file or folder
// without permission fs.ErrPermission, an existing file at creation fs.ErrExist.
var (
	ErrWrongPassphrase    = errors.New("wrong passphrase")
	ErrPassphraseTooShort = errors.New("passphrase too short")
	ErrNotWorkspace       = errors.New("not a Trestle workspace")
	ErrDamaged            = errors.New("workspace is damaged")
	ErrNewer              = errors.New("workspace was made by a newer Trestle")
	ErrInUse              = errors.New("workspace is in use")
	ErrNoSpace            = errors.New("disk is full")
	ErrNotFound           = errors.New("no such message")
	ErrQuery              = errors.New("search not understood")
	ErrTooLarge           = errors.New("record too large")
	ErrReadOnly           = errors.New("workspace is open for reading only")
	ErrNoSlot             = errors.New("no such key slot")
	ErrNoFreeSlot         = errors.New("all key slots are in use")
	ErrLastKey            = errors.New("last passphrase of the workspace")
	ErrCurrentKey         = errors.New("passphrase of this session")
	ErrName               = errors.New("name not possible")
	ErrChanged            = errors.New("changed meanwhile")
)

// Error is an error with words for a person. Unwrap gives its kind, one of the Err values above or of io/fs.
type Error struct {
	Kind error
	Text string
}

func (e *Error) Error() string { return e.Text }

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

func fail(kind error, format string, a ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, a...)}
}

// fileError puts words to what the operating system said about a file.
func fileError(doing, name string, err error) error {
	var known *Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fail(fs.ErrNotExist, "%s: there is no such file; check the name and the folder", name)
	case errors.Is(err, fs.ErrExist):
		return fail(fs.ErrExist, "%s exists already; choose another name, or open it", name)
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fail(fs.ErrPermission, "%s: no permission %s; check the rights of the file and its folder, or copy it to a folder of your own", name, doing)
	case errors.Is(err, syscall.ENOSPC):
		return fail(ErrNoSpace, "%s: the disk is full; nothing was lost, make room and try again", name)
	}
	var p *fs.PathError // carries the whole path, which is nobody's business in a log
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s %s: %w", doing, name, err)
}

// headerError puts words to what package sealed found in front of the pages.
func headerError(name string, err error) error {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, sealed.ErrNotWorkspace):
		return fail(ErrNotWorkspace, "%s is not a Trestle workspace; to read messages from it, import it into a workspace", name)
	case errors.Is(err, sealed.ErrNewer):
		return fail(ErrNewer, "%s was made by a newer Trestle than this one; update Trestle to open it", name)
	case errors.Is(err, sealed.ErrNoPages):
		return fail(ErrDamaged, "%s is cut off after its header, or its creation did not finish; restore it from a backup, or delete it if it is new", name)
	case errors.Is(err, sealed.ErrDamaged):
		return fail(ErrDamaged, "%s is damaged at its beginning, where the keys are; restore it from a backup", name)
	case errors.Is(err, sealed.ErrWrongSecret):
		return fail(ErrWrongPassphrase, "this passphrase does not open %s; check Caps Lock and the keyboard layout, and try again", name)
	}
	return fileError("reading", name, err)
}

// sqlError puts words to an error of SQLite. The driver's own text may carry a stale error of the system, so it is
// never shown.
func (w *Workspace) sqlError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if w.isClosed.Load() {
		return errClosed(w.name)
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	return w.coded(e)
}

func errClosed(name string) error { return fail(fs.ErrClosed, "%s is closed; open it again", name) }

// extended codes of SQLite that mean something particular here
const (
	codeIOErrData = 10 | 32<<8 // our VFS: a record is not authentic
	codeFull      = 13
)

func (w *Workspace) coded(e sqlite3.Error) error {
	// Where SQLite runs a statement of its own inside ours, as FTS5 does, only the bare code comes out.
	inside := e.Code == sqlite3.ErrIoErr && int(e.ExtendedCode) == int(sqlite3.ErrIoErr) && w.keys.Failures() > 0
	switch {
	case inside || int(e.ExtendedCode) == codeIOErrData || e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB || e.Code == sqlite3.ErrFormat:
		where := ""
		if ev := w.keys.Events(); len(ev) > 0 {
			where = " (" + ev[len(ev)-1].String() + ")"
		}
		return fail(ErrDamaged, "%s is damaged or was changed from outside%s; what is not touched by it still reads. Run \"trestle workspace verify\" on it, and restore it from a backup", w.name, where)
	case e.Code == codeFull:
		return fail(ErrNoSpace, "%s: the disk is full; nothing was lost, make room and try again", w.name)
	case e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked:
		return fail(ErrInUse, "%s is locked by another program, perhaps a backup; try again when it is done", w.name)
	case e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrPerm:
		return fail(fs.ErrPermission, "%s cannot be written: the file, its folder or the medium is read-only; copy it to a folder of your own", w.name)
	case e.Code == sqlite3.ErrCantOpen:
		return fail(fs.ErrPermission, "%s cannot be opened or a file beside it cannot be made; check the rights of its folder", w.name)
	case e.Code == sqlite3.ErrTooBig:
		return fail(ErrTooLarge, "%s: one value is larger than a workspace can hold (1 GB)", w.name)
	case e.Code == sqlite3.ErrIoErr:
		return fmt.Errorf("%s: reading or writing the disk failed (SQLite %d); check the disk, then try again", w.name, int(e.ExtendedCode))
	}
	// What is left are mistakes of this package; e.Code's text is a constant of SQLite without any data in it.
	return fmt.Errorf("%s: %s (SQLite %d)", w.name, strings.TrimSpace(e.Code.Error()), int(e.ExtendedCode))
}
