package endpoint

import (
	"sync"
	"sync/atomic"
	"time"
)

// Row is what a live list shows of an exchange. It holds no patient data but the control ID.
type Row struct {
	ID            int64 // in the journal; 0 without one
	At            time.Time
	Endpoint      string
	Kind          Kind
	Direction     Direction
	Peer          string
	Type, Trigger string
	ControlID     string
	Code          string
	Rule          string
	Fault         string // the first of them
	Detail        string
	Outcome       Outcome
	Latency       time.Duration
	Size          int64
	Findings      int
	Passed        bool
	Attempt       int
}

// row takes over what a list shows.
func (e *Exchange) row() Row {
	r := Row{
		ID: e.ID, At: e.LastByte, Endpoint: e.Endpoint, Kind: e.Kind, Direction: e.Direction, Peer: e.Peer, Type: e.Type, Trigger: e.Trigger,
		ControlID: e.ControlID, Code: e.Code, Rule: e.Rule, Detail: e.Detail, Outcome: e.Outcome, Latency: e.Latency(), Size: e.RequestSize,
		Findings: len(e.Findings), Passed: e.Passed, Attempt: e.Attempt,
	}
	if len(e.Faults) > 0 {
		r.Fault = e.Faults[0]
	}
	return r
}

// Feed hands new rows to whoever looks on, and never waits for them.
type Feed struct {
	mu   sync.Mutex
	subs map[*Subscription]struct{}
	n    atomic.Int32
}

// Subscription is one who looks on. Take empties it; what came beyond its size in between was dropped and is counted, and a view reads
// the journal again.
type Subscription struct {
	feed    *Feed
	mu      sync.Mutex
	rows    []Row // the oldest at start, len(rows) of size
	start   int
	size    int
	dropped int64
	wake    chan struct{}
}

// Subscribe returns a subscription that holds up to size rows. Close ends it.
func (f *Feed) Subscribe(size int) *Subscription {
	s := &Subscription{feed: f, size: max(size, 1), wake: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs == nil {
		f.subs = map[*Subscription]struct{}{}
	}
	f.subs[s] = struct{}{}
	f.n.Store(int32(len(f.subs)))
	return s
}

// watched says whether anybody looks on.
func (f *Feed) watched() bool { return f.n.Load() > 0 }

func (f *Feed) publish(r Row) {
	if !f.watched() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subs {
		s.put(r)
	}
}

func (s *Subscription) put(r Row) {
	s.mu.Lock()
	if len(s.rows) < s.size {
		s.rows = append(s.rows, r)
	} else {
		s.rows[s.start] = r
		s.start = (s.start + 1) % s.size
		s.dropped++
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// C is signalled when there may be new rows.
func (s *Subscription) C() <-chan struct{} { return s.wake }

// Take appends the new rows to into, oldest first, and says how many older ones were dropped since the last Take.
func (s *Subscription) Take(into []Row) (rows []Row, dropped int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	into = append(into, s.rows[s.start:]...)
	into = append(into, s.rows[:s.start]...)
	s.rows, s.start = s.rows[:0], 0
	dropped, s.dropped = s.dropped, 0
	return into, dropped
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	delete(s.feed.subs, s)
	s.feed.n.Store(int32(len(s.feed.subs)))
}
