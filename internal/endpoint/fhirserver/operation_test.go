package fhirserver

import (
	"strings"
	"testing"
)

func TestOperations(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	if r := c.want(200, "GET", "/Patient/p1/$everything", ""); r.entries() != "Patient/p1 Encounter/e1 Encounter/e0 Observation/o1 Observation/o3 Practitioner/d1" {
		t.Errorf("%s", r.entries())
	}
	if r := c.want(200, "GET", "/Patient/p1/$everything?_type=Observation&start=2026-03-03&_count=5", ""); r.entries() != "Observation/o3" {
		t.Errorf("%s", r.entries())
	}
	if r := c.want(200, "GET", "/Patient/p1/$everything?_since=2999-01-01T00:00:00Z", ""); r.at("total") != "0" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/Patient/p1/$everything?_count=2", ""); r.at("total") != "6" || r.link("next") == "" {
		t.Errorf("%s", r.body)
	}
	c.want(404, "GET", "/Patient/nobody/$everything", "")
	c.want(404, "GET", "/Observation/o1/$everything", "")

	for body, want := range map[string]string{
		ann: "Nothing is wrong",
		`{"resourceType":"Patient","gender":"blue"}`: `"code":"code-invalid"`,
		`{"resourceType":"Group"}`:                   "the address is that of Patient",
		`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","id":"a"}},{"name":"mode","valueCode":"create"}]}`: "gives the resource a new id",
	} {
		if r := c.want(200, "POST", "/Patient/$validate", body); !strings.Contains(string(r.body), want) {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	c.want(200, "GET", "/Patient/p1/$validate", "")
	c.want(400, "POST", "/Patient/$validate", "")

	tag := `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"s","code":"vip"}]}}]}`
	c.want(200, "POST", "/Patient/p1/$meta-add", tag)
	if r := c.want(200, "GET", "/Patient?_tag=s|vip", ""); r.entries() != "Patient/p1" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/Patient/$meta", ""); !strings.Contains(string(r.body), `"vip"`) {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "POST", "/Patient/p1/$meta-delete", tag); strings.Contains(string(r.body), `"vip"`) {
		t.Errorf("%s", r.body)
	}

	gender := "url=http://hl7.org/fhir/ValueSet/administrative-gender"
	if r := c.want(200, "GET", "/ValueSet/$expand?"+gender, ""); r.at("expansion", "total") != "4" || r.at("expansion", "contains", "code") != "female" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/ValueSet/$expand?filter=ALE&count=1&"+gender, ""); r.at("expansion", "total") != "2" {
		t.Errorf("%s", r.body)
	}
	c.want(422, "GET", "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/observation-codes", "")
	c.want(404, "GET", "/ValueSet/$expand?url=http://nowhere", "")
	if r := c.want(200, "GET", "/ValueSet/$validate-code?code=male&system=http://hl7.org/fhir/administrative-gender&"+gender, ""); r.at("parameter", "valueBoolean") != "true" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/ValueSet/$validate-code?code=blue&"+gender, ""); r.at("parameter", "valueBoolean") != "false" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male", ""); !strings.Contains(string(r.body), `"valueString":"Male"`) {
		t.Errorf("%s", r.body)
	}
	c.want(404, "GET", "/CodeSystem/$lookup?system=http://loinc.org&code=1-1", "")
}
