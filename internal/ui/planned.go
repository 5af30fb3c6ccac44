package ui

import (
	"strings"

	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// newPlanned is a place that is not built yet: it says what will be there.
func newPlanned(p shell.Place) fyne.CanvasObject {
	return kit.NewEmptyState(placeIcons[p], p.Question(), strings.Join(p.Planned(), "\n\n")+"\n\nThis place is not built yet.")
}
