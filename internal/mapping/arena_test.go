package mapping

import "testing"

func TestArena(t *testing.T) {
	var a arena[int]
	for round := range 3 {
		seen := map[*int]bool{}
		for i := range 1000 {
			p := a.next()
			if *p != 0 || seen[p] {
				t.Fatalf("round %d, %d: it was given out before, or not cleared", round, i)
			}
			*p, seen[p] = i+1, true
		}
		list := a.some(5000)
		if len(list) != 0 || cap(list) != 5000 {
			t.Fatalf("a list of %d of %d", len(list), cap(list))
		}
		list = append(list, 1)
		if q := a.next(); seen[q] || *q != 0 || q == &list[0] {
			t.Fatal("given out twice")
		}
		if used := a.used(); used < 6001 {
			t.Errorf("%d were used", used)
		}
		a.reset()
	}
	if again := testing.AllocsPerRun(10, func() {
		for range 1000 {
			a.next()
		}
		a.reset()
	}); again > 0 {
		t.Errorf("%.0f allocations in memory that is used again", again)
	}
	for range 3 {
		a.some(maxKept)
	}
	a.reset()
	kept := 0
	for _, b := range a.blocks {
		kept += len(b)
	}
	if kept > maxKept {
		t.Errorf("%d are kept", kept)
	}
}
