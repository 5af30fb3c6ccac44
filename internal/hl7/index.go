package hl7

import "bytes"

// indexer builds the index of a message. The rules, line by line:
//
//   - An upper-case ID of three characters and the field separator start a
//     segment after any kind of line end. A raw line end in text that happens
//     to be followed by exactly that is rarer than a sender that mixes line
//     ends, and a segment swallowed by a field would be the worse mistake.
//   - A lower-case ID, a bare ID and a bad ID ("PV|") count only after the kind
//     of line end that the message uses: text broken by LF in a message whose
//     segments end with CR cannot be taken for a segment by accident.
//   - An ID followed by a sign that is no delimiter of this message, three times
//     or more, is a segment written with other delimiters: a line of its own.
//   - Other text continues the field before it. After a blank line it does so
//     only if a segment follows later or the blank line is made of another
//     line end than the message's; otherwise it is a stray line.
//   - Text before the first segment is a stray line.
//   - What stands before a header on its line is a line of its own. If it is the
//     lead of a log and stands before the next segment as well, it is cut off
//     before each. NUL bytes before a segment are cut off too.
type indexer struct {
	m     *Message
	r     lineReader
	term  BreakKind // line end of this message's segments; BreakEnd = not known yet
	open  int       // index of the segment that text would continue, -1 = none
	cont  bool      // the line before was text after the usual line end
	stray int       // stray lines since the open segment that may yet become its text
	lead  []byte    // what a log wrote before the header and writes before each segment
}

func (m *Message) index() {
	x := indexer{m: m, r: lineReader{b: m.b, cr: -1, lf: -1}, open: -1}
	pos := 0
	prev := BreakEnd
	for pos < len(m.b) {
		if m.sets == 0 {
			pos = x.prefix(pos)
		} else {
			pos = x.cutLead(pos)
		}
		end, next, brk := x.r.next(pos)
		x.line(pos, end, brk, prev)
		pos, prev = next, brk
	}
	if n := len(m.lines); n > 0 {
		m.lines[n-1].why = reasonData
	}
}

// line enters one physical line; prev is the break before it.
func (x *indexer) line(start, end int, brk, prev BreakKind) {
	m := x.m
	text := m.b[start:end]
	l := line{start: start, end: end, brk: brk}
	var why reason
	switch {
	case m.sets == 0 || m.lastSet().sep[roleField].n == 0:
		why = x.first(text, &l)
	default:
		why = x.classify(text, &l, prev)
	}
	if l.kind == LineStray && x.open >= 0 && x.continues(&l, prev, why) {
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
		m.lines[n-1].why = why
	}
	m.lines = append(m.lines, l)
}

// classify says what a line is once delimiters are known.
func (x *indexer) classify(text []byte, l *line, prev BreakKind) (why reason) {
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
	if usual && foreignSeparator(text, m.lastSet()) {
		l.kind = LineBadID
		return reasonForeign
	}
	l.kind = LineStray
	return reasonText
}

// first says what a line is while no delimiters are known.
func (x *indexer) first(text []byte, l *line) (why reason) {
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
		if id, _ := leadingID(rest[n:]); !id || len(rest) > n+3 && !isBlankByte(rest[n+3]) && !canDelimit(rest[n+3:]) {
			n = 0
		}
	}
	if n == 0 {
		end, _, _ := x.r.next(pos)
		if n = headerInside(b[pos:end]); n > 0 {
			if lead := bytes.TrimPrefix(rest[:n], bom); leadRun(lead, rest[n:]) {
				x.lead = lead
			}
		}
	}
	if n <= 0 {
		return pos
	}
	kind, why := LineStray, reasonStray
	if isBlank(rest[:n]) {
		kind, why = LineBlank, reasonBlank
	}
	x.cut(pos, n, kind, why)
	return pos + n
}

// continues makes a line of text a part of the open segment, or says that it
// has to wait as a stray line.
func (x *indexer) continues(l *line, prev BreakKind, why reason) bool {
	m := x.m
	last := len(m.lines) - 1
	if last > x.open && (x.term == BreakEnd || prev == x.term) {
		x.stray++
		return false
	}
	x.merge(last, why)
	o := &m.lines[x.open]
	m.conts = append(m.conts, o.continuation(why))
	o.end, o.brk = l.end, l.brk
	// Only text broken by the message's own line end makes a bad or bare ID
	// after the next such line end doubtful.
	x.cont = x.term == BreakEnd || prev == x.term
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
func (x *indexer) merge(last int, text reason) {
	m := x.m
	o := &m.lines[x.open]
	for i := x.open + 1; i <= last; i++ {
		l := &m.lines[i]
		why := text
		if l.kind == LineBlank {
			why = reasonParagraph
		}
		m.conts = append(m.conts, o.continuation(why))
		o.end, o.brk, o.why = l.end, l.brk, l.why
	}
	m.lines = append(m.lines[:x.open+1], m.lines[last+1:]...)
	x.stray = 0
}

// continuation makes the break at the end of l a part of a field.
func (l *line) continuation(why reason) Continuation {
	return Continuation{Offset: l.end, Length: l.brk.length(), Reason: reasons[why]}
}
