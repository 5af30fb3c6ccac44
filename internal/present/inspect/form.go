package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// Face is a way in which the open message is shown.
type Face uint8

// The faces.
const (
	FaceRaw   Face = iota // the bytes as text
	FaceForm              // the fields of the segment at the cursor, to be filled in
	FaceHex               // the bytes in hexadecimal
	FaceCards             // what a person looks for
)

// Face is how the open message is shown.
func (m *Model) Face() Face {
	switch {
	case m.form.shown:
		return FaceForm
	case m.cards:
		return FaceCards
	case m.open.hexView:
		return FaceHex
	}
	return FaceRaw
}

// SetFace shows the open message in another way.
func (m *Model) SetFace(f Face) {
	if m.form.shown != (f == FaceForm) {
		m.form.shown = f == FaceForm
		m.form.rebuild()
		m.Changed(Message | Cursor)
	}
	m.SetShowsCards(f == FaceCards)
	m.SetHex(f == FaceHex)
}

// formRows are the fields of the segment at the cursor, those that the version defines and those that the message has.
// Which row is chosen is the tree's business: both follow the cursor.
type formRows struct {
	m        *Model
	shown    bool
	segment  int          // index of the segment, -1 for none
	segments []int        // of the message, those that are something
	rows     []node       // of the segment
	pinned   map[key]bool // branches that the user opened or closed
}

// rebuild reads the rows anew, while the form is shown.
func (f *formRows) rebuild() {
	f.rows, f.segments, f.segment = f.rows[:0], f.segments[:0], -1
	o := &f.m.open
	if !f.shown || o.id == 0 || !o.isHL7 {
		return
	}
	for i := range o.message.Len() {
		if s := o.message.Segment(i); s.ID() != "" || len(s.Bytes()) > 0 {
			f.segments = append(f.segments, i)
		}
	}
	k, ok := f.chosen()
	if !ok || o.message.Segment(k.segment).ID() == "" {
		return
	}
	f.segment = k.segment
	s := o.message.Segment(k.segment)
	last := s.Fields()
	if def, ok := o.version.Segment(s.Name()); ok {
		last = max(last, len(def.Fields))
	}
	for i := 1; i <= last; i++ {
		for r := 1; r <= max(1, s.Field(i).Repetitions()); r++ {
			f.add(key{k.segment, i, r, 0, 0}, 0)
		}
	}
}

// chosen is the place that the cursor is at.
func (f *formRows) chosen() (key, bool) {
	t := &f.m.tree
	if len(t.cursor) == 0 || t.cursor[len(t.cursor)-1].segment >= f.m.open.message.Len() {
		return key{}, false
	}
	return t.cursor[len(t.cursor)-1], true
}

// add takes up a place and, where it is open, its parts.
func (f *formRows) add(k key, depth int) {
	parts := f.parts(k)
	f.rows = append(f.rows, node{k, depth, parts > 1})
	if parts < 2 || !f.isOpen(k) {
		return
	}
	for p := 1; p <= parts; p++ {
		f.add(k.part(p), depth+1)
	}
}

// part is the n-th part of a repetition or component.
func (k key) part(n int) key {
	if k.component == 0 {
		k.component = n
	} else {
		k.subcomponent = n
	}
	return k
}

// within says whether a place is another one or a part of it.
func (k key) within(whole key) bool {
	return k.segment == whole.segment && k.field == whole.field && k.repetition == whole.repetition &&
		(whole.component == 0 || k.component == whole.component && (whole.subcomponent == 0 || k.subcomponent == whole.subcomponent))
}

// parts is how many components or subcomponents a place has: those of its data type, or those that are there if they are more.
func (f *formRows) parts(k key) int {
	if k.subcomponent > 0 || f.m.open.message.Segment(k.segment).IsHeader() && k.field <= 2 {
		return 0
	}
	n := 0
	if def, ok := f.m.defined(k); ok {
		if t, ok := f.m.open.version.Type(def.Type); ok {
			n = len(t.Components)
		}
	}
	v := f.m.tree.value(k)
	if k.component > 0 {
		return max(n, v.Subcomponents())
	}
	return max(n, v.Components())
}

func (f *formRows) isOpen(k key) bool {
	if open, said := f.pinned[k]; said {
		return open
	}
	at, ok := f.chosen()
	return ok && at != k && at.within(k)
}

// defined is what the dictionary says of a place. What OBX-5 is, OBX-2 says.
func (m *Model) defined(k key) (dictionary.Field, bool) {
	s := m.open.message.Segment(k.segment)
	def, ok := m.open.version.FieldAt(s.Name(), k.field, 0, 0)
	if kind := s.Field(2).Text(); s.Name() == "OBX" && k.field == 5 && kind != "" {
		def.Type, def.Table = kind, ""
		if k.component > 0 {
			return m.open.version.ComponentAt(kind, k.component, k.subcomponent)
		}
		return def, ok
	}
	if k.component > 0 {
		return m.open.version.FieldAt(s.Name(), k.field, k.component, k.subcomponent)
	}
	return def, ok
}

// Form is the fields of the segment at the cursor as rows.
func (m *Model) Form() screen.Tree { return (*formGrid)(&m.form) }

// FormSelected is the row of the form that the cursor is in, -1 for none.
func (m *Model) FormSelected() int {
	at, ok := m.form.chosen()
	if !ok {
		return -1
	}
	best := -1
	for i, r := range m.form.rows {
		if at.within(r.key) { // parts come after their whole
			best = i
		}
	}
	return best
}

// SelectFormRow moves the cursor to the value of a row of the form.
func (m *Model) SelectFormRow(row int) {
	if row < 0 || row >= len(m.form.rows) {
		return
	}
	m.selectKey(m.form.rows[row].key)
}

// selectKey moves the cursor to a place, there or not.
func (m *Model) selectKey(k key) {
	if at, ok := m.form.chosen(); ok { // what is open stays open under the pointer
		for _, r := range m.form.rows {
			if r.branch && r.key != at && at.within(r.key) && m.form.isOpen(r.key) {
				m.form.pin(r.key, true)
			}
		}
	}
	from, _ := m.tree.span(k)
	m.place(from)
	m.tree.adopt(k)
	m.tree.rebuild()
	m.findings.follow()
	m.Changed(Cursor | Tree | Findings)
}

func (f *formRows) pin(k key, open bool) {
	if f.pinned == nil {
		f.pinned = map[key]bool{}
	}
	f.pinned[k] = open
}

// ToggleFormRow opens or closes the parts of a row of the form.
func (m *Model) ToggleFormRow(row int) {
	f := &m.form
	if row < 0 || row >= len(f.rows) || !f.rows[row].branch {
		return
	}
	k := f.rows[row].key
	f.pin(k, !f.isOpen(k))
	f.rebuild()
	m.Changed(Tree)
}

// FormSegments is the segments of the message as rows.
func (m *Model) FormSegments() screen.Grid { return (*segmentGrid)(&m.form) }

// FormSegment is the row of the segment that the form shows, -1 for none.
func (m *Model) FormSegment() int {
	for row, i := range m.form.segments {
		if i == m.form.segment {
			return row
		}
	}
	return -1
}

// SelectFormSegment shows the fields of another segment.
func (m *Model) SelectFormSegment(row int) {
	if f := &m.form; row >= 0 && row < len(f.segments) && f.segments[row] != f.segment {
		m.selectKey(key{segment: f.segments[row]})
	}
}

// EditFormRow is the value of a row of the form, to be changed. What has parts is taken as it stands in the message.
func (m *Model) EditFormRow(row int) (Edit, error) {
	if row < 0 || row >= len(m.form.rows) {
		return Edit{}, ErrNoEdit
	}
	return m.edit(m.form.rows[row].key, m.form.rows[row].branch)
}

// About says what the dictionary knows of a value that is being changed, in one line.
func (m *Model) About(e Edit) string {
	def, ok := m.defined(e.key)
	if !ok {
		return "not defined in v" + m.open.version.Name
	}
	words := []string{typeWords(m.open.version, def), usages[def.Usage]}
	if e.key.component == 0 {
		words = append(words, "repeats "+repeats(def.Repeat))
	}
	words = append(words, lengths(def))
	if def.Table != "" {
		words = append(words, "table "+def.Table)
	}
	if f, _, ok := m.agreedOn(e.path); ok {
		words = append(words, "agreed "+strings.TrimSuffix(strings.TrimSpace(f.Words()+" "+f.Conditions()), ";"))
	}
	kept := words[:0]
	for _, w := range words {
		if w != "" && w != "repeats once" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "  ·  ")
}

func typeWords(v *dictionary.Version, def dictionary.Field) string {
	if t, ok := v.Type(def.Type); ok && t.Description != "" {
		return def.Type + " " + t.Description
	}
	return def.Type
}

// Code is one of a table, and what it stands for.
type Code struct{ Value, Meaning string }

// maxCodes is how many codes are offered at a time.
const maxCodes = 200

// Codes are the codes of the table of a value that begin with a text, or whose meaning holds it.
func (m *Model) Codes(e Edit, text string) []Code {
	def, ok := m.defined(e.key)
	if !ok || e.raw {
		return nil
	}
	t, ok := m.open.version.Table(def.Table)
	if !ok || def.Table == "" {
		return nil
	}
	var first, second, others []Code
	want := strings.ToLower(text)
	for _, c := range t.Codes {
		words := strings.ToLower(c.Display)
		switch code := (Code{c.Value, c.Display}); {
		case strings.HasPrefix(strings.ToLower(c.Value), want):
			first = append(first, code)
		case strings.HasPrefix(words, want):
			second = append(second, code)
		case strings.Contains(words, want):
			others = append(others, code)
		}
	}
	all := slices.Concat(first, second, others)
	return all[:min(len(all), maxCodes)]
}

// Enter gives a value another text while the user writes. What is written in one go is one change to undo: again says that
// this goes on.
func (m *Model) Enter(e Edit, text string, again bool) error {
	if m.fixed {
		return ErrInPlace
	}
	if m.masked || e.id != m.open.id {
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
	m.change("change of "+e.Path, n.Bytes(), cursor, again)
	m.selectKey(e.key) // an empty value has no bytes that the cursor could be found by
	return nil
}

// Stands says whether a value is still where it was, and is its text now.
func (m *Model) Stands(e Edit) (text string, ok bool) {
	if e.id != m.open.id || m.masked || e.key.segment >= m.open.message.Len() || m.open.message.Segment(e.key.segment).Name() != e.path.Segment {
		return "", false
	}
	at, found := m.form.chosen()
	now, err := m.edit(e.key, e.raw)
	return now.Text, found && at == e.key && err == nil
}

// AddRepetition gives the field of a row of the form one repetition more, behind the last, and goes there.
func (m *Model) AddRepetition(row int) error {
	e, err := m.EditFormRow(row)
	if err != nil {
		return err
	}
	s := m.open.message.Segment(e.key.segment)
	field := s.Field(e.key.field)
	sep := s.Delimiters().Repetition
	switch {
	case sep == "":
		return errors.New("MSH-2 declares no repetition separator, so a field cannot repeat")
	case !field.IsPresent() || field.State() == hl7.Empty:
		return errors.New("the field is empty: fill it in first")
	}
	more := field.Repetitions() + 1
	m.splice(fmt.Sprintf("a repetition of %s-%d", s.ID(), e.key.field), field.End(), field.End(), []byte(sep), field.End()+len(sep), false)
	m.selectKey(key{e.key.segment, e.key.field, more, 0, 0})
	return nil
}

// RemoveRepetition removes the repetition that a row of the form is in; those behind it move up.
func (m *Model) RemoveRepetition(row int) error {
	e, err := m.EditFormRow(row)
	if err != nil {
		return err
	}
	s := m.open.message.Segment(e.key.segment)
	p := hl7.Path{Segment: s.Name(), Occurrence: s.Occurrence(), Field: e.key.field, Repetition: e.key.repetition}
	v := s.Field(e.key.field)
	var n *hl7.Message
	if v.Repetitions() > 1 {
		n, err = m.open.message.Delete(p)
	} else {
		n, err = m.open.message.SetRaw(p, nil)
	}
	if err != nil {
		return err
	}
	m.change(fmt.Sprintf("removal of %s-%d[%d]", s.ID(), e.key.field, e.key.repetition), bytes.Clone(n.Bytes()), m.open.cursor, false)
	m.selectKey(key{e.key.segment, e.key.field, max(1, min(e.key.repetition, v.Repetitions()-1)), 0, 0})
	return nil
}

type formGrid formRows

var formColumns = []screen.Column{
	{ID: "name", Title: "Field", Width: 210, MinWidth: 110, Flex: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 190, MinWidth: 100, Flex: true, Mono: true, Fixed: true},
	{ID: "meaning", Title: "Meaning", Width: 110, MinWidth: 40, Flex: true, Fixed: true},
	{ID: "type", Title: "Type", Width: 88, MinWidth: 40, Fixed: true},
}

// FormValueColumn is the column of Form that holds the values.
const FormValueColumn = 1

func (g *formGrid) Columns() []screen.Column { return formColumns }
func (g *formGrid) Len() int                 { return len(g.rows) }

func (g *formGrid) Level(row int) (depth int, branch, open bool) {
	n := g.rows[row]
	return n.depth, n.branch, n.branch && (*formRows)(g).isOpen(n.key)
}

func (g *formGrid) Cell(row, col int) screen.Cell {
	k, t := g.rows[row].key, &g.m.tree
	def, ok := g.m.defined(k)
	switch formColumns[col].ID {
	case "name":
		cell := t.name(k)
		if ok {
			cell.Bold = def.Usage == "R"
			if name := t.fieldName(g.m.open.message.Segment(k.segment).Name(), k); name == "" {
				cell.Text += def.Name
			}
		}
		return cell
	case "value":
		if s := t.value(k).State(); s == hl7.Absent || s == hl7.Empty {
			return screen.Cell{}
		}
		return t.valueCell(k)
	case "meaning":
		cell := t.meaning(k)
		if cell.Role == screen.RoleMuted { // it says the type, which has a column here
			return screen.Cell{}
		}
		return cell
	}
	return screen.Cell{Text: ruleWords(def, k), Role: screen.RoleMuted}
}

// ruleWords are type, usage and repetition of a place, as the tables of the standard write them.
func ruleWords(def dictionary.Field, k key) string {
	words := def.Type
	if def.Usage != "" && def.Usage != "O" {
		words += " " + def.Usage
	}
	switch {
	case k.component > 0 || def.Repeat == 1 || def.Type == "":
	case def.Repeat == 0:
		words += " 0..*"
	default:
		words += fmt.Sprintf(" 0..%d", def.Repeat)
	}
	return words
}

type segmentGrid formRows

var segmentColumns = []screen.Column{{ID: "segment", Title: "Segment", Width: 160, MinWidth: 60, Flex: true, Fixed: true}}

func (g *segmentGrid) Columns() []screen.Column { return segmentColumns }
func (g *segmentGrid) Len() int                 { return len(g.segments) }

func (g *segmentGrid) Cell(row, _ int) screen.Cell {
	s := g.m.open.message.Segment(g.segments[row])
	cell := g.m.tree.name(key{segment: g.segments[row]})
	cell.Text = strings.Replace(cell.Text, "  ", " ", 1)
	cell.Bold = false
	if cell.Role == "" && s.ID() == "" {
		cell.Role = screen.RoleMuted
	}
	if worst, ok := g.m.tree.worst(key{segment: g.segments[row]}); !ok || worst <= check.Information {
		cell.Spans = []screen.Span{{Start: 0, End: min(3, len(cell.Text)), Role: screen.RoleSegment}}
	}
	return cell
}
