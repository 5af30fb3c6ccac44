package linkage

import (
	"context"
	"errors"
	"fmt"
	"math"

	"trestle/internal/job"
	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/roster"
)

// Options steer a run. The zero Options are the defaults with seed 0.
type Options struct {
	Seed uint64
	// Threshold is the least probability of an automatic link; 0 is 0.999.
	Threshold float64
	// Off are gates that the project switched off. Those that are [Gate.Fixed] cannot be.
	Off GateSet
	// Ledger holds earlier decisions; nil is none.
	Ledger *Ledger
	// Progress is told of records: each is counted once when it is normalised, when its duplicates are looked for, and
	// when it is linked.
	Progress *job.Progress
}

// DefaultThreshold is the least probability of an automatic link.
const DefaultThreshold = 0.999

// reviewFloor is the least probability of a pair that is worth a person's time.
const reviewFloor = 0.5

// keepBits is below which posterior log2 odds a pair is forgotten; rivals down to here are known.
const keepBits = -7

func (o *Options) threshold() float64 {
	if o.Threshold > 0 {
		return o.Threshold
	}
	return DefaultThreshold
}

// Pair is two records, one of each roster, by their rows.
type Pair struct {
	Left, Right int32
	Band        Band
	Probability float64 // that both are one person, 0 to 1
	Bits        float64 // log2 of the odds
	Margin      float64 // how many bits it is ahead of the best other pair of either record; +Inf without one
	Pattern     Pattern
	Gates       GateSet // why it is not automatic; those that the project switched off are not here
	Assigned    bool    // chosen by the one-to-one assignment

	Decided Action // what people decided about it; empty if nobody did
	Changed bool   // a record has changed since

	closed GateSet // all gates that are closed, whatever is switched off
}

// Duplicate is two rows of one roster that may be one person.
type Duplicate struct {
	Side        Side
	A, B        int32
	Probability float64
	Pattern     Pattern
}

// Overlay is an identifier that stands for two persons: in two rows of one roster, or in both rosters.
type Overlay struct {
	Side   Side // empty: across the two rosters
	A, B   int32
	Reason string
}

// Result is what a run found. It is not changed after [Run].
type Result struct {
	Left, Right *roster.Roster
	Pairs       []Pair // by left row, the best first
	Duplicates  []Duplicate
	Overlays    []Overlay
	Model       *Model
	Training    Training
	Summary     Summary

	t           *tables
	left, right *people
	options     Options
	settled     map[duplicateKey]bool // duplicates that people decided
	pairsOf     [2]map[int32][]int32  // by row: indexes into Pairs
	youngest    normal.Day            // the latest birth date
}

// errSame is in the notes of a run over one file twice.
var errSame = errors.New("both rosters are the same file: each record links to itself, and only the duplicates say something")

// Run links two rosters. The only errors are those of the context and of rosters without names and birth dates.
func Run(ctx context.Context, left, right *roster.Roster, o Options) (*Result, error) {
	for _, r := range []*roster.Roster{left, right} {
		if err := linkable(r); err != nil {
			return nil, err
		}
	}
	r := &Result{Left: left, Right: right, options: o, t: newTables()}
	o.Progress.SetTotal(3 * int64(left.Len()+right.Len()))
	var err error
	if r.left, err = normalise(ctx, Left, left, r.t, &o); err != nil {
		return nil, err
	}
	if r.right, err = normalise(ctx, Right, right, r.t, &o); err != nil {
		return nil, err
	}
	r.dropFrequent()
	for _, p := range []*people{r.left, r.right} {
		for i := range p.list {
			r.youngest = max(r.youngest, p.list[i].dob)
		}
	}
	r.t.aboutGiven, r.t.aboutSurname = r.t.given.describe(true), r.t.surname.describe(false)
	r.t.countNames(r.left, r.right)
	r.Summary = Summary{Model: ModelVersion, Seed: o.Seed, LeftRows: left.Len(), RightRows: right.Len(), LeftHash: left.Hash, RightHash: right.Hash,
		Duplicates: map[Side]int{}, Gates: map[string]int{}}
	if err := r.run(ctx, &o); err != nil {
		return nil, err
	}
	r.summarise()
	return r, nil
}

// linkable says what a roster lacks.
func linkable(r *roster.Roster) error {
	name := r.Column(roster.LastName) >= 0 || r.Column(roster.FirstName) >= 0 || r.Column(roster.FullName) >= 0
	switch {
	case r.Len() == 0:
		return fmt.Errorf("%s has no rows: there is nothing to link", r.Name)
	case !name:
		return fmt.Errorf("%s has no column of names that was recognised: give one the role \"last name\" or \"name\" in the specification", r.Name)
	}
	return nil
}

func (r *Result) run(ctx context.Context, o *Options) error {
	base := defaultModel()
	same := r.Left.Hash == r.Right.Hash && r.Left.Hash != ""
	fewer, more := r.left, r.right
	if len(fewer.list) > len(more.list) {
		fewer, more = more, fewer
	}
	cross := &pairing{t: r.t, left: fewer, right: more}
	selfLeft := &pairing{t: r.t, left: r.left, right: r.left, self: true}
	selfRight := &pairing{t: r.t, left: r.right, right: r.right, self: true}
	var err error
	if cross.x, err = r.t.index(ctx, fewer.list, keysFor(len(fewer.list))); err != nil {
		return err
	}
	if same {
		// Copies of the same rows would teach the model that nobody ever makes a mistake.
		r.Summary.Notes = append(r.Summary.Notes, errSame.Error())
		if selfLeft.x, err = r.t.index(ctx, r.left.list, keysFor(len(r.left.list))); err != nil {
			return err
		}
		r.Model, r.Training, err = selfLeft.train(ctx, base, o)
		r.Training.Problems = append(r.Training.Problems, errSame.Error())
	} else {
		r.Model, r.Training, err = cross.train(ctx, base, o)
	}
	if err != nil {
		return err
	}
	for _, g := range []*pairing{selfLeft, selfRight} {
		if err := r.duplicates(ctx, g, cross, o); err != nil {
			return err
		}
	}
	r.decideDuplicates(o.Ledger)
	return r.link(ctx, cross, o)
}

const allKeys = 1<<Keys - 1

// keysFor are the keys for an index over n records: one name alone says something only where few share it.
func keysFor(n int) uint32 {
	if n > small {
		return allKeys &^ bitsOf(KeyFirst, KeySurname)
	}
	return allKeys
}

// small is the number of rows up to which one name alone makes candidates.
const small = 20_000

// scored is a pair of a pairing with its log2 odds.
type scored struct {
	left, right int32
	pattern     Pattern
	bits        float64
}

// scores are what a pairing gave.
type scores struct {
	kept, overlays []scored
	compared       int64
	crossed        int         // pairs whose identifiers agree
	skipped        [Keys]int64 // records with a value of a key that is too common
}

// score compares all candidates and keeps those above keep bits.
func (g *pairing) score(ctx context.Context, m *Model, tf *frequency, keep float64, o *Options) (s scores, err error) {
	type mine struct {
		scores
		f    *finder
		bits map[Pattern]float64
	}
	all := make([]mine, workers())
	err = each(ctx, len(g.right.list), func(w, from, to int) {
		my := &all[w]
		if my.f == nil {
			my.f, my.bits = g.x.finder(len(g.left.list)), map[Pattern]float64{}
		}
		for i := from; i < to; i++ {
			p := &g.right.list[i]
			for _, c := range my.f.find(g.t, p, g.least(i)) {
				q := &g.left.list[c.record]
				pattern := g.t.compare(q, p)
				my.compared++
				plain, ok := my.bits[pattern]
				if !ok {
					plain = m.bits(pattern, 0)
					my.bits[pattern] = plain
				}
				if pattern.Level(Crosswalk) == Exact {
					my.crossed++
				}
				if overlaid(pattern) {
					my.overlays = append(my.overlays, scored{c.record, int32(i), pattern, plain})
				}
				if plain < keep-tfMost {
					continue
				}
				if adjust := tf.adjust(pattern, q, p); adjust != 0 {
					plain = m.bits(pattern, adjust)
				}
				if plain >= keep {
					my.kept = append(my.kept, scored{c.record, int32(i), pattern, plain})
				}
			}
		}
		o.Progress.Add(int64(to - from))
	})
	for i := range all {
		s.kept = append(s.kept, all[i].kept...)
		s.overlays = append(s.overlays, all[i].overlays...)
		s.compared += all[i].compared
		s.crossed += all[i].crossed
		if all[i].f != nil {
			for k, n := range all[i].f.skip {
				s.skipped[k] += n
			}
		}
	}
	if g.self { // of a roster with itself the lower row comes first
		for _, list := range [][]scored{s.kept, s.overlays} {
			for i := range list {
				list[i].left, list[i].right = min(list[i].left, list[i].right), max(list[i].left, list[i].right)
			}
		}
	}
	sortScored(s.kept)
	sortScored(s.overlays)
	return s, err
}

// overlaid says that an identifier agrees where neither name nor birth date does.
func overlaid(p Pattern) bool {
	return p.Level(Crosswalk) == Exact && p.Level(BirthDay) >= BirthPartial && p.Level(First) >= FirstInitial && p.Surname() >= SurnameDiffers ||
		p.Level(Crosswalk) == Exact && p.Level(BirthDay) == BirthDiffers && p.Level(First) == FirstDiffers
}

// frequency is how often names occur in both rosters together.
type frequency struct {
	t              *tables
	given, surname []float32 // log2 adjustment by symbol
}

// tfMost bounds the adjustment by one name, in bits, so that a rare misspelling is no proof.
const tfMost = 5

func (r *Result) frequency(m *Model) *frequency {
	f := &frequency{t: r.t, given: make([]float32, r.t.given.limit()), surname: make([]float32, r.t.surname.limit())}
	n := 0
	for _, p := range []*people{r.left, r.right} {
		for i := range p.list {
			f.given[p.list[i].first]++
			f.surname[p.list[i].last]++
			n++
		}
	}
	turn := func(counts []float32) {
		sum, total := 0.0, 0.0
		for s, c := range counts {
			if s != 0 {
				sum += float64(c) * float64(c)
				total += float64(c)
			}
		}
		if total == 0 {
			return
		}
		average := sum / (total * total) // the chance that two records agree
		for s, c := range counts {
			if c > 0 {
				// One more of each: a name that is seen once need not be as rare as that.
				counts[s] = float32(max(-2.5, min(tfMost/2.0, math.Log2(average/((float64(c)+1)/(total+1))))))
			}
		}
	}
	turn(f.given)
	turn(f.surname)
	return f
}

func (f *frequency) adjust(p Pattern, a, b *person) float64 {
	v := 0.0
	if p.Level(First) == Exact {
		v += float64(f.given[a.first])
	}
	if p.Surname() == Exact {
		v += float64(f.surname[a.last])
	}
	return v
}

func (r *Result) note(format string, args ...any) {
	r.Summary.Notes = append(r.Summary.Notes, fmt.Sprintf(format, args...))
}
