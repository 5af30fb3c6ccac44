package workspace

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"trestle/internal/compare"
	"trestle/internal/endpoint"
)

// What lies in the workspace is compared message by message with what it was, without a copy.
func TestComparedSides(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 40)
	if _, err := w.PutSet(ctx, "baseline", numbered(40, nil), false); err != nil {
		t.Fatal(err)
	}
	j := openJournal(t, w)
	var want []*endpoint.Exchange
	for i := range 40 {
		e := exchange(i)
		e.Run, e.Request = "a run", sample(i).Bytes
		e.Seal(i != 3)
		want = append(want, e)
	}
	appendAll(t, j, want...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	ids, err := w.IDs(ctx, Query{})
	if err != nil {
		t.Fatal(err)
	}
	run := ExchangeQuery{Run: "a run"}
	for name, c := range map[string]struct {
		side  compare.Source
		count int
		want  func(i int) []byte
	}{
		"messages": {w.CompareMessages(ids), 40, func(i int) []byte { return sample(i).Bytes }},
		"set":      {w.CompareSet("Baseline"), 40, func(i int) []byte { return sample(i).Bytes }},
		"requests": {w.CompareExchanges(run, false), 39, func(i int) []byte { return sample(i + min(1, i/3)).Bytes }},
		"replies":  {w.CompareExchanges(run, true), 39, func(i int) []byte { return exchange(i + min(1, i/3)).Reply }},
	} {
		var refs []compare.Ref
		for e, err := range c.side.Messages(ctx) {
			if err != nil {
				t.Fatal(name, err)
			}
			if !bytes.Equal(e.Bytes, c.want(len(refs))) || int(e.Ref.Length) != len(e.Bytes) || e.Kind != "" {
				t.Fatalf("%s: message %d is not what was stored", name, len(refs))
			}
			refs = append(refs, e.Ref)
		}
		if len(refs) != c.count {
			t.Errorf("%s: %d messages", name, len(refs))
		}
		buf := make([]byte, 0, 100)
		for i := len(refs) - 1; i >= 0; i-- {
			if b, err := c.side.Read(ctx, refs[i], buf); err != nil || !bytes.Equal(b, c.want(i)) {
				t.Fatalf("%s: message %d read again: %v", name, i, err)
			}
		}
		if _, err := c.side.Read(ctx, compare.Ref{Offset: 999}, nil); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range w.CompareSet("nothing").Messages(ctx) {
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
}
