package hl7

import (
	"bytes"
	"iter"
)

// places expands every * of the path to what the segment has.
func (s Segment) places(p Path) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		fields := s.numbers(p.Field, func() int { return s.Fields() })
		for _, p.Field = range fields {
			if p.Field <= 2 && s.IsHeader() && len(fields) > 1 {
				continue // MSH-* means the values, not the delimiters
			}
			if p.Field == 0 {
				yield(p)
				return
			}
			f := s.Field(p.Field)
			q := p
			for _, q.Repetition = range s.numbers(p.Repetition, f.Repetitions) {
				r := f.Repetition(max(q.Repetition, 1))
				for _, q.Component = range s.numbers(p.Component, r.Components) {
					c := r.Component(max(q.Component, 1))
					for _, q.Subcomponent = range s.numbers(p.Subcomponent, c.Subcomponents) {
						if !yield(q) {
							return
						}
					}
				}
			}
		}
	}
}

func (s Segment) numbers(n int, count func() int) []int {
	if n != All {
		return []int{n}
	}
	all := make([]int, count())
	for i := range all {
		all[i] = i + 1
	}
	return all
}

var roleNames = [roles]string{"field separator", "component separator", "repetition separator", "escape character", "subcomponent separator", "truncation character"}

// spot is the place of a path: what has to be replaced there, and the whole
// from:limit that the role splits it from.
type spot struct {
	edit
	present     bool
	from, limit int
	role        role
	set         int32
}

// place finds where raw goes for a path without *.
func (m *Message) place(s Segment, p Path, raw []byte) (spot, error) {
	l := s.line()
	d := m.setAt(l.set)
	if err := m.checkRaw(d, p, raw); err != nil {
		return spot{}, err
	}
	at, first, ok := s.fieldsStart()
	switch {
	case p.Field == 0:
		return spot{}, editError(p, "the path names a segment; name a field, as in "+p.Segment+"-3")
	case l.header && p.Field <= 2:
		return m.placeInHeader(s, p, raw)
	case !d.sep[roleField].usable:
		return spot{}, editError(p, "the header declares no field separator")
	}
	b := placer{d: d, m: m, p: p, set: l.set, off: at, end: l.end}
	if !ok { // nothing but the ID
		b.off, b.end, b.absent = l.end, l.end, true
		b.pad = bytes.Clone(d.sep[roleField].text())
	}
	steps := [...]struct {
		r role
		n int
	}{{roleField, p.Field - first + 1}, {roleRepetition, p.Repetition}, {roleComponent, p.Component}, {roleSubcomponent, p.Subcomponent}}
	deepest := 0
	for i := range steps {
		if steps[i].n > 0 {
			deepest = i
		}
	}
	out := spot{set: l.set}
	for _, st := range steps[:deepest+1] {
		out.from, out.limit, out.role = b.off, b.end, st.r
		if err := b.step(st.r, max(st.n, 1)); err != nil {
			return spot{}, err
		}
	}
	out.edit = edit{off: b.off, end: b.end, pad: b.pad, raw: raw}
	out.present = !b.absent
	return out, nil
}

// placeInHeader is place for the two fields that declare the delimiters.
func (m *Message) placeInHeader(s Segment, p Path, raw []byte) (spot, error) {
	f := s.Field(2)
	switch {
	case p.Field == 1:
		return spot{}, editError(p, "field 1 is the field separator of the whole message and cannot be changed here")
	case p.Repetition+p.Component+p.Subcomponent > 0 || !f.present:
		return spot{}, editError(p, "field 2 declares the delimiters and has no parts")
	}
	return spot{edit: edit{off: f.off, end: f.end, raw: raw}, present: true, from: f.off, limit: f.end, set: s.line().set}, nil
}

// placer walks down from the fields to the place.
type placer struct {
	m        *Message
	d        *delimiterSet
	p        Path
	set      int32
	off, end int    // the part so far
	absent   bool   // it is not there: pad makes it
	pad      []byte // delimiters to add
}

const maxPad = 100_000 // delimiters that one change may add

func (b *placer) step(r role, n int) error {
	have := 1
	if !b.absent {
		if n == 1 || b.d.sep[r].usable {
			if off, end, ok := b.m.part(b.set, b.off, b.end, r, n); ok {
				b.off, b.end = off, end
				return nil
			}
			have = b.m.countParts(b.set, b.off, b.end, r)
		}
	}
	add := n - have
	switch {
	case add > 0 && !b.d.sep[r].usable:
		return editError(b.p, "the message declares no usable "+roleNames[r]+"; declare one in MSH-2 first")
	case len(b.pad)+add > maxPad:
		return editError(b.p, "the place is too far from what is there")
	}
	b.pad = append(b.pad, bytes.Repeat(b.d.sep[r].text(), add)...)
	if !b.absent {
		b.off, b.absent = b.end, true
	}
	return nil
}

// checkRaw refuses bytes that would end the part that they are put into.
func (m *Message) checkRaw(d *delimiterSet, p Path, raw []byte) error {
	if bytes.ContainsAny(raw, "\r\n") {
		return editError(p, `the value has a line end, which would end the segment; write it as \X0D\ or \.br\`)
	}
	above := []role{roleField}
	if p.Repetition+p.Component+p.Subcomponent > 0 {
		above = append(above, roleRepetition)
	}
	if p.Component+p.Subcomponent > 0 {
		above = append(above, roleComponent)
	}
	if p.Subcomponent > 0 {
		above = append(above, roleSubcomponent)
	}
	for _, r := range above {
		if i, _ := d.next(raw, r); i >= 0 {
			return editError(p, "the value contains the "+roleNames[r]+" and no escape sequence stands for it; write it as an escape sequence or choose a wider place")
		}
	}
	return nil
}
