package comparing

import (
	"cmp"
	"context"
	"slices"

	"trestle/internal/compare"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// opened is the pair that is open.
type opened struct {
	m      *Model
	index  int // among the pairs, -1 for none
	wanted *patternAt
	ready  bool // its messages are there

	contents [2]*content
	result   *compare.Result // nil where a side is missing
	listed   []int           // differences in the order of the list, by their index in the result
	current  int             // place in listed, -1 for none
	names    []string        // of the listed differences
	whole    []row           // all lines
	rows     []row           // those that are shown
	panes    [2]*Pane        // unified: the first alone

	unified, decoded, folded bool
}

func (o *opened) clear() {
	o.m.opening.Cancel()
	*o = opened{m: o.m, index: -1, unified: o.unified, decoded: o.decoded, folded: o.folded}
}

// OpenPair opens the pair in a row of the list.
func (m *Model) OpenPair(row int) {
	if m.found != nil && row >= 0 && row < len(m.found.shown) {
		m.OpenIndex(int(m.found.shown[row]))
	}
}

// OpenIndex opens a pair by its place among all of them.
func (m *Model) OpenIndex(index int) {
	if m.found == nil || index < 0 || index >= len(m.found.pairs) {
		return
	}
	o := &m.open
	wanted := o.wanted
	if o.index != index {
		o.clear()
	}
	o.index, o.wanted, o.current = index, wanted, -1
	o.read()
}

// pairRead is a pair with its messages.
type pairRead struct {
	contents [2]*content
	result   *compare.Result
}

// Message is the message of a side of the open pair as it came, nil where there is none.
func (m *Model) Message(side int) []byte {
	if c := m.open.contents[side]; m.open.ready && c != nil && !c.document {
		return c.bytes
	}
	return nil
}

// read reads the messages of the open pair and compares them by the rules that are there now.
func (o *opened) read() {
	m, in := o.m, o.m.inputs
	if in == nil || m.found == nil || o.index < 0 {
		return
	}
	p, rules := m.found.pairs[o.index], m.rules.active()
	job.StartLatest(m.ctx, m.runner, &m.opening, func(ctx context.Context) (r pairRead, err error) {
		var both [2][]byte
		for i, member := range [...]compare.Member{p.left, p.right} {
			if member.Index < 0 {
				continue
			}
			b, err := in.sources[i].Read(ctx, member.Ref, nil)
			if err != nil {
				return r, err
			}
			both[i] = slices.Clip(b)
			if both[i] == nil {
				both[i] = []byte{}
			}
		}
		r = readPair(both, rules)
		for i, member := range [...]compare.Member{p.left, p.right} {
			if err := compare.Origins(ctx, in.sources[i], member, r.result, i); err != nil {
				return r, err
			}
		}
		return r, nil
	}, func(r pairRead, err error) {
		if err != nil {
			m.Fail("The pair could not be read", err)
			return
		}
		o.show(r)
	})
}

// readPair compares two messages as a set does.
func readPair(both [2][]byte, rules *compare.Rules) (r pairRead) {
	for i, b := range both {
		r.contents[i] = readContent(b)
	}
	if both[0] == nil || both[1] == nil {
		return r
	}
	if r.contents[0].document || r.contents[1].document {
		if result, err := compare.Documents(both[0], both[1], rules); err == nil {
			r.result = result
			return r
		}
	}
	r.result = compare.Messages(hl7.Parse(both[0]), hl7.Parse(both[1]), rules)
	return r
}

func (o *opened) show(r pairRead) {
	place := -1
	if o.ready { // the same pair once more, by other rules
		place = o.current
	}
	o.contents, o.result, o.ready = r.contents, r.result, true
	o.list()
	o.whole = o.align()
	o.draw()
	o.current = -1
	switch {
	case o.wanted != nil:
		o.goToPattern(*o.wanted)
		o.wanted = nil
	case place >= 0 && place < len(o.listed):
		o.setCurrent(place)
	default:
		o.step(1)
	}
	o.m.Changed(Open | Current)
}

// list puts the differences in order: what matters first, what is left out last.
func (o *opened) list() {
	o.listed, o.names = nil, nil
	if o.result == nil {
		return
	}
	for i := range o.result.Differences {
		o.listed = append(o.listed, i)
	}
	late := func(i int) int {
		if o.result.Differences[i].Verdict > compare.Expected {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(o.listed, func(a, b int) int { return late(a) - late(b) })
	for _, i := range o.listed {
		o.names = append(o.names, o.name(&o.result.Differences[i]))
	}
}

// name is what the standard calls the place of a difference.
func (o *opened) name(d *compare.Difference) string {
	if from := cmp.Or(d.Left.From, d.Right.From); from != "" {
		return "from " + from
	}
	p, err := hl7.ParsePath(d.Path)
	if err != nil {
		return ""
	}
	c := o.contents[0]
	if d.Kind == compare.Added {
		c = o.contents[1]
	}
	var v *dictionary.Version
	if c.drawing != nil {
		v = c.drawing.Version
	}
	if v == nil {
		return ""
	}
	return v.NameOf(p)
}

// matters says whether a difference is one that a person steps to.
func matters(d *compare.Difference) bool { return d.Verdict <= compare.Expected }

// draw makes the texts anew, after another way to show them was chosen.
func (o *opened) draw() {
	if !o.ready {
		return
	}
	o.rows = o.visible()
	masked := o.m.masked
	if o.unified {
		o.panes = [2]*Pane{paint(o.rows, o.contents, 0, true, o.decoded, masked)}
	} else {
		for side := range o.panes {
			o.panes[side] = paint(o.rows, o.contents, side, false, o.decoded, masked)
		}
	}
	o.mark()
	o.markCurrent()
}

// mark lays the differences over the texts.
func (o *opened) mark() {
	if o.result == nil {
		return
	}
	for i := range o.result.Differences {
		d := &o.result.Differences[i]
		if !matters(d) {
			continue
		}
		for side, s := range [...]compare.Side{d.Left, d.Right} {
			if s.Span.End > s.Span.Offset {
				o.markSide(d, side, s)
			}
		}
	}
}

func (o *opened) markSide(d *compare.Difference, side int, s compare.Side) {
	p := o.panes[side]
	if o.unified {
		p = o.panes[0]
	}
	from, to, ok := p.locate(side, s.Span)
	if !ok {
		return
	}
	kind := screen.MarkChanged
	switch d.Kind {
	case compare.Added:
		kind = screen.MarkAdded
	case compare.Removed:
		kind = screen.MarkRemoved
	case compare.Moved, compare.Formatting:
		kind = screen.MarkInformation
	}
	if d.Kind == compare.Moved { // the ID is enough: what changed inside has marks of its own
		to = min(to, from+3)
	}
	p.Marks = append(p.Marks, screen.Mark{From: from, To: to, Kind: kind})
	// Inside long text the words that differ, where the text is drawn as it was compared.
	if runs := d.Words(); runs != nil && !o.m.masked && string(p.Text.Bytes(from, to)) == s.Text {
		skip, mark := compare.Insert, screen.MarkRemoved
		if side == 1 {
			skip, mark = compare.Delete, screen.MarkAdded
		}
		for _, r := range runs {
			switch {
			case r.Kind == skip:
				continue
			case r.Kind != compare.Equal:
				p.Marks = append(p.Marks, screen.Mark{From: from, To: from + len(r.Text), Kind: mark})
			}
			from += len(r.Text)
		}
	}
}

// Step goes to the next difference that matters, or the one before if n is negative; round and round.
func (m *Model) Step(n int) {
	if !m.open.ready {
		return
	}
	m.open.step(n)
	m.Changed(Current)
}

func (o *opened) step(n int) {
	count := 0
	for _, i := range o.listed { // those that matter come first
		if matters(&o.result.Differences[i]) {
			count++
		}
	}
	if count == 0 {
		return
	}
	at := o.current + n
	if o.current < 0 && n < 0 {
		at = count - 1
	}
	o.setCurrent((at%count + count) % count)
}

// SetCurrent goes to a difference by its row in the list.
func (m *Model) SetCurrent(row int) {
	if row >= 0 && row < len(m.open.listed) && row != m.open.current {
		m.open.setCurrent(row)
		m.Changed(Current)
	}
}

func (o *opened) setCurrent(row int) {
	o.current = row
	o.markCurrent()
}

func (o *opened) goToPattern(at patternAt) {
	for row, i := range o.listed {
		if d := &o.result.Differences[i]; d.Verdict == compare.Open && d.Kind == at.kind && d.General() == at.path {
			o.setCurrent(row)
			return
		}
	}
	o.step(1)
}

// difference is the current one, nil for none.
func (o *opened) difference() *compare.Difference {
	if o.result == nil || o.current < 0 || o.current >= len(o.listed) {
		return nil
	}
	return &o.result.Differences[o.listed[o.current]]
}

func (o *opened) markCurrent() {
	for _, p := range o.panes {
		if p != nil {
			p.current = nil
		}
	}
	d := o.difference()
	if d == nil {
		return
	}
	for side, s := range [...]compare.Span{d.Left.Span, d.Right.Span} {
		p := o.paneOf(side)
		if p == nil || s.End == s.Offset {
			continue
		}
		if from, to, ok := p.locate(side, s); ok && to > from {
			p.current = append(p.current, screen.Mark{From: from, To: to, Kind: screen.MarkHit})
		}
	}
}

func (o *opened) paneOf(side int) *Pane {
	if o.unified {
		return o.panes[0]
	}
	return o.panes[side]
}

// Cursor is where the current difference stands in a pane: its byte in the text; false if it is not there.
func (m *Model) Cursor(pane int) (offset int, ok bool) {
	o := &m.open
	d := o.difference()
	p := o.panes[pane]
	if d == nil || p == nil {
		return 0, false
	}
	sides := []int{pane}
	if o.unified {
		sides = []int{0, 1}
	}
	for _, side := range sides {
		span := [...]compare.Span{d.Left.Span, d.Right.Span}[side]
		if span.End > span.Offset {
			if from, _, ok := p.locate(side, span); ok {
				return from, true
			}
		}
	}
	if line := p.lineOf(o.rowOf(d)); line >= 0 { // a gap: the line stands beside the other side's
		return p.lines[line].start, true
	}
	return 0, false
}

// rowOf is the row that a difference is in, as it is shown; -1 for none.
func (o *opened) rowOf(d *compare.Difference) int {
	for side, s := range [...]compare.Side{d.Left, d.Right} {
		if s.Span.End <= s.Span.Offset {
			continue
		}
		line := o.contents[side].lineAt(s.Span.Offset)
		for i, r := range o.rows {
			if line >= 0 && r.lines[side] == line {
				return i
			}
		}
	}
	return -1
}
