package workspace

import (
	"context"
	"encoding/csv"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSearchLog(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 3)
	for id := range int64(3) {
		if _, err := w.Message(ctx, id+1); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(w.LogAct(ctx, ActionSent, "message 2", "=1+1 to 127.0.0.1"), w.LogFailure(ctx, ActionReceived, "endpoint A", errors.New("refused")), w.LogExport(ctx, "messages", 3, "-out.csv"))
	if err != nil {
		t.Fatal(err)
	}
	future := time.Now().Add(time.Hour)
	for _, c := range []struct {
		q    LogQuery
		want []int64
	}{
		{LogQuery{}, []int64{1, 2, 3, 4, 5, 6, 7, 8}},
		{LogQuery{Newest: true, Maximum: 2}, []int64{8, 7}},
		{LogQuery{Newest: true, Maximum: 2, After: 7}, []int64{6, 5}},
		{LogQuery{After: 6}, []int64{7, 8}},
		{LogQuery{User: "TESTER", Action: ActionViewed}, []int64{3, 4, 5}},
		{LogQuery{User: "somebody"}, nil},
		{LogQuery{Object: "MESSAGE 2"}, []int64{4, 6}},
		{LogQuery{Text: "127.0 sent"}, []int64{6}},
		{LogQuery{Text: "refused"}, []int64{7}},
		{LogQuery{Text: "100%"}, nil},
		{LogQuery{Failed: true}, []int64{7}},
		{LogQuery{From: future}, nil},
		{LogQuery{To: future}, []int64{1, 2, 3, 4, 5, 6, 7, 8}},
	} {
		list, err := w.SearchLog(ctx, c.q)
		var got []int64
		for _, e := range list {
			got = append(got, e.Seq)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v %v", c.q, got, err)
		}
		if n, err := w.CountLog(ctx, c.q); c.q.After == 0 && c.q.Maximum == 0 && (err != nil || int(n) != len(c.want)) {
			t.Errorf("%+v: counted %d %v", c.q, n, err)
		}
	}
	users, actions, err := w.LogNames(ctx)
	if err != nil || !slices.Equal(users, []string{"tester"}) || !slices.Contains(actions, ActionSent) {
		t.Error(users, actions, err)
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
}

// The log as a file is logged, whole, and harmless in a spreadsheet.
func TestExportLog(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	if err := errors.Join(w.LogAct(ctx, ActionSent, `=cmd|' /C "x"'!A0`, "two\nlines, \"quoted\""), w.LogFailure(ctx, ActionSent, "b", errors.New("no answer"))); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	n, err := w.ExportLog(ctx, &out, LogQuery{Text: "s"})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || int64(len(rows)) != n+1 || n != 4 {
		t.Fatal(len(rows), n, err)
	}
	if !slices.Equal(rows[0], logHeader) || rows[2][4] != `'=cmd|' /C "x"'!A0` || rows[2][5] != "two\nlines, \"quoted\"" || rows[2][7] != "done" || rows[3][7] != "failed: no answer" {
		t.Errorf("%q", rows)
	}
	if last := rows[len(rows)-1]; last[3] != string(ActionLogExported) || last[5] != "text: s" {
		t.Errorf("the export is not in itself: %q", last)
	}
	if _, err := w.ExportLog(ctx, fullWriter{}, LogQuery{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if _, err := w.write.Exec("CREATE TRIGGER full BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'full'); END"); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if _, err := w.ExportLog(ctx, &out, LogQuery{}); err == nil || out.Len() > 0 {
		t.Error("exported without an entry")
	}
	w.write.Exec("DROP TRIGGER full")
}

var errFull = errors.New("full")

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }
