package compare

import (
	"slices"
	"strings"
	"testing"

	"trestle/internal/fhir"
)

const bundleLeft = `{"resourceType":"Bundle","type":"collection","entry":[
{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2026-03-01T10:00:00Z"},
 "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Jane</div>"},
 "identifier":[{"system":"urn:a","value":"88121"},{"system":"urn:b","value":"C1"}],"name":[{"family":"Doe","given":["Jane","Q"]}]}},
{"fullUrl":"urn:uuid:2","resource":{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2345-7"}]},
 "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-01T10:00:00Z","valueQuantity":{"value":98.0,"unit":"mg/dL"}}}]}`

const bundleRight = `{"type":"collection","resourceType":"Bundle","entry":[
{"fullUrl":"urn:uuid:8","resource":{"resourceType":"Observation","id":"o9","status":"final","code":{"coding":[{"code":"2345-7","system":"http://loinc.org"}]},
 "subject":{"reference":"https://fhir.example.org/Patient/p9"},"effectiveDateTime":"2026-03-01T05:00:00-05:00","valueQuantity":{"value":98,"unit":"mg/dl"}}},
{"fullUrl":"urn:uuid:9","resource":{"resourceType":"Patient","id":"p9","meta":{"lastUpdated":"2026-03-04T10:00:00Z"},
 "identifier":[{"system":"urn:b","value":"C1"},{"system":"urn:a","value":"88121"}],"name":[{"family":"Doe","given":["Q","Jane"]}],"gender":"female"}}]}`

func opens(t *testing.T, a, b string, rules *Rules) (list []string) {
	t.Helper()
	r, err := Documents([]byte(a), []byte(b), rules)
	if err != nil {
		t.Fatal(err)
	}
	for d := range r.Open() {
		list = append(list, written(d))
	}
	slices.Sort(list)
	return list
}

func TestBundles(t *testing.T) {
	want := []string{
		"added Bundle.entry[1].resource.gender: female",
		"changed Bundle.entry[1].resource.valueQuantity.unit: mg/dL → mg/dl",
		"formatting Bundle.entry[1].resource.effectiveDateTime: instant",
		"formatting Bundle.entry[1].resource.valueQuantity.value: number",
		"moved Bundle.entry[0].resource.name[0].given[0] to Bundle.entry[1].resource.name[0].given[1]",
	}
	got := opens(t, bundleLeft, bundleRight, nil)
	same(t, got, want)
	rules := parsed(t, "ignore: [{path: Patient.name.given}, {path: '*.unit'}]\nexpect: [{path: Patient.gender, kind: added}]")
	r, err := Documents([]byte(bundleLeft), []byte(bundleRight), rules)
	if err != nil || r.Status() != AsExpected {
		t.Errorf("%v %v", r.Status(), err)
	}
	for i := range r.Differences {
		if d := &r.Differences[i]; d.Path == "Bundle.entry[1].resource.gender" && d.General() != "Patient.gender" {
			t.Errorf("in general it is %s", d.General())
		}
	}
}

// TestJSONAgainstXML compares a resource with itself in the other form.
func TestJSONAgainstXML(t *testing.T) {
	n, err := fhir.ParseJSON([]byte(bundleLeft))
	if err != nil {
		t.Fatal(err)
	}
	x, err := fhir.R4().AppendXML(nil, n, "  ")
	if err != nil {
		t.Fatal(err)
	}
	if got := opens(t, bundleLeft, string(x), nil); len(got) > 0 {
		t.Errorf("%v", got)
	}
	got := opens(t, bundleLeft, strings.Replace(string(x), `value="Doe"`, `value="Roe"`, 1), nil)
	same(t, got, []string{"changed Bundle.entry[0].resource.name[0].family: Doe → Roe"})
}

func TestPlainDocuments(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []string
	}{
		{`{"a":1,"b":[1,2,3]}`, `{"b":[1,2,3],"a":1}`, nil},
		{`{"a":1,"b":[1,2,3]}`, `{"b":[1,9,2,3],"a":1}`, []string{"added b[1]: 9"}},
		{`{"a":"1"}`, `{"a":1}`, []string{"changed a: 1 → 1"}},
		{`{"a":null}`, `{}`, []string{"removed a: null"}},
		{`[{"id":"x","v":1},{"id":"y","v":2},{"id":"z","v":4}]`, `[{"id":"z","v":4},{"id":"x","v":1},{"id":"y","v":3}]`, []string{"changed [1].v: 2 → 3", "moved [2] to [0]"}},
		{`<a x="1"><b>one</b><c/></a>`, `<a x="2"><b> one </b><b>two</b></a>`, []string{"added a.b[1]: <b>two</b>", "changed a.@x: 1 → 2", "removed a.c: <c/>"}},
		{`<a><b>one</b></a>`, "<a>\n  <b>one</b>\n</a>", nil},
		{`<a>x</a>`, `<b>x</b>`, []string{"changed a: <a>x</a> → <b>x</b>"}},
	} {
		same(t, opens(t, c.a, c.b, nil), c.want)
	}
	if _, err := Documents([]byte(`{"a":1}`), []byte(`<a/>`), nil); err != ErrNotAlike {
		t.Error(err)
	}
	if _, err := Documents([]byte(`{"a":1`), []byte(`{"a":2}`), nil); err == nil || !strings.Contains(err.Error(), "left side") {
		t.Error(err)
	}
}

func FuzzDocuments(f *testing.F) {
	f.Add([]byte(bundleLeft), []byte(bundleRight))
	f.Add([]byte(`[1,2,{"a":[]}]`), []byte(`[{"a":[1]},2]`))
	f.Add([]byte(`<a x="1"><b/></a>`), []byte(`<a><b>t</b></a>`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a)+len(b) > 1<<14 {
			return
		}
		r, err := Documents(a, b, nil)
		if err != nil {
			return
		}
		back, err := Documents(b, a, nil)
		if err != nil || len(back.Differences) != len(r.Differences) {
			t.Fatalf("%d differences one way, %d the other (%v)", len(r.Differences), len(back.Differences), err)
		}
		if own, err := Documents(a, append([]byte(" "), a...), nil); err == nil && len(own.Differences) > 0 {
			t.Fatalf("it differs from itself: %s", own.Differences[0].line())
		}
	})
}
