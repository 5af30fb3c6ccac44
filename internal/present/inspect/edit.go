package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/job"
)

// Edit is a value that is being changed.
type Edit struct {
	Path string // where it stands
	Name string // what the dictionary calls it
	Text string // as it is now: decoded, or, where it has parts, as it stands in the message

	id   int64 // of the message
	key  key
	path hl7.Path
	raw  bool // Text is as it stands in the message
}

// ErrNoEdit says why nothing can be changed at a place.
var ErrNoEdit = errors.New("put the cursor into a field of an HL7 v2 message, and take the mask off")

// EditHere is the value at the cursor, to be changed.
func (m *Model) EditHere() (Edit, error) {
	if t := &m.tree; t.selected >= 0 && t.selected < len(t.rows) { // the tree's row says what part is meant, of empty fields too
		return m.EditNode(t.selected)
	}
	return Edit{}, ErrNoEdit
}

// EditNode is the value of a row of the tree, to be changed.
func (m *Model) EditNode(row int) (Edit, error) {
	t := &m.tree
	if row < 0 || row >= len(t.rows) {
		return Edit{}, ErrNoEdit
	}
	k := t.rows[row].key
	v := t.value(k)
	return m.edit(k, v.Components() > 1 || v.Subcomponents() > 1)
}

// edit is the value at a place, to be changed: decoded, or as it stands in the message.
func (m *Model) edit(k key, raw bool) (Edit, error) {
	if m.fixed {
		return Edit{}, ErrInPlace
	}
	if m.masked || !m.open.isHL7 || k.field == 0 {
		return Edit{}, ErrNoEdit
	}
	s := m.open.message.Segment(k.segment)
	e := Edit{id: m.open.id, key: k, raw: raw, path: hl7.Path{Segment: s.Name(), Occurrence: s.Occurrence(), Field: k.field, Repetition: k.repetition, Component: k.component, Subcomponent: k.subcomponent}}
	if s.IsHeader() && k.field <= 2 {
		return e, errors.New("the delimiters cannot be changed alone: every segment is written with them")
	}
	v := m.tree.value(k)
	e.Name = m.open.version.NameOf(e.path)
	shown := e.path
	if shown.Occurrence == 1 {
		shown.Occurrence = 0
	}
	if s.Field(k.field).Repetitions() <= 1 {
		shown.Repetition = 0
	}
	e.Path = shown.String()
	if len(v.Raw()) > maxEdit {
		return e, fmt.Errorf("it holds %s, too much for a field: change it in the raw text (Ctrl+T)", bytesWords(len(v.Raw())))
	}
	if bytes.ContainsAny(v.Raw(), "\r\n") {
		return e, errors.New("a line end stands in it: make the repair of its finding first, or change it in the raw text (Ctrl+T)")
	}
	e.raw = raw || !plainlyEscaped(v)
	if e.raw {
		if !utf8.Valid(v.Raw()) {
			return e, errors.New("it holds bytes that are not UTF-8: open it and change its parts one by one")
		}
		e.Text = string(v.Raw())
		return e, nil
	}
	if e.Text = v.Text(); v.State() == hl7.Null {
		e.Text = `""`
	}
	return e, nil
}

// maxEdit is the longest value in bytes that is changed in a field of one line.
const maxEdit = 64 << 10

// plainlyEscaped says whether a value reads the same when it is decoded and escaped again: line breaks, highlighting and
// characters in hexadecimal do not.
func plainlyEscaped(v hl7.Value) bool {
	for e := range v.Escapes() {
		if e.Kind != hl7.EscapeDelimiter || !e.OK {
			return false
		}
	}
	return true
}

// with is the message with another text at the place of an edit.
func (m *Model) with(e Edit, text string) (*hl7.Message, error) {
	if e.raw {
		raw, err := m.open.message.Charset().Encode(text)
		if err != nil {
			return nil, err
		}
		return m.open.message.SetRaw(e.path, raw)
	}
	return m.open.message.Set(e.path, text)
}

// Try says what would be found at the value if it had a text, and what keeps it from having it.
func (m *Model) Try(e Edit, text string) (found []check.Finding, err error) {
	n, err := m.with(e, text)
	if err != nil || len(m.open.bytes) > maxLive {
		return nil, err
	}
	v := n.Get(e.path)
	if !v.IsPresent() {
		return nil, nil
	}
	for _, f := range check.Message(n, check.Options{Minimum: check.Warning, Rules: m.rules()}) {
		if f.Offset >= v.Offset() && f.Offset+f.Length <= v.End() && (f.Length > 0 || v.Offset() < v.End()) {
			found = append(found, f)
		}
	}
	return found, nil
}

// Apply gives the value another text, on a draft of the open message.
func (m *Model) Apply(e Edit, text string) error {
	if m.masked {
		return ErrNoEdit
	}
	n, err := m.with(e, text)
	if err != nil {
		return err
	}
	cursor := m.open.cursor
	if v := n.Get(e.path); v.IsPresent() {
		cursor = v.Offset()
	}
	m.change("change of "+e.Path, n.Bytes(), cursor, false)
	return nil
}

// segment is the one that the cursor is in, if it may be changed as a whole.
func (m *Model) segment(header bool) (hl7.Segment, error) {
	s, ok := m.open.message.SegmentAt(m.open.cursor)
	switch {
	case m.fixed:
		return s, ErrInPlace
	case m.open.id == 0 || !m.open.isHL7 || !ok || s.ID() == "" || m.masked:
		return s, errors.New("put the cursor into a segment of an HL7 v2 message, and take the mask off")
	case s.IsHeader() && !header:
		return s, errors.New("the header stays where it is: what follows is read by it")
	}
	return s, nil
}

// InsertSegment puts a segment behind the one at the cursor. The text is its ID, or the whole of it.
func (m *Model) InsertSegment(text string) error {
	s, err := m.segment(true)
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	id, _, _ := strings.Cut(text, s.Delimiters().Field)
	if len(id) != 3 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || strings.ContainsAny(text, "\r\n") {
		return errors.New("write a segment's ID, such as NTE, or one whole segment that begins with it")
	}
	if text == id {
		text += s.Delimiters().Field
	}
	raw, err := m.open.message.Charset().Encode(text)
	if err != nil {
		return err
	}
	return m.insert("insertion of "+id, s.Index()+1, raw)
}

// insert puts a segment before the index-th one.
func (m *Model) insert(did string, index int, raw []byte) error {
	n, err := m.open.message.InsertSegment(index, raw)
	if err != nil {
		return err
	}
	if index >= n.Len() {
		return errNoPlace
	}
	m.change(did, n.Bytes(), n.Segment(index).Offset(), false)
	return nil
}

// errNoPlace says that the ends of the segments are not what the parts of the message make of them.
var errNoPlace = errors.New("the segment would run into another one: make the line ends the same first")

// DuplicateSegment puts a copy of the segment at the cursor behind it.
func (m *Model) DuplicateSegment() error {
	s, err := m.segment(false)
	if err != nil {
		return err
	}
	return m.insert("copy of "+s.ID(), s.Index()+1, bytes.Clone(s.Bytes()))
}

// DeleteSegment removes the segment at the cursor.
func (m *Model) DeleteSegment() error {
	s, err := m.segment(false)
	if err != nil {
		return err
	}
	n := cutOut(m.open.message, s)
	m.change("removal of "+s.ID(), n, min(s.Offset(), len(n)), false)
	return nil
}

// cutOut is the message without a segment and its line end.
func cutOut(m *hl7.Message, s hl7.Segment) []byte {
	b := m.Bytes()
	end := s.End()
	if k := s.Break(); k.Length > 0 {
		end = k.Offset + k.Length
	}
	return append(bytes.Clone(b[:s.Offset()]), b[end:]...)
}

// MoveSegment moves the segment at the cursor n places down, or up if n is negative.
func (m *Model) MoveSegment(n int) error {
	s, err := m.segment(false)
	if err != nil {
		return err
	}
	to := s.Index() + n
	if to < 1 || to >= m.open.message.Len() {
		return nil // it stands at the end already
	}
	without := hl7.Parse(cutOut(m.open.message, s))
	moved, err := without.InsertSegment(to, bytes.Clone(s.Bytes()))
	if err != nil {
		return err
	}
	if to >= moved.Len() {
		return errNoPlace
	}
	m.change("move of "+s.ID(), moved.Bytes(), moved.Segment(to).Offset(), false)
	return nil
}

// NewControlID gives the message a control ID that it did not have: the time to the millisecond.
func (m *Model) NewControlID() error {
	return m.setHeader("a new control ID", 10, strings.Replace(time.Now().Format("20060102150405.000"), ".", "", 1))
}

// StampNow makes the message time the present one, with its offset to UTC where it had one.
func (m *Model) StampNow() error {
	layout := "20060102150405"
	if h, ok := m.open.message.Header(); ok && bytes.ContainsAny(h.Field(7).Raw(), "+-") {
		layout += "-0700"
	}
	return m.setHeader("a new message time", 7, time.Now().Format(layout))
}

func (m *Model) setHeader(did string, field int, text string) error {
	h, ok := m.open.message.Header()
	if m.fixed {
		return ErrInPlace
	}
	if m.open.id == 0 || !m.open.isHL7 || !ok || h.Name() != "MSH" || m.masked {
		return errors.New("the message has no MSH segment that could be changed, or the mask is on")
	}
	p := hl7.Path{Segment: "MSH", Field: field}
	if h.Field(field).Components() > 1 {
		p.Component = 1
	}
	n, err := m.open.message.Set(p, text)
	if err != nil {
		return err
	}
	m.change(did, n.Bytes(), n.Get(p).Offset(), false)
	return nil
}

// escapes are the delimiters with the letters that stand for them. HL7 v2.9.1 section 2.7.1.
func escapes(d hl7.Delimiters) [][2]string {
	all := [][2]string{{d.Escape, "E"}, {d.Field, "F"}, {d.Component, "S"}, {d.Subcomponent, "T"}, {d.Repetition, "R"}}
	kept := all[:0]
	for _, e := range all {
		if e[0] != "" {
			kept = append(kept, [2]string{e[0], d.Escape + e[1] + d.Escape})
		}
	}
	return kept
}

// EscapeRange writes the delimiters between two bytes as escape sequences, so that they are text; with back set it writes
// the sequences as the delimiters again.
func (m *Model) EscapeRange(from, to int, back bool) error {
	s, err := m.segment(true)
	if err != nil {
		return err
	}
	d := s.Delimiters()
	switch {
	case d.Escape == "":
		return errors.New("MSH-2 declares no escape character, so nothing can be escaped")
	case from >= to || from < s.Offset() || to > s.End():
		return errors.New("select text within one segment first")
	case s.IsHeader() && from < s.Field(2).End():
		return errors.New("the delimiters of the header cannot be escaped")
	}
	var pairs []string
	for _, e := range escapes(d) {
		if back {
			pairs = append(pairs, e[1], e[0])
		} else {
			pairs = append(pairs, e[0], e[1])
		}
	}
	did := "escaping"
	if back {
		did = "unescaping"
	}
	m.splice(did, from, to, []byte(strings.NewReplacer(pairs...).Replace(string(m.open.bytes[from:to]))), from, false)
	return nil
}

// splice replaces the bytes between two places.
func (m *Model) splice(did string, from, to int, with []byte, cursor int, joins bool) {
	b := m.open.bytes
	out := make([]byte, 0, len(b)-(to-from)+len(with))
	out = append(append(append(out, b[:from]...), with...), b[to:]...)
	m.change(did, out, cursor, joins)
}

// NormaliseLineEnds ends every segment with CR, as HL7 v2 wants it, and leaves blank lines out.
func (m *Model) NormaliseLineEnds() error {
	if _, err := m.segment(true); err != nil {
		return err
	}
	m.change("line ends", lineEnds(m.open.message, "\r"), 0, false)
	return nil
}

// lineEnds is the message with its segments ended by one line end, without blank lines.
func lineEnds(m *hl7.Message, end string) []byte {
	var out bytes.Buffer
	for i := range m.Len() {
		if s := m.Segment(i); len(s.Bytes()) > 0 {
			out.Write(s.Bytes())
			out.WriteString(end)
		}
	}
	return out.Bytes()
}

// Typing says whether the raw view takes letters that are typed.
func (m *Model) Typing() bool { return m.typing && !m.fixed && !m.masked && m.open.id != 0 }

// SetTyping lets the raw view take letters that are typed, or not.
func (m *Model) SetTyping(on bool) {
	m.typing = on
	m.Changed(Message)
}

// TypeText puts text in the place of the bytes between two others, as the user types. A line end ends a segment.
func (m *Model) TypeText(from, to int, text string) error {
	if !m.Typing() {
		return ErrNoEdit
	}
	raw := []byte(text)
	if m.open.isHL7 {
		text = strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(text)
		if end := m.lineEnd(); end != "\r" {
			text = strings.ReplaceAll(text, "\r", end)
		}
		var err error
		if raw, err = m.open.message.Charset().Encode(text); err != nil {
			return err
		}
	}
	m.splice("typing", from, to, raw, from+len(raw), from == to && m.open.cursor == from)
	return nil
}

// lineEnd is what ends the segments of the open message.
func (m *Model) lineEnd() string {
	for i := range m.open.message.Len() {
		if k := m.open.message.Segment(i).Break(); k.Length > 0 {
			return string(m.open.bytes[k.Offset : k.Offset+k.Length])
		}
	}
	return "\r"
}

// Erase removes the bytes between two places, as Backspace and Delete do.
func (m *Model) Erase(from, to int) {
	if from, to = max(from, 0), min(to, len(m.open.bytes)); m.Typing() && from < to {
		m.splice("erasing", from, to, nil, from, true)
	}
}

// Ends are the line ends that a message can be written with.
var Ends = []string{"as they are", "CR, as HL7 v2 wants them", "CR LF", "LF"}

// SaveAs writes the bytes of the open message to a file: exactly those that show, or with the line ends of that index of
// Ends. The access log says so before.
func (m *Model) SaveAs(path string, ends int) {
	b, name, id := m.open.bytes, filepath.Base(path), m.open.id
	if id == 0 {
		return
	}
	if ends > 0 && ends < len(Ends) && m.open.isHL7 {
		b = lineEnds(m.open.message, [...]string{"", "\r", "\r\n", "\n"}[ends])
	}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		if err := m.store.LogExport(ctx, fmt.Sprintf("message %d", id), 1, name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, writeWhole(path, func(f *os.File) error { _, err := f.Write(b); return err })
	}, func(_ struct{}, err error) {
		if err != nil {
			m.fail("Could not write the file", err)
			return
		}
		m.say(NoticeText{Tone: Success, Text: bytesWords(len(b)) + " written to " + name + ". The access log says so."})
	})
}
