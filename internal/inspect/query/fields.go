package query

import (
	"strconv"
	"strings"

	"trestle/internal/inspect"
)

// Field is something that is known of every message without looking for a path.
type Field struct {
	Name    string
	About   string // in a few words
	Example string

	aliases []string
	value   func(*Subject) string // nil for those that are no text of the summary
}

var fields = []*Field{
	{Name: "type", About: "message type, MSH-9.1; ADT^A08 gives the trigger too; of FHIR the resource type", Example: "ADT", value: summary(func(s *inspect.Summary) string { return s.Type })},
	{Name: "trigger", About: "trigger event, MSH-9.2", Example: "A08", value: summary(func(s *inspect.Summary) string { return s.Trigger })},
	{Name: "structure", About: "message structure, MSH-9.3; the kind of a Bundle", Example: "ADT_A01", value: summary(func(s *inspect.Summary) string { return s.Structure })},
	{Name: "version", About: "version of HL7, MSH-12", Example: "2.5.1", value: summary(func(s *inspect.Summary) string { return s.Version })},
	{Name: "control", About: "control ID, MSH-10; the id of a resource", Example: "MSG00412", aliases: []string{"controlid"}, value: summary(func(s *inspect.Summary) string { return s.ControlID })},
	{Name: "mrn", About: "medical record number, PID-3 of type MR; who a resource is about", Example: "88121", value: summary(func(s *inspect.Summary) string { return s.MRN })},
	{Name: "account", About: "account number, PID-18", Example: "A1001", value: summary(func(s *inspect.Summary) string { return s.Account })},
	{Name: "visit", About: "visit number, PV1-19", Example: "V55", value: summary(func(s *inspect.Summary) string { return s.Visit })},
	{Name: "name", About: "patient's name, as FAMILY, Given", Example: `"MARLOW, Jane"`, value: summary(func(s *inspect.Summary) string { return s.Name })},
	{Name: "sender", About: "sending application, MSH-3", Example: "LAB", value: summary(func(s *inspect.Summary) string { return s.SendingApplication })},
	{Name: "receiver", About: "receiving application, MSH-5", Example: "EHR", value: summary(func(s *inspect.Summary) string { return s.ReceivingApplication })},
	{Name: "format", About: "what the piece is", Example: "hl7v2", value: summary(func(s *inspect.Summary) string { return s.Format })},
	{Name: "source", About: "name of the file", Example: "adt.hl7", aliases: []string{"file"}, value: func(s *Subject) string { return s.Source }},
	{Name: "time", About: "message time, MSH-7", Example: "2026-01-31", value: summary(func(s *inspect.Summary) string { return s.Time })},
	{Name: "since", About: "message time of this day or later", Example: "2026-01-01", aliases: []string{"from"}},
	{Name: "until", About: "message time of this day or earlier", Example: "2026-01-31", aliases: []string{"to"}},
	{Name: "size", About: "bytes of the message", Example: "4000", value: func(s *Subject) string { return strconv.Itoa(len(s.Message.Bytes()) + len(s.Plain)) }},
	{Name: "segments", About: "number of segments", Example: "12", value: summary(func(s *inspect.Summary) string { return strconv.Itoa(s.Segments) })},
	{Name: "finding", About: "severity or code of a finding", Example: "error"},
	{Name: "severity", About: "a finding of at least this severity", Example: "warning"},
	{Name: "tag", About: "a tag that someone gave it", Example: "open"},
	{Name: "text", About: "words anywhere in the message", Example: `"left arm"`},
	{Name: "sort", About: "order of the list; a minus for the largest first", Example: "-time"},
}

func summary(of func(*inspect.Summary) string) func(*Subject) string {
	return func(s *Subject) string { return of(&s.Summary) }
}

// Fields lists what a query can ask of a message besides its paths.
func Fields() []Field {
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = *f
	}
	return out
}

// fieldNamed finds a field by its name or another that it goes by; nil is none.
func fieldNamed(name string) *Field {
	name = strings.ToLower(name)
	for _, f := range fields {
		if f.Name == name {
			return f
		}
		for _, a := range f.aliases {
			if a == name {
				return f
			}
		}
	}
	return nil
}
