package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"trestle/internal/workspace/sealed"
)

// NewKey is a person's passphrase for Rekey.
type NewKey struct {
	Name       string
	Passphrase []byte // stays the caller's, who should clear it
}

const (
	rekeyPart = ".rekey"        // the new file until it is complete and verified
	rekeyKept = ".before-rekey" // the old file until the new one is in its place
)

// Rekey encrypts the whole workspace again under a new data key, and closes it: open it again with one of the passphrases given.
// Afterwards only they open it: other people's, and recovery codes, are gone, since nobody can carry them over without knowing them.
// It helps against whoever has an old passphrase and an old copy: what comes from now on is out of their reach. The old copies are not, and
// what the disk still has of the old file may not be, though its key slots are overwritten before it is removed.
//
// The new file is written beside the old one and verified whole; then it takes its place in one step. Until then the old one is as
// it was, so being cut off at any moment loses nothing; start again then. Writing waits meanwhile. If it fails, the workspace
// stays open, unless the error is fs.ErrClosed. progress, which may be nil, gets pages.
func (w *Workspace) Rekey(ctx context.Context, keys []NewKey, progress func(done, total int64)) (r Report, err error) {
	if err := checkNewKeys(keys); err != nil {
		return r, err
	}
	w.copying.Lock()
	defer w.copying.Unlock()
	w.slots.Lock()
	defer w.slots.Unlock()
	if err := w.mayChangeKeys(ctx); err != nil {
		return r, err
	}
	alone, err := lockAlone(w.path)
	if err != nil {
		return r, err
	}
	defer alone.Close()
	if err := w.update(ctx, func(tx *tx) error { return tx.log(ActionRekeyed, w.name, "begun") }); err != nil {
		return r, err
	}
	failed := func(err error) (Report, error) {
		os.Remove(w.path + rekeyPart)
		return r, errors.Join(err, w.LogFailure(ctx, ActionRekeyed, w.name, err))
	}
	h, err := w.successor(ctx, keys)
	if err != nil {
		return failed(err)
	}
	defer h.Wipe()
	writing, err := w.write.BeginTx(ctx, nil) // nobody writes while the copy is made
	if err != nil {
		return failed(w.sqlError(ctx, err))
	}
	var anchor Anchor // the log is sealed anew, so the one that is kept will not fit
	r, err = w.rekeyed(ctx, h, keys, &anchor, progress)
	if err == nil {
		w.frozen.Store(true) // nor afterwards
	}
	writing.Rollback()
	if err == nil {
		err = w.foldIn(ctx)
	}
	if err != nil {
		w.frozen.Store(false)
		return failed(err)
	}
	err = w.shut()
	if err == nil {
		err = replace(w.path, w.path+rekeyPart, w.path+rekeyKept)
	}
	if err != nil {
		os.Remove(w.path + rekeyPart)
		err = errors.Join(fail(fs.ErrClosed, "the data key of %s was not changed; the workspace is as it was, open it again", w.name), err)
	} else {
		if w.anchors != nil {
			w.anchors.Save(anchor) // if it fails, the log itself tells of the new data key
		}
		discard(w.path + rekeyKept)
		err = fileError("to remove the old file of", w.name, sealed.SyncFolder(filepath.Dir(w.path)))
	}
	w.closing.Do(func() { w.closed = w.abandon() })
	return r, err
}

// discard removes the old file. Its keys are overwritten first, so that an old passphrase opens nothing in the blocks that the disk
// still has; not if it has a second name, under which somebody keeps it.
func discard(path string) {
	if fi, err := os.Lstat(path); err == nil && runtime.GOOS != "windows" && !hardLinked(fi) {
		overwriteHeader(path) // best effort, as is the rest: the new file is in its place already
	}
	os.Remove(path)
}

func checkNewKeys(keys []NewKey) error {
	if len(keys) == 0 || len(keys) > MaxPeople {
		return fail(ErrName, "a new data key needs the passphrases of one to %d people", MaxPeople)
	}
	seen := map[string]bool{}
	for _, k := range keys {
		name, err := cleanName(k.Name)
		if err != nil {
			return err
		}
		if seen[strings.ToLower(name)] {
			return fail(ErrName, "%s is given twice", name)
		}
		seen[strings.ToLower(name)] = true
		pass := normalise(k.Passphrase)
		err = checkLength(pass)
		clear(pass)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, like := readRecoveryCode(k.Passphrase); like {
			return errLikeCode()
		}
	}
	return nil
}

// successor makes the new header with its slots.
func (w *Workspace) successor(ctx context.Context, keys []NewKey) (*sealed.Header, error) {
	h, err := w.header.Successor()
	if err != nil {
		return nil, err
	}
	cost := strongest(w.header)
	defer releaseBlocks(cost.MemoryKiB)
	for i, k := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		pass := normalise(k.Passphrase)
		err := h.SetSlot(i, sealed.SlotPassphrase, pass, cost)
		clear(pass)
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

// rekeyed writes the new file and verifies it.
func (w *Workspace) rekeyed(ctx context.Context, h *sealed.Header, keys []NewKey, anchor *Anchor, progress func(done, total int64)) (r Report, err error) {
	part := w.path + rekeyPart
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(part + suffix) // of one that was cut off
	}
	first, second := halves(progress)
	if err := w.copyTo(ctx, h, part, first); err != nil {
		return r, err
	}
	problem := ""
	if _, err := w.verifyLog(ctx, w.read); err != nil {
		if !errors.Is(err, ErrDamaged) {
			return r, err
		}
		problem = err.Error()
	}
	if err := w.inherit(ctx, h, part, keys, problem, anchor); err != nil {
		return r, err
	}
	r, err = checkCopy(ctx, h, part, second)
	if err != nil && !(problem != "" && r.onlyLog()) { // a log that was broken before stays so, and says so
		return r, err
	}
	r.Name = w.name
	return r, fileError("to write", w.name, syncFile(part))
}

// onlyLog reports that nothing but the access log is wrong.
func (r Report) onlyLog() bool {
	r.LogProblem = ""
	return r.OK()
}

// inherit writes what depends on the data key into the new file: the chain of the access log, and the names of the new slots. anchor
// gets what is to be remembered of it.
func (w *Workspace) inherit(ctx context.Context, h *sealed.Header, path string, keys []NewKey, problem string, anchor *Anchor) (err error) {
	n := &Workspace{path: path, name: w.name, header: h, schema: w.schema}
	n.log.user, n.log.tool = w.log.user, w.log.tool
	if n.keys, err = h.Keys(); err != nil {
		return err
	}
	defer n.keys.Drop()
	if n.log.key, err = h.Derive(logPurpose); err != nil {
		return err
	}
	defer clear(n.log.key)
	n.write = connect(path, n.keys, writer)
	defer func() { err = errors.Join(err, n.sqlError(ctx, n.write.Close())) }()
	err = n.update(ctx, func(tx *tx) error {
		if err := tx.rechain(problem); err != nil {
			return err
		}
		if err := tx.resealSecrets(w); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM people"); err != nil {
			return err
		}
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i], _ = cleanName(k.Name)
			if err := tx.addPerson(h.Salt(i), names[i]); err != nil {
				return err
			}
		}
		return tx.log(ActionRekeyed, w.name, "keys of "+strings.Join(names, ", "))
	})
	if err != nil {
		return err
	}
	if w.anchors != nil {
		if *anchor, err = n.anchor(ctx, n.write); err != nil {
			return err
		}
	}
	return n.checkpoint(ctx)
}

// rechain seals every entry of the access log again, under the key of this file. The entries stay as they are; one is added
// if the chain was broken before, or that would not be seen any more.
func (t *tx) rechain(problem string) error {
	triggers, err := t.dropLogTriggers()
	if err != nil {
		return err
	}
	l, previous, last := &t.w.log, firstMAC, int64(0)
	for { // in portions: SQLite should not read what is being changed
		var part []LogEntry
		err := t.w.walkLog(t.ctx, t.sql, last, 1000, func(e LogEntry, _ []byte) error {
			part = append(part, e)
			return nil
		})
		if err != nil {
			return err
		}
		for _, e := range part {
			previous = l.mac(e, previous)
			if _, err := t.Exec("UPDATE access_log SET mac=? WHERE seq=?", previous, e.Seq); err != nil {
				return err
			}
			last = e.Seq
		}
		if len(part) == 0 {
			break
		}
	}
	for _, q := range triggers {
		if _, err := t.Exec(q); err != nil {
			return err
		}
	}
	_, err = t.Exec("INSERT INTO access_log_head(id, mac) VALUES(1, ?) ON CONFLICT(id) DO UPDATE SET mac=excluded.mac", l.headMAC(last, previous))
	if err != nil || problem == "" {
		return err
	}
	return t.log(ActionBroken, "", problem)
}

// dropLogTriggers takes the triggers off the log and gives the SQL that puts them back.
func (t *tx) dropLogTriggers() (sql []string, err error) {
	rows, err := t.Query("SELECT name, sql FROM sqlite_schema WHERE type='trigger' AND tbl_name='access_log'")
	if err != nil {
		return nil, err
	}
	var names []string
	for rows.Next() {
		var name, q string
		if err := rows.Scan(&name, &q); err != nil {
			rows.Close()
			return nil, err
		}
		names, sql = append(names, name), append(sql, q)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := t.Exec("DROP TRIGGER " + name); err != nil {
			return nil, err
		}
	}
	return sql, nil
}

// foldIn empties the write-ahead log into the file, and fails if it cannot: what is in it must not be left behind.
func (w *Workspace) foldIn(ctx context.Context) error {
	var busy, log, done int
	if err := w.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return w.sqlError(ctx, err)
	}
	if busy != 0 {
		return fail(ErrInUse, "%s is still being read; wait for that to end, and try again", w.name)
	}
	return nil
}

// shut closes the connections, and waits for readers that are still at work.
func (w *Workspace) shut() error {
	w.isClosed.Store(true)
	err := errors.Join(w.read.Close(), w.write.Close())
	for end := time.Now().Add(10 * time.Second); w.read.Stats().OpenConnections+w.write.Stats().OpenConnections > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fail(ErrInUse, "%s is still being read", w.name)
		}
	}
	if fi, e := os.Lstat(w.path + "-wal"); e == nil && fi.Size() > 0 {
		return fail(ErrInUse, "the write-ahead log of %s could not be emptied", w.name)
	}
	os.Remove(w.path + "-wal")
	os.Remove(w.path + "-shm")
	return err
}

// replace puts a finished file in the place of another, which keeps the name kept. The place is never empty where the file system
// knows hard links; elsewhere it is for a moment, and an error in that moment is undone.
func replace(path, by, kept string) error {
	name := filepath.Base(path)
	os.Remove(kept)
	linked := os.Link(path, kept) == nil
	if !linked {
		if err := os.Rename(path, kept); err != nil {
			return fileError("to rename", name, err)
		}
	}
	if err := os.Rename(by, path); err != nil {
		if linked {
			os.Remove(kept)
		} else {
			err = errors.Join(err, os.Rename(kept, path))
		}
		return fileError("to rename", name, err)
	}
	return fileError("to rename", name, sealed.SyncFolder(filepath.Dir(path)))
}
