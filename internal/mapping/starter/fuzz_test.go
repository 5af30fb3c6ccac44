package starter_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/mapping"
)

// FuzzBackward: no resource makes the mappings to HL7 v2 fail, and what they make is the same again.
func FuzzBackward(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "fhir", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no resources", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	var engines []*mapping.Engine
	for _, name := range []string{"patient-to-adt", "appointment-to-siu", "request-to-orm", "report-to-oru"} {
		engines = append(engines, engine(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range engines {
			r, err := e.Run(context.Background(), b)
			if err != nil {
				continue
			}
			again, _, err := e.Convert(context.Background(), nil, mapping.Record{Bytes: b})
			if err != nil || len(again) != len(r.Message) { // the time of the run may differ, its length does not
				t.Fatalf("%s once, %s then, %v", r.Message, again, err)
			}
		}
	})
}
