package screen

import "sort"

// Wrapped shows another Text with its lines broken into rows of a number of cells. A line of a Wrapped is a row. Each line
// of the other Text is measured once, when the Wrapped is made; nothing of it is copied.
type Wrapped struct {
	Text
	width int
	first []int // the first row of each line; one more than there are
}

// leastWrap is the narrowest row in cells: wider than any group of cells, so that every row holds something.
const leastWrap = 16

// NewWrapped breaks the lines of t after width cells, 16 at least. A group of cells that would be cut begins the next row.
func NewWrapped(t Text, width int) *Wrapped {
	w := &Wrapped{Text: t, width: max(width, leastWrap)}
	w.first = make([]int, t.Lines()+1)
	for i := range t.Lines() {
		w.first[i+1] = w.first[i] + max((t.Columns(i)+w.width-1)/w.width, 1)
	}
	return w
}

// Source is the line that a row shows a part of, and whether the row is its beginning and its end.
func (w *Wrapped) Source(row int) (line int, begins, ends bool) {
	row = min(max(row, 0), w.Lines()-1)
	line = sort.SearchInts(w.first, row+1) - 1
	return line, row == w.first[line], row+1 == w.first[line+1]
}

// start is the column of a line at which its k-th row begins.
func (w *Wrapped) start(line, k int) int {
	if k == 0 {
		return 0
	}
	_, col := w.Text.Position(w.Text.Offset(line, k*w.width))
	return col
}

// limits are the columns of its line that a row shows.
func (w *Wrapped) limits(row int) (line, from, to int) {
	line, _, ends := w.Source(row)
	k := min(max(row, 0), w.Lines()-1) - w.first[line]
	from, to = w.start(line, k), w.Text.Columns(line)
	if !ends {
		to = w.start(line, k+1)
	}
	return line, from, to
}

// Lines implements Text.
func (w *Wrapped) Lines() int { return w.first[len(w.first)-1] }

// Columns implements Text.
func (w *Wrapped) Columns(row int) int {
	_, from, to := w.limits(row)
	return to - from
}

// Line implements Text.
func (w *Wrapped) Line(row, from, to int) (string, []Span) {
	line, start, end := w.limits(row)
	from, to = start+max(from, 0), min(start+to, end)
	if from >= to {
		return "", nil
	}
	return w.Text.Line(line, from, to)
}

// Offset implements Text. The end of a row that is not the last of its line is the beginning of the next.
func (w *Wrapped) Offset(row, col int) int {
	line, from, to := w.limits(row)
	return w.Text.Offset(line, min(from+max(col, 0), to))
}

// Position implements Text.
func (w *Wrapped) Position(offset int) (row, col int) {
	line, col := w.Text.Position(offset)
	k := min(col/w.width, w.first[line+1]-w.first[line]-1)
	if k+1 < w.first[line+1]-w.first[line] && col >= w.start(line, k+1) {
		k++
	}
	return w.first[line] + k, col - w.start(line, k)
}

// Widest implements Widest: a row may be wider than the width by a group of cells that begins before its end.
func (w *Wrapped) Widest() int { return w.width }
