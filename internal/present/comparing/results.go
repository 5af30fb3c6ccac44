package comparing

import (
	"cmp"
	"slices"
	"strings"

	"trestle/internal/compare"
)

// pairRow is what is kept of a pair: enough to list it and to read its messages again.
type pairRow struct {
	key         string
	kind        string // type of message
	left, right compare.Member
	number      int
	patterns    []uint16 // those that it has a difference of, by their index
	status      compare.Status
	duplicate   bool
	keyHidden   bool
}

// patternAt identifies a pattern.
type patternAt struct {
	path string // without indexes
	kind compare.Change
}

// patternRow is a pattern as far as it is known.
type patternRow struct {
	patternAt
	count, pairs int // differences, and pairs with any of them
	first        int // index of the first pair that has one
	example      compare.Example
	from         string // the field that a mapping made the first one of
	hidden       bool   // the example may be patient data
}

// maxPatterns bounds what is kept, whatever a set holds; the engine counts what is beyond it as well.
const maxPatterns = 5000

// chunk is pairs on their way to the screen.
type chunk struct {
	pairs  []pairRow
	fresh  []patternRow // patterns that were not seen before
	counts []int        // differences of each pattern in this chunk
}

// gatherer keeps what matters of each pair, on the goroutine of the comparison.
type gatherer struct {
	known map[patternAt]uint16
	kinds map[string]string // types, so that each is in memory once
	chunk chunk
	total int // pairs so far
}

func newGatherer() *gatherer {
	return &gatherer{known: map[patternAt]uint16{}, kinds: map[string]string{}}
}

// add keeps a pair, which is valid until it returns.
func (g *gatherer) add(p *compare.Pair) {
	kind, ok := g.kinds[p.Type]
	if !ok {
		kind = strings.Clone(p.Type)
		g.kinds[kind] = kind
	}
	row := pairRow{key: strings.Clone(p.Key), kind: kind, left: p.Left, right: p.Right, number: p.Number, status: p.Status, duplicate: p.Duplicate, keyHidden: p.KeyHidden}
	if p.Result != nil {
		for d := range p.Result.Open() {
			if id, ok := g.pattern(d); ok {
				g.chunk.counts[id]++
				if !slices.Contains(row.patterns, id) {
					row.patterns = append(row.patterns, id)
				}
			}
		}
	}
	g.total++
	g.chunk.pairs = append(g.chunk.pairs, row)
}

// pattern is the number of a difference's pattern; false beyond the bound.
func (g *gatherer) pattern(d *compare.Difference) (uint16, bool) {
	at := patternAt{d.General(), d.Kind}
	id, ok := g.known[at]
	if !ok {
		if len(g.known) == maxPatterns {
			return 0, false
		}
		at.path = strings.Clone(at.path)
		id = uint16(len(g.known))
		g.known[at] = id
		example := compare.Example{Path: strings.Clone(d.Path), Left: clip(d.Left.Text), Right: clip(d.Right.Text)}
		if runs := d.Words(); runs != nil { // of a long text what became of it
			example.Left, example.Right = clip(only(runs, compare.Delete)), clip(only(runs, compare.Insert))
		}
		g.chunk.fresh = append(g.chunk.fresh, patternRow{patternAt: at, first: g.total, hidden: d.MayBePatientData(), from: strings.Clone(cmp.Or(d.Left.From, d.Right.From)), example: example})
	}
	for len(g.chunk.counts) <= int(id) {
		g.chunk.counts = append(g.chunk.counts, 0)
	}
	return id, true
}

// only joins the runs of one kind.
func only(runs []compare.Run, kind compare.Kind) string {
	var parts []string
	for _, r := range runs {
		if r.Kind == kind {
			parts = append(parts, strings.TrimSpace(r.Text))
		}
	}
	return strings.Join(parts, " … ")
}

// maxExample is how many bytes of a value an example shows.
const maxExample = 120

func clip(s string) string {
	if len(s) > maxExample {
		return strings.ToValidUTF8(s[:maxExample], "") + "…"
	}
	return strings.Clone(s)
}

// cut hands out what was gathered since the last time.
func (g *gatherer) cut() *chunk {
	c := g.chunk
	g.chunk = chunk{counts: make([]int, len(g.known))}
	return &c
}

// typeRow counts the pairs of one type of message by status.
type typeRow struct {
	kind   string
	counts [6]int
}

func (t *typeRow) total() int {
	n := 0
	for _, c := range t.counts {
		n += c
	}
	return n
}

// filter says which pairs are listed.
type filter struct {
	status  StatusFilter
	kind    string     // type of message; "" is all
	pattern *patternAt // nil is all
	text    string     // in the key
}

// StatusFilter chooses pairs by their status.
type StatusFilter int

// The filters by status; the others are FilterFirst and a compare.Status.
const (
	AnyStatus   StatusFilter = iota
	Beyond                   // different, only left or only right
	FilterFirst              // FilterFirst + compare.Exact and so on
)

// StatusFilters are the words of the filters, in their order.
func StatusFilters() []string {
	words := []string{"all pairs", "beyond the expected"}
	for _, s := range compare.Statuses() {
		words = append(words, s.String())
	}
	return words
}

// results are the pairs of one comparison as far as they are found.
type results struct {
	rules    *compare.Rules
	pairs    []pairRow
	patterns []patternRow
	order    []int // of patterns, the most frequent first
	types    []*typeRow
	byKind   map[string]*typeRow
	counts   [6]int
	shown    []int32 // the pairs that pass the filter, by their index
	filter   filter
	summary  *compare.Summary // nil while it is under way
}

func newResults(rules *compare.Rules) *results {
	return &results{rules: rules, byKind: map[string]*typeRow{}}
}

// add takes a chunk in.
func (r *results) add(c *chunk) {
	r.patterns = append(r.patterns, c.fresh...)
	for id, n := range c.counts {
		r.patterns[id].count += n
	}
	for i := range c.pairs {
		p := &c.pairs[i]
		t := r.byKind[p.kind]
		if t == nil {
			t = &typeRow{kind: p.kind}
			r.byKind[p.kind] = t
			at, _ := slices.BinarySearchFunc(r.types, p.kind, func(t *typeRow, kind string) int { return strings.Compare(t.kind, kind) })
			r.types = slices.Insert(r.types, at, t)
		}
		t.counts[p.status]++
		r.counts[p.status]++
		for _, id := range p.patterns {
			r.patterns[id].pairs++
		}
		if r.passes(p) {
			r.shown = append(r.shown, int32(len(r.pairs)))
		}
		r.pairs = append(r.pairs, *p)
	}
	r.sortPatterns()
}

// sortPatterns puts the most frequent first, and formatting last.
func (r *results) sortPatterns() {
	for i := len(r.order); i < len(r.patterns); i++ {
		r.order = append(r.order, i)
	}
	slices.SortStableFunc(r.order, func(a, b int) int {
		x, y := &r.patterns[a], &r.patterns[b]
		if fx, fy := x.kind == compare.Formatting, y.kind == compare.Formatting; fx != fy {
			if fx {
				return 1
			}
			return -1
		}
		if x.count != y.count {
			return y.count - x.count
		}
		return strings.Compare(x.path, y.path)
	})
}

func (r *results) passes(p *pairRow) bool {
	f := &r.filter
	switch {
	case f.status == Beyond && p.status < compare.Different, f.status >= FilterFirst && p.status != compare.Status(f.status-FilterFirst):
		return false
	case f.kind != "" && p.kind != f.kind:
		return false
	case f.pattern != nil && !slices.ContainsFunc(p.patterns, func(id uint16) bool { return r.patterns[id].patternAt == *f.pattern }):
		return false
	}
	return f.text == "" || strings.Contains(strings.ToLower(p.key), f.text)
}

// refilter finds the pairs that pass the filter anew.
func (r *results) refilter() {
	r.shown = r.shown[:0]
	for i := range r.pairs {
		if r.passes(&r.pairs[i]) {
			r.shown = append(r.shown, int32(i))
		}
	}
}
