package inspect_test

import (
	"context"
	"fmt"
	"strings"

	"trestle/internal/inspect"
)

func ExampleRead() {
	file := strings.NewReader("MSH|^~\\&|LAB|R|EHR|R|20260301||ACK^A01^ACK|7|P|2.5.1\rMSA|AA|6\r")
	for r, err := range inspect.Read(context.Background(), "in/acks.hl7", file, inspect.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Index, r.Summary.Format, r.Summary.Type, r.Summary.ControlID, len(r.Bytes))
	}
	// Output:
	// 0 hl7v2 ACK 7 62
}
