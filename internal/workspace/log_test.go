package workspace

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// remakeSum mends the checksum of a header copy.
func remakeSum(b []byte) {
	s := sha256.Sum256(b[:4064])
	copy(b[4064:], s[:])
}

// unprotect takes off what keeps SQL from changing the log.
const unprotect = "DROP TRIGGER access_log_no_update; DROP TRIGGER access_log_no_delete; DROP TRIGGER access_log_only_append;"

func entries(t *testing.T, w *Workspace) []LogEntry {
	t.Helper()
	l, err := w.Log(context.Background(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Every act writes itself down, and the same reading within five minutes only once.
func TestEveryActIsLogged(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add(t, w, 0, 3)
	view := func(id int64) { _, err := w.Message(ctx, id); do(err) }
	view(2)
	view(2)
	view(3)
	q := Query{Text: "quenby"}
	_, err := w.Count(ctx, q)
	do(err)
	_, err = w.IDs(ctx, q)
	do(err)
	q.Sort = "time"
	_, err = w.IDs(ctx, q)
	do(err)
	_, err = w.IDs(ctx, Query{})
	do(err)
	do(w.SetNote(ctx, 1, "call the sender"))
	do(w.SetNote(ctx, 1, ""))
	do(w.SetTags(ctx, 1, []string{"open", "late"}))
	do(w.DeleteMessages(ctx, []int64{3, 99}))
	do(w.LogExport(ctx, "messages", 2, "out.hl7"))
	do(w.Close())
	do2 := func(pass string) error {
		_, err := Open(ctx, w.Path(), []byte(pass), OpenOptions{})
		return err
	}
	if err := errors.Join(do2("wrong one"), do2("wrong two")); !errors.Is(err, ErrWrongPassphrase) {
		t.Fatal(err)
	}
	w, err = Open(ctx, w.Path(), testPass, OpenOptions{User: "second"})
	do(err)
	var got []string
	for _, e := range entries(t, w) {
		got = append(got, fmt.Sprintf("%d %s %s %s %s", e.Seq, e.User, e.Action, e.Object, e.Details))
		if time.Since(e.Time) > time.Minute || time.Since(e.Time) < 0 {
			t.Error("time", e.Time)
		}
	}
	size := func(i int) int { return len(sample(i).Bytes) }
	want := []string{
		"1 tester created w.trestle ",
		fmt.Sprintf("2 tester imported sample.hl7 3 messages, %d bytes", size(0)+size(1)+size(2)),
		"3 tester viewed message 2 ",
		"4 tester viewed message 3 ",
		"5 tester searched messages quenby",
		"6 tester noted message 1 ",
		"7 tester noted message 1 removed",
		"8 tester tagged message 1 open, late",
		"9 tester deleted 1 message 3",
		"10 tester exported out.hl7 messages: 2",
		"11 tester closed w.trestle ",
		"12 second wrong passphrase w.trestle 2 since it was last opened",
		"13 second opened w.trestle ",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("entry %d:\ngot  %s\nwant %s", i+1, strings.Join(got[min(i, len(got)):], "\n     "), strings.Join(want[min(i, len(want)):], "\n     "))
		}
	}
	do(w.VerifyLog(ctx))
	do(w.Close())
	w, err = Open(ctx, w.Path(), testPass, OpenOptions{})
	do(err)
	defer w.Close()
	if l := entries(t, w); l[len(l)-1].Action != ActionOpened || l[len(l)-2].Action != ActionClosed {
		t.Error("wrong passphrases were told twice")
	}
}

// If the log cannot be written, nothing is handed out and nothing is done.
func TestNoActWithoutLog(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.abandon()
	add(t, w, 0, 3)
	if _, err := w.write.Exec("CREATE TRIGGER full BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'full'); END"); err != nil {
		t.Fatal(err)
	}
	if m, err := w.Message(ctx, 1); err == nil || m.Bytes != nil {
		t.Error("a message was handed out")
	}
	if ids, err := w.IDs(ctx, Query{Text: "quenby"}); err == nil || ids != nil {
		t.Error("a search was answered")
	}
	if _, err := w.AddMessages(ctx, samples(3, 4)); err == nil {
		t.Error("a message was stored")
	}
	if err := w.DeleteMessages(ctx, []int64{1}); err == nil {
		t.Error("a message was deleted")
	}
	if err := errors.Join(w.SetNote(ctx, 1, "x"), w.SetTags(ctx, 1, []string{"x"}), w.LogExport(ctx, "x", 1, "x")); err == nil {
		t.Error("something was done")
	}
	if n, err := w.Count(ctx, Query{}); n != 3 || err != nil {
		t.Error(n, err)
	}
}

// What whoever lacks the key can do to the rows is found: edits, gaps, reordering, cutting off the end.
func TestLogChain(t *testing.T) {
	ctx := context.Background()
	for name, sql := range map[string]string{
		"user":      "UPDATE access_log SET user='somebody else' WHERE seq=2",
		"details":   "UPDATE access_log SET details='' WHERE seq=2",
		"time":      "UPDATE access_log SET at=at+1 WHERE seq=2",
		"shifted":   "UPDATE access_log SET action='importedsample.hl7', object='' WHERE seq=2",
		"gap":       "DELETE FROM access_log WHERE seq=2",
		"first":     "DELETE FROM access_log WHERE seq=1",
		"last":      "DELETE FROM access_log WHERE seq=(SELECT max(seq) FROM access_log)",
		"all":       "DELETE FROM access_log",
		"closed up": "DELETE FROM access_log WHERE seq=2; UPDATE access_log SET seq=seq-1 WHERE seq>2",
		"reordered": "UPDATE access_log SET seq=-seq WHERE seq IN (2,3); UPDATE access_log SET seq=5+seq WHERE seq<0",
		"added":     "INSERT INTO access_log SELECT seq+1, at, user, action, object, details, mac, tool, result FROM access_log ORDER BY seq DESC LIMIT 1",
		"result":    "UPDATE access_log SET result='failed' WHERE seq=2",
		"tool":      "UPDATE access_log SET tool='window' WHERE seq=2",
		"no head":   "DELETE FROM access_log_head",
	} {
		w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
		add(t, w, 0, 1)
		if _, err := w.Message(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if err := w.VerifyLog(ctx); err != nil {
			t.Fatal("untouched:", err)
		}
		if _, err := w.write.Exec(unprotect + sql); err != nil {
			t.Fatal(name, err)
		}
		if err := w.VerifyLog(ctx); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		w.abandon()
		if name == "details" || name == "closed up" {
			w, err := Open(ctx, w.path, testPass, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if warnings := strings.Join(w.Warnings(), " "); !strings.Contains(warnings, "entry 2 ") {
				t.Errorf("%s: opening did not warn of the log: %s", name, warnings)
			}
			w.Close()
		}
		if name == "last" {
			w, err := Open(ctx, w.path, testPass, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(w.Warnings()) == 0 {
				t.Error("opening did not warn of the log")
			}
			if err := w.VerifyLog(ctx); !errors.Is(err, ErrDamaged) {
				t.Error("writing on hid what was cut off:", err)
			}
			w.Close()
		}
	}
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 1)
	for _, sql := range []string{"UPDATE access_log SET user='x'", "DELETE FROM access_log", "INSERT OR REPLACE INTO access_log SELECT * FROM access_log", "INSERT INTO access_log(seq,at,user,action,object,details,mac) VALUES(9,1,'','','','',x'00')"} {
		if _, err := w.write.Exec(sql); err == nil {
			t.Error("the triggers let through:", sql)
		}
	}
	for _, db := range []string{"DELETE FROM messages", "PRAGMA user_version=7", "ATTACH ':memory:' AS x"} {
		if _, err := w.read.Exec(db); err == nil {
			t.Error("a reader could run:", db)
		}
	}
}
