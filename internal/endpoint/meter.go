package endpoint

import "time"

// Meter counts the exchanges of an endpoint that is not a [Listener], and shows them to whoever looks on. It is ready after
// [NewMeter] and may be used by many goroutines.
type Meter struct {
	counters counters
	feed     Feed
}

// NewMeter starts to count now.
func NewMeter() *Meter {
	m := &Meter{}
	m.counters.since = time.Now()
	return m
}

// Opened counts a connection, and returns what counts its end.
func (m *Meter) Opened() (closed func()) {
	m.counters.open.Add(1)
	m.counters.connected.Add(1)
	return func() { m.counters.open.Add(-1) }
}

// Count adds an exchange that has ended: its outcome, its sizes and how long it took.
func (m *Meter) Count(e *Exchange) {
	c := &m.counters
	if e.Direction == Outbound {
		c.out.Add(1)
	} else {
		c.in.Add(1)
	}
	c.message(e.LastByte)
	c.outcome(e.Outcome)
	c.bytesIn.Add(e.RequestSize)
	c.bytesO.Add(e.ReplySize)
	if d := e.Latency(); d > 0 {
		c.latency.Add(d)
	}
	if m.feed.watched() {
		m.feed.publish(e.row())
	}
}

// Stats is what was counted so far.
func (m *Meter) Stats() Stats { return m.counters.stats() }

// Subscribe shows exchanges as they end; see [Feed.Subscribe].
func (m *Meter) Subscribe(size int) *Subscription { return m.feed.Subscribe(size) }
