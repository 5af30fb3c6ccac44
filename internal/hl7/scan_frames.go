package hl7

// Bytes of MLLP. HL7 2.3.1 Implementation Guide, C.4.2.
const (
	vt = 0x0B // start block
	fs = 0x1C // end block, then CR
)

// startBlock reports whether the VT at at starts a frame. A vertical tab also
// occurs in text, so it must be at the start of the data, come right after a
// frame, or be followed by a header, an end block or a commit byte.
func (s *Scanner) startBlock(at int, kind ItemKind) bool {
	if at == 0 && !s.framed && (s.afterEnd || s.base+int64(s.pos) == 0) {
		return true
	}
	text := s.peek(at+1, headerLook)
	if len(text) == 0 {
		return false
	}
	if kind == ItemOutside {
		if text[0] == fs || len(text) > 1 && text[1] == fs && (text[0] == 0x06 || text[0] == 0x15) {
			return true
		}
		k, _ := s.starts(text)
		return k != ItemOutside
	}
	if id, up := leadingID(text); id && isHeader([3]byte{upper(text[0]), upper(text[1]), upper(text[2])}) {
		return strictHeader(firstLine(text)) || up && len(text) > 3 && canDelimit(text[3:])
	}
	return false
}

// beforeStart notes what a start block at at says about the item before it.
func (s *Scanner) beforeStart(kind ItemKind, at int) {
	switch {
	case s.framed:
		s.note(NoteSecondStart, int64(at), 1, "a start block comes before the end block; the message before it is truncated")
	case kind == ItemOutside:
		s.note(NoteBeforeStart, 0, at, "these bytes stand before a start block")
	}
}

// enter consumes the start block at the current position.
func (s *Scanner) enter() {
	if s.framed && s.inFrame == 0 {
		s.note(NoteSecondStart, 0, 1, "a start block follows a start block")
	}
	s.pos++
	s.framed, s.inFrame, s.afterEnd, s.rest = true, 0, false, false
}

// leave consumes the end block at the current position.
func (s *Scanner) leave(width int) {
	s.pos += width
	s.framed, s.inFrame, s.afterEnd, s.rest = false, 0, true, false
}

// endBlock reports whether the FS at at ends a frame, how many bytes belong to
// the end block, and notes how it deviates from FS CR.
func (s *Scanner) endBlock(at int, kind ItemKind) (width int, end bool) {
	if !s.framed && kind == ItemOutside {
		return 0, false
	}
	after := s.peek(at+1, headerLook)
	width, code, text := 1, "", ""
	switch {
	case len(after) >= 2 && after[0] == '\r' && after[1] == '\n':
		width, code, text = 3, NoteOddEnd, "the end block is FS CR LF, it should be FS CR"
	case len(after) >= 1 && after[0] == '\r':
		width = 2
	case len(after) >= 1 && after[0] == '\n':
		width, code, text = 2, NoteOddEnd, "the end block is FS LF, it should be FS CR"
	case len(after) >= 1 && after[0] == '\f':
		width, code, text = 2, NoteOddEnd, "the end block is FS FF, it should be FS CR"
	case len(after) == 0:
		code, text = NoteNoCR, "the end block is FS without CR at the end of the data"
	case after[0] == vt || strictHeader(firstLine(after)) && isHeaderText(after):
		code, text = NoteNoCR, "the end block is FS without CR; the next message follows at once"
	default:
		if s.framed {
			s.note(NoteEndInside, int64(at), 1, "an FS that is not followed by CR stands inside the message and was kept as text")
		}
		return 0, false
	}
	if !s.framed {
		s.note(NoteNoStart, 0, 0, "the message has an end block and no start block")
		s.framed = true
	}
	if code != "" {
		s.note(code, int64(at), width, text)
	}
	return width, true
}

func isHeaderText(text []byte) bool {
	id, _ := leadingID(text)
	return id && isHeader([3]byte{upper(text[0]), upper(text[1]), upper(text[2])})
}
