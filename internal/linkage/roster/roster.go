package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"trestle/internal/format"
)

// Column is one column of a roster.
type Column struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	Why  string `json:"why"` // where the role comes from, in words

	// Dates is the order of a date's parts in a column of birth dates.
	Dates DateOrder `json:"dates,omitempty"`
	// Authority and Type qualify an identifier, as CX.4 and CX.5 do.
	Authority string `json:"authority,omitempty"`
	Type      string `json:"type,omitempty"`
}

// BadRow is a row that was set aside.
type BadRow struct {
	Line   int      // 1-based, in the file; of messages and resources their number
	Cells  []string // as they came
	Reason string
}

// Roster is a list of patients: rows of text as it came, and what the columns mean. It is not changed after [Read], but
// for [Roster.Apply]; many goroutines may read it.
type Roster struct {
	Name    string // of the file, without its folder
	Hash    string // SHA-256 of the file, hexadecimal
	Kind    format.Kind
	Columns []Column
	Bad     []BadRow
	Notes   []string // what the user should know, such as the character set that was guessed

	// One string a row, and where its cells end in it: a million rows of twenty cells would else be twenty million
	// strings.
	text  []string
	ends  []uint32
	lines []uint32

	column map[Role]int // the first column of each role
}

// Len returns the number of good rows.
func (r *Roster) Len() int { return len(r.text) }

// Cell returns the text of a cell as it came; "" outside the columns.
func (r *Roster) Cell(row, col int) string {
	if col < 0 || col >= len(r.Columns) {
		return ""
	}
	at := row * len(r.Columns)
	from := uint32(0)
	if col > 0 {
		from = r.ends[at+col-1]
	}
	return r.text[row][from:r.ends[at+col]]
}

// Cells returns a row's cells.
func (r *Roster) Cells(row int) []string {
	cells := make([]string, len(r.Columns))
	for i := range cells {
		cells[i] = r.Cell(row, i)
	}
	return cells
}

// Column returns the index of the first column with a role, -1 if there is none.
func (r *Roster) Column(role Role) int {
	if i, ok := r.column[role]; ok {
		return i
	}
	return -1
}

// ColumnsOf returns the indexes of all columns with a role.
func (r *Roster) ColumnsOf(role Role) []int {
	var all []int
	for i, c := range r.Columns {
		if c.Role == role {
			all = append(all, i)
		}
	}
	return all
}

// Value returns a row's cell in the column of a role, as it came; "" if there is none.
func (r *Roster) Value(row int, role Role) string { return r.Cell(row, r.Column(role)) }

// Line returns where a row stands in the file, 1-based.
func (r *Roster) Line(row int) int { return int(r.lines[row]) }

// ID returns the identifier of a row without blanks around it. Without a column of identifiers it is "line N".
func (r *Roster) ID(row int) string {
	if id := trim(r.Value(row, ID)); id != "" {
		return id
	}
	return "line " + strconv.Itoa(r.Line(row))
}

// ContentHash is the same for rows with the same columns and cells, wherever they stand: decisions are kept by it.
func (r *Roster) ContentHash(row int) string {
	h := sha256.New()
	for i, c := range r.Columns {
		fmt.Fprintf(h, "%d:%s=%d:%s", len(c.Name), c.Name, len(r.Cell(row, i)), r.Cell(row, i))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// New makes a roster from rows that are in memory, as from the messages of a workspace. Roles are guessed where the
// columns have none.
func New(name string, columns []Column, rows [][]string) *Roster {
	b := builder{r: &Roster{Name: name, Columns: slices.Clone(columns)}}
	h := sha256.New()
	for i, row := range rows {
		b.add(i+1, row)
		fmt.Fprintf(h, "%q\n", row)
	}
	b.r.Hash = hex.EncodeToString(h.Sum(nil))
	b.r.guess()
	return b.r
}

// builder gathers rows.
type builder struct {
	r     *Roster
	chunk []byte // strings are cut from chunks: fewer, larger allocations
}

// add keeps a row; what is wrong with it puts it among the bad ones.
func (b *builder) add(line int, row []string) {
	width := len(b.r.Columns)
	empty := true
	for _, c := range row {
		if trim(c) != "" {
			empty = false
			break
		}
	}
	switch {
	case empty:
		b.bad(line, row, "the row is empty")
		return
	case len(row) > width && !onlyEmpty(row[width:]):
		b.bad(line, row, fmt.Sprintf("it has %d cells where the heading has %d: look for a separator inside a value without quotes", len(row), width))
		return
	case len(row) < width:
		// Some programs leave empty cells at the end of a row out; fewer than half of the cells is a broken row.
		if len(row)*2 < width {
			b.bad(line, row, fmt.Sprintf("it has only %d of %d cells: look for a line end inside a value", len(row), width))
			return
		}
	}
	n := 0
	for i := range min(width, len(row)) {
		n += len(row[i])
	}
	if cap(b.chunk)-len(b.chunk) < n {
		b.chunk = make([]byte, 0, max(1<<16, n))
	}
	from := len(b.chunk)
	for i := range width {
		if i < len(row) {
			b.chunk = append(b.chunk, row[i]...)
		}
		b.r.ends = append(b.r.ends, uint32(len(b.chunk)-from))
	}
	b.r.text = append(b.r.text, view(b.chunk[from:]))
	b.r.lines = append(b.r.lines, uint32(line))
}

// maxBad is how many bad rows are kept with their cells; more are counted in a note.
const maxBad = 100_000

func (b *builder) bad(line int, row []string, reason string) {
	if len(b.r.Bad) < maxBad {
		b.r.Bad = append(b.r.Bad, BadRow{Line: line, Cells: slices.Clone(row), Reason: reason})
	}
}

func onlyEmpty(cells []string) bool {
	for _, c := range cells {
		if trim(c) != "" {
			return false
		}
	}
	return true
}
