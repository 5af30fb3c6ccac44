package batch_test

import (
	"fmt"
	"os"
	"strings"

	"trestle/internal/inspect/batch"
)

func ExampleWriter() {
	w := batch.NewWriter(lines{}, batch.Options{ID: "B7"})
	for _, m := range []string{"MSH|^~\\&|LAB|R|EHR|C\rPID|1\r", "MSH|^~\\&|LAB|R|EHR|C\rPID|2\r"} {
		if err := w.Write([]byte(m)); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// FHS|^~\&|LAB|R|EHR|C|||||B7
	// BHS|^~\&|LAB|R|EHR|C|||||B7-1
	// MSH|^~\&|LAB|R|EHR|C
	// PID|1
	// MSH|^~\&|LAB|R|EHR|C
	// PID|2
	// BTS|2
	// FTS|1
}

// lines prints segments as lines.
type lines struct{}

func (lines) Write(b []byte) (int, error) {
	return os.Stdout.WriteString(strings.ReplaceAll(string(b), "\r", "\n"))
}
