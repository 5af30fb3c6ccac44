// Package plan finds which insurance plans of two systems are the same, and which have to be created.
//
// A payer's name is no key and neither is a payer ID, so that each row of a plan list is first read into a [Plan]:
// insurer, states, line of business, product, metal level, programme, payer IDs, post office box, telephones. [Match]
// then compares the insurer first and the plan within it, holds what contradicts itself behind named gates, shares the
// probability among sibling plans and assigns one to one. What has no counterpart becomes a proposal to create it.
// [Dictionary] holds what payers are called; each decision can teach it a name.
//
// The central type is [Result]:
//
//	dictionary := plan.Standard()
//	left := plan.NewList("Riverbend", rows, dictionary)
//	result, err := plan.Match(ctx, left, right, plan.Options{})
//	for _, c := range result.Best(5) {
//		fmt.Println(c.Left, c.Rank, c.Right, c.Probability, c.Band, c.Reasons)
//	}
package plan
