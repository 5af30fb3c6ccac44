// Package mapper is the state of the place Map, without a window: the mapping that is open with its undo, the samples it is
// tried on, the trees of both sides with the lines between them, the rule that is looked at with its values step by step,
// the lookup tables and the result.
//
// Its central type is Model. Every change goes through [Model.Edit], which makes a new mapping.File that shares what did not
// change, so that the engine in the background keeps running the one before; the newest preview wins. Further parts of the
// place hear of changes by [Model.Watch], and read [Model.File], [Model.Engine], [Model.AllSamples] and [Model.Report].
//
//	m := mapper.New(runner, workspace)
//	m.Create(mapper.NewMapping{Name: "Lakeside ADT", Starter: "adt-to-patient"})
//	m.SetSamples(mapper.SampleSet{Query: "type:ADT"})
//	m.SetCell(m.RowOf("pid-11"), mapper.ColumnCondition, "PID-8 VALUED")
package mapper
