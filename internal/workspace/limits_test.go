package workspace

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"trestle/internal/inspect"
)

// What is too large is refused, never cut.
func TestTooLarge(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	sizes := []int{maxRecord + 1}
	if wraps := int64(math.MaxUint32) + 100; long() && math.MaxInt > math.MaxInt32 {
		sizes = append(sizes, int(wraps)) // never touched, but not every system promises so much
	}
	for _, n := range sizes {
		if _, err := w.AddMessages(ctx, []inspect.Record{sample(0), {Source: "huge.bin", Bytes: make([]byte, n)}}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "huge.bin") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	before := len(entries(t, w))
	for _, q := range []Query{{Text: strings.Repeat("a", maxQuery+1)}, {MRN: strings.Repeat("8", maxQuery+1)}} {
		if _, err := w.IDs(ctx, q); !errors.Is(err, ErrQuery) {
			t.Error(err)
		}
	}
	if n, err := w.Count(ctx, Query{}); n != 0 || err != nil || len(entries(t, w)) != before {
		t.Error(n, err)
	}
}

// descriptors counts what this process has open, 0 where that cannot be told.
func descriptors() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}

// However opening ends, nothing stays open: no file, no goroutine, no lock.
func TestNothingStaysOpen(t *testing.T) {
	ctx := context.Background()
	im := build(t, 10, 10, 0)
	dir := t.TempDir()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	damaged := func(page int) []byte {
		b := bytes.Clone(im.closed)
		pageAt(b, page)[50] ^= 1
		return b
	}
	newer := filepath.Join(dir, "newer.trestle")
	w := newWorkspace(t, newer)
	if _, err := w.write.Exec("PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(dir, "w.trestle")
	rounds := func(n int) {
		for range n {
			for page := range 12 {
				put(t, p, damaged(page), nil)
				if w, err := Open(ctx, p, testPass, OpenOptions{}); err == nil {
					w.Close()
				}
			}
			put(t, p, im.closed, nil)
			for _, try := range []func() (*Workspace, error){
				func() (*Workspace, error) { return Open(ctx, p, []byte("a wrong passphrase"), OpenOptions{}) },
				func() (*Workspace, error) { return Open(cancelled, p, testPass, OpenOptions{}) },
				func() (*Workspace, error) { return Open(ctx, newer, testPass, OpenOptions{}) },
				func() (*Workspace, error) { return Create(ctx, p, testPass, CreateOptions{KDF: CheapKDF(t)}) },
			} {
				if w, err := try(); err == nil {
					w.Close()
					t.Fatal("opened")
				}
			}
			w, err := Open(ctx, p, testPass, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for range w.Messages(ctx, idsTo(10)) {
				break
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(ctx, p, testPass, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	rounds(1)
	files, routines := descriptors(), runtime.NumGoroutine()
	rounds(times(4, 40))
	for end := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > routines && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // they end by themselves, a little later
	}
	if n := descriptors(); n > files {
		t.Errorf("%d descriptors, before %d", n, files)
	}
	if n := runtime.NumGoroutine(); n > routines {
		t.Errorf("%d goroutines, before %d", n, routines)
	}
	openMu.Lock()
	defer openMu.Unlock()
	if len(openFiles) > 0 {
		t.Error("files count as open:", len(openFiles))
	}
}
