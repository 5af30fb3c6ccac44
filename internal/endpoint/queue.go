package endpoint

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trestle/internal/mllp"
)

// Source gives the bytes of a message by a reference that means something to it: a message of the workspace, a place in a
// file. A queue holds references, so that no message is stored twice.
type Source interface {
	// Message returns the bytes as they are stored. The caller does not change them.
	Message(ctx context.Context, ref string) ([]byte, error)
}

// QueueState says how far a queued message is.
type QueueState string

const (
	Waiting  QueueState = "waiting"
	InFlight QueueState = "in flight" // a try has begun whose end is not known: after a crash it may be sent twice
	Sent     QueueState = "sent"      // answered; Code has the acknowledgement
	GivenUp  QueueState = "given up"  // refused for good, or the tries are used up
)

// QueueItem is one message of a queue.
type QueueItem struct {
	Seq      int64  // place in the queue, given by the store: unique and rising
	Ref      string // for the Source
	State    QueueState
	Attempts int       // tries that have begun
	LastTry  time.Time // of the last of them, UTC
	// ControlID and Time are the new MSH-10 and MSH-7 if the message got some. They are chosen before the first try and stay
	// for all later ones, so that the receiver can tell a repetition.
	ControlID, Time string
	Code            string // MSA-1 of the last answer
	Detail          string // what went wrong last, in one sentence without patient data
}

// QueueCounts says what is in a queue.
type QueueCounts struct{ Waiting, InFlight, Sent, GivenUp int64 }

// QueueStore keeps named queues so that they survive a crash. Every change is durable when its method returns. One [Queue] at a
// time works on a name.
type QueueStore interface {
	// Enqueue adds messages at the end, all or none.
	Enqueue(ctx context.Context, queue string, refs []string) error
	// Pending returns the first items, at most limit, that are waiting or in flight, in order.
	Pending(ctx context.Context, queue string, limit int) ([]QueueItem, error)
	// Update stores State and all that follows it of items that are there, all or none.
	Update(ctx context.Context, queue string, items []QueueItem) error
	// Counts returns how many items are in which state.
	Counts(ctx context.Context, queue string) (QueueCounts, error)
}

// Queue sends what is in a queue, in order, and each message at least once. While the partner is away it waits and tries again, for as long
// as it takes; a message that the partner refuses is given up and the next one follows. After a crash it goes on with the message it was
// at, which may then arrive twice and says so.
type Queue struct {
	Name   string
	Store  QueueStore
	Source Source
	Config SendConfig // one connection and a window of one are taken, as others do not keep the order
	Log    Journal    // may be nil

	// Hold stops at a message that the partner refuses, instead of giving it up: some interfaces must not go on without it.
	Hold bool
}

// ErrHeld is the error of a queue with Hold that met a refusal.
var ErrHeld = errors.New("the partner refused a message, and the queue is held at it")

// ahead is how many items are marked as begun at once. After a crash that many may be called "maybe sent twice" at most.
const ahead = 16

// Run sends until the queue is empty or ctx ends, and calls each with every result. Messages that arrive while it runs are sent too.
func (q *Queue) Run(ctx context.Context, each func(*Result)) error {
	c := q.Config
	c.Connections, c.Window, c.Retry.Forever, c.NewIDs = 1, 1, true, false
	s, err := NewSender(c, q.Log)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		items, err := q.Store.Pending(ctx, q.Name, ahead)
		if err != nil {
			return fmt.Errorf("read the queue %s: %w", q.Name, err)
		}
		if len(items) == 0 {
			return nil
		}
		twice := make([]bool, len(items))
		for i := range items {
			x := &items[i]
			twice[i] = x.State == InFlight
			x.State = InFlight
			if q.Config.NewIDs && x.ControlID == "" {
				x.ControlID, x.Time = string(ids.next(nil)), stampTime(time.Now())
			}
		}
		if err := q.Store.Update(ctx, q.Name, items); err != nil {
			return fmt.Errorf("mark messages of the queue %s: %w", q.Name, err)
		}
		if err := q.send(ctx, s, items, twice, each); err != nil {
			return err
		}
	}
	return nil
}

// send sends items that are marked as begun. What it did not come to is waiting again.
func (q *Queue) send(ctx context.Context, s *Sender, items []QueueItem, twice []bool, each func(*Result)) error {
	var unread, failed error // of the source, and of the results: each on a goroutine of its own
	at := 0
	messages := func(yield func(Outgoing, error) bool) {
		for i := range items {
			b, err := q.message(ctx, &items[i])
			if err != nil {
				unread = err
				return
			}
			// The connection takes a message only when the one before is done: what is not asked for was not sent.
			if !yield(Outgoing{Bytes: b, Name: items[i].Ref, Index: i, MaybeTwice: twice[i], Attempt: items[i].Attempts}, nil) {
				return
			}
		}
	}
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	_, err := s.Run(stop, messages, func(r *Result) {
		x := &items[r.Index]
		at = r.Index + 1
		x.Attempts, x.LastTry, x.Code, x.Detail = r.Attempts, time.Now().UTC(), string(r.Code), r.Detail
		switch {
		case r.Passed:
			x.State = Sent
		case r.Code == mllp.None: // ended while it waited for the partner
			if x.State = Waiting; r.Unsure || r.MaybeTwice {
				x.State = InFlight
			}
		case q.Hold:
			x.State, failed = Waiting, ErrHeld
			cancel()
		default:
			x.State = GivenUp
		}
		// Written even when ctx has ended: it is what happened.
		if err := q.Store.Update(context.WithoutCancel(ctx), q.Name, items[r.Index:r.Index+1]); err != nil {
			failed = errors.Join(failed, fmt.Errorf("store what became of a message of the queue %s: %w", q.Name, err))
			cancel()
		}
		if each != nil {
			each(r)
		}
	})
	rest := items[at:]
	for i := range rest {
		if rest[i].State = Waiting; twice[at+i] {
			rest[i].State = InFlight
		}
	}
	if len(rest) > 0 {
		err = errors.Join(err, q.Store.Update(context.WithoutCancel(ctx), q.Name, rest))
	}
	return errors.Join(failed, unread, err)
}

// message reads a message and gives it the control ID that was chosen for it.
func (q *Queue) message(ctx context.Context, x *QueueItem) ([]byte, error) {
	b, err := q.Source.Message(ctx, x.Ref)
	if err != nil {
		return nil, fmt.Errorf("read a message of the queue %s: %w", q.Name, err)
	}
	if x.ControlID == "" {
		return b, nil
	}
	return stamp(b, x.ControlID, x.Time)
}
