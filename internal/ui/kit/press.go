package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Hints receives the words that explain the control under the mouse or with the focus, and "" when it is left. The
// shell shows them in its status line: a place that is always there, where a floating box would cover what is read.
var Hints = func(text string) {}

// hinting is the control whose hint is shown, nil for none.
var hinting *press

// ClearHint takes the hint away that is shown. Whoever replaces what is on the screen calls it: a control that is
// removed under the mouse is not told.
func ClearHint() {
	if hinting != nil {
		hinting = nil
		Hints("")
	}
}

// press is what everything that can be pressed has in common: hover, focus, Space and Enter.
type press struct {
	widget.DisableableWidget
	hovered, focused, down bool
	action                 func()
	hint                   string
	impl                   fyne.Widget // the widget that is shown and embeds this
	keeper                 focusKeeper
}

// ExtendBaseWidget implements what a widget that embeds a press calls first.
func (p *press) ExtendBaseWidget(w fyne.Widget) {
	p.impl = w
	p.DisableableWidget.ExtendBaseWidget(w)
}

// explain shows the control's hint.
func (p *press) explain() {
	if p.hint != "" && !p.Disabled() {
		hinting = p
		Hints(p.hint)
	}
}

// unexplain takes the hint away if it is this control's.
func (p *press) unexplain() {
	if hinting == p {
		ClearHint()
	}
}

// Tapped implements fyne.Tappable.
func (p *press) Tapped(*fyne.PointEvent) {
	p.keeper.restore() // before the action, which may ask what has the keyboard
	p.unexplain()      // it is known now, and what it says may be so no longer
	if p.action != nil && !p.Disabled() {
		p.action()
	}
}

// Press does what a click does.
func (p *press) Press() { p.Tapped(nil) }

// MouseIn implements desktop.Hoverable.
func (p *press) MouseIn(*desktop.MouseEvent) {
	Active()
	p.hovered = true
	p.explain()
	p.Refresh()
}

// MouseMoved implements desktop.Hoverable.
func (p *press) MouseMoved(*desktop.MouseEvent) { Active() }

// MouseOut implements desktop.Hoverable.
func (p *press) MouseOut() {
	p.hovered, p.down = false, false
	p.keeper.restore() // a press that was taken back
	p.unexplain()
	p.Refresh()
}

// MouseDown implements desktop.Mouseable.
func (p *press) MouseDown(*desktop.MouseEvent) {
	Active()
	p.down = true
	p.keeper.remember(p.impl)
	p.Refresh()
}

// MouseUp implements desktop.Mouseable.
func (p *press) MouseUp(*desktop.MouseEvent) { p.down = false; p.Refresh() }

// FocusGained implements fyne.Focusable.
func (p *press) FocusGained() {
	p.focused = true
	p.explain()
	p.Refresh()
	if !p.hovered { // what moves away under the mouse is not pressed
		reveal(p.impl)
	}
}

// FocusLost implements fyne.Focusable.
func (p *press) FocusLost() {
	p.focused = false
	p.unexplain()
	p.Refresh()
}

// Hide implements fyne.CanvasObject.
func (p *press) Hide() {
	p.hovered, p.down = false, false
	p.unexplain()
	p.DisableableWidget.Hide()
}

// Disable implements fyne.Disableable.
func (p *press) Disable() {
	p.unexplain()
	p.DisableableWidget.Disable()
}

// TypedRune implements fyne.Focusable.
func (p *press) TypedRune(rune) { Active() }

// TypedKey implements fyne.Focusable.
func (p *press) TypedKey(e *fyne.KeyEvent) {
	Active()
	if windowKey(e) {
		return
	}
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Tapped(nil)
	}
}

// focusKeeper leaves the keyboard where it is over a click. Fyne takes it from whatever has it as soon as the mouse is
// pressed on something else, also on a button of a bar, which has no use for it.
type focusKeeper struct {
	canvas fyne.Canvas
	before fyne.Focusable
}

// remember notes what has the keyboard. It is called on a press of the mouse, which comes before Fyne takes it.
func (k *focusKeeper) remember(w fyne.CanvasObject) {
	k.canvas, k.before = fyne.CurrentApp().Driver().CanvasForObject(w), nil
	if k.canvas != nil {
		k.before = k.canvas.Focused()
	}
}

// restore gives the keyboard back, unless something took it meanwhile.
func (k *focusKeeper) restore() {
	if k.canvas != nil && k.before != nil && k.canvas.Focused() == nil {
		k.canvas.Focus(k.before)
	}
	k.canvas, k.before = nil, nil
}
