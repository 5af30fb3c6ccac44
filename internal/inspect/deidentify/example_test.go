package deidentify_test

import (
	"fmt"

	"trestle/internal/hl7"
	"trestle/internal/inspect/deidentify"
)

func ExampleScrubber_Message() {
	s, err := deidentify.New(deidentify.Options{Key: []byte("kept with the project"), SafeHarbor: true, Sites: deidentify.Keep})
	if err != nil {
		fmt.Println(err)
		return
	}
	original := []byte("MSH|^~\\&|LAB|R|EHR|C|20260301101500||ADT^A01|1|P|2.5.1\rPID|1||0088121^^^R^MR||Tester^Anna||19800229|F\rNTE|1||Anna called\r")
	copied, report := s.Message(hl7.Parse(original))
	fmt.Println(copied.Get(hl7.MustPath("PID-7")), copied.Get(hl7.MustPath("PID-8")), copied.Get(hl7.MustPath("NTE-3")))
	fmt.Println(report.Places["PID-5"][deidentify.Invented], "parts of a name were invented")
	fmt.Println(len(deidentify.Check(original, copied.Bytes(), true)), "leaks")
	// Output:
	// 1980 F [text removed]
	// 2 parts of a name were invented
	// 0 leaks
}
