package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFileJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.jsonl")
	open := func() *FileJournal {
		t.Helper()
		j, err := OpenFileJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open()
	a := &Exchange{Endpoint: "in", Kind: KindMessage, Direction: Inbound, Request: []byte(text("M1")), Reply: []byte("MSA|AA\r"), ControlID: "M1", LastByte: time.Unix(1, 2000).UTC()}
	b := &Exchange{Endpoint: "in", Kind: KindBytes, Direction: Inbound, Request: []byte("\xff\xfe")}
	for _, e := range []*Exchange{a, b} {
		e.Seal(true)
	}
	if err := j.Append(t.Context(), []*Exchange{a, b}); err != nil {
		t.Fatal(err)
	}
	if err := j.Complete(t.Context(), []Completion{{ID: a.ID, ReplyWritten: time.Unix(2, 0)}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// A crash cuts a line; the next program goes on after it.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"exchange":{"id":9`)
	f.Close()
	j = open()
	c := &Exchange{Endpoint: "in", ControlID: "M3"}
	if err := j.Append(t.Context(), []*Exchange{c}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if a.ID <= 0 || b.ID <= a.ID || c.ID <= b.ID {
		t.Errorf("IDs %d %d %d", a.ID, b.ID, c.ID)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []Line
	for l, err := range ReadFileJournal(bytes.NewReader(data)) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if len(lines) != 4 || string(lines[0].Exchange.RequestBytes()) != text("M1") || string(lines[1].Exchange.RequestBytes()) != "\xff\xfe" ||
		lines[2].Completes.ID != a.ID || lines[3].Exchange.ControlID != "M3" || lines[0].Exchange.LastByte != "1970-01-01T00:00:01.000002Z" {
		t.Fatalf("%d lines", len(lines))
	}
	if !bytes.HasPrefix(data[c.ID-1:], []byte(`{"exchange":`)) {
		t.Error("the ID is not the place of the line")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
}

func TestMemoryJournalForgetsTheOldest(t *testing.T) {
	j := NewMemoryJournal(10, 300)
	for i := range 25 {
		e := &Exchange{ControlID: fmt.Sprint(i), Request: make([]byte, 100)}
		if err := j.Append(t.Context(), []*Exchange{e}); err != nil {
			t.Fatal(err)
		}
		j.Complete(t.Context(), []Completion{{ID: e.ID, Outcome: OutcomeFailed}, {ID: 1}, {ID: 99}})
	}
	all := j.All()
	if len(all) != 10 || all[0].ControlID != "15" || all[9].ControlID != "24" || all[9].Outcome != OutcomeFailed || j.Len() != 25 {
		t.Fatalf("%d exchanges", len(all))
	}
	kept := 0
	for _, e := range all {
		kept += len(e.Request)
	}
	if kept != 300 || all[9].Request == nil {
		t.Errorf("%d bytes kept", kept)
	}
}

// slowJournal shows how many exchanges come in one batch.
type slowJournal struct {
	mu      sync.Mutex
	batches []int
	done    []Completion
}

func (j *slowJournal) Append(_ context.Context, batch []*Exchange) error {
	time.Sleep(5 * time.Millisecond)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.batches = append(j.batches, len(batch))
	for i, e := range batch {
		e.ID = int64(len(j.batches)*10_000 + i)
	}
	return nil
}

func (j *slowJournal) Complete(_ context.Context, batch []Completion) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done = append(j.done, batch...)
	return nil
}

func TestCommitterGathersWhatArrivesMeanwhile(t *testing.T) {
	j := &slowJournal{}
	c := NewCommitter(j)
	var acknowledged sync.WaitGroup
	const n = 500
	for i := range n {
		e := &Exchange{ControlID: fmt.Sprint(i)}
		acknowledged.Add(1)
		c.Append(e, func(err error) {
			if err != nil || e.Committed.IsZero() {
				t.Errorf("%v %v", err, e.Committed)
			}
			c.Complete(Completion{ID: e.ID})
			acknowledged.Done()
		})
	}
	acknowledged.Wait()
	c.Close()
	sum := 0
	for _, b := range j.batches {
		sum += b
	}
	if sum != n || len(j.batches) > 10 || len(j.done) != n {
		t.Errorf("%d exchanges in %d batches, %d completions", sum, len(j.batches), len(j.done))
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for i := 1; i <= 1000; i++ {
		h.Add(time.Duration(i) * time.Millisecond)
	}
	q := h.Quantiles(0.5, 0.95, 0.99, 1)
	for i, want := range []time.Duration{500, 950, 990, 1000} {
		want *= time.Millisecond
		if q[i] < want || float64(q[i]) > float64(want)*(1+1.0/32)+1 {
			t.Errorf("quantile %d is %s, want %s", i, q[i], want)
		}
	}
	var empty Histogram
	if q := empty.Quantiles(0.5); q[0] != 0 {
		t.Error(q)
	}
	// Every value lies in a bucket whose largest value is no smaller, and whose predecessor's is.
	for _, v := range []uint64{0, 1, 31, 32, 33, 63, 64, 65, 1000, 1 << 20, 1<<40 + 12345, 1<<63 - 1} {
		b := bucketOf(v)
		if upper(b) < v || b > 0 && upper(b-1) >= v {
			t.Errorf("%d is in bucket %d, up to %d", v, b, upper(b))
		}
	}
	if n := testing.AllocsPerRun(100, func() { h.Add(time.Second) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRate(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	c := counters{since: now.Add(-time.Minute)}
	for i := range 100 {
		c.message(now.Add(-time.Duration(i%10+1) * time.Second))
	}
	c.message(now) // of the second that is not over
	if r := c.rate(now); r != 10 {
		t.Errorf("%v a second", r)
	}
}

func TestConfigFile(t *testing.T) {
	c := Config{Name: "adt-in", Address: "127.0.0.1:2575", Allow: []string{"10.0.0.0/8"}, Ack: Ack{OneValued: "both", ApplicationTo: "a:1"}, Idle: time.Minute, DropPayloads: true}
	b, err := c.Format()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseConfig(b)
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c) {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"name: x", "address: 127.0.0.1:1\nopne: true", "address: 127.0.0.1:1\nallow: [x]", "address: 127.0.0.1:1\nstart: 0B\nend: 0B",
		"address: 127.0.0.1:1\nack: {one-valued: maybe}", "address: 127.0.0.1:1\nidle: -1s", "["} {
		if _, err := ParseConfig([]byte(bad)); err == nil || strings.Contains(err.Error(), "Config") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
