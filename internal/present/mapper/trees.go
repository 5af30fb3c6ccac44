package mapper

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/present/screen"
)

func itoa(n int) string { return strconv.Itoa(n) }

func defFields(s *dictionary.Segment, known bool) []dictionary.Field {
	if !known {
		return nil
	}
	return s.Fields
}

var sourceColumns = []screen.Column{
	{ID: "name", Title: "Source", Width: 210, MinWidth: 120, Flex: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 160, MinWidth: 50, Flex: true, Mono: true, Fixed: true},
	{ID: "share", Title: "Populated", Width: 52, MinWidth: 40, Right: true, Fixed: true},
	{ID: "rules", Title: "Rules", Width: 44, MinWidth: 30, Right: true, Fixed: true},
}

var targetColumns = []screen.Column{
	{ID: "rules", Title: "Target", Width: 260, MinWidth: 120, Flex: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 130, MinWidth: 50, Flex: true, Mono: true, Fixed: true},
	{ID: "type", Title: "Type", Width: 90, MinWidth: 40, Fixed: true},
}

// SourceTree is what is read, with the value of the sample that is shown and how many samples have one.
func (m *Model) SourceTree() screen.Tree { return &treeGrid{m, false} }

// TargetTree is what is made, with the value that the rules write.
func (m *Model) TargetTree() screen.Tree { return &treeGrid{m, true} }

type treeGrid struct {
	m      *Model
	target bool
}

func (g *treeGrid) side() *side { return g.m.sideOf(g.target) }

func (g *treeGrid) Columns() []screen.Column {
	if g.target {
		return targetColumns
	}
	return sourceColumns
}

func (g *treeGrid) Len() int {
	if g.m.doc == nil {
		return 0
	}
	return len(g.side().rows)
}

func (g *treeGrid) Level(row int) (depth int, branch, open bool) {
	if row >= g.Len() {
		return 0, false, false
	}
	return g.side().level(row)
}

func (g *treeGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	s := g.side()
	n := &s.nodes[s.rows[row]]
	switch g.Columns()[col].ID {
	case "name":
		return s.nameCell(n)
	case "value":
		return s.valueCell(n)
	case "share":
		return s.shareCell(n)
	case "type":
		return screen.Cell{Text: n.typ, Role: screen.RoleMuted}
	}
	switch {
	case g.target:
		return s.nameCell(n)
	case s.leftOut(n) && n.rules == 0:
		return screen.Cell{Text: "out", Role: screen.RoleMuted} // on purpose
	}
	return rulesCell(n)
}

// nameCell is the name of a place. A mark before it says that it was marked, that a rule has it, or that it must be there
// and no rule has it.
func (s *side) nameCell(n *node) screen.Cell {
	c := screen.Cell{Text: n.name, Bold: n.depth == 0 || n.to == "" && s.target}
	if n.about != "" {
		c.Text += "  " + n.about
		c.Spans = []screen.Span{{Start: len(n.name), End: len(c.Text), Role: screen.RoleMuted}}
	}
	switch {
	case s.marked[n.key]:
		c.Shape, c.Role = screen.ShapeSquare, screen.RoleAccent
	case n.rules > 0 && (n.to != "" || !s.target):
		c.Shape, c.Role = screen.ShapeCircle, screen.RoleOK
		c.Spans = append([]screen.Span{{Start: 0, End: len(n.name), Role: screen.RoleText}}, c.Spans...)
	case s.target && n.required && n.rules+n.below == 0 && !s.covered(n) && s.parentMade(n):
		c.Shape, c.Role = screen.ShapeTriangle, screen.RoleWarning
		c.Spans = append([]screen.Span{{Start: 0, End: len(n.name), Role: screen.RoleText}}, c.Spans...)
	}
	return c
}

// parentMade says whether what a place is a part of is made piece by piece: only then it is missing.
func (s *side) parentMade(n *node) bool {
	if n.parent < 0 {
		return false
	}
	p := &s.nodes[n.parent]
	return p.to == "" || p.below > 0
}

func (s *side) valueCell(n *node) screen.Cell {
	text, hidden := s.value(n)
	c := screen.Cell{Text: text, Role: screen.RoleValue, Masked: hidden}
	if !s.target && text != "" && !hidden {
		if p := s.d.samples.values[n.key]; p.count > 1 {
			c.Text = fmt.Sprintf("%s  ×%d", text, p.count)
			c.Spans = []screen.Span{{Start: len(text), End: len(c.Text), Role: screen.RoleMuted}}
		}
	}
	return c
}

// shareCell is the share of samples that have something at a place.
func (s *side) shareCell(n *node) screen.Cell {
	all := len(s.d.samples.list)
	if all == 0 {
		return screen.Cell{}
	}
	k := s.d.samples.counts[n.key]
	if k == 0 {
		return screen.Cell{}
	}
	percent := int(math.Round(100 * float64(k) / float64(all)))
	if k < all {
		percent = min(percent, 99)
	}
	return screen.Cell{Text: fmt.Sprintf("%d %%", max(percent, 1)), Role: screen.RoleMuted, Bar: float64(k) / float64(all), BarRole: screen.RoleInformation}
}

func rulesCell(n *node) screen.Cell {
	switch {
	case n.rules > 0:
		return screen.Cell{Text: fmt.Sprintf("%d →", n.rules), Role: screen.RoleOK}
	case n.below > 0:
		return screen.Cell{Text: fmt.Sprintf("(%d)", n.below), Role: screen.RoleMuted}
	}
	return screen.Cell{}
}

// SetCursor says on which row of a side the user is, so that he stays there when rows come and go.
func (m *Model) SetCursor(target bool, row int) {
	if m.doc == nil {
		return
	}
	if s := m.sideOf(target); row >= 0 && row < len(s.rows) {
		s.cursor = s.nodes[s.rows[row]].key
	}
}

// Cursor is the row that the user is on, or the closed branch that holds it now; -1 for none.
func (m *Model) Cursor(target bool) int {
	if m.doc == nil {
		return -1
	}
	s := m.sideOf(target)
	if at := s.find(s.cursor); at >= 0 && int(at) < len(s.nearest) {
		return int(s.nearest[at])
	}
	return -1
}

// Toggle opens or closes the branch in a row of a side.
func (m *Model) Toggle(target bool, row int) {
	d := m.doc
	if d == nil {
		return
	}
	m.sideOf(target).toggle(row)
	d.arranged()
}

// arranged lists the rows again, keeps what is open, and tells of it.
func (d *document) arranged() {
	d.arrange()
	for i := range d.sides {
		d.layout.Open[i] = d.sides[i].openKeys()
	}
	d.keepLayout()
	d.m.changed(Trees)
}

// CloseAll closes all branches of both sides.
func (m *Model) CloseAll() {
	if d := m.doc; d != nil {
		clear(d.sides[0].open)
		clear(d.sides[1].open)
		d.arranged()
	}
}

// Search shows what holds a text on a side, in its path, name or value; an empty text shows all again.
func (m *Model) Search(target bool, text string) {
	if m.doc == nil {
		return
	}
	s := m.sideOf(target)
	if s.search = strings.ToLower(strings.TrimSpace(text)); s.search != "" {
		s.deepenFor()
	}
	m.doc.arrange()
	m.changed(Trees)
}

// EmptyWords say why a side has no rows, and what helps.
func (m *Model) EmptyWords(target bool) string {
	if m.doc != nil {
		s := m.sideOf(target)
		filter := ""
		if s.filter != Everything {
			filter = " with the filter " + Filters[s.filter]
		}
		switch {
		case len(s.nodes) > 0 && s.search != "":
			return fmt.Sprintf("Nothing matches %q%s. Escape in the search shows all again.", s.search, filter)
		case len(s.nodes) > 0 && filter != "":
			return "Nothing is left" + filter + "."
		}
	}
	if target {
		return "Nothing is made yet: add a block (Ctrl+B)."
	}
	return "Nothing to read yet: choose samples, or say which message it is under More."
}

// SetFilter shows what passes a filter on a side.
func (m *Model) SetFilter(target bool, f Filter) {
	if m.doc == nil {
		return
	}
	s := m.sideOf(target)
	s.filter = f
	m.doc.arrange()
	m.changed(Trees)
}

// FilterOf is the filter of a side.
func (m *Model) FilterOf(target bool) Filter {
	if m.doc == nil {
		return Everything
	}
	return m.sideOf(target).filter
}

// searchDepth is how deep the elements of FHIR are looked through for a text: deeper ones are found once somebody has
// opened the branch.
const searchDepth = 3

// deepenFor makes the nodes that a search looks through.
func (s *side) deepenFor() {
	for i := 0; i < len(s.nodes) && len(s.nodes) < 60_000; i++ {
		if s.nodes[i].depth < searchDepth && !s.nodes[i].grown {
			s.deepen(int32(i))
		}
	}
}

// Ends are the rows of the source and the target of the rule that is looked at: those that show, or the nearest closed
// branches; -1 where there is none.
func (m *Model) Ends() (source, target int) {
	d := m.doc
	if d == nil {
		return -1, -1
	}
	source, target = -1, -1
	for _, i := range d.lines.byRule[d.chosen.id] {
		x := &d.lines.all[i]
		return int(d.sides[0].nearest[x.left]), int(d.sides[1].nearest[x.right])
	}
	if r, ok := m.chosenRow(); ok {
		s := &d.sides[1]
		at := s.find(blockKey(r.block.ID))
		if r.rule != nil && r.rule.To != "" {
			at = s.find(targetKey(r.block.ID, r.rule.To))
		}
		if at >= 0 && int(at) < len(s.nearest) {
			target = int(s.nearest[at])
		}
	}
	return source, target
}

// Reveal opens the branches that hold the ends of the rule that is looked at.
func (m *Model) Reveal() {
	d := m.doc
	if d == nil {
		return
	}
	for _, i := range d.lines.byRule[d.chosen.id] {
		d.sides[0].reveal(d.lines.all[i].left)
		d.sides[1].reveal(d.lines.all[i].right)
	}
	if r, ok := m.chosenRow(); ok && r.rule != nil {
		if at := d.sides[1].find(targetKey(r.block.ID, r.rule.To)); at >= 0 {
			d.sides[1].reveal(at)
		}
	}
	d.arranged()
}

// PlaceWords say what stands in a row of a side: its path, its name and how often it is populated.
func (m *Model) PlaceWords(target bool, row int) string {
	if m.doc == nil {
		return ""
	}
	s := m.sideOf(target)
	if row < 0 || row >= len(s.rows) {
		return ""
	}
	n := &s.nodes[s.rows[row]]
	words := s.title(n)
	if all := len(s.d.samples.list); !target && all > 0 {
		words += fmt.Sprintf("  ·  in %d of %s", s.d.samples.counts[n.key], screen.Plural(all, "sample"))
	}
	return words
}

// PathAt is the path of a row of a side as rules write it.
func (m *Model) PathAt(target bool, row int) string {
	if m.doc == nil {
		return ""
	}
	s := m.sideOf(target)
	if row < 0 || row >= len(s.rows) {
		return ""
	}
	if n := &s.nodes[s.rows[row]]; target {
		return n.to
	} else {
		return n.key
	}
}

// RowOfPath is the row of a path on a side, with the branches that lead to it open; -1 where there is none.
func (m *Model) RowOfPath(target bool, path string) int {
	d := m.doc
	if d == nil {
		return -1
	}
	s := m.sideOf(target)
	at := int32(none)
	for i := range s.nodes {
		n := &s.nodes[i]
		if !target && strings.EqualFold(n.key, path) || target && (strings.EqualFold(n.to, path) || strings.EqualFold(s.nodes[s.rootOf(n)].name+"."+n.to, path)) {
			at = int32(i)
			break
		}
	}
	if at < 0 {
		return -1
	}
	s.reveal(at)
	d.arranged()
	return int(s.rowOf[at])
}

// targetValues takes what rules wrote for the sample that is shown.
func (d *document) targetValues() {
	s := &d.sides[1]
	s.values = map[string]string{}
	if d.preview.shown == nil {
		return
	}
	for i := range d.preview.shown.Traces {
		t := &d.preview.shown.Traces[i]
		if !t.Fired() {
			continue
		}
		key := targetKey(t.Block, t.Target)
		if _, ok := s.values[key]; !ok {
			s.values[key] = strings.Join(t.Output, " | ")
		}
	}
	if s.filter == Populated || s.filter == Unmapped || s.search != "" {
		d.arrange()
	}
}

// remask draws again what the mask hides or shows.
func (d *document) remask() {
	if d.preview.result != nil {
		d.preview.result.paint(d.m.masked)
	}
	d.arrange()
}
