package ui

import (
	"fyne.io/fyne/v2"

	"trestle/internal/ui/kit"
)

// thirds puts the middle object in the middle of the whole as long as the sides leave room for it.
type thirds struct{}

func (thirds) MinSize(o []fyne.CanvasObject) fyne.Size { return kit.Row{}.MinSize(o) }

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

func (statusLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return kit.Row{}.MinSize(o) }

func (statusLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	middle := min(o[1].MinSize().Width, size.Width*0.6)
	side := (size.Width - middle) / 2
	o[0].Resize(fyne.NewSize(side, size.Height))
	o[1].Move(fyne.NewPos(side, 0))
	o[1].Resize(fyne.NewSize(middle, size.Height))
	o[2].Move(fyne.NewPos(side+middle, 0))
	o[2].Resize(fyne.NewSize(side, size.Height))
}
