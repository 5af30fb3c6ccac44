package comparing

import (
	"context"

	"trestle/internal/compare"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// What names the parts of the place that have changed, as a set.
type What uint8

// The parts.
const (
	Sides   What = 1 << iota // what is compared, and how far it is
	Results                  // types, patterns and pairs
	Open                     // another pair is open, or is shown in another way
	Current                  // another of its differences is the current one
	Rules                    // the rules
	Notice                   // the news
	All     What = 1<<iota - 1
)

// Model is the state of the place. Make it with New; it belongs to the goroutine of the screen.
type Model struct {
	screen.Board // the news
	// Changed tells the view what to redraw.
	Changed func(What)

	runner *job.Runner
	store  *workspace.Workspace
	ctx    context.Context
	end    context.CancelFunc

	sides   [2]Side // None as long as they are not chosen
	pairing Pairing
	inputs  *inputs  // of the comparison that is shown
	found   *results // nil before the first one
	work    *job.Job // the comparison under way
	serial  int      // of the newest comparison

	open    opened
	opening job.Latest
	rules   ruleBook
	masked  bool
}

// Pairing says how the messages of two sets find each other.
type Pairing struct {
	Way compare.Pairing
	Key []string // paths; none is MSH-10, or what the data suggest
}

// New returns the place over a project. Close ends its work.
func New(runner *job.Runner, w *workspace.Workspace) *Model {
	m := &Model{runner: runner, store: w, Changed: func(What) {}}
	m.Told = func() { m.Changed(Notice) }
	m.ctx, m.end = context.WithCancel(context.Background())
	m.open.m, m.rules.m = m, m
	m.open.index, m.open.folded = -1, true
	m.rules.home = projectRules
	return m
}

// Close ends the work that the place has under way, and forgets what it shows.
func (m *Model) Close() {
	m.Changed = func(What) {}
	m.end()
	m.dropInputs()
	m.found = nil
	m.open.clear()
}

// Load reads the rules of the project.
func (m *Model) Load() { m.rules.load() }

// SetMasked hides patient data, or shows it.
func (m *Model) SetMasked(on bool) {
	if m.masked == on {
		return
	}
	m.masked = on
	if on {
		m.Wipe() // it may quote a value or the name of a file
	}
	m.open.draw()
	m.Changed(All)
}

// Masked says whether patient data is hidden.
func (m *Model) Masked() bool { return m.masked }
