package hl7

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Set returns a copy of the message in which the value at the path has the
// text, escaped and in the character set of the message. The segment must
// exist; fields and parts up to the place are added. A path with * sets every
// value that it names. Setting "" empties a value; setting `""` is SetNull.
// Everything else keeps its bytes.
func (m *Message) Set(p Path, text string) (*Message, error) {
	raw, err := m.encodeText(p, text)
	if err != nil {
		return nil, err
	}
	n, err := m.replace(p, raw)
	if err != nil {
		return nil, err
	}
	for v := range n.All(p) {
		if v.Text() != text {
			return nil, editError(p, "the text would read differently afterwards, because the message does not declare its character set truthfully or has broken characters; correct MSH-18 first")
		}
	}
	return n, nil
}

// SetRaw is Set for bytes that are escaped and encoded already. They may hold
// the delimiters of the parts inside the place, but none from above it.
func (m *Message) SetRaw(p Path, raw []byte) (*Message, error) { return m.replace(p, raw) }

// SetNull sets the value to "", which tells the receiver to delete what it has
// stored. HL7 v2.9.1 section 2.5.3.
func (m *Message) SetNull(p Path) (*Message, error) { return m.replace(p, []byte(`""`)) }

// Insert returns a copy in which the text stands at the path as a new field,
// repetition, component or subcomponent; what was there and after it moves up
// by one. Beyond the end it is like Set.
func (m *Message) Insert(p Path, text string) (*Message, error) {
	raw, err := m.encodeText(p, text)
	if err != nil {
		return nil, err
	}
	return m.InsertRaw(p, raw)
}

// InsertRaw is Insert for bytes that are escaped and encoded already.
func (m *Message) InsertRaw(p Path, raw []byte) (*Message, error) {
	at, err := m.onePlace(p, raw)
	if err != nil {
		return nil, err
	}
	e := at.edit
	if at.present && at.from < at.limit { // in an empty whole there is nothing to move
		sep := &m.setAt(at.set).sep[at.role]
		if !sep.usable {
			return nil, editError(p, "the message declares no usable "+roleNames[at.role]+"; declare one in MSH-2 first")
		}
		e = edit{off: e.off, end: e.off, raw: append(bytes.Clone(raw), sep.text()...)}
	}
	return m.apply(p, []edit{e})
}

// InsertSegment returns a copy with one more segment, given without a line
// end, before the index-th one; index Len appends. It gets the line end that
// the message uses. A grouping does not carry over to the copy.
func (m *Message) InsertSegment(index int, raw []byte) (*Message, error) {
	switch {
	case index < 0 || index > len(m.lines):
		return nil, fmt.Errorf("insert segment: place %d is not between 0 and %d", index, len(m.lines))
	case bytes.ContainsAny(raw, "\r\n"):
		return nil, errors.New(`insert segment: the segment has a line end inside; write it as \X0D\ or insert the segments one by one`)
	case len(raw) == 0:
		return nil, errors.New("insert segment: the segment is empty; give at least its ID")
	}
	at, before := len(m.b), false
	if index < len(m.lines) {
		at = m.lines[index].start
	} else if index > 0 {
		before = m.lines[index-1].brk == BreakEnd
	}
	end := m.lineEnd()
	var text []byte
	if before {
		text = append(append(text, end...), raw...)
	} else {
		text = append(append(text, raw...), end...)
	}
	return m.spliced([]edit{{off: at, end: at, raw: text}}), nil
}

// lineEnd returns the bytes that end the segments of the message, CR if none does.
func (m *Message) lineEnd() []byte {
	for i := range m.lines {
		if l := &m.lines[i]; l.brk.length() > 0 {
			return bytes.Clone(m.b[l.end:l.next()])
		}
	}
	return []byte{'\r'}
}

// Delete returns a copy without what the path names: a segment with its line
// end, or a field, repetition, component or subcomponent with its delimiter,
// so that what follows moves down by one. To keep the places of what follows,
// set "" instead. What is absent cannot be deleted, which is no error.
func (m *Message) Delete(p Path) (*Message, error) {
	if p.Field == 0 {
		return m.deleteSegments(p)
	}
	at, err := m.onePlace(p, nil)
	if err != nil {
		return nil, err
	}
	if !at.present {
		return m, nil
	}
	e := edit{off: at.off, end: at.end}
	w := int(m.setAt(at.set).sep[at.role].n)
	if at.end < at.limit {
		e.end += w
	} else if at.off > at.from {
		e.off -= w
	}
	return m.apply(p, []edit{e})
}

func (m *Message) deleteSegments(p Path) (*Message, error) {
	if err := m.checkPath(p); err != nil {
		return nil, err
	}
	var edits []edit
	for s := range m.MatchSegments(p) {
		if s.IsHeader() {
			return nil, editError(p, "the header declares the delimiters and cannot be deleted")
		}
		l := s.line()
		edits = append(edits, edit{off: l.start, end: l.next()})
	}
	if len(edits) == 0 {
		return m, nil
	}
	return m.spliced(edits), nil
}

// edit replaces the bytes off:end by pad and raw.
type edit struct {
	off, end int
	pad, raw []byte
}

// spliced makes the message with edits, which are in order and do not overlap.
func (m *Message) spliced(edits []edit) *Message {
	size := len(m.b)
	for _, e := range edits {
		size += len(e.pad) + len(e.raw) - (e.end - e.off)
	}
	b := make([]byte, 0, max(size, 0))
	pos := 0
	for _, e := range edits {
		b = append(append(append(b, m.b[pos:e.off]...), e.pad...), e.raw...)
		pos = e.end
	}
	return Parse(append(b, m.b[pos:]...))
}

// apply makes the edited message and checks that its segments are the same.
func (m *Message) apply(p Path, edits []edit) (*Message, error) {
	n := m.spliced(edits)
	if len(n.lines) != len(m.lines) {
		return nil, editError(p, "the change would turn text into segments or segments into text; change the line ends inside the field first")
	}
	n.group = m.group // the segments have kept their places
	return n, nil
}

func editError(p Path, why string) error { return fmt.Errorf("change %s: %s", p, why) }

// replace puts raw at every place that the path names.
func (m *Message) replace(p Path, raw []byte) (*Message, error) {
	if err := m.checkPath(p); err != nil {
		return nil, err
	}
	var edits []edit
	found := false
	for s := range m.MatchSegments(p) {
		found = true
		for q := range s.places(p) {
			at, err := m.place(s, q, raw)
			if err != nil {
				return nil, err
			}
			if at.present || len(raw) > 0 {
				edits = append(edits, at.edit)
			}
		}
	}
	if !found {
		return nil, editError(p, m.missing(p))
	}
	return m.apply(p, edits)
}

func (m *Message) missing(p Path) string {
	if _, ok := m.Find(p.Segment, 1); !ok {
		return "the message has no segment " + p.Segment + "; insert one first"
	}
	if len(p.Groups) > 0 && m.group == nil {
		return "the segment groups of this message are not known; name the segment by its occurrence, as in OBX[2]-5"
	}
	return "the message has no such occurrence of " + p.Segment
}

// onePlace finds the one place of a path without *.
func (m *Message) onePlace(p Path, raw []byte) (spot, error) {
	if err := m.checkPath(p); err != nil {
		return spot{}, err
	}
	if p.Field == All || p.Repetition == All || p.Component == All || p.Subcomponent == All || p.Occurrence == All {
		return spot{}, editError(p, "name one place, without *")
	}
	for s := range m.MatchSegments(p) {
		if s.IsHeader() && p.Field == 2 {
			return spot{}, editError(p, "field 2 declares the delimiters; nothing can be added to it or taken from it, only SetRaw changes it")
		}
		return m.place(s, p, raw)
	}
	return spot{}, editError(p, m.missing(p))
}

func (m *Message) checkPath(p Path) error {
	if p.Segment == "" {
		return errors.New("change: the path names no segment; write for example PID-3.1")
	}
	return nil
}

// encodeText writes text as it will stand in the message.
func (m *Message) encodeText(p Path, text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, editError(p, "the text is not valid UTF-8")
	}
	if m.sets == 0 {
		return nil, editError(p, "the message has no segments")
	}
	if p.Field == 2 && len(p.Segment) == 3 && isHeader([3]byte([]byte(p.Segment))) {
		return nil, editError(p, "field 2 declares the delimiters and is never escaped; use SetRaw")
	}
	if text == `""` || text == "" {
		return []byte(text), nil
	}
	d := m.setAt(m.main)
	name := m.Charset().Name
	if d.shape != shapePlain {
		raw, err := encodeAs(name, d.public().EscapeText(text))
		return raw, wrapEdit(p, err)
	}
	raw, err := encodeAs(name, text)
	if err != nil {
		return nil, wrapEdit(p, err)
	}
	return []byte(d.public().EscapeText(string(raw))), nil
}

func wrapEdit(p Path, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("change %s: %w", p, err)
}
