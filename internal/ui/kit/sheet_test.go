package kit

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// cells is a grid of texts that can be changed.
type cells struct{ rows [][]string }

func (c *cells) Columns() []screen.Column {
	return []screen.Column{{ID: "a", Title: "A", Width: 100}, {ID: "b", Title: "B", Width: 100}, {ID: "c", Title: "C", Width: 100}}
}
func (c *cells) Len() int                      { return len(c.rows) }
func (c *cells) Cell(row, col int) screen.Cell { return screen.Cell{Text: c.rows[row][col]} }

func sheet(t *testing.T) (*Sheet, *cells, *uitest.Window) {
	t.Helper()
	c := &cells{[][]string{{"a0", "b0", "c0"}, {"a1", "b1", "c1"}, {"a2", "b2", "c2"}}}
	s := NewSheet(c)
	s.Text = func(row, col int) (string, bool) { return c.rows[row][col], col != 2 }
	s.Set = func(row, col int, text string) error {
		if text == "bad" {
			return errors.New("that is no good")
		}
		c.rows[row][col] = text
		return nil
	}
	s.Complete = func(_, _ int, text string) []Suggestion {
		if text == "co" {
			return []Suggestion{{Text: "complete"}}
		}
		return nil
	}
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 400, Height: 240}, func(fyne.Window) fyne.CanvasObject { return s })
	w.Canvas().Capture()
	w.Canvas().Focus(s.Grid)
	w.Key(fyne.KeyDown)
	return s, c, w
}

// A sheet is written in by keyboard alone: letters replace, Enter and F2 change, what is refused stays open with the reason.
func TestSheetIsWrittenInByKeyboard(t *testing.T) {
	s, c, w := sheet(t)
	w.Key(fyne.KeyRight)
	w.Type("x")
	if !s.Editing() {
		t.Fatal("a letter does not open the cell")
	}
	w.Type("y")
	w.Key(fyne.KeyReturn)
	if c.rows[0][1] != "xy" || s.Editing() || s.Grid.Selected() != 1 || w.Canvas().Focused() != fyne.Focusable(s.Grid) {
		t.Fatalf("%q, editing %v, row %d", c.rows[0][1], s.Editing(), s.Grid.Selected())
	}
	w.Key(fyne.KeyF2)
	w.Type("+")
	w.Key(fyne.KeyTab)
	if _, column := s.Grid.Cell(); c.rows[1][1] != "b1+" || column != 2 {
		t.Errorf("%q, column %d", c.rows[1][1], column)
	}
	w.Key(fyne.KeyReturn)
	if s.Editing() {
		t.Error("a cell that cannot be edited is")
	}
	w.Key(fyne.KeyLeft, fyne.KeyLeft, fyne.KeyReturn)
	w.Type("z")
	w.Key(fyne.KeyEscape)
	if c.rows[1][0] != "a1" || s.Editing() {
		t.Errorf("Escape left %q", c.rows[1][0])
	}
	w.Type("b")
	w.Type("ad")
	w.Key(fyne.KeyReturn)
	if !s.Editing() || !w.Shows("that is no good") || c.rows[1][0] != "a1" {
		t.Errorf("editing %v, texts %q", s.Editing(), w.Texts())
	}
	w.Canvas().Capture()
	w.Key(fyne.KeyEscape, fyne.KeyDelete)
	if c.rows[1][0] != "" {
		t.Errorf("Delete left %q", c.rows[1][0])
	}
	w.Type("c")
	w.Type("o")
	w.Key(fyne.KeyDown, fyne.KeyReturn, fyne.KeyReturn)
	if c.rows[1][0] != "complete" {
		t.Errorf("the proposal gave %q", c.rows[1][0])
	}
}

// What is clicked elsewhere takes the text of the open cell.
func TestSheetTakesTheTextWhenItIsLeft(t *testing.T) {
	s, c, w := sheet(t)
	w.Type("q")
	w.Click(rowSpot(2))
	if c.rows[0][0] != "q" || s.Editing() {
		t.Errorf("%q, editing %v", c.rows[0][0], s.Editing())
	}
	if row, column := s.Grid.Cell(); row != 2 || column != 1 {
		t.Errorf("at %d, %d", row, column)
	}
}

// Steps are walked through, moved and removed by keyboard, and by mouse.
func TestChips(t *testing.T) {
	c := NewChips()
	chips := []Chip{{Text: "PID-8", Value: "F", Fixed: true}, {Text: "trim", Value: "F"}, {Text: "lookup: sex", Value: "female"}, {Text: strings.Repeat("gender", 30), Masked: true, Fixed: true}}
	var said []string
	c.OnOpen = func(i int) { said = append(said, "open "+chips[i].Text) }
	c.OnRemove = func(i int) { said = append(said, "remove "+chips[i].Text) }
	c.OnMove = func(i, by int) int { said = append(said, "move "+chips[i].Text); return i + by }
	c.OnRune = func(r rune) { said = append(said, string(r)) }
	c.OnSecondary = func(i int, _ fyne.Position) { said = append(said, "menu "+chips[i].Text) }
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 300, Height: 80}, func(fyne.Window) fyne.CanvasObject { return c })
	c.Set(chips)
	w.Canvas().Capture()
	w.Canvas().Focus(c)
	w.Key(fyne.KeyDelete, fyne.KeyRight, fyne.KeyReturn)
	w.Chord(fyne.KeyModifierAlt, fyne.KeyRight)
	w.Key(fyne.KeyDelete, fyne.KeyEnd)
	w.Chord(fyne.KeyModifierAlt, fyne.KeyLeft)
	w.Type("t")
	w.Canvas().Capture() // scrolled to the last
	w.Key(fyne.KeyHome, desktop.KeyMenu)
	w.Canvas().Capture()
	w.SecondaryClick(fyne.NewPos(110, 40))
	if want := []string{"open trim", "move trim", "remove lookup: sex", "t", "menu PID-8", "menu trim"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	c.Set(chips[:1])
	if c.Selected() != 0 {
		t.Errorf("at %d", c.Selected())
	}
	c.Set(nil)
	w.Key(fyne.KeyReturn, fyne.KeyDelete, fyne.KeyRight)
	w.Canvas().Capture()
}

// A row is dragged out of a list, and another list shows on what it would fall.
func TestRowsArePulledOut(t *testing.T) {
	left, right := NewTreeView(&branches{}), NewTreeView(&branches{})
	links := NewLinkView()
	var over, dropped = -1, -1
	left.OnPull = func(_ int, at fyne.Position) { over = right.RowAt(at); right.SetTarget(over) }
	left.OnPulled = func(row int, at fyne.Position) { dropped = 10*row + right.RowAt(at) }
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 700, Height: 200}, func(fyne.Window) fyne.CanvasObject {
		return NewColumns(left, NewColumns(links, right, 0.3), 0.4)
	})
	w.Canvas().Capture()
	w.Drag(fyne.NewPos(150, 1.5*theme.RowHeight), fyne.NewPos(600, 2.5*theme.RowHeight))
	if over != 2 || dropped != 12 || left.Selected() != 1 {
		t.Errorf("over %d, dropped %d, at %d", over, dropped, left.Selected())
	}
	w.Canvas().Capture()
	if right.RowAt(fyne.NewPos(100, 30)) != -1 {
		t.Error("a row beside the list")
	}
}

// branches is a tree of three rows without branches.
type branches struct{}

func (branches) Columns() []screen.Column                 { return []screen.Column{{ID: "n", Title: "N", Width: 100}} }
func (branches) Len() int                                 { return 3 }
func (branches) Cell(row, _ int) screen.Cell              { return screen.Cell{Text: string(rune('a' + row))} }
func (branches) Level(int) (depth int, branch, open bool) { return 0, false, false }

// Lines are clicked, and the wheel over them goes to the nearer side.
func TestLinksAreClicked(t *testing.T) {
	v := NewLinkView()
	v.Links = func(dst []Link) []Link {
		return append(dst, Link{Left: 10, Right: 90, Count: 1}, Link{Left: 50, Right: 50, Count: 20, Dotted: true}, Link{Left: 90, Right: 10, Count: 1, Front: true})
	}
	var across, y float32
	right := false
	v.OnTap = func(a, b float32, _ *fyne.PointEvent) { across, y = a, b }
	v.OnSecondary = func(a, _ float32, _ *fyne.PointEvent) { across = -a }
	v.OnScroll = func(r bool, _ *fyne.ScrollEvent) { right = r }
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 200, Height: 100}, func(fyne.Window) fyne.CanvasObject { return v })
	before := w.Canvas().Capture()
	w.Click(fyne.NewPos(100, 40))
	if across != 0.5 || y != 40 {
		t.Errorf("clicked at %v, %v", across, y)
	}
	w.SecondaryClick(fyne.NewPos(50, 40))
	if across != -0.25 {
		t.Errorf("clicked at %v", across)
	}
	v.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(150, 40)}})
	if !right {
		t.Error("the wheel goes to the left side")
	}
	v.Pulled = func() (bool, float32, fyne.Position, bool) { return false, 20, fyne.NewPos(120, 70), true }
	v.Repaint()
	if uitest.Same(before, w.Canvas().Capture()) == nil {
		t.Error("the line that is drawn by hand does not show")
	}
}

// BenchmarkLinks is the picture of 300 lines in a gutter of 300 by 700, all of which move with each frame. Aim, with the
// lists at its sides: 16 ms.
func BenchmarkLinks(b *testing.B) {
	v := NewLinkView()
	n := 0
	v.Links = func(dst []Link) []Link {
		n++
		for i := range 300 {
			dst = append(dst, Link{Left: float32((i*37 + n) % 700), Right: float32((i*91 + 2*n) % 700), Count: 1 + i%3, Front: i == 299})
		}
		return dst
	}
	uitest.Open(b, uitest.Options{Mode: theme.Dark, Width: 300, Height: 700}, func(fyne.Window) fyne.CanvasObject { return v })
	b.ReportAllocs()
	for b.Loop() {
		v.draw(300, 700)
	}
}
