package mapper

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

var ruleColumns = []screen.Column{
	ColumnID:        {ID: "id", Title: "Rule", Width: 96, MinWidth: 50, Mono: true, Fixed: true},
	ColumnTarget:    {ID: "target", Title: "Target", Width: 210, MinWidth: 80, Flex: true, Mono: true, Fixed: true},
	ColumnEach:      {ID: "each", Title: "Each", Width: 70, MinWidth: 40, Mono: true, Fixed: true},
	ColumnSources:   {ID: "sources", Title: "Sources", Width: 150, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
	ColumnFormula:   {ID: "formula", Title: "Formula", Width: 90, MinWidth: 40, Mono: true, Fixed: true},
	ColumnCondition: {ID: "condition", Title: "Condition", Width: 150, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
	ColumnFunctions: {ID: "functions", Title: "Functions", Width: 150, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
	ColumnLookup:    {ID: "lookup", Title: "Lookup", Width: 84, MinWidth: 40, Mono: true, Fixed: true},
	ColumnDefault:   {ID: "default", Title: "Default", Width: 80, MinWidth: 40, Mono: true, Fixed: true},
	ColumnStatus:    {ID: "status", Title: "Status", Width: 84, MinWidth: 50, Fixed: true},
	ColumnOwner:     {ID: "owner", Title: "Owner", Width: 70, MinWidth: 40, Fixed: true},
	ColumnNote:      {ID: "note", Title: "Note", Width: 130, MinWidth: 40, Flex: true, Fixed: true},
	ColumnFired:     {ID: "fired", Title: "Fired", Width: 66, MinWidth: 40, Right: true, Fixed: true},
}

// RuleList is the blocks and rules as a table, each cell of which can be edited: see [Model.SetCell].
func (m *Model) RuleList() screen.Grid { return (*ruleGrid)(m) }

type ruleGrid Model

func (g *ruleGrid) Columns() []screen.Column { return ruleColumns }

func (g *ruleGrid) Len() int {
	if g.doc == nil {
		return 0
	}
	return len(g.doc.rows)
}

func (g *ruleGrid) Cell(at, col int) screen.Cell {
	if at >= g.Len() {
		return screen.Cell{}
	}
	r := g.doc.rows[at]
	c := screen.Cell{Text: cellText(r, col)}
	if r.rule == nil {
		c.Bold = true
		switch col {
		case ColumnTarget:
			c.Text = strings.Repeat("  ", r.depth) + c.Text
		case ColumnEach, ColumnSources, ColumnCondition:
			c.Bold, c.Role = false, screen.RoleMuted
		}
		if col == ColumnID && g.doc.preview.byRule[r.block.ID] != "" {
			c.Shape, c.Role = screen.ShapeSquare, screen.RoleError
		}
		return c
	}
	if r.rule.Status == mapping.OutOfScope {
		c.Role = screen.RoleMuted
	}
	switch col {
	case ColumnID:
		if g.doc.preview.byRule[r.rule.ID] != "" {
			c.Shape, c.Role = screen.ShapeSquare, screen.RoleError
		}
	case ColumnTarget:
		c.Text = strings.Repeat("  ", r.depth+1) + c.Text
	case ColumnStatus:
		c.Role, c.Shape = statusLook(r.rule.Status)
	case ColumnFired:
		return (*Model)(g).fired(r.rule.ID)
	}
	return c
}

func statusLook(s mapping.Status) (screen.Role, screen.Shape) {
	switch s {
	case mapping.Agreed:
		return screen.RoleOK, screen.ShapeCircle
	case mapping.Question:
		return screen.RoleWarning, screen.ShapeTriangle
	case mapping.Draft:
		return screen.RoleMuted, screen.ShapeRing
	case mapping.OutOfScope:
		return screen.RoleMuted, screen.ShapeNone
	}
	return screen.RoleMuted, screen.ShapeNone
}

// fired says in how many samples a rule wrote something.
func (m *Model) fired(id string) screen.Cell {
	u := m.doc.preview.uses[id]
	if u == nil || m.doc.preview.report == nil {
		return screen.Cell{}
	}
	n := m.doc.preview.report.Samples
	c := screen.Cell{Text: fmt.Sprintf("%d/%d", u.Fired, n), Role: screen.RoleMuted}
	if u.Fired == 0 {
		c.Text, c.Role, c.Shape = "never", screen.RoleWarning, screen.ShapeTriangle
	}
	if u.Warnings > 0 {
		c.Role, c.Shape = screen.RoleWarning, screen.ShapeTriangle
	}
	return c
}

// RowOf is the row of a rule or block in the table, -1 for none.
func (m *Model) RowOf(id string) int {
	if m.doc != nil {
		if at, ok := m.doc.index[id]; ok {
			return at
		}
	}
	return -1
}

// IDAt is the ID of the rule or block in a row of the table, "" for none.
func (m *Model) IDAt(at int) string {
	if m.doc == nil || at < 0 || at >= len(m.doc.rows) {
		return ""
	}
	return m.doc.rows[at].id()
}

// CanEditCell says whether a cell of the table can be edited.
func (m *Model) CanEditCell(at, column int) bool {
	return m.doc != nil && at >= 0 && at < len(m.doc.rows) && canEdit(m.doc.rows[at], column)
}

// CellText is what a cell of the table holds, as it is edited.
func (m *Model) CellText(at, column int) string {
	if m.doc == nil || at < 0 || at >= len(m.doc.rows) {
		return ""
	}
	return cellText(m.doc.rows[at], column)
}

// SetCell changes a cell of the table. An error says what is wrong with the text.
func (m *Model) SetCell(at, column int, text string) error {
	if !m.CanEditCell(at, column) {
		return nil
	}
	return m.setCell(m.doc.rows[at], column, text)
}

func (m *Model) setCell(r row, column int, text string) error {
	if !canEdit(r, column) || strings.TrimSpace(text) == cellText(r, column) {
		return nil
	}
	title := strings.ToLower(ruleColumns[column].Title)
	if r.rule == nil {
		changed := *r.block
		if err := setBlockCell(&changed, column, text); err != nil {
			return err
		}
		m.Edit(fmt.Sprintf("Change the %s of %s", title, r.block.ID), func(e *Edit) bool {
			b := e.Block(r.block.ID)
			rules, blocks := b.Rules, b.Blocks
			*b = changed
			b.Rules, b.Blocks = rules, blocks
			return true
		})
		return nil
	}
	changed := *r.rule
	if err := setRuleCell(m.doc.file, &changed, column, text); err != nil {
		return err
	}
	m.Edit(fmt.Sprintf("Change the %s of %s", title, r.rule.ID), func(e *Edit) bool {
		*e.Rule(r.block.ID, r.rule.ID) = changed
		return true
	})
	return nil
}

// AddRule adds an empty rule after a row of the table and chooses it. It returns its row.
func (m *Model) AddRule(after int) int {
	return m.addRule(after, mapping.Rule{Status: mapping.Draft}, "Add a rule")
}

func (m *Model) addRule(after int, rule mapping.Rule, words string) int {
	d := m.doc
	if d == nil || len(d.rows) == 0 {
		return -1
	}
	after = min(max(after, 0), len(d.rows)-1)
	r := d.rows[after]
	at := 0
	if r.rule != nil {
		at = slices.IndexFunc(r.block.Rules, func(x mapping.Rule) bool { return x.ID == r.rule.ID }) + 1
	}
	rule.ID = d.ruleID(r.block)
	id := r.block.ID
	keys := d.keysOf(id, rule)
	m.Edit(words, func(e *Edit) bool {
		e.takeIn(keys)
		e.Insert(e.Block(id), at, rule)
		return true
	})
	m.Choose(rule.ID)
	return m.RowOf(rule.ID)
}

// ruleID is an ID for a new rule of a block, as the others of the block have it: pid-20 after pid-19.
func (d *document) ruleID(b *mapping.Block) string {
	for i := len(b.Rules) - 1; i >= 0; i-- {
		if cut := strings.LastIndexByte(b.Rules[i].ID, '-'); cut > 0 {
			return d.numbered(b.Rules[i].ID[:cut+1])
		}
	}
	return d.numbered(identifier(strings.TrimPrefix(b.ID, "b-")) + "-")
}

// numbered is a prefix with the next number that no rule has.
func (d *document) numbered(prefix string) string {
	most := d.numbers[prefix]
	for id := range d.index {
		rest, ok := strings.CutPrefix(id, prefix)
		n := 0
		for _, c := range rest {
			if c < '0' || c > '9' || n > 1_000_000 {
				ok = false
				break
			}
			n = 10*n + int(c-'0')
		}
		if ok {
			most = max(most, n)
		}
	}
	if d.numbers == nil {
		d.numbers = map[string]int{}
	}
	d.numbers[prefix] = most + 1
	return fmt.Sprintf("%s%02d", prefix, most+1)
}

// DuplicateRows adds a copy of each rule among rows of the table after it.
func (m *Model) DuplicateRows(rows []int) {
	d := m.doc
	type copied struct {
		block string
		after string
		rule  mapping.Rule
	}
	var list []copied
	for _, at := range rows {
		if d == nil || at < 0 || at >= len(d.rows) || d.rows[at].rule == nil {
			continue
		}
		r := d.rows[at]
		x := *r.rule
		x.ID = d.ruleID(r.block)
		list = append(list, copied{r.block.ID, r.rule.ID, x})
	}
	if len(list) == 0 {
		return
	}
	m.Edit("Duplicate "+screen.Plural(len(list), "rule"), func(e *Edit) bool {
		for _, c := range list {
			b := e.Block(c.block)
			e.Insert(b, slices.IndexFunc(b.Rules, func(x mapping.Rule) bool { return x.ID == c.after })+1, c.rule)
		}
		return true
	})
	m.Choose(list[len(list)-1].rule.ID)
}

// DeleteRows removes the rules and blocks in rows of the table; a block goes with what is in it.
func (m *Model) DeleteRows(rows []int) {
	ids := map[string]bool{}
	for _, at := range rows {
		if id := m.IDAt(at); id != "" {
			ids[id] = true
		}
	}
	m.delete(ids)
}

// DeleteRules removes rules by their IDs.
func (m *Model) DeleteRules(ids ...string) {
	set := map[string]bool{}
	for _, id := range ids {
		set[id] = true
	}
	m.delete(set)
}

func (m *Model) delete(ids map[string]bool) {
	d := m.doc
	if d == nil || len(ids) == 0 {
		return
	}
	rules, first := 0, len(d.rows)
	for at, r := range d.rows {
		gone := ids[r.id()] || ids[r.block.ID]
		if gone && r.rule != nil {
			rules++
		}
		if gone {
			first = min(first, at)
		}
	}
	words := "Delete " + screen.Plural(rules, "rule")
	if rules == 0 {
		words = "Delete a block"
	}
	changed := m.Edit(words, func(e *Edit) bool {
		e.File.Blocks = withoutIDs(e.File.Blocks, ids)
		return true
	})
	if !changed {
		return
	}
	if id := m.IDAt(min(first, len(d.rows)-1)); id != "" {
		m.Choose(id)
	}
	m.Say(screen.News{Text: screen.Plural(rules, "rule") + " deleted.", Offer: "Undo"}, m.Undo)
}

func withoutIDs(list []mapping.Block, ids map[string]bool) []mapping.Block {
	kept := make([]mapping.Block, 0, len(list))
	for _, b := range list {
		if ids[b.ID] {
			continue
		}
		if slices.ContainsFunc(b.Rules, func(r mapping.Rule) bool { return ids[r.ID] }) {
			b.Rules = slices.DeleteFunc(slices.Clone(b.Rules), func(r mapping.Rule) bool { return ids[r.ID] })
		}
		b.Blocks = withoutIDs(b.Blocks, ids)
		kept = append(kept, b)
	}
	return kept
}

// MoveRow puts the rule in a row of the table where another row stands now, within its block. It returns its row then.
func (m *Model) MoveRow(from, to int) int {
	d := m.doc
	if d == nil || from == to || from < 0 || to < 0 || from >= len(d.rows) || to >= len(d.rows) {
		return from
	}
	a, b := d.rows[from], d.rows[to]
	if a.rule == nil || b.rule == nil || a.block.ID != b.block.ID {
		m.Say(screen.News{Text: "A rule moves within its block only.", Bad: true}, nil)
		return from
	}
	id, block := a.rule.ID, a.block.ID
	m.Edit("Move "+id, func(e *Edit) bool {
		x := e.Block(block)
		rules := e.rulesOf(x)
		i := slices.IndexFunc(rules, func(r mapping.Rule) bool { return r.ID == id })
		k := i + to - from
		moved := rules[i]
		rules = slices.Delete(rules, i, i+1)
		x.Rules = slices.Insert(rules, min(max(k, 0), len(rules)), moved)
		return true
	})
	return m.RowOf(id)
}

// SetStatus sets the status of all rules among rows of the table, and likewise their owner with SetOwner.
func (m *Model) SetStatus(rows []int, s mapping.Status) {
	m.setAll(rows, fmt.Sprintf("Set the status %s of", statusWord(s)), func(r *mapping.Rule) { r.Status = s })
}

// SetOwner sets who answers for all rules among rows of the table.
func (m *Model) SetOwner(rows []int, owner string) {
	m.setAll(rows, "Set the owner of", func(r *mapping.Rule) { r.Owner = strings.TrimSpace(owner) })
}

func statusWord(s mapping.Status) string {
	if s == "" {
		return "none"
	}
	return string(s)
}

func (m *Model) setAll(rows []int, words string, set func(*mapping.Rule)) {
	d := m.doc
	if d == nil {
		return
	}
	var ids [][2]string
	for _, at := range rows {
		if at >= 0 && at < len(d.rows) && d.rows[at].rule != nil {
			ids = append(ids, [2]string{d.rows[at].block.ID, d.rows[at].rule.ID})
		}
	}
	if len(ids) == 0 {
		return
	}
	m.Edit(words+" "+screen.Plural(len(ids), "rule"), func(e *Edit) bool {
		for _, id := range ids {
			set(e.Rule(id[0], id[1]))
		}
		return true
	})
}

// StepProblem looks at the next rule that cannot run, warns, or never wrote anything; by is 1 or -1.
func (m *Model) StepProblem(by int) {
	d := m.doc
	if d == nil || len(d.rows) == 0 {
		return
	}
	n := len(d.rows)
	at := max(m.RowOf(d.chosen.id), 0)
	for k := 1; k <= n; k++ {
		i := ((at+by*k)%n + n) % n
		if m.needsLook(d.rows[i]) {
			m.Choose(d.rows[i].id())
			return
		}
	}
	m.Say(screen.News{Text: "No rule needs a look: all run, none warns, and each has written something."}, nil)
}

func (m *Model) needsLook(r row) bool {
	p := &m.doc.preview
	if p.byRule[r.id()] != "" {
		return true
	}
	if r.rule == nil || r.rule.Status == mapping.OutOfScope || p.report == nil {
		return false
	}
	u := p.uses[r.rule.ID]
	return u != nil && (u.Fired == 0 || u.Warnings > 0) || r.rule.Status == mapping.Question
}
