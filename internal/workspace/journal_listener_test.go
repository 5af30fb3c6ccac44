package workspace

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/mllp"
)

// listen starts a mock partner that keeps its exchanges in a workspace.
func listen(tb testing.TB, j *Journal) (address string) {
	tb.Helper()
	l, err := endpoint.NewListener(endpoint.Config{Name: "Riverbend ADT", Address: "127.0.0.1:0"}, rules.File{}, endpoint.Options{Journal: j})
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
	return l.Addr().String()
}

// send sends messages over several connections, each of which waits for the acknowledgement of one before the next, at a rate a second
// if one is given, and tells how long they waited.
func send(tb testing.TB, address string, connections, total, rate int) []time.Duration {
	tb.Helper()
	messages := make([][]byte, 1000)
	for i := range messages {
		messages[i] = exchange(i).Request
	}
	var next atomic.Int64
	waited := make([][]time.Duration, connections)
	began := time.Now()
	var group sync.WaitGroup
	for c := range connections {
		client, err := (&mllp.Dialer{}).Dial(context.Background(), address)
		if err != nil {
			tb.Fatal(err)
		}
		group.Go(func() {
			defer client.Close()
			var answer mllp.Answer
			for {
				i := int(next.Add(1)) - 1
				if i >= total {
					return
				}
				start := time.Now()
				if rate > 0 {
					start = began.Add(time.Duration(i) * time.Second / time.Duration(rate))
					time.Sleep(time.Until(start))
				}
				if _, err := client.Send(context.Background(), messages[i%len(messages)], &answer); err != nil {
					tb.Error(err)
					return
				}
				waited[c] = append(waited[c], time.Since(start))
			}
		})
	}
	group.Wait()
	return slices.Concat(waited...)
}

// What a listener acknowledged is in the workspace, as it came.
func TestListenerIntoWorkspace(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	t.Run("listening", func(t *testing.T) {
		if n := len(send(t, listen(t, j), 8, 400, 0)); n != 400 {
			t.Fatal(n)
		}
	})
	found := map[string]int{}
	for e, err := range w.ReadExchanges(ctx, ExchangeQuery{Endpoint: "Riverbend ADT", Code: "AA", Direction: endpoint.Inbound}) {
		if err != nil {
			t.Fatal(err)
		}
		found[string(e.Request)]++
		if len(e.Reply) == 0 || e.LastByte.IsZero() || e.Decided.Before(e.LastByte) || e.Outcome != endpoint.OutcomeAccepted {
			t.Fatalf("exchange %d lacks what is known of it", e.ID)
		}
	}
	for i := range 400 {
		if found[string(exchange(i).Request)] != 1 {
			t.Errorf("message %d is there %d times", i, found[string(exchange(i).Request)])
		}
	}
	checkCounts(t, w)
}

// BenchmarkListenerDurable is the whole way: client, network, parsing, acknowledgement, and the journal in an encrypted workspace before
// the acknowledgement leaves. Client and listener share the processors.
func BenchmarkListenerDurable(b *testing.B) {
	for _, c := range []struct{ connections, rate int }{{1, 0}, {64, 0}, {500, 0}, {64, 4000}} {
		b.Run(fmt.Sprintf("connections=%d/rate=%d", c.connections, c.rate), func(b *testing.B) {
			w := newWorkspace(b, filepath.Join(b.TempDir(), "w.trestle"))
			j := openJournal(b, w)
			b.Cleanup(func() {
				j.Close()
				w.Close()
			})
			address := listen(b, j)
			b.ResetTimer()
			waited := send(b, address, c.connections, b.N, c.rate)
			b.StopTimer()
			slices.Sort(waited)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(waited[len(waited)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(waited[len(waited)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
