// Package validate checks FHIR resources against the published definitions, in layers: form, unknown elements,
// cardinality, types, primitive values, required bindings, invariants, references, narratives, extensions and bundles.
//
// The central type is [Finding], of the same form as a finding on an HL7 v2 message: a stable code, a severity, a path
// (FHIRPath), the bytes, and one sentence that names the cause.
//
//	for _, f := range validate.Bytes(ctx, data, validate.Options{}) {
//		fmt.Println(f.Severity, f.Path, f.Text)
//	}
//
// What cannot be checked here is said as information, never passed in silence: codes of SNOMED CT or LOINC, extensions and
// profiles whose definitions are not loaded. Findings name no values of a resource but codes and names of elements.
package validate
