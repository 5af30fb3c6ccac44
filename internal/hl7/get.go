package hl7

import "iter"

// WithGroups returns the message with a grouping, so that paths with groups
// resolve. The bytes and the index are shared.
func (m *Message) WithGroups(g Grouping) *Message {
	n := &Message{b: m.b, lines: m.lines, conts: m.conts, set: m.set, more: m.more, sets: m.sets, main: m.main, group: g}
	n.charset.Store(m.charset.Load())
	n.names.Store(m.names.Load())
	return n
}

// GetString is Get for a path as text.
func (m *Message) GetString(path string) (Value, error) {
	p, err := ParsePath(path)
	if err != nil {
		return Value{}, err
	}
	return m.Get(p), nil
}

// Get returns the value at the path: the first match where the path leaves a
// choice. A path that names a segment only gives no value; MatchSegments
// finds segments.
func (m *Message) Get(p Path) Value {
	if p.Occurrence >= 0 && len(p.Groups) == 0 && p.Field > 0 && p.Repetition >= 0 && p.Component >= 0 && p.Subcomponent >= 0 {
		s, ok := m.Find(p.Segment, max(p.Occurrence, 1))
		if !ok {
			return Value{}
		}
		return s.get(p)
	}
	return m.firstOf(p)
}

func (m *Message) firstOf(p Path) Value {
	for v := range m.All(p) {
		return v
	}
	return Value{}
}

// get resolves the part of a path without * inside one segment.
func (s Segment) get(p Path) Value {
	v := s.Field(p.Field)
	if p.Repetition > 0 {
		v = v.Repetition(p.Repetition)
	}
	if p.Component > 0 {
		v = v.Component(p.Component)
	}
	if p.Subcomponent > 0 {
		v = v.Subcomponent(p.Subcomponent)
	}
	return v
}

// All iterates over the values that the path names, in the order of the
// message. Every * is expanded to what is there; a place that is given by
// number is yielded even if it is absent, as long as its segment exists.
func (m *Message) All(p Path) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if p.Field == 0 {
			return
		}
		for s := range m.MatchSegments(p) {
			if !s.each(p, yield) {
				return
			}
		}
	}
}

// each yields the values of one segment that the path names.
func (s Segment) each(p Path, yield func(Value) bool) bool {
	more := true
	field := func(v Value) bool { more = v.matches(p, yield); return more }
	if p.Field != All {
		return field(s.Field(p.Field))
	}
	for _, v := range s.All() {
		if !field(v) {
			break
		}
	}
	return more
}

func (v Value) matches(p Path, yield func(Value) bool) bool {
	steps := [...]struct {
		n   int
		one func(Value, int) Value
		all func(Value) iter.Seq[Value]
	}{
		{p.Repetition, Value.Repetition, Value.AllRepetitions},
		{p.Component, Value.Component, Value.AllComponents},
		{p.Subcomponent, Value.Subcomponent, Value.AllSubcomponents},
	}
	var walk func(v Value, i int) bool
	walk = func(v Value, i int) bool {
		switch {
		case i == len(steps):
			return yield(v)
		case steps[i].n == 0:
			return walk(v, i+1)
		case steps[i].n == All:
			for part := range steps[i].all(v) {
				if !walk(part, i+1) {
					return false
				}
			}
			return true
		}
		return walk(steps[i].one(v, steps[i].n), i+1)
	}
	return walk(v, 0)
}

// MatchSegments iterates over the segments that the path names: all of them
// for OBX[*], one otherwise. An occurrence in a path with groups counts within
// its group.
func (m *Message) MatchSegments(p Path) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		if len(p.Segment) != 3 {
			return
		}
		if len(p.Groups) > 0 {
			m.matchGroups(p, yield)
			return
		}
		if p.Occurrence != All {
			if s, ok := m.Find(p.Segment, max(p.Occurrence, 1)); ok {
				yield(s)
			}
			return
		}
		for i := range m.lines {
			if s := (Segment{m, i}); s.is(p.Segment) && !yield(s) {
				return
			}
		}
	}
}

// matchGroups walks the segments of the name and keeps those whose groups fit.
func (m *Message) matchGroups(p Path, yield func(Segment) bool) {
	if m.group == nil {
		return
	}
	var at []GroupStep // the groups that n counts in
	n := 0
	for i := range m.lines {
		s := Segment{m, i}
		if !s.is(p.Segment) {
			continue
		}
		have := m.group.Groups(i)
		if !fits(p, have) {
			continue
		}
		if n == 0 || !sameGroups(at, have) {
			at, n = have, 0
		}
		n++
		if p.Occurrence != All && n != max(p.Occurrence, 1) {
			continue
		}
		if !yield(s) {
			return
		}
	}
}

// fits reports whether the groups of a segment are those of the path. Groups
// of the path name a chain; with Anywhere, groups between may be left out. A
// repetition that is not given means the first.
func fits(p Path, have []GroupStep) bool {
	j := 0
	for _, want := range p.Groups {
		for {
			if j == len(have) {
				return false
			}
			g := have[j]
			j++
			if equalFold(g.Name, want.Name) {
				if want.Repetition != All && g.Repetition != max(want.Repetition, 1) {
					return false
				}
				break
			}
			if !p.Anywhere {
				return false
			}
		}
	}
	return p.Anywhere || j == len(have)
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if upper(a[i]) != upper(b[i]) {
			return false
		}
	}
	return true
}

func sameGroups(a, b []GroupStep) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
