package workspace

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"trestle/internal/linkage"
)

func TestRosterLists(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	ctx := context.Background()
	for _, rows := range [][]linkage.StoredRow{{{ID: "old"}}, {{ID: "100"}, {ID: "bad", Bad: "no name"}}} {
		if _, err := w.Linkage().SaveRoster(ctx, linkage.StoredRoster{Kind: linkage.Patients, Side: linkage.Left, Name: "ehr.csv", Imported: time.Now()}, slices.Values(rows)); err != nil {
			t.Fatal(err)
		}
	}
	lists, err := w.RosterLists(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		list, value string
		in, known   bool
	}{{"ehr", "100", true, true}, {"ehr.csv", "100", true, true}, {"ehr", "bad", false, true}, {"ehr", "old", false, true}, {"other", "100", false, false}} {
		if in, known := lists.Contains(c.list, c.value); in != c.in || known != c.known {
			t.Errorf("%s in %s: %v %v", c.value, c.list, in, known)
		}
	}
}
