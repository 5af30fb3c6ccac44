package mappaper

import (
	"strings"
	"testing"
	"unicode/utf8"

	"trestle/internal/mapping"
)

// FuzzCondition checks that every condition that a mapping takes can be read here too, and be written for Mirth Connect.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{`IF PID-8 VALUED AND (PID-30 NOT EQUALS "Y" OR PV1-2 IN ("I", 'E'))`, `PID-33 OR PID-34 VALUED`, `PID-11 LST.COUNT > 1`, `NOT VALUED`, `PID-7 IS NOT "x"`, `NOT NOT PID-3[*].1 MATCHES "^a"`, `PID-8 "M"`, `PID-5.1 <= 3`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, when string) {
		m := &mapping.File{Source: mapping.End{Kind: mapping.HL7v2}, Target: mapping.End{Kind: mapping.JSON}}
		m.Blocks = []mapping.Block{{ID: "b", Make: ".", Rules: []mapping.Rule{{ID: "r", To: "a", From: []string{"PID-3"}, When: when}}}}
		if _, err := mapping.Compile(m); err != nil || !utf8.ValidString(when) { // files are UTF-8
			return
		}
		c, err := parseCondition(when)
		if err != nil {
			t.Fatalf("%q is a condition of mappings and cannot be read: %v", when, err)
		}
		if c == nil {
			return
		}
		p, err := (Spec{Mapping: m}).newMirth()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.condition(when, "PID-3"); err != nil && !strings.Contains(when, "/") {
			t.Fatalf("%q cannot be written: %v", when, err)
		}
	})
}
