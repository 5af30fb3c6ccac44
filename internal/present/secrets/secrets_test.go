package secrets

import (
	"strings"
	"testing"

	"trestle/internal/present/stage"
)

func TestSecretsAreShownOnDemand(t *testing.T) {
	s := stage.New(t)
	m := New(s.Runner, s.Workspace.Secrets())
	t.Cleanup(m.Close)
	emptied := 0
	m.Done = func() { emptied++ }
	m.Put(" ", "password", []byte("x"))
	s.Settle()
	if text, bad := m.Notice(); !bad || !strings.Contains(text, "name") || emptied != 0 {
		t.Errorf("%q %v", text, bad)
	}
	value := []byte("an invented secret")
	m.Put("Lakeside", "client secret", value)
	s.Settle()
	if text, bad := m.Notice(); bad || emptied != 1 || m.List().Len() != 1 {
		t.Fatalf("%q %v, %d", text, bad, m.List().Len())
	}
	if string(value) == "an invented secret" {
		t.Error("the secret is still in memory")
	}
	for col := range m.List().Columns() {
		if strings.Contains(m.List().Cell(0, col).Text, "invented") {
			t.Error("the list shows it")
		}
	}
	m.SetMasked(true)
	m.Reveal(0)
	s.Settle()
	if _, v := m.Value(); v != nil {
		t.Error("shown under the mask")
	}
	m.SetMasked(false)
	m.Reveal(0)
	s.Settle()
	name, v := m.Value()
	if name != "Lakeside" || string(v) != "an invented secret" {
		t.Errorf("%q %q", name, v)
	}
	m.SetMasked(true)
	if _, again := m.Value(); again != nil || string(v) == "an invented secret" {
		t.Error("the mask does not hide it, or it stays in memory")
	}
	m.SetMasked(false)
	m.Remove(0)
	s.Settle()
	if m.List().Len() != 0 {
		t.Error("not removed")
	}
	m.Reveal(0)
	m.Remove(0)
	s.Settle()
}
