package endpoints

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// What names the parts of the place that have changed, as a set.
type What uint16

// The parts.
const (
	List    What = 1 << iota // the endpoints, their state and counts
	Chosen                   // another endpoint is chosen, or its settings changed
	Rules                    // its rules or faults
	Journal                  // the rows of the journal
	Open                     // the exchange that is open
	Sending                  // what is to be sent, or how far it is
	Shelf                    // the resources of a FHIR server
	Console                  // the request that is written, or its answer
	Notice                   // the news
	All     What = 1<<iota - 1
)

// Model is the state of the place. Make it with New; it belongs to the goroutine of the screen.
type Model struct {
	screen.Board // the news
	// Changed tells the view what to redraw.
	Changed func(What)
	// Settings shows the settings of the chosen endpoint: a decision waits there.
	Settings func()

	runner    *job.Runner
	store     *workspace.Workspace
	ctx       context.Context
	end       context.CancelFunc
	goroutine sync.WaitGroup

	points   []*point
	rosters  rosterNames
	chosen   int // -1 for none
	known    bool
	masked   bool
	loading  job.Latest
	counting job.Latest
	standing job.Latest
	partner  partner

	journal journal
	open    opened
	send    sending
	console console
	// Translator makes what turns messages into resources and back, of mappings of the project by their names; none stand for those that
	// come with the program. Nil: FHIR servers share nothing.
	Translator func(ctx context.Context, mappings []string) (twodoors.Translator, error)

	able abilities // of the FHIR server that was looked at last

	opening sync.Mutex         // guards keeper and shelves
	keeper  *workspace.Journal // nil until something runs
	shelves []*shelf           // of FHIR servers, to be closed
}

// point is one endpoint of the project.
type point struct {
	name     string
	revision int64 // of its document
	config   endpoint.Config
	rules    rules.File
	ruleRev  int64
	storing  bool // the rules are being written
	unsaved  bool // and have changed since
	kind     Kind
	sender   *SenderSettings // of a Sender
	fhir     *FHIRSettings   // of a FHIRServer
	rest     *RESTSettings   // of a RESTClient
	shelf    *shelf          // of a FHIRServer: its resources, nil until they are needed

	running  *running // nil while it does not run
	starting bool
	again    bool   // to be started when it has ended
	doomed   bool   // to be deleted when it has ended
	problem  string // why it does not run, "" for nothing
	stats    endpoint.Stats
}

// update takes over what was read. What runs, and rules that are on their way to the disk, stay.
func (p *point) update(read *point) {
	p.name, p.config, p.revision, p.kind, p.sender, p.fhir, p.rest = read.name, read.config, read.revision, read.kind, read.sender, read.fhir, read.rest
	if read.problem != "" || p.running == nil && !p.starting {
		p.problem = read.problem
	}
	if !p.storing {
		p.rules, p.ruleRev = read.rules, read.ruleRev
	}
}

// New returns the place over a project. Close ends its work.
func New(runner *job.Runner, w *workspace.Workspace) *Model {
	m := &Model{runner: runner, store: w, chosen: -1, Changed: func(What) {}, Settings: func() {}}
	m.Told = func() { m.Changed(Notice) }
	m.ctx, m.end = context.WithCancel(context.Background())
	m.journal.m, m.open.m, m.send.m, m.console.m = m, m, m, m
	return m
}

// Close stops every endpoint. Wait returns when the last has ended.
func (m *Model) Close() {
	m.Changed = func(What) {}
	m.end()
	for _, p := range m.points {
		if p.running != nil {
			p.running.cancel()
		}
	}
}

// Wait returns when every endpoint has answered what it had received and has ended. It is called after Close, not on the
// goroutine of the screen.
func (m *Model) Wait() error {
	m.goroutine.Wait()
	m.opening.Lock()
	defer m.opening.Unlock()
	var err error
	for _, s := range m.shelves {
		err = errors.Join(err, s.close())
	}
	if m.keeper != nil {
		err = errors.Join(err, m.keeper.Close())
	}
	return err
}

// SetMasked hides patient data, or shows it.
func (m *Model) SetMasked(on bool) {
	m.masked = on
	m.open.rebuild()
	m.Changed(All)
}

// Masked says whether patient data is hidden.
func (m *Model) Masked() bool { return m.masked }

// Known says whether the endpoints have been read.
func (m *Model) Known() bool { return m.known }

// Load reads the endpoints of the project.
func (m *Model) Load() {
	m.ReadRosters()
	job.StartLatest(m.ctx, m.runner, &m.loading, m.readPoints, func(points []*point, err error) {
		if err != nil {
			m.Fail("Could not read the endpoints", err)
			return
		}
		m.take(points)
	})
}

// take puts what was read in the place of what was known; what runs goes on.
func (m *Model) take(points []*point) {
	name := ""
	if p := m.current(); p != nil {
		name = p.name
	}
	for i, p := range points {
		if old := m.named(p.name); old != nil {
			old.update(p)
			points[i] = old
		}
	}
	m.points, m.known, m.chosen = points, true, -1
	for i, p := range points {
		if p.name == name {
			m.chosen = i
		}
	}
	if m.chosen < 0 && len(points) > 0 {
		m.chosen = 0
	}
	m.journal.reload()
	m.countQueue()
	m.readPartner()
	m.console.begin()
	m.Changed(List | Chosen | Rules | Sending | Shelf | Console)
}

func (m *Model) named(name string) *point {
	for _, p := range m.points {
		if strings.EqualFold(p.name, name) {
			return p
		}
	}
	return nil
}

// current is the chosen endpoint, nil for none.
func (m *Model) current() *point {
	if m.chosen < 0 || m.chosen >= len(m.points) {
		return nil
	}
	return m.points[m.chosen]
}

// Count is how many endpoints the project has.
func (m *Model) Count() int { return len(m.points) }

// Choose chooses an endpoint by its row.
func (m *Model) Choose(row int) {
	if row < 0 || row >= len(m.points) || row == m.chosen {
		return
	}
	m.chosen = row
	m.journal.forget()
	m.open.none()
	m.journal.reload()
	m.countQueue()
	m.console.begin()
	if s := m.chosenShelf(); s != nil && s.shown {
		m.ReadShelf() // others may have changed it
	}
	m.Changed(Chosen | Rules | Journal | Open | Sending | Shelf | Console)
}

// ChosenRow is the row of the chosen endpoint, -1 for none.
func (m *Model) ChosenRow() int { return m.chosen }

// names lists the endpoints' names in order.
func (m *Model) names() []string {
	var all []string
	for _, p := range m.points {
		all = append(all, p.name)
	}
	return all
}

// freeName is a name that no endpoint has: the wanted one, or with a number.
func (m *Model) freeName(want string) string {
	name := want
	for n := 2; slices.ContainsFunc(m.names(), func(s string) bool { return strings.EqualFold(s, name) }); n++ {
		name = fmt.Sprintf("%s-%d", want, n)
	}
	return name
}
