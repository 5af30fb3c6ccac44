package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// unfinished ends the name of a copy until it was verified.
const unfinished = ".unfinished"

// Backup writes a copy of the workspace, as it is at this moment, to a new file, and counts only after it was verified whole:
// until then it has another name. Working goes on meanwhile. The copy has a file id and so page keys of its own, and
// the data key and all keys of people that the workspace has now: whoever can open the workspace today can open the backup, also after their
// key was removed here. progress, which may be nil, gets pages.
// Errors: fs.ErrExist, fs.ErrPermission, ErrNoSpace, ErrDamaged; the report then says what is wrong.
func (w *Workspace) Backup(ctx context.Context, to string, progress func(done, total int64)) (Report, error) {
	w.copying.Lock()
	defer w.copying.Unlock()
	to, err := filepath.Abs(to)
	if err != nil {
		return Report{}, err
	}
	name := filepath.Base(to)
	if err := free(to); err != nil {
		return Report{}, err
	}
	if err := w.reading(ctx, nil, ActionBackedUp, name, ""); err != nil {
		return Report{}, err
	}
	r, err := w.backup(ctx, to, progress)
	if err != nil {
		if !w.ReadOnly() {
			err = errors.Join(err, w.LogFailure(ctx, ActionBackedUp, name, err))
		}
		return r, err
	}
	if !w.ReadOnly() {
		err = w.SetSetting(ctx, settingBackup, time.Now().UTC().Format(time.RFC3339))
	}
	return r, err
}

// free reports an error if a workspace at path would write over something, or take over what is left of an earlier one.
func free(path string) error {
	name := filepath.Base(path)
	if _, err := os.Lstat(path); err == nil {
		return fileError("", name, fs.ErrExist)
	}
	if _, err := os.Lstat(path + "-wal"); err == nil { // it may be all that is left of somebody's last changes
		return fail(fs.ErrExist, "a file %s-wal lies there from an earlier workspace of this name; move it away, or choose another name", name)
	}
	return nil
}

func (w *Workspace) backup(ctx context.Context, to string, progress func(done, total int64)) (Report, error) {
	h, err := w.header.Copy()
	if err != nil {
		return Report{}, err
	}
	defer h.Wipe()
	part := to + unfinished
	os.Remove(part) // of a backup that was cut off
	first, second := halves(progress)
	if err := w.copyTo(ctx, h, part, first); err != nil {
		return Report{}, err
	}
	r, err := checkCopy(ctx, h, part, second)
	if err == nil {
		if err = syncFile(part); err == nil {
			err = free(to)
		}
		if err == nil {
			err = os.Rename(part, to)
		}
		if err == nil {
			err = sealed.SyncFolder(filepath.Dir(to))
		}
		err = fileError("to make", filepath.Base(to), err)
	}
	if err != nil {
		os.Remove(part)
	}
	r.Name = filepath.Base(to)
	return r, err
}

// Copy is a backup that BackupTo made.
type Copy struct {
	Path string
	Time time.Time // when it was made, to the second, UTC
	Size int64     // bytes

	n int // of those of one second, from 1
}

const copyTime = "20060102-150405"

// BackupTo makes a backup in a folder, named by the workspace and the time, and then removes the oldest of its backups there, so
// that keep are left; 0 keeps all. Files that are not backups of this workspace are not touched.
func (w *Workspace) BackupTo(ctx context.Context, folder string, keep int, progress func(done, total int64)) (Copy, Report, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return Copy{}, Report{}, err
	}
	earlier, err := w.Backups(folder)
	if err != nil {
		return Copy{}, Report{}, err
	}
	c := Copy{Time: time.Now().UTC().Truncate(time.Second), n: 1}
	for _, e := range earlier {
		if e.Time.Equal(c.Time) {
			c.n = max(c.n, e.n+1)
		}
	}
	name := w.stem() + "-" + c.Time.Format(copyTime)
	if c.n > 1 {
		name += fmt.Sprint("-", c.n)
	}
	c.Path = filepath.Join(folder, name+".trestle")
	r, err := w.Backup(ctx, c.Path, progress)
	if err != nil {
		return Copy{}, r, err
	}
	if fi, err := os.Stat(c.Path); err == nil {
		c.Size = fi.Size()
	}
	return c, r, w.prune(folder, keep)
}

// stem is the file's name without its ending.
func (w *Workspace) stem() string {
	return cmp.Or(strings.TrimSuffix(w.name, filepath.Ext(w.name)), w.name)
}

// prune removes the oldest backups.
func (w *Workspace) prune(folder string, keep int) error {
	if keep <= 0 {
		return nil
	}
	copies, err := w.Backups(folder)
	if err != nil {
		return err
	}
	for _, c := range copies[min(keep, len(copies)):] {
		if err := os.Remove(c.Path); err != nil {
			return fileError("to remove the old backup", filepath.Base(c.Path), err)
		}
	}
	return nil
}

var copyName = regexp.MustCompile(`-(\d{8}-\d{6})(?:-(\d{1,9}))?\.trestle$`)

// Backups lists the backups of this workspace that BackupTo made in a folder, newest first. They are known by their name and by
// the workspace's id, which can be read without a key, and so could be made by anybody: restoring tells.
func (w *Workspace) Backups(folder string) ([]Copy, error) {
	list, err := os.ReadDir(folder)
	if err != nil {
		return nil, fileError("to read", filepath.Base(folder), err)
	}
	id := w.header.WorkspaceID()
	var out []Copy
	for _, e := range list {
		m := copyName.FindStringSubmatch(e.Name())
		if m == nil || !strings.HasPrefix(e.Name(), w.stem()+"-") || !e.Type().IsRegular() {
			continue
		}
		t, err := time.Parse(copyTime, m[1])
		fi, err2 := e.Info()
		if err != nil || err2 != nil || isOpen(fi) {
			continue
		}
		path := filepath.Join(folder, e.Name())
		if h, err := sealed.ReadFile(path); err != nil || h.WorkspaceID() != id {
			continue
		}
		n, _ := strconv.Atoi(cmp.Or(m[2], "1")) // digits, by copyName
		out = append(out, Copy{Path: path, Time: t, Size: fi.Size(), n: n})
	}
	slices.SortFunc(out, func(a, b Copy) int {
		return cmp.Or(b.Time.Compare(a.Time), b.n-a.n)
	})
	return out, nil
}

// Compact gives the room of deleted messages back to the disk. It needs up to twice the size of the file on the disk for a while;
// writing waits, reading goes on. It gives the file's size before and after, in bytes.
func (w *Workspace) Compact(ctx context.Context) (before, after int64, err error) {
	w.copying.Lock()
	defer w.copying.Unlock()
	if before, err = w.fileSize(); err != nil {
		return 0, 0, err
	}
	if err := w.update(ctx, func(tx *tx) error { return tx.log(ActionCompacted, w.name, "") }); err != nil {
		return before, before, err
	}
	if err := w.vacuum(ctx); err != nil {
		return before, before, errors.Join(err, w.LogFailure(ctx, ActionCompacted, w.name, err))
	}
	if err := w.checkpoint(ctx); err != nil {
		return before, before, err
	}
	after, err = w.fileSize()
	return before, after, err
}

func (w *Workspace) fileSize() (int64, error) {
	fi, err := os.Stat(w.path)
	if err != nil {
		return 0, fileError("to read", w.name, err)
	}
	return fi.Size(), nil
}

// vacuum runs VACUUM on the writing connection, which needs an attached database for it, and a temporary file, sealed like all,
// instead of memory of the file's size.
func (w *Workspace) vacuum(ctx context.Context) error {
	c, err := w.write.Conn(ctx)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer c.Close()
	attached := func(n int) error {
		return c.Raw(func(x any) error {
			x.(*sqlite3.SQLiteConn).SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, n)
			return nil
		})
	}
	if err := attached(1); err != nil {
		return err
	}
	defer attached(0)
	if _, err := c.ExecContext(ctx, "PRAGMA temp_store=FILE"); err != nil {
		return w.sqlError(ctx, err)
	}
	defer c.ExecContext(context.WithoutCancel(ctx), "PRAGMA temp_store=MEMORY")
	_, err = c.ExecContext(ctx, "VACUUM")
	return w.sqlError(ctx, err)
}
