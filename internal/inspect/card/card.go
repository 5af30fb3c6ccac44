package card

import (
	"fmt"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	"trestle/internal/inspect/deidentify"
)

// Cards are what one message holds. A part that it does not hold is nil or empty.
type Cards struct {
	Patient      *Card // PID, PD1
	Relatives    []Card
	Visit        *Card // PV1, PV2
	Insurance    []Card
	Guarantors   []Card
	Appointment  *Card   // SCH, TQ1
	Appointments []Card  // the services, places and people of the appointment: AIS, AIG, AIL, AIP
	Results      []Panel // OBR with its OBX
	Charges      []Charge
	Documents    []Document
}

// Card is one thing with what is known of it.
type Card struct {
	Title   string // for a person; "" where nothing names it
	Path    string // of its segment, such as "IN1[2]"
	Patient bool   // Title is patient data
	Lines   []Line
}

// Line is one fact.
type Line struct {
	Label   string
	Value   string // for a person: dates and codes in words
	Path    string // where it was read, in the form of hl7.Path
	Patient bool   // it is patient data
}

// Line returns the value of a label, "" if there is none.
func (c *Card) Line(label string) string {
	for _, l := range c.Lines {
		if l.Label == label {
			return l.Value
		}
	}
	return ""
}

// Of reads the cards of a message.
func Of(m *hl7.Message) Cards {
	v, _ := dictionary.For(m.Get(hl7.MustPath("MSH-12.1")).Text())
	r := &reader{m: m, version: v}
	var c Cards
	for s := range m.Segments() {
		switch s.Name() {
		case "PID":
			if c.Patient == nil {
				c.Patient = r.patient(s)
			}
		case "PD1":
			if c.Patient != nil {
				r.add(c.Patient, s, facts{{"Primary care provider", 4, person}, {"Primary facility", 3, text}})
			}
		case "PV1":
			if c.Visit == nil {
				c.Visit = r.visit(s)
			}
		case "PV2":
			if c.Visit != nil {
				r.add(c.Visit, s, facts{{"Reason", 3, coded}, {"Expected admission", 8, moment}, {"Expected discharge", 9, moment}})
			}
		case "NK1":
			c.Relatives = append(c.Relatives, *r.relative(s))
		case "GT1":
			c.Guarantors = append(c.Guarantors, *r.guarantor(s))
		case "IN1":
			c.Insurance = append(c.Insurance, *r.insurance(s))
		case "IN2":
			if n := len(c.Insurance); n > 0 {
				r.add(&c.Insurance[n-1], s, facts{{"Member number", 61, identifier}, {"Medicare number", 6, text}, {"Medicaid number", 8, text}})
			}
		case "SCH":
			if c.Appointment == nil {
				c.Appointment = r.appointment(s)
			}
		case "AIS", "AIG", "AIL", "AIP":
			c.Appointments = append(c.Appointments, *r.resource(s))
		case "FT1":
			c.Charges = append(c.Charges, r.charge(s))
		}
	}
	if c.Appointment != nil {
		r.timing(c.Appointment)
	}
	c.Results = r.results()
	c.Documents = documents(m)
	return c
}

type reader struct {
	m       *hl7.Message
	version *dictionary.Version
}

// facts are labels, fields and how they are read.
type facts []struct {
	label string
	field int
	read  func(*reader, hl7.Value) string
}

func (r *reader) card(s hl7.Segment, title string, f facts) *Card {
	c := &Card{Title: title, Path: segmentPath(s)}
	r.add(c, s, f)
	return c
}

// add appends a line for each repetition of the fields that says something.
func (r *reader) add(c *Card, s hl7.Segment, f facts) {
	for _, fact := range f {
		field := s.Field(fact.field)
		several := field.Repetitions() > 1
		n := 0
		for rep := field.Repetition(1); rep.IsPresent(); rep = rep.Next() {
			n++
			value := fact.read(r, rep)
			if value == "" {
				continue
			}
			path := fmt.Sprintf("%s-%d", segmentPath(s), fact.field)
			if several {
				path += fmt.Sprintf("[%d]", n)
			}
			c.Lines = append(c.Lines, Line{fact.label, value, path, deidentify.Identifies(s.Name(), fact.field)})
		}
	}
}

// segmentPath is PID, or OBX[2] where it is not the first.
func segmentPath(s hl7.Segment) string {
	if n := s.Occurrence(); n > 1 {
		return fmt.Sprintf("%s[%d]", s.Name(), n)
	}
	return s.Name()
}

func (r *reader) patient(s hl7.Segment) *Card {
	c := r.card(s, person0(s.Field(5)), facts{
		{"Name", 5, name}, {"Identifier", 3, identifier}, {"Identifier", 2, identifier}, {"Born", 7, moment}, {"Sex", 8, coded}, {"Alias", 9, name},
		{"Race", 10, coded}, {"Ethnic group", 22, coded}, {"Address", 11, address}, {"Telephone", 13, telephone}, {"Telephone at work", 14, telephone},
		{"Language", 15, coded}, {"Marital status", 16, coded}, {"Account", 18, identifier}, {"Social security number", 19, text}, {"Mother's maiden name", 6, name},
		{"Died", 29, moment}, {"Dead", 30, coded},
	})
	c.Patient = true
	return c
}

func (r *reader) visit(s hl7.Segment) *Card {
	class := coded(r, s.Field(2))
	c := r.card(s, class, facts{
		{"Class", 2, coded}, {"Visit number", 19, identifier}, {"Location", 3, location}, {"Earlier location", 6, location}, {"Admission type", 4, coded},
		{"Attending", 7, person}, {"Referring", 8, person}, {"Consulting", 9, person}, {"Admitting", 17, person}, {"Service", 10, coded},
		{"Admitted", 44, moment}, {"Discharged", 45, moment}, {"Discharged to", 36, coded}, {"Financial class", 20, coded},
	})
	return c
}

func (r *reader) relative(s hl7.Segment) *Card {
	c := r.card(s, person0(s.Field(2)), facts{{"Name", 2, name}, {"Relationship", 3, coded}, {"Role", 7, coded}, {"Telephone", 5, telephone}, {"Telephone at work", 6, telephone}, {"Address", 4, address}})
	c.Patient = true
	return c
}

func (r *reader) guarantor(s hl7.Segment) *Card {
	c := r.card(s, person0(s.Field(3)), facts{{"Name", 3, name}, {"Number", 2, identifier}, {"Relationship", 11, coded}, {"Born", 8, moment}, {"Address", 5, address}, {"Telephone", 6, telephone}, {"Employer", 16, name}})
	c.Patient = true
	return c
}

func (r *reader) insurance(s hl7.Segment) *Card {
	title := s.Field(4).Component(1).Text()
	if title == "" {
		title = coded(r, s.Field(2))
	}
	return r.card(s, title, facts{
		{"Plan", 2, coded}, {"Company", 4, text}, {"Company ID", 3, identifier}, {"Policy", 36, text}, {"Group", 8, text}, {"Group name", 9, text}, {"Plan type", 15, coded},
		{"Insured", 16, name}, {"Relationship", 17, coded}, {"Insured born", 18, moment}, {"Insured's ID", 49, identifier}, {"From", 12, moment}, {"Until", 13, moment},
		{"Priority", 22, coded}, {"Authorisation", 14, text}, {"Address", 5, address}, {"Telephone", 7, telephone},
	})
}

// Charge is one FT1: what was done, for how much.
type Charge struct {
	Path      string
	Code      string // FT1-7: code and text
	Date      string // FT1-4
	Kind      string // FT1-6 in words: charge, credit, payment ...
	Quantity  string // FT1-10
	Amount    string // FT1-11 or FT1-22, with the currency if it is said
	Diagnoses []string
	Lines     []Line // all of it, for the view of one charge
}

func (r *reader) charge(s hl7.Segment) Charge {
	c := r.card(s, "", facts{
		{"Transaction", 2, text}, {"Date", 4, moment}, {"Posted", 5, moment}, {"Kind", 6, coded}, {"What", 7, coded}, {"Procedure", 25, coded}, {"Modifier", 26, coded},
		{"Quantity", 10, text}, {"Amount", 11, money}, {"Unit price", 22, money}, {"Diagnosis", 19, coded}, {"Performed by", 20, person}, {"Ordered by", 21, person}, {"Location", 16, location}, {"Plan", 14, coded},
	})
	out := Charge{Path: c.Path, Code: c.Line("What"), Date: c.Line("Date"), Kind: c.Line("Kind"), Quantity: c.Line("Quantity"), Amount: c.Line("Amount"), Lines: c.Lines}
	if out.Code == "" {
		out.Code = c.Line("Procedure")
	}
	if out.Amount == "" {
		out.Amount = c.Line("Unit price")
	}
	for _, l := range c.Lines {
		if l.Label == "Diagnosis" {
			out.Diagnoses = append(out.Diagnoses, l.Value)
		}
	}
	return out
}

func join(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}
