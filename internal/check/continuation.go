package check

import (
	"trestle/internal/hl7"
)

// continued tells that the message goes on elsewhere, or that it should and
// cannot (HL7 2.5.1 section 2.10.2).
func (c *checker) continued(s hl7.Segment, name string) {
	at := place{segment: s}.String()
	if name == "ADD" {
		if before, ok := c.segmentBefore(s); !ok || before.IsHeader() {
			c.add(codeContinuationBroken, at, s.Offset(), 3, "ADD continues the segment before it, but no segment stands there.")
			return
		}
		c.add(codeContinuation, at, s.Offset(), 3, "ADD continues the segment before it; the two must be joined before they are read.")
		return
	}
	if s.Field(1).State() != hl7.Valued {
		return // an answer to a query ends so: nothing more follows
	}
	if !c.last(s) {
		c.add(codeContinuationBroken, at, s.Offset(), 3, "DSC ends a part of a message, but segments follow it.")
		return
	}
	c.add(codeContinuation, at, s.Offset(), 3, "DSC says that the message goes on in another one, whose MSH-14 is %s.", quote(s.Field(1).Raw()))
}

func (c *checker) segmentBefore(s hl7.Segment) (before hl7.Segment, ok bool) {
	for i := s.Index() - 1; i >= 0; i-- {
		if before = c.m.Segment(i); before.Kind() == hl7.LineSegment {
			return before, true
		}
	}
	return hl7.Segment{}, false
}

// last reports whether no segment but the trailers of a batch follows.
func (c *checker) last(s hl7.Segment) bool {
	for i := s.Index() + 1; i < c.m.Len(); i++ {
		if next := c.m.Segment(i); next.Kind() == hl7.LineSegment && next.Name() != "BTS" && next.Name() != "FTS" {
			return false
		}
	}
	return true
}

// Chain follows messages that were cut into parts, through a file or a
// connection: the DSC-1 of a part is the MSH-14 of the next. The zero value is
// ready. It remembers at most a thousand parts that wait for the next.
type Chain struct {
	open map[string]bool // DSC-1 of parts whose next is to come
}

// maxOpenParts bounds what a stream of parts without ends can make Chain keep.
const maxOpenParts = 1000

// Add takes the next message, in the order in which they came. It returns a
// finding if the message continues one that was not there before it.
func (c *Chain) Add(m *hl7.Message) []Finding {
	h, ok := m.Header()
	if !ok || h.Name() != "MSH" {
		return nil
	}
	var found []Finding
	if v := h.Field(14); v.State() == hl7.Valued {
		if pointer := v.Text(); c.open[pointer] {
			delete(c.open, pointer)
		} else {
			found = append(found, Finding{Code: codeContinuationBroken.Code, Severity: codeContinuationBroken.Severity, Path: "MSH-14", Offset: v.Offset(), Length: len(v.Raw()),
				Text: "MSH-14 says that this message continues another one, but none before it ends with a DSC of that pointer; its beginning is missing."})
		}
	}
	if dsc, ok := m.Find("DSC", 1); ok && dsc.Field(1).State() == hl7.Valued && len(c.open) < maxOpenParts {
		if c.open == nil {
			c.open = map[string]bool{}
		}
		c.open[dsc.Field(1).Text()] = true
	}
	return found
}

// Open is the number of parts whose next has not come: at the end of a file,
// messages whose end is missing.
func (c *Chain) Open() int { return len(c.open) }
