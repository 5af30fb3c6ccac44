package compare

// item is one thing of a list that is aligned: a segment, a group of segments or a repetition.
type item struct {
	name    uint64 // things of different names are never paired
	key     uint64 // its identity among those of its name; 0 = none
	content uint64 // all of it
	single  bool   // one on each side of a gap is the same thing, whatever its key says
	sole    bool   // one on each side is the same thing, wherever it stands
}

func (i item) identity() uint64 { return i.name ^ i.key*0x9E3779B97F4A7C15 }

// aligner pairs the items of two lists: those of one identity first, wherever they stand; between them those of equal
// content, then of equal key, in order; what is left by how alike it is.
type aligner struct {
	// alike returns how alike items i and j are, from 0 to 1; the least that counts is 0.5 for items whose keys differ.
	alike func(i, j int) float64
	l, r  []item
	pairs []int32 // of each item of l its partner, or -1
	taken []bool  // of each item of r
}

const (
	maxDP = 4096 // pairs of a gap that are weighed by how alike they are
	keyed = 0.5  // how alike two items must be whose keys differ
	plain = 0.25 // and two of several without keys
)

// align returns for each item of l the index of its partner in r, or -1.
func align(l, r []item, alike func(i, j int) float64) []int32 {
	a := &aligner{l: l, r: r, alike: alike, pairs: make([]int32, len(l)), taken: make([]bool, len(r))}
	for i := range a.pairs {
		a.pairs[i] = -1
	}
	lo, hi := 0, min(len(l), len(r))
	for lo < hi && equal(l[lo], r[lo]) {
		a.pair(lo, lo)
		lo++
	}
	endL, endR := len(l), len(r)
	for endL > lo && endR > lo && equal(l[endL-1], r[endR-1]) {
		endL, endR = endL-1, endR-1
		a.pair(endL, endR)
	}
	if lo == endL || lo == endR {
		return a.pairs
	}
	if endL-lo == 1 && endR-lo == 1 && l[lo].name == r[lo].name && (l[lo].single || l[lo].identity() == r[lo].identity()) {
		a.pair(lo, lo)
		return a.pairs
	}
	a.middle(lo, endL, lo, endR)
	return a.pairs
}

func equal(a, b item) bool { return a.name == b.name && a.content == b.content }

func (a *aligner) pair(i, j int) {
	a.pairs[i], a.taken[j] = int32(j), true
}

// class counts the items of one identity.
type class struct {
	left, right int32 // how many
	i, j        int32 // the last one
}

func (a *aligner) middle(fromL, toL, fromR, toR int) {
	classes := make(map[uint64]class, toL-fromL)
	for i := fromL; i < toL; i++ {
		id := a.l[i].identity()
		c := classes[id]
		c.left, c.i = c.left+1, int32(i)
		classes[id] = c
	}
	for j := fromR; j < toR; j++ {
		id := a.r[j].identity()
		if c, ok := classes[id]; ok {
			c.right, c.j = c.right+1, int32(j)
			classes[id] = c
		}
	}
	// Identities that each side has once are certain, wherever they stand.
	var is, js []int32
	for i := fromL; i < toL; i++ {
		if c := classes[a.l[i].identity()]; c.left == 1 && c.right == 1 {
			a.pair(i, int(c.j))
			is, js = append(is, int32(i)), append(js, c.j)
		}
	}
	// Those of them that keep their order part the lists into gaps.
	pl, pr := fromL, fromR
	for _, k := range longestIncreasing(js) {
		a.gap(pl, int(is[k]), pr, int(js[k]))
		pl, pr = int(is[k])+1, int(js[k])+1
	}
	a.gap(pl, toL, pr, toR)
	a.strays(fromL, toL, fromR, toR)
}

// free collects what is not paired yet of two stretches.
func (a *aligner) free(fromL, toL, fromR, toR int) (is, js []int32) {
	for i := fromL; i < toL; i++ {
		if a.pairs[i] < 0 {
			is = append(is, int32(i))
		}
	}
	for j := fromR; j < toR; j++ {
		if !a.taken[j] {
			js = append(js, int32(j))
		}
	}
	return is, js
}

func (a *aligner) gap(fromL, toL, fromR, toR int) {
	if fromL == toL || fromR == toR {
		return
	}
	is, js := a.free(fromL, toL, fromR, toR)
	a.within(is, js, 0)
}

// within pairs items in order: by content, what lies between by identity, what lies between that by likeness.
func (a *aligner) within(is, js []int32, pass int) {
	if len(is) == 0 || len(js) == 0 {
		return
	}
	if pass == 2 {
		a.weigh(is, js)
		return
	}
	token := func(it item) uint64 {
		if pass == 0 {
			return it.content ^ it.name
		}
		if it.key == 0 && !it.single {
			return 0 // no identity: never equal
		}
		return it.identity()
	}
	x, y := make([]uint64, len(is)), make([]uint64, len(js))
	for k, i := range is {
		if x[k] = token(a.l[i]); x[k] == 0 {
			x[k] = uint64(k)<<1 | 1<<63
		}
	}
	for k, j := range js {
		if y[k] = token(a.r[j]); y[k] == 0 {
			y[k] = uint64(k)<<1 | 1<<63 | 1
		}
	}
	pl, pr := 0, 0
	for _, p := range commonSubsequence(x, y) {
		a.within(is[pl:p.i], js[pr:p.j], pass+1)
		a.pair(int(is[p.i]), int(js[p.j]))
		pl, pr = int(p.i)+1, int(p.j)+1
	}
	a.within(is[pl:], js[pr:], pass+1)
}

// worth is how much is won by pairing two items; below 0 they are not a pair.
func (a *aligner) worth(i, j int, alone bool) float64 {
	l, r := &a.l[i], &a.r[j]
	switch {
	case l.name != r.name:
		return -1
	case alone && (l.single || l.key == 0 && r.key == 0):
		return 1
	}
	w := a.alike(i, j)
	if l.key != r.key && w < keyed || l.key == r.key && w < plain {
		return -1
	}
	return w + 0.01
}

// weigh pairs in order what is most alike in sum (Needleman and Wunsch, without a price for gaps).
func (a *aligner) weigh(is, js []int32) {
	if len(is)*len(js) > maxDP {
		a.inOrder(is, js)
		return
	}
	namesL, namesR := map[uint64]int{}, map[uint64]int{}
	for _, i := range is {
		namesL[a.l[i].name]++
	}
	for _, j := range js {
		namesR[a.r[j].name]++
	}
	w := len(js) + 1
	sum := make([]float64, (len(is)+1)*w)
	won := make([]float64, len(is)*len(js))
	for x := len(is) - 1; x >= 0; x-- {
		for y := len(js) - 1; y >= 0; y-- {
			name := a.l[is[x]].name
			v := a.worth(int(is[x]), int(js[y]), namesL[name] == 1 && namesR[name] == 1)
			won[x*len(js)+y] = v
			best := max(sum[(x+1)*w+y], sum[x*w+y+1])
			if v >= 0 {
				best = max(best, v+sum[(x+1)*w+y+1])
			}
			sum[x*w+y] = best
		}
	}
	for x, y := 0, 0; x < len(is) && y < len(js); {
		v := won[x*len(js)+y]
		switch {
		case v >= 0 && sum[x*w+y] == v+sum[(x+1)*w+y+1]:
			a.pair(int(is[x]), int(js[y]))
			x, y = x+1, y+1
		case sum[x*w+y] == sum[(x+1)*w+y]:
			x++
		default:
			y++
		}
	}
}

// inOrder is for gaps that are too large to weigh: items of one name are paired as they come, if they are alike.
func (a *aligner) inOrder(is, js []int32) {
	y := 0
	for _, i := range is {
		for k := y; k < min(len(js), y+16); k++ {
			if a.worth(int(i), int(js[k]), false) >= 0 {
				a.pair(int(i), int(js[k]))
				y = k + 1
				break
			}
		}
	}
}

// strays pairs what is left on both sides and is the same thing, though it stands elsewhere: these have moved.
func (a *aligner) strays(fromL, toL, fromR, toR int) {
	is, js := a.free(fromL, toL, fromR, toR)
	if len(is) == 0 || len(js) == 0 {
		return
	}
	for _, token := range []func(item) uint64{
		func(it item) uint64 { return it.content ^ it.name },
		func(it item) uint64 {
			if it.key == 0 && !it.single {
				return 0
			}
			return it.identity()
		},
		func(it item) uint64 {
			if !it.sole {
				return 0
			}
			return it.name
		},
	} {
		at := make(map[uint64][]int32, len(js))
		for _, j := range js {
			if t := token(a.r[j]); !a.taken[j] && t != 0 {
				at[t] = append(at[t], j)
			}
		}
		for _, i := range is {
			if t := token(a.l[i]); a.pairs[i] < 0 && len(at[t]) > 0 {
				a.pair(int(i), int(at[t][0]))
				at[t] = at[t][1:]
			}
		}
	}
}
