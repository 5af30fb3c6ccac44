package kit

import (
	"image"

	"fyne.io/fyne/v2"
)

// bar is a scroll bar of our own: thin until the mouse comes near, and exact for any length of content.
type bar struct {
	vertical          bool
	pos, page, total  float64 // in lines, rows, columns or units: whatever the widget scrolls by
	from, length      float32 // of its track along the widget's side, in units
	cross             float32 // the widget's size across
	hovered, dragging bool
	grab              float32 // from the thumb's beginning to the mouse, while dragging
}

const (
	barRoom  float32 = 12 // in which the mouse takes it
	barThin  float32 = 4
	barThick float32 = 8
	minThumb float32 = 28
)

// needed tells whether there is anything to scroll.
func (b *bar) needed() bool { return b.total > b.page && b.page > 0 && b.length > minThumb }

// last is the greatest position.
func (b *bar) last() float64 { return max(b.total-b.page, 0) }

// set moves the position, as far as the content goes, and tells whether it changed.
func (b *bar) set(pos float64) bool {
	pos = min(max(pos, 0), b.last())
	if pos == b.pos {
		return false
	}
	b.pos = pos
	return true
}

// thumb is where the thumb stands along the widget's side.
func (b *bar) thumb() (from, length float32) {
	length = max(b.length*float32(b.page/b.total), minThumb)
	if last := b.last(); last > 0 {
		from = (b.length - length) * float32(b.pos/last)
	}
	return b.from + from, length
}

func (b *bar) split(p fyne.Position) (along, across float32) {
	if b.vertical {
		return p.Y, p.X
	}
	return p.X, p.Y
}

// hit tells whether a point is on the bar.
func (b *bar) hit(p fyne.Position) bool {
	along, across := b.split(p)
	return b.needed() && across >= b.cross-barRoom && across <= b.cross && along >= b.from && along < b.from+b.length
}

// hover takes the mouse's place and tells whether the bar must be painted anew.
func (b *bar) hover(p fyne.Position) bool {
	over := b.hit(p)
	changed := over != b.hovered
	b.hovered = over
	return changed
}

// press begins a drag at p. Beside the thumb it first brings the thumb's middle there.
func (b *bar) press(p fyne.Position) {
	along, _ := b.split(p)
	from, length := b.thumb()
	b.dragging, b.grab = true, along-from
	if along < from || along >= from+length {
		b.grab = length / 2
		b.drag(p)
	}
}

// drag follows the mouse and tells whether the position changed.
func (b *bar) drag(p fyne.Position) bool {
	along, _ := b.split(p)
	_, length := b.thumb()
	if room := b.length - length; room > 0 {
		return b.set(float64((along-b.grab-b.from)/room) * b.last())
	}
	return false
}

// draw paints the thumb.
func (b *bar) draw(s *surface) {
	if !b.needed() {
		return
	}
	thick := barThin
	if b.hovered || b.dragging {
		thick = barThick
	}
	from, length := b.thumb()
	a, z := s.px(from), s.px(from+length)
	edge := s.px(b.cross - 2)
	r := image.Rect(edge-s.px(thick), a, edge, z)
	if !b.vertical {
		r = image.Rect(a, edge-s.px(thick), z, edge)
	}
	s.pill(r, s.color("scrollBar"))
}
