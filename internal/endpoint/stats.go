package endpoint

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Stats is how an endpoint does, at one moment.
type Stats struct {
	Since time.Time // when it started

	In, Out  int64 // messages received; sent
	Accepted int64 // by their outcome
	Errors   int64
	Rejected int64
	Silent   int64
	Refused  int64 // bytes that were no message, clients that were not let in
	Failed   int64

	Connections int64 // open now
	Connected   int64 // since the start
	BytesIn     int64
	BytesOut    int64

	Rate          float64       // messages a second, over the last three seconds
	P50, P95, P99 time.Duration // of the time from request to reply, since the start, within 4 %
	Slowest       time.Duration
}

// ErrorRate is the share of messages that were not answered positively, from 0 to 1.
func (s Stats) ErrorRate() float64 {
	all := s.Accepted + s.Errors + s.Rejected + s.Silent + s.Failed
	if all == 0 {
		return 0
	}
	return float64(all-s.Accepted) / float64(all)
}

// counters are the live numbers behind Stats. They are written by many goroutines and never locked.
type counters struct {
	since                            time.Time
	in, out                          atomic.Int64
	accepted, errors, rejected       atomic.Int64
	silent, refused, failed          atomic.Int64
	open, connected, bytesIn, bytesO atomic.Int64
	latency                          Histogram
	seconds                          [rateSlots]slot
}

const (
	rateSlots  = 16
	rateWindow = 3 // seconds
)

// slot counts the messages of one second.
type slot struct{ second, n atomic.Int64 }

func (c *counters) outcome(o Outcome) {
	switch o {
	case OutcomeAccepted:
		c.accepted.Add(1)
	case OutcomeError:
		c.errors.Add(1)
	case OutcomeRejected:
		c.rejected.Add(1)
	case OutcomeSilent:
		c.silent.Add(1)
	case OutcomeRefused:
		c.refused.Add(1)
	case OutcomeFailed:
		c.failed.Add(1)
	}
}

// message counts one message of the second of now.
func (c *counters) message(now time.Time) {
	s := now.Unix()
	at := &c.seconds[s%rateSlots]
	if old := at.second.Load(); old != s && at.second.CompareAndSwap(old, s) {
		at.n.Store(0)
	}
	at.n.Add(1)
}

// rate is messages a second over the last whole seconds.
func (c *counters) rate(now time.Time) float64 {
	this := now.Unix()
	sum := int64(0)
	for i := range c.seconds {
		if s := c.seconds[i].second.Load(); s < this && s >= this-rateWindow {
			sum += c.seconds[i].n.Load()
		}
	}
	whole := min(int64(rateWindow), this-c.since.Unix())
	if whole < 1 {
		return 0
	}
	return float64(sum) / float64(whole)
}

func (c *counters) stats() Stats {
	s := Stats{
		Since: c.since, In: c.in.Load(), Out: c.out.Load(), Accepted: c.accepted.Load(), Errors: c.errors.Load(), Rejected: c.rejected.Load(),
		Silent: c.silent.Load(), Refused: c.refused.Load(), Failed: c.failed.Load(), Connections: c.open.Load(), Connected: c.connected.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesO.Load(), Rate: c.rate(time.Now()), Slowest: c.latency.Max(),
	}
	q := c.latency.Quantiles(0.5, 0.95, 0.99)
	s.P50, s.P95, s.P99 = q[0], q[1], q[2]
	return s
}

// Histogram counts durations in buckets that grow with them: 32 for each power of two, so that a quantile is at most 1/32 off. It has
// a fixed size, takes no lock and is ready when zero.
type Histogram struct {
	buckets [(64 - subBits) << subBits]atomic.Int64
	count   atomic.Int64
	longest atomic.Int64
}

const subBits = 5

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	v := uint64(max(d, 0))
	h.buckets[bucketOf(v)].Add(1)
	h.count.Add(1)
	for {
		old := h.longest.Load()
		if int64(v) <= old || h.longest.CompareAndSwap(old, int64(v)) {
			return
		}
	}
}

// bucketOf keeps the highest set bit and the subBits after it.
func bucketOf(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	e := bits.Len64(v) - 1 - subBits
	return e<<subBits + int(v>>e)
}

// upper is the largest value of a bucket.
func upper(i int) uint64 {
	if i < 1<<(subBits+1) {
		return uint64(i)
	}
	e := i>>subBits - 1
	return uint64(i-e<<subBits+1)<<e - 1
}

// Count is how many durations were added.
func (h *Histogram) Count() int64 { return h.count.Load() }

// Max is the longest of them.
func (h *Histogram) Max() time.Duration { return time.Duration(h.longest.Load()) }

// Quantiles returns the durations below which these shares of all lie, in rising order; 0 where there are none.
func (h *Histogram) Quantiles(shares ...float64) []time.Duration {
	out := make([]time.Duration, len(shares))
	total := int64(0)
	for i := range h.buckets {
		total += h.buckets[i].Load()
	}
	if total == 0 {
		return out
	}
	seen, k := int64(0), 0
	for i := range h.buckets {
		seen += h.buckets[i].Load()
		for k < len(shares) && float64(seen) >= shares[k]*float64(total) {
			out[k] = min(time.Duration(upper(i)), h.Max())
			k++
		}
		if k == len(shares) {
			break
		}
	}
	return out
}
