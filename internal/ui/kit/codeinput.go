package kit

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"trestle/internal/present/screen"
)

// doubleClick is how soon and how near a second click must follow. Fyne's own double tap would delay every first one.
const doubleClick = 400 * time.Millisecond

// takeFocus asks the canvas for the keyboard.
func takeFocus(w fyne.Widget) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(w); c != nil {
		if f, ok := w.(fyne.Focusable); ok && c.Focused() != f {
			c.Focus(f)
		}
	}
}

// passOn hands a shortcut that a focused widget has no use for to the window: Fyne itself stops at the widget.
func passOn(w fyne.Widget, s fyne.Shortcut) {
	ClearHint()
	if WindowShortcut != nil {
		WindowShortcut(s)
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(w); c != nil {
		if window, ok := c.(fyne.Shortcutable); ok {
			window.TypedShortcut(s)
		}
	}
}

// absolute is the place on the canvas of a point of a widget.
func absolute(w fyne.CanvasObject, p fyne.Position) fyne.Position {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(w).Add(p)
}

// offsetAt is the byte boundary nearest to a point.
func (v *CodeView) offsetAt(p fyne.Position) int {
	m := v.metrics
	y := (float64(p.Y)*m.scale - float64(m.top)) / float64(m.line)
	line := int(max(v.down.pos+y, 0))
	if v.down.pos+y < 0 {
		return 0
	}
	if line >= v.text.Lines() {
		return v.end()
	}
	x := max((float64(p.X)*m.scale-float64(m.gutter))/float64(m.cell)+v.across.pos, 0)
	at := v.text.Offset(line, int(x))
	if _, double := v.text.(screen.Ranger); double {
		return at
	}
	_, col := v.text.Position(at)
	group, _ := v.text.Line(line, col, col+1)
	if _, cells, _ := screen.Next(group); cells > 0 && x > float64(col)+float64(cells)/2 {
		return v.text.Offset(line, col+cells)
	}
	return at
}

// underPoint is the byte whose cell a point lies in.
func (v *CodeView) underPoint(p fyne.Position) int {
	m := v.metrics
	line := int(max(v.down.pos+(float64(p.Y)*m.scale-float64(m.top))/float64(m.line), 0))
	if line >= v.text.Lines() {
		return v.end()
	}
	x := max((float64(p.X)*m.scale-float64(m.gutter))/float64(m.cell)+v.across.pos, 0)
	return v.text.Offset(line, int(x))
}

// moveTo moves the cursor as the user does; extend keeps the selection's other end.
func (v *CodeView) moveTo(offset int, extend bool) {
	v.jump(offset, extend)
	_, v.goal = v.text.Position(v.cursor)
}

func (v *CodeView) jump(offset int, extend bool) {
	was, hadFrom, hadTo := v.cursor, v.anchor, v.cursor
	v.cursor = v.within(offset)
	if !extend {
		v.anchor = v.cursor
	}
	v.reveal()
	v.repaint()
	if hadFrom != hadTo || v.anchor != v.cursor {
		v.selectionChanged()
	}
	if v.cursor != was && v.OnCursor != nil {
		v.OnCursor(v.cursor)
	}
}

func (v *CodeView) selectionChanged() {
	if v.OnSelection != nil {
		v.OnSelection(v.Selection())
	}
}

// MouseDown implements desktop.Mouseable.
func (v *CodeView) MouseDown(e *desktop.MouseEvent) {
	Active()
	takeFocus(v)
	if e.Button == desktop.MouseButtonSecondary {
		if from, to := v.Selection(); from == to || v.underPoint(e.Position) < from || v.underPoint(e.Position) >= to {
			v.moveTo(v.offsetAt(e.Position), false)
		}
		return
	}
	if e.Button != desktop.MouseButtonPrimary {
		return
	}
	for _, b := range []*bar{&v.down, &v.across} {
		if b.hit(e.Position) {
			b.press(e.Position)
			v.scrolled()
			return
		}
	}
	v.countClick(e.Position)
	v.selecting, v.pointer = true, e.Position
	switch {
	case v.clicks == 1:
		v.moveTo(v.offsetAt(e.Position), v.shift || e.Modifier&fyne.KeyModifierShift != 0)
	default:
		from, to := v.expand(v.underPoint(e.Position), v.clicks)
		line, col := v.Scroll()
		v.anchor = v.within(from)
		v.moveTo(to, true)
		v.ScrollTo(line, col) // what was clicked stays where it is, however long the field is
		v.selecting = false
	}
}

// countClick counts clicks that follow each other in one place.
func (v *CodeView) countClick(p fyne.Position) {
	now := time.Now()
	d := p.Subtract(v.clickedAt)
	if now.Sub(v.clicked) > doubleClick || d.X*d.X+d.Y*d.Y > 16 || v.clicks == 3 {
		v.clicks = 0
	}
	v.clicks++
	v.clicked, v.clickedAt = now, p
}

// expand is what a double or triple click selects.
func (v *CodeView) expand(offset, clicks int) (from, to int) {
	if v.Expand != nil {
		return v.Expand(offset, clicks)
	}
	line, _ := v.text.Position(offset)
	start, end := v.text.Offset(line, 0), v.text.Offset(line, v.text.Columns(line))
	if clicks >= 3 {
		return start, end
	}
	from, to = offset, offset
	for from > start && wordByte(v.text.Bytes(from-1, from)) {
		from--
	}
	for to < end && wordByte(v.text.Bytes(to, to+1)) {
		to++
	}
	return from, max(to, from+1)
}

func wordByte(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	c := b[0]
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 || c == '_'
}

// MouseUp implements desktop.Mouseable.
func (v *CodeView) MouseUp(*desktop.MouseEvent) { v.release() }

// DragEnd implements fyne.Draggable.
func (v *CodeView) DragEnd() { v.release() }

func (v *CodeView) release() {
	v.selecting, v.down.dragging, v.across.dragging = false, false, false
	v.stopAuto()
	v.repaint()
}

// Dragged implements fyne.Draggable: it selects, or moves a scroll bar.
func (v *CodeView) Dragged(e *fyne.DragEvent) {
	Active()
	switch {
	case v.down.dragging:
		if v.down.drag(e.Position) {
			v.scrolled()
		}
	case v.across.dragging:
		if v.across.drag(e.Position) {
			v.scrolled()
		}
	case v.selecting:
		v.pointer = e.Position
		if v.outside() != (fyne.Delta{}) {
			v.startAuto()
		} else {
			v.stopAuto()
		}
		v.moveTo(v.offsetAt(e.Position), true)
	}
}

// outside is how far the mouse is beyond the edges, which sets how fast dragging scrolls.
func (v *CodeView) outside() (d fyne.Delta) {
	size, left := v.Size(), float32(float64(v.metrics.gutter)/v.metrics.scale)
	d.DX = min(v.pointer.X-left, 0) + max(v.pointer.X-size.Width, 0)
	d.DY = min(v.pointer.Y, 0) + max(v.pointer.Y-size.Height, 0)
	return d
}

// startAuto scrolls while the mouse is held beyond an edge: no events come then.
func (v *CodeView) startAuto() {
	if v.auto != nil {
		return
	}
	last := time.Now()
	v.auto = fyne.NewAnimation(time.Second, func(float32) {
		step := float64(time.Since(last).Milliseconds()) / 1000
		last = time.Now()
		d := v.outside()
		v.ScrollTo(v.down.pos+step*float64(d.DY), v.across.pos+2*step*float64(d.DX))
		v.moveTo(v.offsetAt(v.pointer), true)
	})
	v.auto.RepeatCount = fyne.AnimationRepeatForever
	v.auto.Start()
}

func (v *CodeView) stopAuto() {
	if v.auto != nil {
		v.auto.Stop()
		v.auto = nil
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (v *CodeView) TappedSecondary(e *fyne.PointEvent) {
	if v.OnSecondary != nil {
		v.OnSecondary(v.underPoint(e.Position), e.AbsolutePosition)
	}
}

// Scrolled implements fyne.Scrollable.
func (v *CodeView) Scrolled(e *fyne.ScrollEvent) {
	Active()
	m := v.metrics
	dx, dy := float64(e.Scrolled.DX), float64(e.Scrolled.DY)
	if v.shift { // a wheel has one axis
		dx, dy = dx+dy, 0
	}
	v.ScrollTo(v.down.pos-2*dy*m.scale/float64(m.line), v.across.pos-2*dx*m.scale/float64(m.cell))
}

// MouseIn implements desktop.Hoverable.
func (v *CodeView) MouseIn(e *desktop.MouseEvent) { Active(); v.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (v *CodeView) MouseMoved(e *desktop.MouseEvent) {
	Active()
	a, b := v.down.hover(e.Position), v.across.hover(e.Position)
	if a || b {
		v.repaint()
	}
	v.hover(v.overText(e.Position))
}

// overText is the byte of the letter at a point, -1 beside the text and on a bar.
func (v *CodeView) overText(p fyne.Position) int {
	at := v.underPoint(p)
	line, col := v.text.Position(at)
	m := v.metrics
	beyond := float64(v.x(col+8)) < float64(p.X)*m.scale || (float64(line+1)-v.down.pos)*float64(m.line)+float64(m.top) < float64(p.Y)*m.scale
	if v.down.hovered || v.across.hovered || float64(p.X)*m.scale < float64(m.gutter) || beyond {
		return -1
	}
	return at
}

// hover tells the owner what the mouse is over.
func (v *CodeView) hover(at int) {
	if v.OnHover != nil && at != v.under {
		v.under = at
		v.OnHover(at)
	}
}

// MouseOut implements desktop.Hoverable.
func (v *CodeView) MouseOut() {
	v.hover(-1)
	if v.down.hovered || v.across.hovered {
		v.down.hovered, v.across.hovered = false, false
		v.repaint()
	}
}

// FocusGained implements fyne.Focusable.
func (v *CodeView) FocusGained() { v.focused = true; v.repaint() }

// FocusLost implements fyne.Focusable.
func (v *CodeView) FocusLost() { v.focused, v.shift = false, false; v.repaint() }
