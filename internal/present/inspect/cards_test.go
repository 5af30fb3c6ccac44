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
