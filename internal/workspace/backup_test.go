package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"trestle/internal/workspace/sealed"
)

// names lists what lies in a folder.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

// A backup is whole, opens with every key of the workspace, shows one moment, and shares no page key with the original.
func TestBackup(t *testing.T) {
	ctx := context.Background()
	dir, to := t.TempDir(), t.TempDir()
	for _, v := range []string{"TMPDIR", "SQLITE_TMPDIR"} {
		t.Setenv(v, dir)
	}
	w := newWorkspace(t, filepath.Join(dir, "w.trestle"))
	if _, err := w.AddMessages(ctx, marked(0, 400)); err != nil {
		t.Fatal(err)
	}
	code, err := w.AddRecovery(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b := filepath.Join(to, "b.trestle")
	added, last := false, int64(0)
	found := map[string]string{}
	r, err := w.Backup(ctx, b, func(done, total int64) {
		if done < last || done > total {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
		leaks(t, to, "while it is made", found)
		if !added { // written while it is made: not in it, and not held up
			added = true
			add(t, w, 400, 410)
		}
	})
	if err != nil || !r.OK() || r.Messages != 400 || r.Name != "b.trestle" || !added {
		t.Fatalf("%+v %v", r, err)
	}
	leaks(t, to, "made", found)
	if len(found) > 0 {
		t.Error(found)
	}
	if got := names(t, to); !slices.Equal(got, []string{"b.trestle"}) {
		t.Error("left beside it:", got)
	}
	if _, err := w.Backup(ctx, b, nil); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if i, err := w.Info(ctx); err != nil || i.LastBackup.IsZero() {
		t.Error(i.LastBackup, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{testPass, code} {
		if !opens(t, b, secret) {
			t.Error("a key of the workspace does not open the backup")
		}
	}
	if opens(t, b, []byte("another passphrase")) {
		t.Error("opens with anything")
	}
	if r, err := Verify(ctx, b, testPass, nil); err != nil || !r.OK() {
		t.Errorf("%+v %v", r, err)
	}
	foreignPages(t, w.Path(), b)
}

// foreignPages puts the pages of one file into the other at the same place: none is authentic there.
func foreignPages(t *testing.T, a, b string) {
	t.Helper()
	ha, err := sealed.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	hb, err := sealed.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if ha.WorkspaceID() != hb.WorkspaceID() || ha.FileID() == hb.FileID() {
		t.Error("ids")
	}
	x, y := readFile(t, a), readFile(t, b)
	copy(y[sealed.HeaderSize:], x[sealed.HeaderSize:])
	q := filepath.Join(t.TempDir(), "x.trestle")
	put(t, q, y, nil)
	r, err := Verify(context.Background(), q, testPass, nil)
	if n := int64(min(len(x), len(y))-sealed.HeaderSize) / pageSize; err != nil || r.BadPages < n {
		t.Errorf("%d of %d pages are refused: %v", r.BadPages, n, err)
	}
}

// A backup that fails leaves nothing, says why in the log, and does not harm the workspace.
func TestBackupFails(t *testing.T) {
	im := build(t, 200, 200, 0)
	p := filepath.Join(t.TempDir(), "w.trestle")
	damaged := bytes.Clone(im.closed)
	pageAt(damaged, len(damaged)/pageSize-40)[7] ^= 1
	put(t, p, damaged, nil)
	w, err := Open(context.Background(), p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if _, err := w.Backup(context.Background(), filepath.Join(to, "b.trestle"), nil); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := w.Backup(ctx, filepath.Join(to, "b.trestle"), func(int64, int64) { cancel() }); !errors.Is(err, context.Canceled) && !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if _, err := w.Backup(context.Background(), filepath.Join(to, "nowhere", "b.trestle"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if got := names(t, to); len(got) != 0 {
		t.Error("left:", got)
	}
	list, err := w.SearchLog(context.Background(), LogQuery{Action: ActionBackedUp, Failed: true})
	if err != nil || len(list) != 3 {
		t.Errorf("%+v %v", list, err)
	}
	w.Close()
}

// The newest n backups stay; files that are no backups of this workspace are not touched.
func TestBackupTo(t *testing.T) {
	ctx := context.Background()
	dir, to := t.TempDir(), t.TempDir()
	w := newWorkspace(t, filepath.Join(dir, "w.trestle"))
	defer w.Close()
	other := newWorkspace(t, filepath.Join(to, "w-20200101-000000.trestle"))
	other.Close()
	for _, name := range []string{"w-20200101-000001.trestle", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(to, name), []byte("not a workspace"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var made []string
	for i := range 5 {
		add(t, w, i, i+1)
		c, r, err := w.BackupTo(ctx, to, 3, nil)
		if err != nil || !r.OK() || r.Messages != int64(i+1) || c.Size == 0 {
			t.Fatalf("%+v %+v %v", c, r, err)
		}
		made = append(made, c.Path)
	}
	list, err := w.Backups(to)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	slices.Reverse(made)
	for i, c := range list {
		if c.Path != made[i] {
			t.Errorf("%d: %s, want %s", i, c.Path, made[i])
		}
	}
	if got := names(t, to); len(got) != 6 {
		t.Error(got)
	}
}

func TestCompact(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for _, v := range []string{"TMPDIR", "SQLITE_TMPDIR"} {
		t.Setenv(v, dir)
	}
	w := newWorkspace(t, filepath.Join(dir, "w.trestle"))
	if _, err := w.AddMessages(ctx, marked(0, 2000)); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteMessages(ctx, idsTo(1900)); err != nil {
		t.Fatal(err)
	}
	if err := w.checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	before, after, err := w.Compact(ctx)
	if err != nil || after > before/4 {
		t.Errorf("%d to %d: %v", before, after, err)
	}
	found := map[string]string{}
	leaks(t, dir, "compacted", found)
	if len(found) > 0 {
		t.Error(found)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := w.Compact(cancelled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n, err := w.Count(ctx, Query{Text: "quillfeather"}); n != 100 || err != nil {
		t.Error(n, err)
	}
	if _, err := w.write.Exec("ATTACH ':memory:' AS x"); err == nil {
		t.Error("another database can be attached afterwards")
	}
	var temp int
	if err := w.write.QueryRow("PRAGMA temp_store").Scan(&temp); err != nil || temp != 2 {
		t.Error("temporary tables are in files afterwards", temp, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := Verify(ctx, w.Path(), testPass, nil); err != nil || !r.OK() || r.Messages != 100 {
		t.Errorf("%+v %v", r, err)
	}
}

// A restored workspace is the backup; what was there is kept with all that was in it, a log of a crash included.
func TestRestore(t *testing.T) {
	ctx := context.Background()
	dir, to := t.TempDir(), t.TempDir()
	p, b := filepath.Join(dir, "w.trestle"), filepath.Join(to, "b.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 20)
	if _, err := w.Backup(ctx, b, nil); err != nil {
		t.Fatal(err)
	}
	add(t, w, 20, 30)
	if _, _, err := Restore(ctx, b, p, testPass, OpenOptions{User: "tester"}, nil); !errors.Is(err, ErrInUse) {
		t.Fatal("put over an open workspace:", err)
	}
	w.Close()
	im := build(t, 60, 40, 0) // as after a crash, with 20 messages in the log
	put(t, p, im.live, im.log)
	before := readFile(t, b)
	if _, _, err := Restore(ctx, b, p, []byte("a wrong passphrase"), OpenOptions{}, nil); !errors.Is(err, ErrWrongPassphrase) {
		t.Error(err)
	}
	os.Remove(b + ".lock")
	kept, r, err := Restore(ctx, b, p, testPass, OpenOptions{User: "tester"}, nil)
	if err != nil || !r.OK() || r.Messages != 20 || !strings.HasPrefix(filepath.Base(kept), "w-before-restore-") {
		t.Fatalf("%q %+v %v", kept, r, err)
	}
	if !bytes.Equal(before, readFile(t, b)) {
		t.Error("the backup was changed")
	}
	if got := names(t, to); len(got) != 1 {
		t.Error("left beside the backup:", got)
	}
	if got := names(t, dir); len(got) != 3 { // the workspace, the old file, its log
		t.Error(got)
	}
	if n, _, err := readThrough(p, 0); n != 20 || err != nil {
		t.Error(n, err)
	}
	if n, _, err := readThrough(kept, 0); n != 60 || err != nil {
		t.Error("what was kept:", n, err)
	}
	w, err = Open(ctx, p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.SearchLog(ctx, LogQuery{Action: ActionRestored})
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Details, "b.trestle") || !strings.Contains(list[0].Details, filepath.Base(kept)) {
		t.Errorf("%+v %v", list, err)
	}
	w.Close()
	foreignPages(t, p, b)
	restoreOther(t, b, before)
}

// restoreOther restores to where nothing is, and refuses a damaged backup without touching anything.
func restoreOther(t *testing.T, b string, good []byte) {
	ctx := context.Background()
	dir := t.TempDir()
	p := filepath.Join(dir, "new.trestle")
	if kept, r, err := Restore(ctx, b, p, testPass, OpenOptions{}, nil); err != nil || kept != "" || !r.OK() {
		t.Fatalf("%q %+v %v", kept, r, err)
	}
	old := readFile(t, p)
	for i := range (len(good) - sealed.HeaderSize) / pageSize {
		d := bytes.Clone(good)
		pageAt(d, i)[50] ^= 1
		put(t, b, d, nil)
		if _, _, err := Restore(ctx, b, p, testPass, OpenOptions{}, nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("page %d: %v", i+1, err)
		}
	}
	if !bytes.Equal(old, readFile(t, p)) || len(names(t, dir)) != 1 {
		t.Error("a damaged backup touched the workspace:", names(t, dir))
	}
}

func newKeys(n int) (keys []NewKey) {
	for i := range n {
		keys = append(keys, NewKey{fmt.Sprint("Person ", i), []byte(fmt.Sprint("new passphrase ", i))})
	}
	return keys
}

// After a new data key only the new passphrases open the file, everything is there, and the log is one chain.
func TestRekey(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for _, v := range []string{"TMPDIR", "SQLITE_TMPDIR"} {
		t.Setenv(v, dir)
	}
	p := filepath.Join(dir, "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 300)
	if err := w.SetSetting(ctx, "large", large); err != nil {
		t.Fatal(err)
	}
	code, err := w.AddRecovery(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1500 { // more than one portion of the log
		if err := w.LogAct(ctx, ActionSent, fmt.Sprint("message ", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	log := entries(t, w)
	for _, keys := range [][]NewKey{nil, newKeys(9), {{"a", []byte("short")}}, {{" ", testPass}}, {{"a", testPass}, {"A", testPass}}, {{"a", code}}} {
		if _, err := w.Rekey(ctx, keys, nil); err == nil {
			t.Error("possible:", len(keys))
		}
	}
	oldHeader := readFile(t, p)[:sealed.HeaderSize]
	found := map[string]string{}
	stop, cancel := context.WithCancel(ctx)
	if _, err := w.Rekey(stop, newKeys(2), func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	add(t, w, 300, 310)    // still open
	old, err := os.Open(p) // as somebody who finds the blocks on the medium
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	r, err := w.Rekey(ctx, newKeys(2), func(done, total int64) { leaks(t, dir, "new key", found) })
	if err != nil || !r.OK() || r.Messages != 310 || len(found) > 0 {
		t.Fatalf("%+v %v %v", r, err, found)
	}
	if _, err := w.AddMessages(ctx, samples(0, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"w.trestle"}) {
		t.Error(got)
	}
	if _, err := sealed.Parse(old); runtime.GOOS != "windows" && !errors.Is(err, sealed.ErrNotWorkspace) {
		t.Error("the keys of the old file are still there:", err)
	}
	if opens(t, p, testPass) || opens(t, p, code) || !opens(t, p, newKeys(2)[1].Passphrase) {
		t.Error("keys")
	}
	b := readFile(t, p)
	copy(b, oldHeader) // an old passphrase and an old header read nothing of the new file
	q := filepath.Join(t.TempDir(), "x.trestle")
	put(t, q, b, nil)
	if _, err := Open(ctx, q, testPass, OpenOptions{}); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	w, err = Open(ctx, p, newKeys(1)[0].Passphrase, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if got, want := people(t, w), "0 passphrase Person 0 current used, 1 passphrase Person 1 used"; got != want {
		t.Error(got)
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
	now, err := w.Log(ctx, 0, len(log))
	if err != nil || !slices.Equal(log[:1000], now[:1000]) || !slices.Equal(log, now[:len(log)]) {
		t.Error("the log is not what it was", err)
	}
	if _, err := w.write.Exec("DELETE FROM access_log"); err == nil {
		t.Error("the triggers are gone")
	}
	if n, err := w.Count(ctx, Query{Text: "invented"}); n != 310 || err != nil {
		t.Error(n, err)
	}
}

// A log that was broken is still broken after a new data key: sealing it again must not make it good.
func TestRekeyKeepsBrokenLog(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 3)
	if err := w.LogAct(ctx, ActionSent, "a", "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.write.Exec(unprotect + "UPDATE access_log SET user='somebody else' WHERE seq=2"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rekey(ctx, newKeys(1), nil); err != nil {
		t.Fatal(err)
	}
	w, err := Open(ctx, p, newKeys(1)[0].Passphrase, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.VerifyLog(ctx); !errors.Is(err, ErrDamaged) {
		t.Error("a new data key hid that the log was changed:", err)
	}
}
