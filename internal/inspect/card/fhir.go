package card

import (
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/inspect/resource"
)

// ResourceCard is a card read from a FHIR resource. Its paths are those of FHIRPath: Bundle.entry[3].resource.birthDate.
type ResourceCard struct {
	Kind string // "Patient", "Insurance"
	Card
}

// MaxResourceCards is how many cards are made of a Bundle: a person reads no more, and filters the table of its entries.
const MaxResourceCards = 200

// resourceFacts are labels and paths below the resource, in the order in which a person looks for them.
type resourceFacts [][2]string

// resourceKinds are the resources that make a card, in the order in which their cards stand.
var resourceKinds = []struct {
	typ, kind string
	facts     resourceFacts
}{
	{"Patient", "Patient", resourceFacts{
		{"Name", "name"}, {"Identifier", "identifier"}, {"Born", "birthDate"}, {"Sex", "gender"}, {"Address", "address"}, {"Telecom", "telecom"},
		{"Language", "communication.language"}, {"Marital status", "maritalStatus"}, {"Contact", "contact.name"}, {"General practitioner", "generalPractitioner"},
		{"Managed by", "managingOrganization"}, {"Died", "deceasedDateTime"}, {"Dead", "deceasedBoolean"}, {"Active", "active"},
	}},
	{"RelatedPerson", "Relative", resourceFacts{{"Name", "name"}, {"Relationship", "relationship"}, {"Born", "birthDate"}, {"Telecom", "telecom"}, {"Address", "address"}}},
	{"Encounter", "Visit", resourceFacts{
		{"Status", "status"}, {"Class", "class"}, {"Visit number", "identifier"}, {"Type", "type"}, {"Service", "serviceType"}, {"When", "period"},
		{"Where", "location.location"}, {"Who", "participant.individual"}, {"Reason", "reasonCode"}, {"Account", "account"}, {"At", "serviceProvider"},
		{"Discharged to", "hospitalization.dischargeDisposition"},
	}},
	{"Coverage", "Insurance", resourceFacts{
		{"Status", "status"}, {"Kind", "type"}, {"Payer", "payor"}, {"Subscriber", "subscriber"}, {"Subscriber's ID", "subscriberId"}, {"Beneficiary", "beneficiary"},
		{"Relationship", "relationship"}, {"Policy holder", "policyHolder"}, {"Identifier", "identifier"}, {"Class", "class"}, {"Valid", "period"}, {"Order", "order"}, {"Network", "network"},
	}},
	{"Appointment", "Appointment", resourceFacts{
		{"Status", "status"}, {"Service", "serviceType"}, {"Type", "appointmentType"}, {"Start", "start"}, {"End", "end"}, {"Minutes", "minutesDuration"},
		{"Who and where", "participant"}, {"Reason", "reasonCode"}, {"Identifier", "identifier"}, {"Slot", "slot"}, {"Cancelled because", "cancelationReason"}, {"Comment", "comment"},
	}},
	{"Observation", "Result", resourceFacts{
		{"Status", "status"}, {"Value", "valueQuantity"}, {"Value", "valueCodeableConcept"}, {"Value", "valueString"}, {"Value", "valueInteger"}, {"Value", "valueDateTime"},
		{"Meaning", "interpretation"}, {"Usual", "referenceRange"}, {"When", "effectiveDateTime"}, {"When", "effectivePeriod"}, {"Who", "performer"}, {"Note", "note"},
	}},
}

// OfResource reads the cards of a FHIR resource, or of those in a Bundle: patient, relatives, visit, insurance, appointment and
// results, MaxResourceCards at most.
func OfResource(d *resource.Document) []ResourceCard {
	var all []ResourceCard
	for k := range resourceKinds {
		for _, path := range placesOf(d, resourceKinds[k].typ) {
			if len(all) == MaxResourceCards {
				return all
			}
			if e, ok := d.Find(path); ok {
				all = append(all, resourceCard(d, e, k))
			}
		}
	}
	return all
}

// placesOf are the paths of the resources of a type, MaxResourceCards at most.
func placesOf(d *resource.Document, typ string) (paths []string) {
	if d.Type() == typ {
		return []string{typ}
	}
	for i := range d.Entries() {
		if e := &d.Entries()[i]; e.Type == typ && len(paths) < MaxResourceCards {
			paths = append(paths, e.Path()+".resource")
		}
	}
	return paths
}

func resourceCard(d *resource.Document, e resource.Element, kind int) ResourceCard {
	k := &resourceKinds[kind]
	c := ResourceCard{k.kind, Card{Title: resource.Title(e.Node), Path: e.Path(), Patient: true}}
	for _, f := range k.facts {
		below(d, e, strings.Split(f[1], "."), func(at resource.Element) {
			value := resourceWords(d, &at)
			if value == "" {
				return
			}
			c.Lines = append(c.Lines, Line{f[0], value, at.Path(), d.Hides(&at)})
		})
	}
	return c
}

// below visits the elements at a path below one, each item of a list.
func below(d *resource.Document, e resource.Element, steps []string, visit func(resource.Element)) {
	if e.IsList() {
		for _, item := range d.Children(e) {
			below(d, item, steps, visit)
		}
		return
	}
	if len(steps) == 0 {
		visit(e)
		return
	}
	for _, c := range d.Children(e) {
		if c.Name == steps[0] {
			below(d, c, steps[1:], visit)
		}
	}
}

// resourceWords is an element for a person: a code in words, a reference as what it leads to.
func resourceWords(d *resource.Document, e *resource.Element) string {
	n := e.Node
	switch {
	case e.Type == "code" && e.Def != nil:
		if words := d.CodeDisplay(e.Def.Binding.ValueSet, n.Text); words != "" && !strings.EqualFold(words, n.Text) {
			return words + " (" + n.Text + ")"
		}
	case e.Type == "Reference":
		return referenceWords(d, n)
	case e.Name == "participant":
		return join(", ", referenceWords(d, n.Find("actor")), n.Find("status").String())
	case e.Name == "class" && e.Type != "Coding":
		return join(", ", join(": ", resource.Concept(n.Find("type")), join(" ", n.Find("value").String(), n.Find("name").String())))
	case e.Name == "referenceRange":
		return join(" ", resource.Words(n.Find("low"), "Quantity"), "to", resource.Words(n.Find("high"), "Quantity"), n.Find("text").String())
	}
	return resource.Words(n, e.Type)
}

// referenceWords names what a reference leads to: by what stands beside it, else by what is there.
func referenceWords(d *resource.Document, n *fhir.Node) string {
	if n == nil {
		return ""
	}
	if shown := n.Find("display").String(); shown != "" {
		return shown
	}
	reference := n.Find("reference").String()
	if t, ok := d.Follow(reference, n.Off); ok && t.Node != nil {
		if title := resource.Title(t.Node); title != "" {
			return title
		}
	}
	return resource.Words(n, "Reference")
}
