package workspace

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"trestle/internal/endpoint"
)

// A queue keeps its order and what is known of each item when the program is cut off.
func TestQueue(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	q := w.Queues()
	if err := errors.Join(q.Enqueue(ctx, "lab", []string{"message/1", "message/2", "message/3"}), q.Enqueue(ctx, "other", []string{"message/9"}), q.Enqueue(ctx, "lab", []string{"message/1"})); err != nil {
		t.Fatal(err)
	}
	items, err := q.Pending(ctx, "lab", 3)
	if err != nil || len(items) != 3 || items[0].Ref != "message/1" || items[2].Ref != "message/3" || items[0].State != endpoint.Waiting || !items[0].LastTry.IsZero() {
		t.Fatalf("%+v %v", items, err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	items[0].State, items[0].Code, items[0].Attempts, items[0].LastTry = endpoint.Sent, "AA", 1, at
	items[1].State, items[1].Attempts, items[1].LastTry, items[1].ControlID, items[1].Time, items[1].Detail = endpoint.InFlight, 2, at, "NEW1", "20260304050607", "no answer in 5 s"
	if err := q.Update(ctx, "lab", items[:2]); err != nil {
		t.Fatal(err)
	}
	wrong := items[2]
	wrong.State = endpoint.GivenUp
	if err := q.Update(ctx, "other", []endpoint.QueueItem{wrong}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	file, log := readFile(t, p), readFile(t, p+"-wal")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, p, file, log)
	if w, err = Open(ctx, p, testPass, OpenOptions{User: "tester"}); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	q = w.Queues()
	got, err := q.Pending(ctx, "lab", 10)
	if err != nil || len(got) != 3 || !reflect.DeepEqual(got[:2], items[1:3]) || got[2].Ref != "message/1" {
		t.Errorf("%+v %v", got, err)
	}
	if c, err := q.Counts(ctx, "lab"); err != nil || c != (endpoint.QueueCounts{Waiting: 2, InFlight: 1, Sent: 1}) {
		t.Errorf("%+v %v", c, err)
	}
	if n, err := q.Clear(ctx, "lab", endpoint.Sent); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := q.Clear(ctx, "lab"); n != 3 || err != nil {
		t.Error(n, err)
	}
	all, err := q.All(ctx)
	if err != nil || len(all) != 1 || all["other"].Waiting != 1 {
		t.Errorf("%+v %v", all, err)
	}
	if items, err := q.Items(ctx, "other", 0, 10); err != nil || len(items) != 1 {
		t.Error(items, err)
	}
}

func TestMessageSource(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	add(t, w, 0, 3)
	e, bare := exchange(1), exchange(2)
	bare.Seal(false)
	appendAll(t, j, e, bare)
	for ref, want := range map[string]string{MessageRef(2): string(sample(1).Bytes), ExchangeRef(e.ID): string(e.Request)} {
		if b, err := w.Source().Message(ctx, ref); err != nil || string(b) != want {
			t.Errorf("%s: %d bytes, %v", ref, len(b), err)
		}
	}
	for _, ref := range []string{"", "message/99", "message/x", "file/1", ExchangeRef(bare.ID), ExchangeRef(99)} {
		if _, err := w.Source().Message(ctx, ref); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	logged := 0
	for _, x := range entries(t, w) {
		if x.Object == "messages for sending" {
			logged++
		}
	}
	if logged != 1 {
		t.Error(logged)
	}
}
