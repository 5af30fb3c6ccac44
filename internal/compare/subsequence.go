package compare

import "slices"

// match is a pair of places of two sequences.
type match struct{ i, j int32 }

// longestIncreasing returns the places of a longest strictly increasing subsequence, by patience sorting in O(n log n).
func longestIncreasing(v []int32) []int32 {
	var tails []int32 // of each length the place of the smallest end
	before := make([]int32, len(v))
	for i, x := range v {
		k, _ := slices.BinarySearchFunc(tails, x, func(t, x int32) int { return int(v[t]) - int(x) })
		if before[i] = -1; k > 0 {
			before[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, int32(i))
		} else {
			tails[k] = int32(i)
		}
	}
	if len(tails) == 0 {
		return nil
	}
	out := make([]int32, len(tails))
	for i, k := tails[len(tails)-1], len(tails)-1; k >= 0; k-- {
		out[k], i = i, before[i]
	}
	return out
}

// maxEdits bounds Myers' search: beyond it the time grows with the square and the answer is no longer what a person sees.
const maxEdits = 1200

// commonSubsequence returns a long common subsequence of two sequences of tokens. Tokens that both have once are anchors
// (Cohen's patience diff); between them the least edit is searched (Myers 1986, O(ND)), and where the two have
// little in common a walk in order must do. Time is bounded by O(n log n + n·maxEdits).
func commonSubsequence(x, y []uint64) []match {
	return commonFrom(nil, x, y, 0, 0, true)
}

func commonFrom(out []match, x, y []uint64, offX, offY int, anchors bool) []match {
	lo := 0
	for lo < len(x) && lo < len(y) && x[lo] == y[lo] {
		out = append(out, match{int32(offX + lo), int32(offY + lo)})
		lo++
	}
	x, y, offX, offY = x[lo:], y[lo:], offX+lo, offY+lo
	tail := 0
	for tail < len(x) && tail < len(y) && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	midX, midY := x[:len(x)-tail], y[:len(y)-tail]
	if len(midX) > 0 && len(midY) > 0 {
		out = commonMiddle(out, midX, midY, offX, offY, anchors)
	}
	for k := tail; k > 0; k-- {
		out = append(out, match{int32(offX + len(x) - k), int32(offY + len(y) - k)})
	}
	return out
}

func commonMiddle(out []match, x, y []uint64, offX, offY int, anchors bool) []match {
	if anchors && len(x)+len(y) > 64 {
		if at := anchorsOf(x, y); len(at) > 0 {
			px, py := 0, 0
			for _, m := range at {
				out = commonFrom(out, x[px:m.i], y[py:m.j], offX+px, offY+py, false)
				out = append(out, match{m.i + int32(offX), m.j + int32(offY)})
				px, py = int(m.i)+1, int(m.j)+1
			}
			return commonFrom(out, x[px:], y[py:], offX+px, offY+py, false)
		}
	}
	found, ok := leastEdit(x, y)
	if !ok {
		found = greedy(x, y)
	}
	for _, m := range found {
		out = append(out, match{m.i + int32(offX), m.j + int32(offY)})
	}
	return out
}

// anchorsOf are the tokens that both sides have exactly once and in one order.
func anchorsOf(x, y []uint64) []match {
	classes := make(map[uint64]class, len(x))
	for i, t := range x {
		c := classes[t]
		c.left, c.i = c.left+1, int32(i)
		classes[t] = c
	}
	for j, t := range y {
		if c, ok := classes[t]; ok {
			c.right, c.j = c.right+1, int32(j)
			classes[t] = c
		}
	}
	var is, js []int32
	for i, t := range x {
		if c := classes[t]; c.left == 1 && c.right == 1 {
			is, js = append(is, int32(i)), append(js, c.j)
		}
	}
	keep := longestIncreasing(js)
	out := make([]match, len(keep))
	for k, at := range keep {
		out[k] = match{is[at], js[at]}
	}
	return out
}

// leastEdit is Myers' greedy algorithm; false if more than maxEdits are needed.
func leastEdit(x, y []uint64) ([]match, bool) {
	n, m := len(x), len(y)
	limit := min(n+m, maxEdits)
	v := make([]int32, 2*limit+2)
	at := func(k int) int { return k + limit }
	var trace [][]int32
	for d := 0; d <= limit; d++ {
		trace = append(trace, slices.Clone(v[at(-d):at(d)+1]))
		for k := -d; k <= d; k += 2 {
			var i int
			if k == -d || k != d && v[at(k-1)] < v[at(k+1)] {
				i = int(v[at(k+1)])
			} else {
				i = int(v[at(k-1)]) + 1
			}
			j := i - k
			for i < n && j >= 0 && j < m && x[i] == y[j] {
				i, j = i+1, j+1
			}
			v[at(k)] = int32(i)
			if i >= n && j >= m {
				return backtrack(trace, n, m, x, y), true
			}
		}
	}
	return nil, false
}

// backtrack walks the search back and collects the tokens that were kept.
func backtrack(trace [][]int32, n, m int, x, y []uint64) []match {
	var out []match
	i, j := n, m
	for d := len(trace) - 1; d >= 0; d-- {
		v := trace[d]
		get := func(k int) int { // the furthest place of the round before
			if k < -d || k > d {
				return -1
			}
			return int(v[k+d])
		}
		k := i - j
		pk := k - 1
		if d > 0 && (k == -d || k != d && get(k-1) < get(k+1)) {
			pk = k + 1
		}
		pi, pj := 0, 0
		if d > 0 {
			pi = get(pk)
			pj = pi - pk
		}
		for i > pi && j > pj && x[i-1] == y[j-1] {
			i, j = i-1, j-1
			out = append(out, match{int32(i), int32(j)})
		}
		i, j = pi, pj
	}
	slices.Reverse(out)
	return out
}

// greedy takes for each token the next equal one.
func greedy(x, y []uint64) []match {
	at := make(map[uint64][]int32, len(y))
	for j, t := range y {
		at[t] = append(at[t], int32(j))
	}
	var out []match
	from := int32(0)
	for i, t := range x {
		list := at[t]
		k, _ := slices.BinarySearch(list, from)
		// A token far ahead would give up all between: only what is near is taken.
		if k < len(list) && list[k]-from < 256 {
			out = append(out, match{int32(i), list[k]})
			from = list[k] + 1
		}
	}
	return out
}
