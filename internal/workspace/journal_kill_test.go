package workspace

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/mllp"
)

func init() { children["receive"], children["listen"] = childReceive, childListen }

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

// childListen is a mock partner that keeps what it receives in the workspace, until it is killed.
func childListen(path string) error {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
	if err != nil {
		return err
	}
	j, err := w.OpenJournal(ctx)
	if err != nil {
		return err
	}
	l, err := endpoint.NewListener(endpoint.Config{Name: "Riverbend ADT", Address: "127.0.0.1:0"}, rules.File{}, endpoint.Options{Journal: j})
	if err != nil {
		return err
	}
	if err := l.Listen(ctx); err != nil {
		return err
	}
	fmt.Println("open", l.Addr())
	return l.Run(ctx)
}

// Whoever appends is killed at any moment, and has lost nothing that was acknowledged; what is counted is what is there; and the access
// log tells of all of it when the journal is opened again.
func TestJournalKilled(t *testing.T) {
	killed(t, "receive", times(4, 50), func(s *bufio.Scanner, _ string, _ int) (acknowledged []string) {
		for s.Scan() {
			if id, ok := strings.CutPrefix(s.Text(), "ack "); ok && strings.Count(id, "-") == 2 {
				acknowledged = append(acknowledged, id)
			}
		}
		return acknowledged[:max(0, len(acknowledged)-1)] // the last may be cut off in the middle of its number
	})
}

// The same by the network: every message that got a positive acknowledgement from a listener is in the workspace.
func TestListenerKilled(t *testing.T) {
	killed(t, "listen", times(3, 50), func(_ *bufio.Scanner, address string, round int) (acknowledged []string) {
		var group sync.WaitGroup
		var mu sync.Mutex
		for c := range 16 {
			group.Go(func() {
				client, err := (&mllp.Dialer{}).Dial(context.Background(), address)
				if err != nil { // killed already
					return
				}
				defer client.Close()
				for i := 0; ; i++ {
					id := fmt.Sprintf("%d-%d-%d", round, c, i)
					message := bytes.Replace(exchange(7).Request, []byte("MSG0000007"), []byte(id), 1)
					answer, err := client.Send(context.Background(), message, nil)
					if err != nil {
						return
					}
					if bytes.Contains(answer.Event.Bytes, []byte("MSA|AA|"+id)) {
						mu.Lock()
						acknowledged = append(acknowledged, id)
						mu.Unlock()
					}
				}
			})
		}
		group.Wait()
		return acknowledged
	})
}

// killed runs a child on one workspace for some rounds, kills it at any moment, and looks for the control IDs that observe saw
// acknowledged. observe ends when the child does; it gets what the child wrote after "open".
func killed(t *testing.T, what string, rounds int, observe func(s *bufio.Scanner, opened string, round int) []string) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	r := rand.New(rand.NewPCG(7, 7))
	total := 0
	for round := range rounds {
		c, s, line := child(t, what, p)
		opened, ok := strings.CutPrefix(line, "open")
		if !ok {
			kill(t, c)
			t.Fatalf("round %d: %s", round, line)
		}
		acked := make(chan []string, 1)
		go func() { acked <- observe(s, strings.TrimSpace(opened), round) }()
		time.Sleep(time.Duration(50+r.IntN(200)) * time.Millisecond)
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
		list := <-acked
		c.Wait()
		total += len(list)
		if err := journalHolds(ctx, t, p, list); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	if rep, err := Verify(ctx, p, testPass, nil); err != nil || !rep.OK() {
		t.Errorf("%+v %v", rep, err)
	}
	if total == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d exchanges acknowledged in %d rounds, 0 lost", total, rounds)
}

// journalHolds looks for acknowledged exchanges after a kill, and whether the rest of the journal fits together.
func journalHolds(ctx context.Context, t *testing.T, path string, acknowledged []string) error {
	w, err := Open(ctx, path, testPass, OpenOptions{User: "tester"})
	if err != nil {
		return err
	}
	defer w.Close()
	j, err := w.OpenJournal(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	there := map[string]bool{}
	for e, err := range w.ReadExchanges(ctx, ExchangeQuery{}) {
		if err != nil {
			return err
		}
		if !bytes.Contains(e.Request, []byte(e.ControlID)) {
			return errWrong
		}
		there[e.ControlID] = true
	}
	lost := 0
	for _, id := range acknowledged {
		if !there[id] {
			lost++
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d of %d acknowledged exchanges are lost", lost, len(acknowledged))
	}
	checkCounts(t, w)
	var untold int
	if err := w.read.QueryRow("SELECT count(*) FROM exchange_endpoints p JOIN exchanges e ON e.endpoint=p.id WHERE e.id>p.logged").Scan(&untold); err != nil || untold > 0 {
		return fmt.Errorf("%d exchanges are not in the access log: %v", untold, err)
	}
	return w.VerifyLog(ctx)
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
