package kit

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"trestle/internal/ui/uitest"
)

// style is that of a text that is visible in the window.
func style(t *testing.T, w *uitest.Window, words string) fyne.TextStyle {
	t.Helper()
	for _, o := range w.Objects() {
		if text, ok := o.(*canvas.Text); ok && text.Text == words {
			return text.TextStyle
		}
	}
	t.Fatalf("%q is not shown; there is %q", words, w.Texts())
	return fyne.TextStyle{}
}

func TestPlaceholderIsNoValue(t *testing.T) {
	var f *Field
	w := show(t, func() fyne.CanvasObject { f = NewField("Such as Riverbend"); return container.NewVBox(f) })
	if !style(t, w, "Such as Riverbend").Italic {
		t.Error("the placeholder looks like a value")
	}
	w.Canvas().Focus(f)
	w.Type("Lake")
	if style(t, w, "Lake").Italic {
		t.Error("a value looks like a placeholder")
	}
	f.SelectAll()
	if f.SelectedText() != "Lake" {
		t.Errorf("selected %q", f.SelectedText())
	}
	f.SetText("")
	w.Type("Ash")
	if f.Text != "Ash" {
		t.Errorf("typed after the selection was replaced: %q", f.Text)
	}
	f.SetText("")
	if !style(t, w, "Such as Riverbend").Italic {
		t.Error("the placeholder looks like a value after the text is gone")
	}
}

func TestFieldAsksItsOwnerFirst(t *testing.T) {
	var f *Field
	w := show(t, func() fyne.CanvasObject { f = NewField("x"); return container.NewVBox(f) })
	var asked []fyne.KeyName
	f.OnKey = func(e *fyne.KeyEvent) bool { asked = append(asked, e.Name); return e.Name == fyne.KeyEscape }
	escaped := false
	f.OnEscape = func() { escaped = true }
	w.Canvas().Focus(f)
	w.Type("ab")
	w.Key(fyne.KeyEscape, fyne.KeyBackspace)
	if len(asked) != 2 || escaped || f.Text != "a" {
		t.Errorf("asked for %v, escaped %v, text %q", asked, escaped, f.Text)
	}
}

func TestTabLeavesAFieldOfSeveralLines(t *testing.T) {
	for _, f := range []fyne.Tabbable{NewNoteField("Note"), NewField("Name"), NewSecretField("Passphrase")} {
		if f.AcceptsTab() {
			t.Errorf("%T keeps Tab", f)
		}
	}
}
