package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/files"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// later is the message good as the same system sends it a month on.
var later = strings.NewReplacer("LAKESIDE", "LAKESIDE2", "Marlow^Jane^Q", "Marlow^Joan^Q", "19790228|F", "19790228|F|||12 Oak Cir").Replace(good)

// folder writes files into a folder of its own.
func (d *story) folder(name string, files map[string]string) string {
	d.t.Helper()
	dir := filepath.Join(d.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	return dir
}

// Two files dropped are compared at once; what differs is stepped through, and left out, by keyboard.
func TestTwoMessagesAreCompared(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Compare)
	d.settle()
	if !d.Shows("What changed?") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("compare-empty.png")
	d.s.Drop([]string{d.file("before.hl7", good), d.file("after.hl7", later)})
	d.settle()
	m := d.s.session.comparing
	if !m.IsOpen() || m.IsSet() || m.Differences().Len() != 3 {
		t.Fatalf("open %v, %d differences; texts %q", m.IsOpen(), m.Differences().Len(), d.Texts())
	}
	d.Shot("compare-pair.png")
	if m.CurrentPath() != "MSH-3" {
		t.Errorf("at %s", m.CurrentPath())
	}
	d.Key(fyne.KeyF8)
	if m.CurrentPath() != "PID-5.2" || !strings.Contains(d.s.session.places[shell.Compare].Status().Where, "Given Name") {
		t.Errorf("at %s, status %q", m.CurrentPath(), d.s.session.places[shell.Compare].Status().Where)
	}
	d.Type("i")
	d.settle()
	if on, all := m.RuleCount(); on != 1 || all != 1 || !d.Shows("left out everywhere") {
		t.Errorf("%d of %d rules; texts %q", on, all, d.Texts())
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyU)
	d.Shot("compare-unified.png")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyH)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyJ)
	d.s.press("Ctrl+Z")
	d.settle()
	if on, _ := m.RuleCount(); on != 0 {
		t.Errorf("%d rules after undo", on)
	}
	d.s.SetMasked(true)
	d.Shot("compare-masked.png")
	for _, text := range d.Texts() {
		if strings.Contains(text, "Joan") || strings.Contains(text, "before.hl7") {
			t.Errorf("%q shows under the mask", text)
		}
	}
}

// Two folders dropped are a set: patterns are expected with a key, and what remains is listed.
func TestTwoFoldersAreCompared(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Compare)
	before, after := map[string]string{}, map[string]string{}
	for i := range 30 {
		id := "MSG" + string(rune('A'+i))
		name := id + ".hl7"
		before[name] = strings.ReplaceAll(good, "MSG00412", id)
		after[name] = before[name]
		if i%2 == 0 {
			after[name] = strings.ReplaceAll(later, "MSG00412", id)
		}
	}
	delete(after, "MSGB.hl7")
	d.s.Drop([]string{d.folder("february", before), d.folder("march", after)})
	d.settle()
	m := d.s.session.comparing
	if !m.IsSet() || m.Pairs().Len() != 30 || m.Patterns().Len() != 3 {
		t.Fatalf("%d pairs, %d patterns; texts %q", m.Pairs().Len(), m.Patterns().Len(), d.Texts())
	}
	d.Shot("compare-set.png")
	first := m.Pattern(0)
	d.Type("e") // the patterns have the keyboard
	d.settle()
	if m.Patterns().Len() != 2 || m.Pattern(0) == first {
		t.Errorf("%d patterns, the first %s", m.Patterns().Len(), m.Pattern(0))
	}
	d.Key(fyne.KeyReturn)
	d.settle()
	if !m.IsOpen() {
		t.Error("no example is open")
	}
	d.Shot("compare-set-open.png")
	d.Chord(fyne.KeyModifierAlt, fyne.Key2)
	d.settle()
	d.Shot("compare-pairs.png")
	d.Chord(fyne.KeyModifierAlt, fyne.Key3)
	d.Shot("compare-rules.png")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyS)
	d.Canvas().Focused().(*kit.Field).SetText("go-live")
	d.Shot("compare-baseline.png")
	d.Press("Keep")
	d.settle()
	if !d.Shows("The baseline go-live is kept: 29 messages") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyO)
	d.settle()
	d.Shot("compare-sides.png")
	d.Press("Cancel")
}

// Two messages that are selected in Inspect are one key away from their comparison.
func TestSelectedMessagesAreCompared(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Inspect)
	d.s.Drop([]string{d.file("good.hl7", good+broken)})
	d.settle()
	d.Key(fyne.KeyHome)
	d.Shift(fyne.KeyDown)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyD)
	d.settle()
	if m := d.s.session.comparing; d.s.m.Place() != shell.Compare || !m.IsOpen() {
		t.Fatalf("place %v, open %v; texts %q", d.s.m.Place(), m.IsOpen(), d.Texts())
	}
}

// A dialog from which another one was opened can be finished after it.
func TestFolderIsChosenInsideADialog(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Compare)
	left, right := d.folder("february", map[string]string{"a.hl7": good}), d.folder("march", map[string]string{"a.hl7": later})
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyO)
	d.settle()
	d.s.showFiles(files.Folder, "Choose", "", "Choose this folder", func([]string) {})
	d.Key(fyne.KeyEscape)
	if !d.Shows("How messages find each other") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Press("Cancel")
	if d.s.isModal() {
		t.Errorf("the dialog stays; texts %q", d.Texts())
	}
	d.s.Drop([]string{left, right})
	d.settle()
	if !d.s.session.comparing.IsOpen() {
		t.Errorf("texts %q", d.Texts())
	}
}

// The dialog lets one side go through a mapping.
func TestSideGoesThroughAMapping(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Compare)
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyO)
	d.settle()
	d.Shot("compare-sides.png")
	if !d.Shows("Messages as they are") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Press("Messages as they are")
	d.settle()
	d.Shot("compare-mappings.png")
	d.Key(fyne.KeyDown)
	d.Key(fyne.KeyDown)
	d.Key(fyne.KeyReturn)
	d.settle()
	d.Shot("compare-mapped.png")
	if !d.Shows("Through the mapping ADT to FHIR R4") {
		t.Errorf("texts %q", d.Texts())
	}
}
