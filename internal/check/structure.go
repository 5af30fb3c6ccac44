package check

import (
	"fmt"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// order compares the segments with the structure of the message.
func (c *checker) order() {
	if c.loose || c.blind || c.structure == nil || c.has(codeNoTerminators) {
		return
	}
	found := c.deviations()
	if len(found) == 0 {
		return
	}
	bad := c.badIDs()
	for _, d := range found {
		if d.Kind == dictionary.Missing && meansOneOf(bad, d) {
			continue // it is there, under a wrong ID
		}
		c.deviation(d)
	}
}

// badIDs lists the segment IDs that are none.
func (c *checker) badIDs() []string {
	var bad []string
	for s := range c.m.Segments() {
		if s.Kind() == hl7.LineBadID {
			bad = append(bad, strings.TrimRight(s.Lead(), " "))
		}
	}
	return bad
}

// meansOneOf reports whether a segment that is missing may be one of those
// with a wrong ID.
func meansOneOf(bad []string, d dictionary.Deviation) bool {
	names := []string{d.Name}
	if d.Group {
		names = d.Expected
	}
	for _, id := range bad {
		for _, name := range names {
			if nearly(id, name) {
				return true
			}
		}
	}
	return false
}

// nearly reports whether a wrong ID is the name with a character left out, put
// in or written wrong.
func nearly(id, name string) bool {
	switch len(id) - len(name) {
	case 0:
		differ := 0
		for i := range name {
			if id[i] != name[i] {
				differ++
			}
		}
		return differ <= 1
	case 1:
		id, name = name, id
	case -1:
	default:
		return false
	}
	for i := range name {
		if name[:i]+name[i+1:] == id {
			return true
		}
	}
	return false
}

func (c *checker) deviation(d dictionary.Deviation) {
	published := c.structure.Published()
	offset, length, path := len(c.b), 0, ""
	if d.Segment < c.m.Len() {
		s := c.m.Segment(d.Segment)
		offset, length, path = s.Offset(), 3, place{segment: s}.String()
	}
	inside := ""
	if n := len(d.Groups); n > 0 {
		inside = " in the group " + d.Groups[n-1].Name
	}
	switch d.Kind {
	case dictionary.Missing:
		what := "The segment " + d.Name
		if d.Group {
			what = "The group " + d.Name + beginsWith(d.Expected)
		}
		where, named := "at the end", d.Name
		if path != "" {
			where = "before " + path
		}
		if d.Group {
			named = ""
		}
		found := c.add(codeSegmentMissing, named, offset, 0, "%s is missing %s%s; the structure %s of HL7 %s requires it.", what, where, inside, published, c.v.Name)
		if d.Name == "DSC" {
			found.Severity = Information // what does not go on elsewhere has none, whatever the structure says
		}
	case dictionary.OutOfOrder:
		belongs := ""
		if d.After != "" {
			belongs = "; it belongs after " + d.After
		} else if len(d.Expected) > 0 {
			belongs = "; here can stand " + list(d.Expected)
		}
		c.add(codeSegmentOrder, path, offset, length, "%s stands in the wrong place for the structure %s%s.", d.Name, published, belongs)
	case dictionary.Repeated:
		what := d.Name + " is there again, but the structure " + published + " has it once"
		if d.Group {
			what = "The group " + d.Name + " is there again, but the structure " + published + " has it once"
		}
		found := c.add(codeSegmentRepeated, path, offset, length, "%s%s; many receivers take only the first or the last.", what, inside)
		if published == "RSP_K21" {
			found.Severity = Information // IHE PDQ answers several patients with this structure
		}
	case dictionary.Unexpected:
		if plan := c.plans.segment(d.Name); plan == nil {
			return // unknown to the version: said once, by that finding
		}
		c.add(codeSegmentUnexpected, path, offset, length, "The structure %s has no place for %s; a receiver ignores it.", published, d.Name)
	}
}

func beginsWith(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + list(names) + ")"
}

// list writes at most five names.
func list(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + " …"
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// badID explains a segment ID that is none.
func (c *checker) badID(s hl7.Segment) {
	if c.has(codeOtherDelimiters) {
		return
	}
	lead := s.Lead()
	id := strings.TrimRight(lead, " ")
	var why string
	switch {
	case id != lead && len(id) == 3:
		found := c.add(codeBadID, "", s.Offset(), len(lead), "Blanks stand after the segment ID %s; receivers do not know the segment.", id)
		found.Repair = &Repair{Title: "Remove the blanks", Offset: s.Offset() + 3, Length: len(lead) - 3}
		return
	case id != "" && id[0] >= '0' && id[0] <= '9':
		why = "it starts with a digit"
	default:
		why = fmt.Sprintf("it has %d characters instead of three", len(id))
	}
	hint := ""
	if near := nearID(id); near != "" {
		hint = fmt.Sprintf(" Perhaps %s is meant.", near)
	}
	c.add(codeBadID, "", s.Offset(), len(lead), "%q is no segment ID: %s.%s", quote([]byte(lead)), why, hint)
}

// nearID finds the segment that a wrong ID may stand for: with one character
// too many or too few.
func nearID(id string) string {
	if len(id) == 4 {
		for i := range 4 {
			if near := id[:3-i] + id[4-i:]; knownSegment(near) {
				return near
			}
		}
	}
	if len(id) == 2 {
		if near := id + "1"; knownSegment(near) {
			return near
		}
	}
	return ""
}

// setIDs follows the Set IDs of a message: they count 1, 2, 3 and start anew
// when another segment stands between.
type setIDs []setID

type setID struct {
	name    string
	last    int
	count   int  // segments since the last 1
	between bool // another segment stood since the last
	wrong   bool // the last was reported
}

// other tells that a segment without a Set ID came.
func (m setIDs) other(name string) {
	if name == "NTE" {
		return
	}
	for i := range m {
		m[i].between = true
	}
}

// of returns the state for a name, a new one where it is the first.
func (m *setIDs) of(name string) *setID {
	for i := range *m {
		if (*m)[i].name == name {
			return &(*m)[i]
		}
	}
	*m = append(*m, setID{name: name, between: true})
	return &(*m)[len(*m)-1]
}

func (m *setIDs) check(c *checker, s hl7.Segment, name string) {
	state := m.of(name)
	between := state.between
	m.other(name)
	state.between = false
	v := s.Field(1)
	raw := v.Raw()
	if !allDigits(raw) || len(raw) > 9 {
		if v.State() == hl7.Empty || v.State() == hl7.Absent {
			state.last, state.count = 0, 0
			state.between = true
		}
		return
	}
	n := number(raw)
	last, wrong := state.last, state.wrong
	state.last, state.wrong = n, false
	state.count++
	if last == 0 || n <= 1 && between {
		state.count = max(n, 1)
	}
	switch {
	case n == last+1, n == 1 && between, n == 0 && between:
		return
	case n == state.count && wrong:
		return // after a wrong number the rest counts on as if it were right
	case last == 0 || between:
		if n <= 1 || name == "NTE" || name == "PID" {
			return
		}
	}
	state.wrong = true
	text := fmt.Sprintf("%s-1 is %d where %d comes next.", name, n, last+1)
	switch {
	case last == 0:
		text = fmt.Sprintf("%s-1 starts with %d instead of 1; segments before it may be missing.", name, n)
	case between:
		text = fmt.Sprintf("%s-1 is %d after other segments; it goes on with %d or starts anew with 1.", name, n, last+1)
	case n == last:
		text = fmt.Sprintf("%s-1 is %d twice in a row; receivers that use it as a key keep only one of the two.", name, n)
	}
	c.add(codeSetID, place{segment: s, field: 1}.String(), v.Offset(), len(raw), "%s", text)
}
