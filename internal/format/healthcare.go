package format

import (
	"bytes"
	"fmt"
)

// headerAt reports whether b begins with an HL7 header segment (MSH, FHS or
// BHS, in any case): the ID, a separator that is no letter or digit, and
// encoding characters or another separator.
func headerAt(b []byte) (id string, ok bool) {
	if len(b) < 4 {
		return "", false
	}
	id = upperID(b[:3])
	if id != "MSH" && id != "FHS" && id != "BHS" {
		return "", false
	}
	sep := b[3]
	if alnum(sep) || sep <= ' ' || sep >= 0x7F || sep == '_' {
		return "", false
	}
	rest := b[4:min(len(b), 4+8)]
	if len(rest) == 0 {
		return id, true
	}
	if rest[0] == '\r' || rest[0] == '\n' {
		return id, sep == '|' // nothing but the ID, as in a template
	}
	// Prose such as "MSH-9" or a path has a digit or a letter next; a real
	// header has punctuation, or the separator again where MSH-2 is missing.
	if alnum(rest[0]) {
		return id, sep == '|' && bytes.Count(b[:min(len(b), 256)], []byte{sep}) >= 5
	}
	return id, rest[0] > ' ' && rest[0] < 0x7F && sep != '-' && sep != '.' && sep != ')' && sep != ']'
}

func upperID(b []byte) string {
	var id [3]byte
	for i := range id {
		c := b[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		id[i] = c
	}
	return string(id[:])
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// detectHL7Start knows HL7 v2 at the very beginning, framed or not.
func detectHL7Start(b []byte) (Guess, bool) {
	framed := b[0] == 0x0B
	if framed {
		if onlyFraming(b) {
			return Guess{Kind: HL7v2, Why: "It has MLLP framing bytes and no message: an empty frame, or one that has only begun."}, true
		}
		b = trimLead(b[1:])
	}
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'' || b[0] == '`') {
		b = trimLead(b[1:])
	}
	id, ok := headerAt(b)
	if !ok {
		if framed && segmentLines(b) >= 1 {
			return Guess{Kind: HL7v2, Why: "It begins with the MLLP start byte and a segment, but has no MSH segment."}, true
		}
		return Guess{}, false
	}
	g := Guess{Kind: HL7v2, Why: fmt.Sprintf("It begins with an %s segment.", id)}
	if id != "MSH" {
		g = Guess{Kind: HL7v2Batch, Why: fmt.Sprintf("It begins with a batch header (%s).", id)}
	}
	if framed {
		g.Why = "It begins with the MLLP start byte and an " + id + " segment."
	}
	return g, true
}

// onlyFraming reports whether b has nothing but start and end bytes of MLLP,
// the commit bytes of its Release 2, and line ends.
func onlyFraming(b []byte) bool {
	return len(bytes.Trim(b, "\x0B\x1C\x06\x15\r\n")) == 0
}

// detectHL7Inside knows HL7 v2 behind log prefixes, indentation or other
// text, and segments that stand without a header.
func detectHL7Inside(b []byte) (Guess, bool) {
	if at := FindHeader(b); at >= 0 {
		if at == 0 || b[at-1] == '\n' || b[at-1] == '\r' {
			return Guess{Kind: HL7v2, Why: "A line of it begins with an MSH segment; other text stands before it."}, true
		}
		return Guess{Kind: HL7v2, Why: "An MSH segment stands inside a line, as in a log or a quoted text."}, true
	}
	if n := segmentLines(b); n >= 2 || n == 1 && lineCount(b) == 1 && bytes.Count(b, []byte("|")) >= 3 {
		return Guess{Kind: HL7v2, Why: "Its lines look like HL7 v2 segments, but there is no MSH segment."}, true
	}
	return Guess{}, false
}

// FindHeader returns the offset of the first MSH, FHS or BHS segment in b that
// cannot be mistaken (with its encoding characters), or -1.
func FindHeader(b []byte) int {
	for from := 0; ; {
		i := indexHS(b[from:])
		if i < 0 {
			return -1
		}
		at := from + i
		from = at + 1
		if at > 0 && alnum(b[at-1]) && !escapedBreakBefore(b[:at]) {
			continue
		}
		if _, ok := headerAt(b[at:]); ok && len(b) > at+5 && !alnum(b[at+4]) && b[at+3] != b[at+4] {
			return at
		}
	}
}

// indexHS finds the next MSH, FHS or BHS in upper case by their last two
// letters ("SH" of MSH, "HS" of the others).
func indexHS(b []byte) int {
	best := -1
	for _, id := range []string{"MSH", "FHS", "BHS"} {
		limit := b
		if best >= 0 {
			limit = b[:best]
		}
		if i := bytes.Index(limit, []byte(id)); i >= 0 {
			best = i
		}
	}
	return best
}

// escapedBreakBefore reports whether b ends with a literal \r or \n, the way a
// log or JSON writes a line end.
func escapedBreakBefore(b []byte) bool {
	n := len(b)
	return n >= 2 && b[n-2] == '\\' && (b[n-1] == 'r' || b[n-1] == 'n')
}

// segmentLines counts the lines among the first fifty that look like segments:
// an ID of capitals and digits, then one and the same separator. It returns 0
// when fewer than half of the lines do.
func segmentLines(b []byte) int {
	var lines, segments int
	var sep byte
	for line := range linesOf(b) {
		if lines++; lines > 50 {
			break
		}
		if len(line) < 5 || line[0] < 'A' || line[0] > 'Z' || !upperAlnum(line[1]) || !upperAlnum(line[2]) {
			continue
		}
		if line[3] != '|' && line[3] != '^' && line[3] != '#' && line[3] != '~' {
			continue
		}
		if sep == 0 {
			sep = line[3]
		}
		if line[3] == sep && bytes.Count(line, []byte{sep}) >= 2 {
			segments++
		}
	}
	if segments*2 < lines {
		return 0
	}
	return segments
}

func upperAlnum(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' }

// detectX12 knows an interchange by ISA: 16 elements of fixed width, so the
// separator stands at known places; and envelopes cut down to GS or ST.
func detectX12(b []byte) (Guess, bool) {
	if len(b) < 8 {
		return Guess{}, false
	}
	sep := b[3]
	if string(b[:3]) == "ISA" && !alnum(sep) && sep > ' ' {
		if len(b) > 105 && b[6] == sep && b[17] == sep && b[103] == sep {
			return Guess{Kind: X12, Why: "It begins with an X12 interchange header (ISA)" + x12Content(b, sep) + "."}, true
		}
		if bytes.Count(b[:min(len(b), 200)], []byte{sep}) >= 12 {
			return Guess{Kind: X12, Why: "It begins with an X12 interchange header (ISA) whose elements do not have their fixed widths."}, true
		}
	}
	if sep := b[2]; (string(b[:2]) == "GS" || string(b[:2]) == "ST") && (sep == '*' || sep == '|' || sep == '^') &&
		bytes.ContainsAny(b, "~\n\r") && bytes.Count(b[:min(len(b), 200)], []byte{sep}) >= 2 {
		return Guess{Kind: X12, Why: "It begins with an X12 " + string(b[:2]) + " segment, without the interchange header (ISA)."}, true
	}
	return Guess{}, false
}

// x12Content names the transaction set where the head holds one.
func x12Content(b []byte, sep byte) string {
	term := b[105]
	for _, lead := range []string{string(term), string(term) + "\n", string(term) + "\r\n"} {
		if i := bytes.Index(b, []byte(lead+"ST"+string(sep))); i >= 0 {
			rest := b[i+len(lead)+3:]
			if end := bytes.IndexByte(rest, sep); end > 0 && end <= 4 {
				return " and holds a " + string(rest[:end]) + " transaction"
			}
		}
	}
	return ""
}

// detectEDIFACT knows UNA, UNB and UNH, and the NCPDP SCRIPT form that uses
// the same syntax with UIB.
func detectEDIFACT(b []byte) (Guess, bool) {
	head := b[:min(len(b), 400)]
	if len(b) >= 9 && string(b[:3]) == "UNA" && !alnum(b[3]) {
		if bytes.Contains(head, []byte("UIB")) {
			return Guess{Kind: NCPDP, Why: "It has the EDIFACT form of NCPDP SCRIPT (UNA, UIB)."}, true
		}
		return Guess{Kind: EDIFACT, Why: "It begins with an EDIFACT service string (UNA)."}, true
	}
	for _, id := range []string{"UNB+", "UNH+"} {
		if bytes.HasPrefix(b, []byte(id)) {
			return Guess{Kind: EDIFACT, Why: "It begins with an EDIFACT " + id[:3] + " segment."}, true
		}
	}
	if bytes.HasPrefix(b, []byte("UIB+")) {
		return Guess{Kind: NCPDP, Why: "It begins with the interchange header of NCPDP SCRIPT (UIB)."}, true
	}
	return Guess{}, false
}

// detectNCPDP knows the Telecommunication standard: a fixed header with a
// six-digit BIN and the version, then segments behind record separators.
func detectNCPDP(b []byte) (Guess, bool) {
	b = bytes.TrimLeft(b, "\x02")
	if len(b) < 20 || !bytes.ContainsAny(b, "\x1e\x1d") || !bytes.Contains(b, []byte{0x1C}) {
		return Guess{}, false
	}
	version := string(b[6:8])
	digits := true
	for _, c := range b[:6] {
		digits = digits && c >= '0' && c <= '9'
	}
	if digits && (version == "D0" || version == "51" || version == "F6") {
		return Guess{Kind: NCPDP, Why: "It has the header of an NCPDP Telecommunication request, version " + version + "."}, true
	}
	if s := string(b[:2]); (s == "D0" || s == "51" || s == "F6") && upperAlnum(b[2]) && upperAlnum(b[3]) {
		return Guess{Kind: NCPDP, Why: "It has the header of an NCPDP Telecommunication answer, version " + s + "."}, true
	}
	return Guess{}, false
}

// detectASTM knows the H record of ASTM E1394, bare or in E1381 frames.
func detectASTM(b []byte) (Guess, bool) {
	framed := b[0] == 0x05 || b[0] == 0x02
	b = bytes.TrimLeft(b, "\x05\x06\x02")
	if framed && len(b) > 1 && b[0] >= '0' && b[0] <= '7' {
		b = b[1:]
	}
	if len(b) < 5 || b[0] != 'H' || alnum(b[1]) || b[1] <= ' ' || alnum(b[2]) || alnum(b[3]) || b[2] <= ' ' || b[3] <= ' ' {
		return Guess{}, false
	}
	if b[2] == b[1] || bytes.Count(b[:min(len(b), 200)], b[1:2]) < 4 {
		return Guess{}, false
	}
	return Guess{Kind: ASTM, Why: "It begins with the header record (H) of an ASTM laboratory message."}, true
}
