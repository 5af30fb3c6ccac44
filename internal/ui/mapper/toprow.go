package mapper

import (
	"fyne.io/fyne/v2"

	"trestle/internal/ui/theme"
)

// topRow lays out the top bar. Buttons and tabs keep their room; what only says something gives way: first the coverage, which
// has a tab of its own, then the words of the sample, then the name and what is after it, which end in an ellipsis.
type topRow struct{ b *topBar }

// The gap in units between the parts of the top bar, at its ends, and on either side of the tabs; and the room of the names
// that the coverage leaves them.
const (
	topGap   float32 = 4
	topEnd   float32 = 8
	topNames float32 = 220
)

// least is the width of all that does not give way, with the least of what does. The coverage is not in it.
func (l topRow) least(o []fyne.CanvasObject) float32 {
	width := 2*topEnd - topGap
	for _, x := range o {
		if x != l.b.share {
			width += x.MinSize().Width + topGap
		}
	}
	return width
}

// MinSize implements fyne.Layout.
func (l topRow) MinSize(o []fyne.CanvasObject) fyne.Size {
	var high float32
	for _, x := range o {
		high = max(high, x.MinSize().Height)
	}
	return fyne.NewSize(l.least(o), high)
}

// Layout implements fyne.Layout.
func (l topRow) Layout(o []fyne.CanvasObject, size fyne.Size) {
	rest := max(size.Width-l.least(o), 0)
	words := fyne.MeasureText(l.b.sample.Text, theme.SizeSmall, fyne.TextStyle{}).Width
	sample := min(max(words-l.b.sample.MinSize().Width, 0), rest)
	rest -= sample
	share := l.b.share.MinSize().Width + topGap
	if l.b.coverage.Visible() && rest >= share+topNames {
		rest -= share
		l.b.share.Show()
	} else {
		l.b.share.Hide()
	}
	x := topEnd
	for i, c := range o {
		if !c.Visible() {
			continue
		}
		w := c.MinSize().Width
		switch {
		case i == 1: // the names
			w += rest
		case c == l.b.sample:
			w += sample
		}
		c.Move(fyne.NewPos(x, 0))
		c.Resize(fyne.NewSize(w, size.Height))
		x += w + topGap
	}
}
