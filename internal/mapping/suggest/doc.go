// Package suggest ranks the places of a source that a target may be filled from. It proposes; a person decides.
//
// Its central type is [Ranker], which is made once for the two ends of a mapping and asked for one target after the other:
//
//	r := suggest.New(suggest.Options{Source: f.Source, Target: f.Target})
//	for _, s := range r.Sources(suggest.Target{Make: "Patient", Per: "PID", To: "birthDate"}, 5) {
//		fmt.Println(s.From, s.Reasons)
//	}
//
// The evidence, from strong to weak: what HL7 International publishes in its Version 2 to FHIR Implementation Guide
// (CC0-1.0), in both directions; mappings that were agreed on before; values that are the same in samples of both sides;
// data types and names; the shape of values. Each suggestion says which of them speak for it.
package suggest
