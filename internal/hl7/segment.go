package hl7

import (
	"bytes"
	"iter"
)

// Segment is one segment of a message, or a line that is no segment. It is a
// small value; the zero Segment is empty.
type Segment struct {
	m *Message
	i int
}

func (s Segment) line() *line {
	if s.m == nil {
		return &line{kind: LineBlank}
	}
	return &s.m.lines[s.i]
}

// Message returns the message that the segment belongs to.
func (s Segment) Message() *Message { return s.m }

// Kind says whether this is a segment, and what else it is if not.
func (s Segment) Kind() LineKind { return s.line().kind }

// ID returns the segment ID as it is spelled, or "" if the line is no segment.
func (s Segment) ID() string {
	l := s.line()
	if l.kind != LineSegment || s.m == nil {
		return ""
	}
	return string(s.m.b[l.start : l.start+3])
}

// Name returns the segment ID in upper case, or "" if the line is no segment.
func (s Segment) Name() string {
	l := s.line()
	if l.kind != LineSegment || s.m == nil {
		return ""
	}
	return nameText(l.name)
}

// Lead returns what stands in the place of the ID: the text before the first
// field separator. It is how a bad ID such as "PIDX" is shown.
func (s Segment) Lead() string {
	if s.m == nil {
		return ""
	}
	b := s.Bytes()
	if i, _ := s.m.setAt(s.line().set).next(b, roleField); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// Index is the place in the message, from 0.
func (s Segment) Index() int { return s.i }

// Occurrence is the place among the segments of the same name, from 1; 0 if
// the line is no segment.
func (s Segment) Occurrence() int {
	if s.m == nil {
		return 0
	}
	if s.i < fewLines { // counted sooner than an index is made
		l, n := s.line(), 0
		if l.kind != LineSegment {
			return 0
		}
		for i := range s.i + 1 {
			if o := &s.m.lines[i]; o.name == l.name && o.kind == LineSegment {
				n++
			}
		}
		return n
	}
	return int(s.m.nameIndex().occurrence[s.i])
}

// fewLines is how many lines are gone through for one occurrence.
const fewLines = 64

// Offset is the place of the first byte in the message.
func (s Segment) Offset() int { return s.line().start }

// End is the place after the last byte, before the break.
func (s Segment) End() int { return s.line().end }

// Bytes returns the segment without its break. Line ends inside a field are
// part of it.
func (s Segment) Bytes() []byte {
	l := s.line()
	if s.m == nil {
		return nil
	}
	return s.m.b[l.start:l.end:l.end]
}

// Break returns the end of the segment.
func (s Segment) Break() Break {
	l := s.line()
	return Break{Kind: l.brk, Offset: l.end, Length: l.brk.length(), Reason: reasons[l.why]}
}

// IsHeader reports whether the segment declares delimiters: MSH, FHS or BHS.
// Its field 1 is the separator itself and field 2 the encoding characters.
func (s Segment) IsHeader() bool { return s.line().header }

// Delimiters returns the delimiters that hold for this segment.
func (s Segment) Delimiters() Delimiters {
	if s.m == nil || s.m.sets == 0 {
		return Delimiters{}
	}
	return s.m.setAt(s.line().set).public()
}

// fieldsStart is where the first field that is split starts, and its number.
func (s Segment) fieldsStart() (at, number int, ok bool) {
	l := s.line()
	if s.m == nil || l.kind > LineBadID {
		return 0, 0, false
	}
	d := s.m.setAt(l.set)
	if l.header {
		w := int(d.sep[roleField].n)
		return l.start + 3 + w, 2, w > 0
	}
	if l.kind == LineSegment {
		at = l.start + 3
	} else {
		at = l.start
	}
	i, w := d.next(s.m.b[at:l.end], roleField)
	return at + i + w, 1, i >= 0
}

// Fields is the number of the last field that is present.
func (s Segment) Fields() int {
	at, n, ok := s.fieldsStart()
	if !ok {
		return 0
	}
	l := s.line()
	return n + s.m.countParts(l.set, at, l.end, roleField) - 1
}

// Field returns the n-th field, from 1. A field beyond the end is Absent.
func (s Segment) Field(n int) Value {
	l := s.line()
	at, first, ok := s.fieldsStart()
	if !ok || n < 1 {
		return s.absent()
	}
	if l.header && n <= 2 {
		if n == 1 {
			return Value{m: s.m, off: l.start + 3, end: at, limit: l.end, seg: int32(s.i), set: l.set, level: LevelField, whole: true, present: true}
		}
		end := l.end
		if i, _ := s.m.setAt(l.set).next(s.m.b[at:l.end], roleField); i >= 0 {
			end = at + i
		}
		return Value{m: s.m, off: at, end: end, limit: l.end, seg: int32(s.i), set: l.set, level: LevelField, whole: true, present: true}
	}
	off, end, ok := s.m.part(l.set, at, l.end, roleField, n-first+1)
	if !ok {
		return s.absent()
	}
	return Value{m: s.m, off: off, end: end, limit: l.end, seg: int32(s.i), set: l.set, level: LevelField, present: true}
}

func (s Segment) absent() Value {
	end := s.line().end
	return Value{m: s.m, off: end, end: end, seg: int32(s.i), level: LevelField}
}

// All iterates over the fields with their numbers.
func (s Segment) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) { s.eachField(yield) }
}

// AppendFields appends the fields to dst. It is the quick way for readers that
// want most of them.
func (s Segment) AppendFields(dst []Value) []Value {
	at, _, ok := s.fieldsStart()
	if !ok {
		return dst
	}
	l := s.line()
	sep := s.m.setAt(l.set).quick[roleField]
	if l.header || sep < 0 {
		s.eachField(func(_ int, v Value) bool { dst = append(dst, v); return true })
		return dst
	}
	v := Value{m: s.m, off: at, limit: l.end, seg: int32(s.i), set: l.set, level: LevelField, present: true}
	for i := at; i < l.end; i++ {
		if s.m.b[i] == byte(sep) {
			v.end = i
			dst = append(dst, v)
			v.off = i + 1
		}
	}
	v.end = l.end
	return append(dst, v)
}

func (s Segment) eachField(yield func(int, Value) bool) {
	at, n, ok := s.fieldsStart()
	if !ok {
		return
	}
	l := s.line()
	d := s.m.setAt(l.set)
	v := Value{m: s.m, off: at, limit: l.end, seg: int32(s.i), set: l.set, level: LevelField, present: true}
	if l.header {
		if !yield(1, s.Field(1)) || !yield(2, s.Field(2)) {
			return
		}
		i, w := d.next(s.m.b[at:l.end], roleField)
		if i < 0 {
			return
		}
		v.off, n = at+i+w, 3
	}
	quick := d.quick[roleField]
	for ; ; n++ {
		i, w := 0, 1
		if quick < 0 || v.off >= l.end || s.m.b[v.off] != byte(quick) { // most fields of most segments are empty
			i, w = d.next(s.m.b[v.off:l.end], roleField)
		}
		if i < 0 {
			v.end = l.end
			yield(n, v)
			return
		}
		v.end = v.off + i
		if !yield(n, v) {
			return
		}
		v.off = v.end + w
	}
}

// is reports whether the segment has the name, in either case.
func (s Segment) is(name string) bool {
	l := s.line()
	return l.kind == LineSegment && bytes.Equal(l.name[:], []byte(name))
}
