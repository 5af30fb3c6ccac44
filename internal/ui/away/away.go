package away

import (
	"context"
	"sync"
	"time"
)

// Reason is why the user is taken to have left, as the end of a sentence "Locked: …".
type Reason string

// The reasons.
const (
	Sleep  Reason = "the computer went to sleep"
	Screen Reason = "the screen was locked"
)

// Watch calls left each time that the user leaves the computer, one call at a time, until ctx ends. Where the system does not tell, it
// only notices a sleep when the computer wakes up.
func Watch(ctx context.Context, left func(Reason)) {
	var one sync.Mutex
	tell := func(r Reason) {
		one.Lock()
		defer one.Unlock()
		if ctx.Err() == nil {
			left(r)
		}
	}
	var group sync.WaitGroup
	group.Go(func() { watchSystem(ctx, tell) })
	group.Go(func() { watchClock(ctx, tell) })
	group.Wait()
}

const (
	// tick is how often the clock is looked at.
	tick = time.Second
	// asleep is how much longer a tick must have taken for a sleep. A busy computer is late by less.
	asleep = 30 * time.Second
)

// watchClock notices a sleep afterwards.
func watchClock(ctx context.Context, left func(Reason)) {
	t := time.NewTicker(tick)
	defer t.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := time.Now()
		if slept(last, now) {
			left(Sleep)
		}
		last = now
	}
}

// slept reports whether the computer slept between two ticks: the clock on the wall went on while the monotonic clock stood still, as on Linux and
// macOS, or both went on without us. A clock that was set forward by hand looks the same, and then the project is locked once too often.
func slept(last, now time.Time) bool {
	return now.Round(0).Sub(last.Round(0)) > tick+asleep
}
