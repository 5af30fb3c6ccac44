package fhirstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrNoSnapshot says that there is no snapshot of a name.
var ErrNoSnapshot = errors.New("there is no such snapshot")

// BeforeRestore is the snapshot that each restoring makes of what was there before, so that it can be undone.
const BeforeRestore = "before the last restoring"

// snapshot is the state of the store at one moment. Lists of versions are only ever appended to, so that it shares them.
type snapshot struct {
	log    []*Version
	serial uint64
}

// Snapshot remembers the state of all resources and their histories under a name, which it may have had before. It lasts as long as
// what is stored: with a keeper beyond the end of the program.
func (s *Store) Snapshot(name string) error {
	s.still()
	defer s.mu.Unlock()
	if s.keeper != nil {
		return s.keeper.Snapshot(context.Background(), name)
	}
	s.snapshots[name] = s.state()
	return nil
}

func (s *Store) state() *snapshot { return &snapshot{log: slices.Clone(s.log), serial: s.serial} }

// Snapshots lists the names, in alphabetical order.
func (s *Store) Snapshots() []string {
	if s.keeper != nil {
		s.still()
		defer s.mu.Unlock()
		names, _ := s.keeper.Snapshots(context.Background()) // restoring one says why they cannot be read
		return names
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.snapshots))
}

// Restore brings the state of a snapshot back: resources, histories and the ids that come next. The state before becomes the snapshot
// [BeforeRestore].
func (s *Store) Restore(ctx context.Context, name string) error {
	s.still()
	defer s.mu.Unlock()
	s.revision++
	if s.keeper != nil {
		if err := s.keeper.Restore(ctx, name, BeforeRestore); err != nil {
			return err
		}
		return s.read(context.WithoutCancel(ctx)) // it is restored, so the store must follow
	}
	n := s.snapshots[name]
	if n == nil {
		return fmt.Errorf("%w: %q; there are %d others", ErrNoSnapshot, name, len(s.snapshots))
	}
	s.snapshots[BeforeRestore] = s.state()
	s.kinds, s.log, s.serial = map[string]*kind{}, nil, n.serial
	for _, v := range n.log {
		s.append(v)
	}
	s.reindex()
	return nil
}

// Drop forgets a snapshot.
func (s *Store) Drop(ctx context.Context, name string) error {
	s.still()
	defer s.mu.Unlock()
	if s.keeper != nil {
		return s.keeper.Drop(ctx, name)
	}
	if s.snapshots[name] == nil {
		return fmt.Errorf("%w: %q; there are %d others", ErrNoSnapshot, name, len(s.snapshots))
	}
	delete(s.snapshots, name)
	return nil
}
