package mapper

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/mapping"
)

// Header is what a mapping says beside its rules.
type Header struct {
	Title          string
	Direction      mapping.Direction
	Source, Target mapping.End
	Zone           string
}

// Header is that of the mapping that is open.
func (m *Model) Header() Header {
	f := m.File()
	if f == nil {
		return Header{}
	}
	return Header{f.Title, f.Direction, f.Source, f.Target, f.Zone}
}

// SetHeader changes it. An error says what is wrong in which row of the form: 0 the title, 1 the direction, 2 the source, 3
// the target, 5 the time zone.
func (m *Model) SetHeader(h Header) (row int, err error) {
	d := m.doc
	if d == nil {
		return 0, nil
	}
	if h.Source.Message = strings.ToUpper(strings.TrimSpace(h.Source.Message)); h.Source.Message != "" && h.Source.Kind == mapping.HL7v2 {
		if _, ok := version(h.Source).Structure(h.Source.Message); !ok {
			return 2, fmt.Errorf("version %s has no message structure %q; write for example ADT_A01", version(h.Source).Name, h.Source.Message)
		}
	}
	if h.Source.Kind != mapping.HL7v2 {
		h.Source.Message, h.Source.Version = "", ""
	}
	switch h.Target.Kind {
	case mapping.FHIR:
		if h.Target.Version == "" || h.Target.Version != "4.0.1" {
			h.Target.Version = "4.0.1"
		}
		if h.Target.Root != "" && !fhir.R4().IsResource(h.Target.Root) {
			return 3, fmt.Errorf("FHIR R4 has no resource %q", h.Target.Root)
		}
	case mapping.HL7v2:
		if _, exact := dictionary.For(h.Target.Version); h.Target.Version != "" && !exact {
			return 3, fmt.Errorf("there is no version %q of HL7 v2; write for example 2.5.1", h.Target.Version)
		}
	}
	if h.Target.Keep && (h.Source.Kind != mapping.HL7v2 || h.Target.Kind != mapping.HL7v2) {
		return 3, errors.New("only HL7 v2 can be kept in HL7 v2")
	}
	if h.Zone != "" {
		if _, err := time.LoadLocation(h.Zone); err != nil {
			return 5, fmt.Errorf("there is no time zone %q; write for example America/New_York", h.Zone)
		}
	}
	before := m.Header()
	if before.Title == h.Title && before.Direction == h.Direction && before.Zone == h.Zone && sameEnd(before.Source, h.Source) && sameEnd(before.Target, h.Target) {
		return 0, nil
	}
	m.Edit("Change what the mapping reads and makes", func(e *Edit) bool {
		e.File.Title, e.File.Direction, e.File.Zone, e.File.Source, e.File.Target = h.Title, h.Direction, h.Zone, h.Source, h.Target
		return true
	})
	if before.Source.Kind != h.Source.Kind {
		d.samples.load(d.layout.Samples)
	}
	return 0, nil
}

func sameEnd(a, b mapping.End) bool {
	return a.Kind == b.Kind && a.Version == b.Version && a.Message == b.Message && a.Root == b.Root && a.Bundle == b.Bundle && a.Keep == b.Keep && a.Delimiter == b.Delimiter && a.NoHeader == b.NoHeader &&
		a.Encoding == b.Encoding && a.Layout == b.Layout && a.Schema == b.Schema
}
