package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
)

func numbered(n int, failing error) iter.Seq2[SetMessage, error] {
	return func(yield func(SetMessage, error) bool) {
		for i := range n {
			if !yield(SetMessage{Label: fmt.Sprint("message ", i), Bytes: sample(i).Bytes}, nil) {
				return
			}
		}
		if failing != nil {
			yield(SetMessage{}, failing)
		}
	}
}

func TestSets(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	s, err := w.PutSet(ctx, " Baseline ", numbered(1234, nil), false)
	if err != nil || s.Name != "Baseline" || s.Messages != 1234 || s.Bytes == 0 || s.Author != "tester" {
		t.Fatalf("%+v %v", s, err)
	}
	read := func(name string) (n int) {
		for m, err := range w.SetMessages(ctx, name) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Label != fmt.Sprint("message ", n) || !bytes.Equal(m.Bytes, sample(n).Bytes) {
				t.Fatal(errWrong)
			}
			n++
		}
		return n
	}
	if n := read("baseline"); n != 1234 {
		t.Error(n)
	}
	if _, err := w.PutSet(ctx, "baseline", numbered(1, nil), false); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	broken := errors.New("the file ended")
	if _, err := w.PutSet(ctx, "baseline", numbered(700, broken), true); !errors.Is(err, broken) {
		t.Error(err)
	}
	if n := read("Baseline"); n != 1234 {
		t.Error("a set that failed changed the one before:", n)
	}
	cancelled, cancel := context.WithCancel(ctx)
	_, err = w.PutSet(cancelled, "other", func(yield func(SetMessage, error) bool) {
		for m, err := range numbered(600, nil) {
			if !yield(m, err) {
				return
			}
		}
		cancel()
	}, false)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// from the workspace's own messages, the reading of which is logged meanwhile
	add(t, w, 0, 600)
	ids, err := w.IDs(ctx, Query{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.PutSet(ctx, "baseline", func(yield func(SetMessage, error) bool) {
		for m, err := range w.Messages(ctx, ids) {
			if !yield(SetMessage{fmt.Sprint("message ", m.ID-1), m.Bytes}, err) {
				return
			}
		}
	}, true)
	if err != nil || read("baseline") != 600 {
		t.Error(err)
	}
	if err := errors.Join(w.RenameSet(ctx, "baseline", "BASELINE"), w.RenameSet(ctx, "BASELINE", "After go-live")); err != nil {
		t.Error(err)
	}
	if err := w.RenameSet(ctx, "baseline", "x"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	for _, err := range w.SetMessages(ctx, "baseline") {
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	taken := 0
	for _, err := range w.SetMessages(ctx, "after go-live") {
		if taken++; taken == 1 {
			if err := w.DeleteSet(ctx, "after go-live"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil && !errors.Is(err, ErrChanged) || err == nil && taken == 600 {
			t.Error(taken, err)
		}
	}
	list, err := w.Sets(ctx)
	var left int
	if e := w.read.QueryRow("SELECT (SELECT count(*) FROM sets)+(SELECT count(*) FROM set_messages)").Scan(&left); e != nil || err != nil || len(list) != 0 || left != 0 {
		t.Error(list, left, e, err)
	}
}
