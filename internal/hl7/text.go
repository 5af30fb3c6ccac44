package hl7

import (
	"bytes"
	"unicode/utf8"
)

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
		if v.m.text != "" && isPlain(raw) {
			return v.m.text[v.off:v.end]
		}
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

// First returns the text of the first subcomponent of the first component of
// the first repetition, which is how a receiver reads one value where a sender
// has put several; "" for Null.
func (v Value) First() string {
	if !v.present || v.off == v.end {
		return ""
	}
	d := v.m.setAt(v.set)
	if v.whole || d.wide || v.m.text == "" || d.quick[roleEscape] < 0 {
		return v.firstSlow()
	}
	escape := byte(d.quick[roleEscape])
	b := v.m.b[v.off:v.end]
	for i, c := range b {
		switch {
		case c == escape || c >= utf8.RuneSelf || c == 0x1B:
			return v.firstSlow()
		case d.class[c] != 0:
			b = b[:i]
		default:
			continue
		}
		break
	}
	if len(b) == 2 && b[0] == '"' && b[1] == '"' {
		return ""
	}
	return v.m.text[v.off : v.off+len(b)]
}

func (v Value) firstSlow() string {
	if v.level < LevelSubcomponent {
		v = v.Subcomponent(1)
	}
	if v.State() == Null {
		return ""
	}
	return v.Text()
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

// escapedRole is the delimiter that \F\ and its relatives stand for.
func escapedRole(c byte) role {
	switch c {
	case 'F':
		return roleField
	case 'S':
		return roleComponent
	case 'T':
		return roleSubcomponent
	case 'R':
		return roleRepetition
	case 'P':
		return roleTruncation
	}
	return roleEscape
}

const maxSpace = 200 // blanks or lines that one formatting command can make

func (t *textBuilder) resolve(kind EscapeKind, body []byte) {
	switch kind {
	case EscapeDelimiter:
		s := &t.d.sep[escapedRole(body[0])]
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
