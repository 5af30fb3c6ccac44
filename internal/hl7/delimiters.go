package hl7

import (
	"bytes"
	"unicode/utf8"
)

// Delimiters are the separators that a header segment declares, as they came.
// An empty string means that the header does not declare it; none is invented.
// HL7 v2.9.1 section 2.5.4.
type Delimiters struct {
	Field, Component, Repetition, Escape, Subcomponent, Truncation string

	// Guessed is true when the message has no header segment and the usual
	// delimiters were assumed, for reading only, because its lines look like
	// segments ("PID|").
	Guessed bool
}

// Standard returns the delimiters that the standard recommends, |^~\&, without
// a truncation character.
func Standard() Delimiters {
	return Delimiters{Field: "|", Component: "^", Repetition: "~", Escape: `\`, Subcomponent: "&"}
}

// Usable returns d with every delimiter blanked that repeats an earlier one in
// the order field, component, repetition, escape, subcomponent, truncation.
// Those cannot be told apart in the text, so the first role wins and the later
// one splits nothing.
func (d Delimiters) Usable() Delimiters {
	all := [...]*string{&d.Field, &d.Component, &d.Repetition, &d.Escape, &d.Subcomponent, &d.Truncation}
	for i, p := range all {
		for _, q := range all[:i] {
			if *p == *q {
				*p = ""
			}
		}
	}
	return d
}

// role is what a delimiter does. The order is that of MSH-1 and MSH-2.
type role uint8

const (
	roleField role = iota
	roleComponent
	roleRepetition
	roleEscape
	roleSubcomponent
	roleTruncation
	roles
)

// separator is one delimiter: its bytes, and whether it can be used.
type separator struct {
	bytes  [utf8.UTFMax]byte
	n      uint8 // length, 0 = not declared
	usable bool  // false for one that repeats an earlier delimiter
}

func (s *separator) text() []byte { return s.bytes[:s.n] }

// delimiterSet is what one header declared, ready for splitting.
type delimiterSet struct {
	sep     [roles]separator
	quick   [roles]int16 // the one byte to look for; quickNone or quickSlow
	class   *[256]role   // of each byte that splits, its role + 1
	wide    bool         // there is a delimiter of several bytes
	guessed bool
	shape   textShape
}

const (
	quickNone = -1 // the delimiter cannot be used
	quickSlow = -2 // it has several bytes, or may be a part of a character
)

// ready works out the quick way to find each delimiter.
func (d *delimiterSet) ready() {
	d.wide = false
	for r := range d.sep {
		switch s := &d.sep[r]; {
		case !s.usable:
			d.quick[r] = quickNone
		case s.n == 1 && d.shape == shapePlain:
			d.quick[r] = int16(s.bytes[0])
		default:
			d.quick[r], d.wide = quickSlow, true
		}
	}
	d.class = &usualClass
	for _, r := range splitting {
		if d.quick[r] != usualQuick[r] {
			d.class = d.classes()
			return
		}
	}
}

// splitting are the roles that split; the other two mark places in text.
var splitting = [...]role{roleField, roleComponent, roleRepetition, roleSubcomponent}

// Nearly all messages use the same four separators and share one table.
var (
	usualQuick = [roles]int16{roleField: '|', roleComponent: '^', roleRepetition: '~', roleSubcomponent: '&'}
	usualClass = *(&delimiterSet{quick: [roles]int16{'|', '^', '~', quickNone, '&', quickNone}}).classes()
)

func (d *delimiterSet) classes() *[256]role {
	var class [256]role
	for _, r := range splitting {
		if q := d.quick[r]; q >= 0 {
			class[q] = r + 1
		}
	}
	return &class
}

func (d *delimiterSet) public() Delimiters {
	s := func(r role) string { return string(d.sep[r].text()) }
	return Delimiters{
		Field: s(roleField), Component: s(roleComponent), Repetition: s(roleRepetition),
		Escape: s(roleEscape), Subcomponent: s(roleSubcomponent), Truncation: s(roleTruncation),
		Guessed: d.guessed,
	}
}

func (d *delimiterSet) declare(r role, c []byte) {
	s := &d.sep[r]
	s.n = uint8(copy(s.bytes[:], c))
	s.usable = s.n > 0
	for q := range r {
		if d.sep[q].n == s.n && d.sep[q].bytes == s.bytes {
			s.usable = false
		}
	}
}

// next finds the first delimiter of the role in b; -1 if there is none.
func (d *delimiterSet) next(b []byte, r role) (at, width int) {
	if q := d.quick[r]; q >= 0 {
		return bytes.IndexByte(b, byte(q)), 1
	}
	return d.nextSlow(b, r)
}

func (d *delimiterSet) nextSlow(b []byte, r role) (at, width int) {
	if d.quick[r] == quickNone {
		return -1, 0
	}
	s := &d.sep[r]
	return d.shape.index(b, s.text()), int(s.n)
}

// count counts the delimiters of the role in b.
func (d *delimiterSet) count(b []byte, r role) int {
	s := &d.sep[r]
	if !s.usable {
		return 0
	}
	if d.shape == shapePlain {
		return bytes.Count(b, s.text())
	}
	n := 0
	for {
		i := d.shape.index(b, s.text())
		if i < 0 {
			return n
		}
		n++
		b = b[i+int(s.n):]
	}
}

// firstCharacter returns the bytes of the first character of b: a UTF-8
// sequence where the bytes are one, else a single byte.
func firstCharacter(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if b[0] < utf8.RuneSelf {
		return b[:1]
	}
	if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
		return b[:n]
	}
	return b[:1]
}

// canDelimit reports whether a character can be a delimiter at all. Letters,
// digits and blanks in the place of MSH-2 mean that MSH-2 is missing, not
// that they separate anything.
func canDelimit(c []byte) bool {
	return len(c) > 0 && !isAlnum(c[0]) && c[0] != ' ' && c[0] != '\r' && c[0] != '\n' && c[0] != 0
}

// headerSet reads the delimiters of a header line (MSH, FHS or BHS, any case).
// The caller has made sure that the line starts with such a name.
func headerSet(line []byte, d *delimiterSet) {
	*d = delimiterSet{}
	defer d.ready()
	rest := line[3:]
	field := firstCharacter(rest)
	if !canDelimit(field) {
		return
	}
	d.declare(roleField, field)
	rest = rest[len(field):]
	if i := bytes.Index(rest, field); i >= 0 {
		rest = rest[:i]
	}
	// MSH-2 in order: component, repetition, escape, subcomponent, truncation.
	for r := roleComponent; r < roles; r++ {
		c := firstCharacter(rest)
		if len(c) == 0 {
			return
		}
		if canDelimit(c) {
			d.declare(r, c)
		}
		rest = rest[len(c):]
	}
}

var guessedSet = func() delimiterSet {
	var d delimiterSet
	headerSet([]byte(`MSH|^~\&|`), &d)
	d.guessed = true
	return d
}()

func isAlnum(c byte) bool { return isLetter(c) || isDigit(c) }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

func isLetter(c byte) bool {
	c |= 0x20
	return c >= 'a' && c <= 'z'
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 0x20
	}
	return c
}
