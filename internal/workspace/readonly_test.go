//go:build unix

package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() { children["unprivileged"] = childUnprivileged }

// childUnprivileged tries everything that begins with a path, without the rights of root, which no permission stops.
func childUnprivileged(path string) error {
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	ctx := context.Background()
	say := func(what string, err error) {
		fmt.Printf("%s: %v %v\n", what, errors.Is(err, fs.ErrPermission), err)
	}
	for range 2 { // what the first attempt leaves must not make the second another one
		w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
		if err == nil {
			err = errors.Join(errors.New("opened"), w.Close())
		}
		say("open", err)
	}
	_, err := Open(ctx, path, []byte("a wrong passphrase"), OpenOptions{User: "child"})
	say("wrong", err)
	_, err = Verify(ctx, path, testPass, nil)
	say("verify", err)
	w, err := Create(ctx, filepath.Join(filepath.Dir(path), "new.trestle"), testPass, CreateOptions{KDF: KDF{Passes: 1, MemoryKiB: 64, Lanes: 1, cheap: true}})
	say("create", err)
	if err == nil {
		return errors.Join(w.Close(), os.Remove(w.Path()))
	}
	return nil
}

// A file, or a folder, that cannot be written is refused in words, and nothing is changed or left behind.
func TestReadOnlyPlaces(t *testing.T) {
	im := build(t, 20, 20, 0)
	// the folders that testing makes are closed to others
	root, err := os.MkdirTemp("", "trestle-readonly")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	dir := filepath.Join(root, "folder")
	p := filepath.Join(dir, "w.trestle")
	self := copyOfTestBinary(t, root)
	for _, c := range []struct {
		name         string
		file, folder os.FileMode
		refuses      []string // the acts that must be refused for want of permission
	}{
		{"file", 0o444, 0o777, []string{"open", "open"}},
		{"folder", 0o666, 0o555, []string{"open", "open", "wrong", "verify", "create"}},
		{"both", 0o444, 0o555, []string{"open", "open", "wrong", "verify", "create"}},
		{"unreadable file", 0o000, 0o777, []string{"open", "open", "wrong", "verify"}},
	} {
		err := errors.Join(os.Chmod(root, 0o755), os.Mkdir(dir, 0o755))
		put(t, p, im.closed, nil)
		if err := errors.Join(err, os.Chmod(p, c.file), os.Chmod(dir, c.folder)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self, p)
		cmd.Env = append(os.Environ(), childEnv+"=unprivileged")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", c.name, err, out)
		}
		said := map[string]int{}
		for line := range strings.Lines(string(out)) {
			what, rest, _ := strings.Cut(line, ": ")
			if words, ok := strings.CutPrefix(rest, "true "); ok {
				if said[what]++; !strings.Contains(words, "copy it") && !strings.Contains(words, "rights") || strings.Contains(words, root) {
					t.Errorf("%s: %s", c.name, line)
				}
			}
		}
		for _, what := range c.refuses {
			if said[what]--; said[what] < 0 {
				t.Errorf("%s: %s was not refused for want of permission:\n%s", c.name, what, out)
			}
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(readFile(t, p), im.closed) {
			t.Errorf("%s: the file was changed", c.name)
		}
		left, err := os.ReadDir(dir)
		for _, e := range left {
			if n := e.Name(); n != "w.trestle" && n != "w.trestle.lock" { // the lock file counts the wrong passphrase
				t.Errorf("%s: left behind: %s", c.name, n)
			}
		}
		if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s:\n%s", c.name, out)
	}
}

// copyOfTestBinary lies where others can run it.
func copyOfTestBinary(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(dir, "child")
	if os.Link(self, p) == nil {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
		return p
	}
	if err := os.WriteFile(p, readFile(t, self), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}
