// Package inspect is the state of the place Inspect, without a window: the message list with its query, the open
// message as bytes, as tree and as findings, and what moves when the user moves in any of them.
//
// Its central type is Model. It belongs to the goroutine of the screen: its methods are called there, and work comes
// back there through the job.Runner's gate. A view draws its List, Tree, Findings and Text and repaints what Changed
// names. The cursor is one byte offset of the open message; a tree row, a row of the form, a finding or a click are only
// ways to set it. What is changed is changed on a draft; what is written, copied or counted runs in the background.
//
//	m := inspect.New(runner, store)
//	m.Changed = func(what inspect.What) { view.redraw(what) }
//	m.SetQuery("type:ADT mrn:88121")
//	m.Select(0)
package inspect
