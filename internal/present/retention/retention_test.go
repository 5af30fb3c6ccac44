package retention

import (
	"strings"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/present/stage"
)

func TestPurgeAfterAPreview(t *testing.T) {
	s := stage.New(t)
	var batch []inspect.Record
	for i := range 12 {
		batch = append(batch, inspect.Record{Source: []string{"old.hl7", "new.hl7"}[i/9], Index: i, Bytes: []byte("MSH|^~\\&|A\r"), Summary: inspect.Summary{Format: "hl7v2"}})
	}
	if _, err := s.Workspace.AddMessages(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	m := New(s.Runner, s.Workspace)
	t.Cleanup(m.Close)
	removed := 0
	m.Removed = func() { removed++ }
	for _, c := range []struct{ before, tag, source, want string }{{"", "", "", "Say which"}, {"31.1.2026", "", "", "2026-01-31"}} {
		m.Preview(c.before, c.tag, c.source)
		s.Settle()
		if text, bad := m.Notice(); !bad || !strings.Contains(text, c.want) || m.Count() != 0 {
			t.Errorf("%q %v", text, bad)
		}
	}
	m.Preview("2001-01-01", "", "")
	s.Settle()
	if l := m.Lines(); len(l) != 1 || !strings.Contains(l[0], "No message") {
		t.Error(l)
	}
	m.Purge() // nothing to do
	m.Preview("", "", " old.hl7 ")
	s.Settle()
	if m.Count() != 9 || !strings.Contains(strings.Join(m.Lines(), " "), "3 would stay") {
		t.Errorf("%d, %v", m.Count(), m.Lines())
	}
	m.Forget()
	m.Purge()
	s.Settle()
	if m.Lines() != nil || removed != 0 {
		t.Error("removed without a preview")
	}
	m.Preview("", "", "old.hl7")
	s.Settle()
	m.Purge()
	s.Settle()
	if text, bad := m.Notice(); bad || !strings.Contains(text, "9 messages were removed") || removed != 1 {
		t.Errorf("%q %v", text, bad)
	}
	if i, err := s.Workspace.Info(t.Context()); err != nil || i.Messages != 3 {
		t.Error(i.Messages, err)
	}
}

// What came in since the preview is not removed unseen.
func TestChangedSinceThePreview(t *testing.T) {
	s := stage.New(t)
	one := []inspect.Record{{Source: "a.hl7", Bytes: []byte("MSH|^~\\&|A\r"), Summary: inspect.Summary{Format: "hl7v2"}}}
	if _, err := s.Workspace.AddMessages(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	m := New(s.Runner, s.Workspace)
	t.Cleanup(m.Close)
	m.Preview("", "", "a.hl7")
	s.Settle()
	if _, err := s.Workspace.AddMessages(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	m.Purge()
	s.Settle()
	if _, bad := m.Notice(); !bad {
		t.Error("it is not said")
	}
	if i, err := s.Workspace.Info(t.Context()); err != nil || i.Messages != 2 {
		t.Error(i.Messages, err)
	}
}
