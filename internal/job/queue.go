package job

import (
	"context"
	"errors"
	"sync"
)

// Queue is a gate for tests: it keeps the functions until [Queue.Drain] runs them on the test's own
// goroutine, which thereby plays the goroutine of the screen. The zero value is ready.
type Queue struct {
	mu      sync.Mutex
	waiting []func()
	arrived chan struct{}
}

func (q *Queue) signal() chan struct{} {
	if q.arrived == nil {
		q.arrived = make(chan struct{}, 1)
	}
	return q.arrived
}

// Gate is the queue's gate: job.NewRunner(queue.Gate).
func (q *Queue) Gate(f func()) {
	q.mu.Lock()
	q.waiting = append(q.waiting, f)
	arrived := q.signal()
	q.mu.Unlock()
	select {
	case arrived <- struct{}{}:
	default: // a signal is waiting already
	}
}

// Drain runs what arrives, in order, until r is not busy and nothing waits. It fails when ctx ends first,
// so that a test that waits for ever says so.
func (q *Queue) Drain(ctx context.Context, r *Runner) error {
	for {
		// Read busy first: what was busy then has arrived at the gate when it no longer is.
		busy := r.Busy()
		q.mu.Lock()
		batch := q.waiting
		q.waiting = nil
		arrived := q.signal()
		q.mu.Unlock()
		for _, f := range batch {
			f()
		}
		if len(batch) > 0 {
			continue
		}
		if !busy {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return errors.Join(errors.New("work is still under way"), ctx.Err())
		}
	}
}
