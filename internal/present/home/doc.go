// Package home is the state of the place Project, without a window: what the project holds, who is the system of
// record for what, what was done last, and the first steps of a new project.
//
// Its central type is Model; Load reads everything in the background and Changed tells the view to redraw.
//
//	m := home.New(runner, workspace)
//	m.Changed = view.redraw
//	m.Load()
package home
