package mapping

import (
	"slices"
	"testing"
)

// What a mapping makes says where it comes from, also where several rules write into one thing.
func TestOrigins(t *testing.T) {
	e := build(t, `{kind: "fhir", version: "4.0.1", root: "Bundle", bundle: "collection"}`, `
blocks:
- id: b
  make: "Patient"
  per: "PID"
  rules:
  - {id: r1, to: "name[]", each: "PID-5", from: "PID-5"}
  - {id: r2, to: "name[].text", each: "PID-5", from: "PID-5.1"}
  - {id: r3, to: "identifier[mr].value", from: "PID-3.1"}
  - {id: r4, to: "identifier[mr].system", value: "urn:oid:1.2.3"}
  - {id: r5, to: "birthDate", from: "PID-7", do: ["date"]}
`)
	got, unread, err := e.Origins(t.Context(), []byte("MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||77^^^L^MR||Marlow^Jane||19790228\r"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(unread, []string{"PID-1", "PID-3.4", "PID-3.5"}) {
		t.Errorf("nothing reads %q", unread)
	}
	for path, want := range map[string]string{
		"Bundle.entry[0].resource.name[0].family":       "PID-5",
		"Bundle.entry[0].resource.name[0].given[0]":     "PID-5",
		"Bundle.entry[0].resource.name[0].text":         "PID-5.1",
		"Bundle.entry[0].resource.identifier[0].value":  "PID-3.1",
		"Bundle.entry[0].resource.birthDate":            "PID-7",
		"Bundle.entry[0].resource.identifier[0].system": "",
		"Bundle.entry[0].resource.resourceType":         "",
	} {
		if got[path] != want {
			t.Errorf("%s comes from %q, want %q", path, got[path], want)
		}
	}
}
