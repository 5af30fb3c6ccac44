package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"trestle/internal/present/endpoints"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// until waits for what comes from beside the work of the project, such as a listener's news.
func (d *story) until(what string, holds func() bool) {
	d.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(end) {
			d.t.Fatalf("waited in vain for %s; texts %q", what, d.Texts())
		}
		time.Sleep(10 * time.Millisecond)
		d.settle()
	}
}

// A stand-in for the partner is made, started, sent to and watched, by keyboard alone.
func TestStandInByKeyboard(t *testing.T) {
	d := project(t)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.Key3)
	d.settle()
	if d.s.m.Place() != shell.Endpoints || !d.Shows("No partner yet") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("endpoints-empty.png")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyN)
	d.Shot("endpoints-new-listener.png")
	d.Canvas().Focused().(*kit.Field).SetText("adt-in")
	d.Field("127.0.0.1:2575").(*kit.Field).SetText("127.0.0.1:0")
	d.Press("Create")
	d.settle()
	m := d.s.session.endpoints
	if m.Count() != 1 {
		t.Fatalf("%d endpoints; texts %q", m.Count(), d.Texts())
	}
	d.Key(fyne.KeyF5)
	d.until("the listener", m.IsRunning)
	h, _ := m.Header()
	address := h.State[len("listening on "):]
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyN)
	d.Field("127.0.0.1:2575").(*kit.Field).SetText(address)
	d.Press("Create")
	d.settle()
	if err := m.OfferSeries("3 A01 A08"); err != nil {
		t.Fatal(err)
	}
	d.Key(fyne.KeyF5)
	d.until("the end of the run", func() bool { return !m.IsSending() })
	d.until("the journal", func() bool { return m.JournalList().Len() == 6 })
	d.Shot("endpoints-sender.png")
	if !d.Shows("6 messages sent") {
		t.Errorf("texts %q", d.Texts())
	}
	m.Choose(0)
	d.until("the journal", func() bool { return m.JournalList().Len() == 6 })
	for range 4 { // to the journal
		d.Key(fyne.KeyF6)
	}
	d.Key(fyne.KeyDown, fyne.KeyReturn)
	d.until("the exchange", m.IsOpen)
	d.Shot("endpoints-exchange.png")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyR)
	d.Shot("endpoints-rule.png")
	d.Press("Cancel")
	d.s.Go(shell.Project)
	d.until("the status line to say what runs", func() bool { return d.Shows("6 in") })
	// A message of the project is one key away from being sent.
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	d.Key(fyne.KeyF5)
	d.settle()
	if d.s.m.Place() != shell.Endpoints || m.Offered() != "1 message of this project" {
		t.Errorf("place %v, offered %q", d.s.m.Place(), m.Offered())
	}
	d.Key(fyne.KeyF5)
	d.until("the message", func() bool {
		h, _ := m.Header()
		text, _ := m.SendLine()
		return h.Kind == endpoints.Sender && text != "" && !m.IsSending()
	})
	d.s.Lock()
	d.settle()
}

// A message that Compare shows, which is in no project, goes out by a key.
func TestMessageOfAPairIsSent(t *testing.T) {
	d := project(t)
	m := d.s.session.endpoints
	create := func(name, address string, kind endpoints.Kind) {
		t.Helper()
		draft := m.NewDraft(kind)
		draft.Name, draft.Address = name, address
		if err := m.Create(draft); err != nil {
			t.Fatal(err)
		}
		d.settle()
	}
	create("adt-in", "127.0.0.1:0", endpoints.Listener)
	m.Start("adt-in")
	d.until("the listener", m.IsRunning)
	h, _ := m.Header()
	create("adt-out", strings.TrimPrefix(h.State, "listening on "), endpoints.Sender)
	d.s.Go(shell.Compare)
	d.s.Drop([]string{d.file("before.hl7", good), d.file("after.hl7", later)})
	d.settle()
	d.s.press("Shift+F5")
	d.settle()
	if d.s.m.Place() != shell.Endpoints || m.Offered() != "the right message of a pair" {
		t.Fatalf("place %v, offered %q", d.s.m.Place(), m.Offered())
	}
	d.s.press("F5")
	d.until("the end of the run", func() bool { return !m.IsSending() })
	m.Choose(0)
	d.until("the journal", func() bool { return m.JournalList().Len() == 1 })
	m.OpenExchange(0)
	d.settle()
	if got := m.OpenRequest(); string(got) != later {
		t.Errorf("%d bytes arrived, %d were shown", len(got), len(later))
	}
}
