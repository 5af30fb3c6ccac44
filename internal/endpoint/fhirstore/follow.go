package fhirstore

import "sync"

// Changes hand the versions that transactions made, once they are kept, to whoever follows. Nobody waits for them.
type Changes struct {
	s    *Store
	wake chan struct{}

	mu   sync.Mutex
	list []*Version
	size int
	lost int64
}

// Follow begins to collect changes, up to size of them; Close ends it. What a snapshot brings back is no change.
func (s *Store) Follow(size int) *Changes {
	c := &Changes{s: s, wake: make(chan struct{}, 1), size: max(size, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.followers == nil {
		s.followers = map[*Changes]struct{}{}
	}
	s.followers[c] = struct{}{}
	return c
}

// C is signalled when there may be changes.
func (c *Changes) C() <-chan struct{} { return c.wake }

// Take gives what was changed since the last Take, in order, and how many older changes were lost because there were too many.
func (c *Changes) Take() (list []*Version, lost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, lost = c.list, c.lost
	c.list, c.lost = nil, 0
	return list, lost
}

// Close ends it.
func (c *Changes) Close() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	delete(c.s.followers, c)
}

// tell hands the changes of a transaction on. The store's lock must be held, so that their order is that of the transactions.
func (s *Store) tell(tx *Tx) {
	for c := range s.followers {
		c.mu.Lock()
		for _, x := range tx.changes {
			if len(c.list) < c.size {
				c.list = append(c.list, x.after)
			} else {
				c.lost++
			}
		}
		c.mu.Unlock()
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}
