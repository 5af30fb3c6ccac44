package linkage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	randomPairs   = 400_000 // for the chance agreements of strangers
	trainRecords  = 30_000  // whose candidates the classes are learned from
	rounds        = 40      // of expectation and maximisation
	strangerPrior = 2_000   // weight of the shipped parameters against what is seen, in pairs
	personPrior   = 60
	familyPrior   = 400
)

// Training says what was learned and whether it can be trusted.
type Training struct {
	Expected     float64            `json:"expected_matches"`
	Anchor       float64            `json:"deterministic_matches"`
	Household    float64            `json:"expected_household_pairs"`
	Patterns     int                `json:"patterns"`
	Agreement    map[string]float64 `json:"m_exact"`     // P(exact | same person) by field
	Runs         map[string]float64 `json:"runs_spread"` // the widest difference of it between training runs by field
	Problems     []string           `json:"problems,omitempty"`
	LeftSampled  int                `json:"sampled"`
	BlockingLoss float64            `json:"estimated_blocking_loss"`
}

// counted is a pattern with how many pairs have it and by which keys they were found.
type counted struct {
	pattern Pattern
	keys    uint32
	pairs   float64
}

// pairing is one task of comparing: two rosters, or one with itself.
type pairing struct {
	t           *tables
	left, right *people // the index is over left, right is looked up
	self        bool
	x           *index
}

func (g *pairing) total() float64 {
	n, m := float64(len(g.left.list)), float64(len(g.right.list))
	if g.self {
		return n * (n - 1) / 2
	}
	return n * m
}

// least is the record that candidates of record i must stand behind: of a roster with itself each pair is met once.
func (g *pairing) least(i int) int32 {
	if g.self {
		return int32(i)
	}
	return -1
}

// sampled is whether a record's candidates train the model.
func sampled(seed uint64, i, n int) bool {
	return n <= trainRecords || mix(seed^mix(uint64(i)+1))%uint64(n) < trainRecords
}

// collect counts the patterns of the candidates of sampled records.
func (g *pairing) collect(ctx context.Context, seed uint64) (patterns []counted, scale float64, err error) {
	n := len(g.right.list)
	type id struct {
		pattern Pattern
		keys    uint32
	}
	maps := make([]map[id]float64, workers())
	finders := make([]*finder, workers())
	taken := make([]int, workers())
	err = each(ctx, n, func(w, from, to int) {
		if maps[w] == nil {
			maps[w], finders[w] = map[id]float64{}, g.x.finder(len(g.left.list))
		}
		for i := from; i < to; i++ {
			if !sampled(seed, i, n) {
				continue
			}
			taken[w]++
			p := &g.right.list[i]
			for _, c := range finders[w].find(g.t, p, g.least(i)) {
				maps[w][id{g.t.compare(&g.left.list[c.record], p), c.keys}]++
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	all := map[id]float64{}
	records := 0
	for w, m := range maps {
		for k, v := range m {
			all[k] += v
		}
		records += taken[w]
	}
	for k, v := range all {
		patterns = append(patterns, counted{k.pattern, k.keys, v})
	}
	slices.SortFunc(patterns, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.pattern, b.pattern), cmp.Compare(a.keys, b.keys))
	})
	return patterns, float64(n) / float64(max(1, records)), nil
}

// strangers learns from random pairs how often strangers agree.
func (g *pairing) strangers(ctx context.Context, m *Model, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 0x7265737472616e67))
	var seen [Fields][houseLevels]float64
	pairs := min(randomPairs, int(g.total()))
	for n := range pairs {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		i, j := random.IntN(len(g.left.list)), random.IntN(len(g.right.list))
		if g.self && i == j {
			continue
		}
		p := g.t.compare(&g.left.list[i], &g.right.list[j])
		// In small rosters a random pair is the same person, or family, often enough to spoil the count.
		x, h := m.evidence(p)
		if x > 10 || h > 10 {
			continue
		}
		for f := range Field(Fields) {
			seen[f][p.Level(f)]++
		}
	}
	for f := range Field(Fields - 1) {
		total := 0.0
		for l := 1; l < levelsOf[f]; l++ {
			total += seen[f][l]
		}
		for l := 1; l < levelsOf[f]; l++ {
			m.p[stranger][f][l] = (seen[f][l] + strangerPrior*m.p[stranger][f][l]) / (total + strangerPrior)
		}
	}
	smoothHouse(&m.p[stranger][Household], &seen[Household], stranger, strangerPrior)
	m.prepare()
	return nil
}

// smoothHouse sets the household's parameters from counts, in each group of parts that are there. What was not seen leans
// on the product of its parts.
func smoothHouse(p, seen *[houseLevels]float64, c class, prior float64) {
	var totals [8]float64
	for l := range houseLevels {
		totals[houseGroup(l)] += seen[l]
	}
	for l := range houseLevels {
		g := houseGroup(l)
		p[l] = (seen[l] + prior*houseProduct(c, l)) / (totals[g] + prior)
	}
}

// deterministic says whether a pattern is the same person by plain rules, which anchor the share of matches.
func deterministic(p Pattern) bool {
	if p.Level(First) != Exact || p.Level(BirthDay) != Exact {
		return false
	}
	if p.Level(SexField) == Differs || p.Level(SSNField) == SSNDiffers || p.Level(Generation) == Differs {
		return false
	}
	return p.Level(SSNField) == Exact || p.Surname() == Exact &&
		(p.Address() == Exact || p.Contact() == Exact || p.Level(Mobile) == Exact || p.Level(Mail) == Exact || p.Level(Crosswalk) == Exact)
}

// learn fits m, the household's parameters and the shares by expectation and maximisation over the candidates: all other
// pairs are strangers. base gives the priors. fixed fields keep their parameters: those that chose the candidates.
func learn(ctx context.Context, m, base *Model, patterns []counted, scale, total float64, fixed uint32) error {
	for range rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		var seen [2][Fields][houseLevels]float64
		var pairs [2]float64
		for i := range patterns {
			c := &patterns[i]
			x, h := m.evidence(c.pattern)
			px, ph := m.share[person1]*math.Exp2(x), m.share[family]*math.Exp2(h)
			sum := px + ph + m.share[stranger]
			n := c.pairs * scale
			for k, r := range [2]float64{px / sum * n, ph / sum * n} {
				pairs[k] += r
				for f := range Field(Fields) {
					seen[k][f][c.pattern.Level(f)] += r
				}
			}
		}
		change := 0.0
		for k, prior := range [2]float64{personPrior, familyPrior} {
			for f := range Field(Fields - 1) {
				if fixed>>f&1 == 1 {
					continue
				}
				n := 0.0
				for l := 1; l < levelsOf[f]; l++ {
					n += seen[k][f][l]
				}
				for l := 1; l < levelsOf[f]; l++ {
					v := (seen[k][f][l] + prior*base.p[k][f][l]) / (n + prior)
					change = max(change, math.Abs(v-m.p[k][f][l]))
					m.p[k][f][l] = v
				}
			}
			if fixed>>Household&1 == 0 {
				smoothHouse(&m.p[k][Household], &seen[k][Household], class(k), prior)
			}
		}
		m.share[person1] = max(pairs[person1], 0.5) / total
		m.share[family] = max(pairs[family], 0.5) / total
		m.share[stranger] = max(1-m.share[person1]-m.share[family], 1e-9)
		m.prepare()
		if change < 1e-5 {
			break
		}
	}
	return nil
}

// rule is a training run: the candidates of some keys, with the fields that chose them left out.
type rule struct {
	name  string
	keys  uint32
	fixed uint32
}

func bitsOf[T ~uint8](list ...T) uint32 {
	var b uint32
	for _, k := range list {
		b |= 1 << k
	}
	return b
}

var rules = []rule{
	{"by names", bitsOf(KeyNames, KeyAreaNames, KeySounds), bitsOf(First, Household)},
	{"by birth date", bitsOf(KeySurnameSoundBirth, KeyFirstBirth, KeyInitialsBirth), bitsOf(BirthDay, First)},
	{"by contacts", bitsOf(KeyPhone, KeyMail, KeyMember, KeyHouse), bitsOf(Household, Mobile, Mail)},
}

// train fits a model to a pairing. base gives the priors, and the model is the base where the result cannot be trusted.
func (g *pairing) train(ctx context.Context, base *Model, o *Options) (*Model, Training, error) {
	patterns, scale, err := g.collect(ctx, o.Seed)
	if err != nil {
		return nil, Training{}, err
	}
	m := *base
	if err := g.strangers(ctx, &m, o.Seed); err != nil {
		return nil, Training{}, err
	}
	tr := Training{Patterns: len(patterns), Agreement: map[string]float64{}, Runs: map[string]float64{}}
	for _, c := range patterns {
		if deterministic(c.pattern) {
			tr.Anchor += c.pairs * scale
		}
	}
	total := g.total()
	m.share[person1] = max(tr.Anchor*1.2, 1) / total
	m.share[family] = max(tr.Anchor*1.5, 2) / total
	m.share[stranger] = 1 - m.share[person1] - m.share[family]
	m.prepare()
	untrained := m
	if err := learn(ctx, &m, base, patterns, scale, total, 0); err != nil {
		return nil, tr, err
	}
	tr.Expected, tr.Household = m.share[person1]*total, m.share[family]*total
	for f := range Field(Fields - 1) {
		tr.Agreement[f.String()] = m.p[person1][f][Exact]
	}
	if err := g.checkRuns(ctx, &tr, &untrained, base, patterns, scale, total); err != nil {
		return nil, tr, err
	}
	tr.Problems = g.problems(&m, &tr)
	tr.BlockingLoss = blockingLoss(&m, patterns)
	if len(tr.Problems) > 0 {
		m = untrained
	}
	return &m, tr, nil
}

// checkRuns learns once more from the candidates of each rule alone: what a field's agreement is must not depend on
// which pairs it was learned from.
func (g *pairing) checkRuns(ctx context.Context, tr *Training, start, base *Model, patterns []counted, scale, total float64) error {
	var low, high [Fields]float64
	for i := range low {
		low[i] = 1
	}
	for _, r := range rules {
		var some []counted
		for _, c := range patterns {
			if c.keys&r.keys != 0 {
				some = append(some, c)
			}
		}
		m := *start
		if err := learn(ctx, &m, base, some, scale, total, r.fixed); err != nil {
			return err
		}
		for _, f := range []Field{First, BirthDay} {
			if r.fixed>>f&1 == 0 && m.share[person1]*total > 50 {
				low[f], high[f] = min(low[f], m.p[person1][f][Exact]), max(high[f], m.p[person1][f][Exact])
			}
		}
	}
	for _, f := range []Field{First, BirthDay} {
		if high[f] > 0 {
			tr.Runs[f.String()] = high[f] - low[f]
		}
	}
	return nil
}

// chance is by how many bits a level may seem better than the one above it, where few pairs have it.
const chance = 3

// problems is the sanity gate: reasons not to trust what was learned. Any of them switches automatic links off.
func (g *pairing) problems(m *Model, tr *Training) []string {
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if most := float64(min(len(g.left.list), len(g.right.list))) * 1.1; !g.self && tr.Expected > max(most, 5) {
		say("the model expects %.0f links, more than the smaller roster can have", tr.Expected)
	}
	for _, f := range []struct {
		field  Field
		levels []Level
	}{
		{First, []Level{Exact, FirstClose, FirstDiffers}}, {BirthDay, []Level{Exact, BirthSlip, BirthDiffers}},
		{SSNField, []Level{Exact, SSNDiffers}}, {SexField, []Level{Exact, Differs}},
	} {
		for i := 1; i < len(f.levels); i++ {
			// The weights themselves are kept from rising: look at what was learned, and forgive what is within chance.
			raw := func(l Level) float64 { return math.Log2(m.p[person1][f.field][l] / m.p[stranger][f.field][l]) }
			if raw(f.levels[i]) > raw(f.levels[i-1])+chance {
				say("a worse agreement in the %s counts more than a better one", f.field)
				break
			}
		}
	}
	if v := m.p[person1][BirthDay][Exact]; v < 0.8 && !g.self {
		say("only %.0f %% of the expected links have the same birth date: look whether the columns and the order of day and month are right", v*100)
	}
	if v := m.p[person1][First][Exact]; v < 0.5 && !g.self {
		say("only %.0f %% of the expected links have the same given name: look whether the columns of names are right", v*100)
	}
	for f, spread := range tr.Runs {
		if spread > 0.3 && !g.self {
			say("how often the %s agrees depends on which pairs are learned from (%.0f points apart)", f, spread*100)
		}
	}
	if !g.self && tr.Expected > 20 && tr.Anchor < tr.Expected*0.02 {
		say("hardly any of the %.0f expected links agree in more than names and birth date: there is nothing to be certain by", tr.Expected)
	}
	slices.Sort(list)
	return list
}

// blockingLoss estimates which part of the links no key finds. Keys are taken in three families that rest on different
// fields; what two families miss together is estimated from what each misses of the other (Chapman's estimator of
// capture and recapture), with the expected links as the catch.
func blockingLoss(m *Model, patterns []counted) float64 {
	byName := bitsOf(KeyNames, KeyAreaNames, KeySounds, KeySurnameYear, KeySoundsYear, KeyFirstBirth, KeySurnameSoundBirth, KeyInitialsBirth, KeyBirthTurned, KeyFirstDayArea)
	other := bitsOf(KeySSN, KeyPhone, KeyMail, KeyMember, KeyHouse, KeyCrosswalk, KeyLast4, KeyStreetBirth)
	var a, b, both float64
	for _, c := range patterns {
		x, h := m.evidence(c.pattern)
		px := m.share[person1] * math.Exp2(x)
		r := c.pairs * px / (px + m.share[family]*math.Exp2(h) + m.share[stranger])
		if c.keys&byName != 0 {
			a += r
		}
		if c.keys&other != 0 {
			b += r
		}
		if c.keys&byName != 0 && c.keys&other != 0 {
			both += r
		}
	}
	all := (a+1)*(b+1)/(both+1) - 1
	if all <= 0 {
		return 0
	}
	return max(0, 1-(a+b-both)/all)
}
