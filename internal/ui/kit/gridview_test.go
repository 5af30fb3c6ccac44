package kit

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

func grid(t testing.TB, g screen.Grid) (*GridView, *uitest.Window) {
	t.Helper()
	var v *GridView
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 800, Height: 300}, func(fyne.Window) fyne.CanvasObject {
		v = NewGridView(g)
		return v
	})
	w.Canvas().Capture()
	return v, w
}

// rowSpot is the middle of a visible row.
func rowSpot(row int) fyne.Position {
	return fyne.NewPos(100, headerHeight+(float32(row)+0.5)*theme.RowHeight)
}

func TestGridViewKeys(t *testing.T) {
	v, w := grid(t, &rows{n: 1000})
	var selected, opened []int
	v.OnSelect = func(r int) { selected = append(selected, r) }
	v.OnOpen = func(r int) { opened = append(opened, r) }
	w.Canvas().Focus(v)
	w.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeyUp, fyne.KeyEnd, fyne.KeyHome, fyne.KeyPageDown, fyne.KeyReturn)
	if want := []int{0, 1, 0, 999, 0, 10}; !slices.Equal(selected, want) {
		t.Errorf("selected %v, want %v", selected, want)
	}
	if !slices.Equal(opened, []int{10}) {
		t.Errorf("opened %v", opened)
	}
	w.Shift(fyne.KeyDown, fyne.KeyDown)
	if got := v.SelectedRows(); !slices.Equal(got, []int{10, 11, 12}) {
		t.Errorf("Shift+Down selects %v", got)
	}
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyA)
	if v.SelectedCount() != 1000 {
		t.Errorf("Ctrl+A selects %d", v.SelectedCount())
	}
	w.Key(fyne.KeyUp)
	if v.SelectedCount() != 1 || v.Selected() != 11 {
		t.Errorf("Up after Ctrl+A: row %d, %d selected", v.Selected(), v.SelectedCount())
	}
}

func TestGridViewMouse(t *testing.T) {
	v, w := grid(t, &rows{n: 1000})
	var opened, menu int
	var sorted, resized string
	v.OnOpen = func(r int) { opened = r }
	v.OnSecondary = func(r int, _ fyne.Position) { menu = r }
	v.OnSort = func(c string) { sorted = c }
	v.OnResize = func(c string, _ float32) { resized = c }
	w.Click(rowSpot(3))
	if v.Selected() != 3 || w.Canvas().Focused() != fyne.Focusable(v) {
		t.Errorf("a click selects %d", v.Selected())
	}
	w.ClickWith(rowSpot(5), fyne.KeyModifierShortcutDefault)
	w.ClickWith(rowSpot(5), fyne.KeyModifierShortcutDefault)
	w.ClickWith(rowSpot(6), fyne.KeyModifierShortcutDefault)
	if got := v.SelectedRows(); !slices.Equal(got, []int{3, 6}) {
		t.Errorf("Ctrl and clicks select %v", got)
	}
	w.ClickWith(rowSpot(8), fyne.KeyModifierShift)
	if got := v.SelectedRows(); !slices.Equal(got, []int{6, 7, 8}) {
		t.Errorf("Shift and a click select %v", got)
	}
	w.SecondaryClick(rowSpot(7))
	if menu != 7 || v.SelectedCount() != 3 {
		t.Errorf("menu of row %d, %d selected", menu, v.SelectedCount())
	}
	w.SecondaryClick(rowSpot(2))
	if menu != 2 || v.SelectedCount() != 1 {
		t.Errorf("menu of row %d, %d selected", menu, v.SelectedCount())
	}
	w.Click(rowSpot(4))
	w.Click(rowSpot(4))
	if opened != 4 {
		t.Errorf("a double click opens %d", opened)
	}
	w.Click(fyne.NewPos(100, 12))
	if sorted != "mrn" {
		t.Errorf("a click on the header sorts by %q", sorted)
	}
	sorted = ""
	w.Drag(fyne.NewPos(84, 12), fyne.NewPos(140, 12))
	if resized != "type" || v.edges[1] != 140 || sorted != "" {
		t.Errorf("dragging an edge: %q is %v wide, sorted by %q", resized, v.edges[1], sorted)
	}
	w.Click(fyne.NewPos(140, 12))
	w.Click(fyne.NewPos(140, 12))
	if v.edges[1] > 80 || v.edges[1] < 60 {
		t.Errorf("a double click on the edge makes it %v wide", v.edges[1])
	}
	w.Scroll(rowSpot(3), 0, -240)
	if v.ScrollOffset() != 20 {
		t.Errorf("the wheel goes to row %v", v.ScrollOffset())
	}
}

func TestGridViewKeepsItsPlaceOverRefresh(t *testing.T) {
	g := &rows{n: 1000}
	v, _ := grid(t, g)
	v.Select(500)
	top := v.ScrollOffset()
	g.n = 2000
	v.Refresh()
	if v.Selected() != 500 || v.ScrollOffset() != top {
		t.Errorf("more rows: row %d at %v", v.Selected(), v.ScrollOffset())
	}
	g.n = 100
	v.Refresh()
	if v.Selected() != 99 || v.SelectedCount() != 0 || v.ScrollOffset() > 100 {
		t.Errorf("fewer rows: row %d, %d selected, at %v", v.Selected(), v.SelectedCount(), v.ScrollOffset())
	}
	g.n = 0
	v.Refresh()
	if v.Selected() != -1 {
		t.Errorf("no rows: row %d", v.Selected())
	}
}

func TestGridViewCopiesWhatMayBeSeen(t *testing.T) {
	v, w := grid(t, &rows{n: 10})
	v.SelectRows([]int{1, 2})
	w.Canvas().Focus(v)
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyC)
	got := strings.Split(fyne.CurrentApp().Clipboard().Content(), "\n")
	if len(got) != 3 || !strings.Contains(got[0], "\tTestpatient, Aurora\t") || strings.Contains(got[1], "Testpatient") {
		t.Errorf("copied %q", got)
	}
}

// A million rows must cost what ten do: only visible cells are asked for, once each.
func TestGridViewAsksForVisibleCellsOnly(t *testing.T) {
	g := &rows{n: 1_000_000}
	v, _ := grid(t, g)
	for _, row := range []int{0, 499_999, 999_999} {
		v.Select(row)
		g.calls = 0
		v.draw(800, 300)
		if visible := (300/24 + 2) * 6; g.calls == 0 || g.calls > visible {
			t.Errorf("at row %d: %d cells asked for, %d visible", row, g.calls, visible)
		}
	}
	if v.ScrollOffset() != v.down.last() {
		t.Errorf("the last row is at %v of %v", v.ScrollOffset(), v.down.last())
	}
	few, many := &rows{n: 10}, &rows{n: 1_000_000}
	a, _ := grid(t, few)
	one := testing.AllocsPerRun(20, func() { a.draw(800, 300) })
	b, _ := grid(t, many)
	b.Select(700_000)
	other := testing.AllocsPerRun(20, func() { b.draw(800, 300) })
	if other > 3*one+50 {
		t.Errorf("a paint of a million rows makes %v objects, of ten rows %v", other, one)
	}
}

// Neither letters nor length of what is masked may show.
func TestGridViewMasks(t *testing.T) {
	v, w := grid(t, oneCell{screen.Cell{Text: "Bo", Masked: true}})
	short := w.Canvas().Capture()
	v.SetGrid(oneCell{screen.Cell{Text: "Testpatient-Longername, Aurora Quirina", Masked: true}})
	if err := uitest.Same(short, w.Canvas().Capture()); err != nil {
		t.Errorf("the picture depends on what is masked: %v", err)
	}
}

type oneCell struct{ cell screen.Cell }

func (o oneCell) Columns() []screen.Column { return []screen.Column{{ID: "a", Title: "A", Width: 90}} }
func (o oneCell) Len() int                 { return 3 }
func (o oneCell) Cell(_, _ int) screen.Cell {
	return o.cell
}

func TestGridViewDrawsAnything(t *testing.T) {
	for name, text := range map[string]string{
		"long":    strings.Repeat("wide ", 5000),
		"breaks":  "a\rb\nc\td\x00",
		"invalid": "\xff\xfe",
		"chinese": strings.Repeat("検査", 50),
		"arabic":  "محمد علي",
	} {
		t.Run(name, func(t *testing.T) {
			_, w := grid(t, oneCell{screen.Cell{Text: text, Shape: screen.ShapeRing}})
			w.Canvas().Capture()
		})
	}
	v, w := grid(t, nil)
	v.Empty = "Nothing yet."
	w.Canvas().Focus(v)
	w.Key(fyne.KeyDown, fyne.KeyUp, fyne.KeyReturn, fyne.KeyLeft, fyne.KeyRight, fyne.KeyEnd)
	w.Canvas().Capture()
}

func TestTreeView(t *testing.T) {
	l := &leaves{open: map[int]bool{}}
	var v *TreeView
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 500, Height: 240}, func(fyne.Window) fyne.CanvasObject {
		v = NewTreeView(l)
		v.OnToggle = func(row int) {
			b := l.list()[row].branch
			l.open[b] = !l.open[b]
			v.Refresh()
		}
		return v
	})
	w.Canvas().Capture()
	w.Click(fyne.NewPos(60, 36))
	if w.Canvas().Focused() != fyne.Focusable(v) || v.Selected() != 1 || l.open[1] {
		t.Fatalf("a click on the words: row %d, open %v", v.Selected(), l.open)
	}
	w.Key(fyne.KeyRight)
	if !l.open[1] || l.Len() != 7 {
		t.Fatal("Right does not open")
	}
	w.Key(fyne.KeyRight, fyne.KeyDown)
	if v.Selected() != 3 {
		t.Errorf("Right goes into an open branch: row %d", v.Selected())
	}
	w.Key(fyne.KeyLeft)
	if v.Selected() != 1 {
		t.Errorf("Left goes to the branch: row %d", v.Selected())
	}
	w.Key(fyne.KeyLeft)
	if l.open[1] {
		t.Error("Left does not close")
	}
	w.Key(fyne.KeyReturn)
	if !l.open[1] {
		t.Error("Enter does not open a branch where there is nothing else to open")
	}
	w.Click(fyne.NewPos(14, 36))
	if l.open[1] {
		t.Error("a click on the arrow does not close")
	}
}

// wideRows need a bar across, and fill the height exactly or more.
type wideRows struct{ rows }

func (w *wideRows) Columns() []screen.Column {
	return []screen.Column{{ID: "a", Title: "A", Width: 900}, {ID: "b", Title: "B", Width: 300}}
}

func (w *wideRows) Cell(row, _ int) screen.Cell { return w.rows.Cell(row, 0) }

// Neither bar covers a row: the last one can be seen, selected and clicked above the bar across.
func TestBarAcrossCoversNoRow(t *testing.T) {
	v, w := grid(t, &wideRows{rows{n: 11}}) // 11 rows are 264 of the 274 units below the titles: none to spare for the bar
	v.measure()
	if !v.across.needed() || !v.down.needed() {
		t.Fatalf("across %v of %v, down %v of %v", v.across.page, v.across.total, v.down.page, v.down.total)
	}
	w.Canvas().Focus(v)
	w.Key(fyne.KeyEnd)
	bottom := v.header() + float32(float64(v.len())-v.ScrollOffset())*theme.RowHeight
	if bottom > v.Size().Height-barRoom+0.5 {
		t.Errorf("the last row ends at %v, the bar begins at %v", bottom, v.Size().Height-barRoom)
	}
	w.Shot("kit-grid-last-row")
	if row := v.rowAt(fyne.NewPos(50, bottom-2)); row != 10 {
		t.Errorf("the last row's place is row %d", row)
	}
	if row := v.rowAt(fyne.NewPos(50, v.Size().Height-2)); row != -1 {
		t.Errorf("the bar's place is row %d", row)
	}
	few, _ := grid(t, &wideRows{rows{n: 2}})
	if few.measure(); few.down.needed() || !few.across.needed() {
		t.Error("two rows need to be scrolled down")
	}
}

func TestEmptyTextWraps(t *testing.T) {
	var v *GridView
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 240, Height: 200}, func(fyne.Window) fyne.CanvasObject {
		v = NewGridView(&rows{})
		v.Empty = "No message answers this filter. Take a condition out of it, or press Escape to see all of them."
		return v
	})
	w.Canvas().Capture()
	w.Shot("kit-grid-empty")
	s := &v.surface
	s.begin(v, v.Size(), 240, 200)
	defer s.end()
	face := typeAt(theme.Sans, float64(theme.SizeText))
	lines := s.wrap(face, v.Empty, 216)
	if got := strings.Join(lines, " "); got != v.Empty || len(lines) < 3 {
		t.Errorf("%q", lines)
	}
	for _, l := range lines {
		if s.measure(face, l) > 216 {
			t.Errorf("%q is too wide", l)
		}
	}
	if lines := s.wrap(face, "a "+strings.Repeat("w", 200)+" b", 216); len(lines) != 3 || !strings.HasSuffix(lines[1], "…") {
		t.Errorf("a long word: %q", lines)
	}
}

func TestShiftF10OpensTheMenu(t *testing.T) {
	v, w := grid(t, &rows{n: 5})
	menus, window := 0, 0
	v.OnSecondary = func(int, fyne.Position) { menus++ }
	WindowKey = func(*fyne.KeyEvent, fyne.KeyModifier) bool { window++; return true }
	defer func() { WindowKey = func(*fyne.KeyEvent, fyne.KeyModifier) bool { return false } }()
	w.Canvas().Focus(v)
	w.Key(fyne.KeyDown)
	w.Shift(fyne.KeyF10)
	w.Key(desktop.KeyMenu)
	if menus != 2 || window != 0 {
		t.Errorf("%d menus, the window had %d keys", menus, window)
	}
	w.Key(fyne.KeyF10)
	if menus != 2 || window != 1 {
		t.Errorf("F10 alone: %d menus, the window had %d keys", menus, window)
	}
}

func TestRowSet(t *testing.T) {
	var s rowSet
	s.add(10, 20)
	s.add(30, 40)
	s.add(20, 30)
	if len(s.ranges) != 1 || s.count() != 30 {
		t.Fatalf("%v", s.ranges)
	}
	s.remove(15, 16)
	s.remove(39, 100)
	if s.count() != 28 || s.has(15) || !s.has(14) || !s.has(16) || s.has(39) {
		t.Errorf("%v", s.ranges)
	}
	s.add(0, 1_000_000)
	if len(s.ranges) != 1 || s.count() != 1_000_000 {
		t.Errorf("%v", s.ranges)
	}
}

// BenchmarkGridViewScroll is our own part of a frame of a million rows at 1200 by 780.
func BenchmarkGridViewScroll(b *testing.B) {
	v, _ := grid(b, &rows{n: 1_000_000})
	v.Resize(fyne.NewSize(1200, 780))
	b.ReportAllocs()
	i := 0.0
	for b.Loop() {
		i += 0.5
		v.SetScrollOffset(i)
		v.draw(1200, 780)
	}
}

// A field that is laid over a cell stands where the cell is drawn, and knows when it is out of sight.
func TestCellPlace(t *testing.T) {
	v, _ := grid(t, &rows{n: 100})
	at, size, shown := v.CellPlace(0, 1)
	if !shown || at.Y != headerHeight || size.Height != theme.RowHeight || at.X <= 0 || size.Width <= 0 {
		t.Errorf("at %v, %v, shown %v", at, size, shown)
	}
	if _, _, shown := v.CellPlace(90, 1); shown {
		t.Error("a row below the view shows")
	}
	v.ScrollTo(90)
	if down, _, shown := v.CellPlace(90, 1); !shown || down.Y <= at.Y || down.X != at.X {
		t.Errorf("at %v, shown %v", down, shown)
	}
	for _, cell := range [][2]int{{-1, 0}, {100, 0}, {0, -1}, {0, 99}} {
		if _, _, shown := v.CellPlace(cell[0], cell[1]); shown {
			t.Errorf("%v is no cell", cell)
		}
	}
}
