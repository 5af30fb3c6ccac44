//go:build linux

package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() { children["fulldisk"] = childFullDisk }

// childFullDisk mounts a small file system of its own and fills it several times.
func childFullDisk(dir string) error {
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") // nobody else sees the next one
	if err == nil {
		err = syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m")
	}
	if err != nil {
		fmt.Println("skip", err)
		return nil
	}
	defer syscall.Unmount(dir, 0)
	total := 0
	rounds := times(6, 60)
	for round := range rounds {
		n, err := fillDisk(filepath.Join(dir, "w.trestle"), filepath.Join(dir, "filler"), round)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		total += n
	}
	fmt.Printf("done: %d times full, %d messages committed, 0 lost\n", rounds, total)
	return nil
}

// fillDisk adds messages to a new workspace until the disk is full, because somebody else took some of the room, more in each
// round. It gives the number of messages that were committed.
func fillDisk(p, filler string, round int) (total int, err error) {
	ctx := context.Background()
	w, err := Create(ctx, p, testPass, CreateOptions{KDF: KDF{Passes: 1, MemoryKiB: 64, Lanes: 1, cheap: true}})
	if err != nil {
		return 0, err
	}
	defer os.Remove(p)
	defer w.abandon()
	if err := os.WriteFile(filler, make([]byte, 1<<20+(round%30)*(100<<10)+round*4096), 0o600); err != nil {
		return 0, err
	}
	for err == nil {
		if _, err = w.AddMessages(ctx, samples(total, total+10)); err == nil {
			total += 10
		}
	}
	if !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "make room") {
		return total, fmt.Errorf("words: %w", err)
	}
	n, err1 := w.Count(ctx, Query{})
	rows, err2 := w.Rows(ctx, []int64{1, int64(total)})
	if err := errors.Join(err1, err2, w.writeHeader(ctx)); err != nil || n != total || len(rows) != 2 { // the header needs no room
		return total, fmt.Errorf("with the disk full: %d of %d: %w", n, total, err)
	}
	if round%2 == 1 {
		if err := w.Close(); err != nil && !errors.Is(err, ErrNoSpace) {
			return total, fmt.Errorf("closing with the disk full: %w", err)
		}
	}
	if err := os.Remove(filler); err != nil {
		return total, err
	}
	if round%2 == 0 { // the open workspace goes on
		if _, err := w.AddMessages(ctx, samples(total, total+10)); err != nil {
			return total, fmt.Errorf("with room again: %w", err)
		}
		total += 10
		if err := w.Close(); err != nil {
			return total, err
		}
	}
	if n, _, err := readThrough(p, 0); err != nil || n != total {
		return total, fmt.Errorf("%d of %d: %w", n, total, err)
	}
	r, err := Verify(ctx, p, testPass, nil)
	if err == nil && !r.OK() {
		err = errors.New(strings.Join(r.Problems(), " "))
	}
	return total, err
}

// A full disk: the words say so, what was acknowledged is there and reads, and with room again it goes on.
func TestFullDisk(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, t.TempDir())
	c.Env = append(os.Environ(), childEnv+"=fulldisk")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS} // what is mounted is seen by the child only
	if os.Getuid() != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.CombinedOutput()
	var refused *os.SyscallError
	switch s := string(out); {
	case err != nil && len(s) == 0 || errors.As(err, &refused):
		t.Skip("no file system of its own for the test: ", err)
	case strings.HasPrefix(s, "skip"):
		t.Skip("no file system of its own for the test: ", s)
	case err != nil || !strings.HasPrefix(s, "done"):
		t.Error(err, s)
	default:
		t.Log(s)
	}
}
