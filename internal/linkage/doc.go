// Package linkage finds which patients of two systems are the same, links what is certain and says why the rest is not.
//
// Its central type is [Result], which [Run] makes from two rosters: pairs in bands (automatic, review, blocked), the
// duplicates inside each system, overlays, and a trained [Model] with the report of its training. The model is that of
// Fellegi and Sunter (JASA 64, 1969) with three classes: same person, same household, strangers. Named gates stop an
// automatic link however probable it is; see [Gate]. [Ledger] holds what people decided, by content and not by row, so
// that a re-import keeps it; the workspace stores it behind [Store].
//
//	left, err := roster.Read(ctx, "infusion.csv", file, roster.Spec{})
//	result, err := linkage.Run(ctx, left, right, linkage.Options{Seed: 1})
//	for _, p := range result.Pairs {
//		fmt.Println(result.LeftID(p), result.RightID(p), p.Band, p.Gates)
//	}
//
// The parts: roster reads files, lexicon holds nicknames and street words, similar measures strings, plan does the same
// work for insurance plans.
package linkage
