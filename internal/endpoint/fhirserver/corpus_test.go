package fhirserver

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/fhir"
)

func corpus(t *testing.T, pattern string) []string {
	root := os.Getenv("TRESTLE_CORPUS")
	if root == "" {
		t.Skip("TRESTLE_CORPUS names no folder of examples")
	}
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(files) == 0 {
		t.Skipf("no examples in %s", pattern)
	}
	return files
}

// Whole patients of Synthea go in as the transactions that they are, and come out by reference.
func TestSyntheaTransactions(t *testing.T) {
	c := serving(t, Config{}, Options{})
	for _, name := range corpus(t, "fhir-examples/synthea-r4/*.json") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.ParseJSON(b)
		if err != nil {
			t.Fatal(err)
		}
		r := c.do("POST", "", string(b))
		if r.StatusCode != 200 {
			t.Errorf("%s: %d %.500s", filepath.Base(name), r.StatusCode, r.body)
			continue
		}
		for e := range r.n.All("entry", "response") {
			if status := e.Member("status").String(); status != "201 Created" && status != "200 OK" {
				t.Errorf("%s: %s", filepath.Base(name), status)
			}
		}
		if strings.Contains(string(r.body), `"reference":"urn:uuid:`) {
			t.Errorf("%s: references were left", filepath.Base(name))
		}
		var patient string
		for e := range r.n.All("entry", "resource") {
			if e.ResourceType() == "Patient" {
				patient = e.Member("id").String()
			}
		}
		entries := len(n.Member("entry").Children)
		if got := c.want(200, "GET", "/Patient/"+patient+"/$everything?_summary=count", "").at("total"); got == "0" || got == "1" {
			t.Errorf("%s: %s of %d entries belong to the patient", filepath.Base(name), got, entries)
		}
	}
}

// Every example of the specification can be stored as it is, read in both forms, and found by its id.
func TestExamplesRoundTrip(t *testing.T) {
	c := serving(t, Config{Unvalidated: true}, Options{})
	for _, name := range corpus(t, "fhir-examples/r4/*.json") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.ParseJSON(b)
		if err != nil || n.Member("id") == nil {
			continue
		}
		at := "/" + n.ResourceType() + "/" + n.Member("id").String()
		c.want(201, "PUT", at, string(b))
		r := c.want(200, "GET", at, "", "Accept: "+typeJSON)
		for _, own := range []*fhir.Node{n, r.n} {
			own.Remove("meta")
			own.Remove("id")
			own.Remove("resourceType")
		}
		if !n.Same(r.n) {
			t.Errorf("%s: not what was stored", filepath.Base(name))
		}
		if x := c.do(http.MethodGet, at, "", "Accept: "+typeXML); x.StatusCode != 200 || !strings.HasPrefix(x.Header.Get("Content-Type"), typeXML) {
			t.Errorf("%s in XML: %d", filepath.Base(name), x.StatusCode)
		}
		typ, id, _ := strings.Cut(at[1:], "/")
		if got := c.want(200, "GET", "/"+typ+"?_id="+id, "").at("total"); got != "1" {
			t.Errorf("%s is found %s times", filepath.Base(name), got)
		}
	}
}
