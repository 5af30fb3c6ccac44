package kit

import "fyne.io/fyne/v2"

// Width is a layout that gives its one object a fixed width in units and the height that it wants, in the middle.
func Width(units float32) fyne.Layout { return &sized{fyne.NewSize(units, 0)} }

// Least is a layout of one object with a least size, in units.
func Least(width, height float32) fyne.Layout { return &sized{fyne.NewSize(width, height)} }

// RightIn is a layout that puts its one object at the right edge of a place of a fixed width.
func RightIn(units float32) fyne.Layout { return rightIn(units) }

type rightIn float32

func (r rightIn) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(r), o[0].MinSize().Height)
}

func (r rightIn) Layout(o []fyne.CanvasObject, size fyne.Size) {
	m := o[0].MinSize()
	o[0].Resize(fyne.NewSize(min(m.Width, size.Width), size.Height))
	o[0].Move(fyne.NewPos(size.Width-min(m.Width, size.Width), 0))
}

// LeftIn is a layout that puts its one object at the left edge of a place of a fixed width.
func LeftIn(units float32) fyne.Layout { return leftIn(units) }

type leftIn float32

func (l leftIn) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(l), o[0].MinSize().Height)
}

func (l leftIn) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }
