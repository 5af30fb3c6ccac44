package mapping

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const sample = "MSH|^~\\&|REG|RIVERBEND|||20260301103000-0500||ADT^A01^ADT_A01|1|P|2.5.1\r" +
	"PID|1||88121^^^RIVERBEND^MR~900-12-3456^^^SSA^SS||Okafor^Ada^N^^^^L~Obi^Ada^^^^^M||19840517|F|||12 Mill Lane^^Harrisburg\r" +
	"PV1|1|I|4W\r" +
	"IN1|1|PPO|60054|Aetna\rIN2||111\r" +
	"IN1|2|HMO|99001|Beacon\rIN2||222\r" +
	"ZPD|1|own\r"

// build compiles a mapping from HL7 v2 to JSON with these rules.
func build(t testing.TB, target, rules string, files ...string) *Engine {
	t.Helper()
	text := "map: 1\nsource: {kind: \"hl7v2\"}\ntarget: " + target + "\n" + rules
	dir := fstest.MapFS{"m.yaml": {Data: []byte(text)}}
	for i := 0; i+1 < len(files); i += 2 {
		dir[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	f, err := Load(dir, "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mapped(t testing.TB, e *Engine, source string) string {
	t.Helper()
	r, err := e.Run(context.Background(), []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Warnings {
		t.Log(w)
	}
	b, err := r.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}

func TestConditions(t *testing.T) {
	for text, want := range map[string]bool{
		`IF PID-8 VALUED`:   true,
		`PID-30 NOT VALUED`: true,
		`IF PID-8 EQUALS "F" AND PID-30 NOT EQUALS "Y"`:           true,
		`PID-8 = "M" OR PV1-2 IN ("I", "E")`:                      true,
		`PID-8 = "M" OR (PV1-2 IN ("I", "E") AND NOT NK1 VALUED)`: true,
		`PV1-2 IS NOT IN ("I","E")`:                               false,
		`PV1-2 NOT IN ("O")`:                                      true,
		`PID-8 IS "F"`:                                            true,
		`IF PID-5 LST.COUNT > 1`:                                  true,
		`PID-3 LST.COUNT = 2`:                                     true,
		`IN1 COUNT >= 3`:                                          false,
		`PID-8 AND PID-30 VALUED`:                                 false,
		`PID-8 OR PID-30 VALUED`:                                  true,
		`PID-7 < "19900101"`:                                      true,
		`PID-11.3 STARTS WITH "Harris"`:                           true,
		`PID-11.3 CONTAINS "rris"`:                                true,
		`PID-11.3 MATCHES "^H.*g$"`:                               true,
		`ZPD-2 EQUALS "own"`:                                      true,
		`PID-3[2].5 EQUALS "SS"`:                                  true,
		`PID-3[*].5 EQUALS "SS"`:                                  true,
		`IN1[2]-2 EQUALS "HMO"`:                                   true,
	} {
		e := build(t, `{kind: "json"}`, fmt.Sprintf("blocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, value: \"yes\", when: %q}]}\n", text))
		if got := mapped(t, e, sample) == `{"a":"yes"}`; got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	for _, text := range []string{`PID-8 VALUED AND`, `PID-8 EQUALS Y`, `(PID-8 VALUED`, `PID-8`, `PID-8 IN "A"`, `PID-8 VALUED VALUED`, `NOT VALUED`, `PID-8 MATCHES "("`, strings.Repeat("(", 100)} {
		f, err := Parse([]byte(fmt.Sprintf("map: 1\nsource: {kind: \"hl7v2\"}\ntarget: {kind: \"json\"}\nblocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, value: \"yes\", when: %q}]}\n", text)))
		if err != nil {
			t.Fatal(err)
		}
		var problems Problems
		if _, err := Compile(f); !errors.As(err, &problems) || problems[0].Line != 5 || problems[0].Rule != "r" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRules(t *testing.T) {
	const tables = "tables:\n  sex: {file: \"sex.csv\", missing: {policy: \"empty\"}}\n"
	for _, c := range []struct{ rule, want string }{
		{`from: "PID-5.1"`, `Okafor`},
		{`from: "PID-5.1", do: ["upper", {left: "3"}]`, `OKA`},
		{`from: ["PID-99", "PID-5.2"], do: ["first"]`, `Ada`},
		{`from: "PID-5[*].1", do: [{join: "/"}]`, `Okafor/Obi`},
		{`from: "PID-8", do: [{lookup: "sex"}]`, `female`},
		{`from: "PV1-2", do: [{lookup: "sex"}], default: "none"`, `none`},
		{`from: "PID-7", do: ["date"]`, `1984-05-17`},
		{`from: "MSH-7", do: ["datetime"]`, `2026-03-01T10:30:00-05:00`},
		{`from: "MSH-7", do: ["utc"]`, `2026-03-01T15:30:00Z`},
		{`from: "MSH-7", do: ["hl7_date"]`, `20260301`},
		{`from: "PID-7", do: [{add_days: "-17"}]`, `19840430`},
		{`from: "PID-7", do: [{reformat: ["YYYYMMDD", "MM/DD/YYYY"]}]`, `05/17/1984`},
		{`from: "PID-3[2].1", do: [{remove: "-"}, "ssn"]`, `900-12-3456`},
		{`value: "7175550123", do: ["phone"]`, `(717) 555-0123`},
		{`value: "44 20 7946 0000", do: ["phone"]`, `44 20 7946 0000`},
		{`value: "007", do: [{strip_leading: "0"}, {pad: ["3", "x"]}]`, `xx7`},
		{`value: "+1.50", do: ["number"]`, `1.50`},
		{`value: "2.345", do: [{round: "2"}]`, `2.35`},
		{`value: "a^b^c", do: [{piece: ["^", "2"]}]`, `b`},
		{`value: "LN", do: ["system_uri"]`, `http://loinc.org`},
		{`value: "2.16.840.1", do: ["oid_uri"]`, `urn:oid:2.16.840.1`},
		{`from: "PID-5", do: ["display_name"]`, `Ada N Okafor`},
		{`from: "PV1-2", do: [{choose: ["I", "inpatient", "other"]}]`, `inpatient`},
		{`inputs: {l: "PID-5.1", f: "PID-5.2"}, formula: "l + ', ' + f"`, `Okafor, Ada`},
		{`inputs: {l: "PID-5[*].1"}, formula: "l.map(x, upper(x)).join('+')"`, `OKAFOR+OBI`},
		{`inputs: {d: "PID-7"}, formula: "int(d.substring(0, 4)) < 1990 ? 'old' : 'new'"`, `old`},
	} {
		e := build(t, `{kind: "json"}`, tables+"blocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, "+c.rule+"}]}\n", "sex.csv", "v2,fhir\nF,female\n")
		if got := mapped(t, e, sample); got != `{"a":"`+c.want+`"}` {
			t.Errorf("%s: %s", c.rule, got)
		}
	}
}

// TestLoops checks that what stands together in the source stands together in the target.
func TestLoops(t *testing.T) {
	e := build(t, `{kind: "json"}`, `
blocks:
- id: b
  make: "patient"
  per: "PID"
  rules:
  - {id: r1, to: "names[].last", each: "PID-5", from: "PID-5.1"}
  - {id: r2, to: "names[].use", each: "PID-5", from: ".7"}
  - {id: r3, to: "mrn", each: "PID-3", from: "PID-3.1", when: "PID-3.5 EQUALS \"MR\""}
  blocks:
  - id: i
    make: "plans[]"
    per: "IN1"
    rules:
    - {id: r4, to: "plan", from: "IN1-2"}
    - {id: r5, to: "number", from: "IN2-2"}
    - {id: r6, to: "visit.class", from: "PV1-2"}
    - {id: r7, to: "n", do: ["counter"]}
`)
	// IN1 lies outside of the innermost group of PID only where the structure says so: here both are at the top.
	want := `{"patient":{"names":[{"last":"Okafor","use":"L"},{"last":"Obi","use":"M"}],"mrn":"88121","plans":[` +
		`{"plan":"PPO","number":"111","visit":{"class":"I"},"n":"1"},{"plan":"HMO","number":"222","visit":{"class":"I"},"n":"2"}]}}`
	if got := mapped(t, e, sample); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestConditionPaths: FHIRPath stands in backquotes in a condition, and begins at the resource that the loop stands at or at
// the one that it names.
func TestConditionPaths(t *testing.T) {
	f, err := Parse([]byte(`map: 1
source: {kind: "fhir"}
target: {kind: "json"}
blocks:
- id: p
  make: "people[]"
  per: "Patient"
  rules:
  - {id: r1, to: "a", value: "official", when: "IF ` + "`name.where(use = 'official').exists()`" + ` EQUALS \"true\" AND gender EQUALS \"female\""}
  - {id: r2, to: "b", from: "(Encounter.status | Encounter.id).first()"}
  - {id: r3, to: "n", do: [set_id], when: "NOT ` + "`Encounter.participant.where(type.exists())`" + ` VALUED"}
`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"people":[{"b":"planned","n":"1"},{"a":"official","b":"planned","n":"2"}]}`
	if got := mapped(t, e, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","gender":"female"}},{"resource":{"resourceType":"Patient","gender":"female","name":[{"use":"official","family":"Moss"}]}},{"resource":{"resourceType":"Encounter","status":"planned"}}]}`); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestNow: the time of the run is the same for all of a message.
func TestNow(t *testing.T) {
	e := build(t, `{kind: "json"}`, "blocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, do: [now]}, {id: s, to: b, do: [now, hl7_date]}]}\n")
	before := time.Now().UTC().Add(-time.Second).Format("20060102150405")
	r, err := e.Run(context.Background(), []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.Tree.Find("a").String(), r.Tree.Find("b").String()
	if !strings.HasSuffix(a, "+0000") || a < before || a[:8] != b {
		t.Errorf("now is %s and %s, after %s", a, b, before)
	}
}

// TestNeighbours: what belongs to one repetition of a group is not read for another, however far a path reaches.
func TestNeighbours(t *testing.T) {
	e := build(t, `{kind: "json"}`, `
blocks:
- id: o
  make: "orders[]"
  per: "OBR"
  rules:
  - {id: o1, to: "number", from: "ORC-2"}
  - {id: o2, to: "when", from: "TQ1-7"}
  - {id: o3, to: "patient", from: "PID-5.1"}
  - {id: o4, to: "notes[]", from: "NTE[*]-3", do: [{following: "OBR"}]}
  - {id: o5, to: "about", value: "results", when: "OBX VALUED"}
  - {id: o6, to: "count", from: "OBR-1", do: [{constant: "one"}], when: "NTE COUNT = 1"}
- {id: p, make: "people[]", per: "OBR-16", rules: [{id: p1, to: "name", from: "OBR-16.2"}]}
`)
	const orders = "MSH|^~\\&|||||||ORM^O01^ORM_O01|1|P|2.5.1\rPID|||1||Okafor\r" +
		"ORC|NW|P1\rOBR|1|P1||A||||||||||||1^Moss~2^Reed\rNTE|1||first\rOBX|1|ST|c||v\rNTE|1||of the result\rORC|NW|P2\rOBR|2|P2||B||||||||||||3^Kerr\r"
	want := `{"orders":[{"number":"P1","patient":"Okafor","notes":["first"],"about":"results"},{"number":"P2","patient":"Okafor"}],"people":[{"name":"Moss"},{"name":"Reed"},{"name":"Kerr"}]}`
	if got := mapped(t, e, orders); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestEachSegment: a rule repeats for each segment of a name, and refers to what was made of that segment.
func TestEachSegment(t *testing.T) {
	e := build(t, `{kind: "fhir", root: "Bundle"}`, `
blocks:
- {id: o, make: "Organization", per: "IN1", rules: [{id: o1, to: name, from: "IN1-4"}]}
- id: a
  make: "Appointment"
  per: "PID"
  rules:
  - {id: a1, to: "participant[].status", each: "IN1", value: "accepted", when: "IN1-2 NOT EQUALS \"PPO\" OR IN1-4 VALUED"}
  - {id: a2, to: "participant[].actor", each: "IN1", do: [{reference: "o"}, first]}
  - {id: a3, to: "participant[].actor.display", each: "IN1", from: ["IN1-4", "PID-5.1"], do: [{join: " of "}]}
`)
	r, err := e.Run(context.Background(), []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"Aetna of Okafor", "Beacon of Okafor"} {
		organization, appointment := r.Tree.Member("entry").Item(i), r.Tree.Member("entry").Item(2).Member("resource")
		p := appointment.Member("participant").Item(i)
		if p.Find("status").String() != "accepted" || p.Find("actor", "display").String() != name || p.Find("actor", "reference").String() != organization.Member("fullUrl").String() {
			t.Errorf("participant %d is %s", i, nodeText(p))
		}
	}
}

func TestHL7Target(t *testing.T) {
	made := build(t, `{kind: "hl7v2"}`, `
blocks:
- {id: m, make: "MSH", rules: [{id: m1, to: "MSH-9.1", value: "ADT"}, {id: m2, to: "MSH-10", from: "MSH-10"}]}
- id: p
  make: "PID"
  rules:
  - {id: p1, to: "PID-3[].1", each: "PID-3", from: "PID-3.1"}
  - {id: p2, to: "PID-3[].5", each: "PID-3", from: "PID-3.5"}
  - {id: p3, to: "PID-5", from: "PID-5"}
  - {id: p4, to: "PID-13.1", value: "a|b"}
`)
	want := "MSH|^~\\&|||||||ADT|1\rPID|||88121^^^^MR~900-12-3456^^^^SS||Okafor^Ada^N^^^^L||||||||a\\F\\b\r"
	if got := mapped(t, made, sample); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	kept := build(t, `{kind: "hl7v2", keep: true}`, `
blocks:
- {id: p, make: "PID", rules: [{id: p1, to: "PID-8", from: "PID-8", do: [{choose: ["F", "female"]}]}]}
- {id: i, make: "IN1", per: "IN1", when: "IN1-1 EQUALS \"2\"", rules: [{id: i1, to: "IN1-4.1", value: "other"}]}
- {id: d, make: "IN2", per: "IN2", when: "IN2-2 EQUALS \"111\"", drop: true}
- {id: z, make: "ZIN", per: "IN1", rules: [{id: z1, to: "ZIN-1", from: "IN1-3"}]}
`)
	want = strings.NewReplacer("|F|", "|female|", "Beacon", "other", "IN2||111\r", "", "|Aetna\r", "|Aetna\rZIN|60054\r", "IN2||222", "ZIN|99001\rIN2||222").Replace(sample)
	if got := mapped(t, kept, sample); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestOtherSources maps FHIR, JSON, XML and CSV.
func TestOtherSources(t *testing.T) {
	for _, c := range []struct{ source, target, rules, in, want string }{
		{`{kind: "fhir"}`, `{kind: "hl7v2"}`, `
- {id: m, make: "MSH", rules: [{id: m1, to: "MSH-9.1", value: "ADT"}]}
- id: p
  make: "PID"
  per: "Patient"
  rules:
  - {id: p1, to: "PID-5[]", each: "name", from: "name", do: ["xpn"]}
  - {id: p2, to: "PID-7", from: "birthDate", do: ["hl7_date"]}
  - {id: p3, to: "PID-8", from: "Patient.gender", do: [{choose: ["female", "F", "male", "M"]}]}
  - {id: p4, to: "PID-13", from: "telecom[system=phone]", do: ["xtn"]}
  - {id: p5, to: "PID-3", from: "Patient.identifier.where(value='2')", do: ["cx"]}`,
			`{"resourceType":"Patient","identifier":[{"value":"1"},{"system":"urn:oid:2.16","value":"2"}],"name":[{"use":"official","family":"Okafor","given":["Ada","Nkem"]},{"family":"Obi"}],"telecom":[{"system":"email","value":"a@example.org"},{"system":"phone","value":"555-0123","use":"home"}],"gender":"female","birthDate":"1984-05-17"}`,
			"MSH|^~\\&|||||||ADT\rPID|||2^^^&2.16&ISO||Okafor^Ada^Nkem^^^^L~Obi||19840517|F|||||555-0123^PRN^PH^^^^^^^^^555-0123\r"},
		{`{kind: "json"}`, `{kind: "xml", root: "patient"}`, `
- {id: p, make: ".", rules: [{id: r1, to: "name.last", from: "Patient.Demographics.LastName"}, {id: r2, to: "@id", from: "Patient.Identifiers[IDType=MR].ID"}, {id: r3, to: "phone[]", from: "Patient.Phones[*]"}]}`,
			`{"Patient":{"Identifiers":[{"ID":"1","IDType":"SS"},{"ID":"2","IDType":"MR"}],"Demographics":{"LastName":"Moss & Co"},"Phones":["1","2"]}}`,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<patient id=\"2\"><name><last>Moss &amp; Co</last></name><phone>1</phone><phone>2</phone></patient>"},
		{`{kind: "xml"}`, `{kind: "json"}`, `
- {id: p, make: "items[]", per: "item", rules: [{id: r1, to: "code", from: "@code"}, {id: r2, to: "text", from: "name"}]}`,
			`<list><item code="01"><name>one</name></item><item code="02"><name>two</name></item></list>`,
			`{"items":[{"code":"01","text":"one"},{"code":"02","text":"two"}]}`},
		{`{kind: "csv"}`, `{kind: "fhir", root: "Patient"}`, `
- {id: p, make: "Patient", key: "MRN", rules: [{id: r1, to: "name[a].family", from: "Last, First", do: [{before: ", "}]}, {id: r2, to: "name[a].given[]", from: "Last, First", do: [{after: ", "}]}, {id: r3, to: "active", value: "true"}]}`,
			"MRN,\"Last, First\"\n01,\"Moss, Ben\"\n",
			`{"resourceType":"Patient","id":"` + derivedUUID("", "Patient", "01") + `","name":[{"family":"Moss","given":["Ben"]}],"active":true}`},
	} {
		f, err := Parse([]byte("map: 1\nsource: " + c.source + "\ntarget: " + c.target + "\nblocks:" + c.rules + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := mapped(t, e, c.in); got != c.want {
			t.Errorf("%s to %s\ngot  %q\nwant %q", c.source, c.target, got, c.want)
		}
	}
}

// TestHostile gives the engine formulas and functions that would take for ever or fill the memory. None may, and none may
// take the rest of the mapping with it.
func TestHostile(t *testing.T) {
	long := strings.Repeat("A", 20_000)
	for name, rule := range map[string]string{
		"nested loops": `inputs: {l: "PID-3[*].1"}, formula: "[0,1,2,3,4,5,6,7,8,9].map(a,[0,1,2,3,4,5,6,7,8,9].map(b,[0,1,2,3,4,5,6,7,8,9].map(c,[0,1,2,3,4,5,6,7,8,9].map(d,[0,1,2,3,4,5,6,7,8,9].map(e,[0,1,2,3,4,5,6,7,8,9].map(f,[0,1,2,3,4,5,6,7,8,9].map(g,[0,1,2,3,4,5,6,7,8,9].map(h,a+b+c+d+e+f+g+h)))))))).size() > 0 ? 'x' : 'y'"`,
		"doubling":     `inputs: {l: "PID-5.1"}, formula: "[1,2,3,4,5,6,7,8,9,10].map(a, l+l+l+l+l+l+l+l+l+l).map(b, [1,2,3,4,5,6,7,8,9,10].map(c, b+b+b+b+b+b+b+b+b+b).join('')).join('')"`,
		"joined":       `inputs: {l: "PID-5.1"}, formula: "l.split('').map(a, l.split('').map(b, l).join(l)).join(l)"`,
		"pattern":      `inputs: {l: "PID-5.1"}, formula: "l.matches('(A+)+(A|B|AB)*$') ? 'x' : 'y'"`,
		"concatenated": `inputs: {l: "PID-5.1"}, formula: "[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, l + l + l + l).map(c, c + c + c + c)).size() > 0 ? 'x' : 'y'"`,
		"template":     `do: [{template: "{PID-5.1}{PID-5.1}{PID-5.1}{PID-5.1}"}, {repeat: "100"}, {repeat: "100"}]`,
		"replace":      `from: "PID-5.1", do: [{replace: ["A", "AAAAAAAAAAAAAAAAAAAA"]}, {replace: ["A", "AAAAAAAAAAAAAAAAAAAA"]}, {replace: ["A", "AAAAAAAAAAAAAAAAAAAA"]}, {replace: ["A", "AAAAAAAAAAAAAAAAAAAA"]}, {replace: ["A", "AAAAAAAAAAAAAAAAAAAA"]}]`,
		"regex":        `from: "PID-5.1", do: [{regex_extract: "(A+)+$"}, {regex_replace: ["A*", "$0$0$0$0$0"]}, {regex_replace: ["A*", "$0$0$0$0$0"]}, {regex_replace: ["A*", "$0$0$0$0$0"]}, {regex_replace: ["A*", "$0$0$0$0$0"]}]`,
		"pad":          `from: "PID-5.1", do: [{pad: ["100000", "x"]}, {split: ""}, {join: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}]`,
		"parentheses":  `inputs: {l: "PID-5.1"}, formula: "` + strings.Repeat("(", 40) + "l" + strings.Repeat(")", 40) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			e := build(t, `{kind: "json"}`, "blocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, "+rule+"}, {id: s, to: b, value: \"after\"}]}\n")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			r, err := e.Run(context.Background(), []byte("MSH|^~\\&|||||||ADT^A01|1|P|2.5\rPID|||1~2||"+long+"\r"))
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if r.Tree.Find("b").String() != "after" {
				t.Error("the rule after the hostile one did not run")
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 1<<30 {
				t.Errorf("%d MB were made", made>>20)
			}
			if took := time.Since(began); took > 20*time.Second { // far beyond any bound of ours, for slow machines
				t.Errorf("it took %s", took)
			}
		})
	}
	for _, formula := range []string{strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), strings.Repeat("l + ", 2000) + "l", "unknown(l)", "l +", "l.map("} {
		f, err := Parse([]byte(fmt.Sprintf("map: 1\nsource: {kind: \"hl7v2\"}\ntarget: {kind: \"json\"}\nblocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, inputs: {l: \"PID-5.1\"}, formula: %q}]}\n", formula)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(f); err == nil {
			t.Errorf("%.30s was taken", formula)
		}
	}
}

// TestFlood: loops in loops over a message of many segments end with an error that says so.
func TestFlood(t *testing.T) {
	e := build(t, `{kind: "json"}`, `
blocks:
- id: a
  make: "a[]"
  per: "OBX"
  rules: [{id: r1, to: "all[]", from: "OBX[*]-3"}]
`)
	var flood strings.Builder
	flood.WriteString("MSH|^~\\&|||||||ZZZ|1|P|2.5\r")
	for range 4000 {
		flood.WriteString("OBX|1|ST|c||v\r")
	}
	_, err := e.Run(context.Background(), []byte(flood.String()))
	if err == nil || !strings.Contains(err.Error(), "given up") {
		t.Error(err)
	}
}

// TestCancel: a cancelled context ends a message.
func TestCancel(t *testing.T) {
	e := build(t, `{kind: "json"}`, "blocks:\n- {id: a, make: \".\", rules: [{id: r1, to: a, from: PID-3}]}\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Run(ctx, []byte(sample)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestProblems: everything that is wrong is told at once, with its line.
func TestProblems(t *testing.T) {
	_, err := Parse([]byte("map: 1\nsource: {kind: \"hl7\"}\ntarget: {kind: \"json\"}\nblocks:\n- id: b\n  make: \".\"\n  rules:\n  - {id: r, to: a, value: 01}\n  - {id: r, too: a}\n  - &x {id: s, to: a}\n"))
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	got := problems.Error()
	for _, want := range []string{`line 2: kind is "hl7"`, `line 8: put the value of value in quotes`, `line 9: a rule has no "too"`, `line 10: take &x away`, `line 9: the id "r" stands in line 8 already`, "line 9: r: says not where the value goes"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	f, err := Parse([]byte("map: 1\nsource: {kind: \"hl7v2\"}\ntarget: {kind: \"fhir\", root: \"Patient\"}\nblocks:\n- id: b\n  make: \"Patient\"\n  rules:\n  - {id: r1, to: surname, from: PID-5}\n  - {id: r2, to: deceased, from: PID-29}\n  - {id: r3, to: \"gender[]\", from: PID-8}\n  - {id: r4, to: gender, from: PID-8, do: [trimm]}\n  - {id: r5, to: gender, from: PID-8, do: [{lookup: sex}]}\n  - {id: r6, to: gender, from: PIDX}\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(f)
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	got = problems.Error()
	for _, want := range []string{`line 8: r1: Patient has no "surname"`, `line 9: r2: deceased has several types`, `line 10: r3: Patient.gender is no list`, `line 11: r4: there is no function "trimm"; did you mean trim?`, `line 12: r5: there is no table "sex"`, `line 13: r6:`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := fstest.MapFS{"m.yaml": {Data: []byte("map: 1\ndirection: \"out\"\nsource: {kind: \"hl7v2\", version: \"2.3\"}\ntarget: {kind: \"fhir\", root: \"Bundle\"}\ntables:\n  unused: {file: \"t.csv\"}\nblocks:\n- id: b\n  make: \"Patient\"\n  rules:\n  - {id: r1, to: gender, from: PID-8}\n  - {id: r2, to: gender, from: PID-8}\n  - {id: r3, to: \"contact[a].gender\", each: PID-3, from: PID-48}\n  - {id: r4, to: \"link[a].other.display\", from: PID-5}\n  - {id: r5, to: birthDate, each: PID-3, from: PID-7}\n- {id: c, make: Coverage, rules: [{id: r6, to: status, value: active}]}\n")},
		"t.csv": {Data: []byte("a,b\n")}}
	f, err := Load(dir, "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range Check(f, []Flow{{Data: "demographics", Direction: "in"}, {Data: "insurance", Ours: true, Direction: "both"}}) {
		got = append(got, fmt.Sprintf("%s %s", x.Code, x.ID))
	}
	list := strings.Join(got, ", ")
	for _, want := range []string{"duplicate r2", "unknown-source r3", "required b", "overwritten r5", "unused-table ", "scope b", "required c"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is missing in %s", want, list)
		}
	}
	if strings.Contains(list, "scope c") {
		t.Error("insurance is ours and goes both ways")
	}
}

// A whole that is written after parts of it replaces them; before them, of another item, in another loop or under a condition
// it does not.
func TestCheckOfWholesAndParts(t *testing.T) {
	fhirEnd, hl7End := `{kind: fhir, root: Bundle}`, `{kind: hl7v2, version: "2.5.1"}`
	for _, c := range []struct {
		target, make, rules string
		want                string // the rule that is warned of
	}{
		{fhirEnd, "Patient", `{id: a, to: "identifier[ssn].value", from: PID-19}, {id: b, to: "identifier[ssn]", from: PID-3}`, "b"},
		{fhirEnd, "Patient", `{id: b, to: "identifier[ssn]", from: PID-3}, {id: a, to: "identifier[ssn].value", from: PID-19}`, ""},
		{fhirEnd, "Patient", `{id: a, to: "identifier[ssn].value", from: PID-19}, {id: b, to: "identifier[mr]", from: PID-3}`, ""},
		{fhirEnd, "Patient", `{id: a, to: "identifier[ssn].value", from: PID-19}, {id: b, to: "identifier[ssn]", from: PID-3, when: "PID-3 VALUED"}`, ""},
		{fhirEnd, "Patient", `{id: a, to: "name[].use", each: PID-5, value: official}, {id: b, to: "name[]", each: PID-5, from: PID-5}`, "b"},
		{fhirEnd, "Patient", `{id: a, to: "name[].use", each: PID-9, value: nickname}, {id: b, to: "name[]", each: PID-5, from: PID-5}`, ""},
		{fhirEnd, "Patient", `{id: a, to: maritalStatus.text, from: PID-16.2}, {id: b, to: maritalStatus, from: PID-16}`, "b"},
		{hl7End, "PID", `{id: a, to: PID-5.1, from: PID-5.1}, {id: b, to: PID-5, from: PID-5}`, "b"},
		{hl7End, "PID", `{id: a, to: PID-5.1.2, from: PID-5.1}, {id: b, to: PID-5.1, from: PID-5}`, "b"},
		{hl7End, "PID", `{id: b, to: PID-5, from: PID-5}, {id: a, to: PID-5.1, from: PID-5.1}`, ""},
		{hl7End, "PID", `{id: a, to: "PID-3[2].1", from: PID-3.1}, {id: b, to: PID-3, from: PID-3}`, ""},
	} {
		text := "map: 1\nsource: {kind: hl7v2, version: \"2.5.1\"}\ntarget: " + c.target + "\nblocks:\n- {id: x, make: " + c.make + ", rules: [" + c.rules + "]}\n"
		f, err := Load(fstest.MapFS{"m.yaml": {Data: []byte(text)}}, "m.yaml")
		if err != nil {
			t.Fatalf("%s: %v", c.rules, err)
		}
		got := ""
		for _, x := range Check(f, nil) {
			switch x.Code {
			case CodeParts:
				got += x.ID
			case CodeBroken:
				t.Errorf("%s: %s", c.rules, x.Text)
			}
		}
		if got != c.want {
			t.Errorf("%s: warned of %q, not %q", c.rules, got, c.want)
		}
	}
}

func TestTrace(t *testing.T) {
	e := build(t, `{kind: "json"}`, "blocks:\n- {id: b, make: \".\", rules: [{id: r, to: \"n[]\", each: PID-5, from: PID-5.1, do: [upper, {left: \"2\"}], when: \"PID-5.7 EQUALS \\\"M\\\"\"}, {id: s, to: d, from: PID-7, do: [datetime, number]}]}\n")
	_, list, err := e.Trace(context.Background(), []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("%d traces", len(list))
	}
	if list[0].Condition != Failed || list[0].Fired() || list[1].Condition != Held || list[1].Repetition != 2 {
		t.Errorf("%+v", list[:2])
	}
	in := list[1].Inputs[0].Values[0]
	if in.Text != "Obi" || sample[in.Offset:in.Offset+in.Length] != "Obi" || fmt.Sprint(list[1].Steps) != "[{upper [OBI]} {left(\"2\") [OB]}]" || list[1].Output[0] != "OB" {
		t.Errorf("%+v", list[1])
	}
	if len(list[2].Warnings) != 1 || list[2].Fired() {
		t.Errorf("%+v", list[2])
	}
}

func TestCoverage(t *testing.T) {
	e := build(t, `{kind: "fhir", root: "Bundle"}`, `
blocks:
- id: p
  make: "Patient"
  per: "PID"
  rules:
  - {id: r1, to: "name[]", each: "PID-5", from: "PID-5"}
  - {id: r2, to: "gender", from: "PID-8", when: "PID-8 EQUALS \"X\""}
- {id: c, make: "Coverage", per: "IN1", rules: [{id: r3, to: "status", value: "active"}, {id: r4, to: "beneficiary.display", from: "IN1-49"}]}
unmapped:
- {path: "ZPD", reason: "of the partner's own"}
`)
	c := NewCoverage(e)
	if err := c.Add(context.Background(), Record{Bytes: []byte(sample)}); err != nil {
		t.Fatal(err)
	}
	r := c.Report()
	paths := map[string]SourceField{}
	for _, f := range r.Unmapped {
		paths[f.Path] = f
	}
	if _, ok := paths["PID-5.1"]; ok {
		t.Error("PID-5.1 is mapped")
	}
	if f := paths["IN1-4"]; f.Values != 2 || f.Samples != 1 || f.Distinct != 2 || f.Name == "" {
		t.Errorf("IN1-4: %+v", f)
	}
	if len(r.LeftOut) != 2 {
		t.Errorf("left out: %+v", r.LeftOut)
	}
	if len(r.Required) != 2 || r.Required[0] != (RequiredTarget{"Coverage.beneficiary", "c", true, 2, 2}) || r.Required[1].HasRule {
		t.Errorf("required: %+v", r.Required)
	}
	if len(r.NeverFired) != 2 || r.Share() <= 0 || r.Share() >= 1 {
		t.Errorf("never fired: %+v, share %f", r.NeverFired, r.Share())
	}
}

// TestFormat: what was read is written with its comments, and writing again changes nothing.
func TestFormat(t *testing.T) {
	const text = `# about the file

map: 1
id: "m" # short
source: {kind: "hl7v2"}
target: {kind: "json"}
# tables follow
tables:
  # codes of sex
  sex: {file: "sex.csv"}
blocks:
  # the patient
  - id: "b"
    make: "."
    rules:
      # the name
      - id: "r"
        to: "a" # where
        from: "PID-5.1"
        do: ["trim", {pad: ["3", "0"]}, {lookup: "sex"}]
`
	f, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Format(f)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}

// FuzzParse: no text makes the reader, the compiler or the writer fail, and what is written reads as the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte("map: 1\nsource: {kind: \"hl7v2\"}\ntarget: {kind: \"json\"}\nblocks:\n- {id: b, make: \".\", when: 'IF PID-8 VALUED', rules: [{id: r, to: \"a[].b[x]\", each: PID-5, from: [PID-5.1, .2], do: [trim, {left: \"2\"}], when: \"(PID-8 IN (\\\"a\\\")) OR NOT VALUED\"}]}\n"))
	f.Add([]byte("map: 1 # c\nsource: {kind: \"fhir\"}\ntarget: {kind: \"hl7v2\", keep: true}\ntables: {a: {file: b, missing: {use: \"x\"}}}\nblocks: [{id: b, make: PID, rules: [{id: r, to: 'PID-5[].1', inputs: {a: b.c}, formula: \"a+'x'\"}]}]\nunmapped: [{path: a, reason: b}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		Check(m, nil)
		if e, err := Compile(m); err == nil {
			e.Run(context.Background(), []byte(sample))
		}
		text, err := Format(m)
		if err != nil {
			return
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, text)
		}
		if second, err := Format(again); err != nil || !bytes.Equal(text, second) {
			t.Fatalf("written twice, it differs: %v\n%s\n%s", err, text, second)
		}
	})
}

// FuzzRun: no message makes a mapping fail.
func FuzzRun(f *testing.F) {
	e := build(f, `{kind: "fhir", root: "Bundle"}`, `
blocks:
- id: p
  make: "Patient"
  per: "PID"
  key: ["PID-3.1"]
  rules:
  - {id: r1, to: "name[]", each: "PID-5", from: "PID-5", do: [human_name]}
  - {id: r2, to: "identifier[]", each: "PID-3", from: "PID-3"}
  - {id: r3, to: "telecom[]", each: "PID-13", from: "PID-13"}
  - {id: r4, to: "address[]", each: "PID-11", from: "PID-11"}
  - {id: r5, to: "birthDate", from: "PID-7"}
- {id: o, make: "Observation", per: "OBX", rules: [{id: o1, to: "value[x]", from: "OBX-5", do: [observation_value]}, {id: o2, to: code, from: OBX-3}, {id: o3, to: subject, do: [{reference: p}, first]}, {id: o4, to: "note[].text", from: "NTE[*]-3[*]"}]}
`)
	f.Add([]byte(sample))
	f.Add([]byte("MSH|^~\\&|||||||ORU^R01|1|P|2.5\rPID|1\rOBR|1\rOBX|1|SN|a^b^LN||<^5^-^6|mg&x^y^UCUM\rNTE|1||a~b\rOBX|2|DT|c||20260230\rOBX|3|TM|c||1230\r"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := e.Run(context.Background(), b)
		if err != nil {
			return
		}
		first, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if second, err := e.Run(context.Background(), b); err != nil {
			t.Fatal(err)
		} else if text, _ := second.Bytes(); !bytes.Equal(first, text) {
			t.Fatal("the same message gives another result")
		}
	})
}
