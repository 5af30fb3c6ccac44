package workspace

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/inspect"
	"trestle/internal/linkage"
)

func TestPatientsAnswerQueries(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	ctx := context.Background()
	for _, text := range []string{
		"MSH|^~\\&|A|B|C|D|20260101||ADT^A04|1|P|2.5\rPID|1||100^^^LAKE^MR||ROE^ANN||19800101|F\r",
		"MSH|^~\\&|A|B|C|D|20260102||ADT^A08|2|P|2.5\rPID|1||100^^^LAKE^MR||ROE^ANNA||19800101|F\rPV1|1|I\r",
		"MSH#*~\\&#A#B#C#D#20260103##ADT*A04#3#P#2.5\rPID#1##200***HILL*MR##POE*BOB##19900202#M\r",
		"MSH|^~\\&|A|B|C|D|20260104||ORM^O01|4|P|2.5\rORC|NW\r",
	} {
		for r, err := range inspect.Read(ctx, "test", strings.NewReader(text), inspect.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.AddMessages(ctx, []inspect.Record{r}); err != nil {
				t.Fatal(err)
			}
		}
	}
	ann, bob := "PID|1||100^^^LAKE^MR||ROE^ANNA||19800101|F", "PID|1||200^^^HILL^MR||POE^BOB||19900202|M"
	for _, c := range []struct {
		name string
		q    endpoint.PatientQuery
		want []string
	}{
		{"everyone", endpoint.PatientQuery{}, []string{bob, ann}},
		{"at most one", endpoint.PatientQuery{Limit: 1}, []string{bob}},
		{"by number, as last known", endpoint.PatientQuery{ID: "100"}, []string{ann}},
		{"the beginning of a number is none", endpoint.PatientQuery{ID: "10*"}, nil},
		{"by authority", endpoint.PatientQuery{ID: "200", Authority: "LAKE"}, nil},
		{"by name", endpoint.PatientQuery{Family: "ro", Given: "a"}, []string{ann}},
		{"by birth and sex", endpoint.PatientQuery{Birth: "19900202", Sex: "M"}, []string{bob}},
		{"nobody", endpoint.PatientQuery{Family: "X"}, nil},
	} {
		found, err := w.Patients().Find(ctx, c.q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range found {
			got = append(got, string(p.PID))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %d patients, not those wanted", c.name, len(got))
		}
	}
}

func TestRosterLists(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	ctx := context.Background()
	rows := func(list ...linkage.StoredRow) iter.Seq[linkage.StoredRow] { return slices.Values(list) }
	for _, set := range [][]linkage.StoredRow{{{ID: "old"}}, {{ID: "100"}, {ID: "bad", Bad: "no name"}}} {
		if _, err := w.Linkage().SaveRoster(ctx, linkage.StoredRoster{Kind: linkage.Patients, Side: linkage.Left, Name: "ehr.csv", Imported: time.Now()}, rows(set...)); err != nil {
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
