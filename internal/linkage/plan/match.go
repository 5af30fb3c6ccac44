package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"trestle/internal/linkage"
)

// Options of a comparison of two lists. The zero value is right for most.
type Options struct {
	// Automatic is the least probability of an automatic link; 0 is [DefaultAutomatic].
	Automatic float64
	// Review is the least probability of a pair that a person is asked about; 0 is [DefaultReview].
	Review float64
	// Candidates are how many candidates a plan keeps; 0 is five.
	Candidates int
	// Open names gates that this project does not want to stop automatic links. Those that block cannot be opened.
	Open []Gate
	// Decided tells what people have decided already. Nil: nothing.
	Decided Decisions
	// Progress is called now and then with the rows that are done and all of them. Nil: nobody asks.
	Progress func(done, all int)
}

// The thresholds of [Options].
const (
	DefaultAutomatic = 0.75
	DefaultReview    = 0.05
)

// Verdict is what a person decided about a plan or a pair.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota
	Same
	Different
)

// Decisions tells what was decided. [linkage.Ledger] and the workspace have it; tests have a map.
type Decisions interface {
	// Pair gives the verdict about two plans by their IDs.
	Pair(left, right string) Verdict
	// Links lists the pairs with the verdict [Same], left ID first.
	Links() [][2]string
	// Many says that a right plan may have several left ones, by explicit choice.
	Many(right string) bool
}

// Candidate is one pair that was considered.
type Candidate struct {
	Left, Right string // plan IDs
	Rank        int    // from 1, among the candidates of Left
	Probability float64
	Bits        float64
	Band        linkage.Band
	Gates       []Gate
	Insurer     []Evidence // what speaks for the same insurer, and against it
	Within      []Evidence // what speaks for the same plan of it
	Reasons     string     // one sentence
	LeftRow     int        // index in the left list's Plans
	RightRow    int
}

// Creation is a plan that the right system lacks, with its fields as they were understood.
type Creation struct {
	Plan      *Plan
	Insurer   string // for people
	NearID    string // the most similar plan of the right list, so that nobody makes it twice; empty if there is none
	Near      float64
	NearWhy   string
	Duplicate string // an earlier plan to be created that says the same; empty if there is none
}

// Duplicate is a pair of plans of one list that say the same.
type Duplicate struct {
	Side        linkage.Side
	A, B        string
	Probability float64
}

// Result is the outcome of [Match].
type Result struct {
	Left, Right *List
	Candidates  []Candidate // by left row, then by rank
	Creations   []Creation
	NotPayers   []string // left rows that are no payers and are never linked
	Duplicates  []Duplicate
	Compared    int64 // pairs
	Notes       []string
}

// Match compares two lists. The result is the same for the same lists and options.
// It fails if a list is empty, or if an ID occurs twice in one.
func Match(ctx context.Context, left, right *List, o Options) (*Result, error) {
	for _, l := range []*List{left, right} {
		if err := l.check(); err != nil {
			return nil, err
		}
	}
	o = o.withDefaults()
	m := &matcher{left: left, right: right, options: o, model: newModel(left, right)}
	if err := m.compareAll(ctx); err != nil {
		return nil, err
	}
	m.addDecided()
	for range 3 { // EM settles in a few rounds, because the priors are near
		m.share()
		m.learn()
	}
	m.share()
	r := &Result{Left: left, Right: right, Compared: m.compared}
	r.Candidates = m.decide()
	r.Creations, r.NotPayers = m.creations(r.Candidates)
	var err error
	if r.Duplicates, err = duplicates(ctx, left, linkage.Left, right, linkage.Right); err != nil {
		return nil, err
	}
	return r, nil
}

func (o Options) withDefaults() Options {
	if o.Automatic == 0 {
		o.Automatic = DefaultAutomatic
	}
	if o.Review == 0 {
		o.Review = DefaultReview
	}
	if o.Candidates == 0 {
		o.Candidates = 5
	}
	return o
}

var errEmpty = errors.New("it has no plans: name the file that lists them, one a row, with a header")

func (l *List) check() error {
	if len(l.Plans) == 0 {
		return fmt.Errorf("plan list %s: %w", l.Name, errEmpty)
	}
	seen := map[string]int{}
	for i := range l.Plans {
		id := l.Plans[i].ID
		if before, ok := seen[id]; ok {
			return fmt.Errorf("plan list %s: the plan ID %q stands in rows %d and %d: choose a key that is different in each row", l.Name, id, before+1, i+1)
		}
		seen[id] = i
	}
	return nil
}

// matcher is one run of [Match].
type matcher struct {
	left, right *List
	options     Options
	model       *model
	pairs       []comparison // by left row
	byLeft      [][]int      // indices into pairs
	byRight     [][]int
	found       []comparison // room for the comparisons of one plan
	compared    int64
}

// closest bounds how many right plans one left plan is compared with: far more than the plans of one insurer.
const closest = 200

// compareAll finds the right plans that share something with a left one and compares them.
func (m *matcher) compareAll(ctx context.Context) error {
	index := map[string][]int32{}
	for j := range m.right.Plans {
		for _, key := range m.right.Plans[j].keys() {
			index[key] = append(index[key], int32(j))
		}
	}
	m.byLeft, m.byRight = make([][]int, len(m.left.Plans)), make([][]int, len(m.right.Plans))
	score := make([]float64, len(m.right.Plans))
	var touched []int32
	common := max(len(m.right.Plans)/5, 200) // values of more rows than that find nothing
	for i := range m.left.Plans {
		if err := ctx.Err(); err != nil {
			return err
		}
		if m.options.Progress != nil && i%64 == 0 {
			m.options.Progress(i, len(m.left.Plans))
		}
		touched = touched[:0]
		for _, key := range m.left.Plans[i].keys() {
			rows := index[key]
			if len(rows) > common {
				continue
			}
			bits := m.model.freq.bits(key, "")
			for _, j := range rows {
				if score[j] == 0 {
					touched = append(touched, j)
				}
				score[j] += bits + 1e-9
			}
		}
		slices.SortFunc(touched, func(a, b int32) int { return cmp.Or(cmp.Compare(score[b], score[a]), cmp.Compare(a, b)) })
		m.keepBest(i, touched[:min(len(touched), closest)])
		for _, j := range touched {
			score[j] = 0
		}
	}
	return nil
}

// addDecided makes sure that the links which people made are among the pairs, however unlike the plans are.
func (m *matcher) addDecided() {
	if m.options.Decided == nil {
		return
	}
	rows := func(l *List) map[string]int {
		at := map[string]int{}
		for i := range l.Plans {
			at[l.Plans[i].ID] = i
		}
		return at
	}
	lefts, rights := rows(m.left), rows(m.right)
	for _, link := range m.options.Decided.Links() {
		left, okLeft := lefts[link[0]]
		right, okRight := rights[link[1]]
		if !okLeft || !okRight || slices.ContainsFunc(m.byLeft[left], func(k int) bool { return m.pairs[k].right == right }) {
			continue
		}
		c := m.model.compare(&m.left.Plans[left], &m.right.Plans[right])
		c.left, c.right = left, right
		m.byLeft[left] = append(m.byLeft[left], len(m.pairs))
		m.byRight[right] = append(m.byRight[right], len(m.pairs))
		m.pairs = append(m.pairs, c)
	}
}

// kept is how many candidates of one plan are remembered: ranks beyond are never shown, and share in no probability.
const kept = 50

// keepBest compares a left plan with right ones and remembers the best.
func (m *matcher) keepBest(left int, rights []int32) {
	m.found = m.found[:0]
	for _, j := range rights {
		c := m.model.compare(&m.left.Plans[left], &m.right.Plans[j])
		c.left, c.right = left, int(j)
		m.found = append(m.found, c)
	}
	m.compared += int64(len(rights))
	slices.SortStableFunc(m.found, func(a, b comparison) int { return cmp.Compare(b.bits, a.bits) })
	for _, c := range m.found[:min(len(m.found), kept)] {
		m.byLeft[left] = append(m.byLeft[left], len(m.pairs))
		m.byRight[c.right] = append(m.byRight[c.right], len(m.pairs))
		m.pairs = append(m.pairs, c)
	}
}

// share gives each pair its probability: the candidates of one plan share it, and so does having none.
func (m *matcher) share() {
	prior := -math.Log2(float64(max(len(m.left.Plans), len(m.right.Plans))))
	odds := func(k int) float64 {
		c := &m.pairs[k]
		if slices.ContainsFunc(c.gates, Gate.Blocks) {
			return math.Exp2(min(c.bits+prior, -3)) // what contradicts takes nothing from the others
		}
		return math.Exp2(c.bits + prior)
	}
	for _, list := range m.byLeft {
		sum := 1.0
		for _, k := range list {
			sum += odds(k)
		}
		for _, k := range list {
			m.pairs[k].forward = odds(k) / sum
		}
	}
	for _, list := range m.byRight {
		sum := 1.0
		for _, k := range list {
			sum += odds(k)
		}
		for _, k := range list {
			m.pairs[k].backward = odds(k) / sum
		}
	}
}

// learn is the M step: how often a field agrees in the pairs, each counted by its probability. What was assumed before
// counts as much as ten pairs.
func (m *matcher) learn() {
	var agree, all [learnedFields]float64
	var survived, words [classes]float64
	for i := range m.pairs {
		c := &m.pairs[i]
		p := c.probability()
		if p < 0.01 {
			continue
		}
		for class := range classes {
			survived[class] += p * float64(c.kept[class])
			words[class] += p * float64(c.kept[class]+c.lost[class])
		}
		for f := range learnedFields {
			all[f] += p * float64(c.compared>>f&1)
			agree[f] += p * float64(c.agreed>>f&1)
		}
	}
	const weight = 10
	for f, prior := range priorAgreement {
		m.model.agree[f] = min(max((agree[f]+weight*prior)/(all[f]+weight), 0.05), 0.99)
	}
	for class := range classes {
		const weight = 50
		m.model.kept[class] = min(max((survived[class]+weight*priorKept[class])/(words[class]+weight), 0.3), 0.98)
	}
	m.model.settle()
	for i := range m.pairs {
		c := &m.pairs[i]
		if c.forward < 1e-6 && c.bits < 0 {
			continue
		}
		again := m.model.compare(&m.left.Plans[c.left], &m.right.Plans[c.right])
		again.left, again.right = c.left, c.right
		m.pairs[i] = again
	}
}
