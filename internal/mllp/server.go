package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Server accepts connections and hands their events to its Handler. Fields
// must not change while it serves.
type Server struct {
	Handler Handler
	Opened  func(*Conn) error  // before the first read, on the goroutine of the connection; an error closes it
	Closed  func(*Conn, error) // after the connection is closed; nil = in good order
	Refused func(Refusal)      // a connection that was not taken

	// Reader are the limits of each connection. Where Partial is 0 it is
	// DefaultPartial; negative times are off.
	Reader     ReaderOptions
	Release2   bool           // MLLP release 2: each frame that is answered is first committed (06)
	Allow      []netip.Prefix // who may connect; empty = everyone
	TLS        *tls.Config    // nil = plain
	MaxConns   int            // 0 = DefaultMaxConns
	MaxMemory  int64          // bytes that frames above 1 MB may take while they are read, over all connections; 0 = DefaultMaxMemory
	MaxPending int            // unanswered events of one connection before reading pauses; 0 = DefaultMaxPending
	Write      time.Duration  // time-out of a write, which may take up to twice as long; 0 = 30 s
	Handshake  time.Duration  // time-out of the TLS handshake; 0 = 10 s
	KeepAlive  time.Duration  // of TCP; 0 = 15 s, negative = off
	Shutdown   time.Duration  // how long Serve waits for answers after its context has ended; 0 = 10 s

	ids atomic.Uint64
}

const (
	DefaultMaxConns   = 4096
	DefaultMaxPending = 1024
	DefaultMaxMemory  = 1 << 30
	// DefaultPartial is how long a frame may stand still.
	DefaultPartial = 30 * time.Second

	// maxWaiting is how many bytes of unanswered frames, or of replies that the
	// peer does not read, one connection may hold before reading pauses.
	maxWaiting = 4 << 20
	// maxKept is how many bytes of buffers one connection keeps for reuse.
	maxKept = 256 << 10
	// lastCall is how long a listener that stops still reads what is under way.
	lastCall = 100 * time.Millisecond
)

// Handler answers events. It is called on the goroutine that reads the
// connection: while it runs, nothing more is read from that peer.
type Handler interface{ ServeMLLP(*Turn) }

// HandlerFunc is a function that is a Handler.
type HandlerFunc func(*Turn)

// ServeMLLP calls f.
func (f HandlerFunc) ServeMLLP(t *Turn) { f(t) }

// Refusal is a connection that was not taken.
type Refusal struct {
	Remote    netip.AddrPort
	At        time.Time
	Err       error
	Deviation *Deviation // what the peer did, where that is the reason
}

// orDefault returns d, or the default where d is zero. Negative is off, which
// is zero.
func orDefault(d, otherwise time.Duration) time.Duration {
	switch {
	case d == 0:
		return otherwise
	case d < 0:
		return 0
	}
	return d
}

// serving is one call of Serve.
type serving struct {
	s     *Server
	ctx   context.Context // of connections: it does not end with that of Serve
	mu    sync.Mutex
	conns map[*Conn]struct{}
	wg    sync.WaitGroup

	memory atomic.Int64 // what large frames may still take
}

// Serve accepts connections until ctx ends or l fails. Then it takes no new
// ones, reads what is under way, lets the answers go out and closes. It returns
// nil after the end of ctx.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.Handler == nil {
		return errors.New("serving MLLP: there is no handler")
	}
	if err := s.Reader.Framing.Validate(); err != nil {
		return fmt.Errorf("serving MLLP: %w", err)
	}
	v := &serving{s: s, ctx: context.WithoutCancel(ctx), conns: map[*Conn]struct{}{}}
	v.memory.Store(s.MaxMemory)
	if s.MaxMemory <= 0 {
		v.memory.Store(DefaultMaxMemory)
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	err := v.accept(ctx, l)
	v.end()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("accepting connections on %s: %w", l.Addr(), err)
}

// accept takes connections until the listener is closed.
func (v *serving) accept(ctx context.Context, l net.Listener) error {
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			v.take(nc)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return err
		}
		// The system is out of file descriptors or the like: it may recover.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// take starts serving a connection, or refuses it.
func (v *serving) take(nc net.Conn) {
	s := v.s
	remote := addrPort(nc.RemoteAddr())
	v.mu.Lock()
	limit := s.MaxConns
	if limit <= 0 {
		limit = DefaultMaxConns
	}
	full := len(v.conns) >= limit
	v.mu.Unlock()
	switch {
	case !s.allowed(remote.Addr()):
		s.refuse(nc, Refusal{Remote: remote, Err: ErrNotAllowed})
		return
	case full:
		s.refuse(nc, Refusal{Remote: remote, Err: ErrTooMany})
		return
	}
	c := newConn(v, nc)
	v.mu.Lock()
	v.conns[c] = struct{}{}
	v.wg.Add(1)
	v.mu.Unlock()
	go func() {
		defer v.wg.Done()
		c.serve()
		v.mu.Lock()
		delete(v.conns, c)
		v.mu.Unlock()
	}()
}

func (s *Server) allowed(a netip.Addr) bool {
	if len(s.Allow) == 0 {
		return true
	}
	for _, p := range s.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func (s *Server) refuse(nc net.Conn, r Refusal) {
	nc.Close()
	if s.Refused != nil {
		r.At = time.Now()
		s.Refused(r)
	}
}

// end lets the connections finish, and breaks those that do not in time.
func (v *serving) end() {
	v.mu.Lock()
	last := time.Now().Add(lastCall)
	for c := range v.conns {
		c.reader.stop(last)
	}
	v.mu.Unlock()
	done := make(chan struct{})
	go func() {
		v.wg.Wait()
		close(done)
	}()
	late := time.NewTimer(orDefault(v.s.Shutdown, 10*time.Second))
	defer late.Stop()
	select {
	case <-done:
		return
	case <-late.C:
	}
	v.mu.Lock()
	for c := range v.conns {
		c.fail(errStopped)
	}
	v.mu.Unlock()
	<-done
}

// addrPort reads an address; it is zero for what is not TCP.
func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// handshake does the TLS handshake, and names a peer that speaks without TLS.
func (c *Conn) handshake() error {
	t, ok := c.nc.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, orDefault(c.server.Handshake, 10*time.Second))
	defer cancel()
	err := t.HandshakeContext(ctx)
	if err == nil {
		state := t.ConnectionState()
		c.tls = &state
		return nil
	}
	r := Refusal{Remote: c.remote, Err: fmt.Errorf("TLS handshake: %w", err)}
	var header tls.RecordHeaderError
	if errors.As(err, &header) && header.Conn != nil {
		text := "the peer speaks without TLS: switch TLS on there, or off here"
		if header.RecordHeader[0] == StartBlock {
			text = "the peer sends MLLP without TLS: switch TLS on there, or off here"
		}
		r.Deviation = &Deviation{PlainOnTLS, 0, len(header.RecordHeader), text}
	}
	c.server.refuse(c.nc, r)
	return r.Err
}
