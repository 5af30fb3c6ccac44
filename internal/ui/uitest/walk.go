package uitest

import (
	"reflect"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// walk visits what is visible from o on, parents first, with the place of each on the canvas.
func walk(o fyne.CanvasObject, at fyne.Position, visit func(fyne.CanvasObject, fyne.Position)) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	visit(o, at)
	switch p := o.(type) {
	case *fyne.Container:
		for _, c := range p.Objects {
			walk(c, at, visit)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(p).Objects() {
			walk(c, at, visit)
		}
	}
}

// find returns the topmost object at a point of the canvas that has what is asked for, and the point within it.
func (w *Window) find(p fyne.Position, match func(fyne.CanvasObject) bool) (found fyne.CanvasObject, local fyne.Position) {
	walk(w.top(), fyne.Position{}, func(o fyne.CanvasObject, at fyne.Position) {
		size := o.Size()
		if p.X >= at.X && p.Y >= at.Y && p.X < at.X+size.Width && p.Y < at.Y+size.Height && match(o) {
			found, local = o, p.Subtract(at)
		}
	})
	return found, local
}

// Settle lays everything out anew, as the real driver does before a frame when a text has changed how much room
// something needs. The test driver leaves it as it was.
func (w *Window) Settle() {
	for range 2 { // what an inner layout asks for may change an outer one
		for _, root := range append([]fyne.CanvasObject{w.Content()}, w.Canvas().Overlays().List()...) {
			walk(root, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
				switch p := o.(type) {
				case *fyne.Container:
					if p.Layout != nil {
						p.Layout.Layout(p.Objects, p.Size())
					}
				case fyne.Widget:
					test.WidgetRenderer(p).Layout(p.Size())
				}
			})
		}
	}
}

// Texts is every text that is visible, in the order in which it is drawn.
func (w *Window) Texts() []string {
	var all []string
	walk(w.top(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			all = append(all, t.Text)
		}
	})
	return all
}

// placeholderOf reads the hint of a field, which may be an Entry or a type that embeds one.
func placeholderOf(o fyne.CanvasObject) string {
	f := reflect.Indirect(reflect.ValueOf(o)).FieldByName("PlaceHolder")
	if f.IsValid() && f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

func contains(s, part string) bool { return strings.Contains(s, part) }
