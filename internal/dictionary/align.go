package dictionary

// align decides for each segment of a message which place of the structure it
// fills; 0 = none. name returns the name of segment i, "" for a line that is no
// segment.
//
// It looks for the cheapest reading of the whole message (see the prices in
// grammar.go). A reading is a sequence of places; what matters for the rest of
// the message is only the place that was filled last, so for each such place the
// cheapest reading is kept and all others are dropped (dynamic programming over
// the segments). For each segment every kept reading is either carried on to a
// place of that segment's name or kept as it is, with the segment left over.
// There is no going back: the work is segments × kept readings × places of the
// same name. Readings far more expensive than the best one are dropped too, which
// in practice leaves a handful.
//
// Equal prices are settled by fixed rules, so that the same message always gets
// the same reading: if one of two segments must be left over it is the later one,
// and of two readings that end in different places the one whose place stands
// earlier in the structure wins.
func (g *grammar) align(n int, name func(int) string) []int16 {
	a := aligners.Get().(*aligner)
	defer a.release()
	a.grammar, a.slot = g, zeroed(a.slot, len(g.places))
	a.live = append(a.live[:0], reading{trail: -1})
	for i := range n {
		if s := name(i); s != "" {
			a.step(int32(i), s)
		}
	}
	filled := make([]int16, n)
	end := g.end()
	best, trail := int32(priceImpossible), int32(-1)
	for _, r := range a.live {
		m := g.move(r.place, end)
		if cost := r.cost + int32(m.cost); m.how != moveNever && cost < best {
			best, trail = cost, r.trail
		}
	}
	for trail >= 0 {
		t := a.trails[trail]
		filled[t.segment], trail = t.place, t.before
	}
	return filled
}

// reading is the cheapest way known to have filled `place` last.
type reading struct {
	place int16
	cost  int32
	trail int32 // last step in trails, -1 = none
}

type trail struct {
	before, segment int32
	place           int16
}

type aligner struct {
	*grammar
	live, next []reading // sorted by place
	slot       []int32   // place -> index in next + 1, while a step is made
	trails     []trail
}

// maxTrails is how many steps an aligner keeps the room for.
const maxTrails = 4096

// release gives the aligner back with nothing but its room.
func (a *aligner) release() {
	if cap(a.trails) > maxTrails {
		a.trails = nil
	}
	*a = aligner{live: a.live[:0], next: a.next[:0], slot: a.slot, trails: a.trails[:0]}
	aligners.Put(a)
}

func (a *aligner) step(segment int32, name string) {
	named := a.byName[name]
	local := name[0] == 'Z'
	if len(named) == 0 && len(a.any) == 0 {
		return // no place anywhere: every reading leaves it over
	}
	a.next = a.next[:0]
	for _, to := range named {
		a.carry(segment, to, 0)
	}
	for _, to := range a.any {
		price := int32(priceAny)
		if local {
			price = 0
		}
		a.carry(segment, to, price)
	}
	left := int32(0)
	switch {
	case local:
	case a.needed[name]:
		left = priceStrayNeeded
	default:
		left = priceStray
	}
	for _, r := range a.live {
		r.cost += left
		a.offer(r, left > 0)
	}
	a.prune()
}

// carry extends the cheapest reading to a place.
func (a *aligner) carry(segment int32, to int16, extra int32) {
	best := reading{place: to, cost: -1}
	for _, r := range a.live {
		m := a.move(r.place, to)
		if m.how == moveNever {
			continue
		}
		if cost := r.cost + int32(m.cost) + extra; best.cost < 0 || cost < best.cost {
			best.cost, best.trail = cost, r.trail
		}
	}
	if best.cost < 0 {
		return
	}
	before := best.trail
	best.trail = int32(len(a.trails))
	if a.offer(best, false) {
		a.trails = append(a.trails, trail{before: before, segment: segment, place: to})
	}
}

// offer keeps a reading unless there is a cheaper one for its place. Of two at
// the same price the new one wins only if asked.
func (a *aligner) offer(r reading, wins bool) bool {
	if at := a.slot[r.place]; at > 0 {
		if old := a.next[at-1].cost; old < r.cost || old == r.cost && !wins {
			return false
		}
		a.next[at-1] = r
		return true
	}
	a.next = append(a.next, r)
	a.slot[r.place] = int32(len(a.next))
	return true
}

// prune drops hopeless readings, brings the others into the order of places and
// takes the lowest price off all of them, so that prices never grow without end.
func (a *aligner) prune() {
	least := a.next[0].cost
	for _, r := range a.next {
		a.slot[r.place] = 0
		least = min(least, r.cost)
	}
	a.live = a.live[:0]
	for _, r := range a.next {
		if r.cost -= least; r.cost > slack {
			continue
		}
		i := len(a.live)
		a.live = append(a.live, r)
		for ; i > 0 && a.live[i-1].place > r.place; i-- {
			a.live[i] = a.live[i-1]
		}
		a.live[i] = r
	}
}
