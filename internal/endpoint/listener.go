package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/encoding"

	"trestle/internal/check"
	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// Lists answers whether a value is in a list that the rules do not hold themselves.
type Lists = rules.Lists

// Options are what a listener gets from the program around it. All are optional.
type Options struct {
	Journal  Journal // nil keeps nothing
	Patients Patients
	Lists    Lists
	TLS      *tls.Config // needed where Config.TLS is set
	// Check finds what is wrong with a message, for rules that ask for findings and for the journal. Nil is check.Message. A partner
	// profile adds its own findings here.
	Check func(*hl7.Message) []check.Finding
	// Accept takes each message that the rules accept, before it is acknowledged: a door of package twodoors, for example. An error is
	// answered with AE and its text, which must hold no patient data.
	Accept func(ctx context.Context, message []byte) error
	// Now is the clock of time windows and replies; nil is time.Now. Stamps of the journal are always of the real clock.
	Now func() time.Time
}

// Listener is one mock partner: it takes connections and answers by its rules.
type Listener struct {
	config   Config
	options  Options
	server   *mllp.Server
	framing  mllp.Framing
	settings mllp.Settings
	charset  encoding.Encoding // forced; nil follows the message
	builder  mllp.Builder
	program  atomic.Pointer[rules.Program]
	counters counters
	feed     Feed
	gate     atomic.Pointer[gate]
	commits  *Committer
	links    links

	down    atomic.Int64 // messages that are still to be refused by DownMessages
	stop    context.Context
	work    sync.WaitGroup // late acknowledgements, application acknowledgements
	clients sync.Map       // *mllp.Conn to *client
	pool    sync.Pool      // of *turn
}

// client is what the listener remembers of a connection.
type client struct {
	address netip.Addr
	peer    string
	tls     *TLS
	mu      sync.Mutex
	held    []func() // acknowledgements that wait for the next one, see rules.OutOfOrder
}

// NewListener makes a listener with its rules. Nothing is bound yet.
func NewListener(c Config, f rules.File, o Options) (*Listener, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.TLS && o.TLS == nil {
		return nil, errors.New("TLS needs a certificate and its key: give them, or let a local authority make them (--tls auto)")
	}
	l := &Listener{config: c, options: o}
	l.pool.New = func() any { return &turn{l: l} }
	l.framing, _ = c.framing()
	l.settings, _ = c.Ack.settings()
	l.charset, _ = c.charset()
	l.links.dial = l.dial
	if l.options.Now == nil {
		l.options.Now = time.Now
	}
	if l.options.Check == nil {
		l.options.Check = func(m *hl7.Message) []check.Finding { return check.Message(m, check.Options{}) }
	}
	l.builder = mllp.Builder{Clock: l.options.Now, Application: c.Ack.Application, Facility: c.Ack.Facility}
	l.counters.since = time.Now()
	if err := l.SetRules(f); err != nil {
		return nil, err
	}
	allow, _ := c.prefixes()
	partial := c.Partial
	if partial == 0 {
		partial = DefaultPartial
	}
	l.server = &mllp.Server{
		Handler: mllp.HandlerFunc(l.serve), Opened: l.opened, Closed: l.closed, Refused: l.refused,
		Reader:   mllp.ReaderOptions{Framing: l.framing, MaxFrame: c.MaxFrame, Idle: c.Idle, Partial: partial, Deadline: c.Deadline},
		Release2: c.Release2, Allow: allow, MaxConns: c.MaxConnections,
	}
	if c.TLS {
		l.server.TLS = o.TLS
	}
	return l, nil
}

// SetRules puts other rules in place, also while it runs; what they count begins anew.
func (l *Listener) SetRules(f rules.File) error {
	if err := fitsMLLP(&f); err != nil {
		return err
	}
	p, err := rules.Compile(f, l.options.Lists)
	if err != nil {
		return err
	}
	l.program.Store(p)
	l.down.Store(0)
	if g := l.gate.Load(); g != nil {
		g.shut(refusesAlways(&f))
	}
	return nil
}

// fitsMLLP refuses faults of HTTP, which would do nothing here.
func fitsMLLP(f *rules.File) error {
	known := rules.Faults()
	lists := [][]rules.Fault{f.Faults}
	for _, r := range f.Rules {
		lists = append(lists, r.Faults)
	}
	for _, x := range slices.Concat(lists...) {
		if !slices.ContainsFunc(known, func(i rules.FaultInfo) bool { return i.Kind == x.Kind }) {
			return fmt.Errorf("the fault %s is one of a FHIR endpoint; an MLLP endpoint has no such thing", x.Kind)
		}
	}
	return nil
}

// refusesAlways says that the rules want the port closed altogether.
func refusesAlways(f *rules.File) bool {
	for _, x := range f.Faults {
		if x.Kind == rules.Refuse && !x.Off && x.Every <= 1 && x.Chance == 0 && x.First == 0 {
			return true
		}
	}
	return false
}

// Rules are the rules in place.
func (l *Listener) Rules() rules.File { return *l.program.Load().File() }

// Fired says how often the rule of this index fired.
func (l *Listener) Fired(index int) int64 { return l.program.Load().Fired(index) }

// Config is the configuration it was made with.
func (l *Listener) Config() Config { return l.config }

// Listen binds the address. If it is taken the error is a *mllp.BindError, which says by whom and what is free.
func (l *Listener) Listen(ctx context.Context) error {
	g, err := openGate(ctx, l.config.Address, l.config.Open)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	l.gate.Store(g)
	g.shut(refusesAlways(l.program.Load().File()))
	return nil
}

// Addr is where it listens, with the real port; nil before Listen.
func (l *Listener) Addr() net.Addr {
	g := l.gate.Load()
	if g == nil {
		return nil
	}
	return g.Addr()
}

// Run serves until ctx ends, then takes nothing more, answers what was received, and returns nil. It binds first unless Listen did. It can
// run once.
func (l *Listener) Run(ctx context.Context) error {
	if l.gate.Load() == nil {
		if err := l.Listen(ctx); err != nil {
			return err
		}
	}
	stop, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.stop = stop
	release := context.AfterFunc(ctx, cancel) // waiting faults end at once, so that what was received is answered
	defer release()
	if l.options.Journal != nil {
		l.commits = NewCommitter(l.options.Journal)
	}
	err := l.server.Serve(ctx, l.gate.Load())
	cancel()
	l.work.Wait()
	l.links.close()
	if l.commits != nil {
		l.commits.Close()
	}
	l.gate.Load().Close()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Stats are the live numbers.
func (l *Listener) Stats() Stats { return l.counters.stats() }

// Subscribe looks on: see [Subscription].
func (l *Listener) Subscribe(size int) *Subscription { return l.feed.Subscribe(size) }

func (l *Listener) opened(c *mllp.Conn) error {
	k := &client{address: c.Remote().Addr().Unmap(), peer: c.Remote().String(), tls: TLSOf(c.TLS())}
	l.clients.Store(c, k)
	l.counters.open.Add(1)
	l.counters.connected.Add(1)
	for _, f := range l.program.Load().Connect() {
		switch f.Kind {
		case rules.Refuse:
			l.noteConnection(c, k, f, "the client was reset when it connected")
			c.Reset()
			l.closed(c, nil)
			return errors.New("refused by a fault of the endpoint")
		case rules.Silent:
			l.noteConnection(c, k, f, "the client was let in, and nothing was read")
			l.hush(c)
			l.closed(c, nil)
			return errors.New("kept silent by a fault of the endpoint")
		case rules.DelayReading:
			l.pause(c, f.Duration())
		}
	}
	return nil
}

// hush keeps a connection open and does nothing with it.
func (l *Listener) hush(c *mllp.Conn) {
	select {
	case <-l.stop.Done():
	case <-c.Context().Done():
	}
}

// pause waits, unless the connection or the listener ends before.
func (l *Listener) pause(c *mllp.Conn, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.stop.Done():
	case <-c.Context().Done():
	}
}

func (l *Listener) closed(c *mllp.Conn, _ error) {
	if _, known := l.clients.LoadAndDelete(c); known {
		l.counters.open.Add(-1)
	}
}

func (l *Listener) clientOf(c *mllp.Conn) *client {
	if k, ok := l.clients.Load(c); ok {
		return k.(*client)
	}
	return &client{address: c.Remote().Addr().Unmap(), peer: c.Remote().String()}
}

// resetAll breaks every connection.
func (l *Listener) resetAll() {
	l.clients.Range(func(c, _ any) bool {
		c.(*mllp.Conn).Reset()
		return true
	})
}

// refused notes a client that was not let in.
func (l *Listener) refused(r mllp.Refusal) {
	now := time.Now()
	e := &Exchange{
		Endpoint: l.config.Name, Kind: KindConnection, Direction: Inbound, Peer: r.Remote.String(), FirstByte: r.At, LastByte: r.At, Decided: now,
		Outcome: OutcomeRefused,
	}
	if r.Err != nil {
		e.Detail = r.Err.Error()
	}
	if d := r.Deviation; d != nil {
		e.Findings = []Finding{{Code: d.Code, Severity: check.Error, Offset: d.Offset, Length: int(d.Length), Text: d.Text}}
		e.Detail = d.Text
	}
	l.counters.refused.Add(1)
	l.note(e)
}

func (l *Listener) noteConnection(c *mllp.Conn, k *client, f rules.Fault, detail string) {
	now := time.Now()
	l.counters.refused.Add(1)
	l.note(&Exchange{
		Endpoint: l.config.Name, Kind: KindConnection, Direction: Inbound, Connection: c.ID(), Peer: k.peer, TLS: k.tls, FirstByte: now, LastByte: now,
		Decided: now, Outcome: OutcomeRefused, Faults: []string{string(f.Kind)}, Detail: detail,
	})
}

// note journals an exchange that nobody waits for.
func (l *Listener) note(e *Exchange) {
	if l.commits == nil {
		l.feed.publish(e.row())
		return
	}
	e.Seal(!l.config.DropPayloads)
	l.commits.Append(e, func(err error) {
		if err == nil {
			l.feed.publish(e.row())
		}
	})
}
