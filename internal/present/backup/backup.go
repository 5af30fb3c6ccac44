package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the page needs of a project's store. A *workspace.Workspace is one.
type Store interface {
	Backups(folder string) ([]workspace.Copy, error)
	BackupTo(ctx context.Context, folder string, keep int, progress func(done, total int64)) (workspace.Copy, workspace.Report, error)
	Compact(ctx context.Context) (before, after int64, err error)
	Setting(ctx context.Context, key string) (string, bool, error)
	SetSetting(ctx context.Context, key, value string) error
	ReadOnly() bool
}

// The settings that the workspace keeps for this page.
const (
	folderSetting = "backup.folder"
	keepSetting   = "backup.keep"
)

// KeepChoices are the numbers of copies that can be kept.
var KeepChoices = []int{3, 10, 30}

const keepDefault = 10

// Every is how old the newest copy may be before another is made by itself.
const Every = 24 * time.Hour

// Model is the state of the page. Make it with New.
type Model struct {
	Changed func()
	// Restore puts a copy in the place of the project, which is closed by that, with a passphrase that opens the copy. It clears it.
	Restore func(path string, passphrase []byte)

	runner *job.Runner
	store  Store
	ctx    context.Context
	end    context.CancelFunc
	now    func() time.Time

	folder string
	keep   int
	copies []workspace.Copy
	doing  string
	notice string
	bad    bool
}

// New returns the page over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}, Restore: func(string, []byte) {}, now: time.Now, keep: keepDefault}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the page has under way. A copy that is not whole yet is removed.
func (m *Model) Close() { m.end(); m.Changed, m.Restore = func() {}, func(string, []byte) {} }

// state is what is read of the store and the folder.
type state struct {
	folder string
	keep   int
	copies []workspace.Copy
}

func (m *Model) read(ctx context.Context) (state, error) {
	s := state{keep: keepDefault}
	folder, _, err := m.store.Setting(ctx, folderSetting)
	if err != nil {
		return s, err
	}
	s.folder = folder
	if text, ok, err := m.store.Setting(ctx, keepSetting); err == nil && ok {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			s.keep = n
		}
	}
	if s.folder == "" {
		return s, nil
	}
	s.copies, err = m.store.Backups(s.folder)
	return s, err
}

// Load reads the folder again.
func (m *Model) Load() { m.load(func() {}) }

func (m *Model) load(then func()) {
	job.Start(m.ctx, m.runner, m.read, func(s state, err error) {
		m.folder, m.keep, m.copies = s.folder, s.keep, s.copies
		if err != nil && m.ctx.Err() == nil {
			m.notice, m.bad = "The folder of the backups cannot be read: "+err.Error(), true
		}
		m.Changed()
		if err == nil {
			then()
		}
	})
}

// Begin reads the folder and makes a copy if the newest is older than a day. It is called when the project is opened.
func (m *Model) Begin() {
	m.load(func() {
		if m.folder != "" && !m.store.ReadOnly() && (len(m.copies) == 0 || m.now().Sub(m.copies[0].Time) > Every) {
			m.Now()
		}
	})
}

// Folder is where copies go, "" for nowhere yet.
func (m *Model) Folder() string { return m.folder }

// SetFolder chooses where copies go, and makes the first one.
func (m *Model) SetFolder(folder string) {
	m.keepSettings(map[string]string{folderSetting: folder}, m.Now)
}

// Keep is how many copies are kept.
func (m *Model) Keep() int { return m.keep }

// SetKeep chooses how many copies are kept. Older ones are removed with the next backup.
func (m *Model) SetKeep(n int) {
	m.keepSettings(map[string]string{keepSetting: strconv.Itoa(n)}, func() {})
}

func (m *Model) keepSettings(settings map[string]string, then func()) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		for key, value := range settings {
			if err := m.store.SetSetting(ctx, key, value); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		if err != nil {
			m.say("The choice was not kept: "+err.Error(), true)
			return
		}
		m.load(then)
	})
}

// Doing is what is under way, "" for nothing.
func (m *Model) Doing() string { return m.doing }

// Notice is news, and whether it is bad.
func (m *Model) Notice() (text string, bad bool) { return m.notice, m.bad }

// Dismiss takes the news away.
func (m *Model) Dismiss() { m.say("", false) }

func (m *Model) say(text string, bad bool) {
	m.notice, m.bad = text, bad
	m.Changed()
}

// Now makes a copy. Work in the project goes on meanwhile.
func (m *Model) Now() {
	if m.doing != "" || m.folder == "" {
		return
	}
	folder, keep := m.folder, m.keep
	m.begin("back up")
	job.Track(m.ctx, m.runner, m.doing, func(ctx context.Context, p *job.Progress) (workspace.Copy, error) {
		c, _, err := m.store.BackupTo(ctx, folder, keep, func(done, total int64) {
			p.SetTotal(total)
			p.Set(done)
		})
		return c, err
	}, func(c workspace.Copy, err error) {
		m.doing = ""
		switch {
		case errors.Is(err, context.Canceled):
			m.say("The backup was stopped; nothing is left of it.", true)
		case err != nil:
			m.say("There is no new backup: "+err.Error(), true)
		default:
			m.say(fmt.Sprintf("%s is made and was read back whole, every page of it.", filepath.Base(c.Path)), false)
		}
		m.Load()
	})
}

// Compact gives the room of deleted messages back to the disk.
func (m *Model) Compact() {
	if m.doing != "" {
		return
	}
	m.begin("compact the project's file")
	job.Track(m.ctx, m.runner, m.doing, func(ctx context.Context, _ *job.Progress) ([2]int64, error) {
		before, after, err := m.store.Compact(ctx)
		return [2]int64{before, after}, err
	}, func(sizes [2]int64, err error) {
		m.doing = ""
		switch {
		case errors.Is(err, context.Canceled):
			m.say("Compacting was stopped; the file is as it was.", true)
		case err != nil:
			m.say("The file is as it was: "+err.Error(), true)
		default:
			m.say(fmt.Sprintf("The project's file had %s and has %s now.", size(sizes[0]), size(sizes[1])), false)
		}
	})
}

func (m *Model) begin(doing string) {
	m.doing, m.notice, m.bad = doing, "", false
	m.Changed()
}

// Copy is the one in a row.
func (m *Model) Copy(row int) (workspace.Copy, bool) {
	if row < 0 || row >= len(m.copies) {
		return workspace.Copy{}, false
	}
	return m.copies[row], true
}

var columns = []screen.Column{
	{ID: "time", Title: "Made (UTC)", Width: 180, MinWidth: 100, Mono: true, Fixed: true},
	{ID: "size", Title: "Size", Width: 100, MinWidth: 60, Right: true, Fixed: true},
	{ID: "name", Title: "File", Width: 320, MinWidth: 100, Flex: true, Fixed: true},
}

// List is the copies as rows, newest first.
func (m *Model) List() screen.Grid { return (*grid)(m) }

type grid Model

func (g *grid) Columns() []screen.Column { return columns }
func (g *grid) Len() int                 { return len(g.copies) }

func (g *grid) Cell(row, col int) screen.Cell {
	c := g.copies[row]
	switch columns[col].ID {
	case "time":
		return screen.Cell{Text: c.Time.Format("2006-01-02 15:04:05")}
	case "size":
		return screen.Cell{Text: size(c.Size), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: filepath.Base(c.Path), Role: screen.RoleMuted}
}

// size is a number of bytes in words.
func size(n int64) string {
	if n < 1_000_000_000 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
