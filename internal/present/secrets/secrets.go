package secrets

import (
	"context"
	"fmt"
	"time"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the page needs of a project's store. workspace.Secrets is one.
type Store interface {
	Names(ctx context.Context) ([]workspace.Secret, error)
	Put(ctx context.Context, name, kind string, value []byte) error
	Reveal(ctx context.Context, name string) ([]byte, error)
	Delete(ctx context.Context, name string) error
}

// Shown is how long a secret stays on the screen.
const Shown = 30 * time.Second

// Model is the state of the page. Make it with New.
type Model struct {
	Changed func()
	// Done is told that a secret was kept, so that the view can empty its fields.
	Done func()

	runner *job.Runner
	store  Store
	ctx    context.Context
	end    context.CancelFunc
	names  []workspace.Secret
	doing  string
	notice string
	bad    bool
	value  []byte // the one that is shown
	shown  string // its name
	shows  int    // counts showings, so that an old timer does not end a new one
	timer  *time.Timer
	masked bool
}

// New returns the page over a project's secrets. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}, Done: func() {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the page has under way and forgets a secret that is shown.
func (m *Model) Close() {
	m.end()
	m.forget()
	m.Changed, m.Done = func() {}, func() {}
}

// Load reads the names.
func (m *Model) Load() {
	job.Start(m.ctx, m.runner, m.store.Names, func(names []workspace.Secret, err error) {
		if err != nil {
			m.say("The names cannot be read: "+err.Error(), true)
			return
		}
		m.names = names
		m.Changed()
	})
}

// Doing is what is under way, "" for nothing.
func (m *Model) Doing() string { return m.doing }

// Notice is news, and whether it is bad.
func (m *Model) Notice() (text string, bad bool) { return m.notice, m.bad }

// Dismiss takes the news away.
func (m *Model) Dismiss() { m.say("", false) }

func (m *Model) say(text string, bad bool) {
	m.doing, m.notice, m.bad = "", text, bad
	m.Changed()
}

// Secret is the one in a row, without its value.
func (m *Model) Secret(row int) (workspace.Secret, bool) {
	if row < 0 || row >= len(m.names) {
		return workspace.Secret{}, false
	}
	return m.names[row], true
}

// Put keeps a secret, in the place of an earlier one of this name. The value is cleared.
func (m *Model) Put(name, kind string, value []byte) {
	if m.doing != "" {
		return
	}
	m.work("Keeping the secret", "The secret is kept. It is shown on demand only, and each showing is in the access log.", func(ctx context.Context) error {
		defer clear(value)
		return m.store.Put(ctx, name, kind, value)
	}, true)
}

// Remove removes the secret in a row.
func (m *Model) Remove(row int) {
	if s, ok := m.Secret(row); ok && m.doing == "" {
		m.Hide()
		m.work("Removing the secret", "The secret "+s.Name+" is removed. Backups from before still have it.", func(ctx context.Context) error {
			return m.store.Delete(ctx, s.Name)
		}, false)
	}
}

func (m *Model) work(doing, done string, do func(context.Context) error, empties bool) {
	m.doing, m.notice = doing, ""
	m.Changed()
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) }, func(_ struct{}, err error) {
		if err != nil {
			m.say(err.Error(), true)
			return
		}
		if empties {
			m.Done()
		}
		m.say(done, false)
		m.Load()
	})
}

// Reveal shows the secret in a row. It is hidden again by Hide, by the mask, and after Shown. Under the mask none is shown.
func (m *Model) Reveal(row int) {
	s, ok := m.Secret(row)
	if !ok || m.doing != "" {
		return
	}
	if m.masked {
		m.say("The mask is on, so that others may look on. Take it off first.", true)
		return
	}
	m.forget()
	m.shows++
	showing := m.shows
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]byte, error) { return m.store.Reveal(ctx, s.Name) }, func(value []byte, err error) {
		if err != nil {
			m.say(err.Error(), true)
			return
		}
		if m.masked || m.ctx.Err() != nil {
			clear(value)
			return
		}
		m.value, m.shown = value, s.Name
		m.Changed()
		m.hideAfter(showing)
	})
}

// hideAfter takes a secret off the screen after a while.
func (m *Model) hideAfter(showing int) {
	m.timer = time.AfterFunc(Shown, func() {
		m.runner.Post(func() {
			if m.shows == showing {
				m.Hide()
			}
		})
	})
}

// Value is the secret that is shown, nil for none, and its name.
func (m *Model) Value() (name string, value []byte) { return m.shown, m.value }

// Hide takes the secret off the screen and out of memory.
func (m *Model) Hide() {
	m.forget()
	m.Changed()
}

func (m *Model) forget() {
	clear(m.value)
	m.value, m.shown = nil, ""
	if m.timer != nil {
		m.timer.Stop()
	}
}

// SetMasked hides what is shown, and keeps more from being shown.
func (m *Model) SetMasked(on bool) {
	m.masked = on
	if on {
		m.forget()
	}
	m.Changed()
}

var columns = []screen.Column{
	{ID: "name", Title: "Name", Width: 280, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "kind", Title: "What it is", Width: 200, MinWidth: 80, Fixed: true},
	{ID: "changed", Title: "Kept", Width: 120, MinWidth: 70, Mono: true, Fixed: true},
}

// List is the names as rows.
func (m *Model) List() screen.Grid { return (*grid)(m) }

type grid Model

func (g *grid) Columns() []screen.Column { return columns }
func (g *grid) Len() int                 { return len(g.names) }

func (g *grid) Cell(row, col int) screen.Cell {
	s := g.names[row]
	switch columns[col].ID {
	case "name":
		return screen.Cell{Text: s.Name}
	case "kind":
		return screen.Cell{Text: s.Kind, Role: screen.RoleMuted}
	}
	return screen.Cell{Text: s.Changed.Format(time.DateOnly), Role: screen.RoleMuted}
}

// About says how many there are.
func (m *Model) About() string {
	if len(m.names) == 1 {
		return "1 secret"
	}
	return fmt.Sprintf("%d secrets", len(m.names))
}
