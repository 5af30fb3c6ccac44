// Package endpoints is the state of the place Endpoints, without a window: the project's listeners and senders, which of
// them run, the rules and faults of the one that is chosen, its journal, and the exchange that is open.
//
// Its central type is Model. Listeners run on goroutines of their own, which Close ends; what comes in is told through the
// runner's gate, a few times a second at most however much it is.
//
//	m := endpoints.New(runner, workspace)
//	m.Load()
//	m.Create(endpoints.Draft{Name: "adt-in", Address: "127.0.0.1:2575", Preset: "always-accepts"})
//	m.Start("adt-in")
package endpoints
