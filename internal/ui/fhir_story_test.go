package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// withRecord is the window with the sample project's Bundle about an invented patient open in Inspect.
func withRecord(t *testing.T) *story {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "workspaces", "riverbend", "messages", "fhir-bundle-okafor.json"))
	if err != nil {
		t.Fatal(err)
	}
	d := project(t)
	d.s.Drop([]string{d.file("record.json", string(b)), d.file("wrong.json", `{"resourceType":"Patient","id":"w","gender":"F","managingOrganization":{"reference":"Organization/harborview"}}`)})
	d.settle()
	d.s.Go(shell.Inspect)
	d.settle()
	d.s.session.inspect.SubmitQuery("type = Bundle")
	d.settle()
	return d
}

// ctrl presses a key with the modifier of shortcuts.
func (d *story) ctrl(key fyne.KeyName) { d.Chord(fyne.KeyModifierShortcutDefault, key); d.settle() }

// By keyboard alone: an expression is asked, its answer followed to its place, the element explained.
func TestFHIRPathIsAskedByKeyboard(t *testing.T) {
	d := withRecord(t)
	f := d.s.session.inspect.FHIR()
	d.ctrl(fyne.KeyP)
	d.Type("entry.resource.ofType(Patient).gen")
	d.Settle()
	d.Shot("fhir-path-proposals.png")
	if !d.Shows("male | female | other | unknown") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyTab)
	d.settle()
	d.Settle()
	if f.Expression() != "entry.resource.ofType(Patient).gender" {
		t.Errorf("expression %q", f.Expression())
	}
	d.Shot("fhir-path.png")
	if !d.Shows("1 answer") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyReturn)
	if f.Path() != "Bundle.entry[0].resource.gender" {
		t.Errorf("at %q", f.Path())
	}
	d.Key(fyne.KeyF3)
	d.Settle()
	d.Shot("fhir-explain.png")
	if !d.Shows("male | female | other | unknown") || !d.Shows("administrative-gender, required") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyC)
	if got := d.s.Clipboard().Content(); got != "Bundle.entry[0].resource.gender" {
		t.Errorf("copied %q", got)
	}
	d.ctrl(fyne.KeyP)
	d.Type("entry.")
	d.settle()
	if text, bad := f.News(); !bad || text == "" {
		t.Errorf("news %q", text)
	}
	d.Shot("fhir-path-wrong.png")
}

// The Bundle as a table: narrowed to a type, sorted, an entry opened; a reference followed and back again, by keyboard.
func TestBundleIsWalkedByKeyboard(t *testing.T) {
	d := withRecord(t)
	m := d.s.session.inspect
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyE)
	d.settle()
	d.Settle()
	d.Shot("fhir-entries.png")
	filter := d.Field("Filter: type, id, name, address").(*kit.Field)
	d.s.Focus(filter)
	d.Type("coverage")
	d.settle()
	if n := m.FHIR().EntryGrid().Len(); n != 1 {
		t.Fatalf("%d rows", n)
	}
	d.Key(fyne.KeyReturn, fyne.KeyDown, fyne.KeyReturn)
	d.settle()
	if m.Path() != "Bundle.entry[5].resource" || m.FHIR().Mode() != fhirview.JSON {
		t.Errorf("at %q", m.Path())
	}
	m.MoveTo(strings.Index(string(m.Raw()), `"reference": "Organization/harborview"`) + 15)
	d.ctrl(fyne.KeyJ)
	if m.Path() != "Bundle.entry[2].resource" {
		t.Errorf("at %q", m.Path())
	}
	d.Settle()
	d.Shot("fhir-followed.png")
	d.Chord(fyne.KeyModifierAlt, fyne.KeyLeft)
	d.settle()
	if m.Path() != "Bundle.entry[5].resource.payor[0].reference" {
		t.Errorf("back at %q", m.Path())
	}
	d.ctrl(fyne.KeyT)
	d.settle()
	d.Settle()
	d.Shot("fhir-xml.png")
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyK)
	d.settle()
	d.Settle()
	d.Shot("fhir-cards.png")
	if m.FHIR().CardGrid().Len() < 20 {
		t.Errorf("%d lines of cards", m.FHIR().CardGrid().Len())
	}
}

// Inspect fits into a small window, whatever it shows of a Bundle, and with its reference followed.
func TestBundleFitsIntoASmallWindow(t *testing.T) {
	d := withRecord(t)
	m := d.s.session.inspect
	for _, mode := range []fhirview.Mode{fhirview.JSON, fhirview.XML, fhirview.Hex, fhirview.CardMode, fhirview.EntryMode} {
		m.FHIR().SetMode(mode)
		d.settle()
		m.MoveTo(strings.Index(string(m.Raw()), `"reference": "Organization/harborview"`) + 15)
		d.ctrl(fyne.KeyJ)
		d.Settle()
		if least := d.s.root.MinSize(); least.Width > 900 {
			t.Errorf("%v needs %v", mode, least)
		}
	}
}

// What is wrong is found by F8, and another message in the list takes the parts of the place back.
func TestFindingsOfAResource(t *testing.T) {
	d := withRecord(t)
	m := d.s.session.inspect
	m.SubmitQuery("finding >= error")
	d.settle()
	d.Key(fyne.KeyF8)
	d.settle()
	d.Settle()
	d.Shot("fhir-findings.png")
	if m.Path() != "Patient.gender" || !d.Shows("1 error") {
		t.Errorf("at %q, texts %q", m.Path(), d.Texts())
	}
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	d.Settle()
	if m.FHIR().IsOpen() || !d.Shows("Fields") || d.Shows("Each entry") {
		t.Errorf("texts %q", d.Texts())
	}
}

// Under the mask nothing that is drawn names the patient.
func TestMaskedResourceIsDrawnBlank(t *testing.T) {
	d := withRecord(t)
	d.ctrl(fyne.KeyM)
	d.Settle()
	d.Shot("fhir-masked.png")
	if !d.s.session.inspect.Masked() {
		t.Fatal("not masked")
	}
	for _, text := range d.Texts() {
		if strings.Contains(text, "Okafor") || strings.Contains(text, "okafor") || strings.Contains(text, "0088121") {
			t.Errorf("shown: %q", text)
		}
	}
}
