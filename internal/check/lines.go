package check

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"trestle/internal/hl7"
)

// lines looks at how the message is cut into segments.
func (c *checker) lines() {
	if c.literalBreaks() {
		return
	}
	c.joinedMessages()
	c.joined()
	c.logPrefix()
	c.breaks()
	c.lineKinds()
	c.lowerCase()
	c.indentedLines()
}

// breaks reports the kinds of segment ends, as one cause for the message.
func (c *checker) breaks() {
	var count [5]int
	var first [5]hl7.Break
	var last hl7.Segment
	for s := range c.m.Segments() {
		if k := s.Kind(); k != hl7.LineSegment && k != hl7.LineBadID {
			continue
		}
		b := s.Break()
		if count[b.Kind] == 0 {
			first[b.Kind] = b
		}
		count[b.Kind]++
		last = s
	}
	cr, lf, crlf := count[hl7.BreakCR], count[hl7.BreakLF], count[hl7.BreakCRLF]
	wrong := first[hl7.BreakLF]
	if crlf > 0 && (lf == 0 || first[hl7.BreakCRLF].Offset < wrong.Offset) {
		wrong = first[hl7.BreakCRLF]
	}
	var found *Finding
	switch {
	case lf == 0 && crlf == 0, c.has(codeLogPrefix):
		// A log has its own line ends.
	case (lf == 0 || crlf == 0) && cr == 0:
		found = c.add(codeLineEnds, "", wrong.Offset, wrong.Length,
			"Segments end with %s instead of CR (0D), the only terminator that HL7 knows; a strict receiver sees one long MSH segment.", breakBytes(wrong.Kind))
	default:
		found = c.add(codeLineEndsMixed, "", wrong.Offset, wrong.Length,
			"Segments end in different ways: %s. HL7 knows only CR.", countBreaks(cr, lf, crlf))
	}
	if found != nil {
		found.Repair = &Repair{Title: "End every segment with CR", Offset: 0, Length: len(c.b), Replacement: c.withCR()}
	}
	if c.has(codeNoTerminators) || c.has(codeLogPrefix) {
		return
	}
	if last.Break().Kind == hl7.BreakEnd && count[hl7.BreakEnd] > 0 && last.Index() == c.m.Len()-1 {
		found := c.add(codeLastTerminator, "", last.End(), 0, "The last segment has no terminator; some receivers wait for it or drop the segment.")
		found.Repair = &Repair{Title: "Add the last CR", Offset: last.End(), Replacement: []byte("\r")}
	}
}

func breakBytes(k hl7.BreakKind) string {
	if k == hl7.BreakLF {
		return "LF (0A)"
	}
	return "CR LF (0D 0A)"
}

func countBreaks(cr, lf, crlf int) string {
	var parts []string
	for _, p := range []struct {
		n    int
		name string
	}{{cr, "CR"}, {lf, "LF"}, {crlf, "CR LF"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d with %s", p.n, p.name))
		}
	}
	return strings.Join(parts, ", ")
}

// withCR is the message with CR for every segment end; line ends inside fields
// stay, for they are text.
func (c *checker) withCR() []byte {
	out := make([]byte, 0, len(c.b))
	for s := range c.m.Segments() {
		out = append(out, s.Bytes()...)
		switch s.Break().Kind {
		case hl7.BreakCR, hl7.BreakLF, hl7.BreakCRLF:
			out = append(out, '\r')
		}
	}
	return out
}

// lineKinds reports blank lines, stray lines and what stands before a header.
func (c *checker) lineKinds() {
	blank, firstBlank := 0, hl7.Segment{}
	open := false
	for s := range c.m.Segments() {
		switch s.Kind() {
		case hl7.LineSegment, hl7.LineBadID:
			open = true
		case hl7.LineBlank:
			if s.Break().Kind == hl7.BreakNone {
				c.beforeHeader(s)
				continue
			}
			if blank == 0 {
				firstBlank = s
			}
			blank++
		case hl7.LineStray:
			if s.Break().Kind == hl7.BreakNone {
				c.beforeHeader(s)
				continue
			}
			c.strayLine(s, open)
		}
	}
	if blank > 0 {
		c.add(codeBlankLine, "", firstBlank.Offset(), firstBlank.End()-firstBlank.Offset(), "%s in or after the message. Receivers ignore them or call them a segment without a name.", standLines(blank))
	}
}

func standLines(n int) string {
	if n == 1 {
		return "A blank line stands"
	}
	return fmt.Sprintf("%d blank lines stand", n)
}

func (c *checker) strayLine(s hl7.Segment, open bool) {
	text := s.Bytes()
	if id := segmentWithin(text, c.separator()); id > 0 && blankLead(text[:id]) {
		return // an indented segment
	}
	where := "after a line end that closes the segment before it"
	if !open {
		where = "before the first segment"
	}
	c.add(codeStrayLine, "", s.Offset(), len(text), "The line %q is no segment; it stands %s and is read as nothing.", quote(text), where)
}

// logPrefix reports a message that was copied from a log with the text that the
// log writes before each line.
func (c *checker) logPrefix() {
	count, first := 0, hl7.Segment{}
	for s := range c.m.Segments() {
		if isLead(s) {
			if count == 0 {
				first = s
			}
			count++
		}
	}
	if count < 2 {
		return
	}
	text := bytes.TrimPrefix(first.Bytes(), byteOrderMark)
	found := c.add(codeLogPrefix, "", first.End()-len(text), len(text), "%d lines begin with the prefix of a log, the first with %q; receivers do not find the segments behind it.", count, quote(text))
	found.Repair = &Repair{Title: "Take the prefixes off and end every segment with CR", Offset: 0, Length: len(c.b), Replacement: c.withoutLeads()}
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

// isLead reports whether a line is the prefix that a log wrote before a segment.
func isLead(s hl7.Segment) bool {
	return s.Kind() == hl7.LineStray && s.Break().Kind == hl7.BreakNone && !bytes.Equal(s.Bytes(), byteOrderMark)
}

// withoutLeads is the message without the prefixes of a log, each segment
// ended by CR.
func (c *checker) withoutLeads() []byte {
	out := make([]byte, 0, len(c.b))
	for s := range c.m.Segments() {
		if isLead(s) {
			continue
		}
		out = append(out, s.Bytes()...)
		if s.Break().Length > 0 {
			out = append(out, '\r')
		}
	}
	return out
}

// beforeHeader reports what stands before the header on its line.
func (c *checker) beforeHeader(s hl7.Segment) {
	if c.has(codeLogPrefix) {
		return
	}
	text := bytes.TrimPrefix(s.Bytes(), byteOrderMark)
	offset := s.End() - len(text)
	shown := strings.Trim(string(text), " \t\r\n\x00")
	switch {
	case shown == "\x0B" || shown == "" && bytes.IndexByte(text, 0) >= 0 || len(text) == 0:
		return // framing, NUL bytes or a byte order mark, which have their own findings
	case blankLead(text):
		return // indented
	case strings.Trim(shown, "\"'`") == "":
		found := c.add(codeQuoted, "", offset, len(text), "The message stands in quotation marks, as it does in program text or JSON.")
		found.Repair = &Repair{Title: "Remove the quotation marks", Offset: 0, Length: len(c.b), Replacement: c.unquoted(offset, offset+len(text))}
	default:
		found := c.add(codePrefix, "", offset, len(text), "%q stands before the header on its line, as in a log; a receiver then does not find MSH at the start.", quote(text))
		found.Repair = &Repair{Title: "Remove the text before the header", Offset: offset, Length: len(text)}
	}
}

func (c *checker) unquoted(from, to int) []byte {
	out := append([]byte(nil), c.b[:from]...)
	rest := bytes.TrimRight(c.b[to:], " \t\r\n;,)")
	if n := len(rest); n > 0 && strings.IndexByte("\"'`", rest[n-1]) >= 0 {
		return append(out, rest[:n-1]...)
	}
	return append(out, c.b[to:]...)
}

// indentedLines reports blanks or line numbers before segment IDs, as one cause
// for the message: the lines are text of the segment before them, or stray.
func (c *checker) indentedLines() {
	var places []span
	look := func(at, end int) {
		line := c.b[at:min(end, at+64)]
		if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
			line = line[:i]
		}
		if id := segmentWithin(line, c.separator()); id > 0 && blankLead(line[:id]) {
			places = append(places, span{at, at + id})
		}
	}
	for s := range c.m.Segments() {
		switch joined := s.Break().Kind == hl7.BreakNone; {
		case joined && blankLead(s.Bytes()) && s.End() > s.Offset():
			places = append(places, span{s.Offset(), s.End()})
		case s.Kind() == hl7.LineStray && !joined:
			look(s.Offset(), s.End())
		}
	}
	for _, k := range c.m.Continuations() {
		n := len(places)
		look(k.Offset+k.Length, len(c.b))
		if s, ok := c.m.SegmentAt(k.Offset); ok && len(places) > n {
			c.leaveOut(s)
			c.loose = true
		}
	}
	if len(places) == 0 {
		return
	}
	slices.SortFunc(places, func(a, b span) int { return a.from - b.from })
	first, last := places[0], places[len(places)-1]
	text := "Blanks or a line number stand before a segment ID; receivers then do not see the segment."
	if len(places) > 1 {
		text = fmt.Sprintf("Blanks or line numbers stand before %d segment IDs; receivers then do not see these segments.", len(places))
	}
	found := c.add(codeIndented, "", first.from, first.to-first.from, "%s", text)
	var out []byte
	at := first.from
	for _, p := range places {
		out = append(out, c.b[at:p.from]...)
		at = p.to
	}
	found.Repair = &Repair{Title: "Remove what stands before the segment IDs", Offset: first.from, Length: last.to - first.from, Replacement: out}
}

// span is a stretch of the message's bytes.
type span struct{ from, to int }

var lineNumber = regexp.MustCompile(`^[ \t]*[0-9]{0,6}[.:)]?[ \t]*$`)

// blankLead reports whether text is an indentation or a line number.
func blankLead(text []byte) bool { return lineNumber.Match(text) }

func (c *checker) separator() string {
	if d := c.m.Delimiters().Field; d != "" {
		return d
	}
	return "|"
}

// segmentWithin returns where a standard segment starts in the first bytes of a
// line, -1 if none does.
func segmentWithin(text []byte, sep string) int {
	for i := 0; i <= 16 && i+3+len(sep) <= len(text); i++ {
		if bytes.HasPrefix(text[i+3:], []byte(sep)) && knownSegment(string(text[i:i+3])) {
			return i
		}
	}
	return -1
}

// knownSegment reports whether any version defines the segment.
func knownSegment(id string) bool {
	return len(id) == 3 && isID([]byte(id)) && longest()[id] > 0
}

// continuations reports raw line ends inside fields, one finding a value.
func (c *checker) continuations() {
	if c.has(codeOtherDelimiters) || c.has(codeLiteralBreaks) {
		return // the lines are segments that only look like text
	}
	separators := c.separator() + c.comp + c.repetition + c.sub
	all := c.m.Continuations()
	for len(all) > 0 {
		s, ok := c.m.SegmentAt(all[0].Offset)
		n := 1
		for n < len(all) && ok && all[n].Offset < s.End() && !bytes.ContainsAny(c.b[all[n-1].Offset:all[n].Offset], separators) {
			n++
		}
		if !ok || !c.skip[s.Index()] { // else the segments that start in the middle of this one explain it
			c.lineEnds(s, all[:n])
		}
		all = all[n:]
	}
}

// lineEnds reports the raw line ends of one value.
func (c *checker) lineEnds(s hl7.Segment, breaks []hl7.Continuation) {
	if c.full(codeLineInField) {
		c.counts[codeLineInField.index]++
		return
	}
	first, last := breaks[0], breaks[len(breaks)-1]
	path := c.m.Locate(first.Offset).String()
	text := fmt.Sprintf("A raw line end stands inside %s: %s. A receiver takes it for the end of the segment.", path, first.Reason)
	if len(breaks) > 1 {
		text = fmt.Sprintf("%d raw line ends stand inside %s; at the first, %s. A receiver takes each for the end of the segment.", len(breaks), path, first.Reason)
	}
	found := c.add(codeLineInField, path, first.Offset, first.Length, "%s", text)
	escape := c.m.Delimiters().Escape
	if escape == "" || s.Name() == "OBX" && string(s.Field(2).Raw()) == "ED" {
		return // the lines of encoded data are joined, not marked
	}
	br := escape + ".br" + escape
	var out []byte
	at := first.Offset
	for _, k := range breaks {
		out = append(append(out, c.b[at:k.Offset]...), br...)
		at = k.Offset + k.Length
	}
	found.Repair = &Repair{Title: "Write " + br, Offset: first.Offset, Length: last.Offset + last.Length - first.Offset, Replacement: out}
}

// lowerCase reports lower-case segment IDs, once.
func (c *checker) lowerCase() {
	var first hl7.Segment
	n, last := 0, 0
	for s := range c.m.Segments() {
		if id := s.ID(); id != s.Name() {
			if n == 0 {
				first = s
			}
			n++
			last = s.Offset() + 3
		}
	}
	if n == 0 {
		return
	}
	text := fmt.Sprintf("The segment ID %s is written in lower case; HL7 compares IDs as they are, so receivers do not know it.", first.ID())
	if n > 1 {
		text = fmt.Sprintf("%d segment IDs are written in lower case, the first is %s; HL7 compares IDs as they are, so receivers do not know them.", n, first.ID())
	}
	found := c.add(codeLowerCase, place{segment: first}.String(), first.Offset(), 3, "%s", text)
	from := first.Offset()
	upper := bytes.Clone(c.b[from:last])
	for s := range c.m.Segments() {
		if s.ID() != s.Name() {
			copy(upper[s.Offset()-from:], s.Name())
		}
	}
	found.Repair = &Repair{Title: "Write the IDs in capitals", Offset: from, Length: last - from, Replacement: upper}
}

var literalBreak = regexp.MustCompile(`\\r\\n|\\r|\\n`)

// literalBreaks reports line ends written as \r or \n, the way a log, JSON or
// program text shows them. Then nothing else can be said about the body.
func (c *checker) literalBreaks() bool {
	h, ok := c.m.Header()
	if !ok {
		return false
	}
	sep := c.separator()
	first, count := -1, 0
	line := h.Bytes()
	for _, at := range literalBreak.FindAllIndex(line, -1) {
		rest := line[at[1]:]
		if len(rest) >= 3+len(sep) && string(rest[3:3+len(sep)]) == sep && isID(rest[:3]) {
			if count == 0 {
				first = h.Offset() + at[0]
			}
			count++
		}
	}
	if count == 0 {
		return false
	}
	c.blind, c.loose = true, true
	found := c.add(codeLiteralBreaks, "", first, 2, "%s written as the characters %s, as a log, JSON or program text does; a receiver sees one long MSH segment.",
		segmentsAre(count), c.b[first:first+2])
	found.Repair = &Repair{Title: "Turn them into segment ends", Offset: 0, Length: len(c.b), Replacement: c.unescaped(h)}
	return true
}

func segmentsAre(n int) string {
	if n == 1 {
		return "A segment end is"
	}
	return fmt.Sprintf("%d segment ends are", n)
}

func isID(b []byte) bool {
	return b[0] >= 'A' && b[0] <= 'Z' && upperAlnum(b[1]) && upperAlnum(b[2])
}

func upperAlnum(b byte) bool { return b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' }

// unescaped undoes one level of the escaping of logs, JSON and program text.
func (c *checker) unescaped(h hl7.Segment) []byte {
	text := string(c.b[h.Offset():])
	trimmed := strings.TrimRight(text, " \t\r\n;,)")
	if strings.HasSuffix(trimmed, `"`) || strings.HasSuffix(trimmed, "'") {
		text = trimmed[:len(trimmed)-1]
	}
	pairs := []string{`\r\n`, "\r", `\r`, "\r", `\n`, "\r"}
	if strings.Contains(string(h.Field(2).Raw()), `\\`) {
		pairs = append([]string{`\\`, `\`}, append(pairs, `\"`, `"`, `\t`, "\t", `\u0026`, "&")...)
	}
	return []byte(strings.NewReplacer(pairs...).Replace(text))
}
