package mapping

import (
	"slices"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// turn is one pass through a block: what its loop stands at, and what it makes.
type turn struct {
	parent *turn
	block  *block
	index  int // from 0 among the turns of its block in this message
	within int // from 0 among those in the turn around it

	// Of an HL7 v2 source: the segment that the loop stands at, -1 for none; the repetition, if it runs over a field; the
	// groups around, and the bounds of the innermost.
	segment int
	field   int
	rep     hl7.Value
	chain   []hl7.GroupStep
	bounds  span
	// Of any other source.
	node *fhir.Node

	urn  string      // of the FHIR resource: urn:uuid: and its identifier
	out  *fhir.Node  // what is made of a tree
	seg  *segmentOut // what is made of HL7 v2
	twin *turn       // the turn that made the same resource before
}

// id is the identifier of the FHIR resource.
func (t *turn) id() string { return t.urn[len(urnUUID):] }

const urnUUID = "urn:uuid:"

type span struct{ from, to int } // segments, to excluded

// repetition is one turn of a rule's own loop.
type repetition struct {
	n       int // from 0
	segment int // -1 for none
	field   int // 0 where the loop runs over segments
	value   hl7.Value
	node    *fhir.Node
}

// message is one message of the source while it is being mapped.
type message struct {
	bytes []byte
	// HL7 v2
	hl7    *hl7.Message
	names  []string
	layout *layout
	index  fieldIndex
	// everything else
	root      *fhir.Node
	resources []*fhir.Node
}

// newHL7 lays a message over its structure.
func (e *Engine) newHL7(b []byte) *message {
	m := &message{}
	m.read(e, b)
	return m
}

// read is newHL7 in the memory of a former message.
func (m *message) read(e *Engine, b []byte) {
	m.bytes = b
	if m.hl7 == nil {
		m.hl7 = &hl7.Message{}
	}
	m.hl7.Reset(b)
	m.hl7.ShareText()
	n := m.hl7.Len()
	m.names = slices.Grow(m.names[:0], n)
	for i := range n {
		m.names = append(m.names, m.hl7.Segment(i).Name())
	}
	m.index.reset(n)
	m.layout = nil
	if e.grouped {
		m.layout = e.layoutOf(m)
	}
}

// forget lets go of the message and keeps the memory.
func (m *message) forget() {
	if m.hl7 != nil {
		m.hl7.Reset(nil)
	}
	clear(m.names)
	m.index.reset(0)
	m.bytes, m.layout, m.root = nil, nil, nil
	clear(m.resources)
	m.resources = m.resources[:0]
}

// boundsOf are the segments around one that share the first depth groups with it.
func (m *message) boundsOf(segment int, chain []hl7.GroupStep) span {
	if len(chain) == 0 {
		return span{0, len(m.names)}
	}
	s := span{segment, segment + 1}
	for s.from > 0 && within(m.chainOf(s.from-1), chain) {
		s.from--
	}
	for s.to < len(m.names) && within(m.chainOf(s.to), chain) {
		s.to++
	}
	return s
}

// within says whether a chain of groups begins with another.
func within(have, chain []hl7.GroupStep) bool {
	if len(have) < len(chain) {
		return false
	}
	for i := range chain {
		if have[i] != chain[i] {
			return false
		}
	}
	return true
}

// related says whether two places of a message belong together: they are in no two different repetitions of one group.
func related(a, b []hl7.GroupStep) bool {
	for i := 0; i < len(a) && i < len(b) && a[i].Name == b[i].Name; i++ {
		if a[i].Repetition != b[i].Repetition {
			return false
		}
	}
	return true
}

// locate finds the n-th segment of a name as seen from a turn: the one that the loop stands at, then those of the innermost
// group, then of the group around it, at last of the whole message, but for those in other repetitions of a group that the
// turn is in: what belongs to another order is none of this one. -1 if there is none.
func (m *message) locate(t *turn, name string, n int) int {
	if t == nil {
		return m.nth(nil, span{0, len(m.names)}, name, n)
	}
	for u := t; u != nil; u = u.parent {
		if u.segment >= 0 && n <= 1 && m.names[u.segment] == name {
			return u.segment
		}
	}
	at := t.bounds
	for depth := len(t.chain); ; depth-- {
		if found := m.nth(t, at, name, n); found >= 0 {
			return found
		}
		if depth <= 0 || at.from == 0 && at.to == len(m.names) {
			return -1
		}
		at = m.boundsOf(at.from, t.chain[:depth-1])
	}
}

// nth is the n-th segment of a name in a span that belongs to a turn.
func (m *message) nth(t *turn, s span, name string, n int) int {
	for i := s.from; i < s.to; i++ {
		if m.names[i] == name && m.near(t, i) {
			if n--; n <= 0 {
				return i
			}
		}
	}
	return -1
}

// near says whether a segment belongs to a turn, or to no repetition of a group that the turn is not in.
func (m *message) near(t *turn, segment int) bool {
	if t == nil || len(t.chain) == 0 || segment >= t.bounds.from && segment < t.bounds.to {
		return true
	}
	return related(t.chain, m.chainOf(segment))
}

// reach is the innermost span, from the turn outwards, that holds any segment of that name that is near.
func (m *message) reach(t *turn, name string) span {
	if t == nil {
		return span{0, len(m.names)}
	}
	at := t.bounds
	for depth := len(t.chain); depth > 0 && m.nth(t, at, name, 1) < 0; depth-- {
		at = m.boundsOf(at.from, t.chain[:depth-1])
	}
	return at
}

// fieldIndex remembers where the fields of a message are, a segment when it is first asked for: rules ask for the same
// segments a hundred times.
type fieldIndex struct {
	fields   []hl7.Value
	segments []span // of fields; to is 0 where a segment was not looked at
}

func (x *fieldIndex) reset(segments int) {
	clear(x.fields) // values hold the message
	x.fields = x.fields[:0]
	x.segments = slices.Grow(x.segments[:0], segments)[:segments]
	clear(x.segments)
}

// maxIndexed is how many fields are remembered; a message with more is a flood, and is read without an index.
const maxIndexed = 20_000

// field is field n of a segment.
func (m *message) field(segment, n int) hl7.Value {
	x := &m.index
	if len(x.fields) > maxIndexed || n < 1 {
		return m.hl7.Segment(segment).Field(n)
	}
	s := &x.segments[segment]
	if s.to == 0 {
		s.from = len(x.fields)
		x.fields = m.hl7.Segment(segment).AppendFields(x.fields)
		s.to = len(x.fields)
	}
	if n > s.to-s.from {
		return hl7.Value{}
	}
	return x.fields[s.from+n-1]
}
