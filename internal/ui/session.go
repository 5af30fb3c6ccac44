package ui

import (
	"fyne.io/fyne/v2"

	"trestle/internal/job"
	"trestle/internal/present/home"
	"trestle/internal/present/inspect"
	"trestle/internal/present/shell"
	homeview "trestle/internal/ui/home"
	inspectview "trestle/internal/ui/inspect"
	"trestle/internal/workspace"
)

// session is an open project with the places over it. Its runner is its own, so that locking can end all its work
// before the file is closed.
type session struct {
	s         *Shell
	workspace *workspace.Workspace
	runner    *job.Runner

	home        *home.Model
	homeView    *homeview.View
	inspect     *inspect.Model
	inspectView *inspectview.View
	places      map[shell.Place]fyne.CanvasObject
}

func newSession(s *Shell, w *workspace.Workspace) *session {
	n := &session{s: s, workspace: w, runner: job.NewRunner(s.gate)}
	n.home = home.New(n.runner, w)
	n.inspect = inspect.New(n.runner, w)
	n.inspect.SetMasked(s.m.Masked())
	return n
}

// begin makes the views, which need the session to be the shell's, and reads the project.
func (n *session) begin() {
	n.makeViews()
	n.home.Load()
	n.inspect.Reload()
}

// makeViews makes the places over their models, which hold all that is worth keeping.
func (n *session) makeViews() {
	s := n.s
	n.homeView = homeview.New(n.home, s, homeview.Do{
		Open:    func() { s.Go(shell.Inspect); n.inspectView.ChooseFiles() },
		Paste:   func() { s.Go(shell.Inspect); n.inspectView.Paste() },
		Masked:  s.m.Masked,
		Inspect: func(query string) { n.inspect.SubmitQuery(query); s.Go(shell.Inspect) },
	})
	n.inspectView = inspectview.New(n.inspect, s)
	n.inspectView.Shown = func() bool { return s.m.Place() == shell.Inspect && !s.isModal() }
	n.places = map[shell.Place]fyne.CanvasObject{
		shell.Project: n.homeView.Content(),
		shell.Inspect: n.inspectView.Content(),
	}
	for _, p := range []shell.Place{shell.Endpoints, shell.Map, shell.Compare, shell.Link} {
		n.places[p] = newPlanned(p)
	}
	n.places[shell.Settings] = newSettings(s)
}

// focus gives a place the keyboard and brings it up to date.
func (n *session) focus(p shell.Place) {
	switch p {
	case shell.Project:
		n.home.Load()
		n.s.canvas.Unfocus()
	case shell.Inspect:
		n.inspectView.Focus()
	default:
		n.s.canvas.Unfocus()
	}
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
