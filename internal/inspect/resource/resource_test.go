package resource

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/fhir"
)

// Invented people.
const patient = `{"resourceType":"Patient","id":"p1","identifier":[{"system":"urn:oid:1.2.3","value":"C10442"},
{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"88121"}],
"name":[{"use":"official","family":"Marlow","given":["Jane","Q"],"_given":[null,{"id":"middle"}]}],
"gender":"female","birthDate":"1979-02-28","_birthDate":{"extension":[{"url":"http://example.org/t","valueString":"noon"}]},
"maritalStatus":{"coding":[{"code":"M"}]},"contained":[{"resourceType":"Organization","id":"o1","name":"Lakeside"}],
"managingOrganization":{"reference":"#o1"}}`

const bundle = `{"resourceType":"Bundle","type":"collection","timestamp":"2026-03-02T10:14:00+01:00","entry":[
{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":` + patient + `},
{"fullUrl":"http://example.org/fhir/Observation/o","resource":{"resourceType":"Observation","id":"o","status":"final",
"code":{"text":"Weight"},"subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"},"performer":[{"reference":"Practitioner/77"}],
"hasMember":[{"reference":"Observation/o"}],"effectiveDateTime":"2026-03-01"}}]}`

// xmlOf is a resource in XML.
func xmlOf(t *testing.T, text string) []byte {
	t.Helper()
	d := Read([]byte(text))
	b, err := d.Definitions.AppendXML(nil, d.Tree, " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestElementsHaveTheirDefinitions(t *testing.T) {
	for _, data := range [][]byte{[]byte(bundle), xmlOf(t, bundle)} {
		d := Read(data)
		for _, c := range []struct{ path, typ, cardinality, short string }{
			{"Bundle.entry", "BackboneElement", "0..*", "Entry in the bundle - will have a resource or information"},
			{"Bundle.entry[1].resource", "Observation", "0..1", "A resource in the bundle"},
			{"Bundle.entry[0].resource.name[0].given[1]", "string", "0..*", "Given names (not always 'first'). Includes middle names"},
			{"Bundle.entry[0].resource.contained[0].name", "string", "0..1", "Name used for the organization"},
			{"Bundle.entry[1].resource.effectiveDateTime", "dateTime", "0..1", "Clinically relevant time/time-period for observation"},
		} {
			e, ok := d.Find(c.path)
			if !ok || e.Path() != c.path || e.Type != c.typ || e.Cardinality() != c.cardinality || e.Def.Short != c.short {
				t.Errorf("%s: %v %q %q %s %+v", c.path, ok, e.Path(), e.Type, e.Cardinality(), e.Def)
				continue
			}
			if at, ok := d.At(e.Node.Off); !ok || !strings.HasPrefix(at.Path(), c.path) {
				t.Errorf("%s lies at %d, where %q stands", c.path, e.Node.Off, at.Path())
			}
		}
		if e, ok := d.Find("Bundle.entry[0].resource.nick"); ok {
			t.Errorf("found %q", e.Path())
		}
		if _, ok := d.Find("Bundle.entry[7].resource"); ok {
			t.Error("found an entry that is not there")
		}
	}
}

// Every byte of the text leads to an element whose path leads back to it.
func TestEveryByteHasItsPlace(t *testing.T) {
	for _, data := range [][]byte{[]byte(bundle), xmlOf(t, bundle)} {
		d := Read(data)
		for at := d.Tree.Off; at < d.Tree.End; at++ {
			e, ok := d.At(at)
			if !ok {
				t.Fatalf("byte %d is nowhere", at)
			}
			if strings.Contains(e.Path(), "extension") || strings.HasSuffix(e.Path(), ".id") || e.Node.Kind == fhir.Null {
				continue // below _birthDate or _given: the path does not say that
			}
			back, ok := d.Find(e.Path())
			if !ok || back.Node != e.Node && back.More == nil {
				t.Fatalf("byte %d: %q leads to %q", at, e.Path(), back.Path())
			}
		}
	}
}

func TestChildrenPairValueAndExtension(t *testing.T) {
	d := Read([]byte(patient))
	e, ok := d.Find("Patient.birthDate")
	if !ok || e.More == nil || !e.HasChildren() {
		t.Fatalf("%v %+v", ok, e)
	}
	below := d.Children(e)
	if len(below) != 1 || below[0].Name != "extension" || below[0].Type != "Extension" {
		t.Fatalf("%+v", below)
	}
	for _, c := range d.Children(d.Root()) {
		if strings.HasPrefix(c.Name, "_") {
			t.Errorf("%s is an element of its own", c.Name)
		}
	}
}

func TestFactsOfResources(t *testing.T) {
	f := Read([]byte(patient)).Facts()
	if f.Type != "Patient" || f.ID != "p1" || f.Patient != "88121" || f.Name != "Marlow, Jane Q" {
		t.Errorf("%+v", f)
	}
	if b := Read([]byte(bundle)).Facts(); b.Kind != "collection" || b.Count != 2 || b.Patient != "88121" || b.Time != "2026-03-02T10:14:00+01:00" {
		t.Errorf("%+v", b)
	}
	o := Read([]byte(`{"resourceType":"Observation","subject":{"reference":"Patient/9","display":"Ash, Kim"},"code":{"coding":[{"display":"Weight"}]}}`))
	if f := o.Facts(); f.Patient != "Patient/9" || f.Name != "Ash, Kim" || Title(o.Tree) != "Weight" {
		t.Errorf("%+v %q", f, Title(o.Tree))
	}
	if f := Read([]byte("no resource")).Facts(); f != (Facts{}) {
		t.Errorf("%+v", f)
	}
}

func TestReferencesLeadToTheirTarget(t *testing.T) {
	d := Read([]byte(bundle))
	from := strings.Index(bundle, `"code":{"text":"Weight"}`)
	for _, c := range []struct{ reference, typ, id string }{
		{"urn:uuid:00000000-0000-4000-8000-000000000001", "Patient", "p1"},
		{"Patient/p1", "Patient", "p1"},
		{"Observation/o", "Observation", "o"},
		{"http://example.org/fhir/Observation/o/_history/3", "Observation", "o"},
	} {
		target, ok := d.Follow(c.reference, from)
		if !ok || target.Node.ResourceType() != c.typ || target.Node.Find("id").String() != c.id {
			t.Errorf("%s: %v %+v", c.reference, ok, target)
		}
	}
	if target, ok := d.Follow("#o1", strings.Index(bundle, "Lakeside")); !ok || target.Node.Find("name").String() != "Lakeside" {
		t.Errorf("contained: %v %+v", ok, target)
	}
	if target, ok := d.Follow("Practitioner/77", from); !ok || target.Node != nil || target.Type != "Practitioner" || target.ID != "77" {
		t.Errorf("elsewhere: %v %+v", ok, target)
	}
	for _, nowhere := range []string{"", "#no", "urn:uuid:1", "Nothing/1", "x"} {
		if target, ok := d.Follow(nowhere, from); ok {
			t.Errorf("%q leads to %+v", nowhere, target)
		}
	}
}

// Nothing of a person stays readable, in JSON and in XML, whole and broken; the structure does.
func TestMaskHidesThePerson(t *testing.T) {
	secrets := []string{"Marlow", "Jane", "88121", "C10442", "1979", "noon", "Lakeside", "Weight", "Jones", "2026"}
	odd := strings.Replace(bundle, `"gender":"female"`, `"gender":"Jane","Jones":"x","active":true`, 1)
	for name, data := range map[string][]byte{
		"JSON": []byte(bundle), "XML": xmlOf(t, bundle), "broken": []byte(bundle[:400]), "odd": []byte(odd), "odd XML": xmlOf(t, odd),
		"loose":   []byte("{\"resourceType\":\"Patient\",/* Jane Marlow */ 'gender':'female',}"),
		"comment": bytes.Replace(xmlOf(t, bundle), []byte("<gender"), []byte("<!-- Jane Marlow --><gender"), 1), "text": []byte("Jane Marlow"),
		"narrative": []byte(`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Jane Marlow</div>"}}`),
	} {
		d := Read(data)
		shown := bytes.Clone(data)
		at := 0
		for _, h := range d.Hidden() {
			if h[0] < at || h[1] <= h[0] || h[1] > len(data) {
				t.Fatalf("%s: %v after %d", name, h, at)
			}
			at = h[1]
			for i := h[0]; i < h[1]; i++ {
				shown[i] = '*'
			}
		}
		for _, secret := range secrets {
			if bytes.Contains(shown, []byte(secret)) {
				t.Errorf("%s shows %q", name, secret)
			}
		}
		if name == "JSON" || name == "XML" {
			for _, word := range []string{"birthDate", "female", "final", "collection", "managingOrganization"} {
				if !bytes.Contains(shown, []byte(word)) {
					t.Errorf("%s hides %q", name, word)
				}
			}
		}
	}
}

func TestFindingsHaveTheirPlace(t *testing.T) {
	odd := strings.Replace(patient, `"female"`, `"F"`, 1)
	for _, f := range Read([]byte(odd)).Findings(context.Background()) {
		if f.Code == "binding" {
			if f.Path != "Patient.gender" || odd[f.Offset:f.Offset+f.Length] != `"F"` || f.Severity != check.Error {
				t.Errorf("%+v", f)
			}
			return
		}
	}
	t.Error("no finding says that F is no code")
}

func TestWhatCannotBeReadSaysWhy(t *testing.T) {
	d := Read([]byte(`{"resourceType":"Patient",`))
	if d.Tree != nil || d.Problem == nil || d.Type() != "" {
		t.Fatalf("%+v", d)
	}
	found := d.Findings(context.Background())
	if len(found) == 0 {
		t.Fatal("nothing is said")
	}
	if _, ok := d.At(3); ok || d.Chain(3) != nil || len(d.Children(d.Root())) > 0 {
		t.Error("there is an element")
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(patient), 40)
	f.Add([]byte(bundle), 900)
	f.Add([]byte(`<Patient xmlns="http://hl7.org/fhir"><name id="a"><given value="J"/><given/></name></Patient>`), 50)
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":[]},3,null]}`), 5)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		d := Read(data)
		d.Facts()
		last := 0
		for _, h := range d.Hidden() {
			if h[0] < last || h[1] <= h[0] || h[1] > len(data) {
				t.Fatalf("hidden %v after %d of %d bytes", h, last, len(data))
			}
			last = h[1]
		}
		d.Chain(at)
		d.Follow("Patient/1", at)
		var walk func(e Element, depth int)
		walk = func(e Element, depth int) {
			if depth > 20 {
				return
			}
			for _, c := range d.Children(e) {
				d.Hides(&c)
				walk(c, depth+1)
			}
		}
		walk(d.Root(), 0)
	})
}

// What people type as JSON opens all the same, with its findings and their places.
func TestLooseJSONIsRead(t *testing.T) {
	text := `{"resourceType":"Patient", // as people write it
"name":[{"family":"Ash",}],"gender":'female'}`
	d := Read([]byte(text))
	if !d.Loose || d.Problem != nil {
		t.Fatalf("%+v", d)
	}
	if e, ok := d.At(strings.Index(text, "Ash")); !ok || e.Path() != "Patient.name[0].family" {
		t.Errorf("%v %q", ok, e.Path())
	}
	found := d.Findings(context.Background())
	if len(found) < 3 || found[0].Code != "json-form" {
		t.Errorf("%+v", found)
	}
}

// large is a Bundle of about n bytes.
func large(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"resource":` + patient + `}`)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// The place of a byte is found by a search among the entries, whatever their number.
func TestPlacesInALargeBundleAreFoundBySearch(t *testing.T) {
	small, big := Read(large(50<<10)), Read(large(2<<20))
	cost := func(d *Document) float64 {
		at := d.Entries()[len(d.Entries())-1].Resource.Find("birthDate").Off
		return testing.AllocsPerRun(20, func() { d.Chain(at) })
	}
	if a, b := cost(small), cost(big); b > a+2 {
		t.Errorf("%v allocations in a small bundle, %v in one forty times as large", a, b)
	}
}

func BenchmarkRead(b *testing.B) {
	data := large(50 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if d := Read(data); d.Tree == nil {
			b.Fatal(d.Problem)
		}
	}
}

func BenchmarkHidden(b *testing.B) {
	d := Read(large(50 << 20))
	b.SetBytes(int64(len(d.Bytes)))
	for b.Loop() {
		d.Hidden()
	}
}

func BenchmarkFindings(b *testing.B) {
	d := Read(large(5 << 20))
	b.SetBytes(int64(len(d.Bytes)))
	for b.Loop() {
		d.Findings(context.Background())
	}
}
