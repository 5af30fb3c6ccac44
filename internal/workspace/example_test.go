package workspace_test

import (
	"fmt"

	"trestle/internal/inspect/query"
	"trestle/internal/workspace"
)

func ExampleIndexed() {
	q, err := query.Parse(`type:ADT^A08 mrn:88* severity:error "left arm" and PID-8 = F`)
	if err != nil {
		fmt.Println(err)
		return
	}
	index, exact, err := workspace.Indexed(q)
	fmt.Println(index.Type, index.Trigger, index.MRN, index.MinSeverity, index.Text, exact, err)
	// Output: ADT A08 88* error "left arm" false <nil>
}
