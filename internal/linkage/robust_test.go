package linkage

import (
	"slices"
	"strings"
	"testing"

	"trestle/internal/linkage/roster"
)

// part returns every of-th row of a roster, with the cells of some columns emptied.
func part(r *roster.Roster, of int, without []string) *roster.Roster {
	var rows [][]string
	for i := 0; i < r.Len(); i += of {
		cells := r.Cells(i)
		for c, col := range r.Columns {
			if slices.Contains(without, col.Name) {
				cells[c] = ""
			}
		}
		rows = append(rows, cells)
	}
	return roster.New(r.Name, r.Columns, rows)
}

// Gates must hold on other rosters than the one they were measured on: with fewer rows, fewer columns, and turned round.
func TestNoTrapIsLinkedWithFewerRowsAndColumns(t *testing.T) {
	truth := map[[2]string]bool{}
	for _, row := range table(t, corpus(t, "roster-hard/true_pairs.csv")) {
		truth[[2]string{row[0], row[1]}] = true
	}
	a, b := openRoster(t, corpus(t, "roster-hard/infusion_A.csv")), openRoster(t, corpus(t, "roster-hard/ehr_B.csv"))
	for _, c := range []struct {
		left, right int
		without     string
		turned      bool
		least       int // automatic links, so that nothing passes by linking nothing
	}{
		{1, 1, "", true, 2300}, {2, 1, "", false, 1150}, {1, 2, "", false, 1150}, {4, 4, "", false, 140},
		{1, 1, "ssn", false, 2200}, {1, 1, "ssn email mobile", false, 2150}, {1, 1, "home_phone member_id", false, 2100},
		{1, 1, "address1 zip city", false, 2150}, {1, 1, "middle suffix sex", false, 2200},
		{1, 1, "ssn email mobile home_phone member_id chart_no plan", false, 1700},
		{1, 1, "ssn email mobile home_phone member_id chart_no plan address1 zip city", false, 0},
	} {
		without := strings.Fields(c.without)
		left, right := part(a, c.left, without), part(b, c.right, without)
		if c.turned {
			left, right = right, left
		}
		r, err := Run(t.Context(), left, right, Options{})
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for _, p := range r.Pairs {
			key := [2]string{r.LeftID(p), r.RightID(p)}
			if c.turned {
				key[0], key[1] = key[1], key[0]
			}
			if p.Band == Automatic && !truth[key] {
				wrong++
			}
		}
		if wrong > 0 || r.Summary.Automatic < c.least {
			t.Errorf("1 of %d, 1 of %d, without %q: %d automatic, %d of them wrong", c.left, c.right, c.without, r.Summary.Automatic, wrong)
		}
	}
}
