package fhirserver

import (
	"strings"
	"testing"

	"trestle/internal/fhir"
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

// Sets and systems that are stored are known as those that are published are.
func TestStoredTerminology(t *testing.T) {
	c := serving(t, Config{}, Options{})
	c.want(201, "POST", "/CodeSystem", `{"resourceType":"CodeSystem","url":"urn:colours","status":"active","content":"complete","concept":[{"code":"r","display":"Red"},{"code":"g","display":"Green","concept":[{"code":"o","display":"Olive"}]}]}`)
	set := c.want(201, "POST", "/ValueSet", `{"resourceType":"ValueSet","url":"urn:greens","status":"active","compose":{"include":[{"system":"urn:colours","filter":[{"property":"concept","op":"is-a","value":"g"}]},{"system":"http://loinc.org","concept":[{"code":"8480-6","display":"Systolic"}]}]}}`)
	for _, path := range []string{"/ValueSet/$expand?url=urn:greens", "/ValueSet/" + set.at("id") + "/$expand"} {
		var codes []string
		r := c.want(200, "GET", path, "")
		for x := range r.n.All("expansion", "contains") {
			codes = append(codes, x.Member("code").String()+" "+x.Member("display").String())
		}
		if got := strings.Join(codes, ", "); got != "8480-6 Systolic, g Green, o Olive" {
			t.Errorf("%s: %s", path, r.body)
		}
	}
	if r := c.want(200, "GET", "/CodeSystem/$lookup?system=urn:colours&code=o", ""); !strings.Contains(string(r.body), "Olive") {
		t.Errorf("%s", r.body)
	}
	for body, want := range map[string]string{
		`{"name":"coding","valueCoding":{"system":"urn:colours","code":"o"}}`:                                                                        "true",
		`{"name":"coding","valueCoding":{"system":"urn:colours","code":"r"}}`:                                                                        "false",
		`{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"urn:x","code":"r"},{"system":"http://loinc.org","code":"8480-6"}]}}`: "true",
	} {
		r := c.want(200, "POST", "/ValueSet/$validate-code", `{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"urn:greens"},`+body+`]}`)
		if r.at("parameter", "valueBoolean") != want {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	c.want(200, "GET", "/CodeSystem/$validate-code?url=urn:colours&code=r", "")
	// A change of the system is known at once.
	c.want(201, "PUT", "/CodeSystem/more", `{"resourceType":"CodeSystem","id":"more","url":"urn:colours","status":"active","content":"complete","concept":[{"code":"b","display":"Blue"}]}`)
	c.want(404, "GET", "/CodeSystem/$lookup?system=urn:colours&code=o", "")
}

func TestMatch(t *testing.T) {
	c := serving(t, Config{}, Options{})
	for _, body := range []string{
		`{"resourceType":"Patient","id":"ann","identifier":[{"system":"urn:mrn","value":"88121"}],"name":[{"family":"Moss","given":["Ann"]}],"gender":"female","birthDate":"1980-05-02","telecom":[{"system":"phone","value":"555-0101"}],"address":[{"postalCode":"00012"}]}`,
		`{"resourceType":"Patient","id":"twin","name":[{"family":"Moss","given":["Tom"]}],"gender":"male","birthDate":"1980-05-02"}`,
		`{"resourceType":"Patient","id":"other","name":[{"family":"Brook","given":["Bea"]}],"gender":"female","birthDate":"1955-01-01"}`,
	} {
		c.want(201, "PUT", "/Patient/"+strings.Split(strings.Split(body, `"id":"`)[1], `"`)[0], body)
	}
	ask := func(patient, more string) string {
		t.Helper()
		r := c.want(200, "POST", "/Patient/$match", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":`+patient+`}`+more+`]}`)
		var out []string
		for e := range r.n.All("entry") {
			out = append(out, e.Find("resource", "id").String()+" "+e.Find("search", "extension", "valueCode").String())
		}
		return strings.Join(out, ", ")
	}
	for patient, want := range map[string]string{
		`{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"88121"}],"name":[{"family":"Moss"}]}`:                                           "ann certain",
		`{"resourceType":"Patient","name":[{"family":"MOSS","given":["Ann"]}],"birthDate":"1980-05-02","gender":"female"}`:                                    "ann certain, twin possible",
		`{"resourceType":"Patient","name":[{"family":"Mosss","given":["A"]}],"telecom":[{"system":"phone","value":"(555) 555-0101"}],"gender":"female"}`:      "ann possible",
		`{"resourceType":"Patient","name":[{"family":"Mosz","given":["Ann"]}],"birthDate":"1980-02-05","gender":"female","address":[{"postalCode":"00012"}]}`: "ann probable",
		`{"resourceType":"Patient","name":[{"family":"Nobody"}]}`:                                                                                             "",
	} {
		if got := ask(patient, ""); got != want {
			t.Errorf("%s: %q, not %q", patient, got, want)
		}
	}
	near := `{"resourceType":"Patient","name":[{"family":"Moss","given":["Ann"]}],"birthDate":"1980-05-02","gender":"female"}`
	if got := ask(near, `,{"name":"onlyCertainMatches","valueBoolean":true}`); got != "ann certain" {
		t.Errorf("%s", got)
	}
	if got := ask(near, `,{"name":"count","valueInteger":1}`); got != "ann certain" {
		t.Errorf("%s", got)
	}
	r := c.want(200, "POST", "/Patient/$match", near)
	var scores []string
	for x := range r.n.All("entry", "search", "score") {
		scores = append(scores, x.String())
	}
	if len(scores) != 2 || scores[0] <= scores[1] || !strings.HasPrefix(scores[0], "0.9") {
		t.Errorf("%v", scores)
	}
	c.want(400, "POST", "/Patient/$match", `{"resourceType":"Group","type":"person","actual":true}`)
	c.want(405, "GET", "/Patient/$match", "")
}

func TestTranslate(t *testing.T) {
	c := serving(t, Config{}, Options{})
	m := `{"resourceType":"ConceptMap","id":"sex","url":"urn:sex","status":"active","sourceUri":"urn:v2","targetUri":"http://hl7.org/fhir/ValueSet/administrative-gender","group":[{"source":"urn:table1","target":"http://hl7.org/fhir/administrative-gender",
		"element":[{"code":"F","target":[{"code":"female","equivalence":"equal"}]},{"code":"A","target":[{"code":"other","equivalence":"wider"}]}],"unmapped":{"mode":"fixed","code":"unknown"}}]}`
	c.want(404, "GET", "/ConceptMap/$translate?code=F&system=urn:table1", "")
	c.want(201, "PUT", "/ConceptMap/sex", m)
	for query, want := range map[string]string{
		"/ConceptMap/$translate?code=F&system=urn:table1":                                                       "true female equal",
		"/ConceptMap/sex/$translate?code=A&system=urn:table1":                                                   "true other wider",
		"/ConceptMap/$translate?url=urn:sex&code=Q&system=urn:table1":                                           "true unknown inexact",
		"/ConceptMap/$translate?code=F&system=urn:other":                                                        "false  ",
		"/ConceptMap/$translate?code=other&system=http://hl7.org/fhir/administrative-gender&reverse=true":       "true A narrower",
		"/ConceptMap/$translate?code=F&system=urn:table1&targetsystem=urn:none":                                 "false  ",
		"/ConceptMap/$translate?code=F&source=urn:v2&target=http://hl7.org/fhir/ValueSet/administrative-gender": "true female equal",
	} {
		r := c.want(200, "GET", query, "")
		got := r.at("parameter", "valueBoolean") + " "
		for p := range r.n.All("parameter") {
			if p.Member("name").String() == "match" {
				parts := p.Member("part").Children
				got += parts[1].Find("valueCoding", "code").String() + " " + parts[0].Member("valueCode").String()
			}
		}
		if strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%s: %q, not %q", query, got, want)
		}
	}
	if r := c.want(200, "POST", "/ConceptMap/$translate", `{"resourceType":"Parameters","parameter":[{"name":"conceptMap","resource":`+strings.ReplaceAll(m, "female", "f2")+`},{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"urn:table1","code":"F"}]}}]}`); !strings.Contains(string(r.body), `"f2"`) {
		t.Errorf("%s", r.body)
	}
	c.want(400, "GET", "/ConceptMap/$translate", "")
	c.want(404, "GET", "/ConceptMap/$translate?code=F&url=urn:none", "")
	c.want(404, "GET", "/ConceptMap/none/$translate?code=F", "")
}

func TestLastN(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	for i, day := range []string{"2026-03-01", "2026-03-05", "2026-03-03"} {
		c.want(201, "PUT", "/Observation/w"+itoa(i), `{"resourceType":"Observation","id":"w`+itoa(i)+`","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"},{"system":"urn:own","code":"weight"}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"`+day+`"}`)
	}
	c.want(201, "PUT", "/Observation/own", `{"resourceType":"Observation","id":"own","status":"final","code":{"coding":[{"system":"urn:own","code":"weight"}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-04"}`)
	for query, want := range map[string]string{
		"patient=p1&code=29463-7":                  "Observation/w1",
		"patient=p1&code=29463-7&max=2":            "Observation/w1 Observation/w2",
		"patient=p1&code=29463-7,weight,1-1&max=1": "Observation/w1 Observation/o1",
		"patient=p1&code=weight&max=2":             "Observation/w1 Observation/own",
		"patient=p2&code=29463-7":                  "",
	} {
		if r := c.want(200, "GET", "/Observation/$lastn?"+query, ""); r.entries() != want {
			t.Errorf("%s: %s, not %s", query, r.entries(), want)
		}
	}
	c.want(400, "GET", "/Observation/$lastn?patient=p1", "")
	c.want(400, "GET", "/Observation/$lastn?code=1-1", "")
	c.want(400, "GET", "/Observation/$lastn?patient=p1&code=1-1&max=0", "")
}

func TestProcessMessage(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	message := `{"resourceType":"Bundle","type":"message","entry":[
		{"fullUrl":"urn:uuid:7a1f2c0e-6e0d-4a51-8d33-0a6f3b1c2d01","resource":{"resourceType":"MessageHeader","id":"m1","eventCoding":{"system":"http://terminology.hl7.org/CodeSystem/v2-0003","code":"A08"},"source":{"endpoint":"urn:ehr"}}},
		{"fullUrl":"urn:uuid:7a1f2c0e-6e0d-4a51-8d33-0a6f3b1c2d02","resource":{"resourceType":"Patient","id":"x","identifier":[{"system":"urn:mrn","value":"1"}],"name":[{"family":"Fern"}]}},
		{"fullUrl":"urn:uuid:7a1f2c0e-6e0d-4a51-8d33-0a6f3b1c2d03","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:7a1f2c0e-6e0d-4a51-8d33-0a6f3b1c2d02"}}}]}`
	for round := range 2 {
		r := c.want(200, "POST", "/$process-message", message)
		if r.at("type") != "message" || r.at("entry", "resource", "response", "identifier") != "m1" || r.at("entry", "resource", "response", "code") != "ok" {
			t.Errorf("%d: %s", round, r.body)
		}
	}
	if r := c.want(200, "GET", "/Patient?identifier=urn:mrn|1&_revinclude=Observation:subject", ""); r.at("total") != "1" || !strings.Contains(r.entries(), "Patient/x include:Observation/") {
		t.Errorf("%s", r.entries())
	}
	c.want(400, "POST", "/$process-message", `{"resourceType":"Bundle","type":"collection"}`)
	c.want(404, "GET", "/MessageHeader/m1", "")
	entry := `{"request":{"method":"POST","url":"$process-message"},"resource":` + message + `}`
	c.want(400, "POST", "", transaction(entry))
	if r := c.want(200, "POST", "", strings.Replace(transaction(entry), `"transaction"`, `"batch"`, 1)); r.at("entry", "response", "status") != "200 OK" {
		t.Errorf("%s", r.body)
	}
}

// The statement lists the operations, and each that it lists is answered.
func TestStatedOperations(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	rest := c.want(200, "GET", "/metadata", "").n.Find("rest")
	stated := 0
	check := func(typ string, list *fhir.Node) {
		for o := range list.All("operation") {
			stated++
			path := "/" + typ + "/$" + o.Member("name").String()
			if r := c.do("GET", strings.Replace(path, "//", "/", 1), ""); r.StatusCode == 404 && r.at("issue", "code") == "not-supported" {
				t.Errorf("%s is not there", path)
			}
			if o.Member("definition").String() == "" {
				t.Errorf("%s has no definition", path)
			}
		}
	}
	check("", rest)
	for x := range rest.All("resource") {
		check(x.Member("type").String(), x)
	}
	if stated < 500 {
		t.Errorf("%d operations", stated)
	}
	c.want(404, "GET", "/$everything", "")
	c.want(404, "GET", "/Observation/$match", "")
}
