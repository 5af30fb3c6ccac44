package kit

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

func TestSuggestionsAreTakenByKeysAndMouse(t *testing.T) {
	var field *Field
	var list *Suggestions
	taken, submitted, changed := -1, 0, 0
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 500, Height: 300}, func(fyne.Window) fyne.CanvasObject {
		field = NewField("write")
		field.OnChanged = func(string) { changed++ }
		field.OnSubmitted = func(string) { submitted++ }
		list = NewSuggestions(field)
		list.Ask = func(text string, cursor int) []Suggestion {
			if text == "none" {
				return nil
			}
			return []Suggestion{{"type", "message type"}, {"trigger", "trigger event"}}
		}
		list.Take = func(i int) { taken = i }
		return container.New(Float{list}, container.NewVBox(field), list)
	})
	w.Canvas().Focus(field)
	w.Type("t")
	if changed != 1 || !list.Visible() || !slices.Equal(list.Texts(), []string{"type", "trigger"}) || !field.AcceptsTab() {
		t.Fatalf("changed %d times, shows %v %v", changed, list.Visible(), list.Texts())
	}
	w.Key(fyne.KeyReturn)
	if submitted != 1 || taken != -1 || list.Visible() {
		t.Error("Enter took what was not chosen")
	}
	w.Type("r")
	w.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn)
	if taken != 1 || submitted != 1 {
		t.Errorf("took %d, submitted %d", taken, submitted)
	}
	w.Type("i")
	w.Key(fyne.KeyTab)
	if taken != 0 || field.AcceptsTab() {
		t.Errorf("took %d", taken)
	}
	w.Type("g")
	w.Key(fyne.KeyEscape)
	if list.Visible() || field.Text != "trig" {
		t.Errorf("Escape left %q", field.Text)
	}
	field.SetText("none")
	if list.Visible() {
		t.Error("an empty list shows")
	}
	field.SetText("")
	w.Key(fyne.KeyDown) // what is there at all
	w.Settle()
	if !list.Visible() {
		t.Fatal("Down shows nothing")
	}
	taken = -1
	w.Click(w.At(list, 20, suggestionHeight*1.5))
	if taken != 1 || w.Canvas().Focused() != field {
		t.Errorf("a click took %d", taken)
	}
	field.Password = true
	field.SetText("t")
	if list.Visible() {
		t.Error("what is typed in secret is completed on the screen")
	}
}

func TestByteColumn(t *testing.T) {
	for letters, want := range map[int]int{0: 0, 1: 1, 2: 3, 3: 4, 9: 4} {
		if got := ByteColumn("aéb", letters); got != want {
			t.Errorf("letter %d at byte %d, not %d", letters, got, want)
		}
	}
}

// A shape that the picture's edge cuts is drawn as far as it lies within.
func TestShapesAtTheEdgeOfThePicture(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 10, 10))
	fillPaths(img, shapePaths(1, 4, 4, 20), color.NRGBA{255, 0, 0, 255})
	fillPaths(img, shapePaths(1, -12, -12, 14), color.NRGBA{0, 255, 0, 255})
	if r, _, _, _ := img.At(9, 9).RGBA(); r == 0 {
		t.Error("nothing is drawn at the edge")
	}
	if _, g, _, _ := img.At(0, 0).RGBA(); g == 0 {
		t.Error("nothing is drawn at the other edge")
	}
}

// A field that has its own use for Tab keeps it without the list, Down is the field's where there is nothing to propose, and
// the list stands above a field at the bottom.
func TestSuggestionsOfAFieldInATable(t *testing.T) {
	var field *Field
	var list *Suggestions
	var keys []fyne.KeyName
	undone := 0
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 500, Height: 300}, func(fyne.Window) fyne.CanvasObject {
		field = NewField("write")
		field.TakesTab = true
		field.OnKey = func(e *fyne.KeyEvent) bool { keys = append(keys, e.Name); return e.Name == fyne.KeyTab }
		field.OnShortcut = func(s fyne.Shortcut) bool {
			_, undo := s.(*fyne.ShortcutUndo)
			if undo {
				undone++
			}
			return undo
		}
		list = NewSuggestions(field)
		list.Ask = func(text string, _ int) []Suggestion {
			if text != "" {
				return nil
			}
			return []Suggestion{{"F", "Female"}, {"M", "Male"}}
		}
		list.Take = func(i int) { field.SetText(list.Texts()[0]) }
		return container.New(Float{list}, container.NewBorder(nil, field, nil, nil), list)
	})
	w.Canvas().Focus(field)
	w.Key(fyne.KeyDown)
	if !list.Visible() || len(keys) != 0 {
		t.Fatalf("shows %v, the field got %v", list.Visible(), keys)
	}
	if bottom := list.Position().Y + list.Size().Height; bottom > field.Position().Y {
		t.Errorf("the list ends at %v, the field begins at %v", bottom, field.Position().Y)
	}
	w.Key(fyne.KeyEscape)
	if !field.AcceptsTab() {
		t.Error("Tab leaves a field that has a use for it")
	}
	field.SetText("x")
	w.Key(fyne.KeyDown, fyne.KeyTab)
	if !slices.Equal(keys, []fyne.KeyName{fyne.KeyDown, fyne.KeyTab}) {
		t.Errorf("the field got %v", keys)
	}
	field.TypedShortcut(&fyne.ShortcutUndo{})
	if undone != 1 || field.Text != "x" {
		t.Errorf("undone %d times, %q", undone, field.Text)
	}
}
