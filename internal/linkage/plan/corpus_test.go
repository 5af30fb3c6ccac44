package plan

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func table(t testing.TB, name string) []map[string]string {
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

// corpusLists reads the generated plan lists with their truth.
func corpusLists(t testing.TB) (left, right *List, truth map[string]string) {
	t.Helper()
	corpus := os.Getenv("TRESTLE_CORPUS")
	if corpus == "" {
		t.Skip("TRESTLE_CORPUS names no folder with the linkage sets")
	}
	dir := filepath.Join(corpus, "linkage", "plan-lists")
	read := func(name string) *List {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		l, err := ReadList(context.Background(), name, f, ListSpec{}, Standard())
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	truth = map[string]string{}
	for _, r := range table(t, filepath.Join(dir, "plans_truth.csv")) {
		truth[r["plan_id"]] = r["plan_code"]
	}
	return read("plans_A.csv"), read("plans_B.csv"), truth
}

// TestGeneratedPlanLists holds the floors of the reference (section 10): the right plan among the first five for 98 %, and
// an F1 of the links above 0.80. Half of the lists' siblings say nothing that tells them apart.
func TestGeneratedPlanLists(t *testing.T) {
	left, right, truth := corpusLists(t)
	result, err := Match(context.Background(), left, right, Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, five, good := 0, 0, 0
	for _, c := range result.Best(5) {
		if truth[c.Left] == c.Right {
			five++
			if c.Rank == 1 {
				first++
			}
		}
	}
	for _, c := range result.Links() {
		if truth[c.Left] == c.Right {
			good++
		}
		if slices.ContainsFunc(c.Gates, Gate.Blocks) {
			t.Errorf("%s and %s are linked against a gate: %s", c.Left, c.Right, c.Reasons)
		}
	}
	links := len(result.Links())
	shown := 0 // the right plan is linked, or a person sees it
	for _, c := range append(result.Links(), result.ForReview()...) {
		if truth[c.Left] == c.Right {
			shown++
		}
	}
	share := func(n, of int) float64 { return float64(n) / float64(of) }
	f1 := 2 * float64(good) / float64(links+len(truth))
	t.Logf("top-1 %.3f, top-5 %.3f, links %d, precision %.3f, recall %.3f, F1 %.3f, linked or shown %.3f, %+v",
		share(first, len(truth)), share(five, len(truth)), links, share(good, links), share(good, len(truth)), f1, share(shown, len(truth)), result.Counts())
	if share(five, len(truth)) < 0.98 {
		t.Errorf("the right plan is among the first five for %.3f, want 0.98", share(five, len(truth)))
	}
	if f1 < 0.80 {
		t.Errorf("F1 of the links is %.3f, want 0.80", f1)
	}
	if share(good, links) < 0.95 {
		t.Errorf("precision of the links is %.3f, want 0.95", share(good, links))
	}
	if share(shown, len(truth)) < 0.97 {
		t.Errorf("%.3f of the right plans are linked or shown, want 0.97", share(shown, len(truth)))
	}
}

// TestSameInputSameResult is safety property 12 of the reference.
func TestSameInputSameResult(t *testing.T) {
	left, right := sampleLists(t)
	var before []Candidate
	for range 3 {
		r, err := Match(context.Background(), left, right, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range before {
			if o := r.Candidates[i]; c.Left != o.Left || c.Right != o.Right || c.Probability != o.Probability || c.Band != o.Band || c.Reasons != o.Reasons {
				t.Fatalf("%+v became %+v", c, o)
			}
		}
		before = r.Candidates
	}
}
