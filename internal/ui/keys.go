package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"trestle/internal/ui/kit"
)

// The keys of an action stand in the action alone, as the keys page writes them. The window listens to every combination
// that an action could have, and looks for the action when one is pressed: a place that is not open has no keys, and two
// places may give the same keys to different things.

// modifiers are the combinations that actions use, as they are written. Ctrl is the command key on a Mac.
var modifiers = []struct {
	words    string
	modifier fyne.KeyModifier
}{
	{"Ctrl+", fyne.KeyModifierShortcutDefault},
	{"Ctrl+Shift+", fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift},
	{"Alt+", fyne.KeyModifierAlt},
	{"Alt+Shift+", fyne.KeyModifierAlt | fyne.KeyModifierShift},
}

// keyNames are the keys that go with them, by how they are written.
var keyNames = func() map[string]fyne.KeyName {
	names := map[string]fyne.KeyName{"Enter": fyne.KeyReturn, "Page Up": fyne.KeyPageUp, "Page Down": fyne.KeyPageDown}
	for _, k := range []fyne.KeyName{fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyDelete, fyne.KeyHome, fyne.KeyEnd} {
		names[string(k)] = k
	}
	for c := byte('0'); c <= '9'; c++ {
		names[string(c)] = fyne.KeyName(c)
	}
	for c := byte('A'); c <= 'Z'; c++ {
		names[string(c)] = fyne.KeyName(c)
	}
	return names
}()

// shortcuts makes the window listen.
func (s *Shell) shortcuts() {
	for word, key := range keyNames {
		for _, m := range modifiers {
			keys := m.words + word
			s.bind(&desktop.CustomShortcut{KeyName: key, Modifier: m.modifier}, func() { s.press(keys) })
		}
	}
	// Fyne has names of its own for these. Copy and select all belong to what has the keyboard.
	s.bind(&fyne.ShortcutPaste{}, func() { s.press("Ctrl+V") })
	s.bind(&fyne.ShortcutCut{}, func() { s.press("Ctrl+X") })
	s.bind(&fyne.ShortcutUndo{}, func() { s.press("Ctrl+Z") })
	s.bind(&fyne.ShortcutRedo{}, func() { s.press("Ctrl+Y") })
	s.canvas.SetOnTypedKey(func(e *fyne.KeyEvent) { s.windowKey(e, kit.Modifiers()) })
}

// press does what the keys, written as in an action, stand for now. It says whether there was anything.
func (s *Shell) press(keys string) bool {
	if keys == "Ctrl+Q" {
		s.Quit()
		return true
	}
	if s.session == nil || s.isModal() {
		return false
	}
	for _, a := range s.actions() {
		if a.HasKeys(keys) {
			a.Run()
			return true
		}
	}
	return false
}

// bind makes a shortcut do something, whether the window has the keyboard or a widget that has no use for it.
func (s *Shell) bind(sc fyne.Shortcut, do func()) {
	s.bound[sc.ShortcutName()] = do
	s.canvas.AddShortcut(sc, func(fyne.Shortcut) { do() })
}

// typedShortcut does what a shortcut is bound to.
func (s *Shell) typedShortcut(sc fyne.Shortcut) {
	if do := s.bound[sc.ShortcutName()]; do != nil {
		do()
	}
}

// windowKey handles the keys without Ctrl or Alt that belong to the window: Escape, F6 and the other keys F1 to F12.
func (s *Shell) windowKey(e *fyne.KeyEvent, m fyne.KeyModifier) bool {
	if e.Name == fyne.KeyEscape && s.dismiss != nil {
		s.dismiss()
		return true
	}
	if s.session == nil || s.isModal() {
		return false
	}
	back := m&fyne.KeyModifierShift != 0
	switch {
	case e.Name == fyne.KeyF6 && back:
		s.session.places[s.m.Place()].NextPane(-1, s.canvas.Focused())
	case e.Name == fyne.KeyF6:
		s.session.places[s.m.Place()].NextPane(1, s.canvas.Focused())
	case !isFunctionKey(e.Name):
		return false
	case back:
		return s.press("Shift+" + string(e.Name))
	default:
		return s.press(string(e.Name))
	}
	return true
}

func isFunctionKey(k fyne.KeyName) bool {
	number, ok := strings.CutPrefix(string(k), "F")
	return ok && number != ""
}
