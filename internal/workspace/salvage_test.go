package workspace

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused checks that nothing can be written and that the words say why.
func refused(t *testing.T, w *Workspace) {
	t.Helper()
	ctx := context.Background()
	_, err := w.AddMessages(ctx, samples(0, 1))
	for what, err := range map[string]error{
		"add": err, "note": w.SetNote(ctx, 1, "x"), "tags": w.SetTags(ctx, 1, []string{"x"}), "delete": w.DeleteMessages(ctx, []int64{1}), "setting": w.SetSetting(ctx, "x", "y"),
	} {
		if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "reading only") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s := strings.Join(w.Warnings(), "\n"); !w.ReadOnly() || !strings.Contains(s, "reading only") || !strings.Contains(s, "not logged") {
		t.Errorf("warnings: %q", s)
	}
}

// Each page damaged once: where only the access log is touched, the workspace opens for reading, every message reads, and
// not a byte of the file changes.
func TestSalvage(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 40)
	for i := range 150 { // several pages of log
		if err := w.LogExport(ctx, "messages", i, "out.hl7"); err != nil {
			t.Fatal(err)
		}
	}
	var schema int // bytes of it: without its pages nothing can be read
	if err := w.read.QueryRow("SELECT sum(length(sql)) FROM sqlite_schema").Scan(&schema); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	good := readFile(t, p)
	opened, refusedToOpen, salvaged := 0, 0, 0
	for i := range (len(good) - 65536) / pageSize {
		d := bytes.Clone(good)
		pageAt(d, i)[100] ^= 1
		put(t, p, d, nil)
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		switch {
		case errors.Is(err, ErrDamaged):
			refusedToOpen++
		case err != nil:
			t.Fatal(err)
		case !w.ReadOnly():
			opened++
			w.Close()
		default:
			salvaged++
			n := 0
			for m, err := range w.Messages(ctx, idsTo(40)) {
				if err != nil || !bytes.Equal(m.Bytes, sample(int(m.ID-1)).Bytes) {
					t.Fatalf("page %d: message %d: %v", i+1, m.ID, err)
				}
				n++
			}
			_, err1 := w.Message(ctx, 3)
			ids, err2 := w.IDs(ctx, Query{Text: "invented"})
			info, err3 := w.Info(ctx)
			_, err4 := w.Log(ctx, 0, 1000)
			if err := errors.Join(err1, err2, err3, err4, w.LogExport(ctx, "messages", 1, "rescue.hl7")); err != nil || n != 40 || len(ids) != 40 || info.Messages != 40 {
				t.Errorf("page %d: %d messages, %d found, %v", i+1, n, len(ids), err)
			}
			refused(t, w)
			if err := w.VerifyLog(ctx); !errors.Is(err, ErrDamaged) {
				t.Errorf("page %d: the log passes: %v", i+1, err)
			}
			if err := w.Close(); err != nil {
				t.Error("close:", err)
			}
			if !bytes.Equal(readFile(t, p), d) {
				t.Errorf("page %d: the file was changed", i+1)
			}
			left, err := os.ReadDir(filepath.Dir(p))
			if err != nil || len(left) != 1 {
				t.Errorf("page %d: left beside it: %v %v", i+1, left, err)
			}
		}
	}
	t.Logf("of %d pages: opened %d, for reading only %d, refused %d", opened+salvaged+refusedToOpen, opened, salvaged, refusedToOpen)
	if salvaged < 2 || refusedToOpen > 2+schema*3/2/pageSize { // the last page of the log and the head at least; page 1 and the rest of the schema
		t.Error("salvage does not do what it is for")
	}
}

func idsTo(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

// Damage that is met while the workspace is open.
func TestSalvageWhileOpen(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 10)
	var page int
	if err := w.write.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name='access_log'").Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := w.checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	b := readFile(t, p)
	pageAt(b, page-1)[100] ^= 1
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.write.Exec("PRAGMA shrink_memory"); err != nil { // the page is not in memory any more
		t.Fatal(err)
	}
	if err := w.SetNote(ctx, 1, "x"); !errors.Is(err, ErrDamaged) || w.ReadOnly() {
		t.Error("a write began salvage by itself:", err)
	}
	m, err := w.Message(ctx, 4)
	if err != nil || !bytes.Equal(m.Bytes, sample(3).Bytes) {
		t.Error(err)
	}
	if ids, err := w.IDs(ctx, Query{Type: "ADT"}); err != nil || len(ids) == 0 {
		t.Error(ids, err)
	}
	refused(t, w)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// The first rule stands: what is not damage keeps an act that cannot be logged from happening.
func TestNoSalvageOnOtherErrors(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.abandon()
	add(t, w, 0, 3)
	if _, err := w.write.Exec("PRAGMA max_page_count=1"); err != nil { // the disk is full
		t.Fatal(err)
	}
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		err = w.LogExport(context.Background(), strings.Repeat("x", 1000), i, "out.hl7")
	}
	if !errors.Is(err, ErrNoSpace) || w.ReadOnly() {
		t.Error(err)
	}
	if m, err := w.Message(context.Background(), 1); !errors.Is(err, ErrNoSpace) && err != nil || err != nil && m.Bytes != nil {
		t.Error(err)
	}
}
