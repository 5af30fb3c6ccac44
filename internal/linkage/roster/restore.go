package roster

import "iter"

// Line is a row with where it stands in its file, 1-based.
type Line struct {
	Number int
	Cells  []string
}

// Restore makes a roster again from its stored rows, with the hash of its file. Roles are guessed as [Read] does and then
// [Roster.Apply] sets what the user confirmed. Rows that cannot be used are in Bad.
func Restore(name, hash string, headings []string, rows iter.Seq[Line]) *Roster {
	b := builder{r: &Roster{Name: name, Hash: hash, Columns: make([]Column, len(headings))}}
	for i, h := range headings {
		b.r.Columns[i].Name = h
	}
	for row := range rows {
		b.add(row.Number, row.Cells)
	}
	b.r.guess()
	return b.r
}
