package validate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strings"
	"testing"

	"trestle/internal/fhir"
)

// errorsOf lists code and path of the findings of at least a severity.
func errorsOf(list []Finding, least Severity) string {
	var parts []string
	for _, f := range list {
		if f.Severity >= least {
			parts = append(parts, f.Code+" "+f.Path)
		}
	}
	return strings.Join(parts, "; ")
}

func TestRules(t *testing.T) {
	patient := func(members string) string { return `{"resourceType":"Patient",` + members + `}` }
	for text, want := range map[string]string{
		patient(`"active":true`):                                "",
		`{"a":1}`:                                               "no-resource ",
		`[]`:                                                    "no-resource ",
		`{"resourceType":"Alien"}`:                              "no-resource Alien",
		`{"resourceType":"Resource"}`:                           "no-resource Resource",
		`{"resourceType":"Patient"`:                             "syntax ",
		`<Patient xmlns="http://hl7.org/fhir">`:                 "syntax ",
		`<Patient/>`:                                            "syntax ",
		patient(`"active":true,`):                               "json-form Patient",
		patient(`"nick":"x"`):                                   "unknown-element Patient.nick",
		patient(`"_name":[{"id":"x"}]`):                         "unknown-element Patient._name",
		patient(`"active":true,"active":true`):                  "duplicate-name Patient.active",
		patient(`"active":[true]`):                              "list Patient.active",
		patient(`"name":{"family":"x"}`):                        "list Patient.name",
		patient(`"name":[]`):                                    "list Patient.name",
		patient(`"name":[{}]`):                                  "empty Patient.name[0]",
		patient(`"name":[{"given":[null]}]`):                    "empty Patient.name[0].given[0]",
		patient(`"name":null`):                                  "empty Patient.name",
		patient(`"name":[{"given":["a","b"],"_given":[null]}]`): "list Patient.name[0].given",
		patient(`"name":[{"given":[null],"_given":[{"id":"x","extension":[{"url":"http://example.org/x","valueCode":"y"}]}]}]`): "",
		patient(`"active":"true"`):                                              "type Patient.active",
		patient(`"gender":"male","birthDate":1974`):                             "type Patient.birthDate",
		patient(`"name":["x"]`):                                                 "type Patient.name[0]",
		patient(`"birthDate":{"x":1}`):                                          "type Patient.birthDate",
		patient(`"birthDate":"1974-13"`):                                        "value Patient.birthDate",
		patient(`"birthDate":"1974-02-30"`):                                     "value Patient.birthDate",
		patient(`"birthDate":""`):                                               "value Patient.birthDate",
		patient(`"_birthDate":{"id":"x"}`):                                      "empty Patient.birthDate",
		patient(`"_birthDate":"x"`):                                             "type Patient.birthDate",
		patient(`"deceasedDateTime":"2026-01-31T14:30:00"`):                     "value Patient.deceased",
		patient(`"deceasedDateTime":"2026-01-31T14:30:00Z"`):                    "",
		patient(`"deceasedDateTime":"2026-01-31T25:30:00Z"`):                    "value Patient.deceased",
		patient(`"deceasedBoolean":true,"deceasedDateTime":"2026"`):             "too-many Patient",
		patient(`"multipleBirthInteger":3000000000`):                            "value Patient.multipleBirth",
		patient(`"multipleBirthInteger":1.5`):                                   "value Patient.multipleBirth",
		patient(`"id":"a b"`):                                                   "value Patient.id",
		patient(`"gender":"m"`):                                                 "binding Patient.gender",
		patient(`"photo":[{"contentType":"image/png","data":"%%"}]`):            "value Patient.photo[0].data",
		patient(`"photo":[{"contentType":"image/png","data":"AAAA","size":4}]`): "value Patient.photo[0].size",
		patient(`"telecom":[{"value":"555-0100"}]`):                             "invariant Patient.telecom[0]",
		patient(`"contact":[{"gender":"male"}]`):                                "invariant Patient.contact[0]",
		patient(`"link":[{"type":"seealso"}]`):                                  "missing Patient.link[0]",
		patient(`"managingOrganization":{"reference":"Patient/1"}`):             "reference Patient.managingOrganization",
		patient(`"managingOrganization":{"reference":"Alien/1"}`):               "reference Patient.managingOrganization",
		patient(`"managingOrganization":{"reference":"#o"},"contained":[{"resourceType":"Organization","id":"o","name":"x"}]`):                             "",
		patient(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}`):                                               "",
		patient(`"text":{"status":"generated","div":"<div>x</div>"}`):                                                                                      "narrative Patient.text.div",
		patient(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"> </div>"}`):                                               "narrative Patient.text.div",
		patient(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" onclick=\"x\">x</div>"}`):                                 "narrative Patient.text.div",
		patient(`"text":{"status":"generated","div":"<div"}`):                                                                                              "narrative Patient.text.div",
		patient(`"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"x"}]`):                             "",
		patient(`"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueCode":"x"}]`):                               "extension Patient.extension[0].value",
		patient(`"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-nationality","extension":[{"url":"x","valueCode":"y"}]}]`):           "extension Patient.extension[0].extension",
		patient(`"name":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"x"}]}]`):                  "extension Patient.name[0].extension[0]",
		patient(`"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1974-12-25T14:35:45Z"}]}`): "",
		patient(`"contained":[{"resourceType":"Organization","id":"o","name":"x"}]`):                                                                       "invariant Patient",
		patient(`"contained":[{"id":"x"}]`): "invariant Patient; no-resource Patient.contained[0]",
		`{"resourceType":"Condition","subject":{"display":"x"},"onsetAge":{"value":-1,"code":"a","system":"http://unitsofmeasure.org"}}`:               "invariant Condition.onset",
		`{"resourceType":"Bundle","type":"collection","link":[{"relation":"self","url":"http://a"},{"relation":"self","url":"http://b"}]}`:             "bundle Bundle.link[1]",
		`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"Patient/1","resource":{"resourceType":"Patient","id":"1"}}]}`:               "bundle Bundle.entry[0].fullUrl",
		`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://a.test/Patient/2","resource":{"resourceType":"Patient","id":"1"}}]}`: "bundle Bundle.entry[0].fullUrl",
		`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"}}]}`:                       "bundle Bundle.entry[0].fullUrl",
		`<Patient xmlns="http://hl7.org/fhir">text<active value="true"/></Patient>`:                                                                    "unknown-element Patient",
		`<Patient xmlns="http://hl7.org/fhir"><active value="true" odd="1"/></Patient>`:                                                                "unknown-element Patient.active",
		`<Patient xmlns="http://hl7.org/fhir"><active value="true"/><active value="true"/></Patient>`:                                                  "too-many Patient",
	} {
		if got := errorsOf(Bytes(t.Context(), []byte(text), Options{}), Error); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	text := `{"resourceType":"Patient", "gender" : "m"}`
	list := Bytes(t.Context(), []byte(text), Options{})
	if len(list) == 0 {
		t.Fatal("nothing found")
	}
	if f := list[0]; text[f.Offset:f.Offset+f.Length] != `"m"` {
		t.Errorf("the finding is at %+v", f)
	}
}

func TestNotChecked(t *testing.T) {
	text := `{"resourceType":"Patient","meta":{"profile":["http://example.org/p"]},"extension":[{"url":"http://example.org/x","valueCode":"y"}],"communication":[{"language":{"text":"x"}}]}`
	list := Bytes(t.Context(), []byte(text), Options{})
	if !Valid(list) {
		t.Errorf("errors: %v", list)
	}
	if got := strings.Count(errorsOf(list, Information), CodeNotChecked); got != 2 {
		t.Errorf("%d things are not checked: %v", got, list)
	}
}

func TestComments(t *testing.T) {
	text := []byte(`{/* c */"resourceType":"Patient","active":true}`)
	if Valid(Bytes(t.Context(), text, Options{})) || !Valid(Bytes(t.Context(), text, Options{AllowComments: true})) {
		t.Error("comments in JSON are not what the option says")
	}
}

func TestLimit(t *testing.T) {
	text := `{"resourceType":"Patient",` + strings.Repeat(`"x":1,`, 100) + `"active":true}`
	list := Bytes(t.Context(), []byte(text), Options{Limit: 10})
	if len(list) != 21 || list[20].Code != CodeTooManyFound || list[20].Severity != Error {
		t.Errorf("%d findings, the last is %+v", len(list), list[len(list)-1])
	}
}

// pack makes a package of one StructureDefinition.
func pack(t *testing.T, text string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "package/p.json", Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestProfile(t *testing.T) {
	const profile = `{"resourceType":"StructureDefinition","url":"http://example.org/p","type":"Patient","kind":"resource","derivation":"constraint",
		"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","snapshot":{"element":[
		{"id":"Patient","path":"Patient","min":0,"max":"*","constraint":[{"key":"p-1","severity":"error","human":"active is needed","expression":"active.exists()"}]},
		{"id":"Patient.id","path":"Patient.id","min":0,"max":"1","type":[{"code":"http://hl7.org/fhirpath/System.String"}]},
		{"id":"Patient.meta","path":"Patient.meta","min":0,"max":"1","type":[{"code":"Meta"}]},
		{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"%s"},"min":0,"max":"*","type":[{"code":"Identifier"}]},
		{"id":"Patient.identifier:mrn","path":"Patient.identifier","sliceName":"mrn","min":1,"max":"1","base":{"max":"*"},"type":[{"code":"Identifier"}]},
		{"id":"Patient.identifier:mrn.system","path":"Patient.identifier.system","min":1,"max":"1","type":[{"code":"uri"}],"fixedUri":"urn:oid:1"},
		{"id":"Patient.identifier:mrn.value","path":"Patient.identifier.value","min":1,"max":"1","type":[{"code":"string"}]},
		{"id":"Patient.active","path":"Patient.active","min":0,"max":"1","type":[{"code":"boolean"}]},
		{"id":"Patient.maritalStatus","path":"Patient.maritalStatus","min":0,"max":"1","type":[{"code":"CodeableConcept"}],"patternCodeableConcept":{"coding":[{"code":"M"}]}},
		{"id":"Patient.birthDate","path":"Patient.birthDate","min":1,"max":"1","type":[{"code":"date"}]}]}}`
	for _, c := range []struct{ rules, members, want string }{
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1","value":"9"}]`, ""},
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1","value":"9"},{"system":"urn:oid:2"}]`, ""},
		{"closed", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1","value":"9"},{"system":"urn:oid:2"}]`, "profile Patient.identifier[1]"},
		{"open", `"birthDate":"2000","active":true`, "profile Patient"},
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:2"}]`, "profile Patient"},
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1"}]`, "missing Patient.identifier[0]"},
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1","value":"1"},{"system":"urn:oid:1","value":"2"}]`, "profile Patient"},
		{"open", `"active":true,"identifier":[{"system":"urn:oid:1","value":"9"}]`, "missing Patient"},
		{"open", `"birthDate":"2000","identifier":[{"system":"urn:oid:1","value":"9"}]`, "invariant Patient"},
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1","value":"9"}],"maritalStatus":{"coding":[{"code":"M","system":"urn:x"}]}`, ""},
		{"open", `"birthDate":"2000","active":true,"identifier":[{"system":"urn:oid:1","value":"9"}],"maritalStatus":{"coding":[{"code":"S"}]}`, "fixed Patient.maritalStatus"},
	} {
		d, err := fhir.R4().With(pack(t, fmt.Sprintf(profile, c.rules)))
		if err != nil {
			t.Fatal(err)
		}
		text := `{"resourceType":"Patient",` + c.members + `}`
		list := Bytes(context.Background(), []byte(text), Options{Definitions: d, Profiles: []string{"http://example.org/p"}})
		if got := errorsOf(list, Error); got != c.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.rules, c.members, got, c.want)
		}
		claimed := `{"resourceType":"Patient","meta":{"profile":["http://example.org/p|1"]},` + c.members + `}`
		if got := errorsOf(Bytes(t.Context(), []byte(claimed), Options{Definitions: d}), Error); got != c.want {
			t.Errorf("claimed, %s:\ngot  %s\nwant %s", c.members, got, c.want)
		}
	}
}

// TestDiscriminators slices by other means than a fixed value.
func TestDiscriminators(t *testing.T) {
	const profile = `{"resourceType":"StructureDefinition","url":"http://example.org/d","type":"Patient","kind":"resource","derivation":"constraint",
		"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","snapshot":{"element":[
		{"id":"Patient","path":"Patient","min":0,"max":"*"},
		{"id":"Patient.extension","path":"Patient.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"},"min":0,"max":"*","type":[{"code":"Extension"}]},
		{"id":"Patient.extension:maiden","path":"Patient.extension","sliceName":"maiden","min":1,"max":"1","base":{"max":"*"},"type":[{"code":"Extension","profile":["http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"]}]},
		{"id":"Patient.telecom","path":"Patient.telecom","slicing":{"discriminator":[{"type":"exists","path":"rank"}],"rules":"open"},"min":0,"max":"*","type":[{"code":"ContactPoint"}]},
		{"id":"Patient.telecom:first","path":"Patient.telecom","sliceName":"first","min":1,"max":"1","base":{"max":"*"},"type":[{"code":"ContactPoint"}]},
		{"id":"Patient.telecom:first.system","path":"Patient.telecom.system","min":1,"max":"1","type":[{"code":"code"}]},
		{"id":"Patient.telecom:first.value","path":"Patient.telecom.value","min":1,"max":"1","type":[{"code":"string"}]},
		{"id":"Patient.telecom:first.rank","path":"Patient.telecom.rank","min":1,"max":"1","type":[{"code":"positiveInt"}]},
		{"id":"Patient.deceased[x]","path":"Patient.deceased[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"},"min":0,"max":"1","type":[{"code":"boolean"},{"code":"dateTime"}]},
		{"id":"Patient.deceased[x]:deceasedBoolean","path":"Patient.deceased[x]","sliceName":"deceasedBoolean","min":0,"max":"1","type":[{"code":"boolean"}]},
		{"id":"Patient.maritalStatus","path":"Patient.maritalStatus","min":0,"max":"1","type":[{"code":"CodeableConcept"}]},
		{"id":"Patient.maritalStatus.coding","path":"Patient.maritalStatus.coding","slicing":{"discriminator":[{"type":"pattern","path":"$this"}],"rules":"open"},"min":0,"max":"*","type":[{"code":"Coding"}]},
		{"id":"Patient.maritalStatus.coding:m","path":"Patient.maritalStatus.coding","sliceName":"m","min":1,"max":"1","base":{"max":"*"},"type":[{"code":"Coding"}],"patternCoding":{"code":"M"}},
		{"id":"Patient.communication","path":"Patient.communication","slicing":{"discriminator":[{"type":"value","path":"language"}],"rules":"open"},"min":0,"max":"*","type":[{"code":"BackboneElement"}]},
		{"id":"Patient.communication.language","path":"Patient.communication.language","min":1,"max":"1","type":[{"code":"CodeableConcept"}]},
		{"id":"Patient.communication:en","path":"Patient.communication","sliceName":"en","min":0,"max":"1","base":{"max":"*"},"type":[{"code":"BackboneElement"}]},
		{"id":"Patient.communication:en.language","path":"Patient.communication.language","min":1,"max":"1","type":[{"code":"CodeableConcept"}]},
		{"id":"Patient.communication:en.language.text","path":"Patient.communication.language.text","min":1,"max":"1","type":[{"code":"string"}],"fixedString":"en"},
		{"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","slicing":{"discriminator":[{"type":"profile","path":"resolve()"}],"rules":"open"},"min":0,"max":"*","type":[{"code":"Reference"}]},
		{"id":"Patient.generalPractitioner:one","path":"Patient.generalPractitioner","sliceName":"one","min":0,"max":"1","base":{"max":"*"},"type":[{"code":"Reference"}]},
		{"id":"Patient.gender","path":"Patient.gender","min":0,"max":"1","type":[{"code":"code"}]}]}}`
	d, err := fhir.R4().With(pack(t, profile))
	if err != nil {
		t.Fatal(err)
	}
	const fine = `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"x"}],"telecom":[{"system":"phone","value":"555-0100","rank":1}]`
	for members, want := range map[string]string{
		fine: "",
		`"telecom":[{"system":"phone","value":"555-0100","rank":1}]`:                      "profile Patient",
		strings.Replace(fine, `,"rank":1`, "", 1):                                         "profile Patient",
		fine + `,"deceasedBoolean":true`:                                                  "",
		fine + `,"deceasedDateTime":"2026"`:                                               "profile Patient.deceased",
		fine + `,"maritalStatus":{"coding":[{"system":"urn:x","code":"M"}]}`:              "",
		fine + `,"maritalStatus":{"coding":[{"system":"urn:x","code":"S"}]}`:              "profile Patient.maritalStatus",
		fine + `,"communication":[{"language":{"text":"en"}},{"language":{"text":"de"}}]`: "",
		fine + `,"communication":[{"language":{"text":"en"}},{"language":{"text":"en"}}]`: "profile Patient",
		fine + `,"generalPractitioner":[{"reference":"Practitioner/1"}]`:                  "",
	} {
		n, err := fhir.ParseJSON([]byte(`{"resourceType":"Patient",` + members + `}`))
		if err != nil {
			t.Fatal(err)
		}
		list := Tree(t.Context(), n, Options{Definitions: d, Profiles: []string{"http://example.org/d"}})
		if got := errorsOf(list, Error); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", members, got, want)
		}
		if said := strings.Contains(errorsOf(list, Information), CodeNotChecked); said != strings.Contains(members, "generalPractitioner") {
			t.Errorf("%s: what is not checked is said: %t", members, said)
		}
	}
}

func FuzzBytes(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"given":[null,"x"],"_given":[{"id":"1"}]}],"contained":[{"resourceType":"Bundle","entry":[{}]}]}`))
	f.Add([]byte(`<Bundle xmlns="http://hl7.org/fhir"><type value="document"/><entry><resource><Composition/></resource></entry></Bundle>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, finding := range Bytes(t.Context(), data, Options{Limit: 5}) {
			if finding.Offset < 0 || finding.Offset+finding.Length > len(data) {
				t.Fatalf("a finding outside of the text: %+v", finding)
			}
		}
	})
}

func ExampleBytes() {
	text := []byte(`{"resourceType":"Patient","gender":"m","nick":"Bob"}`)
	for _, f := range Bytes(context.Background(), text, Options{}) {
		fmt.Println(f.Severity, f.Path+":", f.Text)
	}
	// Output:
	// error Patient.gender: the code is not in the set administrative-gender, which is required here
	// error Patient.nick: FHIR 4.0.1 defines no element nick in Patient
}
