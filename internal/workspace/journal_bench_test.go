package workspace

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/endpoint"
)

// exchange is the i-th invented exchange: a request of about 1 kB and a reply of about 150 bytes.
func exchange(i int) *endpoint.Exchange {
	now := time.Now()
	r := sample(i)
	request := r.Bytes
	if len(request) > 1100 {
		request = request[:1100]
	}
	for len(request) < 1000 {
		request = append(request, "NTE|1||an invented note on an invented patient\r"...)
	}
	reply := fmt.Appendf(nil, "MSH|^~\\&|INFUSE|CENTRE|EHR|RIVERBEND|20260102030405||ACK^%s|ACK%07d|P|2.5.1\rMSA|AA|%s|accepted, this is the reply of an invented endpoint\r",
		r.Summary.Trigger, i, r.Summary.ControlID)
	e := &endpoint.Exchange{
		Endpoint: "Riverbend ADT", Kind: endpoint.KindMessage, Direction: endpoint.Inbound, Conversation: "EHR|RIVERBEND|" + r.Summary.ControlID,
		Connection: uint64(1 + i%64), Peer: fmt.Sprintf("127.0.0.1:%d", 40000+i%64), FirstByte: now.Add(-300 * time.Microsecond), LastByte: now.Add(-200 * time.Microsecond),
		Decided: now, Request: request, Reply: reply, Type: r.Summary.Type, Trigger: r.Summary.Trigger, ControlID: r.Summary.ControlID,
		MRN: fmt.Sprintf("88%07d", uint32(i)*2654435761%2_000_000), Account: fmt.Sprintf("A%07d", uint32(i)*40503%1_000_000), Code: "AA", Attempt: 0, Outcome: endpoint.OutcomeAccepted,
	}
	e.Seal(true)
	return e
}

// BenchmarkJournal appends as 64 connections do that each wait for their acknowledgement: every exchange is durable before the
// next one of its connection begins.
func BenchmarkJournal(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind, func(b *testing.B) { benchJournal(b, kind, 0, 0) })
	}
	b.Run("half load", func(b *testing.B) { benchJournal(b, "sealed", 0, 4000) })
	if long() {
		b.Run("a million before", func(b *testing.B) { benchJournal(b, "sealed", 1_000_000, 0) })
		b.Run("a million before, half load", func(b *testing.B) { benchJournal(b, "sealed", 1_000_000, 4000) })
	}
}

const benchConnections = 64

// benchJournal appends b.N exchanges after some that are there, at a rate a second if one is given.
func benchJournal(b *testing.B, kind string, before, rate int) {
	ctx := context.Background()
	w := benchWorkspace(b, kind, b.TempDir())
	defer shut(w)
	j, err := w.OpenJournal(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	fillJournal(b, j, before)
	exchanges := make([]*endpoint.Exchange, b.N)
	for i := range exchanges {
		exchanges[i] = exchange(before + i)
	}
	var next atomic.Int64
	latencies := make([][]time.Duration, benchConnections)
	b.SetBytes(int64(len(exchanges[0].Request) + len(exchanges[0].Reply)))
	b.ResetTimer()
	began := time.Now()
	var group sync.WaitGroup
	for c := range benchConnections {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				start := time.Now()
				if rate > 0 {
					due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
					time.Sleep(time.Until(due))
					start = due // what waits for a connection waits as well
				}
				if err := j.Append(ctx, exchanges[i:i+1]); err != nil {
					b.Error(err)
					return
				}
				now := time.Now()
				latencies[c] = append(latencies[c], now.Sub(start))
				j.Complete(ctx, []endpoint.Completion{{ID: exchanges[i].ID, Committed: now, ReplyWritten: now}})
			}
		})
	}
	group.Wait()
	b.StopTimer()
	all := slices.Concat(latencies...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

// fillJournal appends n exchanges in large batches.
func fillJournal(tb testing.TB, j *Journal, n int) {
	tb.Helper()
	for i := 0; i < n; i += 2000 {
		var batch []*endpoint.Exchange
		for k := i; k < min(n, i+2000); k++ {
			batch = append(batch, exchange(k))
		}
		if err := j.Append(context.Background(), batch); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkJournalReading reads first pages of a long journal: a million exchanges in the long form.
func BenchmarkJournalReading(b *testing.B) {
	ctx := context.Background()
	n := times(50_000, 1_000_000)
	w := benchWorkspace(b, "sealed", b.TempDir())
	defer shut(w)
	j, err := w.OpenJournal(ctx)
	if err != nil {
		b.Fatal(err)
	}
	fillJournal(b, j, n)
	rare := exchange(n / 2)
	rare.Code, rare.Outcome, rare.Rule, rare.Run = "AR", endpoint.OutcomeRejected, "rare", "a run"
	if err := j.Append(ctx, []*endpoint.Exchange{rare}); err != nil {
		b.Fatal(err)
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	queries := map[string]ExchangeQuery{"all": {}, "endpoint": {Endpoint: rare.Endpoint}, "code": {Code: "AR"}, "failed": {Failed: true}, "rule": {Rule: "rare"}, "run": {Run: "a run"},
		"mrn": {MRN: rare.MRN}, "account": {Account: rare.Account}, "control": {ControlID: rare.ControlID}, "conversation": {Conversation: rare.Conversation},
		"mrn prefix": {MRN: rare.MRN[:6] + "*"}, "window": {From: time.Now().Add(-time.Hour), To: time.Now()}, "text of a frequent word": {Text: "invented"}}
	for name, q := range queries {
		b.Run(fmt.Sprintf("page/%s", name), func(b *testing.B) {
			for range b.N {
				list, err := w.Exchanges(ctx, q, ExchangePage{Limit: 100})
				if err != nil || len(list) == 0 {
					b.Fatal(len(list), err)
				}
			}
		})
	}
	b.Run("count", func(b *testing.B) {
		for range b.N {
			if _, err := w.CountExchanges(ctx, ExchangeQuery{Endpoint: rare.Endpoint}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("figures", func(b *testing.B) {
		for range b.N {
			if _, err := w.EndpointFigures(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}
