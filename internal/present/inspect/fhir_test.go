package inspect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/present/inspect/fhirview"
)

// Invented resources. The gender of the patient is no code of FHIR.
const (
	person  = `{"resourceType":"Patient","id":"p1","identifier":[{"value":"88121"}],"name":[{"family":"Marlow","given":["Jane"]}],"gender":"F"}`
	weight  = `{"resourceType":"Observation","id":"w1","status":"final","code":{"text":"Weight"},"subject":{"reference":"Patient/p1"},"performer":[{"reference":"Practitioner/77"}]}`
	inXML   = `<Patient xmlns="http://hl7.org/fhir"><id value="p2"/><name><family value="Tolliver"/></name></Patient>`
	ndjson  = person + "\n" + weight + "\n"
	unknown = `{"resourceType":"Patient","nick":"Jane"}`
	odd     = `{"resourceType":"Bundle","id":"Jane","type":"Marlow"}`
	odder   = `{"resourceType":"Marlow","id":"Jane"}`
)

// The main job: files in, listed with type and patient, the finding found, its element in text and tree.
func TestResourcesAreListedAndTheFindingLeadsToItsPlace(t *testing.T) {
	p := open(t)
	p.add(ndjson, inXML, admit)
	if n := p.Notice(); !strings.HasPrefix(n.Text, "1 message and 3 FHIR resources imported, 1 error") {
		t.Errorf("notice %q", n.Text)
	}
	row := p.rowOf("p1")
	var cells []string
	for c := range p.List().Columns() {
		cells = append(cells, p.List().Cell(row, c).Text)
	}
	if got := strings.Join(cells[:5], "|"); got != "1|Patient|88121|Marlow, Jane|p1" {
		t.Errorf("row %q", got)
	}
	p.Select(row)
	p.settle()
	if !p.FHIR().IsOpen() || string(p.Raw()) != person {
		t.Fatalf("open %v, %q", p.FHIR().IsOpen(), p.Raw())
	}
	if p.FindingList().Len() == 0 || p.Path() != "Patient.gender" { // who opens what is wrong reads why at once
		t.Errorf("%d findings, at %q", p.FindingList().Len(), p.Path())
	}
	if d, ok := p.Finding(); !ok || d.Code != "binding" || !strings.HasPrefix(d.Place, "Patient.gender  ·  offset ") {
		t.Errorf("finding %+v", d)
	}
	tree := p.FHIR().Tree()
	if at := p.FHIR().TreeSelected(); at < 0 || tree.Cell(at, 0).Text != "gender" || tree.Cell(at, 0).Shape == 0 {
		t.Errorf("row %d", at)
	}
	if where, counts, ok := p.Status(); !ok || !strings.HasPrefix(where, "Patient.gender  ") || counts[2] != 1 {
		t.Errorf("status %q %v", where, counts)
	}
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	if p.FHIR().IsOpen() || p.Tree().Len() == 0 {
		t.Error("an HL7 v2 message is shown as FHIR")
	}
}

func TestQueryFindsResources(t *testing.T) {
	p := open(t)
	p.add(ndjson, inXML, admit)
	for text, want := range map[string]int{
		"type = Patient": 2, "type:Observation": 1, "mrn = 88121": 2, "mrn = Patient/p1": 1, "finding >= error": 1, "finding = binding": 1, "weight": 1, "control = w1 and weight": 1,
		"format = fhir-xml": 1, "format:FHIR": 3, "not format = fhir": 1, "format in (fhir, x12)": 3, "format:hl7": 0, "PID-5 exists": 1, "type = Patient and not finding >= error": 1, "size < 200 and type = Patient": 2,
	} {
		p.SubmitQuery(text)
		p.settle()
		if shown, _, _ := p.Shown(); shown != want {
			t.Errorf("%s: %d, want %d", text, shown, want)
		}
	}
}

// A reference leads to another resource of the project, and back to where it was followed.
func TestReferenceLeadsThroughTheProject(t *testing.T) {
	p := open(t)
	p.add(ndjson)
	p.Select(p.rowOf("w1"))
	p.settle()
	at := strings.Index(weight, "Patient/p1")
	p.MoveTo(at)
	p.FollowReference()
	p.settle()
	if string(p.Raw()) != person || p.Selected() != p.rowOf("p1") || !p.CanGoBack() {
		t.Fatalf("open is %q", p.Raw())
	}
	p.Back()
	p.settle()
	if cursor, _, _ := p.Cursor(); string(p.Raw()) != weight || cursor != at || p.CanGoBack() {
		t.Errorf("back at %d of %q", cursor, p.Raw())
	}
	p.MoveTo(strings.Index(weight, "Practitioner/77"))
	p.FollowReference()
	p.settle()
	if n := p.Notice(); n.Tone != Caution || !strings.Contains(n.Text, "Practitioner/77") || p.CanGoBack() {
		t.Errorf("notice %q", n.Text)
	}
	p.MoveTo(strings.Index(weight, "final"))
	p.FollowReference()
	if n := p.Notice(); n.Tone != Caution {
		t.Errorf("notice %q", n.Text)
	}
}

// In a file that is read where it lies a reference leads to another of its resources.
func TestReferenceLeadsThroughAFileInPlace(t *testing.T) {
	p := open(t)
	file := filepath.Join(p.stage.Folder, "feed.ndjson")
	if err := os.WriteFile(file, []byte(ndjson), 0o600); err != nil {
		t.Fatal(err)
	}
	p.OpenInPlace(file)
	p.settle()
	f := p.File().Messages()
	f.SubmitQuery("type = Observation")
	p.settle()
	if string(f.Raw()) != weight {
		t.Fatalf("open is %q", f.Raw())
	}
	f.MoveTo(strings.Index(weight, "Patient/p1"))
	f.FollowReference()
	p.settle()
	if string(f.Raw()) != person || !f.CanGoBack() {
		t.Errorf("open is %q", f.Raw())
	}
}

func TestResourceIsSavedConverted(t *testing.T) {
	p := open(t)
	p.add(person)
	p.Select(0)
	p.settle()
	file := filepath.Join(p.stage.Folder, "patient.xml")
	p.SaveConverted(file)
	p.settle()
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), `<family value="Marlow"/>`) {
		t.Errorf("%v: %s", err, b)
	}
	p.SetMasked(true)
	p.SaveConverted(file + "2")
	p.settle()
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("saved under the mask")
	}
}

// Under the mask neither list nor title nor status says who it is, also of names that FHIR does not define.
func TestMaskedResourceNamesNobody(t *testing.T) {
	p := open(t)
	p.add(person, unknown, odd, odder)
	p.SetMasked(true)
	for row := range 4 {
		for c := range p.List().Columns() {
			if cell := p.List().Cell(row, c); !cell.Masked && (strings.Contains(cell.Text, "Marlow") || strings.Contains(cell.Text, "Jane") || cell.Text == "p1") {
				t.Errorf("row %d, column %d shows %q", row, c, cell.Text)
			}
		}
		p.Select(row)
		p.settle()
		for i := range p.FindingList().Len() {
			p.SelectFinding(i)
			d, _ := p.Finding()
			if c := p.FindingList().Cell(i, 1); !c.Masked && strings.Contains(c.Text, "nick") || strings.Contains(d.Place, "nick") || strings.Contains(d.Place, "Marlow") {
				t.Errorf("finding %d shows %q, %q", i, c.Text, d.Place)
			}
		}
		for at := range p.Raw() {
			p.MoveTo(at)
			where, _, _ := p.Status()
			kind, detail := p.Title()
			for _, secret := range []string{"Marlow", "Jane", "88121", "nick", "p1"} {
				if strings.Contains(where+kind+detail+p.Path(), secret) {
					t.Fatalf("%q shows at %d of %d: %q %q %q", secret, at, row, where, kind, detail)
				}
			}
		}
	}
}

// A large Bundle is shown before it is checked; the check can be stopped, and says so.
func TestLargeBundleIsCheckedInTheBackground(t *testing.T) {
	p := open(t)
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for b.Len() < 2*checkedAtOnce {
		b.WriteString(`{"resource":` + person + "},\n")
	}
	b.WriteString(`{"resource":` + weight + `}]}`)
	p.add(b.String())
	if p.CheckingResource() || p.FindingList().Len() < 10 {
		t.Fatalf("%d findings, checking %v", p.FindingList().Len(), p.CheckingResource())
	}
	p.FHIR().SetMode(fhirview.EntryMode)
	p.settle()
	if c := p.FHIR().EntryGrid().Cell(0, 1); c.Text == "" {
		t.Error("the table does not say which entry is wrong")
	}
	prepared := fhirview.Prepare(p.FHIR().Document(), false)
	p.showResource(loaded{fhir: &prepared})
	if !p.CheckingResource() {
		t.Fatal("it is not checked")
	}
	p.validity.Cancel()
	p.settle()
	if n := p.Notice(); p.CheckingResource() || n.Tone != Caution || !strings.Contains(n.Text, "not complete") {
		t.Errorf("notice %q", n.Text)
	}
}
