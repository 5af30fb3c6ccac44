package hl7

import "bytes"

// textShape says whether a byte that equals a delimiter can be a part of a
// character instead. In UTF-8 and in the single-byte sets it cannot.
type textShape uint8

const (
	shapePlain   textShape = iota
	shapeLead              // GB 18030, Big5, Shift JIS: the second byte of a character may be | ^ \ ~
	shapeEscaped           // ISO 2022 (ISO IR87, IR159): ESC $ B switches to pairs of bytes, ESC ( B back
)

// index finds sep in b outside of characters of two bytes.
func (s textShape) index(b, sep []byte) int {
	switch s {
	case shapeLead:
		for i := 0; i < len(b); i++ {
			if b[i] >= 0x81 && b[i] <= 0xFE && i+1 < len(b) && b[i+1] >= 0x30 {
				if bytes.HasPrefix(b[i:], sep) && len(sep) > 1 {
					return i
				}
				i++
				continue
			}
			if bytes.HasPrefix(b[i:], sep) {
				return i
			}
		}
		return -1
	case shapeEscaped:
		pairs := false
		for i := 0; i < len(b); i++ {
			if n, two := designation(b[i:]); n > 0 {
				pairs = two
				i += n - 1
				continue
			}
			if pairs {
				if b[i] < 0x21 { // a control character ends the two-byte mode
					pairs = false
				} else {
					i++
					continue
				}
			}
			if bytes.HasPrefix(b[i:], sep) {
				return i
			}
		}
		return -1
	}
	return bytes.Index(b, sep)
}

// designation reads an ISO 2022 escape sequence of Japanese text: its length,
// 0 if there is none, and whether pairs of bytes follow.
func designation(b []byte) (n int, pairs bool) {
	if len(b) < 3 || b[0] != 0x1B {
		return 0, false
	}
	switch string(b[1:3]) {
	case "(B", "(J", "(I":
		return 3, false
	case "$@", "$B":
		return 3, true
	case "$(":
		if len(b) > 3 && b[3] == 'D' {
			return 4, true
		}
	}
	return 0, false
}
