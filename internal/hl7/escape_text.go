package hl7

import "strings"

// EscapeText writes text so that it is one value: delimiters as \F\ and so on,
// line ends and other control characters (but tab) in hexadecimal. A truncation
// character is escaped at the end only, where it would have a meaning. What
// cannot be escaped because no escape character is declared stays as it is.
func (d Delimiters) EscapeText(s string) string {
	e := escaper{seps: [...]string{d.Escape, d.Field, d.Component, d.Repetition, d.Subcomponent, d.Truncation}}
	u := d.Usable()
	e.usable = [...]string{u.Escape, u.Field, u.Component, u.Repetition, u.Subcomponent, u.Truncation}
	if u.Escape == "" {
		return s
	}
	for i := range len(s) {
		if e.special(s[i]) {
			return e.write(s, i)
		}
	}
	return s
}

// escaper has the delimiters in the order of the letters in escapeLetters,
// which name them in an escape sequence.
type escaper struct{ seps, usable [6]string }

const escapeLetters = "EFSRTP"

// special reports whether something that starts with c may need an escape.
func (e *escaper) special(c byte) bool {
	return isControl(c) || e.starts(c)
}

func (e *escaper) starts(c byte) bool {
	for _, s := range e.seps {
		if s != "" && s[0] == c {
			return true
		}
	}
	return false
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7F }

// write escapes s, whose first i bytes need no escape.
func (e *escaper) write(s string, i int) string {
	esc := e.usable[0]
	out := append(make([]byte, 0, len(s)+16), s[:i]...)
	for i < len(s) {
		if k := e.match(s[i:]); k >= 0 {
			out = append(append(append(out, esc...), escapeLetters[k]), esc...)
			i += len(e.usable[k])
			continue
		}
		if !isControl(s[i]) || e.starts(s[i]) {
			out = append(out, s[i])
			i++
			continue
		}
		out = append(append(out, esc...), 'X')
		for ; i < len(s) && isControl(s[i]) && !e.starts(s[i]); i++ {
			const digits = "0123456789ABCDEF"
			out = append(out, digits[s[i]>>4], digits[s[i]&15])
		}
		out = append(out, esc...)
	}
	return string(out)
}

// match finds the delimiter that s starts with, -1 if there is none.
func (e *escaper) match(s string) int {
	for k, sep := range e.usable {
		if sep != "" && strings.HasPrefix(s, sep) && (escapeLetters[k] != 'P' || len(s) == len(sep)) {
			return k
		}
	}
	return -1
}
