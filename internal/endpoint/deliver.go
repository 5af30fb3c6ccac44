package endpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// line is one connection of a sender, which comes and goes.
type line struct {
	s      *Sender
	hard   context.Context // ends what is under way
	dialer mllp.Dialer

	mu      sync.Mutex
	client  *mllp.Client
	waiting map[string]chan []byte // application acknowledgements, by the control ID that they answer
}

func newLine(s *Sender, hard context.Context) *line {
	ln := &line{s: s, hard: hard, waiting: map[string]chan []byte{}}
	ln.dialer = mllp.Dialer{
		Reader: mllp.ReaderOptions{Framing: s.config.Framing}, TLS: s.config.TLS, Connect: s.config.Connect, Reply: s.config.Timeout,
		Release2: s.config.Release2, Incoming: ln.incoming,
	}
	return ln
}

// open returns the connection, made if there is none.
func (ln *line) open(ctx context.Context) (*mllp.Client, error) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if c := ln.client; c != nil {
		select {
		case <-c.Done():
			ln.client = nil
		default:
			return c, nil
		}
	}
	c, err := ln.dialer.Dial(ctx, ln.s.config.To)
	if err != nil {
		return nil, err
	}
	ln.client = c
	ln.s.counters.open.Add(1)
	ln.s.counters.connected.Add(1)
	return c, nil
}

// drop closes the connection, if it is still the one that is used: after a reply that did not come, whatever comes next could be taken for
// the reply to another message.
func (ln *line) drop(c *mllp.Client) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	c.Close()
	if ln.client == c {
		ln.client = nil
		ln.s.counters.open.Add(-1)
	}
}

func (ln *line) close() {
	ln.mu.Lock()
	c := ln.client
	ln.mu.Unlock()
	if c != nil {
		ln.drop(c)
	}
}

// incoming takes what nobody called for: application acknowledgements after a commit, late replies. Those that ask for a commit
// acknowledgement get it.
func (ln *line) incoming(c *mllp.Client, ev *mllp.Event) {
	b := append([]byte(nil), ev.Bytes...)
	ack, ok := mllp.ParseAck(b)
	if ok {
		ln.mu.Lock()
		ch := ln.waiting[string(ack.ControlID)]
		ln.mu.Unlock()
		if ch != nil {
			select {
			case ch <- b:
			default: // a second one: the first counts
			}
		}
	}
	h := mllp.ReadHeader(b)
	if code := (mllp.Settings{}).Decide(&h, mllp.Success).InPlace(); ok && code.Accept() {
		reply := (&mllp.Builder{}).Append(nil, &h, mllp.Reply{Code: code})
		_ = c.Post(ln.hard, reply) // the sender of the acknowledgement repeats it otherwise
	}
	ln.s.noteIncoming(c, ev, b)
}

// noteIncoming journals what came without having been called for.
func (s *Sender) noteIncoming(c *mllp.Client, ev *mllp.Event, b []byte) {
	e := &Exchange{
		Endpoint: s.config.Endpoint, Run: s.config.Run, Kind: KindBytes, Direction: Inbound, Peer: c.Remote().String(), TLS: TLSOf(c.TLS()),
		FirstByte: ev.FirstByte, LastByte: ev.LastByte, Decided: ev.LastByte, Request: b, Findings: deviations(ev), Outcome: OutcomeSilent,
	}
	if ack, ok := mllp.ParseAck(b); ok {
		e.Kind, e.Code = KindAck, string(ack.Code)
		if !ack.Code.Accept() {
			e.Kind = KindApplication
		}
		e.facts(hl7.Parse(b))
	}
	s.note(e)
}

// note journals an exchange and shows it.
func (s *Sender) note(e *Exchange) {
	if s.commits == nil {
		e.RequestSize, e.ReplySize = int64(len(e.Request)), int64(len(e.Reply))
		s.feed.publish(e.row())
		return
	}
	e.Seal(!s.config.DropPayloads)
	s.commits.Append(e, func(err error) {
		if err == nil {
			s.feed.publish(e.row())
		}
	})
}

// deliver sends one message until it is answered or given up. The error is that of the journal.
func (ln *line) deliver(ctx context.Context, j *job) (*Result, error) {
	s := ln.s
	b := j.Bytes
	expect := s.expected(&j.Outgoing)
	r := &Result{Number: j.n, Name: j.Name, Index: j.Index, Began: time.Now(), Expected: expect, MaybeTwice: j.MaybeTwice, Attempts: j.Attempt}
	if s.config.NewIDs {
		var err error
		if b, err = stamp(b, string(ids.next(nil)), stampTime(time.Now())); err != nil {
			r.Detail = err.Error()
			return r, nil
		}
	}
	var facts Exchange
	m := hl7.Parse(b)
	facts.facts(m)
	r.Type, r.Trigger, r.ControlID = facts.Type, facts.Trigger, facts.ControlID
	s.counters.in.Add(1)
	wait := s.config.Retry.First
	sent := j.MaybeTwice // an earlier try may have arrived
	for try := 1; ; try++ {
		r.Attempts++
		e := facts
		e.Endpoint, e.Run, e.Kind, e.Direction, e.Peer = s.config.Endpoint, s.config.Run, KindMessage, Outbound, s.config.To
		e.Request, e.Attempt, e.MaybeTwice, e.Expected = b, r.Attempts, sent, joinCodes(expect)
		if e.Conversation == "" {
			e.Conversation = fmt.Sprintf("%s %s %d", s.config.Endpoint, j.Name, j.n)
		}
		r.MaybeTwice = sent
		arrived := ln.try(b, m, expect, r, &e)
		e.Passed, e.Code, e.Detail = r.Passed, string(r.Code), r.Detail
		if e.Outcome == "" {
			e.Outcome = outcomeOf(r.Code)
		}
		s.counters.outcome(e.Outcome)
		s.note(&e)
		if r.Passed || !s.again(r, try) || ctx.Err() != nil {
			break
		}
		sent = sent || arrived
		if !pauseFor(ctx, wait) {
			break
		}
		wait = min(2*wait, s.config.Retry.Most)
	}
	r.Unsure = r.Code == mllp.None && (sent || r.Unsure)
	return r, nil
}

// again says whether a message that did not pass is to be sent again after this try.
func (s *Sender) again(r *Result, try int) bool {
	if !s.config.Retry.Forever && try > s.config.Retry.Times {
		return false
	}
	switch r.Code {
	case mllp.None:
		return true
	case mllp.AR, mllp.CR, mllp.CE:
		return s.config.Retry.Rejected
	}
	return false
}

// pauseFor waits, and says whether it was to the end.
func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// try sends the message once and fills the result. It returns whether the message may have arrived.
func (ln *line) try(b []byte, m *hl7.Message, expect []mllp.Code, r *Result, e *Exchange) (arrived bool) {
	s := ln.s
	r.Code, r.Text, r.Detail, r.Passed, r.Reply, r.Findings, r.Errors = mllp.None, "", "", false, nil, nil, nil
	now := time.Now()
	e.FirstByte, e.LastByte = now, now
	c, err := ln.open(ln.hard)
	if err != nil {
		r.Unsure, r.Detail = false, "not connected: "+plainError(err)
		e.Outcome = OutcomeFailed
		return false
	}
	e.Peer, e.TLS = c.Remote().String(), TLSOf(c.TLS())
	var application chan []byte
	if wantsApplication(expect) && asksForApplication(m) {
		application = ln.expectApplication(r.ControlID)
		defer ln.forgetApplication(r.ControlID)
	}
	answer, err := c.Send(ln.hard, b, nil)
	s.counters.out.Add(1)
	s.counters.bytesO.Add(int64(len(b)))
	s.counters.message(time.Now())
	if err != nil {
		ln.drop(c)
		arrived = !errors.Is(err, mllp.ErrNotSent)
		r.Unsure, r.Detail = arrived, plainError(err)
		e.Outcome, e.Decided = OutcomeFailed, time.Now()
		return arrived
	}
	e.FirstByte, e.LastByte, e.Decided = answer.Sent, answer.Sent, answer.Event.LastByte
	e.Reply = append([]byte(nil), answer.Event.Bytes...)
	e.Findings = replyDeviations(&answer.Event)
	r.Latency = max(0, e.Decided.Sub(e.LastByte))
	s.counters.latency.Add(r.Latency)
	s.counters.bytesIn.Add(answer.Event.Length)
	r.judge(b, e)
	if r.Code.Accept() && r.Code.Positive() && application != nil && !passes(expect, r.Code) {
		ln.awaitApplication(application, b, r, e)
	}
	r.Passed = r.Passed && passes(expect, r.Code)
	if !r.Passed && r.Detail == "" {
		r.Detail = "expected " + expectation(expect) + ", got " + string(r.Code)
	}
	if s.config.PerMessage {
		ln.drop(c)
	}
	return true
}

// judge reads the reply: its code, and whether it is the reply to this message.
func (r *Result) judge(b []byte, e *Exchange) {
	r.Reply, r.Findings = e.Reply, e.Findings
	if sent, is := mllp.SplitBatch(b); is {
		r.judgeBatch(&sent, e)
		return
	}
	ack, ok := mllp.ParseAck(e.Reply)
	if !ok {
		r.Detail, e.Outcome = "the reply is no acknowledgement", OutcomeFailed
		return
	}
	r.Code, r.Text = ack.Code, ack.Text
	for _, x := range ack.Errors {
		r.Errors = append(r.Errors, errorWords(x))
	}
	r.Passed = true
	// A reply that does not belong to the message says nothing about it, be it ever so positive.
	for _, d := range mllp.Correlate(b, e.Reply) {
		r.Passed, r.Detail, e.Outcome = false, d.Text, OutcomeFailed
		return
	}
}

// judgeBatch reads the reply to a frame of several messages: a batch that acknowledges each of them, or those that are in error
// (HL7 v2.9.1 section 2.10.3). The code is the worst of all.
func (r *Result) judgeBatch(sent *mllp.Batch, e *Exchange) {
	replies, is := mllp.SplitBatch(e.Reply)
	if !is {
		replies.Messages = [][]byte{e.Reply}
	}
	acks := map[string]mllp.Acknowledgement{}
	for _, b := range replies.Messages {
		if ack, ok := mllp.ParseAck(b); ok {
			acks[string(ack.ControlID)] = ack
			if rank(ack.Code) > rank(r.Code) {
				r.Code, r.Text = ack.Code, ack.Text
			}
			for _, x := range ack.Errors {
				r.Errors = append(r.Errors, errorWords(x))
			}
		}
	}
	missing := 0
	for _, b := range sent.Messages {
		h := mllp.ReadHeader(b)
		if _, ok := acks[string(h.ControlID())]; !ok {
			missing++
		}
	}
	onlyErrors := is && (r.Code == mllp.None || !r.Code.Positive())
	switch {
	case is && r.Code == mllp.None && len(replies.Messages) == 0:
		r.Code, r.Passed, r.Detail = mllp.AA, true, "an empty batch came back: no message is in error"
	case r.Code == mllp.None:
		r.Detail, e.Outcome = "the reply is no acknowledgement", OutcomeFailed
	case missing > 0 && !onlyErrors:
		r.Detail, e.Outcome = fmt.Sprintf("%d of %d messages of the batch were not acknowledged", missing, len(sent.Messages)), OutcomeFailed
	default:
		r.Passed = true
	}
}

// errorWords is an ERR segment in a few words.
func errorWords(x mllp.Error) string {
	parts := []string{x.Condition}
	for _, l := range x.Locations {
		place := l.Segment
		if l.Field > 0 {
			place += fmt.Sprintf("-%d", l.Field)
		}
		parts = append(parts, place)
	}
	for _, t := range []string{x.AppCode, x.Diagnostic, x.UserText} {
		if t != "" {
			parts = append(parts, t)
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// asksForApplication says that the message wants an application acknowledgement as an exchange of its own.
func asksForApplication(m *hl7.Message) bool {
	h, ok := m.Header()
	if !ok || h.Field(15).State() != hl7.Valued {
		return false
	}
	s := string(h.Field(16).Raw())
	return s != "" && s != "NE"
}

func (ln *line) expectApplication(id string) chan []byte {
	ch := make(chan []byte, 1)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.waiting[id] = ch
	return ch
}

func (ln *line) forgetApplication(id string) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	delete(ln.waiting, id)
}

// awaitApplication waits for the application acknowledgement of a message that was committed.
func (ln *line) awaitApplication(ch chan []byte, b []byte, r *Result, e *Exchange) {
	t := time.NewTimer(ln.s.config.Timeout)
	defer t.Stop()
	select {
	case reply := <-ch:
		ack, _ := mllp.ParseAck(reply)
		r.Committed, r.Code, r.Text, r.Reply = true, ack.Code, ack.Text, reply
		r.Errors = nil
		for _, x := range ack.Errors {
			r.Errors = append(r.Errors, errorWords(x))
		}
	case <-t.C:
		r.Passed, r.Detail = false, "committed ("+string(r.Code)+"), and no application acknowledgement came in time"
	case <-ln.hard.Done():
		r.Passed, r.Detail = false, "committed ("+string(r.Code)+"); ended before the application acknowledgement came"
	}
}
