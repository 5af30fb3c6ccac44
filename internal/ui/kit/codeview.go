package kit

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// CodeView shows a text of any size in fixed-width letters, read-only, with cursor, selection and marks. A line of the
// text is a line of the view, so that segments stay below each other, unless it is told to wrap them.
type CodeView struct {
	widget.BaseWidget

	// OnCursor is called when the user moved the cursor, with the byte it stands before.
	OnCursor func(offset int)
	// OnSelection is called when the user changed the selection.
	OnSelection func(from, to int)
	// OnSecondary is called on a click of the secondary button or the menu key, with the byte and the place on the canvas.
	OnSecondary func(offset int, at fyne.Position)
	// OnScrolled is called when the visible part moved, by whomever.
	OnScrolled func()
	// OnKey is asked first for each key that is not a letter; it returns whether it used the key.
	OnKey func(*fyne.KeyEvent) bool
	// OnRune is called for letters that are typed: the view itself has no use for them.
	OnRune func(rune)
	// OnPaste and OnCut are asked first for text that is pasted, and when the user cuts the selection; they return whether
	// they took it. The view itself changes nothing.
	OnPaste func(text string) bool
	OnCut   func() bool
	// Expand says which bytes a double click (clicks is 2) or triple click (3) takes. Without it they are the letters
	// between two delimiters and the line.
	Expand func(offset, clicks int) (from, to int)
	// Number is what stands in the gutter before a line; nil counts from 1.
	Number func(line int) string
	// HideNumbers leaves the gutter out.
	HideNumbers bool
	// Lead is what stays at the left of a line when its beginning is scrolled out of sight, such as a segment's ID.
	Lead func(line int) string
	// OnHover is called when the mouse moved to another byte, and with -1 when it left the text.
	OnHover func(offset int)

	text    screen.Text // what is drawn: the source, or its lines wrapped
	source  screen.Text
	wrap    bool
	wrapped int // the cells of a row, while it wraps
	under   int // the byte under the mouse, -1 for none
	marks   []screen.Mark
	cursor  int
	anchor  int // where the selection began; equal to cursor where there is none
	goal    int // the column that Up and Down keep to

	down, across bar // positions in lines and columns
	widest       int // the cells of the longest line known

	shifted
	focused   bool
	selecting bool // the primary button is held in the text
	pointer   fyne.Position
	auto      *fyne.Animation
	unseen    bool // the cursor is to be scrolled into view once there is a size
	clicks    int
	clicked   time.Time
	clickedAt fyne.Position

	surface surface
	raster  *canvas.Raster
	beam    *beam
	metrics codeMetrics
}

// codeMetrics is what the last paint knew about sizes, in pixels. Until then they are guessed at a scale of 1.
type codeMetrics struct {
	scale      float64
	cell, line int
	gutter     int // width with its paddings
	top        int // above the first line
}

// NewCodeView returns an empty view.
func NewCodeView() *CodeView {
	v := &CodeView{text: screen.NewBytes(nil, screen.BytesOptions{}), under: -1}
	v.source = v.text
	v.down.vertical = true
	v.metrics = codeMetrics{scale: 1, cell: 8, line: int(theme.LineHeight), gutter: 40, top: 4}
	v.ExtendBaseWidget(v)
	return v
}

// SetText shows t from its beginning. Marks, cursor and selection start anew.
func (v *CodeView) SetText(t screen.Text) {
	v.marks, v.cursor, v.anchor, v.goal = nil, 0, 0, 0
	v.down.pos, v.across.pos, v.widest, v.unseen = 0, 0, 1, false
	v.put(t)
}

// Replace shows another reading of the same bytes (other colours, the mask) and keeps cursor, selection and place.
func (v *CodeView) Replace(t screen.Text) { v.put(t) }

func (v *CodeView) put(t screen.Text) {
	if t == nil {
		t = screen.NewBytes(nil, screen.BytesOptions{})
	}
	v.text, v.source = t, t
	if w, ok := t.(screen.Widest); ok {
		v.widest = w.Widest()
	}
	v.cursor, v.anchor = v.within(v.cursor), v.within(v.anchor)
	v.measure()
	v.Refresh()
}

// Text is what is shown.
func (v *CodeView) Text() screen.Text { return v.source }

// Wraps says whether long lines are broken at the edge of the view.
func (v *CodeView) Wraps() bool { return v.wrap }

// SetWrap breaks long lines at the edge of the view, or lets them run out of sight. What is at the top stays there. A text
// that shows a byte in several places, such as a hex dump, is never wrapped.
func (v *CodeView) SetWrap(on bool) {
	if v.wrap == on {
		return
	}
	v.wrap = on
	v.across.pos = 0
	v.measure()
	v.reveal()
	v.Refresh()
}

// rewrap brings the rows to the width of the view.
func (v *CodeView) rewrap(width int) {
	_, double := v.source.(screen.Ranger)
	now, wrapped := v.text.(*screen.Wrapped)
	switch {
	case !v.wrap || double:
		if !wrapped {
			return
		}
	case wrapped && now.Text == v.source && v.wrapped == width:
		return
	}
	top := v.text.Offset(int(v.down.pos), 0)
	v.text, v.wrapped = v.source, width
	if v.wrap && !double {
		v.text = screen.NewWrapped(v.source, width)
	}
	v.widest = 1
	if w, ok := v.text.(screen.Widest); ok {
		v.widest = w.Widest()
	}
	line, _ := v.text.Position(top)
	v.down.pos = float64(line)
}

// lineOf is the line of the source that a row shows, and whether the row is its beginning.
func (v *CodeView) lineOf(row int) (line int, begins bool) {
	if w, ok := v.text.(*screen.Wrapped); ok {
		line, begins, _ = w.Source(row)
		return line, begins
	}
	return row, true
}

// SetMarks replaces the marks. Of marks that meet, the higher kind is on top.
func (v *CodeView) SetMarks(m []screen.Mark) {
	v.marks = slices.Clone(m)
	slices.SortStableFunc(v.marks, func(a, b screen.Mark) int { return int(a.Kind) - int(b.Kind) })
	v.repaint()
}

// SetCursor moves the cursor to a byte and scrolls it into view. The selection ends.
func (v *CodeView) SetCursor(offset int) {
	v.cursor = v.within(offset)
	v.anchor = v.cursor
	_, v.goal = v.text.Position(v.cursor)
	v.reveal()
	v.repaint()
}

// Cursor is the byte that the cursor stands before.
func (v *CodeView) Cursor() int { return v.cursor }

// SetSelection selects the bytes from..to, puts the cursor at to and scrolls it into view.
func (v *CodeView) SetSelection(from, to int) {
	v.anchor, v.cursor = v.within(from), v.within(to)
	_, v.goal = v.text.Position(v.cursor)
	v.reveal()
	v.repaint()
}

// Selection is the selected bytes; from == to where nothing is selected.
func (v *CodeView) Selection() (from, to int) {
	return min(v.anchor, v.cursor), max(v.anchor, v.cursor)
}

// SelectAll selects every byte.
func (v *CodeView) SelectAll() {
	v.anchor, v.cursor = 0, v.end()
	v.selectionChanged()
	v.repaint()
}

// Copy puts the selected bytes on the clipboard as text, or the cursor's line if nothing is selected.
func (v *CodeView) Copy() {
	from, to := v.Selection()
	if from == to {
		line, _ := v.text.Position(v.cursor)
		from, to = v.text.Offset(line, 0), v.text.Offset(line, v.text.Columns(line))
	}
	if from < to {
		fyne.CurrentApp().Clipboard().SetContent(string(v.text.Bytes(from, to)))
	}
}

// Scroll is the first visible line and column, with fractions.
func (v *CodeView) Scroll() (line, col float64) { return v.down.pos, v.across.pos }

// ScrollTo puts a line and column at the top left corner, as far as the text goes.
func (v *CodeView) ScrollTo(line, col float64) {
	a, b := v.down.set(line), v.across.set(col)
	if a || b {
		v.scrolled()
	}
}

func (v *CodeView) scrolled() {
	v.repaint()
	if v.OnScrolled != nil {
		v.OnScrolled()
	}
}

// end is the byte behind the last.
func (v *CodeView) end() int {
	last := v.text.Lines() - 1
	return v.text.Offset(last, v.text.Columns(last))
}

// within brings an offset to a byte at which a cell begins.
func (v *CodeView) within(offset int) int {
	line, col := v.text.Position(offset)
	if _, double := v.text.(screen.Ranger); double {
		return min(max(offset, 0), v.end())
	}
	return v.text.Offset(line, col)
}

// reveal scrolls the cursor into view, with a little of what surrounds it.
func (v *CodeView) reveal() {
	if v.Size().Width <= 0 { // not laid out yet
		v.unseen = true
		return
	}
	v.measure()
	line, col := v.text.Position(v.cursor)
	l, c := float64(line), float64(col)
	top, left := v.down.pos, v.across.pos
	if l < top {
		top = l
	} else if l+1.2 > top+v.down.page {
		top = l + 1.2 - v.down.page
	}
	margin := min(4, v.across.page/4)
	if c < left+margin {
		left = c - margin
	} else if c+margin > left+v.across.page {
		left = c + margin - v.across.page
	}
	v.ScrollTo(top, left)
}

// wrapRoom is the cells that a wrapped row leaves free: for the bar at the right, and for a group that begins before its end.
const wrapRoom = 3

// measure brings page sizes and extents up to date. Page sizes are those of the last known metrics.
func (v *CodeView) measure() {
	m, size := v.metrics, v.Size()
	v.down.page = max((float64(size.Height)*m.scale-float64(2*m.top))/float64(m.line), 1)
	v.across.page = max((float64(size.Width)*m.scale-float64(m.gutter))/float64(m.cell)-1, 1)
	v.rewrap(int(v.across.page) - wrapRoom)
	v.down.total = float64(v.text.Lines())
	v.across.total = float64(v.widest + 2)
	v.down.cross, v.across.cross = size.Width, size.Height
	v.down.from, v.down.length = 2, size.Height-4
	v.across.from = float32(float64(m.gutter)/m.scale) + 2
	v.across.length = size.Width - v.across.from - 2
	if v.across.needed() { // the last line can be brought above the bar
		v.down.page = max(v.down.page-float64(barRoom)*m.scale/float64(m.line), 1)
	}
	if v.down.needed() && v.across.needed() {
		v.across.length -= barRoom
		v.down.length -= barRoom
	}
	v.down.set(v.down.pos)
	v.across.set(v.across.pos)
}

// repaint paints the picture anew. Refreshing the widget would throw away more than the picture.
func (v *CodeView) repaint() {
	if v.raster != nil {
		v.raster.Refresh()
	}
}

// MinSize implements fyne.CanvasObject.
func (v *CodeView) MinSize() fyne.Size {
	v.ExtendBaseWidget(v)
	return fyne.NewSize(120, 3*theme.LineHeight)
}

// CreateRenderer implements fyne.Widget.
func (v *CodeView) CreateRenderer() fyne.WidgetRenderer {
	v.raster = canvas.NewRaster(v.draw)
	v.raster.ScaleMode = canvas.ImageScalePixels
	v.beam = &beam{view: v}
	v.beam.ExtendBaseWidget(v.beam)
	return &rasterRenderer{raster: v.raster, layout: v.resized, min: v.MinSize, above: v.beam}
}

func (v *CodeView) resized() {
	v.measure()
	if v.unseen && v.Size().Width > 0 {
		v.unseen = false
		v.reveal()
	}
}

// rasterRenderer shows a widget that is one raster, with an object above it where there is one.
type rasterRenderer struct {
	raster *canvas.Raster
	above  fyne.CanvasObject
	layout func()
	min    func() fyne.Size
}

func (r *rasterRenderer) Destroy()           {}
func (r *rasterRenderer) MinSize() fyne.Size { return r.min() }
func (r *rasterRenderer) Refresh()           { r.layout(); r.raster.Refresh() }

func (r *rasterRenderer) Layout(s fyne.Size) {
	r.raster.Resize(s)
	if r.above != nil {
		r.above.Resize(s)
	}
	r.layout()
}

func (r *rasterRenderer) Objects() []fyne.CanvasObject {
	if r.above != nil {
		return []fyne.CanvasObject{r.raster, r.above}
	}
	return []fyne.CanvasObject{r.raster}
}

// beam gives the mouse the shape of a text cursor over a CodeView, whose own method Cursor is about the text's.
type beam struct {
	widget.BaseWidget
	view *CodeView
}

// Cursor implements desktop.Cursorable.
func (b *beam) Cursor() desktop.Cursor {
	if b.view.down.hovered || b.view.across.hovered || b.view.down.dragging || b.view.across.dragging {
		return desktop.DefaultCursor
	}
	return desktop.TextCursor
}

// CreateRenderer implements fyne.Widget. There is nothing to draw.
func (b *beam) CreateRenderer() fyne.WidgetRenderer { return noRenderer{} }

type noRenderer struct{}

func (noRenderer) Destroy()                     {}
func (noRenderer) Layout(fyne.Size)             {}
func (noRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (noRenderer) Objects() []fyne.CanvasObject { return nil }
func (noRenderer) Refresh()                     {}
