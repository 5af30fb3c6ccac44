package mapping

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Rows are the lines of a lookup table.
type Rows struct {
	Columns []string
	Lines   [][]string // as many cells as columns
}

// ReadRows reads a lookup table from CSV; the first line names the columns. Every cell is text: 01 stays 01.
func ReadRows(r io.Reader) (Rows, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	var rows Rows
	for {
		line, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Rows{}, fmt.Errorf("not readable as CSV: %w", err)
		}
		if rows.Columns == nil {
			line[0] = strings.TrimPrefix(line[0], "\ufeff")
			for i := range line {
				line[i] = strings.TrimSpace(line[i])
			}
			rows.Columns = line
			continue
		}
		if len(line) != len(rows.Columns) {
			at, _ := c.FieldPos(0)
			return Rows{}, fmt.Errorf("line %d has %d cells; the first line names %d columns", at, len(line), len(rows.Columns))
		}
		rows.Lines = append(rows.Lines, line)
	}
	if len(rows.Columns) < 2 {
		return Rows{}, errors.New("the table needs a first line that names at least two columns, such as v2,fhir")
	}
	return rows, nil
}

// WriteTo writes the table as CSV.
func (r Rows) WriteTo(w io.Writer) (int64, error) {
	n := counting{w: w}
	c := csv.NewWriter(&n)
	if len(r.Columns) > 0 {
		if err := c.Write(r.Columns); err != nil {
			return n.n, err
		}
	}
	err := c.WriteAll(r.Lines)
	return n.n, err
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// column is the index of a named column, or of the default one.
func (t *Table) column(name string, otherwise int) int {
	if name == "" {
		return otherwise
	}
	return slices.Index(t.Rows.Columns, name)
}

// KeyColumn is the place of the column that is looked in; the first where the table has none of that name.
func (t *Table) KeyColumn() int { return max(t.column(t.Key, 0), 0) }

func (t *Table) columnProblems() Problems {
	var p Problems
	for _, name := range []string{t.Key, t.Value, t.System, t.Display} {
		if t.column(name, 0) < 0 {
			p = append(p, Problem{Line: t.Line, Text: fmt.Sprintf("table %q: %s has no column %q; it has %s", t.Name, t.File, name, strings.Join(t.Rows.Columns, ", "))})
		}
	}
	seen := map[string]bool{}
	for _, line := range t.Rows.Lines {
		k := line[max(0, t.column(t.Key, 0))]
		if seen[k] {
			p = append(p, Problem{Line: t.Line, Text: fmt.Sprintf("table %q: %s has the key %q twice", t.Name, t.File, shorten(k))})
		}
		seen[k] = true
	}
	return p
}

// answer is what a table holds for a key.
type answer struct{ value, system, display string }

// index is a table ready to be asked.
type index struct {
	table   *Table
	answers map[string]answer
}

func newIndex(t *Table) *index {
	x := &index{table: t, answers: make(map[string]answer, len(t.Rows.Lines))}
	k, v := t.column(t.Key, 0), t.column(t.Value, 1)
	for _, line := range t.Rows.Lines {
		a := answer{value: line[v]}
		if t.System != "" {
			a.system = line[t.column(t.System, 0)]
		}
		if t.Display != "" {
			a.display = line[t.column(t.Display, 0)]
		}
		x.answers[line[k]] = a
	}
	return x
}

// byValue finds an answer by its value, for what stands in for a value that the table does not hold.
func (x *index) byValue(s string) (answer, bool) {
	v := x.table.column(x.table.Value, 1)
	for _, line := range x.table.Rows.Lines {
		if line[v] == s {
			return x.answers[line[x.table.column(x.table.Key, 0)]], true
		}
	}
	return answer{}, false
}

// Columns are the places, from 0, of the columns that a table is looked up by and answers with; -1 for a system or display
// that it does not have. They are valid for a table that [Check] finds nothing wrong with.
func (t *Table) Columns() (key, value, system, display int) {
	return max(0, t.column(t.Key, 0)), max(0, t.column(t.Value, 1)), t.column(t.System, -1), t.column(t.Display, -1)
}
