package compare

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

var headerOf = strings.NewReplacer(
	"@ADT", `MSH|^~\&|LAB|MAIN|EHR|MAIN|20260301101500||ADT^A08^ADT_A01|M1|P|2.5.1`,
	"@ORU", `MSH|^~\&|LAB|MAIN|EHR|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1`,
	"@VXU", `MSH|^~\&|LAB|MAIN|EHR|MAIN|20260301101500||VXU^V04^VXU_V04|M1|P|2.5.1`,
)

// written is a difference as testdata/pairs.txt has it.
func written(d *Difference) string {
	switch d.Kind {
	case Added:
		return fmt.Sprintf("added %s: %s", d.Path, d.Right.Text)
	case Removed:
		return fmt.Sprintf("removed %s: %s", d.Path, d.Left.Text)
	case Moved:
		if d.Count > 1 {
			return fmt.Sprintf("moved %s to %s, %d segments", d.Path, d.Right.Path, d.Count)
		}
		return fmt.Sprintf("moved %s to %s", d.Path, d.Right.Path)
	case Formatting:
		return fmt.Sprintf("formatting %s: %s", d.Path, d.About)
	}
	return fmt.Sprintf("changed %s: %s → %s", d.Path, d.Left.Text, d.Right.Text)
}

// TestPairs compares the hand-written pairs exactly.
func TestPairs(t *testing.T) {
	b, err := os.ReadFile("testdata/pairs.txt")
	if err != nil {
		t.Fatal(err)
	}
	pairs := strings.Split(string(b), "\n== ")[1:]
	if len(pairs) < 40 {
		t.Errorf("only %d pairs", len(pairs))
	}
	for _, text := range pairs {
		name, rest, _ := strings.Cut(text, "\n")
		t.Run(name, func(t *testing.T) {
			var sides [2][]byte
			var want []string
			into := -1
			end := "\r"
			for line := range strings.Lines(rest) {
				line = strings.TrimSuffix(line, "\n")
				word, ends, _ := strings.Cut(line, " ")
				switch {
				case word == "left" || word == "right":
					into++
					end = map[string]string{"": "\r", "lf": "\n", "crlf": "\r\n"}[ends]
				case word == "differences":
					into = 2
				case into < 2:
					sides[into] = append(sides[into], headerOf.Replace(line)+end...)
				case line != "" && line != "nothing":
					want = append(want, line)
				}
			}
			r := holds(t, sides[0], sides[1])
			var got []string
			for d := range Messages(hl7.Parse(sides[0]), hl7.Parse(sides[1]), nil).Open() {
				got = append(got, written(d))
			}
			if r.Identical != (len(want) == 0 && string(sides[0]) == string(sides[1])) {
				t.Errorf("identical: %v", r.Identical)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
