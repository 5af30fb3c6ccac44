package comparing

import (
	"slices"

	"trestle/internal/compare"
)

// row is a line of both sides set against each other.
type row struct {
	lines [2]int // of the contents, -1 where a side has none
	sign  string // " " where nothing that matters differs
	fold  int    // how many equal rows this one stands for, 0 for none
}

// signOn is the sign of a row on one side.
func (r row) signOn(side int) string {
	if r.lines[side] < 0 {
		return " "
	}
	return r.sign
}

// align sets the lines of both sides against each other.
func (o *opened) align() []row {
	l, r := o.contents[0], o.contents[1]
	if o.result != nil && o.result.Left != nil && l.drawing != nil && r.drawing != nil {
		return o.segments()
	}
	var rows []row
	for _, p := range alignLines(l, r) {
		rows = append(rows, row{lines: p, sign: o.plainSign(p)})
	}
	o.markDocument(rows)
	return rows
}

// plainSign is the sign of lines of documents before their differences are looked at.
func (o *opened) plainSign(p [2]int) string {
	switch {
	case o.result == nil && p[0] < 0:
		return "+"
	case o.result == nil:
		return "-"
	case p[0] < 0 || p[1] < 0:
		return "≈"
	}
	l, r := o.contents[0], o.contents[1]
	a, b := l.lines[p[0]], r.lines[p[1]]
	if string(l.bytes[a.from:a.to]) == string(r.bytes[b.from:b.to]) {
		return " "
	}
	return "≈"
}

// markDocument gives the rows of documents the signs of the differences in them.
func (o *opened) markDocument(rows []row) {
	if o.result == nil {
		return
	}
	at := [2]map[int]int{{}, {}}
	for i, r := range rows {
		for side, line := range r.lines {
			if line >= 0 {
				at[side][line] = i
			}
		}
	}
	for i := range o.result.Differences {
		d := &o.result.Differences[i]
		if !matters(d) || d.Kind == compare.Formatting {
			continue
		}
		for side, s := range [...]compare.Span{d.Left.Span, d.Right.Span} {
			if s.End <= s.Offset {
				continue
			}
			for line := o.contents[side].lineAt(s.Offset); line >= 0 && line < len(o.contents[side].lines) && o.contents[side].lines[line].from < s.End; line++ {
				if k, ok := at[side][line]; ok {
					rows[k].sign = signOf(d.Kind, rows[k])
				}
			}
		}
	}
}

func signOf(k compare.Change, r row) string {
	switch {
	case r.lines[0] < 0:
		return "+"
	case r.lines[1] < 0:
		return "-"
	case k == compare.Moved:
		return "↕"
	}
	return "~"
}

// segments are the rows of two messages, as the engine has set them against each other.
func (o *opened) segments() []row {
	rows := make([]row, 0, len(o.result.Rows))
	for _, x := range o.result.Rows {
		r := row{lines: [2]int{x.Left, x.Right}, sign: " "}
		switch {
		case x.Moved:
			r.sign = "↕"
		case x.Changed:
			r.sign = signOf(compare.Changed, r)
		case slices.ContainsFunc(o.result.Of(x), func(d compare.Difference) bool { return true }):
			r.sign = "≈" // written otherwise, or left out by a rule
		case x.Left < 0 || x.Right < 0:
			r.sign = "≈"
		}
		rows = append(rows, r)
	}
	return rows
}

// contextRows is how many equal rows stay around one that differs.
const contextRows = 2

// visible leaves long stretches of equal rows out.
func (o *opened) visible() []row {
	if !o.folded {
		return o.whole
	}
	var rows []row
	for i := 0; i < len(o.whole); {
		end := i
		for end < len(o.whole) && o.whole[end].sign == " " {
			end++
		}
		from, to := i+contextRows, end-contextRows
		if i == 0 {
			from = 1 // the header stays
		}
		if end == len(o.whole) {
			to = end
		}
		if to-from > 2 {
			rows = append(rows, o.whole[i:from]...)
			rows = append(rows, row{lines: [2]int{-1, -1}, sign: " ", fold: to - from})
			rows = append(rows, o.whole[to:end]...)
		} else {
			rows = append(rows, o.whole[i:end]...)
		}
		if i = end; i < len(o.whole) {
			rows = append(rows, o.whole[i])
			i++
		}
	}
	return rows
}
