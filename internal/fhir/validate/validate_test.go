package validate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/fhir"
)

func folder(tb testing.TB) string {
	tb.Helper()
	f := os.Getenv("TRESTLE_CORPUS")
	if f == "" {
		tb.Skip("TRESTLE_CORPUS names no folder")
	}
	return f
}

// agreementFloor is how many of the validator's cases agreed last; it only rises.
const agreementFloor = 56

func TestAgreement(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(folder(t), "fhir-validator", "cases-r4.json"))
	if err != nil {
		t.Skip("the corpus has no validator cases")
	}
	var cases []struct {
		Name, Module, File string
		Valid              bool
		AllowComments      bool `json:"allow-comments"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	agreed, falseAlarms := 0, 0
	for _, c := range cases {
		data, err := os.ReadFile(filepath.Join(folder(t), "fhir-validator", "files", c.File))
		if err != nil {
			t.Fatal(err)
		}
		list := Bytes(t.Context(), data, Options{AllowComments: c.AllowComments})
		switch {
		case Valid(list) == c.Valid:
			agreed++
		case c.Valid:
			falseAlarms++
			for _, f := range list {
				if f.Severity >= Error {
					t.Logf("false alarm: %s %s: %s %s %s", c.Module, c.Name, f.Code, f.Path, f.Text)
				}
			}
		default:
			t.Logf("missed: %s %s", c.Module, c.Name)
		}
	}
	t.Logf("%d of %d cases agree, %d false alarms", agreed, len(cases), falseAlarms)
	if agreed < agreementFloor {
		t.Errorf("%d of %d cases agree; it were %d", agreed, len(cases), agreementFloor)
	}
}

// examplesCeiling is how many of the published examples have errors, all of them real: ids that differ from the fullUrl,
// types of search parameters that differ from their definitions, a reference to a type that may not be there, a part that
// an extension does not have.
const examplesCeiling = 7

func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folder(t), "fhir-examples", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("the corpus has no examples")
	}
	bad := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list := Bytes(t.Context(), data, Options{})
		if Valid(list) {
			continue
		}
		bad++
		seen := 0
		for _, f := range list {
			if f.Severity >= Error && seen < 4 {
				t.Logf("%s: %s %s: %s", filepath.Base(file), f.Code, f.Path, f.Text)
				seen++
			}
		}
	}
	t.Logf("%d of %d examples have errors", bad, len(files))
	if bad > examplesCeiling {
		t.Errorf("%d examples have errors; it were %d", bad, examplesCeiling)
	}
}

func BenchmarkPatient(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(folder(b), "fhirpath", "inputs", "patient-example.json"))
	if err != nil {
		b.Skip("no patient")
	}
	b.ReportAllocs()
	for b.Loop() {
		if !Valid(Bytes(b.Context(), data, Options{})) {
			b.Fatal("the patient is not valid")
		}
	}
}

func BenchmarkBundle(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(folder(b), "fhir-examples", "synthea-r4", "*.json"))
	if err != nil || len(files) == 0 {
		b.Skip("no bundles")
	}
	var n *fhir.Node
	most := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		if strings.Count(string(data), `"fullUrl"`) > most {
			most = strings.Count(string(data), `"fullUrl"`)
			if n, err = fhir.ParseJSON(data); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		Tree(b.Context(), n, Options{})
	}
	b.ReportMetric(float64(most), "entries")
}
