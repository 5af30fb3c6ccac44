package kit

import (
	"slices"
	"sort"
)

// rowSet is a set of rows as ranges in order, so that a million selected rows take as much room as one.
type rowSet struct{ ranges []rowRange }

type rowRange struct{ from, to int } // to is behind the last

func (s *rowSet) clear() { s.ranges = s.ranges[:0] }

func (s *rowSet) has(row int) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].to > row })
	return i < len(s.ranges) && s.ranges[i].from <= row
}

func (s *rowSet) count() (n int) {
	for _, r := range s.ranges {
		n += r.to - r.from
	}
	return n
}

// add puts the rows from..to into the set.
func (s *rowSet) add(from, to int) {
	if from >= to {
		return
	}
	var out []rowRange
	for _, r := range s.ranges {
		if r.to < from || r.from > to {
			out = append(out, r)
			continue
		}
		from, to = min(from, r.from), max(to, r.to)
	}
	out = append(out, rowRange{from, to})
	slices.SortFunc(out, func(a, b rowRange) int { return a.from - b.from })
	s.ranges = out
}

// remove takes the rows from..to out of the set.
func (s *rowSet) remove(from, to int) {
	var out []rowRange
	for _, r := range s.ranges {
		if r.from < from {
			out = append(out, rowRange{r.from, min(r.to, from)})
		}
		if r.to > to {
			out = append(out, rowRange{max(r.from, to), r.to})
		}
	}
	s.ranges = out
}

// rows lists the set.
func (s *rowSet) rows() []int {
	all := make([]int, 0, s.count())
	for _, r := range s.ranges {
		for i := r.from; i < r.to; i++ {
			all = append(all, i)
		}
	}
	return all
}
