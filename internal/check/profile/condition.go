package profile

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/hl7"
)

// Condition is a readable predicate of usage C:
//
//	PID-29 is valued
//	SCH-9 is empty
//	IN1 is present
//	OBX-2 is ED
//	PV1-2 is one of I, E and PV1-45 is empty
//
// Parts are joined by "and" and "or"; "and" binds closer. A path in the segment that the rule is about means the same
// occurrence of it, any other means the first of its name.
type Condition struct {
	text string
	any  [][]test // one of them holds if all of its tests do
}

type test struct {
	path    hl7.Path
	kind    testKind
	negated bool
	values  []string
}

type testKind uint8

const (
	testValued testKind = iota
	testPresent
	testValue
)

// String is the condition as it was written.
func (c *Condition) String() string { return c.text }

// ParseCondition reads a predicate.
func ParseCondition(text string) (*Condition, error) {
	c := &Condition{text: strings.Join(strings.Fields(text), " ")}
	if c.text == "" {
		return nil, fmt.Errorf("the condition is empty: write it as in PID-29 is valued")
	}
	for _, alternative := range strings.Split(c.text, " or ") {
		var all []test
		for _, part := range strings.Split(alternative, " and ") {
			t, err := parseTest(part)
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
		c.any = append(c.any, all)
	}
	return c, nil
}

func parseTest(text string) (test, error) {
	subject, verb, ok := strings.Cut(text, " is ")
	path, err := hl7.ParsePath(strings.TrimSpace(subject))
	if !ok || err != nil {
		return test{}, fmt.Errorf("the condition %q is not understood: write it as in PID-29 is valued, IN1 is present or OBX-2 is one of TX, FT", text)
	}
	t := test{path: path}
	verb = strings.TrimSpace(verb)
	if rest, negated := strings.CutPrefix(verb, "not "); negated {
		t.negated, verb = true, rest
	}
	switch verb {
	case "valued":
		return t, nil
	case "empty":
		t.negated = !t.negated
		return t, nil
	case "present", "absent":
		t.kind = testPresent
		t.negated = t.negated != (verb == "absent")
		return t, nil
	}
	t.kind = testValue
	list, many := strings.CutPrefix(verb, "one of ")
	if !many {
		t.values = []string{verb}
		return t, nil
	}
	for _, value := range strings.Split(list, ",") {
		if value = strings.TrimSpace(value); value != "" {
			t.values = append(t.values, value)
		}
	}
	if len(t.values) == 0 {
		return test{}, fmt.Errorf("the condition %q names no value", text)
	}
	return t, nil
}

// holds evaluates the condition for a rule about the segment s; s may be none, for a rule about a segment that is
// not there.
func (c *Condition) holds(m *hl7.Message, s hl7.Segment) bool {
	for _, all := range c.any {
		if !slices.ContainsFunc(all, func(t test) bool { return !t.holds(m, s) }) {
			return true
		}
	}
	return false
}

func (t test) holds(m *hl7.Message, s hl7.Segment) bool {
	if s.Message() == nil || s.Name() != t.path.Segment || t.path.Occurrence > 0 {
		var there bool
		s, there = m.Find(t.path.Segment, max(t.path.Occurrence, 1))
		if !there {
			return t.negated
		}
	}
	if t.kind == testPresent {
		if t.path.Field == 0 {
			return !t.negated
		}
		return s.Field(t.path.Field).IsPresent() != t.negated
	}
	if t.path.Field == 0 {
		return !t.negated // a segment that is there is valued
	}
	found := false
	eachValue(s.Field(t.path.Field), t.path, func(v hl7.Value, _ int) {
		switch t.kind {
		case testValued:
			found = found || valued(v)
		case testValue:
			found = found || slices.Contains(t.values, v.Text())
		}
	})
	return found != t.negated
}

// eachValue visits what a path names in a field: the repetition it gives or all of them, each cut down to component
// and subcomponent. n is the number of the repetition, from 1, and 0 where the field has one only.
func eachValue(field hl7.Value, p hl7.Path, visit func(v hl7.Value, n int)) {
	many := field.Repetitions() > 1
	n := 0
	for r := range field.AllRepetitions() {
		n++
		if p.Repetition > 0 && n != p.Repetition {
			continue
		}
		v := r
		if p.Component > 0 {
			v = v.Component(p.Component)
		}
		if p.Subcomponent > 0 {
			v = v.Subcomponent(p.Subcomponent)
		}
		at := n
		if !many {
			at = 0
		}
		visit(v, at)
	}
}

// valued reports whether a value says something: a null does, bare separators do not.
func valued(v hl7.Value) bool {
	switch v.State() {
	case hl7.Null:
		return true
	case hl7.Valued:
		if b := v.Raw()[0] | 0x20; b >= 'a' && b <= 'z' || b >= '0' && b <= '9' {
			return true // no separator, which is nearly always
		}
		d := v.Segment().Delimiters()
		return strings.Trim(string(v.Raw()), d.Component+d.Repetition+d.Subcomponent) != ""
	}
	return false
}
