package card

import (
	"strings"

	"trestle/internal/hl7"
)

// part is the text of a component's first subcomponent, without the sign for deletion.
func part(v hl7.Value, n int) string {
	c := v.Component(n)
	if c.State() == hl7.Null {
		return ""
	}
	return strings.TrimSpace(c.Subcomponent(1).Text())
}

func text(_ *reader, v hl7.Value) string { return part(v, 1) }

func identifier(_ *reader, v hl7.Value) string {
	id := part(v, 1)
	if id == "" {
		return ""
	}
	if about := join(", ", part(v, 5), part(v, 4)); about != "" {
		return id + " (" + about + ")"
	}
	return id
}

// name is FAMILY, Given of a name (XPN).
func name(_ *reader, v hl7.Value) string { return person0(v) }

func person0(v hl7.Value) string {
	given := join(" ", part(v, 2), part(v, 3))
	return join(" ", join(", ", part(v, 1), given), part(v, 4))
}

// person is a staff member (XCN): an ID, then a name.
func person(_ *reader, v hl7.Value) string {
	who := join(" ", join(", ", part(v, 2), join(" ", part(v, 3), part(v, 4))), part(v, 5))
	id := part(v, 1)
	switch {
	case who == "":
		return id
	case id == "":
		return who
	}
	return who + " (" + id + ")"
}

func address(_ *reader, v hl7.Value) string {
	return join(", ", part(v, 1), part(v, 2), part(v, 3), join(" ", part(v, 4), part(v, 5)), part(v, 6))
}

// telephone takes the number as it is written, else the parts of it, or an e-mail address (XTN).
func telephone(_ *reader, v hl7.Value) string {
	number := part(v, 1)
	if number == "" {
		number = part(v, 12)
	}
	if number == "" {
		number = join(" ", part(v, 5), part(v, 6), part(v, 7), part(v, 8))
	}
	return join(", ", number, part(v, 4))
}

func location(_ *reader, v hl7.Value) string {
	return join(" ", join("-", part(v, 1), part(v, 2), part(v, 3)), part(v, 4))
}

func money(_ *reader, v hl7.Value) string {
	c := v.Component(1)
	return join(" ", c.Subcomponent(1).Text(), c.Subcomponent(2).Text())
}

// coded is a code with its meaning: the text that was sent, else that of the field's table.
func coded(r *reader, v hl7.Value) string {
	code, said := part(v, 1), part(v, 2)
	switch {
	case code == "" && said == "":
		return ""
	case code == "":
		return said
	}
	if said == "" {
		said = r.meaning(v, code)
	}
	if said == "" || strings.EqualFold(said, code) {
		return code
	}
	return said + " (" + code + ")"
}

// meaning looks a code up in the table of its field.
func (r *reader) meaning(v hl7.Value, code string) string {
	p := r.m.Locate(v.Offset())
	f, ok := r.version.FieldAt(v.Segment().Name(), p.Field, 0, 0)
	if ok && f.Table == "" {
		f, ok = r.version.FieldAt(v.Segment().Name(), p.Field, 1, 0)
	}
	if !ok || f.Table == "" {
		return ""
	}
	t, ok := r.version.Table(f.Table)
	if !ok {
		return ""
	}
	c, _ := t.Code(code)
	return c.Display
}

// moment writes a date and time with separators, as precise as it was sent: 2026-03-01 10:15. What is no date stays as it is.
func moment(_ *reader, v hl7.Value) string { return spell(part(v, 1)) }

func spell(s string) string {
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits < 4 || digits > 14 || digits%2 == 1 {
		return s
	}
	out, rest := s[:4], s[4:digits]
	for _, sep := range []string{"-", "-", " ", ":", ":"} {
		if len(rest) < 2 {
			break
		}
		out, rest = out+sep+rest[:2], rest[2:]
	}
	if digits == 14 && s[12:14] == "00" {
		out = out[:16]
	}
	if zone := strings.IndexAny(s, "+-"); zone >= 0 {
		out += " " + s[zone:]
	}
	return out
}
