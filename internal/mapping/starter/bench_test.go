package starter_test

import (
	"context"
	"os"
	"testing"

	"trestle/internal/mapping"
)

// BenchmarkADT maps an ADT^A01 to the text of a FHIR Bundle: plain with patient, visit and doctor (4 resources), full with
// relatives, coverage, allergy, diagnosis and payers too (11 resources). The aim is 15,000 messages a second on one core.
// tree is full for those who keep what was made.
func BenchmarkADT(b *testing.B) {
	feed := func(e *mapping.Engine) func(text []byte) error {
		var out []byte
		return func(text []byte) (err error) {
			out, _, err = e.Convert(context.Background(), out[:0], mapping.Record{Bytes: text})
			return err
		}
	}
	tree := func(e *mapping.Engine) func(text []byte) error {
		return func(text []byte) error {
			r, err := e.Run(context.Background(), text)
			if err == nil {
				_, err = r.Bytes()
			}
			return err
		}
	}
	for _, c := range []struct {
		name, file string
		way        func(*mapping.Engine) func([]byte) error
	}{
		{"plain", "testdata/adt-plain.hl7", feed},
		{"full", "testdata/adt-a01.hl7", feed},
		{"tree", "testdata/adt-a01.hl7", tree},
	} {
		b.Run(c.name, func(b *testing.B) {
			text, err := os.ReadFile(c.file)
			if err != nil {
				b.Fatal(err)
			}
			run := c.way(engine(b, "adt-to-patient"))
			b.ReportAllocs()
			for b.Loop() {
				if err := run(text); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkBack maps FHIR to HL7 v2: a Bundle of 11 resources to an ADT^A01, one of two reports to an ORU^R01.
func BenchmarkBack(b *testing.B) {
	for name, file := range map[string]string{"patient-to-adt": "adt-a01.hl7.want.json", "report-to-oru": "oru-r01.hl7.want.json"} {
		b.Run(name, func(b *testing.B) {
			text, err := os.ReadFile("testdata/" + file)
			if err != nil {
				b.Fatal(err)
			}
			e := engine(b, name)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				if out, _, err = e.Convert(context.Background(), out[:0], mapping.Record{Bytes: text}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
