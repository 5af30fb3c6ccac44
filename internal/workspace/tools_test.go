package workspace

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/linkage"
)

// What the tools store is in no file in clear either, at no moment.
func TestNothingLeaksFromTools(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for _, v := range []string{"TMPDIR", "SQLITE_TMPDIR"} {
		t.Setenv(v, dir)
	}
	w := newWorkspace(t, filepath.Join(dir, "w.trestle"))
	found := map[string]string{}
	step := func(stage string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(stage, err)
		}
		leaks(t, dir, stage, found)
	}
	name, mrn, note := markers[0], markers[1], markers[2]
	_, err := w.PutDocument(ctx, DocumentLookup, name, []byte(mrn), 0)
	step("document", err)
	_, err = w.PutDocument(ctx, DocumentLookup, name, []byte(note), 1)
	step("next version", err)
	_, err = w.PutSet(ctx, name, func(yield func(SetMessage, error) bool) { yield(SetMessage{note, []byte(mrn)}, nil) }, false)
	step("set", err)
	j := openJournal(t, w)
	for i := range 300 {
		e := wholeExchange()
		e.Request, e.Reply = append(exchange(i).Request, name+"|"+mrn...), []byte(note)
		e.MRN, e.Account, e.ControlID, e.Conversation, e.Sentence, e.Detail, e.Endpoint, e.Run = mrn, mrn, mrn, mrn, note, note, name, name
		e.Findings[0].Bytes, e.Findings[0].Text = []byte(mrn), note
		e.Seal(i%2 == 0)
		appendAll(t, j, e)
	}
	step("journal", nil)
	_, err = w.Exchanges(ctx, ExchangeQuery{Text: name, MRN: mrn[:4] + "*"}, ExchangePage{Limit: 300})
	step("searched", err)
	step("queued", w.Queues().Enqueue(ctx, name, []string{MessageRef(1), note}))
	s := w.Linkage()
	roster, err := s.SaveRoster(ctx, linkage.StoredRoster{Kind: linkage.Patients, Side: linkage.Left, Name: name, Spec: note, Columns: []string{name}},
		slices.Values([]linkage.StoredRow{{ID: mrn, Cells: []string{name}, Bad: note}}))
	step("roster", err)
	c := linkage.Candidate{Left: mrn, Right: mrn, Pattern: name, Gates: []string{note}}
	run, err := s.SaveRun(ctx, linkage.StoredRun{Kind: linkage.Patients, LeftRoster: roster, Summary: []byte(note)}, slices.Values([]linkage.Candidate{c}))
	step("run", err)
	_, err = s.Append(ctx, linkage.Decision{Kind: linkage.Patients, Action: linkage.ActSame, Candidate: c, Note: note})
	step("decision", err)
	_, err = s.SaveAlias(ctx, linkage.Alias{Kind: linkage.Plans, From: name, To: note})
	step("alias", err)
	_, err = s.SaveSamples(ctx, []linkage.Sample{{Run: run, Pair: c}})
	step("sample", err)
	step("checkpoint", w.checkpoint(ctx))
	p, err := w.PreviewExchangePurge(ctx, ExchangePurge{Endpoint: name})
	step("preview", err)
	_, err = w.PurgeExchanges(ctx, p, nil)
	step("purged", err)
	step("closed", errors.Join(j.Close(), w.Close()))
	if len(found) != 0 {
		t.Errorf("found in files: %v", found)
	}
}

// A workspace that is read without its access log hands out what the tools stored, and refuses to store more.
func TestToolsReadOnly(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	j := openJournal(t, w)
	e := exchange(1)
	appendAll(t, j, e)
	_, err := w.PutDocument(ctx, DocumentRules, "kept", []byte("x"), 0)
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	w.startSalvage(fail(ErrDamaged, "planted by the test"))
	if got, err := w.Exchange(ctx, e.ID); err != nil || string(got.Request) != string(e.Request) {
		t.Error(err)
	}
	if d, err := w.Document(ctx, DocumentRules, "kept"); err != nil || string(d.Bytes) != "x" {
		t.Error(err)
	}
	for name, do := range map[string]func() error{
		"journal":  func() error { _, err := w.OpenJournal(ctx); return err },
		"document": func() error { _, err := w.PutDocument(ctx, DocumentRules, "kept", nil, 1); return err },
		"queue":    func() error { return w.Queues().Enqueue(ctx, "q", []string{"message/1"}) },
		"decision": func() error { _, err := w.Linkage().Append(ctx, linkage.Decision{Kind: linkage.Plans}); return err },
		"set": func() error {
			_, err := w.PutSet(ctx, "s", func(func(SetMessage, error) bool) {}, false)
			return err
		},
	} {
		if err := do(); !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.schema = schemaWithDocuments - 1 // as a file of an older program, which is read as it is
	_, err = w.Documents(ctx, "")
	_, err2 := w.Exchanges(ctx, ExchangeQuery{}, ExchangePage{Limit: 1})
	_, err3 := w.Linkage().Rosters(ctx, linkage.Plans)
	for _, err := range []error{err, err2, err3} {
		if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "older Trestle") {
			t.Error(err)
		}
	}
}
