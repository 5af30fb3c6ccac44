package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// inspecting is the window with two messages in Inspect.
func inspecting(t *testing.T) *story {
	t.Helper()
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good), d.file("broken.hl7", broken)})
	d.settle()
	d.s.Go(shell.Inspect)
	d.settle()
	return d
}

// A filter is written with proposals, saved, and found again, by keyboard alone.
func TestFilterIsCompletedAndSavedByKeyboard(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyF)
	query := d.Canvas().Focused().(*kit.Field)
	d.Type("PID")
	d.Settle()
	d.Shot("inspect-completion.png")
	if !d.Shows("Patient Identification") {
		t.Errorf("texts %q", d.Texts())
	}
	if !query.AcceptsTab() {
		t.Error("Tab leaves the field while proposals show")
	}
	d.Key(fyne.KeyTab)
	d.Type("8 = ")
	d.Key(fyne.KeyDown, fyne.KeyReturn)
	if query.Text != "PID-8 = F " {
		t.Errorf("written %q", query.Text)
	}
	if query.AcceptsTab() {
		t.Error("Tab does not leave the field when no proposals show")
	}
	d.Key(fyne.KeyBackspace, fyne.KeyBackspace)
	d.Type("Male")
	d.Key(fyne.KeyReturn)
	d.settle()
	if shown, _, _ := m.Shown(); shown != 1 {
		t.Errorf("%d messages for %q", shown, query.Text)
	}
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyB)
	d.Type("male in words")
	d.Shot("inspect-save-filter.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	if all := m.Filters(); len(all) != 1 || all[0].Name != "male in words" {
		t.Fatalf("saved %v", all)
	}
	m.SetQuery("")
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyB)
	d.Settle()
	d.Shot("inspect-filters.png")
	if !d.Shows("male in words") {
		t.Errorf("texts %q", d.Texts())
	}
}

// Columns are chosen, one of a path is added, and the list is narrowed to a type.
func TestColumnsAndTypes(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	d.s.session.inspectView.ChooseColumns()
	d.Field("a path, such as PID-8 or OBX[2]-5.1")
	d.Type("PID-99999999")
	d.Press("Add column")
	d.Field("a path, such as PID-8 or OBX[2]-5.1").(*kit.Field).SetText("PID-8")
	d.Press("Add column")
	d.Settle()
	d.Shot("inspect-columns.png")
	d.Press("Use these")
	d.settle()
	columns := m.List().Columns()
	if last := columns[len(columns)-1]; last.ID != "PID-8" {
		t.Errorf("columns %+v", columns)
	}
	d.s.session.inspectView.CountTypes()
	d.settle()
	d.Settle()
	d.Shot("inspect-types.png")
	d.Press("Show only these")
	d.settle()
	if text, _ := m.Query(); !strings.HasPrefix(text, "type:ADT") {
		t.Errorf("query %q", text)
	}
}

// The field at the cursor is counted over the listed messages.
func TestStatisticsOfAField(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	m.MoveTo(strings.Index(good, "|F\r") + 1)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyI)
	d.settle()
	d.Settle()
	d.Shot("inspect-statistics.png")
	if !d.Shows("PID-8  Administrative Sex") || !d.Shows("100 % of 2 messages") {
		t.Errorf("texts %q", d.Texts())
	}
}

// The field at the cursor is explained, and long segments are broken at the edge, by a key each.
func TestExplainAndWrap(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	m.MoveTo(strings.Index(good, "|F\r") + 1)
	d.Key(fyne.KeyF3)
	d.Settle()
	d.Shot("inspect-explain.png")
	if !d.Shows("PID-8  Administrative Sex") || !d.Shows("optional") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	d.Chord(fyne.KeyModifierAlt, fyne.KeyZ)
	d.settle()
	d.Settle()
	d.Shot("inspect-wrapped.png")
	if !m.Wraps() || !d.s.session.inspectView.Wraps() {
		t.Error("not wrapped")
	}
}
