package job

import (
	"fmt"
	"sync"
	"time"
)

const (
	sampleEvery = 250 * time.Millisecond
	sampleCount = 32 // with sampleEvery: the rate is that of the last eight seconds
)

type sample struct {
	at   time.Time
	done int64
}

// Progress is how far work has come. The work writes it as often as it likes, the screen reads it when it
// wants: nothing is sent. All methods may be called from any goroutine, and on a nil *Progress, which
// forgets everything.
type Progress struct {
	now func() time.Time

	mu      sync.Mutex
	started time.Time
	done    int64
	total   int64
	note    string
	samples []sample // oldest first, at most sampleCount
}

func newProgress() *Progress { return newProgressAt(time.Now) }

func newProgressAt(now func() time.Time) *Progress {
	p := &Progress{now: now, started: now()}
	p.samples = append(make([]sample, 0, sampleCount), sample{p.started, 0})
	return p
}

// NewProgress returns a progress for work that runs without a [Runner], such as a command's.
func NewProgress() *Progress { return newProgress() }

// SetTotal says how much there is to do, in the unit of [Progress.Set]; 0 means unknown.
func (p *Progress) SetTotal(total int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
}

// Set says how much is done.
func (p *Progress) Set(done int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(done)
}

// Add says that n more is done.
func (p *Progress) Add(n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.done + n)
}

// Note sets a few words for the screen, such as a count of messages. No patient data.
func (p *Progress) Note(words string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = words
}

func (p *Progress) set(done int64) {
	p.done = done
	now := p.now()
	if now.Sub(p.samples[len(p.samples)-1].at) < sampleEvery {
		return
	}
	if len(p.samples) == sampleCount {
		copy(p.samples, p.samples[1:])
		p.samples = p.samples[:sampleCount-1]
	}
	p.samples = append(p.samples, sample{now, done})
}

// State is progress at one moment. Total is 0 where it is unknown. Rate is what was done per second in the
// last seconds. Left is the time that remains at that rate; it is 0 unless Estimated.
type State struct {
	Done, Total int64
	Note        string
	Elapsed     time.Duration
	Rate        float64
	Left        time.Duration
	Estimated   bool
}

// State reads the progress.
func (p *Progress) State() State {
	if p == nil {
		return State{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	s := State{Done: p.done, Total: p.total, Note: p.note, Elapsed: now.Sub(p.started)}
	first := p.samples[0]
	if span := now.Sub(first.at); span >= sampleEvery && p.done > first.done {
		s.Rate = float64(p.done-first.done) / span.Seconds()
	}
	// An estimate in the first second jumps about and is worth nothing.
	if s.Rate > 0 && s.Total > s.Done && s.Elapsed >= time.Second {
		s.Left = time.Duration(float64(s.Total-s.Done) / s.Rate * float64(time.Second))
		s.Estimated = true
	}
	return s
}

// Fraction is how much is done, from 0 to 1; ok is false where the total is unknown.
func (s State) Fraction() (f float64, ok bool) {
	if s.Total <= 0 {
		return 0, false
	}
	return min(1, max(0, float64(s.Done)/float64(s.Total))), true
}

// String is the state in a few words: "62 %  4,812 messages  9 s left".
func (s State) String() string {
	var text string
	add := func(words string) {
		if text != "" {
			text += "  "
		}
		text += words
	}
	if f, ok := s.Fraction(); ok {
		add(fmt.Sprintf("%d %%", int(f*100)))
	}
	if s.Note != "" {
		add(s.Note)
	}
	if s.Estimated {
		add(words(s.Left) + " left")
	}
	return text
}

// words writes a duration as a person says it: rounded up, one unit.
func words(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", (d+time.Minute-1)/time.Minute)
	default:
		return fmt.Sprintf("%d h", (d+time.Hour-1)/time.Hour)
	}
}
