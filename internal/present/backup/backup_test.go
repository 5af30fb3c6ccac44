package backup

import (
	"os"
	"strings"
	"testing"
	"time"

	"trestle/internal/inspect"
	"trestle/internal/present/stage"
	"trestle/internal/workspace"
)

type fixture struct {
	*Model
	*stage.Stage
}

func open(t *testing.T) *fixture {
	t.Helper()
	s := stage.New(t)
	f := &fixture{New(s.Runner, s.Workspace), s}
	t.Cleanup(f.Model.Close)
	return f
}

func TestBackupIsMadeListedAndOpens(t *testing.T) {
	f := open(t)
	if _, err := inspect.Import(t.Context(), f.Workspace, "a.hl7", strings.NewReader("MSH|^~\\&|A|B|C|D|20260302||ADT^A08|1|P|2.5\r"), nil); err != nil {
		t.Fatal(err)
	}
	f.Begin()
	f.Settle()
	if f.Model.Folder() != "" || f.List().Len() != 0 {
		t.Fatal("there is a folder before one was chosen")
	}
	folder := t.TempDir()
	f.SetFolder(folder)
	f.Settle()
	if text, bad := f.Notice(); bad || f.List().Len() != 1 {
		t.Fatalf("%d copies: %s", f.List().Len(), text)
	}
	w, err := workspace.Open(t.Context(), f.copies[0].Path, []byte(stage.Passphrase), workspace.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Count(t.Context(), workspace.Query{}); n != 1 || err != nil {
		t.Errorf("%d messages in the copy, %v", n, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneADayByItself(t *testing.T) {
	f := open(t)
	f.SetFolder(t.TempDir())
	f.Settle()
	f.Begin()
	f.Settle()
	if f.List().Len() != 1 {
		t.Errorf("%d copies: one of today is enough", f.List().Len())
	}
	f.now = func() time.Time { return time.Now().Add(Every + time.Minute) }
	f.Begin()
	f.Settle()
	if f.List().Len() != 2 {
		t.Errorf("%d copies after a day", f.List().Len())
	}
}

func TestOnlySomeAreKept(t *testing.T) {
	f := open(t)
	f.SetFolder(t.TempDir())
	f.Settle()
	f.SetKeep(3)
	f.Settle()
	for range 4 {
		f.Now()
		f.Settle()
	}
	if f.Keep() != 3 || f.List().Len() != 3 {
		t.Errorf("%d copies, %d wanted", f.List().Len(), f.Keep())
	}
}

func TestAFolderThatIsGoneIsSaid(t *testing.T) {
	f := open(t)
	folder := t.TempDir()
	f.SetFolder(folder)
	f.Settle()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	f.Now()
	f.Settle()
	if text, bad := f.Notice(); !bad || text == "" {
		t.Errorf("notice %q", text)
	}
	if f.Doing() != "" {
		t.Error("still at work")
	}
}

func TestCompact(t *testing.T) {
	f := open(t)
	f.Compact()
	f.Settle()
	if text, bad := f.Notice(); bad || !strings.Contains(text, "MB") {
		t.Errorf("notice %q", text)
	}
}
