package fhirstore

import (
	"testing"

	"trestle/internal/fhir/validate"
)

func TestInvent(t *testing.T) {
	first, again, other := Invent(1, 10), Invent(1, 10), Invent(2, 10)
	same := len(first) == len(again)
	for i := range min(len(first), len(again)) {
		same = same && first[i].Same(again[i])
	}
	if !same || len(other) == len(first) && other[6].Same(first[6]) {
		t.Error("the same seed makes the same patients, another others")
	}
	s := New(Options{})
	if err := s.Fill(t.Context(), first); err != nil || s.Count("Patient") != 10 || s.Count("") != len(first) {
		t.Errorf("%v, %d", err, s.Count(""))
	}
	for _, n := range first {
		for _, f := range validate.Tree(t.Context(), n, validate.Options{}) {
			if f.Severity >= validate.Error {
				t.Errorf("%s/%s: %s %s", n.ResourceType(), n.Member("id"), f.Path, f.Text)
			}
		}
	}
	for _, v := range must(s.Search(t.Context(), &Query{Type: "Observation"})) {
		for _, ref := range s.Targets(s.Param("Observation", "patient"), v) {
			typ, id := SplitReference(ref)
			if _, err := s.Read(typ, id); err != nil {
				t.Errorf("%s leads nowhere", ref)
			}
		}
	}
}
