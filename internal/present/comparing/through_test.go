package comparing

import (
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

const admitted = "MSH|^~\\&|REG|RIVERBEND|||20260301103000-0500||ADT^A08^ADT_A01|77|P|2.5.1\r" +
	"PID|1||88121^^^RIVERBEND^MR||Okafor^Ada||19840517|F\rZPD|1|kept\r"

// A message goes through a mapping and is compared with the FHIR that came: the differences name the fields.
func TestMessageAgainstWhatAMappingMadeOfIt(t *testing.T) {
	p := open(t)
	f, err := mapping.Load(starter.FS(), "adt-to-patient.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	came, err := e.Translate(t.Context(), []byte(admitted))
	if err != nil {
		t.Fatal(err)
	}
	left := Side{Kind: Files, Paths: []string{p.file("adt.hl7", admitted)}, Through: starterMark + "adt-to-patient"}
	right := Side{Kind: Files, Paths: []string{p.file("came.json", strings.Replace(string(came), `"Okafor"`, `"OKAFOR"`, 1))}}
	p.Start([2]Side{left, right}, Pairing{})
	p.settle()
	if got := grid(p.Differences()); strings.Count(got, "\n") != 1 || !strings.Contains(got, ".family|") || !strings.Contains(got, "|from PID-5|") {
		t.Errorf("differences:\n%s", got)
	}
	if got := p.News().Text; !strings.Contains(got, "1 was changed and 0 were lost") || !strings.Contains(got, "No rule reads ZPD-1, ZPD-2") {
		t.Errorf("news %q", got)
	}
	if got := p.Title().Left; got != "adt.hl7 through adt-to-patient" {
		t.Errorf("title %q", got)
	}
	if got := grid(p.Patterns()); !strings.Contains(got, "Patient.name.family changed, from PID-5") {
		t.Errorf("patterns:\n%s", got)
	}
	p.Start([2]Side{left, {Kind: Files, Paths: []string{"/nowhere/came.json"}}}, Pairing{})
	p.settle()
	if n := p.News(); !n.Bad || !strings.Contains(n.Text, "the right side") {
		t.Errorf("news %+v", n)
	}
	p.Start([2]Side{{Kind: Files, Paths: left.Paths, Through: p.file("broken.yaml", "map: 1\nsource: {kind: sand}\n")}, right}, Pairing{})
	p.settle()
	if n := p.News(); !n.Bad || !strings.Contains(n.Text, "broken.yaml") || !strings.Contains(n.Text, "line 2") {
		t.Errorf("news %+v", n)
	}
}
