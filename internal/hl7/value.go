package hl7

import "iter"

// State tells the three things apart that a receiver must not confuse: nothing
// said, said to be empty, and said to be deleted.
type State uint8

const (
	Absent State = iota // the segment or field ends before it
	Empty               // there, with nothing in it: no statement
	Null                // "" alone: delete what is stored (HL7 v2.9.1 section 2.5.3)
	Valued
)

func (s State) String() string {
	return [...]string{"absent", "empty", "null", "valued"}[min(s, Valued)]
}

// Level says what a Value is.
type Level uint8

const (
	LevelField Level = iota
	LevelRepetition
	LevelComponent
	LevelSubcomponent
)

func (l Level) String() string {
	return [...]string{"field", "repetition", "component", "subcomponent"}[min(l, LevelSubcomponent)]
}

// Value is a field, repetition, component or subcomponent: a slice of the
// bytes of its message. It is a small value; the zero Value is Absent.
type Value struct {
	m        *Message
	off, end int
	limit    int // end of the part that this one was split from, for Next
	seg, set int32
	level    Level
	present  bool
	whole    bool // MSH-1 and MSH-2: never split, never unescaped
}

// Raw returns the bytes as they came. They belong to the message.
func (v Value) Raw() []byte {
	if v.m == nil {
		return nil
	}
	return v.m.b[v.off:v.end:v.end]
}

// Offset is the place of the first byte in the message. An absent value is
// placed where the part ends that would hold it.
func (v Value) Offset() int { return v.off }

// End is the place after the last byte.
func (v Value) End() int { return v.end }

// Level says whether this is a field, repetition, component or subcomponent.
func (v Value) Level() Level { return v.level }

// IsPresent reports whether the value is not Absent.
func (v Value) IsPresent() bool { return v.present }

// State returns whether the value is absent, empty, null or valued.
func (v Value) State() State {
	switch {
	case !v.present:
		return Absent
	case v.off == v.end:
		return Empty
	case v.end-v.off == 2 && v.m.b[v.off] == '"' && v.m.b[v.off+1] == '"' && !v.whole:
		return Null
	}
	return Valued
}

// Segment returns the segment that the value is in.
func (v Value) Segment() Segment {
	if v.m == nil {
		return Segment{}
	}
	return Segment{v.m, int(v.seg)}
}

// Repetitions counts the repetitions: 0 if the value is absent, else at least 1.
func (v Value) Repetitions() int { return v.count(roleRepetition, LevelRepetition) }

// Repetition returns the n-th repetition, from 1.
func (v Value) Repetition(n int) Value { return v.nth(roleRepetition, LevelRepetition, n) }

// AllRepetitions iterates over the repetitions.
func (v Value) AllRepetitions() iter.Seq[Value] {
	return func(yield func(Value) bool) { v.each(roleRepetition, LevelRepetition, yield) }
}

// Components counts the components, of a field those of its first repetition:
// 0 if the value is absent, else at least 1.
func (v Value) Components() int {
	return v.repetition().count(roleComponent, LevelComponent)
}

// Component returns the n-th component, from 1, of a field that of its first
// repetition.
func (v Value) Component(n int) Value {
	return v.repetition().nth(roleComponent, LevelComponent, n)
}

// AllComponents iterates over the components.
func (v Value) AllComponents() iter.Seq[Value] {
	return func(yield func(Value) bool) { v.repetition().each(roleComponent, LevelComponent, yield) }
}

// Subcomponents counts the subcomponents of the (first) component.
func (v Value) Subcomponents() int {
	return v.component().count(roleSubcomponent, LevelSubcomponent)
}

// Subcomponent returns the n-th subcomponent, from 1, of the (first) component.
func (v Value) Subcomponent(n int) Value {
	return v.component().nth(roleSubcomponent, LevelSubcomponent, n)
}

// AllSubcomponents iterates over the subcomponents.
func (v Value) AllSubcomponents() iter.Seq[Value] {
	return func(yield func(Value) bool) { v.component().each(roleSubcomponent, LevelSubcomponent, yield) }
}

// repetition is the value itself if it is no wider than a repetition, else its
// first one; component likewise.
func (v Value) repetition() Value {
	if v.level >= LevelRepetition {
		return v
	}
	return v.nth(roleRepetition, LevelRepetition, 1)
}

func (v Value) component() Value {
	if v.level >= LevelComponent {
		return v
	}
	return v.repetition().nth(roleComponent, LevelComponent, 1)
}

func (v Value) count(r role, level Level) int {
	switch {
	case !v.present:
		return 0
	case v.level >= level || v.whole:
		return 1
	}
	return v.m.countParts(v.set, v.off, v.end, r)
}

func (v Value) nth(r role, level Level, n int) Value {
	switch {
	case v.level >= level:
		if n == 1 {
			return v
		}
		return v.absent(v.level)
	case !v.present || n < 1:
		return v.absent(level)
	case v.whole:
		if n > 1 {
			return v.absent(level)
		}
		v.level = level
		return v
	}
	if n == 1 { // the usual case, made short
		v.level, v.limit = level, v.end
		if v.off < v.end {
			if i, _ := v.m.setAt(v.set).next(v.m.b[v.off:v.end], r); i >= 0 {
				v.end = v.off + i
			}
		}
		return v
	}
	off, end, ok := v.m.part(v.set, v.off, v.end, r, n)
	if !ok {
		return v.absent(level)
	}
	v.off, v.end, v.limit, v.level = off, end, v.end, level
	return v
}

func (v Value) each(r role, level Level, yield func(Value) bool) {
	if !v.present {
		return
	}
	if v.level >= level || v.whole {
		yield(v.nth(r, level, 1))
		return
	}
	d := v.m.setAt(v.set)
	p, end := v, v.end
	p.level, p.limit = level, end
	for {
		i, w := d.next(v.m.b[p.off:end], r)
		if i < 0 {
			p.end = end
			yield(p)
			return
		}
		p.end = p.off + i
		if !yield(p) {
			return
		}
		p.off = p.end + w
	}
}

// Next returns the part after this one, of the same level and within the same
// whole: the next field of the segment, the next repetition of the field, and
// so on. It is Absent after the last one. It is the way to visit many parts
// without any allocation:
//
//	for c := field.Component(1); c.IsPresent(); c = c.Next() { ... }
func (v Value) Next() Value {
	if !v.present {
		return v
	}
	if v.whole {
		if s := v.Segment(); v.level == LevelField {
			if v.off == s.Offset()+3 {
				return s.Field(2)
			}
			v.whole = false
		} else {
			return v.absent(v.level)
		}
	}
	if v.end == v.limit {
		return v.absent(v.level)
	}
	r := [...]role{roleField, roleRepetition, roleComponent, roleSubcomponent}[v.level]
	d := v.m.setAt(v.set)
	v.off = v.end + int(d.sep[r].n)
	if i, _ := d.next(v.m.b[v.off:v.limit], r); i >= 0 {
		v.end = v.off + i
	} else {
		v.end = v.limit
	}
	return v
}

// AppendComponents appends the components to dst, of a field those of its
// first repetition, until dst is full: it never grows. It is the quick way for
// readers that want most of them.
func (v Value) AppendComponents(dst []Value) []Value {
	return v.repetition().appendParts(dst, roleComponent, LevelComponent)
}

// AppendSubcomponents is AppendComponents for the subcomponents of the (first)
// component.
func (v Value) AppendSubcomponents(dst []Value) []Value {
	return v.component().appendParts(dst, roleSubcomponent, LevelSubcomponent)
}

func (v Value) appendParts(dst []Value, r role, level Level) []Value {
	if !v.present || len(dst) == cap(dst) {
		return dst
	}
	if v.level >= level || v.whole || v.m.setAt(v.set).quick[r] < 0 {
		for p := v.nth(r, level, 1); p.IsPresent() && len(dst) < cap(dst); p = p.Next() {
			dst = append(dst, p)
		}
		return dst
	}
	sep, end := byte(v.m.setAt(v.set).quick[r]), v.end
	v.level, v.limit = level, end
	for i := v.off; i < end; i++ {
		if v.m.b[i] == sep {
			v.end = i
			if dst = append(dst, v); len(dst) == cap(dst) {
				return dst
			}
			v.off = i + 1
		}
	}
	v.end = end
	return append(dst, v)
}

func (v Value) absent(level Level) Value {
	v.off, v.level, v.present, v.whole = v.end, level, false, false
	return v
}

// String is Text.
func (v Value) String() string { return v.Text() }
