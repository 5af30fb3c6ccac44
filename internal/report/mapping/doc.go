// Package mappaper writes a mapping for those who have to agree to it or build it: the specification as an Excel workbook,
// PDF or HTML page, its rules as CSV, and what other programs take: FHIR ConceptMap and StructureMap, the steps of a
// transformer of Mirth Connect, and the mapping itself.
//
// Its central type is [Spec]: a mapping with what a paper tells beside it. [Samples] adds what real messages hold, and
// [Changes] compares two versions by the identifiers of their rules. [Read] makes a first draft of a spreadsheet of pairs.
//
//	samples := mappaper.NewSamples(engine)
//	err := samples.Add(ctx, message)
//	err = mappaper.Spec{Mapping: file, Samples: samples, Previous: signed}.Write(ctx, out, mappaper.PDF)
//
// Papers hold no values of messages unless [Spec.ShowValues] asks for them: only their shapes.
package mappaper
