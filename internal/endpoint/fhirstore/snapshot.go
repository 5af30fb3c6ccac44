package fhirstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// snapshot is the state of the store at one moment. Lists of versions are only ever appended to, so that it shares them.
type snapshot struct {
	log    []*Version
	serial uint64
}

// Snapshot remembers the state of all resources and their histories under a name, which it may have had before.
func (s *Store) Snapshot(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshots[name] = &snapshot{log: slices.Clone(s.log), serial: s.serial}
}

// Snapshots lists the names, in alphabetical order.
func (s *Store) Snapshots() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.snapshots))
}

// Restore brings the state of a snapshot back: resources, histories and the ids that come next. A store with a keeper refuses,
// because what is kept can only be added to.
func (s *Store) Restore(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.snapshots[name]
	if n == nil {
		return fmt.Errorf("there is no snapshot %q; there are %d others", name, len(s.snapshots))
	}
	if s.keeper != nil {
		return fmt.Errorf("these resources are stored durably and cannot go back to a snapshot: restore a copy of the workspace instead")
	}
	s.kinds, s.log, s.serial = map[string]*kind{}, nil, n.serial
	for _, v := range n.log {
		s.append(v)
	}
	s.revision++
	s.reindex()
	return nil
}
