package mapper

import (
	"math"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// line joins a source with the target that a rule writes it to.
type line struct {
	rule        string
	left, right int32 // nodes
}

// lines are those of the mapping, and what shows of them.
type lines struct {
	d       *document
	all     []line
	byRule  map[string][]int32
	bundles []bundle
	seen    map[[3]int32]bool // of one picture
}

// bundle is the lines that end at the same two rows while branches are closed.
type bundle struct {
	left, right int32 // rows
	count       int32
	folded      bool // one end at least is a closed branch
	lines       []int32
}

// Curve is a line of the picture. Y is in rows from the top of what shows.
type Curve struct {
	Left, Right float64
	Count       int  // rules that it stands for
	Chosen      bool // the rule that is chosen is among them
	Out         bool // an end is out of view
	Folded      bool // an end is in a closed branch
	bundle      int
}

// grow brings both sides and the lines up to date with the mapping.
func (d *document) grow() {
	left, right := &d.sides[0], &d.sides[1]
	d.rebuild()
	left.growSource()
	right.growTarget()
	l := &d.lines
	l.d = d
	l.all = l.all[:0]
	l.byRule = make(map[string][]int32, len(d.rows))
	loops := loopsOf(d.file)
	var reads, writes []int32
	for _, r := range d.rows {
		if r.rule == nil {
			continue
		}
		to := right.ensureTo(r.block.ID, r.rule.To)
		if r.rule.To == "" {
			to = right.find(blockKey(r.block.ID))
		}
		writes = append(writes, to)
		for _, key := range sourceKeys(d.file.Source.Kind, loops[r.block.ID], r.rule) {
			from := left.ensure(key)
			if from < 0 || to < 0 {
				continue
			}
			reads = append(reads, from)
			l.byRule[r.rule.ID] = append(l.byRule[r.rule.ID], int32(len(l.all)))
			l.all = append(l.all, line{r.rule.ID, from, to})
		}
	}
	left.left = left.left[:0]
	for _, x := range d.file.LeftOut {
		left.left = append(left.left, sourceKey(d.file.Source.Kind, nil, "", strings.TrimSpace(x.Path)))
	}
	left.count(reads)
	right.count(writes)
	d.firstLook()
	d.arrange()
}

// rebuild forgets the nodes of a side when what they were made from has changed.
func (d *document) rebuild() {
	for i := range d.sides {
		s := &d.sides[i]
		if made := s.madeFrom(); made != s.made || s.byKey == nil {
			open := d.layout.Open[i]
			if s.byKey != nil {
				open = s.openKeys()
			}
			marked := s.marked
			s.reset(open)
			if marked != nil {
				s.marked = marked
			}
			s.made = made
		}
	}
}

// madeFrom says what the nodes of a side are made from.
func (s *side) madeFrom() string {
	e := s.end()
	var b strings.Builder
	b.WriteString(string(e.Kind) + " " + e.Version + " " + e.Message + " " + strings.Join(described(e), ","))
	if !s.target {
		for _, key := range s.d.samples.order {
			b.WriteString("\n" + key)
		}
		return b.String()
	}
	s.d.file.Walk(func(x *mapping.Block) { b.WriteString("\n" + x.ID + " " + x.Make) })
	b.WriteString("\n\n" + strings.Join(s.d.layout.Target, "\n"))
	return b.String()
}

// ensure is the node of a path of the source.
func (s *side) ensure(key string) int32 {
	if s.isHL7() {
		return s.ensureHL7(key)
	}
	return s.ensureTree(key)
}

// firstLook opens the first branches of a mapping whose picture nobody has looked at.
func (d *document) firstLook() {
	left, right := &d.sides[0], &d.sides[1]
	if len(left.open)+len(right.open) > 0 || len(left.nodes) == 0 || len(d.lines.all) == 0 {
		return
	}
	for _, i := range right.roots {
		if n := &right.nodes[i]; n.below > 3 || len(right.roots) == 1 {
			right.open[n.key] = true
			for _, x := range d.lines.all {
				if right.nodes[x.right].block == n.block {
					left.reveal(x.left)
				}
			}
			for _, r := range d.rows {
				if r.rule != nil && r.block.ID == n.block {
					d.chosen.id = r.rule.ID
					break
				}
			}
			return
		}
	}
}

// arrange lists the rows of both sides and the lines between them.
func (d *document) arrange() {
	d.sides[0].flatten()
	d.sides[1].flatten()
	d.lines.bind()
}

// bind puts the lines together that end at the same rows.
func (l *lines) bind() {
	left, right := &l.d.sides[0], &l.d.sides[1]
	l.bundles = l.bundles[:0]
	at := make(map[[2]int32]int, len(l.all))
	for i := range l.all {
		x := &l.all[i]
		a, b := left.nearest[x.left], right.nearest[x.right]
		if a < 0 || b < 0 {
			continue
		}
		k, ok := at[[2]int32{a, b}]
		if !ok {
			k = len(l.bundles)
			at[[2]int32{a, b}] = k
			l.bundles = append(l.bundles, bundle{left: a, right: b})
		}
		g := &l.bundles[k]
		g.count++
		g.lines = append(g.lines, int32(i))
		g.folded = g.folded || left.rowOf[x.left] < 0 || right.rowOf[x.right] < 0
	}
}

// loopsOf are the paths of the loops that each block stands in, innermost first.
func loopsOf(f *mapping.File) map[string][]string {
	loops := map[string][]string{}
	var walk func(list []mapping.Block, outer []string)
	walk = func(list []mapping.Block, outer []string) {
		for i := range list {
			mine := outer
			if list[i].Per != "" {
				mine = append([]string{list[i].Per}, outer...)
			}
			loops[list[i].ID] = mine
			walk(list[i].Blocks, mine)
		}
	}
	walk(f.Blocks, nil)
	return loops
}

// sourceKeys are the places that a rule reads, by the keys of their nodes. loops are those that the rule stands in.
func sourceKeys(kind mapping.Kind, loops []string, r *mapping.Rule) []string {
	paths := r.From
	if len(r.Inputs) > 0 {
		paths = make([]string, len(r.Inputs))
		for i, in := range r.Inputs {
			paths[i] = in.Path
		}
	}
	if len(paths) == 0 && r.Each != "" {
		paths = []string{r.Each}
	}
	keys := make([]string, 0, len(paths))
	for _, p := range paths {
		if key := sourceKey(kind, loops, r.Each, strings.TrimSpace(p)); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func sourceKey(kind mapping.Kind, loops []string, each, path string) string {
	if path == "" {
		return ""
	}
	if kind == mapping.HL7v2 {
		if strings.HasPrefix(path, ".") {
			base := each
			if base == "" && len(loops) > 0 {
				base = loops[0]
			}
			path = base + path
		}
		p, err := hl7.ParsePath(path)
		if err != nil || p.Segment == "" {
			return ""
		}
		if p.Field == 0 {
			return p.Segment
		}
		return plainField(p)
	}
	if kind.HasRows() {
		return strings.TrimPrefix(path, "/")
	}
	return treeKey(loops, each, path)
}

// treeKey is the path of a document without the numbers of its items, from the root or from its resource.
func treeKey(loops []string, each, path string) string {
	if strings.ContainsAny(path, "()|") { // FHIRPath
		path = path[:strings.IndexAny(path, "()|")]
		if cut := strings.LastIndexByte(path, '.'); cut > 0 {
			path = path[:cut]
		}
	}
	absolute := strings.HasPrefix(path, "/")
	relative := strings.HasPrefix(path, ".")
	path = strings.Trim(withoutBrackets(path), "./")
	if absolute || path != "" && path[0] >= 'A' && path[0] <= 'Z' && !relative {
		return path
	}
	base := ""
	if relative && each != "" {
		base = treeKey(loops, "", each)
	} else if len(loops) > 0 {
		base = treeKey(loops[1:], "", loops[0])
	}
	if base == "" || !relative && (path == base || strings.HasPrefix(path, base+".")) {
		return path
	}
	return strings.Trim(base+"."+path, ".")
}

func withoutBrackets(path string) string {
	if !strings.Contains(path, "[") {
		return path
	}
	var b strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Curves are the lines to be drawn, appended to dst: those with an end in view. The sides are scrolled by a number of rows
// from their tops, and show so many. A line to a row out of view ends at the edge. The one that is chosen comes last.
func (m *Model) Curves(dst []Curve, leftTop, rightTop, rows float64) []Curve {
	dst = dst[:0]
	d := m.doc
	if d == nil {
		return dst
	}
	l := &d.lines
	if l.seen == nil {
		l.seen = map[[3]int32]bool{}
	}
	clear(l.seen)
	var front []Curve
	for i := range l.bundles {
		g := &l.bundles[i]
		a, outA := place(g.left, leftTop, rows)
		b, outB := place(g.right, rightTop, rows)
		if outA && outB {
			continue
		}
		c := Curve{Left: a, Right: b, Count: int(g.count), Out: outA || outB, Folded: g.folded, bundle: i, Chosen: l.isChosen(g)}
		if c.Chosen {
			front = append(front, c)
			continue
		}
		if c.Out { // many that leave the picture at one edge are one line
			key := [3]int32{g.left, edge(b, rows), 0}
			if outA {
				key = [3]int32{edge(a, rows), g.right, 1}
			}
			if l.seen[key] {
				continue
			}
			l.seen[key] = true
		}
		dst = append(dst, c)
	}
	return append(dst, front...)
}

func (l *lines) isChosen(g *bundle) bool {
	for _, i := range l.byRule[l.d.chosen.id] {
		x := &l.all[i]
		if l.d.sides[0].nearest[x.left] == g.left && l.d.sides[1].nearest[x.right] == g.right {
			return true
		}
	}
	return false
}

// place is the middle of a row, held at the edge of what shows.
func place(row int32, top, rows float64) (y float64, out bool) {
	y = float64(row) + 0.5 - top
	switch {
	case y < 0:
		return 0, true
	case y > rows:
		return rows, true
	}
	return y, false
}

func edge(y, rows float64) int32 {
	if y >= rows {
		return -2
	}
	return -1
}

// CurveAt is the rules of the line nearest to a point of the picture, if it is near: across is 0 at the left side and 1 at
// the right, y is in rows, and near is how far in rows.
func (m *Model) CurveAt(curves []Curve, across, y, near float64) []string {
	d := m.doc
	if d == nil {
		return nil
	}
	best, at := near, -1
	t := solve(across)
	for i := range curves {
		c := &curves[i]
		u := 1 - t
		yc := (u*u*u+3*u*u*t)*c.Left + (3*u*t*t+t*t*t)*c.Right
		if away := math.Abs(yc - y); away < best {
			best, at = away, i
		}
	}
	if at < 0 || curves[at].bundle >= len(d.lines.bundles) {
		return nil
	}
	var rules []string
	for _, i := range d.lines.bundles[curves[at].bundle].lines {
		if id := d.lines.all[i].rule; !slices.Contains(rules, id) {
			rules = append(rules, id)
		}
	}
	return rules
}

// solve finds where along the curve the place across is: x = 3u²t/2 + 3ut²/2 + t³, with both control points in the middle.
func solve(x float64) float64 {
	low, high := 0.0, 1.0
	for range 24 {
		t := (low + high) / 2
		u := 1 - t
		if 1.5*u*u*t+1.5*u*t*t+t*t*t < x {
			low = t
		} else {
			high = t
		}
	}
	return (low + high) / 2
}
