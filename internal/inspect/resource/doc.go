// Package resource reads a FHIR resource, in JSON or XML, as Inspect looks at it: its elements with their definitions and
// paths, the entries of a Bundle, where references lead, what a list shows of it, what is wrong with it, and what a mask
// has to hide.
//
// Its central type is Document: the bytes as they came and the tree that was read from them. Everything names its place in
// the bytes, so that a text, a tree and a table can move together.
//
//	doc := resource.Read(data)
//	for _, e := range doc.Children(doc.Root()) {
//		fmt.Println(e.Path(), e.Cardinality(), e.Def.Short)
//	}
//	e, ok := doc.At(offset) // the element that holds a byte
package resource
