package ui

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"

	"trestle/internal/ui/kit"
)

// The project locks by itself when nobody has used the window for a while. Work under way counts as use.

// prefIdle is the preference with the minutes.
const prefIdle = "lock.minutes"

// idleChoices are the minutes that can be chosen. There is no "never": a laptop with patient data is left alone sooner or
// later.
var idleChoices = []int{5, 10, 15}

const idleDefault = 10

// idleLimit is how long the window may be unused.
func (s *Shell) idleLimit() time.Duration {
	return time.Duration(s.idleMinutes()) * time.Minute
}

func (s *Shell) idleMinutes() int {
	m := s.app.Preferences().IntWithFallback(prefIdle, idleDefault)
	for _, c := range idleChoices {
		if m == c {
			return m
		}
	}
	return idleDefault
}

// setIdle chooses the minutes.
func (s *Shell) setIdle(minutes int) {
	s.app.Preferences().SetInt(prefIdle, minutes)
	s.limit.Store(int64(s.idleLimit()))
}

// used notes that the user is there.
func (s *Shell) used() { s.lastUse.Store(time.Now().UnixNano()) }

// isIdle says whether nobody has used the window for too long. It may be called from any goroutine.
func (s *Shell) isIdle(now time.Time) bool {
	return s.working.Load() != nil && now.UnixNano()-s.lastUse.Load() > s.limit.Load()
}

// lockIdle locks a window that nobody uses, unless work is under way.
func (s *Shell) lockIdle() {
	if s.session == nil || !s.isIdle(time.Now()) {
		return
	}
	if len(s.m.Work()) > 0 {
		s.used()
		return
	}
	s.lockNow("after "+strconv.Itoa(s.idleMinutes())+" minutes without use", func() {})
}

// passNews takes away news that only inform and that the user had time to read.
func (s *Shell) passNews(now time.Time) {
	if s.session != nil {
		kit.PassNews(now, time.Unix(0, s.lastUse.Load()))
	}
}

// watch is called a few times a second by poll.
func (s *Shell) watch() {
	if s.isIdle(time.Now()) {
		fyne.DoAndWait(s.lockIdle)
	}
	if now := time.Now(); kit.NewsPass() && now.Sub(s.passed) >= time.Second {
		s.passed = now
		fyne.DoAndWait(func() { s.passNews(now) })
	}
	if s.behind.Load() {
		fyne.DoAndWait(s.endVeiled)
	}
}
