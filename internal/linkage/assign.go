package linkage

import (
	"math"
	"slices"
)

// mostExact is the largest side of a component that is solved exactly. Larger ones are look-alikes by the hundred, which
// go to review whatever is chosen.
const mostExact = 80

// assign chooses, in each connected component, the pairs that give the most bits together while each record has one
// partner. Pairs must be sorted. Only pairs of at least floor bits take part.
func assign(pairs []Pair, left, right int, floor float64) (oversized int) {
	g := newGroups(left + right)
	for i := range pairs {
		if pairs[i].takesPart(floor) {
			g.join(pairs[i].Left, int32(left)+pairs[i].Right)
		}
	}
	members := map[int32][]int32{}
	var roots []int32
	for i := range pairs {
		if !pairs[i].takesPart(floor) {
			continue
		}
		root := g.find(pairs[i].Left)
		if members[root] == nil {
			roots = append(roots, root)
		}
		members[root] = append(members[root], int32(i))
	}
	for _, root := range roots {
		list := members[root]
		if len(list) == 1 {
			pairs[list[0]].Assigned = true
			continue
		}
		rows, cols := sides(pairs, list)
		if min(len(rows), len(cols)) > mostExact || len(rows)*len(cols) > mostExact*mostExact*4 {
			oversized++
			greedy(pairs, list)
			continue
		}
		solve(pairs, list, rows, cols, floor)
	}
	return oversized
}

// takesPart says whether a pair can be chosen: what people rejected, or is blocked, cannot.
func (p *Pair) takesPart(floor float64) bool {
	return p.Bits >= floor && p.Band != Blocked && p.Decided != ActDifferent && (p.Decided != "" || !p.Gates.Has(GateDecision))
}

func sides(pairs []Pair, list []int32) (rows, cols []int32) {
	for _, i := range list {
		rows = append(rows, pairs[i].Left)
		cols = append(cols, pairs[i].Right)
	}
	slices.Sort(rows)
	slices.Sort(cols)
	return slices.Compact(rows), slices.Compact(cols)
}

func greedy(pairs []Pair, list []int32) {
	slices.SortFunc(list, func(a, b int32) int {
		if pairs[a].Bits != pairs[b].Bits {
			if pairs[a].Bits > pairs[b].Bits {
				return -1
			}
			return 1
		}
		return int(a - b)
	})
	usedLeft, usedRight := map[int32]bool{}, map[int32]bool{}
	for _, i := range list {
		p := &pairs[i]
		p.Gates = p.Gates.With(GateTie)
		if !usedLeft[p.Left] && !usedRight[p.Right] {
			usedLeft[p.Left], usedRight[p.Right] = true, true
			p.Assigned = true
		}
	}
}

// solve is the Hungarian method with potentials (Kuhn 1955, in the O(n²m) form of Jonker and Volgenant's shortest
// augmenting paths). Pairs that are no candidates cost nothing, as leaving both alone does.
func solve(pairs []Pair, list, rows, cols []int32, floor float64) {
	turned := len(rows) > len(cols)
	if turned {
		rows, cols = cols, rows
	}
	n, m := len(rows), len(cols)
	cost := make([]float64, n*m)
	which := make([]int32, n*m)
	for i := range which {
		which[i] = -1
	}
	for _, i := range list {
		a, b := pairs[i].Left, pairs[i].Right
		if turned {
			a, b = b, a
		}
		x, _ := slices.BinarySearch(rows, a)
		y, _ := slices.BinarySearch(cols, b)
		cost[x*m+y] = floor - 1 - pairs[i].Bits
		which[x*m+y] = i
	}
	u, v := make([]float64, n+1), make([]float64, m+1)
	match, way := make([]int, m+1), make([]int, m+1)
	least, used := make([]float64, m+1), make([]bool, m+1)
	for i := 1; i <= n; i++ {
		match[0] = i
		at := 0
		for j := range least {
			least[j], used[j] = math.Inf(1), false
		}
		for {
			used[at] = true
			row, delta, next := match[at], math.Inf(1), 0
			for j := 1; j <= m; j++ {
				if used[j] {
					continue
				}
				if c := cost[(row-1)*m+j-1] - u[row] - v[j]; c < least[j] {
					least[j], way[j] = c, at
				}
				if least[j] < delta {
					delta, next = least[j], j
				}
			}
			for j := range used {
				if used[j] {
					u[match[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			at = next
			if match[at] == 0 {
				break
			}
		}
		for at != 0 {
			match[at] = match[way[at]]
			at = way[at]
		}
	}
	for j := 1; j <= m; j++ {
		if match[j] > 0 {
			if i := which[(match[j]-1)*m+j-1]; i >= 0 {
				pairs[i].Assigned = true
			}
		}
	}
}
