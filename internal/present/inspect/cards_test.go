package inspect

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func cardText(p *place) string {
	var b strings.Builder
	for row := range p.CardGrid().Len() {
		for col := range 2 {
			if c := p.CardGrid().Cell(row, col); !c.Masked {
				b.WriteString(strings.TrimSpace(c.Text) + ": ")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestCards(t *testing.T) {
	paper := "%PDF-1.4\ninvented\n%%EOF\n"
	p := editing(t, admit+"OBX|1|ED|11490-0^Letter^LN||^application^pdf^Base64^"+base64.StdEncoding.EncodeToString([]byte(paper))+"\r")
	p.SetShowsCards(true)
	p.settle()
	if text := cardText(p); !strings.Contains(text, "Patient: ") || !strings.Contains(text, "Marlow") || !strings.Contains(text, "application/pdf") {
		t.Fatalf("%s", text)
	}
	document, patient := -1, -1
	for row := range p.CardGrid().Len() {
		switch p.CardGrid().Cell(row, 0).Text {
		case "Document":
			document = row
		case "Patient":
			patient = row
		}
	}
	p.SelectCard(patient)
	if !strings.HasPrefix(p.Path(), "PID") {
		t.Errorf("at %s", p.Path())
	}
	if _, ok := p.DocumentAt(patient); ok {
		t.Error("a patient is saved as a document")
	}
	name, ok := p.DocumentAt(document)
	if !ok || name != "document.pdf" {
		t.Fatalf("document %q %v", name, ok)
	}
	path := filepath.Join(p.stage.Folder, name)
	p.SaveDocument(document, path)
	p.settle()
	if got, err := os.ReadFile(path); err != nil || string(got) != paper {
		t.Errorf("%q %v", got, err)
	}
	if err := p.Apply(p.at("Jane"), "Joan"); err != nil { // the cards follow a change
		t.Fatal(err)
	}
	p.settle()
	if !strings.Contains(cardText(p), "Joan") {
		t.Error("the cards are those of before")
	}
	p.SetMasked(true)
	for _, secret := range []string{"Marlow", "Joan", "88121", "1979", "Letter"} {
		if strings.Contains(cardText(p), secret) {
			t.Errorf("the mask shows %s", secret)
		}
	}
	if _, ok := p.DocumentAt(document); ok {
		t.Error("a document is offered under the mask")
	}
}

// card chooses a card by what the list calls it.
func (p *place) card(kind string) {
	p.t.Helper()
	g := p.CardList()
	for row := range g.Len() {
		if strings.HasPrefix(g.Cell(row, 0).Text, kind) {
			p.ChooseCard(row)
			p.settle()
			return
		}
	}
	p.t.Fatalf("no card %s", kind)
}

func TestEachCardShowsAlone(t *testing.T) {
	letter := `{\rtf1 Dear colleague\par`
	p := editing(t, admit+"OBR|1|||24323-8^Panel^LN\rOBX|1|NM|718-7^Haemoglobin^LN||9.1|g/dL|12-16|L|||F\rNTE|1||taken twice\rOBX|2|NM|777-3^Platelets^LN||300|10*3/uL|150-400||||F\r"+
		"OBX|3|ED|11490-0^Letter^LN||^application^rtf^Base64^"+base64.StdEncoding.EncodeToString([]byte(letter+strings.Repeat(" ", 60)))+"||||||F\r")
	p.SetFace(FaceCards)
	p.settle()
	all := p.CardGrid().Len()
	p.card("Patient")
	if n := p.CardGrid().Len(); n >= all || n == 0 || p.CardGrid().Cell(0, 0).Text != "Patient" || p.Path() == "" {
		t.Errorf("%d of %d rows, at %q", n, all, p.Path())
	}
	if _, ok := p.ResultGrid(); ok {
		t.Error("a patient has results")
	}
	p.card("Results")
	g, ok := p.ResultGrid()
	if !ok || g.Len() != 3 || !strings.HasPrefix(g.Cell(0, 0).Text, "Haemoglobin") || g.Cell(0, 1).Text != "9.1" || g.Cell(0, 1).Shape == 0 || g.Cell(1, 1).Shape != 0 {
		t.Fatalf("%v %d %+v %+v", ok, g.Len(), g.Cell(0, 0), g.Cell(0, 1))
	}
	if last := len(g.Columns()) - 1; g.Columns()[last].ID != "note" || g.Cell(0, last).Text != "taken twice" || g.Cell(1, last).Text != "" {
		t.Errorf("note %q", g.Cell(0, last).Text)
	}
	if n := p.CardGrid().Len(); n != 1 {
		t.Errorf("%d lines beside the table", n)
	}
	p.SelectResult(1)
	if !strings.HasPrefix(p.Path(), "OBX[2]") {
		t.Errorf("at %q", p.Path())
	}
	p.card("Document")
	if v, ok := p.Document(); !ok || v.Text == nil || textOf(v.Text) != "Dear colleague" || !v.Saves || !strings.Contains(v.About, "RTF") {
		t.Errorf("%+v %v", v, ok)
	}
	if _, saves := p.DocumentAt(0); !saves {
		t.Error("it cannot be saved")
	}
	p.SetMasked(true)
	if v, _ := p.Document(); v.Text != nil || v.Problem == "" {
		t.Error("the mask shows the document")
	}
	if text := p.CardList().Cell(1, 0).Text; strings.Contains(text, "Marlow") {
		t.Errorf("the mask shows %q", text)
	}
}

// The other messages about an appointment stand in its course, by time, and each opens.
func TestCourseOfAnAppointment(t *testing.T) {
	siu := func(event, at, control, placer string) string {
		return "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|" + at + "||SIU^" + event + "^SIU_S12|" + control + "|P|2.5.1\rSCH|" + placer + "||||||||30|min|^^30^20260401090000^20260401093000\rPID|1||88121^^^LAKE^MR||Marlow^Jane\r"
	}
	p := editing(t, siu("S12", "20260301090000", "A1", "P1")+siu("S15", "20260303090000", "A3", "P1")+siu("S13", "20260302090000", "A2", "P1")+siu("S12", "20260301100000", "B1", "P2"))
	p.SetFace(FaceCards)
	p.settle()
	p.card("Course")
	var course []string
	for row := range p.CardGrid().Len() {
		course = append(course, strings.TrimSpace(p.CardGrid().Cell(row, 0).Text))
	}
	if got := strings.Join(course, ", "); got != "Course, S12  New appointment, S13  Appointment rescheduled, S15  Appointment cancelled" {
		t.Fatal(got)
	}
	if p.OpenCardMessage(0) || !p.OpenCardMessage(3) {
		t.Error("the last of them does not open")
	}
	p.settle()
	if p.open.row.ControlID != "A3" {
		t.Errorf("%s is open", p.open.row.ControlID)
	}
	p.SubmitQuery("control:B1")
	p.settle()
	for row := range p.CardList().Len() {
		if strings.HasPrefix(p.CardList().Cell(row, 0).Text, "Course") {
			t.Error("one message alone has a course")
		}
	}
}
