package people

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

const first = "correct horse battery"

type fixture struct {
	*Model
	t      *testing.T
	path   string
	w      *workspace.Workspace
	queue  *job.Queue
	runner *job.Runner
	done   int
}

func open(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, queue: &job.Queue{}, path: filepath.Join(t.TempDir(), "a.trestle")}
	var err error
	if f.w, err = workspace.Create(t.Context(), f.path, []byte(first), workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "ann"}); err != nil {
		t.Fatal(err)
	}
	f.runner = job.NewRunner(f.queue.Gate)
	f.Model = New(f.runner, f.w)
	f.Done = func() { f.done++ }
	t.Cleanup(func() {
		f.Close()
		f.runner.Close()
		f.w.Close()
	})
	f.Load()
	f.settle()
	return f
}

func (f *fixture) settle() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	if err := f.queue.Drain(ctx, f.runner); err != nil {
		f.t.Fatal(err)
	}
}

// opens says whether a secret opens the file, once this session is closed.
func (f *fixture) opens(secret string) bool {
	f.t.Helper()
	if err := f.w.Close(); err != nil {
		f.t.Fatal(err)
	}
	w, err := workspace.Open(f.t.Context(), f.path, []byte(secret), workspace.OpenOptions{User: "ann"})
	if err != nil {
		return false
	}
	if err := w.Close(); err != nil {
		f.t.Fatal(err)
	}
	return true
}

func TestAnotherPersonGetsAKey(t *testing.T) {
	f := open(t)
	if f.List().Len() != 1 || !f.List().Cell(0, 0).Bold {
		t.Fatalf("%d keys", f.List().Len())
	}
	f.Add("Bo Example", []byte("short"), []byte("short"))
	if field, words := f.Problem(); field != NewField || words == "" {
		t.Errorf("%d %q", field, words)
	}
	f.Add("Bo Example", []byte("another long one"), []byte("another long onE"))
	if field, _ := f.Problem(); field != AgainField {
		t.Errorf("field %d", field)
	}
	f.Add("", []byte("another long one"), []byte("another long one"))
	f.settle()
	if field, words := f.Problem(); field != NameField || words == "" {
		t.Errorf("%d %q", field, words)
	}
	pass := []byte("another long one")
	f.Add("Bo Example", pass, []byte("another long one"))
	f.settle()
	if f.List().Len() != 2 || f.done != 1 || !strings.Contains(f.Notice(), "Bo Example") {
		t.Fatalf("%d keys, %q", f.List().Len(), f.Notice())
	}
	if string(pass) == "another long one" {
		t.Error("the passphrase is still in memory")
	}
	if !f.opens("another long one") {
		t.Error("the new key does not open the project")
	}
}

func TestPassphraseIsChanged(t *testing.T) {
	f := open(t)
	f.Change([]byte("not the right one"), []byte("a new long one"), []byte("a new long one"))
	f.settle()
	if field, _ := f.Problem(); field != OldField {
		t.Errorf("field %d", field)
	}
	f.Change([]byte(first), []byte("a new long one"), []byte("a new long one"))
	f.settle()
	if _, words := f.Problem(); words != "" {
		t.Fatal(words)
	}
	if f.opens(first) {
		t.Error("the old passphrase still opens the project")
	}
	if !f.opens("a new long one") {
		t.Error("the new passphrase does not")
	}
}

func TestRecoveryCodeIsShownOnceAndOpens(t *testing.T) {
	f := open(t)
	f.AddRecovery()
	f.settle()
	code := string(f.Code())
	if len(code) < 30 {
		t.Fatalf("a code of %d letters", len(code))
	}
	f.ForgetCode()
	if f.Code() != nil {
		t.Error("the code is still there")
	}
	if !f.opens(strings.ToLower(code)) {
		t.Error("the code does not open the project")
	}
}

func TestTheLastKeyStays(t *testing.T) {
	f := open(t)
	f.Remove(0)
	f.settle()
	if _, words := f.Problem(); words == "" || f.List().Len() != 1 {
		t.Error("the last key was taken away, or nothing is said")
	}
	f.Add("Bo Example", []byte("another long one"), []byte("another long one"))
	f.settle()
	f.Remove(1)
	f.settle()
	if f.List().Len() != 1 {
		t.Errorf("%d keys", f.List().Len())
	}
	if f.opens("another long one") {
		t.Error("a key that was removed opens the project")
	}
}

func TestStrength(t *testing.T) {
	if line, _ := Strength(nil); line != "" {
		t.Errorf("%q", line)
	}
	if _, role := Strength([]byte("password")); role != screen.RoleWarning {
		t.Error("password is not warned of")
	}
	if line, role := Strength([]byte("violet tram gossip anvil mustard")); role != screen.RoleOK {
		t.Errorf("%q", line)
	}
}
