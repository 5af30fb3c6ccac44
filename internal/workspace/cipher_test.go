package workspace

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
)

// Both ciphers keep a workspace through everything that makes a new file of it, and its pages are sealed by the one that was chosen.
func TestCiphers(t *testing.T) {
	ctx := context.Background()
	for _, c := range Ciphers() {
		t.Run(string(c), func(t *testing.T) {
			dir := t.TempDir()
			p := filepath.Join(dir, "w.trestle")
			w, err := Create(ctx, p, testPass, CreateOptions{KDF: CheapKDF(t), User: "tester", Cipher: c})
			if err != nil {
				t.Fatal(err)
			}
			is := func(where string, w *Workspace) {
				t.Helper()
				if i, err := w.Info(ctx); err != nil || i.Cipher != string(c) || i.Messages != 80 {
					t.Errorf("%s: %s with %d messages, %v", where, i.Cipher, i.Messages, err)
				}
			}
			add(t, w, 0, 80)
			is("new", w)
			copied := filepath.Join(dir, "b.trestle")
			if r, err := w.Backup(ctx, copied, nil); err != nil || !r.OK() {
				t.Fatal(r.Problems(), err)
			}
			if _, err := w.Rekey(ctx, []NewKey{{"tester", testPass}}, nil); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{p, copied} {
				if n, failures, err := readThrough(name, 0); err != nil || n != 80 || failures != 0 {
					t.Error(filepath.Base(name), n, failures, err)
				}
				w, err := Open(ctx, name, testPass, OpenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				is(filepath.Base(name), w)
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			b := readFile(t, p)
			if bytes.Contains(b, []byte("invented")) {
				t.Error("clear text in the file")
			}
			b[len(b)-5000] ^= 4
			put(t, p, b, nil)
			if r, err := Verify(ctx, p, testPass, nil); err != nil || r.BadPages != 1 {
				t.Errorf("a flipped bit: %+v, %v", r, err)
			}
		})
	}
	if _, err := Create(ctx, filepath.Join(t.TempDir(), "w.trestle"), testPass, CreateOptions{KDF: CheapKDF(t), Cipher: "ROT13"}); err == nil {
		t.Error("a cipher that there is not was taken")
	}
	for name, want := range map[string]Cipher{"": XChaCha20Poly1305, "AES": AES256GCM, "aes-256-gcm": AES256GCM, "XChaCha20-Poly1305": XChaCha20Poly1305} {
		if c, err := ParseCipher(name); err != nil || c != want {
			t.Errorf("%q: %q, %v", name, c, err)
		}
	}
	if _, err := ParseCipher("des"); err == nil {
		t.Error("des was read as a cipher")
	}
}
