package compare_test

import (
	"context"
	"fmt"

	"trestle/internal/compare"
	"trestle/internal/hl7"
)

func ExampleMessages() {
	before := hl7.Parse([]byte("MSH|^~\\&|LAB|||||||M1\rPID|1||88121^^^LAKE^MR||DOE^JANE\rOBX|1|NM|2345-7^Glucose||98\r"))
	after := hl7.Parse([]byte("MSH|^~\\&|LAB|||||||M2\rPID|1||88121^^^LAKE^MR||DOE^JOAN\rOBX|1|NM|2951-2^Sodium||140\rOBX|2|NM|2345-7^Glucose||98\r"))
	rules := &compare.Rules{Ignore: []compare.Ignore{{Path: "MSH-10"}}}
	for d := range compare.Messages(before, after, rules).Open() {
		fmt.Println(d.Kind, d.Path, d.Left.Text, d.Right.Text)
	}
	// Output:
	// changed PID-5.2 JANE JOAN
	// added OBX  OBX|1|NM|2951-2^Sodium||140
}

func ExampleSets() {
	message := func(id, class string) []byte {
		return []byte("MSH|^~\\&|ADT|||||||" + id + "\rPV1|1|" + class + "\r")
	}
	before := compare.Slice{message("M1", "I"), message("M2", "I"), message("M3", "E")}
	after := compare.Slice{message("M2", "O"), message("M1", "O")}
	summary, err := compare.Sets(context.Background(), before, after, compare.Options{}, func(p *compare.Pair) error {
		fmt.Println(p.Key, p.Status)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range summary.Patterns {
		fmt.Println(p.Kind, p.Path, p.Count)
	}
	// Output:
	// M1 different
	// M2 different
	// M3 only left
	// changed PV1-2 2
}

func ExampleRules_ExpectPattern() {
	rules := (*compare.Rules)(nil).ExpectPattern(compare.Pattern{Path: "PV1-7.9", Kind: compare.Removed})
	text, err := rules.Marshal()
	fmt.Println(string(text), err)
	// Output:
	// # What a comparison leaves out, takes for equal and expects.
	// expect:
	//   - path: PV1-7.9
	//     kind: removed
	//  <nil>
}
