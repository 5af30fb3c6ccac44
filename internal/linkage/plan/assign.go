package plan

import (
	"cmp"
	"slices"
)

// edge is one candidate pair for the assignment.
type edge struct {
	left, right int
	weight      float64 // above 0; a pair is better not made than made with less
}

// assign chooses pairs so that no row is in two and the sum of weights is the largest: successive shortest augmenting
// paths over the sparse candidate graph, one per left row. It returns the right row of each left row, or -1.
// Ties are broken by the order of rows, so that the same lists give the same pairs; who calls it reports ties by their
// probabilities, which are shared.
func assign(lefts, rights int, edges []edge) []int {
	out := make([][]edge, lefts)
	for _, e := range edges {
		out[e.left] = append(out[e.left], e)
	}
	for i := range out {
		slices.SortFunc(out[i], func(a, b edge) int {
			return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.right, b.right))
		})
	}
	a := &assignment{out: out, rightOf: filled(lefts, -1), leftOf: filled(rights, -1), held: make([]float64, lefts)}
	for left := range out {
		a.augment(left)
	}
	return a.rightOf
}

func filled(n, value int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = value
	}
	return list
}

type assignment struct {
	out     [][]edge
	rightOf []int
	leftOf  []int
	held    []float64 // the weight of each left row's pair
}

// augment finds the best way to give left a pair: to a free row, by moving others along, or by leaving one of them
// without. gain is relaxed as Bellman and Ford do, because moving a row may lose weight.
func (a *assignment) augment(left int) {
	gain := map[int]float64{left: 0} // of a left row that would have to find another pair
	from := map[int]edge{}           // the edge by which a right row was reached
	queue := []int{left}
	best, bestRight, bestLeft := 0.0, -1, -1
	for steps := 0; len(queue) > 0 && steps < 20_000; steps++ {
		l := queue[0]
		queue = queue[1:]
		for _, e := range a.out[l] {
			if a.rightOf[l] == e.right {
				continue
			}
			reached := gain[l] + e.weight
			other := a.leftOf[e.right]
			if other == left {
				continue
			}
			if other < 0 {
				if reached > best+1e-9 {
					if on(from, a, e, left) {
						continue
					}
					best, bestRight, bestLeft = reached, e.right, -1
					from[e.right] = e
				}
				continue
			}
			moved := reached - a.held[other]
			if old, seen := gain[other]; seen && moved <= old+1e-9 || on(from, a, edge{left: l, right: e.right}, left) {
				continue
			}
			gain[other] = moved
			from[e.right] = e
			queue = append(queue, other)
			if moved > best+1e-9 { // other stays without
				best, bestRight, bestLeft = moved, e.right, other
			}
		}
	}
	if bestRight < 0 {
		return
	}
	if bestLeft >= 0 {
		a.rightOf[bestLeft] = -1
	}
	for right := bestRight; ; {
		e := from[right]
		before := a.rightOf[e.left]
		a.rightOf[e.left], a.leftOf[right], a.held[e.left] = right, e.left, e.weight
		if e.left == left {
			return
		}
		right = before
	}
}

// on says whether the path that leads to e.left goes through e.right already.
func on(from map[int]edge, a *assignment, e edge, start int) bool {
	for l := e.left; l != start; {
		right := a.rightOf[l]
		if right == e.right {
			return true
		}
		before, ok := from[right]
		if !ok {
			return false
		}
		l = before.left
	}
	return false
}
