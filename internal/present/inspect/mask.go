package inspect

import (
	"trestle/internal/hl7"
)

// The mask fails closed: everything is hidden but what is known to say nothing about a person. Shown are the segments
// of the envelope and, elsewhere, fields that hold a set ID or a code of a table.

// hides says whether a segment may hold patient data.
func hides(segment string) bool {
	switch segment {
	case "MSH", "FHS", "BHS", "BTS", "FTS", "EVN", "MSA", "SFT", "DSC":
		return false
	}
	return true
}

// hiddenField says whether the mask hides a field.
func (o *opened) hiddenField(s hl7.Segment, field int) bool {
	if !hides(s.Name()) {
		return false
	}
	def, ok := o.version.FieldAt(s.Name(), field, 0, 0)
	if !ok {
		return true
	}
	switch def.Type {
	case "SI":
		return false
	case "ID", "IS":
		return s.Name() == "PID" && field != 8 // marital status, race, religion say something about a person
	}
	return true
}

// hiddenRanges are the bytes that the mask hides, in order, without delimiters between fields.
func (o *opened) hiddenRanges() [][2]int {
	if !o.isHL7 {
		return [][2]int{{0, len(o.bytes)}}
	}
	var ranges [][2]int
	for i := range o.message.Len() {
		s := o.message.Segment(i)
		if s.ID() == "" {
			ranges = append(ranges, [2]int{s.Offset(), s.End()})
			continue
		}
		if !hides(s.Name()) {
			continue
		}
		for f := 1; f <= s.Fields(); f++ {
			if v := s.Field(f); v.State() == hl7.Valued && o.hiddenField(s, f) {
				ranges = append(ranges, [2]int{v.Offset(), v.End()})
			}
		}
	}
	return ranges
}
