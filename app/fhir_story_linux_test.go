package main

import (
	"strings"
	"testing"
)

// Invented: the gender is no code of FHIR, and the manager is contained.
const storyResource = `{"resourceType":"Patient","id":"story","contained":[{"resourceType":"Organization","id":"o","name":"Lakeside"}],` +
	`"name":[{"family":"Ash","given":["Kim"]}],"gender":"F","managingOrganization":{"reference":"#o"}}`

// From a pasted resource to its cause, its answers and its references, by keyboard alone.
func TestPastedResourceByKeyboard(t *testing.T) {
	w := sampleWindow(t, 1280, 800, 1)
	w.Copy(storyResource)
	w.Key("ctrl+shift+v")
	w.quiet()
	w.Key("F8")
	w.quiet()
	if path := w.pathAtCursor(); path != "Patient.gender" {
		t.Errorf("the finding leads to %q", path)
	}
	w.Keep("fhir-finding", w.Stable())
	w.Key("F3")
	w.Keep("fhir-explained", w.quiet())
	w.Key("Escape", "ctrl+p")
	w.Type("managingOrganization.reference")
	w.quiet()
	w.Key("Return")
	w.quiet()
	if path := w.pathAtCursor(); path != "Patient.managingOrganization.reference" {
		t.Errorf("the answer leads to %q", path)
	}
	w.Keep("fhir-answer", w.Stable())
	w.Key("ctrl+j")
	w.quiet()
	if path := w.pathAtCursor(); path != "Patient.contained[0]" {
		t.Errorf("the reference leads to %q", path)
	}
	w.Key("alt+Left")
	w.quiet()
	if path := w.pathAtCursor(); path != "Patient.managingOrganization.reference" {
		t.Errorf("back at %q", path)
	}
	text := w.Stable()
	w.Key("ctrl+t")
	other := w.quiet()
	w.Keep("fhir-xml", other)
	if same(text, other) {
		t.Error("Ctrl+T shows the same")
	}
	w.Key("ctrl+a", "ctrl+c")
	w.quiet()
	if got := w.Clipboard(); !strings.Contains(got, `<family value="Ash"/>`) {
		t.Errorf("%d bytes were copied, and no XML", len(got))
	}
}
