package fhirpath

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/fhir"
)

// suiteCase is a case of the published test suite of FHIRPath.
type suiteCase struct {
	Group, Name, Expression, Mode, Invalid string
	InputFile                              *string
	Outputs                                []struct{ Type, Value string }
	CheckOrdered, Predicate                bool
}

// suiteFloor is how many of the cases passed last; it only rises.
const suiteFloor = 467

func TestSuite(t *testing.T) {
	folder := os.Getenv("TRESTLE_CORPUS")
	if folder == "" {
		t.Skip("TRESTLE_CORPUS names no folder")
	}
	data, err := os.ReadFile(filepath.Join(folder, "fhirpath", "fhirpath-r4.json"))
	if err != nil {
		t.Skip("the corpus has no FHIRPath suite")
	}
	var cases []suiteCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	inputs := map[string]*fhir.Node{}
	passed, groups, order := map[string]int{}, map[string]int{}, []string{}
	total := 0
	for _, c := range cases {
		if groups[c.Group] == 0 {
			order = append(order, c.Group)
		}
		groups[c.Group]++
		var input *fhir.Node
		if c.InputFile != nil {
			input = inputs[*c.InputFile]
			if input == nil {
				input = readInput(t, filepath.Join(folder, "fhirpath", "inputs"), *c.InputFile)
				inputs[*c.InputFile] = input
			}
		}
		if problem := c.run(t.Context(), input); problem != "" {
			t.Logf("%s %s: %s\n\t%s", c.Group, c.Name, problem, c.Expression)
			continue
		}
		passed[c.Group]++
		total++
	}
	for _, g := range order {
		t.Logf("%-28s %3d of %3d", g, passed[g], groups[g])
	}
	t.Logf("%d of %d cases pass", total, len(cases))
	if total < suiteFloor {
		t.Errorf("%d of %d cases pass; it were %d", total, len(cases), suiteFloor)
	}
}

func readInput(t *testing.T, folder, name string) *fhir.Node {
	t.Helper()
	base := strings.TrimSuffix(name, filepath.Ext(name))
	for _, ext := range []string{".xml", ".json"} {
		data, err := os.ReadFile(filepath.Join(folder, base+ext))
		if err != nil {
			continue
		}
		n, err := fhir.R4().Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Fatalf("no input %s", name)
	return nil
}

func (c suiteCase) run(ctx context.Context, input *fhir.Node) (problem string) {
	x, err := Compile(c.Expression)
	var out Collection
	if err == nil {
		out, err = x.Evaluate(ctx, Resource(fhir.R4(), input), &Options{Strict: c.Mode == "strict", CheckOrdered: c.CheckOrdered})
	}
	var known *Error
	if err != nil && !errors.As(err, &known) {
		return fmt.Sprintf("an error without a place: %v", err)
	}
	if c.Invalid != "" {
		if err == nil {
			return fmt.Sprintf("gives %s, not an error (%s)", shown(out), c.Invalid)
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	if c.Predicate && (len(out) != 1 || out[0].system().kind != kindBoolean) {
		out = truth(len(out) > 0)
	}
	if len(out) != len(c.Outputs) {
		return fmt.Sprintf("gives %s, not %d items", shown(out), len(c.Outputs))
	}
	for i, want := range c.Outputs {
		got := out[i].String()
		if out[i].system().t != nil {
			got = "@" + strings.TrimPrefix(got, "@")
			if out[i].system().kind == kindTime {
				got = "@T" + got[1:]
			}
		}
		if want.Value != got && "@"+want.Value != got {
			return fmt.Sprintf("item %d is %s, not %s", i, got, want.Value)
		}
		if name := out[i].Type().Name; want.Type != "" && want.Type != "None" && !strings.EqualFold(name, want.Type) {
			return fmt.Sprintf("item %d is a %s, not a %s", i, name, want.Type)
		}
	}
	return ""
}

func shown(c Collection) string {
	var parts []string
	for _, i := range c {
		parts = append(parts, i.Type().Name+":"+i.String())
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
