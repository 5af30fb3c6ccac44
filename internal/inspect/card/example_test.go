package card_test

import (
	"fmt"

	"trestle/internal/hl7"
	"trestle/internal/inspect/card"
)

func ExampleOf() {
	c := card.Of(hl7.Parse([]byte("MSH|^~\\&|||||||ADT^A01|1|P|2.5.1\rPID|1||88121^^^R^MR||Tester^Anna||19800229|F\r")))
	for _, l := range c.Patient.Lines {
		fmt.Printf("%-6s %-10s %s\n", l.Path, l.Label, l.Value)
	}
	// Output:
	// PID-5  Name       Tester, Anna
	// PID-3  Identifier 88121 (MR, R)
	// PID-7  Born       1980-02-29
	// PID-8  Sex        Female (F)
}
