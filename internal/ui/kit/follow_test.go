package kit

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// Whatever Tab leads to is in sight.
func TestScrollFollowsTheKeyboard(t *testing.T) {
	test.NewTempApp(t)
	column := container.NewVBox()
	var controls []fyne.Focusable
	for range 10 {
		f, c := NewField("a field"), NewToggle("a switch", nil)
		controls = append(controls, f, c)
		column.Add(f)
		column.Add(container.NewHBox(c))
	}
	s := NewFollowingScroll(container.NewBorder(nil, nil, nil, Gap(14, 0), column))
	w := test.NewTempWindow(t, s)
	w.Resize(fyne.NewSize(300, 120))
	seen := func(o fyne.CanvasObject) bool {
		d := fyne.CurrentApp().Driver()
		top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(s).Y
		return top >= 0 && top+o.Size().Height <= s.Size().Height
	}
	last := controls[len(controls)-1].(fyne.CanvasObject)
	if seen(last) {
		t.Fatal("all has room: nothing is tested")
	}
	for _, order := range [][]fyne.Focusable{controls, {controls[0], controls[13], controls[2]}} {
		for i, c := range order {
			w.Canvas().Focus(c)
			if !seen(c.(fyne.CanvasObject)) {
				t.Errorf("control %d has the keyboard and is out of sight", i)
			}
		}
	}
	reveal(NewField("somewhere else")) // moves nothing
	if !seen(controls[2].(fyne.CanvasObject)) {
		t.Error("it moved for what is somewhere else")
	}
}
