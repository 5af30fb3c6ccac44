package format_test

import (
	"fmt"
	"strings"

	"trestle/internal/format"
)

func ExampleSplit() {
	file := strings.NewReader("BHS|^~\\&|LAB\rMSH|^~\\&|LAB|R|EHR|R|20260301||ACK^A01^ACK|7|P|2.5.1\rMSA|AA|6\rBTS|2\r")
	for p, err := range format.Split(file, format.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Index, p.Offset, p.Length, p.Guess.Kind)
		for _, n := range p.Notes {
			fmt.Println(" ", n.Text)
		}
	}
	// Output:
	// 0 0 13 hl7v2-batch
	// 1 13 62 hl7v2
	// 2 75 6 hl7v2-batch
	//   BTS-1 says "2", but there is 1 message.
}
