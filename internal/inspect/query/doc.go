// Package query reads conditions on messages as people type them, and says which messages they hold for.
//
//	type = ADT and PID-3.1 = "88121" and PV1-44 > 2026-01-01 and finding >= error
//	mrn:88121 severity:error doe
//	PID-8 in (M, F) and not (PID-7 valued or PID-5.1 matches "^TEST")
//
// Its central type is Query. A store with an index asks Narrow for the part that an index can answer, and Match for the
// rest; a stream asks Match alone. What stands on the left is a field of the message's summary (see Fields) or any path;
// terms that stand side by side must all hold; a word alone is looked for anywhere in the message.
//
//	q, err := query.Parse(`type = ADT and finding >= error`)
//	if err == nil && q.Match(&query.Subject{Message: m, Summary: inspect.Summarise(m)}) { … }
package query
