package inspect

import (
	"fmt"
	"sort"
	"strings"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// key is a place in the tree: a segment by its index, then positions from 1. Zero means "not so deep".
type key struct{ segment, field, repetition, component, subcomponent int }

// node is one row of the tree. What it shows is looked up when it is painted.
type node struct {
	key    key
	depth  int
	branch bool
}

// treeRows are the open rows of the tree. A branch is open because the user opened it, or because the cursor is in it:
// the second kind closes again when the cursor leaves, so that a walk through the message does not unfold all of it.
type treeRows struct {
	m        *Model
	rows     []node
	pinned   map[key]bool // opened by the user
	shut     map[key]bool // closed by the user although the cursor is in it
	cursor   []key        // the branches that hold the cursor
	selected int
	empty    bool // fields without a value are shown too
}

func (t *treeRows) reset() {
	t.pinned, t.shut = map[key]bool{}, map[key]bool{}
	t.rows, t.cursor, t.selected = nil, nil, -1
	clear(t.m.form.pinned)
}

// Tree is the open message by its structure.
func (m *Model) Tree() screen.Tree { return (*treeGrid)(&m.tree) }

// TreeSelected is the row of the value that the cursor is in, -1 for none.
func (m *Model) TreeSelected() int { return m.tree.selected }

// ShowsEmpty says whether the tree lists fields without a value.
func (m *Model) ShowsEmpty() bool { return m.tree.empty }

// SetShowsEmpty lists fields without a value too, or leaves them out.
func (m *Model) SetShowsEmpty(on bool) {
	m.tree.empty = on
	m.tree.rebuild()
	m.Changed(Tree)
}

// SelectNode moves the cursor to the value of a row.
func (m *Model) SelectNode(row int) {
	t := &m.tree
	if row < 0 || row >= len(t.rows) {
		return
	}
	for _, k := range t.cursor { // what is open stays open under the pointer
		t.pinned[k] = !t.shut[k]
	}
	k := t.rows[row].key
	from, _ := t.span(k)
	m.place(from)
	t.adopt(k)
	t.rebuild()
	m.findings.follow()
	m.Changed(Cursor | Tree | Findings)
}

// Toggle opens or closes the branch of a row.
func (m *Model) Toggle(row int) {
	t := &m.tree
	if row < 0 || row >= len(t.rows) || !t.rows[row].branch {
		return
	}
	k := t.rows[row].key
	open := t.open(k)
	t.pinned[k], t.shut[k] = !open, open
	t.rebuild()
	m.Changed(Tree)
}

// OpenAll opens every segment, or closes all branches.
func (m *Model) OpenAll(open bool) {
	t := &m.tree
	t.pinned, t.shut = map[key]bool{}, map[key]bool{}
	if open {
		for i := range m.open.message.Len() {
			t.pinned[key{segment: i}] = true
		}
	} else {
		t.cursor = nil
	}
	t.rebuild()
	m.Changed(Tree)
}

// follow opens the branches that hold the cursor and selects its row.
func (t *treeRows) follow() {
	o := &t.m.open
	s, ok := o.message.SegmentAt(o.cursor)
	if !o.isHL7 || !ok {
		t.cursor, t.selected = nil, -1
		t.rebuild()
		return
	}
	p := o.path
	k := key{segment: s.Index(), field: p.Field}
	if p.Field > 0 {
		k.repetition = max(1, p.Repetition)
		k.component, k.subcomponent = max(0, p.Component), max(0, p.Subcomponent)
	}
	t.adopt(k)
	clear(t.shut)
	t.rebuild()
}

// adopt makes the ancestors of k the branches that hold the cursor.
func (t *treeRows) adopt(k key) {
	t.cursor = t.cursor[:0]
	if k.field > 0 {
		t.cursor = append(t.cursor, key{segment: k.segment})
	}
	if k.component > 0 {
		t.cursor = append(t.cursor, key{segment: k.segment, field: k.field, repetition: k.repetition})
	}
	if k.subcomponent > 0 {
		t.cursor = append(t.cursor, key{segment: k.segment, field: k.field, repetition: k.repetition, component: k.component})
	}
	t.at(k)
}

// at remembers the key to select; rebuild finds its row or that of the nearest ancestor that is shown.
func (t *treeRows) at(k key) { t.cursor = append(t.cursor, k) }

func (t *treeRows) open(k key) bool {
	if t.shut[k] {
		return false
	}
	if t.pinned[k] {
		return true
	}
	for i, c := range t.cursor {
		if c == k && i < len(t.cursor)-1 {
			return true
		}
	}
	return false
}

func (t *treeRows) rebuild() {
	t.rows = t.rows[:0]
	o := &t.m.open
	if o.isHL7 {
		for i := range o.message.Len() {
			t.addSegment(o.message.Segment(i), i)
		}
	}
	t.selected = -1
	for i := len(t.cursor) - 1; i >= 0 && t.selected < 0; i-- {
		t.selected = t.find(t.cursor[i])
	}
	t.m.form.rebuild()
}

// find returns the row of k, or -1. Rows are in the order of their keys.
func (t *treeRows) find(k key) int {
	i := sort.Search(len(t.rows), func(i int) bool { return !less(t.rows[i].key, k) })
	if i < len(t.rows) && t.rows[i].key == k {
		return i
	}
	return -1
}

func less(a, b key) bool {
	for _, d := range [...]int{a.segment - b.segment, a.field - b.field, a.repetition - b.repetition, a.component - b.component} {
		if d != 0 {
			return d < 0
		}
	}
	return a.subcomponent < b.subcomponent
}

func (t *treeRows) addSegment(s hl7.Segment, i int) {
	if s.ID() == "" && len(s.Bytes()) == 0 {
		return // a blank line: a finding says so
	}
	k := key{segment: i}
	t.rows = append(t.rows, node{k, 0, s.ID() != ""})
	if s.ID() == "" || !t.open(k) {
		return
	}
	last := s.Fields()
	if t.empty {
		if def, ok := t.m.open.version.Segment(s.Name()); ok {
			last = max(last, len(def.Fields))
		}
	}
	for f := 1; f <= last; f++ {
		t.addField(s, i, f)
	}
}

func (t *treeRows) addField(s hl7.Segment, i, f int) {
	v := s.Field(f)
	if !t.empty && v.State() != hl7.Valued && v.State() != hl7.Null {
		return
	}
	for r := 1; r <= max(1, v.Repetitions()); r++ {
		rep := v.Repetition(r)
		k := key{i, f, r, 0, 0}
		branch := t.composite(s.Name(), f) && rep.State() == hl7.Valued || rep.Components() > 1
		t.rows = append(t.rows, node{k, 1, branch})
		if branch && t.open(k) {
			t.addComponents(rep, k)
		}
	}
}

func (t *treeRows) addComponents(rep hl7.Value, k key) {
	for c := 1; c <= rep.Components(); c++ {
		comp := rep.Component(c)
		if !t.empty && comp.State() != hl7.Valued && comp.State() != hl7.Null {
			continue
		}
		ck := key{k.segment, k.field, k.repetition, c, 0}
		branch := comp.Subcomponents() > 1
		t.rows = append(t.rows, node{ck, 2, branch})
		if !branch || !t.open(ck) {
			continue
		}
		for u := 1; u <= comp.Subcomponents(); u++ {
			if sub := comp.Subcomponent(u); t.empty || sub.State() == hl7.Valued || sub.State() == hl7.Null {
				t.rows = append(t.rows, node{key{ck.segment, ck.field, ck.repetition, c, u}, 3, false})
			}
		}
	}
}

// composite says whether the dictionary gives the field's type components.
func (t *treeRows) composite(segment string, f int) bool {
	def, ok := t.m.open.version.FieldAt(segment, f, 0, 0)
	if !ok {
		return false
	}
	dt, ok := t.m.open.version.Type(def.Type)
	return ok && len(dt.Components) > 1
}

func (t *treeRows) value(k key) hl7.Value {
	v := t.m.open.message.Segment(k.segment).Field(k.field)
	if k.repetition > 0 {
		v = v.Repetition(k.repetition)
	}
	if k.component > 0 {
		v = v.Component(k.component)
	}
	if k.subcomponent > 0 {
		v = v.Subcomponent(k.subcomponent)
	}
	return v
}

// span is the bytes that a row stands for.
func (t *treeRows) span(k key) (from, to int) {
	s := t.m.open.message.Segment(k.segment)
	if k.field == 0 {
		return s.Offset(), s.End()
	}
	if v := t.value(k); v.IsPresent() {
		return v.Offset(), v.End()
	}
	return s.End(), s.End()
}

type treeGrid treeRows

var treeColumns = []screen.Column{
	{ID: "name", Title: "Field", Width: 220, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 116, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
	{ID: "meaning", Title: "Meaning", Width: 96, MinWidth: 40, Fixed: true},
}

func (g *treeGrid) Columns() []screen.Column { return treeColumns }
func (g *treeGrid) Len() int                 { return len(g.rows) }

func (g *treeGrid) Level(row int) (depth int, branch, open bool) {
	n := g.rows[row]
	return n.depth, n.branch, n.branch && (*treeRows)(g).open(n.key)
}

func (g *treeGrid) Cell(row, col int) screen.Cell {
	t, n := (*treeRows)(g), g.rows[row]
	switch treeColumns[col].ID {
	case "name":
		return t.name(n.key)
	case "value":
		return t.valueCell(n.key)
	}
	return t.meaning(n.key)
}

// name is the row's position and its name in the dictionary, with the shape of its worst finding.
func (t *treeRows) name(k key) screen.Cell {
	o := &t.m.open
	s := o.message.Segment(k.segment)
	cell := screen.Cell{}
	if worst, ok := t.worst(k); ok && worst > check.Information {
		cell.Shape = severityCell(worst).Shape
		cell.Role = severityCell(worst).Role
	}
	if k.field == 0 {
		cell.Bold = true
		cell.Text = segmentName(o, s)
		return cell
	}
	position := fmt.Sprint(k.field)
	if reps := s.Field(k.field).Repetitions(); reps > 1 && k.component == 0 {
		position = fmt.Sprintf("%d[%d]", k.field, k.repetition)
	}
	if k.component > 0 {
		position = fmt.Sprint(k.field, ".", k.component)
	}
	if k.subcomponent > 0 {
		position += fmt.Sprint(".", k.subcomponent)
	}
	cell.Text = position + "  " + t.fieldName(s.Name(), k)
	return cell
}

func segmentName(o *opened, s hl7.Segment) string {
	switch def, ok := o.version.Segment(s.Name()); {
	case s.ID() == "":
		return "not a segment"
	case ok:
		return s.ID() + "  " + def.Name
	case strings.HasPrefix(s.Name(), "Z"):
		return s.ID() + "  agreed between the two systems"
	}
	return s.ID() + "  not in v" + o.version.Name
}

func (t *treeRows) fieldName(segment string, k key) string {
	def, ok := t.m.open.version.FieldAt(segment, k.field, k.component, k.subcomponent)
	if ok && def.Name != "" {
		return def.Name
	}
	return ""
}

// previewBytes is how much of a value a row shows.
const previewBytes = 240

func (t *treeRows) valueCell(k key) screen.Cell {
	s := t.m.open.message.Segment(k.segment)
	if k.field == 0 {
		if s.ID() == "" {
			return screen.Cell{Text: oneLine(s.Bytes()), Role: screen.RoleMuted, Masked: t.m.masked}
		}
		if (*treeRows)(t).open(k) {
			return screen.Cell{}
		}
		return screen.Cell{Text: oneLine(s.Bytes()), Role: screen.RoleMuted, Masked: t.m.masked && t.m.open.drawing.HidesSegment(s)}
	}
	v := t.value(k)
	switch v.State() {
	case hl7.Absent, hl7.Empty:
		return screen.Cell{Text: "empty", Role: screen.RoleMuted}
	case hl7.Null:
		return screen.Cell{Text: `""`, Role: screen.RoleNull}
	}
	cell := screen.Cell{Masked: t.m.masked && t.m.open.drawing.HidesField(s, k.field)}
	if raw := v.Raw(); len(raw) > previewBytes {
		cell.Text = oneLine(raw)
		return cell
	}
	text := v.Text()
	if v.Components() > 1 || k.field <= 2 && isHeader(s.Name()) {
		text = string(v.Raw())
	}
	cell.Text = oneLine([]byte(text))
	return cell
}

func isHeader(segment string) bool { return segment == "MSH" || segment == "FHS" || segment == "BHS" }

// oneLine is a value as a row shows it: cut, and without line ends.
func oneLine(b []byte) string {
	cut := len(b) > previewBytes
	if cut {
		b = b[:previewBytes]
	}
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case r < 0x20 || r == 0x7f:
			return '·'
		}
		return r
	}, strings.ToValidUTF8(string(b), "·"))
	if cut {
		s += "…"
	}
	return s
}

// meaning says what a value stands for: a code's words, a date that a person reads, or its data type.
func (t *treeRows) meaning(k key) screen.Cell {
	o := &t.m.open
	s := o.message.Segment(k.segment)
	if k.field == 0 {
		if s.ID() == "" {
			return screen.Cell{}
		}
		return screen.Cell{Text: screen.Plural(s.Fields(), "field"), Role: screen.RoleMuted}
	}
	def, ok := o.version.FieldAt(s.Name(), k.field, k.component, k.subcomponent)
	if !ok {
		return screen.Cell{}
	}
	v := t.value(k)
	cell := screen.Cell{Role: screen.RoleMuted, Text: def.Type}
	if v.State() != hl7.Valued || len(v.Raw()) > 64 || v.Components() > 1 {
		return cell
	}
	hidden := t.m.masked && o.drawing.HidesField(s, k.field)
	switch def.Type {
	case "DT", "TS", "DTM", "TM":
		if r := readableTime(v.Text()); r != v.Text() {
			return screen.Cell{Text: r, Masked: hidden}
		}
	}
	if def.Table == "" {
		return cell
	}
	if table, ok := o.version.Table(def.Table); ok {
		code := v.Text()
		for _, c := range table.Codes {
			if c.Value == code {
				return screen.Cell{Text: c.Display, Masked: hidden}
			}
		}
	}
	cell.Text = def.Type + "  table " + def.Table
	return cell
}

// worst is the most serious finding inside a row's bytes.
func (t *treeRows) worst(k key) (worst check.Severity, any bool) {
	from, to := t.span(k)
	for _, f := range t.m.open.findings {
		inside := f.Offset >= from && f.Offset+f.Length <= to && f.Length < len(t.m.open.bytes)
		if inside && (f.Length > 0 || k.field > 0) && (!any || f.Severity > worst) {
			worst, any = f.Severity, true
		}
	}
	return worst, any
}
