// Package comparing is the view of the place Compare: the sums and patterns of a comparison of sets, its pairs, the pair that
// is open with both sides in step, and the rules, over the state in present/comparing.
//
//	v := comparing.New(model, host)
//	window.SetContent(v.Content())
package comparing
