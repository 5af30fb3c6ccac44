package hl7

import "bytes"

// Text returns the value as UTF-8 text: escape sequences resolved, bytes
// decoded by the character set of the message. Highlighting and layout
// commands are dropped, \.br\ \.sp\ and \.ce\ start a new line, \X..\ gives
// its bytes, and a bad sequence stands as it came. Bytes that the character
// set does not know become U+FFFD.
func (v Value) Text() string {
	if !v.present {
		return ""
	}
	raw := v.Raw()
	d := v.m.setAt(v.set)
	if i, _ := d.next(raw, roleEscape); i < 0 || v.whole {
		return v.m.decode(raw)
	}
	t := textBuilder{m: v.m, d: d}
	pos := 0
	for {
		e, ok := d.escapeAfter(raw, pos)
		if !ok {
			break
		}
		t.run = append(t.run, raw[pos:e.Offset]...)
		pos = e.Offset + e.Length
		if w := int(d.sep[roleEscape].n); e.OK {
			t.resolve(e.Kind, raw[e.Offset+w:pos-w])
		} else {
			t.run = append(t.run, raw[e.Offset:pos]...)
		}
	}
	t.run = append(t.run, raw[pos:]...)
	t.flush()
	return string(t.out)
}

// textBuilder collects runs of bytes of one character set.
type textBuilder struct {
	m        *Message
	d        *delimiterSet
	out, run []byte
	switched string // IANA name a \C..\ or \M..\ switched to, "" = the message's
}

func (t *textBuilder) flush() {
	if t.switched == "" {
		t.out = append(t.out, t.m.decode(t.run)...)
	} else {
		t.out = append(t.out, decodeAs(t.switched, t.run)...)
	}
	t.run = t.run[:0]
}

const maxSpace = 200 // blanks or lines that one formatting command can make

func (t *textBuilder) resolve(kind EscapeKind, body []byte) {
	switch kind {
	case EscapeDelimiter:
		r := map[byte]role{'F': roleField, 'S': roleComponent, 'T': roleSubcomponent, 'R': roleRepetition, 'E': roleEscape, 'P': roleTruncation}[body[0]]
		s := &t.d.sep[r]
		if s.n == 0 { // it stands for a delimiter that is not declared: keep the sequence
			esc := t.d.sep[roleEscape].text()
			t.run = append(append(append(t.run, esc...), body...), esc...)
			return
		}
		t.run = append(t.run, s.text()...)
	case EscapeHex:
		t.run = appendHex(t.run, body[1:])
	case EscapeLocal:
		esc := t.d.sep[roleEscape].text()
		t.run = append(append(append(t.run, esc...), body...), esc...)
	case EscapeCharset:
		t.flush()
		t.switched = switchTo(appendHex(nil, body[1:]))
		if t.switched == jis0208 || t.switched == jis0212 {
			t.run = append(append(t.run, 0x1B), appendHex(nil, body[1:])...)
		}
	case EscapeFormat:
		name, n, _ := formatting(body)
		switch name {
		case "br", "ce":
			t.run = append(t.run, '\n')
		case "sp":
			t.run = append(t.run, bytes.Repeat([]byte{'\n'}, min(max(n, 1), maxSpace))...)
		case "sk":
			t.run = append(t.run, bytes.Repeat([]byte{' '}, min(max(n, 0), maxSpace))...)
		}
	}
}

// EscapeText writes text so that it is one value: delimiters as \F\ and so on,
// line ends and other control characters (but tab) in hexadecimal. A truncation
// character is escaped at the end only, where it would have a meaning. What
// cannot be escaped because no escape character is declared stays as it is.
func (d Delimiters) EscapeText(s string) string {
	u := d.Usable()
	if u.Escape == "" {
		return s
	}
	var out []byte
	for i := 0; i < len(s); {
		rest := s[i:]
		code, n := byte(0), 1
		for _, c := range [...]struct {
			sep  string
			code byte
		}{{u.Escape, 'E'}, {u.Field, 'F'}, {u.Component, 'S'}, {u.Repetition, 'R'}, {u.Subcomponent, 'T'}, {u.Truncation, 'P'}} {
			if c.sep != "" && len(rest) >= len(c.sep) && rest[:len(c.sep)] == c.sep && (c.code != 'P' || len(rest) == len(c.sep)) {
				code, n = c.code, len(c.sep)
				break
			}
		}
		switch {
		case code != 0:
			out = append(append(append(out, u.Escape...), code), u.Escape...)
		case rest[0] < ' ' && rest[0] != '\t' || rest[0] == 0x7F:
			const digits = "0123456789ABCDEF"
			out = append(append(out, u.Escape...), 'X')
			for n = 0; n < len(rest) && (rest[n] < ' ' && rest[n] != '\t' || rest[n] == 0x7F) && !d.is(rest[n]); n++ {
				out = append(out, digits[rest[n]>>4], digits[rest[n]&15])
			}
			out = append(out, u.Escape...)
		default:
			out = append(out, rest[0])
		}
		i += max(n, 1)
	}
	return string(out)
}

// is reports whether the control character is a delimiter itself.
func (d Delimiters) is(c byte) bool {
	for _, s := range [...]string{d.Field, d.Component, d.Repetition, d.Escape, d.Subcomponent, d.Truncation} {
		if len(s) == 1 && s[0] == c {
			return true
		}
	}
	return false
}
