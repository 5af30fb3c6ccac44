package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func init() { children["guest"] = childGuest }

// childGuest reads a workspace beside its writer until it is killed.
func childGuest(path string) error {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "child", Beside: true})
	if err != nil {
		return err
	}
	if _, err := w.Message(ctx, 3); err != nil {
		return err
	}
	fmt.Println("open", w.ReadOnly())
	time.Sleep(time.Hour)
	return nil
}

func beside(t *testing.T, path string) *Workspace {
	t.Helper()
	w, err := Open(context.Background(), path, testPass, OpenOptions{User: "reader", Tool: "window", Beside: true})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// logged finds entries of the access log by action and user.
func logged(t *testing.T, w *Workspace, user string, action Action) []LogEntry {
	t.Helper()
	found, err := w.SearchLog(context.Background(), LogQuery{User: user, Action: action})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// While another program writes without end, this one reads whole batches, changes nothing, and what it read is in the log afterwards, once.
func TestReadBesideAWriter(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 20)
	w.Close()
	c, s, line := child(t, "write", p)
	if line != "open" {
		kill(t, c)
		t.Fatal(line)
	}
	go func() {
		for s.Scan() {
		}
	}()
	g := beside(t, p)
	who, ok := g.Guest()
	if !ok || !g.ReadOnly() || who.PID != c.Process.Pid || !strings.Contains(strings.Join(g.Warnings(), " "), fmt.Sprintf("process %d", c.Process.Pid)) {
		t.Errorf("%+v %v %q", who, ok, g.Warnings())
	}
	end, most := time.Now().Add(time.Duration(times(1, 60))*time.Second), 0
	for i := 0; time.Now().Before(end); i++ {
		n, err := g.Count(ctx, Query{})
		if err != nil || n < most {
			t.Fatalf("%d messages after %d: %v", n, most, err)
		}
		most = n
		id := int64(1 + i*7%n)
		m, err := g.Message(ctx, id)
		if err != nil || !bytes.Equal(m.Bytes, sample(int(id-1)).Bytes) {
			t.Fatal(id, err)
		}
		if ids, err := g.IDs(ctx, Query{Text: "invented"}); err != nil || len(ids) < n {
			t.Fatal(len(ids), n, err)
		}
	}
	for what, err := range map[string]error{
		"setting": g.SetSetting(ctx, "a", "b"),
		"note":    g.SetNote(ctx, 1, "x"),
		"key":     g.AddPassphrase(ctx, "Ann", []byte("another long one")),
		"act":     g.LogAct(ctx, ActionSent, "message 1", ""),
	} {
		if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "close it there") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := g.AddMessages(ctx, samples(0, 1)); !errors.Is(err, ErrReadOnly) {
		t.Error("import:", err)
	}
	if g.keys.Failures() != 0 {
		t.Error("records that were not authentic:", g.keys.Events())
	}
	b := filepath.Join(filepath.Dir(p), "copy.trestle")
	if r, err := g.Backup(ctx, b, nil); err != nil || !r.OK() {
		t.Error("a backup beside the writer:", r.Problems(), err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	kill(t, c)
	w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	viewed := logged(t, w, "reader", ActionViewed)
	if len(viewed) == 0 || viewed[0].Tool != "window" || !strings.Contains(viewed[0].Details, "beside the program that writes") ||
		len(logged(t, w, "reader", ActionOpened)) != 1 || len(logged(t, w, "reader", ActionBackedUp)) != 1 || len(logged(t, w, "reader", ActionClosed)) != 1 {
		t.Errorf("%d viewed, %d opened", len(viewed), len(logged(t, w, "reader", ActionOpened)))
	}
	objects := map[string]bool{}
	for _, e := range viewed {
		if objects[e.Object] {
			t.Fatal("twice in the log:", e.Object)
		}
		objects[e.Object] = true
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(p + "*")
	if len(left) != 1 {
		t.Errorf("left beside it: %v", left)
	}
	t.Logf("read %d messages beside a writer of %d", len(viewed), most)
}

// The file is not replaced or destroyed under a reader, and can be once the reader is gone, by whatever way it went.
func TestReadersKeepTheFile(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 20)
	c, _, line := child(t, "guest", p)
	if line != "open true" {
		kill(t, c)
		t.Fatal(line)
	}
	keys := []NewKey{{"tester", testPass}}
	if _, err := w.Rekey(ctx, keys, nil); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "for reading in another program") {
		t.Error("a new data key under a reader:", err)
	}
	var n int
	if err := errors.Join(w.SetSetting(ctx, "a", "b"), // the next transaction enters what was read
		w.read.QueryRow("SELECT count(*) FROM access_log WHERE user='child' AND action='viewed'").Scan(&n)); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if len(logged(t, w, "child", ActionViewed)) != 1 {
		t.Error("what was read is not in the log after a transaction")
	}
	if _, err := os.Lstat(p + readingsSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file of readings is still there:", err)
	}
	if err := w.Close(); err != nil { // the reader goes on
		t.Fatal(err)
	}
	if _, err := Dispose(ctx, p, testPass, OpenOptions{}); !errors.Is(err, ErrInUse) {
		t.Error("disposed of under a reader:", err)
	}
	w, err := Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kill(t, c)
	if _, err := w.Rekey(ctx, keys, nil); err != nil {
		t.Error(err)
	}
	if n, _, err := readThrough(p, 0); n != 20 || err != nil {
		t.Error(n, err)
	}
}

// readings makes a file of readings with some entries, as a reader leaves it, beside a closed workspace.
func readings(t *testing.T, path string, n int) {
	t.Helper()
	ctx := context.Background()
	w := &Workspace{path: path, name: filepath.Base(path)}
	if err := func() (err error) {
		u, err := unlock(ctx, path, typed(testPass))
		if err != nil {
			return err
		}
		defer u.abandon()
		w.log.user = "reader"
		g := &guestOf{}
		if g.box, err = u.readingsBox(); err != nil {
			return err
		}
		for i := range n {
			err = errors.Join(err, g.note(ctx, w, ActionViewed, fmt.Sprint("message ", i+1), ""))
		}
		return err
	}(); err != nil {
		t.Fatal(err)
	}
}

// A file of readings that was changed anywhere is entered as far as it is authentic, and the log says that there was more. None is
// entered twice, and nothing in it is in clear.
func TestReadingsChanged(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	file := readFile(t, p)
	const n = 5
	readings(t, p, n)
	whole := readFile(t, p+readingsSuffix)
	if bytes.Contains(whole, []byte("message")) || bytes.Contains(whole, []byte("reader")) {
		t.Error("clear text in the file of readings")
	}
	for at := 1; at < len(whole); at += times(17, 1) {
		put(t, p, file, nil)
		d := bytes.Clone(whole)
		d[at] ^= 1
		if at%2 == 0 {
			d = whole[:at]
		}
		if err := os.WriteFile(p+readingsSuffix, d, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatal(at, err)
		}
		entered, complaints := logged(t, w, "reader", ActionViewed), logged(t, w, "tester", ActionReadings)
		if len(entered) >= n || len(complaints) != 1 && at >= readingsStart && at%2 == 1 {
			t.Fatalf("changed at %d: %d entered, %d complaints", at, len(entered), len(complaints))
		}
		for i, e := range entered {
			if e.Object != fmt.Sprint("message ", i+1) {
				t.Fatal(at, e)
			}
		}
		if err := errors.Join(w.VerifyLog(ctx), w.Close()); err != nil {
			t.Fatal(at, err)
		}
	}
	put(t, p, file, nil)
	for range 2 { // as after a crash between the commit and the removal
		if err := os.WriteFile(p+readingsSuffix, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(logged(t, w, "reader", ActionViewed)); got != n {
			t.Errorf("%d entered, not %d", got, n)
		}
		w.Close()
	}
}

// If what is read cannot be noted, it is not read.
func TestReadingThatCannotBeNoted(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 5)
	w.Close()
	c, _, line := child(t, "hold", p)
	defer kill(t, c)
	if line != "open" {
		t.Fatal(line)
	}
	g := beside(t, p)
	defer g.Close()
	if err := os.Remove(p + readingsSuffix); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(target, p+readingsSuffix) != nil {
		t.Skip("no symbolic links here")
	}
	if m, err := g.Message(ctx, 1); err == nil || len(m.Bytes) > 0 {
		t.Error("read without a note:", err)
	}
	if b := readFile(t, target); len(b) > 0 {
		t.Error("written through a link")
	}
	os.Remove(p + readingsSuffix)
	if _, err := Open(ctx, p, []byte("a wrong passphrase"), OpenOptions{Beside: true}); !errors.Is(err, ErrInUse) { // open in this process already
		t.Error(err)
	}
}
