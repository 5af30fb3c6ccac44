package host

import (
	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
)

// Place is what the window asks of a place that it shows. All methods are called on the goroutine of the screen.
type Place interface {
	// Content is what the window shows.
	Content() fyne.CanvasObject
	// Focus brings the place up to date and gives it the keyboard.
	Focus()
	// NextPane gives the next part of the place the keyboard, or the one before if n is negative.
	NextPane(n int, focused fyne.Focusable)
	// Actions are what can be done now, with their keys: the palette, the shortcuts and the keys page read them.
	Actions() []shell.Action
	// Keys are the lines of the keys page that are no actions, such as how to move.
	Keys() []shell.Key
	// Drop takes files and folders that were dropped on the place, and says whether it did.
	Drop(paths []string) bool
	// Status is what the status line says of the place.
	Status() shell.Status
}

// Next is the pane n steps after the focused one, round and round. Where none of them has the keyboard it is the first,
// or the last if n is negative.
func Next(panes []fyne.Focusable, focused fyne.Focusable, n int) fyne.Focusable {
	at := -1
	for i, p := range panes {
		if p == focused {
			at = i
		}
	}
	if at < 0 && n < 0 {
		at = 0
	}
	return panes[((at+n)%len(panes)+len(panes))%len(panes)]
}
