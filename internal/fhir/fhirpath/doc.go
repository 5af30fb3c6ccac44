// Package fhirpath evaluates FHIRPath (version 2.0.0, with the functions of FHIR R4 and those of version 3.0 that its
// test suite uses) on trees of package fhir.
//
// The central type is [Expression]: compiled once, evaluated by many goroutines.
//
//	x, err := fhirpath.Compile("Patient.name.where(use = 'official').family")
//	result, err := x.Evaluate(ctx, fhirpath.Resource(fhir.R4(), patient), nil)
//	for _, item := range result {
//		fmt.Println(item.Type(), item) // FHIR.string Moss
//	}
//
// Decimals are exact, dates and times keep their precision, and what is not known is empty: the logic has three values.
// Expressions may come from strangers: steps, items and text are limited ([Options]), and regular expressions run in
// linear time. No expression makes the package panic.
package fhirpath
