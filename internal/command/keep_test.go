package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/workspace"
)

const testPassphrase = "violet kettle orbit mango"

// at runs a command line as a person without a terminal would and gives its status and outputs.
func at(t *testing.T, line string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = Run(t.Context(), words(line), Env{
		Stdout: &stdout, Stderr: &stderr, User: "tester", kdf: workspace.CheapKDF(t),
		Getenv: func(name string) string {
			return map[string]string{PassphraseVariable: testPassphrase, NewPassphraseVariable: "harbour thimble quartz onion"}[name]
		},
	})
	return status, stdout.String(), stderr.String()
}

func must(t *testing.T, line string) string {
	t.Helper()
	status, out, errs := at(t, line)
	if status != StatusOK {
		t.Fatalf("%s: status %d, %q", line, status, errs)
	}
	return out
}

// TestDamagedBackup: what is not whole does not take the place of anything, and the check that failed is status 1.
func TestDamagedBackup(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	must(t, "workspace backup w.trestle b.trestle")
	b, err := os.ReadFile("b.trestle")
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1000] ^= 1 // in the last page
	if err := os.WriteFile("b.trestle", b, 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("w.trestle")
	if err != nil {
		t.Fatal(err)
	}
	status, out, errs := at(t, "workspace restore --yes b.trestle w.trestle")
	if status != StatusFailed || !strings.Contains(errs, "damaged") {
		t.Errorf("status %d, %q, %q", status, out, errs)
	}
	after, err := os.ReadFile("w.trestle")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the workspace was changed (%v)", err)
	}
}

func TestBackupsAreCounted(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	must(t, "workspace new w.trestle")
	for range 3 {
		must(t, "workspace backup --keep 2 w.trestle folder")
	}
	if list, err := filepath.Glob("folder/*.trestle"); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestNobodyToAsk: where there is no terminal, what asks needs --yes, and does nothing without.
func TestNobodyToAsk(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	must(t, "workspace slot add w.trestle Ann")
	for _, line := range []string{"workspace slot remove w.trestle 2", "workspace rekey w.trestle"} {
		status, out, errs := at(t, line)
		if status != StatusUsage || out != "" || !strings.Contains(errs, "add --yes if you are sure") {
			t.Errorf("%s: status %d, %q, %q", line, status, out, errs)
		}
	}
	must(t, "workspace slot remove --yes w.trestle 2")
	if out := must(t, "workspace slot w.trestle"); strings.Contains(out, "Ann") {
		t.Errorf("%q", out)
	}
}

// TestRecoveryCodeThatCannotBePrinted: the key is there, and who asked for it is told.
func TestRecoveryCodeThatCannotBePrinted(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	var errs bytes.Buffer
	status := Run(t.Context(), words("workspace slot recovery w.trestle"), Env{
		Stdout: &failingWriter{err: errors.New("no space left on device")}, Stderr: &errs,
		Getenv: func(string) string { return testPassphrase },
	})
	if status != StatusUsage || !strings.Contains(errs.String(), "could not be printed (no space left on device); remove it") {
		t.Errorf("status %d, %q", status, errs.String())
	}
}

// TestFailedExportLeavesNoFile: half a log in clear is worse than none.
func TestFailedExportLeavesNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	w, err := workspace.Open(t.Context(), "w.trestle", []byte(testPassphrase), workspace.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &session{Env: Env{Stderr: &bytes.Buffer{}}}
	if err := s.exportLog(ctx, w, logOptions{csv: "log.csv"}); err == nil {
		t.Error("no error")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("log.csv"); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
