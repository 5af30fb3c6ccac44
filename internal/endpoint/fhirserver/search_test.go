package fhirserver

import (
	"strings"
	"testing"

	"trestle/internal/endpoint/fhirstore"
)

const ward = `
{"resourceType":"Patient","id":"p1","name":[{"family":"Moss"}],"gender":"female","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"maritalStatus":{"text":"single"},"generalPractitioner":[{"reference":"Practitioner/d1"}]}
{"resourceType":"Patient","id":"p2","name":[{"family":"Brook"}],"gender":"male"}
{"resourceType":"Practitioner","id":"d1","name":[{"family":"Stone"}]}
{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"partOf":{"reference":"Encounter/e0"},"period":{"start":"2026-03-01","end":"2026-03-01"}}
{"resourceType":"Encounter","id":"e0","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"}}
{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-1"}]},"subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2026-03-02"}
{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-1"}]},"subject":{"reference":"Patient/p2"},"effectiveDateTime":"2026-03-03"}
{"resourceType":"Observation","id":"o3","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2-2"}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-04"}
`

func wardStore(t testing.TB) *fhirstore.Store {
	t.Helper()
	s := fhirstore.New(fhirstore.Options{})
	if _, err := s.Load(t.Context(), strings.NewReader(ward)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSearches(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	for _, x := range []struct{ path, total, entries string }{
		{"/Patient", "2", "Patient/p1 Patient/p2"},
		{"/Observation?subject:Patient.family=moss&_sort=-date", "2", "Observation/o3 Observation/o1"},
		{"/Observation?subject=" + c.http.URL + "/fhir/Patient/p1&code=1-1", "1", "Observation/o1"},
		{"/Observation?_id=o1&_include=Observation:subject", "1", "Observation/o1 include:Patient/p1"},
		{"/Observation?_id=o1&_include=Observation:subject:Patient&_include:iterate=Patient:general-practitioner", "1", "Observation/o1 include:Patient/p1 include:Practitioner/d1"},
		{"/Observation?_id=o1&_include=Observation:encounter&_include:iterate=Encounter:part-of", "1", "Observation/o1 include:Encounter/e1 include:Encounter/e0"},
		{"/Observation?_id=o1&_include=*", "1", "Observation/o1 include:Encounter/e1 include:Patient/p1"},
		{"/Patient?_id=p2&_revinclude=Observation:subject", "1", "Patient/p2 include:Observation/o2"},
		{"/Practitioner?_revinclude=Patient:general-practitioner&_revinclude:iterate=Encounter:subject", "1", "Practitioner/d1 include:Patient/p1 include:Encounter/e1 include:Encounter/e0"},
		{"/Patient?_summary=count", "2", ""},
		{"/Patient?_count=0", "2", ""},
		{"/Patient?_total=none", "", "Patient/p1 Patient/p2"},
		{"/Patient/p1/Observation?code=2-2", "1", "Observation/o3"},
		{"/Patient/p1/*?_type=Encounter", "2", "Encounter/e1 Encounter/e0"},
		{"?_type=Patient,Practitioner&_id=p2,d1", "2", "Patient/p2 Practitioner/d1"},
	} {
		r := c.want(200, "GET", x.path, "")
		if r.at("total") != x.total || r.entries() != x.entries || r.at("type") != "searchset" {
			t.Errorf("%s: total %s, %s", x.path, r.at("total"), r.entries())
		}
	}
	r := c.want(200, "POST", "/Observation/_search?code=1-1", "subject=Patient/p2", "Content-Type: application/x-www-form-urlencoded")
	if r.entries() != "Observation/o2" {
		t.Errorf("%s", r.body)
	}
	r = c.want(200, "POST", "/Patient/p1/Observation/_search", "code=1-1", "Content-Type: application/x-www-form-urlencoded")
	if r.entries() != "Observation/o1" {
		t.Errorf("%s", r.body)
	}
	c.want(415, "POST", "/Observation/_search", "{}")
}

func TestUnknownParameters(t *testing.T) {
	lenient, strict := serving(t, Config{}, Options{Store: wardStore(t)}), serving(t, Config{Strict: true}, Options{Store: wardStore(t)})
	r := lenient.want(200, "GET", "/Patient?colour=blue&family=moss&_format=json", "")
	if r.entries() != "Patient/p1 outcome:OperationOutcome/" || strings.Contains(r.link("self"), "colour") || !strings.Contains(r.link("self"), "family=moss") {
		t.Errorf("%s", r.body)
	}
	strict.want(400, "GET", "/Patient?colour=blue", "")
	strict.want(200, "GET", "/Patient?colour=blue", "", "Prefer: handling=lenient")
}

func TestPaging(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	r := c.want(200, "GET", "/Observation?_count=1&_sort=date", "")
	var seen []string
	for {
		seen = append(seen, r.entries())
		next := r.link("next")
		if len(seen) == 1 { // what changes meanwhile neither repeats nor misses
			c.want(204, "DELETE", "/Observation/o1", "")
			if r.link("previous") != "" || r.link("last") == "" {
				t.Errorf("%s", r.body)
			}
		}
		if next == "" {
			break
		}
		r = c.want(200, "GET", next, "")
	}
	if xml := c.want(200, "GET", "/Observation?_count=1&_format=xml", ""); !strings.Contains(string(xml.body), ".1&amp;_format=xml\"") {
		t.Errorf("the next page is in another form: %s", xml.body)
	}
	if strings.Join(seen, " ") != "Observation/o1 Observation/o2 Observation/o3" || r.link("previous") == "" {
		t.Errorf("%v", seen)
	}
}

// The same search twice keeps one result; a change makes it another.
func TestPagesAreShared(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	const path = "/Observation?_count=2"
	first := c.want(200, "GET", path, "")
	if again := c.want(200, "GET", path, ""); again.link("next") != first.link("next") || again.entries() != first.entries() {
		t.Error("nothing has changed, and the result is kept twice")
	}
	c.want(204, "DELETE", "/Observation/o1", "")
	if now := c.want(200, "GET", path, ""); now.entries() != "Observation/o2 Observation/o3" {
		t.Errorf("%s", now.entries())
	}
	for i := range 2 * maxPages {
		c.want(200, "GET", "/Observation?_count=1&_elements=a"+itoa(i), "")
	}
	if n := len(c.s.pages.kept); n != maxPages || len(c.s.pages.asked) != n {
		t.Errorf("%d results are kept, %d of them to be found", n, len(c.s.pages.asked))
	}
	c.want(410, "GET", first.link("next"), "")
}

func TestSubsets(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	for query, want := range map[string]string{
		"_summary=true":             "resourceType id meta name gender",
		"_summary=text":             "resourceType id meta text",
		"_summary=data":             "resourceType id meta name gender maritalStatus generalPractitioner",
		"_elements=maritalStatus":   "resourceType id meta maritalStatus",
		"_elements=Patient.name,id": "resourceType id meta name",
		"_summary=false":            "resourceType id meta name gender text maritalStatus generalPractitioner",
	} {
		r := c.want(200, "GET", "/Patient/p1?"+query, "")
		var names []string
		for _, m := range r.n.Children {
			names = append(names, m.Name)
		}
		if strings.Join(names, " ") != want || (r.at("meta", "tag", "code") == "SUBSETTED") != (query != "_summary=false") {
			t.Errorf("%s: %v %s", query, names, r.at("meta", "tag", "code"))
		}
	}
	if r := c.want(200, "GET", "/Patient?_elements=gender&_id=p1", ""); r.n.Find("entry", "resource", "name") != nil {
		t.Errorf("%s", r.body)
	}
	c.want(400, "GET", "/Patient?_summary=some", "")
}
