package uitest

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/ui/theme"
)

func form(t *testing.T, scale float32) (*Window, *widget.Entry, *int) {
	entry := widget.NewEntry()
	entry.SetPlaceHolder("Name")
	pressed := 0
	w := Open(t, Options{Mode: theme.Light, Scale: scale, Width: 300, Height: 200}, func(fyne.Window) fyne.CanvasObject {
		return container.NewVBox(widget.NewLabel("A form"), entry, widget.NewButton("Save", func() { pressed++ }))
	})
	return w, entry, &pressed
}

func TestFindsAndActs(t *testing.T) {
	w, entry, pressed := form(t, 1)
	w.Field("Name")
	w.Type("Müller")
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyA)
	w.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyC)
	if entry.Text != "Müller" || fyne.CurrentApp().Clipboard().Content() != "Müller" {
		t.Errorf("typed %q, copied %q", entry.Text, fyne.CurrentApp().Clipboard().Content())
	}
	w.Press("Save")
	w.Click(w.At(w.Button("Save"), 5, 5))
	if *pressed != 2 {
		t.Errorf("pressed %d times", *pressed)
	}
	if !w.Shows("A form") || w.Shows("nothing such") {
		t.Error("Shows")
	}
}

func TestPopUpsComeFirst(t *testing.T) {
	w, _, pressed := form(t, 1)
	answer := false
	dialog.ShowConfirm("Delete", "Delete it?", func(ok bool) { answer = ok }, w)
	if w.Button("Save") != nil {
		t.Error("a button below a dialog is found")
	}
	w.Press("Yes")
	if !answer || *pressed != 0 {
		t.Error("the dialog was not answered")
	}
}

func TestScaleIsThePictures(t *testing.T) {
	w, _, _ := form(t, 2)
	if got := w.Canvas().Capture().Bounds().Size(); got != image.Pt(600, 400) {
		t.Errorf("the picture is %v", got)
	}
}

func TestWindowShortcutsReachTheWindow(t *testing.T) {
	w, entry, _ := form(t, 1)
	ran := 0
	w.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyK, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { ran++ })
	w.Chord(fyne.KeyModifierControl, fyne.KeyK)
	w.Canvas().Focus(entry)
	w.Chord(fyne.KeyModifierControl, fyne.KeyK) // Fyne's own field keeps it, as it does in the program
	if ran != 1 {
		t.Errorf("ran %d times, want once", ran)
	}
}

func TestSame(t *testing.T) {
	a, b := image.NewRGBA(image.Rect(0, 0, 100, 100)), image.NewRGBA(image.Rect(0, 0, 100, 100))
	if err := Same(a, b); err != nil {
		t.Error(err)
	}
	b.Set(3, 3, color.White)
	if err := Same(a, b); err != nil {
		t.Errorf("one stray pixel: %v", err)
	}
	for x := range 20 {
		b.Set(x, 50, color.White)
	}
	if Same(a, b) == nil {
		t.Error("a line more is not seen")
	}
	if Same(a, image.NewRGBA(image.Rect(0, 0, 100, 101))) == nil {
		t.Error("another size is not seen")
	}
}
