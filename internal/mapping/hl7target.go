package mapping

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/hl7"
)

// hl7Target is where a rule writes in a segment.
type hl7Target struct {
	path hl7.Path
	loop bool // [] after the field: a repetition for each turn of the rule's loop, or for each value
}

func hl7TargetOf(text, segment string) (hl7Target, error) {
	var t hl7Target
	looped := strings.Replace(text, "[]", "[*]", 1)
	path, err := hl7.ParsePath(looped)
	switch {
	case err != nil:
		return t, err
	case path.Segment != segment:
		return t, fmt.Errorf("%s lies outside of the segment %s that the block makes", text, segment)
	case path.Field <= 0 || path.Component == hl7.All || path.Subcomponent == hl7.All || len(path.Groups) > 0 || path.Occurrence != 0:
		return t, fmt.Errorf("%s names no one place; write for example %s-5.1, or %s-5[].1 for each repetition", text, segment, segment)
	case path.Segment == "MSH" && path.Field <= 2:
		return t, fmt.Errorf("%s declares the delimiters, which are written by themselves", text)
	case path.Field > 400 || path.Component > 200 || path.Subcomponent > 200 || path.Repetition > maxValues:
		return t, fmt.Errorf("%s lies beyond what any segment has", text)
	}
	t.loop = path.Repetition == hl7.All
	if !t.loop {
		path.Repetition = max(1, path.Repetition)
	}
	t.path = path
	return t, nil
}

// segmentOut is a segment that is made, or one of the source that is edited.
type segmentOut struct {
	name   string
	source int // index in the source, -1 for one that is made
	after  int // with keep: the segment of the source that it is put after
	drop   bool
	fields [][]repetitionOut
	items  []repetitionKey
}

type repetitionOut [][]string // components and their subcomponents

// repetitionKey finds the repetition that an earlier rule has made in the same turn of a loop.
type repetitionKey struct {
	field int
	loop  string
	n     int
	at    int
}

// writeHL7 puts a value into a segment.
func (r *run) writeHL7(t *turn, target *hl7Target, loop *reference, rep *repetition, v *value) {
	p := target.path
	if target.loop {
		p.Repetition = t.seg.repetition(p.Field, loop, rep)
		if p.Repetition > maxValues {
			r.warn("the field has more repetitions than are written; the value was left out")
			return
		}
	}
	if v.clears && t.seg.source < 0 {
		t.seg.clear(target.path)
		return
	}
	if t.seg.source >= 0 {
		r.edits = append(r.edits, edit{t.seg, p, *v})
		return
	}
	if v.isHL7 && v.hl7.Level() < hl7.LevelSubcomponent && !v.null() {
		leaves(v.hl7, p, func(q hl7.Path, text string) { t.seg.set(q, text) })
		return
	}
	if v.parts != nil {
		for i, subs := range v.parts {
			for j, s := range subs {
				if q, ok := below(p, i+1, j+1); ok && s != "" {
					t.seg.set(q, s)
				}
			}
		}
		return
	}
	text := v.String()
	if v.null() {
		text = `""`
	}
	t.seg.set(p, text)
}

// below goes down from a place to its component and subcomponent; false if there is no such place below it.
func below(p hl7.Path, component, subcomponent int) (hl7.Path, bool) {
	switch {
	case p.Component == 0:
		p.Component, p.Subcomponent = component, subcomponent
	case p.Subcomponent == 0:
		if subcomponent > 1 {
			return p, false
		}
		p.Subcomponent = component
	default:
		return p, component == 1 && subcomponent == 1
	}
	return p, true
}

// leaves visits the parts of a value with the places that they get.
func leaves(v hl7.Value, p hl7.Path, visit func(hl7.Path, string)) {
	one := func(v hl7.Value, p hl7.Path) {
		if text := v.Text(); text != "" {
			visit(p, text)
		}
	}
	if v.Level() == hl7.LevelComponent {
		n := 0
		for s := range v.AllSubcomponents() {
			n++
			if q, ok := below(p, n, 1); ok && p.Component != 0 {
				one(s, q)
			} else if p.Component == 0 {
				q := p
				q.Component, q.Subcomponent = 1, n
				one(s, q)
			}
		}
		return
	}
	c := 0
	for comp := range v.AllComponents() {
		c++
		s := 0
		for sub := range comp.AllSubcomponents() {
			s++
			if q, ok := below(p, c, s); ok {
				one(sub, q)
			}
		}
	}
}

// repetition is the number, from 1, that a new item or the item of a loop's turn has.
func (s *segmentOut) repetition(field int, loop *reference, rep *repetition) int {
	n, text, next := 0, "", 1
	if rep != nil {
		n, text = rep.n, loop.text
	}
	for _, k := range s.items {
		if k.field != field {
			continue
		}
		if rep != nil && k.n == n && k.loop == text {
			return k.at
		}
		next = max(next, k.at+1)
	}
	s.items = append(s.items, repetitionKey{field, text, n, next})
	return next
}

func (s *segmentOut) set(p hl7.Path, text string) {
	for len(s.fields) < p.Field {
		s.fields = append(s.fields, nil)
	}
	f := &s.fields[p.Field-1]
	for len(*f) < p.Repetition {
		*f = append(*f, nil)
	}
	rep := &(*f)[p.Repetition-1]
	for len(*rep) < max(1, p.Component) {
		*rep = append(*rep, nil)
	}
	c := &(*rep)[max(1, p.Component)-1]
	for len(*c) < max(1, p.Subcomponent) {
		*c = append(*c, "")
	}
	(*c)[max(1, p.Subcomponent)-1] = text
}

// append writes the segment with the delimiters that HL7 recommends.
func (s *segmentOut) append(dst []byte) []byte {
	d := hl7.Standard()
	dst = append(dst, s.name...)
	fields := s.fields
	if s.name == "MSH" {
		dst = append(dst, `|^~\&`...)
		fields = fields[min(2, len(fields)):]
	}
	pending := func(n int, sep byte) {
		for range n {
			dst = append(dst, sep)
		}
	}
	fieldGap := 0
	for _, reps := range fields {
		fieldGap++
		repGap := 0
		for i, rep := range reps {
			if i > 0 {
				repGap++
			}
			compGap := 0
			for j, comp := range rep {
				if j > 0 {
					compGap++
				}
				subGap := 0
				for k, text := range comp {
					if k > 0 {
						subGap++
					}
					if text == "" {
						continue
					}
					pending(fieldGap, '|')
					pending(repGap, '~')
					pending(compGap, '^')
					pending(subGap, '&')
					fieldGap, repGap, compGap, subGap = 0, 0, 0, 0
					if text == `""` {
						dst = append(dst, text...)
					} else {
						dst = append(dst, d.EscapeText(text)...)
					}
				}
			}
		}
	}
	return append(dst, '\r')
}

// finishHL7 writes the message. A message with letters beyond ASCII says in MSH-18 that it is UTF-8.
func (r *run) finishHL7() ([]byte, error) {
	if r.e.file.Target.Keep {
		return r.finishKept()
	}
	var out []byte
	for _, s := range r.segments {
		out = s.append(out)
	}
	if slices.ContainsFunc(out, func(b byte) bool { return b >= 0x80 }) {
		for _, s := range r.segments {
			if s.name == "MSH" && (len(s.fields) < 18 || len(s.fields[17]) == 0) {
				s.set(hl7.Path{Segment: "MSH", Field: 18, Repetition: 1}, "UNICODE UTF-8")
				return r.finishHL7()
			}
		}
	}
	return out, nil
}

// edit is a change to a segment of the source that is kept.
type edit struct {
	seg   *segmentOut
	path  hl7.Path
	value value
}

// finishKept edits the message as it came. First fields, which move no segment, then segments from the last to the first.
func (r *run) finishKept() ([]byte, error) {
	m := r.message.hl7
	for _, e := range r.edits {
		p := e.path
		occurrence := 0
		for i := 0; i <= e.seg.source; i++ {
			if r.message.names[i] == e.seg.name {
				occurrence++
			}
		}
		p.Occurrence = occurrence
		var err error
		var next *hl7.Message
		switch {
		case e.value.clears:
			next, err = cleared(m, p)
		case e.value.null():
			next, err = m.SetNull(p)
		case e.value.isHL7 && e.value.hl7.Level() == hl7.LevelField && p.Component > 0:
			next, err = m.Set(p, e.value.String())
		case e.value.isHL7:
			next, err = m.SetRaw(p, e.value.hl7.Raw())
		case e.value.parts != nil:
			next = m
			for i, subs := range e.value.parts {
				for j, s := range subs {
					if q, ok := below(p, i+1, j+1); ok && s != "" && err == nil {
						next, err = next.Set(q, s)
					}
				}
			}
		default:
			next, err = m.Set(p, e.value.String())
		}
		if err != nil {
			r.warn(err.Error())
			continue
		}
		m = next
	}
	changes := slices.DeleteFunc(slices.Clone(r.segments), func(s *segmentOut) bool { return s.source >= 0 && !s.drop })
	slices.Reverse(changes) // of two that go to one place, the later goes in first and is pushed back by the earlier
	slices.SortStableFunc(changes, func(a, b *segmentOut) int {
		if a.after != b.after {
			return b.after - a.after
		}
		return btoi(a.drop) - btoi(b.drop)
	})
	for _, s := range changes {
		var err error
		next := m
		if s.drop {
			occurrence := 0
			for i := 0; i <= s.source; i++ {
				if r.message.names[i] == r.message.names[s.source] {
					occurrence++
				}
			}
			next, err = m.Delete(hl7.Path{Segment: r.message.names[s.source], Occurrence: occurrence})
		} else {
			next, err = m.InsertSegment(min(s.after+1, m.Len()), bytes.TrimSuffix(s.append(nil), []byte{'\r'}))
		}
		if err != nil {
			r.warn(err.Error())
			continue
		}
		m = next
	}
	return bytes.Clone(m.Bytes()), nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
