package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Panel is a rectangle in a colour of the theme, with an optional border. It follows a change of theme.
type Panel struct {
	widget.BaseWidget
	Fill, Stroke fyne.ThemeColorName // "" for none
	Radius       float32
	Min          fyne.Size
}

// NewPanel returns a filled rectangle.
func NewPanel(fill fyne.ThemeColorName) *Panel {
	p := &Panel{Fill: fill}
	p.ExtendBaseWidget(p)
	return p
}

// NewRule returns a line of one unit in the separator's colour, as wide or as high as its place.
func NewRule() *Panel {
	p := NewPanel("separator")
	p.Min = fyne.NewSize(1, 1)
	return p
}

// OnPanel puts content on a filled rectangle.
func OnPanel(fill fyne.ThemeColorName, content fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(NewPanel(fill), content)
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{p: p, rect: canvas.NewRectangle(color.Transparent)}
	r.colour()
	return r
}

type panelRenderer struct {
	p    *Panel
	rect *canvas.Rectangle
}

func (r *panelRenderer) colour() {
	th := theme.Of(r.p)
	r.rect.FillColor, r.rect.StrokeColor, r.rect.StrokeWidth = color.Transparent, color.Transparent, 0
	if r.p.Fill != "" {
		r.rect.FillColor = th.Color(r.p.Fill)
	}
	if r.p.Stroke != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = th.Color(r.p.Stroke), 1
	}
	r.rect.CornerRadius = r.p.Radius
}

func (r *panelRenderer) Destroy()                     {}
func (r *panelRenderer) Layout(s fyne.Size)           { r.rect.Resize(s) }
func (r *panelRenderer) MinSize() fyne.Size           { return r.p.Min }
func (r *panelRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.rect} }
func (r *panelRenderer) Refresh()                     { r.colour(); r.rect.Refresh() }

// Text is one line of text in a role's colour. It follows a change of theme and ends in an ellipsis where it does
// not fit, so that no long name pushes a layout apart.
type Text struct {
	widget.BaseWidget
	Text     string
	Role     screen.Role
	TextSize float32 // 0 for the size of the interface
	Bold     bool
	Mono     bool
	Align    fyne.TextAlign
	// Min is the least width; 0 asks for the width of the whole text.
	Min float32
}

// NewText returns a line of text.
func NewText(text string, role screen.Role) *Text {
	t := &Text{Text: text, Role: role}
	t.ExtendBaseWidget(t)
	return t
}

// NewTitle returns a line of semibold text of the given size.
func NewTitle(text string, size float32) *Text {
	t := NewText(text, screen.RoleText)
	t.TextSize, t.Bold = size, true
	return t
}

// NewCaption returns a line of small, muted text.
func NewCaption(text string) *Text {
	t := NewText(text, screen.RoleMuted)
	t.TextSize = theme.SizeSmall
	return t
}

// SetText changes the words.
func (t *Text) SetText(s string) {
	if t.Text != s {
		t.Text = s
		t.Refresh()
	}
}

// Set changes words and role.
func (t *Text) Set(s string, role screen.Role) {
	if t.Text != s || t.Role != role {
		t.Text, t.Role = s, role
		t.Refresh()
	}
}

func (t *Text) style() fyne.TextStyle { return fyne.TextStyle{Bold: t.Bold, Monospace: t.Mono} }

func (t *Text) size() float32 {
	if t.TextSize > 0 {
		return t.TextSize
	}
	return theme.SizeText
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{t: t, text: canvas.NewText("", color.Transparent)}
	r.fill()
	return r
}

type textRenderer struct {
	t    *Text
	text *canvas.Text
}

func (r *textRenderer) fill() {
	r.text.Color = theme.Of(r.t).Role(r.t.Role)
	r.text.TextSize, r.text.TextStyle, r.text.Alignment = r.t.size(), r.t.style(), r.t.Align
	r.text.Text = ellipsis(r.t.Text, r.t.BaseWidget.Size().Width, r.text.TextSize, r.text.TextStyle)
}

func (r *textRenderer) Destroy() {}

func (r *textRenderer) Layout(s fyne.Size) {
	r.fill()
	h := r.text.MinSize().Height
	r.text.Move(fyne.NewPos(0, (s.Height-h)/2))
	r.text.Resize(fyne.NewSize(s.Width, h))
}

func (r *textRenderer) MinSize() fyne.Size {
	m := fyne.MeasureText(r.t.Text, r.t.size(), r.t.style())
	if r.t.Min > 0 {
		m.Width = min(r.t.Min, m.Width)
	}
	return m
}

func (r *textRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.text} }
func (r *textRenderer) Refresh()                     { r.Layout(r.t.BaseWidget.Size()); r.text.Refresh() }

// ellipsis cuts s to a width, in steps of halves. A width of zero or less cuts nothing: it is not known yet.
func ellipsis(s string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 || fyne.MeasureText(s, size, style).Width <= width+0.5 {
		return s
	}
	letters := []rune(s)
	low, high := 0, len(letters)
	for low < high {
		mid := (low + high + 1) / 2
		if fyne.MeasureText(string(letters[:mid])+"…", size, style).Width <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(letters[:low]) + "…"
}
