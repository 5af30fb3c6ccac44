package people

import (
	"strings"
	"testing"

	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
	"trestle/internal/workspace"
)

type fixture struct {
	*Model
	*stage.Stage
	t    *testing.T
	done int
}

func open(t *testing.T) *fixture {
	t.Helper()
	s := stage.New(t)
	f := &fixture{Model: New(s.Runner, s.Workspace), Stage: s, t: t}
	f.Done = func() { f.done++ }
	t.Cleanup(f.Model.Close)
	f.Load()
	f.Settle()
	return f
}

// opens says whether a secret opens the file, once this session is closed.
func (f *fixture) opens(secret string) bool {
	f.t.Helper()
	if err := f.Workspace.Close(); err != nil {
		f.t.Fatal(err)
	}
	w, err := workspace.Open(f.t.Context(), f.Workspace.Path(), []byte(secret), workspace.OpenOptions{User: "ann"})
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
	f.Settle()
	if field, words := f.Problem(); field != NameField || words == "" {
		t.Errorf("%d %q", field, words)
	}
	pass := []byte("another long one")
	f.Add("Bo Example", pass, []byte("another long one"))
	f.Settle()
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
	f.Settle()
	if field, _ := f.Problem(); field != OldField {
		t.Errorf("field %d", field)
	}
	f.Change([]byte(stage.Passphrase), []byte("a new long one"), []byte("a new long one"))
	f.Settle()
	if _, words := f.Problem(); words != "" {
		t.Fatal(words)
	}
	if f.opens(stage.Passphrase) {
		t.Error("the old passphrase still opens the project")
	}
	if !f.opens("a new long one") {
		t.Error("the new passphrase does not")
	}
}

func TestRecoveryCodeIsShownOnceAndOpens(t *testing.T) {
	f := open(t)
	f.AddRecovery()
	f.Settle()
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
	f.Settle()
	if _, words := f.Problem(); words == "" || f.List().Len() != 1 {
		t.Error("the last key was taken away, or nothing is said")
	}
	f.Add("Bo Example", []byte("another long one"), []byte("another long one"))
	f.Settle()
	f.Remove(1)
	f.Settle()
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

func TestRenamedAndNewDataKey(t *testing.T) {
	f := open(t)
	f.Rename(0, " ")
	f.Settle()
	if field, words := f.Problem(); field != RenameField || words == "" {
		t.Errorf("%d %q", field, words)
	}
	f.Rename(0, "Ann Example")
	f.Settle()
	if !strings.HasPrefix(f.List().Cell(0, 0).Text, "Ann Example") {
		t.Errorf("%q", f.List().Cell(0, 0).Text)
	}
	closed := ""
	f.Closed = func(text string) { closed = text }
	f.Add("Bo Example", []byte("another long one"), []byte("another long one"))
	f.Settle()
	if f.Others() != 1 {
		t.Error(f.Others())
	}
	f.Rekey([]byte("short"), []byte("short"))
	if field, _ := f.Problem(); field != NewField || closed != "" {
		t.Errorf("field %d", field)
	}
	f.Rekey([]byte("a third long one"), []byte("a third long one"))
	f.Settle()
	if !strings.Contains(closed, "new data key") {
		t.Fatalf("%q", closed)
	}
	if f.opens("another long one") || !f.opens("a third long one") {
		t.Error("not exactly the new passphrase opens the project")
	}
}
