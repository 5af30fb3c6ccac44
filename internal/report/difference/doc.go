// Package difference writes the comparison of two sets for those who were not there: JSON for programs, a self-contained
// HTML page for people, JUnit XML for build servers.
//
// Its central type is [Writer]. It takes the pairs as they come and the summary at the end, so that a comparison of any
// size is written as it is made. On request patient data is masked.
//
//	w := difference.NewJSON(file, difference.Options{})
//	summary, err := compare.Sets(ctx, left, right, options, w.Pair)
//	...
//	err = w.Close(summary)
package difference
