package fhir

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestEveryDefinitionReads(t *testing.T) {
	d := R4()
	if len(packedR4) > 1<<20 {
		t.Errorf("the definitions take %d bytes", len(packedR4))
	}
	for file, least := range map[string]int{fileTypes: 200, fileProfiles: 400, fileSearch: 1300, fileCodeSystems: 1000, fileValueSets: 1300, fileCompartments: 5, fileOperations: 40} {
		lines := d.file(file)
		if len(lines) < least {
			t.Errorf("%s has %d definitions", file, len(lines))
		}
		for url, l := range lines {
			if n, err := ParseJSON(l.json); err != nil || n.Find("url").String() != url {
				t.Errorf("%s in %s: %v", url, file, err)
			}
		}
	}
	for _, name := range d.Types() {
		if d.Type(name) == nil {
			t.Errorf("no type %s", name)
		}
	}
	for _, url := range d.Profiles() {
		if s := d.Structure(url); s == nil || !s.Constraint {
			t.Errorf("no profile %s", url)
		}
	}
}

func TestElements(t *testing.T) {
	d := R4()
	patient := d.Type("Patient").Root
	name, typ := patient.Child("name")
	if typ != "HumanName" || !name.List || name.Max != Unlimited || name.Min != 0 {
		t.Errorf("Patient.name is %+v, %s", name, typ)
	}
	if c, typ := patient.Child("deceasedDateTime"); c == nil || c.Name != "deceased" || !c.Choice || c.List || typ != "dateTime" {
		t.Errorf("Patient.deceased[x] is %+v, %s", c, typ)
	}
	if c, _ := patient.Child("deceased"); c != nil {
		t.Error("deceased without a type is a member")
	}
	if patient.ChildOfPath("deceased") == nil || patient.ChildOfPath("nothing") != nil {
		t.Error("FHIRPath names are not found")
	}
	gender, _ := patient.Child("gender")
	if gender.Binding.Strength != "required" || !strings.HasPrefix(gender.Binding.ValueSet, "http://hl7.org/fhir/ValueSet/administrative-gender") {
		t.Errorf("the binding of gender is %+v", gender.Binding)
	}
	contact, _ := patient.Child("contact")
	if relationship, typ := contact.Child("relationship"); relationship == nil || typ != "CodeableConcept" || len(contact.Constraints) != 1 || contact.Constraints[0].Key != "pat-1" {
		t.Errorf("Patient.contact is %+v", contact)
	}
	item, _ := d.Type("Questionnaire").Root.Child("item")
	inner, _ := item.Child("item")
	if c, _ := inner.Child("linkId"); c == nil {
		t.Error("an item within an item has no linkId")
	}
	if id, typ := patient.Child("id"); !(id != nil && typ != "") {
		t.Error("a resource has no id")
	}
	value := d.Type("code").Root.Children
	if i := slices.IndexFunc(value, func(e *ElementDefinition) bool { return e.Name == "value" }); i < 0 || value[i].Types[0].Regex == "" {
		t.Error("code has no pattern")
	}
}

func TestIsA(t *testing.T) {
	d := R4()
	for _, c := range []struct {
		name, ancestor string
		want           bool
	}{
		{"Patient", "Resource", true}, {"Patient", "Patient", true}, {"code", "string", true}, {"string", "code", false},
		{"Age", "Quantity", true}, {"Bundle", "DomainResource", false}, {"nothing", "Element", false},
	} {
		if got := d.IsA(c.name, c.ancestor); got != c.want {
			t.Errorf("%s is a %s: %t", c.name, c.ancestor, got)
		}
	}
	if !d.IsResource("Patient") || d.IsResource("HumanName") {
		t.Error("resources are not told from types")
	}
}

func TestMemberOf(t *testing.T) {
	d := R4()
	const fhirVS, adt = "http://hl7.org/fhir/ValueSet/", "http://hl7.org/fhir/administrative-gender"
	for _, c := range []struct {
		set, system, code string
		want              Membership
	}{
		{fhirVS + "administrative-gender|4.0.1", "", "male", Member},
		{fhirVS + "administrative-gender", "", "m", NotMember},
		{fhirVS + "administrative-gender", adt, "female", Member},
		{fhirVS + "administrative-gender", "http://example.org", "female", NotMember},
		{fhirVS + "body-site", "http://snomed.info/sct", "1", Unknown},
		{fhirVS + "unheard-of", "", "x", Unknown},
		{"http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", Member},
		{"http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "PAYOR", NotMember},
		{fhirVS + "marital-status", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M", Member},
	} {
		if got := d.MemberOf(c.set, c.system, c.code); got != c.want {
			t.Errorf("%s %s %s: %d, want %d", c.set, c.system, c.code, got, c.want)
		}
	}
	if got := d.CodeSystem(adt).Display("male"); got != "Male" {
		t.Errorf("male is displayed as %q", got)
	}
}

func TestSubsumes(t *testing.T) {
	acts := R4().CodeSystem("http://terminology.hl7.org/CodeSystem/v3-ActCode")
	if !acts.Subsumes("_ActEncounterCode", "AMB") || acts.Subsumes("AMB", "_ActEncounterCode") {
		t.Error("the hierarchy of codes is wrong")
	}
}

func TestSearchParameters(t *testing.T) {
	codes := map[string]*SearchParameter{}
	for _, p := range R4().SearchParameters("Patient") {
		codes[p.Code] = p
	}
	if p := codes["birthdate"]; p == nil || p.Type != "date" || !strings.Contains(p.Expression, "Patient.birthDate") {
		t.Errorf("birthdate is %+v", p)
	}
	if codes["_id"] == nil || codes["code"] != nil {
		t.Error("the parameters of all resources are missing, or others are there")
	}
}

// tgz makes a FHIR package.
func tgz(t *testing.T, files map[string]string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestPackages(t *testing.T) {
	d, err := R4().With(tgz(t, map[string]string{
		"package.json": `{"name":"example"}`,
		".index.json":  `{}`,
		"StructureDefinition-p.json": `{"resourceType":"StructureDefinition","url":"http://example.org/p","type":"Patient","kind":"resource","derivation":"constraint",
			"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","snapshot":{"element":[{"id":"Patient","path":"Patient","min":0,"max":"*"},
			{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"},"min":1,"max":"*"},
			{"id":"Patient.identifier:mrn","path":"Patient.identifier","sliceName":"mrn","min":1,"max":"1","base":{"max":"*"},"type":[{"code":"Identifier"}]},
			{"id":"Patient.identifier:mrn.system","path":"Patient.identifier.system","min":1,"max":"1","fixedUri":"urn:oid:1"}]}}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	p := d.Structure("http://example.org/p|1.0")
	if p == nil || len(p.Root.Children) != 1 || len(p.Root.Children[0].Slices) != 1 {
		t.Fatalf("the profile is %+v", p)
	}
	slice := p.Root.Children[0].Slices[0]
	if slice.SliceName != "mrn" || !slice.List || slice.Max != 1 || slice.Children[0].Fixed.String() != "urn:oid:1" {
		t.Errorf("the slice is %+v", slice)
	}
	if d.Type("Patient") == nil || R4().Structure("http://example.org/p") != nil {
		t.Error("the definitions of R4 are lost, or changed")
	}
	if _, err := Load(tgz(t, map[string]string{"a.json": `{"resourceType":"ValueSet","url":"http://example.org/v"}`})); err == nil {
		t.Error("a package without types is taken for a release")
	}
	if _, err := R4().With(strings.NewReader("no package")); err == nil {
		t.Error("text is taken for a package")
	}
	if _, err := R4().With(tgz(t, map[string]string{"a.json": `{`})); err == nil {
		t.Error("broken JSON in a package is no error")
	}
}

func TestDefinitionsAreSharedByGoroutines(t *testing.T) {
	d := &Definitions{packed: packedR4}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, name := range []string{"Patient", "Observation", "HumanName", "nothing"} {
				d.Type(name)
				d.IsA(name, "Resource")
				d.SearchParameters(name)
			}
			d.MemberOf("http://hl7.org/fhir/ValueSet/administrative-gender", "", "male")
			d.Compartments()
		})
	}
	wait.Wait()
	if d.Type("Patient") == nil || len(d.Compartments()) != 5 || len(d.Operations()) < 40 {
		t.Error("definitions are missing")
	}
}

func BenchmarkLoadPatient(b *testing.B) {
	for b.Loop() {
		d := &Definitions{packed: packedR4}
		if d.Type("Patient") == nil {
			b.Fatal("no Patient")
		}
	}
}
