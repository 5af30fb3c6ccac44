// Package links writes what linking decided: tables both ways, plans to create, doubtful cases, proposals, FHIR, HL7 v2
// and SQL, with a cover sheet that says how it was made.
//
// Its central type is [Paper]. [Settle] makes the decided part of it from a run's candidates and the ledger of decisions:
// what is undecided is counted and never written. Nothing is written at all while a conflict is open; see [ConflictError].
//
//	settled, err := links.Settle(store.Candidates(ctx, run), store.Decisions(ctx, linkage.Patients, 0))
//	paper := links.Paper{Kind: linkage.Patients, Left: ours, Right: theirs, Settled: settled, At: now, By: "Ada"}
//	err = paper.WriteAll(ctx, func(name string) (io.WriteCloser, error) { return os.Create(filepath.Join(dir, name)) })
package links
