//go:build linux

package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Power cuts while a backup or a new data key is made. Until the new file takes its place the old one must be as it was, wherever the power goes; and when
// it does, everything that SQLite has written of it must be synced. The recorder sees SQLite's writes and syncs, not those of Go: the header, which
// Go writes and syncs before all else, is taken from the finished file, and the sync that Go adds at the end is taken for none, which is the harder case.

func init() {
	children["powercut-rekey"] = besideWriting(func(ctx context.Context, w *Workspace, path string) error {
		_, err := w.Rekey(ctx, []NewKey{{"tester", testPass}}, nil)
		return err
	})
	children["powercut-backup"] = besideWriting(func(ctx context.Context, w *Workspace, path string) error {
		_, err := w.Backup(ctx, filepath.Join(filepath.Dir(path), "b.trestle"), nil)
		return err
	})
}

// besideWriting is a child that commits batches, some of them while the copy is made where that is possible, and ends without closing.
func besideWriting(copy func(ctx context.Context, w *Workspace, path string) error) func(string) error {
	return func(path string) error {
		ctx := context.Background()
		w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
		if err != nil {
			return err
		}
		top, err := w.Count(ctx, Query{})
		if err != nil {
			return err
		}
		write := func(batches int) error {
			for range batches {
				if _, err := w.AddMessages(ctx, samples(top, top+10)); err != nil {
					return err
				}
				top += 10
				fmt.Println("ack", top, time.Now().UnixNano())
			}
			return nil
		}
		if err := write(20); err != nil {
			return err
		}
		done := make(chan error)
		go func() { done <- copy(ctx, w, path) }()
		err = write(20) // ends with fs.ErrClosed when a new data key has closed the workspace
		if err = errors.Join(<-done, notClosed(err)); err != nil {
			return err
		}
		syscall.Exit(0)
		return nil
	}
}

func notClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// synced is what of a file was synced in the end.
func (rec recording) synced(name string) (b []byte) {
	var pending []diskOp
	for _, o := range rec.ops {
		switch {
		case o.name != name:
		case o.kind == opSync:
			for _, q := range pending {
				b = q.apply(b, nil, false)
			}
			pending = nil
		case o.kind != opUnlink:
			pending = append(pending, o)
		}
	}
	return b
}

func TestPowerCutOfCopies(t *testing.T) {
	for action, names := range map[string][2]string{
		"powercut-rekey":  {"w.trestle" + rekeyPart, "w.trestle"},
		"powercut-backup": {"b.trestle" + unfinished, "b.trestle"},
	} {
		t.Run(action, func(t *testing.T) {
			rec := record(t, action)
			n := times(40, 200)
			lost, corrupt, ahead, first := rec.cuts(t, n)
			t.Logf("%d operations, %d syncs; %d cuts: %d messages lost, %d corrupt, %d ahead", len(rec.ops), rec.syncs, n, lost, corrupt, ahead)
			if lost+corrupt > 0 {
				t.Error(first)
			}
			made := rec.synced(names[0])
			if len(made) == 0 {
				t.Fatal("nothing of the copy was recorded")
			}
			finished := readFile(t, filepath.Join(rec.live, names[1]))
			copy(made, finished[:65536])
			p := filepath.Join(t.TempDir(), "w.trestle")
			put(t, p, made, nil)
			if found, failures, err := readThrough(p, 0); err != nil || failures > 0 || found < rec.start+200 {
				t.Errorf("of what was synced of the copy: %d messages, %d failures, %v", found, failures, err)
			}
		})
	}
}
