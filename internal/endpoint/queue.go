package endpoint

import (
	"context"
	"time"
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
