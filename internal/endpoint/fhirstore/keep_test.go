package fhirstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/fhir"
)

// notebook is a keeper in memory.
type notebook struct {
	kept   []*Version
	named  map[string][]*Version
	err    error
	calls  int
	let    chan struct{} // if set, each Keep waits for one
	asking chan struct{} // if set, told when Keep is called
}

func (n *notebook) Keep(_ context.Context, list []*Version) error {
	if n.asking != nil {
		n.asking <- struct{}{}
	}
	if n.let != nil {
		<-n.let
	}
	n.calls++
	if n.err == nil {
		n.kept = append(n.kept, list...)
	}
	return n.err
}

func (n *notebook) Kept(context.Context) iter.Seq2[*Version, error] {
	return func(yield func(*Version, error) bool) {
		for _, v := range n.kept {
			copied := *v
			if !yield(&copied, nil) {
				return
			}
		}
	}
}

func (n *notebook) Snapshot(_ context.Context, name string) error {
	if n.named == nil {
		n.named = map[string][]*Version{}
	}
	n.named[name] = slices.Clone(n.kept)
	return n.err
}

func (n *notebook) Snapshots(context.Context) ([]string, error) {
	return slices.Sorted(maps.Keys(n.named)), n.err
}

func (n *notebook) Restore(ctx context.Context, name, undo string) error {
	list, ok := n.named[name]
	if !ok {
		return ErrNoSnapshot
	}
	if err := n.Snapshot(ctx, undo); err != nil {
		return err
	}
	n.kept = slices.Clone(list)
	return nil
}

func (n *notebook) Drop(_ context.Context, name string) error {
	delete(n.named, name)
	return n.err
}

func TestKeeper(t *testing.T) {
	var n notebook
	s := New(Options{Keeper: &n})
	if done, err := s.Load(t.Context(), strings.NewReader(shelf)); err != nil || done.Resources != 11 {
		t.Fatalf("%+v, %v", done, err)
	}
	n.err = errors.New("disk full")
	if err := s.Change(t.Context(), func(tx *Tx) error { _, err := tx.Delete("Patient", "p1"); return err }); !errors.Is(err, n.err) || search(t, s, "Patient", "name=moss") != "p1 p3" {
		t.Errorf("%v", err)
	}
	n.err = nil
	again, err := Open(t.Context(), Options{Keeper: &n})
	if err != nil || again.Count("") != 11 || search(t, again, "Patient", "name=moss") != "p1 p3" {
		t.Errorf("%v", err)
	}
	// What is there already, with the same content, is no new version.
	if done, err := again.Load(t.Context(), strings.NewReader(shelf)); err != nil || done.Same != 11 || done.Resources != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if err := again.Restore(t.Context(), "x"); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("%v", err)
	}
	if err := again.Snapshot("full"); err != nil {
		t.Fatal(err)
	}
	if err := again.Change(t.Context(), func(tx *Tx) error { _, err := tx.Delete("Patient", "p1"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(t.Context(), "full"); err != nil || search(t, again, "Patient", "name=moss") != "p1 p3" {
		t.Errorf("%v", err)
	}
	if err := again.Restore(t.Context(), BeforeRestore); err != nil || search(t, again, "Patient", "name=moss") != "p3" {
		t.Errorf("%v", err)
	}
	if list, err := again.History("Patient", "p1"); err != nil || len(list) != 2 || !list[0].Deleted() {
		t.Errorf("%d versions, %v", len(list), err)
	}
}

func put(s *Store, id, family string) error {
	return s.Change(context.Background(), func(tx *Tx) error {
		n, err := fhir.ParseJSON([]byte(`{"resourceType":"Patient","name":[{"family":"` + family + `"}]}`))
		if err != nil {
			return err
		}
		_, _, err = tx.Put(s.Draft(n), id)
		return err
	})
}

// What is on its way to the keeper is seen by the changes after it, and by readers when it is there; what came while one batch was on its
// way goes in one.
func TestGroupCommit(t *testing.T) {
	n := notebook{let: make(chan struct{}), asking: make(chan struct{}, 100)}
	s := New(Options{Keeper: &n})
	first := make(chan error, 1)
	go func() { first <- put(s, "a", "Moss") }()
	<-n.asking
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if err := put(s, fmt.Sprint("b", i), "Brook"); err != nil {
				t.Error(err)
			}
		})
	}
	for { // all are in the batch that gathers
		s.mu.RLock()
		g := s.gathering
		all := g != nil && len(g.txs) == 20
		s.mu.RUnlock()
		if all {
			break
		}
		time.Sleep(time.Millisecond)
	}
	read := make(chan string, 2)
	go func() {
		v, err := s.Read("Patient", "a")
		read <- fmt.Sprint(v.Reference(), err)
	}()
	go func() { read <- search(t, s, "Patient", "name=moss") }()
	if err := s.Change(t.Context(), func(tx *Tx) error {
		if _, err := tx.Read("Patient", "a"); err != nil {
			t.Error("a later change does not see an earlier one:", err)
		}
		return errors.New("no")
	}); err == nil {
		t.Error("the error is lost")
	}
	select {
	case err := <-first:
		t.Errorf("answered before it was kept: %v", err)
	case text := <-read:
		t.Errorf("read before it was kept: %s", text)
	default:
	}
	close(n.let)
	if err := <-first; err != nil {
		t.Error(err)
	}
	group.Wait()
	<-read
	<-read
	if n.calls != 2 || len(n.kept) != 21 {
		t.Errorf("%d calls for %d versions", n.calls, len(n.kept))
	}
}

// If a batch cannot be kept, it and what came after it is taken back, and who waited for it reads anew.
func TestTakenBack(t *testing.T) {
	n := notebook{let: make(chan struct{}), asking: make(chan struct{}, 100), err: errors.New("disk full")}
	s := New(Options{Keeper: &n})
	failed := make(chan error, 2)
	go func() { failed <- put(s, "a", "Moss") }()
	<-n.asking
	go func() { failed <- put(s, "a", "Brook") }()
	for {
		s.mu.RLock()
		gathers := s.gathering != nil
		s.mu.RUnlock()
		if gathers {
			break
		}
		time.Sleep(time.Millisecond)
	}
	read := make(chan error, 1)
	go func() { _, err := s.Read("Patient", "a"); read <- err }()
	close(n.let)
	for range 2 {
		if err := <-failed; !errors.Is(err, n.err) {
			t.Errorf("%v", err)
		}
	}
	if err := <-read; !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if s.Count("") != 0 || search(t, s, "Patient", "name=moss,brook") != "" || n.calls != 1 {
		t.Errorf("%d resources, %d calls", s.Count(""), n.calls)
	}
	n.err = nil
	if err := put(s, "a", "Lake"); err != nil || search(t, s, "Patient", "name=lake") != "a" {
		t.Errorf("%v", err)
	}
	if v, err := s.Read("Patient", "a"); err != nil || v.Number != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Snapshots are taken between batches, however many changes come.
func TestSnapshotUnderWrites(t *testing.T) {
	var n notebook
	s := New(Options{Keeper: &n})
	if err := put(s, "first", "Moss"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for c := range 4 {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := put(s, fmt.Sprint(c, "-", i%50), fmt.Sprint("Moss", i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		if err := s.Snapshot("now"); err != nil {
			t.Error(err)
		}
		if err := s.Restore(t.Context(), "now"); err != nil {
			t.Error(err)
		}
	}
	stop()
	group.Wait()
	again, err := Open(t.Context(), Options{Keeper: &n})
	if err != nil || again.Count("") != s.Count("") || search(t, again, "Patient", "name=moss") == "" {
		t.Errorf("%v: %d, %d", err, again.Count(""), s.Count(""))
	}
}

// Who follows is told of what is kept, in order, and of nothing else.
func TestFollow(t *testing.T) {
	for _, keeper := range []Keeper{nil, &notebook{}} {
		s := New(Options{Keeper: keeper})
		c := s.Follow(3)
		if err := put(s, "a", "Moss"); err != nil {
			t.Fatal(err)
		}
		if err := s.Change(t.Context(), func(tx *Tx) error {
			tx.From("door")
			if _, err := tx.Delete("Patient", "a"); err != nil {
				return err
			}
			return errors.New("no")
		}); err == nil {
			t.Error("the error is lost")
		}
		if err := s.Change(t.Context(), func(tx *Tx) error { tx.From("door"); _, err := tx.Delete("Patient", "a"); return err }); err != nil {
			t.Fatal(err)
		}
		<-c.C()
		list, lost := c.Take()
		if len(list) != 2 || list[0].Number != 1 || list[0].Origin != "" || !list[1].Deleted() || list[1].Origin != "door" || lost != 0 {
			t.Errorf("%d changes, %d lost", len(list), lost)
		}
		for range 5 {
			if err := put(s, "b", "Brook"); err != nil {
				t.Fatal(err)
			}
		}
		if list, lost := c.Take(); len(list) != 3 || lost != 2 {
			t.Errorf("%d changes, %d lost", len(list), lost)
		}
		c.Close()
		if err := put(s, "b", "Lake"); err != nil {
			t.Fatal(err)
		}
		if list, _ := c.Take(); len(list) != 0 {
			t.Error("it was closed")
		}
	}
}
