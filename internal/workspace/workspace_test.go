package workspace_test

import (
	"context"
	"path/filepath"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
	"trestle/internal/workspace"
)

var pass = []byte("correct horse battery")

// create makes a workspace in a folder of its own.
func create(t testing.TB) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Create(context.Background(), filepath.Join(t.TempDir(), "w.trestle"), pass,
		workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "tester", Project: "Riverbend"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return w
}

// adt is an invented message.
const adt = "MSH|^~\\&|EHR|RIVERBEND|INFUSE|CENTRE|20260131120000||ADT^A08^ADT_A01|MSG00001|P|2.5.1\rPID|1||88121^^^RB^MR||Testperson^Quenby||19700101|F\r"

func record(i int) inspect.Record {
	b := []byte(adt)
	return inspect.Record{Source: "adt.hl7", Index: i, Offset: int64(i * len(b)), Length: int64(len(b)), Bytes: b,
		Summary: inspect.Summary{Format: "hl7v2", Type: "ADT", Trigger: "A08", Structure: "ADT_A01", Version: "2.5.1", ControlID: "MSG00001",
			SendingApplication: "EHR", SendingFacility: "RIVERBEND", Time: "20260131120000", MRN: "88121", Account: "A1001", Name: "TESTPERSON, Quenby", Segments: 2},
		Counts: [4]int{1, 0, 2, 0}}
}

func TestLife(t *testing.T) {
	ctx := context.Background()
	w := create(t)
	ids, err := w.AddMessages(ctx, []inspect.Record{record(0), record(1), record(2)})
	if err != nil || len(ids) != 3 {
		t.Fatal(ids, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w, err = workspace.Open(ctx, w.Path(), pass, workspace.OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rows, err := w.Rows(ctx, ids)
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	r := rows[1]
	want := record(1)
	if r.Summary != want.Summary || r.Index != 1 || r.Source != "adt.hl7" || r.Counts != want.Counts || r.Size != want.Length {
		t.Errorf("row: %+v", r)
	}
	m, err := w.Message(ctx, ids[2])
	if err != nil || string(m.Bytes) != adt || m.Offset != want.Length*2 {
		t.Errorf("message: %v", err)
	}
	condition, err := query.Parse("type:adt trigger:A08 mrn:88* since:2026-01-31 until:2026-01-31 severity:error quenby")
	if err != nil {
		t.Fatal(err)
	}
	q, _, err := workspace.Indexed(condition)
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.IDs(ctx, q)
	if err != nil || len(found) != 3 {
		t.Error(found, err)
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
	i, err := w.Info(ctx)
	if err != nil || i.Messages != 3 || i.Project != "Riverbend" || i.ByType[0] != (workspace.Tally{Name: "ADT^A08", Messages: 3}) || i.LogEntries != 6 {
		t.Errorf("%+v %v", i, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	rep, err := workspace.Verify(ctx, w.Path(), pass, nil)
	if err != nil || !rep.OK() || rep.Messages != 3 {
		t.Errorf("%+v %v", rep, err)
	}
}
