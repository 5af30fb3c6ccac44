package check

import (
	"fmt"
	"slices"
	"sync"

	"trestle/internal/dictionary"
	"trestle/internal/format"
	"trestle/internal/hl7"
)

// checker holds what is known about one message while it is looked at.
type checker struct {
	collector
	b []byte

	comp, repetition, sub, escape string // delimiters that can be used, else empty

	quick  quick
	shapes shapes

	typ, observed hl7.Value // OBX-2 and OBX-5 of the segment that is looked at

	cut byte // the truncation character of HL7 2.7 on, 0 for none

	v         *dictionary.Version
	plans     *versionPlans
	structure *dictionary.Structure

	kind, message string // MSH-9.1, "ADT", and with MSH-9.2, "ADT^A03"

	blind bool         // fields cannot be checked against a version: no MSH, or a damaged body
	loose bool         // the structure cannot be checked
	skip  map[int]bool // segments whose fields would only repeat a root cause

	seen map[string]bool   // unknown segments that are reported
	told []fieldKey        // fields whose every occurrence would say the same
	more map[fieldKey]bool // those that told has no room for
}

// Message returns what is to be said about m: root causes first, then by
// place. What an earlier cause explains is left out. It never fails and never
// panics, whatever the bytes are; it takes time in proportion to their number.
func Message(m *hl7.Message, o Options) []Finding {
	c := checkers.Get().(*checker)
	c.reset(m, o)
	defer c.release()
	if c.readable() {
		c.lines()
		c.header()
		c.bytes()
		c.continuations()
		c.order()
		c.segments()
		c.agreed()
	}
	if o.Truncated {
		c.found = slices.DeleteFunc(c.found, func(e entry) bool { return e.Offset+e.Length >= len(c.b) && e.Offset > 0 })
	}
	return c.result()
}

// checkers are used again: what a checker holds is larger than most messages.
var checkers = sync.Pool{New: func() any { return &checker{} }}

func (c *checker) reset(m *hl7.Message, o Options) {
	found, shapes, told := c.found[:0], c.shapes, c.told[:0]
	*c = checker{collector: newCollector(o), b: m.Bytes(), shapes: shapes, told: told}
	c.m, c.found = m, found
}

// release gives the checker back without anything of the message but the names
// of its segments: patient data must not stay in memory for the next.
func (c *checker) release() {
	clear(c.found[:cap(c.found)])
	if cap(c.found) > maxKept {
		c.found = nil
	}
	*c = checker{collector: collector{found: c.found[:0]}, shapes: c.shapes, told: c.told[:0]}
	checkers.Put(c)
}

// maxKept is the number of findings that a checker keeps the room for.
const maxKept = 256

// ControlIDTwice is the finding for a message whose sender and control ID an
// earlier message of the same file has, the one with the index given. Message
// sees one message at a time and cannot know.
func ControlIDTwice(m *hl7.Message, earlier int) Finding {
	f := Finding{Code: codeControlTwice.Code, Severity: codeControlTwice.Severity, Path: "MSH-10",
		Text: fmt.Sprintf("Message %d of this file has the same sender and control ID; many receivers take the second for a repetition and discard it.", earlier+1)}
	if h, ok := m.Header(); ok {
		v := h.Field(10)
		f.Offset, f.Length = v.Offset(), len(v.Raw())
	}
	return f
}

// readable reports what cannot be a message at all.
func (c *checker) readable() bool {
	if len(c.b) == 0 {
		c.add(codeEmpty, "", 0, 0, "There are no bytes.")
		return false
	}
	segments := 0
	for s := range c.m.Segments() {
		if k := s.Kind(); k == hl7.LineSegment || k == hl7.LineBadID {
			segments++
		}
	}
	if _, ok := c.m.Header(); ok && c.b[0] != 0 {
		return true
	}
	g := format.Detect(c.b)
	switch {
	case g.Kind == format.UTF16:
		c.add(codeUTF16, "", 0, min(2, len(c.b)), "The text is %s. HL7 connections carry single bytes or UTF-8; ask the sender for UTF-8.", g.Encoding)
		return false
	case g.Kind == format.Empty:
		c.add(codeEmpty, "", 0, len(c.b), "%s", g.Why)
		return false
	case g.Kind.IsHL7v2() || segments >= 2:
		return true
	}
	c.notHL7(g, len(c.b))
	return false
}

// notHL7 says what the bytes seem to be.
func (c *collector) notHL7(g format.Guess, length int) {
	switch g.Kind {
	case format.HTTP, format.TLS, format.ASTM:
		c.add(codeWrongProtocol, "", 0, length, "This is not HL7 v2 but %s. %s", g.Kind.Words(), g.Why)
	case format.Empty:
		c.add(codeEmpty, "", 0, length, "%s", g.Why)
	case format.UTF16:
		c.add(codeUTF16, "", 0, min(2, length), "%s", g.Why)
	default:
		c.add(codeNotHL7, "", 0, length, "This is not HL7 v2 but %s. %s", g.Kind.Words(), g.Why)
	}
}

// leaveOut marks a segment whose fields would only repeat a root cause.
func (c *checker) leaveOut(s hl7.Segment) {
	if c.skip == nil {
		c.skip = map[int]bool{}
	}
	c.skip[s.Index()] = true
}

// delimiters takes those that can split: declared, and not equal to another.
func (c *checker) delimiters() {
	d := c.m.Delimiters().Usable()
	c.comp, c.repetition, c.sub, c.escape = d.Component, d.Repetition, d.Subcomponent, d.Escape
}
