package suggest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
	"trestle/internal/mapping/starter"
	"trestle/internal/mapping/suggest"
)

// tally counts how often a real source is first, and among the first five; and how often at least its field is.
type tally struct{ rules, first, five, field int }

func (t tally) share() float64 { return float64(t.five) / float64(max(1, t.rules)) }

// leaveOneOut asks for the source of every rule of a mapping as if the rule were not there.
func (t *tally) leaveOneOut(f *mapping.File, all *suggest.Ranker, neighbours bool) {
	for bi := range f.Blocks {
		for ri := range f.Blocks[bi].Rules {
			b, rule := &f.Blocks[bi], &f.Blocks[bi].Rules[ri]
			want := map[string]bool{}
			for _, path := range rule.From {
				switch rest, relative := strings.CutPrefix(path, "."); {
				case relative && rule.Each != "" && f.Source.Kind != mapping.HL7v2:
					path = strings.TrimSuffix(rule.Each+"."+rest, ".")
				case b.Per != "" && strings.HasPrefix(path, "/"):
					want[path] = true // from the root
					continue
				}
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
			t.rules++
			fields := map[string]bool{}
			for path := range want {
				field, _, _ := strings.Cut(path, ".")
				fields[field] = true
			}
			exact, near := false, false
			for i, s := range r.Sources(suggest.Target{Make: b.Make, Per: b.Per, To: rule.To}, 5) {
				field, _, _ := strings.Cut(s.From, ".")
				near = near || fields[field]
				if want[suggest.PlainPath(s.From)] && !exact {
					exact = true
					t.five++
					if i == 0 {
						t.first++
					}
				}
			}
			if near || exact {
				t.field++
			}
		}
	}
}

// samples are the candidates of a source in JSON, from the results of our own samples.
func samples(t *testing.T, end mapping.End) []suggest.Candidate {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "starter", "testdata", "redox-*.want.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	var list []mapping.Record
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		records, err := infer.Records(context.Background(), end, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, records...)
	}
	candidates, err := infer.Candidates(end, list)
	if err != nil {
		t.Fatal(err)
	}
	return candidates
}

// TestLeaveOneOut prints how good suggestions are on the starters, and holds the floors.
func TestLeaveOneOut(t *testing.T) {
	list, err := starter.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what              string
		source, target    mapping.Kind
		guide, neighbours bool
		floor             float64
	}{
		{"HL7 v2 to FHIR, names and types only", mapping.HL7v2, mapping.FHIR, false, false, 0.49},
		{"HL7 v2 to FHIR, with the guide", mapping.HL7v2, mapping.FHIR, true, false, 0.63},
		{"HL7 v2 to FHIR, with the guide and the other rules of the mapping", mapping.HL7v2, mapping.FHIR, true, true, 0.67},
		{"FHIR to HL7 v2, with the guide", mapping.FHIR, mapping.HL7v2, true, false, 0.47},
		{"HL7 v2 to JSON, names only", mapping.HL7v2, mapping.JSON, false, false, 0.68},
		{"JSON to HL7 v2, names only", mapping.JSON, mapping.HL7v2, false, false, 0.74},
	} {
		var sum tally
		for _, s := range list {
			f, err := mapping.Load(starter.FS(), s.Name+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			if f.Source.Kind != c.source || f.Target.Kind != c.target {
				continue
			}
			o := suggest.Options{Source: f.Source, Target: f.Target, WithoutGuide: !c.guide}
			if c.source == mapping.JSON {
				o.Candidates = samples(t, f.Source)
			}
			var one tally
			one.leaveOneOut(f, suggest.New(o), c.neighbours)
			t.Logf("  %-22s %3d rules, first %5.1f %%, first five %5.1f %%", s.Name, one.rules, 100*float64(one.first)/float64(max(1, one.rules)), 100*one.share())
			sum.rules, sum.first, sum.five, sum.field = sum.rules+one.rules, sum.first+one.first, sum.five+one.five, sum.field+one.field
		}
		if sum.rules == 0 {
			continue
		}
		field := ""
		if c.source == mapping.HL7v2 {
			field = fmt.Sprintf(", its field in %.1f %%", 100*float64(sum.field)/float64(sum.rules))
		}
		t.Logf("%s: of %d rules the source is first in %.1f %%, among the first five in %.1f %%%s", c.what, sum.rules, 100*float64(sum.first)/float64(sum.rules), 100*sum.share(), field)
		if sum.share() < c.floor {
			t.Errorf("%s: %.1f %% are among the first five, the floor is %.0f %%", c.what, 100*sum.share(), 100*c.floor)
		}
	}
}

// TestValues: where samples of both sides are there, the values decide, whatever the names are.
func TestValues(t *testing.T) {
	r := suggest.New(suggest.Options{Source: mapping.End{Kind: mapping.CSV}, Target: mapping.End{Kind: mapping.JSON}, Candidates: []suggest.Candidate{
		{Path: "birth date", Values: []string{"2001-02-03", "2002-03-04", "2003-04-05"}},
		{Path: "C17", Values: []string{"19800102", "19810203", "19820304"}},
		{Path: "phone", Values: []string{"555-555-0101", "555-555-0102", ""}},
	}})
	list := r.Sources(suggest.Target{Make: ".", To: "patient.birthDate", Want: []string{"1980-01-02", "1981-02-03", "1982-03-04"}}, 3)
	if len(list) == 0 || list[0].From != "C17" || !strings.Contains(list[0].Reasons[0], "the values are the same in 100 % of 3 samples") {
		t.Errorf("%+v", list)
	}
	if list = r.Sources(suggest.Target{Make: ".", To: "patient.birthDate"}, 3); len(list) == 0 || list[0].From != "birth date" {
		t.Errorf("without samples of the target: %+v", list)
	}
}

// TestKnown: what was agreed on before goes before names, in both directions, with its functions.
func TestKnown(t *testing.T) {
	f := &mapping.File{Title: "Riverbend", Source: mapping.End{Kind: mapping.CSV}, Target: mapping.End{Kind: mapping.HL7v2}, Blocks: []mapping.Block{
		{Make: "PID", Rules: []mapping.Rule{{To: "PID-7", From: []string{"col 9"}, Do: []mapping.Step{{Name: "hl7_date"}}}}},
	}}
	o := suggest.Options{Source: f.Source, Target: f.Target, Candidates: []suggest.Candidate{{Path: "col 9"}, {Path: "date of birth"}}, Known: []*mapping.File{f}}
	list := suggest.New(o).Sources(suggest.Target{Make: "PID", To: "PID-7"}, 2)
	if len(list) != 2 || list[0].From != "col 9" || len(list[0].Do) != 1 || !strings.Contains(list[0].Reasons[0], "Riverbend") {
		t.Errorf("%+v", list)
	}
	back := suggest.New(suggest.Options{Source: f.Target, Target: f.Source, Known: []*mapping.File{f}})
	if list = back.Sources(suggest.Target{Make: "row", To: "col 9"}, 1); len(list) != 1 || list[0].From != "PID-7" {
		t.Errorf("the other way round: %+v", list)
	}
}

// BenchmarkSources asks for one target among all fields of a version.
func BenchmarkSources(b *testing.B) {
	r := suggest.New(suggest.Options{Source: mapping.End{Kind: mapping.HL7v2, Version: "2.5.1"}, Target: mapping.End{Kind: mapping.FHIR, Root: "Bundle"}})
	for b.Loop() {
		r.Sources(suggest.Target{Make: "Patient", Per: "PID", To: "birthDate"}, 5)
	}
}
