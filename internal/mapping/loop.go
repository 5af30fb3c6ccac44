package mapping

import (
	"slices"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// loop finds what a block stands at, and puts a turn for each into the list.
func (r *run) loop(b *block, parent *turn) {
	m := r.message
	if b.per == nil && b.group == "" {
		t := r.made.next()
		*t = turn{segment: -1, bounds: span{0, len(m.names)}}
		if parent != nil {
			*t = turn{segment: parent.segment, field: parent.field, rep: parent.rep, chain: parent.chain, bounds: parent.bounds, node: parent.node}
		}
		r.list = append(r.list, t)
		return
	}
	if m.hl7 == nil {
		for _, n := range r.items(b.per, parent) {
			t := r.made.next()
			t.segment, t.node = -1, n
			r.list = append(r.list, t)
		}
		return
	}
	in := span{0, len(m.names)}
	if parent != nil {
		in = parent.bounds
	}
	if b.group != "" {
		r.groupTurns(b.group, in)
		return
	}
	p := &b.per.path
	if p.Field > 0 && (parent != nil || p.Occurrence > 0) {
		if i := m.locate(parent, p.Segment, p.Occurrence); i >= 0 {
			r.fieldTurns(i, p.Field)
		}
		return
	}
	n := 0
	for i := in.from; i < in.to; i++ {
		if m.names[i] != p.Segment || !m.inGroups(i, p.Groups) {
			continue
		}
		n++
		switch {
		case p.Field > 0:
			r.fieldTurns(i, p.Field)
		case p.Occurrence <= 0 || n == p.Occurrence:
			r.segmentTurn(i)
		}
	}
}

// fieldTurns makes a turn for each repetition of a field.
func (r *run) fieldTurns(segment, field int) {
	f := r.message.field(segment, field)
	if f.State() != hl7.Valued {
		return
	}
	for v := f.Repetition(1); v.IsPresent() && len(r.list) < maxTurns; v = v.Next() {
		if v.State() == hl7.Valued {
			t := r.segmentTurn(segment)
			t.field, t.rep = field, v
		}
	}
}

func (r *run) segmentTurn(i int) *turn {
	t := r.made.next()
	t.segment, t.chain = i, r.message.chainOf(i)
	t.bounds = r.message.boundsOf(i, t.chain)
	r.list = append(r.list, t)
	return t
}

// groupTurns are the repetitions of a group.
func (r *run) groupTurns(name string, in span) {
	for i := in.from; i < in.to; i++ {
		chain := r.message.chainOf(i)
		depth := slices.IndexFunc(chain, func(g hl7.GroupStep) bool { return g.Name == name })
		if depth < 0 {
			continue
		}
		t := r.made.next()
		t.segment, t.chain = -1, chain[:depth+1]
		t.bounds = r.message.boundsOf(i, t.chain)
		r.list = append(r.list, t)
		i = t.bounds.to - 1
	}
}

// items are the nodes of a tree that a block loops over.
func (r *run) items(ref *reference, parent *turn) []*fhir.Node {
	var list []*fhir.Node
	if ref.resource != "" && len(ref.steps) == 0 && ref.fhirpath == nil {
		for _, n := range r.message.resources {
			if n.ResourceType() == ref.resource {
				list = append(list, n)
			}
		}
		return list
	}
	all := *ref
	all.steps = slices.Clone(ref.steps)
	for i := range all.steps {
		if all.steps[i].index == first {
			all.steps[i].index = every
		}
	}
	for _, v := range r.values(&all, nil, parent, nil, nil) {
		if v.node != nil {
			list = append(list, v.node)
		}
	}
	return list
}

// repetitions runs the rules of a group for each repetition of a field, or each item of a list, and counts them.
func (r *run) repetitions(g *ruleGroup, t *turn) (n int) {
	if r.message.hl7 == nil {
		for _, node := range r.items(g.each, t) {
			n++
			if !r.repeat(t, g, repetition{n: n - 1, segment: -1, node: node}) {
				return n
			}
		}
		return n
	}
	p := &g.each.path
	if p.Field == 0 {
		return r.eachSegment(g, t)
	}
	i := r.message.locate(t, p.Segment, p.Occurrence)
	if i < 0 {
		return 0
	}
	if t.field == p.Field && t.segment == i { // the block loops over this field already
		r.repeat(t, g, repetition{segment: i, field: p.Field, value: t.rep})
		return 1
	}
	field := r.message.field(i, p.Field)
	if s := field.State(); s == hl7.Absent || s == hl7.Empty {
		return 0
	}
	for v := field.Repetition(1); v.IsPresent(); v = v.Next() {
		if v.State() != hl7.Valued {
			continue
		}
		n++
		if !r.repeat(t, g, repetition{n: n - 1, segment: i, field: p.Field, value: v}) {
			return n
		}
	}
	return n
}

// eachSegment runs the rules of a group for each segment of a name in the innermost group around the turn that has any.
func (r *run) eachSegment(g *ruleGroup, t *turn) (n int) {
	m, p := r.message, &g.each.path
	s := m.reach(t, p.Segment)
	for i := s.from; i < s.to; i++ {
		if m.names[i] != p.Segment || !m.inGroups(i, p.Groups) || !m.near(t, i) {
			continue
		}
		n++
		if !r.repeat(t, g, repetition{n: n - 1, segment: i}) {
			return n
		}
	}
	return n
}
