package fhirview

import (
	"fmt"
	"strings"

	"trestle/internal/check"
	"trestle/internal/fhir"
	"trestle/internal/inspect/resource"
	"trestle/internal/present/screen"
)

// key tells one place of the tree from another.
type key struct {
	off, end int
	kind     fhir.Kind
}

func keyOf(n *fhir.Node) key { return key{n.Off, n.End, n.Kind} }

// row is one row of the tree. What it shows is looked up when it is painted.
type row struct {
	node    *fhir.Node
	element *resource.Element // nil for an item of a list until it is asked for
	list    int32             // the row of the list, of an item of a list
	item    int32
	depth   int16
	branch  bool
}

// treeRows are the open rows of the tree. A branch is open because the user opened it, or because the cursor is in it: the
// second kind closes again when the cursor leaves.
type treeRows struct {
	m        *Model
	rows     []row
	pinned   map[key]bool // opened by the user
	shut     map[key]bool // closed by the user although the cursor is in it
	within   map[key]bool // hold the cursor
	likely   map[int]bool // where branches that may be open begin: quicker to ask than the others
	selected int
}

func (t *treeRows) reset() {
	t.rows, t.pinned, t.shut, t.within, t.selected = nil, map[key]bool{}, map[key]bool{}, map[key]bool{}, -1
}

const (
	// openList is up to how many entries the list of a Bundle is open from the beginning.
	openList = 500
	// maxUnfolded is how many rows are shown at most when all branches are opened.
	maxUnfolded = 20_000
)

// Tree is the open resource by its elements.
func (m *Model) Tree() screen.Tree { return (*treeGrid)(&m.tree) }

// TreeSelected is the row of the element that the cursor is in, -1 for none.
func (m *Model) TreeSelected() int { return m.tree.selected }

// SelectNode moves the cursor to the element of a row.
func (m *Model) SelectNode(i int) {
	t := &m.tree
	if i < 0 || i >= len(t.rows) {
		return
	}
	for k := range t.within { // what is open stays open under the pointer
		t.pinned[k] = !t.shut[k]
	}
	k := keyOf(t.rows[i].node)
	m.Go(k.off)
	// A list of XML begins where its first item does: the row that was chosen stays chosen.
	for j := range m.chain {
		if keyOf(m.chain[j].Node) == k && j+1 < len(m.chain) {
			m.chain = m.chain[:j+1]
			t.mark()
			m.Changed(Tree | Cursor)
			break
		}
	}
}

// Toggle opens or closes the branch of a row.
func (m *Model) Toggle(i int) {
	t := &m.tree
	if i < 0 || i >= len(t.rows) || !t.rows[i].branch {
		return
	}
	k := keyOf(t.rows[i].node)
	open := t.open(k)
	t.pinned[k], t.shut[k] = !open, open
	t.rebuild()
	m.Changed(Tree)
}

// OpenAll opens all branches, as far as that gives no more rows than a person reads, or closes them.
func (m *Model) OpenAll(open bool) {
	t := &m.tree
	if m.doc == nil {
		return
	}
	t.pinned, t.shut = map[key]bool{}, map[key]bool{}
	if open {
		left := maxUnfolded
		t.pin(m.doc.Root(), &left)
	} else {
		clear(t.within)
	}
	t.rebuild()
	m.Changed(Tree)
}

// pin opens what lies below an element.
func (t *treeRows) pin(e resource.Element, left *int) {
	for _, c := range t.m.doc.Children(e) {
		if *left--; *left < 0 {
			return
		}
		if c.HasChildren() {
			t.pinned[keyOf(c.Node)] = true
			t.pin(c, left)
		}
	}
}

func (t *treeRows) open(k key) bool { return !t.shut[k] && (t.pinned[k] || t.within[k]) }

// follow opens the branches that hold the cursor and selects the row of its element.
func (t *treeRows) follow() {
	chain := t.m.chain
	before := t.within
	t.within = make(map[key]bool, len(chain))
	changed := len(t.shut) > 0
	for i := 1; i+1 < len(chain); i++ {
		k := keyOf(chain[i].Node)
		t.within[k] = true
		changed = changed || !t.pinned[k] && !before[k]
	}
	for k := range before {
		changed = changed || !t.pinned[k] && !t.within[k]
	}
	clear(t.shut)
	if changed || len(t.rows) == 0 {
		t.rebuild()
	} else {
		t.mark()
	}
}

// rebuild makes the rows anew: its cost is that of the rows that are open.
func (t *treeRows) rebuild() {
	t.rows = t.rows[:0]
	doc := t.m.doc
	if doc == nil || doc.Tree == nil {
		t.selected = -1
		return
	}
	if list := doc.Tree.Member("entry"); list != nil && len(doc.Entries()) <= openList && list.Kind == fhir.Array {
		if k := (key{list.Off, list.End, list.Kind}); !t.shut[k] {
			t.pinned[k] = true
		}
	}
	t.likely = make(map[int]bool, len(t.pinned)+len(t.within))
	for _, set := range []map[key]bool{t.pinned, t.within} {
		for k := range set {
			t.likely[k.off] = true
		}
	}
	for _, c := range doc.Children(doc.Root()) {
		t.add(c, 0)
	}
	t.mark()
}

func (t *treeRows) add(e resource.Element, depth int16) {
	if e.IsList() && len(e.Node.Children) == 1 { // a list of one is that one
		t.add(t.m.doc.Item(e, 0), depth)
		return
	}
	r := row{node: e.Node, element: &e, depth: depth, branch: e.HasChildren()}
	t.rows = append(t.rows, r)
	if !r.branch || !t.open(keyOf(e.Node)) {
		return
	}
	if !e.IsList() {
		for _, c := range t.m.doc.Children(e) {
			t.add(c, depth+1)
		}
		return
	}
	// A list may have a hundred thousand items: what is not open is a row and no more.
	list := int32(len(t.rows) - 1)
	for i, n := range e.Node.Children {
		if t.likely[n.Off] && t.open(keyOf(n)) || e.More != nil {
			t.add(t.m.doc.Item(e, i), depth+1)
			continue
		}
		t.rows = append(t.rows, row{node: n, list: list, item: int32(i), depth: depth + 1, branch: (n.Kind == fhir.Object || n.Kind == fhir.Array) && len(n.Children) > 0})
	}
}

// at is the element of a row.
func (t *treeRows) at(i int) *resource.Element {
	r := &t.rows[i]
	if r.element == nil {
		e := t.m.doc.Item(*t.rows[r.list].element, int(r.item))
		r.element = &e
	}
	return r.element
}

// mark selects the row of the innermost element that holds the cursor and has a row.
func (t *treeRows) mark() {
	t.selected = -1
	places := make(map[key]int, len(t.m.chain))
	for i := 1; i < len(t.m.chain); i++ {
		places[keyOf(t.m.chain[i].Node)] = i
	}
	best := 0
	for i := range t.rows {
		n := t.rows[i].node
		from := n.Off
		if n.Name != "" {
			from = min(from, n.NameOff)
		}
		if from > t.m.cursor || n.End < t.m.cursor {
			continue
		}
		if at := places[keyOf(n)]; at > best || at == best && at > 0 {
			t.selected, best = i, at
		}
	}
}

type treeGrid treeRows

var treeColumns = []screen.Column{
	{ID: "name", Title: "Element", Width: 172, MinWidth: 90, Fixed: true},
	{ID: "value", Title: "Value", Width: 116, MinWidth: 60, Flex: true, Fixed: true},
	{ID: "often", Title: "Card.", Width: 46, MinWidth: 40, Fixed: true},
	{ID: "meaning", Title: "Meaning", Width: 90, MinWidth: 40, Flex: true, Fixed: true},
}

func (g *treeGrid) Columns() []screen.Column { return treeColumns }
func (g *treeGrid) Len() int                 { return len(g.rows) }

func (g *treeGrid) Level(i int) (depth int, branch, open bool) {
	r := &g.rows[i]
	return int(r.depth), r.branch, r.branch && (*treeRows)(g).open(keyOf(r.node))
}

func (g *treeGrid) Cell(i, col int) screen.Cell {
	e, m := (*treeRows)(g).at(i), g.m
	switch treeColumns[col].ID {
	case "name":
		return m.nameCell(e)
	case "value":
		return m.valueCell(e)
	case "often":
		return screen.Cell{Text: e.Cardinality(), Role: screen.RoleMuted}
	}
	return m.meaningCell(e)
}

// nameCell is the element's name, with the shape of its worst finding.
func (m *Model) nameCell(e *resource.Element) screen.Cell {
	cell := screen.Cell{Text: e.Name, Bold: e.HasChildren()}
	if e.Item >= 0 && !strings.HasSuffix(e.Path(), e.Name+"[0]") || e.Item == 0 && m.several(e) {
		cell.Text = fmt.Sprintf("%s[%d]", e.Name, e.Item)
	}
	if !e.Known() && e.Node.Kind != fhir.Comment {
		cell.Role, cell.Masked = screen.RoleWarning, m.masked
	}
	worst, any := check.Information, false
	for i := range m.findings {
		f := &m.findings[i]
		if f.Severity > worst && f.Offset >= e.Node.Off && f.Offset+f.Length <= e.Node.End {
			worst, any = f.Severity, true
		}
	}
	if any {
		cell.Shape, cell.Role = shapeOf(worst)
	}
	return cell
}

// several says whether an item has others beside it.
func (m *Model) several(e *resource.Element) bool {
	list, ok := m.doc.Find(strings.TrimSuffix(e.Path(), "[0]"))
	return ok && list.IsList() && len(list.Node.Children) > 1
}

// shapeOf is how a severity looks everywhere.
func shapeOf(s check.Severity) (screen.Shape, screen.Role) {
	switch s {
	case check.Fatal, check.Error:
		return screen.ShapeSquare, screen.RoleError
	case check.Warning:
		return screen.ShapeTriangle, screen.RoleWarning
	}
	return screen.ShapeCircle, screen.RoleInformation
}

func (m *Model) valueCell(e *resource.Element) screen.Cell {
	text := valueOf(e)
	cell := screen.Cell{Text: text, Mono: e.Node.IsPrimitive()}
	switch {
	case e.IsList():
		cell.Role = screen.RoleMuted
		return cell
	case e.Node.Kind == fhir.Null:
		cell.Role = screen.RoleNull
	case e.Node.Kind == fhir.Object:
		cell.Role = screen.RoleMuted
	}
	cell.Masked = m.masked && text != "" && m.doc.Hides(e)
	return cell
}

// valueOf is what an element holds, in a line.
func valueOf(e *resource.Element) string {
	if e.IsList() {
		return screen.Plural(len(e.Node.Children), "item")
	}
	return oneLine(resource.Words(e.Node, e.Type))
}

// longest is how much of a value a row shows, in bytes.
const longest = 240

// oneLine is a text as a row shows it: cut, and without line ends.
func oneLine(s string) string {
	cut := len(s) > longest
	if cut {
		s = s[:longest]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case r < 0x20 || r == 0x7f:
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if cut {
		s += "…"
	}
	return s
}

// meaningCell says what a value stands for: a code in words, or what the element is for.
func (m *Model) meaningCell(e *resource.Element) screen.Cell {
	if d := m.codeWords(e); d != "" {
		return screen.Cell{Text: d, Masked: m.masked && m.doc.Hides(e)}
	}
	switch {
	case e.Node.Kind == fhir.Comment:
		return screen.Cell{}
	case !e.Known():
		return screen.Cell{Text: "not defined by FHIR R4", Role: screen.RoleWarning}
	case e.Def == nil:
		return screen.Cell{Text: "Type of the resource", Role: screen.RoleMuted}
	}
	words := e.Def.Short
	if e.Type != "" && e.Type != "BackboneElement" { // which has no type of its own
		words += " (" + e.Type + ")"
	}
	return screen.Cell{Text: words, Role: screen.RoleMuted}
}

// codeWords is what the code of an element stands for, "" where it is none or nobody knows here.
func (m *Model) codeWords(e *resource.Element) string {
	if e.Type != "code" || !e.Node.IsPrimitive() || e.Def == nil {
		return ""
	}
	if e.Name == "code" { // of a Coding or Quantity, whose system stands beside it
		if parent, ok := m.doc.Find(strings.TrimSuffix(e.Path(), ".code")); ok {
			if system := m.doc.Definitions.CodeSystem(parent.Node.Find("system").String()); system != nil {
				return system.Display(e.Node.Text)
			}
		}
		return ""
	}
	return m.doc.CodeDisplay(e.Def.Binding.ValueSet, e.Node.Text)
}
