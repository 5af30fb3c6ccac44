package endpoint

import (
	"bytes"
	"context"
	"slices"
	"sync"
)

// MemoryJournal keeps the last exchanges in memory, for tests and for looking on. It survives no crash.
type MemoryJournal struct {
	mu    sync.Mutex
	size  int
	ring  []Exchange
	next  int64 // ID of the next exchange, from 1
	bytes int64
	most  int64
}

// NewMemoryJournal keeps up to n exchanges, and up to maxBytes of their payloads; 0 is 64 MB. Older ones make room.
func NewMemoryJournal(n int, maxBytes int64) *MemoryJournal {
	if maxBytes <= 0 {
		maxBytes = 64 << 20
	}
	return &MemoryJournal{size: max(n, 1), next: 1, most: maxBytes}
}

// Append keeps copies.
func (j *MemoryJournal) Append(_ context.Context, batch []*Exchange) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		e.ID = j.next
		j.next++
		k := *e
		k.Request, k.Reply = slices.Clone(e.Request), slices.Clone(e.Reply)
		k.Faults = slices.Clone(e.Faults)
		k.Findings = slices.Clone(e.Findings)
		for i := range k.Findings {
			k.Findings[i].Bytes = bytes.Clone(k.Findings[i].Bytes)
		}
		j.bytes += int64(len(k.Request) + len(k.Reply))
		if len(j.ring) < j.size {
			j.ring = append(j.ring, k)
		} else {
			at := &j.ring[(k.ID-1)%int64(j.size)]
			j.bytes -= int64(len(at.Request) + len(at.Reply))
			*at = k
		}
	}
	// Too much: the oldest lose their bytes, not their facts.
	for id := max(1, j.next-int64(len(j.ring))); j.bytes > j.most && id < j.next; id++ {
		at := &j.ring[(id-1)%int64(j.size)]
		j.bytes -= int64(len(at.Request) + len(at.Reply))
		at.Request, at.Reply = nil, nil
	}
	return nil
}

// Complete adds to the exchanges that are still there.
func (j *MemoryJournal) Complete(_ context.Context, batch []Completion) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range batch {
		if c.ID < 1 || c.ID >= j.next || c.ID < j.next-int64(len(j.ring)) {
			continue
		}
		j.ring[(c.ID-1)%int64(j.size)].complete(c)
	}
	return nil
}

// complete takes over what c says.
func (e *Exchange) complete(c Completion) {
	e.Committed, e.ReplyWritten = c.Committed, c.ReplyWritten
	if c.Outcome != "" {
		e.Outcome = c.Outcome
	}
	if c.Detail != "" {
		e.Detail = c.Detail
	}
}

// All returns what is kept, oldest first. The payloads must not be changed.
func (j *MemoryJournal) All() []Exchange {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Exchange, 0, len(j.ring))
	for id := max(1, j.next-int64(len(j.ring))); id < j.next; id++ {
		list = append(list, j.ring[(id-1)%int64(j.size)])
	}
	return list
}

// Len counts all exchanges that ever came.
func (j *MemoryJournal) Len() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1
}
