package starter_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

// What of the other converter's output is its own, and not said by the message or by HL7's guide: how it keeps HL7 v2 fields
// that FHIR has no place for, identifiers, and the record of its own work.
var theirOwn = []string{"extension", "id", "meta", "fullUrl", "reference", "timestamp", "resourceType", "linkId", "narrative", "text.div"}

// floorOfReproduced is the share in per cent of the expected values that the starter mappings gave when it was last raised.
const floorOfReproduced = 75

// TestCorpus maps the messages of the corpus and counts how many of the leaf values that another converter (CDC ReportStream)
// gives for the same resource type and element are there. That converter is no authority: what differs was looked at and is
// listed in testdata/divergences.md.
func TestCorpus(t *testing.T) {
	folder := os.Getenv("TRESTLE_CORPUS")
	if folder == "" {
		t.Skip("set TRESTLE_CORPUS to compare with the corpus")
	}
	folder = filepath.Join(folder, "mapping", "cdc-reportstream")
	text, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pairs []struct{ ID, Direction, Input, Expected string }
	if err := json.Unmarshal(text, &pairs); err != nil {
		t.Fatal(err)
	}
	var engines []*mapping.Engine
	for _, name := range []string{"oru-to-report", "adt-to-patient", "orm-to-request"} {
		f, err := mapping.Load(starter.FS(), name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		f.Zone = "UTC" // as that converter reads times that give none
		e, err := mapping.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		engines = append(engines, e)
	}
	type score struct{ want, got int }
	scores := map[string]*score{}
	missed := map[string]int{}
	messages, invalid := 0, 0
	for _, p := range pairs {
		if p.Direction != "hl7v2->fhir-r4" {
			continue
		}
		in, err := os.ReadFile(filepath.Join(folder, p.Input))
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.ReadFile(filepath.Join(folder, p.Expected))
		if err != nil {
			t.Fatal(err)
		}
		expected, err := fhir.ParseJSON(out)
		if err != nil {
			t.Fatal(err)
		}
		messages++
		ours := map[string]bool{}
		for _, engine := range engines {
			result, err := engine.Run(context.Background(), in)
			if err != nil {
				t.Errorf("%s: %v", p.ID, err)
				continue
			}
			tree := result.Tree
			for _, f := range validate.Tree(context.Background(), tree, validate.Options{}) {
				if f.Severity >= validate.Error {
					invalid++
					t.Errorf("%s: %s %s: %s", p.ID, f.Code, f.Path, f.Text)
				}
			}
			for k := range leaves(tree) {
				ours[k] = true
			}
		}
		for k := range leaves(expected) {
			kind, _, _ := strings.Cut(k, ".")
			if scores[kind] == nil {
				scores[kind] = &score{}
			}
			scores[kind].want++
			if ours[k] {
				scores[kind].got++
			} else {
				place, _, _ := strings.Cut(k, "=")
				missed[place]++
			}
		}
	}
	total := score{}
	kinds := make([]string, 0, len(scores))
	for k := range scores {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		s := scores[k]
		if made[k] {
			total.want += s.want
			total.got += s.got
		}
		t.Logf("%-20s %5d of %5d, %5.1f %%", k, s.got, s.want, 100*float64(s.got)/float64(s.want))
	}
	share := 100 * float64(total.got) / float64(total.want)
	t.Logf("%d messages; of the resources that the starters make %d of %d values, %.1f %%; %d findings of the validator", messages, total.got, total.want, share, invalid)
	if share < floorOfReproduced {
		t.Errorf("%.1f %% of the values are reproduced; it was %d %%", share, floorOfReproduced)
	}
	type miss struct {
		place string
		n     int
	}
	var list []miss
	for place, n := range missed { // what the list of divergences is about
		list = append(list, miss{place, n})
	}
	slices.SortFunc(list, func(a, b miss) int { return b.n - a.n })
	for _, m := range list[:min(len(list), 40)] {
		t.Logf("missed %4d %s", m.n, m.place)
	}
}

// made are the resources that the starters make of ORU and ADT.
var made = map[string]bool{"Patient": true, "Practitioner": true, "Encounter": true, "Location": true, "RelatedPerson": true, "Coverage": true, "ServiceRequest": true, "DiagnosticReport": true, "Observation": true, "Specimen": true, "Condition": true, "AllergyIntolerance": true, "Procedure": true}

// leaves are the values of a Bundle, each as Patient.name.family=Okafor, without what is the converter's own.
func leaves(bundle *fhir.Node) map[string]bool {
	set := map[string]bool{}
	for resource := range bundle.All("entry", "resource") {
		kind := resource.ResourceType()
		var walk func(n *fhir.Node, path string)
		walk = func(n *fhir.Node, path string) {
			if slices.Contains(theirOwn, n.Name) || strings.HasPrefix(n.Name, "_") {
				return
			}
			if n.Name != "" {
				path += "." + n.Name
			}
			if n.IsPrimitive() {
				set[path+"="+n.Text] = true
			}
			for _, c := range n.Children {
				walk(c, path)
			}
		}
		for _, c := range resource.Children {
			walk(c, kind)
		}
	}
	return set
}
