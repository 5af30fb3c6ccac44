package check

import (
	"bytes"
	"strings"

	"trestle/internal/hl7"
)

// escapes reports the bad escape sequences of a value.
func (c *checker) escapes(at place, v hl7.Value) {
	for e := range v.Escapes() {
		raw := c.b[e.Offset : e.Offset+e.Length]
		if e.OK {
			if e.Kind == hl7.EscapeDelimiter && c.doubled(v, e) {
				c.add(codeEscapeDouble, at.String(), e.Offset, e.Length, "The text was escaped twice: %s is an escaped escape character and more of a sequence follows it.", raw)
			}
			continue
		}
		d := codeEscapeBad
		if e.Kind == hl7.EscapeHex {
			d = codeEscapeHex
		}
		if c.full(d) {
			c.counts[d.index]++
			continue
		}
		found := c.add(d, at.String(), e.Offset, e.Length, "%s is no good escape sequence: %s. It is shown as it stands.", quote(raw), e.Reason)
		if string(raw) == c.escape {
			fixed := c.escape + "E" + c.escape
			found.Text = "A single " + c.escape + " stands in the text: " + e.Reason + ". As a character it must be written " + fixed + "."
			found.Repair = &Repair{Title: "Write " + fixed, Offset: e.Offset, Length: e.Length, Replacement: []byte(fixed)}
		}
	}
}

// doubled reports whether \E\ is followed by the rest of a sequence and a
// second \E\: "\E\X09\E\".
func (c *checker) doubled(v hl7.Value, e hl7.Escape) bool {
	e3 := c.escape + "E" + c.escape
	if string(c.b[e.Offset:e.Offset+e.Length]) != e3 {
		return false
	}
	rest := c.b[e.Offset+e.Length : v.End()]
	i := bytes.Index(rest, []byte(e3))
	if i < 1 || i > 12 {
		return false
	}
	inner := string(rest[:i])
	switch inner {
	case "F", "S", "T", "R", "E", "P", "H", "N":
		return true
	}
	if strings.HasPrefix(inner, ".") {
		return len(inner) >= 3
	}
	return inner[0] == 'X' && len(inner) > 1
}

// escapesWithin looks at a value of which nothing else is known, part by part,
// for a sequence cannot reach over a separator.
func (c *checker) escapesWithin(at place, v hl7.Value) {
	if c.escape == "" || !bytes.Contains(v.Raw(), []byte(c.escape)) {
		return
	}
	switch v.Level() {
	case hl7.LevelField:
		for r := range v.AllRepetitions() {
			c.escapesWithin(at, r)
		}
	case hl7.LevelRepetition:
		for r := range v.AllComponents() {
			c.escapesWithin(at, r)
		}
	case hl7.LevelComponent:
		for r := range v.AllSubcomponents() {
			c.escapes(at, r)
		}
	default:
		c.escapes(at, v)
	}
}
