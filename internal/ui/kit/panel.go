package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
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
