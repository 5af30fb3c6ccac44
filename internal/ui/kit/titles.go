package kit

import "fyne.io/fyne/v2"

// Titles is a layout for a title and a caption after it: the title takes what it needs, the caption the rest, and both
// end in an ellipsis where there is not enough room.
type Titles struct{}

const titleGap = 12

// MinSize implements fyne.Layout.
func (Titles) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(a.Width+titleGap+b.Width, max(a.Height, b.Height))
}

// Layout implements fyne.Layout.
func (Titles) Layout(o []fyne.CanvasObject, size fyne.Size) {
	wanted := o[0].MinSize().Width
	if t, ok := o[0].(*Text); ok {
		wanted = fyne.MeasureText(t.Text, t.size(), t.style()).Width
	}
	w := min(wanted, max(size.Width-titleGap-o[1].MinSize().Width, 0))
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(fyne.NewSize(w, size.Height))
	o[1].Move(fyne.NewPos(w+titleGap, 0))
	o[1].Resize(fyne.NewSize(max(size.Width-w-titleGap, 0), size.Height))
}
