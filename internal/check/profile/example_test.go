package profile_test

import (
	"fmt"

	"trestle/internal/check/profile"
	"trestle/internal/hl7"
)

func ExampleProfile_Apply() {
	p, err := profile.Parse("riverbend.yaml", []byte(`
profile: Riverbend
messages:
  - message: ADT
    fields:
      PID-8: {usage: R, values: {F: Female, M: Male}}
      PID-18: {usage: C, when: PV1-2 is I, note: the account number}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	m := hl7.Parse([]byte("MSH|^~\\&|PM|R|EHR|R|20260301101500||ADT^A01|7|P|2.5.1\rPID|1||4711^^^R^MR||TESTER^ANNA||19800229|Female\rPV1|1|I\r"))
	for _, f := range p.Apply(m) {
		fmt.Println(f.Severity, f.Path, f.Text)
		if f.Repair != nil {
			fmt.Println("  →", f.Repair.Title)
		}
	}
	// Output:
	// warning PID-8 Value set: PID-8 is Female; the profile has F, M.
	//   → Write F
	// error PID-18 Usage: PID-18 is required (condition: PV1-2 is I), but it is empty. Note: the account number.
}
