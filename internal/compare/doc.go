// Package compare says what changed: between two messages, two documents, two sets of a hundred thousand, or two texts.
//
// Its central type is [Result]: the segments of two messages set against each other by what identifies them, in [Row]s, and
// the [Difference]s between them, each with its kind, its path, the bytes on both sides and what the [Rules] make of it.
//
//	r := compare.Messages(hl7.Parse(before), hl7.Parse(after), rules)
//	for d := range r.Open() {
//		fmt.Println(d.Kind, d.Path, d.Left.Text, d.Right.Text) // changed PID-5.2 JANE JOAN
//	}
//
// [Sets] pairs and compares whole sets from [Source]s, which need not fit into memory, and groups what differs into
// [Pattern]s. [Documents] does for FHIR, JSON and XML what [Messages] does for HL7 v2; [Words] compares inside text.
//
// What is told apart: no statement (empty, or absent behind the last separator) and the order to delete (""). What is
// not: other delimiters. What is written otherwise and means the same is [Formatting].
package compare
