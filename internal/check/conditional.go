package check

import (
	"bytes"
	"strings"

	"trestle/internal/hl7"
)

// conditionalRule is a field that is needed, or not to be sent, under a
// condition that the standard states and that the message itself shows.
type conditionalRule struct {
	segment string
	field   int // that the finding is about
	when    func(*checker, hl7.Segment) bool
	text    string
}

// conditionals are those that are beyond doubt; OBX-2 with OBX-5 and MSH-15 with
// MSH-16 have checks of their own. Sections are those of HL7 2.5.1.
var conditionals = []conditionalRule{
	// 3.4.2.29, 3.4.2.30: a date of death and a statement that nobody died.
	{"PID", 30, func(c *checker, s hl7.Segment) bool { return has(s, 29) && is(s, 30, "N") },
		"PID-29 has a date of death, but PID-30 says that the patient lives."},
	// 3.4.2.24, 3.4.2.25: the place in the order of birth of a multiple birth.
	{"PID", 24, func(c *checker, s hl7.Segment) bool { return has(s, 25) && is(s, 24, "N") && !is(s, 25, "1") },
		"PID-25 gives a place in the order of birth, but PID-24 says that it was no multiple birth."},
	// 3.3.3: the end of a stay has its time.
	{"PV1", 45, func(c *checker, s hl7.Segment) bool { return c.message == "ADT^A03" && !has(s, 45) },
		"The message is a discharge (A03), but PV1-45 does not say when."},
	// 3.3.2: the new place stands in PV1-3, the old one in PV1-6.
	{"PV1", 3, func(c *checker, s hl7.Segment) bool { return c.message == "ADT^A02" && !has(s, 3) },
		"The message is a transfer (A02), but PV1-3 does not say where to."},
	{"PV1", 6, func(c *checker, s hl7.Segment) bool { return c.message == "ADT^A02" && has(s, 3) && !has(s, 6) },
		"The message is a transfer (A02), but PV1-6 does not say from where."},
	// 3.3.40: a merge has an identifier that goes and another that stays.
	{"MRG", 1, func(c *checker, s hl7.Segment) bool { return c.message == "ADT^A40" && c.mergedWithItself(s) },
		"The identifier that the merge takes away (MRG-1) is the one that stays (PID-3)."},
	// 4.5.3.2, 4.5.3.3: one of the two numbers of an order is always there.
	{"OBR", 3, func(c *checker, s hl7.Segment) bool {
		return c.kind == "ORU" && !has(s, 2) && !has(s, 3) && !c.orderNumbers()
	}, "Neither OBR-2 (placer order number) nor OBR-3 (filler order number) is valued, so the result cannot be told from another one."},
	// 4.5.3.7, 4.5.3.25: of a report, when the observation was made and what state it is in.
	{"OBR", 7, func(c *checker, s hl7.Segment) bool { return c.kind == "ORU" && !has(s, 7) },
		"OBR-7 does not say when the observation was made, which a report has to."},
	{"OBR", 25, func(c *checker, s hl7.Segment) bool { return c.kind == "ORU" && c.from(2, 2) && !has(s, 25) },
		"OBR-25 does not say whether the result is final, which a report has to."},
	// 10.6.1.1, 10.6.1.2: an appointment has the number of the placer or of the filler.
	{"SCH", 1, func(c *checker, s hl7.Segment) bool { return c.kind == "SIU" && !has(s, 1) && !has(s, 2) },
		"Neither SCH-1 (placer appointment ID) nor SCH-2 (filler appointment ID) is valued, so no later message can name the appointment."},
	// 2.9.2: what was refused is explained.
	{"MSA", 1, func(c *checker, s hl7.Segment) bool {
		return (is(s, 1, "AE") || is(s, 1, "AR") || is(s, 1, "CE") || is(s, 1, "CR")) && !has(s, 3) && !has(s, 6) && c.count("ERR") == 0
	}, "The message was refused, but neither ERR nor MSA-3 says why."},
	// 4.14.7.18, 4.14.7.20: a refused vaccine or drug has a reason.
	{"RXA", 18, func(c *checker, s hl7.Segment) bool { return is(s, 20, "RE") && !has(s, 18) },
		"RXA-20 says that the patient refused, but RXA-18 gives no reason."},
}

var conditionalsOf = func() map[string][]*conditionalRule {
	by := map[string][]*conditionalRule{}
	for i := range conditionals {
		by[conditionals[i].segment] = append(by[conditionals[i].segment], &conditionals[i])
	}
	return by
}()

func has(s hl7.Segment, field int) bool { return s.Field(field).State() == hl7.Valued }

func is(s hl7.Segment, field int, code string) bool {
	return string(s.Field(field).Component(1).Raw()) == code
}

// conditional reports a field of a segment that a condition asks for. It is no
// error: the conditions stand in the standard's text, and few receivers
// refuse a message for them.
func (c *checker) conditional(s hl7.Segment, r *conditionalRule) {
	if c.full(codeConditional) || !r.when(c, s) || !c.firstTime("conditional", place{segment: s, field: r.field}) {
		return
	}
	v := s.Field(r.field)
	c.add(codeConditional, place{segment: s, field: r.field}.String(), v.Offset(), len(v.Raw()), "%s", r.text)
}

// orderNumbers reports whether an ORC gives the number of the order in the place
// of OBR.
func (c *checker) orderNumbers() bool {
	for s := range c.m.Segments() {
		if s.Name() == "ORC" && (has(s, 2) || has(s, 3)) {
			return true
		}
	}
	return false
}

func (c *checker) mergedWithItself(mrg hl7.Segment) bool {
	pid, ok := c.m.Find("PID", mrg.Occurrence())
	if !ok {
		return false
	}
	old, kept := mrg.Field(1), pid.Field(3)
	same := func(n int) bool { return bytes.Equal(old.Component(n).Raw(), kept.Component(n).Raw()) }
	return old.State() == hl7.Valued && kept.Repetitions() == 1 && same(1) && same(4)
}

// eventOf takes type and trigger event from MSH-9 for the conditions.
func (c *checker) eventOf(h hl7.Segment) {
	nine := h.Field(9)
	c.kind = strings.TrimSpace(string(nine.Component(1).Raw()))
	c.message = c.kind + "^" + strings.TrimSpace(string(nine.Component(2).Raw()))
}
