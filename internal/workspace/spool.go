package workspace

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"trestle/internal/workspace/sealed"
)

// What is read while another program has the workspace open cannot enter the access log at once: the log is one chain and has one writer. It
// goes into a file beside the workspace, <file>.readings, sealed and chained, and is on the disk before anything is handed out. The
// program that writes enters it into the log with its next transaction, or the next one that opens the workspace. FORMAT.md §6
// has the bytes. Whoever can write in the folder can remove the file, and with it what was read since the last transaction; they cannot read,
// change, reorder or shorten it unseen.

const (
	readingsSuffix  = ".readings"
	readingsMagic   = "TRESTLE-READ\x01"
	readingsStart   = 1 + len(readingsMagic) + 16 // the first byte is what Windows locks
	readingsPurpose = "trestle/readings"
	maxReading      = 1 << 20 // bytes of one entry, sealed

	settingReadings = "readings" // which file was entered last, and how many of its entries
)

// reading is an entry of the file, as JSON before it is sealed.
type reading struct {
	Time    time.Time `json:"time"`
	User    string    `json:"user"`
	Tool    string    `json:"tool,omitempty"`
	Action  Action    `json:"action"`
	Object  string    `json:"object,omitempty"`
	Details string    `json:"details,omitempty"`
	Result  string    `json:"result,omitempty"`
}

// spool is the file of readings of one workspace, while it is locked.
type spool struct {
	path string
	lock *flock.Flock
	f    *os.File
	id   [16]byte
}

// openSpool locks the file of a workspace, and makes it if it is not there.
func openSpool(ctx context.Context, workspace string, make bool) (*spool, error) {
	path := workspace + readingsSuffix
	for {
		fi, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !make:
			return nil, nil
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !fi.Mode().IsRegular(): // not through somebody's link
			return nil, fail(fs.ErrPermission, "%s beside the workspace is no plain file, so somebody else made it; remove it and try again", filepath.Base(path))
		}
		s := &spool{path: path, lock: flock.New(path, flock.SetPermissions(0o600))}
		if ok, err := s.lock.TryLockContext(ctx, 5*time.Millisecond); err != nil || !ok {
			s.lock.Close()
			return nil, errors.Join(err, ctx.Err())
		}
		mine, err1 := s.lock.Stat()
		there, err2 := os.Lstat(path)
		if err1 != nil || err2 != nil || !os.SameFile(mine, there) { // who had it before removed it
			s.lock.Close()
			continue
		}
		if s.f, err = os.OpenFile(path, os.O_RDWR, 0o600); err != nil {
			s.lock.Close()
			return nil, err
		}
		return s, nil
	}
}

func (s *spool) close() {
	s.f.Close()
	s.lock.Close()
}

// each gives the sealed entries in order, with the place where the next one goes, and the tag of the last for its chain. It ends at the first that is not whole.
func (s *spool) each(f func(i int64, entry, previous []byte) error) (n, end int64, previous []byte, err error) {
	head := make([]byte, readingsStart-1)
	if _, err := s.f.ReadAt(head, 1); err != nil || string(head[:len(readingsMagic)]) != readingsMagic {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return 0, 0, nil, err // new, or its making was cut off
	}
	copy(s.id[:], head[len(readingsMagic):])
	end, previous = int64(readingsStart), s.id[:]
	for {
		var size [4]byte
		if _, err := s.f.ReadAt(size[:], end); err != nil {
			return n, end, previous, notEOF(err)
		}
		length := binary.LittleEndian.Uint32(size[:])
		if length < sealed.Overhead || length > maxReading {
			return n, end, previous, nil
		}
		entry := make([]byte, length)
		if _, err := s.f.ReadAt(entry, end+4); err != nil {
			return n, end, previous, notEOF(err)
		}
		if err := f(n, entry, previous); err != nil {
			return n, end, previous, err
		}
		n, end, previous = n+1, end+4+int64(length), entry[len(entry)-16:]
	}
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// belongs is what the tag of entry i covers beside its text: its file, its number and the entry before, so that none can be left out.
func (s *spool) belongs(i int64, previous []byte) []byte {
	b := append([]byte(readingsPurpose), s.id[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(i))
	return append(b, previous...)
}

// append writes an entry and returns when it is on the disk. What is behind the last whole entry, which only a crash leaves, goes.
func (s *spool) append(box sealed.Box, r reading) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	n, end, previous, err := s.each(func(i int64, entry, previous []byte) error {
		if _, err := box.Open(entry, s.belongs(i, previous)); err != nil {
			return errReadings
		}
		return nil
	})
	if err != nil {
		return err
	}
	var out []byte
	if end == 0 {
		s.id = randomID()
		out = append(append([]byte{0}, readingsMagic...), s.id[:]...)
		previous = s.id[:]
	}
	entry := box.Seal(text, s.belongs(n, previous))
	if len(entry) > maxReading {
		return fail(ErrTooLarge, "what is to be read at once is too much for one entry of the access log; read less at a time")
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(entry)))
	out = append(out, entry...)
	if _, err = s.f.WriteAt(out, end); err == nil {
		err = s.f.Truncate(end + int64(len(out)))
	}
	if err == nil {
		err = s.f.Sync()
	}
	if err == nil && end == 0 {
		err = sealed.SyncFolder(filepath.Dir(s.path))
	}
	return err
}

// errReadings is a file of readings that was changed.
var errReadings = errors.New("entry not authentic")

// spooled reports whether there are readings to enter.
func (w *Workspace) spooled() bool {
	fi, err := os.Lstat(w.path + readingsSuffix)
	return err == nil && fi.Mode().IsRegular()
}

// gather enters the readings of other programs into the access log, in the transaction that runs. The file is held until the caller has
// committed and calls done; nil is that there are none, or that somebody is just writing one: then they come with the next transaction.
func (t *tx) gather() (s *spool, err error) {
	w := t.w
	if !w.gathers || !w.spooled() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(t.ctx, 200*time.Millisecond)
	defer cancel()
	if s, err = openSpool(ctx, w.path, false); err != nil || s == nil {
		return nil, t.ctx.Err()
	}
	box, err := w.readingsBox()
	if err != nil {
		s.close()
		return nil, err
	}
	if err := t.enter(s, box); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// gatherNow enters them without another act, for whoever looks at the log. That it fails shows with the next transaction.
func (w *Workspace) gatherNow(ctx context.Context) {
	if w.gathers && !w.ReadOnly() && (w.spooled() || w.importing.Load()) {
		w.update(ctx, func(tx *tx) error { return tx.logImport("") })
	}
}

// enter copies the entries of a file that were not entered yet. A crash between the commit and the removal of the file must not enter them twice.
func (t *tx) enter(s *spool, box sealed.Box) error {
	var known string
	if err := t.QueryRow("SELECT coalesce((SELECT value FROM settings WHERE key=?), '')", settingReadings).Scan(&known); err != nil {
		return err
	}
	var id string
	var done int64
	fmt.Sscanf(known, "%s %d", &id, &done) // empty at first
	n, end, _, err := s.each(func(i int64, entry, previous []byte) error {
		text, err := box.Open(entry, s.belongs(i, previous))
		if err != nil {
			return errReadings
		}
		defer clear(text)
		if fmt.Sprintf("%x", s.id) == id && i < done {
			return nil
		}
		var r reading
		if err := json.Unmarshal(text, &r); err != nil {
			return errReadings
		}
		return t.logEntry(LogEntry{Time: r.Time.UTC().Truncate(time.Microsecond), User: r.User, Tool: r.Tool, Action: r.Action, Object: r.Object,
			Details: joinNonEmpty("; ", r.Details, "read beside the program that writes"), Result: r.Result})
	})
	if err != nil && !errors.Is(err, errReadings) {
		return err
	}
	fi, statErr := s.f.Stat()
	if statErr == nil && (err != nil || fi.Size() > max(end, 1)) {
		text := fmt.Sprintf("of what other programs read, %s could be entered; what follows was changed, or cut off by a crash", countEntries(n))
		if err := t.logResult(ActionReadings, t.w.name, text, "not entered"); err != nil {
			return err
		}
	}
	_, err = t.Exec("INSERT INTO settings(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", settingReadings, fmt.Sprintf("%x %d", s.id, n))
	return err
}

// done removes a file whose entries are in the log for good.
func (s *spool) done() {
	if os.Remove(s.path) != nil { // Windows, where we have it open ourselves
		s.f.Truncate(0) // if that fails too, the count in the settings tells what was entered
	}
	s.close()
}

func (w *Workspace) readingsBox() (sealed.Box, error) {
	key, err := w.header.Derive(readingsPurpose)
	if err != nil {
		return sealed.Box{}, err
	}
	defer clear(key)
	return sealed.NewBox(key)
}

func countEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func randomID() (id [16]byte) {
	rand.Read(id[:])
	return id
}
