package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Dialer connects to a listener. The zero Dialer works.
type Dialer struct {
	Reader   ReaderOptions // Idle is not used; Partial 0 is the time-out of a reply
	TLS      *tls.Config   // nil = plain; without ServerName it is the host that is dialled
	Connect  time.Duration // time-out of connecting and of the handshake; 0 = 10 s
	Write    time.Duration // time-out of a write, which may take up to twice as long; 0 = 30 s
	Reply    time.Duration // time-out of a reply, kept to within a twentieth; 0 = 30 s, negative = none
	Release2 bool          // MLLP release 2: wait for the commit byte after each frame, and send it for each reply
	Retries  int           // release 2: how often a frame is sent again after NAK or silence
	// Incoming gets every event that answers no call: late acknowledgements,
	// application acknowledgements after a commit, messages of the peer, bytes
	// outside of frames. It runs on the goroutine that reads and must not keep the
	// event.
	Incoming func(*Client, *Event)
}

// Dial connects. The address is host:port.
func (d *Dialer) Dial(ctx context.Context, address string) (*Client, error) {
	if err := d.Reader.Framing.Validate(); err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	if timeout := orDefault(d.Connect, 10*time.Second); timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	var nd net.Dialer
	nc, err := nd.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	base := nc
	var state *tls.ConnectionState
	if d.TLS != nil {
		config := d.TLS
		if config.ServerName == "" && !config.InsecureSkipVerify {
			host, _, _ := net.SplitHostPort(address)
			config = config.Clone()
			config.ServerName = host
		}
		t := tls.Client(nc, config)
		if err := t.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, fmt.Errorf("TLS handshake with %s: %w", address, err)
		}
		s := t.ConnectionState()
		nc, state = t, &s
	}
	return newClient(d, base, nc, state), nil
}

// Answer is what came back for one message.
type Answer struct {
	// Event is the reply; its Deviations tell about framing and correlation. Its
	// Kind is not WholeFrame where the reply came damaged or without a frame.
	Event     Event
	Sent      time.Time // when the frame was about to be written
	Committed bool      // release 2: the peer sent the commit byte
	Attempts  int       // how often the frame was sent; above 1 only with release 2
}

// Client is one connection to a listener, for use by several goroutines.
type Client struct {
	d         Dialer
	base, nc  net.Conn
	tls       *tls.ConnectionState
	framing   Framing
	timeout   time.Duration // of a reply; 0 = none
	writeTime time.Duration

	mu       sync.Mutex
	changed  sync.Cond
	calls    []*call // that wait, in the order of their frames
	lost     []string
	before   []Deviation // of what came outside of frames before a reply
	out      []byte
	spare    []byte
	unsent   int // calls at the end whose frames are still in out
	writing  bool
	deadline time.Time
	err      error
	done     chan struct{}
}

// call is one Send that waits.
type call struct {
	message []byte
	id      []byte // MSH-10, a part of the message
	answer  *Answer
	since   time.Time // of the last attempt
	noReply bool      // waits for the commit byte only
	done    chan error
}

var calls = sync.Pool{New: func() any { return &call{done: make(chan error, 1)} }}

// keptLost is how many messages without a reply are remembered, to name late
// replies.
const keptLost = 256

func newClient(d *Dialer, base, nc net.Conn, state *tls.ConnectionState) *Client {
	c := &Client{
		d: *d, base: base, nc: nc, tls: state, framing: d.Reader.Framing.marks(),
		timeout: orDefault(d.Reply, 30*time.Second), writeTime: orDefault(d.Write, 30*time.Second), done: make(chan struct{}),
	}
	c.changed.L = &c.mu
	o := d.Reader
	o.Idle = 0
	if c.timeout > 0 {
		// The reader looks up this often, which saves a timer for each message.
		o.Idle = min(max(c.timeout/20, 5*time.Millisecond), 250*time.Millisecond)
		if o.Partial == 0 {
			o.Partial = c.timeout
		}
	}
	go c.read(NewReader(nc, o), o.Idle)
	return c
}

// Send sends a message and waits for its reply. Several Sends at once are
// pipelined: their frames leave in the order of the calls. A reply belongs to the
// call whose MSH-10 it has in MSA-2, whatever the order; one that belongs to
// none, and to none before, is given to the oldest call with the reasons in its
// Deviations. into is reused for the answer; nil makes one.
//
// After an error that is ErrNoReply the message may have arrived; after
// ErrNotSent it has not.
func (c *Client) Send(ctx context.Context, message []byte, into *Answer) (*Answer, error) {
	if into == nil {
		into = &Answer{}
	}
	return into, c.exchange(ctx, message, into, false)
}

// Post sends a message that gets no reply; with release 2 it waits for the
// commit byte.
func (c *Client) Post(ctx context.Context, message []byte) error {
	if c.d.Release2 {
		return c.exchange(ctx, message, &Answer{}, true)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room()
	if c.err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, c.err)
	}
	c.out = c.framing.Append(c.out, message)
	c.writeOut()
	for c.writing && c.err == nil {
		c.changed.Wait()
	}
	return c.err
}

func (c *Client) exchange(ctx context.Context, message []byte, into *Answer, noReply bool) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	h := ReadHeader(message)
	k := calls.Get().(*call)
	into.Event.reset()
	*into = Answer{Event: into.Event, Attempts: 1}
	k.message, k.id, k.answer, k.noReply = message, h.ControlID(), into, noReply
	c.mu.Lock()
	c.room()
	if c.err != nil {
		err := c.err
		c.mu.Unlock()
		calls.Put(k)
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	k.since = time.Now()
	into.Sent = k.since
	c.calls = append(c.calls, k)
	c.out = c.framing.Append(c.out, message)
	c.unsent++
	c.writeOut()
	c.mu.Unlock()
	var err error
	select {
	case err = <-k.done:
	case <-ctx.Done():
		err = c.abandon(k, ctx.Err())
	}
	k.message, k.id, k.answer = nil, nil, nil
	calls.Put(k)
	return err
}

// room waits until what is to be written is not too much.
func (c *Client) room() {
	for c.err == nil && len(c.out) > maxWaiting {
		c.changed.Wait()
	}
}

// abandon takes a call back, unless its answer has just come.
func (c *Client) abandon(k *call, why error) error {
	c.mu.Lock()
	for i, other := range c.calls {
		if other == k {
			c.drop(i)
			c.mu.Unlock()
			return fmt.Errorf("%w: %w", ErrNoReply, why)
		}
	}
	c.mu.Unlock()
	return <-k.done
}

// drop removes a call and remembers it as one without a reply.
func (c *Client) drop(i int) *call {
	k := c.take(i)
	if len(k.id) > 0 {
		if len(c.lost) >= keptLost {
			c.lost = append(c.lost[:0], c.lost[1:]...)
		}
		c.lost = append(c.lost, string(k.id))
	}
	return k
}

func (c *Client) take(i int) *call {
	k := c.calls[i]
	copy(c.calls[i:], c.calls[i+1:])
	c.calls[len(c.calls)-1] = nil
	c.calls = c.calls[:len(c.calls)-1]
	c.unsent = min(c.unsent, len(c.calls))
	return k
}

// writeOut writes what is ready, with the lock held but for the writing itself.
// While one goroutine writes, the frames of others gather for its next write.
func (c *Client) writeOut() {
	if c.writing {
		return
	}
	c.writing = true
	for len(c.out) > 0 && c.err == nil {
		b := c.out
		c.out, c.spare, c.unsent = c.spare[:0], nil, 0
		c.armWrite()
		c.mu.Unlock()
		_, err := c.nc.Write(b)
		c.mu.Lock()
		if cap(b) <= keepBuffer {
			c.spare = b[:0]
		}
		if err != nil {
			c.broken(fmt.Errorf("writing: %w", err))
		}
	}
	c.writing = false
	c.changed.Broadcast()
}

func (c *Client) armWrite() {
	if now := time.Now(); c.writeTime > 0 && c.deadline.Before(now.Add(c.writeTime)) {
		c.deadline = now.Add(2 * c.writeTime)
		_ = c.nc.SetWriteDeadline(c.deadline)
	}
}

// broken ends the connection and all calls, with the lock held.
func (c *Client) broken(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.base.Close() // TLS would wait to write a farewell
	for i, k := range c.calls {
		if i >= len(c.calls)-c.unsent {
			k.done <- fmt.Errorf("%w: %w", ErrNotSent, err)
		} else {
			k.done <- fmt.Errorf("%w: %w", ErrNoReply, err)
		}
	}
	c.calls, c.unsent = nil, 0
	c.changed.Broadcast()
}

// read gives what comes to the calls, until the connection ends.
func (c *Client) read(r *Reader, tick time.Duration) {
	defer close(c.done)
	defer r.Release()
	var ev Event
	looked := time.Now()
	for {
		err := r.Read(&ev)
		switch {
		case errors.Is(err, ErrIdle):
		case errors.Is(err, io.EOF):
			err = errors.New("the peer has closed the connection")
			fallthrough
		case err != nil:
			c.mu.Lock()
			c.broken(err)
			c.mu.Unlock()
			return
		default:
			if !c.incoming(&ev) && c.d.Incoming != nil {
				c.d.Incoming(c, &ev)
			}
		}
		if tick > 0 && (err != nil || ev.LastByte.Sub(looked) >= tick) {
			looked = time.Now()
			c.expire(looked)
		}
	}
}

// expire ends calls that have waited too long.
func (c *Client) expire(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 0; i < len(c.calls); {
		k := c.calls[i]
		switch {
		case now.Sub(k.since) < c.timeout:
			i++
		case c.d.Release2 && !k.answer.Committed && c.again(k):
			i++
		default:
			c.drop(i).done <- fmt.Errorf("%w: waited %s", ErrNoReply, c.timeout)
		}
	}
}

// again sends the frame of a call once more, as release 2 has it, unless that
// was done often enough.
func (c *Client) again(k *call) bool {
	if k.answer.Attempts > c.d.Retries {
		return false
	}
	k.answer.Attempts++
	k.since = time.Now()
	c.out = c.framing.Append(c.out, k.message)
	c.writeOut()
	return true
}

// incoming gives an event to the call that it answers. It returns false where
// there is none.
func (c *Client) incoming(ev *Event) bool {
	h := ReadHeader(ev.Bytes)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch ev.Kind {
	case CommitAck, CommitNak:
		return c.d.Release2 && c.commit(ev.Kind == CommitAck)
	case OutsideBytes:
		if !ev.Has(Unframed) || !h.msa {
			if room := maxDeviations - len(c.before); room > 0 {
				c.before = append(c.before, ev.Deviations[:min(room, len(ev.Deviations))]...)
			}
			return false
		}
	case WholeFrame:
		if c.d.Release2 {
			c.out = c.framing.Append(c.out, []byte{CommitByte})
			c.writeOut()
		}
	}
	i := c.match(ev, &h)
	if i < 0 {
		return false
	}
	k := c.take(i)
	a := k.answer
	a.Event, *ev = *ev, a.Event
	if len(c.before) > 0 {
		a.Event.Deviations = append(c.before[:len(c.before):len(c.before)], a.Event.Deviations...)
		c.before = c.before[:0]
	}
	k.done <- nil
	return true
}

// match finds the call that the event answers, -1 if there is none, and notes
// what is odd about it.
func (c *Client) match(ev *Event, h *Header) int {
	if h.msa {
		id := h.Acknowledges()
		for i, k := range c.calls {
			if len(id) > 0 && string(k.id) == string(id) && !k.noReply {
				if i > 0 {
					ev.note(AckOutOfOrder, ev.Start, len(ev.Bytes), "the acknowledgement came before that of an earlier message")
				}
				if h.AckCode() == None {
					c.doubt(ev, h, i)
				}
				return i
			}
		}
		for i, lost := range c.lost {
			if lost == string(id) {
				c.lost = append(c.lost[:i], c.lost[i+1:]...)
				ev.note(AckLate, ev.Start, len(ev.Bytes), "the acknowledgement came after its sender had stopped waiting")
				return -1
			}
		}
	}
	// A message of the peer's own answers nothing.
	if len(c.calls) == 0 || c.calls[0].noReply || h.present && !h.IsAck() && ev.Kind == WholeFrame {
		if ev.Kind == WholeFrame {
			ev.note(AckUnexpected, ev.Start, len(ev.Bytes), "no message was waiting for this frame")
		}
		return -1
	}
	c.doubt(ev, h, 0)
	return 0
}

// doubt notes why the event is no good answer to the call.
func (c *Client) doubt(ev *Event, h *Header, i int) {
	sent := ReadHeader(c.calls[i].message)
	for _, d := range correlate(&sent, h) {
		ev.note(d.Code, ev.Start+d.Offset, d.Length, d.Text)
	}
}

// commit applies a commit byte of release 2 to the oldest call without one.
func (c *Client) commit(ok bool) bool {
	for i, k := range c.calls {
		if k.answer.Committed {
			continue
		}
		switch {
		case ok:
			k.answer.Committed = true
			if k.noReply {
				c.take(i).done <- nil
			}
		case !c.again(k):
			c.take(i).done <- fmt.Errorf("%w after %d attempts", ErrRefused, k.answer.Attempts)
		}
		return true
	}
	return false
}

// Write writes raw bytes, not inside of a frame that is being written.
func (c *Client) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.writing && c.err == nil {
		c.changed.Wait()
	}
	if c.err != nil {
		return 0, c.err
	}
	c.out = append(c.out, b...)
	c.writeOut()
	if c.err != nil {
		return 0, c.err
	}
	return len(b), nil
}

// TLS tells about the encryption, nil on a plain connection.
func (c *Client) TLS() *tls.ConnectionState { return c.tls }

// Local is our own address.
func (c *Client) Local() netip.AddrPort { return addrPort(c.base.LocalAddr()) }

// Remote is the address of the listener.
func (c *Client) Remote() netip.AddrPort { return addrPort(c.base.RemoteAddr()) }

// Done is closed when the connection is gone.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err says why the connection is gone, nil while it is not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// CloseWrite tells the peer that nothing more will come, and goes on reading.
func (c *Client) CloseWrite() error {
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// Reset breaks the connection: the peer sees a reset, not an end.
func (c *Client) Reset() error {
	if tcp, ok := c.base.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	return c.end()
}

// Close closes the connection. Calls that wait end with ErrNoReply.
func (c *Client) Close() error {
	if c.tls != nil {
		_ = c.CloseWrite()
	}
	return c.end()
}

func (c *Client) end() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken(ErrClosed)
	return nil
}
