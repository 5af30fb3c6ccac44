package linker

import (
	"context"
	"fmt"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/present/screen"
	"trestle/internal/project"
	"trestle/internal/workspace"
)

// What names the parts of the place that have changed, as a set.
type What uint16

// The parts.
const (
	Desk   What = 1 << iota // patients or plans, and which step is shown
	Setup                   // the rosters and their columns
	Gates                   // the switches and their forecast
	Cases                   // the list of cases, its filters and counts
	Open                    // the case that is open
	Notice                  // the news
	All    What = 1<<iota - 1
)

// Step is what of a desk is shown.
type Step int

// The steps.
const (
	Rosters Step = iota
	Review
	Switches
)

// Steps names them.
var Steps = []string{"Rosters", "Review", "Gates"}

// Which is one of the two systems.
type Which int

// The systems.
const (
	Ours Which = iota
	Theirs
)

// String names the system.
func (w Which) String() string { return [...]string{"ours", "theirs"}[w] }

func (w Which) side() linkage.Side { return [...]linkage.Side{linkage.Left, linkage.Right}[w] }

func whichOf(s linkage.Side) Which {
	if s == linkage.Right {
		return Theirs
	}
	return Ours
}

// Model is the state of the place. Make it with New; it belongs to the goroutine of the screen.
type Model struct {
	screen.Board // the news
	// Changed tells the view what to redraw.
	Changed func(What)

	runner  *job.Runner
	store   *workspace.Workspace
	ctx     context.Context
	end     context.CancelFunc
	loading job.Latest

	desks   [2]*desk // patients, plans
	at      int
	known   bool
	loads   bool // is being read
	masked  bool
	project *project.Project // nil where the workspace has none

	seq    int64 // of the last decision of both desks
	writer writer
}

// desk is the work over one kind of rosters.
type desk struct {
	kind    linkage.Kind
	step    Step
	sides   [2]side
	ledger  *linkage.Ledger
	running *job.Job // nil while none is under way

	spec     linkage.Spec // switches of patients
	planSpec plan.Spec    // and of plans

	patients *linkage.Result // nil before the first run
	plans    *plan.Result
	run      int64  // the store's number of the run
	stale    string // why the result is out of date, "" if it is not

	cases    cases
	samples  []linkage.Sample
	forecast map[linkage.Gate]linkage.Forecast
	current  linkage.Forecast // with the switches as they stand
	pace     pace
}

// New returns the place over a project. Close ends its work.
func New(runner *job.Runner, w *workspace.Workspace) *Model {
	m := &Model{runner: runner, store: w, Changed: func(What) {}}
	m.Told = func() { m.Changed(Notice) }
	m.ctx, m.end = context.WithCancel(context.Background())
	for i, k := range []linkage.Kind{linkage.Patients, linkage.Plans} {
		m.desks[i] = &desk{kind: k, ledger: &linkage.Ledger{}}
		m.desks[i].cases.reset()
	}
	return m
}

// Close ends the work and forgets what is shown. Decisions that wait for the disk are written first: the runner is
// closed after the models.
func (m *Model) Close() {
	m.Changed = func(What) {}
	m.loading.Cancel()
	m.end()
}

// SetMasked hides patient data, or shows it.
func (m *Model) SetMasked(on bool) {
	m.masked = on
	m.Changed(All)
}

// Masked says whether patient data is hidden.
func (m *Model) Masked() bool { return m.masked }

func (m *Model) desk() *desk { return m.desks[m.at] }

// Known says whether the rosters have been read.
func (m *Model) Known() bool { return m.known }

// Kind says whether patients or plans are shown.
func (m *Model) Kind() linkage.Kind { return m.desk().kind }

// IsPlans says whether plans are shown.
func (m *Model) IsPlans() bool { return m.desk().kind == linkage.Plans }

// SetKind shows patients or plans.
func (m *Model) SetKind(k linkage.Kind) {
	at := 0
	if k == linkage.Plans {
		at = 1
	}
	if at != m.at {
		m.at = at
		m.Wipe() // it was about the other desk
		m.Changed(All)
	}
}

// Step is what of the desk is shown.
func (m *Model) Step() Step { return m.desk().step }

// Go shows a step of the desk.
func (m *Model) Go(s Step) {
	if d := m.desk(); d.step != s {
		d.step = s
		if s == Switches && !m.News().Bad {
			m.Dismiss() // what a run found stands there
		}
		m.Changed(Desk | Cases | Open)
	}
}

// IsEmpty says that there is no roster on either desk, so that the first step can be offered.
func (m *Model) IsEmpty() bool {
	for _, d := range m.desks {
		for i := range d.sides {
			if d.sides[i].there() || d.sides[i].reading {
				return false
			}
		}
	}
	return true
}

// IsRunning says whether rosters are being compared.
func (m *Model) IsRunning() bool { return m.desk().running != nil }

// HasResult says whether there is something to review.
func (m *Model) HasResult() bool { return m.desk().has() }

func (d *desk) has() bool { return d.patients != nil || d.plans != nil }

// name is what the project calls a system, else ours or theirs.
func (m *Model) name(w Which) string {
	if s, ok := m.system(w); ok && s.Name != "" {
		return s.Name
	}
	return w.String()
}

func (m *Model) system(w Which) (project.System, bool) {
	if m.project == nil {
		return project.System{}, false
	}
	want := project.Ours
	if w == Theirs {
		want = project.Theirs
	}
	for _, s := range m.project.Systems {
		if s.Side == want {
			return s, true
		}
	}
	return project.System{}, false
}

// Counts is the line above the place: both rosters, the bands and the pace.
func (m *Model) Counts() string {
	d := m.desk()
	if !d.sides[0].there() && !d.sides[1].there() {
		return ""
	}
	text := fmt.Sprintf("ours %s ↔ theirs %s", d.sides[0].size(), d.sides[1].size())
	if d.patients != nil {
		s := d.patients.Summary
		text += fmt.Sprintf("  ·  automatic %s  ·  review %s  ·  blocked %s  ·  no candidate %s", screen.Count(s.Automatic), screen.Count(s.Review), screen.Count(s.Blocked), screen.Count(d.cases.alone))
	}
	if d.plans != nil {
		c := d.plans.Counts()
		text += fmt.Sprintf("  ·  automatic %s  ·  review %s  ·  blocked %s  ·  to create %s", screen.Count(c.Automatic), screen.Count(c.Review), screen.Count(c.Blocked), screen.Count(c.Create))
	}
	return text
}
