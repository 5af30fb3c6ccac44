package workspace

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Every page damaged once: either the repair gives a whole workspace with every message and the log, or it says that more is damaged and
// changes nothing. Pages of indexes and of indexes of words are all repaired.
func TestRepair(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	const n = 120
	add(t, w, 0, n)
	if err := errors.Join(w.SetNote(ctx, 3, "a note to be found"), w.Secrets().Put(ctx, "partner", "password", []byte("invented")), w.DeleteMessages(ctx, []int64{n})); err != nil {
		t.Fatal(err)
	}
	derived := map[uint32]string{} // root pages of what is derived: those at least must be mended
	rows, err := w.read.Query("SELECT rootpage, name FROM sqlite_schema WHERE type='index' OR name LIKE 'message\\_words\\_%' ESCAPE '\\' OR name LIKE 'note\\_words\\_%' ESCAPE '\\'")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var root uint32
		var name string
		if err := rows.Scan(&root, &name); err != nil {
			t.Fatal(err)
		}
		derived[root] = name
	}
	if err := errors.Join(rows.Err(), w.Close()); err != nil {
		t.Fatal(err)
	}
	good := readFile(t, p)
	mended, refused := 0, 0
	step := times(3, 1)
	for i := range (len(good) - 65536) / pageSize {
		if i%step != 0 && derived[uint32(i+1)] == "" {
			continue
		}
		bad := bytes.Clone(good)
		pageAt(bad, i)[100] ^= 1
		put(t, p, bad, nil)
		kept, r, err := Repair(ctx, p, testPass, OpenOptions{User: "tester"}, nil)
		if errors.Is(err, ErrDamaged) {
			refused++
			if derived[uint32(i+1)] != "" || !bytes.Equal(readFile(t, p), bad) {
				t.Errorf("page %d: derived %q, or the file was changed: %v", i+1, derived[uint32(i+1)], err)
			}
			continue
		}
		if err != nil || !r.OK() {
			t.Fatalf("page %d: %v %v", i+1, r.Problems(), err)
		}
		mended++
		if !bytes.Equal(readFile(t, kept), bad) {
			t.Errorf("page %d: what was there was not kept", i+1)
		}
		os.Remove(kept)
		isWhole(t, p, n-1)
	}
	t.Logf("%d pages: %d mended, %d refused", mended+refused, mended, refused)
	if mended <= len(derived)/2 || refused == 0 {
		t.Error("the test shows nothing")
	}
	if left, _ := filepath.Glob(p + ".*"); len(left) > 0 {
		t.Errorf("left beside it: %v", left)
	}
}

// isWhole reads a repaired workspace by tables, indexes, words and log.
func isWhole(t *testing.T, path string, n int) {
	t.Helper()
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ids, err1 := w.IDs(ctx, Query{Text: "invented"})
	byMRN, err2 := w.IDs(ctx, Query{MRN: sample(5).Summary.MRN})
	noted, err3 := w.IDs(ctx, Query{Text: "found"})
	secret, err4 := w.Secrets().Reveal(ctx, "partner")
	repaired, err5 := w.SearchLog(ctx, LogQuery{Action: ActionRepaired})
	if err := errors.Join(err1, err2, err3, err4, err5, w.VerifyLog(ctx)); err != nil || len(ids) != n || len(byMRN) == 0 || len(noted) != 1 || string(secret) != "invented" || len(repaired) != 1 {
		t.Fatalf("%d by words, %d by MRN, %d by note, %d repairs: %v", len(ids), len(byMRN), len(noted), len(repaired), err)
	}
	for m, err := range w.Messages(ctx, ids) {
		if err != nil || !bytes.Equal(m.Bytes, sample(int(m.ID-1)).Bytes) {
			t.Fatal(m.ID, err)
		}
	}
	if got, err := w.AddMessages(ctx, samples(n+5, n+6)); err != nil || got[0] != int64(n+2) { // a number of one that was deleted is not used again
		t.Fatal(got, err)
	}
}

// A whole workspace stays whole; the passphrase is needed; who reads it keeps it where it is.
func TestRepairOfWhatIsWhole(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 20)
	if _, _, err := Repair(ctx, p, testPass, OpenOptions{}, nil); !errors.Is(err, ErrInUse) {
		t.Error("while it is open:", err)
	}
	w.Close()
	if _, _, err := Repair(ctx, p, []byte("a wrong passphrase"), OpenOptions{}, nil); !errors.Is(err, ErrWrongPassphrase) {
		t.Error(err)
	}
	if kept, r, err := Repair(ctx, p, testPass, OpenOptions{}, nil); err != nil || !r.OK() || kept == "" {
		t.Error(r.Problems(), err)
	}
	if n, _, err := readThrough(p, 0); n != 20 || err != nil {
		t.Error(n, err)
	}
}

// The check of an open workspace finds what the check of a closed one finds, and no alarm while others write.
func TestVerifyOpen(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 300)
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for i := 300; err == nil; i += 20 {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
				_, err = w.AddMessages(ctx, samples(i, i+20))
			}
		}
		stopped <- err
	}()
	for range times(5, 20) { // the writer beside it makes each longer than the one before
		calls := 0
		if r, err := w.VerifyOpen(ctx, func(_, _ int64) { calls++ }); err != nil || !r.OK() || r.Pages == 0 || calls == 0 {
			t.Fatalf("%+v %v", r, err)
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if err := w.checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	f, err := w.rawFile()
	if err != nil {
		t.Fatal(err)
	}
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	// Through a handle that stays open: closing one would drop SQLite's locks.
	out, err := os.OpenFile(p, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := out.WriteAt([]byte{1, 2, 3}, fi.Size()-2000); err != nil {
		t.Fatal(err)
	}
	r, err := w.VerifyOpen(ctx, nil)
	if err != nil || r.OK() || r.BadPages != 1 {
		t.Errorf("%+v %v", r, err)
	}
	bad, err := w.SearchLog(ctx, LogQuery{Action: ActionVerified, Failed: true})
	if err != nil || len(bad) != 1 {
		t.Errorf("%+v %v", bad, err)
	}
	w.Close()
	if r, err := Verify(ctx, p, testPass, nil); err != nil || r.BadPages != 1 {
		t.Errorf("%+v %v", r, err)
	}
}
