package workspace

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"trestle/internal/inspect"
)

// Whichever way words are forgotten, what is left is found, and nothing of the rest is in the file.
func TestDeleteMany(t *testing.T) {
	ctx := context.Background()
	const all = 3000
	for _, c := range []struct {
		n   int
		how forgetting
	}{{10, wordByWord}, {800, mergeAll}, {2900, buildAgain}, {all, buildAgain}} {
		t.Run(fmt.Sprint(c.n), func(t *testing.T) {
			if how := howToForget(c.n, all); how != c.how {
				t.Fatalf("way %d, want %d", how, c.how)
			}
			w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
			defer w.Close()
			gone := idsTo(c.n)
			if _, err := w.AddMessages(ctx, marked(0, c.n)); err != nil {
				t.Fatal(err)
			}
			if c.n < all {
				add(t, w, c.n, all)
			}
			if err := w.SetNote(ctx, 1, "Zebrafish-Quillfeather called"); err != nil {
				t.Fatal(err)
			}
			stop, cancel := context.WithCancel(ctx)
			if err := w.DeleteMessagesProgress(stop, gone, func(done, total int) { cancel() }); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if n := words(t, w, "llfeather"); n == 0 {
				t.Fatal("cancelled, but words are gone")
			}
			var last int
			if err := w.DeleteMessagesProgress(ctx, append(gone, 77777, 1), func(done, total int) { last = done }); err != nil || last != c.n {
				t.Fatal(last, err)
			}
			if n := words(t, w, "llfeather"); n != 0 {
				t.Error("words of deleted messages are still in the index:", n)
			}
			if n, err := w.Count(ctx, Query{Text: "observation"}); err != nil || n != all-c.n {
				t.Error(n, err)
			}
			if err := w.checkWords(ctx); err != nil {
				t.Error(err)
			}
			l := entries(t, w)
			e := l[len(l)-2]
			if want := fmt.Sprintf("1-%d", c.n); e.Action != ActionDeleted || e.Object != plural(c.n, "message") || e.Details != want {
				t.Errorf("%+v", e)
			}
			deleteOneMore(t, w)
		})
	}
}

// words counts the blocks of the indexes of words that hold part of a word.
func words(t *testing.T, w *Workspace, part string) (n int) {
	t.Helper()
	err := w.read.QueryRow("SELECT (SELECT count(*) FROM message_words_data WHERE instr(block, CAST(? AS BLOB))>0) + "+
		"(SELECT count(*) FROM note_words_data WHERE instr(block, CAST(? AS BLOB))>0)", part, part).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// deleteOneMore checks that single deletes are thorough again after a bulk one.
func deleteOneMore(t *testing.T, w *Workspace) {
	t.Helper()
	r := sample(5)
	r.Bytes = []byte("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rPID|||1||Wombatington\r")
	ids, err := w.AddMessages(context.Background(), []inspect.Record{r})
	if err != nil || words(t, w, "wombatington") == 0 {
		t.Fatal(err)
	}
	var set int
	if err := w.read.QueryRow("SELECT v FROM message_words_config WHERE k='secure-delete'").Scan(&set); err != nil || set != 1 {
		t.Error("secure-delete is", set, err)
	}
	if err := w.DeleteMessages(context.Background(), ids); err != nil {
		t.Fatal(err)
	}
	if words(t, w, "mbatington") != 0 {
		t.Error("a single delete after a bulk one leaves words")
	}
}

// If a bulk delete fails after secure-delete was turned off, the next single delete is thorough all the same.
func TestDeleteManyFails(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 1000)
	if _, err := w.write.Exec("CREATE TRIGGER full BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'full'); END"); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{300, 900} {
		if err := w.DeleteMessages(ctx, idsTo(n)); err == nil {
			t.Fatal("deleted without an entry in the log")
		}
	}
	if _, err := w.write.Exec("DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Count(ctx, Query{Text: "observation"}); n != 1000 || err != nil {
		t.Error(n, err)
	}
	deleteOneMore(t, w)
}

// BenchmarkDelete tells what deleting a share of many messages costs; the constants in delete.go come from it.
func BenchmarkDelete(b *testing.B) {
	const all = 20_000
	for _, n := range []int{200, 2000, 5000, 19_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := newWorkspace(b, filepath.Join(b.TempDir(), "w.trestle"))
				for part := range slices.Chunk(samples(0, all), 500) {
					if _, err := w.AddMessages(context.Background(), part); err != nil {
						b.Fatal(err)
					}
				}
				start := time.Now()
				b.StartTimer()
				if err := w.DeleteMessages(context.Background(), idsTo(n)); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms")
				w.Close()
			}
		})
	}
}
