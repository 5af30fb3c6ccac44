package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func init() { children["rekey"] = childRekey }

// turns are the passphrases between which childRekey goes back and forth.
var turns = [][]byte{testPass, []byte("the other passphrase")}

// openEither opens a workspace with whichever of the passphrases it has now.
func openEither(path string) (w *Workspace, turn int, err error) {
	for turn = range turns {
		w, err = Open(context.Background(), path, turns[turn], OpenOptions{User: "child"})
		if !errors.Is(err, ErrWrongPassphrase) {
			return w, turn, err
		}
	}
	return nil, 0, err
}

// childRekey adds messages, makes a backup and a new data key, over and over.
func childRekey(path string) error {
	ctx := context.Background()
	for {
		w, turn, err := openEither(path)
		if err != nil {
			return err
		}
		fmt.Println("open")
		top, err := w.Count(ctx, Query{})
		if err != nil {
			return err
		}
		if _, err := w.AddMessages(ctx, samples(top, top+5)); err != nil {
			return err
		}
		fmt.Println("ack", top+5)
		if _, _, err := w.BackupTo(ctx, filepath.Join(filepath.Dir(path), "backups"), 2, nil); err != nil {
			return err
		}
		if _, err := w.Rekey(ctx, []NewKey{{"child", turns[1-turn]}}, nil); err != nil {
			return err
		}
		fmt.Println("turned")
	}
}

// A program killed while it makes backups and new data keys leaves a workspace that opens with the old or the new passphrase, with
// everything in it; every file that has the name of a backup is a whole one.
func TestRekeyKilled(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p, backups := filepath.Join(dir, "w.trestle"), filepath.Join(dir, "backups")
	if err := os.Mkdir(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	newWorkspace(t, p).Close()
	r := rand.New(rand.NewPCG(3, 9))
	last, turned := 0, 0
	for round := range times(15, 500) {
		c, s, line := child(t, "rekey", p)
		if line != "open" {
			kill(t, c)
			t.Fatalf("round %d: %s", round, line)
		}
		acked, finished := make(chan int, 1), make(chan struct{}, 1)
		go func() {
			n := 0
			for s.Scan() {
				fmt.Sscanf(s.Text(), "ack %d", &n)
				if s.Text() == "turned" {
					turned++
					select {
					case finished <- struct{}{}:
					default:
					}
				}
			}
			acked <- n
		}()
		if round%5 == 4 { // on a busy computer too some are to come to their end before the kill
			select {
			case <-finished:
			case <-time.After(20 * time.Second):
			}
		}
		time.Sleep(time.Duration(10+r.IntN(150)) * time.Millisecond)
		kill(t, c)
		last = max(last, <-acked)
		w, turn, err := openEither(p)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		n, err := w.Count(ctx, Query{})
		if err != nil || n < last || w.VerifyLog(ctx) != nil {
			t.Fatalf("round %d: acknowledged %d, found %d: %v", round, last, n, err)
		}
		w.Close()
		if rep, err := Verify(ctx, p, turns[turn], nil); err != nil || !rep.OK() {
			t.Fatalf("round %d: %+v %v", round, rep, err)
		}
	}
	if turned == 0 {
		t.Error("no new data key was finished: the test proves little")
	}
	whole := 0
	for _, name := range names(t, backups) {
		if !strings.HasSuffix(name, ".trestle") {
			continue
		}
		w, turn, err := openEither(filepath.Join(backups, name))
		if err != nil {
			t.Fatal(name, err)
		}
		w.Close()
		if rep, err := Verify(ctx, filepath.Join(backups, name), turns[turn], nil); err != nil || !rep.OK() {
			t.Errorf("%s: %+v %v", name, rep, err)
		}
		whole++
	}
	t.Logf("%d messages, %d new data keys, %d backups whole", last, turned, whole)
}

// What others write while the data key changes is in the new file, or was refused; what they read is right or refused.
func TestRekeyUnderLoad(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 200)
	type result struct {
		n   int
		err error
	}
	wrote, read := make(chan result, 1), make(chan result, 3)
	go func() {
		for n := 200; ; n++ {
			if _, err := w.AddMessages(ctx, samples(n, n+1)); err != nil {
				wrote <- result{n, err}
				return
			}
		}
	}()
	for range cap(read) {
		go func() {
			for n := 0; ; n++ {
				if rows, err := w.Rows(ctx, idsTo(200)); err != nil || len(rows) != 200 {
					read <- result{n, err}
					return
				}
			}
		}()
	}
	time.Sleep(30 * time.Millisecond)
	if _, err := w.Rekey(ctx, newKeys(1), nil); err != nil {
		t.Fatal(err)
	}
	acked := <-wrote
	if !errors.Is(acked.err, fs.ErrClosed) || acked.n == 200 {
		t.Errorf("%+v", acked)
	}
	for range cap(read) {
		if r := <-read; !errors.Is(r.err, fs.ErrClosed) || r.n == 0 {
			t.Errorf("%+v", r)
		}
	}
	w, err := Open(ctx, p, newKeys(1)[0].Passphrase, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if n, err := w.Count(ctx, Query{}); n != acked.n || err != nil {
		t.Errorf("%d messages were acknowledged, %d are there: %v", acked.n, n, err)
	}
}
