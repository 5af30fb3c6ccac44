package kit

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// rules is a list whose rows have switches, bars and stretches, and can be put in order.
type rules struct {
	names []string
	on    map[string]bool
}

func newRules() *rules {
	return &rules{names: []string{"one", "two", "three", "four"}, on: map[string]bool{"two": true}}
}

func (r *rules) Columns() []screen.Column {
	return []screen.Column{{ID: "rule", Title: "Rule", Width: 200}, {ID: "part", Title: "Part", Width: 120}}
}
func (r *rules) Len() int { return len(r.names) }
func (r *rules) Cell(row, col int) screen.Cell {
	name := r.names[row]
	if col == 1 {
		return screen.Cell{Text: name, Bar: float64(row) / 3, BarRole: screen.RoleAccent}
	}
	c := screen.Cell{Text: name, Switch: screen.SwitchOff, Spans: []screen.Span{{Start: 1, End: 2, Role: screen.RoleError}}}
	if r.on[name] {
		c.Switch = screen.SwitchOn
	}
	return c
}

func (r *rules) move(from, to int) {
	name := r.names[from]
	r.names = slices.Insert(slices.Delete(r.names, from, from+1), to, name)
}

func TestRowsAreMovedByMouseAndKey(t *testing.T) {
	g := newRules()
	v, w := grid(t, g)
	v.OnMove = g.move
	w.Drag(rowSpot(0), rowSpot(2).AddXY(0, theme.RowHeight/2))
	if want := []string{"two", "three", "one", "four"}; !slices.Equal(g.names, want) || v.Selected() != 2 {
		t.Errorf("dragged down: %v, row %d", g.names, v.Selected())
	}
	w.Drag(rowSpot(3), rowSpot(0).AddXY(0, -theme.RowHeight/2))
	if want := []string{"four", "two", "three", "one"}; !slices.Equal(g.names, want) || v.Selected() != 0 {
		t.Errorf("dragged up: %v, row %d", g.names, v.Selected())
	}
	w.Drag(rowSpot(1), rowSpot(1).AddXY(0, 3))
	if want := []string{"four", "two", "three", "one"}; !slices.Equal(g.names, want) {
		t.Errorf("dragged to where it was: %v", g.names)
	}
	w.Canvas().Focus(v)
	v.Select(0)
	w.Chord(fyne.KeyModifierAlt, fyne.KeyDown)
	w.Chord(fyne.KeyModifierAlt, fyne.KeyDown)
	w.Chord(fyne.KeyModifierAlt, fyne.KeyUp)
	if want := []string{"two", "four", "three", "one"}; !slices.Equal(g.names, want) || v.Selected() != 1 {
		t.Errorf("moved by keys: %v, row %d", g.names, v.Selected())
	}
	v.Select(0)
	w.Chord(fyne.KeyModifierAlt, fyne.KeyUp)
	if g.names[0] != "two" {
		t.Errorf("moved past the end: %v", g.names)
	}
}

func TestRowsStayWhereNobodyMovesThem(t *testing.T) {
	g := newRules()
	_, w := grid(t, g)
	w.Drag(rowSpot(0), rowSpot(2))
	if g.names[0] != "one" {
		t.Error("a grid without OnMove moved a row")
	}
}

func TestSwitchesInRows(t *testing.T) {
	g := newRules()
	v, w := grid(t, g)
	opened := false
	v.OnOpen = func(int) { opened = true }
	v.OnSwitch = func(row, column int) {
		if column != 0 {
			t.Errorf("the switch of column %d", column)
		}
		g.on[g.names[row]] = !g.on[g.names[row]]
	}
	w.Shot("kit-grid-switches.png")
	knob := fyne.NewPos(18, rowSpot(0).Y)
	w.Click(knob)
	if !g.on["one"] || v.Selected() != 0 {
		t.Errorf("a click on the switch: %v, row %d", g.on, v.Selected())
	}
	w.Click(knob)
	if g.on["one"] || opened {
		t.Errorf("a second click on the switch: %v, opened %v", g.on, opened)
	}
	w.Click(rowSpot(1)) // the words beside it only select
	if !g.on["two"] {
		t.Error("a click on the words turned the switch")
	}
	w.Key(fyne.KeySpace)
	if g.on["two"] {
		t.Error("Space does not turn the switch")
	}
}

// What is drawn must differ: a switch that is on, a bar, a stretch in another colour.
func TestCellsDrawWhatTheyHave(t *testing.T) {
	plain := screen.Cell{Text: "Marlow"}
	_, w := grid(t, oneCell{plain})
	before := w.Canvas().Capture()
	for name, c := range map[string]screen.Cell{
		"a bar":            {Text: "Marlow", Bar: .5, BarRole: screen.RoleOK},
		"a bar from right": {Text: "Marlow", Bar: -.5, BarRole: screen.RoleOK},
		"a stretch":        {Text: "Marlow", Spans: []screen.Span{{Start: 1, End: 6, Role: screen.RoleError}}},
		"a switch":         {Text: "Marlow", Switch: screen.SwitchOff},
	} {
		_, w := grid(t, oneCell{c})
		if uitest.Same(before, w.Canvas().Capture()) == nil {
			t.Errorf("%s does not show", name)
		}
	}
	_, same := grid(t, oneCell{screen.Cell{Text: "Marlow", Spans: []screen.Span{{Start: 2, End: 4, Role: screen.RoleText}}}})
	if err := uitest.Same(before, same.Canvas().Capture()); err != nil {
		t.Errorf("a stretch moves the letters: %v", err)
	}
	_, off := grid(t, oneCell{screen.Cell{Switch: screen.SwitchOff}})
	_, on := grid(t, oneCell{screen.Cell{Switch: screen.SwitchOn}})
	if uitest.Same(off.Canvas().Capture(), on.Canvas().Capture()) == nil {
		t.Error("a switch looks the same on and off")
	}
	// A bar must not tell what the mask hides.
	_, short := grid(t, oneCell{screen.Cell{Text: "a", Masked: true, Bar: .1}})
	_, long := grid(t, oneCell{screen.Cell{Text: "a", Masked: true, Bar: .9}})
	if err := uitest.Same(short.Canvas().Capture(), long.Canvas().Capture()); err != nil {
		t.Errorf("a masked cell shows its bar: %v", err)
	}
	// Stretches beyond a text that is cut, or out of it, do no harm.
	_, w = grid(t, oneCell{screen.Cell{Text: "a long name that does not fit the column", Spans: []screen.Span{{Start: 3, End: 400}, {Start: 500, End: 600}}}})
	w.Canvas().Capture()
}

// Stretches end between letters, also where the text is cut and the mark for that begins with the byte of what stood there.
func TestStretches(t *testing.T) {
	red := screen.RoleError
	for _, c := range []struct {
		fitted, text string
		spans        []screen.Span
		want         string
	}{
		{"Marlow", "Marlow", []screen.Span{{Start: 1, End: 3, Role: red}}, "M|ar!|low"},
		{"Mar…", "Marlow", []screen.Span{{Start: 1, End: 6, Role: red}}, "M|ar!|…"},
		{"a→…", "a→→b", []screen.Span{{Start: 1, End: 7, Role: red}}, "a|→!|…"},
		{"ä…", "äöü", []screen.Span{{Start: 0, End: 3, Role: red}, {Start: 3, End: 6}}, "ä!|…"},
		{"", "abc", []screen.Span{{Start: 0, End: 3, Role: red}}, ""},
		{"abc", "abc", []screen.Span{{Start: 5, End: 9, Role: red}}, "abc"},
	} {
		var got []string
		for _, p := range stretches(c.fitted, screen.Cell{Text: c.text, Spans: c.spans}) {
			text := p.text
			if p.role == red {
				text += "!"
			}
			got = append(got, text)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q of %q: %q, want %q", c.fitted, c.text, s, c.want)
		}
	}
}

func TestControlsOfForms(t *testing.T) {
	var choice *Choice
	var toggle *Toggle
	var form *Form
	chosen, turned := -1, 0
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 500, Height: 300}, func(fyne.Window) fyne.CanvasObject {
		choice = NewChoice([]string{"original", "enhanced", "both"}, func(i int) { chosen = i })
		toggle = NewToggle("Keep payloads", func(bool) { turned++ })
		form = NewForm(300, FormRow{"Mode", choice, "How messages are acknowledged."}, FormRow{"", toggle, ""})
		return container.NewVBox(form.Content())
	})
	w.Canvas().Focus(choice)
	w.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyUp)
	if chosen != 1 || choice.Label() != "enhanced" {
		t.Errorf("keys choose %d, %q", chosen, choice.Label())
	}
	w.Press("enhanced") // opens the menu
	if w.Canvas().Overlays().Top() == nil {
		t.Error("no menu opens")
	}
	w.Canvas().Overlays().Remove(w.Canvas().Overlays().Top())
	w.Canvas().Focus(toggle)
	w.Key(fyne.KeySpace)
	if !toggle.On() || turned != 1 {
		t.Error("Space does not turn the switch")
	}
	form.SetProblem(0, "Choose another.")
	if !w.Shows("Choose another.") {
		t.Error("the problem is not said")
	}
	w.Shot("kit-form.png")
	form.SetProblem(1, "")
	if w.Shows("Choose another.") {
		t.Error("the problem stays")
	}
	toggle.Disable()
	choice.Disable()
	w.Key(fyne.KeySpace)
	if turned != 1 {
		t.Error("a disabled switch turns")
	}
}
