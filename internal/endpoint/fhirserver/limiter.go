package fhirserver

import (
	"sync"
	"time"
)

// limiter counts requests in windows of time.
type limiter struct {
	per  time.Duration
	most int

	mu    sync.Mutex
	since time.Time
	n     int
}

// take counts one request; wait is how long until the next may come, 0 if this one may.
func (l *limiter) take(now time.Time) (wait time.Duration) {
	if l.most == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= l.per {
		l.since, l.n = now, 0
	}
	l.n++
	if l.n <= l.most {
		return 0
	}
	return l.per - now.Sub(l.since)
}
