package workspace

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/inspect"
	"trestle/internal/workspace/sealed"
)

// Workspace is an open workspace. Its methods may be called from several goroutines.
type Workspace struct {
	path, name string
	file       os.FileInfo
	header     *sealed.Header
	keys       *sealed.Keys
	lock       *fileLock
	write      *sql.DB // one connection
	read       *sql.DB // maxReaders connections, query_only

	slot      atomic.Int32 // that opened; -1 once it was removed
	tries     tries        // wrong passphrases before it
	slots     sync.Mutex   // one change of the key slots at a time
	copying   sync.Mutex   // one backup, compaction or new data key at a time
	sets      sync.Mutex   // one set being stored at a time
	serving   sync.Mutex
	served    map[int64]bool // whose resources are open
	frozen    atomic.Bool
	anchors   AnchorStore // nil: none
	anchored  bool        // it remembers this workspace
	log       accessLog
	schema    int // version of the tables inside
	salvage   salvage
	guest     *guestOf // set where another program writes, and this one only reads
	raw       *os.File // for VerifyOpen; closed only after SQLite has closed its own
	raws      sync.Mutex
	alone     *alone      // held while the file is replaced or destroyed
	importing atomic.Bool // there may be an import that is not in the log yet
	gathers   bool        // enters what other programs read into the log
	sweep     bool        // a file that cannot be written keeps what SQLite made beside it; remove that at the end
	warnings  []string    // of opening

	closing  sync.Once
	isClosed atomic.Bool
	closed   error
}

var _ inspect.Store = (*Workspace)(nil)

// CreateOptions are the choices at creation.
type CreateOptions struct {
	KDF     KDF    // cost of the passphrase; the zero value is calibrated to about a second
	User    string // for the access log; empty is the system's user
	Tool    string // for the access log: "window", "command"
	Person  string // whose the passphrase is; empty is User
	Project string // the project's name, kept as setting "project"
	Cipher  Cipher // what seals the pages; the zero value is XChaCha20Poly1305

	Anchors AnchorStore // what is remembered of workspaces on this computer; nil is nothing
}

// OpenOptions are the choices at opening.
type OpenOptions struct {
	User string // for the access log; empty is the system's user
	Tool string // for the access log: "window", "command"

	Anchors AnchorStore // what is remembered of workspaces on this computer, usually DefaultAnchors; nil is nothing
	Beside  bool        // where another program has it open, open it for reading only, beside that: see Guest
}

// pageSize of new workspaces, in bytes; see FORMAT.md for the alternatives.
const pageSize = 4096

// Create makes a new workspace; the file must not exist. The passphrase stays the caller's, who should clear it.
// Errors: ErrPassphraseTooShort, fs.ErrExist, fs.ErrPermission, ErrNoSpace.
func Create(ctx context.Context, path string, passphrase []byte, o CreateOptions) (*Workspace, error) {
	if err := errors.Join(checkEngine(), sealed.Register()); err != nil {
		return nil, err
	}
	pass := normalise(passphrase)
	defer clear(pass)
	if err := checkLength(pass); err != nil {
		return nil, err
	}
	kdf, err := o.KDF.choose()
	if err != nil {
		return nil, err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	if _, err := os.Lstat(path); err == nil {
		return nil, fileError("", name, fs.ErrExist)
	}
	if _, err := os.Lstat(path + "-wal"); err == nil { // it may be all that is left of somebody's last changes
		return nil, fail(fs.ErrExist, "a file %s-wal lies there from an earlier workspace of this name; move it away, or choose another name", name)
	}
	cipher, err := o.Cipher.id()
	if err != nil {
		return nil, err
	}
	h, err := sealed.New(pageSize, cipher)
	if err != nil {
		return nil, err
	}
	if err := h.SetSlot(0, sealed.SlotPassphrase, pass, kdf.cost()); err != nil {
		return nil, err
	}
	defer releaseBlocks(kdf.MemoryKiB)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := h.Create(path); err != nil {
		return nil, fileError("to make", name, err)
	}
	w := &Workspace{path: path, name: name, header: h, anchors: o.Anchors}
	err = w.start(ctx, true, func() error { return w.fill(ctx, o) })
	if err != nil {
		for _, suffix := range []string{"-wal", "-shm", ""} {
			os.Remove(path + suffix)
		}
		return nil, err
	}
	return w, nil
}

// releaseBlocks gives the memory of an Argon2id run back to the system, if it was worth the trouble.
func releaseBlocks(kib uint32) {
	if kib >= 16<<10 {
		debug.FreeOSMemory()
	}
}

// fill writes what a new workspace contains.
func (w *Workspace) fill(ctx context.Context, o CreateOptions) error {
	w.log.user, w.log.tool = userOr(o.User), o.Tool
	person, err := cleanName(cmp.Or(o.Person, w.log.user))
	if err != nil {
		return err
	}
	if err := w.migrate(ctx, len(migrations)); err != nil {
		return err
	}
	err = w.update(ctx, func(tx *tx) error {
		if err := tx.addPerson(w.header.Salt(0), person); err != nil {
			return err
		}
		for key, value := range map[string]string{settingCreated: time.Now().UTC().Format(time.RFC3339), settingProject: o.Project} {
			if _, err := tx.Exec("INSERT INTO settings(key,value) VALUES(?,?)", key, value); err != nil {
				return err
			}
		}
		return tx.log(ActionCreated, w.name, "")
	})
	if err != nil {
		return err
	}
	if err := w.checkpoint(ctx); err != nil { // page 1 must be on disk, or the file would count as unfinished
		return err
	}
	w.saveAnchor(ctx, w.read)
	w.gathers = true
	return fileError("to make", w.name, sealed.SyncFolder(filepath.Dir(w.path)))
}

// Open opens a workspace and brings its schema up to date. A recovery code opens it in place of the passphrase, which
// stays the caller's, who should clear it. If the access log is damaged, it is opened for reading only: see ReadOnly. After
// several wrong passphrases it waits before it tries another; NextTry says how long, and ctx ends it.
// Errors: ErrWrongPassphrase, ErrNotWorkspace, ErrDamaged, ErrNewer, ErrInUse, fs.ErrNotExist, fs.ErrPermission.
func Open(ctx context.Context, path string, passphrase []byte, o OpenOptions) (*Workspace, error) {
	return open(ctx, path, typed(passphrase), o)
}

func open(ctx context.Context, path string, key opener, o OpenOptions) (*Workspace, error) {
	w, err := unlock(ctx, path, key)
	var other *held
	if o.Beside && errors.As(err, &other) {
		return openBeside(ctx, path, key, o, other.by)
	}
	if err != nil {
		return nil, err
	}
	if err := w.writable(); err != nil {
		w.abandon()
		return nil, err
	}
	w.anchors = o.Anchors
	failed := w.lock.owner
	err = w.start(ctx, false, func() error {
		w.log.user, w.log.tool = userOr(o.User), o.Tool
		err := w.upgrade(ctx)
		if err == nil {
			err = w.opened(ctx, failed)
		}
		if err = w.sqlError(ctx, err); errors.Is(err, ErrDamaged) {
			return w.openToRead(ctx, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	w.warn()
	if !w.ReadOnly() {
		w.saveAnchor(ctx, w.read)
	}
	return w, nil
}

// writable looks before SQLite does, which would open the file for reading and fail at the first entry of the access log.
func (w *Workspace) writable() error {
	f, err := os.OpenFile(w.path, os.O_RDWR, 0)
	if err == nil {
		err = f.Close()
	}
	return fileError("to write", w.name, err)
}

func userOr(name string) string {
	if name == "" {
		return systemUser()
	}
	return name
}

// opener opens a header with a secret and gives the slot. The error is that of package sealed, or an Error.
type opener func(h *sealed.Header, name string) (slot int, err error)

// typed opens a header with what a person typed, a passphrase or a recovery code.
func typed(passphrase []byte) opener {
	return func(h *sealed.Header, _ string) (int, error) { return openHeader(h, passphrase) }
}

// unlock does everything of opening that comes before SQLite: it looks at the file, takes the lock, reads the header
// and opens a key slot. With an error nothing is left open.
func unlock(ctx context.Context, path string, key opener) (w *Workspace, err error) {
	if err := errors.Join(checkEngine(), sealed.Register(), ctx.Err()); err != nil {
		return nil, err
	}
	if w, err = find(path); err != nil {
		return nil, err
	}
	path, name := w.path, w.name
	defer func() {
		if err != nil {
			w.abandon()
			w = nil
		}
	}()
	h, err := sealed.ReadFile(path)
	if err != nil { // no lock file beside what is no workspace
		return w, headerError(name, err)
	}
	id := h.FileID()
	if w.tries, err = w.untilNextTry(ctx, id); err != nil {
		return w, err
	}
	h, err = sealed.ReadFile(path) // again, now that nobody else writes it
	if err != nil {
		return w, headerError(name, err)
	}
	defer releaseBlocks(strongest(h).MemoryKiB)
	slot, err := key(h, name)
	if errors.Is(err, sealed.ErrWrongSecret) {
		return w, w.wrong(id, w.tries, err)
	}
	if err != nil {
		return w, headerError(name, err)
	}
	forgetWrong(id)
	w.header = h
	w.slot.Store(int32(slot))
	return w, nil
}

// find looks for the file of a workspace and enters it in the list of those that are open in this process.
func find(path string) (*Workspace, error) {
	name := filepath.Base(path)
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fileError("to read", name, err)
	}
	if fi.IsDir() {
		return nil, fail(ErrNotWorkspace, "%s is a folder, not a Trestle workspace; choose a file that ends in .trestle", name)
	}
	if !fi.Mode().IsRegular() { // a pipe would keep us waiting for ever
		return nil, fail(ErrNotWorkspace, "%s is not a file but a device or a pipe; choose a file that ends in .trestle", name)
	}
	if path, err = filepath.Abs(path); err == nil {
		path, err = filepath.EvalSymlinks(path) // the lock and the log belong beside the real file
	}
	if err != nil {
		return nil, fileError("to read", name, err)
	}
	if !reserve(fi) {
		return nil, fail(ErrInUse, "%s is open already in this program", name)
	}
	return &Workspace{path: path, name: name, file: fi}, nil
}

// start opens the connections of a workspace whose header is unlocked, and runs first on it. With an error nothing is
// left open.
func (w *Workspace) start(ctx context.Context, create bool, first func() error) (err error) {
	defer func() {
		if err != nil {
			err = w.openError(ctx, err)
			w.sweep = w.lock != nil && !create
			w.abandon()
		}
	}()
	if w.file == nil {
		if w.file, err = os.Stat(w.path); err != nil {
			return fileError("to read", w.name, err)
		}
		if !reserve(w.file) {
			return fail(ErrInUse, "%s is open already in this program", w.name)
		}
	}
	if w.lock == nil {
		if w.lock, err = lockFile(w.path); err != nil {
			return err
		}
	}
	if w.keys, err = w.header.Keys(); err != nil {
		return err
	}
	if w.log.key, err = w.header.Derive(logPurpose); err != nil {
		return err
	}
	if create {
		if err := firstPage(w.path, w.keys); err != nil {
			return err
		}
	}
	w.write = connect(w.path, w.keys, writer)
	if err := w.write.PingContext(ctx); err != nil {
		return err
	}
	if err := checkFTS(ctx, w.write); err != nil {
		return err
	}
	w.read = connect(w.path, w.keys, reader)
	return first()
}

// openError is sqlError with what only opening can meet.
func (w *Workspace) openError(ctx context.Context, err error) error {
	var e sqlite3.Error
	if errors.Is(err, errNoWAL) || errors.As(err, &e) && e.ExtendedCode == sealed.NoSharedMemory {
		return fail(ErrInUse, "%s lies where no write-ahead log is possible, perhaps on a network drive; copy it to a disk of this computer and open it there", w.name)
	}
	if w.keys == nil && errors.As(err, &e) {
		return fmt.Errorf("%s: %s", w.name, e.Code.Error())
	}
	return w.sqlError(ctx, err)
}

// opened writes the access log's first entries of a session, and mends the header if one copy is not as the other.
func (w *Workspace) opened(ctx context.Context, failed owner) error {
	name, who, err := w.openedBy(ctx)
	if err != nil {
		return err
	}
	changed, err := w.checkRecent(ctx)
	if err != nil {
		return err
	}
	if changed != "" {
		w.warnings = append(w.warnings, changed)
	}
	rolledBack, err := w.compareAnchor(ctx)
	if err != nil {
		return err
	}
	w.gathers = true
	w.importing.Store(w.importLeft(ctx))
	err = w.update(ctx, func(tx *tx) error {
		if err := tx.logImport("cut off: the program ended before the import did"); err != nil {
			return err
		}
		if rolledBack != "" {
			if err := tx.log(ActionRolledBack, w.name, rolledBack); err != nil {
				return err
			}
		}
		if failed.Failed > 0 || w.tries.n > 0 {
			if err := tx.logResult(ActionWrongPassphrase, w.name, w.tries.words(failed), "not opened"); err != nil {
				return err
			}
		}
		if err := tx.used(int(w.slot.Load()), name); err != nil {
			return err
		}
		return tx.log(ActionOpened, w.name, who)
	})
	if err != nil {
		return err
	}
	w.lock.owner.Failed, w.lock.owner.LastFailed = 0, time.Time{}
	w.lock.write()
	if rolledBack != "" {
		w.warnings = append(w.warnings, rolledBack+". If nobody restored a backup, somebody put an older copy in its place")
	}
	if w.log.broken.Load() {
		w.warnings = append(w.warnings, "the access log does not end as it was written: entries were removed or changed from outside; run verify")
	}
	if w.header.NeedsRewrite() {
		text := "one of the two copies of the header was damaged or old; it was mended from the other"
		if err := w.writeHeader(ctx); err != nil { // the other copy is whole, and everything reads
			text = "one of the two copies of the header is damaged or old and could not be mended: make a backup now"
		}
		w.warnings = append(w.warnings, text)
	}
	return nil
}

// writeHeader writes both header copies, through SQLite's own handle of the file.
func (w *Workspace) writeHeader(ctx context.Context) error {
	c, err := w.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(x any) error {
		w.keys.HeaderWritten()
		err := x.(*sqlite3.SQLiteConn).SetFileControlInt("main", sealed.WriteHeader, 0)
		code, ran := w.keys.HeaderWritten()
		switch {
		case err != nil:
			return err
		case !ran:
			return fail(nil, "the header of %s was not written", w.name)
		case code != 0:
			return sqlite3.Error{Code: sqlite3.ErrNo(code & 0xff), ExtendedCode: sqlite3.ErrNoExtended(code)}
		}
		return nil
	})
}

// warn collects what a person should hear after opening.
func (w *Workspace) warn() {
	for _, e := range w.keys.Events() {
		if !strings.Contains(e.String(), "temporary") {
			w.warnings = append(w.warnings, e.String()+": what was written just before a crash may be missing, or the file was changed from outside; run verify")
			break
		}
	}
	if hardLinked(w.file) {
		w.warnings = append(w.warnings, "the file has a second name (a hard link), perhaps in a backup; never open it under both names at once, that damages it")
	}
	if _, err := os.Lstat(w.path + rekeyKept); err == nil {
		w.warnings = append(w.warnings, "a file "+w.name+rekeyKept+" was left when a change of the data key was cut off; it still opens with the old passphrases, so delete it")
	}
	if _, err := os.Lstat(w.path + "-journal"); err == nil {
		w.warnings = append(w.warnings, "a file "+w.name+"-journal lies beside the workspace; Trestle makes no such file and does not read it")
	}
}

// Warnings are sentences about what was odd at opening: a damaged header copy, a log that ended in a torn record, a
// foreign file beside the workspace, a damaged access log. Usually there are none.
func (w *Workspace) Warnings() []string {
	w.salvage.mu.Lock()
	defer w.salvage.mu.Unlock()
	return append(slices.Clone(w.salvage.text), w.warnings...)
}

// Path is the absolute path of the workspace.
func (w *Workspace) Path() string { return w.path }

// checkpoint folds the write-ahead log into the file and empties it.
func (w *Workspace) checkpoint(ctx context.Context) error {
	var busy, log, done int
	if err := w.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return w.sqlError(ctx, err)
	}
	return nil // busy: a reader is still at work; the last connection to close does it again
}

// Close writes the last entry of the access log, folds the write-ahead log into the file, closes it and forgets the
// keys. It may be called more than once. Calls that are under way must have ended or be cancelled before.
func (w *Workspace) Close() error {
	w.closing.Do(func() {
		ctx := context.Background()
		var err error
		if w.guest != nil {
			err = w.guest.note(ctx, w, ActionClosed, w.name, "")
		}
		if !w.ReadOnly() {
			err = w.update(ctx, func(tx *tx) error { return tx.log(ActionClosed, w.name, "") })
			err = errors.Join(err, w.checkpoint(ctx))
			w.saveAnchor(ctx, w.read)
		}
		w.isClosed.Store(true)
		w.closed = errors.Join(err, w.abandon())
		w.log.forget()
		sealed.ReleaseMemory()
	})
	return w.closed
}

// abandon closes whatever is open and forgets the keys.
func (w *Workspace) abandon() error {
	var errs []error
	for _, db := range []*sql.DB{w.read, w.write} {
		if db != nil {
			errs = append(errs, w.sqlError(context.Background(), db.Close()))
		}
	}
	w.raws.Lock()
	if w.raw != nil { // after SQLite has closed the file: it would lose its locks
		w.raw.Close()
		w.raw = nil
	}
	w.raws.Unlock()
	if w.sweep {
		w.removeTraces()
	}
	if w.guest != nil {
		w.guest.leave(w)
	}
	if w.keys != nil {
		w.keys.Drop()
	}
	if w.header != nil {
		w.header.Wipe()
	}
	clear(w.log.key)
	if w.alone != nil {
		w.alone.Close()
	}
	if w.lock != nil {
		errs = append(errs, w.lock.release())
	}
	if w.file != nil {
		unreserve(w.file)
	}
	return errors.Join(errs...)
}
