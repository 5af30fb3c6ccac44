package hl7

import "iter"

// Leaf is one smallest part of a segment with its place. All numbers are at
// least 1, also where nothing is split: PID-1 is field 1, repetition 1,
// component 1, subcomponent 1.
type Leaf struct {
	Value
	Field, Repetition, Component, Subcomponent int
}

// Leaves iterates over the smallest parts of the segment in one pass. It is by
// far the fastest way to see all text of a message. MSH-1 and MSH-2 are one
// leaf each. Next of a leaf is always Absent.
func (s Segment) Leaves() iter.Seq[Leaf] {
	return func(yield func(Leaf) bool) { s.eachLeaf(yield) }
}

func (s Segment) eachLeaf(yield func(Leaf) bool) {
	at, first, ok := s.fieldsStart()
	if !ok {
		return
	}
	l := s.line()
	d := s.m.setAt(l.set)
	if l.header {
		for n := 1; n <= 2; n++ {
			v := s.Field(n)
			v.level, v.limit = LevelSubcomponent, v.end
			if !yield(Leaf{v, n, 1, 1, 1}) {
				return
			}
			at = v.end
		}
		if at == l.end {
			return
		}
		at, first = at+int(d.sep[roleField].n), 3
	}
	leaf := Leaf{Value{m: s.m, off: at, seg: int32(s.i), set: l.set, level: LevelSubcomponent, present: true}, first, 1, 1, 1}
	if d.shape != shapePlain || d.wide {
		s.eachLeafSlowly(leaf, yield)
		return
	}
	b := s.m.b[:l.end]
	for i := at; i < len(b); i++ {
		r := d.class[b[i]]
		if r == 0 {
			continue
		}
		leaf.end, leaf.limit = i, i
		if !yield(leaf) {
			return
		}
		leaf.off = i + 1
		leaf.step(r - 1)
	}
	leaf.end, leaf.limit = l.end, l.end
	yield(leaf)
}

// step moves the numbers on after a delimiter.
func (f *Leaf) step(r role) {
	switch r {
	case roleField:
		f.Field++
		f.Repetition, f.Component, f.Subcomponent = 1, 1, 1
	case roleRepetition:
		f.Repetition++
		f.Component, f.Subcomponent = 1, 1
	case roleComponent:
		f.Component++
		f.Subcomponent = 1
	case roleSubcomponent:
		f.Subcomponent++
	}
}

// eachLeafSlowly is for delimiters of several bytes and for sets in which a
// character may hide a delimiter.
func (s Segment) eachLeafSlowly(leaf Leaf, yield func(Leaf) bool) {
	for f := s.Field(leaf.Field); f.IsPresent(); f = f.Next() {
		leaf.Repetition = 1
		for r := f.Repetition(1); r.IsPresent(); r = r.Next() {
			leaf.Component = 1
			for c := r.Component(1); c.IsPresent(); c = c.Next() {
				leaf.Subcomponent = 1
				for p := c.Subcomponent(1); p.IsPresent(); p = p.Next() {
					leaf.Value = p
					leaf.limit = leaf.end
					if !yield(leaf) {
						return
					}
					leaf.Subcomponent++
				}
				leaf.Component++
			}
			leaf.Repetition++
		}
		leaf.Field++
	}
}
