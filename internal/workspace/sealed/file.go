package sealed

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// Create writes a new file with only the header, and makes it and its name durable. The file must not exist.
func (h *Header) Create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	b := make([]byte, HeaderSize)
	c := h.Bytes()
	if c == nil {
		err = errLocked
	}
	copy(b, c)
	copy(b[copyBOff:], c)
	if err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

// SyncFolder makes names that were created, renamed or removed in a folder durable. Windows does that by itself.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadFile loads the header of the file at path. It must run before SQLite has the file open in this process: closing
// any handle to a file drops the POSIX locks that the process holds on it, SQLite's too.
func ReadFile(path string) (*Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, ErrNotWorkspace
	}
	h, err := Parse(f)
	if err != nil {
		return nil, err
	}
	// SQLite would take a file without pages for a new, empty database, and would delete its WAL.
	if fi.Size() <= HeaderSize {
		return nil, ErrNoPages
	}
	return h, nil
}
