package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func drain(t *testing.T, q *Queue, r *Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := q.Drain(ctx, r); err != nil {
		t.Fatal(err)
	}
}

func TestResultsComeThroughTheGate(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	sum := 0 // no lock: only the draining goroutine touches it
	for i := range 100 {
		Start(t.Context(), r, func(context.Context) (int, error) { return i, nil }, func(v int, err error) {
			if err != nil {
				t.Error(err)
			}
			sum += v
		})
	}
	if !r.Busy() {
		t.Error("idle before the results were taken in")
	}
	drain(t, &q, r)
	if sum != 4950 || r.Busy() {
		t.Errorf("sum %d, busy %v", sum, r.Busy())
	}
}

func TestDrainWaitsForWhatDoneStarts(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	depth := 0
	var next func(int, error)
	next = func(n int, _ error) {
		if depth = n; n < 20 {
			Start(t.Context(), r, func(context.Context) (int, error) { return n + 1, nil }, next)
		}
	}
	next(0, nil)
	drain(t, &q, r)
	if depth != 20 {
		t.Errorf("depth %d", depth)
	}
}

func TestDrainSaysThatWorkHangs(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	Start(t.Context(), r, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, func(int, error) {})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.Drain(ctx, r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	r.Close()
	drain(t, &q, r)
}

func TestCancelAndActive(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	var got error
	j := Track(t.Context(), r, "import", func(ctx context.Context, p *Progress) (int, error) {
		p.Set(7)
		<-ctx.Done()
		return 0, ctx.Err()
	}, func(_ int, err error) { got = err })
	Start(t.Context(), r, func(context.Context) (int, error) { return 0, nil }, func(int, error) {})
	active := r.Active()
	if len(active) != 1 || active[0] != j || j.Title() != "import" {
		t.Errorf("active: %v", active)
	}
	j.Cancel()
	drain(t, &q, r)
	if !errors.Is(got, context.Canceled) || len(r.Active()) != 0 || j.Progress().State().Done != 7 {
		t.Errorf("err %v, active %d", got, len(r.Active()))
	}
}

func TestCloseEndsEverything(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	var ended atomic.Int64
	for range 20 {
		Start(t.Context(), r, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			ended.Add(1)
			return 0, ctx.Err()
		}, func(int, error) {})
	}
	r.Close()
	if ended.Load() != 20 {
		t.Errorf("%d of 20 had ended when Close returned", ended.Load())
	}
	var late error
	Start(t.Context(), r, func(context.Context) (int, error) { t.Error("ran after Close"); return 0, nil }, func(_ int, err error) { late = err })
	drain(t, &q, r)
	if !errors.Is(late, ErrClosed) {
		t.Errorf("late start: %v", late)
	}
}

func TestLatestDropsWhatIsOutOfDate(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	var l Latest
	var got []int
	for i := range 10 {
		StartLatest(t.Context(), r, &l, func(context.Context) (int, error) { return i, nil }, func(v int, _ error) { got = append(got, v) })
	}
	drain(t, &q, r)
	if len(got) != 1 || got[0] != 9 {
		t.Errorf("got %v", got)
	}
	StartLatest(t.Context(), r, &l, func(context.Context) (int, error) { return 10, nil }, func(v int, _ error) { got = append(got, v) })
	l.Cancel()
	drain(t, &q, r)
	if len(got) != 1 {
		t.Errorf("a cancelled one came through: %v", got)
	}
}

func TestPanicBecomesAnErrorWithoutItsWords(t *testing.T) {
	var q Queue
	r := NewRunner(q.Gate)
	var said, runtimeFault error
	Start(t.Context(), r, func(context.Context) (int, error) { panic("PID|1||88121") }, func(_ int, err error) { said = err })
	Start(t.Context(), r, func(context.Context) (int, error) { var none []int; return none[len(t.Name())], nil }, func(_ int, err error) { runtimeFault = err })
	drain(t, &q, r)
	var p *PanicError
	if !errors.As(said, &p) || strings.Contains(said.Error(), "88121") {
		t.Errorf("got %v", said)
	}
	if len(p.Places) == 0 || !strings.Contains(p.Places[0], "TestPanic") {
		t.Errorf("places %v", p.Places)
	}
	if !errors.As(runtimeFault, &p) || !strings.Contains(p.Reason, "runtime error") {
		t.Errorf("got %v", runtimeFault)
	}
}

func TestProgressRateAndEstimate(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := newProgressAt(func() time.Time { return at })
	p.SetTotal(1000)
	if s := p.State(); s.Estimated || s.Rate != 0 || s.String() != "0 %" {
		t.Errorf("at the start: %+v %q", s, s)
	}
	for range 40 { // ten seconds at 12 a second
		at = at.Add(sampleEvery)
		p.Add(3)
	}
	p.Note("80 messages")
	s := p.State()
	if s.Done != 120 || s.Elapsed != 10*time.Second || s.Rate < 11.9 || s.Rate > 12.1 {
		t.Errorf("%+v", s)
	}
	if got := s.String(); got != "12 %  80 messages  74 s left" {
		t.Errorf("%q", got)
	}
	at = at.Add(time.Hour) // a stall shows: the rate falls, the estimate grows
	if s := p.State(); s.Rate > 1 || s.Left < time.Hour {
		t.Errorf("after a stall: %+v", s)
	}
}

func TestProgressWithoutTotal(t *testing.T) {
	p := NewProgress()
	p.Set(5)
	if f, ok := p.State().Fraction(); ok || f != 0 {
		t.Errorf("fraction %v %v", f, ok)
	}
	var none *Progress
	none.Set(1)
	none.Add(1)
	none.SetTotal(1)
	none.Note("x")
	if s := none.State(); s != (State{}) {
		t.Errorf("%+v", s)
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		200 * time.Millisecond: "1 s", 89 * time.Second: "89 s", 91 * time.Second: "2 min",
		89 * time.Minute: "89 min", 3 * time.Hour: "3 h",
	} {
		if got := words(d); got != want {
			t.Errorf("%v: %q, not %q", d, got, want)
		}
	}
}

func ExampleStart() {
	var screen Queue // fyne.Do in the window
	runner := NewRunner(screen.Gate)
	Start(context.Background(), runner, func(context.Context) (int, error) { return 6 * 7, nil }, func(answer int, _ error) {
		fmt.Println("on the screen's goroutine:", answer)
	})
	if err := screen.Drain(context.Background(), runner); err != nil {
		fmt.Println(err)
	}
	// Output: on the screen's goroutine: 42
}
