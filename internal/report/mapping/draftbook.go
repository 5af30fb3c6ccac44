package mappaper

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"trestle/internal/mapping"
)

// sheetWith finds the sheet that has a row with these titles, and that row.
func sheetWith(grids []grid, titles ...string) (g *grid, row int, columns []int) {
	for i := range grids {
		for at, cells := range grids[i].cells[:min(len(grids[i].cells), maxHead)] {
			if found := columnsOf(cells, titles...); found != nil {
				return &grids[i], at, found
			}
		}
	}
	return nil, 0, nil
}

// cellsOf are the cells of some columns.
func cellsOf(row []string, columns []int) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		if c < len(row) {
			out[i] = strings.TrimSpace(row[c])
		}
	}
	return out
}

// readBlocks reads what a workbook of ours says of blocks: those without rules stand there only.
func (d *drafting) readBlocks(grids []grid) {
	g, head, columns := sheetWith(grids, titleBlock, titleMade, titleEvent, titleOnce, titleCondition, titleKey, titleInside, "What")
	if g == nil || !d.head.has(roleBlock) {
		return
	}
	data := columnsOf(g.cells[head], titleData) // workbooks of older versions have none
	for _, row := range g.cells[head+1:] {
		c := cellsOf(row, columns)
		id, makes, per := c[0], c[1], c[3]
		if c[7] != madeMark || id == "" || d.ids[id] {
			continue
		}
		b := mapping.Block{ID: id, Note: c[2], When: strings.TrimPrefix(c[4], "IF ")}
		b.Make, b.Drop = strings.CutSuffix(makes, takenOut)
		if per != wholeMessage {
			b.Per = per
		}
		for _, kind := range cellsOf(row, data) {
			b.Data = kind
		}
		if c[5] != "" {
			b.Key = strings.Split(c[5], sourceSeparator)
		}
		d.ids[id], d.inside[id] = true, c[6]
		d.f.Blocks = append(d.f.Blocks, b)
	}
}

// readRest reads the title page and what is left out on purpose.
func (d *drafting) readRest(grids []grid) {
	if g, head, columns := sheetWith(grids, "What", "Value"); g != nil && d.head.has(roleBlock) {
		for _, row := range g.cells[head+1:] {
			switch c := cellsOf(row, columns); c[0] {
			case "Specification":
				d.f.Title = cmp.Or(d.f.Title, c[1])
			case "Mapping":
				d.f.ID = cmp.Or(d.f.ID, c[1])
			case "Time zone":
				d.f.Zone = c[1]
			case "Note":
				d.f.Note = c[1]
			case "Seed":
				d.f.Seed = c[1]
			case "Columns":
				d.f.Target.Columns = strings.Split(c[1], sourceSeparator)
			case "Direction":
				way, _, _ := strings.Cut(c[1], ":")
				d.f.Direction = mapping.Direction(way)
			}
		}
	}
	if g, head, columns := sheetWith(grids, "What", "Place or rule", "Reason, or why"); g != nil {
		for _, row := range g.cells[head+1:] {
			if c := cellsOf(row, columns); c[0] == leftOut && c[1] != "" {
				d.f.LeftOut = append(d.f.LeftOut, mapping.LeftOut{Path: c[1], Reason: c[2]})
			}
		}
	}
}

// nest puts blocks into those that they stand in. One whose block is not there stands at the top.
func (d *drafting) nest() {
	flat := d.f.Blocks
	known := map[string]bool{}
	for i := range flat {
		known[flat[i].ID] = true
	}
	for i := range flat {
		id := flat[i].ID
		seen := map[string]bool{id: true}
		for at := d.inside[id]; at != ""; at = d.inside[at] {
			if seen[at] || !known[at] { // in itself, or in nothing
				d.inside[id] = ""
				break
			}
			seen[at] = true
		}
	}
	var within func(around string) []mapping.Block
	within = func(around string) (list []mapping.Block) {
		for i := range flat {
			if d.inside[flat[i].ID] == around {
				b := flat[i]
				b.Blocks = within(b.ID)
				list = append(list, b)
			}
		}
		return list
	}
	d.f.Blocks = within("")
}

// readTables reads the code tables of a workbook of ours.
func (d *drafting) readTables(grids []grid) {
	if g, head, _ := sheetWith(grids, titleTable, titleCode, titleMeans); g != nil {
		d.tableRows(g, head, g.cells[head])
	}
}

// columnsOf finds columns by their titles; nil if one is not there.
func columnsOf(row []string, titles ...string) []int {
	found := make([]int, len(titles))
	for i, t := range titles {
		found[i] = slices.IndexFunc(row, func(s string) bool { return folded(s) == folded(t) })
		if found[i] < 0 {
			return nil
		}
	}
	return found
}

// tableRows takes the rows below the titles.
func (d *drafting) tableRows(g *grid, head int, titles []string) {
	cell := func(row []string, title string) string {
		if i := columnsOf(titles, title); i != nil && i[0] < len(row) {
			return row[i[0]]
		}
		return ""
	}
	further := func(row []string, name string) string {
		if i := slices.Index(titles, titleFurther+name); i >= 0 && i < len(row) {
			return row[i]
		}
		return ""
	}
	named, taken := map[string]bool{}, map[[2]string]bool{}
	for n, row := range g.cells[head+1:] {
		name := strings.TrimSpace(cell(row, titleTable))
		if name == "" {
			continue
		}
		if isAbsent(cell(row, titleAbsent)) {
			if cell(row, titleMeans) != "" {
				d.remark(0, "the sheet %s, row %d: what stands for a code that is %s was not taken; write the code itself, and clear its last column but one", g.name, head+2+n, absentMark)
			}
			continue
		}
		t, ok := d.f.Table(name)
		if !ok {
			d.f.Tables = append(d.f.Tables, newTable(name, cell(row, titleFile), missingOf(cell(row, titleAbsent))))
			t = &d.f.Tables[len(d.f.Tables)-1]
			named[name] = nameColumns(t, cell(row, titleColumns))
		}
		if named[name] {
			for _, r := range tableRoles(t)[2:] {
				if *r.column == "" && cell(row, r.title) != "" {
					addColumn(t, r.column, strings.ToLower(r.title))
				}
			}
		}
		line := make([]string, len(t.Rows.Columns))
		for i, column := range t.Rows.Columns {
			line[i] = further(row, column)
		}
		key, value, system, display := t.Columns()
		for _, x := range []struct {
			column int
			title  string
		}{{display, titleDisplay}, {system, titleSystem}, {value, titleMeans}, {key, titleCode}} {
			if x.column >= 0 && x.column < len(line) {
				line[x.column] = cell(row, x.title)
			}
		}
		if empty(line) { // a table without rows
			continue
		}
		if id := [2]string{name, line[key]}; taken[id] {
			d.remark(0, "the sheet %s, row %d: the table %s has the code %q twice; the first was taken", g.name, head+2+n, name, short(line[key]))
			continue
		} else {
			taken[id] = true
		}
		t.Rows.Lines = append(t.Rows.Lines, line)
	}
	for i := range d.f.Tables {
		if t := &d.f.Tables[i]; !named[t.Name] {
			trimTable(t)
		}
	}
}

// newTable is a table without rows.
func newTable(name, file string, missing mapping.Missing) mapping.Table {
	if file == "" || path.IsAbs(file) || strings.Contains(file, "..") {
		file = "tables/" + identifier(name) + ".csv"
	}
	return mapping.Table{Name: name, File: file, System: "system", Display: "display", Missing: missing,
		Rows: mapping.Rows{Columns: []string{"code", "becomes", "system", "display"}}}
}

// trimTable takes off the columns that no row fills.
func trimTable(t *mapping.Table) {
	for c := len(t.Rows.Columns) - 1; c >= 2; c-- {
		if slices.ContainsFunc(t.Rows.Lines, func(line []string) bool { return line[c] != "" }) {
			continue
		}
		t.Rows.Columns = slices.Delete(t.Rows.Columns, c, c+1)
		for i := range t.Rows.Lines {
			t.Rows.Lines[i] = slices.Delete(t.Rows.Lines[i], c, c+1)
		}
		if c == 2 {
			t.System = ""
		} else {
			t.Display = ""
		}
	}
}

// needTable makes a table without rows for one that a rule names and the sheet does not hold.
func (d *drafting) needTable(name string, row int) {
	if _, ok := d.f.Table(name); ok {
		return
	}
	t := newTable(name, "", mapping.Missing{Policy: mapping.LeaveEmpty, Warn: true})
	trimTable(&t)
	d.f.Tables = append(d.f.Tables, t)
	d.remark(row, "the code table %q is not in the sheet; fill %s", name, t.File)
}

// missingOf reads what missingWords writes.
func missingOf(text string) (m mapping.Missing) {
	text, m.Warn = strings.CutSuffix(strings.TrimSpace(text), ", with a warning")
	switch use, becomes := strings.CutPrefix(text, "becomes "); {
	case becomes:
		m.Policy, m.Use = mapping.UseDefault, strings.TrimSuffix(strings.TrimPrefix(use, "“"), "”")
	case text == "is taken as it is":
		m.Policy = mapping.PassThrough
	case strings.HasPrefix(text, "is an error"):
		m.Policy = mapping.Refuse
	default:
		m.Policy = mapping.LeaveEmpty
	}
	return m
}
