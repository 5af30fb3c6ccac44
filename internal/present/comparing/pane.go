package comparing

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/compare"
	"trestle/internal/present/screen"
)

// Pane is a text beside or above another, in which both sides stand in step: where one has no line there is a gap.
type Pane struct {
	Text    screen.Text
	Marks   []screen.Mark
	lines   []paneLine
	masked  bool
	digits  int // of the longest line number
	decoded bool
	pieces  [2][]piece // of the sides, by their bytes
	current []screen.Mark
}

// paneLine is a line of a pane.
type paneLine struct {
	row    int // that it shows
	start  int // its first byte
	number int // of the line in its message, from 1; 0 for none
	sign   string
	of     *content // whose line it is; nil of gaps and folds
	at     int      // where that begins
}

// piece is where bytes of a message are drawn.
type piece struct{ from, to, at, size int }

// Number is what stands in the gutter before a line: the number of the segment and the sign.
func (p *Pane) Number(line int) string {
	if line < 0 || line >= len(p.lines) {
		return ""
	}
	if n := p.lines[line].number; n > 0 {
		return fmt.Sprintf("%*d %s", p.digits, n, p.lines[line].sign)
	}
	return strings.Repeat(" ", p.digits+2)
}

// AllMarks are the marks with those of the current difference.
func (p *Pane) AllMarks() []screen.Mark { return append(slices.Clip(p.Marks), p.current...) }

// painting is a pane in the making.
type painting struct {
	*Pane
	buf    []byte
	breaks []screen.Break
	tokens []token
}

// paint draws rows. In a unified pane, side 1 stands for both where they are equal.
func paint(rows []row, contents [2]*content, side int, unified, decoded, masked bool) *Pane {
	p := painting{Pane: &Pane{masked: masked, decoded: decoded, digits: len(fmt.Sprint(max(len(contents[0].lines), len(contents[1].lines))))}}
	for i, r := range rows {
		switch {
		case r.fold > 0:
			p.fold(i, r.fold)
		case !unified:
			p.line(i, contents[side], side, r.lines[side], r.signOn(side))
		case r.lines[0] >= 0 && r.lines[1] >= 0 && r.sign != "~" && r.sign != "≈":
			p.line(i, contents[1], 1, r.lines[1], r.sign)
		default:
			for side, sign := range []string{"-", "+"} {
				if r.lines[side] < 0 {
					continue
				}
				if r.sign == "≈" {
					sign = r.sign
				}
				p.line(i, contents[side], side, r.lines[side], sign)
			}
		}
	}
	for side := range p.pieces {
		slices.SortFunc(p.pieces[side], func(a, b piece) int { return a.from - b.from })
	}
	p.Text = screen.NewBytes(p.buf, screen.BytesOptions{Breaks: p.breaks, Colours: p.colours})
	return p.Pane
}

func (p *painting) fold(i, n int) {
	p.begin(paneLine{row: i})
	p.buf = append(p.buf, "⋯ "+screen.Plural(n, "line")+" without a difference"...)
	p.end()
}

func (p *painting) line(i int, c *content, side, line int, sign string) {
	if line < 0 {
		p.begin(paneLine{row: i})
		p.end()
		return
	}
	x := p.begin(paneLine{row: i, number: line + 1, sign: sign, of: c})
	for range c.lines[line].indent {
		p.buf = append(p.buf, ' ')
	}
	x.at = len(p.buf)
	if p.decoded {
		p.tokens = c.decode(line, p.masked, p.tokens[:0])
	} else {
		p.tokens = append(p.tokens[:0], c.plain(line, p.masked))
	}
	for _, t := range p.tokens {
		p.place(side, t)
		p.buf = append(p.buf, t.text...)
	}
	p.end()
}

// place keeps where bytes are drawn. What is drawn byte for byte is one piece with what stands before it.
func (p *painting) place(side int, t token) {
	list := p.pieces[side]
	now := piece{t.from, t.to, len(p.buf), len(t.text)}
	if n := len(list) - 1; n >= 0 && now.size == now.to-now.from {
		if last := &list[n]; last.to == now.from && last.at+last.size == now.at && last.size == last.to-last.from {
			last.to, last.size = now.to, last.size+now.size
			return
		}
	}
	p.pieces[side] = append(list, now)
}

func (p *painting) begin(l paneLine) *paneLine {
	l.start = len(p.buf)
	p.lines = append(p.lines, l)
	return &p.lines[len(p.lines)-1]
}

func (p *painting) end() {
	p.breaks = append(p.breaks, screen.Break{Offset: len(p.buf), Length: 1})
	p.buf = append(p.buf, '\n')
}

// colours are those of a line. They are found when it is seen: for a message of twenty thousand segments that would take
// long at once.
func (p *Pane) colours(line, from, to int) []screen.Span {
	l := p.lines[min(line, len(p.lines)-1)]
	switch {
	case l.of == nil:
		return []screen.Span{{Start: from, End: to, Role: screen.RoleMuted}}
	case p.decoded:
		var out []screen.Span
		at := l.at
		for _, t := range l.of.decode(l.number-1, p.masked, nil) {
			out = append(out, screen.Span{Start: at, End: at + len(t.text), Role: t.role})
			at += len(t.text)
		}
		return out
	}
	out := l.of.roles(l.number-1, p.masked)
	for i := range out {
		out[i].Start, out[i].End = out[i].Start+l.at, out[i].End+l.at
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
	at, ok := slices.BinarySearchFunc(p.lines, row, func(l paneLine, row int) int { return l.row - row })
	if !ok {
		return -1
	}
	return at
}
