package format

import (
	"bytes"
	"unicode/utf8"
)

// HeadSize is how many bytes Detect looks at.
const HeadSize = 64 << 10

// Guess is what Detect thinks of some bytes.
type Guess struct {
	Kind     Kind
	Why      string // one plain sentence
	Encoding string // IANA name where the bytes tell: "US-ASCII", "UTF-8", "UTF-16LE" ...; else empty
}

// Detect looks at the head of a file (the first HeadSize bytes of what it is
// given) and says what it is. It never fails: unknown bytes are text or binary.
func Detect(head []byte) Guess {
	cut := len(head) >= HeadSize
	if len(head) > HeadSize {
		head = head[:HeadSize]
	}
	if len(head) == 0 {
		return Guess{Kind: Empty, Why: "There are no bytes."}
	}
	if g, ok := detectMagic(head); ok {
		return g
	}
	if name, skip := wideEncoding(head); name != "" {
		return detectWide(head[skip:], name)
	}
	g := detectText(head)
	if g.Kind == Empty && bytes.Count(head, []byte{0}) >= lostBytes {
		g = Guess{Kind: Binary, Why: "It begins with NUL bytes and nothing else; the content was probably never written, or was lost."}
	}
	if g.Encoding == "" {
		g.Encoding = encodingOf(head, cut)
	}
	return g
}

// lostBytes is how many NUL bytes alone are no keep-alive of a connection any
// more but a file whose content is missing.
const lostBytes = 512

// detectText goes from the formats that cannot be mistaken to those that are
// a matter of statistics.
func detectText(head []byte) Guess {
	body := trimLead(head)
	if len(body) == 0 {
		return Guess{Kind: Empty, Why: "There is nothing but blanks and line ends."}
	}
	for _, detect := range []func([]byte) (Guess, bool){
		detectHL7Start, detectX12, detectEDIFACT, detectNCPDP, detectASTM, detectJSON, detectMarkup, detectWire,
		detectHL7Inside,
	} {
		if g, ok := detect(body); ok {
			return g
		}
	}
	if looksBinary(body) {
		return Guess{Kind: Binary, Why: "It holds bytes that no text has, and no known signature."}
	}
	if g, ok := detectTable(body); ok {
		return g
	}
	return Guess{Kind: Text, Why: "It is text that follows no format known here."}
}

var bomUTF8 = []byte("\xEF\xBB\xBF")

// trimLead removes what stands before the first character that means
// something: a byte order mark, blanks, line ends and NUL keep-alives.
func trimLead(b []byte) []byte {
	b = bytes.TrimPrefix(b, bomUTF8)
	return bytes.TrimLeft(b, " \t\r\n\f\x00")
}

// encodingOf names the encoding that the bytes prove: ASCII or valid UTF-8.
func encodingOf(b []byte, cut bool) string {
	if bytes.HasPrefix(b, bomUTF8) {
		return "UTF-8"
	}
	ascii := true
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		ascii = false
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			if cut && len(b)-i < utf8.UTFMax && !utf8.FullRune(b[i:]) {
				break // a character cut by the end of the head
			}
			return ""
		}
		i += n
	}
	if ascii {
		return "US-ASCII"
	}
	return "UTF-8"
}

// looksBinary reports whether more than one byte in fifty is a control
// character that no text uses, or one of them is NUL.
func looksBinary(b []byte) bool {
	odd := 0
	for _, c := range b {
		switch {
		case c == 0:
			return true
		case c < 0x20 && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != 0x0B && c != 0x1C && c != 0x1B:
			odd++
		}
	}
	return odd*50 > len(b)
}

// wideEncoding recognises UTF-16 and UTF-32 by their byte order mark, or by
// NULs in every second place. It returns the bytes to skip.
func wideEncoding(b []byte) (name string, skip int) {
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE, 0, 0}) && len(b)%4 == 0:
		return "UTF-32LE", 4
	case bytes.HasPrefix(b, []byte{0, 0, 0xFE, 0xFF}):
		return "UTF-32BE", 4
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return "UTF-16LE", 2
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return "UTF-16BE", 2
	}
	n := min(len(b), 512) &^ 1
	if n < 8 {
		return "", 0
	}
	var even, odd int
	for i := 0; i < n; i += 2 {
		if b[i] == 0 {
			even++
		}
		if b[i+1] == 0 {
			odd++
		}
	}
	half := n / 2
	switch {
	case odd*10 >= half*9 && even*10 <= half:
		return "UTF-16LE", 0
	case even*10 >= half*9 && odd*10 <= half:
		return "UTF-16BE", 0
	}
	return "", 0
}

// detectWide narrows UTF-16 or UTF-32 to bytes (what is not ASCII becomes '?')
// and looks at the text.
func detectWide(b []byte, encoding string) Guess {
	g := detectText(Narrow(b, encoding))
	g.Encoding = encoding
	if g.Kind.IsHL7v2() {
		g.Kind = UTF16
		g.Why = "It is HL7 v2 written in " + encoding + ", two bytes or more for a character, which no HL7 connection carries."
	}
	return g
}

// Narrow makes ASCII of UTF-16 or UTF-32 text; other characters become '?'.
// It is for looking, not for reading.
func Narrow(b []byte, encoding string) []byte {
	width, low := 2, 0
	switch encoding {
	case "UTF-16BE":
		low = 1
	case "UTF-32LE":
		width = 4
	case "UTF-32BE":
		width, low = 4, 3
	}
	out := make([]byte, 0, len(b)/width)
	for i := 0; i+width <= len(b); i += width {
		c := b[i+low]
		for j := range width {
			if j != low && b[i+j] != 0 {
				c = '?'
			}
		}
		if c >= 0x80 {
			c = '?'
		}
		out = append(out, c)
	}
	return out
}
