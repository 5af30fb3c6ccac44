// Package shell is the state of the window as a whole, without a window: which place is shown, which project is open,
// whether patient data is masked, which actions there are, and what the keys of each place are.
//
// Its central type is Model. The views ask it for its Actions and Keys, so that the palette, the shortcuts and the
// keys page can never say different things.
//
//	s := shell.New(runner)
//	s.Go(shell.Inspect)
//	for _, a := range s.Actions() { palette.Add(a.Title, a.Keys, a.Run) }
package shell
