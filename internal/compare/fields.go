package compare

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// comparison is two messages being compared.
type comparison struct {
	l, r     side
	rules    *Rules
	same     bool // the delimiters
	charsets bool // the character sets differ and there are bytes beyond ASCII
	out      *Result
	seg      *pairContext // the pair of segments at hand
	covered  bool         // the patch exchanges a whole around what is found now
}

// pairContext is the pair of segments at hand.
type pairContext struct {
	i, j   int
	sl, sr hl7.Segment
}

// segments compares two segments that were set against each other.
func (c *comparison) segments(i, j int) {
	sl, sr := c.l.m.Segment(i), c.r.m.Segment(j)
	if c.same && bytes.Equal(sl.Bytes(), sr.Bytes()) && !c.charsets {
		return
	}
	c.seg = &pairContext{i: i, j: j, sl: sl, sr: sr}
	at, to := place{segment: int32(i)}, place{segment: int32(j)}
	if sl.Kind() != sr.Kind() || sl.Kind() > hl7.LineBadID {
		c.lines(at, to, sl, sr)
		return
	}
	leadL, leadR := lead(sl, c.l.delims.Field), lead(sr, c.r.delims.Field)
	if !bytes.Equal(leadL, leadR) {
		kind := Formatting // in lower case, or with a stray line end behind it
		if sl.Kind() == hl7.LineBadID {
			kind = Changed
		}
		c.add(Difference{
			Kind: kind, About: "spelling of the segment ID", at: at, to: to,
			Left:  Side{Span: Span{sl.Offset(), sl.Offset() + len(leadL)}, State: hl7.Valued, Text: readable(leadL)},
			Right: Side{Span: Span{sr.Offset(), sr.Offset() + len(leadR)}, State: hl7.Valued, Text: readable(leadR)},
		})
	}
	n := int32(1)
	endL, endR := sl.Offset()+len(leadL), sr.Offset()+len(leadR)
	if sl.IsHeader() && sr.IsHeader() {
		n = 3
		fl, fr := sl.Field(2), sr.Field(2)
		endL, endR = fl.End(), fr.End()
		// What stands in MSH-2 and is no delimiter: the same delimiters, written otherwise.
		if l, r := c.l.m.Bytes()[sl.Offset()+3:endL], c.r.m.Bytes()[sr.Offset()+3:endR]; c.same && !bytes.Equal(l, r) {
			p, q := numbered(at, hl7.LevelField, 2), numbered(to, hl7.LevelField, 2)
			c.add(Difference{
				Kind: Changed, at: p, to: q,
				Left:  Side{Span: Span{sl.Offset() + 3, endL}, State: hl7.Valued, Text: readable(l)},
				Right: Side{Span: Span{sr.Offset() + 3, endR}, State: hl7.Valued, Text: readable(r)},
			})
		}
	}
	c.parts(at, to, sl.Field(int(n)), sr.Field(int(n)), n, endL, endR, Span{endL, sl.End()}, Span{endR, sr.End()})
}

// lead is what stands before the first field.
func lead(s hl7.Segment, separator string) []byte {
	b := s.Bytes()
	if s.IsHeader() || s.Kind() == hl7.LineSegment && (len(b) == 3 || bytes.HasPrefix(b[3:], []byte(separator))) {
		return b[:3]
	}
	return b[:len(s.Lead())]
}

// lines compares two lines of which one at least is no segment.
func (c *comparison) lines(at, to place, sl, sr hl7.Segment) {
	if bytes.Equal(sl.Bytes(), sr.Bytes()) {
		return
	}
	kind, about := Changed, ""
	if len(bytes.TrimSpace(sl.Bytes())) == 0 && len(bytes.TrimSpace(sr.Bytes())) == 0 {
		kind, about = Formatting, "blank line"
	}
	c.add(Difference{Kind: kind, About: about, at: at, to: to, Left: lineSide(sl), Right: lineSide(sr)})
}

func lineSide(s hl7.Segment) Side {
	return Side{Span: Span{s.Offset(), s.End()}, State: hl7.Valued, Text: readable(s.Bytes())}
}

// readable is text of raw bytes for people: what is no UTF-8 is shown as U+FFFD.
func readable(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "�")
}

// parts compares the fields of two segments, the components of two repetitions or the subcomponents of two components, by
// number, from the n-th on. endL and endR are where what stands before it ends; wl and wr are the wholes.
func (c *comparison) parts(at, to place, l, r hl7.Value, n int32, endL, endR int, wl, wr Span) {
	level := hl7.LevelField
	if l.IsPresent() {
		level = l.Level()
	} else if r.IsPresent() {
		level = r.Level()
	}
	for ; l.IsPresent() && r.IsPresent(); n++ {
		if c.differ(l.Raw(), r.Raw()) {
			p, q := numbered(at, level, n), numbered(to, level, n)
			c.part(p, q, l, r)
		}
		endL, endR = l.End(), r.End()
		l, r = l.Next(), r.Next()
	}
	switch {
	case l.IsPresent():
		c.tail(at, to, level, n, l, endL, wl.End, wr, Removed)
	case r.IsPresent():
		c.tail(at, to, level, n, r, endR, wr.End, wl, Added)
	}
}

func numbered(p place, level hl7.Level, n int32) place {
	switch level {
	case hl7.LevelField:
		p.field = n
	case hl7.LevelComponent:
		p.component = n
	case hl7.LevelSubcomponent:
		p.subcomponent = n
	}
	return p
}

// differ is the quick look: false only if both surely mean the same.
func (c *comparison) differ(l, r []byte) bool {
	if !bytes.Equal(l, r) {
		return true
	}
	if c.same {
		return c.charsets && !isASCII(l)
	}
	// Equal bytes under other delimiters need not mean the same, unless there are none.
	for _, b := range l {
		if !(b == ' ' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z') {
			return true
		}
	}
	return false
}

// tail reports the parts that only one side has, after the end of the other.
func (c *comparison) tail(at, to place, level hl7.Level, n int32, v hl7.Value, end, limit int, other Span, kind Change) {
	mine := &c.r
	if kind == Removed {
		mine = &c.l
	}
	for ; v.IsPresent(); v, n = v.Next(), n+1 {
		if !mine.says(v) {
			continue
		}
		d := Difference{Kind: kind, at: numbered(at, level, n), to: numbered(to, level, n)}
		side := Side{Span: Span{v.Offset(), v.End()}, State: v.State(), Text: v.Text()}
		none := Side{Span: Span{other.End, other.End}, State: hl7.Absent}
		if kind == Added {
			d.Left, d.Right = none, side
			d.from, d.by = none.Span, Span{end, v.End()}
		} else {
			d.Left, d.Right = side, none
			d.from, d.by = Span{end, v.End()}, none.Span
		}
		end = v.End()
		c.add(d)
	}
	if end < limit && c.same {
		d := Difference{Kind: Formatting, About: "trailing separators", at: at, to: to}
		side := Side{Span: Span{end, limit}, State: hl7.Empty, Text: readable(mine.m.Bytes()[end:limit])}
		none := Side{Span: Span{other.End, other.End}, State: hl7.Absent}
		if d.Left, d.Right = none, side; kind == Removed {
			d.Left, d.Right = side, none
		}
		c.add(d)
	}
}

// part compares two parts of one number that are not written the same.
func (c *comparison) part(at, to place, l, r hl7.Value) {
	saysL, saysR := c.l.says(l), c.r.says(r)
	switch {
	case !saysL && !saysR:
		if c.same {
			c.value(Formatting, "separators without a value", at, to, l, r)
		}
	case !saysL:
		c.value(Added, "", at, to, l, r)
	case !saysR:
		c.value(Removed, "", at, to, l, r)
	default:
		c.inside(at, to, l, r)
	}
}

// inside compares two parts that both say something.
func (c *comparison) inside(at, to place, l, r hl7.Value) {
	switch l.Level() {
	case hl7.LevelField:
		nl, nr := l.Repetitions(), r.Repetitions()
		if nl == 1 && nr == 1 {
			c.inside(at, to, l.Repetition(1), r.Repetition(1))
			return
		}
		c.repetitions(at, to, l, r, nl, nr)
	case hl7.LevelRepetition:
		cl, cr := l.Component(1), r.Component(1)
		if cl.End() == l.End() && cr.End() == r.End() { // one component each
			c.inside(at, to, cl, cr)
			return
		}
		c.parts(at, to, cl, cr, 1, l.Offset(), r.Offset(), Span{l.Offset(), l.End()}, Span{r.Offset(), r.End()})
	case hl7.LevelComponent:
		sl, sr := l.Subcomponent(1), r.Subcomponent(1)
		if sl.End() == l.End() && sr.End() == r.End() {
			c.leaf(at, to, sl, sr)
			return
		}
		if at.component == 0 { // the only component of its field has subcomponents
			at.component, to.component = 1, 1
		}
		c.parts(at, to, sl, sr, 1, l.Offset(), r.Offset(), Span{l.Offset(), l.End()}, Span{r.Offset(), r.End()})
	default:
		c.leaf(at, to, l, r)
	}
}

// leaf compares two smallest parts that both say something.
func (c *comparison) leaf(at, to place, l, r hl7.Value) {
	if l.State() != r.State() { // "" against a value
		c.value(Changed, "", at, to, l, r)
		return
	}
	if l.State() == hl7.Null {
		return
	}
	tl, tr := l.Text(), r.Text()
	if tl == tr {
		switch {
		case bytes.Equal(l.Raw(), r.Raw()), !c.same:
			return // other delimiters are no difference, nor are the escapes that they ask for
		case c.l.escaped(l.Raw()) || c.r.escaped(r.Raw()):
			c.value(Formatting, "escape sequences", at, to, l, r)
		default:
			c.value(Formatting, "character set", at, to, l, r)
		}
		return
	}
	if about := c.equivalent(at, tl, tr); about != "" {
		c.value(Formatting, about, at, to, l, r)
		return
	}
	c.value(Changed, "", at, to, l, r)
}

// value reports a difference between two values.
func (c *comparison) value(kind Change, about string, at, to place, l, r hl7.Value) {
	c.add(Difference{
		Kind: kind, About: about, at: at, to: to,
		Left:  Side{Span: Span{l.Offset(), l.End()}, State: l.State(), Text: l.Text()},
		Right: Side{Span: Span{r.Offset(), r.End()}, State: r.State(), Text: r.Text()},
	})
}

// add completes a difference, asks the rules about it and keeps it.
func (c *comparison) add(d Difference) {
	if d.Count == 0 {
		d.Count = 1
	}
	if d.from == (Span{}) && d.by == (Span{}) {
		d.from, d.by = d.Left.Span, d.Right.Span
	}
	d.covered = c.covered
	if d.at.segment >= 0 {
		d.Left.Path = c.l.path(d.at)
	}
	if d.to.segment >= 0 {
		if d.Right.Path = ""; d.at.segment >= 0 && d.at == d.to && c.l.sameName(&c.r, d.at.segment) {
			d.Right.Path = d.Left.Path
		} else {
			d.Right.Path = c.r.path(d.to)
		}
	}
	if d.Path = d.Left.Path; d.Kind == Added || d.Path == "" {
		d.Path = d.Right.Path
	}
	c.judge(&d)
	c.out.Differences = append(c.out.Differences, d)
}

// sameName says whether the segments of one index have one path on both sides.
func (s *side) sameName(o *side, i int32) bool {
	return int(i) < len(o.lines) && s.lines[i].name == o.lines[i].name && s.occurrence(int(i)) == o.occurrence(int(i))
}
