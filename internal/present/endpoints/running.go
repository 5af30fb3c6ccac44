package endpoints

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trestle/internal/check/profile"
	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/rules"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/job"
	"trestle/internal/mllp"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// server is what listens: for HL7 v2 or for FHIR.
type server interface {
	Run(ctx context.Context) error
	// Address is host:port.
	Address() string
	Stats() endpoint.Stats
	Subscribe(size int) *endpoint.Subscription
	SetRules(f rules.File) error
	Fired(rule int) int64
	// Where is the address as a partner writes it.
	Where() string
}

// mllpServer is a listener as a server.
type mllpServer struct{ *endpoint.Listener }

func (l mllpServer) Address() string { return l.Addr().String() }
func (l mllpServer) Where() string   { return l.Address() }

// fhirServer is a FHIR server as a server.
type fhirServer struct {
	*fhirserver.Server
	door *twodoors.Door // tells a partner of changes; nil for none
}

// Run serves, and tells of changes as long as it does.
func (s fhirServer) Run(ctx context.Context) error {
	if s.door == nil {
		return s.Server.Run(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := make(chan error, 1)
	go func() { told <- s.door.Run(ctx) }()
	err := s.Server.Run(ctx)
	cancel()
	return errors.Join(err, <-told)
}

func (s fhirServer) Address() string { return s.Addr().String() }
func (s fhirServer) Where() string   { return s.URL() }

// running is an endpoint at work.
type running struct {
	server server
	cancel context.CancelFunc
}

// pace is how often the screen hears of what comes in, at most.
const pace = 125 * time.Millisecond

// IsRunning says whether the chosen endpoint listens.
func (m *Model) IsRunning() bool {
	p := m.current()
	return p != nil && p.running != nil
}

// Turn starts an endpoint that does not run, and stops one that does.
func (m *Model) Turn(row int) {
	if row < 0 || row >= len(m.points) || !m.points[row].kind.Listens() {
		return
	}
	if p := m.points[row]; p.running != nil {
		m.stop(p)
	} else {
		m.start(p)
	}
}

// Start starts the listener of a name, if it is there and does not run.
func (m *Model) Start(name string) {
	if p := m.named(name); p != nil && p.running == nil && p.kind.Listens() {
		m.start(p)
	}
}

// StopAll stops every listener.
func (m *Model) StopAll() {
	for _, p := range m.points {
		if p.running != nil {
			m.stop(p)
		}
	}
}

// Running is how many endpoints listen.
func (m *Model) Running() (n int) {
	for _, p := range m.points {
		if p.running != nil {
			n++
		}
	}
	return n
}

// start binds the port in the background and then lets the listener run on a goroutine of its own.
func (m *Model) start(p *point) {
	if p.starting {
		return
	}
	p.starting, p.problem = true, ""
	if m.News().Bad { // what went wrong before is tried again
		m.Dismiss()
	}
	m.Changed(List | Chosen)
	bind := m.binder(p)
	job.Start(m.ctx, m.runner, bind, func(l server, err error) {
		p.starting = false
		switch {
		case m.ctx.Err() != nil:
			return
		case err != nil:
			m.notStarted(p, err)
			return
		}
		m.serve(p, l)
	})
}

// bind makes a listener that has its port. The project's rosters are lists for its rules, and queries are answered from the
// patients in its messages. That it was started, and for whom, is on record before the port is open.
func (m *Model) bind(ctx context.Context, config endpoint.Config, file rules.File, doors []shared) (server, error) {
	keeper, err := m.openJournal(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := m.store.RosterLists(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the rosters for the rules: %w", err)
	}
	o := endpoint.Options{Journal: keeper, Patients: m.store.Patients(), Lists: lists}
	if o.Accept, err = m.receivingDoors(ctx, doors); err != nil {
		return nil, err
	}
	if config.Profile != "" {
		p, err := m.profile(ctx, config.Profile)
		if err != nil {
			return nil, err
		}
		o.Check = p.Check
	}
	if config.TLS {
		if o.TLS, err = m.serverTLS(ctx, config); err != nil {
			return nil, err
		}
	}
	l, err := endpoint.NewListener(config, file, o)
	if err != nil {
		return nil, err
	}
	if err := m.store.LogAct(ctx, workspace.ActionStarted, "endpoint "+config.Name, config.Reach()); err != nil {
		return nil, err
	}
	if err := l.Listen(ctx); err != nil {
		return nil, errors.Join(err, m.store.LogFailure(ctx, workspace.ActionStarted, "endpoint "+config.Name, err))
	}
	return mllpServer{l}, nil
}

// binder is the work that makes an endpoint listen, off the goroutine of the screen.
func (m *Model) binder(p *point) func(context.Context) (server, error) {
	config, file := p.config, p.rules
	if p.kind == FHIRServer {
		name, settings, s, to := p.name, *p.fhir, m.shelfOf(p), (*SenderSettings)(nil)
		if other := m.named(settings.ShareTo); other != nil && other.kind == Sender {
			to = other.sender
		}
		return func(ctx context.Context) (server, error) {
			if settings.ShareTo != "" && to == nil {
				return nil, fmt.Errorf("the sender %s, which is to tell of changes, is there no more; choose another in the settings", settings.ShareTo)
			}
			return m.bindFHIR(ctx, name, settings, file, s, to)
		}
	}
	doors := m.doorsOf(p.name)
	return func(ctx context.Context) (server, error) { return m.bind(ctx, config, file, doors) }
}

// profile is a partner profile of the project, or one that comes with the program.
func (m *Model) profile(ctx context.Context, name string) (*profile.Profile, error) {
	d, err := m.store.Document(ctx, workspace.DocumentProfile, name)
	switch {
	case err == nil:
		return profile.Parse(d.Name, d.Bytes)
	case !errors.Is(err, workspace.ErrNotFound):
		return nil, err
	}
	if p, ok := profile.Starter(name); ok {
		return p, nil
	}
	return nil, fmt.Errorf("there is no partner profile %q: neither this project nor the program has it; change it in the settings", name)
}

// notStarted says why, and offers the next free port where that is the reason.
func (m *Model) notStarted(p *point, err error) {
	var taken *mllp.BindError
	if errors.As(err, &taken) {
		err = taken // it says all by itself
	}
	p.problem = err.Error()
	n, accept := screen.News{Text: p.name + ": " + err.Error(), Bad: true}, func() {}
	if taken != nil && taken.Free != "" {
		n.Offer = "Listen on " + taken.Free
		accept = func() {
			m.write("store the new address", m.putAddress(p, taken.Free), func() { m.Start(p.name) })
		}
	}
	if errors.Is(err, mllp.ErrNotLoopback) {
		n.Offer = "Open it to other computers…"
		accept = m.Settings
	}
	m.Changed(List | Chosen)
	m.Say(n, accept)
}

// putAddress is what stores another address of an endpoint that listens.
func (m *Model) putAddress(p *point, address string) func(context.Context) error {
	name, revision := p.name, p.revision
	if p.kind == FHIRServer {
		settings := *p.fhir
		settings.Address = address
		return func(ctx context.Context) error { return m.putSettings(ctx, FHIRServer, name, &settings, revision) }
	}
	config := p.config
	config.Address = address
	return func(ctx context.Context) error { return m.putConfig(ctx, name, config, revision) }
}

// serve runs a listener until it is stopped.
func (m *Model) serve(p *point, l server) {
	ctx, cancel := context.WithCancel(m.ctx)
	r := &running{l, cancel}
	p.running, p.stats = r, l.Stats()
	m.Changed(List | Chosen)
	done, name := make(chan error, 1), p.name // the goroutines know the endpoint by its name only
	m.goroutine.Go(func() {
		err := l.Run(ctx)
		done <- errors.Join(err, m.store.LogAct(context.WithoutCancel(ctx), workspace.ActionStopped, "endpoint "+name, ""))
	})
	m.goroutine.Go(func() { m.watch(name, r, done) })
}

// watch tells the screen what comes in, until the listener has ended.
func (m *Model) watch(name string, r *running, done <-chan error) {
	sub := r.server.Subscribe(1)
	defer sub.Close()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var rows []endpoint.Row
	busy, fresh := false, false // whether the numbers and the rows may still change
	for {
		select {
		case <-sub.C():
			rows, _ = sub.Take(rows[:0])
			busy, fresh = true, true
			m.runner.Post(func() { m.arrived(name, r, true) })
			select { // the next news may wait a little
			case <-time.After(pace):
			case err := <-done:
				m.ended(name, r, err)
				return
			}
		case <-tick.C:
			if busy { // the rate falls though nothing comes, and the last rows are completed
				rows := fresh
				busy, fresh = r.server.Stats().Rate > 0, false
				m.runner.Post(func() { m.arrived(name, r, rows) })
			}
		case err := <-done:
			m.ended(name, r, err)
			return
		}
	}
}

// arrived shows new numbers, and new rows where there are some.
func (m *Model) arrived(name string, r *running, rows bool) {
	p := m.named(name)
	if p == nil || p.running != r {
		return
	}
	p.stats = r.server.Stats()
	what := List
	if p == m.current() {
		what |= Chosen
		if rows {
			m.journal.follow()
		}
		if p.kind == FHIRServer && p.shelf != nil {
			p.shelf.follow(m)
		}
	}
	m.Changed(what)
}

// ended says that a listener is no more.
func (m *Model) ended(name string, r *running, err error) {
	r.cancel()
	m.runner.Post(func() {
		p := m.named(name)
		if p == nil || p.running != r {
			return
		}
		p.stats, p.running = r.server.Stats(), nil
		if err != nil {
			p.problem = err.Error()
			m.Fail(name+" has ended", err)
		}
		if p == m.current() {
			m.journal.follow()
		}
		m.Changed(List | Chosen)
		if p.doomed {
			m.remove(p)
			return
		}
		if p.again && err == nil {
			p.again = false
			m.start(p)
		}
	})
}

// stop ends a listener; what it has received is answered first.
func (m *Model) stop(p *point) {
	p.running.cancel()
	m.Changed(List | Chosen)
}

// openJournal opens the project's journal when something runs for the first time.
func (m *Model) openJournal(ctx context.Context) (*workspace.Journal, error) {
	m.opening.Lock()
	defer m.opening.Unlock()
	if m.keeper != nil {
		return m.keeper, nil
	}
	j, err := m.store.OpenJournal(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	m.keeper = j
	return j, nil
}
