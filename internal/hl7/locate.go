package hl7

// Locate returns the most specific path at a byte offset, for the cursor. A
// delimiter belongs to the value that ends there. Repetitions, components and
// subcomponents are named only where the value has more than one. The path is
// zero on a line that is no segment.
func (m *Message) Locate(offset int) Path {
	s, ok := m.SegmentAt(offset)
	if !ok || s.Kind() != LineSegment {
		return Path{}
	}
	p := Path{Segment: s.Name(), Occurrence: s.Occurrence()}
	l := s.line()
	at, n, ok := s.fieldsStart()
	if !ok || offset < l.start+3 || !l.header && offset < at {
		return p
	}
	offset = min(offset, l.end)
	if l.header {
		if offset < at {
			p.Field = 1
			return p
		}
		if v := s.Field(2); offset <= v.end {
			p.Field = 2
			return p
		}
	}
	v := Value{m: m, seg: int32(s.i), set: l.set, level: LevelField, present: true}
	p.Field, v.off, v.end = m.partAt(l.set, at, l.end, roleField, offset)
	p.Field += n - 1
	v.locate(offset, &p)
	return p
}

func (v Value) locate(offset int, p *Path) {
	set := v.set
	whole := v
	p.Repetition, v.off, v.end = v.m.partAt(set, v.off, v.end, roleRepetition, offset)
	if p.Repetition == 1 && v.end == whole.end {
		p.Repetition = 0
	}
	if v.m.countParts(set, v.off, v.end, roleComponent) > 1 {
		p.Component, v.off, v.end = v.m.partAt(set, v.off, v.end, roleComponent, offset)
	}
	if v.m.countParts(set, v.off, v.end, roleSubcomponent) > 1 {
		if p.Component == 0 {
			p.Component = 1
		}
		p.Subcomponent, _, _ = v.m.partAt(set, v.off, v.end, roleSubcomponent, offset)
	}
}

// partAt finds the part of b[off:end] that holds the offset, and its number.
func (m *Message) partAt(set int32, off, end int, r role, offset int) (n, from, to int) {
	for from, to = range m.parts(set, off, end, r) {
		n++
		if offset <= to {
			break
		}
	}
	return n, from, to
}
