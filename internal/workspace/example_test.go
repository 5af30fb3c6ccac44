package workspace_test

import (
	"fmt"

	"trestle/internal/workspace"
)

func ExampleParseQuery() {
	q, err := workspace.ParseQuery(`type:ADT^A08 mrn:88* since:2026-01-31 severity:error "left arm"`)
	fmt.Println(q.Type, q.Trigger, q.MRN, q.MinSeverity, q.Text, err)
	_, err = workspace.ParseQuery("mnr:88121")
	fmt.Println(err)
	// Output:
	// ADT A08 88* error "left arm" <nil>
	// unknown field "mnr"; fields are text, mrn, account, control, type, trigger, format, source, since, until, severity, tag, sort. To look for the text itself, put it in quotation marks
}
