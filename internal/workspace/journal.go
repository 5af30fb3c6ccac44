package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"trestle/internal/endpoint"
)

// Journal keeps the exchanges of endpoints in a workspace. Whatever is appended at one time, by however many endpoints, becomes
// durable in one transaction. Reading is the workspace's own: see Exchanges.
//
// The access log gets one entry for all exchanges of an endpoint in a minute, in the transaction of the first and at the end; if the
// program ends before, the next OpenJournal writes it.
type Journal struct {
	w    *Workspace
	wake chan struct{}  // something waits; room for one
	work sync.WaitGroup // of both goroutines

	mu          sync.Mutex
	waiting     []*appending
	completions []endpoint.Completion
	closed      bool

	store *journalStore // of the writing goroutine
	fold  *folder
}

// appending is one call of Append.
type appending struct {
	batch []*endpoint.Exchange
	ids   []int64
	done  chan error // room for one
}

const (
	// completeAfter is how long a completion waits for an append whose transaction it can share.
	completeAfter = 200 * time.Millisecond
	// receivedEvery is how often the access log tells of the exchanges of an endpoint.
	receivedEvery = time.Minute
)

// OpenJournal begins to keep exchanges. Close it before the workspace.
func (w *Workspace) OpenJournal(ctx context.Context) (*Journal, error) {
	if w.ReadOnly() {
		return nil, w.errReadOnly()
	}
	j := &Journal{w: w, wake: make(chan struct{}, 1), store: newJournalStore(w), fold: newFolder(w)}
	err := w.update(ctx, func(tx *tx) error { return j.store.begin(tx) })
	if err == nil {
		err = j.fold.begin(ctx)
	}
	if err != nil {
		return nil, err
	}
	j.work.Go(j.write)
	j.work.Go(j.fold.run)
	return j, nil
}

// Append stores a batch of exchanges, all or none, and gives them their ids. When it returns they are on disk. It may be called from several
// goroutines. A context that is cancelled keeps a batch from being stored only as long as its transaction has not begun. Errors:
// ErrTooLarge, ErrNoSpace, fs.ErrClosed after Close.
func (j *Journal) Append(ctx context.Context, batch []*endpoint.Exchange) error {
	if len(batch) == 0 {
		return nil
	}
	if err := checkSizes(batch); err != nil {
		return err
	}
	a := &appending{batch: batch, ids: make([]int64, 0, len(batch)), done: make(chan error, 1)}
	if err := j.enter(a); err != nil {
		return err
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		if j.withdraw(a) {
			return context.Cause(ctx)
		}
		return <-a.done
	}
}

func checkSizes(batch []*endpoint.Exchange) error {
	for _, e := range batch {
		if n := len(e.Request) + len(e.Reply); n > maxRecord {
			return fail(ErrTooLarge, "an exchange of %s has %d bytes; a workspace holds at most %d in one. Lower the frame limit of the endpoint", e.Endpoint, n, maxRecord)
		}
	}
	return nil
}

func (j *Journal) enter(a *appending) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return j.errClosed()
	}
	j.waiting = append(j.waiting, a)
	j.signal()
	return nil
}

// withdraw takes a batch back that is not being stored yet.
func (j *Journal) withdraw(a *appending) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, other := range j.waiting {
		if other == a {
			j.waiting = append(j.waiting[:i], j.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (j *Journal) signal() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

func (j *Journal) errClosed() error {
	return fail(fs.ErrClosed, "the journal of %s is closed; open the workspace again", j.w.name)
}

// Complete adds what became known about exchanges after they were stored. It does not wait: it is stored with the next batch, or
// within a fifth of a second.
func (j *Journal) Complete(_ context.Context, batch []endpoint.Completion) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return j.errClosed()
	}
	first := len(j.completions) == 0
	j.completions = append(j.completions, batch...)
	if first && len(j.waiting) == 0 {
		j.signal()
	}
	return nil
}

// Close stores what waits, enters into the access log what is not yet there, and ends the journal.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.signal()
	j.mu.Unlock()
	j.fold.stop()
	j.work.Wait()
	err := j.w.update(context.Background(), func(tx *tx) error { return j.store.logReceived(tx, time.Time{}) })
	return errors.Join(err, j.store.close(), j.fold.end())
}

// write is the goroutine that stores.
func (j *Journal) write() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		work, completions, closed := j.take()
		switch {
		case len(work) > 0 || closed && len(completions) > 0:
			j.commit(work, completions)
			j.fold.committed()
			continue
		case closed:
			return
		case len(completions) > 0:
			timer.Reset(completeAfter)
			select {
			case <-j.wake: // an append, which they go with
				timer.Stop()
				j.putBack(completions)
			case <-timer.C:
				j.commit(nil, completions)
			}
			continue
		}
		<-j.wake
	}
}

func (j *Journal) take() (work []*appending, completions []endpoint.Completion, closed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	work, completions = j.waiting, j.completions
	j.waiting, j.completions = nil, nil
	return work, completions, j.closed
}

func (j *Journal) putBack(completions []endpoint.Completion) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.completions = append(completions, j.completions...)
}

// commit stores batches in one transaction. If that fails, and it may be the fault of one, each gets a transaction of its own.
func (j *Journal) commit(work []*appending, completions []endpoint.Completion) {
	err := j.transaction(work, completions)
	if err != nil && len(work) > 1 && !errors.Is(err, ErrNoSpace) && !errors.Is(err, fs.ErrClosed) {
		for _, a := range work {
			j.answer([]*appending{a}, j.transaction([]*appending{a}, nil))
		}
		return
	}
	j.answer(work, err)
}

func (j *Journal) answer(work []*appending, err error) {
	for _, a := range work {
		if err == nil {
			for i, e := range a.batch {
				e.ID = a.ids[i]
			}
		}
		a.done <- err
	}
}

// transaction stores. What the journal remembers may have been deleted by a purge: if storing fails, it is tried once more with
// nothing remembered.
func (j *Journal) transaction(work []*appending, completions []endpoint.Completion) error {
	err := j.try(work, completions)
	if err != nil && !errors.Is(err, ErrNoSpace) && !errors.Is(err, fs.ErrClosed) && !errors.Is(err, ErrReadOnly) {
		err = j.try(work, completions)
	}
	return err
}

// try has a context that cannot be cancelled, which also keeps the driver from watching one at each statement.
func (j *Journal) try(work []*appending, completions []endpoint.Completion) error {
	ctx := context.Background()
	if err := j.store.prepare(ctx); err != nil {
		return err
	}
	err := j.w.update(ctx, func(tx *tx) error {
		if err := j.store.bind(tx); err != nil {
			return err
		}
		for _, a := range work {
			a.ids = a.ids[:0]
			for _, e := range a.batch {
				id, err := j.store.add(tx, e)
				if err != nil {
					return err
				}
				a.ids = append(a.ids, id)
			}
		}
		for i := range completions {
			if err := j.store.complete(tx, &completions[i]); err != nil {
				return err
			}
		}
		if err := j.store.count(tx); err != nil {
			return err
		}
		return j.store.logReceived(tx, time.Now().Add(-receivedEvery))
	})
	if err != nil {
		j.store.forget()
		return fmt.Errorf("storing exchanges: %w", err)
	}
	return nil
}

var _ endpoint.Journal = (*Journal)(nil)
