// Package stage is what tests of the places stand on: a project that costs nothing to open, and a queue that plays the
// goroutine of the screen. Only tests import it.
//
//	s := stage.New(t)
//	m := accesslog.New(s.Runner, s.Workspace)
//	m.Load()
//	s.Settle() // until no work is under way
package stage
