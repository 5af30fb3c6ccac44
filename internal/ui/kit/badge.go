package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"image/color"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Badge is a small chip: a shape and a word or a count in a role's colour.
type Badge struct {
	widget.BaseWidget
	role  screen.Role
	shape screen.Shape
	text  string
}

// NewBadge returns a chip. The shape may be none.
func NewBadge(role screen.Role, shape screen.Shape, text string) *Badge {
	b := &Badge{role: role, shape: shape, text: text}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes all that the chip shows.
func (b *Badge) Set(role screen.Role, shape screen.Shape, text string) {
	b.role, b.shape, b.text = role, shape, text
	b.Refresh()
}

// Text is the word or count.
func (b *Badge) Text() string { return b.text }

// CreateRenderer implements fyne.Widget.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	r := &badgeRenderer{b: b, back: canvas.NewRectangle(color.Transparent), text: canvas.NewText("", color.Transparent)}
	r.mark = newShapeRaster(func() (screen.Shape, color.NRGBA) { return b.shape, theme.Of(b).Role(b.role) })
	r.fill()
	return r
}

type badgeRenderer struct {
	b    *Badge
	back *canvas.Rectangle
	mark *canvas.Raster
	text *canvas.Text
}

func (r *badgeRenderer) fill() {
	th := theme.Of(r.b)
	ground := theme.ColorRaised
	if look, ok := roleLooks[r.b.role]; ok {
		ground = look.ground
	}
	r.back.FillColor, r.back.CornerRadius = th.Color(ground), 3
	r.text.Text, r.text.TextSize, r.text.Color = r.b.text, theme.SizeSmall, th.Role(r.b.role)
	r.text.TextStyle.Bold = true
}

func (r *badgeRenderer) MinSize() fyne.Size {
	w := r.text.MinSize().Width + 12
	if r.b.text == "" {
		w = 8
	}
	if r.b.shape != screen.ShapeNone {
		w += 13
	}
	return fyne.NewSize(w, 18)
}

func (r *badgeRenderer) Layout(s fyne.Size) {
	const h = 18
	top := (s.Height - h) / 2
	r.back.Move(fyne.NewPos(0, top))
	r.back.Resize(fyne.NewSize(s.Width, h))
	x := float32(6)
	r.mark.Hide()
	if r.b.shape != screen.ShapeNone {
		r.mark.Show()
		r.mark.Move(fyne.NewPos(5, top+3))
		r.mark.Resize(fyne.NewSize(12, 12))
		x = 19
	}
	t := r.text.MinSize()
	r.text.Move(fyne.NewPos(x, (s.Height-t.Height)/2))
	r.text.Resize(t)
}

func (r *badgeRenderer) Destroy() {}
func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.mark, r.text}
}

func (r *badgeRenderer) Refresh() {
	r.fill()
	r.Layout(r.b.Size())
	r.back.Refresh()
	r.mark.Refresh()
	r.text.Refresh()
}
