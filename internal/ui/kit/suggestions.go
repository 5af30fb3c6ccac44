package kit

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Suggestion is a text that could be written, and what it means.
type Suggestion struct{ Text, About string }

// Suggestions is a list below a Field of what could be written at its cursor. It floats over what is below: see Float.
// While it shows, Down and Up choose, Tab takes the choice or the first, Enter takes what was chosen, and Escape puts it
// away. Until something is chosen Enter stays the field's.
type Suggestions struct {
	widget.BaseWidget

	// Ask is called with the text and the cursor in it, in bytes, when the user has typed.
	Ask func(text string, cursor int) []Suggestion
	// Take is called with the index of what the user took.
	Take func(choice int)

	field         *Field
	below         fyne.CanvasObject // what it floats over
	all           []Suggestion
	first, chosen int  // chosen is -1 until the user chose
	tab           bool // the field takes Tab without the list too
	keeper        focusKeeper
	pressed       int
}

// suggestionRows is how many rows show at most, leastSuggestions how wide they are at least where there is room.
const (
	suggestionRows           = 8
	suggestionHeight float32 = 24
	leastSuggestions float32 = 360
)

// NewSuggestions returns the list of a field, which does not show yet. It takes over the field's OnChanged, OnKey and
// OnBlur, and calls what they were before.
func NewSuggestions(field *Field) *Suggestions {
	s := &Suggestions{field: field, chosen: -1, pressed: -1, tab: field.TakesTab}
	s.ExtendBaseWidget(s)
	s.Hide()
	changed, key, blur := field.OnChanged, field.OnKey, field.OnBlur
	field.OnChanged = func(text string) {
		if changed != nil {
			changed(text)
		}
		s.update(false)
	}
	field.OnKey = func(e *fyne.KeyEvent) bool { return s.key(e) || key != nil && key(e) }
	field.OnBlur = func() {
		if s.pressed >= 0 {
			return // the list was clicked: the field has the keyboard again in a moment
		}
		s.Close()
		if blur != nil {
			blur()
		}
	}
	return s
}

// Texts is what is offered.
func (s *Suggestions) Texts() []string {
	out := make([]string, len(s.all))
	for i, c := range s.all {
		out[i] = c.Text
	}
	return out
}

// Update asks anew for what could be written at the field's cursor.
func (s *Suggestions) Update() { s.update(false) }

// Close puts the list away.
func (s *Suggestions) Close() {
	s.all, s.chosen, s.first = nil, -1, 0
	s.field.TakesTab = s.tab
	s.Hide()
}

// update asks anew. Nothing shows for an empty text unless the user wants to see what there is.
func (s *Suggestions) update(wanted bool) {
	text := s.field.Text
	s.pressed = -1
	if s.Ask == nil || text == "" && !wanted || s.field.Password {
		s.Close()
		return
	}
	s.all, s.chosen, s.first = s.Ask(text, ByteColumn(text, s.field.CursorColumn)), -1, 0
	if len(s.all) == 0 {
		s.Close()
		return
	}
	s.field.TakesTab = true
	s.Show()
	s.Refresh()
}

// ByteColumn is the place in bytes of a cursor that is counted in letters.
func ByteColumn(text string, letters int) int {
	at := 0
	for range letters {
		if at >= len(text) {
			break
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

// key does what a key means for the list, and says whether it meant anything.
func (s *Suggestions) key(e *fyne.KeyEvent) bool {
	if !s.Visible() {
		if e.Name == fyne.KeyDown {
			s.update(true)
			return s.Visible()
		}
		return false
	}
	switch e.Name {
	case fyne.KeyDown:
		s.move(1)
	case fyne.KeyUp:
		s.move(-1)
	case fyne.KeyTab:
		s.take(max(s.chosen, 0))
	case fyne.KeyReturn, fyne.KeyEnter:
		if s.chosen < 0 {
			s.Close()
			return false
		}
		s.take(s.chosen)
	case fyne.KeyEscape:
		s.Close()
	default:
		return false
	}
	return true
}

func (s *Suggestions) move(by int) {
	s.chosen = min(max(s.chosen+by, 0), len(s.all)-1)
	s.first = min(max(s.first, s.chosen-suggestionRows+1), s.chosen)
	s.Refresh()
}

func (s *Suggestions) take(choice int) {
	if choice < 0 || choice >= len(s.all) {
		return
	}
	take := s.Take
	s.Close()
	if take != nil {
		take(choice)
	}
}

func (s *Suggestions) at(y float32) int {
	i := s.first + int(y/suggestionHeight)
	if y < 0 || i >= len(s.all) {
		return -1
	}
	return i
}

// MouseDown implements desktop.Mouseable. Fyne takes the keyboard from the field now; Tapped gives it back.
func (s *Suggestions) MouseDown(e *desktop.MouseEvent) {
	Active()
	s.pressed = s.at(e.Position.Y)
	s.keeper.remember(s)
}

// MouseUp implements desktop.Mouseable.
func (s *Suggestions) MouseUp(*desktop.MouseEvent) {}

// Tapped implements fyne.Tappable.
func (s *Suggestions) Tapped(*fyne.PointEvent) {
	choice := s.pressed
	s.pressed = -1
	s.keeper.restore()
	s.take(choice)
}

// Scrolled implements fyne.Scrollable.
func (s *Suggestions) Scrolled(e *fyne.ScrollEvent) {
	Active()
	step := 1
	if e.Scrolled.DY > 0 {
		step = -1
	}
	s.first = min(max(s.first+step, 0), max(len(s.all)-suggestionRows, 0))
	s.Refresh()
}

// Float is a layout that lays the list of suggestions, its second object, over the first, below the field.
type Float struct{ List *Suggestions }

// MinSize implements fyne.Layout.
func (f Float) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout implements fyne.Layout.
func (f Float) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(size)
	f.List.below = o[0]
	f.List.place()
}

// Floats is Float for the lists of several fields: the first object is what they float over.
type Floats []*Suggestions

// MinSize implements fyne.Layout.
func (f Floats) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout implements fyne.Layout.
func (f Floats) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(size)
	for _, list := range f {
		list.below = o[0]
		list.place()
	}
}

// place puts the list below its field, or above it where only there is room, as wide as the field or what the explanations
// need.
func (s *Suggestions) place() {
	if s.below == nil {
		return
	}
	driver := fyne.CurrentApp().Driver()
	at := driver.AbsolutePositionForObject(s.field).Subtract(driver.AbsolutePositionForObject(s.below))
	width := min(max(s.field.Size().Width, leastSuggestions), s.below.Size().Width-at.X)
	high := s.MinSize().Height
	y := at.Y + s.field.Size().Height + 2
	if y+high > s.below.Size().Height && at.Y-2 >= high { // at the bottom of the window it stands above
		y = at.Y - 2 - high
	}
	s.Move(fyne.NewPos(at.X, y))
	s.Resize(fyne.NewSize(max(width, 0), high))
}

// CreateRenderer implements fyne.Widget.
func (s *Suggestions) CreateRenderer() fyne.WidgetRenderer {
	r := &suggestionsRenderer{s: s}
	r.build()
	return r
}

type suggestionsRenderer struct {
	s       *Suggestions
	objects []fyne.CanvasObject
}

func (r *suggestionsRenderer) Destroy()                     {}
func (r *suggestionsRenderer) Layout(fyne.Size)             { r.build() }
func (r *suggestionsRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *suggestionsRenderer) MinSize() fyne.Size {
	return fyne.NewSize(200, suggestionHeight*float32(min(len(r.s.all), suggestionRows))+4)
}

func (r *suggestionsRenderer) Refresh() {
	r.s.place()
	r.build()
	canvas.Refresh(r.s)
}

// build makes the objects of the visible rows. There are few, so they are made anew.
func (r *suggestionsRenderer) build() {
	s, th := r.s, theme.Of(r.s)
	size := s.Size()
	r.objects = r.objects[:0]
	frame := canvas.NewRectangle(th.Color("overlayBackground"))
	frame.StrokeColor, frame.StrokeWidth, frame.CornerRadius = th.Color(theme.ColorGuide), 1, 3
	r.put(frame, 0, 0, size.Width, size.Height)
	for i := s.first; i < min(s.first+suggestionRows, len(s.all)); i++ {
		r.row(s.all[i], 2+float32(i-s.first)*suggestionHeight, i == s.chosen)
	}
}

func (r *suggestionsRenderer) row(c Suggestion, y float32, chosen bool) {
	th, width := theme.Of(r.s), r.s.Size().Width
	if chosen {
		back := canvas.NewRectangle(th.Color("selection"))
		r.put(back, 2, y, width-4, suggestionHeight)
	}
	mono := fyne.TextStyle{Monospace: true}
	text := canvas.NewText(ellipsis(c.Text, width-20, theme.SizeText, mono), th.Role(screen.RoleText))
	text.TextSize, text.TextStyle = theme.SizeText, mono
	w := text.MinSize()
	r.put(text, 10, y+(suggestionHeight-w.Height)/2, w.Width, w.Height)
	if rest := width - w.Width - 34; c.About != "" && rest > 40 {
		about := canvas.NewText(ellipsis(c.About, rest, theme.SizeSmall, fyne.TextStyle{}), th.Color(theme.ColorMuted))
		about.TextSize = theme.SizeSmall
		h := about.MinSize()
		r.put(about, w.Width+24, y+(suggestionHeight-h.Height)/2, h.Width, h.Height)
	}
}

func (r *suggestionsRenderer) put(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
	r.objects = append(r.objects, o)
}
