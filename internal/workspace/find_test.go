package workspace

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
)

// Index and look together find what a look into every message finds.
func TestMatchingFindsWhatALookIntoAllFinds(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	var file strings.Builder
	for i := range 60 {
		sex := []string{"F", "M", ""}[i%3]
		fmt.Fprintf(&file, "MSH|^~\\&|LAB|R|EHR|C|202603%02d101500||ADT^A0%d|T%d|P|2.5.1\rPID|1||%d^^^R^MR||Tester%d^Anna||19%02d0101|%s\r", 1+i%28, 1+i%8, i, 100+i, i, 30+i, sex)
	}
	if _, err := inspect.Import(t.Context(), w, "a.hl7", strings.NewReader(file.String()), nil); err != nil {
		t.Fatal(err)
	}
	all, err := w.IDs(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", "type = ADT and PID-8 = F", `PID-3.1 = "107"`, "PID-3.1 = 10*", "PID-7 > 1950 and trigger in (A01, A02)", "not PID-8 exists", "mrn:100 or mrn:101",
		"since:2026-03-05 until:2026-03-09", "tester7", "finding >= warning", "PID-5.1 matches \"r1.$\"", "trigger:A01 PID-8 empty",
	} {
		q, err := query.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		index, exact, err := Indexed(q)
		if err != nil {
			t.Fatal(err)
		}
		found, err := w.IDs(t.Context(), index)
		if err == nil && !exact {
			found, err = w.Matching(t.Context(), q, found, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := w.Matching(t.Context(), q, all, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(found, want) {
			t.Errorf("%s: %v, a look into all finds %v", text, found, want)
		}
	}
}
