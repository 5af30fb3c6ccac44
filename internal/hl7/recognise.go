package hl7

import "bytes"

var bom = []byte{0xEF, 0xBB, 0xBF}

// leadingID reports whether text starts with the shape of a segment ID (a
// letter, then two letters or digits), and whether it is all upper case.
func leadingID(text []byte) (id, up bool) {
	if len(text) < 3 || !isLetter(text[0]) || !isAlnum(text[1]) || !isAlnum(text[2]) {
		return false, false
	}
	return true, text[0] == upper(text[0]) && text[1] == upper(text[1]) && text[2] == upper(text[2])
}

// isHeader reports whether segments of this name declare delimiters.
func isHeader(name [3]byte) bool {
	return name[2] == 'S' && (name == [3]byte{'F', 'H', 'S'} || name == [3]byte{'B', 'H', 'S'}) || name == [3]byte{'M', 'S', 'H'}
}

// strictHeader reports whether text is a header beyond doubt: a separator, one
// to five characters that can be delimiters, and the separator again or the end.
func strictHeader(text []byte) bool {
	if len(text) < 5 || !canDelimit(text[3:]) {
		return false
	}
	sep := firstCharacter(text[3:])
	rest := text[3+len(sep):]
	for n := 0; n <= 6; n++ {
		if len(rest) == 0 || bytes.HasPrefix(rest, sep) {
			return n >= 1
		}
		c := firstCharacter(rest)
		if !canDelimit(c) {
			return n >= 2 && c[0] <= ' '
		}
		rest = rest[len(c):]
	}
	return false
}

// headerInside finds a header segment in the middle of a line, -1 if there is
// none. It must be a strict one and not be the tail of a word.
func headerInside(text []byte) int {
	for pos := 0; ; {
		i := bytes.Index(text[pos:], []byte("MSH"))
		if i < 0 {
			return -1
		}
		i += pos
		if i > 0 && !isAlnum(text[i-1]) && strictHeader(text[i:]) {
			return i
		}
		pos = i + 3
	}
}

// badID reports whether text looks like a segment whose ID is wrong: two or up
// to eight upper-case characters, or three that start with a digit, perhaps
// with blanks after them, then the field separator.
func badID(text, sep []byte) bool {
	if len(sep) == 0 {
		return false
	}
	n, letters := 0, 0
	for n < len(text) && (isUpper(text[n]) || isDigit(text[n])) {
		if isUpper(text[n]) {
			letters++
		}
		n++
	}
	if n < 2 || n > 8 || letters == 0 || isDigit(text[0]) && n != 3 {
		return false
	}
	blanks := n
	for blanks < len(text) && text[blanks] == ' ' {
		blanks++
	}
	return bytes.HasPrefix(text[blanks:], sep)
}

// foreignSeparator reports whether text looks like a segment that is written
// with another field separator than the message declares: an upper-case ID, a
// sign that is no delimiter here, that sign twice more, and no declared field
// separator.
func foreignSeparator(text []byte, d *delimiterSet) bool {
	if id, up := leadingID(text); !id || !up || len(text) < 6 {
		return false
	}
	c := text[3]
	if bytes.IndexByte([]byte("|#$%*@!^~&;\xa6\xa7"), c) < 0 || bytes.Count(text, text[3:4]) < 3 {
		return false
	}
	for r := range d.sep {
		if d.sep[r].n == 1 && d.sep[r].bytes[0] == c {
			return false
		}
	}
	return !bytes.Contains(text, d.sep[roleField].text())
}

func isBlankByte(c byte) bool { return c <= ' ' }

// isBlank reports whether text has only blanks and control characters.
func isBlank(text []byte) bool {
	for _, c := range text {
		if !isBlankByte(c) {
			return false
		}
	}
	return true
}

func hasPrefixAt(text []byte, at int, prefix []byte) bool {
	return len(text) >= at && bytes.HasPrefix(text[at:], prefix)
}
