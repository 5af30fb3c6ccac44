package plan

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"trestle/internal/linkage"
)

// decide assigns one to one and gives each candidate its band.
func (m *matcher) decide() []Candidate {
	taken := m.decided()
	chosen := assign(len(m.left.Plans), len(m.right.Plans), m.edges(taken))
	var all []Candidate
	for i := range m.left.Plans {
		order := slices.Clone(m.byLeft[i])
		slices.SortStableFunc(order, func(a, b int) int {
			ca, cb := &m.pairs[a], &m.pairs[b]
			if taken.left[i] == ca.right || taken.left[i] == cb.right {
				return cmp.Compare(oneIf(taken.left[i] == cb.right), oneIf(taken.left[i] == ca.right))
			}
			return cmp.Or(cmp.Compare(rankOf(cb), rankOf(ca)), cmp.Compare(ca.right, cb.right))
		})
		start := len(all)
		for rank, k := range order[:min(len(order), m.options.Candidates)] {
			all = append(all, m.candidate(k, rank+1, chosen[i] == m.pairs[k].right, taken))
		}
		besides(all[start:])
	}
	return all
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wanted is from which share among its own candidates a pair is shown to a person although another left plan suits the
// right one better: that is no reason to create a second one of it unasked.
const wanted = 0.3

// inSight is how many bits a candidate may be behind the best one, to be shown beside it.
const inSight = 10

// explain compares two plans again, to say why.
func (m *model) explain(l, r *Plan) (insurer, within []Evidence) {
	m.compare(l, r)
	insurer, within = slices.Clone(m.insurer), slices.Clone(m.within)
	explainWords(insurer, l, r)
	explainWords(within, l, r)
	return insurer, within
}

// besides puts the other candidates of a plan that a person is asked about anyway beside the first: seeing them costs
// less than missing one.
func besides(list []Candidate) {
	asked := slices.ContainsFunc(list, func(c Candidate) bool { return c.Band == linkage.Review })
	linked := slices.ContainsFunc(list, func(c Candidate) bool { return c.Band == linkage.Automatic })
	if !asked || linked {
		return
	}
	best := list[0].Bits
	for i := range list {
		c := &list[i]
		if c.Band == linkage.None && !slices.ContainsFunc(c.Gates, Gate.Blocks) && !slices.Contains(c.Gates, GateTaken) && c.Bits > best-inSight {
			c.Band = linkage.Review
			c.Gates = append(c.Gates, GateUncertain)
			c.Reasons = reasons(c)
		}
	}
}

// rankOf orders candidates: what contradicts comes after what may be.
func rankOf(c *comparison) float64 {
	if slices.ContainsFunc(c.gates, Gate.Blocks) {
		return c.bits - 100
	}
	return c.bits
}

// holds are the links that people have made: each side's partner, or -1.
type holds struct{ left, right []int }

func (m *matcher) decided() holds {
	h := holds{filled(len(m.left.Plans), -1), filled(len(m.right.Plans), -1)}
	if m.options.Decided == nil {
		return h
	}
	for k := range m.pairs {
		c := &m.pairs[k]
		switch m.options.Decided.Pair(m.left.Plans[c.left].ID, m.right.Plans[c.right].ID) {
		case Same:
			h.left[c.left], h.right[c.right] = c.right, c.left
		case Different:
			c.gates = append(c.gates, GateRejected)
		}
	}
	return h
}

func (m *matcher) many(right int) bool {
	return m.options.Decided != nil && m.options.Decided.Many(m.right.Plans[right].ID)
}

// edges are the pairs that the assignment may make.
func (m *matcher) edges(taken holds) []edge {
	var edges []edge
	for k := range m.pairs {
		c := &m.pairs[k]
		if taken.left[c.left] >= 0 || taken.right[c.right] >= 0 || slices.ContainsFunc(c.gates, Gate.Blocks) {
			continue
		}
		// The odds of the pair against having none; a pair that is likelier wrong may still be the best of a row.
		if weight := c.bits - math.Log2(float64(max(len(m.left.Plans), len(m.right.Plans)))) + 4; weight > 0 {
			edges = append(edges, edge{c.left, c.right, weight})
		}
	}
	return edges
}

// candidate describes a pair and puts it into its band.
func (m *matcher) candidate(k, rank int, assigned bool, taken holds) Candidate {
	c := &m.pairs[k]
	l, r := &m.left.Plans[c.left], &m.right.Plans[c.right]
	out := Candidate{
		Left: l.ID, Right: r.ID, Rank: rank, Probability: c.probability(), Bits: c.bits,
		LeftRow: c.left, RightRow: c.right,
	}
	out.Insurer, out.Within = m.model.explain(l, r)
	for _, g := range c.gates {
		if g.Blocks() || !slices.Contains(m.options.Open, g) {
			out.Gates = append(out.Gates, g)
		}
	}
	blocked := slices.ContainsFunc(out.Gates, Gate.Blocks)
	switch {
	case taken.left[c.left] == c.right:
		out.Band, out.Gates = linkage.Automatic, nil // a person said so
		out.Probability = 1
	case taken.left[c.left] >= 0, taken.right[c.right] >= 0 && !m.many(c.right):
		out.Gates = append(out.Gates, GateTaken)
		out.Band = linkage.None
	case slices.Contains(out.Gates, GateNotPayer):
		out.Band = linkage.None
	case blocked && c.bits > 0 && c.alike():
		out.Band = linkage.Blocked
	case blocked:
		out.Band = linkage.None
	case assigned && len(out.Gates) == 0 && out.Probability >= m.options.Automatic:
		out.Band = linkage.Automatic
	case out.Probability >= m.options.Review, c.forward >= wanted:
		out.Band = linkage.Review
		if out.Probability < m.options.Automatic {
			out.Gates = append(out.Gates, m.doubt(c))
		}
	default:
		out.Band = linkage.None
	}
	out.Reasons = reasons(&out)
	return out
}

// alike says whether a contradicting pair is worth a look: its names agree in more than the insurer.
func (c *comparison) alike() bool { return c.withinBits > 0 && c.insurerMet }

// doubt names why a pair is not probable enough.
func (m *matcher) doubt(c *comparison) Gate {
	best, second := 0.0, 0.0
	for _, list := range [][]int{m.byLeft[c.left], m.byRight[c.right]} {
		for _, k := range list {
			o := &m.pairs[k]
			if o.left == c.left && o.right == c.right || slices.ContainsFunc(o.gates, Gate.Blocks) {
				continue
			}
			second = max(second, o.bits)
		}
	}
	best = c.bits
	switch {
	case second >= best-0.5:
		return GateTie
	case second >= best-4:
		return GateSibling
	}
	return GateUncertain
}

// reasons puts the evidence into one sentence: what agrees most, what does not, and the gates.
func reasons(c *Candidate) string {
	var agree, differ []string
	all := append(slices.Clone(c.Insurer), c.Within...)
	slices.SortStableFunc(all, func(a, b Evidence) int { return cmp.Compare(b.Bits, a.Bits) })
	for _, e := range all {
		switch {
		case e.Bits > 0.5:
			agree = append(agree, e.Field+" "+e.Text())
		case e.Bits < -0.5:
			differ = append(differ, e.Field+" "+e.Text())
		}
	}
	var parts []string
	if len(c.Gates) > 0 {
		var names []string
		for _, g := range c.Gates {
			names = append(names, string(g))
		}
		parts = append(parts, strings.Join(names, ", "))
	}
	if len(agree) > 0 {
		parts = append(parts, "same: "+strings.Join(agree, ", "))
	}
	if len(differ) > 0 {
		parts = append(parts, "different: "+strings.Join(differ, ", "))
	}
	return strings.Join(parts, "; ")
}

// Best yields the first n candidates of every left plan, by row and rank.
func (r *Result) Best(n int) []Candidate {
	var out []Candidate
	for _, c := range r.Candidates {
		if c.Rank <= n {
			out = append(out, c)
		}
	}
	return out
}

// Links lists the automatic links by left row.
func (r *Result) Links() []Candidate { return r.inBands(linkage.Automatic) }

// ForReview lists what people are asked: the pairs to review and the blocked ones of left plans that have no link.
func (r *Result) ForReview() []Candidate {
	linked := map[int]bool{}
	for _, c := range r.Links() {
		linked[c.LeftRow] = true
	}
	return slices.DeleteFunc(r.inBands(linkage.Review, linkage.Blocked), func(c Candidate) bool { return linked[c.LeftRow] })
}

func (r *Result) inBands(bands ...linkage.Band) []Candidate {
	var out []Candidate
	for _, c := range r.Candidates {
		if slices.Contains(bands, c.Band) {
			out = append(out, c)
		}
	}
	return out
}
