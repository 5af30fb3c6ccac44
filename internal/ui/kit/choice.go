package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/ui/theme"
)

// Choice is one of several words, chosen from a menu that opens below it. Up and Down choose without it.
type Choice struct {
	press
	// OnChanged is called when the user chose another.
	OnChanged func(index int)

	options  []string
	selected int
}

// NewChoice returns a control with the first option chosen.
func NewChoice(options []string, changed func(index int)) *Choice {
	c := &Choice{options: options, OnChanged: changed}
	c.action = c.open
	c.ExtendBaseWidget(c)
	return c
}

// Label is the option that is chosen.
func (c *Choice) Label() string {
	if c.selected < 0 || c.selected >= len(c.options) {
		return ""
	}
	return c.options[c.selected]
}

// Selected is the index of the chosen option.
func (c *Choice) Selected() int { return c.selected }

// SetSelected chooses without a call of OnChanged.
func (c *Choice) SetSelected(i int) {
	if i >= 0 && i < len(c.options) && i != c.selected {
		c.selected = i
		c.Refresh()
	}
}

// SetOptions changes what can be chosen; the first is chosen then.
func (c *Choice) SetOptions(options []string) {
	c.options, c.selected = options, 0
	c.Refresh()
}

// Choose chooses as the user does.
func (c *Choice) Choose(i int) {
	if i < 0 || i >= len(c.options) || i == c.selected {
		return
	}
	c.SetSelected(i)
	if c.OnChanged != nil {
		c.OnChanged(i)
	}
}

// open shows the options.
func (c *Choice) open() {
	on := fyne.CurrentApp().Driver().CanvasForObject(c)
	if on == nil {
		return
	}
	if follows(c) { // the keyboard comes back to where it is after the menu, and the form would scroll there
		on.Focus(c)
	}
	var items []*fyne.MenuItem
	for i, o := range c.options {
		item := fyne.NewMenuItem(o, func() { c.Choose(i) })
		item.Checked = i == c.selected
		items = append(items, item)
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), on, absolute(c, fyne.NewPos(0, c.Size().Height)))
}

// TypedKey implements fyne.Focusable.
func (c *Choice) TypedKey(e *fyne.KeyEvent) {
	switch {
	case c.Disabled():
	case e.Name == fyne.KeyUp:
		Active()
		c.Choose(c.selected - 1)
		return
	case e.Name == fyne.KeyDown:
		Active()
		c.Choose(c.selected + 1)
		return
	}
	c.press.TypedKey(e)
}

// CreateRenderer implements fyne.Widget.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	r := &choiceRenderer{c: c, back: canvas.NewRectangle(color.Transparent), text: canvas.NewText("", color.Transparent), arrow: &canvas.Image{FillMode: canvas.ImageFillContain}}
	r.fill()
	return r
}

type choiceRenderer struct {
	c     *Choice
	back  *canvas.Rectangle
	text  *canvas.Text
	arrow *canvas.Image
}

func (r *choiceRenderer) fill() {
	c, th := r.c, theme.Of(r.c)
	ink := fyne.ThemeColorName("foreground")
	if c.Disabled() {
		ink = "disabled"
	}
	r.back.FillColor, r.back.CornerRadius = th.Color("inputBackground"), 3
	if c.hovered && !c.Disabled() {
		r.back.FillColor = over(th.Color("inputBackground"), th.Color("hover"))
	}
	r.back.StrokeColor, r.back.StrokeWidth = th.Color("inputBorder"), 1
	if c.focused {
		r.back.StrokeColor, r.back.StrokeWidth = th.Color("focus"), 2
	}
	r.text.Color, r.text.TextSize = th.Color(ink), theme.SizeText
	r.arrow.Resource = theme.IconIn(theme.IconChevronDown, ink)
}

// MinSize is as wide as the longest option, up to a limit: nothing moves when the choice does.
func (r *choiceRenderer) MinSize() fyne.Size {
	const least, most = 80, 320
	w := float32(least)
	for _, o := range r.c.options {
		w = max(w, fyne.MeasureText(o, theme.SizeText, fyne.TextStyle{}).Width+2*buttonPad+iconSize+6)
	}
	return fyne.NewSize(min(w, most), buttonHeight)
}

func (r *choiceRenderer) Layout(s fyne.Size) {
	r.back.Resize(s)
	r.text.Text = ellipsis(r.c.Label(), s.Width-2*buttonPad-iconSize-4, theme.SizeText, fyne.TextStyle{})
	t := r.text.MinSize()
	r.text.Move(fyne.NewPos(buttonPad, (s.Height-t.Height)/2))
	r.text.Resize(t)
	r.arrow.Move(fyne.NewPos(s.Width-iconSize-6, (s.Height-iconSize)/2))
	r.arrow.Resize(fyne.NewSize(iconSize, iconSize))
}

func (r *choiceRenderer) Destroy() {}
func (r *choiceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.text, r.arrow}
}

func (r *choiceRenderer) Refresh() {
	r.fill()
	r.Layout(r.c.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
