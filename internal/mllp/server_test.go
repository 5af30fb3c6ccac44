package mllp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/mllp/pki"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// serve runs a server and returns its address and a function that stops it and
// waits for its end.
func serve(t *testing.T, s *Server) (address string, stop func()) {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patience):
			t.Error("Serve does not end")
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// raw is a plain socket to a server.
type raw struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func connect(t *testing.T, address string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &raw{c, t, bufio.NewReader(c)}
}

func (r *raw) send(s string) { r.t.Helper(); write(r.t, r.Conn, s) }

// frame reads the content of the next frame.
func (r *raw) frame() string {
	r.t.Helper()
	s, err := r.r.ReadString(EndBlock)
	if err != nil {
		r.t.Fatalf("no frame but %q: %v", s, err)
	}
	if c, err := r.r.ReadByte(); err != nil || c != CarriageReturn || s[0] != StartBlock {
		r.t.Fatalf("a bad frame %q", s)
	}
	return s[1 : len(s)-1]
}

// rest reads to the end of the connection.
func (r *raw) rest() (string, error) {
	b, err := io.ReadAll(r.r)
	return string(b), err
}

func numbered(n int) string { return strings.Replace(adt, "|M-1|", fmt.Sprintf("|M-%d|", n), 1) }

func ackID(ack string) string {
	h := ReadHeader([]byte(ack))
	return string(h.AckCode()) + " " + string(h.Acknowledges())
}

func TestAcknowledgementsComeInOrder(t *testing.T) {
	// The handler collects turns and answers them backwards, as a group commit
	// may that ends its parts in any order.
	const n = 50
	var mu sync.Mutex
	var turns []*Turn
	var b Builder
	address, _ := serve(t, &Server{Handler: HandlerFunc(func(turn *Turn) {
		mu.Lock()
		defer mu.Unlock()
		turns = append(turns, turn)
		if len(turns) < n {
			return
		}
		all := turns
		go func() {
			for i := len(all) - 1; i >= 0; i-- {
				all[i].Reply(b.Append(all[i].Buffer(), all[i].Header(), Reply{Code: AA}))
			}
		}()
	})})
	c := connect(t, address)
	for i := range n {
		c.send(framed(numbered(i)))
	}
	for i := range n {
		if got, want := ackID(c.frame()), fmt.Sprintf("AA M-%d", i); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

// TestOrderUnderLoad finishes turns at once, in groups on another goroutine, and
// by functions, as they come; each connection must see its replies in order.
func TestOrderUnderLoad(t *testing.T) {
	const conns, messages = 8, 300
	group := make(chan *Turn, 256)
	var b Builder
	answer := func(turn *Turn) { turn.Reply(b.Append(turn.Buffer(), turn.Header(), Reply{Code: AA})) }
	var committed sync.WaitGroup
	committed.Go(func() {
		var held []*Turn
		for turn := range group {
			if held = append(held, turn); len(held) < 7 && len(group) > 0 {
				continue
			}
			for i := len(held) - 1; i >= 0; i-- {
				answer(held[i])
			}
			held = held[:0]
		}
	})
	var n, written atomic.Int64
	address, stop := serve(t, &Server{MaxPending: 32, Handler: HandlerFunc(func(turn *Turn) {
		turn.OnWritten(func(_ time.Time, err error) {
			if err == nil {
				written.Add(1)
			}
		})
		switch n.Add(1) % 5 {
		case 0:
			answer(turn)
		case 1:
			reply := framed(string(b.Append(nil, turn.Header(), Reply{Code: AA})))
			turn.Do(func(c *Conn) error {
				_, err := c.Write([]byte(reply))
				return err
			})
		default:
			group <- turn
		}
	})})
	var wg sync.WaitGroup
	for range conns {
		c := connect(t, address)
		wg.Go(func() {
			for i := range messages {
				if _, err := io.WriteString(c, framed(numbered(i))); err != nil {
					t.Error(err)
					return
				}
			}
			if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			r := NewReader(c.r, ReaderOptions{})
			defer r.Release()
			var ev Event
			for i := range messages {
				if err := r.Read(&ev); err != nil {
					t.Errorf("after %d replies: %v", i, err)
					return
				}
				if got, want := ackID(string(ev.Bytes)), fmt.Sprintf("AA M-%d", i); got != want {
					t.Errorf("%s, want %s", got, want)
					return
				}
			}
			if err := r.Read(&ev); err != io.EOF {
				t.Errorf("after the last reply: %v", err)
			}
		})
	}
	wg.Wait()
	stop()
	close(group)
	committed.Wait()
	if written.Load() != conns*messages {
		t.Errorf("%d of %d replies were reported as written", written.Load(), conns*messages)
	}
}

// TestNoPeerEndsTheListener sends every deviation from a raw socket and sees
// that it is named, and that another client is still served.
func TestNoPeerEndsTheListener(t *testing.T) {
	events := make(chan Event, 16)
	var b Builder
	address, _ := serve(t, &Server{
		Reader: ReaderOptions{MaxFrame: 4096, Settle: 20 * time.Millisecond, Partial: 60 * time.Millisecond, Deadline: time.Minute},
		Handler: HandlerFunc(func(turn *Turn) {
			e := turn.Event
			e.Bytes, e.Deviations = append([]byte(nil), e.Bytes...), append([]Deviation(nil), e.Deviations...)
			h := turn.Header()
			if string(h.ControlID()) == "GOOD" {
				turn.Reply(b.Append(nil, h, Reply{Code: AA}))
				return
			}
			o := Success
			if e.Damaged() {
				o = Uncorrelated
			}
			if code := (Settings{}).Decide(h, o).InPlace(); e.Kind == OutsideBytes || code == None {
				turn.Done()
			} else {
				turn.Reply(b.Append(nil, h, Reply{Code: code}))
			}
			events <- e
		}),
	})
	other := connect(t, address)
	tests := []struct {
		name, in string
		end      func(*raw)
		codes    []string // in the order of the events; "" = an event without deviation
	}{
		{"no start", adt + "\x1c\r", nil, []string{FrameNoStart}},
		{"no CR", "\x0b" + adt + "\x1c", nil, []string{FrameNoCR}},
		{"FS LF", "\x0b" + adt + "\x1c\n", nil, []string{FrameTail}},
		{"bytes before", "2026 INFO " + framed(adt), nil, []string{OutsideMessage, ""}},
		{"second start", "\x0bMSH|^~\\&|A|B|C|D|1||ADT^A01|X|P|2.5\rPID|" + framed(adt), nil, []string{FrameSecondStart, FrameSecondStart}},
		{"FS in the text", framed(strings.Replace(adt, "DOE", "D\x1cE", 1)), nil, []string{FrameEndInside}},
		{"stands still", "\x0b" + adt, nil, []string{FrameNotEnded}},
		{"half-close", "\x0b" + adt, func(c *raw) { _ = c.Conn.(*net.TCPConn).CloseWrite() }, []string{FrameNotEnded}},
		{"empty", "\x0b\x1c\r", nil, []string{FrameEmpty}},
		{"two messages", framed(adt + oru), nil, []string{FrameManyMessages}},
		{"commit byte", "\x0b\x06\x1c\r", nil, []string{FrameCommit}},
		{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", nil, []string{WrongProtocol}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", nil, []string{WrongProtocol}},
		{"ASTM", "\x05", nil, []string{WrongProtocol}},
		{"no frame", adt, nil, []string{Unframed}},
		{"too long", framed(strings.Repeat("x", 5000)), nil, []string{FrameTooLong}},
		{"no last CR", framed(strings.TrimSuffix(adt, "\r")), nil, []string{NoSegmentEnd}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := connect(t, address)
			c.send(test.in)
			if test.end != nil {
				test.end(c)
			}
			for _, want := range test.codes {
				select {
				case e := <-events:
					if want == "" && len(e.Deviations) > 0 || want != "" && !e.Has(want) {
						t.Errorf("%v, want %q", words([]Event{e}), want)
					}
				case <-time.After(patience):
					t.Fatalf("%q was not named", want)
				}
			}
			if strings.Contains(test.name, "second start") {
				for range 2 {
					if got := ackID(c.frame()); !strings.HasPrefix(got, "AE ") {
						t.Errorf("a part of a message was answered %s", got)
					}
				}
			}
			if test.name == "too long" {
				if _, err := c.rest(); errors.Is(err, context.DeadlineExceeded) {
					t.Error("the connection stays open")
				}
			}
			other.send(framed(strings.Replace(adt, "M-1", "GOOD", 1)))
			if got := ackID(other.frame()); got != "AA GOOD" {
				t.Errorf("the other client got %s", got)
			}
		})
	}
}

func TestSlowPeerIsStopped(t *testing.T) {
	closed := make(chan error, 1)
	address, _ := serve(t, &Server{
		Handler: acker(), Reader: ReaderOptions{Deadline: 50 * time.Millisecond},
		Closed: func(_ *Conn, err error) { closed <- err },
	})
	c := connect(t, address)
	c.send("\x0bMSH|")
	select {
	case err := <-closed:
		if !errors.Is(err, ErrTooSlow) {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("a frame may take for ever")
	}
}

func TestFaultsOnPurpose(t *testing.T) {
	tests := []struct {
		name string
		do   func(*Conn) error
		want string
		end  func(error) bool // how the connection ends, nil = it goes on
	}{
		{"no start", func(c *Conn) error { _, err := c.Write([]byte("ack\x1c\r")); return err }, "ack\x1c\r", nil},
		{"dribbled", func(c *Conn) error {
			for _, b := range framed("ack") {
				if _, err := c.Write([]byte{byte(b)}); err != nil {
					return err
				}
				if err := c.Wait(time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		}, framed("ack"), nil},
		{"close", func(c *Conn) error { return c.Close() }, "", func(err error) bool { return err == nil }},
		{"close after", func(c *Conn) error {
			if _, err := c.Write([]byte("ack")); err != nil {
				return err
			}
			return c.Close()
		}, "ack", func(err error) bool { return err == nil }},
		{"reset", func(c *Conn) error { return c.Reset() }, "", func(err error) bool { return err != nil }},
		{"error", func(c *Conn) error { return errors.New("enough") }, "", func(err error) bool { return err == nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var n atomic.Int32
			written := make(chan error, 2)
			address, _ := serve(t, &Server{Handler: HandlerFunc(func(turn *Turn) {
				turn.OnWritten(func(_ time.Time, err error) { written <- err })
				if n.Add(1) == 1 {
					turn.Do(test.do)
				} else {
					turn.Reply([]byte("second"))
				}
			})})
			c := connect(t, address)
			c.send(framed(adt) + framed(oru))
			want := test.want
			if test.end == nil {
				want += framed("second")
				got := make([]byte, len(want))
				if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
					t.Fatalf("%q %v, want %q", got, err, want)
				}
			} else if got, err := c.rest(); got != want || !test.end(err) {
				t.Fatalf("%q %v, want %q", got, err, want)
			}
			for i := range 2 {
				select {
				case err := <-written:
					if test.end == nil && err != nil {
						t.Error(err)
					}
				case <-time.After(patience):
					if test.end == nil || i == 0 {
						t.Error("nothing is heard of the reply")
					}
				}
				if test.end != nil {
					break
				}
			}
		})
	}
}

func TestReplyThatCouldNotBeWrittenIsReported(t *testing.T) {
	heard := make(chan error, 3)
	address, _ := serve(t, &Server{Handler: HandlerFunc(func(turn *Turn) {
		turn.OnWritten(func(_ time.Time, err error) { heard <- err })
		switch string(turn.Header().ControlID()) {
		case "M-0":
			c := turn.Conn()
			turn.Do(func(*Conn) error { return c.Wait(50 * time.Millisecond) })
		case "M-1":
			turn.Do(func(c *Conn) error { return c.Reset() })
		default:
			turn.Reply([]byte("never"))
		}
	})})
	c := connect(t, address)
	c.send(framed(numbered(0)) + framed(numbered(1)) + framed(numbered(2)))
	lost := 0
	for range 3 {
		select {
		case err := <-heard:
			if err != nil {
				lost++
			}
		case <-time.After(patience):
			t.Fatal("nothing is heard of a reply")
		}
	}
	if lost == 0 {
		t.Error("the reply after the reset counts as written")
	}
}

func TestSecondExchangeOnTheSameConnection(t *testing.T) {
	var b Builder
	address, _ := serve(t, &Server{Handler: HandlerFunc(func(turn *Turn) {
		h := turn.Header()
		d := Settings{}.Decide(h, Success)
		later := b.Append(nil, h, Reply{Code: d.Later(), Enhanced: true})
		c, release := turn.Conn(), turn.Conn().Hold()
		turn.Reply(b.Append(turn.Buffer(), h, Reply{Code: d.InPlace()}))
		go func() {
			defer release()
			if err := c.Wait(10 * time.Millisecond); err != nil {
				t.Error(err)
			}
			if err := c.Send(later); err != nil {
				t.Error(err)
			}
		}()
	})})
	c := connect(t, address)
	c.send(framed(string(message("AL", "AL"))))
	// The peer ends its side: what is promised still comes.
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a, b := ackID(c.frame()), ackID(c.frame()); a != "CA M-1" || b != "AA M-1" {
		t.Errorf("%s, %s", a, b)
	}
	if rest, err := c.rest(); rest != "" || err != nil {
		t.Errorf("%q %v", rest, err)
	}
}

func TestShutdownFinishesWhatWasReceived(t *testing.T) {
	const n = 20
	received := make(chan *Turn, n)
	var b Builder
	address, stop := serve(t, &Server{Handler: HandlerFunc(func(turn *Turn) { received <- turn })})
	c := connect(t, address)
	for i := range n {
		c.send(framed(numbered(i)))
	}
	var turns []*Turn
	for range n {
		turns = append(turns, <-received)
	}
	go func() {
		for _, turn := range turns {
			turn.Reply(b.Append(turn.Buffer(), turn.Header(), Reply{Code: AA}))
		}
	}()
	stop()
	for i := range n {
		if got, want := ackID(c.frame()), fmt.Sprintf("AA M-%d", i); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	if rest, err := c.rest(); rest != "" || err != nil {
		t.Errorf("%q %v", rest, err)
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("the port still listens")
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	got := make(chan struct{})
	address, stop := serve(t, &Server{Shutdown: 150 * time.Millisecond, Handler: HandlerFunc(func(*Turn) { close(got) })})
	c := connect(t, address)
	c.send(framed(adt))
	<-got
	stop()
	if rest, _ := c.rest(); rest != "" {
		t.Errorf("%q", rest)
	}
}

func TestPeerThatDoesNotRead(t *testing.T) {
	// Reading pauses when too much is unanswered, and goes on afterwards.
	var seen atomic.Int64
	turns := make(chan *Turn, 100)
	address, _ := serve(t, &Server{MaxPending: 4, Handler: HandlerFunc(func(turn *Turn) { seen.Add(1); turns <- turn })})
	c := connect(t, address)
	for i := range 20 {
		c.send(framed(numbered(i)))
	}
	var first []*Turn
	for range 4 {
		first = append(first, <-turns)
	}
	if n := seen.Load(); n != 4 {
		t.Errorf("%d events were read with 4 unanswered", n)
	}
	for _, turn := range first {
		turn.Reply([]byte("a"))
	}
	for range 16 {
		(<-turns).Reply([]byte("a"))
	}
	for range 20 {
		c.frame()
	}
}

func TestWhoMayConnect(t *testing.T) {
	refused := make(chan Refusal, 4)
	s := &Server{Handler: acker(), Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Refused: func(r Refusal) { refused <- r }}
	address, _ := serve(t, s)
	if rest, _ := connect(t, address).rest(); rest != "" {
		t.Errorf("%q", rest)
	}
	if r := <-refused; !errors.Is(r.Err, ErrNotAllowed) || !r.Remote.Addr().IsLoopback() {
		t.Errorf("%+v", r)
	}
	address, _ = serve(t, &Server{Handler: acker(), Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MaxConns: 1, Refused: func(r Refusal) { refused <- r }})
	one := connect(t, address)
	one.send(framed(adt))
	one.frame()
	if rest, _ := connect(t, address).rest(); rest != "" {
		t.Errorf("%q", rest)
	}
	if r := <-refused; !errors.Is(r.Err, ErrTooMany) {
		t.Errorf("%+v", r)
	}
}

func TestManyClients(t *testing.T) {
	address, _ := serve(t, &Server{Handler: acker()})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			c, err := new(Dialer).Dial(t.Context(), address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for j := range 5 {
				m := []byte(numbered(i*10 + j))
				a, err := c.Send(t.Context(), m, nil)
				if err != nil || len(a.Event.Deviations) > 0 || Correlate(m, a.Event.Bytes) != nil {
					t.Errorf("%v %v", err, a.Event.Deviations)
				}
			}
		})
	}
	wg.Wait()
}

func TestListenOnlyWhereAllowed(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:0"} {
		if l, err := Listen(t.Context(), address, false); !errors.Is(err, ErrNotLoopback) {
			if err == nil {
				l.Close()
			}
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := Listen(t.Context(), "2575", false); err == nil || !strings.Contains(err.Error(), "host:port") {
		t.Error(err)
	}
	l, err := Listen(t.Context(), "0.0.0.0:0", true)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestTakenPort(t *testing.T) {
	l, err := Listen(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Listen(t.Context(), l.Addr().String(), false)
	var b *BindError
	if !errors.As(err, &b) || !b.Taken || !isTaken(err) {
		t.Fatal(err)
	}
	if b.Owner != "" && b.Owner != "this program" {
		t.Errorf("the port belongs to %q", b.Owner)
	}
	next, err := Listen(t.Context(), b.Free, false)
	if err != nil {
		t.Fatalf("%q is not free: %v", b.Free, err)
	}
	next.Close()
	if !strings.Contains(b.Error(), b.Free) {
		t.Error(b.Error())
	}
}

func TestEncryption(t *testing.T) {
	ca, err := pki.NewAuthority("T", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	own, err := ca.Server([]string{"127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.Client("sender", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	config, err := pki.ServerConfig(own, ca.Cert, true)
	if err != nil {
		t.Fatal(err)
	}
	refused, subjects := make(chan Refusal, 4), make(chan string, 4)
	address, _ := serve(t, &Server{
		Handler: acker(), TLS: config, Refused: func(r Refusal) { refused <- r },
		Opened: func(c *Conn) error { subjects <- c.TLS().PeerCertificates[0].Subject.CommonName; return nil },
	})
	with, err := pki.ClientConfig(ca.Cert, client, "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := (&Dialer{TLS: with}).Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 3 {
		if a, err := c.Send(t.Context(), []byte(adt), nil); err != nil || ackID(string(a.Event.Bytes)) != "AA M-1" {
			t.Errorf("%v", err)
		}
	}
	if got := <-subjects; got != "sender" || c.TLS() == nil {
		t.Errorf("the client is %q", got)
	}
	plain := connect(t, address)
	plain.send(framed(adt))
	if r := <-refused; r.Deviation == nil || r.Deviation.Code != PlainOnTLS || !strings.Contains(r.Deviation.Text, "MLLP") {
		t.Errorf("%+v", r)
	}
	without, err := pki.ClientConfig(ca.Cert, pki.Pair{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := (&Dialer{TLS: without}).Dial(t.Context(), address); err == nil {
		// With TLS 1.3 the client learns of it only when it reads.
		if _, err := c.Send(t.Context(), []byte(adt), nil); err == nil {
			t.Error("a client without certificate is served")
		}
		c.Close()
	}
	if r := <-refused; r.Deviation != nil || r.Err == nil {
		t.Errorf("%+v", r)
	}
	if _, err := (&Dialer{TLS: &tlsDefault}).Dial(t.Context(), address); err == nil || !strings.Contains(err.Error(), "TLS handshake") {
		t.Errorf("an unknown authority is trusted: %v", err)
	}
}
