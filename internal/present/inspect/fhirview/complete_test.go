package fhirview

import (
	"context"
	"slices"
	"strings"
	"testing"

	"trestle/internal/inspect/resource"
	"trestle/internal/present/stage"
)

func TestExpressionIsCompleted(t *testing.T) {
	v := open(t, record(t))
	for text, want := range map[string]string{
		"en":                                   "entry",
		"Bun":                                  "Bundle",
		"Bundle.entry":                         "",
		"entry.":                               "resource",
		"entry.resource.ofType(Patient).na":    "name",
		"entry.resource.ofType(Patient).name.": "family",
		"entry.resource.ofType(Patient).name.where(us":      "use",
		"entry.where(resource.sta":                          "status",
		"entry[0].resource.birthD":                          "birthDate",
		"entry.resource.cod":                                "code",
		"entry.resource.ofType(Observation).value.":         "unit",
		"entry.resource.where(status = 'final').first().su": "subject",
		"entry.cou":                                        "count()",
		"entry.resource.name.where(use = 'off":             "",
		"entry.resource.nothing.":                          "",
		"((((":                                             "",
		"entry.resource.extension('x').va":                 "value",
		"entry.resource.ofType(":                           "Patient",
		"entry.resource.ofType(Obs":                        "Observation",
		"entry.where(resource.is( Cov":                     "Coverage",
		"entry.resource.ofType(Observation).value.ofType(": "Quantity",
		"entry.ofType(":                                    "",
	} {
		from, to, all := v.Complete(text, len(text))
		found := slices.ContainsFunc(all, func(p Proposal) bool { return p.Text == want && strings.HasPrefix(p.Text, text[from:to]) })
		if want != "" && !found {
			t.Errorf("%s: no %q in %v", text, want, all)
		}
		if want == "" && text != "Bundle.entry" && len(all) > 0 {
			t.Errorf("%s: %v", text, all)
		}
	}
	v.SetEachEntry(true)
	v.stage.Settle()
	if _, _, all := v.Complete("birth", 5); len(all) == 0 || all[0].Text != "birthDate" {
		t.Errorf("of each entry: %v", all)
	}
	v.SetMasked(true)
	if _, _, all := v.Complete("en", 2); len(all) > 0 {
		t.Errorf("under the mask: %v", all)
	}
}

func FuzzComplete(f *testing.F) {
	s := stage.Empty(f)
	m := New(context.Background(), s.Runner)
	m.Open(Prepare(resource.Read([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]}`)), false))
	s.Settle()
	f.Add("entry.where(resource.sta", 24)
	f.Add("a[)(].b.", 8)
	f.Add("entry.resource.ofType(Patient).name.where(use='a').", 51)
	f.Fuzz(func(t *testing.T, text string, at int) {
		from, to, all := m.Complete(text, at)
		if from < 0 || to < from || to > len(text) || len(all) > maxProposals {
			t.Fatalf("%d to %d of %d, %d proposals", from, to, len(text), len(all))
		}
	})
}
