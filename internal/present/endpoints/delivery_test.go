package endpoints

import (
	"strings"
	"testing"
)

// What a mapping makes of a message arrives as the resources that it holds, and not as one Bundle.
func TestCollectionIsStoredByItsParts(t *testing.T) {
	p := open(t)
	p.fhirServer("fhir", nil)
	p.restConsole("to fhir", "fhir", nil)
	d, err := p.OpenDelivery("to fhir", "route")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const id, visit = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	collection := `{"resourceType":"Bundle","type":"collection","entry":[
		{"fullUrl":"urn:uuid:` + id + `","resource":{"resourceType":"Patient","id":"` + id + `","identifier":[{"system":"urn:oid:2.999.1","value":"77"}]}},
		{"fullUrl":"urn:uuid:` + visit + `","resource":{"resourceType":"Encounter","id":"` + visit + `","status":"planned","class":{"code":"AMB"},"subject":{"reference":"urn:uuid:` + id + `"}}}]}`
	for range 2 {
		if refused, err := d.Deliver(t.Context(), []byte(collection)); err != nil || refused != "" {
			t.Fatalf("refused: %q, %v", refused, err)
		}
	}
	for _, c := range []struct {
		path string
		want string
	}{{"Patient?identifier=urn:oid:2.999.1|77&_summary=count", `"total": 1`}, {"Encounter?subject:Patient.identifier=77&_summary=count", `"total": 1`}, {"Bundle?_summary=count", `"total": 0`}} {
		p.choose("to fhir")
		p.ask("GET", c.path, "")
		if got := allText(p.AnswerText()); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.path, got)
		}
	}
}
