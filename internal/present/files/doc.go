// Package files is the state of the window's own file dialog, without a window. It is used where the system offers
// none, and it can be worked by keyboard alone: a path that is typed or pasted, or a list of a folder to walk through.
//
// Its central type is Model: a folder, what is in it as a screen.Grid, and what a press of Enter would do.
//
//	m := files.New(files.Open, home)
//	paths, done := m.Enter("~/inbox", nil) // a folder: shows it; files: done; what is wrong: Problem
package files
