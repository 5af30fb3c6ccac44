package suggest_test

import (
	"fmt"

	"trestle/internal/mapping"
	"trestle/internal/mapping/suggest"
)

func Example() {
	r := suggest.New(suggest.Options{
		Source: mapping.End{Kind: mapping.HL7v2, Version: "2.5.1"},
		Target: mapping.End{Kind: mapping.FHIR, Root: "Bundle"},
	})
	for _, s := range r.Sources(suggest.Target{Make: "Patient", Per: "PID", To: "birthDate"}, 1) {
		fmt.Println(s.From)
		fmt.Println(s.Reasons[0])
	}
	// Output:
	// PID-7
	// the guide maps PID-7 to Patient.birthDate
}
