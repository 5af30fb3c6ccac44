package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/gofrs/flock"
)

// A second program must not open a workspace that another has open: two writers of the header are not kept apart by
// SQLite, and closing any handle to a file drops the locks that SQLite holds on it in the same process.
//
// Between programs the file <workspace>.lock is locked (flock, LockFileEx), so the lock is free again when its
// holder dies. Within this process a list of open files is asked first, since even looking into the file must not
// happen while it is open.

// owner is what the lock file says, as JSON from its second byte on: on Windows the first byte is locked for readers.
// It is not encrypted and not authenticated.
type owner struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	User  string    `json:"user"`
	Since time.Time `json:"since"`

	// Wrong passphrases since the workspace was last opened. Without the key they can be kept nowhere else; the next
	// opening moves them into the access log. Whoever can write in the folder can change or remove them.
	Failed     int       `json:"failed,omitempty"`
	LastFailed time.Time `json:"lastFailed,omitzero"`
}

func (o owner) String() string {
	if o.PID == 0 {
		return "another program"
	}
	return fmt.Sprintf("process %d of %s on %s since %s", o.PID, o.User, o.Host, o.Since.Local().Format("2006-01-02 15:04"))
}

var (
	openMu    sync.Mutex
	openFiles []os.FileInfo
)

// reserve enters a file in the list of those that are open in this process; false if it is there.
func reserve(fi os.FileInfo) bool {
	openMu.Lock()
	defer openMu.Unlock()
	for _, f := range openFiles {
		if os.SameFile(f, fi) {
			return false
		}
	}
	openFiles = append(openFiles, fi)
	return true
}

// isOpen reports that a file is open in this process as a workspace: then nobody else may even look into it.
func isOpen(fi os.FileInfo) bool {
	openMu.Lock()
	defer openMu.Unlock()
	for _, f := range openFiles {
		if os.SameFile(f, fi) {
			return true
		}
	}
	return false
}

func unreserve(fi os.FileInfo) {
	openMu.Lock()
	defer openMu.Unlock()
	for i, f := range openFiles {
		if os.SameFile(f, fi) {
			openFiles = append(openFiles[:i], openFiles[i+1:]...)
			return
		}
	}
}

type fileLock struct {
	path  string
	flock *flock.Flock
	owner owner
}

// lockFile takes the lock of the workspace at path, or says who has it.
func lockFile(path string) (*fileLock, error) {
	l := &fileLock{path: path + ".lock"}
	name := filepath.Base(path)
	for range 10 {
		// Not through a link to somebody's file, which would be written over, nor into a pipe, which would wait for ever.
		if fi, err := os.Lstat(l.path); err == nil && !fi.Mode().IsRegular() {
			return nil, fail(fs.ErrPermission, "%s.lock beside the workspace is no plain file, so somebody else made it; remove it and try again", name)
		}
		l.flock = flock.New(l.path, flock.SetPermissions(0o600))
		ok, err := l.flock.TryLock()
		if err != nil {
			l.flock.Close()
			return nil, fileError("to make the lock file beside", name, err)
		}
		if !ok {
			l.flock.Close()
			o, _ := readOwner(l.path)
			return nil, &held{&Error{ErrInUse, fmt.Sprintf("%s is open in another program (%s); close it there first", name, o)}, o}
		}
		// the holder before us may have removed the file between our opening and locking it
		mine, err1 := l.flock.Stat()
		there, err2 := os.Lstat(l.path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			l.take()
			return l, nil
		}
		l.flock.Close()
	}
	return nil, fail(ErrInUse, "%s is being opened by another program; try again", name)
}

// held is the error of a workspace that another program has open.
type held struct {
	err *Error
	by  owner
}

func (h *held) Error() string { return h.err.Text }
func (h *held) Unwrap() error { return h.err }

// take writes who we are, and keeps what was said about wrong passphrases.
func (l *fileLock) take() {
	l.owner, _ = readOwner(l.path)
	l.owner.PID, l.owner.Since, l.owner.User = os.Getpid(), time.Now().UTC(), systemUser()
	l.owner.Host, _ = os.Hostname()
	l.write()
}

// write is best effort: the lock itself does not depend on what the file says.
func (l *fileLock) write() {
	b, err := json.Marshal(l.owner)
	if err != nil {
		return
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	mine, err1 := l.flock.Stat()
	there, err2 := f.Stat()
	if err1 != nil || err2 != nil || !os.SameFile(mine, there) {
		return // somebody put another file in its place
	}
	if _, err := f.WriteAt(b, 1); err == nil {
		f.Truncate(int64(len(b)) + 1)
	}
}

// failed writes down how many wrong passphrases there were and gives the lock back.
func (l *fileLock) failed(n int) {
	l.owner.Failed = n
	l.owner.LastFailed = time.Now().UTC()
	l.owner.PID = 0
	l.write()
	l.flock.Close()
}

// release gives the lock back. The file goes too, unless it still has wrong passphrases to tell of.
func (l *fileLock) release() error {
	if l.owner.Failed == 0 {
		os.Remove(l.path) // while it is locked; see lockFile. Windows refuses, and then it stays
	}
	return l.flock.Close()
}

func readOwner(path string) (o owner, err error) {
	f, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer f.Close()
	b := make([]byte, 4096)
	n, err := f.ReadAt(b, 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return o, err
	}
	err = json.Unmarshal(b[:n], &o)
	o.User, o.Host = printable(o.User), printable(o.Host)
	o.Failed = min(max(o.Failed, 0), 1e6)
	return o, err
}

// printable leaves out what could steer a terminal: anybody who can write in the folder can write the lock file.
func printable(s string) string {
	return clipText(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s), 100)
}

// systemUser is the name of the person at the computer, for the access log and the lock file.
func systemUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}
