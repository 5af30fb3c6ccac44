package workspace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint"
)

func init() { children["receive"] = childReceive }

// childReceive appends exchanges as many connections do, and says of each batch when it is acknowledged. Its control IDs tell which
// process and connection an exchange is of, and count.
func childReceive(path string) error {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
	if err != nil {
		return err
	}
	j, err := w.OpenJournal(ctx)
	if err != nil {
		return err
	}
	if _, err := w.write.Exec("PRAGMA cache_size=20; PRAGMA cache_spill=5; PRAGMA wal_autocheckpoint=40"); err != nil {
		return err
	}
	fmt.Println("open")
	var out sync.Mutex
	var group sync.WaitGroup
	failed := make(chan error, 16)
	for c := range 16 {
		group.Go(func() {
			for i := 0; ; i++ {
				e := exchange(i)
				e.ControlID = fmt.Sprintf("%d-%d-%d", os.Getpid(), c, i)
				e.Request = append(e.Request, e.ControlID...)
				e.Seal(true)
				if err := j.Append(ctx, []*endpoint.Exchange{e}); err != nil {
					failed <- err
					return
				}
				j.Complete(ctx, []endpoint.Completion{{ID: e.ID, Committed: time.Now(), ReplyWritten: time.Now()}})
				out.Lock()
				fmt.Println("ack", e.ControlID)
				out.Unlock()
			}
		})
	}
	group.Wait()
	return <-failed
}

// A listener that is killed at any moment has lost nothing that it had acknowledged; what it counted is what is there; and the access log
// tells of all of it when the journal is opened again.
func TestJournalKilled(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	r := rand.New(rand.NewPCG(7, 7))
	acknowledged := 0
	for round := range times(4, 50) {
		c, s, line := child(t, "receive", p)
		if line != "open" {
			kill(t, c)
			t.Fatalf("round %d: %s", round, line)
		}
		acked := make(chan []string, 1)
		go func() {
			var list []string
			for s.Scan() {
				if id, ok := strings.CutPrefix(s.Text(), "ack "); ok {
					list = append(list, id)
				}
			}
			acked <- list
		}()
		time.Sleep(time.Duration(30+r.IntN(150)) * time.Millisecond)
		kill(t, c)
		list := <-acked
		if n := len(list); n > 0 && strings.Count(list[n-1], "-") != 2 { // cut off in the middle of a line
			list = list[:n-1]
		}
		acknowledged += len(list)
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		j := openJournal(t, w)
		there := map[string]bool{}
		for e, err := range w.ReadExchanges(ctx, ExchangeQuery{}) {
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if !strings.HasSuffix(string(e.Request), e.ControlID) {
				t.Fatalf("round %d: %v", round, errWrong)
			}
			there[e.ControlID] = true
		}
		lost := 0
		for _, id := range list {
			if !there[id] {
				lost++
			}
		}
		if lost > 0 {
			t.Fatalf("round %d: %d of %d acknowledged exchanges are lost", round, lost, len(list))
		}
		checkCounts(t, w)
		var untold int
		err = w.read.QueryRow("SELECT count(*) FROM exchange_endpoints p JOIN exchanges e ON e.endpoint=p.id WHERE e.id>p.logged").Scan(&untold)
		if err != nil || untold > 0 {
			t.Errorf("round %d: %d exchanges are not in the access log: %v", round, untold, err)
		}
		if err := errors.Join(w.VerifyLog(ctx), j.Close(), w.Close()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	if rep, err := Verify(ctx, p, testPass, nil); err != nil || !rep.OK() {
		t.Errorf("%+v %v", rep, err)
	}
	if acknowledged == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d exchanges acknowledged, 0 lost", acknowledged)
}

// While exchanges come, the window reads and others write; the log of the file is folded in meanwhile and does not grow without end.
func TestJournalBesideReaders(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	var group sync.WaitGroup
	end := time.Now().Add(time.Duration(times(1500, 60_000)) * time.Millisecond)
	for c := range 8 {
		group.Go(func() {
			for i := c; time.Now().Before(end); i += 8 {
				batch := []*endpoint.Exchange{exchange(i), exchange(i)}
				if err := j.Append(ctx, batch); err != nil {
					t.Error(err)
					return
				}
				j.Complete(ctx, []endpoint.Completion{{ID: batch[0].ID, ReplyWritten: time.Now()}})
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for time.Now().Before(end) {
				n, err := w.CountExchanges(ctx, ExchangeQuery{Endpoint: "Riverbend ADT"})
				if err != nil || n%2 != 0 {
					t.Errorf("half a batch: %d, %v", n, err)
					return
				}
				list, err := w.Exchanges(ctx, ExchangeQuery{}, ExchangePage{Limit: 100})
				if err != nil {
					t.Error(err)
					return
				}
				if len(list) > 0 {
					if _, err := w.Exchange(ctx, list[0].ID); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	group.Go(func() {
		for i := 0; time.Now().Before(end); i++ {
			if err := w.SetSetting(ctx, "beside", fmt.Sprint(i)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	group.Wait()
	checkCounts(t, w)
	if fi, err := os.Stat(w.path + "-wal"); err != nil || fi.Size() > 2*foldAll*pageSize {
		t.Errorf("the log has %d bytes: %v", fi.Size(), err)
	}
}
