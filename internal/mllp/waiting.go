package mllp

import (
	"errors"
	"io"
	"os"
	"time"
)

// filling says why fill returned.
type filling uint8

const (
	filled filling = iota
	ended
	settled
	pausedFrame
	slowFrame
	idle
)

var errStopped = errors.New("reading was stopped")

// stop ends reading at a time: bytes that come before it are still read.
func (r *Reader) stop(at time.Time) {
	r.interrupt.Store(&at)
	if r.clock != nil {
		_ = r.clock.SetReadDeadline(at)
	}
}

// fill reads more bytes, or says which time-out has passed.
func (r *Reader) fill(ev *Event) filling {
	if r.r > 0 {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	if r.beforeFill != nil {
		r.beforeFill()
	}
	for empty := 0; ; {
		r.arm(ev)
		n, err := r.src.Read(r.buf[r.w:])
		if n > 0 {
			r.w += n
			r.now = time.Now()
			if err != nil && !r.timedOut(err) {
				r.err = err
			}
			return filled
		}
		switch {
		case err == nil:
			if empty++; empty > 100 {
				r.err = io.ErrNoProgress
				return ended
			}
		case !r.timedOut(err):
			r.err = err
			return ended
		default:
			r.stale = true
			if at := r.interrupt.Load(); at != nil && !time.Now().Before(*at) {
				r.err = errStopped
				return ended
			}
			if why := r.expired(ev, time.Now()); why != filled {
				return why
			}
		}
	}
}

func (r *Reader) timedOut(err error) bool {
	return r.clock != nil && errors.Is(err, os.ErrDeadlineExceeded)
}

// limit returns when the first of the time-outs passes that hold now, and
// which it is.
func (r *Reader) limit(ev *Event) (at time.Time, why filling) {
	next := func(from time.Time, d time.Duration, w filling) {
		if t := from.Add(d); d > 0 && (at.IsZero() || t.Before(at)) {
			at, why = t, w
		}
	}
	switch {
	case r.inFrame:
		next(ev.FirstByte, r.o.Deadline, slowFrame)
		next(r.now, r.pause(), pausedFrame)
		if r.waiting {
			next(r.now, r.o.Settle, settled)
		}
	case r.waiting || len(ev.Bytes) > 0 && !r.isTail(ev):
		next(r.now, r.o.Settle, settled)
	default:
		next(r.now, r.o.Idle, idle)
	}
	return at, why
}

// pause is how long a frame may stand still.
func (r *Reader) pause() time.Duration {
	if len(r.end) == 0 && r.o.Partial <= 0 {
		return r.o.Settle
	}
	return r.o.Partial
}

// expired says which time-out has passed. The idle time starts anew, so that
// Read can be called again.
func (r *Reader) expired(ev *Event, now time.Time) filling {
	at, why := r.limit(ev)
	if at.IsZero() || now.Before(at) {
		return filled
	}
	if why == idle {
		r.now = now
	}
	return why
}

// arm sets the deadline of the source. Setting one costs more than a small
// read's share, so a deadline that is too early stays: when it passes, the
// time-outs are looked at and it is set again.
func (r *Reader) arm(ev *Event) {
	if r.clock == nil {
		return
	}
	switch at, _ := r.limit(ev); {
	case r.stale, !at.IsZero() && (r.armed.IsZero() || r.armed.After(at)):
		r.set(at)
	}
}

func (r *Reader) set(at time.Time) {
	_ = r.clock.SetReadDeadline(at)
	r.armed, r.stale = at, false
	// stop may have set its own deadline just before.
	if s := r.interrupt.Load(); s != nil && (at.IsZero() || s.Before(at)) {
		_ = r.clock.SetReadDeadline(*s)
	}
}
