// Package ui is the window: the shell around the places. It has the rail, the top bar, the status line, the command
// palette, the keys page and the lock, and it puts the place that the user chose in the middle.
//
// Its central type is Shell. It wires the models in present to their views and decides nothing of its own.
//
//	s := ui.New(app, ui.Options{Workspace: path})
//	s.ShowAndRun()
package ui
