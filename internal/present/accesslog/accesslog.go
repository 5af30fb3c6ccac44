package accesslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the page needs of a project's store. A *workspace.Workspace is one.
type Store interface {
	SearchLog(ctx context.Context, q workspace.LogQuery) ([]workspace.LogEntry, error)
	CountLog(ctx context.Context, q workspace.LogQuery) (int64, error)
	ExportLog(ctx context.Context, to io.Writer, q workspace.LogQuery) (int64, error)
	VerifyLog(ctx context.Context) error
}

// page is how many entries are read at a time.
const page = 1000

// Model is the state of the page. Make it with New.
type Model struct {
	Changed func()

	runner  *job.Runner
	store   Store
	ctx     context.Context
	end     context.CancelFunc
	reading job.Latest
	text    string
	failed  bool
	rows    []workspace.LogEntry
	total   int64
	known   bool
	masked  bool
	notice  string
	bad     bool
}

// New returns the page over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the page has under way.
func (m *Model) Close() { m.end(); m.Changed = func() {} }

func (m *Model) query() workspace.LogQuery {
	return workspace.LogQuery{Text: m.text, Failed: m.failed, Newest: true, Maximum: page}
}

// answer is what one reading brings.
type answer struct {
	rows  []workspace.LogEntry
	total int64
}

// Load reads the newest entries.
func (m *Model) Load() { m.read(m.query(), false) }

// More reads the next older entries.
func (m *Model) More() {
	if n := len(m.rows); n > 0 && int64(n) < m.total {
		q := m.query()
		q.After = m.rows[n-1].Seq
		m.read(q, true)
	}
}

func (m *Model) read(q workspace.LogQuery, more bool) {
	job.StartLatest(m.ctx, m.runner, &m.reading, func(ctx context.Context) (answer, error) {
		rows, err := m.store.SearchLog(ctx, q)
		if err != nil {
			return answer{}, err
		}
		total, err := m.store.CountLog(ctx, q)
		return answer{rows, total}, err
	}, func(a answer, err error) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.say("Could not read the access log: "+err.Error(), true)
			}
			return
		}
		if more {
			a.rows = append(m.rows, a.rows...)
		}
		m.rows, m.total, m.known = a.rows, a.total, true
		m.Changed()
	})
}

// Text is the filter.
func (m *Model) Text() string { return m.text }

// SetText shows only entries that hold all of these words.
func (m *Model) SetText(text string) {
	m.text = strings.TrimSpace(text)
	m.Load()
}

// OnlyFailed says whether only acts that failed are shown.
func (m *Model) OnlyFailed() bool { return m.failed }

// SetOnlyFailed shows only acts that failed, or all.
func (m *Model) SetOnlyFailed(on bool) {
	m.failed = on
	m.Load()
}

// SetMasked hides objects and details: names of files and what was searched for may be patient data.
func (m *Model) SetMasked(on bool) {
	m.masked = on
	m.Changed()
}

// Shown is how many entries are listed and how many there are.
func (m *Model) Shown() (shown int, total int64, known bool) { return len(m.rows), m.total, m.known }

// Notice is news, and whether it is bad.
func (m *Model) Notice() (text string, bad bool) { return m.notice, m.bad }

// Dismiss takes the news away.
func (m *Model) Dismiss() { m.say("", false) }

func (m *Model) say(text string, bad bool) {
	m.notice, m.bad = text, bad
	m.Changed()
}

// Verify follows the chain of all entries.
func (m *Model) Verify() {
	m.say("", false)
	job.Track(m.ctx, m.runner, "check the access log", func(ctx context.Context, _ *job.Progress) (int64, error) {
		n, err := m.store.CountLog(ctx, workspace.LogQuery{})
		if err != nil {
			return 0, err
		}
		return n, m.store.VerifyLog(ctx)
	}, func(n int64, err error) {
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.say("The chain of the access log is broken: "+err.Error(), true)
		default:
			m.say(fmt.Sprintf("The chain is whole: %d entries, none changed, missing or out of order. An older copy of the whole file would look whole too.", n), false)
		}
	})
}

// Export writes the entries that the filter finds to a CSV file. That is an entry itself.
func (m *Model) Export(path string) {
	if filepath.Ext(path) == "" {
		path += ".csv"
	}
	q := m.query()
	q.Maximum, q.Newest = 0, false
	job.Track(m.ctx, m.runner, "export the access log", func(ctx context.Context, _ *job.Progress) (int64, error) {
		return m.write(ctx, path, q)
	}, func(n int64, err error) {
		if err != nil {
			m.say("The access log was not exported: "+err.Error(), true)
			return
		}
		m.say(fmt.Sprintf("%d entries written to %s. The file is not encrypted and may name patients.", n, filepath.Base(path)), false)
		m.Load()
	})
}

func (m *Model) write(ctx context.Context, path string, q workspace.LogQuery) (n int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			return 0, fmt.Errorf("there is a file %s already; choose another name", filepath.Base(path))
		}
		return 0, fmt.Errorf("%s cannot be written; choose another folder", filepath.Base(path))
	}
	n, err = m.store.ExportLog(ctx, f, q)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path) // half a log is worse than none
	}
	return n, err
}

var columns = []screen.Column{
	{ID: "number", Title: "No.", Width: 60, MinWidth: 40, Right: true, Mono: true, Fixed: true},
	{ID: "time", Title: "Time (UTC)", Width: 168, MinWidth: 80, Mono: true, Fixed: true},
	{ID: "user", Title: "Who", Width: 110, MinWidth: 50, Fixed: true},
	{ID: "tool", Title: "Tool", Width: 84, MinWidth: 40, Fixed: true},
	{ID: "action", Title: "Action", Width: 130, MinWidth: 60, Fixed: true},
	{ID: "object", Title: "Object", Width: 200, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "details", Title: "Details", Width: 240, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "result", Title: "Result", Width: 90, MinWidth: 60, Fixed: true},
}

// List is the entries as rows, newest first.
func (m *Model) List() screen.Grid { return (*grid)(m) }

type grid Model

func (g *grid) Columns() []screen.Column { return columns }
func (g *grid) Len() int                 { return len(g.rows) }

func (g *grid) Cell(row, col int) screen.Cell {
	e := g.rows[row]
	switch columns[col].ID {
	case "number":
		return screen.Cell{Text: fmt.Sprint(e.Seq), Role: screen.RoleMuted}
	case "time":
		return screen.Cell{Text: e.Time.Format("2006-01-02 15:04:05"), Role: screen.RoleMuted}
	case "user":
		return screen.Cell{Text: e.User}
	case "tool":
		return screen.Cell{Text: e.Tool, Role: screen.RoleMuted}
	case "action":
		return screen.Cell{Text: string(e.Action)}
	case "object":
		return screen.Cell{Text: e.Object, Masked: g.masked && e.Object != ""}
	case "details":
		return screen.Cell{Text: e.Details, Role: screen.RoleMuted, Masked: g.masked && e.Details != ""}
	}
	if e.Failed() {
		return screen.Cell{Text: e.Result, Role: screen.RoleError, Shape: screen.ShapeSquare}
	}
	return screen.Cell{Text: "done", Role: screen.RoleMuted}
}
