package plan

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/linkage"
)

func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, c := range rows[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func records(rows []map[string]string, id string) []Record {
	var out []Record
	for i, r := range rows {
		out = append(out, Record{ID: r[id], Line: i + 2, Name: r["name"], Type: r["plan_type"], PayerIDs: []PayerID{{Value: r["payer_id"]}},
			Address: r["address"], City: r["city"], State: r["state"], ZIP: r["zip"], Phones: []string{r["phone"]}})
	}
	return out
}

func TestGeneratedPlanLists(t *testing.T) {
	corpus := os.Getenv("TRESTLE_CORPUS")
	if corpus == "" {
		t.Skip("TRESTLE_CORPUS names no folder of linkage sets")
	}
	dir := filepath.Join(corpus, "linkage", "plan-lists")
	left := NewList("A", records(table(t, filepath.Join(dir, "plans_A.csv")), "plan_id"), Standard())
	right := NewList("B", records(table(t, filepath.Join(dir, "plans_B.csv")), "plan_code"), Standard())
	truth := map[string]string{}
	for _, r := range table(t, filepath.Join(dir, "plans_truth.csv")) {
		truth[r["plan_id"]] = r["plan_code"]
	}
	result, err := Match(context.Background(), left, right, Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, five := 0, 0
	bestP := map[string]float64{}
	bestR := map[string]string{}
	for _, c := range result.Best(5) {
		if truth[c.Left] == c.Right {
			five++
			if c.Rank == 1 {
				first++
			}
		}
		if (c.Band == linkage.Review || c.Band == linkage.Automatic) && c.Probability > bestP[c.Left] {
			bestP[c.Left], bestR[c.Left] = c.Probability, c.Right
		}
	}
	good, bad := 0, 0
	for _, c := range result.Links() {
		if truth[c.Left] == c.Right {
			good++
		} else {
			bad++
			lt, tb := "", ""
			for i := range right.Plans {
				if right.Plans[i].ID == truth[c.Left] {
					lt = right.Plans[i].Name
				}
			}
			for l, r := range truth {
				if r == c.Right {
					for i := range left.Plans {
						if left.Plans[i].ID == l {
							tb = left.Plans[i].Name
						}
					}
				}
			}
			t.Logf("false: %.3f\n  L  %s\n  R  %s\n  trueR %s\n  trueL %s\n  %s", c.Probability, left.Plans[c.LeftRow].Name, right.Plans[c.RightRow].Name, lt, tb, c.Reasons)
		}
	}
	for _, th := range []float64{0.1, .2, .3, .4, .5, .6, .7, .8, .9} {
		g, b := 0, 0
		for l, r := range bestR {
			if bestP[l] >= th {
				if truth[l] == r {
					g++
				} else {
					b++
				}
			}
		}
		t.Logf("best>=%.1f: %d good %d bad F1 %.3f", th, g, b, 2*float64(g)/float64(g+b+len(truth)))
	}
	t.Logf("top1 %.3f top5 %.3f auto %d good %d false, F1 %.3f, counts %+v", float64(first)/401, float64(five)/401, good, bad, 2*float64(good)/float64(good+bad+len(truth)), result.Counts())
	for _, open := range [][]Gate{nil} {
		for _, th := range []float64{.5, .75, .9} {
			r, _ := Match(context.Background(), left, right, Options{Automatic: th, Open: open})
			g, b := 0, 0
			for _, c := range r.Links() {
				if truth[c.Left] == c.Right {
					g++
				} else {
					b++
				}
			}
			t.Logf("open %v th %.2f: %d/%d P %.3f F1 %.3f", open, th, g, b, float64(g)/float64(g+b), 2*float64(g)/float64(g+b+len(truth)))
		}
	}
	gc := map[string][2]int{}
	for _, c := range result.ForReview() {
		if c.Rank == 1 {
			for _, g := range c.Gates {
				v := gc[string(g)]
				if truth[c.Left] == c.Right {
					v[0]++
				} else {
					v[1]++
				}
				gc[string(g)] = v
			}
			if c.Probability >= .9 && len(c.Gates) == 1 {
				v := gc["only "+string(c.Gates[0])]
				if truth[c.Left] == c.Right {
					v[0]++
				} else {
					v[1]++
				}
				gc["only "+string(c.Gates[0])] = v
			}
			if truth[c.Left] == c.Right && c.Probability > 0.4 && os.Getenv("SHOW") == "2" {
				t.Logf("REVIEW %.3f\n  L  %s\n  R  %s\n %s", c.Probability, left.Plans[c.LeftRow].Name, right.Plans[c.RightRow].Name, c.Reasons)
			}
		}
	}
	t.Log(gc)
	if os.Getenv("SHOW") != "" {
		seen := map[string]bool{}
		for _, c := range result.Best(5) {
			if truth[c.Left] == c.Right {
				seen[c.Left] = true
			}
		}
		byID := map[string]*Plan{}
		for i := range right.Plans {
			byID[right.Plans[i].ID] = &right.Plans[i]
		}
		for i := range left.Plans {
			p := &left.Plans[i]
			if q := byID[truth[p.ID]]; q != nil && !seen[p.ID] {
				t.Logf("MISS %s | %q %v | %q %v\n   %v %v %v %v", p.ID, p.Name, p.Type, q.Name, q.Type, p.words, q.words, p.Brands, q.Brands)
			}
		}
	}
}
