package home

import "fyne.io/fyne/v2"

// twoColumns sets two objects side by side in equal halves.
type twoColumns struct{ gap, max float32 }

func (l *twoColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), max(a.Height, b.Height))
}

func (l *twoColumns) Layout(o []fyne.CanvasObject, size fyne.Size) {
	width := min(size.Width, l.max)
	half := (width - l.gap) / 2
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(fyne.NewSize(half, o[0].MinSize().Height))
	o[1].Move(fyne.NewPos(half+l.gap, 0))
	o[1].Resize(fyne.NewSize(half, o[1].MinSize().Height))
}

// threeColumns gives its first two objects a fixed width and the third the rest.
type threeColumns [2]float32

func (l *threeColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	var h float32
	for _, c := range o {
		h = max(h, c.MinSize().Height)
	}
	return fyne.NewSize(l[0]+l[1]+o[2].MinSize().Width, h)
}

func (l *threeColumns) Layout(o []fyne.CanvasObject, size fyne.Size) {
	var x float32
	for i, c := range o {
		w := size.Width - x
		if i < 2 {
			w = l[i]
		}
		c.Move(fyne.NewPos(x, 0))
		c.Resize(fyne.NewSize(max(w, 0), size.Height))
		x += w
	}
}
