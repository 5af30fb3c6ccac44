package compare

import (
	"cmp"
	"context"
	"hash/maphash"
	"math"
	"slices"

	"trestle/internal/hl7"
)

// sketch stands for the values of a message: the smallest of each of several hashes of them (minhash, Broder 1997). The
// share of equal entries of two sketches estimates the share of values that two messages have in common.
type sketch [sketchSize]uint32

const (
	sketchSize = 24
	bandSize   = 2  // entries that must agree for two messages to be looked at together
	maxBucket  = 64 // messages of the right looked at for one band of one message
	leastAlike = 5  // entries of a sketch that must agree for a pair
)

// similar pairs messages by what they have in common: the most alike first, each once.
func (s *setRun) similar(ctx context.Context) ([]couple, error) {
	var sketches [2][]sketch
	for side := range sketches {
		sketches[side] = make([]sketch, 0, len(s.index[side]))
		var m hl7.Message
		for e, err := range s.sources[side].Messages(ctx) {
			if err != nil {
				return nil, err
			}
			if !e.Skip {
				m.Reset(e.Bytes)
				sketches[side] = append(sketches[side], sketchOf(&m))
			}
		}
	}
	type edge struct {
		alike       int8
		left, right int32
	}
	buckets := map[uint64][]int32{}
	for j, k := range sketches[1] {
		for band := range sketchSize / bandSize {
			if h := k.band(band); len(buckets[h]) < maxBucket {
				buckets[h] = append(buckets[h], int32(j))
			}
		}
	}
	var edges []edge
	for i, k := range sketches[0] {
		near := map[int32]int8{}
		for band := range sketchSize / bandSize {
			for _, j := range buckets[k.band(band)] {
				if near[j] == 0 {
					near[j] = k.alike(&sketches[1][j])
				}
			}
		}
		var own []edge
		for j, n := range near {
			if n >= leastAlike {
				own = append(own, edge{n, int32(i), j})
			}
		}
		slices.SortFunc(own, func(a, b edge) int { return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(a.right, b.right)) })
		edges = append(edges, own[:min(len(own), 8)]...)
	}
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(a.left, b.left), cmp.Compare(a.right, b.right))
	})
	partner := make([]int32, len(sketches[0]))
	for i := range partner {
		partner[i] = -1
	}
	taken := make([]bool, len(sketches[1]))
	for _, e := range edges {
		if partner[e.left] < 0 && !taken[e.right] {
			partner[e.left], taken[e.right] = e.right, true
		}
	}
	var plan []couple
	for i, j := range partner {
		plan = append(plan, couple{int32(i), j, false})
	}
	for j := range taken {
		if !taken[j] {
			plan = append(plan, couple{-1, int32(j), false})
		}
	}
	return plan, nil
}

func (k *sketch) band(n int) uint64 {
	h := uint64(n + 1)
	for _, v := range k[n*bandSize : (n+1)*bandSize] {
		h = h*0x9E3779B97F4A7C15 ^ uint64(v)
	}
	return h
}

func (k *sketch) alike(o *sketch) int8 {
	n := int8(0)
	for i := range k {
		if k[i] == o[i] {
			n++
		}
	}
	return n
}

func sketchOf(m *hl7.Message) sketch {
	var k sketch
	for i := range k {
		k[i] = math.MaxUint32
	}
	for seg := range m.Segments() {
		if seg.IsHeader() {
			for _, c := range [...]hl7.Value{seg.Field(9).Component(1), seg.Field(9).Component(2)} {
				k.take(maphash.Bytes(seed, c.Raw()))
			}
			continue
		}
		name := maphash.String(seed, seg.Name())
		for leaf := range seg.Leaves() {
			if raw := leaf.Raw(); len(raw) > 0 && leaf.Field > 1 {
				k.take(maphash.Bytes(seed, raw) ^ name + uint64(leaf.Field)*0x9E3779B97F4A7C15 + uint64(leaf.Component))
			}
		}
	}
	return k
}

// take lowers each entry to its own hash of a value, if that is lower.
func (k *sketch) take(h uint64) {
	for i := range k {
		h += 0x9E3779B97F4A7C15
		z := (h ^ h>>30) * 0xBF58476D1CE4E5B9 // a round of splitmix64
		if v := uint32(z >> 32); v < k[i] {
			k[i] = v
		}
	}
}
