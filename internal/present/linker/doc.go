// Package linker is the state of the place Link: the rosters of two systems, the run that compares them, the queue of cases
// that a person decides, and what leaves the program. It knows no window; ui/linker shows it.
//
// Its central type is [Model]. It has a desk for patients and one for plans, and shows one of them at a time:
//
//	m := linker.New(runner, workspace)
//	m.Changed = func(what linker.What) { redraw(what) }
//	m.Load()
//	m.Import(linker.Ours, "riverbend.csv")
//	m.Run()
//	m.Decide(linkage.ActSame) // the case under the cursor; the next one is open at once
package linker
