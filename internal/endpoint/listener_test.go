package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/endpoint/rules"
)

// mock is a listener under test.
type mock struct {
	*Listener
	t       *testing.T
	journal *MemoryJournal
	stop    func()
}

// start runs a listener with these rules on a free port.
func start(t *testing.T, yaml string, change ...func(*Config, *Options)) *mock {
	t.Helper()
	f, err := rules.Parse([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	j := NewMemoryJournal(1000, 0)
	c, o := Config{Name: "test", Address: "127.0.0.1:0"}, Options{Journal: j}
	for _, x := range change {
		x(&c, &o)
	}
	l, err := NewListener(c, f, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := l.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	m := &mock{Listener: l, t: t, journal: j}
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the listener ended with %v", err)
		}
	})
	t.Cleanup(m.stop)
	return m
}

// socket is a client that sees every byte.
type socket struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func (m *mock) dial() *socket {
	m.t.Helper()
	c, err := net.Dial("tcp", m.Addr().String())
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { c.Close() })
	return &socket{c, m.t, bufio.NewReader(c)}
}

func text(id string) string {
	return "MSH|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302101400||ADT^A08^ADT_A01|" + id + "|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR||DOE^JANE||19790228|F||||||||||AC1\rPV1|1|O\r"
}

func framed(s string) string { return "\x0b" + s + "\x1c\r" }

func (s *socket) send(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s, framed(text)); err != nil {
		s.t.Fatal(err)
	}
}

// read reads one frame, framing bytes included.
func (s *socket) read() string {
	s.t.Helper()
	s.SetReadDeadline(time.Now().Add(5 * time.Second))
	b, err := s.r.ReadString('\x1c')
	if err != nil {
		s.t.Fatalf("no reply: %v after %q", err, b)
	}
	c, err := s.r.ReadByte()
	if err != nil {
		s.t.Fatalf("no CR: %v", err)
	}
	return b + string(c)
}

// rest reads what comes until the end of the connection or for a moment.
func (s *socket) rest(d time.Duration) (string, error) {
	s.SetReadDeadline(time.Now().Add(d))
	b, err := io.ReadAll(s.r)
	return string(b), err
}

func code(reply string) string {
	_, after, _ := strings.Cut(reply, "\rMSA|")
	return after[:min(2, len(after))]
}

func acknowledges(reply, id string) bool {
	_, after, _ := strings.Cut(reply, "\rMSA|")
	fields := strings.FieldsFunc(after, func(r rune) bool { return r == '|' || r == '\r' })
	return len(fields) > 1 && fields[1] == id
}

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestPlainAcknowledgement(t *testing.T) {
	m := start(t, "")
	s := m.dial()
	s.send(text("M1"))
	reply := s.read()
	if !strings.HasPrefix(reply, "\x0bMSH|^~\\&|TRESTLE|RIVER|EHR|LAKE|") || !strings.HasSuffix(reply, "\rMSA|AA|M1\r\x1c\r") {
		t.Fatalf("%q", reply)
	}
	m.stop()
	all := m.journal.All()
	if len(all) != 1 {
		t.Fatalf("%d exchanges", len(all))
	}
	e := all[0]
	if e.Type != "ADT" || e.Trigger != "A08" || e.ControlID != "M1" || e.MRN != "88121" || e.Account != "AC1" || e.Code != "AA" || e.Outcome != OutcomeAccepted ||
		e.Conversation != "EHR LAKE M1" || string(e.Request) != text("M1") || framed(string(e.Reply)) != reply || e.Connection != 1 || e.Peer != s.LocalAddr().String() {
		t.Errorf("type %s^%s, code %s, conversation %q, %d and %d bytes", e.Type, e.Trigger, e.Code, e.Conversation, len(e.Request), len(e.Reply))
	}
	for name, at := range map[string]time.Time{"first byte": e.FirstByte, "last byte": e.LastByte, "decided": e.Decided, "committed": e.Committed, "written": e.ReplyWritten} {
		if at.IsZero() {
			t.Errorf("the time %q is missing", name)
		}
	}
	st := m.Stats()
	if st.In != 1 || st.Accepted != 1 || st.P50 <= 0 || st.Connected != 1 || st.Connections != 0 {
		t.Errorf("%+v", st)
	}
}

// fault is how one fault looks on the wire.
type fault struct {
	kind  rules.FaultKind
	extra string // the argument
	want  func(t *testing.T, m *mock, s *socket)
}

var faultTests = []fault{
	{rules.DelayBefore, "time: 150ms", func(t *testing.T, m *mock, s *socket) {
		began := time.Now()
		s.send(text("M1"))
		if !acknowledges(s.read(), "M1") || time.Since(began) < 150*time.Millisecond {
			t.Errorf("acknowledged after %s", time.Since(began))
		}
	}},
	{rules.DelayDuring, "time: 150ms", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if _, err := s.r.Peek(1); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if !acknowledges(s.read(), "M1") || time.Since(began) < 100*time.Millisecond {
			t.Errorf("the rest came after %s", time.Since(began))
		}
	}},
	{rules.DelayAfter, "time: 150ms", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		s.read()
		began := time.Now()
		s.send(text("M2"))
		if !acknowledges(s.read(), "M2") || time.Since(began) < 100*time.Millisecond {
			t.Errorf("the next was acknowledged after %s", time.Since(began))
		}
	}},
	{rules.DelayReading, "time: 150ms", func(t *testing.T, m *mock, s *socket) {
		began := time.Now()
		s.send(text("M1"))
		s.send(text("M2"))
		s.read()
		s.read()
		if time.Since(began) < 150*time.Millisecond {
			t.Errorf("both were read within %s", time.Since(began))
		}
	}},
	{rules.WrongCode, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r := s.read(); code(r) != "AE" {
			t.Errorf("%q", r)
		}
	}},
	{rules.NoAck, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(200 * time.Millisecond); r != "" || !timedOut(err) {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.DuplicateAck, "count: 3", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		a, b, c := s.read(), s.read(), s.read()
		if a != b || b != c || !acknowledges(a, "M1") {
			t.Errorf("%q %q %q", a, b, c)
		}
	}},
	{rules.LateAck, "time: 300ms, first: 1", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		s.send(text("M2"))
		if r := s.read(); !acknowledges(r, "M2") {
			t.Errorf("first %q", r)
		}
		if r := s.read(); !acknowledges(r, "M1") {
			t.Errorf("then %q", r)
		}
	}},
	{rules.OutOfOrder, "first: 1", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		s.send(text("M2"))
		if r := s.read(); !acknowledges(r, "M2") {
			t.Errorf("first %q", r)
		}
		if r := s.read(); !acknowledges(r, "M1") {
			t.Errorf("then %q", r)
		}
	}},
	{rules.WrongControlID, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r := s.read(); code(r) != "AA" || acknowledges(r, "M1") {
			t.Errorf("%q", r)
		}
	}},
	{rules.NoStart, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r := s.read(); !strings.HasPrefix(r, "MSH|") || !strings.HasSuffix(r, "\x1c\r") {
			t.Errorf("%q", r)
		}
	}},
	{rules.NoEnd, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(200 * time.Millisecond); !timedOut(err) || !strings.HasPrefix(r, "\x0bMSH") || strings.Contains(r, "\x1c") || !strings.HasSuffix(r, "|M1\r\r") {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.NoCR, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(200 * time.Millisecond); !timedOut(err) || !strings.HasSuffix(r, "|M1\r\x1c") {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.Truncate, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(200 * time.Millisecond); !timedOut(err) || !strings.HasPrefix(r, "\x0bMSH") || strings.Contains(r, "M1\r") || strings.Contains(r, "\x1c") {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.Dribble, "time: 2ms", func(t *testing.T, m *mock, s *socket) {
		began := time.Now()
		s.send(text("M1"))
		if r := s.read(); !acknowledges(r, "M1") || time.Since(began) < time.Duration(len(r)-1)*2*time.Millisecond {
			t.Errorf("%q in %s", r, time.Since(began))
		}
	}},
	{rules.Corrupt, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r := s.read(); !strings.HasPrefix(r, "\x0bMSH|") || strings.HasSuffix(r, "\rMSA|AA|M1\r\x1c\r") {
			t.Errorf("%q", r)
		}
	}},
	{rules.WrongCharset, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r := s.read(); !strings.Contains(r, "UNICODE UTF-8") || !strings.Contains(r, "accus\xe9") {
			t.Errorf("%q", r)
		}
	}},
	{rules.CloseBefore, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(2 * time.Second); r != "" || err != nil {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.CloseAfter, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(2 * time.Second); !acknowledges(r, "M1") || err != nil {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.ResetBefore, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if r, err := s.rest(2 * time.Second); r != "" || !isReset(err) {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.ResetAfter, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		// What arrived just before a reset may be thrown away by the system that receives it.
		if r, err := s.rest(2 * time.Second); r != "" && !acknowledges(r, "M1") || !isReset(err) {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.Refuse, "time: 300ms, first: 1", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		s.read()
		refusedFor(t, m)
		s.send(text("M2")) // who is connected goes on
		if !acknowledges(s.read(), "M2") {
			t.Error("the open connection does not go on")
		}
	}},
	{rules.Silent, "", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		s.send(text("M2"))
		if r, err := s.rest(200 * time.Millisecond); r != "" || !timedOut(err) {
			t.Errorf("%q %v", r, err)
		}
	}},
	{rules.DownTime, "time: 300ms, first: 1", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if _, err := s.rest(2 * time.Second); !isReset(err) {
			t.Errorf("%v", err)
		}
		refusedFor(t, m)
	}},
	{rules.DownMessages, "count: 2, first: 1", func(t *testing.T, m *mock, s *socket) {
		s.send(text("M1"))
		if !acknowledges(s.read(), "M1") {
			t.Error("the message itself is not answered")
		}
		for range 2 {
			s.send(text("M2"))
			if r, err := s.rest(2 * time.Second); r != "" || !isReset(err) {
				t.Errorf("%q %v", r, err)
			}
			s = m.dial()
		}
		s.send(text("M4"))
		if !acknowledges(s.read(), "M4") {
			t.Error("not up again")
		}
	}},
}

// refusedFor waits until connections are refused and then taken again.
func refusedFor(t *testing.T, m *mock) {
	t.Helper()
	refused := false
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", m.Addr().String())
		switch {
		case err == nil && refused:
			c.Close()
			return
		case err == nil:
			c.Close()
		case errors.Is(err, syscall.ECONNREFUSED):
			refused = true
		}
	}
	t.Errorf("refused: %v; never up again", refused)
}

func TestEachFaultFromARawSocket(t *testing.T) {
	tested := map[rules.FaultKind]bool{}
	for _, f := range faultTests {
		tested[f.kind] = true
		yaml := "{fault: " + string(f.kind)
		if f.extra != "" {
			yaml += ", " + f.extra
		}
		yaml += "}"
		t.Run(string(f.kind), func(t *testing.T) {
			t.Parallel()
			m := start(t, "rules:\n  - faults: ["+yaml+"]\n")
			f.want(t, m, m.dial())
		})
		if info, _ := f.kind.Info(); info.Connections {
			continue // as a switch of the endpoint these concern connections: see below
		}
		t.Run(string(f.kind)+" of the endpoint", func(t *testing.T) {
			t.Parallel()
			m := start(t, "faults: ["+yaml+"]\n")
			f.want(t, m, m.dial())
		})
	}
	for _, f := range rules.Faults() {
		if !tested[f.Kind] {
			t.Errorf("the fault %s is not tested", f.Kind)
		}
	}
}

func TestFaultsOfConnections(t *testing.T) {
	t.Run("silent", func(t *testing.T) {
		m := start(t, "faults: [{fault: silent, every: 2}]")
		a, b := m.dial(), m.dial()
		// Which of the two was taken first is not known to the clients; one is answered.
		a.send(text("M1"))
		b.send(text("M1"))
		ra, _ := a.rest(300 * time.Millisecond)
		rb, _ := b.rest(300 * time.Millisecond)
		if acknowledges(ra, "M1") == acknowledges(rb, "M1") {
			t.Errorf("%q and %q", ra, rb)
		}
	})
	t.Run("reset", func(t *testing.T) {
		m := start(t, "faults: [{fault: refuse, first: 1}]")
		// The reset may come before the system has told the client that it is connected.
		c, err := net.Dial("tcp", m.Addr().String())
		if err == nil {
			_, err = io.ReadAll(c)
			c.Close()
		}
		if !isReset(err) {
			t.Errorf("%v", err)
		}
		s := m.dial()
		s.send(text("M1"))
		if !acknowledges(s.read(), "M1") {
			t.Error("the second was refused, too")
		}
	})
	t.Run("refused altogether", func(t *testing.T) {
		m := start(t, "faults: [refuse]")
		if c, err := net.Dial("tcp", m.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			c.Close()
			t.Fatalf("%v", err)
		}
		if err := m.SetRules(rules.File{}); err != nil { // switched off while it runs
			t.Fatal(err)
		}
		s := m.dial()
		s.send(text("M1"))
		if !acknowledges(s.read(), "M1") {
			t.Error("not answered")
		}
	})
	t.Run("slow reader", func(t *testing.T) {
		m := start(t, "faults: [{fault: delay-reading, time: 200ms}]")
		began := time.Now()
		s := m.dial()
		s.send(text("M1"))
		if s.read(); time.Since(began) < 200*time.Millisecond {
			t.Errorf("read after %s", time.Since(began))
		}
	})
}

func TestRulesAnswer(t *testing.T) {
	m := start(t, `
lists: {known: ["1"]}
rules:
  - name: test patient
    when: {fields: [{path: PID-3.1, in: known, not: true}]}
    then: {code: AE, text: "unknown MRN {{PID-3.1}}", errors: [{code: "204", location: "PID[1]-3.1", text: nobody, user-text: "not {{PID-5.1}}"}]}
`)
	s := m.dial()
	s.send(text("M1"))
	r := s.read()
	if !strings.Contains(r, "\rMSA|AE|M1|unknown MRN 88121\r") || !strings.Contains(r, "204") || !strings.Contains(r, "PID^1^3") || !strings.Contains(r, "nobody|not DOE") {
		t.Errorf("%q", r)
	}
	m.stop()
	e := m.journal.All()[0]
	if e.Rule != "test patient" || e.Outcome != OutcomeError || !strings.HasPrefix(e.Sentence, `when PID-3.1 is not in "known"`) {
		t.Errorf("%q %q %s", e.Rule, e.Sentence, e.Outcome)
	}
}

func TestReplyTemplate(t *testing.T) {
	m := start(t, "rules:\n  - then:\n      reply: |\n        ZAK|{{MSH-10}}|{{PID-5}}\n")
	s := m.dial()
	s.send(text("M1"))
	if r := s.read(); !strings.HasSuffix(r, "\rMSA|AA|M1\rZAK|M1|DOE^JANE\r\x1c\r") {
		t.Errorf("%q", r)
	}
}

func TestNothingPositiveForWhatCannotBeCorrelated(t *testing.T) {
	m := start(t, "otherwise: {code: AA, exact: true}")
	for _, c := range []struct{ name, bytes string }{
		{"no control ID", framed(strings.Replace(text("M1"), "|M1|", "||", 1))},
		{"no MSH", framed("PID|1||2\r")},
		{"a second start inside", "\x0b" + text("M1")[:60] + "\x0b" + text("M1")[60:] + "\x1c\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := m.dial()
			io.WriteString(s, c.bytes)
			r, _ := s.rest(300 * time.Millisecond)
			if strings.Contains(r, "MSA|AA") || strings.Contains(r, "MSA|CA") {
				t.Errorf("%q", r)
			}
		})
	}
	t.Run("an acknowledgement", func(t *testing.T) {
		s := m.dial()
		s.send("MSH|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302101400||ACK|M9|P|2.5.1\rMSA|AA|X1\r")
		if r, _ := s.rest(200 * time.Millisecond); r != "" {
			t.Errorf("an acknowledgement was answered: %q", r)
		}
	})
}

func TestWhatIsNoMessageIsJournaledAndHarmsNobody(t *testing.T) {
	m := start(t, "")
	bad, good := m.dial(), m.dial()
	io.WriteString(bad, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	bad.rest(1200 * time.Millisecond)
	bad.Close()
	good.send(text("M1"))
	if !acknowledges(good.read(), "M1") {
		t.Fatal("another client is not answered")
	}
	m.stop()
	found := false
	for _, e := range m.journal.All() {
		if e.Kind == KindBytes && bytes.HasPrefix(e.Request, []byte("GET / ")) && len(e.Findings) > 0 && bytes.HasPrefix(e.Findings[0].Bytes, []byte("GET / ")) && e.Outcome == OutcomeRefused {
			found = true
		}
	}
	if !found {
		t.Error("the bytes are not in the journal")
	}
}

func TestFrameLimitEndsThatConnectionAlone(t *testing.T) {
	m := start(t, "", func(c *Config, _ *Options) { c.MaxFrame = 10_000 })
	big, good := m.dial(), m.dial()
	go io.WriteString(big, framed("MSH|^~\\&|"+strings.Repeat("x", 200_000)))
	if r, err := big.rest(3 * time.Second); strings.Contains(r, "MSA|AA") || timedOut(err) {
		t.Errorf("%q %v", r, err)
	}
	good.send(text("M1"))
	if !acknowledges(good.read(), "M1") {
		t.Error("another client is not answered")
	}
	m.stop()
	for _, e := range m.journal.All() {
		if e.Kind == KindBytes && e.Outcome == OutcomeRefused && len(e.Findings) > 0 {
			return
		}
	}
	t.Error("the journal does not say so")
}

func TestBatchIsAnsweredAsBatch(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: MSH-10, equals: M2}]}, then: AE}]")
	s := m.dial()
	s.send("BHS|^~\\&|EHR|LAKE|TRESTLE|RIVER\r" + text("M1") + text("M2") + "BTS|2\r")
	r := s.read()
	if !strings.HasPrefix(r, "\x0bBHS|") || !strings.Contains(r, "MSA|AA|M1") || !strings.Contains(r, "MSA|AE|M2") || !strings.Contains(r, "BTS|2") {
		t.Errorf("%q", r)
	}
	m.stop()
	if e := m.journal.All()[0]; e.Kind != KindBatch || e.Code != "AE" || m.Stats().In != 2 {
		t.Errorf("%s %s %d", e.Kind, e.Code, m.Stats().In)
	}
}

// brokenJournal stores nothing.
type brokenJournal struct{}

func (brokenJournal) Append(context.Context, []*Exchange) error {
	return errors.New("the disk is full")
}
func (brokenJournal) Complete(context.Context, []Completion) error { return nil }

func TestNothingPositiveWithoutTheJournal(t *testing.T) {
	m := start(t, "", func(_ *Config, o *Options) { o.Journal = brokenJournal{} })
	s := m.dial()
	s.send(text("M1"))
	if r := s.read(); code(r) == "AA" || !acknowledges(r, "M1") || !strings.Contains(r, "could not be stored") {
		t.Errorf("%q", r)
	}
	enhanced := strings.Replace(text("M2"), "|P|2.5.1\r", "|P|2.5.1|||AL|AL\r", 1)
	s.send(enhanced)
	if r := s.read(); code(r) != "CE" {
		t.Errorf("%q", r)
	}
	if r, _ := s.rest(200 * time.Millisecond); r != "" {
		t.Errorf("an application acknowledgement for what was not stored: %q", r)
	}
}

func TestApplicationAcknowledgementIsAnExchangeOfItsOwn(t *testing.T) {
	enhanced := strings.Replace(text("M1"), "|P|2.5.1\r", "|P|2.5.1|||AL|AL\r", 1)
	t.Run("same connection", func(t *testing.T) {
		m := start(t, "")
		s := m.dial()
		s.send(enhanced)
		if r := s.read(); code(r) != "CA" {
			t.Errorf("%q", r)
		}
		if r := s.read(); code(r) != "AA" || !acknowledges(r, "M1") {
			t.Errorf("%q", r)
		}
		m.stop()
		all := m.journal.All()
		if len(all) != 2 || all[0].Conversation != all[1].Conversation || all[1].Kind != KindApplication || all[1].Direction != Outbound {
			t.Errorf("%d exchanges", len(all))
		}
	})
	t.Run("another connection", func(t *testing.T) {
		receiver := start(t, "")
		m := start(t, "", func(c *Config, _ *Options) { c.Ack.ApplicationTo = receiver.Addr().String() })
		s := m.dial()
		s.send(enhanced)
		if r := s.read(); code(r) != "CA" {
			t.Errorf("%q", r)
		}
		eventually(t, func() bool { return receiver.journal.Len() == 1 })
		if e := receiver.journal.All()[0]; e.Kind != KindApplication || e.Conversation != "EHR LAKE M1" {
			t.Errorf("%s %q", e.Kind, e.Conversation)
		}
	})
	t.Run("redox", func(t *testing.T) {
		p, err := FindPreset("redox")
		if err != nil {
			t.Fatal(err)
		}
		p.Rules.Otherwise.Application.After = 50 * time.Millisecond
		m := start(t, "")
		if err := m.SetRules(p.Rules); err != nil {
			t.Fatal(err)
		}
		s := m.dial()
		s.send(text("M1"))
		if a, b := s.read(), s.read(); code(a) != "CA" || code(b) != "AA" {
			t.Errorf("%q %q", a, b)
		}
	})
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come about")
		}
	}
}

func TestForward(t *testing.T) {
	next := start(t, "rules: [{then: {code: AE, text: from the next}}]")
	m := start(t, fmt.Sprintf("rules: [{then: {forward: {to: '%s', relay: true}}}]", next.Addr()))
	s := m.dial()
	s.send(text("M1"))
	if r := s.read(); !strings.Contains(r, "MSA|AE|M1|from the next") {
		t.Errorf("%q", r)
	}
	if e := next.journal.All()[0]; string(e.Request) != text("M1") {
		t.Error("the message was not passed on as it came")
	}
	next.stop()
	s.send(text("M2"))
	if r := s.read(); code(r) != "AR" {
		t.Errorf("%q", r)
	}
}

// people is what queries search.
type people []Patient

func (p people) Find(_ context.Context, q PatientQuery) ([]Patient, error) {
	var found []Patient
	for _, x := range p {
		if q.ID == "" || bytes.Contains(x.PID, []byte("|"+q.ID+"^")) {
			found = append(found, x)
		}
	}
	return found, nil
}

func TestQueries(t *testing.T) {
	all := people{{PID: []byte("PID|1||1^^^L^MR||ROE^ANN")}, {PID: []byte("PID|1||2^^^L^MR||POE^BOB"), PV1: []byte("PV1|1|I")}}
	m := start(t, "rules: [{when: {type: [QBP, QRY]}, then: {query: found}}]", func(_ *Config, o *Options) { o.Patients = all })
	q22 := func(id string) string {
		return "MSH|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302||QBP^Q22^QBP_Q21|Q1|P|2.5.1\rQPD|Q22^Find Candidates^HL7|T1|@PID.3.1^" + id + "\rRCP|I|10^RD\r"
	}
	for _, c := range []struct{ name, message, want string }{
		{"one", q22("2"), "|RSP^K22^RSP_K22|.*\rMSA|AA|Q1\rQAK|T1|OK|Q22^Find Candidates^HL7|1|1|0\rQPD|Q22^Find Candidates^HL7|T1|@PID.3.1^2\rPID|1||2^^^L^MR||POE^BOB\r\x1c\r"},
		{"none", q22("3"), "\rQAK|T1|NF|Q22^Find Candidates^HL7|0|0|0\rQPD|Q22^Find Candidates^HL7|T1|@PID.3.1^3\r\x1c\r"},
		{"many", q22(""), "|2|2|0\rQPD|Q22^Find Candidates^HL7|T1|@PID.3.1^\rPID|1||1^^^L^MR||ROE^ANN\rPID|1||2^^^L^MR||POE^BOB\r\x1c\r"},
		{"A19", "MSH|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302||QRY^A19|Q1|P|2.3\rQRD|20260302|R|I|1|||1^RD|2|DEM\r", "|ADR^A19|.*\rMSA|AA|Q1\rQRD|20260302|R|I|1|||1^RD|2|DEM\rPID|1||2^^^L^MR||POE^BOB\rPV1|1|I\r\x1c\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := m.dial()
			s.send(c.message)
			r := s.read()
			for part := range strings.SplitSeq(c.want, ".*") {
				at := strings.Index(r, part)
				if at < 0 {
					t.Fatalf("%q is not in %q", part, r)
				}
				r = r[at:]
			}
		})
	}
}

func TestAllowList(t *testing.T) {
	m := start(t, "", func(c *Config, _ *Options) { c.Allow = []string{"10.0.0.0/8"} })
	s := m.dial()
	if r, err := s.rest(2 * time.Second); r != "" || timedOut(err) {
		t.Errorf("%q %v", r, err)
	}
	m.stop()
	if all := m.journal.All(); len(all) != 1 || all[0].Kind != KindConnection || all[0].Outcome != OutcomeRefused {
		t.Errorf("%d exchanges", len(all))
	}
}

func TestOtherFraming(t *testing.T) {
	m := start(t, "", func(c *Config, _ *Options) { c.Start, c.End = "02", "03" })
	s := m.dial()
	io.WriteString(s, "\x02"+text("M1")+"\x03")
	s.SetReadDeadline(time.Now().Add(2 * time.Second))
	if r, err := s.r.ReadString('\x03'); err != nil || !strings.HasPrefix(r, "\x02MSH|") {
		t.Errorf("%q %v", r, err)
	}
}

func TestDropPayloads(t *testing.T) {
	m := start(t, "", func(c *Config, _ *Options) { c.DropPayloads, c.Check = true, true })
	s := m.dial()
	s.send(strings.Replace(text("M1"), "19790228", "19790231", 1))
	s.read()
	m.stop()
	e := m.journal.All()[0]
	if all := fmt.Sprintf("%+v", e); strings.Contains(all, "88121") || strings.Contains(all, "AC1") || strings.Contains(all, "19790231") || len(e.Findings) == 0 {
		t.Errorf("patient data was kept, or no finding: %d findings", len(e.Findings))
	}
	if e.Request != nil || e.Reply != nil || e.RequestSize != int64(len(text("M1"))) || e.ReplySize == 0 || e.RequestSHA256 == [32]byte{} {
		t.Errorf("%d bytes kept, sizes %d and %d", len(e.Request)+len(e.Reply), e.RequestSize, e.ReplySize)
	}
}

func TestPipeliningKeepsTheOrder(t *testing.T) {
	m := start(t, "")
	s := m.dial()
	const n = 500
	go func() {
		for i := range n {
			s.send(text(fmt.Sprintf("M%d", i)))
		}
	}()
	for i := range n {
		if r := s.read(); !acknowledges(r, fmt.Sprintf("M%d", i)) {
			t.Fatalf("reply %d is %q", i, r)
		}
	}
}

func TestSubscription(t *testing.T) {
	m := start(t, "")
	sub := m.Subscribe(2)
	defer sub.Close()
	s := m.dial()
	for i := range 5 {
		s.send(text(fmt.Sprintf("M%d", i)))
		s.read()
	}
	m.stop()
	rows, dropped := sub.Take(nil)
	if len(rows) != 2 || dropped != 3 || rows[1].ControlID != "M4" || rows[1].ID != 5 || rows[1].Latency <= 0 {
		t.Errorf("%d rows, %d dropped, %+v", len(rows), dropped, rows)
	}
}

func TestStoppingAnswersWhatWasReceived(t *testing.T) {
	m := start(t, "faults: [{fault: delay-before, time: 1m}]")
	s := m.dial()
	s.send(text("M1"))
	eventually(t, func() bool { return m.journal.Len() == 1 })
	began := time.Now()
	m.stop()
	if !acknowledges(s.read(), "M1") || time.Since(began) > 5*time.Second {
		t.Error("not answered at the end")
	}
}

func TestForcedCharset(t *testing.T) {
	m := start(t, "rules: [{when: {fields: [{path: PID-5.1, equals: Müller}]}, then: {code: AE, text: 'no', reply: 'ZAK|{{PID-5.1}}'}}]", func(c *Config, _ *Options) { c.Charset = "ISO-8859-1" })
	s := m.dial()
	// The header claims UTF-8, the bytes are Latin-1.
	s.send(strings.Replace(strings.Replace(text("M1"), "DOE^JANE", "M\xfcller^J", 1), "|2.5.1\r", "|2.5.1||||||UNICODE UTF-8\r", 1))
	if r := s.read(); !strings.Contains(r, "MSA|AE|M1|no\r") || !strings.Contains(r, "\rZAK|M\xfcller\r") {
		t.Errorf("%q", r)
	}
	if err := (&Config{Address: "127.0.0.1:0", Charset: "latin-77"}).Validate(); err == nil || !strings.Contains(err.Error(), "latin-77") {
		t.Errorf("%v", err)
	}
}

func TestFindingsInTheJournal(t *testing.T) {
	m := start(t, "", func(c *Config, _ *Options) { c.Check = true })
	s := m.dial()
	s.send(strings.Replace(text("M1"), "19790228", "19790231", 1))
	s.read()
	m.stop()
	for _, f := range m.journal.All()[0].Findings {
		if f.Path == "PID-7" && f.Severity == check.Warning {
			return
		}
	}
	t.Error("the date that is none is not among the findings")
}

func TestFaultsOfHTTPAreRefused(t *testing.T) {
	for _, f := range []rules.File{{Faults: []rules.Fault{{Kind: rules.Throttle}}}, {Rules: []rules.Rule{{Faults: []rules.Fault{{Kind: rules.StaleETag}}}}}} {
		if _, err := NewListener(Config{Address: "127.0.0.1:0"}, f, Options{}); err == nil || !strings.Contains(err.Error(), "is one of a FHIR endpoint") {
			t.Errorf("%v", err)
		}
	}
}
