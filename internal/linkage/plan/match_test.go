package plan

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
)

// lists makes two lists from names, with "name;type" where a type is given. IDs are L1, L2 … and R1, R2 …
func lists(left, right []string) (l, r *List) {
	make := func(prefix string, names []string) *List {
		var rows []Record
		for i, n := range names {
			name, kind, _ := strings.Cut(n, ";")
			rows = append(rows, Record{ID: fmt.Sprint(prefix, i+1), Name: name, Type: kind})
		}
		return NewList(prefix, rows, Standard())
	}
	return make("L", left), make("R", right)
}

// others are plans that make lists large enough for frequencies to mean something.
var others = []string{
	"Harborview Exchange Bronze 1", "Harborview HMO", "Northlake Mutual PPO", "Cornerstone Benefit EPO", "Stonebridge Trust POS", "Meadow Cooperative Silver 2",
	"Eastport Union Indemnity", "Westmark Teachers PPO", "Prairie Farmers HMO", "Capital City Employees EPO", "Millbrook Schools PPO", "Alder County HMO",
}

func match(t *testing.T, left, right []string, o Options) *Result {
	t.Helper()
	l, r := lists(append(slices.Clone(left), others...), append(slices.Clone(right), others...))
	result, err := Match(context.Background(), l, r, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// find gives the candidate of two IDs.
func (r *Result) find(left, right string) (Candidate, bool) {
	i := slices.IndexFunc(r.Candidates, func(c Candidate) bool { return c.Left == left && c.Right == right })
	if i < 0 {
		return Candidate{}, false
	}
	return r.Candidates[i], true
}

// TestGates is the hard gates of the reference, section 7: none of these is ever linked without a person.
func TestGates(t *testing.T) {
	for _, c := range []struct {
		left, right string
		gate        Gate
	}{
		{"BCBS of Texas PPO", "BCBS of Oklahoma PPO", GateState},
		{"Molina Healthcare of Florida Gold", "Molina Healthcare of Michigan Gold", GateState},
		{"Aetna Medicare PPO", "Aetna PPO;Commercial", GateBusiness},
		{"Humana Medicaid HMO", "Humana HMO;Commercial", GateBusiness},
		{"Humana Medicaid HMO", "Humana Medicare Advantage HMO", GateBusiness},
		{"Cornerstone Dental", "Cornerstone Vision", GateBusiness},
		{"Delta Dental PPO", "Delta PPO;Commercial", GateBusiness},
		{"Northlake Medicare Supplement Plan G", "Northlake Medicare Advantage", GateBusiness},
		{"Blue Cross of California PPO", "Blue Shield of California PPO", GateBlues},
		{"Blue Cross of Idaho", "Blue Shield of Idaho", GateBlues},
		{"Blue Cross of Washington", "Regence Blue Shield of Washington", GateBlues},
		{"Blue Cross of Pennsylvania", "Highmark Blue Shield of Pennsylvania", GateBlues},
		{"Blue Cross PPO", "Blue Shield PPO", GateBlues},
		{"BCBS of ZZ PPO", "Blue Shield of ZZ PPO", GateBlueHalf},
		{"BCBS of California PPO", "Blue Cross of California PPO", GateBlueHalf},
		{"Aetna PPO", "Cigna PPO", GateInsurer},
		{"Aetna Silver PPO", "Aetna Gold PPO", GateMetal},
		{"Aetna Open Choice PPO", "Aetna Open Choice HMO", GateProduct},
		{"Northlake Medicare Supplement Plan G", "Northlake Medicare Supplement Plan N", GateLetter},
		{"BCBS of Texas Federal Employee Program", "BCBS of Texas", GateProgramme},
		{"Railroad Medicare Part B", "Medicare Part B", GateProgramme},
		{"Aetna Saver 1500", "Aetna Saver 2500", GateNumber},
		{"Aetna Whole Family Empower 1500", "Aetna Whole Family Envision 1500", GateName},
		{"BCBS of Texas PPO", "BCBS PPO", GateStateOneSide},
		{"Medicaid of Utah", "Medicaid", GateStateOneSide},
		{"Self pay", "Self pay", GateNotPayer},
	} {
		result := match(t, []string{c.left}, []string{c.right}, Options{Automatic: 0.01, Review: 0.001})
		found, ok := result.find("L1", "R1")
		if ok && found.Band == linkage.Automatic {
			t.Errorf("%q and %q are linked: %s", c.left, c.right, found.Reasons)
			continue
		}
		l, r := Parse(Record{Name: before(c.left), Type: after(c.left)}, Standard()), Parse(Record{Name: before(c.right), Type: after(c.right)}, Standard())
		m := newModel(&List{Plans: []Plan{l}}, &List{Plans: []Plan{r}})
		if got := m.compare(&l, &r).gates; !slices.Contains(got, c.gate) {
			t.Errorf("%q and %q: gates %q, want %q", c.left, c.right, got, c.gate)
		}
	}
}

func before(s string) string { b, _, _ := strings.Cut(s, ";"); return b }
func after(s string) string  { _, a, _ := strings.Cut(s, ";"); return a }

func TestTheSamePlanIsLinked(t *testing.T) {
	for _, c := range [][2]string{
		{"UnitedHealthcare Choice Plus", "UHC CHOICE PLUS"},
		{"Blue Cross Blue Shield of Texas PPO", "BC OF TX PPO"},
		{"Aetna Choice POS II", "AENTA CHOICE POS 2"},
		{"Cigna Open Access Plus", "CIGNA OAP"},
		{"Federal Employee Program BCBS of Texas", "BCBS TX FEP"},
		{"Stonewall Health Plan Saver $2,500", "STONEWALL HP SAVER $2 500"},
	} {
		result := match(t, []string{c[0]}, []string{c[1]}, Options{})
		if found, ok := result.find("L1", "R1"); !ok || found.Band != linkage.Automatic {
			t.Errorf("%q and %q: %q, p %.3f: %s", c[0], c[1], found.Band, found.Probability, found.Reasons)
		}
	}
}

func TestSiblingsAreForPeople(t *testing.T) {
	result := match(t, []string{"Aetna Saver PPO"}, []string{"AETNA SAVER PPO", "AETNA SAVER PPO"}, Options{})
	for _, right := range []string{"R1", "R2"} {
		if c, _ := result.find("L1", right); c.Band != linkage.Review || !slices.Contains(c.Gates, GateTie) {
			t.Errorf("one of two equal plans is %q with %q", c.Band, c.Gates)
		}
	}
	if len(result.Duplicates) != 1 || result.Duplicates[0].Side != linkage.Right || result.Duplicates[0].A != "R1" || result.Duplicates[0].B != "R2" {
		t.Errorf("duplicates %+v", result.Duplicates)
	}
}

type decisions struct {
	pairs map[[2]string]Verdict
	many  []string
}

func (d decisions) Pair(left, right string) Verdict { return d.pairs[[2]string{left, right}] }
func (d decisions) Links() (list [][2]string) {
	for pair, v := range d.pairs {
		if v == Same {
			list = append(list, pair)
		}
	}
	return list
}

func (d decisions) Many(right string) bool { return slices.Contains(d.many, right) }

// TestRejectedStaysRejected is safety property 5 of the reference.
func TestRejectedStaysRejected(t *testing.T) {
	left, right := []string{"UnitedHealthcare Choice Plus"}, []string{"UHC CHOICE PLUS"}
	o := Options{Decided: decisions{pairs: map[[2]string]Verdict{{"L1", "R1"}: Different}}}
	c, ok := match(t, left, right, o).find("L1", "R1")
	if !ok || c.Band == linkage.Automatic || c.Band == linkage.Review || !slices.Contains(c.Gates, GateRejected) {
		t.Errorf("the rejected pair is %q with %q", c.Band, c.Gates)
	}
}

func TestDecidedStaysAndNothingElseTakesIt(t *testing.T) {
	left, right := []string{"UnitedHealthcare Choice Plus", "Meadow Trust Special"}, []string{"UHC CHOICE PLUS"}
	o := Options{Decided: decisions{pairs: map[[2]string]Verdict{{"L2", "R1"}: Same}}}
	result := match(t, left, right, o)
	if c, ok := result.find("L2", "R1"); !ok || c.Band != linkage.Automatic || c.Rank != 1 {
		t.Errorf("the decided link is %+v", c)
	}
	if c, ok := result.find("L1", "R1"); ok && c.Band == linkage.Automatic {
		t.Error("a plan that a person linked was linked to another one too")
	}
}

// TestOneToManyIsAChoice: a right plan has one left plan, unless somebody said that it may have several.
func TestOneToManyIsAChoice(t *testing.T) {
	left, right := []string{"UnitedHealthcare", "UHC"}, []string{"UNITED HEALTHCARE"}
	same := map[[2]string]Verdict{{"L1", "R1"}: Same}
	band := func(o Options) linkage.Band {
		c, _ := match(t, left, right, o).find("L2", "R1")
		return c.Band
	}
	if b := band(Options{Decided: decisions{pairs: same}}); b != linkage.None {
		t.Errorf("a second plan of a linked one is %q", b)
	}
	if b := band(Options{Decided: decisions{pairs: same, many: []string{"R1"}}}); b == linkage.None {
		t.Error("where several are allowed, the second is not proposed")
	}
}

func TestCreateNew(t *testing.T) {
	result := match(t, []string{"Zephyr Mountain Cooperative Gold HMO 1500", "Zephyr Mountain Cooperative Gold HMO 1500", "Charity care"}, nil, Options{})
	if len(result.Creations) != 2 || result.Creations[0].Plan.ID != "L1" || result.Creations[0].Plan.Metal != "Gold" {
		t.Fatalf("to create: %+v", result.Creations)
	}
	if result.Creations[1].Duplicate != "L1" {
		t.Errorf("the second of two equal plans to create does not say so: %+v", result.Creations[1])
	}
	if len(result.NotPayers) != 1 || result.NotPayers[0] != "L3" {
		t.Errorf("no payers: %q", result.NotPayers)
	}
}

func TestMatchRefuses(t *testing.T) {
	some, _ := lists(others, nil)
	empty := &List{Name: "empty"}
	twice := NewList("twice", []Record{{ID: "1", Name: "a"}, {ID: "1", Name: "b"}}, Standard())
	if _, err := Match(context.Background(), some, empty, Options{}); !errors.Is(err, errEmpty) {
		t.Error(err)
	}
	if _, err := Match(context.Background(), twice, some, Options{}); err == nil || !strings.Contains(err.Error(), `"1"`) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Match(ctx, some, some, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAssignIsTheBest compares with trying everything.
func TestAssignIsTheBest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		lefts, rights := 1+random.IntN(5), 1+random.IntN(5)
		var edges []edge
		weights := map[[2]int]float64{}
		for l := range lefts {
			for r := range rights {
				if random.IntN(3) > 0 {
					w := float64(1 + random.IntN(9))
					edges = append(edges, edge{l, r, w})
					weights[[2]int{l, r}] = w
				}
			}
		}
		got, used := 0.0, map[int]bool{}
		for l, r := range assign(lefts, rights, edges) {
			if r < 0 {
				continue
			}
			w, ok := weights[[2]int{l, r}]
			if !ok || used[r] {
				t.Fatalf("round %d: the pair %d %d is no edge, or its right row is used twice", round, l, r)
			}
			used[r] = true
			got += w
		}
		if want := bestSum(weights, lefts, rights, 0, map[int]bool{}); got != want {
			t.Fatalf("round %d: the assignment weighs %v, the best one %v", round, got, want)
		}
	}
}

func bestSum(weights map[[2]int]float64, lefts, rights, l int, used map[int]bool) float64 {
	if l == lefts {
		return 0
	}
	best := bestSum(weights, lefts, rights, l+1, used)
	for r := range rights {
		if w, ok := weights[[2]int{l, r}]; ok && !used[r] {
			used[r] = true
			best = max(best, w+bestSum(weights, lefts, rights, l+1, used))
			used[r] = false
		}
	}
	return best
}

func TestReadListGuesses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		spec ListSpec
		key  string
		want Record
		fail string
	}{
		"codes under PLAN":                     {text: "PLAN,COMPANY,NAME\nX-1,ACME,ACME PPO\nX-2,ACME,ACME HMO\n", key: "PLAN", want: Record{ID: "X-1", Insurer: "ACME", Name: "ACME PPO"}},
		"names under plan":                     {text: "plan_id;payer;plan;zip\n007;Acme;Acme PPO plan;00010\n008;Acme;Acme HMO plan;\n", key: "plan_id", want: Record{ID: "007", Insurer: "Acme", Name: "Acme PPO plan", ZIP: "00010"}},
		"names without a heading that says so": {text: "code,what\n1,Acme PPO plan\n2,Acme HMO plan\n", key: "code", want: Record{ID: "1", Name: "Acme PPO plan"}},
		"a key by specification":               {text: "Plan.ID,Company.ID,name\n1,A,Acme PPO\n2,B,Acme HMO\n", spec: ListSpec{Key: "company.id"}, key: "Company.ID", want: Record{ID: "A", Name: "Acme PPO"}},
		"columns by specification": {text: "k,a,b,c\n1,Acme,PPO one,60411\n2,Acme,HMO two,60412\n",
			spec: ListSpec{Key: "k", Columns: map[string]string{"A": "insurer", "b": "name", "c": "payer id 837P Example House"}}, key: "k",
			want: Record{ID: "1", Insurer: "Acme", Name: "PPO one", PayerIDs: []PayerID{{"60411", "Example House", "837P"}}}},
		"no key":         {text: "name,zip\nAcme PPO,1\nAcme PPO,2\n", fail: "no column that looks like a plan ID"},
		"no names":       {text: "plan_id,zip\n1,1\n2,2\n", fail: "no column that looks like names of plans"},
		"unknown column": {text: "plan_id,name\n1,Acme\n", spec: ListSpec{Columns: map[string]string{"x": "name"}}, fail: `names a column "x"`},
		"unknown role":   {text: "plan_id,name\n1,Acme\n", spec: ListSpec{Columns: map[string]string{"name": "colour"}}, fail: `"colour" is no role`},
		"unknown key":    {text: "plan_id,name\n1,Acme\n", spec: ListSpec{Key: "x"}, fail: `"x" is the plan ID`},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ReadList(context.Background(), "plans.csv", strings.NewReader(c.text), c.spec, Standard())
			if c.fail != "" {
				if err == nil || !strings.Contains(err.Error(), c.fail) {
					t.Fatalf("the error is %v, want %q", err, c.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := l.Plans[0].Record
			got.Line = 0
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c.want) || l.Key.Column != c.key {
				t.Errorf("read %+v with the key %q, want %+v with %q", got, l.Key.Column, c.want, c.key)
			}
			if (l.Key.ChosenBy == "specification") != (c.spec.Key != "") {
				t.Errorf("the key was chosen by %q", l.Key.ChosenBy)
			}
		})
	}
}

func TestReadListKeepsBadRows(t *testing.T) {
	l, err := ReadList(context.Background(), "p.csv", strings.NewReader("plan_id,company_id,name\n1,a,Acme\n,b,Lost\n3,c,\n4,d,Acme HMO\n5,e,Acme EPO\n6,f,x\n7,g,y\n8,h,z\n9,i,u\n10,j,v\n"), ListSpec{}, Standard())
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Plans) != 8 || len(l.Bad) != 2 || l.Bad[0].Line != 3 || l.Bad[1].Line != 4 {
		t.Errorf("%d plans, bad %+v", len(l.Plans), l.Bad)
	}
	if len(l.Key.Candidates) != 2 || len(l.Notes) == 0 || !strings.Contains(l.Notes[len(l.Notes)-1], "company_id") {
		t.Errorf("that there are two keys is not said: %+v, %q", l.Key, l.Notes)
	}
	if _, err := ReadList(context.Background(), "p.json", strings.NewReader(`{"resourceType":"Patient"}`), ListSpec{}, Standard()); !errors.Is(err, roster.ErrNotRoster) {
		t.Errorf("JSON as a list of plans: %v", err)
	}
}

func BenchmarkMatchSample(b *testing.B) {
	left, right, _ := corpusLists(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Match(context.Background(), left, right, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMatchLarge compares 10,000 plans with 10,000: the corpus, with the insurers' names varied.
func BenchmarkMatchLarge(b *testing.B) {
	left, right, _ := corpusLists(b)
	grow := func(l *List) *List {
		var rows []Record
		for n := 0; len(rows) < 10_000; n++ {
			for i := range l.Plans {
				r := l.Plans[i].Record
				r.ID = fmt.Sprint(r.ID, "-", n)
				r.Name = fmt.Sprintf("Region%d %s", n, r.Name)
				rows = append(rows, r)
			}
		}
		return NewList(l.Name, rows[:10_000], Standard())
	}
	left, right = grow(left), grow(right)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Match(context.Background(), left, right, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
