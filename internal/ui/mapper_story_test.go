package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/mapper"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// mapped is a project with messages and the starter for admissions open in Map.
func mapped(t *testing.T) (*story, *mapper.Model) {
	t.Helper()
	d := project(t)
	d.s.Go(shell.Inspect)
	d.settle()
	d.s.Drop([]string{d.file("one.hl7", good), d.file("two.hl7", broken), d.file("three.hl7", later)})
	d.settle()
	d.s.Go(shell.Map)
	d.settle()
	if !d.Shows("Which field goes where?") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("map-empty.png")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyN)
	d.Canvas().Focused().(*kit.Field).SetText("Lakeside ADT")
	d.Shot("map-new.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	m := d.s.session.mapper
	if !m.IsOpen() {
		t.Fatalf("no mapping is open: %q; texts %q", m.News().Text, d.Texts())
	}
	return d, m
}

// A mapping from a starter is looked at, drawn in, edited in its steps, and undone, all by keyboard.
func TestMappingIsDrawnByKeyboard(t *testing.T) {
	d, m := mapped(t)
	if _, n, _ := m.Samples(); n != 3 {
		t.Fatalf("%d samples", n)
	}
	d.Shot("map-picture.png")
	rules := m.File().Rules()
	if row := m.RowOfPath(false, "PID-10"); row >= 0 {
		d.s.session.places[shell.Map].Focus()
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyG)
	d.Canvas().Focused().(*kit.Field).SetText("PID-10")
	d.Key(fyne.KeyReturn)
	d.Type("m")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyG)
	d.Canvas().Focused().(*kit.Field).SetText("Patient.active")
	d.Key(fyne.KeyReturn)
	d.Type("m")
	d.settle()
	if m.File().Rules() != rules+1 || m.RuleField(mapper.ColumnSources) != "PID-10" || m.RuleField(mapper.ColumnTarget) != "active" {
		t.Fatalf("%d rules, %s to %s, news %q", m.File().Rules(), m.RuleField(mapper.ColumnSources), m.RuleField(mapper.ColumnTarget), m.News().Text)
	}
	d.Shot("map-drawn.png")
	d.s.press("Ctrl+Z")
	if m.File().Rules() != rules {
		t.Error("not undone")
	}
	d.settle()
	trees, _ := d.trees()
	if source, target := m.PathAt(false, trees[0].Selected()), m.PathAt(true, trees[1].Selected()); source != "PID-10" || target != "active" || d.Canvas().Focused() != fyne.Focusable(trees[1]) {
		t.Errorf("after Undo the lists stand at %s and %s", source, target)
	}
	d.Type("/")
	d.Type("nowhere9")
	if trees[1].Empty != m.EmptyWords(true) || !strings.Contains(trees[1].Empty, "Nothing matches") {
		t.Errorf("a search without a match says %q", trees[1].Empty)
	}
	d.Key(fyne.KeyEscape)
	d.settle()
	m.Choose("pid-11")
	d.settle()
	d.Key(fyne.KeyF6) // to the target or the steps
	for range 4 {
		if _, ok := d.Canvas().Focused().(*kit.Chips); ok {
			break
		}
		d.Key(fyne.KeyF6)
	}
	d.Type("l")
	d.Type("owe") // there is but one that begins so
	d.Key(fyne.KeyReturn)
	d.settle()
	if got := m.RuleField(mapper.ColumnFunctions); !strings.HasPrefix(got, "lower | lookup") {
		t.Errorf("functions %q; texts %q", got, d.Texts())
	}
	d.Shot("map-steps.png")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyS)
	d.settle()
	if m.Dirty() || !d.Shows("Saved as version 2") {
		t.Errorf("dirty %v, news %q", m.Dirty(), m.News().Text)
	}
	d.s.SetMasked(true)
	d.settle()
	d.Shot("map-masked.png")
	for _, text := range d.Texts() {
		if strings.Contains(text, "Marlow") || strings.Contains(text, "19790228") {
			t.Errorf("%q shows under the mask", text)
		}
	}
}

// The rules are edited as a sheet, the lookup tables as another.
func TestRulesAreEditedAsASheet(t *testing.T) {
	d, m := mapped(t)
	d.Chord(fyne.KeyModifierAlt, fyne.Key2)
	m.Choose("pid-12")
	d.settle()
	d.Shot("map-table.png")
	for range mapper.ColumnCondition {
		d.Key(fyne.KeyRight)
	}
	d.Type("P") // opens the cell, which has the keyboard then
	d.Type("ID-7 VALUED")
	d.Shot("map-table-cell.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	if got := m.CellText(m.RowOf("pid-12"), mapper.ColumnCondition); got != "PID-7 VALUED" {
		t.Errorf("the condition is %q", got)
	}
	d.Chord(fyne.KeyModifierAlt, fyne.Key3)
	d.settle()
	d.Shot("map-lookups.png")
	d.Chord(fyne.KeyModifierAlt, fyne.Key1)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyW)
	d.settle()
	if m.IsOpen() || !d.Shows("Mappings of this project") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Shot("map-list.png")
	d.Key(fyne.KeyHome)
	d.Key(fyne.KeyReturn)
	d.settle()
	if !m.IsOpen() || !m.Dirty() {
		t.Error("the changes are gone")
	}
}

// trees are the lists of both sides, and the lines between them.
func (d *story) trees() (trees []*kit.TreeView, links *kit.LinkView) {
	for _, o := range d.Objects() {
		switch o := o.(type) {
		case *kit.TreeView:
			trees = append(trees, o)
		case *kit.LinkView:
			links = o
		}
	}
	return trees, links
}

// By mouse: a source is dragged to a target and to one that has a rule, a line is clicked, and a value of the result leads to
// its rule.
func TestMappingIsDrawnByMouse(t *testing.T) {
	d, m := mapped(t)
	d.Settle()
	trees, links := d.trees()
	if len(trees) != 2 || links == nil {
		t.Fatalf("%d lists", len(trees))
	}
	spot := func(target bool, path string) fyne.Position {
		row := m.RowOfPath(target, path)
		if row < 0 {
			t.Fatalf("no row for %s", path)
		}
		tree := trees[0]
		if target {
			tree = trees[1]
		}
		tree.ScrollTo(row)
		return d.At(tree, 120, float32(float64(row)+0.5-tree.ScrollOffset())*kit.RowHeight)
	}
	rules := m.File().Rules()
	d.Drag(spot(false, "PID-10"), spot(true, "Patient.active"))
	d.settle()
	if m.File().Rules() != rules+1 || m.RuleField(mapper.ColumnSources) != "PID-10" {
		t.Fatalf("%d rules, %s", m.File().Rules(), m.RuleField(mapper.ColumnSources))
	}
	d.Drag(spot(true, "Patient.active"), spot(false, "PID-6")) // from the other side
	if !d.Shows("has a rule already") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("map-join.png")
	d.Press("A further source")
	d.settle()
	if got := m.RuleField(mapper.ColumnSources); got != "PID-10, PID-6" || m.File().Rules() != rules+1 {
		t.Errorf("sources %s", got)
	}
	d.Drag(spot(false, "PID-2"), spot(true, "Patient.identifier[ssn]"))
	if !d.Shows("Parts of identifier[ssn] have rules already") || m.File().Rules() != rules+1 {
		t.Fatalf("%d rules, texts %q", m.File().Rules(), d.Texts())
	}
	d.Shot("map-parts.png")
	d.Press("Before them")
	d.settle()
	if m.File().Rules() != rules+2 || m.RuleField(mapper.ColumnTarget) != "identifier[ssn]" {
		t.Errorf("%d rules, target %s", m.File().Rules(), m.RuleField(mapper.ColumnTarget))
	}
	m.Undo()
	d.settle()
	source := spot(false, "PID-7")
	d.Click(fyne.NewPos(d.At(links, 3, 0).X, source.Y))
	if m.Chosen() != "pid-12" {
		t.Errorf("the line at PID-7 leads to %s", m.Chosen())
	}
	d.Scroll(source, 0, -200)
	d.Settle()
	d.SecondaryClick(d.At(trees[1], 120, 1.5*kit.RowHeight))
	if !d.Shows("Map all children by name") {
		t.Errorf("texts %q", d.Texts())
	}
}

// The messages that are selected in Inspect become the samples of the mapping.
func TestSelectedMessagesBecomeSamples(t *testing.T) {
	d, m := mapped(t)
	d.s.Go(shell.Inspect)
	d.settle()
	d.s.session.inspect.Select(1)
	d.settle()
	d.s.session.inspectView.Samples(d.s.session.inspect.IDsOf([]int{1}))
	d.settle()
	if _, n, _ := m.Samples(); n != 1 || d.s.m.Place() != shell.Map {
		t.Errorf("%d samples, in %v", n, d.s.m.Place())
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyW)
	d.settle()
	d.s.session.inspectView.Samples(d.s.session.inspect.IDsOf([]int{0, 1}))
	if !d.Shows("2 messages chosen as samples") {
		t.Errorf("texts %q", d.Texts())
	}
	d.s.session.places[shell.Map].Focus()
	d.Key(fyne.KeyHome, fyne.KeyReturn)
	d.settle()
	if _, n, _ := m.Samples(); n != 2 {
		t.Errorf("%d samples", n)
	}
}

// Every action of an open mapping can be done, in each part of the place, and keys mean one thing there.
func TestEveryActionOfAMappingRuns(t *testing.T) {
	d, m := mapped(t)
	heard := map[string]bool{}
	for word := range keyNames {
		for _, m := range modifiers {
			heard[m.words+word] = true
		}
	}
	for tab := range 3 {
		d.Chord(fyne.KeyModifierAlt, fyne.KeyName(rune('1'+tab)))
		m.Choose("pid-01")
		d.settle()
		place := d.s.session.places[shell.Map]
		does := map[string]string{}
		for _, a := range place.Actions() {
			for k := range strings.SplitSeq(a.Keys, ", ") {
				if k != "" && does[k] != "" {
					t.Errorf("%q is both %q and %q", k, does[k], a.Title)
				}
				if does[k] = a.Title; k != "" && !heard[k] && !strings.HasSuffix(k, "F8") {
					t.Errorf("nothing hears %q of %q", k, a.Title)
				}
			}
			switch a.ID {
			case "map.import", "map.export", "map.all", "map.tab1", "map.tab2", "map.tab3": // file dialogs, and what leads elsewhere
				continue
			}
			a.Run()
			d.settle()
			for d.s.dismiss != nil {
				d.s.dismiss()
			}
			if !m.IsOpen() {
				t.Fatalf("after %q no mapping is open", a.Title)
			}
			d.Key(fyne.KeyEscape)
		}
		for _, k := range place.Keys() {
			if k.Keys == "" || k.Does == "" {
				t.Errorf("a line of the keys page is empty: %+v", k)
			}
		}
	}
	for m.CanUndo() != "" {
		m.Undo()
	}
	d.settle()
	if m.File().Rules() < 100 {
		t.Errorf("%d rules after all was undone", m.File().Rules())
	}
}

// Sources are proposed for a target, and one of them is taken, by keyboard.
func TestSourcesAreProposedAndTaken(t *testing.T) {
	d, m := mapped(t)
	m.DeleteRules("pid-12")
	d.settle()
	m.Dismiss()
	rules := m.File().Rules()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyG)
	d.Canvas().Focused().(*kit.Field).SetText("Patient.birthDate")
	d.Key(fyne.KeyReturn)
	d.Type("s")
	d.settle()
	if !d.Shows("Sources for Patient.birthDate") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("map-proposals.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	if m.File().Rules() != rules+1 || m.RuleField(mapper.ColumnSources) != "PID-7" {
		t.Errorf("%d rules, %s", m.File().Rules(), m.RuleField(mapper.ColumnSources))
	}
}

// Whether a server is to store each resource of the Bundle is chosen in the form, which changes nothing else.
func TestTransactionIsChosenInTheForm(t *testing.T) {
	d, m := mapped(t)
	const store = "Bundle of FHIR: a server is to store each resource (transaction)"
	for _, c := range []struct {
		press bool
		want  string
	}{{false, "collection"}, {true, "transaction"}, {false, "transaction"}, {true, "collection"}} {
		d.s.press("Ctrl+Shift+E")
		d.settle()
		if c.press {
			d.Press(store)
		}
		if c.want == "transaction" {
			d.Shot("map-settings.png")
		}
		d.Press("Save")
		d.settle()
		if got := m.File().Target.Bundle; got != c.want {
			t.Errorf("pressed %v: the Bundle is a %s, want %s", c.press, got, c.want)
		}
	}
}

// At 960 by 540, which is all there is of a screen of 1920 by 1080 at 200 %, the tabs, the lock, the mask and what saves stay
// within the window.
func TestMapFitsASmallScreen(t *testing.T) {
	d, m := mapped(t)
	m.RowOfPath(true, "Patient.active")
	m.Choose("pid-11")
	m.Edit("Change the note", func(e *mapper.Edit) bool { e.File.Title = "changed"; return true })
	d.settle()
	if least := d.s.root.MinSize(); least.Width > 960 || least.Height > 540 {
		t.Errorf("the window asks for %v", least)
	}
	d.Canvas().(interface{ Resize(fyne.Size) }).Resize(fyne.NewSize(960, 540))
	d.settle()
	d.Settle()
	d.Shot("map-small.png")
	for _, label := range []string{"Save (Ctrl+S)", "Lock the project (Ctrl+L)", "Hide patient data on the screen, for sharing it (Ctrl+M)", "More: rename, export, delete …"} {
		o := d.Button(label)
		if o == nil {
			t.Errorf("there is no %q", label)
			continue
		}
		if at := d.At(o, 0, 0); at.X < 0 || at.X+o.Size().Width > 960 {
			t.Errorf("%q stands at %v", label, at)
		}
	}
	d.Press("Save (Ctrl+S)")
	d.settle()
	if m.Dirty() {
		t.Error("not saved")
	}
}
