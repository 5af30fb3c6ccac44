package check

import (
	"bytes"
	"fmt"

	"trestle/internal/hl7"
)

// joined reports segments that start in the middle of a line, because the
// terminator before them is missing or became a blank. It looks only where a
// segment is too long for its version, and in MSH, so that a text that happens
// to end with an ID is left alone.
func (c *checker) joined() {
	sep := []byte(c.separator())
	for s := range c.m.Segments() {
		if s.Kind() != hl7.LineSegment || len(s.Bytes()) < 24 || c.skip[s.Index()] {
			continue
		}
		header := s.Name() == "MSH"
		from := 10
		if !header {
			limit := longest()[s.Name()]
			// A field more needs a separator more, and counting bytes is quick.
			if limit == 0 || bytes.Count(s.Bytes(), sep) <= limit || s.Fields() <= limit {
				continue
			}
			from = 2
		}
		c.joinedIn(s, sep, from, header)
	}
}

func (c *checker) joinedIn(s hl7.Segment, sep []byte, from int, header bool) {
	var places []int // where an ID starts
	for n, v := range s.All() {
		raw := v.Raw()
		if n < from || len(raw) < 3 || v.End() == s.End() || !knownSegment(string(raw[len(raw)-3:])) {
			continue
		}
		if id := string(raw[len(raw)-3:]); header && !opensMessage[id] || len(raw) == 3 && !(header && c.first(id)) {
			continue
		}
		if before := bytes.TrimRight(raw[:len(raw)-3], " \t0123456789.:"); bytes.HasSuffix(before, []byte("\n")) || bytes.HasSuffix(before, []byte("\r")) {
			continue // indented, which has a finding of its own
		}
		// Before a glued ID stands the end of a value: a digit, or the blank
		// that took the place of the terminator. A letter means a word.
		if len(raw) > 3 && !header && raw[len(raw)-4] != ' ' && (raw[len(raw)-4] < '0' || raw[len(raw)-4] > '9') {
			continue
		}
		places = append(places, v.End()-3)
	}
	if len(places) == 0 {
		return
	}
	c.leaveOut(s)
	c.loose = true
	id := string(c.b[places[0] : places[0]+3])
	text := fmt.Sprintf("The segment %s starts in the middle of %s: the CR before it is missing.", id, s.Name())
	if len(places) > 1 {
		text = fmt.Sprintf("%d segments start in the middle of %s, the first is %s: the CR before them is missing.", len(places), s.Name(), id)
	}
	found := c.add(codeNoTerminators, place{segment: s}.String(), places[0], 3, "%s", text)
	start, end := places[0], places[len(places)-1]
	if c.b[start-1] == ' ' {
		start--
	}
	var out []byte
	at := start
	for _, p := range places {
		out = append(out, bytes.TrimRight(c.b[at:p], " ")...)
		out = append(out, '\r')
		at = p
	}
	found.Repair = &Repair{Title: "Put a CR before each segment", Offset: start, Length: end - start, Replacement: out}
}

// first reports whether the message has no other segment of the name.
func (c *checker) first(id string) bool {
	_, there := c.m.Find(id, 1)
	return !there
}

// opensMessage are segments that can follow MSH.
var opensMessage = map[string]bool{"EVN": true, "PID": true, "MSA": true, "SCH": true, "ORC": true, "QRD": true, "QPD": true, "SFT": true}

// joinedMessages reports a second message that starts in the middle of a
// segment: the same MSH-1 and MSH-2 as the header has, and a message type in
// the ninth field. What follows is another message, so nothing can be said
// about the order of the segments.
func (c *checker) joinedMessages() {
	h, ok := c.m.Header()
	if !ok || h.Name() != "MSH" || len(h.Field(2).Raw()) < 3 {
		return
	}
	sep := []byte(c.separator())
	start := bytes.Join([][]byte{c.b[h.Offset():h.Field(2).End()], sep}, nil)
	for from := h.Field(2).End(); ; {
		i := bytes.Index(c.b[from:], start)
		if i < 0 {
			return
		}
		at := from + i
		from = at + len(start)
		s, ok := c.m.SegmentAt(at)
		if !ok || s.Offset() == at || s.Kind() != hl7.LineSegment {
			continue
		}
		line, _ := cutLine(c.b[at:])
		if fields := bytes.SplitN(line, sep, 10); len(fields) < 10 || !messageTypePattern.Match(fields[8]) {
			continue // words about a header
		}
		c.leaveOut(s)
		c.loose = true
		found := c.add(codeNoTerminators, place{segment: s}.String(), at, 3,
			"A second message starts in the middle of %s: the CR that ends %s is missing, so the two are read as one message.", s.Name(), s.Name())
		found.Repair = &Repair{Title: "Put a CR before the second message", Offset: at, Replacement: []byte("\r")}
	}
}
