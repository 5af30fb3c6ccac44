package comparing

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/compare"
	"trestle/internal/present/screen"
)

// row is a line of both sides set against each other.
type row struct {
	lines [2]int // of the contents, -1 where a side has none
	sign  string // " " where nothing that matters differs
	fold  int    // how many equal rows this one stands for, 0 for none
}

// Pane is a text beside or above another, in which both sides stand in step: where one has no line there is a gap.
type Pane struct {
	Text    screen.Text
	Marks   []screen.Mark
	gutter  []string
	starts  []int // where each line begins
	rows    []int // the row that each line shows
	spans   []screen.Span
	pieces  [2][]piece // of the sides, by their bytes
	current []screen.Mark
}

// piece is where bytes of a message are drawn.
type piece struct{ from, to, at, size int }

// Number is what stands in the gutter before a line: the number of the segment and the sign.
func (p *Pane) Number(line int) string {
	if line < 0 || line >= len(p.gutter) {
		return ""
	}
	return p.gutter[line]
}

// AllMarks are the marks with those of the current difference.
func (p *Pane) AllMarks() []screen.Mark { return append(slices.Clip(p.Marks), p.current...) }

// painting is a pane in the making.
type painting struct {
	*Pane
	buf    []byte
	breaks []screen.Break
	digits int
	tokens []token
}

// paint draws rows. In a unified pane, side 1 stands for both where they are equal.
func paint(rows []row, contents [2]*content, side int, unified, decoded, masked bool) *Pane {
	p := painting{Pane: &Pane{}, digits: len(fmt.Sprint(max(len(contents[0].lines), len(contents[1].lines))))}
	for i, r := range rows {
		switch {
		case r.fold > 0:
			p.fold(i, r.fold)
		case !unified:
			p.line(i, contents[side], side, r.lines[side], r.signOn(side), decoded, masked)
		case r.lines[0] >= 0 && r.lines[1] >= 0 && r.sign != "~" && r.sign != "≈":
			p.line(i, contents[1], 1, r.lines[1], r.sign, decoded, masked)
		default:
			for side, sign := range []string{"-", "+"} {
				if r.lines[side] < 0 {
					continue
				}
				if r.sign == "≈" {
					sign = r.sign
				}
				p.line(i, contents[side], side, r.lines[side], sign, decoded, masked)
			}
		}
	}
	for side := range p.pieces {
		slices.SortFunc(p.pieces[side], func(a, b piece) int { return a.from - b.from })
	}
	p.Text = screen.NewBytes(p.buf, screen.BytesOptions{Breaks: p.breaks, Colours: p.colours})
	return p.Pane
}

// signOn is the sign of a row on one side.
func (r row) signOn(side int) string {
	if r.lines[side] < 0 {
		return " "
	}
	return r.sign
}

func (p *painting) fold(i, n int) {
	text := "⋯ " + plural(n, "line") + " without a difference"
	p.begin(i, strings.Repeat(" ", p.digits+2))
	p.put(text, screen.RoleMuted)
	p.end()
}

func (p *painting) line(i int, c *content, side, line int, sign string, decoded, masked bool) {
	if line < 0 {
		p.begin(i, strings.Repeat(" ", p.digits+2))
		p.end()
		return
	}
	p.begin(i, fmt.Sprintf("%*d %s", p.digits, line+1, sign))
	p.put(strings.Repeat(" ", c.lines[line].indent), screen.RoleText)
	p.tokens = c.tokens(line, decoded, masked, p.tokens[:0])
	for _, t := range p.tokens {
		p.pieces[side] = append(p.pieces[side], piece{t.from, t.to, len(p.buf), len(t.text)})
		p.put(t.text, t.role)
	}
	p.end()
}

func (p *painting) begin(row int, gutter string) {
	p.starts = append(p.starts, len(p.buf))
	p.rows = append(p.rows, row)
	p.gutter = append(p.gutter, gutter)
}

func (p *painting) put(text string, role screen.Role) {
	if text == "" {
		return
	}
	from := len(p.buf)
	p.buf = append(p.buf, text...)
	if n := len(p.spans); n > 0 && p.spans[n-1].End == from && p.spans[n-1].Role == role {
		p.spans[n-1].End = len(p.buf)
		return
	}
	p.spans = append(p.spans, screen.Span{Start: from, End: len(p.buf), Role: role})
}

func (p *painting) end() {
	p.breaks = append(p.breaks, screen.Break{Offset: len(p.buf), Length: 1})
	p.buf = append(p.buf, '\n')
}

// colours are those of a stretch of the text.
func (p *Pane) colours(_, from, to int) []screen.Span {
	at, _ := slices.BinarySearchFunc(p.spans, from, func(s screen.Span, from int) int {
		if s.End > from {
			return 1
		}
		return -1
	})
	var out []screen.Span
	for ; at < len(p.spans) && p.spans[at].Start < to; at++ {
		out = append(out, p.spans[at])
	}
	return out
}

// locate says where bytes of a side are drawn; false if they are not.
func (p *Pane) locate(side int, s compare.Span) (from, to int, ok bool) {
	list := p.pieces[side]
	at, _ := slices.BinarySearchFunc(list, s.Offset, func(x piece, offset int) int {
		if x.to > offset {
			return 1
		}
		return -1
	})
	if at == len(list) {
		return 0, 0, false
	}
	x := list[at]
	if x.from >= max(s.End, s.Offset+1) { // nothing of it is drawn, or it is empty: it would stand before this
		return x.at, x.at, s.End == s.Offset
	}
	from, to = x.within(s.Offset), x.at
	for ; at < len(list) && list[at].from < s.End && list[at].at >= to; at++ { // a text may go on below, in pieces
		to = list[at].within(s.End)
	}
	return from, max(to, from), true
}

// within is where a byte of a piece is drawn. What is drawn decoded has its beginning and its end only.
func (x piece) within(offset int) int {
	switch {
	case offset >= x.to:
		return x.at + x.size
	case offset <= x.from || x.size != x.to-x.from:
		return x.at
	}
	return x.at + offset - x.from
}

// lineOf is the first line that shows a row, -1 for none.
func (p *Pane) lineOf(row int) int {
	at, ok := slices.BinarySearch(p.rows, row)
	if !ok {
		return -1
	}
	return at
}
