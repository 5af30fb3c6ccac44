package accesslog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/present/stage"
	"trestle/internal/workspace"
)

type fixture struct {
	*Model
	*stage.Stage
	t *testing.T
}

func open(t *testing.T) *fixture {
	t.Helper()
	s := stage.New(t)
	f := &fixture{New(s.Runner, s.Workspace), s, t}
	t.Cleanup(f.Model.Close)
	return f
}

// look searches for a patient, which the log keeps.
func (f *fixture) look(mrn string) {
	f.t.Helper()
	if _, err := f.Workspace.IDs(f.t.Context(), workspace.Query{MRN: mrn}); err != nil {
		f.t.Fatal(err)
	}
}

func TestNewestFirstAndFiltered(t *testing.T) {
	f := open(t)
	f.look("111")
	f.look("222")
	f.Load()
	f.Settle()
	shown, total, known := f.Shown()
	if !known || int64(shown) != total || shown < 3 {
		t.Fatalf("%d of %d", shown, total)
	}
	if c := f.List().Cell(0, 6); !strings.Contains(c.Text, "222") {
		t.Errorf("the newest entry is not first")
	}
	f.SetText("searched 111")
	f.Settle()
	if shown, _, _ := f.Shown(); shown != 1 {
		t.Errorf("%d entries found", shown)
	}
	f.SetMasked(true)
	if c := f.List().Cell(0, 6); !c.Masked {
		t.Error("what was searched for shows under the mask")
	}
	f.SetText("")
	f.SetOnlyFailed(true)
	f.Settle()
	if shown, _, _ := f.Shown(); shown != 0 {
		t.Errorf("%d acts failed", shown)
	}
}

func TestMorePages(t *testing.T) {
	f := open(t)
	for i := range page + 50 {
		if err := f.Workspace.LogExport(t.Context(), strings.Repeat("x", i%7+1)+".csv", 1, "test"); err != nil {
			t.Fatal(err)
		}
	}
	f.Load()
	f.Settle()
	f.More()
	f.Settle()
	shown, total, _ := f.Shown()
	if int64(shown) != total || shown <= page {
		t.Errorf("%d of %d", shown, total)
	}
	f.More()
	f.Settle()
	if again, _, _ := f.Shown(); again != shown {
		t.Error("more came than there is")
	}
	if f.rows[0].Seq-f.rows[shown-1].Seq != int64(shown-1) {
		t.Error("entries are missing or there twice")
	}
}

func TestVerifyAndExport(t *testing.T) {
	f := open(t)
	f.Load()
	f.Settle()
	f.Verify()
	f.Settle()
	if text, bad := f.Notice(); bad || !strings.Contains(text, "whole") {
		t.Errorf("notice %q", text)
	}
	path := filepath.Join(t.TempDir(), "log")
	f.Export(path)
	f.Settle()
	b, err := os.ReadFile(path + ".csv")
	if err != nil || !strings.Contains(string(b), "tester") {
		t.Fatalf("%v", err)
	}
	if c := f.List().Cell(0, 4); !strings.Contains(c.Text, "export") {
		t.Errorf("the export is not in the log: %s", c.Text)
	}
	f.Export(path) // a file that is there stays as it is
	f.Settle()
	if text, bad := f.Notice(); !bad || !strings.Contains(text, "already") {
		t.Errorf("notice %q", text)
	}
	f.Export(filepath.Join(path, "no", "such", "folder.csv"))
	f.Settle()
	if _, bad := f.Notice(); !bad {
		t.Error("a folder that is not there is not said")
	}
}
