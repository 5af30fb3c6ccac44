package check

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// bytes looks at the bytes as such: NUL, control characters, character set.
func (c *checker) bytes() {
	var nul, control, high int
	firstNul, firstControl, firstHigh := -1, -1, -1
	controls, start := 0, 0
	if bytes.HasPrefix(c.b, byteOrderMark) {
		start = len(byteOrderMark) // it has a finding of its own
		c.mark()
	}
	for i := start; i < len(c.b); i++ {
		for len(c.b)-i >= 8 && printable(binary.LittleEndian.Uint64(c.b[i:])) {
			i += 8
		}
		if i == len(c.b) {
			break
		}
		b := c.b[i]
		if plainByte[b] {
			continue
		}
		switch {
		case b >= 0x80:
			if high++; firstHigh < 0 {
				firstHigh = i
			}
		case b == 0:
			if nul++; firstNul < 0 {
				firstNul = i
			}
		default:
			control++
			if c.framing(i, b) {
				continue
			}
			if controls++; firstControl < 0 {
				firstControl = i
			}
		}
	}
	if nul > 0 {
		c.add(codeNUL, c.m.Locate(firstNul).String(), firstNul, 1, "%s in the message, the first at byte %d; text has none, and many receivers stop reading there.", pluralStand(nul, "NUL byte"), firstNul)
	}
	if h, ok := c.m.Header(); ok && (c.skip[h.Index()] || c.has(codeLiteralBreaks)) {
		// What stands in the place of MSH-18 is none.
		if high > 0 && utf8.Valid(c.b) {
			c.doubleUTF8(firstHigh)
		}
	} else if high > 0 || c.declaresCharset() {
		c.charset(high, firstHigh)
	}
	if controls > 0 {
		c.controls(firstControl, controls)
	}
	if high > 0 {
		c.invisible(firstHigh)
	}
}

// plainByte are the bytes that need no look: printable ASCII, line ends and tab.
var plainByte = func() (plain [256]bool) {
	for b := 0x20; b < 0x7F; b++ {
		plain[b] = true
	}
	plain['\r'], plain['\n'], plain['\t'] = true, true, true
	return plain
}()

// printable reports whether all of eight bytes are printable ASCII: none has its
// highest bit, lies below 20 or is 7F. Borrows between bytes only err towards
// false, and then the bytes are looked at one by one.
func printable(b uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (b|(b-0x20*ones)|(b+ones))&tops == 0
}

// mark reports a byte order mark at the start of the bytes.
func (c *collector) mark() {
	found := c.add(codeBOM, "", 0, len(byteOrderMark), "A byte order mark (EF BB BF) stands before the header; many receivers then do not find MSH.")
	found.Repair = &Repair{Title: "Remove the byte order mark", Offset: 0, Length: len(byteOrderMark)}
}

func pluralStand(n int, one string) string {
	if n == 1 {
		return "A " + one + " stands"
	}
	return fmt.Sprintf("%d %ss stand", n, one)
}

// framing reports MLLP bytes at the very ends of the message, which belong to
// the connection and were saved with it.
func (c *checker) framing(i int, b byte) bool {
	switch b {
	case 0x0B:
		return len(bytes.Trim(c.b[:i], "\r\n \x00\x0B")) == 0
	case 0x1C:
		return len(bytes.Trim(c.b[i:], "\r\n \x00\x1C\x0C")) == 0
	}
	return false
}

// controls reports control characters, one finding for each segment that has
// some.
func (c *checker) controls(first, count int) {
	escapes := c.switchesCharset()
	end := 0
	for i := first; i < len(c.b); i++ {
		b := c.b[i]
		if b >= 0x20 && b != 0x7F || b == '\r' || b == '\n' || b == '\t' || b == 0 || b == 0x1B && escapes || c.framing(i, b) {
			continue
		}
		if i < end {
			continue
		}
		s, _ := c.m.SegmentAt(i)
		end = s.End()
		if c.full(codeControl) {
			c.counts[codeControl.index]++
			continue
		}
		c.add(codeControl, c.m.Locate(i).String(), i, 1, "The control character %s stands in the text; HL7 text has none, and it breaks receivers that turn messages into XML.", controlName(b))
	}
}

// switchesCharset reports whether ESC may stand in the text: MSH-18 names a set
// that is switched to by sequences of ISO 2022, whether or not the rest of the
// bytes keeps to it, or MSH-20 names that scheme.
func (c *checker) switchesCharset() bool {
	if strings.HasPrefix(c.m.Charset().Name, "ISO-2022") {
		return true
	}
	h, ok := c.m.Header()
	if !ok || h.Name() != "MSH" {
		return false
	}
	for r := range h.Field(18).AllRepetitions() {
		switch string(r.Component(1).Raw()) {
		case "ISO IR14", "ISO IR87", "ISO IR159", "JAS2020", "JIS X 0202":
			return true
		}
	}
	return bytes.HasPrefix(h.Field(20).Raw(), []byte("ISO 2022"))
}

func controlName(b byte) string {
	names := map[byte]string{
		0x07: "BEL", 0x08: "backspace", 0x0B: "VT (the MLLP start byte)", 0x0C: "form feed", 0x1A: "SUB (Ctrl-Z)",
		0x1B: "ESC", 0x1C: "FS (the MLLP end byte)", 0x1D: "GS", 0x1E: "RS", 0x1F: "US", 0x7F: "DEL",
	}
	if name, ok := names[b]; ok {
		return fmt.Sprintf("%02X, %s,", b, name)
	}
	return fmt.Sprintf("%02X", b)
}

func (c *checker) declaresCharset() bool {
	h, ok := c.m.Header()
	return ok && h.Name() == "MSH" && len(h.Field(18).Raw()) > 0
}

// charset compares MSH-18 with the bytes.
func (c *checker) charset(high, first int) {
	cs := c.m.Charset()
	h, ok := c.m.Header()
	field, length := 0, 0
	path := ""
	if ok && h.Name() == "MSH" {
		v := h.Field(18).Component(1)
		field, length, path = v.Offset(), len(v.Raw()), "MSH-18"
	}
	valid := utf8.Valid(c.b)
	seem := "windows-1252 or another single-byte set"
	if valid {
		seem = "UTF-8"
	}
	switch {
	case length == 0 || cs.Declared == `""`:
		if high == 0 {
			return
		}
		found := c.add(codeCharsetNone, c.m.Locate(first).String(), first, 1,
			"MSH-18 names no character set, which means ASCII, but %s above 7F; they seem to be %s.", countBytes(high), seem)
		if valid && ok && h.Fields() >= 18 {
			found.Repair = &Repair{Title: "Write UNICODE UTF-8 in MSH-18", Offset: field, Length: length, Replacement: []byte("UNICODE UTF-8")}
		}
	case cs.Source == "detected" && high > 0 && cs.ConflictOffset >= 0 && valid:
		c.add(codeCharsetWrong, path, field, length, "MSH-18 says %s, but all bytes above 7F form UTF-8 characters, the first at byte %d; it is read as UTF-8.",
			quote([]byte(cs.Declared)), cs.ConflictOffset)
	case cs.Source == "detected" && high > 0 && cs.ConflictOffset >= 0:
		c.add(codeCharsetWrong, path, field, length, "MSH-18 says %s, but byte %d (%02X) disproves it; the bytes seem to be %s.",
			quote([]byte(cs.Declared)), cs.ConflictOffset, c.b[cs.ConflictOffset], seem)
	case cs.Source == "detected":
		c.add(codeCharsetWrong, path, field, length, "MSH-18 says %q, which is no name of a character set in table 0211.", quote([]byte(cs.Declared)))
	case !listed0211[cs.Declared]:
		c.add(codeCharsetName, path, field, length, "%q is not how table 0211 spells it; it is read as %s.", quote([]byte(cs.Declared)), cs.Name)
	}
	if valid && high > 0 {
		c.doubleUTF8(first)
	}
}

func countBytes(n int) string {
	if n == 1 {
		return "one byte is"
	}
	return fmt.Sprintf("%d bytes are", n)
}

// listed0211 are the names of table 0211 over all versions.
var listed0211 = map[string]bool{
	"ASCII": true, "8859/1": true, "8859/2": true, "8859/3": true, "8859/4": true, "8859/5": true, "8859/6": true, "8859/7": true,
	"8859/8": true, "8859/9": true, "8859/15": true, "ISO IR6": true, "ISO IR14": true, "ISO IR87": true, "ISO IR159": true,
	"JAS2020": true, "JIS X 0202": true, "GB 18030-2000": true, "KS X 1001": true, "CNS 11643-1992": true, "BIG-5": true, "UNICODE": true,
	"UNICODE UTF-8": true, "UNICODE UTF-16": true, "UNICODE UTF-32": true,
}

// doubleUTF8 looks for UTF-8 that was read as Latin-1 and encoded again: each
// byte of a former character is now a character of its own ("Ã¤" for "ä").
func (c *checker) doubleUTF8(first int) {
	for i := first; i < len(c.b); {
		if c.b[i] < utf8.RuneSelf {
			i++
			continue
		}
		end := i
		for end < len(c.b) && c.b[end] >= utf8.RuneSelf {
			end++
		}
		if once, ok := undouble(c.b[i:end]); ok {
			if c.full(codeDoubleUTF8) {
				c.counts[codeDoubleUTF8.index]++
			} else {
				found := c.add(codeDoubleUTF8, c.m.Locate(i).String(), i, end-i, "%q is UTF-8 that was encoded twice; it was probably %q.", quote(c.b[i:end]), quote(once))
				found.Repair = &Repair{Title: "Write " + quote(once), Offset: i, Length: end - i, Replacement: once}
			}
		}
		i = end
	}
}

// undouble reads characters as the windows-1252 bytes they stand for; ok if
// these are UTF-8 again and there is at least one sequence.
func undouble(run []byte) ([]byte, bool) {
	out := make([]byte, 0, len(run)/2)
	for i := 0; i < len(run); {
		r, n := utf8.DecodeRune(run[i:])
		i += n
		b, ok := windows1252(r)
		if !ok {
			return nil, false
		}
		out = append(out, b)
	}
	if len(out) < 2 || !utf8.Valid(out) {
		return nil, false
	}
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if n < 2 || r < 0xA0 {
			return nil, false
		}
		i += n
	}
	return out, true
}

// windows1252 returns the byte of a character in windows-1252; C1 controls
// stand for themselves, as Latin-1 has them.
func windows1252(r rune) (byte, bool) {
	if r >= 0x80 && r <= 0xFF {
		return byte(r), true
	}
	b, ok := high1252[r]
	return b, ok
}

var high1252 = map[rune]byte{
	'€': 0x80, '‚': 0x82, 'ƒ': 0x83, '„': 0x84, '…': 0x85, '†': 0x86, '‡': 0x87, 'ˆ': 0x88, '‰': 0x89, 'Š': 0x8A, '‹': 0x8B, 'Œ': 0x8C, 'Ž': 0x8E,
	'‘': 0x91, '’': 0x92, '“': 0x93, '”': 0x94, '•': 0x95, '–': 0x96, '—': 0x97, '˜': 0x98, '™': 0x99, 'š': 0x9A, '›': 0x9B, 'œ': 0x9C, 'ž': 0x9E, 'Ÿ': 0x9F,
}

// invisibles are characters that a person does not see and a comparison does.
var invisibles = []struct{ bytes, name string }{
	{"\u00A0", "a no-break space"}, {"\u200B", "a zero-width space"}, {"\u200C", "a zero-width non-joiner"},
	{"\u200E", "a left-to-right mark"}, {"\u200F", "a right-to-left mark"}, {"\u2060", "a word joiner"}, {"\uFEFF", "a byte order mark"}, {"\u00AD", "a soft hyphen"},
}

// invisible reports the first of each kind.
func (c *checker) invisible(from int) {
	if !utf8.Valid(c.b) {
		return
	}
	for _, x := range invisibles {
		b := c.b[from:]
		i := bytes.Index(b, []byte(x.bytes))
		if i < 0 {
			continue
		}
		more := ""
		if n := bytes.Count(b, []byte(x.bytes)); n > 1 {
			more = fmt.Sprintf(" There are %d.", n)
		}
		i += from
		c.add(codeInvisible, c.m.Locate(i).String(), i, len(x.bytes), "%s (U+%04X) stands in the text, where it is not seen but makes values differ.%s", upperFirst(x.name), []rune(x.bytes)[0], more)
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
