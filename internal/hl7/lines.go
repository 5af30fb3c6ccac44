package hl7

import "bytes"

// BreakKind says by which bytes a line ended.
type BreakKind uint8

const (
	BreakEnd  BreakKind = iota // the data ended without a line end
	BreakCR                    // 0D, what the standard demands
	BreakLF                    // 0A
	BreakCRLF                  // 0D 0A
	BreakNone                  // nothing: a segment starts in the middle of a line, after a byte order mark, NUL bytes or the prefix of a log
)

func (k BreakKind) String() string {
	return [...]string{"end of data", "CR", "LF", "CR LF", "none"}[min(k, BreakNone)]
}

// length is the number of bytes of the line end.
func (k BreakKind) length() int {
	switch k {
	case BreakCR, BreakLF:
		return 1
	case BreakCRLF:
		return 2
	}
	return 0
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
	LineBadID                   // fields after something that is no segment ID ("PV|", "PIDX|", "PID |"), or after another separator ("PID#" where | is declared)
	LineBlank                   // nothing, or only blanks and control characters
	LineStray                   // text that belongs to no segment
)

func (k LineKind) String() string {
	return [...]string{"segment", "bad segment ID", "blank line", "stray line"}[min(k, LineStray)]
}

// reason says why a break ends a segment, or why it does not.
type reason uint8

const (
	reasonNone reason = iota
	reasonSegment
	reasonBare
	reasonHeader
	reasonBadID
	reasonForeign
	reasonBlank
	reasonStray
	reasonData
	reasonJoined
	reasonText
	reasonOtherEnd
	reasonParagraph
)

var reasons = [...]string{
	reasonNone:      "",
	reasonSegment:   "the next line starts with a segment ID and the field separator",
	reasonBare:      "the next line is a segment ID alone, after the line end that this message uses",
	reasonHeader:    "the next line is a header segment",
	reasonBadID:     "the next line has fields but no valid segment ID",
	reasonForeign:   "the next line looks like a segment with another field separator",
	reasonBlank:     "the next line is blank",
	reasonStray:     "the next line is text that belongs to no segment",
	reasonData:      "the data ends here",
	reasonJoined:    "a segment starts in the middle of the line",
	reasonText:      "the next line does not start with a segment ID and a field separator",
	reasonOtherEnd:  "the next line could be a segment, but this message ends its segments with another line end",
	reasonParagraph: "a blank line inside text that goes on before the next segment",
}

// line is one entry of the index: a segment with its continuations, or a line
// that is no segment. It is kept small, because there is one for every segment.
type line struct {
	start, end int   // the content, without the break
	set        int32 // which delimiterSet
	name       [3]byte
	brk        BreakKind
	kind       LineKind
	why        reason // of the break at its end
	header     bool
}

// next is where the line after this one starts.
func (l *line) next() int { return l.end + l.brk.length() }

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
