package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// reopen opens a workspace with anchors, gives its warnings and closes it.
func reopen(t *testing.T, path string, anchors AnchorStore, pass []byte) (string, Info) {
	t.Helper()
	ctx := context.Background()
	w, err := Open(ctx, path, pass, OpenOptions{User: "tester", Anchors: anchors})
	if err != nil {
		t.Fatal(err)
	}
	i, err := w.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(w.Warnings(), " ")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text, i
}

// An older copy of the file is found, whole or continued, and told once; everything that is no roll-back is not.
func TestAnchor(t *testing.T) {
	ctx := context.Background()
	p, anchors := filepath.Join(t.TempDir(), "w.trestle"), FileAnchors(filepath.Join(t.TempDir(), "state"))
	w, err := Create(ctx, p, testPass, CreateOptions{KDF: CheapKDF(t), User: "tester", Anchors: anchors})
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, 5)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	old := readFile(t, p)
	if s, i := reopen(t, p, anchors, testPass); s != "" || !i.Anchored {
		t.Error("warned without a reason:", s, i.Anchored)
	}
	if s, i := reopen(t, p, nil, testPass); s != "" || i.Anchored {
		t.Error("without anchors:", s, i.Anchored)
	}
	w, err = Open(ctx, p, testPass, OpenOptions{Anchors: anchors})
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, 5, 12)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	put(t, p, old, nil)
	s, _ := reopen(t, p, anchors, testPass)
	if !strings.Contains(s, "older copy") || !strings.Contains(s, "12 messages; now it has") || !strings.Contains(s, "5 messages") || !strings.Contains(s, "UTC") {
		t.Error("an older file:", s)
	}
	if s, _ := reopen(t, p, anchors, testPass); s != "" {
		t.Error("told twice:", s)
	}
	w, err = Open(ctx, p, testPass, OpenOptions{Anchors: anchors})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := w.SearchLog(ctx, LogQuery{Action: ActionRolledBack}); err != nil || len(list) != 1 || w.VerifyLog(ctx) != nil {
		t.Error("not in the log", list, err)
	}
	w.Close()

	put(t, p, old, nil) // an older file that went on elsewhere, until it had more entries
	for range 10 {
		reopen(t, p, nil, testPass)
	}
	if s, _ := reopen(t, p, anchors, testPass); !strings.Contains(s, "went on from an older copy") {
		t.Error("continued elsewhere:", s)
	}
}

// A restored backup is an older copy and is told; a new data key is not, on this computer and on another one.
func TestAnchorOfCopies(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p, b := filepath.Join(dir, "w.trestle"), filepath.Join(dir, "b.trestle")
	here, there := FileAnchors(t.TempDir()), FileAnchors(t.TempDir())
	w := newWorkspace(t, p)
	add(t, w, 0, 5)
	if _, err := w.Backup(ctx, b, nil); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for _, a := range []AnchorStore{here, there} {
		if s, _ := reopen(t, p, a, testPass); s != "" {
			t.Error(s)
		}
	}
	w, err := Open(ctx, p, testPass, OpenOptions{Anchors: here})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rekey(ctx, newKeys(1), nil); err != nil {
		t.Fatal(err)
	}
	pass := newKeys(1)[0].Passphrase
	for _, a := range []AnchorStore{here, there} {
		if s, _ := reopen(t, p, a, pass); s != "" {
			t.Error("a new data key is no roll-back:", s)
		}
	}
	if s, _ := reopen(t, b, here, testPass); !strings.Contains(s, "older copy") {
		t.Error("a backup in use:", s)
	}
}

// Anchors that are damaged, foreign or cannot be kept do not keep anybody from working.
func TestAnchorFails(t *testing.T) {
	p, folder := filepath.Join(t.TempDir(), "w.trestle"), t.TempDir()
	newWorkspace(t, p).Close()
	_, i := reopen(t, p, FileAnchors(folder), testPass)
	file := filepath.Join(folder, i.WorkspaceID+".json")
	if fi, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Error(fi, err)
	}
	for _, b := range []string{"", "{", `{"workspace":"00112233445566778899aabbccddeeff"}`} {
		if err := os.WriteFile(file, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, i := reopen(t, p, FileAnchors(folder), testPass); !strings.Contains(s, "cannot be read") || !i.Anchored {
			t.Errorf("%q: %s", b, s)
		}
	}
	blocked := filepath.Join(folder, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, i := reopen(t, p, FileAnchors(filepath.Join(blocked, "x")), testPass); i.Anchored {
		t.Error("says that it is remembered where nothing can be kept")
	}
	for _, id := range []string{"", "../../x", strings.Repeat("0", 31), strings.Repeat("g", 32)} {
		if _, _, err := FileAnchors(folder).Load(id); err == nil {
			t.Errorf("%q is no id", id)
		}
		if err := FileAnchors(folder).Save(Anchor{Workspace: id}); err == nil {
			t.Errorf("%q is no id", id)
		}
	}
	t.Setenv("XDG_STATE_HOME", folder)
	if runtime.GOOS == "linux" {
		if a, err := DefaultAnchors(); err != nil || a != FileAnchors(filepath.Join(folder, "trestle", "anchors")) {
			t.Error(a, err)
		}
	}
}

func TestPurge(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	if _, err := w.AddMessages(ctx, marked(0, 30)); err != nil {
		t.Fatal(err)
	}
	add(t, w, 30, 60)
	if err := errors.Join(w.SetTags(ctx, 3, []string{"old"}), w.SetTags(ctx, 40, []string{"old", "x"}), w.SetNote(ctx, 40, "note")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.write.Exec("UPDATE messages SET received=received-86400000 WHERE id<=10"); err != nil {
		t.Fatal(err)
	}
	row, err := w.Rows(ctx, []int64{60})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule PurgeRule
		n    int
	}{
		{PurgeRule{Tag: "nothing"}, 0},
		{PurgeRule{Tag: "OLD"}, 2},
		{PurgeRule{Source: "sample.hl7"}, 30},
		{PurgeRule{Source: markers[6], Tag: "old"}, 1},
		{PurgeRule{Before: row[0].Received}, 0},
		{PurgeRule{Before: row[0].Received.Add(-1000)}, 0},
	} {
		p, err := w.PurgePreview(ctx, c.rule)
		if c.rule.Before.IsZero() && (err != nil || p.Messages != c.n || p.Kept != 60-c.n || (p.Bytes > 0) != (c.n > 0)) {
			t.Errorf("%+v: %+v %v", c.rule, p, err)
		}
		if !c.rule.Before.IsZero() && (err != nil || p.Messages < 10) {
			t.Errorf("%+v: %+v %v", c.rule, p, err)
		}
	}
	if p, err := w.PurgePreview(ctx, PurgeRule{Tag: "old"}); err != nil || p.Noted != 1 || p.Tagged != 2 || len(p.Sources) != 2 || p.Oldest.IsZero() || !p.Newest.After(p.Oldest) {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := w.PurgePreview(ctx, PurgeRule{}); !errors.Is(err, ErrQuery) {
		t.Error(err)
	}
	if _, err := w.Purge(ctx, PurgeRule{}, 60, nil); !errors.Is(err, ErrQuery) {
		t.Error(err)
	}
	if _, err := w.Purge(ctx, PurgeRule{Tag: "old"}, 1, nil); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	if n, err := w.Purge(ctx, PurgeRule{Source: markers[6]}, 30, nil); n != 30 || err != nil {
		t.Error(n, err)
	}
	if n, err := w.Count(ctx, Query{}); n != 30 || err != nil || words(t, w, "llfeather") != 0 {
		t.Error(n, err)
	}
	list, err := w.SearchLog(ctx, LogQuery{Action: ActionPurged})
	if err != nil || len(list) != 1 || list[0].Object != "30 messages" || list[0].Details != "file "+markers[6]+": 1-30" {
		t.Errorf("%+v %v", list, err)
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
}

func TestDispose(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p := filepath.Join(dir, "w.trestle")
	w, err := Create(ctx, p, testPass, CreateOptions{KDF: CheapKDF(t), User: "tester", Project: "A to B"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddMessages(ctx, marked(0, 12)); err != nil {
		t.Fatal(err)
	}
	if _, err := Dispose(ctx, p, testPass, OpenOptions{}); !errors.Is(err, ErrInUse) {
		t.Fatal("destroyed an open workspace:", err)
	}
	w.Close()
	if _, err := Dispose(ctx, p, []byte("a wrong passphrase"), OpenOptions{}); !errors.Is(err, ErrWrongPassphrase) {
		t.Fatal(err)
	}
	second := filepath.Join(t.TempDir(), "second name") // as somebody who finds the blocks on the medium
	if err := os.Link(p, second); err != nil {
		t.Skip("no hard links here:", err)
	}
	c, err := Dispose(ctx, p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Error("left:", got)
	}
	if _, err := Open(ctx, second, testPass, OpenOptions{}); !errors.Is(err, ErrNotWorkspace) {
		t.Error("still opens:", err)
	}
	text := c.Text()
	for _, want := range []string{"A to B", "tester", c.SHA256, c.WorkspaceID, "12 from 1 file", "ADT^A08", "Backups"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, m := range markers {
		if strings.Contains(text, m) {
			t.Error("patient data in the certificate")
		}
	}
	if len(c.SHA256) != 64 || c.Size == 0 || c.Messages != 12 || c.LogEntries < 3 || c.Disposed.IsZero() {
		t.Errorf("%+v", c)
	}
}
