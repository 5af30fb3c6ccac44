package hl7

import (
	"iter"
	"sort"
	"sync"
	"sync/atomic"
)

// Message is HL7 v2 text: its bytes and an index of its segments. A Message is
// read-only and may be used by several goroutines at once; only Reset changes
// it. The zero Message is an empty one.
type Message struct {
	b     []byte
	text  string // b once more, where ShareText was called
	lines []line
	conts []Continuation

	set   delimiterSet   // of the first header, or guessed
	more  []delimiterSet // of further headers
	sets  int
	main  int32 // which set Delimiters returns
	group Grouping

	charset atomic.Pointer[Charset]
	names   atomic.Pointer[nameIndex]
	wide    wideIndex
}

// Parse indexes b. It never fails and never returns nil. The message keeps b
// without a copy: do not change it while the message is in use.
func Parse(b []byte) *Message {
	m := &Message{}
	m.lines = make([]line, 0, min(1+len(b)/48, 32))
	m.Reset(b)
	return m
}

// Reset makes m the message of b, reusing its memory. Values and segments of
// the former message must not be used any more.
func (m *Message) Reset(b []byte) {
	m.b, m.text = b, ""
	m.lines, m.conts, m.more = m.lines[:0], m.conts[:0], m.more[:0]
	m.sets, m.main, m.group = 0, 0, nil
	m.charset.Store(nil)
	m.names.Store(nil)
	m.wide.reset()
	m.index()
	m.chooseHeader()
}

// ShareText makes the texts of plain values (ASCII, without escape sequences)
// parts of one copy of the message instead of copies of their own. It is for
// readers that ask for most of a message; each text then keeps all of it in
// memory.
func (m *Message) ShareText() { m.text = string(m.b) }

// chooseHeader finds the header whose delimiters stand for the message, and
// tells every set whether characters of two bytes may hide delimiters.
func (m *Message) chooseHeader() {
	h, ok := m.Header()
	if !ok {
		return
	}
	l := &m.lines[h.i]
	if m.setAt(l.set).sep[roleField].n == 0 && m.sets > int(l.set)+1 {
		m.main = l.set + 1 // the header declares nothing: the guess that was made after it
	} else {
		m.main = l.set
	}
	if l.name != nameMSH {
		return
	}
	shape := shapePlain
	for r := h.Field(18).Repetition(1); r.IsPresent() && shape == shapePlain; r = r.Next() {
		shape = shapeOf(r.Component(1).Raw())
	}
	if shape == shapePlain {
		return
	}
	for i := range m.sets {
		d := m.setAt(int32(i))
		d.shape = shape
		d.ready()
	}
}

var nameMSH = [3]byte{'M', 'S', 'H'}

func (m *Message) addSet(header []byte) { headerSet(header, m.newSet()) }
func (m *Message) addGuess()            { *m.newSet() = guessedSet }

func (m *Message) newSet() *delimiterSet {
	m.sets++
	if m.sets == 1 {
		return &m.set
	}
	m.more = append(m.more, delimiterSet{})
	return &m.more[m.sets-2]
}

func (m *Message) setAt(i int32) *delimiterSet {
	if i == 0 {
		return &m.set
	}
	return &m.more[i-1]
}

func (m *Message) lastSet() *delimiterSet { return m.setAt(int32(m.sets - 1)) }

// Bytes returns the bytes that were parsed, identical and not copied.
func (m *Message) Bytes() []byte { return m.b }

// Encode is Bytes: encoding a parsed message gives back what came in.
func (m *Message) Encode() []byte { return m.b }

// Delimiters returns what the header declares: the first MSH, or the first FHS
// or BHS if there is no MSH. Without a header they are guessed, or empty if
// nothing looks like a segment.
func (m *Message) Delimiters() Delimiters {
	if m.sets == 0 {
		return Delimiters{}
	}
	return m.setAt(m.main).public()
}

// Header returns the first MSH segment, or the first FHS or BHS if there is
// no MSH.
func (m *Message) Header() (Segment, bool) {
	first := -1
	for i := range m.lines {
		if l := &m.lines[i]; l.header {
			if l.name == nameMSH {
				return Segment{m, i}, true
			}
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return Segment{}, false
	}
	return Segment{m, first}, true
}

// Len counts the segments, lines that are no segment included.
func (m *Message) Len() int { return len(m.lines) }

// Segment returns the i-th segment or line, from 0. It panics if i is out of
// range, as a slice does.
func (m *Message) Segment(i int) Segment {
	_ = m.lines[i]
	return Segment{m, i}
}

// Segments iterates over all segments and lines in order.
func (m *Message) Segments() iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for i := range m.lines {
			if !yield(Segment{m, i}) {
				return
			}
		}
	}
}

// Find returns the n-th segment, from 1, with this ID. ASCII letters match in
// either case.
func (m *Message) Find(id string, n int) (Segment, bool) {
	if len(id) != 3 || n < 1 {
		return Segment{}, false
	}
	name := [3]byte{upper(id[0]), upper(id[1]), upper(id[2])}
	if n > 4 {
		if at := m.nameIndex().at[name]; n <= len(at) {
			return Segment{m, int(at[n-1])}, true
		}
		return Segment{}, false
	}
	for i := range m.lines {
		if m.lines[i].name == name && m.lines[i].kind == LineSegment {
			if n--; n == 0 {
				return Segment{m, i}, true
			}
		}
	}
	return Segment{}, false
}

// SegmentAt returns the segment or line that holds the byte at offset, its
// break included. The offset at the end of the data belongs to the last one.
func (m *Message) SegmentAt(offset int) (Segment, bool) {
	if offset < 0 || offset > len(m.b) || len(m.lines) == 0 {
		return Segment{}, false
	}
	i := sort.Search(len(m.lines), func(i int) bool { return m.lines[i].next() > offset })
	return Segment{m, min(i, len(m.lines)-1)}, true
}

// Continuations returns the raw line ends that are part of a field, in order.
// The slice belongs to the message.
func (m *Message) Continuations() []Continuation { return m.conts }

// nameIndex knows the segments of each name, built when first asked for.
type nameIndex struct {
	at         map[[3]byte][]int32
	occurrence []int32
}

func (m *Message) nameIndex() *nameIndex {
	if x := m.names.Load(); x != nil {
		return x
	}
	x := &nameIndex{at: map[[3]byte][]int32{}, occurrence: make([]int32, len(m.lines))}
	for i := range m.lines {
		if l := &m.lines[i]; l.kind == LineSegment {
			at := append(x.at[l.name], int32(i))
			x.at[l.name] = at
			x.occurrence[i] = int32(len(at))
		}
	}
	m.names.Store(x)
	return x
}

// wideIndex remembers the places of every 64th part of values with very many
// parts, so that asking for part after part does not scan again and again.
type wideIndex struct {
	mu sync.Mutex
	at map[wideKey]wideParts
}

type wideKey struct {
	off, end int
	role     role
}

type wideParts struct {
	starts []int // where the parts 1, 65, 129 ... start
	count  int
}

func (w *wideIndex) reset() {
	w.mu.Lock()
	clear(w.at)
	w.mu.Unlock()
}
