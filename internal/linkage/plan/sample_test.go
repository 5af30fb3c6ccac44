package plan

import (
	"context"
	"testing"

	"trestle/internal/linkage"
)

const samplePlans = "../../../workspaces/riverbend/plans/"

func sampleLists(t *testing.T) (left, right *List) {
	var l, r []Record
	for i, row := range table(t, samplePlans+"riverbend-plans.csv") {
		l = append(l, Record{ID: row["plan_id"], Line: i + 2, Insurer: row["payer"], Name: row["plan"], Type: row["type"],
			PayerIDs: []PayerID{{Value: row["payer_id"]}}, Address: row["address"], ZIP: row["zip"], Phones: []string{row["phone"]}})
	}
	for i, row := range table(t, samplePlans+"lakeside-plans.csv") {
		r = append(r, Record{ID: row["PLAN"], Line: i + 2, Insurer: row["COMPANY"], Name: row["NAME"], Type: row["FINCLASS"],
			PayerIDs: []PayerID{{Value: row["PAYERID"]}}, Address: row["ADDR"], ZIP: row["ZIP"], Phones: []string{row["PHONE"]}})
	}
	return NewList("Riverbend", l, Standard()), NewList("Lakeside", r, Standard())
}

// TestSamplePlans asks the questions that the sample was made for: nothing that its answers call different is linked,
// what is the same is among the candidates, and most of it is linked without a person.
func TestSamplePlans(t *testing.T) {
	left, right := sampleLists(t)
	result, err := Match(context.Background(), left, right, Options{})
	if err != nil {
		t.Fatal(err)
	}
	type key struct{ left, right string }
	found, created, notPayer := map[key]Candidate{}, map[string]bool{}, map[string]bool{}
	for _, c := range result.Candidates {
		found[key{c.Left, c.Right}] = c
	}
	for _, c := range result.Creations {
		created[c.Plan.ID] = true
	}
	for _, id := range result.NotPayers {
		notPayer[id] = true
	}
	same, linked := 0, 0
	for _, a := range table(t, samplePlans+"answers.csv") {
		c, listed := found[key{a["plan_id"], a["plan"]}]
		switch a["answer"] {
		case "same":
			same++
			if !listed || c.Band == linkage.None || c.Band == linkage.Blocked {
				t.Errorf("%s and %s are the same (%s): rank %d, band %q, %s", a["plan_id"], a["plan"], a["why"], c.Rank, c.Band, c.Reasons)
			}
			if c.Band == linkage.Automatic {
				linked++
			} else {
				t.Logf("to review: %s %s p %.3f: %s", c.Left, c.Right, c.Probability, c.Reasons)
			}
		case "different":
			if c.Band == linkage.Automatic {
				t.Errorf("%s and %s are different (%s), but linked: %s", c.Left, c.Right, a["why"], c.Reasons)
			}
		case "create":
			if !created[a["plan_id"]] {
				t.Errorf("%s has no counterpart and is not to be created", a["plan_id"])
			}
		case "none":
			if !notPayer[a["plan_id"]] {
				t.Errorf("%s is no payer, and not recognised as such", a["plan_id"])
			}
		}
	}
	if linked*10 < same*7 {
		t.Errorf("%d of %d plans that are the same are linked, want at least 70 %%", linked, same)
	}
	t.Logf("%d of %d linked", linked, same)
}
