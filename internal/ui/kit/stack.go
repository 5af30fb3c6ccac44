package kit

import "fyne.io/fyne/v2"

// Row is a layout that sets objects side by side without gaps; those that are hidden take no room. The one at Flex takes the width that the others leave.
// Unlike Fyne's border layout it keeps them in the order in which Tab visits them.
type Row struct{ Flex int }

// MinSize implements fyne.Layout.
func (Row) MinSize(o []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, c := range o {
		if !c.Visible() {
			continue
		}
		s := c.MinSize()
		m = fyne.NewSize(m.Width+s.Width, max(m.Height, s.Height))
	}
	return m
}

// Layout implements fyne.Layout.
func (r Row) Layout(o []fyne.CanvasObject, size fyne.Size) {
	rest := size.Width
	for i, c := range o {
		if i != r.Flex && c.Visible() {
			rest -= c.MinSize().Width
		}
	}
	var x float32
	for i, c := range o {
		if !c.Visible() {
			continue
		}
		w := c.MinSize().Width
		if i == r.Flex {
			w = max(rest, 0)
		}
		c.Move(fyne.NewPos(x, 0))
		c.Resize(fyne.NewSize(w, size.Height))
		x += w
	}
}

// Column is a layout that sets objects one below the other without gaps; those that are hidden take no room. The one at Flex takes the height that the others leave.
type Column struct{ Flex int }

// MinSize implements fyne.Layout.
func (Column) MinSize(o []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, c := range o {
		if !c.Visible() {
			continue
		}
		s := c.MinSize()
		m = fyne.NewSize(max(m.Width, s.Width), m.Height+s.Height)
	}
	return m
}

// Layout implements fyne.Layout.
func (l Column) Layout(o []fyne.CanvasObject, size fyne.Size) {
	rest := size.Height
	for i, c := range o {
		if i != l.Flex && c.Visible() {
			rest -= c.MinSize().Height
		}
	}
	var y float32
	for i, c := range o {
		if !c.Visible() {
			continue
		}
		h := c.MinSize().Height
		if i == l.Flex {
			h = max(rest, 0)
		}
		c.Move(fyne.NewPos(0, y))
		c.Resize(fyne.NewSize(size.Width, h))
		y += h
	}
}
