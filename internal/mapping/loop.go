package mapping

import (
	"slices"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// loop finds what a block stands at.
func (r *run) loop(b *block, parent *turn) []*turn {
	m := r.message
	if b.per == nil && b.group == "" {
		t := &turn{segment: -1, bounds: span{0, len(m.names)}}
		if parent != nil {
			*t = turn{segment: parent.segment, field: parent.field, rep: parent.rep, chain: parent.chain, bounds: parent.bounds, node: parent.node}
		}
		return []*turn{t}
	}
	if m.hl7 == nil {
		var list []*turn
		for _, n := range r.nodes(b.per, parent) {
			list = append(list, &turn{segment: -1, node: n})
		}
		return list
	}
	in := span{0, len(m.names)}
	if parent != nil {
		in = parent.bounds
	}
	if b.group != "" {
		return r.groupTurns(b.group, in)
	}
	var list []*turn
	p := &b.per.path
	if p.Field > 0 {
		i := m.locate(parent, p.Segment, p.Occurrence)
		if i < 0 {
			return nil
		}
		for v := range m.field(i, p.Field).AllRepetitions() {
			if v.State() == hl7.Valued && len(list) < maxTurns {
				list = append(list, r.segmentTurn(i))
				list[len(list)-1].field, list[len(list)-1].rep = p.Field, v
			}
		}
		return list
	}
	n := 0
	for i := in.from; i < in.to; i++ {
		if m.names[i] != p.Segment || !m.inGroups(i, p.Groups) {
			continue
		}
		n++
		if p.Occurrence <= 0 || n == p.Occurrence {
			list = append(list, r.segmentTurn(i))
		}
	}
	return list
}

func (r *run) segmentTurn(i int) *turn {
	t := &turn{segment: i, chain: r.message.chainOf(i)}
	t.bounds = r.message.boundsOf(i, t.chain)
	return t
}

// groupTurns are the repetitions of a group.
func (r *run) groupTurns(name string, in span) []*turn {
	var list []*turn
	for i := in.from; i < in.to; i++ {
		chain := r.message.chainOf(i)
		depth := slices.IndexFunc(chain, func(g hl7.GroupStep) bool { return g.Name == name })
		if depth < 0 {
			continue
		}
		t := &turn{segment: -1, chain: chain[:depth+1]}
		t.bounds = r.message.boundsOf(i, t.chain)
		list = append(list, t)
		i = t.bounds.to - 1
	}
	return list
}

// nodes are the items of a tree that a block loops over.
func (r *run) nodes(ref *reference, parent *turn) []*fhir.Node {
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

// repetitions calls use for each repetition of a field, or each item of a list.
func (r *run) repetitions(each *reference, t *turn, use func(*repetition) bool) {
	if r.message.hl7 == nil {
		for _, n := range r.nodes(each, t) {
			if !use(&repetition{segment: -1, node: n}) {
				return
			}
		}
		return
	}
	p := &each.path
	i := r.message.locate(t, p.Segment, p.Occurrence)
	if i < 0 {
		return
	}
	if t.field == p.Field && t.segment == i { // the block loops over this field already
		use(&repetition{segment: i, field: p.Field, value: t.rep})
		return
	}
	for v := range r.message.field(i, p.Field).AllRepetitions() {
		if v.State() == hl7.Valued && !use(&repetition{segment: i, field: p.Field, value: v}) {
			return
		}
	}
}
