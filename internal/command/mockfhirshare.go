package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/mapping"
	"trestle/internal/present/translation"
	"trestle/internal/workspace"
)

// sharing is what the flags of "mock fhir" say of a second door to the same patients.
type sharing struct {
	listen, to, rules string
	maps              textList
	open              bool
	workspace         *workspace.Workspace // nil without
}

func (x *sharing) flags(set *flag.FlagSet) {
	set.StringVar(&x.listen, "share", "", "")
	set.StringVar(&x.to, "share-to", "", "")
	set.StringVar(&x.rules, "share-rules", "", "")
	set.Var(&x.maps, "map", "")
}

// check refuses flags that would do nothing.
func (x *sharing) check() error {
	switch {
	case x.listen == "" && x.rules != "":
		return usagef("--share-rules goes with --share")
	case x.listen == "" && x.to == "" && len(x.maps) > 0:
		return usagef("--map goes with --share or --share-to")
	}
	return nil
}

// second is the other door while the server runs.
type second struct {
	door     *twodoors.Door
	listener *endpoint.Listener // nil where only changes are sent
	work     sync.WaitGroup
	mu       sync.Mutex
	failed   error
}

// openSecond opens the other door; nil where none is asked for.
func (s *session) openSecond(ctx context.Context, x *sharing, store *fhirstore.Store, journal endpoint.Journal) (*second, error) {
	if x.listen == "" && x.to == "" {
		return nil, nil
	}
	var files []*mapping.File
	for _, name := range x.maps {
		f, err := s.loadMapping(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	translator, err := translation.New(files)
	if err != nil {
		return nil, usagef("%s", err)
	}
	o := twodoors.Options{Store: store, Translator: translator, Journal: journal, Problem: func(text string) { s.complain("%s", text) }}
	if x.to != "" {
		o.Send = &endpoint.SendConfig{Endpoint: x.name() + " out", To: x.to}
	}
	d := &second{}
	if d.door, err = twodoors.New(o); err != nil {
		return nil, usagef("%s", err)
	}
	if x.listen == "" {
		return d, nil
	}
	c, file, err := x.behaviour(ctx)
	if err != nil {
		return nil, err
	}
	d.listener, err = endpoint.NewListener(c, file, endpoint.Options{Journal: journal, Accept: d.door.Receive})
	if err != nil {
		return nil, usagef("%s", err)
	}
	if err := d.listener.Listen(ctx); err != nil {
		return nil, err
	}
	in, out := translator.Serves()
	fmt.Fprintf(s.out, "sharing its patients with %s (MLLP): %s come in", d.listener.Addr(), strings.Join(in, ", "))
	if x.to != "" {
		fmt.Fprintf(s.out, ", %s go to %s", strings.Join(out, ", "), clean(x.to))
	}
	fmt.Fprintln(s.out)
	return d, nil
}

// name is that of the MLLP endpoint in the journal: an endpoint of the workspace, or "mllp" for an address.
func (x *sharing) name() string {
	if x.listen == "" || strings.Contains(x.listen, ":") {
		return "mllp"
	}
	return x.listen
}

// behaviour is that of the MLLP endpoint: of the workspace, if it is named, with the rules that it has there.
func (x *sharing) behaviour(ctx context.Context) (c endpoint.Config, file rules.File, err error) {
	m := mock{config: endpoint.Config{Name: x.name(), Open: x.open}, rules: x.rules}
	if strings.Contains(x.listen, ":") {
		m.config.Address = x.listen
	}
	if x.workspace == nil && m.config.Address == "" {
		return c, file, usagef("--share takes an address, as in 127.0.0.1:2575; with --workspace also the name of an MLLP endpoint of it")
	}
	if x.workspace != nil {
		if err := m.stored(ctx, x.workspace); err != nil {
			return c, file, err
		}
		if m.config.Address == "" {
			return c, file, usagef("the workspace has no MLLP endpoint %q", x.listen)
		}
	}
	if x.rules != "" {
		file, _, err = m.behaviour()
		return m.config, file, err
	}
	if x.workspace != nil {
		d, err := x.workspace.Document(ctx, workspace.DocumentRules, m.config.Name)
		switch {
		case err == nil:
			if file, err = rules.Parse(d.Bytes); err != nil {
				return c, file, fmt.Errorf("the rules of %s: %w", m.config.Name, err)
			}
		case !errors.Is(err, workspace.ErrNotFound):
			return c, file, err
		}
	}
	m.config.TLS = false // the door of a mock on this computer; "mock mllp" listens with TLS
	return m.config, file, nil
}

// run runs the second door until ctx ends.
func (d *second) run(ctx context.Context) {
	if d == nil {
		return
	}
	keep := func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.failed = errors.Join(d.failed, err)
	}
	d.work.Go(func() { keep(d.door.Run(ctx)) })
	if d.listener != nil {
		d.work.Go(func() { keep(d.listener.Run(ctx)) })
	}
}

// wait waits for its end.
func (d *second) wait() error {
	if d == nil {
		return nil
	}
	d.work.Wait()
	return d.failed
}

// lookout is a stream of exchanges with the line that each is shown as.
type lookout struct {
	sub  *endpoint.Subscription
	line func(endpoint.Row) string
	rows []endpoint.Row
}

// watch looks on at the server and at both sides of the second door.
func (d *second) watch(server *fhirserver.Server) []*lookout {
	const size = 64 << 10
	list := []*lookout{{sub: server.Subscribe(size), line: requestLine}}
	if d != nil && d.listener != nil {
		list = append(list, &lookout{sub: d.listener.Subscribe(size), line: rowLine})
	}
	if d != nil && d.door.Sender() != nil {
		list = append(list, &lookout{sub: d.door.Sender().Subscribe(size), line: rowLine})
	}
	return list
}

// ended sums up what went through the second door.
func (d *second) ended() string {
	if d == nil {
		return ""
	}
	st := d.door.Stats()
	return fmt.Sprintf("; shared: %s in, %s changed, %s out, %d failed", plural(st.Received, "message", "messages"), plural(st.Changed, "resource", "resources"), plural(st.Sent, "message", "messages"), st.Failed)
}
