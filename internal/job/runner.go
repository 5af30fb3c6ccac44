package job

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Gate brings a function to the goroutine that owns the screen's state and runs it there, once, in the
// order of the calls. It does not wait for it.
type Gate func(f func())

// ErrClosed is what work gets that is started after [Runner.Close].
var ErrClosed = errors.New("the program is closing")

// Runner starts work and knows what is under way. Make it with [NewRunner]; its methods may be called
// from any goroutine.
type Runner struct {
	gate Gate
	busy atomic.Int64

	mu      sync.Mutex
	closed  bool
	jobs    []*Job
	workers sync.WaitGroup
}

// NewRunner returns a runner whose results come back through gate.
func NewRunner(gate Gate) *Runner { return &Runner{gate: gate} }

// Busy says whether work is under way or a result has not been taken in yet.
func (r *Runner) Busy() bool { return r.busy.Load() > 0 }

// Active lists the tracked work under way, oldest first.
func (r *Runner) Active() []*Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.jobs), func(j *Job) bool { return j.title == "" })
}

// Close cancels all work and waits until the last of it has returned. Results still pending are handed
// to the gate as usual. Work started afterwards does not run; its done gets [ErrClosed].
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	for _, j := range r.jobs {
		j.Cancel()
	}
	r.mu.Unlock()
	r.workers.Wait()
}

// Post runs f through the gate: news from what goes on beside the runner's own work, such as a listener. It does not count
// as work. After Close nothing is posted any more; f says itself whether it is still wanted.
func (r *Runner) Post(f func()) {
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if !closed {
		r.gate(f)
	}
}

func (r *Runner) enter(j *Job) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.jobs = append(r.jobs, j)
	r.workers.Add(1)
	return true
}

func (r *Runner) leave(j *Job) {
	r.mu.Lock()
	r.jobs = slices.DeleteFunc(r.jobs, func(o *Job) bool { return o == j })
	r.mu.Unlock()
	r.workers.Done()
}

// Job is one piece of work under way.
type Job struct {
	title    string
	progress *Progress
	cancel   context.CancelFunc
}

// Title is what the work is called on the screen.
func (j *Job) Title() string { return j.title }

// Progress is how far the work is. It may be read from any goroutine.
func (j *Job) Progress() *Progress { return j.progress }

// Cancel asks the work to end; its done still runs, as a rule with [context.Canceled].
func (j *Job) Cancel() { j.cancel() }

// Start runs work on a goroutine of its own and done, with its result, through the gate. The work is not
// listed on the screen; for what takes longer than a moment use [Track].
func Start[T any](ctx context.Context, r *Runner, work func(context.Context) (T, error), done func(T, error)) *Job {
	return start(ctx, r, "", func(ctx context.Context, _ *Progress) (T, error) { return work(ctx) }, done)
}

// Track is [Start] for work that the screen lists by its title, with progress and a way to cancel it.
// The title must not hold patient data.
func Track[T any](ctx context.Context, r *Runner, title string, work func(context.Context, *Progress) (T, error), done func(T, error)) *Job {
	return start(ctx, r, title, work, done)
}

func start[T any](ctx context.Context, r *Runner, title string, work func(context.Context, *Progress) (T, error), done func(T, error)) *Job {
	ctx, cancel := context.WithCancel(ctx)
	j := &Job{title: title, progress: newProgress(), cancel: cancel}
	r.busy.Add(1) // before the goroutine: no moment in between looks idle
	finish := func(v T, err error) {
		r.gate(func() {
			defer r.busy.Add(-1) // after done: what done starts counts first
			done(v, err)
		})
	}
	if !r.enter(j) {
		cancel()
		var none T
		finish(none, ErrClosed)
		return j
	}
	go func() {
		v, err := guard(ctx, j.progress, work)
		cancel()
		r.leave(j)
		finish(v, err)
	}()
	return j
}

// Latest makes a series of jobs of which only the newest counts: a search that is typed, a preview that
// follows the cursor. Starting one cancels the one before, and the result of one that is out of date is
// dropped. It belongs to the goroutine of the screen. The zero value is ready.
type Latest struct {
	generation uint64
	job        *Job
}

// Cancel drops the job under way, if any.
func (l *Latest) Cancel() {
	l.generation++
	if l.job != nil {
		l.job.Cancel()
		l.job = nil
	}
}

// StartLatest is [Start] for the newest job of a series. Call it, as everything that touches l, on the
// goroutine of the screen: the gate must lead there.
func StartLatest[T any](ctx context.Context, r *Runner, l *Latest, work func(context.Context) (T, error), done func(T, error)) {
	l.Cancel()
	mine := l.generation
	l.job = Start(ctx, r, work, func(v T, err error) {
		if l.generation != mine {
			return
		}
		l.job = nil
		done(v, err)
	})
}

// PanicError is a defect of the program that ended one job instead of the whole program. Places names the
// code, innermost first. The panic's own words are kept only where the Go runtime wrote them: others could
// quote a message, and with it a patient.
type PanicError struct {
	Reason string
	Places []string
}

func (e *PanicError) Error() string {
	where := "an unknown place"
	if len(e.Places) > 0 {
		where = e.Places[0]
	}
	return fmt.Sprintf("a defect in the program ended this work (%s, at %s); nothing else is affected", e.Reason, where)
}

func guard[T any](ctx context.Context, p *Progress, work func(context.Context, *Progress) (T, error)) (v T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = newPanicError(cause)
		}
	}()
	return work(ctx, p)
}

func newPanicError(cause any) *PanicError {
	e := &PanicError{Reason: "a panic"}
	if fault, ok := cause.(runtime.Error); ok {
		e.Reason = fault.Error()
	}
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		// The runtime's own frames say how a panic travels, not where it began.
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			e.Places = append(e.Places, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		if !more {
			return e
		}
	}
}
