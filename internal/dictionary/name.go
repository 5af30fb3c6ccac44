package dictionary

import (
	"strconv"
	"strings"

	"trestle/internal/hl7"
)

// NameOf says in words what a path points to: for PID-3.4.1 "Patient Identifier
// List › Assigning Authority › Namespace ID", for a path of a segment alone the
// name of the segment. A field that only a later version defines is named by
// that version, which is added: "Equipment Instance Identifier (2.7)". A
// component that is not defined is numbered, as in "Observation Value ›
// Component 2". It is empty if no version knows the segment or field.
func (v *Version) NameOf(p hl7.Path) string {
	if p.Field <= 0 {
		if s, ok := v.Segment(p.Segment); ok {
			return s.Name
		}
		return ""
	}
	f, ok := v.FieldAt(p.Segment, p.Field, 0, 0)
	later := ""
	if !ok {
		if later, f, ok = DefinedLater(v.Name, p.Segment, p.Field); !ok {
			return ""
		}
	}
	var b strings.Builder
	b.WriteString(f.Name)
	for _, level := range [...]struct {
		kind string
		n    int
	}{{"Component", p.Component}, {"Subcomponent", p.Subcomponent}} {
		if level.n <= 0 {
			break
		}
		if level.n == 1 && f.primitive() {
			continue // the value itself, which has its name already
		}
		b.WriteString(" › ")
		if f, ok = at(f.Components(), level.n); ok {
			b.WriteString(f.Name)
			continue
		}
		b.WriteString(level.kind)
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(level.n))
	}
	if later != "" {
		b.WriteString(" (" + later + ")")
	}
	return b.String()
}
