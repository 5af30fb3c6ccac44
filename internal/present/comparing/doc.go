// Package comparing is the state of the place Compare, without a window: what the two sides are, how they are paired, the
// pairs and patterns that a comparison found, the pair that is open, and the rules that say what is left out or expected.
//
// Its central type is Model. A comparison runs in the background and its pairs come as they are found; of each only its key,
// its status and its places are kept, and its messages are read again when it is opened.
//
//	m := comparing.New(runner, workspace)
//	m.OfferPaths([]string{"before", "after"}) // starts at once
//	m.OpenPair(0)
//	m.Step(1) // to the next difference
package comparing
