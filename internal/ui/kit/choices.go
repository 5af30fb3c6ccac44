package kit

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// choices is the list of a palette: a fixed number of rows that show a part of what was found.
type choices struct {
	widget.BaseWidget
	p             *Palette
	first, chosen int
}

const choiceHeight float32 = 30

func newChoices(p *Palette) *choices {
	l := &choices{p: p}
	l.ExtendBaseWidget(l)
	return l
}

// move moves the choice, past either end no further, and scrolls it into view.
func (l *choices) move(by int) {
	l.chosen = min(max(l.chosen+by, 0), max(len(l.p.found)-1, 0))
	l.first = min(max(l.first, l.chosen-paletteRows+1), l.chosen)
	l.Refresh()
}

func (l *choices) at(y float32) int {
	i := l.first + int(y/choiceHeight)
	if y < 0 || i >= len(l.p.found) {
		return -1
	}
	return i
}

// Tapped implements fyne.Tappable.
func (l *choices) Tapped(e *fyne.PointEvent) { l.p.choose(l.at(e.Position.Y)) }

// Scrolled implements fyne.Scrollable.
func (l *choices) Scrolled(e *fyne.ScrollEvent) {
	Active()
	step := 1
	if e.Scrolled.DY > 0 {
		step = -1
	}
	l.first = min(max(l.first+step, 0), max(len(l.p.found)-paletteRows, 0))
	l.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (l *choices) MouseIn(*desktop.MouseEvent) { Active() }

// MouseMoved implements desktop.Hoverable: the row under the mouse becomes the choice, once the mouse moves.
func (l *choices) MouseMoved(e *desktop.MouseEvent) {
	Active()
	if i := l.at(e.Position.Y); i >= 0 && i != l.chosen {
		l.chosen = i
		l.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (l *choices) MouseOut() {}

// CreateRenderer implements fyne.Widget.
func (l *choices) CreateRenderer() fyne.WidgetRenderer {
	r := &choicesRenderer{l: l}
	r.Refresh()
	return r
}

type choicesRenderer struct {
	l       *choices
	objects []fyne.CanvasObject
}

func (r *choicesRenderer) Destroy()                     {}
func (r *choicesRenderer) Layout(fyne.Size)             { r.build() }
func (r *choicesRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *choicesRenderer) MinSize() fyne.Size {
	return fyne.NewSize(paletteWidth, choiceHeight*float32(min(max(len(r.l.p.found), 1), paletteRows)))
}
func (r *choicesRenderer) Refresh() { r.build(); canvas.Refresh(r.l) }

// build makes the objects of the visible rows. There are twelve at most, so they are made anew.
func (r *choicesRenderer) build() {
	r.objects = r.objects[:0]
	l := r.l
	for i := l.first; i < min(l.first+paletteRows, len(l.p.found)); i++ {
		r.row(l.p.found[i], float32(i-l.first)*choiceHeight, i == l.chosen)
	}
}

func (r *choicesRenderer) row(c choice, y float32, chosen bool) {
	th, width := theme.Of(r.l), r.l.Size().Width
	if chosen {
		back := canvas.NewRectangle(th.Color("selection"))
		back.CornerRadius = 3
		r.put(back, 4, y+1, width-8, choiceHeight-2)
	}
	if c.Icon != "" {
		r.put(canvas.NewImageFromResource(theme.IconIn(c.Icon, theme.ColorMuted)), 12, y+(choiceHeight-16)/2, 16, 16)
	}
	right := width - 14
	if c.Shortcut != "" {
		t := r.text(c.Shortcut, th.Color(theme.ColorMuted), theme.SizeSmall, fyne.TextStyle{Monospace: true})
		right -= t.MinSize().Width
		r.middle(t, right, y)
		right -= 16
	}
	x := float32(38)
	letters := []rune(c.Title)
	for from := 0; from < len(letters); {
		hit := slices.Contains(c.at, from)
		to := from + 1
		for to < len(letters) && slices.Contains(c.at, to) == hit {
			to++
		}
		ink := th.Role(screen.RoleText)
		if hit {
			ink = th.Role(screen.RoleAccent)
		}
		t := r.text(string(letters[from:to]), ink, theme.SizeText, fyne.TextStyle{Bold: hit})
		r.middle(t, x, y)
		x += t.MinSize().Width
		from = to
	}
	if c.Detail != "" && right-x > 40 {
		t := r.text(ellipsis(c.Detail, right-x-12, theme.SizeText, fyne.TextStyle{}), th.Color(theme.ColorMuted), theme.SizeText, fyne.TextStyle{})
		r.middle(t, x+12, y)
	}
}

func (r *choicesRenderer) text(s string, ink color.Color, size float32, style fyne.TextStyle) *canvas.Text {
	t := canvas.NewText(s, ink)
	t.TextSize, t.TextStyle = size, style
	return t
}

// middle puts a text into the middle of the row at y.
func (r *choicesRenderer) middle(t *canvas.Text, x, y float32) {
	m := t.MinSize()
	r.put(t, x, y+(choiceHeight-m.Height)/2, m.Width, m.Height)
}

func (r *choicesRenderer) put(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
	r.objects = append(r.objects, o)
}
