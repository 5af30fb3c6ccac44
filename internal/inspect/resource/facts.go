package resource

import (
	"strings"
	"sync"

	"trestle/internal/fhir"
)

// Facts are what a list shows of a resource. What the resource does not say is empty.
type Facts struct {
	Type    string
	ID      string // of the resource, or of a Bundle its identifier
	Kind    string // of a Bundle: transaction, searchset
	Patient string // the patient's number: of a Patient its MRN, else what the resource says of its patient
	Name    string // the patient's, as FAMILY, Given
	Account string // of the account or encounter that it belongs to
	Time    string // as it is written
	Count   int    // entries of a Bundle
}

// maxFact is how many bytes of a value a list keeps.
const maxFact = 250

// Facts reads what a list shows of the document.
func (d *Document) Facts() Facts {
	f := factsOf(d.Tree)
	if f.Type != "Bundle" {
		return f
	}
	f.Count = len(d.entries)
	// A Bundle is about a patient where it holds one, and one only.
	patient := -1
	for i := range d.entries {
		if d.entries[i].Type != "Patient" {
			continue
		}
		if patient >= 0 {
			return f
		}
		patient = i
	}
	if patient >= 0 {
		p := factsOf(d.entries[patient].Resource)
		f.Patient, f.Name = p.Patient, p.Name
	}
	return f
}

func factsOf(n *fhir.Node) Facts {
	f := Facts{Type: n.ResourceType(), ID: text(n, "id")}
	switch f.Type {
	case "":
		return Facts{}
	case "Bundle":
		f.Kind, f.Time = text(n, "type"), first(text(n, "timestamp"), text(n, "meta", "lastUpdated"))
		f.ID = first(f.ID, text(n, "identifier", "value"))
		return f
	case "Patient":
		f.Patient, f.Name = MRN(n), PersonName(n)
	default:
		for _, name := range []string{"patient", "subject", "beneficiary", "for", "individual"} {
			if r := n.Find(name); r != nil {
				f.Patient, f.Name = first(text(r, "identifier", "value"), text(r, "reference")), text(r, "display")
				break
			}
		}
	}
	f.Time = When(n)
	return f
}

// When is the time that a resource is about, as it is written: of an Observation that of the observation, of an Appointment its
// begin; else when it was last updated.
func When(n *fhir.Node) string {
	for _, path := range [][]string{
		{"effectiveDateTime"}, {"effectivePeriod", "start"}, {"start"}, {"period", "start"}, {"issued"}, {"authoredOn"}, {"performedDateTime"}, {"occurrenceDateTime"},
		{"recordedDate"}, {"date"}, {"created"}, {"sent"}, {"meta", "lastUpdated"},
	} {
		if t := text(n, path...); t != "" {
			return t
		}
	}
	return ""
}

// text is the value at a path as a list shows it. What is cut is cloned, so that it does not hold the whole tree.
func text(n *fhir.Node, names ...string) string {
	s := n.Find(names...).String()
	if len(s) > maxFact {
		s = strings.ToValidUTF8(s[:maxFact], "")
	}
	return strings.Clone(strings.TrimSpace(s))
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// MRN is the identifier by which people look for a patient: that of type MR, else the first.
func MRN(patient *fhir.Node) string {
	one := ""
	for id := range patient.All("identifier") {
		value := text(id, "value")
		if value == "" {
			continue
		}
		one = first(one, value)
		for c := range id.All("type", "coding", "code") {
			if strings.EqualFold(c.Text, "MR") {
				return value
			}
		}
	}
	return one
}

// PersonName is the official name of a Patient, Practitioner or RelatedPerson, else the first, as FAMILY, Given.
func PersonName(n *fhir.Node) string {
	one := ""
	for name := range n.All("name") {
		written := HumanName(name)
		if written != "" && text(name, "use") == "official" {
			return written
		}
		one = first(one, written)
	}
	return one
}

// HumanName writes a name as FAMILY, Given.
func HumanName(n *fhir.Node) string {
	if n.IsPrimitive() { // of an Organization, or of another release
		return text(n)
	}
	var given []string
	for g := range n.All("given") {
		given = append(given, g.String())
	}
	family := text(n, "family")
	switch names := strings.Join(given, " "); {
	case family != "" && names != "":
		return family + ", " + names
	case family != "" || names != "":
		return family + names
	}
	return text(n, "text")
}

// Title says in a few words what a resource is: a person's name, what was observed, who pays. It may be patient data.
func Title(n *fhir.Node) string {
	switch n.ResourceType() {
	case "Patient", "Practitioner", "RelatedPerson", "Person":
		return PersonName(n)
	case "Bundle":
		return text(n, "type")
	case "Coverage":
		return first(Concept(n.Find("type")), text(n, "payor", "display"), text(n, "subscriberId"))
	case "Encounter":
		return first(Concept(n.Find("type")), text(n, "class", "display"), text(n, "class", "code"))
	case "OperationOutcome":
		return first(text(n, "issue", "diagnostics"), Concept(n.Find("issue", "details")), text(n, "issue", "code"))
	}
	for _, name := range []string{"code", "vaccineCode", "medicationCodeableConcept", "type", "category", "serviceType", "kind"} {
		if t := Concept(n.Find(name)); t != "" {
			return t
		}
	}
	return first(text(n, "title"), text(n, "name"), text(n, "description"), text(n, "display"))
}

// Concept is a CodeableConcept, Coding or code in words.
func Concept(n *fhir.Node) string {
	if n.IsPrimitive() {
		return text(n)
	}
	return first(text(n, "text"), text(n, "coding", "display"), text(n, "display"), text(n, "coding", "code"), text(n, "code"))
}

// maxWords is how many bytes of words are gathered of an element.
const maxWords = 200

// Words is an element in a line: a value as it is written, a name, code, period or quantity as a person writes it, a resource
// with its id, and of anything else its first values.
func Words(n *fhir.Node, typ string) string {
	switch {
	case n == nil:
		return ""
	case n.IsPrimitive() || n.Kind == fhir.Comment:
		return n.Text
	case n.Kind == fhir.Null:
		return "null"
	case n.ResourceType() != "":
		id := n.ResourceType()
		if i := text(n, "id"); i != "" {
			id += "/" + i
		}
		return join("  ", id, Title(n))
	}
	if r := n.Member("resource"); r.ResourceType() != "" { // an entry of a Bundle
		return Words(r, "")
	}
	words := ""
	switch typ {
	case "HumanName":
		words = HumanName(n)
	case "CodeableConcept", "Coding":
		words = Concept(n)
	case "Reference":
		words = first(text(n, "display"), text(n, "reference"), text(n, "identifier", "value"))
	case "Identifier":
		words = join(", ", text(n, "value"), Concept(n.Find("type")))
	case "Period":
		words = join(" to ", text(n, "start"), first(text(n, "end"), "now"))
	case "Quantity", "Age", "Duration", "Count", "Distance", "SimpleQuantity", "MoneyQuantity":
		words = join(" ", text(n, "comparator"), text(n, "value"), first(text(n, "unit"), text(n, "code")))
	case "Money":
		words = join(" ", text(n, "value"), text(n, "currency"))
	case "ContactPoint":
		words = join(", ", text(n, "value"), text(n, "use"))
	case "Address":
		words = address(n)
	case "Annotation":
		words = text(n, "text")
	}
	if words == "" {
		var parts []string
		gather(n, &parts, new(int))
		words = strings.Join(parts, ", ")
	}
	return words
}

// gather takes up the values below a node until there are enough.
func gather(n *fhir.Node, parts *[]string, size *int) {
	for _, c := range n.Children {
		if *size > maxWords {
			return
		}
		switch {
		case c.IsPrimitive() && c.Name != "system" && c.Name != "url":
			*parts = append(*parts, text(c))
			*size += len(c.Text)
		case c.Kind == fhir.Object || c.Kind == fhir.Array:
			gather(c, parts, size)
		}
	}
}

func address(n *fhir.Node) string {
	var lines []string
	for l := range n.All("line") {
		lines = append(lines, l.String())
	}
	return join(", ", strings.Join(lines, ", "), text(n, "city"), join(" ", text(n, "state"), text(n, "postalCode")), text(n, "country"))
}

// join joins those texts that say something.
func join(sep string, texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, sep)
}

// CodeDisplay is what a code of a value set means, "" where that is not published with the definitions.
func (d *Document) CodeDisplay(set, code string) string {
	if set == "" {
		return ""
	}
	codes, _ := d.Codes(set)
	for _, c := range codes {
		if c.Code == code {
			return c.Display
		}
	}
	return ""
}

// Codes lists the codes of a value set; complete is false where it has more than are published with the definitions. The lists
// are kept, as the definitions never change.
func (d *Document) Codes(set string) (codes []fhir.Coding, complete bool) {
	if known, ok := expanded.Load(set); ok && d.Definitions == fhir.R4() {
		e := known.(expansion)
		return e.codes, e.complete
	}
	e := expansion{}
	e.codes, e.complete = d.Definitions.Expand(set)
	if d.Definitions == fhir.R4() {
		expanded.Store(set, e)
	}
	return e.codes, e.complete
}

type expansion struct {
	codes    []fhir.Coding
	complete bool
}

// expanded are the value sets of R4 that were asked for.
var expanded sync.Map // URL -> expansion
