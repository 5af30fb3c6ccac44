package compare

import (
	"fmt"
	"regexp"
	"strings"

	"trestle/internal/hl7"
)

// condition is the "where" of a rule: all of its terms must hold on one of the two sides.
type condition []term

type term struct {
	path  hl7.Path
	op    string // "=", "!=", "~", "valued", "empty"
	value string
	re    *regexp.Regexp
}

// readCondition reads terms joined by "and": OBX-3.1 = 8302-2 and OBX-11 != X. The words "is valued" and "is empty" ask
// for the state, ~ for a regular expression.
func readCondition(text string) (condition, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var c condition
	for one := range strings.SplitSeq(text, " and ") {
		t, err := readTerm(strings.TrimSpace(one))
		if err != nil {
			return nil, fmt.Errorf("the condition %q: %w", text, err)
		}
		c = append(c, t)
	}
	return c, nil
}

func readTerm(text string) (t term, err error) {
	path, rest, _ := strings.Cut(text, " ")
	if t.path, err = hl7.ParsePath(path); err != nil {
		return t, err
	}
	if t.path.Field == 0 || len(t.path.Groups) > 0 {
		return t, fmt.Errorf("%s names no field; write for example OBX-3.1 = 8302-2", path)
	}
	rest = strings.TrimSpace(rest)
	switch rest {
	case "is valued":
		t.op = "valued"
		return t, nil
	case "is empty":
		t.op = "empty"
		return t, nil
	}
	for _, op := range []string{"!=", "=", "~"} {
		if value, ok := strings.CutPrefix(rest, op); ok {
			t.op, t.value = op, strings.TrimSpace(value)
			if n := len(t.value); n > 1 && (t.value[0] == '"' && t.value[n-1] == '"' || t.value[0] == '\'' && t.value[n-1] == '\'') {
				t.value = t.value[1 : n-1]
			}
			if op == "~" {
				if t.re, err = regexp.Compile(t.value); err != nil {
					return t, fmt.Errorf("%q is no regular expression: %s", t.value, expressionFault(err))
				}
			}
			return t, nil
		}
	}
	return t, fmt.Errorf("after %s write = != or ~ and a value, or is valued, or is empty", path)
}

// holds says whether all terms hold on the left, or all on the right.
func (c condition) holds(cmp *comparison, d *Difference) bool {
	return c.on(cmp.l.m, cmp.seg.sl, cmp.seg.i, d.at) || c.on(cmp.r.m, cmp.seg.sr, cmp.seg.j, d.to)
}

func (c condition) on(m *hl7.Message, s hl7.Segment, index int, at place) bool {
	for _, t := range c {
		if !t.on(m, s, index, at) {
			return false
		}
	}
	return true
}

// on asks one term. A path of the same segment means the segment at hand, and of the same field its repetition at hand.
func (t *term) on(m *hl7.Message, s hl7.Segment, index int, at place) bool {
	p := t.path
	if index >= 0 && p.Occurrence == 0 && s.Name() == p.Segment {
		v := s.Field(p.Field)
		switch {
		case p.Repetition > 0:
			v = v.Repetition(p.Repetition)
		case int(at.field) == p.Field && at.repetition > 0:
			v = v.Repetition(int(at.repetition))
		}
		if p.Component > 0 {
			v = v.Component(p.Component)
		}
		if p.Subcomponent > 0 {
			v = v.Subcomponent(p.Subcomponent)
		}
		return t.of(v)
	}
	if p.Occurrence == hl7.All || p.Repetition == hl7.All {
		for v := range m.All(p) {
			if t.of(v) {
				return true
			}
		}
		return false
	}
	return t.of(m.Get(p))
}

func (t *term) of(v hl7.Value) bool {
	switch t.op {
	case "valued":
		return v.State() == hl7.Valued
	case "empty":
		return v.State() != hl7.Valued
	case "=":
		return v.Text() == t.value
	case "!=":
		return v.Text() != t.value
	}
	return t.re.MatchString(v.Text())
}
