package comparing

import (
	"fmt"
	"testing"

	"trestle/internal/compare"
)

// A cell costs the same in a list of ten and of a hundred thousand.
func TestLongListsAreQuick(t *testing.T) {
	const many = 100_000
	small, large := listOf(10), listOf(many)
	cost := func(m *Model, row int) float64 {
		return testing.AllocsPerRun(100, func() {
			for col := range pairColumns {
				m.Pairs().Cell(row, col)
			}
			m.OpenRow()
		})
	}
	if a, b := cost(small, 8), cost(large, 8); a != b {
		t.Errorf("%v allocations in ten, %v in a hundred thousand", a, b)
	}
	large.FilterStatus(Beyond)
	if large.Pairs().Len() != many/4 {
		t.Errorf("%d pairs differ", large.Pairs().Len())
	}
}

// listOf is a place with n pairs.
func listOf(n int) *Model {
	m := New(nil, nil)
	g := newGatherer()
	m.found = newResults(nil)
	result := &compare.Result{Differences: []compare.Difference{{Kind: compare.Changed, Path: "PID-5.2", Count: 1}}}
	for i := range n {
		p := compare.Pair{Number: i + 1, Key: fmt.Sprintf("MSG%d", i), Type: "ADT^A08", Status: compare.Exact, Left: compare.Member{Index: i}, Right: compare.Member{Index: i}}
		if i%4 == 0 {
			p.Status, p.Result = compare.Different, result
		}
		g.add(&p)
		if i%1000 == 0 {
			m.found.add(g.cut())
		}
	}
	m.found.add(g.cut())
	m.open.index = n - 1
	return m
}

func BenchmarkPairCells(b *testing.B) {
	m := listOf(100_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for col := range pairColumns {
			m.Pairs().Cell(i%100_000, col)
		}
	}
}
