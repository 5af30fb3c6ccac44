package shell

import (
	"strings"

	"trestle/internal/job"
)

// Place is one of the places of the window.
type Place uint8

// The places, in the order of the rail.
const (
	Project Place = iota
	Inspect
	Endpoints
	Map
	Compare
	Link
	Settings
	places
)

var placeNames = [places]string{"Project", "Inspect", "Endpoints", "Map", "Compare", "Link", "Settings"}

// String is the place's name on the rail.
func (p Place) String() string { return placeNames[p] }

// Places lists the places of the rail from the top.
func Places() []Place { return []Place{Project, Inspect, Endpoints, Map, Compare, Link, Settings} }

// Question is the one question that a tool answers.
func (p Place) Question() string {
	switch p {
	case Inspect:
		return "What is in this message, and what is wrong with it?"
	case Endpoints:
		return "How does the other side behave, and how does mine behave when it misbehaves?"
	case Map:
		return "Which field goes where, and what is still missing?"
	case Compare:
		return "What changed between these two messages, or these two thousand?"
	case Link:
		return "Which patients and plans are the same in both systems?"
	}
	return ""
}

// Action is something that can be done now, by its name.
type Action struct {
	ID     string
	Title  string
	Detail string
	Keys   string // as the keys page writes them, such as "Ctrl+F" or "F8, Ctrl+J"; "" for none
	// Everywhere offers the action in the other places too: the window goes to its place first.
	Everywhere bool
	Run        func()
}

// HasKeys says whether the keys, such as "Ctrl+Shift+V", are the action's or one of them.
func (a Action) HasKeys(keys string) bool {
	for k := range strings.SplitSeq(a.Keys, ", ") {
		if k == keys && keys != "" {
			return true
		}
	}
	return false
}

// Status is what the status line says of a place.
type Status struct {
	Where            string // what the cursor is on, such as "PID-3[2]  Patient Identifier List"
	Errors, Warnings int    // findings of the open item
}

// Key is one line of the keys page.
type Key struct{ Keys, Does string }

// Model is the state of the window. Make it with New.
type Model struct {
	Changed func()

	runners     []*job.Runner
	place       Place
	project     string
	environment string
	open        bool
	masked      bool
}

// New returns a window without a project, whose own work, such as opening one, the runner does.
func New(runner *job.Runner) *Model {
	return &Model{Changed: func() {}, runners: []*job.Runner{runner}}
}

// Place is the place that is shown.
func (m *Model) Place() Place { return m.place }

// Go shows a place.
func (m *Model) Go(p Place) {
	if m.place != p {
		m.place = p
		m.Changed()
	}
}

// Enter says that a project is open, whose work the runner does.
func (m *Model) Enter(name string, runner *job.Runner) {
	m.project, m.environment, m.open, m.place = name, "", true, Project
	m.runners = append(m.runners[:1:1], runner)
	m.Changed()
}

// Describe changes what the top bar says of the open project.
func (m *Model) Describe(name, environment string) {
	if m.project != name || m.environment != environment {
		m.project, m.environment = name, environment
		m.Changed()
	}
}

// Leave says that the project was closed or locked.
func (m *Model) Leave() {
	m.project, m.environment, m.open, m.place = "", "", false, Project
	m.runners = m.runners[:1]
	m.Changed()
}

// IsOpen says whether a project is open.
func (m *Model) IsOpen() bool { return m.open }

// Project is the open project's name and environment.
func (m *Model) Project() (name, environment string) { return m.project, m.environment }

// Masked says whether patient data is hidden on the screen.
func (m *Model) Masked() bool { return m.masked }

// SetMasked hides patient data on the screen, or shows it.
func (m *Model) SetMasked(on bool) {
	if m.masked != on {
		m.masked = on
		m.Changed()
	}
}

// Work is one line of the status line's middle: what is under way.
type Work struct {
	Title  string
	State  job.State
	Cancel func()
}

// Work lists what is under way, oldest first. The status line asks several times a second.
func (m *Model) Work() []Work {
	var out []Work
	for _, r := range m.runners {
		for _, j := range r.Active() {
			out = append(out, Work{j.Title(), j.Progress().State(), j.Cancel})
		}
	}
	return out
}
