package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"trestle/internal/ui/theme"
)

// RailButton is a place in the rail: an icon over a word, with a bar at its left edge while the place is shown.
type RailButton struct {
	press
	icon     theme.IconName
	word     string
	selected bool
}

// NewRailButton returns a place of the rail.
func NewRailButton(icon theme.IconName, word string, action func()) *RailButton {
	b := &RailButton{icon: icon, word: word}
	b.action = action
	b.ExtendBaseWidget(b)
	return b
}

// Label is the word below the icon.
func (b *RailButton) Label() string { return b.word }

// SetHint sets the words that explain the place, with its key.
func (b *RailButton) SetHint(s string) { b.hint = s }

// SetSelected shows the place as the one that is open.
func (b *RailButton) SetSelected(on bool) {
	if b.selected != on {
		b.selected = on
		b.Refresh()
	}
}

// Selected is whether the place is open.
func (b *RailButton) Selected() bool { return b.selected }

// CreateRenderer implements fyne.Widget.
func (b *RailButton) CreateRenderer() fyne.WidgetRenderer {
	r := &railRenderer{
		b: b, back: canvas.NewRectangle(color.Transparent), bar: canvas.NewRectangle(color.Transparent),
		image: &canvas.Image{FillMode: canvas.ImageFillContain}, text: canvas.NewText("", color.Transparent),
	}
	r.fill()
	return r
}

type railRenderer struct {
	b         *RailButton
	back, bar *canvas.Rectangle
	image     *canvas.Image
	text      *canvas.Text
}

func (r *railRenderer) fill() {
	b, th := r.b, theme.Of(r.b)
	ink := fyne.ThemeColorName(theme.ColorMuted)
	var ground color.Color = color.Transparent
	r.bar.FillColor = color.Transparent
	r.bar.CornerRadius = 1.5
	if b.selected {
		ink, ground = "foreground", th.Color(theme.ColorRaised)
		r.bar.FillColor = th.Color("primary")
	}
	if b.down {
		ground = over(ground, th.Color("pressed"))
	} else if b.hovered {
		ink, ground = "foreground", over(ground, th.Color("hover"))
	}
	r.back.FillColor, r.back.CornerRadius = ground, 4
	r.back.StrokeColor, r.back.StrokeWidth = color.Transparent, 0
	if b.focused {
		r.back.StrokeColor, r.back.StrokeWidth = th.Color("focus"), 2
	}
	r.image.Resource = theme.IconIn(b.icon, ink)
	r.text.Text, r.text.Color, r.text.TextSize, r.text.Alignment = b.word, th.Color(ink), theme.SizeSmall, fyne.TextAlignCenter
	r.text.TextStyle.Bold = b.selected
}

func (r *railRenderer) MinSize() fyne.Size { return fyne.NewSize(theme.RailWidth, 54) }

func (r *railRenderer) Layout(s fyne.Size) {
	r.back.Move(fyne.NewPos(5, 2))
	r.back.Resize(s.SubtractWidthHeight(10, 4))
	r.bar.Move(fyne.NewPos(0, 12))
	r.bar.Resize(fyne.NewSize(3, s.Height-24))
	const icon = 21
	r.image.Move(fyne.NewPos((s.Width-icon)/2, 8))
	r.image.Resize(fyne.NewSize(icon, icon))
	h := r.text.MinSize().Height
	r.text.Move(fyne.NewPos(0, 31))
	r.text.Resize(fyne.NewSize(s.Width, h))
}

func (r *railRenderer) Destroy() {}
func (r *railRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.bar, r.image, r.text}
}

func (r *railRenderer) Refresh() {
	r.fill()
	r.back.Refresh()
	r.bar.Refresh()
	r.image.Refresh()
	r.text.Refresh()
}
