package ui

import (
	"strings"

	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// still is a place where nothing can be done but what its content offers.
type still struct {
	s       *Shell
	content fyne.CanvasObject
}

// newPlanned is a place that is not built yet: it says what will be there.
func newPlanned(s *Shell, p shell.Place) still {
	return still{s, kit.NewEmptyState(placeIcons[p], p.Question(), strings.Join(p.Planned(), "\n\n")+"\n\nThis place is not built yet.")}
}

func (p still) Content() fyne.CanvasObject   { return p.content }
func (p still) Focus()                       { p.s.canvas.Unfocus() }
func (p still) NextPane(int, fyne.Focusable) {}
func (p still) Actions() []shell.Action      { return nil }
func (p still) Keys() []shell.Key            { return nil }
func (p still) Drop([]string) bool           { return false }
func (p still) Status() shell.Status         { return shell.Status{} }
