package convert

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/hl7"
)

// TableOptions choose the shape of a table of values.
type TableOptions struct {
	Comma     rune   // between columns; 0 is a comma
	Joiner    string // between the values of a path in one message; "" is " | "
	RowPerRep bool   // a row for each repetition instead: the second row has the second value of every path
	// Guard puts an apostrophe before what a spreadsheet would run as a formula: what starts with = + - @, a tab or a
	// line end and is no number (OWASP, CSV Injection).
	Guard bool
}

// Table writes the values at paths of many messages as CSV: a row a message.
type Table struct {
	w     *csv.Writer
	paths []hl7.Path
	o     TableOptions
	row   []string
}

// NewTable returns a Table with a column for each path. What a path does not number, it means all of. The first columns,
// lead, are the caller's own. The header is written at once.
func NewTable(w io.Writer, lead []string, paths []hl7.Path, o TableOptions) (*Table, error) {
	t := &Table{w: csv.NewWriter(w), o: o}
	if o.Comma != 0 {
		t.w.Comma = o.Comma
	}
	if t.o.Joiner == "" {
		t.o.Joiner = " | "
	}
	head := slices.Clone(lead)
	for _, p := range paths {
		head = append(head, p.String())
		t.paths = append(t.paths, everyOne(p))
	}
	return t, t.w.Write(head)
}

// everyOne widens a path: what it does not number, it means all of.
func everyOne(p hl7.Path) hl7.Path {
	if p.Occurrence == 0 {
		p.Occurrence = hl7.All
	}
	if p.Repetition == 0 {
		p.Repetition = hl7.All
	}
	p.Groups = slices.Clone(p.Groups)
	for i := range p.Groups {
		if p.Groups[i].Repetition == 0 {
			p.Groups[i].Repetition = hl7.All
		}
	}
	return p
}

// Add writes the rows of a message: one, or with RowPerRep as many as the path with most values has.
func (t *Table) Add(lead []string, m *hl7.Message) error {
	if slices.ContainsFunc(t.paths, func(p hl7.Path) bool { return len(p.Groups) > 0 }) {
		v := versionOf(m)
		if s, ok := v.Structure(structureOf(m)); ok {
			m = m.WithGroups(v.Match(m, s))
		}
	}
	values := make([][]string, len(t.paths))
	rows := 1
	for i, p := range t.paths {
		for v := range m.All(p) {
			values[i] = append(values[i], v.Text())
		}
		rows = max(rows, len(values[i]))
	}
	if !t.o.RowPerRep {
		rows = 1
	}
	for k := range rows {
		t.row = append(t.row[:0], lead...)
		for _, column := range values {
			t.row = append(t.row, t.cell(column, k))
		}
		if t.o.Guard {
			for i, cell := range t.row {
				t.row[i] = guarded(cell)
			}
		}
		if err := t.w.Write(t.row); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) cell(values []string, k int) string {
	if !t.o.RowPerRep {
		return strings.Join(values, t.o.Joiner)
	}
	if k < len(values) {
		return values[k]
	}
	return ""
}

func guarded(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

// Close writes what is left. It does not close the writer below.
func (t *Table) Close() error {
	t.w.Flush()
	return t.w.Error()
}
