package fhirserver

import (
	"strings"
	"testing"

	"trestle/internal/fhir"
)

func TestJSONPatch(t *testing.T) {
	for _, x := range []struct{ patch, want string }{
		{`{"op":"add","path":"/active","value":true}`, `{"a":["x","y"],"b":{"c":1},"active":true}`},
		{`{"op":"add","path":"/a/1","value":"n"}`, `{"a":["x","n","y"],"b":{"c":1}}`},
		{`{"op":"add","path":"/a/-","value":"n"}`, `{"a":["x","y","n"],"b":{"c":1}}`},
		{`{"op":"replace","path":"/b/c","value":2}`, `{"a":["x","y"],"b":{"c":2}}`},
		{`{"op":"remove","path":"/a/0"}`, `{"a":["y"],"b":{"c":1}}`},
		{`{"op":"remove","path":"/a/0"},{"op":"remove","path":"/a/0"}`, `{"b":{"c":1}}`},
		{`{"op":"move","from":"/a/0","path":"/b/d"}`, `{"a":["y"],"b":{"c":1,"d":"x"}}`},
		{`{"op":"copy","from":"/b","path":"/e~1f"}`, `{"a":["x","y"],"b":{"c":1},"e/f":{"c":1}}`},
		{`{"op":"test","path":"/b","value":{"c":1.0}}`, `{"a":["x","y"],"b":{"c":1}}`},
		{`{"op":"test","path":"/b/c","value":2}`, "the test does not hold"},
		{`{"op":"remove","path":"/z"}`, "leads nowhere"},
		{`{"op":"replace","path":"/z","value":1}`, "leads nowhere"},
		{`{"op":"add","path":"/a/9","value":1}`, "names no place"},
		{`{"op":"add","path":"/a/01","value":1}`, "names no place"},
		{`{"op":"add","path":"a","value":1}`, "must begin with /"},
		{`{"op":"add","path":"/a"}`, "needs a value"},
		{`{"op":"grow","path":"/a"}`, "its op must be"},
		{`{"op":"move","from":"/b","path":"/b/c"}`, "into itself"},
		{`{"op":"remove","path":""}`, "cannot be removed"},
	} {
		n, _ := fhir.ParseJSON([]byte(`{"a":["x","y"],"b":{"c":1}}`))
		ops, err := fhir.ParseJSON([]byte("[" + x.patch + "]"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := jsonPatch(n, ops.Children)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = string(fhir.AppendJSON(nil, out))
		}
		if got != x.want && (err == nil || !strings.Contains(got, x.want)) {
			t.Errorf("%s: %s, not %s", x.patch, got, x.want)
		}
	}
}

func TestFHIRPathPatch(t *testing.T) {
	c := serving(t, Config{Unvalidated: true}, Options{})
	op := func(parts ...string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[` + strings.Join(parts, ",") + `]}]}`
	}
	text := func(name, kind, value string) string {
		return `{"name":"` + name + `","value` + kind + `":` + value + `}`
	}
	for _, x := range []struct {
		patch  string
		status int
		want   string
	}{
		{op(text("type", "Code", `"add"`), text("path", "String", `"Patient"`), text("name", "String", `"active"`), text("value", "Boolean", "true")), 200, `"active":true`},
		{op(text("type", "Code", `"add"`), text("path", "String", `"Patient"`), text("name", "String", `"deceased"`), text("value", "Boolean", "true")), 200, `"deceasedBoolean":true`},
		{op(text("type", "Code", `"add"`), text("path", "String", `"Patient"`), text("name", "String", `"contact"`), `{"name":"value","part":[{"name":"name","valueHumanName":{"text":"a"}},{"name":"telecom","valueContactPoint":{"value":"5"}}]}`), 200, `"contact":[{"name":{"text":"a"},"telecom":[{"value":"5"}]}]`},
		{op(text("type", "Code", `"add"`), text("path", "String", `"Patient.name[0]"`), text("name", "String", `"given"`), text("value", "String", `"C"`)), 200, `"given":["A","B","C"]`},
		{op(text("type", "Code", `"insert"`), text("path", "String", `"Patient.name[0].given"`), text("index", "Integer", "1"), text("value", "String", `"C"`)), 200, `"given":["A","C","B"]`},
		{op(text("type", "Code", `"move"`), text("path", "String", `"Patient.name[0].given"`), text("source", "Integer", "1"), text("destination", "Integer", "0")), 200, `"given":["B","A"]`},
		{op(text("type", "Code", `"replace"`), text("path", "String", `"Patient.gender"`), text("value", "Code", `"other"`)), 200, `"gender":"other"`},
		{op(text("type", "Code", `"delete"`), text("path", "String", `"Patient.name.given.where($this='A')"`)), 200, `"given":["B"]`},
		{op(text("type", "Code", `"delete"`), text("path", "String", `"Patient.photo"`)), 200, `"gender":"male"`},
		{op(text("type", "Code", `"delete"`), text("path", "String", `"Patient.name.given"`)), 422, "finds 2 elements"},
		{op(text("type", "Code", `"replace"`), text("path", "String", `"Patient.photo"`), text("value", "Code", `"x"`)), 422, "finds 0 elements"},
		{op(text("type", "Code", `"add"`), text("path", "String", `"Patient"`), text("name", "String", `"colour"`), text("value", "Code", `"x"`)), 422, "FHIR defines no"},
		{op(text("type", "Code", `"add"`), text("path", "String", `"Patient"`), text("name", "String", `"gender"`), text("value", "Code", `"x"`)), 422, "is there already"},
		{op(text("type", "Code", `"insert"`), text("path", "String", `"Patient.name[0].given"`), text("index", "Integer", "7"), text("value", "String", `"C"`)), 422, "from 0 to 2"},
		{op(text("type", "Code", `"replace"`), text("path", "String", `"Patient..x"`), text("value", "Code", `"x"`)), 400, "no FHIRPath"},
		{op(text("type", "Code", `"replace"`), text("path", "String", `"Patient.id"`), text("value", "Id", `"x"`)), 422, "cannot change the type or the id"},
		{op(text("type", "Code", `"grow"`), text("path", "String", `"Patient"`)), 400, "its type must be"},
		{`{"resourceType":"Parameters"}`, 400, "no operation"},
	} {
		c.do("PUT", "/Patient/p", `{"resourceType":"Patient","id":"p","name":[{"given":["A","B"]}],"gender":"male"}`)
		r := c.want(x.status, "PATCH", "/Patient/p", x.patch)
		if !strings.Contains(string(r.body), x.want) {
			t.Errorf("%s: %s", x.patch, r.body)
		}
	}
	c.want(415, "PATCH", "/Patient/p", "<diff/>", "Content-Type: application/xml-patch+xml")
}
