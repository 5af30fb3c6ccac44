package linkage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// selfKeys find the duplicates inside a large roster, where all keys would find too many pairs.
var selfKeys = bitsOf(KeySSN, KeyNames, KeySurnameSoundBirth, KeyFirstBirth, KeyPhone, KeyMail, KeyMember, KeyHouse, KeyBirthTurned)

// large is the number of rows from which duplicates are looked for by [selfKeys] only.
const large = 200_000

func sortScored(list []scored) {
	slices.SortFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.right, b.right))
	})
}

// duplicates finds the pairs of rows of one roster that may be one person, and the overlays among its identifiers.
func (r *Result) duplicates(ctx context.Context, g, cross *pairing, o *Options) error {
	keys := keysFor(len(g.left.list))
	if len(g.left.list) > large {
		keys = selfKeys
	}
	var err error
	switch {
	case g.x != nil:
	case g.left == cross.left && keys == cross.x.keys:
		g.x = cross.x
	default:
		if g.x, err = r.t.index(ctx, g.left.list, keys); err != nil {
			return err
		}
	}
	patterns, scale, err := g.collect(ctx, o.Seed)
	if err != nil {
		return err
	}
	m := *r.Model
	base := *r.Model
	if err := g.shares(ctx, &m, &base, patterns, scale); err != nil {
		return err
	}
	tf := r.frequency(&m)
	found, err := g.score(ctx, &m, tf, 0, o)
	if err != nil {
		return err
	}
	g.x = nil // a large roster's index is large
	for _, s := range r.closure(g, found.kept, &m, tf) {
		r.Duplicates = append(r.Duplicates, Duplicate{g.left.side, s.left, s.right, probability(s.bits), s.pattern})
	}
	r.sameIdentifier(g.left)
	return nil
}

// shares finds how many pairs of a roster with itself are of which class, the model's other parameters being as they are.
func (g *pairing) shares(ctx context.Context, m, base *Model, patterns []counted, scale float64) error {
	n := float64(len(g.left.list))
	total := max(g.total(), 1)
	m.share = [classes]float64{0.02 * n / total, 0.5 * n / total, 0}
	m.share[stranger] = max(1-m.share[person1]-m.share[family], 1e-9)
	m.prepare()
	return learn(ctx, m, base, patterns, scale, total, 1<<Fields-1)
}

// closure adds the pairs of a group that no key found: if a is b and b is c, the model is asked about a and c.
func (r *Result) closure(g *pairing, kept []scored, m *Model, tf *frequency) []scored {
	group := newGroups(len(g.left.list))
	have := map[[2]int32]bool{}
	for _, s := range kept {
		group.join(s.left, s.right)
		have[[2]int32{s.left, s.right}] = true
	}
	members := map[int32][]int32{}
	for i := range kept {
		for _, x := range []int32{kept[i].left, kept[i].right} {
			root := group.find(x)
			members[root] = append(members[root], x)
		}
	}
	all := kept
	for _, list := range members {
		slices.Sort(list)
		list = slices.Compact(list)
		if len(list) > 40 {
			continue // a block of look-alikes: the pairs that were found say so well enough
		}
		for i, a := range list {
			for _, b := range list[i+1:] {
				if have[[2]int32{a, b}] {
					continue
				}
				p, q := &g.left.list[a], &g.left.list[b]
				pattern := r.t.compare(p, q)
				if bits := m.bits(pattern, tf.adjust(pattern, p, q)); bits >= 0 {
					all = append(all, scored{a, b, pattern, bits})
				}
			}
		}
	}
	sortScored(all)
	return all
}

// sameIdentifier reports identifiers that several rows have: copies of one record, or an overlay of two persons.
func (r *Result) sameIdentifier(p *people) {
	rows := map[uint64]int32{}
	p.ids = map[uint64]int32{}
	for i := range p.list {
		id := p.list[i].id
		if id == 0 {
			continue
		}
		first, ok := rows[id]
		if !ok {
			rows[id] = int32(i)
			continue
		}
		p.ids[id]++
		pattern := r.t.compare(&p.list[first], &p.list[i])
		if pattern.Level(First) >= FirstDiffers || pattern.Level(BirthDay) >= BirthPartial {
			r.Overlays = append(r.Overlays, Overlay{p.side, first, int32(i),
				fmt.Sprintf("lines %d and %d have one identifier and are two persons", p.roster.Line(int(first)), p.roster.Line(i))})
		}
	}
}

// groups is union by index: the root of a group is its least member.
type groups struct{ parent []int32 }

func newGroups(n int) *groups {
	g := &groups{parent: make([]int32, n)}
	for i := range g.parent {
		g.parent[i] = int32(i)
	}
	return g
}

func (g *groups) find(x int32) int32 {
	for g.parent[x] != x {
		g.parent[x] = g.parent[g.parent[x]]
		x = g.parent[x]
	}
	return x
}

func (g *groups) join(a, b int32) {
	a, b = g.find(a), g.find(b)
	g.parent[max(a, b)] = min(a, b)
}
