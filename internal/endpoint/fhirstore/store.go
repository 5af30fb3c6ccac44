package fhirstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"trestle/internal/fhir"
)

// Options of a store. All are optional.
type Options struct {
	Definitions *fhir.Definitions // default R4
	Keeper      Keeper            // nil keeps nothing
	// Now is the clock of lastUpdated, which never goes back; nil is time.Now.
	Now func() time.Time
}

// Store holds resources and their versions. It may be used by many goroutines.
type Store struct {
	d      *fhir.Definitions
	keeper Keeper
	now    func() time.Time

	paramMu sync.Mutex
	params  map[string][]*Param

	gate      sync.RWMutex // before mu; for reading while a change is made
	mu        sync.RWMutex
	kinds     map[string]*kind
	log       []*Version // of all types, in the order of the changes
	docs      []*Version // by number, from 1; nil if it was replaced
	dead      int
	revision  uint64 // rises with every change
	serial    uint64 // of the last id
	last      time.Time
	snapshots map[string]*snapshot
	followers map[*Changes]struct{}

	changed, kept     uint64 // serial numbers of the last transaction, and of the last that the keeper has
	flying, gathering *batch // what the keeper is storing, and what it gets next
}

// kind is what the store knows of one resource type.
type kind struct {
	name    string
	params  []*Param
	indexes []index
	all     []uint32
	history map[string][]*Version // by id, oldest first
	log     []*Version
	live    int
}

// New makes an empty store.
func New(o Options) *Store {
	s := &Store{d: o.Definitions, keeper: o.Keeper, now: o.Now, params: map[string][]*Param{}, kinds: map[string]*kind{}, docs: make([]*Version, 1), serial: firstSerial, snapshots: map[string]*snapshot{}}
	if s.d == nil {
		s.d = fhir.R4()
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Open makes a store of what its keeper kept.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := New(o)
	if o.Keeper == nil {
		return s, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.read(ctx)
}

// read takes over what is kept. The lock must be held.
func (s *Store) read(ctx context.Context) error {
	s.kinds, s.log, s.serial = map[string]*kind{}, nil, firstSerial
	for v, err := range s.keeper.Kept(ctx) {
		if err != nil {
			return fmt.Errorf("read the resources that were kept: %w", err)
		}
		s.append(v)
	}
	for _, k := range s.kinds {
		for _, versions := range k.history {
			if n, err := strconv.ParseUint(versions[0].ID, 10, 63); err == nil {
				s.serial = max(s.serial, n)
			}
		}
	}
	s.reindex()
	return nil
}

// firstSerial is the id before the first that the store gives out.
const firstSerial = 1000

// Definitions are those that the store reads resources by.
func (s *Store) Definitions() *fhir.Definitions { return s.d }

// Params lists the search parameters of a type that the store can answer, by code; of "" those of all types.
func (s *Store) Params(typ string) []*Param {
	if typ == "" {
		typ = "Resource"
	}
	s.paramMu.Lock()
	defer s.paramMu.Unlock()
	list, ok := s.params[typ]
	if !ok {
		list = newParams(s.d, typ)
		s.params[typ] = list
	}
	return list
}

// Param finds a parameter by its code, nil if the type has none of that name.
func (s *Store) Param(typ, code string) *Param {
	list := s.Params(typ)
	i, ok := slices.BinarySearchFunc(list, code, func(p *Param, code string) int {
		switch {
		case p.Code < code:
			return -1
		case p.Code > code:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return list[i]
}

// kind returns the type's place, and makes it if there is none.
func (s *Store) kind(typ string) *kind {
	k := s.kinds[typ]
	if k == nil {
		k = &kind{name: typ, params: s.Params(typ), history: map[string][]*Version{}}
		k.indexes = make([]index, len(k.params))
		s.kinds[typ] = k
	}
	return k
}

func (k *kind) current(id string) *Version {
	if k == nil {
		return nil
	}
	list := k.history[id]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// Read returns the current version. The error is [ErrNotFound] or [ErrGone]; with ErrGone comes the version that deleted it.
func (s *Store) Read(typ, id string) (*Version, error) {
	v := s.current(typ, id)
	switch {
	case v == nil:
		return nil, ErrNotFound
	case v.Deleted():
		return v, ErrGone
	}
	return v, nil
}

// ReadVersion returns one version; the errors are those of [Store.Read].
func (s *Store) ReadVersion(typ, id string, number int64) (*Version, error) {
	var v *Version
	s.see(func() {
		v = nil
		if k := s.kinds[typ]; k != nil && number >= 1 && number <= int64(len(k.history[id])) {
			v = k.history[id][number-1]
		}
	})
	switch {
	case v == nil:
		return nil, ErrNotFound
	case v.Deleted():
		return v, ErrGone
	}
	return v, nil
}

// History returns versions, newest first: of one resource, of a type if id is "", of everything if both are. The error is
// ErrNotFound for a resource that never was.
func (s *Store) History(typ, id string) (list []*Version, err error) {
	s.see(func() { list, err = s.history(typ, id) })
	return list, err
}

func (s *Store) history(typ, id string) ([]*Version, error) {
	var list []*Version
	k := s.kinds[typ]
	switch {
	case typ == "":
		list = s.log
	case k == nil:
		if id != "" {
			return nil, ErrNotFound
		}
	case id == "":
		list = k.log
	default:
		if list = k.history[id]; len(list) == 0 {
			return nil, ErrNotFound
		}
	}
	list = slices.Clone(list)
	slices.Reverse(list)
	return list, nil
}

// Count says how many resources of a type there are now, of "" of all.
func (s *Store) Count(typ string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if typ != "" {
		if k := s.kinds[typ]; k != nil {
			return k.live
		}
		return 0
	}
	n := 0
	for _, k := range s.kinds {
		n += k.live
	}
	return n
}

// Revision rises with every change: two searches at one revision find the same.
func (s *Store) Revision() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revision
}

// Types lists the types of which there are or were resources, in alphabetical order.
func (s *Store) Types() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(s.kinds))
	for name, k := range s.kinds {
		if len(k.history) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// append takes a version over without indexing it.
func (s *Store) append(v *Version) {
	k := s.kind(v.Type)
	if before := k.current(v.ID); before != nil && !before.Deleted() {
		k.live--
	}
	if !v.Deleted() {
		k.live++
	}
	k.history[v.ID] = append(k.history[v.ID], v)
	k.log = append(k.log, v)
	s.log = append(s.log, v)
	if v.Updated.After(s.last) {
		s.last = v.Updated
	}
}

// enter puts a current version into the indexes.
func (s *Store) enter(v *Version, found []paramAtom) {
	k := s.kind(v.Type)
	v.doc = uint32(len(s.docs))
	s.docs = append(s.docs, v)
	k.all = append(k.all, v.doc)
	var buf []byte
	for i := range found {
		buf = k.indexes[found[i].param].put(v.doc, &found[i].atom, buf)
	}
}

// leave takes a version out of sight of the indexes.
func (s *Store) leave(v *Version) {
	if v != nil && v.doc != 0 && s.docs[v.doc] == v {
		s.docs[v.doc] = nil
		s.dead++
	}
}

// sweep builds the indexes anew when half of what they hold is dead.
func (s *Store) sweep() {
	if s.dead > 4096 && s.dead > len(s.docs)/2 {
		s.reindex()
	}
}

func (s *Store) reindex() {
	for _, k := range s.kinds {
		k.indexes, k.all = make([]index, len(k.params)), nil
	}
	s.docs, s.dead = make([]*Version, 1), 0
	for _, v := range s.log { // in the order of the changes, so that what was changed later comes later
		if !v.Deleted() && s.kinds[v.Type].current(v.ID) == v {
			s.enter(v, s.Draft(v.Tree()).found)
		}
	}
}
