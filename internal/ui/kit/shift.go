package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// shifted knows whether Shift is held: Fyne does not say it with a key.
type shifted struct{ shift bool }

// KeyDown implements desktop.Keyable.
func (s *shifted) KeyDown(e *fyne.KeyEvent) { s.set(e, true) }

// KeyUp implements desktop.Keyable.
func (s *shifted) KeyUp(e *fyne.KeyEvent) { s.set(e, false) }

func (s *shifted) set(e *fyne.KeyEvent, down bool) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		s.shift = down
	}
}
