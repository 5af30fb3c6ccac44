package hl7

import (
	"bytes"
	"iter"
)

// EscapeKind says what an escape sequence stands for. HL7 v2.9.1 section 2.7.
type EscapeKind uint8

const (
	EscapeUnknown   EscapeKind = iota // a sequence the standard does not know, or a lone escape character
	EscapeDelimiter                   // \F\ \S\ \T\ \R\ \E\ \P\
	EscapeHighlight                   // \H\ and \N\
	EscapeHex                         // \X0D0A\
	EscapeLocal                       // \Z...\, by agreement of the partners
	EscapeCharset                     // \C2842\ and \M2442\
	EscapeFormat                      // \.br\ \.sp2\ \.in+4\ ...
)

func (k EscapeKind) String() string {
	return [...]string{"unknown", "delimiter", "highlight", "hexadecimal", "local", "character set", "formatting"}[min(k, EscapeFormat)]
}

// Escape is one escape sequence of a value. A sequence that is not OK stands
// for itself in Text, and Reason says what is wrong with it.
type Escape struct {
	Offset, Length int // in the message
	Kind           EscapeKind
	OK             bool
	Reason         string
}

const (
	reasonUnmatched = "the escape character has no partner that closes the sequence"
	reasonEmpty     = "the escape sequence is empty"
	reasonUnknown   = "the standard has no such escape sequence"
	reasonOddHex    = "the sequence has an odd number of hexadecimal digits"
	reasonBadHex    = "the sequence has characters that are no hexadecimal digits"
	reasonNoHex     = "the sequence has no hexadecimal digits"
	reasonFormat    = "the formatting command is not one of .sp .br .fi .nf .in .ti .sk .ce with a number where one is due"
	reasonSet       = "a character set sequence has four or six hexadecimal digits"
)

// Escapes iterates over the escape sequences of the value, bad ones included.
func (v Value) Escapes() iter.Seq[Escape] {
	return func(yield func(Escape) bool) {
		if !v.present || v.whole {
			return
		}
		d := v.m.setAt(v.set)
		b := v.Raw()
		for pos := 0; ; {
			e, ok := d.escapeAfter(b, pos)
			if !ok {
				return
			}
			pos = e.Offset + e.Length
			e.Offset += v.off
			if !yield(e) {
				return
			}
		}
	}
}

// escapeAfter finds the first escape sequence of b at or after pos.
func (d *delimiterSet) escapeAfter(b []byte, pos int) (Escape, bool) {
	i, w := d.next(b[pos:], roleEscape)
	if i < 0 {
		return Escape{}, false
	}
	i += pos
	n, wn := d.next(b[i+w:], roleEscape)
	if n < 0 {
		return Escape{Offset: i, Length: w, Reason: reasonUnmatched}, true
	}
	body := b[i+w : i+w+n]
	e := judge(body)
	e.Offset, e.Length = i, w+n+wn
	if e.OK || e.Kind != EscapeUnknown {
		return e, true
	}
	// Two lone escape characters, or one before a good sequence, are not a
	// sequence: what stands between them is text.
	if bytes.ContainsAny(body, " \r\n\t,;:") || len(body) > 16 || d.opensGood(b, i+w+n) {
		e.Length, e.Reason = w, reasonUnmatched
	}
	return e, true
}

// opensGood reports whether the escape character at i opens a good sequence.
func (d *delimiterSet) opensGood(b []byte, i int) bool {
	w := int(d.sep[roleEscape].n)
	n, _ := d.next(b[i+w:], roleEscape)
	return n > 0 && judge(b[i+w:i+w+n]).OK
}

// judge classifies what stands between two escape characters.
func judge(body []byte) Escape {
	if len(body) == 0 {
		return Escape{Reason: reasonEmpty}
	}
	if len(body) == 1 {
		switch body[0] {
		case 'F', 'S', 'T', 'R', 'E', 'P':
			return Escape{Kind: EscapeDelimiter, OK: true}
		case 'H', 'N':
			return Escape{Kind: EscapeHighlight, OK: true}
		}
	}
	switch body[0] {
	case 'X':
		if why := badHex(body[1:]); why != "" {
			return Escape{Kind: EscapeHex, Reason: why}
		}
		return Escape{Kind: EscapeHex, OK: true}
	case 'Z':
		return Escape{Kind: EscapeLocal, OK: true}
	case 'C', 'M':
		n := len(body) - 1
		if badHex(body[1:]) != "" || n != 4 && !(n == 6 && body[0] == 'M') {
			if allAlnum(body) && n < 4 {
				return Escape{Reason: reasonUnknown}
			}
			return Escape{Kind: EscapeCharset, Reason: reasonSet}
		}
		return Escape{Kind: EscapeCharset, OK: true}
	case '.':
		if _, _, ok := formatting(body); !ok {
			return Escape{Kind: EscapeFormat, Reason: reasonFormat}
		}
		return Escape{Kind: EscapeFormat, OK: true}
	}
	return Escape{Reason: reasonUnknown}
}

func allAlnum(b []byte) bool {
	for _, c := range b {
		if !isAlnum(c) {
			return false
		}
	}
	return true
}

func badHex(b []byte) string {
	if len(b) == 0 {
		return reasonNoHex
	}
	for _, c := range b {
		if hexDigit(c) < 0 {
			return reasonBadHex
		}
	}
	if len(b)%2 != 0 {
		return reasonOddHex
	}
	return ""
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

func appendHex(dst, digits []byte) []byte {
	for i := 0; i+1 < len(digits); i += 2 {
		dst = append(dst, byte(hexDigit(digits[i])<<4|hexDigit(digits[i+1])))
	}
	return dst
}

// formatting reads a formatting command: its name and its number, 1 if there
// is none. The names are accepted in either case. Section 2.7.6.
func formatting(body []byte) (name string, n int, ok bool) {
	if len(body) < 3 {
		return "", 0, false
	}
	rest := body[3:]
	switch string([]byte{body[1] | 0x20, body[2] | 0x20}) {
	case "br":
		return "br", 1, len(rest) == 0
	case "fi":
		return "fi", 1, len(rest) == 0
	case "nf":
		return "nf", 1, len(rest) == 0
	case "ce":
		return "ce", 1, len(rest) == 0
	case "sp":
		name = "sp"
	case "sk":
		name = "sk"
	case "in":
		name = "in"
	case "ti":
		name = "ti"
	default:
		return "", 0, false
	}
	if len(rest) > 0 && rest[0] == ' ' { // the standard writes .sk 5 in its examples
		rest = rest[1:]
	}
	sign := 1
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') && name != "sk" {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
		if len(rest) == 0 {
			return "", 0, false
		}
	}
	if len(rest) == 0 {
		return name, 1, true
	}
	if len(rest) > 4 {
		return "", 0, false
	}
	for _, c := range rest {
		if !isDigit(c) {
			return "", 0, false
		}
		n = n*10 + int(c-'0')
	}
	return name, sign * n, true
}
