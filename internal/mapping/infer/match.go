package infer

import (
	"slices"
	"strings"
	"unicode"

	"trestle/internal/mapping"
)

// row is one place where the rules of a block would run: the thing that was made there, nil if nothing was, and what can be
// named from there.
type row struct {
	pair int
	made *instance
	turn *turn
}

// bare is a text without what formatting changes: signs, blanks and capitals.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// bag are the bare texts of a list of cells or values.
func bagOf(texts func(use func(string))) map[string]bool {
	b := map[string]bool{}
	texts(func(s string) {
		if s = bare(s); s != "" {
			b[s] = true
		}
	})
	return b
}

// overlap is how many texts of one bag are in another, in fifths: a single letter is hardly a sign.
func overlap(a, b map[string]bool) int {
	n := 0
	for s := range a {
		if b[s] {
			n += min(5, len(s))
		}
	}
	return n
}

// family is a thing that was made before with what is made within: its items of one unit.
type family struct {
	parent *instance
	made   []*instance
}

// loop finds what a unit loops over, and assigns its things to the turns of that. It is false if nothing fits.
func (p *proposer) loop(u *unit) bool {
	families := make([]family, 0, len(u.parent.instances))
	byParent := map[*instance]int{}
	for _, parent := range u.parent.instances {
		if parent.turn == nil {
			continue
		}
		byParent[parent] = len(families)
		families = append(families, family{parent: parent})
	}
	for _, x := range u.instances {
		if i, ok := byParent[x.parent]; ok {
			families[i].made = append(families[i].made, x)
		}
	}
	if len(families) == 0 {
		return false
	}
	best, bestScore, bestFiltered := "", -1.0, false
	for _, per := range p.iteratorsOf(u, families) {
		score, filtered, ok := p.agreement(u, per, families)
		if ok && score > bestScore+1e-9 {
			best, bestScore, bestFiltered = per, score, filtered
		}
	}
	if bestScore < 0 {
		return false
	}
	u.per, u.filtered = best, bestFiltered
	p.assign(u, families)
	return true
}

// iteratorsOf are what a unit could loop over, the plainest first.
func (p *proposer) iteratorsOf(u *unit, families []family) []string {
	list := []string{}
	if !u.inline {
		list = append(list, "")
	}
	for _, f := range families[:min(len(families), 60)] {
		for _, per := range p.sources[f.parent.pair].iterators(f.parent.turn) {
			field := p.source.Kind != mapping.HL7v2 || strings.Contains(per, "-")
			if u.inline && !field { // a rule repeats for the repetitions of a field only
				continue
			}
			if !slices.Contains(list, per) {
				list = append(list, per)
			}
		}
	}
	return list
}

// agreement says how well an iterator fits: whether there are as many turns as things, and how much of what was made stands
// where the turn stands. filtered: there are more turns than things, so that a condition must leave some out.
func (p *proposer) agreement(u *unit, per string, families []family) (score float64, filtered, ok bool) {
	same, less, made := 0, 0, 0
	shared, all := 0, 0
	checked := 0
	for i := range families {
		f := &families[i]
		turns := p.sources[f.parent.pair].turns(per, f.parent.turn)
		made += len(f.made)
		switch {
		case len(turns) == len(f.made):
			same++
			less++
		case len(turns) > len(f.made):
			less++
		}
		if checked < 80 && len(turns) > 0 && len(f.made) > 0 {
			checked++
			for k, x := range f.made {
				want := bagOf(func(use func(string)) {
					for _, v := range x.values {
						use(v)
					}
				})
				for s := range want {
					all += min(5, len(s))
				}
				most := 0
				for j, t := range turns {
					if len(turns) == len(f.made) && j != k {
						continue
					}
					have := bagOf(func(use func(string)) {
						for _, c := range p.sources[x.pair].own(t) {
							use(c.text)
						}
					})
					most = max(most, overlap(want, have))
				}
				shared += most
			}
		}
	}
	n := len(families)
	agree := float64(same) / float64(n)
	part := 0.0
	if all > 0 {
		part = float64(shared) / float64(all)
	}
	switch least := p.o.least(); {
	case per == "" && made <= n && float64(same) >= 0.999*float64(n):
		// Nothing is looped over; what every message has anyway is no loop.
		if p.target.Kind == mapping.HL7v2 && u.make != "" {
			return 1 + 0.1*part, false, true
		}
		return 2, false, true
	case per == "" && less == n:
		return 0.45, true, true
	case agree >= least && (part > 0 || agree > 0.999):
		bonus := 0.0
		if per == u.make && p.source.Kind == p.target.Kind {
			bonus = 0.6
		}
		return agree + 0.5*part + bonus, false, true
	case float64(less) >= least*float64(n) && part > 0.25:
		return 0.3 + 0.5*part, true, true
	}
	return 0, false, false
}

// assign gives every thing its turn.
func (p *proposer) assign(u *unit, families []family) {
	for _, f := range families {
		source := p.sources[f.parent.pair]
		turns := source.turns(u.per, f.parent.turn)
		if len(turns) == len(f.made) {
			for i, x := range f.made {
				x.turn = turns[i]
			}
			continue
		}
		for i, t := range p.align(f.made, turns, source) {
			if t >= 0 {
				f.made[i].turn = turns[t]
				turns[t] = nil
			}
		}
		for _, t := range turns {
			if t != nil {
				u.spare = append(u.spare, row{pair: f.parent.pair, turn: t})
			}
		}
	}
}

// align finds for each thing the turn that it came of, in order, so that as many texts as possible agree; -1 for none. It is
// the alignment of two sequences by dynamic programming (Needleman and Wunsch, 1970), without a price for gaps.
func (p *proposer) align(made []*instance, turns []*turn, s source) []int {
	out := make([]int, len(made))
	for i := range out {
		out[i] = -1
	}
	if len(made) == 0 || len(turns) == 0 || len(made)*len(turns) > 1_000_000 {
		return out
	}
	want := make([]map[string]bool, len(made))
	for i, x := range made {
		want[i] = bagOf(func(use func(string)) {
			for _, v := range x.values {
				use(v)
			}
			for _, inner := range p.inner[x] {
				for _, v := range inner.values {
					use(v)
				}
			}
		})
	}
	have := make([]map[string]bool, len(turns))
	for j, t := range turns {
		have[j] = bagOf(func(use func(string)) {
			for _, c := range s.own(t) {
				use(c.text)
			}
		})
	}
	score := make([][]int, len(made)+1)
	for i := range score {
		score[i] = make([]int, len(turns)+1)
	}
	match := func(i, j int) int { return overlap(want[i], have[j]) }
	for i := len(made) - 1; i >= 0; i-- {
		for j := len(turns) - 1; j >= 0; j-- {
			score[i][j] = max(score[i+1][j], score[i][j+1], score[i+1][j+1]+match(i, j))
		}
	}
	for i, j := 0, 0; i < len(made) && j < len(turns); {
		switch m := match(i, j); {
		case m > 0 && score[i][j] == score[i+1][j+1]+m:
			out[i] = j
			i++
			j++
		case score[i][j] == score[i][j+1]:
			j++
		default:
			i++
		}
	}
	return out
}
