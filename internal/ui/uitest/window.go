package uitest

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/ui/theme"
)

// Options is how a window is opened.
type Options struct {
	Mode          theme.Mode // System is dark: the test driver has no desktop
	Scale         float32    // 0 is 1
	Width, Height float32    // 0 is 1440 by 900, what screens are judged at
}

// Window is a window under test.
type Window struct {
	fyne.Window
	t testing.TB
}

// App starts Fyne's test app with our theme. Open does it too; call App first where content must be made in between.
func App(t testing.TB, mode theme.Mode) fyne.App {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New(mode))
	return a
}

// Open shows what content makes in a window. It is made after the app, as in the program.
func Open(t testing.TB, o Options, content func(fyne.Window) fyne.CanvasObject) *Window {
	t.Helper()
	App(t, o.Mode)
	if o.Width == 0 {
		o.Width, o.Height = 1440, 900
	}
	w := test.NewTempWindow(t, nil)
	w.SetPadded(false)
	if o.Scale > 0 {
		w.Canvas().(software.WindowlessCanvas).SetScale(o.Scale)
	}
	w.SetContent(content(w))
	w.Resize(fyne.NewSize(o.Width, o.Height))
	return &Window{w, t}
}

// Wrap drives a window that a test has opened itself.
func Wrap(t testing.TB, w fyne.Window) *Window { return &Window{w, t} }

// SetMode changes between light and dark while the window is open.
func (w *Window) SetMode(m theme.Mode) { fyne.CurrentApp().Settings().SetTheme(theme.New(m)) }

// top is what takes the mouse: the topmost pop-up, or the content.
func (w *Window) top() fyne.CanvasObject {
	if o := w.Canvas().Overlays().Top(); o != nil {
		return o
	}
	return w.Content()
}

// pressable is a button of ours.
type pressable interface {
	fyne.CanvasObject
	Label() string
	Press()
	Disabled() bool
}

// Objects is everything that is visible, in the pop-up if there is one, else in the window.
func (w *Window) Objects() []fyne.CanvasObject {
	var all []fyne.CanvasObject
	walk(w.top(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) { all = append(all, o) })
	return all
}

// Button finds a button, of ours or of Fyne, by its words; nil if there is none.
func (w *Window) Button(label string) fyne.CanvasObject {
	for _, o := range w.Objects() {
		switch b := o.(type) {
		case pressable:
			if b.Label() == label {
				return b
			}
		case *widget.Button:
			if b.Text == label {
				return b
			}
		}
	}
	return nil
}

// Press presses the button with these words. A disabled or missing one fails the test.
func (w *Window) Press(label string) {
	w.t.Helper()
	switch b := w.Button(label).(type) {
	case pressable:
		if b.Disabled() {
			w.t.Fatalf("the button %q is disabled", label)
		}
		b.Press()
	case *widget.Button:
		if b.Disabled() {
			w.t.Fatalf("the button %q is disabled", label)
		}
		test.Tap(b)
	default:
		w.t.Fatalf("no button %q; there are %q", label, w.Labels())
	}
}

// Labels is the words on all visible buttons.
func (w *Window) Labels() []string {
	var all []string
	for _, o := range w.Objects() {
		switch b := o.(type) {
		case pressable:
			all = append(all, b.Label())
		case *widget.Button:
			all = append(all, b.Text)
		}
	}
	return all
}

// Field finds a field by its placeholder and gives it the focus. A missing one fails the test.
func (w *Window) Field(placeholder string) fyne.Focusable {
	w.t.Helper()
	for _, o := range w.Objects() {
		e, ok := o.(interface {
			fyne.Focusable
			SetPlaceHolder(string)
		})
		if ok && placeholderOf(o) == placeholder {
			w.Canvas().Focus(e)
			return e
		}
	}
	w.t.Fatalf("no field %q", placeholder)
	return nil
}

// Shows tells whether a text is visible anywhere, as a whole line or part of one. Rasters hold no text.
func (w *Window) Shows(part string) bool {
	for _, s := range w.Texts() {
		if contains(s, part) {
			return true
		}
	}
	return false
}
