package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// waits takes the place of the clock: it collects how long tries would wait, and lets them through by making what was remembered older.
func waits(t *testing.T) *[]time.Duration {
	t.Helper()
	var list []time.Duration
	before := pause
	pause = func(ctx context.Context, d time.Duration) error {
		list = append(list, d.Round(100*time.Millisecond))
		triedMu.Lock()
		defer triedMu.Unlock()
		for id, was := range tried {
			tried[id] = tries{was.n, was.last.Add(-maxWait)}
		}
		return ctx.Err()
	}
	t.Cleanup(func() { pause = before })
	return &list
}

func TestWaitAfter(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 0, 2: 0, 3: time.Second, 4: 2 * time.Second, 8: 32 * time.Second, 9: time.Minute, 1e6: time.Minute} {
		if got := waitAfter(n); got != want {
			t.Errorf("after %d: %v, want %v", n, got, want)
		}
	}
	now := time.Now()
	for name, c := range map[string]struct {
		t    tries
		want time.Duration
	}{
		"at once":        {tries{5, now}, 4 * time.Second},
		"a while after":  {tries{5, now.Add(-3 * time.Second)}, time.Second},
		"long after":     {tries{5, now.Add(-time.Hour)}, 0},
		"future, forged": {tries{5, now.Add(24 * time.Hour)}, 4 * time.Second},
	} {
		if got := c.t.left(now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Wrong passphrases wait longer and longer, by whatever way they are tried, and are in the access log after the right one.
func TestWrongPassphrasesAreSlowed(t *testing.T) {
	ctx, list := context.Background(), waits(t)
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	wrong := []byte("a wrong passphrase")
	try := []func() error{
		func() error { _, err := Open(ctx, p, wrong, OpenOptions{}); return err },
		func() error { _, err := Verify(ctx, p, wrong, nil); return err },
		func() error { _, err := Dispose(ctx, p, wrong, OpenOptions{}); return err },
	}
	var last error
	for i := range 6 {
		if last = try[i%3](); !errors.Is(last, ErrWrongPassphrase) {
			t.Fatal(i, last)
		}
	}
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}; len(*list) != 3 || (*list)[0] != want[0] || (*list)[1] != want[1] || (*list)[2] != want[2] {
		t.Errorf("waited %v, want %v", *list, want)
	}
	if !strings.Contains(last.Error(), "wrong 6 times, so the next try waits 8 seconds") {
		t.Error(last)
	}
	if d := NextTry(p); d < 7*time.Second || d > 8*time.Second {
		t.Errorf("the next try waits %v", d)
	}
	given, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(given, p, testPass, OpenOptions{}); !errors.Is(err, context.Canceled) {
		t.Error("the wait cannot be given up:", err)
	}
	w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := w.Log(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range log {
		if e.Action == ActionWrongPassphrase {
			found = e.Result == "not opened" && strings.Contains(e.Details, "6 since") && strings.Contains(e.Details, "up to 8 seconds")
		}
	}
	if !found {
		t.Errorf("not in the log: %+v", log)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if d := NextTry(p); d != 0 {
		t.Error("the right passphrase did not end the waiting:", d)
	}
}

// Who removes the lock file does not remove what the process remembers, and the log says that there was less in it; a new process
// knows what is in the lock file.
func TestTriesAreRememberedTwice(t *testing.T) {
	ctx, list := context.Background(), waits(t)
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	id := w.header.FileID()
	w.Close()
	for range 4 {
		Open(ctx, p, []byte("a wrong passphrase"), OpenOptions{})
	}
	if err := os.Remove(p + ".lock"); err != nil {
		t.Fatal(err)
	}
	if NextTry(p) == 0 {
		t.Error("without the lock file nothing is remembered")
	}
	w, err := Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := w.SearchLog(ctx, LogQuery{Action: ActionWrongPassphrase})
	if err != nil || len(entries) != 1 || !strings.Contains(entries[0].Details, "tells of 0") {
		t.Errorf("%+v %v", entries, err)
	}
	w.Close()
	for range 4 {
		Open(ctx, p, []byte("a wrong passphrase"), OpenOptions{})
	}
	forgetWrong(id) // as another process would
	if NextTry(p) == 0 || len(*list) < 2 {
		t.Error("another process does not wait")
	}
}

// The window that is locked over open work asks like the first place does.
func TestCheck(t *testing.T) {
	ctx, list := context.Background(), waits(t)
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	code, err := w.AddRecovery(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := w.Check(ctx, []byte("a wrong passphrase")); !errors.Is(err, ErrWrongPassphrase) {
			t.Fatal(err)
		}
	}
	if len(*list) != 1 || (*list)[0] != time.Second {
		t.Errorf("waited %v", *list)
	}
	for _, right := range [][]byte{testPass, code} {
		if err := w.Check(ctx, right); err != nil {
			t.Error(err)
		}
	}
	wrong, err1 := w.SearchLog(ctx, LogQuery{Action: ActionWrongPassphrase})
	opened, err2 := w.SearchLog(ctx, LogQuery{Action: ActionOpened})
	if err := errors.Join(err1, err2); err != nil || len(wrong) != 4 || len(opened) != 2 {
		t.Errorf("%d wrong, %d opened: %v", len(wrong), len(opened), err)
	}
}
