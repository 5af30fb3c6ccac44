package check

import (
	"bytes"
	"strings"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// noteCodes maps what the readers of a stream note to codes. Notes that
// Message itself reports about the bytes map to nil.
var noteCodes = map[string]*Description{
	hl7.NoteNoStart:     codeFrameStart,
	hl7.NoteNoCR:        codeFrameEnd,
	hl7.NoteOddEnd:      codeFrameTail,
	hl7.NoteBeforeStart: codeOutside,
	hl7.NoteSecondStart: codeFrameDouble,
	hl7.NoteEndInside:   codeFrameInside,
	hl7.NoteNoEnd:       codeFrameOpen,
	hl7.NoteEmptyFrame:  codeFrameEmpty,
	hl7.NoteSeveral:     codeFrameMany,
	hl7.NoteCut:         codeCut,
	hl7.NoteMark:        nil,
	hl7.NotePrefix:      nil,
	hl7.NoteNoHeader:    nil,

	format.NoteCut:           codeCut,
	format.NoteBatchCount:    codeBatchCount,
	format.NoteBatchEnvelope: codeBatchEnvelope,
}

// Piece returns what the container of a piece says: framing, batch counts,
// bytes that belong to no message, or, where the piece is not HL7 v2 at all,
// what it seems to be. Offsets are those of the piece's own bytes; what lies
// before or after them is placed at their start or end. For an HL7 v2 message
// Message says the rest; for a FHIR resource the validator of package fhir does.
func Piece(p format.Piece, o Options) []Finding {
	c := newCollector(o)
	for _, n := range p.Notes {
		c.note(p, n)
	}
	switch {
	case p.Kind == hl7.ItemEnvelope && bytes.HasPrefix(p.Bytes, byteOrderMark):
		c.mark() // Message does not see an envelope
	case p.Kind != hl7.ItemOutside, c.has(codeFrameEmpty), c.has(codeFrameOpen) && len(p.Bytes) == 0:
	case p.InHL7:
		c.outside(p)
	case p.Guess.Kind == format.FHIRJSON || p.Guess.Kind == format.FHIRXML: // it is checked as what it is
	default:
		c.notHL7(p.Guess, len(p.Bytes))
	}
	return c.result()
}

// CutOff reports whether what Piece found says that the message ends before its
// end. Message takes the answer as Options.Truncated.
func CutOff(container []Finding) bool {
	for _, f := range container {
		switch f.Code {
		case codeFrameDouble.Code, codeFrameOpen.Code, codeCut.Code:
			return true
		}
	}
	return false
}

// outside speaks of bytes between messages.
func (c *collector) outside(p format.Piece) {
	if c.has(codeOutside) {
		return
	}
	if isCommit(p.Bytes) {
		c.add(codeFrameCommit, "", 0, len(p.Bytes), "A commit acknowledgement of MLLP Release 2: the receiver has stored the message or refused it.")
		return
	}
	severity := codeOutside.Severity
	what := p.Guess.Kind.Words()
	if p.Guess.Kind == format.Empty {
		severity, what = Information, "blank"
	}
	c.add(codeOutside, "", 0, len(p.Bytes), "%s outside of any message; they are kept and belong to nothing. They seem to be %s.", bytesStand(len(p.Bytes)), what).Severity = severity
}

func isCommit(b []byte) bool { return len(b) == 1 && (b[0] == 0x06 || b[0] == 0x15) }

func bytesStand(n int) string {
	if n == 1 {
		return "One byte stands"
	}
	return plural(n, "byte", "bytes") + " stand"
}

// note turns a note into a finding within the bytes of the piece.
func (c *collector) note(p format.Piece, n hl7.Note) {
	d, known := noteCodes[n.Code]
	if known && d == nil {
		return
	}
	if !known {
		d = codeStream
	}
	offset, length := n.Offset-p.Offset, int64(n.Length)
	size := int64(len(p.Bytes))
	if offset < 0 {
		length += offset
		offset = 0
	}
	offset = min(offset, size)
	length = max(0, min(length, size-offset))
	c.add(d, "", int(offset), int(length), "%s", sentence(n.Text))
}

// sentence gives a note a capital letter and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = upperFirst(text)
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
