package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/ui/theme"
)

// Split divides its place between two objects by a line of one unit that can be dragged within six.
type Split struct {
	widget.BaseWidget
	// OnMoved is called when the user moved the line, with the new ratio.
	OnMoved func(ratio float64)

	first, second fyne.CanvasObject
	rows          bool // one above the other
	ratio         float64
	grip          *grip
}

// NewColumns puts first to the left of second. The ratio is the first's share of the width, 0 to 1.
func NewColumns(first, second fyne.CanvasObject, ratio float64) *Split {
	return newSplit(first, second, ratio, false)
}

// NewRows puts first above second. The ratio is the first's share of the height, 0 to 1.
func NewRows(first, second fyne.CanvasObject, ratio float64) *Split {
	return newSplit(first, second, ratio, true)
}

func newSplit(first, second fyne.CanvasObject, ratio float64, rows bool) *Split {
	s := &Split{first: first, second: second, ratio: min(max(ratio, 0), 1), rows: rows}
	s.grip = &grip{split: s}
	s.grip.ExtendBaseWidget(s.grip)
	s.ExtendBaseWidget(s)
	return s
}

// Ratio is the first object's share.
func (s *Split) Ratio() float64 { return s.ratio }

// SetRatio moves the line.
func (s *Split) SetRatio(r float64) {
	s.ratio = min(max(r, 0), 1)
	s.Refresh()
}

// SetFirst puts another object in the first place.
func (s *Split) SetFirst(o fyne.CanvasObject) { s.first = o; s.Refresh() }

// SetSecond puts another object in the second place.
func (s *Split) SetSecond(o fyne.CanvasObject) { s.second = o; s.Refresh() }

// along is the part of a size that the split divides.
func (s *Split) along(z fyne.Size) float32 {
	if s.rows {
		return z.Height
	}
	return z.Width
}

// at is where the line stands: by the ratio, as far as the least sizes of both sides allow.
func (s *Split) at(size fyne.Size) float32 {
	room := s.along(size) - 1
	pos := float32(s.ratio) * room
	pos = min(pos, room-s.along(s.second.MinSize()))
	return float32(int(max(pos, min(s.along(s.first.MinSize()), room)) + 0.5))
}

// CreateRenderer implements fyne.Widget.
func (s *Split) CreateRenderer() fyne.WidgetRenderer {
	r := &splitRenderer{s: s, line: canvas.NewRectangle(color.Transparent)}
	r.colour()
	return r
}

type splitRenderer struct {
	s    *Split
	line *canvas.Rectangle
}

func (r *splitRenderer) colour() {
	name := fyne.ThemeColorName("separator")
	if r.s.grip.hovered || r.s.grip.dragging {
		name = "primary"
	}
	r.line.FillColor = theme.Of(r.s).Color(name)
}

func (r *splitRenderer) Layout(size fyne.Size) {
	s, pos := r.s, r.s.at(size)
	place := func(o fyne.CanvasObject, from, to float32) {
		if s.rows {
			o.Move(fyne.NewPos(0, from))
			o.Resize(fyne.NewSize(size.Width, to-from))
			return
		}
		o.Move(fyne.NewPos(from, 0))
		o.Resize(fyne.NewSize(to-from, size.Height))
	}
	place(s.first, 0, pos)
	place(r.line, pos, pos+1)
	place(s.second, pos+1, max(s.along(size), pos+1))
	place(s.grip, pos-3, pos+4)
}

func (r *splitRenderer) MinSize() fyne.Size {
	a, b := r.s.first.MinSize(), r.s.second.MinSize()
	if r.s.rows {
		return fyne.NewSize(max(a.Width, b.Width), a.Height+b.Height+1)
	}
	return fyne.NewSize(a.Width+b.Width+1, max(a.Height, b.Height))
}

func (r *splitRenderer) Destroy() {}
func (r *splitRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.first, r.s.second, r.line, r.s.grip}
}

func (r *splitRenderer) Refresh() {
	r.colour()
	r.Layout(r.s.Size())
	r.line.Refresh()
	canvas.Refresh(r.s)
}

// grip is the invisible strip that takes the mouse.
type grip struct {
	widget.BaseWidget
	split             *Split
	hovered, dragging bool
	start             float32 // of the line relative to the mouse, while dragging
}

// Cursor implements desktop.Cursorable.
func (g *grip) Cursor() desktop.Cursor {
	if g.split.rows {
		return desktop.VResizeCursor
	}
	return desktop.HResizeCursor
}

func (g *grip) colour() {
	g.split.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (g *grip) MouseIn(*desktop.MouseEvent) { Active(); g.hovered = true; g.colour() }

// MouseMoved implements desktop.Hoverable.
func (g *grip) MouseMoved(*desktop.MouseEvent) { Active() }

// MouseOut implements desktop.Hoverable.
func (g *grip) MouseOut() { g.hovered = false; g.colour() }

// Dragged implements fyne.Draggable.
func (g *grip) Dragged(e *fyne.DragEvent) {
	Active()
	s := g.split
	if !g.dragging {
		g.dragging, g.start = true, s.at(s.Size())
	}
	d := e.Dragged.DX
	if s.rows {
		d = e.Dragged.DY
	}
	room := s.along(s.Size()) - 1
	if room <= 0 {
		return
	}
	g.start += d // the wish, which may lie beyond the limits
	s.ratio = float64(min(max(g.start/room, 0), 1))
	s.Refresh()
	if s.OnMoved != nil {
		s.OnMoved(s.ratio)
	}
}

// DragEnd implements fyne.Draggable.
func (g *grip) DragEnd() { g.dragging = false; g.colour() }

// CreateRenderer implements fyne.Widget.
func (g *grip) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(color.Transparent))
}
