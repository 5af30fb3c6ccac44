package mappaper

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/report"
)

// Titles of the columns of code tables in the workbook. [Read] knows them.
const (
	titleTable, titleFile, titleCode, titleMeans      = "Code table", "File", "Code", "Becomes"
	titleSystem, titleDisplay, titleSeen, titleAbsent = "System", "Display", "In the samples", "A code that is not listed"
	titleColumns, titleFurther                        = "Columns of the file", "Further: " // the name of the column follows
)

// codeTables are the lookup tables, with how often samples hold their codes and the codes that they lack.
func (p *paper) codeTables() part {
	out := part{name: "Code tables"}
	var flat [][]report.Cell
	further := furtherColumns(p.Mapping)
	for i := range p.Mapping.Tables {
		t := &p.Mapping.Tables[i]
		names := report.Text(columnNames(t))
		print := table{title: t.Name, note: p.tableNote(t), columns: []column{{"Code", 16}, {"Becomes", 18}}}
		key, value, system, display := t.Columns()
		if system >= 0 {
			print.columns = append(print.columns, column{"System", 40})
		}
		if display >= 0 {
			print.columns = append(print.columns, column{"Display", 30})
		}
		if p.report != nil {
			print.columns = append(print.columns, column{"In the samples", 14})
		}
		for _, line := range t.Rows.Lines {
			row := []cell{codeText(line[key]), codeText(line[value])}
			cells := []report.Cell{report.Text(t.Name), report.Text(t.File), report.Text(line[key]), report.Text(line[value]), report.Text(at(line, system)), report.Text(at(line, display))}
			if system >= 0 {
				row = append(row, codeText(line[system]))
			}
			if display >= 0 {
				row = append(row, text(line[display]))
			}
			if p.report != nil {
				n := p.Samples.codes[t.Name][line[key]]
				row = append(row, text(strconv.Itoa(n)))
				cells = append(cells, report.Int(n))
			} else {
				cells = append(cells, report.Text(""))
			}
			print.rows = append(print.rows, row)
			cells = append(cells, report.Text(missingWords(t.Missing)), names)
			for _, name := range further {
				cells = append(cells, report.Text(at(line, furtherColumn(t, name))))
			}
			flat = append(flat, cells)
		}
		if len(t.Rows.Lines) == 0 {
			flat = append(flat, append(report.Texts(t.Name, t.File, "", "", "", "", "", missingWords(t.Missing)), names))
		}
		out.tables = append(out.tables, print)
		if absent, rows := p.absent(t); len(absent.rows) > 0 {
			out.tables = append(out.tables, absent)
			flat = append(flat, rows...)
		}
	}
	if len(p.Mapping.Tables) == 0 {
		out.intro = []string{"The mapping uses no code tables."}
	}
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: titleTable, Width: 20}, {Title: titleFile, Width: 26}, {Title: titleCode, Width: 16}, {Title: titleMeans, Width: 20}, {Title: titleSystem, Width: 50}, {Title: titleDisplay, Width: 30}, {Title: titleSeen, Width: 14}, {Title: titleAbsent, Width: 34}, {Title: titleColumns, Width: 34}}, Rows: report.Rows(flat)}
	for _, name := range further {
		out.sheet.Columns = append(out.sheet.Columns, report.Column{Title: titleFurther + name, Width: 20})
	}
	return out
}

func at(line []string, i int) string {
	if i < 0 {
		return ""
	}
	return line[i]
}

// tableNote says who uses a table and what becomes of other codes.
func (p *paper) tableNote(t *mapping.Table) string {
	var users []string
	p.Mapping.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			if slices.Contains(tablesOf(&b.Rules[i]), t.Name) {
				users = append(users, b.Rules[i].ID)
			}
		}
	})
	used := "No rule uses it."
	if len(users) > 0 {
		used = "Used by " + few(users, 8) + "."
	}
	return fmt.Sprintf("%s A code that is not listed %s. File: %s", used, missingWords(t.Missing), t.File)
}

// absent are the codes of the samples that a table does not hold. Without leave to show values they are only counted.
func (p *paper) absent(t *mapping.Table) (table, [][]report.Cell) {
	if p.report == nil {
		return table{}, nil
	}
	out := table{title: t.Name + ": codes of the samples that are not listed", columns: []column{{p.exampleTitle(), 30}, {"In the samples", 14}, {"Becomes (to be filled in)", 40}}}
	counts := map[string]int{}
	for _, f := range p.report.Failed {
		if f.Table == t.Name {
			counts[p.shown(f.Key)] += f.Count
		}
	}
	var flat [][]report.Cell
	for _, c := range byCount(counts) {
		out.rows = append(out.rows, []cell{{{c.name, code}}, text(strconv.Itoa(c.n)), nil})
		flat = append(flat, []report.Cell{report.Text(t.Name), report.Text(t.File), report.Text(c.name), report.Text(""), report.Text(""), report.Text(""), report.Int(c.n), report.Text(absentMark)})
	}
	return out, flat
}

// absentMark tells rows of codes that a table lacks from those that it holds.
const absentMark = "not in the table yet"

// isAbsent says whether a row of the workbook is one of these.
func isAbsent(mark string) bool { return strings.EqualFold(strings.TrimSpace(mark), absentMark) }
