package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// controls are the names of the control bytes 0x00 to 0x1F, as ASCII gives them; HT is called by what people call it.
var controls = strings.Fields("NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US")

// maxMarks bounds how many combining marks one letter takes, so that a cell group stays small whatever the data is.
const maxMarks = 8

// Next reads the first group of cells of s: its bytes, how many cells it takes, and, for what has no letter of its
// own, the name that is drawn in a box (a control byte's, "BOM", the hex digits of an invalid byte or of a code that
// would be invisible). It returns zeros for an empty string.
func Next(s string) (size, cells int, box string) { return next(s) }

func next[T string | []byte](s T) (size, cells int, box string) {
	if len(s) == 0 {
		return 0, 0, ""
	}
	c := s[0]
	if c >= 0x20 && c < 0x7f {
		if len(s) == 1 || s[1] < utf8.RuneSelf {
			return 1, 1, ""
		}
		return 1 + marks(s[1:]), 1, ""
	}
	switch {
	case c < 0x20:
		box = controls[c]
		return 1, len(box), box
	case c == 0x7f:
		return 1, 3, "DEL"
	}
	r, n := decode(s)
	if r == utf8.RuneError && n == 1 {
		return 1, 2, hex(uint32(c), 2)
	}
	if name := invisible(r); name != "" {
		return n, len(name), name
	}
	cells = 1
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		cells = 2
	}
	return n + marks(s[n:]), cells, ""
}

// decode reads one rune. The conversion is of four bytes at most, so it stays off the heap.
func decode[T string | []byte](s T) (rune, int) {
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}

// marks is the bytes of the combining marks at the beginning of s.
func marks[T string | []byte](s T) (size int) {
	for range maxMarks {
		if size >= len(s) || s[size] < 0xcc { // U+0300 is the first
			break
		}
		r, n := decode(s[size:])
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			break
		}
		size += n
	}
	return size
}

// invisible names the codes that show nothing, or that would move or hide what stands beside them.
func invisible(r rune) string {
	switch r {
	case 0xa0:
		return "NBSP"
	case 0xad:
		return "SHY"
	case 0xfeff:
		return "BOM"
	}
	if r < 0xa0 || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Mn, unicode.Me) {
		return hex(uint32(r), 4)
	}
	return ""
}

func hex(v uint32, digits int) string {
	for v>>(4*digits) != 0 {
		digits++
	}
	b := make([]byte, digits)
	for i := range b {
		b[i] = "0123456789ABCDEF"[v>>(4*(digits-1-i))&15]
	}
	return string(b)
}
