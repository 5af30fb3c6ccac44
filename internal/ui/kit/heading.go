package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"trestle/internal/ui/theme"
)

// NewHeading returns the bar above a part of a place: a title at the left and controls at the right.
func NewHeading(left fyne.CanvasObject, right ...fyne.CanvasObject) fyne.CanvasObject {
	row := container.NewHBox(right...)
	return NewBand(container.NewBorder(nil, nil, container.NewHBox(Gap(6, 0), container.NewCenter(left)), container.NewHBox(container.NewCenter(row), Gap(3, 0))))
}

// NewBand returns a bar's content on the panel colour, at a bar's height, with a rule below.
func NewBand(content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(Column{Flex: 0}, OnPanel(theme.ColorPanel, container.NewStack(Gap(0, theme.BarHeight), content)), NewRule())
}
