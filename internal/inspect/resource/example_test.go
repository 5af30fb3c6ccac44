package resource_test

import (
	"fmt"

	"trestle/internal/inspect/resource"
)

// What the definitions say of each element of a resource.
func ExampleDocument_Children() {
	doc := resource.Read([]byte(`{"resourceType":"Patient","gender":"female","birthDate":"1979-02-28"}`))
	for _, e := range doc.Children(doc.Root())[1:] {
		fmt.Println(e.Path(), e.Cardinality(), e.Type+":", e.Def.Short)
	}
	// Output:
	// Patient.gender 0..1 code: male | female | other | unknown
	// Patient.birthDate 0..1 date: The date of birth for the individual
}
