package check_test

import (
	"fmt"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

func ExampleMessage() {
	m := hl7.Parse([]byte("MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\n" +
		"EVN||20260301101500\nPID|1||4711^^^RIVERBEND^MR||TESTER^ANNA||19790231|Female\nPV1|1|O\n"))
	for _, f := range check.Message(m, check.Options{}) {
		fmt.Printf("%s %s at %q\n", f.Severity, f.Code, f.Path)
		fmt.Println(" ", f.Text)
		if f.Repair != nil {
			fmt.Println("  →", f.Repair.Title)
		}
	}
	// Output:
	// warning line-ends at ""
	//   Segments end with LF (0A) instead of CR (0D), the only terminator that HL7 knows; a strict receiver sees one long MSH segment.
	//   → End every segment with CR
	// warning date-impossible at "PID-7"
	//   19790231 is not a day of the calendar. February 1979 has 28.
	// warning code-not-in-table at "PID-8"
	//   Female is not in table 0001 (Administrative Sex); the code is F.
	//   → Write F
}
