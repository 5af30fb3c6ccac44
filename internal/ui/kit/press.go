package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Hints receives the words that explain the control under the mouse or with the focus, and "" when it is left. The
// shell shows them in its status line: a place that is always there, where a floating box would cover what is read.
var Hints = func(text string) {}

// press is what everything that can be pressed has in common: hover, focus, Space and Enter.
type press struct {
	widget.DisableableWidget
	hovered, focused, down bool
	action                 func()
	hint                   string
}

// Tapped implements fyne.Tappable.
func (p *press) Tapped(*fyne.PointEvent) {
	if p.action != nil && !p.Disabled() {
		p.action()
	}
}

// Press does what a click does.
func (p *press) Press() { p.Tapped(nil) }

// MouseIn implements desktop.Hoverable.
func (p *press) MouseIn(*desktop.MouseEvent) {
	p.hovered = true
	if p.hint != "" {
		Hints(p.hint)
	}
	p.Refresh()
}

// MouseMoved implements desktop.Hoverable.
func (p *press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *press) MouseOut() {
	p.hovered, p.down = false, false
	if p.hint != "" {
		Hints("")
	}
	p.Refresh()
}

// MouseDown implements desktop.Mouseable.
func (p *press) MouseDown(*desktop.MouseEvent) { p.down = true; p.Refresh() }

// MouseUp implements desktop.Mouseable.
func (p *press) MouseUp(*desktop.MouseEvent) { p.down = false; p.Refresh() }

// FocusGained implements fyne.Focusable.
func (p *press) FocusGained() {
	p.focused = true
	if p.hint != "" {
		Hints(p.hint)
	}
	p.Refresh()
}

// FocusLost implements fyne.Focusable.
func (p *press) FocusLost() { p.focused = false; p.Refresh() }

// TypedRune implements fyne.Focusable.
func (p *press) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *press) TypedKey(e *fyne.KeyEvent) {
	if windowKey(e) {
		return
	}
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Tapped(nil)
	}
}
