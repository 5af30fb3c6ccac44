package endpoint

import (
	"context"
	"sync"
	"time"
)

const (
	// maxCommit is how many exchanges one commit takes at most.
	maxCommit = 1024
	// completionLag is how long completions wait to be written with others.
	completionLag = 100 * time.Millisecond
	// maxCompletions is how many completions may wait before they are written between two commits.
	maxCompletions = 4 * maxCommit
)

// Committer collects the exchanges of many connections into group commits: while one commit is on its way to the disk, those that
// arrive gather for the next. No exchange waits for a timer.
type Committer struct {
	journal Journal
	in      chan pending
	stopped chan struct{}
	spare   []Completion // of the goroutine that writes

	mu          sync.Mutex
	completions []Completion
}

type pending struct {
	e    *Exchange
	done func(error)
}

// NewCommitter starts a committer. Close ends it.
func NewCommitter(j Journal) *Committer {
	c := &Committer{journal: j, in: make(chan pending, 4*maxCommit), stopped: make(chan struct{})}
	go c.run()
	return c
}

// Append stores e and calls done when it is durable, or with the error why it is not. The bytes of e must stay as they are until
// then. done runs on the committer's goroutine and must not block. Append waits while too much is under way. It must not be
// called after Close.
func (c *Committer) Append(e *Exchange, done func(error)) { c.in <- pending{e, done} }

// Complete adds what became known of an exchange after it was stored, soon.
func (c *Committer) Complete(x Completion) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.completions = append(c.completions, x)
}

// Close stores what is under way, completions included, and ends the committer.
func (c *Committer) Close() {
	close(c.in)
	<-c.stopped
}

func (c *Committer) run() {
	defer close(c.stopped)
	// The journal finishes what it began, whatever happens to who started the listener: an exchange that a client holds an
	// acknowledgement of must be there.
	ctx := context.Background()
	tick := time.NewTicker(completionLag)
	defer tick.Stop()
	batch := make([]*Exchange, 0, maxCommit)
	waiting := make([]pending, 0, maxCommit)
	for open := true; open; {
		batch, waiting = batch[:0], waiting[:0]
		select {
		case p, ok := <-c.in:
			if !ok {
				open = false
				break
			}
			waiting = append(waiting, p)
			waiting = c.gather(waiting)
		case <-tick.C:
		}
		if len(waiting) > 0 {
			for i := range waiting {
				batch = append(batch, waiting[i].e)
			}
			err := c.journal.Append(ctx, batch)
			now := time.Now()
			for i := range waiting {
				if err == nil {
					waiting[i].e.Committed = now
				}
				waiting[i].done(err)
			}
			clear(waiting)
			clear(batch)
		}
		c.flush(ctx, len(waiting) == 0)
	}
}

// gather takes what has arrived meanwhile.
func (c *Committer) gather(list []pending) []pending {
	for len(list) < maxCommit {
		select {
		case p, ok := <-c.in:
			if !ok {
				return list
			}
			list = append(list, p)
		default:
			return list
		}
	}
	return list
}

// flush writes the completions. One that cannot be written is dropped: the exchange itself is stored, and says less.
func (c *Committer) flush(ctx context.Context, now bool) {
	c.mu.Lock()
	list := c.completions
	if !now && len(list) < maxCompletions {
		list = nil
	} else {
		c.completions = c.spare[:0]
	}
	c.mu.Unlock()
	if list == nil {
		return
	}
	c.spare = list
	if len(list) > 0 {
		_ = c.journal.Complete(ctx, list)
	}
}
