package starter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// floorOfReturned is the share in per cent of the values of HL7 v2 that the starter mappings gave when it was last raised.
const floorOfReturned = 45

// compared are the segments that the starters make of what the corpus has; MSH and SFT are about the converter.
var compared = []string{"PID", "PV1", "PV2", "IN1", "ORC", "OBR", "OBX", "NTE", "SPM", "TQ1", "DG1"}

// TestCorpusBack is TestCorpus for FHIR to HL7 v2. That converter keeps in extensions of its own what FHIR has no place for,
// and takes most of what it writes from there, so that its values are no measure of what FHIR says.
func TestCorpusBack(t *testing.T) {
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
	engines := map[string]*mapping.Engine{"ORU": engine(t, "report-to-oru"), "OML": engine(t, "request-to-oml"), "ORM": engine(t, "request-to-orm")}
	type score struct{ want, got int }
	sources, segments := map[string]*score{}, map[string]*score{}
	count := func(m map[string]*score, key string, got bool) {
		if m[key] == nil {
			m[key] = &score{}
		}
		m[key].want++
		if got {
			m[key].got++
		}
	}
	missed := map[string]int{}
	for _, p := range pairs {
		if p.Direction != "fhir-r4->hl7v2" {
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
		want := hl7.Parse(out)
		header, _ := want.Header()
		e := engines[header.Field(9).First()]
		if e == nil {
			continue
		}
		result, err := e.Run(context.Background(), in)
		if err != nil {
			t.Errorf("%s: %v", p.ID, err)
			continue
		}
		ours := fieldLeaves(hl7.Parse(result.Message))
		source, _, _ := strings.Cut(p.Input, "/")
		for k := range fieldLeaves(want) {
			segment := k[:3]
			count(sources, source, ours[k])
			count(segments, segment, ours[k])
			if !ours[k] {
				place, _, _ := strings.Cut(k, "=")
				missed[place]++
			}
		}
	}
	total := score{}
	for _, m := range []map[string]*score{sources, segments} {
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			t.Logf("%-20s %5d of %5d, %5.1f %%", k, m[k].got, m[k].want, 100*float64(m[k].got)/float64(m[k].want))
		}
	}
	for _, s := range sources {
		total.want += s.want
		total.got += s.got
	}
	share := 100 * float64(total.got) / float64(total.want)
	t.Logf("%d of %d values, %.1f %%", total.got, total.want, share)
	if share < floorOfReturned {
		t.Errorf("%.1f %% of the values are reproduced; it was %d %%", share, floorOfReturned)
	}
	places := make([]string, 0, len(missed))
	for p := range missed {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b string) int { return missed[b] - missed[a] })
	for _, p := range places[:min(len(places), 40)] {
		t.Logf("missed %4d %s", missed[p], p)
	}
}

// fieldLeaves are the values of the compared segments, each as PID-5.1=Okafor, whatever repetition it stands in.
func fieldLeaves(m *hl7.Message) map[string]bool {
	set := map[string]bool{}
	for s := range m.Segments() {
		if !slices.Contains(compared, s.Name()) {
			continue
		}
		for leaf := range s.Leaves() {
			if text := leaf.Text(); text != "" {
				set[fmt.Sprintf("%s-%d.%d.%d=%s", s.Name(), leaf.Field, leaf.Component, leaf.Subcomponent, text)] = true
			}
		}
	}
	return set
}
