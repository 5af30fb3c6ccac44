package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"trestle/internal/ui/theme"
)

// ButtonKind is how much a ToolButton stands out.
type ButtonKind uint8

// The kinds of button.
const (
	Flat    ButtonKind = iota // no ground until the mouse is over it: toolbars
	Raised                    // a quiet ground: a choice among others
	Primary                   // the accent's ground: the one next step
)

// ToolButton is a button with an icon, words, or both. Where it shows the icon alone, its label is the hint.
type ToolButton struct {
	press
	// Kind may be set before the button is shown.
	Kind     ButtonKind
	icon     theme.IconName
	label    string
	words    bool
	selected bool
}

// NewToolButton returns a flat button with an icon alone. The label names it for hints and tests.
func NewToolButton(icon theme.IconName, label string, action func()) *ToolButton {
	b := &ToolButton{icon: icon, label: label}
	b.action, b.hint = action, label
	b.ExtendBaseWidget(b)
	return b
}

// NewTextButton returns a raised button with words, and an icon before them unless it is "".
func NewTextButton(icon theme.IconName, label string, action func()) *ToolButton {
	b := &ToolButton{icon: icon, label: label, words: true, Kind: Raised}
	b.action = action
	b.ExtendBaseWidget(b)
	return b
}

// NewPrimaryButton returns the button of the one next step.
func NewPrimaryButton(icon theme.IconName, label string, action func()) *ToolButton {
	b := NewTextButton(icon, label, action)
	b.Kind = Primary
	return b
}

// Label is what the button says.
func (b *ToolButton) Label() string { return b.label }

// SetLabel changes what the button says.
func (b *ToolButton) SetLabel(s string) {
	b.label = s
	if !b.words {
		b.hint = s
	}
	b.Refresh()
}

// SetHint sets the words that explain the button, with its key.
func (b *ToolButton) SetHint(s string) { b.hint = s }

// SetIcon changes the icon.
func (b *ToolButton) SetIcon(i theme.IconName) { b.icon = i; b.Refresh() }

// SetAction changes what the button does.
func (b *ToolButton) SetAction(action func()) { b.action = action }

// SetEnabled lets the button be pressed, or not.
func (b *ToolButton) SetEnabled(on bool) {
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

// SetSelected shows the button as switched on.
func (b *ToolButton) SetSelected(on bool) {
	if b.selected != on {
		b.selected = on
		b.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (b *ToolButton) CreateRenderer() fyne.WidgetRenderer {
	r := &toolRenderer{b: b, back: canvas.NewRectangle(color.Transparent), image: &canvas.Image{FillMode: canvas.ImageFillContain}, text: canvas.NewText("", color.Transparent)}
	r.fill()
	return r
}

type toolRenderer struct {
	b     *ToolButton
	back  *canvas.Rectangle
	image *canvas.Image
	text  *canvas.Text
}

const (
	buttonHeight float32 = 26
	iconSize     float32 = 16
	buttonPad    float32 = 9
)

// inks returns the colours of ground and letters.
func (b *ToolButton) inks() (ground color.Color, ink fyne.ThemeColorName) {
	th := theme.Of(b)
	switch {
	case b.Disabled():
		ink = "disabled"
		if b.Kind != Flat {
			return th.Color("disabledButton"), ink
		}
		return color.Transparent, ink
	case b.Kind == Primary:
		return th.Color("primary"), "foregroundOnPrimary"
	case b.selected:
		return th.Color("selection"), "foreground"
	case b.Kind == Raised:
		return th.Color(theme.ColorRaised), "foreground"
	}
	return color.Transparent, "foreground"
}

func (r *toolRenderer) fill() {
	b, th := r.b, theme.Of(r.b)
	ground, ink := b.inks()
	if !b.Disabled() {
		if b.down {
			ground = over(ground, th.Color("pressed"))
		} else if b.hovered {
			ground = over(ground, th.Color("hover"))
		}
	}
	r.back.FillColor, r.back.CornerRadius = ground, 3
	r.back.StrokeColor, r.back.StrokeWidth = color.Transparent, 0
	if b.focused {
		r.back.StrokeColor, r.back.StrokeWidth = th.Color("focus"), 2
		if b.Kind == Primary { // a ring in the ground's own colour would not show
			r.back.StrokeColor = th.Color("foreground")
		}
	}
	r.image.Resource = nil
	if b.icon != "" {
		r.image.Resource = theme.IconIn(b.icon, ink)
	}
	r.text.Text, r.text.Color, r.text.TextSize = "", th.Color(ink), theme.SizeText
	r.text.TextStyle.Bold = b.Kind == Primary
	if b.words {
		r.text.Text = b.label
	}
}

func (r *toolRenderer) MinSize() fyne.Size {
	w := float32(0)
	switch {
	case !r.b.words:
		w = 30
	case r.b.icon == "":
		w = 2*buttonPad + r.text.MinSize().Width + 4
	default:
		w = 2*buttonPad + iconSize + 6 + r.text.MinSize().Width
	}
	return fyne.NewSize(w, buttonHeight)
}

func (r *toolRenderer) Layout(s fyne.Size) {
	h := min(s.Height, buttonHeight+4)
	top := (s.Height - h) / 2
	r.back.Move(fyne.NewPos(0, top))
	r.back.Resize(fyne.NewSize(s.Width, h))
	t := r.text.MinSize()
	w := t.Width
	if r.b.icon != "" {
		w = iconSize
		if r.b.words {
			w += 6 + t.Width
		}
	}
	x := (s.Width - w) / 2
	r.image.Move(fyne.NewPos(x, (s.Height-iconSize)/2))
	r.image.Resize(fyne.NewSize(iconSize, iconSize))
	if r.b.icon != "" {
		x += iconSize + 6
	}
	r.text.Move(fyne.NewPos(x, (s.Height-t.Height)/2))
	r.text.Resize(t)
}

func (r *toolRenderer) Destroy() {}
func (r *toolRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.image, r.text}
}

func (r *toolRenderer) Refresh() {
	r.fill()
	r.Layout(r.b.Size())
	r.back.Refresh()
	r.image.Refresh()
	r.text.Refresh()
}

// over lays a colour with alpha on a ground, which may be transparent.
func over(ground, top color.Color) color.Color {
	g := color.NRGBAModel.Convert(ground).(color.NRGBA)
	t := color.NRGBAModel.Convert(top).(color.NRGBA)
	if g.A == 0 {
		return t
	}
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(255-int(t.A)) + int(b)*int(t.A)) / 255) }
	return color.NRGBA{mix(g.R, t.R), mix(g.G, t.G), mix(g.B, t.B), g.A}
}
