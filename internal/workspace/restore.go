package workspace

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/workspace/sealed"
)

// restorePart ends the name of what is restored until it was verified.
const restorePart = ".restore"

// Restore puts a backup in the place of a workspace, which must be closed and need not exist. The passphrase is one that opens the
// backup. The backup is copied to the workspace's folder and the copy verified whole; only then it takes the workspace's place. What
// was there stays beside it, with everything in it, under the name that is given back: empty if there was nothing. The backup is not
// changed. That it was restored is the last entry in the restored workspace's log. progress, which may be nil, gets pages.
// Errors: those of Open, for the backup and for the workspace; ErrDamaged with a report if the backup is not whole.
func Restore(ctx context.Context, backup, path string, passphrase []byte, o OpenOptions, progress func(done, total int64)) (kept string, r Report, err error) {
	o.Beside = false
	b, err := unlock(ctx, backup, typed(passphrase))
	if err != nil {
		return "", r, err
	}
	defer b.abandon()
	b.sweep = true
	t, err := lockPlace(path)
	if err != nil {
		return "", r, err
	}
	part := t.path + restorePart
	r, err = b.unpack(ctx, part, progress)
	if err == nil {
		kept, err = t.put(part, "before-restore")
	}
	if err != nil {
		os.Remove(part)
	}
	t.abandon()
	b.abandon()
	if err != nil {
		return "", r, err
	}
	r.Name = t.name
	w, err := Open(ctx, t.path, passphrase, o)
	if err != nil {
		return kept, r, err
	}
	details := "from " + b.name
	if kept != "" {
		details += "; what was there is now " + filepath.Base(kept)
	}
	err = w.update(ctx, func(tx *tx) error { return tx.log(ActionRestored, w.name, details) })
	return kept, r, errors.Join(err, w.Close())
}

// lockPlace takes the lock of a workspace that is there or will be, without looking into it: it may be damaged.
func lockPlace(path string) (w *Workspace, err error) {
	name := filepath.Base(path)
	if path, err = filepath.Abs(path); err != nil {
		return nil, fileError("to write", name, err)
	}
	w = &Workspace{path: path, name: name}
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := free(path); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fileError("to read", name, err)
	case !fi.Mode().IsRegular():
		return nil, fail(ErrNotWorkspace, "%s is not a file; choose the workspace that is to be replaced", name)
	default:
		if w.path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, fileError("to read", name, err)
		}
		if !reserve(fi) {
			return nil, fail(ErrInUse, "%s is open in this program; close it first", name)
		}
		w.file = fi
	}
	if w.lock, err = lockFile(w.path); err == nil {
		w.alone, err = lockAlone(w.path)
	}
	if err != nil {
		w.abandon()
		return nil, err
	}
	return w, nil
}

// unpack copies an unlocked backup to a new file and verifies that.
func (w *Workspace) unpack(ctx context.Context, part string, progress func(done, total int64)) (r Report, err error) {
	if w.keys, err = w.header.Keys(); err != nil {
		return r, err
	}
	w.recoverLog(ctx, &r) // a backup that was opened and then cut off
	w.read = connect(w.path, w.keys, reader)
	h, err := w.header.Copy()
	if err != nil {
		return r, err
	}
	defer h.Wipe()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(part + suffix) // of one that was cut off
	}
	first, second := halves(progress)
	if err := w.copyTo(ctx, h, part, first); err != nil {
		return r, err
	}
	r, err = checkCopy(ctx, h, part, second)
	if err == nil {
		err = fileError("to write", filepath.Base(part), syncFile(part))
	}
	return r, err
}

// put puts a finished file into the place of this workspace, and gives the name under which what was there is kept. The lock is
// held.
func (w *Workspace) put(part, label string) (kept string, err error) {
	if w.file == nil {
		if err := free(w.path); err != nil {
			return "", err
		}
		if err := os.Rename(part, w.path); err != nil {
			return "", fileError("to write", w.name, err)
		}
		return "", fileError("to write", w.name, sealed.SyncFolder(filepath.Dir(w.path)))
	}
	ext := filepath.Ext(w.path)
	kept = strings.TrimSuffix(w.path, ext) + "-" + label + "-" + time.Now().UTC().Format(copyTime) + ext
	if err := free(kept); err != nil {
		return "", err
	}
	// The log that a crash left belongs to the old file. It is copied first: being cut off then leaves either the old file with its
	// log, or the new one beside a log that is not authentic there and so is not read.
	if err := copyLog(w.path+"-wal", kept+"-wal"); err != nil {
		return "", fileError("to keep the log of", w.name, err)
	}
	if err := replace(w.path, part, kept); err != nil {
		os.Remove(kept + "-wal")
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		os.Remove(w.path + suffix)
	}
	return kept, nil
}

// copyLog copies a write-ahead log byte by byte, if there is one with content.
func copyLog(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	if fi, err := in.Stat(); err != nil || fi.Size() == 0 {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
