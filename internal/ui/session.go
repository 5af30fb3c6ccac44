package ui

import (
	"fyne.io/fyne/v2"

	"trestle/internal/job"
	"trestle/internal/present/accesslog"
	"trestle/internal/present/backup"
	"trestle/internal/present/home"
	"trestle/internal/present/inspect"
	"trestle/internal/present/people"
	"trestle/internal/present/shell"
	logview "trestle/internal/ui/accesslog"
	backupview "trestle/internal/ui/backup"
	homeview "trestle/internal/ui/home"
	inspectview "trestle/internal/ui/inspect"
	peopleview "trestle/internal/ui/people"
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
	log         *accesslog.Model
	people      *people.Model
	backup      *backup.Model
	project     *projectPlace
	inspect     *inspect.Model
	inspectView *inspectview.View
	places      map[shell.Place]fyne.CanvasObject
}

func newSession(s *Shell, w *workspace.Workspace) *session {
	n := &session{s: s, workspace: w, runner: job.NewRunner(s.gate)}
	n.home = home.New(n.runner, w)
	n.log = accesslog.New(n.runner, w)
	n.log.SetMasked(s.m.Masked())
	n.people = people.New(n.runner, w)
	n.people.SetMasked(s.m.Masked())
	n.backup = backup.New(n.runner, w)
	n.inspect = inspect.New(n.runner, w)
	n.inspect.SetMasked(s.m.Masked())
	return n
}

// begin makes the views, which need the session to be the shell's, and reads the project.
func (n *session) begin() {
	n.makeViews()
	n.home.Load()
	n.inspect.Reload()
	n.backup.Begin()
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
	logView, peopleView, backupView := logview.New(n.log, s), peopleview.New(n.people, s), backupview.New(n.backup, s)
	n.project = newProjectPlace(
		page{"Overview", n.homeView.Content(), func() { n.home.Load(); s.canvas.Unfocus() }},
		page{"Access log", logView.Content(), logView.Focus},
		page{"Keys and people", peopleView.Content(), peopleView.Focus},
		page{"Backup", backupView.Content(), backupView.Focus},
	)
	n.inspectView = inspectview.New(n.inspect, s)
	n.inspectView.Shown = func() bool { return s.m.Place() == shell.Inspect && !s.isModal() }
	n.places = map[shell.Place]fyne.CanvasObject{
		shell.Project: n.project.content,
		shell.Inspect: n.inspectView.Content(),
	}
	for _, p := range []shell.Place{shell.Endpoints, shell.Map, shell.Compare, shell.Link} {
		n.places[p] = newPlanned(p)
	}
	n.places[shell.Settings] = newSettings(s)
}

// endModels ends the work of the places, and lets them forget what they show.
func (n *session) endModels() {
	n.inspect.Close()
	n.home.Close()
	n.log.Close()
	n.people.Close()
	n.backup.Close()
}

// focus gives a place the keyboard and brings it up to date.
func (n *session) focus(p shell.Place) {
	switch p {
	case shell.Project:
		n.project.show()
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
