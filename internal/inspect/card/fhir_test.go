package card

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/inspect/resource"
)

// record is the sample project's Bundle about an invented patient.
func record(t *testing.T) *resource.Document {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "workspaces", "riverbend", "messages", "fhir-bundle-okafor.json"))
	if err != nil {
		t.Fatal(err)
	}
	return resource.Read(b)
}

func TestCardsOfABundle(t *testing.T) {
	cards := OfResource(record(t))
	kinds := map[string]*ResourceCard{}
	for i := range cards {
		if kinds[cards[i].Kind] == nil {
			kinds[cards[i].Kind] = &cards[i]
		}
	}
	for _, c := range []struct{ kind, label, value, path string }{
		{"Patient", "Name", "Okafor, Amara N", "Bundle.entry[0].resource.name[0]"},
		{"Patient", "Sex", "female", "Bundle.entry[0].resource.gender"},
		{"Patient", "Address", "2210 Lock Street, Apt 4, Riverbend, ZZ 00042, US", "Bundle.entry[0].resource.address[0]"},
		{"Insurance", "Payer", "Harborview Health Plan", "Bundle.entry[5].resource.payor[0]"},
		{"Insurance", "Class", "Group: RB-2041 Lock Street Works", "Bundle.entry[5].resource.class[0]"},
		{"Insurance", "Valid", "2026-01-01 to 2026-12-31", "Bundle.entry[5].resource.period"},
		{"Appointment", "Start", "2026-10-07T09:00:00-05:00", "Bundle.entry[6].resource.start"},
		{"Appointment", "Who and where", "Okafor, Amara N, accepted", "Bundle.entry[6].resource.participant[0]"},
		{"Visit", "Class", "ambulatory", "Bundle.entry[8].resource.class"},
		{"Result", "Value", "68.50 kg", "Bundle.entry[11].resource.valueQuantity"},
	} {
		card := kinds[c.kind]
		if card == nil {
			t.Errorf("no card %s", c.kind)
			continue
		}
		found := false
		for _, l := range card.Lines {
			if l.Label == c.label && l.Value == c.value && l.Path == c.path {
				found = true
				if c.label != "Sex" && !l.Patient {
					t.Errorf("the mask shows %s", l.Path)
				}
			}
		}
		if !found {
			t.Errorf("%s: no line %s = %s at %s in %+v", c.kind, c.label, c.value, c.path, card.Lines)
		}
	}
	if !strings.HasPrefix(cards[0].Kind, "Patient") || cards[0].Title != "Okafor, Amara N" {
		t.Errorf("first %+v", cards[0])
	}
}

// A Bundle of any size makes a bounded number of cards, and what is no resource makes none.
func TestCardsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for i := range 3 * MaxResourceCards {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"resource":{"resourceType":"Patient","gender":"female"}}`)
	}
	b.WriteString("]}")
	if n := len(OfResource(resource.Read([]byte(b.String())))); n != MaxResourceCards {
		t.Errorf("%d cards", n)
	}
	for _, text := range []string{"", "{}", `{"resourceType":"Patient","name":3,"gender":[{}],"communication":[[]]}`, `{"resourceType":"Appointment","participant":[null]}`} {
		OfResource(resource.Read([]byte(text)))
	}
}
