package verify

import (
	"context"
	"errors"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the page needs of a project's store. A *workspace.Workspace is one.
type Store interface {
	VerifyOpen(ctx context.Context, progress func(done, total int64)) (workspace.Report, error)
}

// Line is one thing that was looked at, and how it is.
type Line struct {
	Text string
	Role screen.Role
}

// Model is the state of the page. Make it with New.
type Model struct {
	Changed func()

	runner *job.Runner
	store  Store
	ctx    context.Context
	end    context.CancelFunc
	doing  bool
	lines  []Line
	notice string
	bad    bool
}

// New returns the page over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the page has under way.
func (m *Model) Close() { m.end(); m.Changed = func() {} }

// Doing says whether the check is under way; the status line shows how far.
func (m *Model) Doing() bool { return m.doing }

// Lines say what was found.
func (m *Model) Lines() []Line { return m.lines }

// Notice is the verdict, and whether it is bad.
func (m *Model) Notice() (text string, bad bool) { return m.notice, m.bad }

// Dismiss takes the verdict away. What was found stays.
func (m *Model) Dismiss() { m.notice = ""; m.Changed() }

// Verify checks the whole file. Work in the project goes on meanwhile.
func (m *Model) Verify() {
	if m.doing {
		return
	}
	m.doing, m.notice, m.lines = true, "", nil
	m.Changed()
	job.Track(m.ctx, m.runner, "verify", func(ctx context.Context, p *job.Progress) (workspace.Report, error) {
		return m.store.VerifyOpen(ctx, func(done, total int64) {
			p.SetTotal(total)
			p.Set(done)
		})
	}, m.verified)
}

func (m *Model) verified(r workspace.Report, err error) {
	m.doing = false
	switch {
	case errors.Is(err, context.Canceled):
		m.notice, m.bad = "The check was stopped.", true
	case err != nil:
		m.notice, m.bad = "The check did not come to its end: "+err.Error(), true
	case r.OK():
		m.notice, m.bad, m.lines = "Everything is as it was written.", false, found(r)
	default:
		m.notice, m.bad, m.lines = "Not everything is as it was written. Make a backup of what reads, or restore one from before.", true, found(r)
	}
	m.Changed()
}

// found says what was looked at, and then what is wrong.
func found(r workspace.Report) []Line {
	lines := []Line{
		{screen.Plural(r.Pages, "page") + " read, each authenticated", screen.RoleText},
		{screen.Plural(r.Messages, "message") + ", and the structure of the tables around them", screen.RoleText},
		{screen.Plural(r.LogEntries, "entry") + " of the access log, followed from the first to the last", screen.RoleText},
		{screen.Plural(r.Decisions, "decision") + " about links, likewise", screen.RoleText},
	}
	for _, p := range r.Problems() {
		lines = append(lines, Line{p, screen.RoleError})
	}
	return lines
}
