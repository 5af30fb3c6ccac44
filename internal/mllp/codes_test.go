package mllp

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"trestle/internal/check"
)

func TestEveryCodeIsListedOnce(t *testing.T) {
	source, err := os.ReadFile("codes.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]int{}
	for _, d := range Codes() {
		listed[d.Code]++
		if !strings.HasSuffix(d.Text, ".") {
			t.Errorf("%s has no sentence", d.Code)
		}
	}
	declared := regexp.MustCompile(`(?m)^\t\w+ += "([a-z0-9-]+)"$`).FindAllSubmatch(source, -1)
	if len(declared) != len(listed) || len(declared) < 20 {
		t.Errorf("%d codes are declared, %d listed", len(declared), len(listed))
	}
	for _, m := range declared {
		if listed[string(m[1])] != 1 {
			t.Errorf("%s is listed %d times", m[1], listed[string(m[1])])
		}
	}
}

// TestCodesAgreeWithTheInspector holds that a code means the same on the wire and in
// a file.
func TestCodesAgreeWithTheInspector(t *testing.T) {
	same := 0
	for _, d := range check.Codes() {
		for _, own := range Codes() {
			if own.Code == d.Code {
				same++
				if own.Catalogue != d.Catalogue {
					t.Errorf("%s is %q here and %q there", d.Code, own.Catalogue, d.Catalogue)
				}
			}
		}
	}
	if same < 10 {
		t.Errorf("only %d codes are shared", same)
	}
}
