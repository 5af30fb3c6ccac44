package mappaper

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"trestle/internal/mapping"
)

// place puts a rule into its block: that of the sheet, or one for each thing that is made.
func (d *drafting) place(p *pair) {
	id := p.block
	if id == "" {
		id = "b-" + identifier(p.makes)
	}
	i := slices.IndexFunc(d.f.Blocks, func(b mapping.Block) bool { return b.ID == id })
	if i < 0 {
		i = len(d.f.Blocks)
		d.f.Blocks = append(d.f.Blocks, mapping.Block{ID: id, Make: p.makes, Per: p.per, When: p.only, Key: p.key})
		if d.ids[id] {
			d.remark(p.row, "the block %q has the identifier of a rule", id)
		}
		d.ids[id] = true
	}
	r := p.rule
	if r.ID == "" || strings.Trim(r.ID, "0123456789") == "" {
		r.ID = "r-" + fmt.Sprintf("%04s", r.ID)
		if p.rule.ID == "" {
			d.next++
			r.ID = fmt.Sprintf("r-%04d", d.next)
		}
	}
	for base, n := r.ID, 2; d.ids[r.ID]; n++ {
		if n == 2 && p.rule.ID != "" {
			d.remark(p.row, "the rule %s stands twice; the second got a number", base)
		}
		r.ID = fmt.Sprintf("%s-%d", base, n)
	}
	d.ids[r.ID] = true
	if len(r.From) == 0 && r.Value == "" && r.Formula == "" && r.Default == "" && len(r.Do) == 0 {
		d.remark(p.row, "%s has no source that can be read, and was left out: %s", r.To, short(r.Note))
		return
	}
	if !d.compiles(&pair{makes: p.makes, rule: r}, func(r *mapping.Rule) { r.Each, r.When = "", "" }) {
		d.remark(p.row, "%s and %s cannot be read as a rule, and were left out: %s", sourceText(&r), r.To, d.problem(p.makes, r))
		return
	}
	d.f.Blocks[i].Rules = append(d.f.Blocks[i].Rules, r)
	if d.segments[id] == nil {
		d.segments[id] = map[string]int{}
	}
	for _, s := range p.segments {
		d.segments[id][s]++
	}
}

// problem is why a rule does not compile.
func (d *drafting) problem(makes string, r mapping.Rule) string {
	f := *d.f
	f.Blocks = []mapping.Block{{ID: "b", Make: makes, Rules: []mapping.Rule{r}}}
	if _, err := mapping.Compile(&f); err != nil {
		return err.Error()
	}
	return "the block is not known"
}

// identifier writes a name in small letters for an identifier.
func identifier(name string) string {
	if id := strings.ReplaceAll(folded(name), " ", "-"); id != "" {
		return id
	}
	return "target"
}

// loops gives blocks without a loop that of the segment that most of their rules read, so that each of
// them makes one. Blocks of a sheet that names loops stay as they are.
func (d *drafting) loops() {
	d.f.Blocks = slices.DeleteFunc(d.f.Blocks, func(b mapping.Block) bool { return len(b.Rules) == 0 && !d.head.has(roleBlock) })
	if d.f.Source.Kind != mapping.HL7v2 || d.head.has(rolePer) || d.f.Target.Kind != mapping.FHIR && d.f.Target.Kind != mapping.HL7v2 {
		return
	}
	for i := range d.f.Blocks {
		b := &d.f.Blocks[i]
		best, n := "", 0
		for _, c := range byCount(d.segments[b.ID]) {
			if c.n > n && c.name != "MSH" {
				best, n = c.name, c.n
			}
		}
		b.Per = best
	}
}

// check tells what the mapping as a whole lacks to run.
func (d *drafting) check() {
	for _, f := range mapping.Check(d.f, nil) {
		if f.Severity == mapping.Error {
			text := f.Text
			if f.ID != "" {
				text = f.ID + ": " + text
			}
			d.remark(0, "%s", text)
		}
	}
}

// readTables reads the code tables of a workbook that [Spec.Write] has written.
func (d *drafting) readTables(grids []grid) {
	for i := range grids {
		g := &grids[i]
		for at, row := range g.cells[:min(len(g.cells), maxHead)] {
			if table := columnsOf(row, titleTable, titleCode, titleMeans); table != nil {
				d.tableRows(g, at, row, table)
				return
			}
		}
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

func (d *drafting) tableRows(g *grid, head int, titles []string, columns []int) {
	cell := func(row []string, title string) string {
		if i := columnsOf(titles, title); i != nil && i[0] < len(row) {
			return row[i[0]]
		}
		return ""
	}
	for n, row := range g.cells[head+1:] {
		name := strings.TrimSpace(cell(row, titleTable))
		if name == "" || isAbsent(cell(row, titleAbsent)) {
			continue
		}
		t, ok := d.f.Table(name)
		if !ok {
			d.f.Tables = append(d.f.Tables, newTable(name, cell(row, titleFile), missingOf(cell(row, titleAbsent))))
			t = &d.f.Tables[len(d.f.Tables)-1]
		}
		key := cell(row, titleCode)
		if slices.ContainsFunc(t.Rows.Lines, func(line []string) bool { return line[0] == key }) {
			d.remark(0, "the sheet %s, row %d: the table %s has the code %q twice; the first was taken", g.name, head+2+n, name, short(key))
			continue
		}
		t.Rows.Lines = append(t.Rows.Lines, []string{key, cell(row, titleMeans), cell(row, titleSystem), cell(row, titleDisplay)})
	}
	for i := range d.f.Tables {
		trimTable(&d.f.Tables[i])
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
