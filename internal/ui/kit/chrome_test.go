package kit

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

func show(t testing.TB, make func() fyne.CanvasObject) *uitest.Window {
	t.Helper()
	return uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 700, Height: 500}, func(fyne.Window) fyne.CanvasObject { return make() })
}

func TestPaletteByKeyboard(t *testing.T) {
	w := show(t, func() fyne.CanvasObject { return widget.NewLabel("") })
	ran, closed := "", 0
	p := ShowPalette(w.Canvas(), "Search", sampleItems(&ran), func() { closed++ })
	w.Type("comp")
	if got := p.Found(); len(got) == 0 || got[0] != "Compare two messages" {
		t.Fatalf("found %q", got)
	}
	w.Key(fyne.KeyReturn)
	if ran != "Compare two messages" || closed != 1 || w.Canvas().Overlays().Top() != nil {
		t.Errorf("ran %q, closed %d times, open %v", ran, closed, w.Canvas().Overlays().Top() != nil)
	}
	ShowPalette(w.Canvas(), "Search", sampleItems(&ran), nil)
	w.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeyUp, fyne.KeyReturn)
	if ran != "Import files…" {
		t.Errorf("the second item is %q", ran)
	}
	ran = ""
	p = ShowPalette(w.Canvas(), "Search", sampleItems(&ran), nil)
	w.Type("zzz")
	if len(p.Found()) != 0 || !w.Shows("Nothing has that name.") {
		t.Errorf("found %q", p.Found())
	}
	w.Key(fyne.KeyReturn, fyne.KeyEscape)
	if ran != "" || w.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close, or Enter ran something")
	}
}

func TestPaletteMore(t *testing.T) {
	w := show(t, func() fyne.CanvasObject { return widget.NewLabel("") })
	p := ShowPalette(w.Canvas(), "Search", nil, nil)
	p.More = func(q string) []Item { return []Item{{Title: "Message " + q}} }
	w.Type("884")
	if got := p.Found(); len(got) != 1 || got[0] != "Message 884" {
		t.Errorf("%q", got)
	}
}

func TestMatch(t *testing.T) {
	better := func(query, a, b string) {
		t.Helper()
		x, _, okA := match(query, a)
		y, _, okB := match(query, b)
		if !okA || !okB || x <= y {
			t.Errorf("%q: %q has %d, %q has %d", query, a, x, b, y)
		}
	}
	better("imp", "Import files", "Show simple rows")
	better("gi", "Go to Inspect", "Logging")
	better("inspect", "Inspect", "Go to Inspect")
	if _, at, ok := match("gti", "Go to Inspect"); !ok || len(at) != 3 || at[2] != 6 {
		t.Errorf("%v %v", at, ok)
	}
	if _, _, ok := match("xyz", "Go to Inspect"); ok {
		t.Error("xyz is found")
	}
	if _, _, ok := match("go ins", "Go to Inspect"); !ok {
		t.Error("two beginnings are not found")
	}
}

func TestSplit(t *testing.T) {
	var s *Split
	a, b := NewPanel("primary"), NewPanel("error")
	a.Min, b.Min = fyne.NewSize(100, 10), fyne.NewSize(200, 10)
	w := show(t, func() fyne.CanvasObject { s = NewColumns(a, b, 0.5); return s })
	if a.Size().Width != 350 || b.Position().X != 351 {
		t.Fatalf("halves: %v, %v", a.Size(), b.Position())
	}
	moved := 0
	s.OnMoved = func(float64) { moved++ }
	w.Drag(fyne.NewPos(352, 200), fyne.NewPos(452, 200))
	if a.Size().Width < 448 || a.Size().Width > 452 || moved == 0 {
		t.Errorf("dragged by 100: %v, told %d times", a.Size(), moved)
	}
	w.Drag(fyne.NewPos(450, 200), fyne.NewPos(699, 200))
	if b.Size().Width != 200 {
		t.Errorf("the second is %v wide, least 200", b.Size().Width)
	}
	w.Drag(fyne.NewPos(499, 200), fyne.NewPos(1, 200))
	if a.Size().Width != 100 {
		t.Errorf("the first is %v wide, least 100", a.Size().Width)
	}
}

func TestSegmentedControlByKeyboard(t *testing.T) {
	var s *SegmentedControl
	chosen := -1
	w := show(t, func() fyne.CanvasObject {
		s = NewSegmentedControl([]string{"Raw", "Form", "Hex"}, func(i int) { chosen = i })
		return container.NewVBox(s)
	})
	w.Canvas().Focus(s)
	w.Key(fyne.KeyRight, fyne.KeyRight, fyne.KeyRight)
	if chosen != 2 || s.Selected() != 2 {
		t.Errorf("chose %d", chosen)
	}
	w.Click(w.At(s, 20, 10))
	if chosen != 0 {
		t.Errorf("a click chose %d", chosen)
	}
	s.SetSelected(1)
	if chosen != 0 {
		t.Error("SetSelected called back")
	}
}

func TestButtonsByMouseAndKeyboard(t *testing.T) {
	pressed := 0
	var icon, off *ToolButton
	var rail *RailButton
	w := show(t, func() fyne.CanvasObject {
		icon = NewToolButton(theme.IconUndo, "Undo", func() { pressed++ })
		off = NewTextButton("", "Off", func() { pressed += 100 })
		off.Disable()
		rail = NewRailButton(theme.IconMap, "Map", func() { pressed++ })
		return container.NewVBox(container.NewHBox(icon, off), rail)
	})
	var hint string
	Hints = func(s string) { hint = s }
	defer func() { Hints = func(string) {} }()
	w.Press("Undo")
	w.Click(w.At(icon, 5, 5))
	w.Canvas().Focus(icon)
	w.Key(fyne.KeySpace, fyne.KeyReturn)
	w.Canvas().Focus(rail)
	w.Key(fyne.KeyReturn)
	if pressed != 5 {
		t.Errorf("pressed %d times, want 5", pressed)
	}
	w.Click(w.At(off, 5, 5))
	off.Press()
	if pressed != 5 {
		t.Error("a disabled button did something")
	}
	w.Hover(w.At(icon, 5, 5))
	if hint != "Undo" {
		t.Errorf("the hint is %q", hint)
	}
	w.Hover(fyne.NewPos(600, 400))
	if hint != "" {
		t.Errorf("the hint stays: %q", hint)
	}
}

func TestStripAndEmptyState(t *testing.T) {
	var did []string
	w := show(t, func() fyne.CanvasObject {
		return container.NewVBox(
			NewStrip(screen.RoleError, "It failed.", func() { did = append(did, "dismiss") }, Action{"Retry", func() { did = append(did, "retry") }}),
			NewEmptyState(theme.IconInspect, "No messages yet", "Drop files here.", Action{"Import", func() { did = append(did, "import") }}))
	})
	w.Press("Retry")
	w.Press("Dismiss")
	w.Press("Import")
	if strings.Join(did, " ") != "retry dismiss import" {
		t.Errorf("%q", did)
	}
	for _, s := range []string{"It failed.", "No messages yet", "Drop files here."} {
		if !w.Shows(s) {
			t.Errorf("%q is not shown", s)
		}
	}
}

func TestTextEndsInAnEllipsis(t *testing.T) {
	var text *Text
	w := show(t, func() fyne.CanvasObject {
		text = NewText("A name that is much too long for its place", screen.RoleText)
		text.Min = 20
		return container.New(&sized{fyne.NewSize(120, 20)}, text)
	})
	all := w.Texts()
	if len(all) != 1 || !strings.HasSuffix(all[0], "…") || !strings.HasPrefix(all[0], "A name") {
		t.Errorf("%q", all)
	}
	text.SetText("Short")
	if all := w.Texts(); all[0] != "Short" {
		t.Errorf("%q", all)
	}
}

// A long error, or one long word in it, is broken into lines and never asks for more width than there is.
func TestStripWrapsAndStaysNarrow(t *testing.T) {
	long := "The file could not be stored: " + strings.Repeat("there is not enough room on the disk, ", 8) + strings.Repeat("w", 300) + "."
	var s *Strip
	w := show(t, func() fyne.CanvasObject {
		s = NewStrip(screen.RoleError, long, func() {}, Action{"Try again", func() {}}, Action{"Show the file", func() {}})
		return container.NewBorder(s, nil, nil, nil, NewGridView(&rows{n: 5}))
	})
	w.Settle()
	w.Settle()
	w.Shot("kit-strip-long")
	if least := w.Content().MinSize(); least.Width > 420 || least.Height > 400 {
		t.Errorf("a strip asks for %v", least)
	}
	if got := strings.Join(w.Texts(), " "); !strings.Contains(got, "not enough room") || strings.Count(got, "disk") != 8 {
		t.Errorf("words are missing: %q", got)
	}
}

func TestTextWraps(t *testing.T) {
	long := "There is no folder " + strings.Repeat("/deep", 60) + ". Look at the spelling, or choose one above."
	var text *Text
	w := show(t, func() fyne.CanvasObject {
		text = NewWords("Short.", screen.RoleError)
		return container.NewVBox(text, NewField("x"))
	})
	one := text.MinSize().Height
	text.SetText(long)
	w.Settle()
	w.Shot("kit-words")
	if m := text.MinSize(); m.Width > 100 || m.Height < 3*one {
		t.Errorf("it asks for %v; one line is %v", m, one)
	}
	got := strings.Join(w.Texts(), "")
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(long+"x", " ", "") {
		t.Errorf("shown: %q", got)
	}
	odd := strings.Repeat("ß", 50) + "\xff\xfe"
	if lines := wrapped(odd, 40, theme.SizeText, fyne.TextStyle{}); strings.Join(lines, "") != odd || len(lines) < 5 || len(lines[0])%2 != 0 {
		t.Errorf("letters are broken or lost: %q", lines)
	}
	text.SetText("Short.")
	if all := w.Texts(); all[0] != "Short." || text.MinSize().Height != one {
		t.Errorf("%q", all)
	}
}
