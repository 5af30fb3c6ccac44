package kit

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"trestle/internal/ui/theme"
)

// hintsOf collects what the status line would show.
func hintsOf(t *testing.T) *string {
	t.Helper()
	var hint string
	old := Hints
	Hints = func(s string) { hint = s }
	t.Cleanup(func() { Hints, hinting = old, nil })
	return &hint
}

func TestHintLeavesWithItsControl(t *testing.T) {
	var a, b *ToolButton
	w := show(t, func() fyne.CanvasObject {
		a, b = NewToolButton(theme.IconUndo, "Undo", nil), NewToolButton(theme.IconMap, "Map", nil)
		return container.NewVBox(container.NewHBox(a, b), NewField("x"))
	})
	hint := hintsOf(t)
	spot := w.At(a, 5, 5)
	for name, leave := range map[string]func(){
		"a press":              func() { w.Click(spot) },
		"hiding it":            func() { a.Hide() },
		"disabling it":         func() { a.Disable() },
		"a shortcut":           func() { w.Canvas().Focus(b); *hint = ""; a.MouseIn(nil); passOn(a, &fyne.ShortcutPaste{}) },
		"the loss of the keys": func() { w.Canvas().Focus(a); w.Canvas().Focus(b); b.FocusLost() },
	} {
		w.Hover(spot)
		if *hint != "Undo" {
			t.Fatalf("before %s the hint is %q", name, *hint)
		}
		leave()
		if *hint != "" {
			t.Errorf("after %s the hint stays: %q", name, *hint)
		}
		a.Show()
		a.Enable()
		w.Canvas().Unfocus()
		w.Hover(fyne.NewPos(600, 400))
	}
	// Another control's hint is not taken away.
	a.MouseIn(nil)
	b.MouseIn(nil)
	a.Hide()
	if *hint != "Map" {
		t.Errorf("hiding one takes the hint of the other: %q", *hint)
	}
}

func TestClickLeavesTheKeyboardWhereItIs(t *testing.T) {
	var code *CodeView
	var tool *ToolButton
	var views *SegmentedControl
	var during fyne.Focusable
	w := show(t, func() fyne.CanvasObject {
		code = NewCodeView()
		code.SetText(sampleText())
		tool = NewToolButton(theme.IconUndo, "Undo", nil)
		views = NewSegmentedControl([]string{"Raw", "Hex"}, nil)
		return container.NewBorder(container.NewHBox(tool, views), nil, nil, nil, code)
	})
	tool.action = func() { during = w.Canvas().Focused() }
	w.Canvas().Focus(code)
	w.Click(w.At(tool, 5, 5))
	if during != fyne.Focusable(code) || w.Canvas().Focused() != fyne.Focusable(code) {
		t.Errorf("after the click %T has the keyboard", w.Canvas().Focused())
	}
	w.Click(w.At(views, views.width(0)+5, 5))
	if views.Selected() != 1 || w.Canvas().Focused() != fyne.Focusable(code) {
		t.Errorf("after the choice %T has the keyboard", w.Canvas().Focused())
	}
	if tool.impl != fyne.Widget(tool) {
		t.Error("the button does not know itself: the real driver finds no canvas for a part of a widget")
	}
	// What the action gives the keyboard to keeps it.
	tool.action = func() { w.Canvas().Focus(views) }
	w.Click(w.At(tool, 5, 5))
	if w.Canvas().Focused() != fyne.Focusable(views) {
		t.Errorf("the action's choice is lost: %T", w.Canvas().Focused())
	}
	// A press that is taken back.
	w.Canvas().Focus(code)
	tool.MouseDown(nil)
	w.Canvas().Unfocus()
	tool.MouseOut()
	if w.Canvas().Focused() != fyne.Focusable(code) {
		t.Errorf("after a press that was taken back %T has the keyboard", w.Canvas().Focused())
	}
}
