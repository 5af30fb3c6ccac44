package convert

import (
	"strings"
	"testing"

	"trestle/internal/hl7"
)

var large = []byte(strings.Replace(oru, "NTE|1", strings.Repeat("OBX|2|NM|2708-6^Oxygen saturation in Arterial blood^LN||97|%^percent^UCUM|94-100||||F|||20260301101500\r", 20)+"NTE|1", 1))

func BenchmarkToJSON(b *testing.B) {
	b.SetBytes(int64(len(large)))
	for b.Loop() {
		ToJSON(hl7.Parse(large), false)
	}
}

func BenchmarkToXML(b *testing.B) {
	b.SetBytes(int64(len(large)))
	for b.Loop() {
		ToXML(hl7.Parse(large), false)
	}
}

func BenchmarkFromJSON(b *testing.B) {
	in := ToJSON(hl7.Parse(large), false)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := FromJSON(in); err != nil {
			b.Fatal(err)
		}
	}
}
