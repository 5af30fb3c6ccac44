package fhirserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/fhir"
	"trestle/internal/mllp"
)

// Config is the behaviour of a server. The zero Config with an Address is a whole R4 server.
type Config struct {
	Name    string // in the journal; default "fhir"
	Address string // host:port
	Open    bool   // the address may be one that other computers reach
	Base    string // path of the service root; default /fhir, or that of the personality

	Personality *Personality // nil is everything that the standard has
	Auth        Auth
	// Strict refuses search parameters that are not known, as Prefer: handling=strict does for one request.
	Strict bool
	// Unvalidated stores resources as they come; else what the definitions forbid is answered with 422.
	Unvalidated bool
	// DeleteMany lets a conditional delete take several resources.
	DeleteMany bool
	// DropPayloads keeps sizes, times and hashes in the journal, not the bytes.
	DropPayloads bool

	// Hooks are the addresses that notifications of Subscriptions may go to, with everything below them; none is nowhere.
	Hooks []string
	// ExportTime is how long a bulk export takes; until then its status is 202.
	ExportTime time.Duration

	PageSize, MaxPage int   // resources in a page without _count, and at most; defaults 50 and 1000
	MaxBody           int64 // bytes of a request; default 64 MB
}

// Options are what a server gets from the program around it. All but the store are optional.
type Options struct {
	Store   *fhirstore.Store
	Journal endpoint.Journal // nil keeps nothing
	Rules   rules.File
	Lists   rules.Lists
	TLS     *tls.Config
	Now     func() time.Time // of rules, tokens and rate limits; nil is time.Now
}

// Server answers FHIR requests over HTTP.
type Server struct {
	c       Config
	store   *fhirstore.Store
	d       *fhir.Definitions
	now     func() time.Time
	journal endpoint.Journal
	lists   rules.Lists
	tls     *tls.Config
	program atomic.Pointer[rules.Program]
	meter   *endpoint.Meter
	smart   *smart // nil without
	limit   limiter
	answers atomic.Int64 // messages that answered messages
	down    atomic.Int64 // Unix milliseconds until which nothing is answered

	commits    *endpoint.Committer // while it runs
	commitMu   sync.RWMutex
	pages      pages
	listener   net.Listener
	stopping   context.Context
	metadata   atomic.Pointer[statement]
	exports    exports
	vocabulary atomic.Pointer[terminology]
	hookWait   time.Duration
}

// New makes a server. Nothing is bound yet; it can serve requests of a test at once.
func New(c Config, o Options) (*Server, error) {
	if o.Store == nil {
		return nil, errors.New("a FHIR server needs a store")
	}
	if c.Name == "" {
		c.Name = "fhir"
	}
	if c.Base == "" {
		c.Base = "/fhir"
	}
	if !strings.HasPrefix(c.Base, "/") || strings.ContainsAny(c.Base, "?#{} ") {
		return nil, fmt.Errorf("the base path %q must begin with / and hold no ?, #, braces or blanks", c.Base)
	}
	c.Base = strings.TrimSuffix(c.Base, "/")
	if c.PageSize <= 0 {
		c.PageSize = 50
	}
	if c.MaxPage <= 0 {
		c.MaxPage = 1000
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	s := &Server{c: c, store: o.Store, d: o.Store.Definitions(), now: o.Now, journal: o.Journal, lists: o.Lists, tls: o.TLS, meter: endpoint.NewMeter(), stopping: context.Background()}
	if s.now == nil {
		s.now = time.Now
	}
	if c.Auth.Kind == AuthSMART {
		s.smart = newSMART(s, c.Auth)
	}
	s.hookWait = hookWait
	for _, h := range c.Hooks {
		if u, err := url.Parse(h); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("notifications can be allowed to addresses such as http://127.0.0.1:9000/hook, not to %q", h)
		}
	}
	if p := c.Personality; p != nil {
		s.limit.per, s.limit.most = p.Limit.Per, p.Limit.Requests
	}
	return s, s.SetRules(o.Rules)
}

// SetRules puts other rules in place, also while it runs; what they count begins anew.
func (s *Server) SetRules(f rules.File) error {
	if err := fits(&f); err != nil {
		return err
	}
	p, err := rules.Compile(f, s.lists)
	if err != nil {
		return err
	}
	s.program.Store(p)
	s.down.Store(0)
	return nil
}

// Store is what the server keeps.
func (s *Server) Store() *fhirstore.Store { return s.store }

// Stats says how it does.
func (s *Server) Stats() endpoint.Stats { return s.meter.Stats() }

// Subscribe shows exchanges as they end.
func (s *Server) Subscribe(size int) *endpoint.Subscription { return s.meter.Subscribe(size) }

// Listen binds the address. Run does it where it was not done before.
func (s *Server) Listen(ctx context.Context) error {
	l, err := mllp.Listen(ctx, s.c.Address, s.c.Open)
	if err != nil {
		return err
	}
	if s.tls != nil {
		l = tls.NewListener(l, s.tls)
	}
	s.listener = l
	return nil
}

// Fired is how often a rule has fired since the rules were set.
func (s *Server) Fired(rule int) int64 { return s.program.Load().Fired(rule) }

// Addr is where the server listens, after Listen.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// URL is the address of the service root, after Listen.
func (s *Server) URL() string {
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String() + s.c.Base
}

// hookChanges is how many changes may wait to be looked at for notifications.
const hookChanges = 100_000

// grace is how long requests that are under way may take when the server ends.
const grace = 5 * time.Second

// Run serves until ctx ends, and then lets requests that are under way end.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	stopping, stop := context.WithCancel(context.Background())
	defer stop()
	s.stopping = stopping
	if s.journal != nil {
		c := endpoint.NewCommitter(s.journal)
		s.setCommits(c)
		defer func() {
			s.setCommits(nil)
			c.Close()
		}()
	}
	changes := s.store.Follow(hookChanges)
	defer changes.Close()
	var hooking sync.WaitGroup
	hooking.Go(func() { s.runHooks(stopping, changes) })
	defer func() { // before the journal ends
		stop()
		hooking.Wait()
	}()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ConnState: s.connections()}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	stop() // delays end
	within, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(within); err != nil {
		server.Close()
	}
	<-ended
	return nil
}

func (s *Server) setCommits(c *endpoint.Committer) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	s.commits = c
}

// connections counts those that are open.
func (s *Server) connections() func(net.Conn, http.ConnState) {
	var open sync.Map
	return func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Store(c, s.meter.Opened())
		case http.StateClosed, http.StateHijacked:
			if closed, ok := open.LoadAndDelete(c); ok {
				closed.(func())()
			}
		}
	}
}
