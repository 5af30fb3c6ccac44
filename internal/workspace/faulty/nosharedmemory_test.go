package faulty_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"trestle/internal/workspace"
	"trestle/internal/workspace/faulty"
)

const (
	childEnv = "TRESTLE_FAULTY_CHILD" // what the child does; SQLite's default VFS is chosen once in a process
	pathEnv  = "TRESTLE_FAULTY_PATH"
)

// childMain tries to open, or to create, a workspace where there is no shared memory.
func childMain(what string) int {
	if err := faulty.UseVFS("unix-dotfile"); err != nil {
		fmt.Println(err)
		return 1
	}
	var err error
	if path := os.Getenv(pathEnv); what == "open" {
		_, err = workspace.Open(ctx, path, pass, workspace.OpenOptions{})
	} else {
		_, err = workspace.Create(ctx, path, pass, workspace.CreateOptions{KDF: workspace.FloorKDF})
	}
	fmt.Println(errors.Is(err, workspace.ErrInUse), err)
	return 0
}

// Where the file system has no shared memory, as on some network drives, a workspace is refused in words; the file and
// what lies beside it stay as they were.
func TestNoSharedMemory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs SQLite's unix-dotfile VFS")
	}
	dir := t.TempDir()
	p := filepath.Join(dir, "w.trestle")
	if err := create(t, p).Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"open": p, "create": filepath.Join(dir, "new.trestle")} {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), childEnv+"="+what, pathEnv+"="+path)
		out, err := c.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "true ") || !strings.Contains(string(out), "network drive") {
			t.Errorf("%s: %v %s", what, err, out)
		}
	}
	after, err := os.ReadFile(p)
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file was changed:", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Error("left behind:", left, err)
	}
}
