package uitest

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// Type types letters into what has the focus.
func (w *Window) Type(s string) {
	w.t.Helper()
	f := w.Canvas().Focused()
	if f == nil {
		w.t.Fatalf("nothing has the focus to type %d letters into", len(s))
	}
	for _, r := range s {
		f.TypedRune(r)
	}
}

// Key presses keys one after the other, on what has the focus or else on the window.
func (w *Window) Key(names ...fyne.KeyName) {
	for _, n := range names {
		if f := w.Canvas().Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: n})
		} else if typed := w.Canvas().OnTypedKey(); typed != nil {
			typed(&fyne.KeyEvent{Name: n})
		}
	}
}

// Shift presses keys while Shift is held.
func (w *Window) Shift(names ...fyne.KeyName) {
	shift := &fyne.KeyEvent{Name: desktop.KeyShiftLeft}
	if k, ok := w.Canvas().Focused().(desktop.Keyable); ok {
		k.KeyDown(shift)
		defer k.KeyUp(shift)
	}
	w.Key(names...)
}

// Chord presses a key together with modifiers, as the real driver hands it on: to what has the focus if it takes
// shortcuts, else to the window.
func (w *Window) Chord(modifier fyne.KeyModifier, key fyne.KeyName) {
	var s fyne.Shortcut = &desktop.CustomShortcut{KeyName: key, Modifier: modifier}
	if modifier == fyne.KeyModifierShortcutDefault {
		clipboard := fyne.CurrentApp().Clipboard()
		switch key {
		case fyne.KeyC:
			s = &fyne.ShortcutCopy{Clipboard: clipboard}
		case fyne.KeyV:
			s = &fyne.ShortcutPaste{Clipboard: clipboard}
		case fyne.KeyX:
			s = &fyne.ShortcutCut{Clipboard: clipboard}
		case fyne.KeyA:
			s = &fyne.ShortcutSelectAll{}
		case fyne.KeyZ:
			s = &fyne.ShortcutUndo{}
		case fyne.KeyY:
			s = &fyne.ShortcutRedo{}
		}
	}
	focused, takes := w.Canvas().Focused().(fyne.Shortcutable)
	if takes {
		focused.TypedShortcut(s)
	}
	// Our widgets hand what they do not know to the window. The test driver's canvas gives them no way to, so it is
	// done here for them; Fyne's own Entry keeps it, here as there.
	_, custom := s.(*desktop.CustomShortcut)
	if _, keeps := w.Canvas().Focused().(*widget.Entry); !takes || custom && !keeps {
		if c := shortcuts(w.Canvas()); c != nil {
			c.TypedShortcut(s)
		}
	}
}

// shortcuts is what holds a canvas's shortcuts: the canvas, or the one that the test driver wraps.
func shortcuts(c fyne.Canvas) fyne.Shortcutable {
	if s, ok := c.(fyne.Shortcutable); ok {
		return s
	}
	if inner := reflect.Indirect(reflect.ValueOf(c)).FieldByName("WindowlessCanvas"); inner.IsValid() {
		s, _ := inner.Interface().(fyne.Shortcutable)
		return s
	}
	return nil
}

// Click presses and releases the primary button at a point of the canvas.
func (w *Window) Click(p fyne.Position) { w.click(p, desktop.MouseButtonPrimary, 0) }

// ClickWith is a click with modifier keys held.
func (w *Window) ClickWith(p fyne.Position, m fyne.KeyModifier) {
	w.click(p, desktop.MouseButtonPrimary, m)
}

// SecondaryClick presses and releases the secondary button.
func (w *Window) SecondaryClick(p fyne.Position) { w.click(p, desktop.MouseButtonSecondary, 0) }

// clickable is what the real driver looks for under the mouse.
func clickable(o fyne.CanvasObject) bool {
	switch o.(type) {
	case fyne.Tappable, fyne.SecondaryTappable, fyne.DoubleTappable, fyne.Focusable, desktop.Mouseable:
		return true
	}
	return false
}

func (w *Window) click(p fyne.Position, button desktop.MouseButton, m fyne.KeyModifier) {
	w.t.Helper()
	o, local := w.find(p, clickable)
	if o == nil {
		w.t.Fatalf("nothing to click at %v", p)
	}
	point := fyne.PointEvent{Position: local, AbsolutePosition: p}
	event := &desktop.MouseEvent{PointEvent: point, Button: button, Modifier: m}
	mouse, isMouse := o.(desktop.Mouseable)
	if isMouse {
		mouse.MouseDown(event)
	}
	if f, ok := o.(fyne.Focusable); !ok || w.Canvas().Focused() != f {
		w.Canvas().Unfocus()
	}
	if isMouse {
		mouse.MouseUp(event)
	}
	if button == desktop.MouseButtonSecondary {
		if t, ok := o.(fyne.SecondaryTappable); ok {
			t.TappedSecondary(&point)
		}
		return
	}
	if t, ok := o.(fyne.Tappable); ok {
		t.Tapped(&point)
	}
}

// Drag presses the primary button at one point, moves to another in steps, and releases it there.
func (w *Window) Drag(from, to fyne.Position) {
	w.t.Helper()
	mouse, at := w.find(from, clickable)
	if m, ok := mouse.(desktop.Mouseable); ok {
		m.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at, AbsolutePosition: from}, Button: desktop.MouseButtonPrimary})
	}
	o, local := w.find(from, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Draggable); return ok })
	if o == nil {
		w.t.Fatalf("nothing to drag at %v", from)
	}
	const steps = 8
	last := from
	for i := 1; i <= steps; i++ {
		k := float32(i) / steps
		now := fyne.NewPos(from.X+(to.X-from.X)*k, from.Y+(to.Y-from.Y)*k)
		e := &fyne.DragEvent{Dragged: fyne.NewDelta(now.X-last.X, now.Y-last.Y)}
		e.AbsolutePosition, e.Position = now, local.Add(now.Subtract(from))
		o.(fyne.Draggable).Dragged(e)
		last = now
	}
	o.(fyne.Draggable).DragEnd()
	if m, ok := mouse.(desktop.Mouseable); ok {
		m.MouseUp(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
	}
}

// Hover moves the mouse to a point.
func (w *Window) Hover(p fyne.Position) { test.MoveMouse(w.Canvas(), p) }

// Scroll turns the wheel at a point: dy below zero goes down.
func (w *Window) Scroll(p fyne.Position, dx, dy float32) { test.Scroll(w.Canvas(), p, dx, dy) }

// At is a point within an object, as a point of the canvas.
func (w *Window) At(o fyne.CanvasObject, x, y float32) fyne.Position {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Add(fyne.NewPos(x, y))
}
