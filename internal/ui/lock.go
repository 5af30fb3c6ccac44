package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"trestle/internal/job"
	"trestle/internal/ui/away"
	"trestle/internal/workspace"
)

// Locking ends the session and drops its keys. One case is different: endpoints that run, where the user has chosen that they go on. Then the
// window shows nothing, and the project stays open behind it, because what they receive must be stored; so its keys stay in memory, and the
// window says so. The project is closed as soon as nothing runs any more.

// prefServices is the preference whether endpoints go on while the window is locked.
const prefServices = "lock.services"

// What running endpoints do when the window is locked.
const (
	servicesStop = "stop"
	servicesGoOn = "go on"
)

// goesOn says whether something runs that goes on while the window is locked.
func (s *Shell) goesOn() bool {
	return s.session != nil && s.session.running() > 0 && s.app.Preferences().StringWithFallback(prefServices, servicesStop) == servicesGoOn
}

// setServices chooses what running endpoints do when the window is locked.
func (s *Shell) setServices(what string) { s.app.Preferences().SetString(prefServices, what) }

// left is told by the system that the user has left, on a goroutine of its own. It returns when the project is closed, or after some seconds, since a
// sleep waits for it.
func (s *Shell) left(r away.Reason) {
	done := make(chan struct{})
	fyne.Do(func() { s.lockNow("because "+string(r), func() { close(done) }) })
	select {
	case <-done:
	case <-time.After(patience):
	}
}

// patience is how long a sleep of the computer is held up for the lock. logind waits five seconds at most.
const patience = 4 * time.Second

// lockNow locks whatever is under way, without asking: work is stopped, what is stored stays. why ends the sentence "Locked …". then is called when
// the keys are dropped, or when it is clear that they stay.
func (s *Shell) lockNow(why string, then func()) {
	if s.session == nil {
		then()
		return
	}
	for s.dismiss != nil { // nothing of the project may stand over the first place
		s.dismiss()
	}
	for o := s.canvas.Overlays().Top(); o != nil; o = s.canvas.Overlays().Top() {
		s.canvas.Overlays().Remove(o)
	}
	if !s.goesOn() {
		s.close(then)
		s.start.Say("Locked " + why + ".")
		return
	}
	old := s.session
	s.session = nil
	s.working.Store(nil)
	s.setVeiled(old)
	job.Start(context.Background(), s.runner, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, old.workspace.LogLocked(ctx, why)
	}, func(struct{}, error) { then() }) // a log that cannot be written shows with the next act
	s.leave(old)
	s.start.Say("Locked " + why + ". Endpoints go on and keep what they receive, so the project stays open behind this window and its keys stay in memory. They are dropped when the endpoints end.")
}

func (s *Shell) setVeiled(n *session) {
	s.veiled = n
	s.behind.Store(n != nil)
}

// held gives the project at a path if it is open behind the window.
func (s *Shell) held(path string) *workspace.Workspace {
	if s.veiled == nil || s.veiled.workspace.Path() != path {
		return nil
	}
	return s.veiled.workspace
}

// unveil gives the session behind the window, if w is its project, to be shown again. Another project that is opened ends it.
func (s *Shell) unveil(w *workspace.Workspace) *session {
	old := s.veiled
	switch {
	case old == nil:
		return nil
	case old.workspace != w:
		s.finish(old, func() {})
		return nil
	}
	s.setVeiled(nil)
	return old
}

// endVeiled closes the project behind the window when nothing runs in it any more.
func (s *Shell) endVeiled() {
	if s.veiled != nil && s.veiled.running() == 0 && s.start.Doing() == "" {
		s.finish(s.veiled, func() {})
		s.start.Say("Locked. The endpoints have ended, and the project is closed.")
	}
}
