package paste

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// Result is what was found in a text.
type Result struct {
	Bytes    []byte // the messages, each segment ended by CR
	Messages int
	Notes    []Note // what was done, in the order in which it was done
}

// Changed says whether anything but the line ends of the text is different from the messages.
func (r Result) Changed() bool { return len(r.Notes) > 0 }

// Note is one thing that was taken away or decoded.
type Note struct {
	Kind  Kind
	Count int // how often
}

// Kind is what was taken away or decoded.
type Kind uint8

// The kinds, in the order in which people meet them.
const (
	OtherLines Kind = iota // lines that belong to no message
	LogPrefixes
	LineNumbers
	Indents
	MailMarks
	Bullets
	QuotationMarks
	WrappedLines // joined to the line before
	Base64
	URL
	QuotedPrintable
	Strings
	HTML
	Marks
)

var kindWords = [...][2]string{
	OtherLines: {"line of other text was left out", "lines of other text were left out"}, LogPrefixes: {"log prefix was taken away", "log prefixes were taken away"},
	LineNumbers: {"line number was taken away", "line numbers were taken away"}, Indents: {"indent was taken away", "indents were taken away"},
	MailMarks: {"mark of a quoted e-mail was taken away", "marks of a quoted e-mail were taken away"}, Bullets: {"bullet was taken away", "bullets were taken away"},
	QuotationMarks: {"line was taken out of quotation marks", "lines were taken out of quotation marks"}, WrappedLines: {"wrapped line was joined", "wrapped lines were joined"},
	Base64: {"the text was decoded from Base64"}, URL: {"the text was decoded from a URL"}, QuotedPrintable: {"the text was decoded from quoted-printable, as e-mail writes it"},
	Strings: {"the text was taken out of a JSON or program string"}, HTML: {"HTML was turned into plain text"}, Marks: {"marks such as <CR> were turned into line ends"},
}

// String is the note in words, such as "4 line numbers were taken away".
func (n Note) String() string {
	words := kindWords[n.Kind]
	switch {
	case words[1] == "":
		return words[0]
	case n.Count == 1:
		return "1 " + words[0]
	}
	return strconv.Itoa(n.Count) + " " + words[1]
}

// header is the beginning of a message: MSH, a separator and encoding characters of signs.
var header = regexp.MustCompile(`MSH([^\w\s])([^\w\s]{2,5})`)

// maxText bounds what is looked at: a paste is something that a person has selected.
const maxText = 64 << 20

// Clean finds the messages in a text. Without one, Messages is 0 and Bytes are the text as it is.
func Clean(text []byte) Result {
	if len(text) > maxText || len(text) == 0 {
		return Result{Bytes: text}
	}
	c := cleaner{}
	body := c.decode(text)
	if !header.Match(body) {
		return Result{Bytes: text}
	}
	c.lines(body)
	if len(c.messages) == 0 {
		return Result{Bytes: text}
	}
	return Result{Bytes: bytes.Join(c.messages, nil), Messages: len(c.messages), Notes: c.notes}
}

type cleaner struct {
	messages [][]byte
	notes    []Note
}

// note counts something that was done.
func (c *cleaner) note(k Kind) {
	for i := range c.notes {
		if c.notes[i].Kind == k {
			c.notes[i].Count++
			return
		}
	}
	c.notes = append(c.notes, Note{k, 1})
}

// lines reads the text line by line into messages.
func (c *cleaner) lines(body []byte) {
	all := splitLines(body)
	for at := 0; at < len(all); {
		start := header.FindSubmatchIndex(all[at])
		if start == nil {
			if len(bytes.TrimSpace(trimFrame(all[at]))) > 0 {
				c.note(OtherLines)
			}
			at++
			continue
		}
		at = c.message(all, at, start)
	}
}

// splitLines cuts a text at CR, LF and both.
func splitLines(b []byte) (lines [][]byte) {
	for len(b) > 0 {
		i := bytes.IndexAny(b, "\r\n")
		if i < 0 {
			return append(lines, b)
		}
		lines = append(lines, b[:i])
		if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
			i++
		}
		b = b[i+1:]
	}
	return lines
}

// trimFrame takes the bytes of an MLLP frame off a line.
func trimFrame(b []byte) []byte { return bytes.Trim(b, "\x0b\x1c") }

// message reads one message that begins in line at, and returns the line behind it.
func (c *cleaner) message(all [][]byte, at int, start []int) int {
	separator := all[at][start[2]]
	first := all[at]
	p := prefixOf(first[:start[0]])
	var segments [][]byte
	head := c.tail(first[start[0]:], p)
	if !header.Match(head) { // nothing but a header's beginning stood in quotation marks
		c.note(OtherLines)
		return at + 1
	}
	c.stripped(first[:start[0]])
	segments = append(segments, head)
	end := at + 1
	for end < len(all) && header.FindIndex(all[end]) == nil {
		line := all[end]
		from, ok := segmentIn(line, separator, p)
		if !ok {
			if !c.continues(all, end, separator, p) {
				break
			}
			if text := bytes.TrimSpace(line); len(text) > 0 {
				last := len(segments) - 1
				segments[last] = append(bytes.Clone(segments[last]), c.tail(bytes.TrimLeft(line, " \t>"), p)...)
				c.note(WrappedLines)
			}
			end++
			continue
		}
		c.stripped(line[:from])
		segments = append(segments, c.tail(line[from:], p))
		end++
	}
	c.messages = append(c.messages, append(bytes.Join(segments, []byte("\r")), '\r'))
	return end
}

// continues says whether a line without a segment belongs to the message nevertheless: further segments follow it,
// before the next message and with few lines between.
func (c *cleaner) continues(all [][]byte, at int, separator byte, p prefix) bool {
	const far = 20
	for i := at + 1; i < len(all) && i < at+far; i++ {
		if header.Match(all[i]) {
			return false
		}
		if _, ok := segmentIn(all[i], separator, p); ok {
			return true
		}
	}
	return false
}

// prefix is what stands before the segments of a message.
type prefix struct {
	text  string
	quote byte // the quotation mark that the segment stands in, 0 for none
}

func prefixOf(b []byte) prefix {
	p := prefix{text: string(b)}
	if n := len(b); n > 0 && strings.IndexByte("\"'`", b[n-1]) >= 0 {
		p.quote = b[n-1]
	}
	return p
}

// What can stand before a segment in a line.
var (
	indent     = regexp.MustCompile(`^[ \t\x{a0}]+$`)
	mailQuote  = regexp.MustCompile(`^[ \t]*(?:>[ \t]*)+$`)
	lineNumber = regexp.MustCompile(`^[ \t]*[\[(#]?\d{1,6}[\])]?[:.|)\t ]*[ \t]*["'\x60]?$`)
	bullet     = regexp.MustCompile(`^[ \t]*[-*•+][ \t]+["'\x60]?$`)
	opening    = regexp.MustCompile("^[ \t+,.(\\[{]*[\"'`]$")
	frame      = regexp.MustCompile(`^[\x{0b}\x{1c}\x{feff}]+$`)
)

// segmentIn finds the segment in a line: an ID and the separator, behind nothing or behind what can stand before one.
func segmentIn(line []byte, separator byte, p prefix) (from int, ok bool) {
	for i := 0; i+3 < len(line) || i+3 == len(line); i++ {
		if !isID(line[i:min(i+3, len(line))]) {
			continue
		}
		if i+3 < len(line) && line[i+3] != separator {
			continue
		}
		if i+3 == len(line) && i > 0 && p.text == "" {
			continue // three letters at the end of a sentence
		}
		if !canPrecede(string(line[:i]), p) {
			return 0, false
		}
		return i, true
	}
	return 0, false
}

func isID(b []byte) bool {
	if len(b) < 3 || b[0] < 'A' || b[0] > 'Z' {
		return false
	}
	for _, c := range b[1:] {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// canPrecede says whether a text can stand before a segment of a message whose first one has the prefix p.
func canPrecede(text string, p prefix) bool {
	if text == "" || text == p.text {
		return true
	}
	for _, e := range []*regexp.Regexp{indent, mailQuote, lineNumber, bullet, opening, frame} {
		if e.MatchString(text) {
			return true
		}
	}
	// A log writes the same shape before each line; times and counters differ.
	return p.text != "" && shape(text) == shape(p.text)
}

// shape is a text with its digits and lengths taken out.
func shape(s string) string {
	var b strings.Builder
	last := rune(0)
	for _, r := range s {
		c := r
		switch {
		case r >= '0' && r <= '9':
			c = '9'
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f:
			c = 'a'
		case r == '\t':
			c = ' '
		}
		if c != last || c != '9' && c != 'a' && c != ' ' {
			b.WriteRune(c)
		}
		last = c
	}
	return b.String()
}

// stripped notes what stood before a segment.
func (c *cleaner) stripped(before []byte) {
	text := string(before)
	switch {
	case text == "" || frame.MatchString(text):
	case indent.MatchString(text):
		c.note(Indents)
	case mailQuote.MatchString(text):
		c.note(MailMarks)
	case lineNumber.MatchString(text):
		c.note(LineNumbers)
	case bullet.MatchString(text):
		c.note(Bullets)
	case opening.MatchString(text):
		c.note(QuotationMarks)
	default:
		c.note(LogPrefixes)
	}
}

// closing is what can follow a segment that stands in quotation marks, or at the end of a wrapped paste.
var closing = map[byte]*regexp.Regexp{
	'"': regexp.MustCompile(`"[ \t]*[,;+)\]}\\]*[ \t]*$`), '\'': regexp.MustCompile(`'[ \t]*[,;+)\]}\\]*[ \t]*$`), '`': regexp.MustCompile("`[ \t]*[,;+)\\]}\\\\]*[ \t]*$"),
}

// tail takes off what follows a segment.
func (c *cleaner) tail(segment []byte, p prefix) []byte {
	segment = trimFrame(segment)
	if e := closing[p.quote]; e != nil {
		if at := e.FindIndex(segment); at != nil {
			segment = segment[:at[0]]
		}
	}
	return segment
}
