package hl7

import "bytes"

// BreakKind says by which bytes a line ended.
type BreakKind uint8

const (
	BreakEnd  BreakKind = iota // the data ended without a line end
	BreakCR                    // 0D, what the standard demands
	BreakLF                    // 0A
	BreakCRLF                  // 0D 0A
	BreakNone                  // nothing: a header starts in the middle of a line, after a byte order mark or a log prefix
)

func (k BreakKind) String() string {
	return [...]string{"end of data", "CR", "LF", "CR LF", "none"}[min(k, BreakNone)]
}

// Break is the end of a segment: which bytes, where, and why it was taken for
// the end of a segment.
type Break struct {
	Kind           BreakKind
	Offset, Length int
	Reason         string
}

// Continuation is a raw line end inside a field that is not a segment end.
type Continuation struct {
	Offset, Length int
	Reason         string
}

// LineKind says what a line of a message is.
type LineKind uint8

const (
	LineSegment LineKind = iota // a segment: an ID of three characters, then a field separator or nothing
	LineBadID                   // fields after something that is no segment ID: "PV|", "PIDX|", "PID |"
	LineBlank                   // nothing, or only blanks and control characters
	LineStray                   // text that belongs to no segment
)

func (k LineKind) String() string {
	return [...]string{"segment", "bad segment ID", "blank line", "stray line"}[min(k, LineStray)]
}

// Why a break ends a segment, and why one does not.
const (
	reasonSegment   = "the next line starts with a segment ID and the field separator"
	reasonBare      = "the next line is a segment ID alone, after the line end that this message uses"
	reasonHeader    = "the next line is a header segment"
	reasonBadID     = "the next line has fields but no valid segment ID"
	reasonBlank     = "the next line is blank"
	reasonStray     = "the next line is text that belongs to no segment"
	reasonData      = "the data ends here"
	reasonJoined    = "a header segment starts in the middle of the line"
	reasonText      = "the next line does not start with a segment ID and a field separator"
	reasonOtherEnd  = "the next line could be a segment, but this message ends its segments with another line end"
	reasonParagraph = "a blank line inside text that goes on before the next segment"
)

// line is one entry of the index: a segment with its continuations, or a line
// that is no segment.
type line struct {
	start, end, next int // content is start:end, the break is end:next
	brk              BreakKind
	kind             LineKind
	name             [3]byte // upper case; zero unless kind is LineSegment
	set              int32   // which delimiterSet
	header           bool
	reason           string // of the break at its end
}

// lineReader cuts physical lines. It remembers the next CR and LF, so that a
// message without LF is searched for LF once and not once a line.
type lineReader struct {
	b      []byte
	cr, lf int
}

func (r *lineReader) next(pos int) (end, next int, kind BreakKind) {
	if r.cr < pos {
		r.cr = indexFrom(r.b, pos, '\r')
	}
	if r.lf < pos {
		r.lf = indexFrom(r.b, pos, '\n')
	}
	switch {
	case r.cr == len(r.b) && r.lf == len(r.b):
		return len(r.b), len(r.b), BreakEnd
	case r.lf < r.cr:
		return r.lf, r.lf + 1, BreakLF
	case r.lf == r.cr+1 && r.lf < len(r.b):
		return r.cr, r.cr + 2, BreakCRLF
	}
	return r.cr, r.cr + 1, BreakCR
}

func indexFrom(b []byte, pos int, c byte) int {
	if i := bytes.IndexByte(b[pos:], c); i >= 0 {
		return pos + i
	}
	return len(b)
}

// indexer builds the index of a message. The rules, line by line:
//
//   - An upper-case ID of three characters and the field separator start a
//     segment after any kind of line end. A raw line end in text that happens
//     to be followed by exactly that is rarer than a sender that mixes line
//     ends, and a segment swallowed by a field would be the worse mistake.
//   - A lower-case ID, a bare ID and a bad ID ("PV|") count only after the kind
//     of line end that the message uses: text broken by LF in a message whose
//     segments end with CR cannot be taken for a segment by accident.
//   - Other text continues the field before it. After a blank line it does so
//     only if a segment follows later or the blank line is made of another
//     line end than the message's; otherwise it is a stray line.
//   - Text before the first segment is a stray line.
type indexer struct {
	m     *Message
	r     lineReader
	term  BreakKind // line end of this message's segments; BreakEnd = not known yet
	open  int       // index of the segment that text would continue, -1 = none
	cont  bool      // the line before was a continuation
	stray int       // stray lines since the open segment that may yet become its text
}

func (m *Message) index() {
	x := indexer{m: m, r: lineReader{b: m.b, cr: -1, lf: -1}, open: -1}
	pos := 0
	prev := BreakEnd
	for pos < len(m.b) {
		if m.sets == 0 {
			pos = x.prefix(pos)
		}
		end, next, brk := x.r.next(pos)
		x.line(pos, end, next, brk, prev)
		pos, prev = next, brk
	}
	if n := len(m.lines); n > 0 {
		m.lines[n-1].reason = reasonData
	}
}

// line enters one physical line; prev is the break before it.
func (x *indexer) line(start, end, next int, brk, prev BreakKind) {
	m := x.m
	text := m.b[start:end]
	l := line{start: start, end: end, next: next, brk: brk}
	var reason string
	switch {
	case m.sets == 0 || m.lastSet().sep[roleField].n == 0:
		reason = x.first(text, &l)
	default:
		reason = x.classify(text, &l, prev)
	}
	if l.kind == LineStray && x.open >= 0 && x.continues(&l, prev, reason) {
		return
	}
	if l.kind == LineSegment || l.kind == LineBadID {
		x.settle()
		if x.open >= 0 && x.term == BreakEnd && l.kind == LineSegment {
			x.term = prev
		}
		x.open, x.cont, x.stray = len(m.lines), false, 0
	}
	l.set = int32(max(m.sets-1, 0))
	if n := len(m.lines); n > 0 && m.lines[n-1].brk != BreakNone {
		m.lines[n-1].reason = reason
	}
	m.lines = append(m.lines, l)
}

// classify says what a line is once delimiters are known.
func (x *indexer) classify(text []byte, l *line, prev BreakKind) (reason string) {
	m := x.m
	usual := x.term == BreakEnd || prev == x.term
	if id, up := leadingID(text); id {
		name := [3]byte{upper(text[0]), upper(text[1]), upper(text[2])}
		sep := m.lastSet().sep[roleField].text()
		switch {
		case len(sep) > 0 && hasPrefixAt(text, 3, sep):
			if !up && !usual {
				l.kind = LineStray
				return reasonOtherEnd
			}
			l.kind, l.name = LineSegment, name
			if isHeader(name) {
				l.header = true
				m.addSet(text)
				return reasonHeader
			}
			return reasonSegment
		case isHeader(name) && (strictHeader(text) || len(sep) == 0 && len(text) > 3 && canDelimit(text[3:])):
			l.kind, l.name, l.header = LineSegment, name, true
			m.addSet(text)
			return reasonHeader
		case len(text) == 3 && up && usual && !x.cont:
			l.kind, l.name = LineSegment, name
			return reasonBare
		}
	}
	if isBlank(text) {
		l.kind = LineBlank
		return reasonBlank
	}
	if usual && !x.cont && x.stray == 0 && badID(text, m.lastSet().sep[roleField].text()) {
		l.kind = LineBadID
		return reasonBadID
	}
	l.kind = LineStray
	return reasonText
}

// first says what a line is while no delimiters are known.
func (x *indexer) first(text []byte, l *line) (reason string) {
	m := x.m
	if id, _ := leadingID(text); id {
		name := [3]byte{upper(text[0]), upper(text[1]), upper(text[2])}
		if isHeader(name) && (len(text) == 3 || canDelimit(text[3:])) {
			l.kind, l.name, l.header = LineSegment, name, true
			m.addSet(text)
			return reasonHeader
		}
		if len(text) > 3 && text[3] == '|' {
			l.kind, l.name = LineSegment, name
			m.addGuess()
			return reasonSegment
		}
	}
	switch {
	case isBlank(text):
		l.kind = LineBlank
		return reasonBlank
	case badID(text, guessedSet.sep[roleField].text()):
		l.kind = LineBadID
		m.addGuess()
		return reasonBadID
	}
	l.kind = LineStray
	return reasonStray
}

// prefix cuts off what stands before a header in the middle of a line: a byte
// order mark, blanks, an MLLP start byte, or the words of a log.
func (x *indexer) prefix(pos int) int {
	b := x.m.b
	rest := b[pos:]
	n := 0
	if pos == 0 && bytes.HasPrefix(rest, bom) {
		n = len(bom)
	}
	for n < len(rest) && isBlankByte(rest[n]) && rest[n] != '\r' && rest[n] != '\n' {
		n++
	}
	if n > 0 {
		if id, _ := leadingID(rest[n:]); !id {
			n = 0
		}
	}
	if n == 0 {
		end, _, _ := x.r.next(pos)
		n = headerInside(b[pos:end])
	}
	if n <= 0 {
		return pos
	}
	kind := LineStray
	if isBlank(rest[:n]) {
		kind = LineBlank
	}
	x.m.lines = append(x.m.lines, line{start: pos, end: pos + n, next: pos + n, brk: BreakNone, kind: kind, reason: reasonJoined})
	return pos + n
}

// continues makes a line of text a part of the open segment, or says that it
// has to wait as a stray line.
func (x *indexer) continues(l *line, prev BreakKind, reason string) bool {
	m := x.m
	last := len(m.lines) - 1
	if last > x.open && (x.term == BreakEnd || prev == x.term) {
		x.stray++
		return false
	}
	x.merge(last, reason)
	o := &m.lines[x.open]
	m.conts = append(m.conts, Continuation{Offset: o.end, Length: o.next - o.end, Reason: reason})
	o.end, o.next, o.brk = l.end, l.next, l.brk
	x.cont = true
	return true
}

// settle decides the stray lines after the open segment when the next segment
// comes: they were text of its last field.
func (x *indexer) settle() {
	if x.stray == 0 || x.open < 0 {
		return
	}
	last := len(x.m.lines) - 1
	for x.m.lines[last].kind == LineBlank {
		last--
	}
	x.merge(last, reasonText)
}

// merge makes the lines open+1..last a part of the open segment.
func (x *indexer) merge(last int, reason string) {
	m := x.m
	o := &m.lines[x.open]
	for i := x.open + 1; i <= last; i++ {
		l := &m.lines[i]
		why := reason
		if l.kind == LineBlank {
			why = reasonParagraph
		}
		m.conts = append(m.conts, Continuation{Offset: o.end, Length: o.next - o.end, Reason: why})
		o.end, o.next, o.brk, o.reason = l.end, l.next, l.brk, l.reason
	}
	m.lines = append(m.lines[:x.open+1], m.lines[last+1:]...)
	x.stray = 0
}
