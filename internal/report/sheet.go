package report

import (
	"iter"
	"strconv"
)

// Cell is one value of a table: text or a number. The zero Cell is empty.
type Cell struct {
	text   string
	number bool
}

// Text is a cell that is shown as it is written, whatever it looks like.
func Text(s string) Cell { return Cell{text: s} }

// Number is a cell that can be calculated with. Identifiers are no numbers: they would lose their leading zeros.
func Number(f float64) Cell {
	return Cell{strconv.FormatFloat(f, 'f', -1, 64), true}
}

// Int is [Number] for whole numbers.
func Int[I ~int | ~int32 | ~int64 | ~uint64](i I) Cell {
	return Cell{strconv.FormatInt(int64(i), 10), true}
}

// String is the cell as text.
func (c Cell) String() string { return c.text }

// Column is one column of a sheet.
type Column struct {
	Title string
	// Width is in characters; 0 follows from the title.
	Width float64
}

func (c Column) width() float64 {
	if c.Width > 0 {
		return min(c.Width, 255) // Excel's limit
	}
	return min(max(float64(len([]rune(c.Title)))+4, 10), 60)
}

// Sheet is a table: a heading and rows. Rows may be ranged over once only; they end early with an error.
type Sheet struct {
	Name    string // at most 31 characters are kept, without \ / ? * [ ] :
	Columns []Column
	Wrap    bool // long text goes on in the next line of its cell
	Rows    iter.Seq2[[]Cell, error]
}

// Rows makes the rows of a sheet from a table that is in memory.
func Rows(table [][]Cell) iter.Seq2[[]Cell, error] {
	return func(yield func([]Cell, error) bool) {
		for _, row := range table {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Texts makes a row of text cells.
func Texts(values ...string) []Cell {
	row := make([]Cell, len(values))
	for i, v := range values {
		row[i] = Text(v)
	}
	return row
}

// Titles makes columns from their titles.
func Titles(titles ...string) []Column {
	columns := make([]Column, len(titles))
	for i, t := range titles {
		columns[i].Title = t
	}
	return columns
}

// Fact is one line of a cover sheet.
type Fact struct {
	Name  string
	Value Cell
}

// Cover makes the sheet that says what a workbook is: counts, method, sources.
func Cover(facts ...Fact) Sheet {
	table := make([][]Cell, len(facts))
	for i, f := range facts {
		table[i] = []Cell{Text(f.Name), f.Value}
	}
	return Sheet{Name: "Cover", Columns: []Column{{Title: "What", Width: 36}, {Title: "Value", Width: 80}}, Rows: Rows(table)}
}
