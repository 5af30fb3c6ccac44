package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// WindowKey receives the keys that a focused widget has no use for, such as F1 and Escape, and says whether it took
// them. The shell sets it: Fyne hands a key without Ctrl or Alt to the focused widget alone.
var WindowKey = func(*fyne.KeyEvent, fyne.KeyModifier) bool { return false }

// WindowShortcut, where set, receives the shortcuts that a focused widget has no use for; else the canvas does.
var WindowShortcut func(fyne.Shortcut)

// windowKey offers the window a key that is the window's whatever has the focus, and says whether it was taken.
func windowKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6, fyne.KeyF7, fyne.KeyF8, fyne.KeyF9, fyne.KeyF10, fyne.KeyF11, fyne.KeyF12:
		return WindowKey(e, Modifiers())
	}
	return false
}

// Modifiers are the modifier keys that are held down now.
func Modifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// Field is an Entry that leaves to the window what is the window's: shortcuts that it does not know, and function keys.
type Field struct {
	widget.Entry
	OnEscape func() // called on Escape, where set
	OnBlur   func() // called when the field is left
}

// NewField returns a field of one line.
func NewField(placeholder string) *Field {
	f := &Field{}
	f.PlaceHolder = placeholder
	f.ExtendBaseWidget(f)
	return f
}

// NewNoteField returns a field of several lines that wraps words.
func NewNoteField(placeholder string) *Field {
	f := &Field{}
	f.MultiLine, f.Wrapping = true, fyne.TextWrapWord
	f.PlaceHolder = placeholder
	f.ExtendBaseWidget(f)
	return f
}

// NewSecretField returns a field of one line that shows dots.
func NewSecretField(placeholder string) *Field {
	f := &Field{}
	f.Password = true
	f.PlaceHolder = placeholder
	f.ExtendBaseWidget(f)
	return f
}

// TypedShortcut implements fyne.Shortcutable.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	if _, custom := s.(*desktop.CustomShortcut); custom && !editing(s) {
		passOn(f, s)
		return
	}
	f.Entry.TypedShortcut(s)
}

// editing says whether Entry has a use of its own for a shortcut: words left and right.
func editing(s fyne.Shortcut) bool {
	c := s.(*desktop.CustomShortcut)
	switch c.KeyName {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyHome, fyne.KeyEnd, fyne.KeyBackspace, fyne.KeyDelete:
		return true
	}
	return false
}

// TypedKey implements fyne.Focusable.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyEscape && f.OnEscape != nil:
		f.OnEscape()
	case windowKey(e):
	default:
		f.Entry.TypedKey(e)
	}
}

// FocusLost implements fyne.Focusable.
func (f *Field) FocusLost() {
	f.Entry.FocusLost()
	if f.OnBlur != nil {
		f.OnBlur()
	}
}
