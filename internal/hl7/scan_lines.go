package hl7

import "bytes"

const (
	headerLook   = 40   // bytes that decide whether a line is a header
	envelopeLook = 4096 // how far the line after an envelope segment is searched
	prefixLook   = 512  // how far into a line a header is searched after a log prefix
)

// opening says what starts at the current position, and readies the scanner
// to read it.
func (s *Scanner) opening() ItemKind {
	text := s.peek(0, headerLook)
	if marked := s.base+int64(s.pos) == 0 && bytes.HasPrefix(text, bom); marked {
		text = s.peek(len(bom), headerLook)
		s.note(NoteMark, 0, len(bom), "the data starts with a UTF-8 byte order mark")
	}
	kind, headless := s.starts(text)
	s.lead = nil
	if kind == ItemOutside {
		if at, lead := s.run(0); at > 0 {
			kind, text, s.lead = ItemMessage, s.peek(at, headerLook), lead
			s.log.learn(lead)
		}
	}
	if kind != ItemOutside {
		s.sep = s.sep[:0]
		if len(text) > 3 && canDelimit(text[3:]) {
			s.sep = append(s.sep, firstCharacter(text[3:])...)
		}
		s.rest = false
		if headless {
			s.note(NoteNoHeader, 0, 0, "the message has no MSH segment")
		}
		if s.framed {
			if s.inFrame > 0 {
				s.note(NoteSeveral, 0, 0, "the frame holds more than one message")
			}
			s.inFrame++
		}
	}
	return kind
}

// starts says what a line starts where no message is open.
func (s *Scanner) starts(text []byte) (kind ItemKind, headless bool) {
	id, up := leadingID(text)
	if !id {
		return ItemOutside, false
	}
	name := [3]byte{upper(text[0]), upper(text[1]), upper(text[2])}
	alone := len(text) == 3 || text[3] == '\r' || text[3] == '\n' || text[3] == fs
	switch {
	case name == nameMSH && (strictHeader(firstLine(text)) || up && (alone || canDelimit(text[3:]))):
		return ItemMessage, false
	case isHeader(name) && (strictHeader(firstLine(text)) || up && (alone || canDelimit(text[3:]))):
		return ItemEnvelope, false
	case isTrailer(name) && up && (alone || text[3] == '|' || hasPrefixAt(text, 3, s.sep) && len(s.sep) > 0):
		return ItemEnvelope, false
	case !s.rest && !alone && text[3] == '|' && (up || s.base+int64(s.pos) == 0):
		return ItemMessage, true
	}
	return ItemOutside, false
}

func isTrailer(name [3]byte) bool {
	return name == [3]byte{'B', 'T', 'S'} || name == [3]byte{'F', 'T', 'S'}
}

// firstLine cuts text at its first line end.
func firstLine(text []byte) []byte {
	if i := bytes.IndexAny(text, "\r\n\v\x1c"); i >= 0 {
		return text[:i]
	}
	return text
}

// boundary says where an item of the kind ends, given that a line starts at n:
// at n, later in that line, or not here (-1).
func (s *Scanner) boundary(kind ItemKind, n int) int {
	text := s.peek(n, headerLook)
	if len(text) == 0 {
		return -1 // the end of the data, or a start block, comes as an event
	}
	switch kind {
	case ItemOutside:
		if k, _ := s.starts(text); k != ItemOutside {
			return n
		}
		if at, _ := s.run(n); at > 0 {
			return n
		}
		return s.prefix(n)
	case ItemEnvelope:
		if isBlank(firstLine(text)) {
			return -1
		}
		return n
	}
	id, up := leadingID(text)
	if id {
		name := [3]byte{upper(text[0]), upper(text[1]), upper(text[2])}
		same := len(s.sep) > 0 && hasPrefixAt(text, 3, s.sep)
		switch {
		case name == nameMSH && (strictHeader(firstLine(text)) || same && up):
			return n
		case isHeader(name) && (strictHeader(firstLine(text)) || same && up) && s.endsMessage(n):
			return n
		case isTrailer(name) && up && (same || len(firstLine(text)) == 3) && s.endsMessage(n):
			return n
		case same:
			return -1
		}
	}
	if stop, ok := s.led(n); ok {
		return stop
	}
	if s.insideLine(n) >= 0 || s.log.matches(s.peek(n, len(s.log.shape))) {
		return n
	}
	return -1
}

// run finds a message of which every line has the lead of a log, given that a
// line starts at n: where its header starts, 0 if there is none, and the lead.
func (s *Scanner) run(n int) (at int, lead []byte) {
	at = s.insideLine(n)
	if at < 0 {
		return 0, nil
	}
	lead = s.peek(n, at-n)
	if s.base+int64(s.pos)+int64(n) == 0 {
		lead = bytes.TrimPrefix(lead, bom)
	}
	if !leadRun(lead, s.peek(at, envelopeLook)) {
		return 0, nil
	}
	return at, lead
}

// led says whether the message ends at the line at n, if its lines have the
// lead of a log and this one has it too: at another header, and at a line of
// the log that no further segment of the message follows.
func (s *Scanner) led(n int) (stop int, ok bool) {
	if len(s.lead) == 0 {
		return 0, false
	}
	text := s.peek(n, envelopeLook)
	if sameShape(s.lead, text) == 0 && !s.log.matches(text) {
		return 0, false
	}
	for len(text) > 0 {
		if k := sameShape(s.lead, text); k > 0 && segmentStart(text[k:], s.sep) {
			if isHeader([3]byte(text[k : k+3])) {
				break
			}
			return -1, true
		}
		line := firstLine(text)
		if headerInside(line) >= 0 || strictHeader(line) && isHeaderText(line) {
			break
		}
		text = bytes.TrimLeft(text[len(line):], "\r\n\v\x1c")
	}
	return n, true
}

// endsMessage reports whether the envelope segment at n really ends a message:
// the line after it, if there is one, must be another header, trailer or blank.
// An envelope segment that plain segments follow was put into a message by
// mistake and is kept there.
func (s *Scanner) endsMessage(n int) bool {
	text := s.peek(n, envelopeLook)
	i := bytes.IndexAny(text, "\r\n")
	if i < 0 {
		return true
	}
	text = bytes.TrimLeft(text[i:], "\r\n")
	if id, _ := leadingID(text); id {
		name := [3]byte{upper(text[0]), upper(text[1]), upper(text[2])}
		return isHeader(name) || isTrailer(name)
	}
	return true
}

// insideLine finds a header in the middle of the line that starts at n.
func (s *Scanner) insideLine(n int) int {
	text := s.peek(n, prefixLook)
	if len(text) == prefixLook && isNUL(text) {
		if n = s.afterNUL(n + prefixLook); n < 0 {
			return -1
		}
		if text = firstLine(s.peek(n, headerLook)); isHeaderText(text) && strictHeader(text) {
			return n
		}
		return -1
	}
	if i := headerInside(firstLine(text)); i > 0 {
		return n + i
	}
	return -1
}

// afterNUL returns where a run of NUL bytes ends that goes on at n: the hole in
// a file that was not written to its end. -1 if it is longer than an item.
func (s *Scanner) afterNUL(n int) int {
	for n <= s.max {
		text := s.peek(n, prefixLook)
		i := 0
		for i < len(text) && text[i] == 0 {
			i++
		}
		if n += i; i < prefixLook {
			return n
		}
	}
	return -1
}

func isNUL(text []byte) bool {
	for _, c := range text {
		if c != 0 {
			return false
		}
	}
	return true
}

// prefix finds a header in the middle of the line that starts at n, notes the
// words before it, and learns how the lines of this log start.
func (s *Scanner) prefix(n int) int {
	at := s.insideLine(n)
	if at < 0 {
		return -1
	}
	if text := s.peek(n, at-n); !isBlank(text) {
		s.note(NotePrefix, int64(n), at-n, "these bytes stand before a message in the same line")
		s.log.learn(text)
	}
	return at
}

// afterBreak returns where the next line starts, given the CR or LF at at.
func (s *Scanner) afterBreak(at int) int {
	if two := s.peek(at, 2); len(two) == 2 && two[0] == '\r' && two[1] == '\n' {
		return at + 2
	}
	return at + 1
}

// prefixShape is how the lines of a log start: digits, letters and the signs
// between them. Once a message was found behind such a prefix, a line of the
// same shape ends it.
type prefixShape struct {
	shape [12]byte
	n     int
}

func shapeByte(c byte) byte {
	switch {
	case isDigit(c):
		return '0'
	case isLetter(c):
		return 'a'
	}
	return c
}

func (p *prefixShape) learn(prefix []byte) {
	if len(prefix) < 8 {
		return
	}
	p.n = min(len(prefix), len(p.shape))
	for i := range p.n {
		p.shape[i] = shapeByte(prefix[i])
	}
}

func (p *prefixShape) matches(text []byte) bool {
	if p.n == 0 || len(text) < p.n {
		return false
	}
	for i := range p.n {
		if shapeByte(text[i]) != p.shape[i] {
			return false
		}
	}
	return true
}
