package workspace

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/workspace/sealed"
)

// Whatever is opened that is not a healthy workspace gives an error of the right kind, in words, without a folder, and
// leaves nothing behind.
func TestForeignFiles(t *testing.T) {
	im := build(t, 3, 3, 0)
	dir := t.TempDir()
	edit := func(f func(b []byte)) []byte {
		b := bytes.Clone(im.closed)
		f(b)
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		kind error
		says string
	}{
		{"empty.trestle", []byte{}, ErrNotWorkspace, "not a Trestle workspace"},
		{"text.hl7", []byte("MSH|^~\\&|A|B\rPID|1\r"), ErrNotWorkspace, "import it"},
		{"plain.db", append([]byte("SQLite format 3\x00"), make([]byte, 8000)...), ErrNotWorkspace, "not a Trestle workspace"},
		{"zeros.bin", make([]byte, 100000), ErrNotWorkspace, "not a Trestle workspace"},
		{"newer.trestle", edit(func(b []byte) {
			for _, at := range []int{0, sealed.HeaderSize / 2} {
				binary.LittleEndian.PutUint32(b[at+48:], 99)
				remakeSum(b[at : at+4096])
			}
		}), ErrNewer, "update Trestle"},
		{"damaged.trestle", edit(func(b []byte) { b[70]++; b[sealed.HeaderSize/2+70]++ }), ErrDamaged, "backup"},
		{"headeronly.trestle", im.closed[:sealed.HeaderSize], ErrDamaged, "cut off"},
		{"half.trestle", im.closed[:len(im.closed)/2], ErrDamaged, "backup"},
	} {
		p := filepath.Join(dir, c.name)
		if err := os.WriteFile(p, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := Open(context.Background(), p, testPass, OpenOptions{})
		if err == nil {
			w.Close()
		}
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s: %v", c.name, err)
		} else if strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "no such file") {
			t.Errorf("%s: the error says too much: %v", c.name, err)
		}
		if now := readFile(t, p); !bytes.Equal(now, c.data) {
			t.Errorf("%s was changed", c.name)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 8 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestNoSuchFile(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for path, kind := range map[string]error{
		filepath.Join(dir, "none.trestle"):            fs.ErrNotExist,
		filepath.Join(dir, "nowhere", "none.trestle"): fs.ErrNotExist,
		dir: ErrNotWorkspace,
	} {
		if _, err := Open(ctx, path, testPass, OpenOptions{}); !errors.Is(err, kind) {
			t.Errorf("open %s: %v", filepath.Base(path), err)
		}
		if _, err := Verify(ctx, path, testPass, nil); !errors.Is(err, kind) {
			t.Errorf("verify %s: %v", filepath.Base(path), err)
		}
	}
	o := CreateOptions{KDF: CheapKDF(t)}
	if _, err := Create(ctx, filepath.Join(dir, "nowhere", "w.trestle"), testPass, o); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Create(ctx, dir, testPass, o); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	orphan := filepath.Join(dir, "orphan.trestle")
	if err := os.WriteFile(orphan+"-wal", []byte("changes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(ctx, orphan, testPass, o); !errors.Is(err, fs.ErrExist) || string(readFile(t, orphan+"-wal")) != "changes" {
		t.Error(err)
	}
	if os.Getuid() != 0 {
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		if _, err := Create(ctx, filepath.Join(locked, "w.trestle"), testPass, o); !errors.Is(err, fs.ErrPermission) {
			t.Error(err)
		}
	}
}

func TestPassphrases(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	o := CreateOptions{KDF: CheapKDF(t)}
	if _, err := Create(ctx, p, []byte("seven c"), o); !errors.Is(err, ErrPassphraseTooShort) || !strings.Contains(err.Error(), "at least 8") {
		t.Error(err)
	}
	composed, decomposed := []byte("caf\u00e9 \u00fcber alles"), []byte("cafe\u0301 u\u0308ber alles")
	given := bytes.Clone(composed)
	w, err := Create(ctx, p, given, o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(given, composed) {
		t.Error("the caller's passphrase was changed")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w, err = Open(ctx, p, decomposed, OpenOptions{}); err != nil {
		t.Fatal("the same characters, decomposed:", err)
	}
	w.Close()
	for _, wrong := range [][]byte{nil, []byte("x"), []byte("cafe uber alles"), append(bytes.Clone(composed), ' '), {0xff, 0xfe}} {
		before := readFile(t, p)
		if _, err := Open(ctx, p, wrong, OpenOptions{}); !errors.Is(err, ErrWrongPassphrase) || strings.Contains(err.Error(), "alles") {
			t.Error(err)
		}
		if !bytes.Equal(before, readFile(t, p)) {
			t.Error("a wrong passphrase wrote to the file")
		}
	}
}

// Costs below the floor cannot be chosen outside of a test.
func TestKDFLimits(t *testing.T) {
	ctx := context.Background()
	for _, k := range []KDF{
		{Passes: 1, MemoryKiB: 64, Lanes: 1},
		{Passes: 2, MemoryKiB: 64 << 10, Lanes: 4},
		{Passes: 3, MemoryKiB: 63 << 10, Lanes: 4},
		{Passes: 65, MemoryKiB: 64 << 10, Lanes: 4},
		{Passes: 3, MemoryKiB: 3 << 20, Lanes: 4},
		{Passes: 3, MemoryKiB: 64 << 10},
	} {
		if _, err := Create(ctx, filepath.Join(t.TempDir(), "w.trestle"), testPass, CreateOptions{KDF: k}); err == nil {
			t.Errorf("%v was accepted", k)
		}
	}
	if k, err := (KDF{}).choose(); err != nil || k.MemoryKiB < FloorKDF.MemoryKiB || k.MemoryKiB > DefaultKDF.MemoryKiB || k.Passes != 3 || k.Lanes != 4 {
		t.Error(k, err)
	}
}

func TestClosed(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	add(t, w, 0, 3)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error("closed twice:", err)
	}
	if _, err := w.Message(context.Background(), 1); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if _, err := w.IDs(context.Background(), Query{}); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	left, err := os.ReadDir(filepath.Dir(w.Path()))
	if err != nil || len(left) != 1 {
		t.Errorf("left beside the workspace: %v %v", left, err)
	}
	if fi, _ := left[0].Info(); fi.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Error("others may read the file:", fi.Mode())
	}
}

func TestCancelled(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.AddMessages(ctx, samples(0, 3)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Open(ctx, w.Path(), testPass, OpenOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n, err := w.Count(context.Background(), Query{}); n != 0 || err != nil {
		t.Error(n, err)
	}
}
