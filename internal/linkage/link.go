package linkage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

// closeCall is how many bits the best pair must be ahead of the next one.
const closeCall = 10

// link scores the pairs of the two rosters, assigns them one to one, and puts them into bands.
func (r *Result) link(ctx context.Context, g *pairing, o *Options) error {
	tf := r.frequency(r.Model)
	found, err := g.score(ctx, r.Model, tf, keepBits, o)
	if err != nil {
		return err
	}
	r.Summary.Compared = found.compared
	for k, n := range found.skipped {
		// One name alone is common by its nature, and is a key for rare ones only.
		if n > int64(len(g.right.list)/20) && Key(k) != KeyFirst && Key(k) != KeySurname {
			r.note("The key \"%s\" found too many records for %d rows and was left out for them; other keys look for these too.", Key(k), n)
		}
	}
	turned := g.left != r.left
	for _, s := range found.kept {
		p := Pair{Left: s.left, Right: s.right, Pattern: s.pattern, Bits: s.bits, Probability: probability(s.bits), Gates: patternGates(s.pattern)}
		if turned {
			p.Left, p.Right = p.Right, p.Left
		}
		r.Pairs = append(r.Pairs, p)
	}
	r.overlays(found, turned)
	r.sort()
	r.decide(o.Ledger)
	if n := assign(r.Pairs, len(r.left.list), len(r.right.list), math.Log2(reviewFloor/(1-reviewFloor))); n > 0 {
		r.note("%d groups of look-alikes are too large to be solved; all their pairs go to review.", n)
	}
	r.margins()
	r.duplicateGates()
	r.slips()
	r.households(ctx)
	r.newborns()
	r.bands(o)
	return ctx.Err()
}

// coincidences is the number of contradicting identifiers up to which each of them is an alarm.
const coincidences = 20

// overlays reports identifiers that agree where neither name nor birth date does, and makes sure that these pairs are
// there, as blocked. If most agreements are of that kind, the columns hold numbers of different authorities.
func (r *Result) overlays(found scores, turned bool) {
	if n := len(found.overlays); n > coincidences && n*2 > found.crossed {
		r.note("%d of %d identifiers that agree belong to different persons: the columns hold numbers of different authorities. Give them the role \"ignore\".", n, found.crossed)
		return
	}
	at := map[[2]int32]int{}
	for i := range r.Pairs {
		if r.Pairs[i].Pattern.Level(Crosswalk) == Exact {
			at[[2]int32{r.Pairs[i].Left, r.Pairs[i].Right}] = i
		}
	}
	for _, s := range found.overlays {
		v := Overlay{A: s.left, B: s.right, Reason: "the identifier agrees, and neither name nor birth date does: one of the systems holds two persons under it"}
		if turned {
			v.A, v.B = v.B, v.A
		}
		r.Overlays = append(r.Overlays, v)
		i, ok := at[[2]int32{v.A, v.B}]
		if !ok {
			i = len(r.Pairs)
			r.Pairs = append(r.Pairs, Pair{Left: v.A, Right: v.B, Pattern: s.pattern, Bits: s.bits, Probability: probability(s.bits), Gates: patternGates(s.pattern)})
		}
		r.Pairs[i].Gates = r.Pairs[i].Gates.With(GateCrosswalk)
		r.Pairs[i].Band = Blocked
	}
}

func (r *Result) sort() {
	slices.SortFunc(r.Pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(b.Bits, a.Bits), cmp.Compare(a.Right, b.Right))
	})
	for side := range 2 {
		r.pairsOf[side] = map[int32][]int32{}
	}
	for i := range r.Pairs {
		p := &r.Pairs[i]
		r.pairsOf[0][p.Left] = append(r.pairsOf[0][p.Left], int32(i))
		r.pairsOf[1][p.Right] = append(r.pairsOf[1][p.Right], int32(i))
	}
}

// margins says how far each pair is ahead of its rivals.
func (r *Result) margins() {
	for i := range r.Pairs {
		p := &r.Pairs[i]
		best := math.Inf(-1)
		for _, list := range [][]int32{r.pairsOf[0][p.Left], r.pairsOf[1][p.Right]} {
			for _, j := range list {
				if q := &r.Pairs[j]; int(j) != i && q.Band != Blocked && q.Decided != ActDifferent && rival(p.Pattern, q.Pattern) {
					best = max(best, q.Bits)
				}
			}
		}
		p.Margin = p.Bits - best
		switch {
		case math.Abs(p.Margin) < 1e-6:
			p.Gates = p.Gates.With(GateTie).With(GateRunnerUp)
		case p.Margin < closeCall:
			p.Gates = p.Gates.With(GateRunnerUp)
		}
	}
}

// rival says whether the pair q could be taken for p. Where p agrees in name, birth date and in something beyond them,
// a namesake with another birth date and nothing else is none.
func rival(p, q Pattern) bool {
	known := p.Level(BirthDay) == Exact && p.Level(First) <= FirstNickname && p.Level(First) != Missing || p.Level(BirthDay) == Exact && p.Level(First) == FirstSwapped
	at := 0
	for _, l := range []Level{p.Address(), p.Contact()} {
		if l == Exact {
			at++
		}
	}
	beyond := at == 2 || at == 1 && personalOf(p).any()
	return !(known && !bare(p) && bare(q) && (q.Level(BirthDay) != Exact || beyond))
}

// bare says that nothing but names and birth date agrees.
func bare(p Pattern) bool { return patternGates(p).Has(GateCorroboration) }

// duplicateGates stops links into groups of duplicates that nobody resolved.
func (r *Result) duplicateGates() {
	var open [2]map[int32]bool
	for side := range open {
		open[side] = map[int32]bool{}
	}
	mark := func(side Side, a, b int32) {
		i := 0
		if side == Right {
			i = 1
		}
		open[i][a], open[i][b] = true, true
	}
	for _, d := range r.Duplicates {
		if r.settled[d.key()] {
			continue
		}
		// Two persons of one name are often taken for duplicates; without more than the name they are not a group.
		// Brothers and sisters with names alike are not one either; the gates of the household are for them.
		if patternGates(d.Pattern)&SetOf(GateCorroboration, GateFirstName, GateBirthDate) == 0 {
			mark(d.Side, d.A, d.B)
		}
	}
	for _, v := range r.Overlays {
		if v.Side != "" {
			mark(v.Side, v.A, v.B)
		}
	}
	for side, p := range []*people{r.left, r.right} {
		if len(p.ids) == 0 {
			continue
		}
		for i := range p.list {
			if p.ids[p.list[i].id] > 0 {
				open[side][int32(i)] = true
			}
		}
	}
	for i := range r.Pairs {
		if p := &r.Pairs[i]; open[0][p.Left] || open[1][p.Right] {
			p.Gates = p.Gates.With(GateDuplicate)
		}
	}
}

func (r *Result) newborns() {
	for i := range r.Pairs {
		p := &r.Pairs[i]
		a, b := &r.left.list[p.Left], &r.right.list[p.Right]
		if a.newborn || b.newborn || a.first == 0 || b.first == 0 {
			p.Gates = p.Gates.With(GateNewborn)
		}
	}
}

// bands puts each pair where it belongs, and counts.
func (r *Result) bands(o *Options) {
	fixed := GateSet(0)
	for g := range Gate(Gates) {
		if g.Fixed() {
			fixed = fixed.With(g)
		}
	}
	off := o.Off &^ fixed
	untrusted := len(r.Training.Problems) > 0
	var taken [2]map[int32]bool // rows whose link is automatic or decided
	taken[0], taken[1] = map[int32]bool{}, map[int32]bool{}
	for i := range r.Pairs {
		p := &r.Pairs[i]
		if p.Probability < o.threshold() {
			p.Gates = p.Gates.With(GateProbability)
		}
		if untrusted {
			p.Gates = p.Gates.With(GateTraining)
		}
		p.closed = p.Gates
		p.Gates &^= off
		if p.Band == "" && p.Assigned && p.Gates == 0 {
			p.Band = Automatic
			taken[0][p.Left], taken[1][p.Right] = true, true
		}
	}
	for i := range r.Pairs {
		if p := &r.Pairs[i]; p.Band == "" {
			p.Band = None
			if p.forReview(o.threshold(), taken[0][p.Left] || taken[1][p.Right]) {
				p.Band = Review
			}
		}
	}
}

// forReview says whether a pair that is not automatic is worth a person's time. taken is whether one of its records has
// an automatic link.
func (p *Pair) forReview(threshold float64, taken bool) bool {
	switch {
	case p.Decided == ActDifferent, p.Decided == ActSame && !p.Changed, p.Decided == "" && p.Gates.Has(GateDecision), hopeless(p.Pattern):
		return false
	case p.Assigned && p.Probability >= reviewFloor:
		return true
	}
	// A competing candidate of what is in review; one with nothing but the name is shown beside it, and is no row of its own.
	return p.Probability >= reviewFloor && !taken && (!bare(p.Pattern) || p.Margin > -1) && (p.Margin > -closeCall || p.Gates.Has(GateDuplicate) && p.Probability >= threshold)
}

// hopeless says that a pair has nothing that a person could decide it by: without any evidence but names, and with a
// name or the birth date against it; or with a slip in the birth date and a contradiction in all the rest that is known.
func hopeless(p Pattern) bool {
	if !bare(p) {
		return false
	}
	switch p.Level(BirthDay) {
	case Exact:
		return p.Level(First) >= FirstDiffers && p.Address() != AddressArea
	case BirthSlip:
		return p.Level(First) >= FirstInitial || p.Level(SSNField) == SSNDiffers ||
			p.Address() == AddressDiffers && (p.Contact() == ContactDiffers || p.Level(Mobile) == Differs || p.Level(Mail) >= MailAlike)
	}
	return p.Address() != AddressArea
}

// summarise counts the result.
func (r *Result) summarise() {
	s := &r.Summary
	for i := range r.Pairs {
		p := &r.Pairs[i]
		switch p.Band {
		case Automatic:
			s.Automatic++
			s.ExpectedFalse += 1 - p.Probability
		case Review:
			s.Review++
			for _, g := range p.Gates.Names() {
				s.Gates[g]++
			}
		case Blocked:
			s.Blocked++
		}
	}
	for _, d := range r.Duplicates {
		s.Duplicates[d.Side]++
	}
	s.Overlays = len(r.Overlays)
	s.Blocking = 1 - r.Training.BlockingLoss
	if len(r.Training.Problems) > 0 {
		s.AutomaticOff = fmt.Sprintf("No link is automatic: %s.", r.Training.Problems[0])
	}
}

// LeftID returns the identifier of a pair's left record.
func (r *Result) LeftID(p Pair) string { return r.Left.ID(int(p.Left)) }

// RightID returns the identifier of a pair's right record.
func (r *Result) RightID(p Pair) string { return r.Right.ID(int(p.Right)) }
