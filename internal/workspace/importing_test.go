package workspace

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// imports are the entries of imports in the log's table, without what looking at the log would enter.
func imports(t *testing.T, w *Workspace) (details []string) {
	t.Helper()
	rows, err := w.read.Query("SELECT details FROM access_log WHERE action='imported' ORDER BY seq")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		details = append(details, s)
	}
	return details
}

// A large import is one entry, with all that was stored; whatever ends it, nothing that is stored stays unlogged.
func TestImportIsOneEntry(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	for i := 0; i < 1700; i += 500 {
		add(t, w, i, min(i+500, 1700))
	}
	if got := imports(t, w); len(got) != 1 || !strings.HasPrefix(got[0], "1700 messages, ") {
		t.Errorf("%q", got)
	}
	add(t, w, 0, 500) // given up after two batches
	add(t, w, 500, 1000)
	if got := imports(t, w); len(got) != 1 {
		t.Errorf("%q", got)
	}
	if _, err := w.Message(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if got := imports(t, w); len(got) != 2 || !strings.HasPrefix(got[1], "1000 messages, ") {
		t.Errorf("%q", got)
	}
	add(t, w, 0, 500)
	if got, err := w.SearchLog(ctx, LogQuery{Action: ActionImported}); err != nil || len(got) != 3 { // looking at the log
		t.Errorf("%d entries, %v", len(got), err)
	}
	add(t, w, 0, 500)
	other := samples(0, 500)
	for i := range other {
		other[i].Source = "another.hl7"
	}
	if _, err := w.AddMessages(ctx, other); err != nil {
		t.Fatal(err)
	}
	if got := imports(t, w); len(got) != 4 {
		t.Errorf("another file: %q", got)
	}
	if err := errors.Join(w.VerifyLog(ctx), w.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if got := imports(t, w); len(got) != 5 || strings.Contains(got[4], "cut off") {
		t.Errorf("after closing: %q", got)
	}
}

// A program that ends hard in the middle of an import leaves its count, and the next opening enters it under who imported.
func TestImportCutOff(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 500)
	add(t, w, 500, 1000)
	file, log := readFile(t, p), readFile(t, p+"-wal")
	w.Close()
	q := filepath.Join(t.TempDir(), "w.trestle")
	put(t, q, file, log)
	w, err := Open(ctx, q, testPass, OpenOptions{User: "next"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	got, err := w.SearchLog(ctx, LogQuery{Action: ActionImported})
	if err != nil || len(got) != 1 || got[0].User != "tester" || !strings.HasPrefix(got[0].Details, "1000 messages") || !strings.Contains(got[0].Details, "cut off") {
		t.Errorf("%+v %v", got, err)
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
}
