package linkage

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/linkage/roster"
)

func corpus(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("TRESTLE_CORPUS")
	if root == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the labelled sets")
	}
	return filepath.Join(root, "linkage", filepath.FromSlash(name))
}

func openRoster(t testing.TB, path string) *roster.Roster {
	t.Helper()
	r, err := roster.Open(context.Background(), path, roster.Spec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func table(t testing.TB, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// quality is the pair-level measure of a set of links.
type quality struct{ right, wrong, missed int }

func (q quality) f1() float64 {
	return 2 * float64(q.right) / float64(2*q.right+q.wrong+q.missed)
}
func (q quality) recall() float64    { return float64(q.right) / float64(q.right+q.missed) }
func (q quality) precision() float64 { return float64(q.right) / float64(max(1, q.right+q.wrong)) }

func measure(found, truth map[[2]string]bool) quality {
	var q quality
	for p := range found {
		if truth[p] {
			q.right++
		} else {
			q.wrong++
		}
	}
	q.missed = len(truth) - q.right
	return q
}

func TestFebrl4(t *testing.T) {
	a, b := openRoster(t, corpus(t, "febrl4/dataset4a.csv")), openRoster(t, corpus(t, "febrl4/dataset4b.csv"))
	r, err := Run(t.Context(), a, b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	truth := map[[2]string]bool{}
	for i := range a.Len() {
		id := a.ID(i)
		truth[[2]string{id, strings.Replace(id, "-org", "-dup-0", 1)}] = true
	}
	linked, automatic := map[[2]string]bool{}, map[[2]string]bool{}
	for _, p := range r.Pairs {
		key := [2]string{r.LeftID(p), r.RightID(p)}
		if p.Band == Automatic {
			automatic[key] = true
		}
		if p.Band != None && p.Probability >= 0.5 { // what links.csv and review.csv say is more likely than not
			linked[key] = true
		}
	}
	q, qa := measure(linked, truth), measure(automatic, truth)
	t.Logf("F1 %.5f %+v; automatic %+v", q.f1(), q, qa)
	if q.f1() < 0.9992 || q.wrong > 0 || qa.wrong > 0 {
		t.Errorf("pair F1 %.5f with %d false links; it must be 0.9992 with none", q.f1(), q.wrong)
	}
}

func TestFake1000(t *testing.T) {
	a := openRoster(t, corpus(t, "fake_1000/fake_1000.csv"))
	r, err := Run(t.Context(), a, a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := table(t, corpus(t, "fake_1000/fake_1000.csv"))
	truth := map[[2]string]bool{}
	for i := range rows {
		for j := range i {
			if rows[i][6] == rows[j][6] {
				truth[[2]string{rows[j][0], rows[i][0]}] = true
			}
		}
	}
	found := map[[2]string]bool{}
	for _, d := range r.Duplicates {
		if d.Side == Left {
			found[[2]string{a.ID(int(d.A)), a.ID(int(d.B))}] = true
		}
	}
	q := measure(found, truth)
	t.Logf("F1 %.4f precision %.4f recall %.4f %+v", q.f1(), q.precision(), q.recall(), q)
	if q.f1() < 0.86 {
		t.Errorf("F1 %.4f", q.f1())
	}
}

func TestRosterHard(t *testing.T) {
	a, b := openRoster(t, corpus(t, "roster-hard/infusion_A.csv")), openRoster(t, corpus(t, "roster-hard/ehr_B.csv"))
	r, err := Run(t.Context(), a, b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	truth, person := map[[2]string]bool{}, map[string]bool{}
	for _, row := range table(t, corpus(t, "roster-hard/true_pairs.csv")) {
		truth[[2]string{row[0], row[1]}] = true
		person[row[0]] = true
	}
	traps := map[[2]string]string{}
	for _, row := range table(t, corpus(t, "roster-hard/trap_pairs_never_link.csv")) {
		traps[[2]string{row[0], row[1]}] = row[2]
	}
	automatic, either := map[[2]string]bool{}, map[[2]string]bool{}
	review := 0
	for _, p := range r.Pairs {
		key := [2]string{r.LeftID(p), r.RightID(p)}
		switch p.Band {
		case Automatic:
			automatic[key] = true
			either[key] = true
			if kind := traps[key]; kind != "" {
				t.Errorf("a trap was linked: %s", kind)
			}
		case Review, Blocked:
			review++
			either[key] = true
		}
	}
	q, e := measure(automatic, truth), measure(either, truth)
	t.Logf("automatic: precision %.5f recall %.4f %+v; either recall %.4f; review %d (%.1f %% of the rows)", q.precision(), q.recall(), q, e.recall(), review, 100*float64(review)/float64(a.Len()))
	if q.precision() < 0.9995 || q.recall() < 0.85 || e.recall() < 0.99 || float64(review) > 0.12*float64(a.Len()) {
		t.Error("below the floors")
	}
}
