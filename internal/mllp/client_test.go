package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var tlsDefault tls.Config

// scripted is a listener whose answer to the n-th event, from 0, is written by a
// function.
func scripted(t *testing.T, release2 bool, answer func(n int, turn *Turn)) (address string) {
	t.Helper()
	n := 0
	address, _ = serve(t, &Server{Release2: release2, Shutdown: 200 * time.Millisecond, Handler: HandlerFunc(func(turn *Turn) {
		n++
		answer(n-1, turn)
	})})
	return address
}

func dial(t *testing.T, d *Dialer, address string) *Client {
	t.Helper()
	c, err := d.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		<-c.Done()
	})
	return c
}

func ack(id string) string {
	return "MSH|^~\\&|R|S|A|B|1||ACK|9|P|2.5.1\rMSA|AA|" + id + "\r"
}

func deviations(e Event) (all []string) {
	for _, d := range e.Deviations {
		all = append(all, d.Code)
	}
	return all
}

func TestRepliesAreJudged(t *testing.T) {
	tests := []struct {
		name, reply string
		kind        Kind
		want        []string
	}{
		{"good", framed(ack("M-1")), WholeFrame, nil},
		{"another control ID", framed(ack("M-9")), WholeFrame, []string{AckWrongID}},
		{"no control ID", framed(ack("")), WholeFrame, []string{AckNoID}},
		{"no code", framed(strings.Replace(ack("M-1"), "AA", "OK", 1)), WholeFrame, []string{AckBadCode}},
		{"no acknowledgement", framed("OK"), WholeFrame, []string{AckNotOne}},
		{"no CR", "\x0b" + ack("M-1") + "\x1c", WholeFrame, []string{FrameNoCR}},
		{"no start", ack("M-1") + "\x1c\r", WholeFrame, []string{FrameNoStart}},
		{"no frame", ack("M-1"), OutsideBytes, []string{Unframed}},
		{"bytes before", "hello" + framed(ack("M-1")), WholeFrame, []string{OutsideMessage}},
		{"cut", "\x0bMSH|^~\\&|R|S|A|B|1||ACK|9|P|2.5.1\rMSA|AA|M-1", PartialFrame, []string{FrameNotEnded}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address := scripted(t, false, func(_ int, turn *Turn) { turn.ReplyRaw([]byte(test.reply)) })
			c := dial(t, &Dialer{Reader: ReaderOptions{Settle: 20 * time.Millisecond, Partial: 50 * time.Millisecond}}, address)
			a, err := c.Send(t.Context(), []byte(adt), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := deviations(a.Event); a.Event.Kind != test.kind || !slices.Equal(got, test.want) {
				t.Errorf("%s %v, want %s %v", a.Event.Kind, got, test.kind, test.want)
			}
			if a.Sent.IsZero() || a.Event.LastByte.Before(a.Sent) {
				t.Error("the times are not in order")
			}
		})
	}
}

func TestLateReplyIsNotCreditedToTheNextMessage(t *testing.T) {
	first := make(chan *Turn, 1)
	address, _ := serve(t, &Server{Handler: HandlerFunc(func(turn *Turn) {
		if string(turn.Header().ControlID()) == "M-1" {
			first <- turn
			return
		}
		turn.Done()
		(<-first).ReplyRaw([]byte(framed(ack("M-1")) + framed(ack("M-2"))))
	})})
	late := make(chan string, 4)
	c := dial(t, &Dialer{Reply: 100 * time.Millisecond, Incoming: func(_ *Client, ev *Event) { late <- strings.Join(deviations(*ev), " ") }}, address)
	if _, err := c.Send(t.Context(), []byte(numbered(1)), nil); !errors.Is(err, ErrNoReply) {
		t.Fatal(err)
	}
	a, err := c.Send(t.Context(), []byte(numbered(2)), nil)
	if err != nil || ackID(string(a.Event.Bytes)) != "AA M-2" || len(a.Event.Deviations) > 0 {
		t.Errorf("%v %v", err, a.Event.Deviations)
	}
	if got := <-late; got != AckLate {
		t.Errorf("the late reply: %s", got)
	}
}

func TestRepliesOutOfOrder(t *testing.T) {
	var turns []*Turn
	address := scripted(t, false, func(n int, turn *Turn) {
		if turns = append(turns, turn); n < 1 {
			return
		}
		// The first turn carries both replies, the second one first.
		all := framed(ack(string(turns[1].Header().ControlID()))) + framed(ack(string(turns[0].Header().ControlID())))
		turns[0].ReplyRaw([]byte(all))
		turns[1].Done()
	})
	c := dial(t, &Dialer{}, address)
	var wg sync.WaitGroup
	var mu sync.Mutex
	odd := 0
	for i := range 2 {
		wg.Go(func() {
			m := []byte(numbered(i))
			a, err := c.Send(t.Context(), m, nil)
			if err != nil || Correlate(m, a.Event.Bytes) != nil {
				t.Errorf("%v", err)
				return
			}
			if a.Event.Has(AckOutOfOrder) {
				mu.Lock()
				odd++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if odd != 1 {
		t.Errorf("%d replies are out of order", odd)
	}
}

func TestSendsThatFail(t *testing.T) {
	got := make(chan struct{}, 8)
	address := scripted(t, false, func(n int, turn *Turn) {
		got <- struct{}{}
		if string(turn.Header().ControlID()) == "M-2" {
			turn.Do(func(c *Conn) error { return c.Reset() })
		}
	})
	c := dial(t, &Dialer{}, address)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-got
		cancel()
	}()
	if _, err := c.Send(ctx, []byte(numbered(1)), nil); !errors.Is(err, ErrNoReply) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := c.Send(ctx, []byte(numbered(1)), nil); !errors.Is(err, ErrNotSent) {
		t.Errorf("cancelled before: %v", err)
	}
	// The first message is never answered, so the reset of the second waits for
	// its turn: close instead.
	done := make(chan error, 1)
	go func() {
		_, err := c.Send(t.Context(), []byte(numbered(3)), nil)
		done <- err
	}()
	<-got
	c.Close()
	if err := <-done; !errors.Is(err, ErrNoReply) || !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := c.Send(t.Context(), []byte(numbered(4)), nil); !errors.Is(err, ErrNotSent) || c.Err() == nil {
		t.Errorf("after closing: %v", err)
	}
	other := dial(t, &Dialer{}, address)
	if _, err := other.Send(t.Context(), []byte(numbered(2)), nil); !errors.Is(err, ErrNoReply) {
		t.Errorf("reset: %v", err)
	}
	<-other.Done()
	if _, err := new(Dialer).Dial(t.Context(), "127.0.0.1:1"); err == nil {
		t.Error("nobody listens there")
	}
}

func TestSecondExchangeReachesTheClient(t *testing.T) {
	address := scripted(t, false, func(_ int, turn *Turn) {
		c := turn.Conn()
		turn.Reply([]byte(strings.Replace(ack("M-1"), "AA", "CA", 1)))
		if err := c.Send([]byte(ack("M-1"))); err != nil {
			t.Error(err)
		}
	})
	in := make(chan string, 8)
	c := dial(t, &Dialer{Incoming: func(_ *Client, ev *Event) { in <- ackID(string(ev.Bytes)) }}, address)
	a, err := c.Send(t.Context(), []byte(adt), nil)
	if err != nil || ackID(string(a.Event.Bytes)) != "CA M-1" {
		t.Errorf("%v %s", err, ackID(string(a.Event.Bytes)))
	}
	if got := <-in; got != "AA M-1" {
		t.Errorf("then %s", got)
	}
	if err := c.Post(t.Context(), []byte(oru)); err != nil {
		t.Error(err)
	}
}

func TestRelease2(t *testing.T) {
	t.Run("both sides", func(t *testing.T) {
		kinds := make(chan Kind, 4)
		address := scripted(t, true, func(_ int, turn *Turn) {
			kinds <- turn.Event.Kind
			if turn.Event.Kind == WholeFrame {
				turn.Reply([]byte(ack("M-1")))
			} else {
				turn.Done()
			}
		})
		c := dial(t, &Dialer{Release2: true}, address)
		a, err := c.Send(t.Context(), []byte(adt), nil)
		if err != nil || !a.Committed || a.Attempts != 1 || len(a.Event.Deviations) > 0 {
			t.Fatalf("%v %+v", err, a)
		}
		if a, b := <-kinds, <-kinds; a != WholeFrame || b != CommitAck {
			t.Errorf("the listener got %s and %s", a, b)
		}
	})
	t.Run("refused, then taken", func(t *testing.T) {
		address := scripted(t, true, func(n int, turn *Turn) {
			if n == 0 {
				turn.Refuse()
				return
			}
			turn.Done()
		})
		c := dial(t, &Dialer{Release2: true, Retries: 1}, address)
		if err := c.Post(t.Context(), []byte(adt)); err != nil {
			t.Error(err)
		}
	})
	t.Run("refused for good", func(t *testing.T) {
		address := scripted(t, true, func(_ int, turn *Turn) { turn.Refuse() })
		c := dial(t, &Dialer{Release2: true, Retries: 2}, address)
		a, err := c.Send(t.Context(), []byte(adt), nil)
		if !errors.Is(err, ErrRefused) || a.Attempts != 3 {
			t.Errorf("%v after %d", err, a.Attempts)
		}
	})
	t.Run("silence", func(t *testing.T) {
		address := scripted(t, false, func(n int, turn *Turn) {
			if n == 0 {
				turn.Done()
			} else if turn.Event.Kind == WholeFrame {
				turn.Reply([]byte{CommitByte}, []byte(ack("M-1")))
			} else {
				turn.Done()
			}
		})
		c := dial(t, &Dialer{Release2: true, Retries: 1, Reply: 60 * time.Millisecond}, address)
		a, err := c.Send(t.Context(), []byte(adt), nil)
		if err != nil || a.Attempts != 2 || !a.Committed {
			t.Errorf("%v %+v", err, a)
		}
	})
	t.Run("only the listener speaks it", func(t *testing.T) {
		address := scripted(t, true, func(_ int, turn *Turn) { turn.Reply([]byte(ack("M-1"))) })
		in := make(chan Event, 8)
		c := dial(t, &Dialer{Incoming: func(_ *Client, ev *Event) { in <- *ev }}, address)
		if a, err := c.Send(t.Context(), []byte(adt), nil); err != nil || ackID(string(a.Event.Bytes)) != "AA M-1" {
			t.Errorf("%v", err)
		}
		if ev := <-in; ev.Kind != CommitAck {
			t.Errorf("%s", ev.Kind)
		}
	})
}

func TestOtherFraming(t *testing.T) {
	f := Framing{Start: []byte("\x02\x02"), End: []byte{0x03}}
	address, _ := serve(t, &Server{Handler: acker(), Reader: ReaderOptions{Framing: f}})
	c := dial(t, &Dialer{Reader: ReaderOptions{Framing: f}}, address)
	if a, err := c.Send(t.Context(), []byte(adt), nil); err != nil || ackID(string(a.Event.Bytes)) != "AA M-1" {
		t.Errorf("%v", err)
	}
	if _, err := (&Dialer{Reader: ReaderOptions{Framing: Framing{Bare: true}}}).Dial(t.Context(), address); err == nil {
		t.Error("a framing without marks is taken")
	}
}
