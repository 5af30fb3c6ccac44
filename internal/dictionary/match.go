package dictionary

import (
	"strings"
	"sync"

	"trestle/internal/hl7"
)

// DeviationKind says how a message departs from its structure.
type DeviationKind uint8

const (
	// Unexpected: the structure has no such segment anywhere.
	Unexpected DeviationKind = iota + 1
	// OutOfOrder: the structure has the segment, but not at this place.
	OutOfOrder
	// Repeated: a segment or group that occurs once is there again, or a second
	// alternative of a choice.
	Repeated
	// Missing: a required segment or group is not there.
	Missing
)

func (k DeviationKind) String() string {
	switch k {
	case Unexpected:
		return "unexpected"
	case OutOfOrder:
		return "out of order"
	case Repeated:
		return "repeated"
	case Missing:
		return "missing"
	}
	return "unknown"
}

// Deviation is one place where a message departs from its structure.
type Deviation struct {
	Kind     DeviationKind
	Segment  int             // index of the segment; for Missing that of the segment before which it should be, or the number of segments
	Name     string          // the segment or group that is unexpected, out of order, repeated or missing
	Group    bool            // Name is a group
	Groups   []hl7.GroupStep // the groups that are open at this place, outermost first; shared, not to be changed
	Expected []string        // the segments that could stand here instead; for a missing group those that can begin it
	After    string          // OutOfOrder: the segment that it belongs after, or "" if Before says where
	Before   string          // OutOfOrder: the segment that it belongs before
}

// Match is a message laid over a structure. It implements [hl7.Grouping].
type Match struct {
	Structure  *Structure  // nil if there was none: then nothing is grouped and nothing deviates
	Deviations []Deviation // in the order of the message

	grammar   *grammar
	filled    []int16 // place of each segment, 0 = none
	inside    []int32 // instance of each segment
	instances []instance
}

// instance is one occurrence of a group in the message; 0 is the message.
type instance struct {
	group      int16
	parent     int32
	repetition int32 // from 1, within the parent
}

var _ hl7.Grouping = (*Match)(nil)

// Match lays a message over a structure of this version and says which group
// each segment is in and where the message deviates. Any message can be matched
// with any structure. Segments that the structure does not name and Z segments
// belong to the group that is open where they stand, a segment out of order to
// the innermost open group that it could belong to. Z segments and lines that are
// no segments never deviate.
//
// How it works: all places of the structure are numbered, and for each pair of
// places the price of having one follow the other is known beforehand: 0 if the
// structure allows it, more for each required segment left out and for each
// repetition that is not allowed. The reading of the message with the lowest
// price is found in one pass over the segments (see align), so neither a long
// message nor a hostile one takes more than time proportional to its length. A
// second pass follows that reading, counts the repetitions of groups and writes
// down what it cost. A required segment that is missing in one place and stands
// in another is reported once, as out of order.
func (v *Version) Match(m *hl7.Message, s *Structure) *Match {
	n := m.Len()
	if s == nil {
		return &Match{filled: make([]int16, n), inside: make([]int32, n), instances: make([]instance, 1)}
	}
	return matchNames(v.grammar(s), n, func(i int) string { return m.Segment(i).Name() })
}

func (v *Version) grammar(s *Structure) *grammar {
	if g, ok := v.grammars.Load(s); ok {
		return g.(*grammar)
	}
	g, _ := v.grammars.LoadOrStore(s, compile(s))
	return g.(*grammar)
}

func matchNames(g *grammar, n int, name func(int) string) *Match {
	f := followers.Get().(*follower)
	defer f.release()
	f.Match = &Match{
		Structure: g.structure, grammar: g,
		filled: g.align(n, name), inside: make([]int32, n), instances: make([]instance, 1, 8),
	}
	f.open, f.count, f.last = zeroed(f.open, len(g.groups)), zeroed(f.count, len(g.groups)), zeroed(f.last, len(g.places))
	for i := range f.open {
		f.open[i] = -1
	}
	f.open[messageGroup] = 0
	for i := range f.last {
		f.last[i] = -1
	}
	f.run(n, name)
	return f.Match
}

// followers and aligners are used again: what they need for a message is larger
// than most messages.
var (
	followers = sync.Pool{New: func() any { return &follower{} }}
	aligners  = sync.Pool{New: func() any { return &aligner{} }}
)

// release gives the follower back with nothing but its room.
func (f *follower) release() {
	clear(f.hints)
	*f = follower{open: f.open, count: f.count, last: f.last, hints: f.hints, strays: f.strays[:0]}
	followers.Put(f)
}

// zeroed is room for n numbers, all 0.
func zeroed(room []int32, n int) []int32 {
	if cap(room) < n {
		return make([]int32, n)
	}
	room = room[:n]
	clear(room)
	return room
}

// Groups returns the groups that a segment is in, outermost first, with their
// repetition numbers; none for a segment at the top of the message. Choices that
// the standard leaves unnamed are not steps.
func (m *Match) Groups(segmentIndex int) []hl7.GroupStep {
	if segmentIndex < 0 || segmentIndex >= len(m.inside) {
		return nil
	}
	return m.path(m.inside[segmentIndex])
}

// Node returns the node of the structure that a segment fills.
func (m *Match) Node(segmentIndex int) (*Node, bool) {
	if segmentIndex < 0 || segmentIndex >= len(m.filled) || m.filled[segmentIndex] == startPlace {
		return nil, false
	}
	return m.grammar.places[m.filled[segmentIndex]].node, true
}

// unnamed is what the data calls the choices that the standard leaves unnamed.
const unnamed = "CHOICE"

// path builds the steps of an instance afresh: a Match may be read by many
// goroutines, and what it hands out belongs to the caller.
func (m *Match) path(at int32) []hl7.GroupStep {
	depth := 0
	for i := at; i != 0; i = m.instances[i].parent {
		if m.named(i) {
			depth++
		}
	}
	if depth == 0 {
		return nil
	}
	steps := make([]hl7.GroupStep, depth)
	for i := at; i != 0; i = m.instances[i].parent {
		if m.named(i) {
			depth--
			steps[depth] = hl7.GroupStep{Name: m.grammar.groups[m.instances[i].group].node.Name, Repetition: int(m.instances[i].repetition)}
		}
	}
	return steps
}

func (m *Match) named(at int32) bool {
	return m.grammar.groups[m.instances[at].group].node.Name != unnamed
}

// isLocal tells whether a name is that of a Z segment, which may stand anywhere.
func isLocal(name string) bool { return strings.HasPrefix(name, "Z") }
