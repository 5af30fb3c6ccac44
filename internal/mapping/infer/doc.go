// Package infer learns a mapping from examples: messages as one system sends them, and what an interface made of each. A
// consultant who replaces an interface that nobody can read any more has exactly those pairs.
//
// Its central function is [Propose]. It looks for the simplest rule that gives each value of what came out: a copy, a
// function, a part, a table of codes, a date in another form, several values joined, a constant; and for segments that were
// added, taken out or filtered. Each rule says in how many of the pairs it holds, and shows some in which it does not; a
// rule is proposed if it holds in nearly all of them, so that a few odd messages do no harm.
//
//	pairs, notes := infer.Align(before, after, infer.Options{})
//	proposal, err := infer.Propose(ctx, pairs, infer.Options{})
//	mapping.Format(proposal.File)
//
// What is proposed is a mapping that runs, every rule of it a draft. The same pairs give the same mapping. What a rule means
// is decided by the engine of package mapping alone: candidates are tried with its own functions, and at the end the whole
// proposal is run over the pairs, which says how much of what came out it gives again.
package infer
