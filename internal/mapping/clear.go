package mapping

import (
	"trestle/internal/hl7"
)

// clearFunctions take out what came, where a message is kept.
func clearFunctions() []*Function {
	return []*Function{unasked(&Function{Name: "clear", Group: "choice", Does: "takes the field out of an HL7 v2 message that is kept, with all its repetitions; a component or repetition, if the target names one",
		whole: true, reserved: true, make: func(c *compiler, _ []string) (apply, error) {
			if c.file.Target.Kind != HL7v2 {
				c.fail(c.line, c.id, "clear takes a field out of an HL7 v2 message, and the target is none: what no rule writes is not there")
			}
			return func(_ *call, in []value) []value { return append(in[:0], value{clears: true}) }, nil
		}})}
}

// clear takes out what earlier rules have written at a place.
func (s *segmentOut) clear(p hl7.Path) {
	if p.Field > len(s.fields) {
		return
	}
	f := &s.fields[p.Field-1]
	switch {
	case p.Component == 0 && p.Repetition <= 1:
		*f = nil
	case p.Repetition <= len(*f):
		if rep := (*f)[p.Repetition-1]; p.Component == 0 {
			(*f)[p.Repetition-1] = nil
		} else if p.Component <= len(rep) {
			rep[p.Component-1] = nil
		}
	}
}

// cleared takes a place out of a message that is kept; what follows keeps its place.
func cleared(m *hl7.Message, p hl7.Path) (*hl7.Message, error) {
	if p.Component == 0 && p.Repetition <= 1 {
		if p.Repetition = 0; !m.Get(p).IsPresent() {
			return m, nil
		}
		return m.SetRaw(p, nil)
	}
	return m.Set(p, "")
}
