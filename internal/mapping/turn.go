package mapping

import (
	"slices"
	"sync"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// turn is one pass through a block: what its loop stands at, and what it makes.
type turn struct {
	parent *turn
	block  *block
	index  int // from 0 among the turns of its block in this message

	// Of an HL7 v2 source: the segment that the loop stands at, -1 for none; the repetition, if it runs over a field; the
	// groups around, and the bounds of the innermost.
	segment int
	field   int
	rep     hl7.Value
	chain   []hl7.GroupStep
	bounds  span
	// Of any other source.
	node *fhir.Node

	id   string     // of the FHIR resource
	out  *fhir.Node // what is made of a tree
	keys []itemKey
	seg  *segmentOut // what is made of HL7 v2
	twin *turn       // the turn that made the same resource before
}

type span struct{ from, to int } // segments, to excluded

// repetition is one turn of a rule's own loop.
type repetition struct {
	n       int // from 0
	segment int
	field   int
	value   hl7.Value
	node    *fhir.Node
}

// message is one message of the source while it is being mapped.
type message struct {
	bytes []byte
	// HL7 v2
	hl7    *hl7.Message
	names  []string
	groups *dictionary.Match
	index  *fieldIndex
	// everything else
	root      *fhir.Node
	resources []*fhir.Node
}

// newHL7 lays a message over its structure.
func (e *Engine) newHL7(b []byte) *message {
	m := &message{bytes: b, hl7: hl7.Parse(b)}
	m.names = make([]string, m.hl7.Len())
	m.index = indexes.Get().(*fieldIndex)
	m.index.reset(m.hl7.Len())
	for i := range m.names {
		m.names[i] = m.hl7.Segment(i).Name()
	}
	if !e.grouped {
		return m
	}
	version, structure := e.structure(m.hl7)
	m.groups = version.Match(m.hl7, structure)
	return m
}

// structure finds the structure of a message, and remembers it: messages of one mapping share a few.
func (e *Engine) structure(m *hl7.Message) (*dictionary.Version, *dictionary.Structure) {
	header, _ := m.Header()
	kind, event, id := header.Field(9).Component(1).Text(), header.Field(9).Component(2).Text(), header.Field(9).Component(3).Text()
	name := header.Field(12).Component(1).Text()
	if e.file.Source.Version != "" {
		name = e.file.Source.Version
	}
	if e.file.Source.Message != "" {
		id = e.file.Source.Message
	}
	k := structureKey{name, kind, event, id}
	if v, ok := e.structures.Load(k); ok {
		found := v.(structureFound)
		return found.version, found.structure
	}
	version, _ := dictionary.For(name)
	s, ok := version.Structure(id)
	if !ok {
		if of, known := version.StructureOf(kind, event); known {
			s, _ = version.Structure(of)
		}
	}
	if e.structureCount.Add(1) < 1000 { // a flood of invented message types must not fill the memory
		e.structures.Store(k, structureFound{version, s})
	}
	return version, s
}

type structureKey struct{ version, kind, event, id string }

type structureFound struct {
	version   *dictionary.Version
	structure *dictionary.Structure
}

func (m *message) chainOf(segment int) []hl7.GroupStep {
	if m.groups == nil {
		return nil
	}
	return m.groups.Groups(segment)
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
// group, then of the group around it, at last of the whole message. -1 if there is none.
func (m *message) locate(t *turn, name string, n int) int {
	if t == nil {
		return m.nth(span{0, len(m.names)}, name, n)
	}
	for u := t; u != nil; u = u.parent {
		if u.segment >= 0 && n <= 1 && m.names[u.segment] == name {
			return u.segment
		}
	}
	at := t.bounds
	for depth := len(t.chain); ; depth-- {
		if found := m.nth(at, name, n); found >= 0 {
			return found
		}
		if depth <= 0 || at.from == 0 && at.to == len(m.names) {
			return -1
		}
		at = m.boundsOf(at.from, t.chain[:depth-1])
	}
}

func (m *message) nth(s span, name string, n int) int {
	for i := s.from; i < s.to; i++ {
		if m.names[i] == name {
			if n--; n <= 0 {
				return i
			}
		}
	}
	return -1
}

// reach is the innermost span, from the turn outwards, that holds any segment of that name.
func (m *message) reach(t *turn, name string) span {
	if t == nil {
		return span{0, len(m.names)}
	}
	at := t.bounds
	for depth := len(t.chain); depth > 0 && m.nth(at, name, 1) < 0; depth-- {
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

var indexes = sync.Pool{New: func() any { return new(fieldIndex) }}

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
	x := m.index
	if x == nil || len(x.fields) > maxIndexed || n < 1 {
		return m.hl7.Segment(segment).Field(n)
	}
	s := &x.segments[segment]
	if s.to == 0 {
		s.from = len(x.fields)
		for v := m.hl7.Segment(segment).Field(1); v.IsPresent(); v = v.Next() {
			x.fields = append(x.fields, v)
		}
		s.to = len(x.fields)
	}
	if n > s.to-s.from {
		return hl7.Value{}
	}
	return x.fields[s.from+n-1]
}

// release gives the index back when nothing of the message is looked at any more.
func (m *message) release() {
	if m.index != nil {
		x := m.index
		m.index = nil
		x.reset(0)
		indexes.Put(x)
	}
}
