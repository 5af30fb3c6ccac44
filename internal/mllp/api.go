package mllp

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"
)

// Server accepts connections and hands their events to its Handler. Fields
// must not change while it serves.
type Server struct {
	Handler Handler
	Opened  func(*Conn) error  // before the first read, on the goroutine of the connection; an error closes it
	Closed  func(*Conn, error) // after the connection is closed
	Refused func(Refusal)      // a connection that was not taken

	Reader     ReaderOptions
	Release2   bool           // commit bytes of MLLP release 2 before each reply
	Allow      []netip.Prefix // who may connect; empty = everyone
	TLS        *tls.Config    // nil = plain
	MaxConns   int            // 0 = DefaultMaxConns
	MaxPending int            // unanswered events of one connection before reading pauses; 0 = DefaultMaxPending
	Write      time.Duration  // time-out of one write; 0 = 30 s
	Handshake  time.Duration  // time-out of the TLS handshake; 0 = 10 s
	KeepAlive  time.Duration  // of TCP; 0 = 15 s, negative = off
	Shutdown   time.Duration  // how long Serve waits for answers after its context has ended; 0 = 10 s
}

const (
	DefaultMaxConns   = 4096
	DefaultMaxPending = 1024
)

// Handler answers events.
type Handler interface{ ServeMLLP(*Turn) }

// HandlerFunc is a function that is a Handler.
type HandlerFunc func(*Turn)

func (f HandlerFunc) ServeMLLP(t *Turn) { f(t) }

// Turn is the place of one event in the order of replies of its connection.
// It is finished by exactly one of Reply, ReplyRaw, Do and Done, at once or
// later and from any goroutine; after that neither the Turn nor its Event may be
// used (Event.Detach keeps the bytes).
type Turn struct{ Event Event }

func (t *Turn) Conn() *Conn { panic("api") }

// Buffer returns an empty buffer that belongs to the turn, to build the reply in.
func (t *Turn) Buffer() []byte { panic("api") }

// Reply sends each payload in a frame when the turn comes.
func (t *Turn) Reply(payloads ...[]byte) { panic("api") }

// ReplyRaw sends the bytes as they are when the turn comes.
func (t *Turn) ReplyRaw(b []byte) { panic("api") }

// Refuse sends the NAK of release 2 where that is on, else nothing.
func (t *Turn) Refuse() { panic("api") }

// Done finishes the turn without a reply.
func (t *Turn) Done() { panic("api") }

// Do runs f when the turn comes, on a goroutine that may block: it may write any
// bytes to the connection, wait, close or reset it. Replies of later turns wait.
func (t *Turn) Do(f func(c *Conn) error) { panic("api") }

// OnWritten calls f once the reply was handed to the system, or could not be.
// Call it before the turn is finished.
func (t *Turn) OnWritten(f func(at time.Time, err error)) { panic("api") }

// Conn is a connection of a Server.
type Conn struct{}

func (c *Conn) ID() uint64                  { panic("api") } // counts from 1 within the server
func (c *Conn) Remote() netip.AddrPort      { panic("api") }
func (c *Conn) Local() netip.AddrPort       { panic("api") }
func (c *Conn) OpenedAt() time.Time         { panic("api") }
func (c *Conn) TLS() *tls.ConnectionState   { panic("api") } // nil on a plain connection
func (c *Conn) Context() context.Context    { panic("api") } // ends with the connection
func (c *Conn) Framing() Framing            { panic("api") }
func (c *Conn) Send(payload []byte) error   { panic("api") } // an exchange of our own, outside of the order of replies
func (c *Conn) Write(b []byte) (int, error) { panic("api") } // raw bytes, at once
func (c *Conn) CloseWrite() error           { panic("api") } // half-close
func (c *Conn) Close() error                { panic("api") }
func (c *Conn) Reset() error                { panic("api") } // closes with RST
func (c *Conn) Hold() (release func())      { panic("api") } // keeps the connection open after the peer's half-close
func (c *Conn) Wait(d time.Duration) error  { panic("api") } // pauses, unless the connection ends before

// Refusal is a connection that was not taken.
type Refusal struct {
	Remote    netip.AddrPort
	At        time.Time
	Err       error
	Deviation *Deviation // what the peer did, where that is the reason
}

// Serve accepts connections until ctx ends or l fails. Then it takes no more
// bytes, lets the answers to what was received go out, and closes.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { panic("api") }

// Listen opens a TCP listener. An address that other computers reach is
// refused unless open is set. If the port is taken the error is a *BindError.
func Listen(ctx context.Context, address string, open bool) (net.Listener, error) { panic("api") }

// BindError says who has the port and which one is free.
type BindError struct {
	Address string
	Owner   string // program and process, "" if the system does not tell
	Free    string // the next free address, "" if there is none near
	Err     error
}

func (e *BindError) Error() string { panic("api") }
func (e *BindError) Unwrap() error { return e.Err }

// NextFree returns the address with the next higher port that can be bound.
func NextFree(address string) (string, error) { panic("api") }

// Dialer connects to a listener.
type Dialer struct {
	Reader   ReaderOptions // Idle is not used
	TLS      *tls.Config   // nil = plain
	Connect  time.Duration // time-out of connecting and of the handshake; 0 = 10 s
	Write    time.Duration // 0 = 30 s
	Reply    time.Duration // time-out of a reply; 0 = 30 s, negative = none
	Release2 bool          // wait for the commit byte after each frame, and send it for each reply
	Retries  int           // release 2: how often a frame is sent again after NAK or silence
	// Incoming gets every event that answers no call: late acknowledgements,
	// application acknowledgements after a commit, bytes outside of frames. It
	// runs on the goroutine that reads and must not keep the event.
	Incoming func(*Client, *Event)
}

// Dial connects. The address is host:port.
func (d *Dialer) Dial(ctx context.Context, address string) (*Client, error) { panic("api") }

// Client is one connection to a listener, for use by several goroutines.
type Client struct{}

// Answer is what came back for one message.
type Answer struct {
	Event     Event     // the frame of the reply; its Deviations tell about framing and correlation
	Sent      time.Time // when the frame was handed to the system
	Committed bool      // release 2: the peer sent the commit byte
	Attempts  int       // release 2: how often the frame was sent
}

// Send sends a message and waits for its reply. Several Sends at once are
// pipelined. Into is reused for the answer; nil allocates one.
func (c *Client) Send(ctx context.Context, message []byte, into *Answer) (*Answer, error) {
	panic("api")
}

// Post sends a message that gets no reply.
func (c *Client) Post(ctx context.Context, message []byte) error { panic("api") }

func (c *Client) Write(b []byte) (int, error) { panic("api") } // raw bytes
func (c *Client) TLS() *tls.ConnectionState   { panic("api") }
func (c *Client) Local() netip.AddrPort       { panic("api") }
func (c *Client) Remote() netip.AddrPort      { panic("api") }
func (c *Client) Done() <-chan struct{}       { panic("api") } // closed when the connection is gone
func (c *Client) Err() error                  { panic("api") } // why it is gone
func (c *Client) CloseWrite() error           { panic("api") }
func (c *Client) Close() error                { panic("api") }
