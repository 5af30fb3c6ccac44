package mllp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// usualMessage is about as long as the median message of public collections.
var usualMessage = []byte(adt + strings.Repeat("OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL|12.0-16.0|N|||F|||20260102030405\r", 7))

// loop gives the data again and again, n bytes in all.
type loop struct {
	data []byte
	at   int
	n    int64
}

func (l *loop) Read(p []byte) (int, error) {
	if l.n <= 0 {
		return 0, io.EOF
	}
	n := copy(p, l.data[l.at:])
	l.at = (l.at + n) % len(l.data)
	l.n -= int64(n)
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	for _, size := range []int{len(usualMessage), 1 << 20} {
		payload := bytes.Repeat(usualMessage[len(adt):], size/(len(usualMessage)-len(adt))+1)
		payload = append([]byte(adt), payload[:size-len(adt)]...)
		frame := Framing{}.Append(nil, payload)
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			r := NewReader(&loop{data: frame, n: 1 << 62}, ReaderOptions{})
			var ev Event
			for b.Loop() {
				if err := r.Read(&ev); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

func BenchmarkAcknowledge(b *testing.B) {
	b.ReportAllocs()
	var builder Builder
	var h Header
	buf := make([]byte, 0, 512)
	for b.Loop() {
		h = ReadHeader(usualMessage)
		d := Settings{}.Decide(&h, Success)
		buf = builder.Append(buf[:0], &h, Reply{Code: d.InPlace()})
	}
}

// acker answers every frame as the table says for success.
func acker() Handler {
	var builder Builder
	return HandlerFunc(func(t *Turn) {
		if t.Event.Kind != WholeFrame {
			t.Done()
			return
		}
		h := t.Header()
		d := Settings{}.Decide(h, Success)
		if d.InPlace() == None {
			t.Done()
			return
		}
		t.Reply(builder.Append(t.Buffer(), h, Reply{Code: d.InPlace()}))
	})
}

// benchmarkExchange measures clients that each wait for the reply before the next
// message, or keep depth messages under way.
func benchmarkExchange(b *testing.B, clients, depth int) { benchmarkPaced(b, clients, depth, 0) }

// benchmarkPaced is benchmarkExchange at a rate in messages a second over all
// clients, 0 = as fast as it goes. Times count from when a message is due.
func benchmarkPaced(b *testing.B, clients, depth, rate int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var served sync.WaitGroup
	served.Go(func() {
		if err := (&Server{Handler: acker()}).Serve(ctx, l); err != nil {
			b.Error(err)
		}
	})
	var conns []*Client
	for range clients {
		c, err := new(Dialer).Dial(ctx, l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, c)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	times := make([][]time.Duration, clients*depth)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range times {
		wg.Go(func() {
			var a Answer
			due := time.Now()
			if rate > 0 {
				// The clients take turns, as they would not all start at once.
				due = due.Add(time.Duration(i) * time.Second / time.Duration(rate))
			}
			for left.Add(-1) >= 0 {
				start := time.Now()
				if rate > 0 {
					time.Sleep(due.Sub(start))
					start = due
					due = due.Add(time.Second * time.Duration(len(times)) / time.Duration(rate))
				}
				if _, err := conns[i%clients].Send(ctx, usualMessage, &a); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(times...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	for _, c := range conns {
		c.Close()
	}
	cancel()
	served.Wait()
}

func BenchmarkPingPong1(b *testing.B)      { benchmarkExchange(b, 1, 1) }
func BenchmarkPingPong64(b *testing.B)     { benchmarkExchange(b, 64, 1) }
func BenchmarkPingPong500(b *testing.B)    { benchmarkExchange(b, 500, 1) }
func BenchmarkHalfLoad64(b *testing.B)     { benchmarkPaced(b, 64, 1, 20000) }
func BenchmarkPipelined64by8(b *testing.B) { benchmarkExchange(b, 64, 8) }
