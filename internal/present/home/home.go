package home

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"trestle/internal/check"
	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/project"
	"trestle/internal/workspace"
)

// Store is what the place needs of a project's store. A *workspace.Workspace is one.
type Store interface {
	Info(ctx context.Context) (workspace.Info, error)
	Log(ctx context.Context, after int64, limit int) ([]workspace.LogEntry, error)
	Setting(ctx context.Context, key string) (string, bool, error)
	SetSetting(ctx context.Context, key, value string) error
	Count(ctx context.Context, q workspace.Query) (int, error)
	Warnings() []string
}

// lastActs is how many entries of the access log the place shows.
const lastActs = 12

// Model is the state of the place. Make it with New.
type Model struct {
	Changed func()

	runner  *job.Runner
	store   Store
	ctx     context.Context
	end     context.CancelFunc
	loading job.Latest
	facts   Facts
	problem string
	known   bool
}

// Facts are what the place shows.
type Facts struct {
	Project *project.Project // nil where the workspace has no project file yet
	Info    workspace.Info
	Acts    []workspace.LogEntry // newest first
	Trouble []Trouble            // messages by the worst that is wrong with them
	Warn    []string             // what the user should know of the file itself, in sentences
}

// Trouble is how many messages have a finding of a severity, and the query that lists them.
type Trouble struct {
	Severity check.Severity
	Messages int
	Query    string
}

// New returns the place over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the place has under way.
func (m *Model) Close() { m.end(); m.Changed = func() {} }

// Facts are what is known, and whether anything is yet.
func (m *Model) Facts() (Facts, bool) { return m.facts, m.known }

// Problem says what could not be read, or "".
func (m *Model) Problem() string { return m.problem }

// Load reads everything again.
func (m *Model) Load() {
	job.StartLatest(m.ctx, m.runner, &m.loading, m.read, func(f Facts, err error) {
		switch {
		case err == nil:
			m.facts, m.known, m.problem = f, true, ""
		case errors.Is(err, context.Canceled):
			return
		default:
			m.problem = "Could not read the project: " + err.Error()
		}
		m.Changed()
	})
}

func (m *Model) read(ctx context.Context) (Facts, error) {
	var f Facts
	var err error
	if f.Info, err = m.store.Info(ctx); err != nil {
		return f, err
	}
	f.Warn = m.store.Warnings()
	after := max(0, f.Info.LogEntries-lastActs)
	if f.Acts, err = m.store.Log(ctx, after, lastActs); err != nil {
		return f, err
	}
	for i, j := 0, len(f.Acts)-1; i < j; i, j = i+1, j-1 {
		f.Acts[i], f.Acts[j] = f.Acts[j], f.Acts[i]
	}
	for _, s := range []check.Severity{check.Error, check.Warning} {
		n, err := m.store.Count(ctx, workspace.Query{Severity: true, MinSeverity: s})
		if err != nil {
			return f, err
		}
		f.Trouble = append(f.Trouble, Trouble{s, n, "severity:" + s.String()})
	}
	text, ok, err := m.store.Setting(ctx, project.FileName)
	if err != nil || !ok {
		return f, err
	}
	f.Project, err = project.Parse([]byte(text))
	return f, err
}

// TakeProjectFile reads a project file and keeps it in the workspace: scope, systems, people. What is wrong with it is
// said with its lines, and then nothing is changed.
func (m *Model) TakeProjectFile(path string) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		f, size, err := inspect.Open(path)
		if err != nil {
			return struct{}{}, err
		}
		defer f.Close()
		if size > maxProjectFile {
			return struct{}{}, fmt.Errorf("%s is too large for a project file", filepath.Base(path))
		}
		b, err := io.ReadAll(f)
		if err != nil {
			return struct{}{}, fmt.Errorf("reading %s: %w", filepath.Base(path), err)
		}
		if _, err := project.Parse(b); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, m.store.SetSetting(ctx, project.FileName, string(b))
	}, func(_ struct{}, err error) {
		if err != nil {
			m.problem = "The project file was not taken over: " + err.Error()
			m.Changed()
			return
		}
		m.Load()
	})
}

// maxProjectFile is far above any real project file, in bytes.
const maxProjectFile = 4 << 20

// Sentence says what a rule of the scope means.
func Sentence(f project.Flow) string {
	var way string
	switch f.Direction {
	case project.In:
		way = "comes to us"
	case project.Out:
		way = "goes to them"
	case project.Both:
		way = "goes both ways"
	default:
		return "not exchanged"
	}
	edit := map[project.Edit]string{
		project.Blocked:   "read-only with us",
		project.Additions: "we may add what they leave empty",
		project.Allowed:   "may be edited with us",
	}[f.Edit]
	return way + ", " + edit
}

// Act says in words what an entry of the access log is about.
func Act(e workspace.LogEntry) string {
	s := string(e.Action)
	if e.Object != "" {
		s += " " + e.Object
	}
	return s
}

// Age says how long ago something was, in words.
func Age(now, then time.Time) string {
	switch d := now.Sub(then); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 24*time.Hour && now.Day() == then.Day():
		return then.Format("15:04")
	}
	return then.Format("2006-01-02 15:04")
}
