package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Conn is a connection of a Server.
//
// One goroutine reads and runs the handler. It writes the replies that are ready
// whenever it would wait for more bytes, so that replies to frames that came
// together leave together. Replies that become ready at other times, and
// functions of Turn.Do, are the work of a second goroutine, which starts when it
// is first needed.
type Conn struct {
	server        *Server
	id            uint64
	base, nc      net.Conn // as accepted, and with TLS where that is on
	remote, local netip.AddrPort
	opened        time.Time
	tls           *tls.ConnectionState
	ctx           context.Context
	cancel        context.CancelFunc
	reader        *Reader
	framing       Framing
	maxPending    int
	writeTimeout  time.Duration

	mu       sync.Mutex
	changed  sync.Cond // something was written, finished or broken
	turns    []*Turn   // in the order of their events, from first
	first    int
	current  *Turn   // the one that the handler has just now
	size     int     // bytes of the events of turns
	free     []*Turn // finished, for their next use
	kept     int     // bytes that free holds
	out      []byte  // ready to be written
	spare    []byte
	notify   []written // what to call once out is written
	writing  bool      // out is being written, or a function of Do runs
	acting   bool      // a function of Do runs
	writer   bool      // the second goroutine runs
	holds    int
	deadline time.Time // of writes
	err      error     // why nothing more can be written
	wake     chan struct{}
	done     sync.WaitGroup
}

// written is a callback of Turn.OnWritten.
type written func(at time.Time, err error)

func newConn(v *serving, base net.Conn) *Conn {
	s := v.s
	c := &Conn{
		server: s, id: s.ids.Add(1), base: base, nc: base, opened: time.Now(),
		remote: addrPort(base.RemoteAddr()), local: addrPort(base.LocalAddr()),
		framing: s.Reader.Framing.marks(), maxPending: s.MaxPending, writeTimeout: orDefault(s.Write, 30*time.Second),
		wake: make(chan struct{}, 1),
	}
	c.changed.L = &c.mu
	if c.maxPending <= 0 {
		c.maxPending = DefaultMaxPending
	}
	c.ctx, c.cancel = context.WithCancel(v.ctx)
	if tcp, ok := base.(*net.TCPConn); ok {
		if d := orDefault(s.KeepAlive, 15*time.Second); d > 0 {
			_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: d, Interval: d})
		} else {
			_ = tcp.SetKeepAlive(false)
		}
	}
	if s.TLS != nil {
		c.nc = tls.Server(base, s.TLS)
	}
	o := s.Reader
	o.Partial = orDefault(o.Partial, DefaultPartial)
	c.reader = NewReader(c.nc, o)
	c.reader.beforeFill, c.reader.memory = c.flush, &v.memory
	return c
}

// serve reads the connection to its end, waits for the answers and closes it.
func (c *Conn) serve() {
	defer c.reader.Release()
	err := c.handshake()
	if err != nil {
		c.fail(err)
		return
	}
	if c.server.Opened != nil {
		err = c.server.Opened(c)
	}
	if err == nil {
		err = c.read()
	}
	if c.finish(err) {
		err = nil
	}
	c.done.Wait()
	if c.server.Closed != nil {
		c.server.Closed(c, err)
	}
}

// read hands events to the handler until the stream ends.
func (c *Conn) read() error {
	for {
		t, err := c.next()
		if err != nil {
			return err
		}
		err = c.reader.Read(&t.Event)
		if errors.Is(err, ErrIdle) && c.busy() {
			c.recycle(t)
			continue
		}
		if err != nil {
			return err
		}
		c.mu.Lock()
		t.size = len(t.Event.Bytes)
		c.size += t.size
		c.turns = append(c.turns, t)
		c.current = t
		c.mu.Unlock()
		c.server.Handler.ServeMLLP(t)
		c.mu.Lock()
		c.current = nil
		c.mu.Unlock()
	}
}

// busy reports whether an answer is still to come.
func (c *Conn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending() > 0 || c.holds > 0
}

func (c *Conn) pending() int { return len(c.turns) - c.first }

// next returns a turn to read into, after the peer and the handler have caught
// up with what came before.
func (c *Conn) next() (*Turn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && (c.pending() >= c.maxPending || c.pending() > 0 && c.size > maxWaiting || len(c.out) > maxWaiting) {
		if len(c.out) > 0 && !c.writing {
			c.writeOut()
			continue
		}
		c.changed.Wait()
	}
	if c.err != nil {
		return nil, c.err
	}
	if n := len(c.free); n > 0 {
		t := c.free[n-1]
		c.free = c.free[:n-1]
		c.kept -= t.capacity()
		return t, nil
	}
	return &Turn{conn: c}, nil
}

func (c *Conn) recycle(t *Turn) {
	c.mu.Lock()
	c.release(t)
	c.mu.Unlock()
}

// release keeps a finished turn for its next use, unless enough are kept.
func (c *Conn) release(t *Turn) {
	t.reset()
	if size := t.capacity(); c.kept+size <= maxKept {
		c.kept += size
		c.free = append(c.free, t)
	}
}

// finish waits until all that was received is answered, then closes. It
// reports whether the connection ended in good order.
func (c *Conn) finish(err error) bool {
	good := err == nil || isEnd(err)
	if good || errors.Is(err, ErrTooLong) || errors.Is(err, ErrTooSlow) {
		c.flush()
		c.mu.Lock()
		for c.err == nil && (c.pending() > 0 || len(c.out) > 0 || c.writing || c.holds > 0) {
			c.changed.Wait()
		}
		good = good && c.err == nil
		broken := c.err != nil
		c.mu.Unlock()
		if !broken {
			c.farewell(err)
		}
	}
	if err == nil {
		err = ErrClosed
	}
	c.fail(err)
	return good
}

// farewell ends our side. Where the peer may still be sending, it is given a
// moment to see the end: closing with bytes unread would reset the connection,
// and the peer would lose replies that it has not read yet.
func (c *Conn) farewell(err error) {
	_ = c.CloseWrite()
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, ErrIdle) {
		return
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lastCall))
	_, _ = io.CopyN(io.Discard, c.nc, maxWaiting)
}

// flush writes what is ready, on the goroutine that reads.
func (c *Conn) flush() {
	c.mu.Lock()
	if len(c.out) > 0 && !c.writing {
		c.writeOut()
	}
	c.mu.Unlock()
}

// writeOut writes all that is ready. It is called and returns with the lock held,
// and gives it up while it writes.
func (c *Conn) writeOut() {
	c.writing = true
	for len(c.out) > 0 && c.err == nil {
		b, notify := c.out, c.notify
		c.out, c.spare, c.notify = c.spare[:0], nil, nil
		c.mu.Unlock()
		_, err := c.Write(b)
		if len(notify) > 0 {
			now := time.Now()
			for _, f := range notify {
				f(now, err)
			}
		}
		c.mu.Lock()
		if cap(b) <= keepBuffer {
			c.spare = b[:0]
		}
		if err != nil {
			c.broken(err)
		}
	}
	c.writing = false
	if c.err == nil && c.due() {
		// What became due while this goroutine wrote is not its to run.
		c.kick()
	}
	c.changed.Broadcast()
}

// advance moves the replies whose turn has come to out.
func (c *Conn) advance() {
	for c.first < len(c.turns) {
		t := c.turns[c.first]
		if t.state != turnReady {
			break
		}
		c.out = append(c.out, t.reply...)
		c.pop(t)
	}
}

// pop takes the first turn away.
func (c *Conn) pop(t *Turn) {
	c.turns[c.first] = nil
	c.first++
	if c.first == len(c.turns) {
		c.turns, c.first = c.turns[:0], 0
	} else if c.first >= 256 {
		n := copy(c.turns, c.turns[c.first:])
		clear(c.turns[n:])
		c.turns, c.first = c.turns[:n], 0
	}
	c.size -= t.size
	if t.onWritten != nil {
		c.notify = append(c.notify, t.onWritten)
	}
	c.release(t)
}

// due reports whether the second goroutine has something to do.
func (c *Conn) due() bool {
	return !c.writing && (len(c.out) > 0 || len(c.notify) > 0 || c.first < len(c.turns) && c.turns[c.first].state == turnDo)
}

// kick has the second goroutine look. The lock is held.
func (c *Conn) kick() {
	if !c.writer {
		c.writer = true
		c.done.Add(1)
		go c.write()
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write is the second goroutine: it ends with the connection.
func (c *Conn) write() {
	defer c.done.Done()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.wake:
		}
		c.mu.Lock()
		for c.err == nil && c.due() {
			c.notifySilent()
			if len(c.out) > 0 {
				c.writeOut()
			} else if c.first < len(c.turns) && c.turns[c.first].state == turnDo {
				c.act(c.turns[c.first])
			}
		}
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// notifySilent calls the callbacks of turns without a reply, where there is
// nothing to write that would do it.
func (c *Conn) notifySilent() {
	if len(c.out) > 0 || len(c.notify) == 0 {
		return
	}
	notify := c.notify
	c.notify = nil
	c.mu.Unlock()
	now := time.Now()
	for _, f := range notify {
		f(now, nil)
	}
	c.mu.Lock()
}

// act runs the function of a turn, with the lock given up.
func (c *Conn) act(t *Turn) {
	c.writing, c.acting = true, true
	t.state = turnActing
	c.mu.Unlock()
	err := t.do(c)
	if f := t.onWritten; f != nil {
		t.onWritten = nil
		f(time.Now(), err)
	}
	c.mu.Lock()
	c.writing, c.acting = false, false
	if err != nil {
		c.broken(err)
	}
	c.pop(t)
	if c.err == nil {
		c.advance()
	}
	c.changed.Broadcast()
}

// broken ends the connection, with the lock held.
func (c *Conn) broken(err error) {
	if c.err == nil {
		c.err = err
		c.cancel()
		// The base: TLS would wait to write a farewell.
		c.base.Close()
		notify := c.notify
		c.notify = nil
		for _, t := range c.turns[c.first:] {
			if (t.state == turnReady || t.state == turnDo) && t.onWritten != nil {
				notify = append(notify, t.onWritten)
				t.onWritten = nil
			}
		}
		if len(notify) > 0 {
			c.done.Add(1)
			go func() {
				defer c.done.Done()
				for _, f := range notify {
					f(time.Now(), err)
				}
			}()
		}
		c.changed.Broadcast()
	}
}

func (c *Conn) fail(err error) {
	c.mu.Lock()
	c.broken(err)
	c.mu.Unlock()
}

// ID counts the connections of the server from 1.
func (c *Conn) ID() uint64 { return c.id }

// Remote is the address of the peer.
func (c *Conn) Remote() netip.AddrPort { return c.remote }

// Local is our own address.
func (c *Conn) Local() netip.AddrPort { return c.local }

// OpenedAt is when the connection was accepted.
func (c *Conn) OpenedAt() time.Time { return c.opened }

// TLS tells about the encryption, nil on a plain connection.
func (c *Conn) TLS() *tls.ConnectionState { return c.tls }

// Context ends with the connection.
func (c *Conn) Context() context.Context { return c.ctx }

// Framing is how frames of this connection are marked.
func (c *Conn) Framing() Framing { return c.framing }

// Send sends a message in a frame as an exchange of our own, outside of the
// order of replies and never inside of another frame. It waits while the peer
// does not read; within a function of Turn.Do it goes out after that.
func (c *Conn) Send(payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.out) > maxWaiting && c.writing && !c.acting {
		c.changed.Wait()
	}
	if c.err != nil {
		return c.err
	}
	c.out = c.framing.Append(c.out, payload)
	if !c.writing {
		c.writeOut()
	}
	return c.err
}

// Write writes raw bytes at once.
func (c *Conn) Write(b []byte) (int, error) {
	if c.writeTimeout > 0 {
		c.armWrite()
	}
	return c.nc.Write(b)
}

// armWrite sets the deadline of writes. Each setting serves for a while, as it
// costs a part of a small write.
func (c *Conn) armWrite() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.deadline.Before(now.Add(c.writeTimeout)) {
		c.deadline = now.Add(2 * c.writeTimeout)
		_ = c.nc.SetWriteDeadline(c.deadline)
	}
}

// CloseWrite tells the peer that nothing more will come, and goes on reading.
func (c *Conn) CloseWrite() error {
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// Close closes the connection in good order.
func (c *Conn) Close() error {
	_ = c.CloseWrite()
	c.fail(ErrClosed)
	return nil
}

// Reset breaks the connection: the peer sees a reset, not an end.
func (c *Conn) Reset() error {
	if tcp, ok := c.base.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.fail(ErrClosed)
	return nil
}

// Hold keeps the connection open after the peer has ended its side, for an
// exchange of our own that is still to come. release must be called.
func (c *Conn) Hold() (release func()) {
	c.mu.Lock()
	c.holds++
	c.mu.Unlock()
	return sync.OnceFunc(func() {
		c.mu.Lock()
		c.holds--
		c.changed.Broadcast()
		c.mu.Unlock()
	})
}

// Wait pauses for d, or until the connection ends, whose error it then returns.
func (c *Conn) Wait(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.err
	}
}
