package compare

import (
	"bytes"
	"slices"

	"trestle/internal/hl7"
)

// Messages compares two HL7 v2 messages by meaning. Segments are set against each other by identity within their groups,
// not by index; repetitions likewise; components and subcomponents by number, which is what their place means. rules may
// be nil. Neither message may change while the result is used. Anything can be compared: what is no segment is a line.
func Messages(a, b *hl7.Message, rules *Rules) *Result {
	var c comparison
	return c.messages(a, b, rules)
}

// messages compares in one direction only and turns the answer round where the other was asked for: so the answers for
// (a, b) and (b, a) mirror each other, whatever has to be chosen on the way.
func (c *comparison) messages(a, b *hl7.Message, rules *Rules) *Result {
	if bytes.Equal(a.Bytes(), b.Bytes()) {
		return identical(a, b)
	}
	if bytes.Compare(a.Bytes(), b.Bytes()) > 0 {
		c.run(b, a, rules.mirrored())
		c.out.mirror()
	} else {
		c.run(a, b, rules)
	}
	return c.out
}

func identical(a, b *hl7.Message) *Result {
	r := &Result{Left: a, Right: b, Identical: true, same: true, Rows: make([]Row, a.Len())}
	for i := range r.Rows {
		r.Rows[i].Left, r.Rows[i].Right = i, i
	}
	return r
}

func (c *comparison) run(a, b *hl7.Message, rules *Rules) {
	c.l.set(a)
	c.r.set(b)
	c.rules = rules
	c.same = c.l.delims == c.r.delims && headers(a) <= 1 && headers(b) <= 1
	c.charsets = (!c.l.ascii || !c.r.ascii) && a.Charset().Name != b.Charset().Name
	c.out = &Result{Left: a, Right: b, same: c.same}
	pairs, moved := c.pairSegments()
	c.rows(pairs, moved)
	c.lineEnds()
}

// headers counts the segments that declare delimiters, up to two.
func headers(m *hl7.Message) int {
	n := 0
	for i := range m.Len() {
		if m.Segment(i).IsHeader() {
			if n++; n == 2 {
				break
			}
		}
	}
	return n
}

// pairSegments returns for each segment of the left its partner on the right, or -1, and which of them have moved.
func (c *comparison) pairSegments() (pairs []int32, moved []bool) {
	pairs = make([]int32, len(c.l.lines))
	// Where one side only has more in one place, no thought is needed: neither where all else is the same, byte by byte,
	// nor where all else keeps its identity and its order.
	if c.oneBlock(pairs, c.sameLine) || c.oneBlock(pairs, c.inStep) {
		return pairs, nil
	}
	c.alignTrees(pairs)
	return pairs, movedAmong(pairs)
}

// oneBlock pairs the segments from both ends as long as they fit; false if that leaves segments on both sides.
func (c *comparison) oneBlock(pairs []int32, fit func(i, j int) bool) bool {
	n, m := len(c.l.lines), len(c.r.lines)
	lo := 0
	for lo < n && lo < m && fit(lo, lo) {
		lo++
	}
	tail := 0
	for tail < n-lo && tail < m-lo && fit(n-1-tail, m-1-tail) {
		tail++
	}
	if lo+tail < min(n, m) {
		return false
	}
	for i := range pairs {
		switch {
		case i < lo:
			pairs[i] = int32(i)
		case i >= n-tail:
			pairs[i] = int32(i + m - n)
		default:
			pairs[i] = -1
		}
	}
	return true
}

// inStep says whether two segments are surely the same thing: one name and one identity, and no neighbour that could be
// it as well.
func (c *comparison) inStep(i, j int) bool {
	l, r := c.l.lines[i], c.r.lines[j]
	if l.name != r.name || l.segment != r.segment {
		return false
	}
	if c.sameLine(i, j) {
		return true
	}
	if !l.segment {
		return false
	}
	key := identityOf(l.name, c.l.m.Segment(i))
	if key == 0 || !lists[l.name] {
		if c.l.alone(i) && c.r.alone(j) && !lists[l.name] && (identityPaths[l.name] == nil || key == identityOf(l.name, c.r.m.Segment(j))) {
			return true
		}
	}
	return key != 0 && key == identityOf(l.name, c.r.m.Segment(j)) && !c.l.repeats(i, key) && !c.r.repeats(j, key)
}

// alone says whether no neighbour of a segment has its name: then it can only stand for itself.
func (s *side) alone(i int) bool {
	l := s.lines
	return (i == 0 || l[i-1].name != l[i].name) && (i+1 >= len(l) || l[i+1].name != l[i].name)
}

// repeats says whether a neighbour has the same identity, so that order decides which is which.
func (s *side) repeats(i int, key uint64) bool {
	l := s.lines
	return i > 0 && l[i-1].name == l[i].name && identityOf(l[i].name, s.m.Segment(i-1)) == key ||
		i+1 < len(l) && l[i+1].name == l[i].name && identityOf(l[i].name, s.m.Segment(i+1)) == key
}

func (c *comparison) sameLine(i, j int) bool {
	if c.l.lines[i].name != c.r.lines[j].name {
		return false
	}
	if c.same {
		return bytes.Equal(c.l.m.Segment(i).Bytes(), c.r.m.Segment(j).Bytes())
	}
	return c.l.contentOf(i, false) == c.r.contentOf(j, false)
}

// alignTrees pairs the segments group by group.
func (c *comparison) alignTrees(pairs []int32) {
	for i := range pairs {
		pairs[i] = -1
	}
	l, r := c.trees()
	w := treeWalk{c: c, l: l, r: r, pairs: pairs, kinL: make([]bool, len(l.nodes)), kinR: make([]bool, len(r.nodes))}
	w.kids(l.nodes[0].kids, r.nodes[0].kids)
	w.strays()
}

// treeWalk aligns two trees from the top.
type treeWalk struct {
	c     *comparison
	l, r  *tree
	pairs []int32
	kinL  []bool // which nodes have a partner
	kinR  []bool
}

func (w *treeWalk) kids(kidsL, kidsR []int32) {
	itemsL, itemsR := itemsOf(w.l, kidsL), itemsOf(w.r, kidsR)
	pairs := align(itemsL, itemsR, func(i, j int) float64 { return w.alike(kidsL[i], kidsR[j]) })
	for i, j := range pairs {
		if j >= 0 {
			w.pair(kidsL[i], kidsR[j])
		}
	}
}

func itemsOf(t *tree, kids []int32) []item {
	items := make([]item, len(kids))
	for i, k := range kids {
		items[i] = t.nodes[k].item
	}
	return items
}

func (w *treeWalk) pair(a, b int32) {
	l, r := &w.l.nodes[a], &w.r.nodes[b]
	w.kinL[a], w.kinR[b] = true, true
	if l.segment >= 0 {
		w.pairs[l.segment] = r.segment
		return
	}
	w.kids(l.kids, r.kids)
}

// alike is how much two nodes have in common, from 0 to 1.
func (w *treeWalk) alike(a, b int32) float64 {
	l, r := &w.l.nodes[a], &w.r.nodes[b]
	if l.segment >= 0 && r.segment >= 0 {
		return w.c.alikeSegments(int(l.segment), int(r.segment))
	}
	if l.segment >= 0 || r.segment >= 0 || len(l.kids) == 0 || len(r.kids) == 0 {
		return 0
	}
	head := w.alike(l.kids[0], r.kids[0])
	if len(l.kids) == 1 && len(r.kids) == 1 {
		return head
	}
	have := map[uint64]int{}
	for _, k := range l.kids[1:] {
		have[w.l.nodes[k].identity()]++
	}
	both := 0
	for _, k := range r.kids[1:] {
		if id := w.r.nodes[k].identity(); have[id] > 0 {
			have[id]--
			both++
		}
	}
	return (head + 2*float64(both)/float64(len(l.kids)+len(r.kids)-2)) / 2
}

// alikeSegments is the share of fields with a value that are the same, set IDs apart.
func (c *comparison) alikeSegments(i, j int) float64 {
	sl, sr := c.l.m.Segment(i), c.r.m.Segment(j)
	if sl.Kind() > hl7.LineBadID || sr.Kind() > hl7.LineBadID {
		if sl.Kind() == sr.Kind() && bytes.Equal(sl.Bytes(), sr.Bytes()) {
			return 1
		}
		return 0
	}
	first := 1
	if setIDs[c.l.lines[i].name] {
		first = 2
	}
	return c.share(sl.Field(first), sr.Field(first), 2)
}

// share is the share of parts that two values of one level have in common; what differs is looked into depth levels deep.
func (c *comparison) share(l, r hl7.Value, depth int) float64 {
	all, same := 0.0, 0.0
	for l.IsPresent() || r.IsPresent() {
		saysL, saysR := c.l.says(l), c.r.says(r)
		if saysL || saysR {
			all++
		}
		if saysL && saysR {
			switch {
			case bytes.Equal(l.Raw(), r.Raw()):
				same++
			case depth > 0 && l.Level() == hl7.LevelField:
				if lc, rc := l.Component(1), r.Component(1); lc.End() != l.End() || rc.End() != r.End() {
					same += c.share(lc, rc, depth-1)
				}
			}
		}
		if l.IsPresent() {
			l = l.Next()
		}
		if r.IsPresent() {
			r = r.Next()
		}
	}
	if all == 0 {
		return 1
	}
	return same / all
}

// strays pairs the segments that found no partner in their group and are the same in another: a group that began anew
// before them, or a segment that was put elsewhere. Where the groups on both sides are without a partner, two orders
// that came and went happen to hold the same: nothing is paired.
func (w *treeWalk) strays() {
	loneR := map[uint64]int32{}
	seen := map[uint64]int{}
	w.eachLone(w.r, func(k int32) bool { return w.kinR[k] }, func(n *node, kin bool) {
		seen[n.content^n.name]++
		loneR[n.content^n.name] = n.segment<<1 | btoi(kin)
	})
	if len(loneR) == 0 {
		return
	}
	type stray struct {
		n   *node
		kin bool
	}
	var all []stray
	times := map[uint64]int{}
	w.eachLone(w.l, func(k int32) bool { return w.kinL[k] }, func(n *node, kin bool) {
		times[n.content^n.name]++
		all = append(all, stray{n, kin})
	})
	for _, s := range all {
		id := s.n.content ^ s.n.name
		if at, ok := loneR[id]; ok && seen[id] == 1 && times[id] == 1 && (s.kin || at&1 == 1) {
			w.pairs[s.n.segment] = at >> 1
		}
	}
}

func btoi(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// eachLone visits the segments without a partner, and says whether the group around them has one.
func (w *treeWalk) eachLone(t *tree, paired func(int32) bool, visit func(n *node, kin bool)) {
	var walk func(at int32, kin bool)
	walk = func(at int32, kin bool) {
		for _, k := range t.nodes[at].kids {
			n := &t.nodes[k]
			if n.segment < 0 {
				walk(k, paired(k))
			} else if !paired(k) {
				visit(n, kin)
			}
		}
	}
	walk(0, true)
}

// movedAmong says which pairs do not keep the order of the most.
func movedAmong(pairs []int32) []bool {
	var at, js []int32
	for i, j := range pairs {
		if j >= 0 {
			at, js = append(at, int32(i)), append(js, j)
		}
	}
	if slices.IsSorted(js) {
		return nil
	}
	moved := make([]bool, len(pairs))
	for _, i := range at {
		moved[i] = true
	}
	for _, k := range longestIncreasing(js) {
		moved[at[k]] = false
	}
	return moved
}
