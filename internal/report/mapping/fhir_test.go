package mappaper

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"trestle/internal/fhir/validate"
	"trestle/internal/mapping"
)

// valid checks with our own validator.
func valid(t *testing.T, b []byte) {
	t.Helper()
	for _, f := range validate.Bytes(context.Background(), b, validate.Options{BestPractice: true}) {
		if f.Severity > validate.Information {
			t.Errorf("%s %s: %s", f.Code, f.Path, f.Text)
		}
	}
}

func TestFHIRIsValid(t *testing.T) {
	for _, name := range starters(t) {
		for _, kind := range []Kind{ConceptMap, StructureMap} {
			for _, url := range []string{"", "https://hospital.example/fhir/"} {
				t.Run(name+" "+string(kind)+" "+url, func(t *testing.T) {
					valid(t, written(t, Spec{Mapping: starterFile(t, name), URL: url}, kind))
				})
			}
		}
	}
}

func TestConceptMap(t *testing.T) {
	f := starterFile(t, "adt-to-patient")
	var m conceptMap
	if err := json.Unmarshal(written(t, Spec{Mapping: f, Table: "sex", URL: "https://hospital.example/fhir"}, ConceptMap), &m); err != nil {
		t.Fatal(err)
	}
	if m.URL != "https://hospital.example/fhir/ConceptMap/adt-to-patient-sex" || m.Name != "AdtToPatientSex" || m.Status != "draft" || len(m.Group) != 1 {
		t.Fatalf("the map is %+v", m)
	}
	g := m.Group[0]
	if g.Source != "http://terminology.hl7.org/CodeSystem/v2-0001" || g.Target != "http://hl7.org/fhir/administrative-gender" {
		t.Errorf("systems %q, %q", g.Source, g.Target)
	}
	if g.Unmapped == nil || *g.Unmapped != (unmapped{"fixed", "unknown"}) {
		t.Errorf("not mapped: %+v", g.Unmapped)
	}
	for _, e := range g.Element {
		want := "equivalent"
		if e.Target[0].Code == "other" {
			want = "wider"
		}
		if e.Target[0].Equivalence != want {
			t.Errorf("%s is %s of %s, want %s", e.Target[0].Code, e.Target[0].Equivalence, e.Code, want)
		}
	}
	if err := (Spec{Mapping: f, Table: "nothing"}).Write(context.Background(), &strings.Builder{}, ConceptMap); err == nil || !strings.Contains(err.Error(), "marital") {
		t.Errorf("a table that is not there gives %v", err)
	}
	f.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			b.Rules[i].Status = mapping.Agreed
		}
	})
	if text := string(written(t, Spec{Mapping: f, Table: "class"}, ConceptMap)); !strings.Contains(text, `"status": "active"`) || !strings.Contains(text, `"mode": "provided"`) || strings.Count(text, `"source":`) != 2 {
		t.Errorf("the classes are %s", text)
	}
	if err := (Spec{Mapping: &mapping.File{ID: "x"}}).Write(context.Background(), &strings.Builder{}, ConceptMap); err == nil {
		t.Error("a mapping without tables gives a ConceptMap")
	}
}

func TestStructureMap(t *testing.T) {
	var m structureMap
	text := written(t, Spec{Mapping: starterFile(t, "adt-to-patient")}, StructureMap)
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if !m.Experimental || !strings.Contains(m.Purpose, "specification and no program") || !strings.Contains(m.Text.Div, "specification and no program") {
		t.Error("the map does not say that it is a specification")
	}
	for _, want := range []string{
		"group bPatient(source message : Source, source src, target tgt : Patient) {",
		"message.PID as src -&gt; target.entry as entry, entry.resource = create(&#39;Patient&#39;) as made then bPatient(message, src, made) &#34;b-patient&#34;;",
		"message.PV1 as srcin1 where (", "srcin1.PV1_7 as src -&gt; ",
		"src.PID_8 as v1 -&gt; tgt.gender = translate(v1, &#39;urn:uuid:",
		"src.PID_30 as v1 where ((%message.PID.PID_29.exists()).not()) -&gt; tgt.deceasedBoolean = cast(v1, &#39;boolean&#39;) &#34;pid-14&#34;;",
		"src.PID_5 as each -&gt; tgt.name = each &#34;pid-06&#34;;",
		"// Not in the mapping language: XPN as HumanName. Status: draft.",
		"tgt.identifier as t1 share identifier-ssn, t1.value = v1",
	} {
		if !strings.Contains(m.Text.Div, want) {
			t.Errorf("the mapping language lacks %s", want)
		}
	}
	if t.Failed() {
		i := strings.Index(m.Text.Div, "group bPatient")
		t.Log(m.Text.Div[i : i+3000])
	}
	if err := (Spec{Mapping: &mapping.File{ID: "x"}}).Write(context.Background(), &strings.Builder{}, StructureMap); err == nil {
		t.Error("a mapping without rules gives a StructureMap")
	}
}

func TestConditionsAsFHIRPath(t *testing.T) {
	b := structureBuilder{s: Spec{Mapping: &mapping.File{Source: mapping.End{Kind: mapping.HL7v2}}}}
	for when, want := range map[string]string{
		`IF PID-8 VALUED AND PID-30 NOT EQUALS "Y"`:       `%message.PID.PID_8.exists() and (%message.PID.PID_30.where($this = 'Y').exists()).not()`,
		`PV1-2 IN ("I", "E") OR (PID-3.1 CONTAINS "x'y")`: `%message.PV1.PV1_2.where($this in ('I' | 'E')).exists() or %message.PID.PID_3.PID_3_1.where($this.contains('x\'y')).exists()`,
		`PID-33 AND PID-34 VALUED`:                        `%message.PID.PID_33.exists() and %message.PID.PID_34.exists()`,
		`PID-11 LST.COUNT > 1`:                            `%message.PID.PID_11.count() > 1`,
		`NOT VALUED`:                                      `(%message.ZZZ.ZZZ_1.exists()).not()`,
		`PID-7 STARTS WITH "19" AND NOT (PID-8 IS "M")`:   `%message.PID.PID_7.where($this.startsWith('19')).exists() and (%message.PID.PID_8.where($this = 'M').exists()).not()`,
	} {
		c, err := parseCondition(when)
		if err != nil {
			t.Errorf("%s: %v", when, err)
			continue
		}
		if got, ok := b.fhirPath(c, "ZZZ-1"); !ok || got != want {
			t.Errorf("%s\n is %s\nwant %s", when, got, want)
		}
	}
	for _, when := range []string{`PID-8 "`, `PID-8`, `PID-8 = `, `(PID-8 VALUED`, `PID-8 VALUED nonsense`, `PID-8 IN "x"`, strings.Repeat("(", 100)} {
		if c, err := parseCondition(when); err == nil {
			t.Errorf("%q is read as %+v", when, c)
		}
	}
}
