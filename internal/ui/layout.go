package ui

import "fyne.io/fyne/v2"

// row sets objects side by side without gaps. The one at flex takes the width that the others leave.
type row struct{ flex int }

func (row) MinSize(o []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, c := range o {
		s := c.MinSize()
		m = fyne.NewSize(m.Width+s.Width, max(m.Height, s.Height))
	}
	return m
}

func (r row) Layout(o []fyne.CanvasObject, size fyne.Size) {
	rest := size.Width
	for i, c := range o {
		if i != r.flex {
			rest -= c.MinSize().Width
		}
	}
	var x float32
	for i, c := range o {
		w := c.MinSize().Width
		if i == r.flex {
			w = max(rest, 0)
		}
		c.Move(fyne.NewPos(x, 0))
		c.Resize(fyne.NewSize(w, size.Height))
		x += w
	}
}

// column sets objects one below the other without gaps. The one at flex takes the height that the others leave.
type column struct{ flex int }

func (column) MinSize(o []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, c := range o {
		s := c.MinSize()
		m = fyne.NewSize(max(m.Width, s.Width), m.Height+s.Height)
	}
	return m
}

func (l column) Layout(o []fyne.CanvasObject, size fyne.Size) {
	rest := size.Height
	for i, c := range o {
		if i != l.flex {
			rest -= c.MinSize().Height
		}
	}
	var y float32
	for i, c := range o {
		h := c.MinSize().Height
		if i == l.flex {
			h = max(rest, 0)
		}
		c.Move(fyne.NewPos(0, y))
		c.Resize(fyne.NewSize(size.Width, h))
		y += h
	}
}

// thirds puts the middle object in the middle of the whole as long as the sides leave room for it.
type thirds struct{}

func (thirds) MinSize(o []fyne.CanvasObject) fyne.Size { return row{}.MinSize(o) }

func (thirds) Layout(o []fyne.CanvasObject, size fyne.Size) {
	left, middle, right := o[0].MinSize().Width, o[1].MinSize().Width, o[2].MinSize().Width
	at := min(max((size.Width-middle)/2, left), size.Width-right-middle)
	o[0].Resize(fyne.NewSize(max(at, 0), size.Height))
	o[1].Move(fyne.NewPos(at, 0))
	o[1].Resize(fyne.NewSize(middle, size.Height))
	o[2].Move(fyne.NewPos(size.Width-right, 0))
	o[2].Resize(fyne.NewSize(right, size.Height))
}

// statusLayout gives the middle what it wants and shares the rest between the sides.
type statusLayout struct{}

func (statusLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return row{}.MinSize(o) }

func (statusLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	middle := min(o[1].MinSize().Width, size.Width*0.6)
	side := (size.Width - middle) / 2
	o[0].Resize(fyne.NewSize(side, size.Height))
	o[1].Move(fyne.NewPos(side, 0))
	o[1].Resize(fyne.NewSize(middle, size.Height))
	o[2].Move(fyne.NewPos(side+middle, 0))
	o[2].Resize(fyne.NewSize(side, size.Height))
}
