package kit

import (
	"bytes"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// code opens a window that is one CodeView over a text.
func code(t testing.TB, text screen.Text) (*CodeView, *uitest.Window) {
	t.Helper()
	var v *CodeView
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 800, Height: 300}, func(fyne.Window) fyne.CanvasObject {
		v = NewCodeView()
		return v
	})
	v.SetText(text)
	w.Canvas().Capture() // the first paint tells the view how large a cell is
	return v, w
}

// spot is the middle of the cell that shows a byte.
func spot(v *CodeView, w *uitest.Window, offset int) fyne.Position {
	line, col := v.text.Position(offset)
	m := v.metrics
	x := (float64(v.x(col)) + float64(m.cell)/4) / m.scale
	y := (float64(m.top) + (float64(line)-v.down.pos+0.5)*float64(m.line)) / m.scale
	return w.At(v, float32(x), float32(y))
}

func TestCodeViewKeys(t *testing.T) {
	v, w := code(t, sampleText())
	var told []int
	v.OnCursor = func(o int) { told = append(told, o) }
	w.Canvas().Focus(v)
	step := func(want int, what string) {
		t.Helper()
		if v.Cursor() != want {
			t.Fatalf("%s: cursor at %d, want %d", what, v.Cursor(), want)
		}
	}
	pid := at("PID")
	w.Key(fyne.KeyDown, fyne.KeyDown)
	step(pid, "Down")
	w.Key(fyne.KeyRight, fyne.KeyRight, fyne.KeyRight, fyne.KeyRight)
	step(pid+4, "Right")
	w.Key(fyne.KeyUp, fyne.KeyDown)
	step(pid+4, "Up and Down keep the column")
	w.Key(fyne.KeyEnd)
	step(at("\rPV1"), "End")
	w.Key(fyne.KeyRight)
	step(at("PV1"), "Right at the end of a line")
	w.Key(fyne.KeyLeft)
	step(at("\rPV1"), "Left at the beginning")
	w.Key(fyne.KeyHome)
	step(pid, "Home")
	w.Chord(fyne.KeyModifierControl, fyne.KeyRight)
	step(pid+4, "Ctrl+Right")
	w.Chord(fyne.KeyModifierControl, fyne.KeyLeft)
	step(pid, "Ctrl+Left")
	w.Chord(fyne.KeyModifierControl, fyne.KeyEnd)
	step(len(sample)-1, "Ctrl+End")
	w.Chord(fyne.KeyModifierControl, fyne.KeyHome)
	step(0, "Ctrl+Home")
	if len(told) == 0 || told[len(told)-1] != 0 {
		t.Errorf("the owner was told %v", told)
	}
	n := len(told)
	v.SetCursor(40)
	if len(told) != n {
		t.Error("SetCursor called back")
	}
}

func TestCodeViewSelectsAndCopiesBytes(t *testing.T) {
	v, w := code(t, sampleText())
	w.Canvas().Focus(v)
	w.Shift(fyne.KeyRight, fyne.KeyRight, fyne.KeyRight)
	if from, to := v.Selection(); from != 0 || to != 3 {
		t.Fatalf("selected %d..%d", from, to)
	}
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyC)
	if got := fyne.CurrentApp().Clipboard().Content(); got != "MSH" {
		t.Errorf("copied %q", got)
	}
	w.Key(fyne.KeyRight)
	if from, to := v.Selection(); from != 3 || to != 3 {
		t.Errorf("Right after a selection gives %d..%d", from, to)
	}
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyA)
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyC)
	// Everything as it came, invalid bytes and CR line ends included, up to the break that ends the last line.
	if got := fyne.CurrentApp().Clipboard().Content(); got != strings.TrimSuffix(sample, "\r") {
		t.Errorf("copied %d bytes, want %d", len(got), len(sample)-1)
	}
	v.SetCursor(at("EVN"))
	v.Copy()
	if got := fyne.CurrentApp().Clipboard().Content(); got != "EVN|A08|20260302101400||01|OPER7" {
		t.Errorf("without a selection the line is copied, not %q", got)
	}
}

func TestCodeViewMouse(t *testing.T) {
	v, w := code(t, sampleText())
	w.Click(spot(v, w, at("88121")))
	if v.Cursor() != at("88121") {
		t.Fatalf("click: cursor at %d, want %d", v.Cursor(), at("88121"))
	}
	if w.Canvas().Focused() != fyne.Focusable(v) {
		t.Error("a click does not give the focus")
	}
	w.Click(spot(v, w, at("88121"))) // the second click of a double click
	if from, to := v.Selection(); sample[from:to] != "88121" {
		t.Errorf("double click took %q", sample[from:to])
	}
	w.Click(spot(v, w, at("88121")))
	if from, to := v.Selection(); !strings.HasPrefix(sample[from:to], "PID|1") || !strings.HasSuffix(sample[from:to], "00000") {
		t.Errorf("triple click took %q", sample[from:to])
	}
	w.Drag(spot(v, w, at("A08|2026")), spot(v, w, at("|01|OPER7")))
	if from, to := v.Selection(); sample[from:to] != "A08|20260302101400|" {
		t.Errorf("dragging took %q", sample[from:to])
	}
	w.ClickWith(spot(v, w, at("OPER7")), fyne.KeyModifierShift)
	if from, to := v.Selection(); sample[from:to] != "A08|20260302101400||01|" {
		t.Errorf("Shift and a click took %q", sample[from:to])
	}
	var clicked int
	v.OnSecondary = func(o int, _ fyne.Position) { clicked = o }
	w.SecondaryClick(spot(v, w, at("19790231")+2))
	if clicked != at("19790231")+2 {
		t.Errorf("secondary click at %d", clicked)
	}
}

func TestCodeViewExpandIsTheOwners(t *testing.T) {
	v, w := code(t, sampleText())
	var asked []int
	v.Expand = func(offset, clicks int) (int, int) {
		asked = append(asked, clicks)
		return at("88121"), at("||Testpatient")
	}
	p := spot(v, w, at("LAKE^MR"))
	w.Click(p)
	w.Click(p)
	if from, to := v.Selection(); sample[from:to] != "88121^^^LAKE^MR~C10442^^^INF^PI" || len(asked) != 1 || asked[0] != 2 {
		t.Errorf("took %q, asked %v", sample[from:to], asked)
	}
}

func TestCodeViewScrolls(t *testing.T) {
	data := bytes.Repeat([]byte("OBX|1|ST|8302-2^Body height^LN||172|cm\r"), 5000)
	v, w := code(t, screen.NewBytes(data, screen.BytesOptions{}))
	scrolls := 0
	v.OnScrolled = func() { scrolls++ }
	w.Scroll(fyne.NewPos(100, 100), 0, -380)
	if line, _ := v.Scroll(); line != 40 || scrolls != 1 {
		t.Errorf("the wheel went to line %v, told %d times", line, scrolls)
	}
	w.Canvas().Focus(v)
	w.Key(fyne.KeyPageDown)
	if line, _ := v.Scroll(); line < 1 {
		t.Errorf("PageDown with the cursor far above: line %v", line)
	}
	v.SetCursor(len(data) - 3)
	if line, _ := v.Scroll(); line < 4980 {
		t.Errorf("the cursor is out of sight: first line %v", line)
	}
	w.Drag(fyne.NewPos(796, 290), fyne.NewPos(796, -20))
	if line, _ := v.Scroll(); line != 0 {
		t.Errorf("dragging the bar to its top leaves line %v", line)
	}
	w.Click(fyne.NewPos(796, 150))
	if line, _ := v.Scroll(); line < 2200 || line > 2800 {
		t.Errorf("a click in the middle of the bar goes to line %v", line)
	}
	if v.selecting || v.down.dragging {
		t.Error("the bar is still held")
	}
}

func TestCodeViewDraggingBeyondTheEdgeScrolls(t *testing.T) {
	v, w := code(t, screen.NewBytes(bytes.Repeat([]byte("a line\r"), 500), screen.BytesOptions{}))
	v.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(60, 50)}, Button: desktop.MouseButtonPrimary})
	v.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(60, 700)}})
	if v.auto == nil {
		t.Error("nothing scrolls while the mouse is below the edge")
	}
	v.DragEnd()
	if v.auto != nil {
		t.Error("it scrolls on after the button was released")
	}
	_ = w
}

func TestCodeViewHex(t *testing.T) {
	v, w := code(t, screen.NewHex([]byte(sample), screen.HexOptions{}))
	w.Canvas().Focus(v)
	w.Key(fyne.KeyRight, fyne.KeyDown)
	if v.Cursor() != 17 {
		t.Errorf("cursor at %d", v.Cursor())
	}
	v.SetSelection(4, 40)
	v.Copy()
	if got := fyne.CurrentApp().Clipboard().Content(); got != sample[4:40] {
		t.Errorf("copied %q", got)
	}
	w.Click(spot(v, w, 35))
	if v.Cursor() != 35 {
		t.Errorf("click on byte 35 gives %d", v.Cursor())
	}
}

func TestCodeViewPassesShortcutsOn(t *testing.T) {
	v, w := code(t, sampleText())
	ran := false
	w.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyK, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { ran = true })
	w.Canvas().Focus(v)
	w.Chord(fyne.KeyModifierControl, fyne.KeyK)
	if !ran {
		t.Error("the window's shortcut did not run while the view had the focus")
	}
}

// What is hostile or empty must draw, not fall.
func TestCodeViewDrawsAnything(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":     nil,
		"one break": []byte("\r"),
		"zeros":     make([]byte, 4096),
		"invalid":   bytes.Repeat([]byte{0xff, 0xfe, 0xc0, 0x80}, 500),
		"marks":     []byte(strings.Repeat("\u0301", 300)),
		"wide":      []byte(strings.Repeat("検査結果", 300)),
		"arabic":    []byte("PID|1||||محمد^علي"),
		"a field":   bytes.Repeat([]byte("x"), 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			v, w := code(t, screen.NewBytes(b, screen.BytesOptions{ShowBreaks: true}))
			v.SetMarks([]screen.Mark{{From: 0, To: len(b), Kind: screen.MarkError}, {From: len(b), To: len(b), Kind: screen.MarkWarning}, {From: -5, To: 1 << 40, Kind: screen.MarkHit}})
			v.SetCursor(len(b))
			w.Canvas().Focus(v)
			w.Key(fyne.KeyLeft, fyne.KeyUp, fyne.KeyPageDown, fyne.KeyHome, fyne.KeyRight)
			v.ScrollTo(1e9, 1e9)
			w.Canvas().Capture()
		})
	}
}

// The mask must leave nothing of the letters in the picture.
func TestCodeViewMasks(t *testing.T) {
	b := []byte("PID|1||88121")
	masked := func(_, from, to int) []screen.Span {
		return []screen.Span{{Start: 7, End: len(b), Role: screen.RoleMasked}}
	}
	v, w := code(t, screen.NewBytes(b, screen.BytesOptions{Colours: masked}))
	one := w.Canvas().Capture()
	v.Replace(screen.NewBytes([]byte("PID|1||99999"), screen.BytesOptions{Colours: masked}))
	if err := uitest.Same(one, w.Canvas().Capture()); err != nil {
		t.Errorf("the picture depends on what is masked: %v", err)
	}
}

func TestCodeViewFollowsTheTheme(t *testing.T) {
	_, w := code(t, sampleText())
	dark := w.Canvas().Capture()
	w.SetMode(theme.Light)
	if uitest.Same(dark, w.Canvas().Capture()) == nil {
		t.Error("light looks as dark did")
	}
	w.SetMode(theme.Dark)
	if err := uitest.Same(dark, w.Canvas().Capture()); err != nil {
		t.Errorf("dark again looks different: %v", err)
	}
}

func BenchmarkCodeViewOpen10MB(b *testing.B) {
	data := bytes.Repeat([]byte("OBX|1|ST|8302-2^Body height^LN||172|cm|||||F|||20260302101400\r"), 10<<20/64)
	v, w := code(b, nil)
	for b.Loop() {
		v.SetText(screen.NewBytes(data, screen.BytesOptions{}))
		v.draw(1200, 780)
	}
	_ = w
}

// BenchmarkCodeViewScroll is our own part of a frame at 1200 by 780, with every line coloured and marked.
func BenchmarkCodeViewScroll(b *testing.B) {
	data := bytes.Repeat([]byte("OBX|1|ST|8302-2^Body height^LN||172|cm|||||F|||20260302101400||||OPER7^Sample|||||||||||||||||||||||||||||||||||||||\r"), 20000)
	v, _ := code(b, nil)
	v.SetText(screen.NewBytes(data, screen.BytesOptions{Colours: colours(data)}))
	v.Resize(fyne.NewSize(1200, 780))
	v.SetMarks([]screen.Mark{{From: 0, To: 4000, Kind: screen.MarkError}, {From: 0, To: len(data), Kind: screen.MarkCursorField}})
	b.ReportAllocs()
	i := 0.0
	for b.Loop() {
		i++
		v.ScrollTo(i*0.7, 0)
		v.draw(1200, 780)
	}
}

// Wrapped, every byte is in sight, and the keys still walk through all of them.
func TestWrapping(t *testing.T) {
	long := "OBX|1|TX|" + strings.Repeat("0123456789", 40)
	v := NewCodeView()
	hovered := -2
	v.OnHover = func(at int) { hovered = at }
	v.Lead = func(line int) string { return "OBX" }
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 500, Height: 300}, func(fyne.Window) fyne.CanvasObject { return v })
	v.SetText(screen.NewBytes([]byte("MSH|^~\\&|\r"+long+"\rPID|1"), screen.BytesOptions{}))
	v.ScrollTo(0, 30)
	w.Canvas().Capture() // the segment's ID stays
	v.SetWrap(true)
	w.Canvas().Capture()
	rows := v.text.Lines()
	if _, across := v.Scroll(); across != 0 || rows < 10 || v.across.needed() {
		t.Fatalf("%d rows, across %v", rows, across)
	}
	w.Canvas().Focus(v)
	v.SetCursor(0)
	for i := range 30 {
		w.Key(fyne.KeyRight)
		if v.Cursor() != i+1 {
			t.Fatalf("Right went to %d", v.Cursor())
		}
	}
	at := 10 + len(long)
	v.SetCursor(at)
	for i := range 300 {
		w.Key(fyne.KeyLeft)
		if v.Cursor() != at-i-1 {
			t.Fatalf("Left went to %d, not %d", v.Cursor(), at-i-1)
		}
	}
	before, _ := v.text.Position(v.Cursor())
	w.Key(fyne.KeyEnd)
	if row, _ := v.text.Position(v.Cursor()); row != before {
		t.Error("End left its row")
	}
	w.Key(fyne.KeyDown)
	if row, _ := v.text.Position(v.Cursor()); row != before+1 {
		t.Error("Down did not go to the next row")
	}
	w.Hover(w.At(v, 80, 12))
	if hovered < 0 || hovered > 9 {
		t.Errorf("hovered over byte %d", hovered)
	}
	w.Resize(fyne.NewSize(900, 300))
	w.Canvas().Capture()
	if v.text.Lines() >= rows {
		t.Errorf("%d rows in a wider view, %d before", v.text.Lines(), rows)
	}
	cursor := v.Cursor()
	v.SetWrap(false)
	if v.text.Lines() != 3 || v.Cursor() != cursor || v.Text() != v.text {
		t.Errorf("%d lines, cursor %d", v.text.Lines(), v.Cursor())
	}
}
