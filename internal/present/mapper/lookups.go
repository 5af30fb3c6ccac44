package mapper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// Tables are the names of the lookup tables, in their order.
func (m *Model) Tables() []string {
	if m.doc == nil {
		return nil
	}
	names := make([]string, len(m.doc.file.Tables))
	for i := range m.doc.file.Tables {
		names[i] = m.doc.file.Tables[i].Name
	}
	return names
}

var tableColumns = []screen.Column{
	{ID: "name", Title: "Lookup table", Width: 150, MinWidth: 80, Flex: true, Mono: true, Fixed: true},
	{ID: "rows", Title: "Rows", Width: 56, MinWidth: 40, Right: true, Fixed: true},
	{ID: "failed", Title: "Not found", Width: 80, MinWidth: 40, Right: true, Fixed: true},
}

// TableList is the lookup tables with how many look-ups of the samples found nothing in each.
func (m *Model) TableList() screen.Grid { return (*tableGrid)(m) }

type tableGrid Model

func (g *tableGrid) Columns() []screen.Column { return tableColumns }

func (g *tableGrid) Len() int {
	if g.doc == nil {
		return 0
	}
	return len(g.doc.file.Tables)
}

func (g *tableGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	t := &g.doc.file.Tables[row]
	switch tableColumns[col].ID {
	case "rows":
		return screen.Cell{Text: screen.Count(len(t.Rows.Lines)), Role: screen.RoleMuted}
	case "failed":
		n := 0
		for _, f := range (*Model)(g).failed(t.Name) {
			n += f.Count
		}
		if n == 0 {
			return screen.Cell{}
		}
		return screen.Cell{Text: screen.Count(n), Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
	}
	return screen.Cell{Text: t.Name}
}

// failed are the values that the samples have and a table has not.
func (m *Model) failed(table string) (list []mapping.FailedLookup) {
	if m.doc == nil || m.doc.preview.report == nil {
		return nil
	}
	for _, f := range m.doc.preview.report.Failed {
		if f.Table == table {
			list = append(list, f)
		}
	}
	return list
}

// TableRows is the rows of a lookup table, each cell of which can be edited, and below them the values of the samples that
// it does not hold.
func (m *Model) TableRows(name string) screen.Grid { return &rowGrid{m, name} }

type rowGrid struct {
	m    *Model
	name string
}

func (g *rowGrid) table() *mapping.Table {
	if g.m.doc == nil {
		return nil
	}
	t, _ := g.m.doc.file.Table(g.name)
	return t
}

func (g *rowGrid) Columns() []screen.Column {
	t := g.table()
	if t == nil {
		return nil
	}
	columns := make([]screen.Column, len(t.Rows.Columns))
	for i, c := range t.Rows.Columns {
		columns[i] = screen.Column{ID: c, Title: c, Width: 140, MinWidth: 60, Flex: true, Mono: true, Fixed: true}
	}
	return append(columns, screen.Column{ID: "\x00missing", Title: "Of the samples", Width: 130, MinWidth: 60, Fixed: true})
}

func (g *rowGrid) Len() int {
	t := g.table()
	if t == nil {
		return 0
	}
	return len(t.Rows.Lines) + len(g.m.failed(g.name))
}

func (g *rowGrid) Cell(row, col int) screen.Cell {
	t := g.table()
	if t == nil {
		return screen.Cell{}
	}
	if row < len(t.Rows.Lines) {
		if col < len(t.Rows.Lines[row]) {
			return screen.Cell{Text: t.Rows.Lines[row][col]}
		}
		return screen.Cell{}
	}
	failed := g.m.failed(g.name)
	if row -= len(t.Rows.Lines); row >= len(failed) {
		return screen.Cell{}
	}
	switch {
	case col == t.KeyColumn():
		return screen.Cell{Text: failed[row].Key, Role: screen.RoleWarning, Masked: g.m.masked}
	case col == len(t.Rows.Columns):
		return screen.Cell{Text: screen.Count(failed[row].Count) + " not found", Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
	}
	return screen.Cell{}
}

// TableCell is what a cell of a lookup table holds; false for one that cannot be edited.
func (m *Model) TableCell(name string, row, column int) (text string, ok bool) {
	g := rowGrid{m, name}
	t := g.table()
	if t == nil || row < 0 || column < 0 || column >= len(t.Rows.Columns) {
		return "", false
	}
	if row < len(t.Rows.Lines) {
		return t.Rows.Lines[row][column], true
	}
	return "", row < g.Len() && column != t.KeyColumn()
}

// SetTableCell changes a cell of a lookup table. In the row of a value that was not found it makes a row of it.
func (m *Model) SetTableCell(name string, row, column int, text string) {
	before, ok := m.TableCell(name, row, column)
	if !ok || before == text {
		return
	}
	t, _ := m.doc.file.Table(name)
	failed := m.failed(name)
	m.Edit("Change the table "+name, func(e *Edit) bool {
		x := e.Table(name)
		lines := slices.Clone(x.Rows.Lines)
		if row >= len(lines) {
			line := make([]string, len(x.Rows.Columns))
			line[t.KeyColumn()] = failed[row-len(lines)].Key
			line[column] = text
			lines = append(lines, line)
		} else {
			lines[row] = slices.Clone(lines[row])
			lines[row][column] = text
		}
		x.Rows.Lines = lines
		return true
	})
}

// AddTableRow adds an empty row to a lookup table. It returns its place.
func (m *Model) AddTableRow(name string) int {
	at := -1
	m.Edit("Add a row to "+name, func(e *Edit) bool {
		x := e.Table(name)
		if x == nil {
			return false
		}
		at = len(x.Rows.Lines)
		x.Rows.Lines = append(slices.Clip(x.Rows.Lines), make([]string, len(x.Rows.Columns)))
		return true
	})
	return at
}

// AddFailed adds a row for each value of the samples that a lookup table does not hold; what stands for it is to be filled
// in.
func (m *Model) AddFailed(name string) {
	failed := m.failed(name)
	if len(failed) == 0 {
		return
	}
	m.Edit(fmt.Sprintf("Add %s to %s", screen.Plural(len(failed), "row"), name), func(e *Edit) bool {
		x := e.Table(name)
		if x == nil {
			return false
		}
		key := x.KeyColumn()
		lines := slices.Clip(x.Rows.Lines)
		for _, f := range failed {
			line := make([]string, len(x.Rows.Columns))
			line[key] = f.Key
			lines = append(lines, line)
		}
		x.Rows.Lines = lines
		return true
	})
}

// DeleteTableRows removes rows of a lookup table.
func (m *Model) DeleteTableRows(name string, rows []int) {
	m.Edit("Delete rows of "+name, func(e *Edit) bool {
		x := e.Table(name)
		if x == nil {
			return false
		}
		kept := make([][]string, 0, len(x.Rows.Lines))
		for i, l := range x.Rows.Lines {
			if !slices.Contains(rows, i) {
				kept = append(kept, l)
			}
		}
		if len(kept) == len(x.Rows.Lines) {
			return false
		}
		x.Rows.Lines = kept
		return true
	})
}

// AddTable adds a lookup table of two columns. An error says what is wrong with its name.
func (m *Model) AddTable(name string) error {
	name = identifierOr(name)
	if m.doc == nil {
		return nil
	}
	if name == "" {
		return errors.New("give the table a name, such as sex")
	}
	if _, taken := m.doc.file.Table(name); taken {
		return fmt.Errorf("there is a table %q already", name)
	}
	m.Edit("Add the table "+name, func(e *Edit) bool {
		e.File.Tables = append(slices.Clip(e.File.Tables), mapping.Table{Name: name, File: "tables/" + name + ".csv", Key: "source", Value: "target",
			Missing: mapping.Missing{Policy: mapping.LeaveEmpty, Warn: true}, Rows: mapping.Rows{Columns: []string{"source", "target"}}})
		return true
	})
	return nil
}

func identifierOr(name string) string {
	if strings.TrimSpace(name) == "" {
		return ""
	}
	return identifier(strings.TrimSpace(name))
}

// DeleteTableWords say which rules ask a lookup table, and so cannot run without it.
func (m *Model) DeleteTableWords(name string) string {
	var rules []string
	for _, r := range m.doc.rows {
		if r.rule == nil {
			continue
		}
		if table, _ := lookupOf(r.rule); table == name {
			rules = append(rules, r.rule.ID)
		}
	}
	if len(rules) == 0 {
		return "No rule asks it."
	}
	return "Without it these rules cannot run: " + strings.Join(rules, ", ") + "."
}

// DeleteTable removes a lookup table.
func (m *Model) DeleteTable(name string) {
	m.Edit("Delete the table "+name, func(e *Edit) bool {
		tables := slices.DeleteFunc(slices.Clone(e.File.Tables), func(t mapping.Table) bool { return t.Name == name })
		changed := len(tables) < len(e.File.Tables)
		e.File.Tables = tables
		return changed
	})
}

// Policies are what can become of a value that a table does not hold, with their words.
var Policies = []struct {
	Policy mapping.Policy
	Words  string
}{{mapping.LeaveEmpty, "is left empty"}, {mapping.UseDefault, "becomes"}, {mapping.PassThrough, "stays as it is"}, {mapping.Refuse, "is an error"}}

// Missing says what becomes of a value that a table does not hold.
func (m *Model) Missing(name string) mapping.Missing {
	if m.doc == nil {
		return mapping.Missing{}
	}
	t, ok := m.doc.file.Table(name)
	if !ok {
		return mapping.Missing{}
	}
	x := t.Missing
	if x.Policy == "" {
		x.Policy = mapping.LeaveEmpty
	}
	return x
}

// SetMissing says what is to become of a value that a table does not hold; use is what stands for it.
func (m *Model) SetMissing(name string, p mapping.Policy, use string, warn bool) {
	if p != mapping.UseDefault {
		use = ""
	}
	if x := m.Missing(name); x.Policy == p && x.Use == use && x.Warn == warn {
		return
	}
	m.Edit("Change what becomes of values that "+name+" does not hold", func(e *Edit) bool {
		x := e.Table(name)
		if x == nil {
			return false
		}
		x.Missing.Policy, x.Missing.Use, x.Missing.Warn = p, use, warn
		return true
	})
}

// Failed is how many values the samples have that a lookup table does not hold.
func (m *Model) Failed(name string) int { return len(m.failed(name)) }
