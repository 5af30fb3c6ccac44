package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"trestle/internal/ui/theme"
)

// Toggle is a switch with words beside it: something is on or off, at once.
type Toggle struct {
	press
	// OnChanged is called when the user turned it.
	OnChanged func(on bool)

	label string
	on    bool
}

// NewToggle returns a switch that is off.
func NewToggle(label string, changed func(on bool)) *Toggle {
	s := &Toggle{label: label, OnChanged: changed}
	s.action = func() {
		s.SetOn(!s.on)
		if s.OnChanged != nil {
			s.OnChanged(s.on)
		}
	}
	s.ExtendBaseWidget(s)
	return s
}

// Label is the words beside the switch.
func (s *Toggle) Label() string { return s.label }

// SetLabel changes the words.
func (s *Toggle) SetLabel(label string) { s.label = label; s.Refresh() }

// SetHint sets the words that explain the switch.
func (s *Toggle) SetHint(hint string) { s.hint = hint }

// On says how it stands.
func (s *Toggle) On() bool { return s.on }

// SetOn turns it without a call of OnChanged.
func (s *Toggle) SetOn(on bool) {
	if s.on != on {
		s.on = on
		s.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Toggle) CreateRenderer() fyne.WidgetRenderer {
	r := &toggleRenderer{s: s, ground: canvas.NewRectangle(color.Transparent), knob: canvas.NewCircle(color.Transparent),
		ring: canvas.NewRectangle(color.Transparent), text: canvas.NewText("", color.Transparent)}
	r.fill()
	return r
}

type toggleRenderer struct {
	s            *Toggle
	ground, ring *canvas.Rectangle
	knob         *canvas.Circle
	text         *canvas.Text
}

const toggleGap float32 = 8

func (r *toggleRenderer) fill() {
	s, th := r.s, theme.Of(r.s)
	r.ground.CornerRadius, r.ground.FillColor = switchHeight/2, th.Color(theme.ColorMuted)
	r.knob.FillColor = th.Color("inputBackground")
	r.text.Text, r.text.TextSize, r.text.Color = s.label, theme.SizeText, th.Color("foreground")
	if s.on {
		r.ground.FillColor = th.Color("primary")
	}
	if s.Disabled() {
		r.ground.FillColor, r.text.Color = th.Color("disabledButton"), th.Color("disabled")
	}
	r.ring.CornerRadius, r.ring.StrokeColor, r.ring.StrokeWidth, r.ring.FillColor = 3, color.Transparent, 0, color.Transparent
	if s.hovered && !s.Disabled() {
		r.ring.FillColor = th.Color("hover")
	}
	if s.focused {
		r.ring.StrokeColor, r.ring.StrokeWidth = th.Color("focus"), 2
	}
}

func (r *toggleRenderer) MinSize() fyne.Size {
	w := float32(switchWidth) + 8
	if r.s.label != "" {
		w += toggleGap + fyne.MeasureText(r.s.label, theme.SizeText, fyne.TextStyle{}).Width
	}
	return fyne.NewSize(w, buttonHeight)
}

func (r *toggleRenderer) Layout(size fyne.Size) {
	r.ring.Resize(size)
	top := (size.Height - switchHeight) / 2
	r.ground.Move(fyne.NewPos(4, top))
	r.ground.Resize(fyne.NewSize(switchWidth, switchHeight))
	side := float32(switchHeight - 2*switchKnobMargin)
	x := float32(4 + switchKnobMargin)
	if r.s.on {
		x = 4 + switchWidth - switchKnobMargin - side
	}
	r.knob.Move(fyne.NewPos(x, top+switchKnobMargin))
	r.knob.Resize(fyne.NewSize(side, side))
	t := r.text.MinSize()
	r.text.Move(fyne.NewPos(4+switchWidth+toggleGap, (size.Height-t.Height)/2))
	r.text.Resize(t)
}

func (r *toggleRenderer) Destroy() {}
func (r *toggleRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ring, r.ground, r.knob, r.text}
}

func (r *toggleRenderer) Refresh() {
	r.fill()
	r.Layout(r.s.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
