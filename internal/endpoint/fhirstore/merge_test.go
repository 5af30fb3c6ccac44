package fhirstore

import (
	"strings"
	"testing"

	"trestle/internal/fhir"
)

// admission is what a mapping makes of an ADT^A01: ids of its own, identifiers without a system.
const admission = `{"resourceType":"Bundle","type":"collection","entry":[
	{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"from-v2","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"88121"}],"name":[{"family":"Moss","given":["Anna"]}],"deceasedDateTime":"2026-03-02"}},
	{"fullUrl":"urn:uuid:e","resource":{"resourceType":"Encounter","id":"visit","identifier":[{"value":"V77"}],"status":"in-progress","class":{"code":"IMP"},"subject":{"reference":"urn:uuid:p"}}},
	{"fullUrl":"urn:uuid:c","resource":{"resourceType":"Coverage","id":"cover","status":"active","subscriberId":"W1","beneficiary":{"reference":"urn:uuid:p"},"payor":[{"display":"Lakeside"}]}},
	{"resource":{"resourceType":"MessageHeader","eventUri":"urn:x","source":{"endpoint":"urn:y"}}}]}`

func bundleOf(t *testing.T, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func merging(t *testing.T, s *Store, text string) string {
	t.Helper()
	made, err := s.Merge(t.Context(), bundleOf(t, text), "mllp")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range made {
		if v.Origin != "mllp" || v.Method != "PUT" {
			t.Errorf("%s of %q by %s", v.Reference(), v.Origin, v.Method)
		}
		out = append(out, v.Reference())
	}
	return strings.Join(out, " ")
}

func TestMerge(t *testing.T) {
	s := New(Options{})
	if _, err := s.Load(t.Context(), strings.NewReader(`{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"urn:mrn","value":"88121"},{"type":{"coding":[{"code":"SS"}]},"system":"urn:ssn","value":"000-00-0001"}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Ann</div>"},"name":[{"family":"Moss","given":["Ann"]}],"birthDate":"1980-05-02","deceasedBoolean":false}
{"resourceType":"Coverage","id":"c1","status":"active","subscriberId":"W1","beneficiary":{"reference":"Patient/p1"},"payor":[{"display":"Other"}],"dependent":"01"}
{"resourceType":"Coverage","id":"c2","status":"active","subscriberId":"W2","beneficiary":{"reference":"Patient/p1"},"payor":[{"display":"Other"}]}`)); err != nil {
		t.Fatal(err)
	}
	if got := merging(t, s, admission); got != "Patient/p1 Encounter/visit Coverage/c1" {
		t.Errorf("%s", got)
	}
	p := must(s.Read("Patient", "p1")).Tree()
	if p.Find("name", "given").String() != "Anna" || p.Member("birthDate").String() != "1980-05-02" || p.Member("deceasedBoolean") != nil || p.Member("deceasedDateTime") == nil || p.Member("text") != nil {
		t.Errorf("%s", fhir.AppendJSON(nil, p))
	}
	if ids := p.Member("identifier"); len(ids.Children) != 2 || ids.Find("system").String() != "urn:mrn" {
		t.Errorf("a system is lost: %s", fhir.AppendJSON(nil, ids))
	}
	if c := must(s.Read("Coverage", "c1")).Tree(); c.Find("payor", "display").String() != "Lakeside" || c.Member("dependent").String() != "01" || c.Find("beneficiary", "reference").String() != "Patient/p1" {
		t.Errorf("%s", fhir.AppendJSON(nil, c))
	}
	if got := search(t, s, "Encounter", "patient=p1"); got != "visit" {
		t.Errorf("%s", got)
	}
	if s.Count("MessageHeader") != 0 {
		t.Error("the header is nobody's record")
	}
	// The same again changes nothing; a change makes one version.
	if got := merging(t, s, admission); got != "" {
		t.Errorf("%s", got)
	}
	if got := merging(t, s, strings.Replace(admission, `"in-progress"`, `"finished"`, 1)); got != "Encounter/visit" {
		t.Errorf("%s", got)
	}
	// Who deleted the patient gets a new one; where two have the identifier, neither is changed.
	if err := s.Change(t.Context(), func(tx *Tx) error { _, err := tx.Delete("Patient", "p1"); return err }); err != nil {
		t.Fatal(err)
	}
	if got := merging(t, s, admission); !strings.HasPrefix(got, "Patient/from-v2 ") {
		t.Errorf("%s", got)
	}
	if err := s.Fill(t.Context(), []*fhir.Node{bundleOf(t, `{"resourceType":"Patient","id":"double","identifier":[{"value":"88121"}]}`)}); err != nil {
		t.Fatal(err)
	}
	if got := merging(t, s, strings.NewReplacer("from-v2", "third", "Anna", "Annie").Replace(admission)); !strings.HasPrefix(got, "Patient/third ") {
		t.Errorf("%s", got)
	}
}

func TestSameIdentifier(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"system":"s","value":"1"}`, `{"system":"s","value":"1"}`, true},
		{`{"system":"s","value":"1"}`, `{"system":"t","value":"1"}`, false},
		{`{"system":"s","value":"1"}`, `{"value":"1"}`, true},
		{`{"system":"s","value":"1"}`, `{"value":"2"}`, false},
		{`{"value":"1"}`, `{"value":"1"}`, true},
		{`{"value":"1","type":{"coding":[{"code":"MR"}]}}`, `{"value":"1","type":{"coding":[{"code":"SS"}]}}`, false},
		{`{"system":"s","value":"1","type":{"coding":[{"code":"MR"}]}}`, `{"value":"1","type":{"coding":[{"code":"MR"}]}}`, true},
	} {
		if got := sameIdentifier(bundleOf(t, c.a), bundleOf(t, c.b)); got != c.want {
			t.Errorf("%s %s: %t", c.a, c.b, got)
		}
	}
}
