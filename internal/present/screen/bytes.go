package screen

import (
	"bytes"
	"slices"
	"sort"
)

// Break is where a line ends: Length bytes from Offset.
type Break struct{ Offset, Length int }

// BytesOptions says how bytes become lines and colours.
type BytesOptions struct {
	// Breaks are the line ends in order. nil takes every CR, LF and CRLF; an empty list makes one line.
	Breaks []Break
	// ShowBreaks shows the bytes of a break as cells at the end of its line.
	ShowBreaks bool
	// Colours returns the colours of the source bytes from..to, which lie in line. Start and End of its spans are
	// offsets in the source; what lies outside of from..to is cut off.
	Colours func(line, from, to int) []Span
}

// Bytes is the Text of a byte slice. It opens in the time of one scan for line ends; where cells stand in a long line
// is found out when that line is first asked for, and kept as one place every stride bytes. It is not safe for
// concurrent use. The slice must not change while it is shown.
type Bytes struct {
	b       []byte
	options BytesOptions
	starts  []int   // of each line
	breaks  []uint8 // length of the break that ends it
	widest  int
	long    map[int]*longLine
}

// stride is the distance in bytes of the places kept in a long line: what one lookup walks at most.
const stride = 512

// place is a cell group's beginning, relative to its line.
type place struct{ offset, col int }

// longLine is the sparse index of a line beyond stride bytes. It has no places where every byte is one cell.
type longLine struct {
	places []place
	cells  int
}

// NewBytes returns the text of b, which it keeps.
func NewBytes(b []byte, o BytesOptions) *Bytes {
	t := &Bytes{b: b, options: o, long: map[int]*longLine{}}
	if o.Breaks == nil {
		t.findBreaks()
	} else {
		t.takeBreaks(o.Breaks)
	}
	if len(t.starts) == 0 {
		t.starts, t.breaks = []int{0}, []uint8{0}
	}
	return t
}

// findBreaks splits at CR, LF and CRLF. A break at the very end begins no further line.
func (t *Bytes) findBreaks() {
	b := t.b
	n := bytes.Count(b, []byte{'\r'}) + bytes.Count(b, []byte{'\n'}) + 1
	t.starts, t.breaks = make([]int, 0, n), make([]uint8, 0, n)
	cr, lf := bytes.IndexByte(b, '\r'), bytes.IndexByte(b, '\n')
	after := func(from int, c byte) int {
		if i := bytes.IndexByte(b[from:], c); i >= 0 {
			return from + i
		}
		return -1
	}
	start := 0
	for start < len(b) {
		at, length := lf, 1
		if cr >= 0 && (lf < 0 || cr < lf) {
			at = cr
			if lf == cr+1 {
				length = 2
			}
		}
		if at < 0 {
			t.starts, t.breaks = append(t.starts, start), append(t.breaks, 0)
			return
		}
		t.starts, t.breaks = append(t.starts, start), append(t.breaks, uint8(length))
		start = at + length
		if cr >= 0 && cr < start {
			cr = after(start, '\r')
		}
		if lf >= 0 && lf < start {
			lf = after(start, '\n')
		}
	}
}

// takeBreaks splits where the caller says. Breaks out of order or out of range are left out.
func (t *Bytes) takeBreaks(breaks []Break) {
	t.starts, t.breaks = make([]int, 0, len(breaks)+1), make([]uint8, 0, len(breaks)+1)
	start := 0
	for _, k := range breaks {
		if k.Offset < start || k.Length <= 0 || k.Length > 255 || k.Offset+k.Length > len(t.b) {
			continue
		}
		t.starts, t.breaks = append(t.starts, start), append(t.breaks, uint8(k.Length))
		start = k.Offset + k.Length
	}
	if start < len(t.b) {
		t.starts, t.breaks = append(t.starts, start), append(t.breaks, 0)
	}
}

// Len is the number of bytes.
func (t *Bytes) Len() int { return len(t.b) }

// Lines implements Text.
func (t *Bytes) Lines() int { return len(t.starts) }

// limits returns where what is shown of a line begins and ends.
func (t *Bytes) limits(line int) (from, to int) {
	line = min(max(line, 0), len(t.starts)-1)
	to = len(t.b)
	if line+1 < len(t.starts) {
		to = t.starts[line+1]
	}
	if !t.options.ShowBreaks {
		to -= int(t.breaks[line])
	}
	return t.starts[line], to
}

// plain tells whether every byte of b is a printable ASCII letter, and so one cell.
func plain(b []byte) bool {
	for _, c := range b {
		if c-0x20 >= 0x5f {
			return false
		}
	}
	return true
}

// index returns the sparse index of a line that has more than stride bytes.
func (t *Bytes) index(line int) *longLine {
	if x, ok := t.long[line]; ok {
		return x
	}
	from, to := t.limits(line)
	b := t.b[from:to]
	x := &longLine{cells: len(b)}
	if !plain(b) {
		x.places = make([]place, 0, len(b)/stride+1)
		p, at := place{}, 0
		for p.offset < len(b) {
			if p.offset >= at {
				x.places = append(x.places, p)
				at = p.offset + stride
				// A stretch of plain bytes needs no walk, short of its last byte, which may bear marks.
				if end := at; end < len(b) && plain(b[p.offset:end]) {
					p.offset, p.col = end-1, p.col+end-1-p.offset
				}
			}
			size, cells, _ := next(b[p.offset:])
			p.offset, p.col = p.offset+size, p.col+cells
		}
		x.cells = p.col
	}
	t.long[line] = x
	return x
}

// near returns the last known place of a line for which beyond is false, and the line's bytes.
func (t *Bytes) near(line int, beyond func(place) bool) (place, []byte, bool) {
	from, to := t.limits(line)
	b := t.b[from:to]
	if len(b) <= stride {
		return place{}, b, false
	}
	x := t.index(line)
	if x.places == nil {
		return place{}, b, true
	}
	i := sort.Search(len(x.places), func(i int) bool { return beyond(x.places[i]) })
	return x.places[max(i-1, 0)], b, false
}

// Columns implements Text.
func (t *Bytes) Columns(line int) int {
	if from, to := t.limits(line); to-from > stride {
		return t.index(min(max(line, 0), len(t.starts)-1)).cells
	}
	p, b, _ := t.near(line, nil)
	for p.offset < len(b) {
		size, cells, _ := next(b[p.offset:])
		p.offset, p.col = p.offset+size, p.col+cells
	}
	return p.col
}

// atColumn returns the cell group that covers a column, relative to the line, or its end.
func (t *Bytes) atColumn(line, col int) place {
	line = min(max(line, 0), len(t.starts)-1)
	p, b, ascii := t.near(line, func(p place) bool { return p.col > col })
	if ascii {
		col = min(max(col, 0), len(b))
		return place{col, col}
	}
	for p.offset < len(b) {
		size, cells, _ := next(b[p.offset:])
		if p.col+cells > col {
			break
		}
		p.offset, p.col = p.offset+size, p.col+cells
	}
	return p
}

// Offset implements Text.
func (t *Bytes) Offset(line, col int) int {
	from, _ := t.limits(line)
	return from + t.atColumn(line, col).offset
}

// Position implements Text.
func (t *Bytes) Position(offset int) (line, col int) {
	offset = min(max(offset, 0), len(t.b))
	line = max(sort.SearchInts(t.starts, offset+1)-1, 0)
	rel := offset - t.starts[line]
	p, b, ascii := t.near(line, func(p place) bool { return p.offset > rel })
	if ascii {
		return line, min(rel, len(b))
	}
	for p.offset < len(b) && p.offset < rel {
		size, cells, _ := next(b[p.offset:])
		if p.offset+size > rel {
			break
		}
		p.offset, p.col = p.offset+size, p.col+cells
	}
	return line, p.col
}

// Line implements Text.
func (t *Bytes) Line(line, from, to int) (string, []Span) {
	if to <= from {
		return "", nil
	}
	start, _ := t.limits(line)
	a := t.atColumn(line, from)
	z := t.atColumn(line, to)
	_, end := t.limits(line)
	if z.col < to && start+z.offset < end { // the group at the edge only partly lies within: whole
		size, _, _ := next(t.b[start+z.offset : end])
		z.offset += size
	}
	text := string(t.b[start+a.offset : start+z.offset])
	if t.options.Colours == nil || text == "" {
		return text, nil
	}
	return text, clip(t.options.Colours(line, start+a.offset, start+z.offset), start+a.offset, start+z.offset)
}

// clip cuts spans to from..to and counts them from from.
func clip(spans []Span, from, to int) []Span {
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		s.Start, s.End = max(s.Start, from), min(s.End, to)
		if s.Start < s.End {
			out = append(out, Span{s.Start - from, s.End - from, s.Role})
		}
	}
	return out
}

// Bytes implements Text.
func (t *Bytes) Bytes(from, to int) []byte {
	from = min(max(from, 0), len(t.b))
	return t.b[from:max(from, min(to, len(t.b)))]
}

// Widest implements Widest: the cells of the line that has the most bytes. A shorter line of many control bytes may
// have more; a view learns of that when it shows it.
func (t *Bytes) Widest() int {
	if t.widest == 0 {
		longest, at := -1, 0
		for i := range t.starts {
			if from, to := t.limits(i); to-from > longest {
				longest, at = to-from, i
			}
		}
		t.widest = max(t.Columns(at), 1)
	}
	return t.widest
}

// Lookup finds every place of what in the text, up to limit, as marks for a search. Case is ignored for ASCII.
func (t *Bytes) Lookup(what string, limit int) []Mark {
	var marks []Mark
	if what == "" {
		return nil
	}
	low := bytes.ToLower([]byte(what))
	if !slices.ContainsFunc(low, func(c byte) bool { return c >= 'a' && c <= 'z' }) {
		for at := 0; len(marks) < limit; {
			i := bytes.Index(t.b[at:], low)
			if i < 0 {
				break
			}
			marks = append(marks, Mark{at + i, at + i + len(low), MarkHit})
			at += i + len(low)
		}
		return marks
	}
	for at := 0; at+len(low) <= len(t.b) && len(marks) < limit; {
		if foldedAt(t.b[at:], low) {
			marks = append(marks, Mark{at, at + len(low), MarkHit})
			at += len(low)
			continue
		}
		at++
	}
	return marks
}

func foldedAt(b, low []byte) bool {
	for i, c := range low {
		x := b[i]
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		if x != c {
			return false
		}
	}
	return true
}
