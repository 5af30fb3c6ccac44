package endpoint

import (
	"context"
	"net"
	"sync"
	"time"

	"trestle/internal/mllp"
)

// gate is a listener whose port can be closed for a while, so that clients are refused by the system as if no program were
// there, and opened again.
type gate struct {
	ctx  context.Context
	addr net.Addr
	open bool // the address may be one that other computers reach

	mu     sync.Mutex
	inner  net.Listener // nil while shut
	closed bool
	change chan struct{} // closed and replaced when inner changes
	timer  *time.Timer
}

func openGate(ctx context.Context, address string, open bool) (*gate, error) {
	l, err := mllp.Listen(ctx, address, open)
	if err != nil {
		return nil, err
	}
	return &gate{ctx: context.WithoutCancel(ctx), addr: l.Addr(), open: open, inner: l, change: make(chan struct{})}, nil
}

func (g *gate) Addr() net.Addr { return g.addr }

// Accept waits for a client, and while the gate is shut for its opening.
func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		inner, change, closed := g.inner, g.change, g.closed
		g.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		if inner == nil {
			<-change
			continue
		}
		c, err := inner.Accept()
		if err == nil {
			return c, nil
		}
		g.mu.Lock()
		same, closed := g.inner == inner, g.closed
		g.mu.Unlock()
		if same || closed { // not shut by us: the listener itself failed
			return nil, err
		}
	}
}

// Close ends the gate for good.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	if g.timer != nil {
		g.timer.Stop()
	}
	var err error
	if g.inner != nil {
		err = g.inner.Close()
	}
	g.signal()
	return err
}

func (g *gate) signal() {
	close(g.change)
	g.change = make(chan struct{})
}

// shut closes the port, or opens it.
func (g *gate) shut(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	if shut {
		g.close()
	} else {
		g.reopen()
	}
}

// shutFor closes the port and opens it again after d.
func (g *gate) shutFor(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.close()
	if g.timer != nil {
		g.timer.Stop()
	}
	g.timer = time.AfterFunc(d, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.reopen()
	})
}

func (g *gate) close() {
	if g.inner == nil || g.closed {
		return
	}
	inner := g.inner
	g.inner = nil
	inner.Close()
	g.signal()
}

// reopen binds the port again. Where another program took it meanwhile, it is tried again until it is free.
func (g *gate) reopen() {
	if g.inner != nil || g.closed {
		return
	}
	l, err := mllp.Listen(g.ctx, g.addr.String(), g.open)
	if err != nil {
		g.timer = time.AfterFunc(time.Second, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.reopen()
		})
		return
	}
	g.inner = l
	g.signal()
}
