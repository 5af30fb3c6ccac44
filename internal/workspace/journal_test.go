package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/endpoint"
)

func openJournal(t testing.TB, w *Workspace) *Journal {
	t.Helper()
	j, err := w.OpenJournal(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func journalWorkspace(t testing.TB) (*Workspace, *Journal) {
	t.Helper()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	j := openJournal(t, w)
	t.Cleanup(func() {
		if err := errors.Join(j.Close(), w.Close()); err != nil {
			t.Error(err)
		}
	})
	return w, j
}

func appendAll(t testing.TB, j *Journal, batch ...*endpoint.Exchange) {
	t.Helper()
	if err := j.Append(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
}

// wholeExchange is an exchange with something in every field.
func wholeExchange() *endpoint.Exchange {
	at := time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC)
	e := &endpoint.Exchange{
		Endpoint: "To the laboratory", Run: "first trial", Kind: endpoint.KindMessage, Direction: endpoint.Outbound, Conversation: "EHR|RIVERBEND|MSG1", Connection: 7,
		Peer: "192.0.2.7:2575", TLS: &endpoint.TLS{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", PeerName: "CN=lab.example"},
		FirstByte: at, LastByte: at.Add(time.Microsecond), Decided: at.Add(3 * time.Millisecond), Request: []byte("MSH|^~\\&|EHR\rPID|1\r"), Reply: []byte("MSH|^~\\&|LAB\rMSA|AE|MSG1\r"),
		Type: "ORU", Trigger: "R01", ControlID: "MSG1", MRN: "8812345", Account: "A77", Code: "AE", Rule: "late", Sentence: "Every 3rd message is answered late",
		Faults: []string{"delay 2s"}, Findings: []endpoint.Finding{{Code: "framing.extra", Severity: check.Warning, Offset: 12, Length: 3, Text: "bytes between frames", Bytes: []byte("abc")}},
		Attempt: 2, MaybeTwice: true, Expected: "AA", Passed: false, Outcome: endpoint.OutcomeError, Detail: "the partner answered AE",
	}
	e.Seal(true)
	return e
}

// What is stored comes back whole, with its bytes and without.
func TestJournalRoundTrip(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	for _, keep := range []bool{true, false} {
		e := wholeExchange()
		e.Seal(keep)
		appendAll(t, j, e)
		got, err := w.Exchange(ctx, e.ID)
		if err != nil || !reflect.DeepEqual(got, *e) {
			t.Errorf("payloads kept %v:\n got %+v\nwant %+v\n%v", keep, got, *e, err)
		}
		list, err := w.Exchanges(ctx, ExchangeQuery{}, ExchangePage{Limit: 1})
		if err != nil || len(list) != 1 || list[0].Request != nil || list[0].ControlID != "MSG1" {
			t.Errorf("listed %+v %v", list, err)
		}
	}
	empty := &endpoint.Exchange{Endpoint: "Bare", Kind: endpoint.KindConnection, Direction: endpoint.Inbound, Outcome: endpoint.OutcomeRefused}
	appendAll(t, j, empty)
	if got, err := w.Exchange(ctx, empty.ID); err != nil || !reflect.DeepEqual(got, *empty) {
		t.Errorf("got %+v %v", got, err)
	}
	if _, err := w.Exchange(ctx, 999); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// A completion changes what it names, the counts with it, and nothing else.
func TestJournalCompletion(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	j := openJournal(t, w)
	e, other := exchange(1), exchange(2)
	appendAll(t, j, e, other)
	at := time.Date(2026, 3, 4, 5, 6, 7, 1000, time.UTC)
	err := j.Complete(ctx, []endpoint.Completion{{ID: e.ID, Committed: at, ReplyWritten: at.Add(time.Millisecond), Outcome: endpoint.OutcomeFailed, Detail: "the peer closed first"},
		{ID: other.ID, ReplyWritten: at}, {ID: 12345, Committed: at, Outcome: endpoint.OutcomeFailed}})
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := w.Exchange(ctx, e.ID)
	if err != nil || !got.Committed.Equal(at) || !got.ReplyWritten.Equal(at.Add(time.Millisecond)) || got.Outcome != endpoint.OutcomeFailed || got.Detail != "the peer closed first" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := w.Exchange(ctx, other.ID); err != nil || !got.Committed.IsZero() || !got.ReplyWritten.Equal(at) || got.Outcome != endpoint.OutcomeAccepted {
		t.Errorf("%+v %v", got, err)
	}
	if n, err := w.CountExchanges(ctx, ExchangeQuery{Failed: true}); n != 1 || err != nil {
		t.Error(n, err)
	}
	checkCounts(t, w)
	if err := j.Append(ctx, []*endpoint.Exchange{e}); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if err := j.Complete(ctx, nil); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

// checkCounts counts everything anew and compares.
func checkCounts(t *testing.T, w *Workspace) {
	t.Helper()
	counted := map[string]int64{}
	for i, q := range []string{
		"SELECT endpoint||'/'||inbound||'/'||code||'/'||outcome||'/'||failed, n*1000000007+request_bytes*31+reply_bytes FROM exchange_counts WHERE n<>0",
		"SELECT endpoint||'/'||inbound||'/'||code||'/'||outcome||'/'||failed, count(*)*1000000007+sum(request_size)*31+sum(reply_size) FROM exchanges GROUP BY 1",
	} {
		rows, err := w.read.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var key string
			var n int64
			if err := rows.Scan(&key, &n); err != nil {
				t.Fatal(err)
			}
			counted[key] += n * int64(1-2*i)
		}
		rows.Close()
	}
	for key, n := range counted {
		if n != 0 {
			t.Errorf("the counts of %s are not those of the rows", key)
		}
	}
}

// One bad exchange does not take those of others along.
func TestJournalOneBadBatch(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	if _, err := w.write.Exec("CREATE TRIGGER refuse BEFORE INSERT ON exchanges WHEN NEW.control_id='BAD' BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		group.Go(func() {
			good, last := exchange(2*i), exchange(2*i+1)
			if i%5 == 0 {
				last.ControlID = "BAD"
			}
			errs[i] = j.Append(ctx, []*endpoint.Exchange{good, last})
			if (good.ID == 0) != (errs[i] != nil) {
				t.Errorf("batch %d: id %d, error %v", i, good.ID, errs[i])
			}
		})
	}
	group.Wait()
	for i, err := range errs {
		if (err != nil) != (i%5 == 0) {
			t.Errorf("batch %d: %v", i, err)
		}
		if err != nil && strings.Contains(err.Error(), "MSG") {
			t.Errorf("the error tells of the message: %v", err)
		}
	}
	if n, err := w.CountExchanges(ctx, ExchangeQuery{Direction: endpoint.Inbound}); n != 64 || err != nil {
		t.Error(n, err)
	}
	checkCounts(t, w)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := j.Append(cancelled, []*endpoint.Exchange{exchange(1)}); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The access log tells of all exchanges in few entries, also of those of a session that was cut off, and its chain holds.
func TestJournalInAccessLog(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	j := openJournal(t, w)
	for i := range 50 {
		appendAll(t, j, exchange(i))
	}
	out := wholeExchange()
	appendAll(t, j, out)
	files := images{closed: readFile(t, p), log: readFile(t, p+"-wal")} // as a kill leaves them
	if err := errors.Join(j.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	told := func(w *Workspace) (received, sent []string) {
		for _, e := range entries(t, w) {
			switch e.Action {
			case ActionReceived:
				received = append(received, e.Details)
			case ActionSent:
				sent = append(sent, e.Details)
			}
		}
		return received, sent
	}
	for name, cut := range map[string]bool{"closed": false, "cut off": true} {
		if cut {
			put(t, p, files.closed, files.log)
		}
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatal(err)
		}
		if err := openJournal(t, w).Close(); err != nil {
			t.Fatal(err)
		}
		received, sent := told(w)
		want := []string{"1 message, exchanges after 0 up to 1", "49 messages, exchanges after 1 up to 50"}
		if !reflect.DeepEqual(received, want) || len(sent) != 1 {
			t.Errorf("%s: %q %q", name, received, sent)
		}
		if err := errors.Join(w.VerifyLog(ctx), w.Close()); err != nil {
			t.Error(name, err)
		}
	}
}

// A purge takes what its preview showed and nothing that came since, the counts with it; endpoints go on.
func TestPurgeExchanges(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	fillJournal(t, j, 4500)
	appendAll(t, j, wholeExchange())
	p, err := w.PreviewExchangePurge(ctx, ExchangePurge{Endpoint: "Riverbend ADT"})
	if err != nil || p.Exchanges != 4500 || p.Kept != 1 || p.Bytes == 0 || p.Oldest.IsZero() {
		t.Fatalf("%+v %v", p, err)
	}
	appendAll(t, j, exchange(5000))
	steps := 0
	n, err := w.PurgeExchanges(ctx, p, func(done, total int64) {
		if steps++; done > total {
			t.Error(done, total)
		}
	})
	if n != 4500 || err != nil || steps < 2 {
		t.Error(n, steps, err)
	}
	checkCounts(t, w)
	if left, err := w.CountExchanges(ctx, ExchangeQuery{Endpoint: "Riverbend ADT"}); left != 1 || err != nil {
		t.Error(left, err)
	}
	// everything, by age: endpoints, runs and sentences go too, and the open journal does not mind
	p, err = w.PreviewExchangePurge(ctx, ExchangePurge{Before: time.Now().Add(time.Hour)})
	if err != nil || p.Exchanges != 2 {
		t.Fatalf("%+v %v", p, err)
	}
	if n, err := w.PurgeExchanges(ctx, p, nil); n != 2 || err != nil {
		t.Error(n, err)
	}
	for _, table := range []string{"exchanges", "exchange_payloads", "exchange_runs", "exchange_endpoints", "exchange_facts", "exchange_counts"} {
		var rows int
		if err := w.read.QueryRow("SELECT count(*) FROM " + table).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%s has %d rows: %v", table, rows, err)
		}
	}
	again := wholeExchange()
	appendAll(t, j, again)
	if got, err := w.Exchange(ctx, again.ID); err != nil || got.Run != "first trial" || got.Sentence == "" || again.ID <= 4502 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := w.PreviewExchangePurge(ctx, ExchangePurge{}); !errors.Is(err, ErrQuery) {
		t.Error(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	p, err = w.PreviewExchangePurge(ctx, ExchangePurge{Endpoint: again.Endpoint})
	cancel()
	if n, err2 := w.PurgeExchanges(cancelled, p, nil); n != 0 || !errors.Is(err2, context.Canceled) || err != nil {
		t.Error(n, err, err2)
	}
}

// Figures, runs and conversations are those of the exchanges.
func TestJournalFigures(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i := range 100 {
		e := exchange(i)
		e.LastByte, e.ReplyWritten = now, now.Add(time.Duration(i+1)*time.Millisecond)
		if i%10 == 0 {
			e.Code, e.Outcome = "AR", endpoint.OutcomeRejected
		}
		appendAll(t, j, e)
	}
	for i := range 6 {
		e := wholeExchange()
		e.Run, e.Attempt = fmt.Sprint("run ", i%2), 1+i/4
		e.Passed = i%3 != 0
		appendAll(t, j, e)
	}
	figures, err := w.EndpointFigures(ctx)
	if err != nil || len(figures) != 2 {
		t.Fatal(figures, err)
	}
	f := figures[0]
	if f.Endpoint != "Riverbend ADT" || f.Received != 100 || f.Sent != 0 || f.Failed != 10 || f.ByCode["AR"] != 10 || f.ByOutcome[endpoint.OutcomeAccepted] != 90 ||
		f.Latencies != [3]time.Duration{50 * time.Millisecond, 95 * time.Millisecond, 99 * time.Millisecond} || f.First.After(f.Last) {
		t.Errorf("%+v", f)
	}
	runs, err := w.Runs(ctx)
	if err != nil || len(runs) != 2 || runs[0].Name != "run 1" || runs[0].Exchanges != 3 || runs[0].Retries != 1 || runs[1].Failed != 2-1+0 {
		t.Errorf("%+v %v", runs, err)
	}
	var bytes int
	for e, err := range w.ReadExchanges(ctx, ExchangeQuery{Run: "run 0", Endpoint: "To the laboratory"}) {
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(e.Request)
	}
	if bytes != 3*len(wholeExchange().Request) {
		t.Error(bytes)
	}
	if list, err := w.Conversation(ctx, "EHR|RIVERBEND|MSG1"); err != nil || len(list) != 6 || len(list[5].Reply) == 0 {
		t.Error(len(list), err)
	}
	exported := 0
	for _, err := range w.ExportExchanges(ctx, ExchangeQuery{Code: "AR"}, "rejected.jsonl") {
		if err != nil {
			t.Fatal(err)
		}
		exported++
	}
	last := entries(t, w)[len(entries(t, w))-1]
	if exported != 10 || last.Action != ActionExported || last.Object != "rejected.jsonl" || last.Details != "10 exchanges, code AR" {
		t.Errorf("%d %+v", exported, last)
	}
	checkCounts(t, w)
}
