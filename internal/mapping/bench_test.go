package mapping

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkOpen reads and compiles a mapping of 3,000 rules. The aim is 500 ms.
func BenchmarkOpen(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("map: 1\nsource: {kind: \"hl7v2\", version: \"2.5.1\"}\ntarget: {kind: \"fhir\", root: \"Bundle\"}\nblocks:\n")
	for i := range 60 {
		fmt.Fprintf(&text, "  - id: \"b-%d\"\n    make: \"Patient\"\n    per: \"PID\"\n    rules:\n", i)
		for j := range 50 {
			fmt.Fprintf(&text, "      - id: \"r-%d-%d\"\n        to: \"name[].family\"\n        each: \"PID-5\"\n        from: \"PID-5.1\"\n        do: [\"trim\", {left: \"40\"}]\n        when: \"PID-8 VALUED AND PID-30 NOT EQUALS \\\"Y\\\"\"\n        status: \"agreed\"\n        note: \"as agreed in the second workshop\"\n", i, j)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		f, err := Parse(text.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Compile(f); err != nil {
			b.Fatal(err)
		}
	}
}
