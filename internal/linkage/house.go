package linkage

import (
	"context"

	"trestle/internal/linkage/lexicon"
	"trestle/internal/linkage/similar"
)

// together says that two persons of one roster share a household.
func together(a, b *person) bool {
	return a.street != 0 && a.street == b.street && a.number == b.number ||
		a.home != 0 && (a.home == b.home || a.home == b.mobile) || a.mobile != 0 && (a.mobile == b.mobile || a.mobile == b.home) ||
		a.member != 0 && a.member == b.member || a.last != 0 && a.last == b.last && a.zip != 0 && a.zip == b.zip
}

// relatives finds, in one roster, who else has a key: same birth date and household, or same names.
type relatives struct {
	rows map[uint64][]int32
}

func twinKey(p *person) uint64 {
	if p.dob == 0 {
		return 0
	}
	return join(0, 11, uint64(p.dob))
}

func namesakeKey(p *person) uint64 { return join(0, 12, uint64(p.first), uint64(p.last)) }

// relatives gathers the rows that have a key of one of the wanted rows. Only those are kept: a roster may have millions.
func gather(p *people, wanted func(yield func(int32))) relatives {
	r := relatives{rows: map[uint64][]int32{}}
	wanted(func(i int32) {
		for _, k := range []uint64{twinKey(&p.list[i]), namesakeKey(&p.list[i])} {
			if k != 0 {
				r.rows[k] = nil
			}
		}
	})
	for i := range p.list {
		for _, k := range []uint64{twinKey(&p.list[i]), namesakeKey(&p.list[i])} {
			if k == 0 {
				continue
			}
			if list, ok := r.rows[k]; ok && len(list) < 2000 {
				r.rows[k] = append(list, int32(i))
			}
		}
	}
	return r
}

// slips opens the gate of the given name for slips of the finger, which the names of twins are not: both of those are
// names. Something of the person must agree, or of the household of a grown-up: children share what their parents have.
func (r *Result) slips() {
	for i := range r.Pairs {
		p := &r.Pairs[i]
		l := p.Pattern.Level
		if !p.Gates.Has(GateFirstName) || l(First) != FirstSlip || l(BirthDay) != Exact || l(Middle) == MiddleDiffers ||
			l(SexField) == Differs || p.Pattern.Surname() != Exact {
			continue
		}
		e := personalOf(p.Pattern)
		at := p.Pattern.Address() == Exact || p.Pattern.Contact() == Exact
		middle := agreeing(l(Middle))
		a, b := r.t.given.name(r.left.list[p.Left].first), r.t.given.name(r.right.list[p.Right].first)
		if e.ssn || e.id || at && middle || (at || e.any()) && (sameLetters(a, b) || r.adult(&r.left.list[p.Left])) {
			p.Gates &^= 1 << GateFirstName
		}
	}
}

// adult says that a person was born 18 years before the youngest of both rosters.
func (r *Result) adult(p *person) bool {
	return p.dob != 0 && int(p.dob)/10000+18 <= int(r.youngest)/10000
}

// households closes the gates of twins and of namesakes: the household of either record has somebody else whom the
// partner could be.
func (r *Result) households(ctx context.Context) {
	sides := [2]*people{r.left, r.right}
	var near [2]relatives
	for s := range sides {
		near[s] = gather(sides[s], func(yield func(int32)) {
			for i := range r.Pairs {
				if p := &r.Pairs[i]; p.Assigned {
					yield(p.row(s))
				}
			}
		})
	}
	for i := range r.Pairs {
		if i%1024 == 0 && ctx.Err() != nil {
			return
		}
		p := &r.Pairs[i]
		if !p.Assigned {
			continue
		}
		for s := range sides {
			own, other := p.row(s), &sides[1-s].list[p.row(1-s)]
			p.Gates |= r.household(p.Pattern, sides[s], near[s], own, other)
		}
	}
}

func (p *Pair) row(side int) int32 {
	if side == 0 {
		return p.Left
	}
	return p.Right
}

// household looks at those who live with own, whose partner is other.
func (r *Result) household(pattern Pattern, p *people, near relatives, own int32, other *person) GateSet {
	var s GateSet
	me := &p.list[own]
	sure := pattern.Level(First) == Exact && pattern.Level(BirthDay) == Exact && (pattern.Level(SSNField) == Exact || pattern.Level(Crosswalk) == Exact)
	for _, i := range near.rows[twinKey(me)] {
		x := &p.list[i]
		if i == own || x.dob != me.dob || x.first == me.first || !together(x, me) {
			continue
		}
		if !sure && (pattern.Level(First) > FirstSlip || pattern.Level(First) == Missing || r.alike(x.first, other.first)) {
			s = s.With(GateTwin)
		}
	}
	for _, i := range near.rows[namesakeKey(me)] {
		x := &p.list[i]
		if i == own || x.first != me.first || x.last != me.last || !together(x, me) || x.dob == me.dob && x.dob != 0 {
			continue
		}
		if pattern.Level(BirthDay) != Exact || x.dob == 0 || births(x.dob, other.dob) < BirthPartial {
			s = s.With(GateNamesake)
		}
	}
	return s
}

// alike says whether one given name could be the other, mistyped or as a nickname.
func (r *Result) alike(a, b symbol) bool {
	if a == 0 || b == 0 || a == b || lexicon.Meet(r.t.aboutGiven[a].roots, r.t.aboutGiven[b].roots) {
		return true
	}
	x, y := r.t.given.name(a), r.t.given.name(b)
	return len(x) == 1 || len(y) == 1 || similar.OneEdit(x, y)
}
