package starter_test

import (
	"context"
	"os"
	"testing"
)

// BenchmarkADT maps an ADT^A01 with relatives, coverage, allergy and diagnosis to the text of a FHIR Bundle. The aim is
// 15,000 messages a second on one core.
func BenchmarkADT(b *testing.B) {
	e := engine(b, "adt-to-patient")
	text, err := os.ReadFile("testdata/adt-a01.hl7")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := e.Run(context.Background(), text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
