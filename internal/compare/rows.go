package compare

import (
	"cmp"
	"slices"

	"trestle/internal/hl7"
)

// rows sets the segments against each other in the order of the right side and compares each pair.
func (c *comparison) rows(pairs []int32, moved []bool) {
	n, m := len(c.l.lines), len(c.r.lines)
	c.out.Rows = make([]Row, 0, max(n, m)+8)
	partner := make([]int32, m)
	for j := range partner {
		partner[j] = -1
	}
	for i, j := range pairs {
		if j >= 0 {
			partner[j] = int32(i)
		}
	}
	i := 0
	removed := func() { // what only the left has, as soon as what stands before it is done
		for ; i < n && (pairs[i] < 0 || moved != nil && moved[i]); i++ {
			if pairs[i] < 0 {
				c.only(i, -1)
			}
		}
	}
	removed()
	for j := range m {
		switch p := partner[j]; {
		case p < 0:
			c.only(-1, j)
		case moved != nil && moved[p]:
			c.pairRow(int(p), j, true, moved, partner)
		default:
			c.pairRow(int(p), j, false, moved, partner)
			i = int(p) + 1
			removed()
		}
	}
	c.renumbered()
}

// only reports a segment that one side has.
func (c *comparison) only(i, j int) {
	c.out.Rows = append(c.out.Rows, Row{Left: i, Right: j, First: len(c.out.Differences)})
	d := Difference{Kind: Removed, at: place{segment: int32(i)}, to: place{segment: int32(j)}}
	s, side := c.l.m, &d.Left
	at := i
	if i < 0 {
		d.Kind, s, side, at = Added, c.r.m, &d.Right, j
	}
	seg := s.Segment(at)
	*side = lineSide(seg)
	if seg.Kind() == hl7.LineBlank {
		d.Kind, d.About = Formatting, "blank line"
	}
	c.seg = &pairContext{i: i, j: j}
	if i >= 0 {
		c.seg.sl = seg
	} else {
		c.seg.sr = seg
	}
	c.add(d)
	c.closeRow()
}

// pairRow reports a pair: that it moved, if it did, and what changed inside.
func (c *comparison) pairRow(i, j int, moved bool, all []bool, partner []int32) {
	c.out.Rows = append(c.out.Rows, Row{Left: i, Right: j, Moved: moved, First: len(c.out.Differences)})
	if moved {
		// Segments that moved together are one move.
		first := !(j > 0 && i > 0 && partner[j-1] == int32(i-1) && all[i-1])
		if first {
			d := Difference{Kind: Moved, at: place{segment: int32(i)}, to: place{segment: int32(j)}, Count: 1}
			for k := 1; j+k < len(partner) && i+k < len(all) && partner[j+k] == int32(i+k) && all[i+k]; k++ {
				d.Count++
			}
			sl, sr := c.l.m.Segment(i), c.r.m.Segment(j)
			d.Left, d.Right = lineSide(sl), lineSide(sr)
			d.Left.Span.End = c.l.m.Segment(i + d.Count - 1).End()
			d.Right.Span.End = c.r.m.Segment(j + d.Count - 1).End()
			c.seg = &pairContext{i: i, j: j, sl: sl, sr: sr}
			c.add(d)
		}
	}
	c.segments(i, j)
	c.closeRow()
}

func (c *comparison) closeRow() {
	row := &c.out.Rows[len(c.out.Rows)-1]
	row.Last = len(c.out.Differences)
	inOrder(c.out.Differences[row.First:row.Last])
	c.mark(row)
}

// renumbered marks set IDs that only count on after a segment was added, removed or moved: they follow from that.
func (c *comparison) renumbered() {
	for k := range c.out.Rows {
		row := &c.out.Rows[k]
		if row.Left < 0 || row.Right < 0 || row.First == row.Last || !setIDs[c.l.lines[row.Left].name] {
			continue
		}
		for x := row.First; x < row.Last; x++ {
			d := &c.out.Differences[x]
			if d.Kind == Changed && d.Verdict == Open && d.at.field == 1 && d.at.component == 0 && c.l.counted(row.Left) && c.r.counted(row.Right) {
				d.Verdict, d.Rule = Implied, "set IDs count the segments"
			}
		}
		c.mark(row)
	}
}

// mark says whether a row has changed.
func (c *comparison) mark(row *Row) {
	row.Changed = false
	for k := row.First; k < row.Last; k++ {
		d := &c.out.Differences[k]
		if d.Verdict <= Expected && d.Kind != Formatting && d.Kind != Moved {
			row.Changed = true
		}
	}
}

// lineEnds reports which line ends became which others: one difference for each kind of change, however many there are.
func (c *comparison) lineEnds() {
	type key struct{ from, to hl7.BreakKind }
	var keys []key
	found := map[key]*Difference{}
	for _, row := range c.out.Rows {
		if row.Left < 0 || row.Right < 0 {
			continue
		}
		sl, sr := c.l.m.Segment(row.Left), c.r.m.Segment(row.Right)
		bl, br := sl.Break(), sr.Break()
		if bl.Kind == br.Kind {
			continue
		}
		// The last segment has none where it is not the last on the other side: that is no difference in writing.
		if (bl.Kind == hl7.BreakEnd) != (br.Kind == hl7.BreakEnd) && (row.Left == len(c.l.lines)-1) != (row.Right == len(c.r.lines)-1) {
			continue
		}
		k := key{bl.Kind, br.Kind}
		if d := found[k]; d != nil {
			d.Count++
			continue
		}
		keys = append(keys, k)
		found[k] = &Difference{
			Kind: Formatting, About: "line ends", Count: 1, covered: true,
			at: place{segment: int32(row.Left)}, to: place{segment: int32(row.Right)},
			Left:  Side{Span: Span{bl.Offset, bl.Offset + bl.Length}, State: hl7.Valued, Text: bl.Kind.String()},
			Right: Side{Span: Span{br.Offset, br.Offset + br.Length}, State: hl7.Valued, Text: br.Kind.String()},
		}
	}
	c.covered = true // the patch sees to line ends by itself
	for _, k := range keys {
		c.add(*found[k])
	}
	c.covered = false
}

// mirror exchanges the sides of a result.
func (r *Result) mirror() {
	r.Left, r.Right = r.Right, r.Left
	for i := range r.Differences {
		d := &r.Differences[i]
		d.Kind = d.Kind.mirror()
		d.Left, d.Right = d.Right, d.Left
		d.at, d.to = d.to, d.at
		d.from, d.by = d.by, d.from
		if d.Path = d.Left.Path; d.Kind == Added || d.Path == "" {
			d.Path = d.Right.Path
		}
	}
	if r.Rows != nil {
		r.mirrorRows()
	}
}

// mirrorRows puts the rows, and the differences with them, in the order of what is the right side now.
func (r *Result) mirrorRows() {
	old, differences := r.Rows, r.Differences
	end, n, m := 0, 0, 0
	for k := range old {
		old[k].Left, old[k].Right = old[k].Right, old[k].Left
		end, n, m = max(end, old[k].Last), max(n, old[k].Left+1), max(m, old[k].Right+1)
	}
	byLeft, byRight := make([]int, n), make([]int, m)
	for k, row := range old {
		if row.Left >= 0 {
			byLeft[row.Left] = k
		}
		if row.Right >= 0 {
			byRight[row.Right] = k
		}
	}
	r.Rows, r.Differences = make([]Row, 0, len(old)), make([]Difference, 0, len(differences))
	emit := func(row Row) {
		at := len(r.Differences)
		r.Differences = append(r.Differences, differences[row.First:row.Last]...)
		row.First, row.Last = at, len(r.Differences)
		inOrder(r.Differences[at:])
		r.Rows = append(r.Rows, row)
	}
	i := 0
	removed := func() {
		for ; i < n && (old[byLeft[i]].Right < 0 || old[byLeft[i]].Moved); i++ {
			if row := old[byLeft[i]]; row.Right < 0 {
				emit(row)
			}
		}
	}
	removed()
	for j := range m {
		row := old[byRight[j]]
		emit(row)
		if row.Left >= 0 && !row.Moved {
			i = row.Left + 1
			removed()
		}
	}
	r.Differences = append(r.Differences, differences[end:]...)
}

// inOrder sorts the differences of a row as they stand on the left, and then on the right.
func inOrder(list []Difference) {
	if len(list) > 1 {
		slices.SortStableFunc(list, func(a, b Difference) int {
			return cmp.Or(cmp.Compare(a.Left.Span.Offset, b.Left.Span.Offset), cmp.Compare(a.Right.Span.Offset, b.Right.Span.Offset))
		})
	}
}
