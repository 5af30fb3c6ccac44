package inspect

import (
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Summary is what a list shows of a message. Every text is decoded to UTF-8
// with escapes resolved; what the message does not say is empty.
type Summary struct {
	Format               string // format.Kind, such as "hl7v2" or "x12"
	Type                 string // MSH-9.1
	Trigger              string // MSH-9.2
	Structure            string // MSH-9.3 as sent, else the one that the version gives to type and trigger
	Version              string // MSH-12.1 as sent
	ControlID            string // MSH-10
	SendingApplication   string // MSH-3.1
	SendingFacility      string // MSH-4.1
	ReceivingApplication string // MSH-5.1
	ReceivingFacility    string // MSH-6.1
	Time                 string // MSH-7.1 as sent
	MRN                  string // the repetition of PID-3 of type MR, else the first
	Account              string // PID-18.1
	Visit                string // PV1-19.1
	Name                 string // PID-5 as "FAMILY, Given"
	Segments             int
}

// maxText is how many bytes of a value a summary keeps: a list needs no more,
// and a damaged header can make one field of a whole message.
const maxText = 250

// Summarise reads the fields that a list shows. It takes whatever is there: a
// message without MSH has a patient all the same.
func Summarise(m *hl7.Message) Summary {
	s := Summary{Format: string(format.HL7v2)}
	for seg := range m.Segments() {
		if seg.Kind() == hl7.LineSegment {
			s.Segments++
		}
	}
	if h, ok := m.Header(); ok && h.Name() == "MSH" {
		s.header(h)
	}
	if pid, ok := m.Find("PID", 1); ok {
		s.MRN = mrn(pid)
		s.Account = first(pid, 18)
		s.Name = name(pid.Field(5))
	}
	if pv1, ok := m.Find("PV1", 1); ok {
		s.Visit = first(pv1, 19)
	}
	return s
}

func (s *Summary) header(h hl7.Segment) {
	s.SendingApplication, s.SendingFacility = first(h, 3), first(h, 4)
	s.ReceivingApplication, s.ReceivingFacility = first(h, 5), first(h, 6)
	s.Time, s.ControlID, s.Version = first(h, 7), first(h, 10), first(h, 12)
	kind := h.Field(9)
	s.Type, s.Trigger, s.Structure = text(kind.Component(1)), text(kind.Component(2)), text(kind.Component(3))
	if s.Structure != "" || s.Type == "" {
		return
	}
	v, _ := dictionary.For(s.Version)
	if id, ok := v.StructureOf(s.Type, s.Trigger); ok {
		s.Structure, _, _ = strings.Cut(id, "-")
	}
}

// text is a value for a list; the null value "" is nothing to show.
func text(v hl7.Value) string {
	if v.State() != hl7.Valued {
		return ""
	}
	if len(v.Raw()) <= maxText {
		return strings.TrimSpace(v.Text())
	}
	t := v.Text()
	if len(t) > maxText {
		t = strings.ToValidUTF8(t[:maxText], "")
	}
	return strings.TrimSpace(t)
}

func first(s hl7.Segment, field int) string {
	return text(s.Field(field).Component(1).Subcomponent(1))
}

// mrn chooses the identifier by which people look for a patient.
func mrn(pid hl7.Segment) string {
	one := ""
	for r := range pid.Field(3).AllRepetitions() {
		id := text(r.Component(1))
		if id == "" {
			continue
		}
		if one == "" {
			one = id
		}
		if strings.EqualFold(text(r.Component(5)), "MR") {
			return id
		}
	}
	if one == "" {
		one = first(pid, 2) // before 2.3.1 the external ID was the patient's number for many
	}
	return one
}

// name writes PID-5 as "FAMILY, Given"; of several names the first that has
// one.
func name(field hl7.Value) string {
	for r := range field.AllRepetitions() {
		family, given := text(r.Component(1).Subcomponent(1)), text(r.Component(2))
		switch {
		case family != "" && given != "":
			return family + ", " + given
		case family != "" || given != "":
			return family + given
		}
	}
	return ""
}
