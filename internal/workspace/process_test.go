package workspace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Some tests start this test binary again as another program. What that one does is in children.
const childEnv = "TRESTLE_WORKSPACE_CHILD"

var children = map[string]func(path string) error{"hold": childHold, "write": childWrite}

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		if err := children[what](os.Args[len(os.Args)-1]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// childHold keeps a workspace open until it is killed.
func childHold(path string) error {
	if _, err := Open(context.Background(), path, testPass, OpenOptions{User: "child"}); err != nil {
		return err
	}
	fmt.Println("open")
	time.Sleep(time.Hour)
	return nil
}

// childWrite commits numbered batches without end, and says so after each. Small cache and frequent checkpoints, so that a
// kill meets every phase.
func childWrite(path string) error {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
	if err != nil {
		return err
	}
	fmt.Println("open")
	if _, err := w.write.Exec("PRAGMA cache_size=20; PRAGMA cache_spill=5; PRAGMA wal_autocheckpoint=40"); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	top, err := w.Count(ctx, Query{})
	if err != nil {
		return err
	}
	for {
		n := 1 + r.IntN(20)
		if _, err := w.AddMessages(ctx, samples(top, top+n)); err != nil {
			return err
		}
		top += n
		fmt.Println("ack", top)
		if r.IntN(3) == 0 {
			if err := w.SetNote(ctx, int64(1+r.IntN(top)), fmt.Sprint("note of ", top)); err != nil {
				return err
			}
		}
	}
}

// child starts the test binary as another program and waits for its first line.
func child(t *testing.T, what, path string) (*exec.Cmd, *bufio.Scanner, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, path)
	c.Env = append(os.Environ(), childEnv+"="+what)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(out)
	s.Scan()
	return c, s, s.Text()
}

// kill ends a child that is one of ours.
func kill(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Error(err)
	}
	c.Wait()
}

// A program that is killed at any moment loses nothing that it had acknowledged, and leaves nothing half done. The same
// file goes through many rounds.
func TestKilled(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	r := rand.New(rand.NewPCG(42, 42))
	total, earlier := 0, 0
	for round := range times(20, 1000) {
		if total > 5000 { // reading all of it takes longer each time
			p = filepath.Join(t.TempDir(), "w.trestle")
			newWorkspace(t, p).Close()
			total, earlier = 0, earlier+total
		}
		c, s, line := child(t, "write", p)
		if line != "open" {
			kill(t, c)
			t.Fatalf("round %d: %s", round, line)
		}
		acked := make(chan int, 1)
		go func() {
			last := 0
			for s.Scan() {
				fmt.Sscanf(s.Text(), "ack %d", &last)
			}
			acked <- last
		}()
		time.Sleep(time.Duration(5+r.IntN(60)) * time.Millisecond)
		kill(t, c)
		last := <-acked
		n, failures, err := readThrough(p, 0)
		if err != nil || n < last || n < total {
			t.Fatalf("round %d: acknowledged %d, found %d, before %d, failures %d: %v", round, last, n, total, failures, err)
		}
		total = n
	}
	w, err := Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkWords(t, w)
	w.Close()
	if rep, err := Verify(ctx, p, testPass, nil); err != nil || !rep.OK() || rep.Messages != int64(total) {
		t.Errorf("%+v %v", rep, err)
	}
	if total+earlier == 0 {
		t.Error("nothing was committed")
	}
	t.Logf("%d messages, 0 lost", total+earlier)
}

// After a kill, verify folds the log in by itself.
func TestVerifyAfterKill(t *testing.T) {
	im := build(t, 60, 30, 0)
	p := filepath.Join(t.TempDir(), "w.trestle")
	put(t, p, im.live, im.log)
	var calls int
	rep, err := Verify(context.Background(), p, testPass, func(done, total int64) {
		if calls++; done > total {
			t.Error(done, total)
		}
	})
	if err != nil || !rep.OK() || !rep.Recovered || rep.Messages != 60 || calls < 2 {
		t.Errorf("%+v %v, %d calls", rep, err, calls)
	}
	left, err := os.ReadDir(filepath.Dir(p))
	if err != nil || len(left) != 1 {
		t.Errorf("left beside the workspace: %v %v", left, err)
	}
	if _, err := Verify(context.Background(), p, []byte("wrong passphrase"), nil); !errors.Is(err, ErrWrongPassphrase) {
		t.Error(err)
	}
}

// A second program is refused while the first lives, hears who has it, and gets in after the first was killed.
func TestSecondProgram(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	c, _, line := child(t, "hold", p)
	if line != "open" {
		kill(t, c)
		t.Fatal(line)
	}
	for name, try := range map[string]func() error{
		"open":   func() error { _, err := Open(ctx, p, testPass, OpenOptions{}); return err },
		"verify": func() error { _, err := Verify(ctx, p, testPass, nil); return err },
	} {
		err := try()
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d of %s", c.Process.Pid, systemUser())) {
			t.Errorf("%s: %v", name, err)
		}
	}
	kill(t, c)
	w, err := Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal("the lock outlived its holder:", err)
	}
	c, s, line := child(t, "hold", p)
	if !strings.Contains(line, fmt.Sprintf("process %d", os.Getpid())) {
		t.Error("the other program heard:", line)
	}
	s.Scan()
	c.Wait()
	if _, err := Open(ctx, p, testPass, OpenOptions{}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "already in this program") {
		t.Error(err)
	}
	link := filepath.Join(filepath.Dir(p), "link.trestle")
	if os.Symlink(p, link) == nil {
		if _, err := Open(ctx, link, testPass, OpenOptions{}); !errors.Is(err, ErrInUse) {
			t.Error("by another name:", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// One writes, four read: no error, and every reader sees whole batches.
func TestReadersAndWriter(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	if _, err := w.write.Exec("PRAGMA wal_autocheckpoint=50"); err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, 10)
	end := time.Now().Add(2 * time.Second)
	if long() {
		end = time.Now().Add(10 * time.Minute)
	}
	var group sync.WaitGroup
	failures := make(chan error, 10)
	run := func(f func(i int) error) {
		group.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				if err := f(i); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	written := 10
	run(func(int) error {
		_, err := w.AddMessages(ctx, samples(written, written+10))
		written += 10
		return err
	})
	for reader := range 4 {
		run(func(i int) error {
			ids, err := w.IDs(ctx, Query{Type: "ADT", Sort: "mrn"})
			if err != nil {
				return err
			}
			n, err := w.Count(ctx, Query{})
			if err != nil {
				return err
			}
			if n%10 != 0 || len(ids) == 0 {
				return fmt.Errorf("half a batch: %d", n)
			}
			id := ids[(i*7+reader)%len(ids)]
			m, err := w.Message(ctx, id)
			if err != nil {
				return err
			}
			if string(m.Bytes) != string(sample(int(id-1)).Bytes) {
				return errWrong
			}
			_, err = w.Rows(ctx, ids[:min(40, len(ids))])
			return err
		})
	}
	checks, checkpoints := 0, 0
	run(func(int) error { // while others append
		checks++
		return w.VerifyLog(ctx)
	})
	run(func(int) error { // the log is folded in and begins anew under the readers
		checkpoints++
		time.Sleep(20 * time.Millisecond)
		return w.checkpoint(ctx)
	})
	group.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
	t.Logf("%d messages written beside four readers, %d checks of the log, %d checkpoints", written, checks, checkpoints)
}
