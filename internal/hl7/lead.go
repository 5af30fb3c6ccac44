package hl7

import "bytes"

// A log writes the same kind of text before each line of a message: a time, a
// level, the name of a channel. Such a lead is known by its shape, because the
// time and the numbers in it change from line to line.

// sameShape returns how many bytes of text have the shape of lead, 0 if its
// beginning has another one: a word (letters, digits, bytes above 7F) for a
// word, blanks for blanks, any other character for itself.
func sameShape(lead, text []byte) int {
	i := 0
	for j := 0; j < len(lead); {
		class := leadClass(lead[j])
		if i == len(text) || leadClass(text[i]) != class || class == leadSign && text[i] != lead[j] {
			return 0
		}
		i, j = i+1, j+1
		if class == leadSign {
			continue
		}
		for j < len(lead) && leadClass(lead[j]) == class {
			j++
		}
		for i < len(text) && leadClass(text[i]) == class {
			i++
		}
	}
	return i
}

const (
	leadWord = iota
	leadBlank
	leadSign
)

func leadClass(c byte) int {
	switch {
	case isAlnum(c) || c >= 0x80:
		return leadWord
	case c == ' ' || c == '\t':
		return leadBlank
	}
	return leadSign
}

// isLogLead reports whether text can be what a log writes before a line. An
// indentation, a line number and a quotation mark are not.
func isLogLead(text []byte) bool {
	text = bytes.Trim(text, " \t")
	digits := 0
	for digits < len(text) && isDigit(text[digits]) {
		digits++
	}
	if digits <= 6 && len(bytes.Trim(text[digits:], ".:) \t")) == 0 {
		return false
	}
	return len(bytes.Trim(text, "\"'` \t\x00\x0b")) > 0
}

// leadRun reports whether the lead of a header stands before the next line as
// well, with a segment behind it. text begins with the header. Then the lead
// belongs to every line of the message and not to the header alone.
func leadRun(lead, text []byte) bool {
	i := bytes.IndexAny(text, "\r\n")
	if i < 0 || !isLogLead(lead) {
		return false
	}
	next := bytes.TrimLeft(text[i:], "\r\n")
	n := sameShape(lead, next)
	if n == 0 {
		return false
	}
	sep := firstCharacter(text[3:])
	return segmentStart(next[n:], sep) && !isHeader([3]byte(next[n:n+3]))
}

// segmentStart reports whether text starts with an upper-case segment ID and
// the field separator.
func segmentStart(text, sep []byte) bool {
	id, up := leadingID(text)
	return id && up && len(sep) > 0 && hasPrefixAt(text, 3, sep)
}

// cutLead cuts off what stands before a segment on its line: the lead of a log
// or NUL bytes. It returns where the segment starts, pos itself if nothing is
// cut.
func (x *indexer) cutLead(pos int) int {
	b := x.m.b
	n := 0
	for pos+n < len(b) && b[pos+n] == 0 {
		n++
	}
	kind, why := LineBlank, reasonBlank
	if n == 0 && len(x.lead) > 0 {
		n = sameShape(x.lead, b[pos:])
		kind, why = LineStray, reasonStray
	}
	if n == 0 || !segmentStart(b[pos+n:], x.m.lastSet().sep[roleField].text()) {
		return pos
	}
	x.settle()
	x.cut(pos, n, kind, why)
	return pos + n
}

// cut enters the first n bytes of the line at pos as a line of their own.
func (x *indexer) cut(pos, n int, kind LineKind, why reason) {
	if last := len(x.m.lines) - 1; last >= 0 {
		x.m.lines[last].why = why
	}
	x.m.lines = append(x.m.lines, line{start: pos, end: pos + n, set: int32(max(x.m.sets-1, 0)), brk: BreakNone, kind: kind, why: reasonJoined})
}
