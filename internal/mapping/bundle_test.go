package mapping

import (
	"slices"
	"strings"
	"testing"

	"trestle/internal/fhir/validate"
)

const twoResources = `
blocks:
- id: p
  make: "Patient"
  per: "PID"
  key: ["PID-3.1"]
  rules:
  - {id: r1, to: "identifier[mr].value", from: "PID-3.1"}
  - {id: r2, to: "identifier[mr].system", value: "urn:oid:2.999.1"}
- id: e
  make: "Encounter"
  per: "PV1"
  rules:
  - {id: r3, to: "subject", do: [{reference: "p"}]}
  - {id: r4, to: "status", value: "in-progress"}
  - {id: r5, to: "class.code", value: "IMP"}
  - {id: r6, to: "class.system", value: "http://terminology.hl7.org/CodeSystem/v3-ActCode"}
`

// Each entry of a transaction asks for something, and what refers to another still does.
func TestTransactionAsksForEachEntry(t *testing.T) {
	for _, kind := range []string{"transaction", "batch", "collection"} {
		e := build(t, `{kind: "fhir", version: "4.0.1", root: "Bundle", bundle: "`+kind+`"}`, twoResources)
		for i := range 3 { // the memory of a message is used again
			b, _, err := e.Convert(t.Context(), nil, Record{Bytes: []byte(sample)})
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			if text != mapped(t, e, sample)+"\n" {
				t.Errorf("%s: run %d gives something else:\n%s", kind, i, text)
			}
			_, after, _ := strings.Cut(text, `"fullUrl":"`)
			patient, _, _ := strings.Cut(after, `"`)
			if !strings.Contains(text, `"reference":"`+patient+`"`) {
				t.Errorf("%s: the encounter does not refer to the patient:\n%s", kind, text)
			}
			asked := kind != "collection"
			for _, request := range []string{`{"method":"PUT","url":"Patient?identifier=urn:oid:2.999.1%7C88121"}`, `{"method":"PUT","url":"Encounter/`} {
				if strings.Contains(text, request) != asked {
					t.Errorf("%s: %s:\n%s", kind, request, text)
				}
			}
			for _, f := range validate.Bytes(t.Context(), b, validate.Options{}) {
				if f.Severity >= validate.Error && kind != "batch" {
					t.Errorf("%s: %s: %s", kind, f.Path, f.Text)
				}
			}
		}
	}
}

func TestTypeOfTheBundleIsChecked(t *testing.T) {
	for kind, want := range map[string]bool{"transaction": false, "collection": false, "document": false, "transactoin": true, "batch": true, "history": true, "batch-response": true} {
		e := build(t, `{kind: "fhir", version: "4.0.1", root: "Bundle", bundle: "`+kind+`"}`, twoResources)
		if got := slices.ContainsFunc(Check(e.File(), nil), func(f Finding) bool { return f.Code == CodeBundle && f.Severity == Warn && f.Line == 3 }); got != want {
			t.Errorf("%s: warned %v", kind, got)
		}
	}
	e := build(t, `{kind: "fhir", version: "4.0.1", root: "Bundle"}`, twoResources+`
- id: b
  make: "Bundle"
  rules:
  - {id: r7, to: "type", value: "batch"}
`)
	if got := Check(e.File(), nil); !slices.ContainsFunc(got, func(f Finding) bool { return f.Code == CodeBundle && f.ID == "r7" }) {
		t.Errorf("a rule that makes a batch: %+v", got)
	}
	if got := mapped(t, e, sample); strings.Count(got, `"request"`) != 2 {
		t.Errorf("a rule that makes a batch: %s", got)
	}
}
