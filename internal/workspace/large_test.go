package workspace

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/workspace/sealed"
)

// blob is the i-th invented large record: 8 MiB that are no text, so that no words are made of them.
func blob(i int) []byte {
	b := make([]byte, 8<<20)
	for j := 0; j < len(b); j += 512 {
		b[j+1], b[j+2], b[j+3] = byte(i), byte(j>>9), byte(j>>17)
	}
	return b
}

// A file that grows across 1 GiB, where SQLite locks bytes and the file has a hole, reads whole, and a page beyond the hole
// is named by its own number when it is damaged.
func TestAcrossOneGiB(t *testing.T) {
	if !long() {
		t.Skip("TRESTLE_LONG is not set: this writes 1.2 GB")
	}
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	const n = 140
	put := func(i int) {
		if _, err := w.AddMessages(ctx, []inspect.Record{{Source: "scan.bin", Index: i, Bytes: blob(i), Summary: inspect.Summary{Format: "binary"}}}); err != nil {
			t.Fatal(i, err)
		}
	}
	readBack := func(skip func(i int) bool) {
		t.Helper()
		for m, err := range w.Messages(ctx, idsTo(n)) {
			if skip(int(m.ID - 1)) {
				continue
			}
			if err != nil || !bytes.Equal(m.Bytes, blob(int(m.ID-1))) {
				t.Fatal(m.ID, err)
			}
		}
	}
	for i := range n {
		put(i)
	}
	readBack(func(int) bool { return false })
	var odd []int64
	for i := 1; i < n; i += 2 {
		odd = append(odd, int64(i+1))
	}
	if err := w.DeleteMessages(ctx, odd); err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // into the free pages on both sides of the hole
		put(n + i)
	}
	readBack(func(i int) bool { return i%2 == 1 })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(p, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hole := make([]byte, sealed.HeaderSize)
	if _, err := f.ReadAt(hole, 1<<30); err != nil || len(bytes.Trim(hole, "\x00")) != 0 {
		t.Error("the hole holds data:", err)
	}
	rep, err := Verify(ctx, p, testPass, nil)
	if err != nil || !rep.OK() || rep.Messages != n-int64(len(odd))+20 {
		t.Errorf("%+v %v", rep, err)
	}
	const page = 262144 + 1000 // counted from 1; its place is behind header and hole
	if _, err := f.WriteAt([]byte("damage"), 2*sealed.HeaderSize+(page-1)*pageSize+9); err != nil {
		t.Fatal(err)
	}
	rep, err = Verify(ctx, p, testPass, nil)
	if err != nil || rep.OK() || rep.BadPages != 1 || rep.BadPageList[0] != page {
		t.Errorf("%+v %v", rep, err)
	}
}
