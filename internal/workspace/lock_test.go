package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Who can write in the folder, but lacks the passphrase, must not have us write over another file of the user by a lock
// file that is a link, nor steer the terminal by what stands in it.
func TestForeignLockFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs links")
	}
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	precious := filepath.Join(filepath.Dir(p), "thesis.txt")
	const text = "a year of work, far longer than what a lock file says of its owner; do not touch a byte of this, please"
	if err := errors.Join(os.WriteFile(precious, []byte(strings.Repeat(text, 9)), 0o600), os.Symlink(precious, p+".lock")); err != nil {
		t.Fatal(err)
	}
	for _, pass := range [][]byte{testPass, []byte("a wrong one")} {
		if w, err := Open(ctx, p, pass, OpenOptions{}); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "w.trestle.lock") {
			t.Error(err)
			if err == nil {
				w.Close()
			}
		}
	}
	if string(readFile(t, precious)) != strings.Repeat(text, 9) {
		t.Error("the file behind the link was changed")
	}
	os.Remove(p + ".lock")
	if err := os.WriteFile(p+".lock", []byte(" {\"pid\":7,\"user\":\"x\\u001b[2Jy\",\"host\":\"h\\nh\",\"failed\":-5}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o, err := readOwner(p + ".lock"); err != nil || o.User != "x[2Jy" || o.Host != "hh" || o.Failed != 0 {
		t.Errorf("%+v %v", o, err)
	}
}

// Under a second name a file would have a second lock and a second log.
func TestHardLink(t *testing.T) {
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	if os.Link(p, p+".copy") != nil || runtime.GOOS == "windows" {
		t.Skip("no hard links here")
	}
	w, err := Open(context.Background(), p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if s := strings.Join(w.Warnings(), "\n"); !strings.Contains(s, "second name") {
		t.Errorf("%q", s)
	}
	if _, err := Open(context.Background(), p+".copy", testPass, OpenOptions{}); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
}

func init() { children["take turns"] = childTakeTurns }

// childTakeTurns opens and closes a workspace again and again, and looks whether it is alone each time.
func childTakeTurns(path string) error {
	opened := 0
	for opened < times(15, 300) {
		w, err := Open(context.Background(), path, testPass, OpenOptions{User: "child"})
		if errors.Is(err, ErrInUse) {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		alone, err := os.OpenFile(path+".alone", os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("two at once: %w", err)
		}
		if err := w.SetSetting(context.Background(), "turn", fmt.Sprint(os.Getpid(), opened)); err != nil {
			return err
		}
		if err := errors.Join(alone.Close(), os.Remove(path+".alone"), w.Close()); err != nil {
			return err
		}
		opened++
	}
	fmt.Println("turns", opened)
	return nil
}

// Programs that open and close the same workspace at the same time, where each removes the lock file at the end, never have
// it open together.
func TestTakeTurns(t *testing.T) {
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			c := exec.Command(self, p)
			c.Env = append(os.Environ(), childEnv+"=take turns")
			if out, err := c.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "turns") {
				t.Errorf("%v %s", err, out)
			}
		})
	}
	group.Wait()
	if r, err := Verify(context.Background(), p, testPass, nil); err != nil || !r.OK() {
		t.Error(r.Problems(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(p)); err != nil || len(left) != 1 {
		t.Error("left behind:", left, err)
	}
}
