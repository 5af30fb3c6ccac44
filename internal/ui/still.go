package ui

import (
	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
)

// still is a place where nothing can be done but what its content offers.
type still struct {
	s       *Shell
	content fyne.CanvasObject
}

func (p still) Content() fyne.CanvasObject   { return p.content }
func (p still) Focus()                       { p.s.canvas.Unfocus() }
func (p still) NextPane(int, fyne.Focusable) {}
func (p still) Actions() []shell.Action      { return nil }
func (p still) Keys() []shell.Key            { return nil }
func (p still) Drop([]string) bool           { return false }
func (p still) Status() shell.Status         { return shell.Status{} }
