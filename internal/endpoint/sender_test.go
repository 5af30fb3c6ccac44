package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// outgoing makes n messages with control IDs M0, M1 ...
func outgoing(n int) Messages {
	return func(yield func(Outgoing, error) bool) {
		for i := range n {
			if !yield(Outgoing{Bytes: []byte(text(fmt.Sprintf("M%d", i))), Name: "test", Index: i}, nil) {
				return
			}
		}
	}
}

func sendTo(t *testing.T, c SendConfig, messages Messages) ([]Result, Summary) {
	t.Helper()
	s, err := NewSender(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []Result
	sum, err := s.Run(t.Context(), messages, func(r *Result) { list = append(list, *r) })
	if err != nil {
		t.Fatal(err)
	}
	return list, sum
}

func TestSendInOrderByteForByte(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: M2}]}, then: {code: AE, text: no}}]")
	list, sum := sendTo(t, SendConfig{To: m.Addr().String()}, outgoing(5))
	for i, r := range list {
		want := mllp.AA
		if i == 2 {
			want = mllp.AE
		}
		if r.Index != i || r.Code != want || r.Passed != (i != 2) || r.Attempts != 1 || r.Latency <= 0 || r.MaybeTwice || r.Unsure {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if sum.Messages != 5 || sum.Passed != 4 || sum.Failed() != 1 || sum.Codes["AA"] != 4 || sum.Codes["AE"] != 1 || sum.P50 <= 0 {
		t.Errorf("%+v", sum)
	}
	m.stop()
	for i, e := range m.journal.All() {
		if string(e.Request) != text(fmt.Sprintf("M%d", i)) {
			t.Errorf("message %d changed on its way", i)
		}
	}
}

func TestExpectations(t *testing.T) {
	m := start(t, "otherwise: {code: AE}")
	list, _ := sendTo(t, SendConfig{To: m.Addr().String(), Expect: []mllp.Code{mllp.AE}}, OneMessage(
		Outgoing{Bytes: []byte(text("M1"))}, Outgoing{Bytes: []byte(text("M2")), Expect: []mllp.Code{mllp.AA}}))
	if !list[0].Passed || list[1].Passed || list[1].Detail != "expected AA, got AE" {
		t.Errorf("%+v", list)
	}
}

func TestWrongControlIDNeverPasses(t *testing.T) {
	m := start(t, "faults: [wrong-control-id]")
	list, _ := sendTo(t, SendConfig{To: m.Addr().String(), Timeout: 300 * time.Millisecond}, outgoing(1))
	if list[0].Passed || list[0].Detail == "" {
		t.Errorf("%+v", list[0])
	}
}

func TestLateAcknowledgementIsNotTakenForTheNext(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: M0}]}, faults: [{fault: late-ack, time: 250ms}]}]")
	list, _ := sendTo(t, SendConfig{To: m.Addr().String(), Timeout: 100 * time.Millisecond}, outgoing(3))
	if list[0].Passed || !list[0].Unsure || !list[1].Passed || !list[2].Passed {
		t.Errorf("%+v", list)
	}
}

func TestRetryKeepsOrderAndSaysMaybeTwice(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: M1}], first: 2}, faults: [no-ack]}]")
	began := time.Now()
	list, sum := sendTo(t, SendConfig{To: m.Addr().String(), Timeout: 80 * time.Millisecond, Retry: Retry{Times: 3, First: 20 * time.Millisecond}}, outgoing(3))
	if !list[1].Passed || list[1].Attempts != 3 || !list[1].MaybeTwice || list[1].Unsure || list[0].MaybeTwice || list[2].MaybeTwice {
		t.Errorf("%+v", list)
	}
	if sum.Retries != 2 || sum.MaybeTwice != 1 || time.Since(began) < 220*time.Millisecond {
		t.Errorf("%+v", sum)
	}
	m.stop()
	var ids []string
	for _, e := range m.journal.All() {
		ids = append(ids, e.ControlID)
	}
	if want := []string{"M0", "M1", "M1", "M1", "M2"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
}

func TestRefusedConnectionIsTriedAgainAndIsNeverTwice(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	go func() {
		time.Sleep(100 * time.Millisecond)
		m := start(t, "", func(c *Config, _ *Options) { c.Address = address })
		_ = m
	}()
	list, _ := sendTo(t, SendConfig{To: address, Retry: Retry{Times: 50, First: 20 * time.Millisecond, Most: 50 * time.Millisecond}}, outgoing(1))
	if !list[0].Passed || list[0].Attempts < 2 || list[0].MaybeTwice {
		t.Errorf("%+v", list[0])
	}
	list, _ = sendTo(t, SendConfig{To: "127.0.0.1:1"}, outgoing(1))
	if list[0].Passed || list[0].Unsure || !strings.Contains(list[0].Detail, "not connected") {
		t.Errorf("%+v", list[0])
	}
}

func TestNewIDs(t *testing.T) {
	m := start(t, "")
	sendTo(t, SendConfig{To: m.Addr().String(), NewIDs: true, Count: 6}, outgoing(2))
	m.stop()
	seen := map[string]bool{}
	for _, e := range m.journal.All() {
		h, _ := hl7.Parse(e.Request).Header()
		if seen[e.ControlID] || strings.HasPrefix(e.ControlID, "M") || len(e.ControlID) > 20 || string(h.Field(7).Raw()) == "20260302101400" {
			t.Errorf("control ID %q, time %q", e.ControlID, h.Field(7))
		}
		seen[e.ControlID] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d messages", len(seen))
	}
}

func TestRateAndConnections(t *testing.T) {
	m := start(t, "")
	began := time.Now()
	_, sum := sendTo(t, SendConfig{To: m.Addr().String(), Rate: 100, Connections: 4, Count: 21}, outgoing(1))
	if took := time.Since(began); sum.Passed != 21 || took < 190*time.Millisecond {
		t.Errorf("%d in %s", sum.Passed, took)
	}
	if n := m.Stats().Connected; n < 1 || n > 4 {
		t.Errorf("%d connections", n)
	}
	_, sum = sendTo(t, SendConfig{To: m.Addr().String(), PerMessage: true}, outgoing(5))
	if n := m.Stats().Connected; sum.Passed != 5 || n < 6 {
		t.Errorf("%d connections", n)
	}
}

func TestWindow(t *testing.T) {
	m := start(t, "faults: [{fault: out-of-order, every: 2}]")
	_, sum := sendTo(t, SendConfig{To: m.Addr().String(), Window: 8}, outgoing(100))
	if sum.Passed != 100 {
		t.Errorf("%+v", sum)
	}
}

func TestApplicationAcknowledgementIsAwaited(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: M1}]}, then: {code: AE, application: {after: 50ms}}}]")
	enhanced := func(id string) Outgoing {
		return Outgoing{Bytes: []byte(strings.Replace(text(id), "|P|2.5.1\r", "|P|2.5.1|||AL|AL\r", 1))}
	}
	list, _ := sendTo(t, SendConfig{To: m.Addr().String(), Expect: []mllp.Code{mllp.AA}}, OneMessage(enhanced("M0"), enhanced("M1")))
	if !list[0].Passed || list[0].Code != mllp.AA || !list[0].Committed || list[1].Passed || list[1].Code != mllp.AE {
		t.Errorf("%+v", list)
	}
	list, _ = sendTo(t, SendConfig{To: m.Addr().String()}, OneMessage(enhanced("M0")))
	if !list[0].Passed || list[0].Code != mllp.CA {
		t.Errorf("%+v", list)
	}
}

func TestSenderJournal(t *testing.T) {
	m := start(t, "faults: [{fault: no-ack, first: 1}]")
	j := NewMemoryJournal(100, 0)
	s, err := NewSender(SendConfig{Endpoint: "out", Run: "r1", To: m.Addr().String(), Timeout: 80 * time.Millisecond, Retry: Retry{Times: 1, First: time.Millisecond}}, j)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context(), outgoing(1), nil); err != nil {
		t.Fatal(err)
	}
	all := j.All()
	if len(all) != 2 || all[0].Outcome != OutcomeFailed || all[0].Attempt != 1 || all[1].Attempt != 2 || !all[1].MaybeTwice || !all[1].Passed || all[1].Code != "AA" ||
		all[0].Conversation != all[1].Conversation || all[1].Run != "r1" || all[1].Direction != Outbound || all[1].Latency() <= 0 {
		t.Errorf("%d exchanges", len(all))
	}
}

func TestCancelKeepsWhatWasAnswered(t *testing.T) {
	m := start(t, "faults: [{fault: delay-before, time: 150ms, every: 3}]")
	s, err := NewSender(SendConfig{To: m.Addr().String(), Loop: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	sum, err := s.Run(ctx, outgoing(1), func(r *Result) {
		if n++; n == 2 {
			time.AfterFunc(50*time.Millisecond, cancel) // while the third waits for its reply
		}
		if !r.Passed {
			t.Errorf("%+v", r)
		}
	})
	cancel()
	if err != nil || sum.Messages < 3 || sum.Passed != sum.Messages {
		t.Errorf("%+v %v", sum, err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.hl7", text("A1")+text("A2"))
	write("b.hl7", "BHS|^~\\&|x\r"+text("B1")+"BTS|1\r")
	write(".hidden", "x")
	var ids []string
	collect := func(m Messages) (err error) {
		ids = nil
		for o, e := range m {
			if e != nil {
				return e
			}
			var x Exchange
			x.facts(hl7.Parse(o.Bytes))
			ids = append(ids, x.ControlID)
		}
		return nil
	}
	for range 2 {
		if err := collect(Files([]string{dir}, false)); err != nil || !slices.Equal(ids, []string{"A1", "A2", "B1"}) {
			t.Errorf("%v %v", ids, err)
		}
	}
	if err := collect(Files([]string{filepath.Join(dir, "b.hl7")}, true)); err != nil || len(ids) != 1 {
		t.Errorf("%v %v", ids, err)
	}
	write("c.txt", "hello")
	if err := collect(Files([]string{dir}, false)); err == nil || !strings.Contains(err.Error(), "holds no HL7 v2 message") {
		t.Errorf("%v", err)
	}
	if err := collect(Files([]string{filepath.Join(dir, "none")}, false)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	once := Reader(strings.NewReader(text("R1")), "in")
	if err := collect(once); err != nil || !slices.Equal(ids, []string{"R1"}) {
		t.Errorf("%v %v", ids, err)
	}
	if err := collect(once); !errors.Is(err, ErrOnce) {
		t.Errorf("%v", err)
	}
}

func TestBadSettings(t *testing.T) {
	for _, c := range []SendConfig{{To: "x"}, {To: "a:1", Rate: -1}, {To: "a:1", Expect: []mllp.Code{"XX"}}, {To: "a:1", Framing: mllp.Framing{Start: []byte{1}, End: []byte{1}}}} {
		if _, err := NewSender(c, nil); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

// memoryQueue is a queue store that forgets nothing as long as the test runs.
type memoryQueue struct {
	mu      sync.Mutex
	items   []QueueItem
	updates int
}

func (q *memoryQueue) Enqueue(_ context.Context, _ string, refs []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range refs {
		q.items = append(q.items, QueueItem{Seq: int64(len(q.items) + 1), Ref: r, State: Waiting})
	}
	return nil
}

func (q *memoryQueue) Pending(_ context.Context, _ string, limit int) (list []QueueItem, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, x := range q.items {
		if (x.State == Waiting || x.State == InFlight) && len(list) < limit {
			list = append(list, x)
		}
	}
	return list, nil
}

func (q *memoryQueue) Update(_ context.Context, _ string, items []QueueItem) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.updates++
	for _, x := range items {
		q.items[x.Seq-1] = x
	}
	return nil
}

func (q *memoryQueue) Counts(context.Context, string) (c QueueCounts, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, x := range q.items {
		switch x.State {
		case Waiting:
			c.Waiting++
		case InFlight:
			c.InFlight++
		case Sent:
			c.Sent++
		case GivenUp:
			c.GivenUp++
		}
	}
	return c, nil
}

// byID gives a message whose control ID is the reference.
type byID struct{}

func (byID) Message(_ context.Context, ref string) ([]byte, error) {
	if ref == "lost" {
		return nil, errors.New("the message is gone")
	}
	return []byte(text(ref)), nil
}

func TestQueueWaitsForThePartnerAndKeepsTheOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	store := &memoryQueue{}
	var refs []string
	for i := range 40 {
		refs = append(refs, fmt.Sprintf("Q%02d", i))
	}
	store.Enqueue(t.Context(), "q", refs)
	q := Queue{Name: "q", Store: store, Source: byID{}, Config: SendConfig{To: address, Timeout: time.Second, Retry: Retry{First: 10 * time.Millisecond, Most: 50 * time.Millisecond}}}
	ended := make(chan error, 1)
	go func() { ended <- q.Run(t.Context(), nil) }()
	time.Sleep(50 * time.Millisecond)
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: Q07}]}, then: AE}]", func(c *Config, _ *Options) { c.Address = address })
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	m.stop()
	var got []string
	for _, e := range m.journal.All() {
		got = append(got, e.ControlID)
	}
	if !slices.Equal(got, refs) {
		t.Errorf("%v", got)
	}
	if c, _ := store.Counts(t.Context(), "q"); c.Sent != 39 || c.GivenUp != 1 || c.Waiting+c.InFlight != 0 {
		t.Errorf("%+v", c)
	}
}

func TestQueueGoesOnAfterACrash(t *testing.T) {
	m := start(t, "")
	store := &memoryQueue{}
	store.Enqueue(t.Context(), "q", []string{"Q0", "Q1", "Q2"})
	// The program ended while Q0 was done and Q1 was on its way, with the control ID that it had got.
	store.items[0].State, store.items[1].State = Sent, InFlight
	store.items[1].ControlID, store.items[1].Time, store.items[1].Attempts = "NEW1", "20260302120000", 1
	q := Queue{Name: "q", Store: store, Source: byID{}, Config: SendConfig{To: m.Addr().String(), NewIDs: true}}
	var list []Result
	if err := q.Run(t.Context(), func(r *Result) { list = append(list, *r) }); err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].ControlID != "NEW1" || !list[0].MaybeTwice || list[0].Attempts != 2 || list[1].MaybeTwice || list[1].ControlID == "Q2" {
		t.Errorf("%+v", list)
	}
	if store.items[2].ControlID != list[1].ControlID || store.items[2].State != Sent {
		t.Errorf("%+v", store.items[2])
	}
}

func TestQueueHoldsAtARefusal(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: Q1}]}, then: AE}]")
	store := &memoryQueue{}
	store.Enqueue(t.Context(), "q", []string{"Q0", "Q1", "Q2", "lost"})
	q := Queue{Name: "q", Store: store, Source: byID{}, Hold: true, Config: SendConfig{To: m.Addr().String()}}
	if err := q.Run(t.Context(), nil); !errors.Is(err, ErrHeld) {
		t.Fatal(err)
	}
	if c, _ := store.Counts(t.Context(), "q"); c.Sent != 1 || c.Waiting != 3 || m.Stats().In != 2 {
		t.Errorf("%+v, %d arrived", c, m.Stats().In)
	}
	if err := m.SetRules(m.Rules()); err != nil {
		t.Fatal(err)
	}
	q.Hold = false
	if err := q.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the message is gone") {
		t.Errorf("%v", err)
	}
	if c, _ := store.Counts(t.Context(), "q"); c.Sent != 2 || c.GivenUp != 1 || c.Waiting+c.InFlight != 1 {
		t.Errorf("%+v", c)
	}
}

func TestResultJSON(t *testing.T) {
	r := Result{Number: 1, Name: "a.hl7", ControlID: "M1", Code: mllp.AE, Errors: []string{"101 PID-3"}, Latency: 1500 * time.Microsecond, Reply: []byte("patient data")}
	b, err := r.MarshalJSON()
	if err != nil || !bytes.Contains(b, []byte(`"latencyMs":1.5`)) || !bytes.Contains(b, []byte(`"expected":"AA or CA"`)) || bytes.Contains(b, []byte("patient")) {
		t.Errorf("%s %v", b, err)
	}
}

func TestBatchInOneFrame(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: M3}]}, then: AE}]")
	batch := func(ids ...string) Outgoing {
		b := "BHS|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302||||B1\r"
		for _, id := range ids {
			b += text(id)
		}
		return Outgoing{Bytes: []byte(b + fmt.Sprintf("BTS|%d\r", len(ids)))}
	}
	list, _ := sendTo(t, SendConfig{To: m.Addr().String(), Timeout: 2 * time.Second}, OneMessage(batch("M1", "M2"), batch("M1", "M3"), Outgoing{Bytes: []byte(text("M4"))}))
	for i, want := range []mllp.Code{mllp.AA, mllp.AE, mllp.AA} {
		if r := list[i]; r.Code != want || r.Passed != want.Positive() {
			t.Errorf("%d: %s, passed %v: %s", i, r.Code, r.Passed, r.Detail)
		}
	}
	// One positive acknowledgement for two messages leaves one of them in the dark.
	sent, reply := batch("M1", "M2"), "MSH|^~\\&|T|R|E|L|20260302||ACK|X1|P|2.5.1\rMSA|AA|M1\r"
	var r Result
	if r.judge(sent.Bytes, &Exchange{Reply: []byte(reply)}); r.Passed || r.Detail != "1 of 2 messages of the batch were not acknowledged" {
		t.Errorf("passed %v: %s", r.Passed, r.Detail)
	}
	var empty Result
	if empty.judge(sent.Bytes, &Exchange{Reply: []byte("BHS|^~\\&|T|R\rBTS|0\r")}); !empty.Passed {
		t.Errorf("an empty batch: %s", empty.Detail)
	}
}
