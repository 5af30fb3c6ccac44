package linkage

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Queue returns the pairs to be decided, as indexes into [Result.Pairs]: candidates that compete are neighbours, and the
// groups come by how probable their best pair is, so that a person meets the plain cases first.
func (r *Result) Queue() []int {
	g := newGroups(len(r.left.list) + len(r.right.list))
	var list []int
	for i := range r.Pairs {
		if p := &r.Pairs[i]; p.Band == Review || p.Band == Blocked {
			list = append(list, i)
			g.join(p.Left, int32(len(r.left.list))+p.Right)
		}
	}
	best := map[int32]float64{}
	for _, i := range list {
		root := g.find(r.Pairs[i].Left)
		if b, ok := best[root]; !ok || r.Pairs[i].Bits > b {
			best[root] = r.Pairs[i].Bits
		}
	}
	slices.SortFunc(list, func(a, b int) int {
		x, y := g.find(r.Pairs[a].Left), g.find(r.Pairs[b].Left)
		return cmp.Or(cmp.Compare(best[y], best[x]), cmp.Compare(x, y), cmp.Compare(r.Pairs[b].Bits, r.Pairs[a].Bits), cmp.Compare(a, b))
	})
	return list
}

// ReviewPattern is the pairs of the queue with one reason pattern.
type ReviewPattern struct {
	Pattern string
	Pairs   []int // indexes into Result.Pairs
}

// Patterns groups the queue by reason pattern, the most frequent first, for decisions in bulk.
func (r *Result) Patterns() []ReviewPattern {
	at := map[string]int{}
	var list []ReviewPattern
	for _, i := range r.Queue() {
		k := r.ReasonPattern(r.Pairs[i])
		j, ok := at[k]
		if !ok {
			j = len(list)
			at[k] = j
			list = append(list, ReviewPattern{Pattern: k})
		}
		list[j].Pairs = append(list[j].Pairs, i)
	}
	slices.SortStableFunc(list, func(a, b ReviewPattern) int { return len(b.Pairs) - len(a.Pairs) })
	return list
}

// Forecast says what a run would give with other switches.
type Forecast struct {
	Off               GateSet
	Automatic, Review int
	ExpectedFalse     float64
}

// Forecast counts the bands as if exactly the gates of off were switched off, without running again.
func (r *Result) Forecast(off GateSet) Forecast {
	for _, g := range AllGates() {
		if g.Fixed() {
			off &^= 1 << g
		}
	}
	f := Forecast{Off: off}
	var taken [2]map[int32]bool
	taken[0], taken[1] = map[int32]bool{}, map[int32]bool{}
	automatic := func(p *Pair) bool { return p.Band != Blocked && p.Assigned && p.closed&^off == 0 }
	for i := range r.Pairs {
		if p := &r.Pairs[i]; automatic(p) {
			f.Automatic++
			f.ExpectedFalse += 1 - p.Probability
			taken[0][p.Left], taken[1][p.Right] = true, true
		}
	}
	for i := range r.Pairs {
		p := r.Pairs[i]
		if p.Band == Blocked || automatic(&p) {
			continue
		}
		p.Gates = p.closed &^ off
		if p.forReview(r.options.threshold(), taken[0][p.Left] || taken[1][p.Right]) {
			f.Review++
		}
	}
	return f
}

// Forecasts returns, for each gate that can be switched, what turning this one switch would give.
func (r *Result) Forecasts() map[Gate]Forecast {
	all := map[Gate]Forecast{}
	for _, g := range AllGates() {
		if !g.Fixed() {
			all[g] = r.Forecast(r.options.Off ^ 1<<g)
		}
	}
	return all
}

// DrawSample draws automatic links for the blind second review: the given share of them, at least 30 where there are so
// many. The same seed draws the same links.
func (r *Result) DrawSample(share float64, seed uint64) []Sample {
	var links []int
	for i := range r.Pairs {
		if r.Pairs[i].Band == Automatic {
			links = append(links, i)
		}
	}
	random := rand.New(rand.NewPCG(seed, 0x73616d706c65))
	random.Shuffle(len(links), func(i, j int) { links[i], links[j] = links[j], links[i] })
	n := min(len(links), max(30, int(math.Ceil(share*float64(len(links))))))
	list := make([]Sample, n)
	for i := range list {
		list[i].Pair = r.Candidate(r.Pairs[links[i]])
	}
	return list
}

// ErrorEstimate is the estimated share of false links among the automatic ones.
type ErrorEstimate struct {
	Reviewed, False, Unsure int
	Rate                    float64 // False / Reviewed
	Low, High               float64 // 95 % interval
}

// EstimateError reads a sample that was reviewed. The interval is that of Clopper and Pearson (Biometrika 26, 1934): it is
// never too narrow. Answers that are unsure count as false, which is the safe side.
func EstimateError(samples []Sample) ErrorEstimate {
	var e ErrorEstimate
	for _, s := range samples {
		switch s.Answer {
		case ActSame:
			e.Reviewed++
		case ActDifferent:
			e.Reviewed++
			e.False++
		case ActUnsure:
			e.Reviewed++
			e.Unsure++
		}
	}
	n, k := e.Reviewed, e.False+e.Unsure
	if n == 0 {
		e.High = 1
		return e
	}
	e.Rate = float64(k) / float64(n)
	e.Low = bisect(func(p float64) bool { return 1-binomial(n, k-1, p) < 0.025 })
	e.High = bisect(func(p float64) bool { return binomial(n, k, p) > 0.025 })
	if k == 0 {
		e.Low = 0
	}
	if k == n {
		e.High = 1
	}
	return e
}

// bisect finds where below, which holds for small p, ends between 0 and 1.
func bisect(below func(p float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// binomial is P(X <= k) of n trials with probability p.
func binomial(n, k int, p float64) float64 {
	if k < 0 {
		return 0
	}
	if p <= 0 || k >= n {
		return 1
	}
	if p >= 1 {
		return 0
	}
	sum := 0.0
	logN, _ := math.Lgamma(float64(n + 1))
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(logN - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

// Pace is how fast decisions are made, and how long the rest takes at that rate.
type Pace struct {
	PerHour float64
	Left    time.Duration
}

// pause is a break between decisions that does not count as work.
const pause = 5 * time.Minute

// PaceOf reads the times of one person's decisions, in order. remaining is how many pairs are left.
func PaceOf(times []time.Time, remaining int) Pace {
	var worked time.Duration
	n := 0
	for i := 1; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]); d >= 0 && d <= pause {
			worked += d
			n++
		}
	}
	if n == 0 || worked <= 0 {
		return Pace{}
	}
	each := worked / time.Duration(n)
	return Pace{PerHour: float64(time.Hour) / float64(max(each, 1)), Left: each * time.Duration(remaining)}
}
