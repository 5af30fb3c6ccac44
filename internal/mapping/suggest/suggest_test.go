package suggest_test

import (
	"slices"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
	"trestle/internal/mapping/suggest"
)

// leaveOneOut asks for the source of every rule of a starter as if it were not there, and counts how often one of its real
// sources is first, and among the first five.
func leaveOneOut(t *testing.T, f *mapping.File, guide, neighbours bool) (rules, first, five int) {
	t.Helper()
	all := suggest.New(suggest.Options{Source: f.Source, Target: f.Target, WithoutGuide: !guide})
	for bi := range f.Blocks {
		for ri := range f.Blocks[bi].Rules {
			b, rule := &f.Blocks[bi], &f.Blocks[bi].Rules[ri]
			want := map[string]bool{}
			for _, path := range rule.From {
				want[suggest.PlainPath(path)] = true
			}
			for _, in := range rule.Inputs {
				want[suggest.PlainPath(in.Path)] = true
			}
			if len(want) == 0 {
				continue
			}
			r := all
			if neighbours {
				rest := *f
				rest.Blocks = slices.Clone(f.Blocks)
				rest.Blocks[bi].Rules = slices.Delete(slices.Clone(b.Rules), ri, ri+1)
				r = all.With(&rest)
			}
			rules++
			list := r.Sources(suggest.Target{Make: b.Make, Per: b.Per, To: rule.To}, 5)
			for i, s := range list {
				if want[suggest.PlainPath(s.From)] {
					five++
					if i == 0 {
						first++
					}
					break
				}
			}
		}
	}
	return rules, first, five
}

// TestLeaveOneOut prints how good suggestions are on the starters, and holds the floor.
func TestLeaveOneOut(t *testing.T) {
	for _, c := range []struct {
		name              string
		guide, neighbours bool
		floor             float64
	}{
		{"names and types only", false, false, 0.55},
		{"with the guide", true, false, 0.78},
		{"with the guide and the other rules of the mapping", true, true, 0.80},
	} {
		list, err := starter.List()
		if err != nil {
			t.Fatal(err)
		}
		rules, first, five := 0, 0, 0
		for _, s := range list {
			f, err := mapping.Load(starter.FS(), s.Name+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			n, a, b := leaveOneOut(t, f, c.guide, c.neighbours)
			rules, first, five = rules+n, first+a, five+b
		}
		share := float64(five) / float64(rules)
		t.Logf("%s: of %d rules the source is first in %.1f %%, among the first five in %.1f %%", c.name, rules, 100*float64(first)/float64(rules), 100*share)
		if share < c.floor {
			t.Errorf("%s: %.1f %% are among the first five, the floor is %.0f %%", c.name, 100*share, 100*c.floor)
		}
	}
}
