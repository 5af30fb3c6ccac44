package kit

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/ui/theme"
)

// SegmentedControl chooses one of a few views: Raw, Form, Hex. It is one stop of the keyboard; Left and Right choose.
type SegmentedControl struct {
	widget.BaseWidget
	// OnChanged is called when the user chose another view.
	OnChanged func(index int)

	labels   []string
	selected int
	hovered  int
	focused  bool
	keeper   focusKeeper
}

// NewSegmentedControl returns a control with the first label chosen.
func NewSegmentedControl(labels []string, changed func(index int)) *SegmentedControl {
	s := &SegmentedControl{labels: labels, OnChanged: changed, hovered: -1}
	s.ExtendBaseWidget(s)
	return s
}

// Labels is what can be chosen.
func (s *SegmentedControl) Labels() []string { return s.labels }

// Selected is the index of the chosen label.
func (s *SegmentedControl) Selected() int { return s.selected }

// SetSelected chooses without a call of OnChanged.
func (s *SegmentedControl) SetSelected(i int) {
	if i >= 0 && i < len(s.labels) && i != s.selected {
		s.selected = i
		s.Refresh()
	}
}

// Choose chooses as the user does.
func (s *SegmentedControl) Choose(i int) {
	if i < 0 || i >= len(s.labels) || i == s.selected {
		return
	}
	s.SetSelected(i)
	if s.OnChanged != nil {
		s.OnChanged(i)
	}
}

const segmentPad = 12

func (s *SegmentedControl) width(i int) float32 {
	// The bold width, so that nothing moves when the choice does.
	return fyne.MeasureText(s.labels[i], theme.SizeText, fyne.TextStyle{Bold: true}).Width + 2*segmentPad
}

func (s *SegmentedControl) at(x float32) int {
	for i := range s.labels {
		if x -= s.width(i); x < 0 {
			return i
		}
	}
	return -1
}

// Tapped implements fyne.Tappable.
func (s *SegmentedControl) Tapped(e *fyne.PointEvent) {
	s.keeper.restore()
	s.Choose(s.at(e.Position.X))
}

// MouseDown implements desktop.Mouseable.
func (s *SegmentedControl) MouseDown(*desktop.MouseEvent) { Active(); s.keeper.remember(s) }

// MouseUp implements desktop.Mouseable.
func (s *SegmentedControl) MouseUp(*desktop.MouseEvent) {}

// MouseIn implements desktop.Hoverable.
func (s *SegmentedControl) MouseIn(e *desktop.MouseEvent) { Active(); s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *SegmentedControl) MouseMoved(e *desktop.MouseEvent) {
	Active()
	if i := s.at(e.Position.X); i != s.hovered {
		s.hovered = i
		s.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (s *SegmentedControl) MouseOut() {
	s.hovered = -1
	s.keeper.restore() // a press that was taken back
	s.Refresh()
}

// FocusGained implements fyne.Focusable.
func (s *SegmentedControl) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *SegmentedControl) FocusLost() { s.focused = false; s.Refresh() }

// TypedRune implements fyne.Focusable.
func (s *SegmentedControl) TypedRune(rune) { Active() }

// TypedKey implements fyne.Focusable.
func (s *SegmentedControl) TypedKey(e *fyne.KeyEvent) {
	Active()
	if windowKey(e) {
		return
	}
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyUp:
		s.Choose(s.selected - 1)
	case fyne.KeyRight, fyne.KeyDown:
		s.Choose(s.selected + 1)
	case fyne.KeyHome:
		s.Choose(0)
	case fyne.KeyEnd:
		s.Choose(len(s.labels) - 1)
	}
}

// CreateRenderer implements fyne.Widget.
func (s *SegmentedControl) CreateRenderer() fyne.WidgetRenderer {
	r := &segmentedRenderer{s: s, ring: canvas.NewRectangle(color.Transparent), line: canvas.NewRectangle(color.Transparent)}
	r.line.CornerRadius = 1
	r.fill()
	return r
}

type segmentedRenderer struct {
	s          *SegmentedControl
	ring, line *canvas.Rectangle
	backs      []*canvas.Rectangle
	texts      []*canvas.Text
}

func (r *segmentedRenderer) fill() {
	s, th := r.s, theme.Of(r.s)
	for len(r.texts) < len(s.labels) {
		r.backs = append(r.backs, canvas.NewRectangle(color.Transparent))
		r.texts = append(r.texts, canvas.NewText("", color.Transparent))
	}
	r.backs, r.texts = r.backs[:len(s.labels)], r.texts[:len(s.labels)]
	r.line.FillColor = th.Color("primary")
	r.ring.StrokeColor, r.ring.StrokeWidth, r.ring.CornerRadius = color.Transparent, 0, 3
	if s.focused {
		r.ring.StrokeColor, r.ring.StrokeWidth = th.Color("focus"), 2
	}
	for i, label := range s.labels {
		t := r.texts[i]
		t.Text, t.TextSize, t.Alignment = label, theme.SizeText, fyne.TextAlignCenter
		t.Color, t.TextStyle.Bold = th.Color(theme.ColorMuted), false
		r.backs[i].FillColor, r.backs[i].CornerRadius = color.Transparent, 3
		if i == s.hovered {
			r.backs[i].FillColor = th.Color("hover")
			t.Color = th.Color("foreground")
		}
		if i == s.selected {
			t.Color, t.TextStyle.Bold = th.Color("foreground"), true
		}
	}
}

func (r *segmentedRenderer) MinSize() fyne.Size {
	w := float32(0)
	for i := range r.s.labels {
		w += r.s.width(i)
	}
	return fyne.NewSize(w, 28)
}

func (r *segmentedRenderer) Layout(size fyne.Size) {
	x := float32(0)
	r.ring.Resize(size)
	for i, t := range r.texts {
		w, h := r.s.width(i), t.MinSize().Height
		r.backs[i].Move(fyne.NewPos(x+2, 2))
		r.backs[i].Resize(fyne.NewSize(w-4, size.Height-4))
		t.Move(fyne.NewPos(x, (size.Height-h)/2))
		t.Resize(fyne.NewSize(w, h))
		if i == r.s.selected {
			r.line.Move(fyne.NewPos(x+segmentPad, size.Height-3))
			r.line.Resize(fyne.NewSize(w-2*segmentPad, 2))
		}
		x += w
	}
}

func (r *segmentedRenderer) Destroy() {}

func (r *segmentedRenderer) Objects() []fyne.CanvasObject {
	all := make([]fyne.CanvasObject, 0, 2*len(r.texts)+2)
	for i := range r.texts {
		all = append(all, r.backs[i], r.texts[i])
	}
	return append(all, r.line, r.ring)
}

func (r *segmentedRenderer) Refresh() {
	r.fill()
	r.Layout(r.s.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

// SetLabels changes the words of the choices, and how many there are.
func (s *SegmentedControl) SetLabels(labels []string) {
	if !slices.Equal(labels, s.labels) && len(labels) > 0 {
		s.labels, s.selected = labels, min(s.selected, len(labels)-1)
		s.hovered = -1
		s.Refresh()
	}
}
