package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Active is called whenever the user does something in one of our widgets. The shell sets it, for locking a window that
// nobody uses: Fyne tells nobody of input but the widget that it is for.
var Active = func() {}

// WindowKey receives the keys that a focused widget has no use for, such as F1 and Escape, and says whether it took
// them. The shell sets it: Fyne hands a key without Ctrl or Alt to the focused widget alone.
var WindowKey = func(*fyne.KeyEvent, fyne.KeyModifier) bool { return false }

// WindowShortcut, where set, receives the shortcuts that a focused widget has no use for; else the canvas does.
var WindowShortcut func(fyne.Shortcut)

// windowKey offers the window a key that is the window's whatever has the focus, and says whether it was taken.
func windowKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6, fyne.KeyF7, fyne.KeyF8, fyne.KeyF9, fyne.KeyF10, fyne.KeyF11, fyne.KeyF12:
		if WindowKey(e, Modifiers()) {
			ClearHint()
			return true
		}
	}
	return false
}

// menuKey says whether a key asks for the menu: the menu key, or Shift+F10 on keyboards without one.
func menuKey(e *fyne.KeyEvent, shift bool) bool {
	return e.Name == desktop.KeyMenu || e.Name == fyne.KeyF10 && (shift || Modifiers()&fyne.KeyModifierShift != 0)
}

// Modifiers are the modifier keys that are held down now.
func Modifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// Field is an Entry that leaves to the window what is the window's: shortcuts that it does not know, and function keys.
// Its placeholder is in italics, so that it is not taken for a value.
type Field struct {
	widget.Entry
	OnKey      func(*fyne.KeyEvent) bool // asked first for each key that is not a letter; returns whether it used the key
	OnShortcut func(fyne.Shortcut) bool  // asked first for each shortcut; returns whether it used it
	OnEscape   func()                    // called on Escape, where set
	OnBlur     func()                    // called when the field is left
	TakesTab   bool                      // Tab is a key for OnKey now, and does not leave the field
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

// SelectAll selects the whole text, so that typing replaces it.
func (f *Field) SelectAll() { f.Entry.TypedShortcut(&fyne.ShortcutSelectAll{}) }

// SetText replaces the text and ends a selection. Entry keeps selecting, and what is typed next erases itself.
func (f *Field) SetText(s string) {
	if f.SelectedText() != "" {
		f.Entry.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
		f.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	}
	f.Entry.SetText(s)
}

// AcceptsTab implements fyne.Tabbable: Tab and Shift+Tab leave every field, that of several lines too, unless it has a use
// for them at the moment.
func (f *Field) AcceptsTab() bool { return f.TakesTab }

// CreateRenderer implements fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	f.slant()
	return &fieldRenderer{f.Entry.CreateRenderer(), f}
}

// slant sets the style for what shows: the placeholder, or the text.
func (f *Field) slant() { f.TextStyle.Italic = f.Text == "" }

// fieldRenderer is Entry's, which has one style for text and placeholder.
type fieldRenderer struct {
	fyne.WidgetRenderer
	f *Field
}

// Refresh implements fyne.WidgetRenderer.
func (r *fieldRenderer) Refresh() {
	r.f.slant()
	r.WidgetRenderer.Refresh()
}

// TypedShortcut implements fyne.Shortcutable.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	if f.OnShortcut != nil && f.OnShortcut(s) {
		return
	}
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
	Active()
	switch {
	case f.OnKey != nil && f.OnKey(e):
	case e.Name == fyne.KeyEscape && f.OnEscape != nil:
		f.OnEscape()
	case windowKey(e):
	case e.Name == fyne.KeyTab: // nothing was done with it, and a field holds no tabs
	default:
		f.Entry.TypedKey(e)
	}
}

// TypedRune implements fyne.Focusable.
func (f *Field) TypedRune(r rune) {
	Active()
	f.Entry.TypedRune(r)
}

// FocusLost implements fyne.Focusable.
func (f *Field) FocusLost() {
	f.Entry.FocusLost()
	if f.OnBlur != nil {
		f.OnBlur()
	}
}
