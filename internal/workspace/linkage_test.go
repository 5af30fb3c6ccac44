package workspace

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/linkage"
)

func linkRow(i int) linkage.StoredRow {
	r := linkage.StoredRow{ID: fmt.Sprintf("00%d", i), Hash: fmt.Sprintf("hash %d", i), Line: i + 2, Cells: []string{fmt.Sprint(i), "Testperson", ""}}
	if i%10 == 9 {
		r.Bad, r.Cells = "four cells where the header has three", append(r.Cells, "more")
	}
	return r
}

func linkRows(n int) iter.Seq[linkage.StoredRow] {
	return func(yield func(linkage.StoredRow) bool) {
		for i := range n {
			if !yield(linkRow(i)) {
				return
			}
		}
	}
}

func pair(i int) linkage.Candidate {
	return linkage.Candidate{Left: fmt.Sprint("L", i), Right: fmt.Sprint("R", i), LeftHash: "a", RightHash: "b", Probability: 0.987654321, Bits: 12.25, Band: linkage.Review,
		Gates: []string{"twins", "close runner-up"}, Pattern: "same name, other birth date"}
}

// collect takes all that a reader yields.
func collect[T any](t *testing.T, list iter.Seq2[T, error]) (out []T) {
	t.Helper()
	for x, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// Rosters and runs come back as they were stored, whole or not at all.
func TestLinkRosters(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	s := w.Linkage()
	r := linkage.StoredRoster{Kind: linkage.Patients, Side: linkage.Left, Name: "ours.csv", Hash: "abc", Spec: "columns: {}\n", Columns: []string{"id", "name", "middle"}, Rows: 4321,
		Imported: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), By: "somebody"}
	id, err := s.SaveRoster(ctx, r, linkRows(4321))
	if err != nil {
		t.Fatal(err)
	}
	r.ID = id
	none := linkage.StoredRoster{Kind: linkage.Patients, Side: linkage.Right, Skipped: "no existing data on our side", Columns: []string{}}
	if none.ID, err = s.SaveRoster(ctx, none, nil); err != nil {
		t.Fatal(err)
	}
	list, err := s.Rosters(ctx, linkage.Patients)
	if err != nil || len(list) != 2 || !reflect.DeepEqual(list[0], r) || list[1].Skipped != none.Skipped || list[1].By != "tester" {
		t.Errorf("%+v %v", list, err)
	}
	rows := collect(t, s.Rows(ctx, id))
	if len(rows) != 4321 || !reflect.DeepEqual(rows[2009], linkRow(2009)) || rows[2009].Bad == "" {
		t.Errorf("%d rows, %+v", len(rows), rows[min(2009, len(rows)-1)])
	}
	cancelled, cancel := context.WithCancel(ctx)
	_, err = s.SaveRoster(cancelled, r, func(yield func(linkage.StoredRow) bool) {
		for i := range 5000 {
			if i == 4500 {
				cancel()
			}
			if !yield(linkRow(i)) {
				return
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	run := linkage.StoredRun{Kind: linkage.Patients, LeftRoster: id, RightRoster: none.ID, Seed: 1 << 63, Model: linkage.ModelVersion, At: r.Imported, By: "somebody", Summary: []byte(`{"seed":1}`)}
	run.ID, err = s.SaveRun(ctx, run, func(yield func(linkage.Candidate) bool) {
		for i := range 3000 {
			if !yield(pair(i)) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if runs, err := s.Runs(ctx, linkage.Patients); err != nil || len(runs) != 1 || !reflect.DeepEqual(runs[0], run) {
		t.Errorf("%+v %v", runs, err)
	}
	if runs, err := s.Runs(ctx, linkage.Plans); err != nil || len(runs) != 0 {
		t.Errorf("%+v %v", runs, err)
	}
	if pairs := collect(t, s.Candidates(ctx, run.ID)); len(pairs) != 3000 || !reflect.DeepEqual(pairs[2999], pair(2999)) {
		t.Error(len(pairs))
	}
	samples, err := s.SaveSamples(ctx, []linkage.Sample{{Run: run.ID, Pair: pair(1)}, {Run: run.ID, Pair: pair(2)}})
	if err != nil || samples[1].ID == 0 {
		t.Fatal(samples, err)
	}
	samples[1].Answer, samples[1].Who, samples[1].At = linkage.ActDifferent, "second pair of eyes", r.Imported
	if _, err := s.SaveSamples(ctx, samples[1:]); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Samples(ctx, run.ID); err != nil || !reflect.DeepEqual(got, samples) {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := s.SaveSamples(ctx, []linkage.Sample{{Run: run.ID, Pair: pair(3)}, {ID: 99, Run: run.ID}}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if got, err := s.Samples(ctx, run.ID); err != nil || len(got) != 2 {
		t.Error("half of what was refused was stored:", len(got), err)
	}
	if err := errors.Join(s.DeleteRun(ctx, run.ID), s.DeleteRoster(ctx, id)); err != nil {
		t.Error(err)
	}
	if err := s.DeleteRoster(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	var left int
	err = w.read.QueryRow("SELECT (SELECT count(*) FROM link_rows)+(SELECT count(*) FROM link_candidates)+(SELECT count(*) FROM link_samples)+(SELECT count(*) FROM link_rosters WHERE NOT whole)").Scan(&left)
	if err != nil || left != 0 {
		t.Error(left, err)
	}
}

// The ledger only grows; an undo is a line of its own, and can be taken back as well.
func TestLinkDecisions(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	s := w.Linkage()
	decide := func(d ...linkage.Decision) int64 {
		t.Helper()
		seq, err := s.Append(ctx, d...)
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	same := linkage.Decision{At: at, Who: "somebody", Kind: linkage.Patients, Action: linkage.ActSame, Candidate: pair(1), Model: linkage.ModelVersion, Files: [2]string{"f1", "f2"}, Note: "called them", Bulk: 3}
	plan := linkage.Decision{Kind: linkage.Plans, Action: linkage.ActCreateNew, Candidate: linkage.Candidate{Left: "PLAN 1", Band: linkage.None}, Side: linkage.Left, Many: true}
	if first := decide(same, plan); first != 1 {
		t.Error(first)
	}
	alias, err := s.SaveAlias(ctx, linkage.Alias{Kind: linkage.Plans, From: "BCBS", To: "Blue Cross", Decision: 2})
	if err != nil || alias == 0 {
		t.Fatal(err)
	}
	aliases := func() int {
		t.Helper()
		list, err := s.Aliases(ctx, linkage.Plans)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	undo := func(kind linkage.Kind, seq int64) linkage.Decision {
		return linkage.Decision{Kind: kind, Action: linkage.ActUndo, Undoes: seq}
	}
	if n := aliases(); n != 1 {
		t.Error(n)
	}
	if seq := decide(undo(linkage.Plans, 2)); seq != 3 || aliases() != 0 {
		t.Error("the alias of a decision that was taken back stands:", seq)
	}
	if seq := decide(undo(linkage.Plans, 3)); seq != 4 || aliases() != 1 {
		t.Error("the undo was taken back, but the alias is gone:", seq)
	}
	for name, c := range map[string]struct {
		d    linkage.Decision
		want error
	}{
		"nothing":      {undo(linkage.Plans, 99), ErrNotFound},
		"another kind": {undo(linkage.Plans, 1), ErrNotFound},
		"twice":        {undo(linkage.Plans, 3), ErrChanged},
	} {
		if _, err := s.Append(ctx, same, c.d); !errors.Is(err, c.want) {
			t.Errorf("undo of %s: %v", name, err)
		}
	}
	got := collect(t, s.Decisions(ctx, linkage.Patients, 0))
	same.Seq = 1
	if len(got) != 1 || !reflect.DeepEqual(got[0], same) {
		t.Errorf("%+v", got)
	}
	if got := collect(t, s.Decisions(ctx, "", 1)); len(got) != 3 || got[0].Who != "tester" || got[0].At.IsZero() || !got[0].Many || got[2].Undoes != 3 {
		t.Errorf("%+v", got)
	}
	for _, q := range []string{"UPDATE link_decisions SET action='same'", "DELETE FROM link_decisions", "INSERT INTO link_decisions SELECT * FROM link_decisions"} {
		if _, err := w.write.Exec(q); err == nil {
			t.Error("allowed:", q)
		}
	}
	last := entries(t, w)
	i := slices.IndexFunc(last, func(e LogEntry) bool { return e.Object == linkLog })
	if i < 0 || last[i].Action != ActionLinked || !strings.HasPrefix(last[i].Details, "1 create new, 1 same, 1 to 2, digest ") || strings.Contains(last[i].Details, "L1") {
		t.Errorf("%+v", last[max(i, 0)])
	}
	if n, err := s.VerifyDecisions(ctx); n != 4 || err != nil {
		t.Error(n, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tampered(t, p)
}

// tampered changes the ledger in ways that its triggers would refuse, and expects each to be found.
func tampered(t *testing.T, path string) {
	ctx := context.Background()
	whole := readFile(t, path)
	for name, q := range map[string]string{
		"an action":    "UPDATE link_decisions SET action='different' WHERE seq=1",
		"a time":       "UPDATE link_decisions SET at=at+1 WHERE seq=2",
		"a line":       "DELETE FROM link_decisions WHERE seq=2",
		"the end":      "DELETE FROM link_decisions WHERE seq=4",
		"all of it":    "DELETE FROM link_decisions",
		"one digest":   "UPDATE link_decisions SET digest=zeroblob(32) WHERE seq=4",
		"nothing else": "",
	} {
		put(t, path, whole, nil)
		w, err := Open(ctx, path, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatal(err)
		}
		for _, trigger := range []string{"no_update", "no_delete"} {
			if _, err := w.write.Exec("DROP TRIGGER link_decisions_" + trigger); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.write.Exec(q); err != nil {
			t.Fatal(err)
		}
		_, err = w.Linkage().VerifyDecisions(ctx)
		if (q == "") != (err == nil) || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		w.Close()
		if r, err := Verify(ctx, path, testPass, nil); err != nil || (r.LinkProblem != "") != (q != "") || r.OK() != (q == "") {
			t.Errorf("%s: Verify says %q, %v", name, r.Problems(), err)
		}
	}
}
