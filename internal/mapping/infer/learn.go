package infer

import (
	"cmp"
	"slices"
	"strings"

	"trestle/internal/mapping"
)

// view is what can be named from the rows of a unit, column by column.
type view struct {
	rows  []row
	paths []string            // in the order of the alphabet
	cols  map[string][]string // by path: a text for each row
	own   map[string]bool     // paths of what the block stands at
}

// guess is a rule that may give a target.
type guess struct {
	kind  Kind
	from  []string
	do    []mapping.Step
	sep   string // between joined values
	value string
	other string // where nothing comes out
	when  string
	table []entry
	cost  float64

	got                 []string // what it says, row by row
	holds, of, distinct int
	otherwise           []string
}

type entry struct{ key, value string }

// share is in how many of the rows it says what came out.
func (g *guess) share() float64 {
	if g.of == 0 {
		return 0
	}
	return float64(g.holds) / float64(g.of)
}

// worth orders guesses: what holds more often, and is simpler. A table that fits everything must not beat a copy that a few
// odd messages contradict.
func (g *guess) worth() float64 { return g.share() - 0.006*g.cost }

// count compares what a guess says with what came out.
func (g *guess) count(want []string) {
	g.holds, g.of, g.distinct = 0, 0, 0
	seen := map[string]bool{}
	for i, w := range want {
		got := g.got[i]
		if w == "" && got == "" {
			continue
		}
		g.of++
		if w == got {
			g.holds++
			if !seen[w] {
				seen[w] = true
				g.distinct++
			}
		}
	}
}

// learn finds the rule that gives what is wanted, nil if none does; near is what comes nearest then.
func (p *proposer) learn(u *unit, v *view, to string, want []string) (best, near *guess) {
	var guesses []*guess
	keep := func(g *guess) {
		if g == nil {
			return
		}
		g.count(want)
		if g.holds > 0 {
			guesses = append(guesses, g)
		}
	}
	keep(constant(want))
	for _, path := range v.paths {
		for _, g := range p.single(v.cols[path], path, want) {
			keep(g)
		}
	}
	for _, path := range v.paths {
		keep(tabled(v.cols[path], path, want))
	}
	if best := p.pick(u, v, to, want, guesses); best != nil && best.worth() > 0.98-0.006*4 {
		return best, best
	}
	if p.afford(v) {
		for _, g := range p.joined(v, want) {
			keep(g)
		}
	}
	promising := slices.Clone(guesses)
	slices.SortStableFunc(promising, func(a, b *guess) int { return cmp.Compare(b.worth(), a.worth()) })
	for _, g := range promising[:min(len(promising), maxCompleted)] {
		keep(p.completed(v, want, g))
	}
	if best = p.pick(u, v, to, want, guesses); best != nil {
		return best, best
	}
	return nil, nearest(guesses)
}

// maxCompleted is how many guesses for one place are tried with defaults and conditions, the best first.
const maxCompleted = 24

// maxEffort is how many values all searches that try many sources together may look at: pairs that resemble each other in
// nothing must not keep anybody waiting.
const maxEffort = 300_000_000

// afford says whether one more search over a view can be done.
func (p *proposer) afford(v *view) bool {
	if p.effort > maxEffort {
		if !p.tired {
			p.tired = true
			p.note("the pairs have too many places that nothing simple explains: joined values and rules for some messages only were not looked for everywhere; give pairs of one kind of message at a time")
		}
		return false
	}
	p.effort += len(v.paths) * min(len(v.rows), joinRows) * 50
	return true
}

// nearest is the guess that holds most often.
func nearest(guesses []*guess) *guess {
	var near *guess
	for _, g := range guesses {
		if near == nil || g.worth() > near.worth() {
			near = g
		}
	}
	return near
}

// pick takes the best of the guesses that hold often enough. Of those that hold as often and are as simple it takes the one
// whose name fits best, and notes the others.
func (p *proposer) pick(u *unit, v *view, to string, want []string, guesses []*guess) *guess {
	var good []*guess
	top := -1.0
	for _, g := range guesses {
		if g.share() >= p.o.least()-1e-9 {
			good = append(good, g)
			top = max(top, g.worth())
		}
	}
	if len(good) == 0 {
		return nil
	}
	good = slices.DeleteFunc(good, func(g *guess) bool { return g.worth() < top-0.0005 })
	if len(good) > 1 {
		rank := p.affinity(u, v, to, good)
		slices.SortStableFunc(good, func(a, b *guess) int { return cmp.Compare(rank[b], rank[a]) })
		for _, g := range good[1:min(len(good), 4)] {
			if path := strings.Join(g.from, ", "); path != "" && path != strings.Join(good[0].from, ", ") && !slices.Contains(good[0].otherwise, path) {
				good[0].otherwise = append(good[0].otherwise, path)
			}
		}
	}
	best := good[0]
	if best.kind == Constant {
		for _, g := range guesses { // what holds as well and may be meant
			if g.kind == Copy && g.holds == best.holds && g.of == best.of && len(best.otherwise) < 3 {
				best.otherwise = append(best.otherwise, g.from[0])
			}
		}
	}
	return best
}

// constant is the value that came out most often.
func constant(want []string) *guess {
	count := map[string]int{}
	n := 0
	for _, w := range want {
		if w != "" {
			n++
			count[w]++
		}
	}
	best := ""
	for w, c := range count {
		if c > count[best] || c == count[best] && w < best {
			best = w
		}
	}
	if best == "" || strings.HasPrefix(best, referred) {
		return nil
	}
	g := &guess{kind: Constant, value: best, cost: 0.9, got: slices.Repeat([]string{best}, len(want))}
	if n < 3 {
		g.cost = 1.3 // of two pairs, what both share is as likely copied
	}
	return g
}

// sampled is how many examples suggest functions.
const sampled = 30

// single are the guesses from one source: a copy, or functions.
func (p *proposer) single(col []string, path string, want []string) (list []*guess) {
	both, wanted, same := 0, 0, 0
	for i, w := range want {
		if w == "" {
			continue
		}
		wanted++
		if col[i] != "" {
			both++
			if col[i] == w {
				same++
			}
		}
	}
	if 2*both < wanted || both == 0 {
		return nil
	}
	if 2*same > both {
		return []*guess{{kind: Copy, from: []string{path}, cost: 1, got: col}}
	}
	examples := make([]example, 0, sampled)
	seen := map[example]bool{}
	stride := max(1, both/(2*sampled))
	n := 0
	for i, w := range want {
		if w == "" || col[i] == "" {
			continue
		}
		if n++; n%stride != 0 && both > sampled {
			continue
		}
		if e := (example{col[i], w}); !seen[e] && len(examples) < sampled && len(w) < 400 && len(col[i]) < 400 {
			seen[e] = true
			examples = append(examples, e)
		}
	}
	alike := 0
	for _, e := range examples {
		if related(e.from, e.to) {
			alike++
		}
	}
	if 2*alike < len(examples) || len(examples) == 0 {
		return nil
	}
	for _, t := range p.ways(examples) {
		g := &guess{kind: t.kind, from: []string{path}, do: t.do, cost: t.cost, got: make([]string, len(col))}
		for i, s := range col {
			g.got[i] = p.trials.apply(t.do, s)
		}
		list = append(list, g)
	}
	return list
}

// related says whether a text can have come of another by the functions that are tried: one holds the other, but for signs
// and capitals; or they hold the same digits; or they are names of one thing.
func related(from, to string) bool {
	a, b := bare(from), bare(to)
	if a == "" || b == "" {
		return strings.Contains(from, to) || strings.Contains(to, from)
	}
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return true
	}
	if len(dated(from)) > 0 && len(dated(to)) > 0 || len(to) == 10 && strings.Count(to, "-") == 2 || strings.HasPrefix(to, "http") || strings.HasPrefix(to, "urn:") {
		return true
	}
	return len(from) == 1 && (to == "true" || to == "false")
}

// maxKeys is how many codes a table has.
const maxKeys = 300

// tabled is the table from the codes of a source to what came out. What a code stands for is counted by the other rows with
// that code only: a code that was seen once proves nothing.
func tabled(col []string, path string, want []string) *guess {
	counts := map[string]map[string]int{}
	rows := 0
	for i, s := range col {
		if s == "" || len(s) > 60 || strings.HasPrefix(want[i], referred) {
			continue
		}
		if counts[s] == nil {
			if len(counts) == maxKeys {
				return nil
			}
			counts[s] = map[string]int{}
		}
		counts[s][want[i]]++
		rows++
	}
	if len(counts) < 2 || 5*rows < 12*len(counts) {
		return nil
	}
	g := &guess{kind: CodeTable, from: []string{path}, cost: 3 + 0.02*float64(len(counts)), got: make([]string, len(col))}
	values := map[string]bool{}
	for _, key := range sortedKeys(counts) {
		if value := mostFrequent(counts[key]); value != "" {
			g.table = append(g.table, entry{key, value})
			values[value] = true
		}
	}
	if len(values) < 2 {
		return nil
	}
	for i, s := range col {
		if s == "" || len(s) > 60 {
			continue
		}
		others := counts[s]
		others[want[i]]--
		g.got[i] = mostFrequent(others)
		others[want[i]]++
	}
	return g
}

// mostFrequent is the value that was counted most often, the first of the alphabet among equals; "" for none.
func mostFrequent(counts map[string]int) string {
	best, n := "", 0
	for value, c := range counts {
		if c > n || c == n && c > 0 && value < best {
			best, n = value, c
		}
	}
	return best
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// completed adds to a guess what stands where it says nothing, and when it holds, if the rows tell. nil if they do not.
func (p *proposer) completed(v *view, want []string, g *guess) *guess {
	if g.share() >= 0.9999 || g.other != "" || g.when != "" {
		return nil
	}
	next := *g
	next.otherwise, next.got = nil, slices.Clone(g.got)
	changed := false
	if g.kind != Constant {
		if other, n := p.remainder(want, g); n >= 2 {
			next.other, changed = other, true
			next.cost += 0.3
			for i, got := range next.got {
				next.got[i] = cmp.Or(got, other)
			}
		}
	}
	right, wanted, more := 0, 0, 0
	var rows []int // where it says something that is not plainly wrong
	var fires []bool
	for i, w := range want {
		got := next.got[i]
		if w != "" {
			wanted++
			if got == w {
				right++
			}
		}
		if got == "" || w != "" && w != got {
			continue
		}
		if w == "" {
			more++
		}
		rows, fires = append(rows, i), append(fires, w != "")
	}
	if more > 0 && wanted > 0 && float64(right) >= p.o.least()*float64(wanted) {
		if when, holds := p.condition(v, rows, fires, g.from); when != "" {
			next.when, changed = when, true
			next.cost++
			for i := range next.got {
				if !holds(i) {
					next.got[i] = ""
				}
			}
		}
	}
	if !changed {
		return nil
	}
	return &next
}

// remainder is the one value that came out where a guess says nothing, with how often.
func (p *proposer) remainder(want []string, g *guess) (value string, n int) {
	counts := map[string]int{}
	all := 0
	for i, w := range want {
		if g.got[i] == "" {
			all++
			if w != "" {
				counts[w]++
			}
		}
	}
	value = mostFrequent(counts)
	if float64(counts[value]) < p.o.least()*float64(all) {
		return "", 0
	}
	return value, counts[value]
}
