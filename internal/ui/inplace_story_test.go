package ui

import (
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/inspect"
	"trestle/internal/present/shell"
)

// largeFile is a file of the size from which on the window asks, most of it a hole behind its messages.
func (d *story) largeFile(name, text string) string {
	d.t.Helper()
	path := d.file(name, text)
	if err := os.Truncate(path, inspect.LargeFile); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// A large file is dropped, opened in place, looked through and asked; messages of it are imported; all by keyboard.
func TestLargeFileIsOpenedInPlace(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.largeFile("feed.hl7", good+broken+good)})
	d.settle()
	d.Settle()
	d.Shot("inplace-question.png")
	if !d.Shows("This file has 104.9 MB") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyReturn) // the first answer has the keyboard
	d.settle()
	v, file := d.s.session.inspectView, d.s.session.inspect.File()
	if file == nil || d.s.m.Place() != shell.Inspect {
		t.Fatalf("no file is open; texts %q", d.Texts())
	}
	d.Settle()
	d.settle() // what was painted has asked for its rows
	d.Settle()
	d.Shot("inplace.png")
	if !d.Shows("feed.hl7") || !d.Shows("read where it lies") || !d.Shows("MSG00412") {
		t.Errorf("texts %q", d.Texts())
	}
	m := file.Messages()
	d.Key(fyne.KeyDown)
	d.settle()
	if m.Selected() != 1 || string(m.Raw()) != broken {
		t.Errorf("row %d", m.Selected())
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyF)
	d.Type("PID-3.1 = 88201")
	d.Key(fyne.KeyReturn)
	d.settle()
	if shown, _, _ := m.Shown(); shown != 1 {
		t.Errorf("%d shown", shown)
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyReturn)
	d.settle()
	d.Settle()
	d.Shot("inplace-imported.png")
	if !d.Shows("imported, 2") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Show")
	d.settle()
	d.Settle()
	d.Shot("inplace-beside.png")
	if shown, total, _ := d.s.session.inspect.Shown(); shown != 1 || total != 1 || file.Shown() || !d.Shows("is open in place") {
		t.Errorf("%d of %d; texts %q", shown, total, d.Texts())
	}
	d.Press("Show it")
	d.settle()
	v.ShowFileFindings()
	d.settle()
	d.Settle()
	d.Shot("inplace-findings.png")
	if g := file.FoundGrid(); g.Len() == 0 || !d.Shows("kinds of findings in 4 messages") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	for _, a := range v.Actions() {
		if strings.HasPrefix(a.ID, "inspect.edit") || a.ID == "inspect.delete" || a.ID == "inspect.send" || strings.HasPrefix(a.ID, "inspect.sort") {
			t.Errorf("%s is offered for a file", a.Title)
		}
	}
	v.CloseFile()
	d.settle()
	if d.s.session.inspect.File() != nil || !d.Shows("MSG00414") {
		t.Errorf("texts %q", d.Texts())
	}
}

// Messages that are dropped before a project is open wait for one.
func TestMessagesWaitForAProject(t *testing.T) {
	d := project(t)
	d.s.close(func() {})
	d.settle()
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	d.Settle()
	d.Shot("inplace-waiting.png")
	if !d.Shows("good.hl7 opens as soon as a project is open") {
		t.Errorf("texts %q", d.Texts())
	}
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session == nil {
		t.Fatal("the project did not open")
	}
	if shown, _, _ := d.s.session.inspect.Shown(); shown != 1 || d.s.m.Place() != shell.Inspect {
		t.Errorf("%d messages, place %v", shown, d.s.m.Place())
	}
}
