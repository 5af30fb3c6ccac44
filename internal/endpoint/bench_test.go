package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/endpoint/rules"
)

// load sends messages over raw connections, window at a time on each, and counts the acknowledgements. It is as cheap as a client can be,
// so that what is measured is the listener.
type load struct {
	address     string
	connections int
	window      int
	total       int64
	pace        time.Duration // between two windows of one connection; 0 is none
	latency     Histogram
}

func (l *load) run(tb testing.TB) {
	tb.Helper()
	frame := []byte(framed(text("M0000001")))
	var left atomic.Int64
	left.Store(l.total)
	var wg sync.WaitGroup
	for range l.connections {
		c, err := net.Dial("tcp", l.address)
		if err != nil {
			tb.Fatal(err)
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer c.Close()
			if err := l.connection(c, frame, &left); err != nil {
				tb.Error(err)
			}
		}()
	}
	wg.Wait()
}

func (l *load) connection(c net.Conn, frame []byte, left *atomic.Int64) error {
	batch := bytes.Repeat(frame, l.window)
	r := bufio.NewReaderSize(c, 64<<10)
	for next := time.Now(); ; {
		n := int64(l.window)
		if after := left.Add(-n); after < 0 {
			if n += after; n <= 0 {
				return nil
			}
		}
		if l.pace > 0 {
			next = next.Add(l.pace)
			time.Sleep(time.Until(next))
		}
		began := time.Now()
		if _, err := c.Write(batch[:n*int64(len(frame))]); err != nil {
			return err
		}
		for range n {
			b, err := r.ReadSlice('\x1c')
			if err != nil {
				return err
			}
			if !bytes.Contains(b, []byte("\rMSA|AA|M0000001")) {
				return fmt.Errorf("not accepted: %d bytes", len(b))
			}
			l.latency.Add(time.Since(began))
		}
		if _, err := r.ReadByte(); err != nil { // the CR of the last
			return err
		}
	}
}

// benchListener starts a listener for a benchmark.
func benchListener(tb testing.TB, j Journal) *Listener {
	tb.Helper()
	l, err := NewListener(Config{Name: "bench", Address: "127.0.0.1:0"}, rules.File{}, Options{Journal: j})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := l.Listen(ctx); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	return l
}

func BenchmarkListener(b *testing.B) {
	journals := []struct {
		name string
		make func(b *testing.B) Journal
	}{
		{"none", func(*testing.B) Journal { return nil }},
		{"memory", func(*testing.B) Journal { return NewMemoryJournal(10_000, 0) }},
		{"file", func(b *testing.B) Journal {
			j, err := OpenFileJournal(b.TempDir() + "/j.jsonl")
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { j.Close() })
			return j
		}},
	}
	for _, j := range journals {
		for _, c := range []struct{ connections, window int }{{1, 1}, {64, 1}, {64, 16}, {500, 1}} {
			b.Run(fmt.Sprintf("journal=%s/connections=%d/window=%d", j.name, c.connections, c.window), func(b *testing.B) {
				l := benchListener(b, j.make(b))
				x := load{address: l.Addr().String(), connections: c.connections, window: c.window, total: int64(b.N)}
				b.ReportAllocs()
				b.ResetTimer()
				x.run(b)
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
				report(b, &x.latency)
			})
		}
	}
}

func report(b *testing.B, h *Histogram) {
	q := h.Quantiles(0.5, 0.99)
	b.ReportMetric(float64(q[0].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(q[1].Microseconds())/1000, "p99-ms")
}

// BenchmarkListenerHalfLoad sends 20,000 messages a second, half of what is aimed at, and reports how long they take.
func BenchmarkListenerHalfLoad(b *testing.B) {
	l := benchListener(b, nil)
	const connections, perSecond, window = 64, 20_000, 4
	x := load{address: l.Addr().String(), connections: connections, window: window, total: int64(b.N), pace: time.Second * connections * window / perSecond}
	b.ResetTimer()
	x.run(b)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	report(b, &x.latency)
}

// BenchmarkSender is our own sender against our own listener.
func BenchmarkSender(b *testing.B) {
	for _, c := range []struct{ connections, window int }{{1, 1}, {64, 16}} {
		b.Run(fmt.Sprintf("connections=%d/window=%d", c.connections, c.window), func(b *testing.B) {
			l := benchListener(b, nil)
			s, err := NewSender(SendConfig{To: l.Addr().String(), Connections: c.connections, Window: c.window, Count: int64(b.N)}, nil)
			if err != nil {
				b.Fatal(err)
			}
			var messages []Outgoing
			for i := range 1000 {
				messages = append(messages, Outgoing{Bytes: []byte(text("M" + strconv.Itoa(i)))})
			}
			b.ReportAllocs()
			b.ResetTimer()
			sum, err := s.Run(context.Background(), OneMessage(messages...), nil)
			b.StopTimer()
			if err != nil || sum.Passed != int64(b.N) {
				b.Fatalf("%d of %d passed: %v", sum.Passed, b.N, err)
			}
			b.ReportMetric(sum.Rate, "msg/s")
			b.ReportMetric(milliseconds(sum.P50), "p50-ms")
			b.ReportMetric(milliseconds(sum.P99), "p99-ms")
		})
	}
}

// TestMemoryIsFlat sends many messages and compares the heap after the first part with that at the end.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("many messages: left out by -short")
	}
	total := int64(200_000)
	if os.Getenv("TRESTLE_LONG") != "" {
		total = 10_000_000
	}
	l := benchListener(t, NewMemoryJournal(1000, 0))
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	part := func(n int64) {
		x := load{address: l.Addr().String(), connections: 16, window: 16, total: n}
		x.run(t)
	}
	part(total / 10)
	before := heap()
	part(total - total/10)
	after := heap()
	t.Logf("%d messages: heap %d kB after a tenth, %d kB at the end", l.Stats().In, before>>10, after>>10)
	if after > before+8<<20 {
		t.Errorf("the heap grew from %d to %d kB over %d messages", before>>10, after>>10, total)
	}
	if l.Stats().In != total {
		t.Errorf("%d of %d messages counted", l.Stats().In, total)
	}
}
