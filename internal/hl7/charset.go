package hl7

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Charset says how the bytes of a message are read as text.
type Charset struct {
	Declared       string // MSH-18.1 as written: the first repetition, or the one that adds Japanese to ASCII
	Name           string // IANA name of the set that is used
	Source         string // "declared", "detected" or "default"
	Conflict       string // why the declaration was not followed, or "" if it was
	ConflictOffset int    // the byte that proves it, -1 if there is none
}

// Charset returns the character set of the message. MSH-18 decides if its name
// is known and the bytes do not prove it wrong; else the bytes decide: valid
// UTF-8 is UTF-8, anything else windows-1252.
func (m *Message) Charset() Charset {
	if c := m.charset.Load(); c != nil {
		return *c
	}
	c := m.findCharset()
	m.charset.Store(&c)
	return c
}

func (m *Message) findCharset() Charset {
	c := Charset{ConflictOffset: -1}
	if h, ok := m.Header(); ok && h.line().name == nameMSH {
		c.Declared = declaredSet(h.Field(18))
	}
	high := firstHigh(m.b)
	name := charsetName(c.Declared)
	switch {
	case strings.TrimSpace(c.Declared) == "" || c.Declared == `""`:
		c.Name, c.Source = ascii, "default"
		if high >= 0 {
			m.detect(&c, high)
			c.Conflict = fmt.Sprintf("MSH-18 is empty, which means ASCII, but byte %d is %02X; %s", high, m.b[high], c.Conflict)
		}
	case name == "":
		c.Name, c.Source = ascii, "detected"
		why := unreadable(c.Declared)
		if high >= 0 {
			m.detect(&c, high)
			why += "; " + c.Conflict
		}
		c.Conflict = why
	default:
		c.Name, c.Source = name, "declared"
		if high >= 0 {
			m.doubt(&c, high)
		}
	}
	return c
}

// unreadable says why the declared set is not used at all.
func unreadable(declared string) string {
	switch aliasKey(declared) {
	case "UNICODEUTF16", "UNICODEUTF32", "UTF16", "UTF32":
		return "MSH-18 names a character set in which segments cannot be told apart by their bytes; the message is not written in it"
	case "CNS116431992":
		return "MSH-18 names CNS 11643, which is in table 0211 but has no decoder here"
	}
	return "MSH-18 names a character set that is not in table 0211 and not known by another name"
}

// declaredSet reads MSH-18: its first repetition, unless that is blank or ASCII
// and a later one adds the Japanese sets. Those are switched to by escape
// sequences of ISO 2022 in the text itself, so one decoder reads both.
func declaredSet(f Value) string {
	text := func(v Value) string { return strings.ToValidUTF8(string(v.Component(1).Raw()), "\uFFFD") }
	first := text(f)
	if name := charsetName(first); first != "" && name != ascii {
		return first
	}
	for r := f.Repetition(2); r.IsPresent(); r = r.Next() {
		if s := text(r); charsetName(s) == iso2022jp {
			return s
		}
	}
	return first
}

// doubt looks for bytes that the declared set cannot have.
func (m *Message) doubt(c *Charset, high int) {
	declared := c.Name
	bad, why := -1, ""
	switch {
	case declared == utf8Name:
		bad = firstInvalidUTF8(m.b)
		why = "is not part of a UTF-8 character"
	case declared == ascii || declared == iso2022jp:
		bad, why = high, "has the high bit set"
	case multibyte(declared):
		bad = firstUndecodable(declared, m.b)
		why = "starts a character that this set does not have"
	case utf8.Valid(m.b):
		bad, why = high, "starts UTF-8 characters, as all such bytes here do"
	case declared == latin1:
		bad = firstC1(m.b)
		why = "is a control character in this set and a letter or sign in windows-1252"
	}
	if bad < 0 {
		return
	}
	m.detect(c, bad)
	c.Conflict = fmt.Sprintf("MSH-18 says %s, but byte %d (%02X) %s; %s", clip(c.Declared), bad, m.b[bad], why, c.Conflict)
}

// detect reads the bytes and leaves the reason in Conflict.
func (m *Message) detect(c *Charset, proof int) {
	c.Source, c.ConflictOffset = "detected", proof
	if utf8.Valid(m.b) {
		c.Name, c.Conflict = utf8Name, "read as UTF-8, because all bytes above 7F form UTF-8 characters"
		return
	}
	bad := firstInvalidUTF8(m.b)
	c.Name, c.ConflictOffset = win1252, bad
	c.Conflict = fmt.Sprintf("read as windows-1252, because byte %d (%02X) is not valid UTF-8", bad, m.b[bad])
}

// firstHigh finds the first byte above 7F. A byte order mark at the start says
// nothing about the text of the segments.
func firstHigh(b []byte) int {
	from := 0
	if bytes.HasPrefix(b, bom) {
		from = len(bom)
	}
	for i, c := range b[from:] {
		if c >= utf8.RuneSelf {
			return from + i
		}
	}
	return -1
}

func firstC1(b []byte) int {
	for i, c := range b {
		if c >= 0x80 && c < 0xA0 {
			return i
		}
	}
	return -1
}

func firstInvalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// decode reads bytes by the character set of the message.
func (m *Message) decode(b []byte) string {
	if isPlain(b) {
		return string(b)
	}
	return decodeAs(m.Charset().Name, b)
}

// isPlain reports whether the bytes are the same text in every character set.
func isPlain(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || c == 0x1B {
			return false
		}
	}
	return true
}

// Encode writes text in the character set. It says which character the set does not have.
func (c Charset) Encode(text string) ([]byte, error) { return encodeAs(c.Name, text) }
