package fhirstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Keeper makes changes durable, and gives them back when a store is opened. A workspace implements it. The store calls one method at a
// time.
type Keeper interface {
	// Keep stores the versions of one or several transactions, all or none, and returns when they would survive a crash. Nobody
	// outside of a transaction sees them before.
	Keep(ctx context.Context, versions []*Version) error
	// Kept returns every version of the state that is kept, in the order in which they were kept.
	Kept(ctx context.Context) iter.Seq2[*Version, error]
	// Snapshot gives the state that is kept a name, which an earlier one may have had.
	Snapshot(ctx context.Context, name string) error
	// Snapshots lists the names, in alphabetical order.
	Snapshots(ctx context.Context) ([]string, error)
	// Restore makes the state that is kept that of a snapshot; the state before becomes the snapshot undo.
	Restore(ctx context.Context, name, undo string) error
	// Drop forgets a snapshot.
	Drop(ctx context.Context, name string) error
}

// batch is what is handed to the keeper at once: the transactions that came while the batch before was on its way to the disk. So many
// small changes at one time cost little more than one. A change is seen by the changes after it as soon as it is made, and by readers
// when it is kept; if it cannot be kept, it is taken back with all that came after it and may have seen it.
type batch struct {
	txs  []*Tx
	last uint64        // serial number of the last of txs
	done chan struct{} // closed when the batch is kept, or taken back
	err  error         // why it was taken back; after done
}

// join puts a transaction that changed something into the batch that gathers. The lock must be held.
func (s *Store) join(tx *Tx) *batch {
	if s.gathering == nil {
		s.gathering = &batch{done: make(chan struct{})}
	}
	g := s.gathering
	g.txs, g.last = append(g.txs, tx), tx.seq
	if s.flying == nil {
		s.flying, s.gathering = g, nil
		go s.keepBatches() // it ends as soon as nothing waits; who waits is inside of Change
	}
	return g
}

// waiting is the last batch that is not kept yet, nil if there is none. The lock must be held, if only for reading.
func (s *Store) waiting() *batch {
	if s.gathering != nil {
		return s.gathering
	}
	return s.flying
}

// keepBatches keeps the batch that is flying, and those that gather meanwhile.
func (s *Store) keepBatches() {
	s.mu.RLock()
	g := s.flying
	s.mu.RUnlock()
	for g != nil {
		var list []*Version
		for _, tx := range g.txs {
			for _, c := range tx.changes {
				list = append(list, c.after)
			}
		}
		// What was begun is finished, whatever becomes of the requests: others may have seen it.
		err := s.keeper.Keep(context.Background(), list)
		s.mu.Lock()
		batches := []*batch{g}
		if err != nil {
			if s.gathering != nil {
				batches, s.gathering = append(batches, s.gathering), nil
			}
			s.takeBack(batches)
		} else {
			s.kept = g.last
			for _, tx := range g.txs {
				s.tell(tx)
			}
		}
		s.flying, s.gathering = s.gathering, nil
		next := s.flying
		s.sweep()
		s.mu.Unlock()
		for _, x := range batches {
			if err != nil {
				x.err = fmt.Errorf("the change could not be stored and was taken back: %w", err)
			}
			x.txs = nil
			close(x.done)
		}
		g = next
	}
}

// takeBack undoes batches from the last change to the first. The indexes are built anew: what they held before may have been swept out.
func (s *Store) takeBack(batches []*batch) {
	for _, g := range slices.Backward(batches) {
		for _, tx := range slices.Backward(g.txs) {
			tx.undo()
		}
	}
	s.revision++
	s.reindex()
}

// see reads under the lock, and returns when all that it may have seen is kept. What was taken back meanwhile is read again.
func (s *Store) see(read func()) {
	for {
		s.mu.RLock()
		read()
		g := s.waiting()
		s.mu.RUnlock()
		if g == nil {
			return
		}
		if <-g.done; g.err == nil {
			return
		}
	}
}

// current is the version of a resource that is kept last.
func (s *Store) current(typ, id string) *Version {
	for {
		s.mu.RLock()
		v, g := s.kinds[typ].current(id), (*batch)(nil)
		if v != nil && v.seq > s.kept {
			if g = s.flying; g == nil || v.seq > g.last {
				g = s.gathering
			}
		}
		s.mu.RUnlock()
		if g == nil {
			return v
		}
		if <-g.done; g.err == nil {
			return v
		}
	}
}

// still keeps further changes out until nothing is on its way to the keeper, and takes the lock.
func (s *Store) still() {
	s.gate.Lock()
	defer s.gate.Unlock()
	for {
		s.mu.Lock()
		g := s.waiting()
		if g == nil {
			return
		}
		s.mu.Unlock()
		<-g.done
	}
}
