package endpoint

import (
	"context"
	"fmt"
	"sync"
	"time"

	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// DefaultForward is how long a host may take to answer a message that was forwarded, or an application acknowledgement.
const DefaultForward = 10 * time.Second

// links are the connections that a listener opens itself, one for each host, each used by one at a time so that order is kept.
type links struct {
	dial func(ctx context.Context, to string) (*mllp.Client, error)
	mu   sync.Mutex
	all  map[string]*link
}

type link struct {
	mu     sync.Mutex
	client *mllp.Client
}

func (s *links) link(to string) *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*link{}
	}
	k := s.all[to]
	if k == nil {
		k = &link{}
		s.all[to] = k
	}
	return k
}

func (s *links) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.all {
		k.mu.Lock()
		if k.client != nil {
			k.client.Close()
		}
		k.mu.Unlock()
	}
	s.all = nil
}

// send sends a message over the link and waits for the answer. A connection that the other side closed meanwhile is opened
// again once, as nothing was sent on it.
func (s *links) send(ctx context.Context, to string, b []byte) (*mllp.Answer, *mllp.Client, error) {
	k := s.link(to)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		select {
		case <-k.client.Done():
			k.client = nil
		default:
		}
	}
	if k.client == nil {
		c, err := s.dial(ctx, to)
		if err != nil {
			return nil, nil, err
		}
		k.client = c
	}
	a, err := k.client.Send(ctx, b, nil)
	c := k.client
	if err != nil { // a reply that comes now would be taken for that of the next message
		c.Close()
		k.client = nil
	}
	return a, c, err
}

func (l *Listener) dial(ctx context.Context, to string) (*mllp.Client, error) {
	d := mllp.Dialer{Reader: mllp.ReaderOptions{MaxFrame: l.config.MaxFrame}, Connect: DefaultForward, Reply: DefaultForward}
	return d.Dial(ctx, to)
}

// forward sends the message on. With Relay what comes back is the answer, and where nothing comes the message is rejected, so that
// its sender tries again.
func (m *making) forward() {
	f, l := m.action.Forward, m.w.l
	timeout := f.Timeout
	if timeout == 0 {
		timeout = DefaultForward
	}
	ctx, cancel := context.WithTimeout(l.stop, timeout)
	defer cancel()
	e := l.outgoing(KindForward, f.To, m.w.t.Event.Bytes, m.e.Conversation)
	e.Type, e.Trigger, e.ControlID, e.MRN, e.Account = m.e.Type, m.e.Trigger, m.e.ControlID, m.e.MRN, m.e.Account
	answer, c, err := l.links.send(ctx, f.To, m.w.t.Event.Bytes)
	code := l.answered(e, answer, c, err)
	l.note(e)
	if !f.Relay {
		return
	}
	next := *m.action
	m.action = &next
	if err != nil || code == mllp.None {
		next.Code, next.Text = "AR", rules.MustTemplate("the message could not be passed on; send it again later")
		return
	}
	m.relay = append([]byte(nil), answer.Event.Bytes...)
	next.Code = string(code)
}

// outgoing begins the record of an exchange that the listener itself starts. The bytes are copied.
func (l *Listener) outgoing(kind Kind, to string, b []byte, conversation string) *Exchange {
	now := time.Now()
	return &Exchange{
		Endpoint: l.config.Name, Kind: kind, Direction: Outbound, Peer: to, Conversation: conversation, FirstByte: now, LastByte: now,
		Request: append([]byte(nil), b...), Attempt: 1,
	}
}

// answered ends that record.
func (l *Listener) answered(e *Exchange, a *mllp.Answer, c *mllp.Client, err error) mllp.Code {
	e.Decided = time.Now()
	l.counters.out.Add(1)
	if c != nil {
		e.TLS = TLSOf(c.TLS())
	}
	if err != nil {
		e.Outcome, e.Detail = OutcomeFailed, plainError(err)
		return mllp.None
	}
	e.Reply = append([]byte(nil), a.Event.Bytes...)
	e.Findings = append(e.Findings, replyDeviations(&a.Event)...)
	code := mllp.None
	if ack, ok := mllp.ParseAck(e.Reply); ok {
		code = ack.Code
	}
	e.Code, e.Outcome = string(code), outcomeOf(code)
	if code == mllp.None {
		e.Outcome, e.Detail = OutcomeFailed, "the reply is no acknowledgement"
	}
	return code
}

// replyDeviations are findings about the reply.
func replyDeviations(ev *mllp.Event) []Finding {
	list := deviations(ev)
	for i := range list {
		list[i].Reply = true
	}
	return list
}

// plainError is an error without what a journal must not hold; addresses are kept.
func plainError(err error) string {
	text := err.Error()
	if len(text) > maxText {
		text = text[:maxText]
	}
	return text
}

// sendOnward sends application acknowledgements, each on a goroutine that the listener waits for at its end.
func (l *Listener) sendOnward(c *mllp.Conn, k *client, list []onward) {
	for _, o := range list {
		release := func() {}
		if o.to == "" {
			release = c.Hold()
		}
		l.work.Add(1)
		go func() {
			defer l.work.Done()
			defer release()
			if o.after > 0 {
				l.pause(c, o.after)
			}
			l.sendApplication(c, k, o)
		}()
	}
}

func (l *Listener) sendApplication(c *mllp.Conn, k *client, o onward) {
	to := o.to
	if to == "" {
		to = k.peer
	}
	e := l.outgoing(KindApplication, to, o.payload, o.conversation)
	m := hl7.Parse(o.payload)
	e.facts(m)
	if o.conversation != "" {
		e.Conversation = o.conversation
	}
	e.Code = string(o.code)
	if o.to != "" {
		ctx, cancel := context.WithTimeout(context.Background(), DefaultForward)
		defer cancel()
		h := mllp.ReadHeader(o.payload)
		if accept := string(h.Field(15)); accept == "" || accept == "NE" {
			l.postApplication(ctx, e, o)
			return
		}
		a, client, err := l.links.send(ctx, o.to, o.payload)
		l.answered(e, a, client, err)
		l.note(e)
		return
	}
	e.Connection, e.TLS = c.ID(), k.tls
	err := c.Send(o.payload)
	e.LastByte = time.Now()
	l.counters.out.Add(1)
	e.Outcome = outcomeOf(o.code)
	if err != nil {
		e.Outcome, e.Detail = OutcomeFailed, "the application acknowledgement could not be written: the client was gone"
	}
	l.note(e)
}

// postApplication sends an application acknowledgement that asks for no answer of its own.
func (l *Listener) postApplication(ctx context.Context, e *Exchange, o onward) {
	err := l.links.post(ctx, o.to, o.payload)
	e.LastByte = time.Now()
	l.counters.out.Add(1)
	e.Outcome = outcomeOf(o.code)
	if err != nil {
		e.Outcome, e.Detail = OutcomeFailed, fmt.Sprintf("the application acknowledgement did not reach %s: %s", o.to, plainError(err))
	}
	l.note(e)
}

func (s *links) post(ctx context.Context, to string, b []byte) error {
	k := s.link(to)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		select {
		case <-k.client.Done():
			k.client = nil
		default:
		}
	}
	if k.client == nil {
		c, err := s.dial(ctx, to)
		if err != nil {
			return err
		}
		k.client = c
	}
	if err := k.client.Post(ctx, b); err != nil {
		k.client.Close()
		k.client = nil
		return err
	}
	return nil
}
