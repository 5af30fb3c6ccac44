package starter_test

import (
	"context"
	"os"
	"testing"
)

// BenchmarkADT maps an ADT^A01 to the text of a FHIR Bundle: plain with patient, visit and doctor (4 resources), full with
// relatives, coverage, allergy, diagnosis and payers too (11 resources). The aim is 15,000 messages a second on one core.
func BenchmarkADT(b *testing.B) {
	for name, file := range map[string]string{"plain": "testdata/adt-plain.hl7", "full": "testdata/adt-a01.hl7"} {
		b.Run(name, func(b *testing.B) {
			e := engine(b, "adt-to-patient")
			text, err := os.ReadFile(file)
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
		})
	}
}
