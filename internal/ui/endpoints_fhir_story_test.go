package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/endpoints"
	"trestle/internal/ui/kit"
)

// A FHIR server is made and started, and asked from a console, by keyboard alone.
func TestFHIRServerByKeyboard(t *testing.T) {
	d := project(t)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.Key3)
	d.settle()
	m := d.s.session.endpoints
	d.Chord(fyne.KeyModifierAlt, fyne.KeyN)
	d.Shot("endpoints-new-fhir.png")
	d.Field("127.0.0.1:8080").(*kit.Field).SetText("127.0.0.1:0")
	d.Press("Create")
	d.settle()
	if m.Count() != 1 {
		t.Fatalf("%d endpoints; texts %q", m.Count(), d.Texts())
	}
	d.Key(fyne.KeyF5)
	d.until("the server", m.IsRunning)
	d.tab("Resources")
	d.until("the resources", func() bool { _, ok := m.ShelfLine(); return ok })
	d.settle()
	d.Shot("endpoints-fhir-resources.png")
	d.tab("What it can do")
	d.Shot("endpoints-fhir-ability.png")
	d.Chord(fyne.KeyModifierAlt|fyne.KeyModifierShift, fyne.KeyN)
	d.Shot("endpoints-new-console.png")
	h, _ := m.Header()
	d.Field("http://127.0.0.1:8080/fhir").(*kit.Field).SetText(h.State[len("listening on "):])
	d.Press("Create")
	d.settle()
	if h, _ := m.Header(); h.Kind != endpoints.RESTClient {
		t.Fatalf("chosen is %+v; texts %q", h, d.Texts())
	}
	path, ok := d.Canvas().Focused().(*kit.Field)
	if !ok {
		t.Fatalf("the keyboard is at %T", d.Canvas().Focused())
	}
	path.SetText("")
	d.Type("Patient?fam")
	d.Key(fyne.KeyDown, fyne.KeyReturn) // what is offered is taken
	if path.Text != "Patient?family=" {
		t.Errorf("the path is %q", path.Text)
	}
	path.SetText("Patient?_count=3")
	d.settle()
	d.Key(fyne.KeyEscape, fyne.KeyReturn)
	d.until("the answer", func() bool { text, _ := m.AnswerLine(); return !m.IsAsking() && text != "" && text[0] == '2' })
	d.Shot("endpoints-console.png")
	d.until("the journal", func() bool { return m.JournalList().Len() >= 1 })
	m.Write("POST", "Patient", `{"resourceType":"Patient","gender":"unknowable"}`)
	d.Key(fyne.KeyF5)
	d.until("the refusal", func() bool { return m.HasIssues() })
	d.settle()
	d.Shot("endpoints-console-refused.png")
	if !d.Shows("What is wrong") {
		t.Errorf("texts %q", d.Texts())
	}
	m.OpenExchange(0)
	d.until("the exchange", m.IsOpen)
	d.Shot("endpoints-fhir-exchange.png")
	d.Key(fyne.KeyEscape)
	m.SetMasked(true)
	d.settle()
	d.Shot("endpoints-console-masked.png")
	if d.Shows("unknowable") {
		t.Errorf("the mask lets through: %q", d.Texts())
	}
	m.SetMasked(false)
	m.Choose(0)
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyR)
	d.settle()
	d.Shot("endpoints-fhir-rule.png")
	d.Press("Cancel")
}
