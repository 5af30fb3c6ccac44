package mapper

import (
	"context"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// What names the parts of the place that have changed, as a set.
type What uint16

// The parts.
const (
	List    What = 1 << iota // the mappings of the project, which is open, and whether it is saved
	Rules                    // the rules, the tables, or what else the mapping says
	Chosen                   // another rule is chosen, or another turn of it
	Trees                    // rows of the trees
	Samples                  // other samples, or another of them is shown
	Values                   // what the mapping made of the samples
	Runs                     // the run, or its plan
	Notice                   // the news
	All     What = 1<<iota - 1
)

// Model is the state of the place. Make it with New; it belongs to the goroutine of the screen.
type Model struct {
	screen.Board // the news

	runner  *job.Runner
	store   *workspace.Workspace
	ctx     context.Context
	end     context.CancelFunc
	masked  bool
	watches []func(What)

	entries []Entry
	entered bool    // the place was looked at
	wanted  []int64 // messages that are to be the samples of the next mapping that is opened
	listing job.Latest
	opening job.Latest
	doc     *document // nil while none is open
	account account
	runs    runs
}

// New returns the place over a project. Close ends its work.
func New(runner *job.Runner, w *workspace.Workspace) *Model {
	m := &Model{runner: runner, store: w}
	m.Told = func() { m.changed(Notice) }
	m.runs.m = m
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Watch calls told with what has changed, from now on.
func (m *Model) Watch(told func(What)) { m.watches = append(m.watches, told) }

func (m *Model) changed(w What) {
	for _, told := range m.watches {
		told(w)
	}
}

// Close ends the work that the place has under way, and forgets what it shows. Changes that were not saved stay in the
// project as a draft.
func (m *Model) Close() {
	m.watches = nil
	if m.doc != nil {
		m.doc.keepDraft()
		m.doc = nil
	}
	m.end()
}

// SetMasked hides patient data, or shows it.
func (m *Model) SetMasked(on bool) {
	if m.masked == on {
		return
	}
	m.masked = on
	if on {
		m.Wipe() // it may quote a value
	}
	if m.doc != nil {
		m.doc.remask()
	}
	m.changed(All)
}

// Masked says whether patient data is hidden.
func (m *Model) Masked() bool { return m.masked }

// IsOpen says whether a mapping is open.
func (m *Model) IsOpen() bool { return m.doc != nil }

// Name is what the mapping that is open is called in the project, "" while none is.
func (m *Model) Name() string {
	if m.doc == nil {
		return ""
	}
	return m.doc.name
}

// File is the mapping as it stands now, nil while none is open. It must not be changed: see [Model.Edit].
func (m *Model) File() *mapping.File {
	if m.doc == nil {
		return nil
	}
	return m.doc.file
}

// Edit changes the mapping that is open, as one step that can be undone. words say what is done, as in "Add a rule". A
// change that turns out to be none returns false.
func (m *Model) Edit(words string, change func(*Edit) bool) bool {
	d := m.doc
	if d == nil || !d.change(words, change) {
		return false
	}
	d.edited()
	return true
}

// Undo takes the last change back.
func (m *Model) Undo() { m.travel(true) }

// Redo takes an Undo back.
func (m *Model) Redo() { m.travel(false) }

func (m *Model) travel(back bool) {
	d := m.doc
	if d == nil {
		return
	}
	from, to := &d.undo, &d.redo
	if !back {
		from, to = to, from
	}
	if d.travel(from, to) != "" {
		m.Say(screen.News{}, nil)
		d.edited()
	}
}

// CanUndo says what would be undone, "" for nothing.
func (m *Model) CanUndo() string {
	if m.doc == nil {
		return ""
	}
	return last(m.doc.undo)
}

// CanRedo says what would be done again, "" for nothing.
func (m *Model) CanRedo() string {
	if m.doc == nil {
		return ""
	}
	return last(m.doc.redo)
}
