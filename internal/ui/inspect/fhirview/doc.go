// Package fhirview is how Inspect looks while a FHIR resource is open: its text, cards or entries above, its elements and the
// answers of the FHIRPath line below. It decides nothing: it draws what present/inspect/fhirview says.
//
// Its central type is View, whose two parts the place puts where those of a message stand.
//
//	v := fhirview.New(model, host)
//	top, left := v.Top(), v.Left()
package fhirview
