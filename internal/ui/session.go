package ui

import (
	"errors"
	"strings"

	"trestle/internal/job"
	"trestle/internal/present/accesslog"
	"trestle/internal/present/backup"
	"trestle/internal/present/comparing"
	"trestle/internal/present/endpoints"
	"trestle/internal/present/home"
	"trestle/internal/present/inspect"
	"trestle/internal/present/linker"
	"trestle/internal/present/mapper"
	"trestle/internal/present/people"
	"trestle/internal/present/shell"
	logview "trestle/internal/ui/accesslog"
	backupview "trestle/internal/ui/backup"
	comparingview "trestle/internal/ui/comparing"
	endpointsview "trestle/internal/ui/endpoints"
	homeview "trestle/internal/ui/home"
	"trestle/internal/ui/host"
	inspectview "trestle/internal/ui/inspect"
	linkerview "trestle/internal/ui/linker"
	mapperview "trestle/internal/ui/mapper"
	peopleview "trestle/internal/ui/people"
	"trestle/internal/workspace"
)

// model is the state of a place or page. Close ends its work and lets it forget what it shows.
type model interface{ Close() }

// session is an open project with the places over it. Its runner is its own, so that locking can end all its work
// before the file is closed.
type session struct {
	s         *Shell
	workspace *workspace.Workspace
	runner    *job.Runner

	home        *home.Model
	homeView    *homeview.View
	log         *accesslog.Model
	people      *people.Model
	backup      *backup.Model
	care        *care
	project     *projectPlace
	inspect     *inspect.Model
	inspectView *inspectview.View
	endpoints   *endpoints.Model
	comparing   *comparing.Model
	linker      *linker.Model
	mapper      *mapper.Model
	places      map[shell.Place]host.Place
	services    []service // what may go on while the window is locked
}

// service is what a place runs for others, such as the listeners of Endpoints: it may go on while the window is locked, if the user has chosen
// so, and then the project stays open behind it. A place adds its own to session.services; closing its model ends it.
type service interface {
	// Running says how many things run, and is called on the goroutine of the screen.
	Running() int
}

// running is how many services run.
func (n *session) running() int {
	sum := 0
	for _, v := range n.services {
		sum += v.Running()
	}
	return sum
}

func newSession(s *Shell, w *workspace.Workspace) *session {
	n := &session{s: s, workspace: w, runner: job.NewRunner(s.gate), places: map[shell.Place]host.Place{}}
	for _, p := range shell.Places() {
		n.places[p] = still{s: s} // until makeViews: a view may ask for the status while it is made
	}
	n.home = home.New(n.runner, w)
	n.log = accesslog.New(n.runner, w)
	n.log.SetMasked(s.m.Masked())
	n.people = people.New(n.runner, w)
	n.people.SetMasked(s.m.Masked())
	n.people.Keyring, n.people.Closed = s.options.Keyring, s.closeWith
	n.backup = backup.New(n.runner, w)
	n.inspect = inspect.New(n.runner, w)
	n.inspect.SetMasked(s.m.Masked())
	n.care = newCare(n)
	n.endpoints = endpoints.New(n.runner, w)
	n.endpoints.SetMasked(s.m.Masked())
	n.endpoints.Translator = translatorOf(w)
	n.services = append(n.services, n.endpoints)
	n.comparing = comparing.New(n.runner, w)
	n.comparing.SetMasked(s.m.Masked())
	n.linker = linker.New(n.runner, w)
	n.linker.SetMasked(s.m.Masked())
	n.mapper = mapper.New(n.runner, w)
	n.mapper.SetMasked(s.m.Masked())
	n.mapper.SetWires(wires{n.endpoints})
	n.services = append(n.services, n.mapper)
	return n
}

// load reads the project.
func (n *session) load() {
	n.home.Load()
	n.inspect.Reload()
	n.endpoints.Load()
	n.comparing.Load()
	n.mapper.Load()
	n.backup.Begin()
}

// makeViews makes the places over their models, which hold all that is worth keeping. They need the session to be the
// shell's.
func (n *session) makeViews() {
	s := n.s
	n.homeView = homeview.New(n.home, s, homeview.Do{
		Open:    func() { s.Go(shell.Inspect); n.inspectView.ChooseFiles() },
		Paste:   func() { s.Go(shell.Inspect); n.inspectView.Paste() },
		Masked:  s.m.Masked,
		Inspect: func(query string) { n.inspect.SubmitQuery(query); s.Go(shell.Inspect) },
	})
	logView, peopleView, backupView := logview.New(n.log, s), peopleview.New(n.people, s), backupview.New(n.backup, s)
	n.project = newProjectPlace(s, append([]page{
		{"Overview", n.homeView.Content(), func() { n.home.Load(); s.canvas.Unfocus() }},
		{"Access log", logView.Content(), logView.Focus},
		{"Keys and people", peopleView.Content(), peopleView.Focus},
		{"Backup", backupView.Content(), backupView.Focus},
	}, n.care.pages(s)...)...)
	n.inspectView = inspectview.New(n.inspect, s)
	n.inspectView.Shown = func() bool { return s.m.Place() == shell.Inspect && !s.isModal() }
	endpointsView := endpointsview.New(n.endpoints, s)
	endpointsView.Inspect = func(name string, b []byte) { n.inspect.Keep(name, b); s.Go(shell.Inspect) }
	n.inspectView.Send = func(ids []int64) {
		resource := len(ids) == 1 && n.inspect.FHIR().IsOpen() && n.inspect.Open() == ids[0]
		b := n.inspect.Raw()
		s.Go(shell.Endpoints)
		if resource {
			endpointsView.OfferResource(b)
			return
		}
		endpointsView.Offer(ids)
	}
	n.places[shell.Endpoints] = endpointsView
	compareView := comparingview.New(n.comparing, s)
	compareView.Shown = func() bool { return s.m.Place() == shell.Compare && !s.isModal() }
	compareView.Send = func(name string, b []byte) { s.Go(shell.Endpoints); endpointsView.OfferMessage(name, b) }
	n.inspectView.Compare = func(ids []int64) { s.Go(shell.Compare); compareView.Offer(ids) }
	n.places[shell.Compare] = compareView
	linkerView := linkerview.New(n.linker, s)
	linkerView.Shown = func() bool { return s.m.Place() == shell.Link && !s.isModal() }
	n.places[shell.Link] = linkerView
	n.places[shell.Project], n.places[shell.Inspect] = n.project, n.inspectView
	mapperView := mapperview.New(n.mapper, s)
	mapperView.Shown = func() bool { return s.m.Place() == shell.Map && !s.isModal() }
	n.inspectView.Samples = func(ids []int64) { s.Go(shell.Map); mapperView.UseSamples(ids) }
	n.places[shell.Map] = mapperView
	n.places[shell.Settings] = still{s, newSettings(s)}
}

// endModels ends the work of the places, and lets them forget what they show.
func (n *session) endModels() {
	for _, m := range n.models() {
		m.Close()
	}
}

// end closes the project after all work has ended: listeners answer first what they have received. It may take a while and
// is not called on the goroutine of the screen.
func (n *session) end() error {
	n.runner.Close()
	n.mapper.Wait() // routes send through endpoints
	return errors.Join(n.endpoints.Wait(), n.workspace.Close())
}

// models are the states of all places and pages.
func (n *session) models() []model {
	return append([]model{n.inspect, n.endpoints, n.comparing, n.linker, n.mapper, n.home, n.log, n.people, n.backup}, n.care.models()...)
}

// setMasked hides patient data in all of them, or shows it.
func (n *session) setMasked(on bool) {
	for _, m := range n.models() {
		if m, ok := m.(interface{ SetMasked(bool) }); ok {
			m.SetMasked(on)
		}
	}
	n.homeView.Refresh()
}

// line is what the status line says of what goes on in places that are not shown.
func (n *session) line() string {
	var parts []string
	for _, p := range shell.Places() {
		if l, ok := n.places[p].(interface{ Line() string }); ok {
			if text := l.Line(); text != "" {
				parts = append(parts, text)
			}
		}
	}
	return strings.Join(parts, "   ")
}

// describe tells the top bar what the project file says.
func (n *session) describe() {
	facts, known := n.home.Facts()
	if !known {
		return
	}
	environment := ""
	if facts.Project != nil {
		environment = string(facts.Project.Environment)
	}
	n.s.m.Describe(facts.Info.Project, environment)
}
