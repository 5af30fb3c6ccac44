package command

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"trestle/internal/workspace"
)

// TestOlderCopyIsSaid: with anchors, a file that was put back to an older copy of itself is opened with a warning.
func TestOlderCopyIsSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	anchors := workspace.FileAnchors("anchors")
	run := func(line string) (status int, errs string) {
		var out, stderr bytes.Buffer
		status = Run(t.Context(), words(line), Env{
			Stdout: &out, Stderr: &stderr, User: "tester", kdf: workspace.CheapKDF(t), Anchors: anchors,
			Getenv: func(string) string { return testPassphrase },
		})
		return status, stderr.String()
	}
	if status, errs := run("workspace new w.trestle"); status != StatusOK {
		t.Fatal(errs)
	}
	old, err := os.ReadFile("w.trestle")
	if err != nil {
		t.Fatal(err)
	}
	if status, errs := run("workspace info w.trestle"); status != StatusOK || errs != "" {
		t.Fatalf("status %d, %q", status, errs)
	}
	if err := os.WriteFile("w.trestle", old, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, errs := run("workspace info w.trestle"); status != StatusOK || !strings.Contains(errs, "older copy") {
		t.Errorf("status %d, %q", status, errs)
	}
}

// TestCertificateIsWritten: the file holds what is printed, and only its owner may read it.
func TestCertificateIsWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	out := must(t, "workspace dispose --yes --certificate c.txt w.trestle")
	b, err := os.ReadFile("c.txt")
	if err != nil || string(b) != out || !strings.Contains(out, "By              tester\n") {
		t.Errorf("%v\n%s\n--- printed\n%s", err, b, out)
	}
	if _, err := os.Stat("w.trestle"); !os.IsNotExist(err) {
		t.Errorf("the workspace is still there: %v", err)
	}
}

// TestNothingIsDestroyedUnasked: without --yes and without anybody to ask, all stays, and no empty certificate is left.
func TestNothingIsDestroyedUnasked(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	status, out, errs := at(t, "workspace dispose --certificate c.txt w.trestle")
	if status != StatusUsage || out != "" || !strings.Contains(errs, "add --yes if you are sure") {
		t.Errorf("status %d, %q, %q", status, out, errs)
	}
	must(t, "workspace verify w.trestle")
	if _, err := os.Stat("c.txt"); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
