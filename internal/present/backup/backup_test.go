package backup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

type fixture struct {
	*Model
	t      *testing.T
	w      *workspace.Workspace
	queue  *job.Queue
	runner *job.Runner
}

const pass = "correct horse battery"

func open(t *testing.T) *fixture {
	t.Helper()
	w, err := workspace.Create(t.Context(), filepath.Join(t.TempDir(), "a.trestle"), []byte(pass), workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, w: w, queue: &job.Queue{}}
	f.runner = job.NewRunner(f.queue.Gate)
	f.Model = New(f.runner, w)
	t.Cleanup(func() {
		f.Close()
		f.runner.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) settle() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	if err := f.queue.Drain(ctx, f.runner); err != nil {
		f.t.Fatal(err)
	}
}

func TestBackupIsMadeListedAndOpens(t *testing.T) {
	f := open(t)
	if _, err := inspect.Import(t.Context(), f.w, "a.hl7", strings.NewReader("MSH|^~\\&|A|B|C|D|20260302||ADT^A08|1|P|2.5\r"), nil); err != nil {
		t.Fatal(err)
	}
	f.Begin()
	f.settle()
	if f.Folder() != "" || f.List().Len() != 0 {
		t.Fatal("there is a folder before one was chosen")
	}
	folder := t.TempDir()
	f.SetFolder(folder)
	f.settle()
	if text, bad := f.Notice(); bad || f.List().Len() != 1 {
		t.Fatalf("%d copies: %s", f.List().Len(), text)
	}
	w, err := workspace.Open(t.Context(), f.copies[0].Path, []byte(pass), workspace.OpenOptions{})
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
	f.settle()
	f.Begin()
	f.settle()
	if f.List().Len() != 1 {
		t.Errorf("%d copies: one of today is enough", f.List().Len())
	}
	f.now = func() time.Time { return time.Now().Add(Every + time.Minute) }
	f.Begin()
	f.settle()
	if f.List().Len() != 2 {
		t.Errorf("%d copies after a day", f.List().Len())
	}
}

func TestOnlySomeAreKept(t *testing.T) {
	f := open(t)
	f.SetFolder(t.TempDir())
	f.settle()
	f.SetKeep(3)
	f.settle()
	for range 4 {
		f.Now()
		f.settle()
	}
	if f.Keep() != 3 || f.List().Len() != 3 {
		t.Errorf("%d copies, %d wanted", f.List().Len(), f.Keep())
	}
}

func TestAFolderThatIsGoneIsSaid(t *testing.T) {
	f := open(t)
	folder := t.TempDir()
	f.SetFolder(folder)
	f.settle()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	f.Now()
	f.settle()
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
	f.settle()
	if text, bad := f.Notice(); bad || !strings.Contains(text, "MB") {
		t.Errorf("notice %q", text)
	}
}
