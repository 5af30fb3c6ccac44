package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the page needs of a project's store. A *workspace.Workspace is one.
type Store interface {
	People(ctx context.Context) ([]workspace.Person, error)
	AddPassphrase(ctx context.Context, name string, passphrase []byte) error
	AddRecovery(ctx context.Context) (code []byte, err error)
	ChangePassphrase(ctx context.Context, old, new []byte) error
	RemoveSlot(ctx context.Context, slot int) error
	RenamePerson(ctx context.Context, slot int, name string) error
	Remember(ctx context.Context, ring workspace.Keyring) error
	Forget(ctx context.Context, ring workspace.Keyring) error
	Remembered(ring workspace.Keyring) (slot int, ok bool, err error)
	Rekey(ctx context.Context, keys []workspace.NewKey, progress func(done, total int64)) (workspace.Report, error)
}

// Field is a part of a form that a problem belongs to.
type Field uint8

// The fields.
const (
	NoField Field = iota
	NameField
	OldField
	NewField
	AgainField
	RenameField
)

// Model is the state of the page. Make it with New.
type Model struct {
	Changed func()
	// Done is told that a form was carried out, so that the view can empty and close it.
	Done func()
	// Closed is told that the project was closed by a new data key, and what to say of it.
	Closed func(text string)
	// Keyring is this computer's; nil is none.
	Keyring workspace.Keyring

	runner  *job.Runner
	store   Store
	ctx     context.Context
	end     context.CancelFunc
	people  []workspace.Person
	doing   string
	field   Field
	problem string
	notice  string
	code    []byte // the recovery code while it is shown, once
	masked  bool
	here    Here
}

// New returns the page over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}, Done: func() {}, Closed: func(string) {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the page has under way and forgets a code that is shown.
func (m *Model) Close() {
	m.end()
	clear(m.code)
	m.code = nil
	m.Changed, m.Done, m.Closed = func() {}, func() {}, func(string) {}
}

// Load reads who can open the project.
func (m *Model) Load() {
	job.Start(m.ctx, m.runner, m.store.People, func(people []workspace.Person, err error) {
		if err != nil {
			m.refuse(NoField, "Could not read the keys: "+err.Error())
			return
		}
		m.people = people
		m.Changed()
	})
}

// Doing is what is under way, "" for nothing.
func (m *Model) Doing() string { return m.doing }

// Problem is what stopped the last attempt and the field it belongs to.
func (m *Model) Problem() (Field, string) { return m.field, m.problem }

// Notice says what was done last.
func (m *Model) Notice() string { return m.notice }

// Dismiss takes notice and problem away.
func (m *Model) Dismiss() {
	m.notice, m.problem, m.field = "", "", NoField
	m.Changed()
}

// Code is the recovery code that was just made, nil for none. It is shown this once.
func (m *Model) Code() []byte { return m.code }

// SetMasked hides a recovery code on the screen.
func (m *Model) SetMasked(on bool) {
	m.masked = on
	m.Changed()
}

// Masked says whether a recovery code is hidden.
func (m *Model) Masked() bool { return m.masked }

// ForgetCode takes the recovery code off the screen and out of memory.
func (m *Model) ForgetCode() {
	clear(m.code)
	m.code = nil
	m.Changed()
}

func (m *Model) refuse(f Field, words string) {
	m.doing, m.field, m.problem = "", f, words
	m.Changed()
}

// Add lets another person open the project with a passphrase of their own. The passphrases are cleared.
func (m *Model) Add(name string, pass, again []byte) {
	defer clear(again)
	if m.doing != "" || !m.same(pass, again) {
		return
	}
	m.work("Adding a key", name+" can open the project now with a passphrase of their own.", func(ctx context.Context) error {
		defer clear(pass)
		return m.store.AddPassphrase(ctx, name, pass)
	})
}

// Change replaces the passphrase that this session was opened with. All are cleared.
func (m *Model) Change(old, pass, again []byte) {
	defer clear(again)
	if m.doing != "" || !m.same(pass, again) {
		return
	}
	m.work("Changing the passphrase", "The passphrase is changed. Copies of the file from before still open with the old one.", func(ctx context.Context) error {
		defer clear(old)
		defer clear(pass)
		return m.store.ChangePassphrase(ctx, old, pass)
	})
}

func (m *Model) same(pass, again []byte) bool {
	switch {
	case workspace.Rate(pass).Word == "too short":
		m.refuse(NewField, workspace.Rate(pass).Advice)
	case string(pass) != string(again):
		m.refuse(AgainField, "The two passphrases differ. Type the same one twice.")
	default:
		return true
	}
	return false
}

// AddRecovery makes a recovery code, which is then in Code.
func (m *Model) AddRecovery() {
	if m.doing != "" {
		return
	}
	m.begin("Making a recovery code")
	job.Start(m.ctx, m.runner, m.store.AddRecovery, func(code []byte, err error) {
		m.finish(err, "The recovery code is made. It opens the project like a passphrase: print it or write it down, and keep it where the file is not.")
		if err == nil {
			m.code = code
			m.Changed()
		}
	})
}

// Remove takes a key away. The last way into the project stays.
func (m *Model) Remove(row int) {
	if m.doing != "" || row < 0 || row >= len(m.people) {
		return
	}
	p := m.people[row]
	m.work("Removing a key", Title(p)+" can no longer open the project. Copies of the file from before still open with that key.", func(ctx context.Context) error {
		return m.store.RemoveSlot(ctx, p.Slot)
	})
}

// Person is the key in a row.
func (m *Model) Person(row int) (workspace.Person, bool) {
	if row < 0 || row >= len(m.people) {
		return workspace.Person{}, false
	}
	return m.people[row], true
}

// Title is what a key is called: its owner, or its kind.
func Title(p workspace.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return "The " + string(p.Kind)
}

func (m *Model) begin(doing string) {
	m.doing, m.field, m.problem, m.notice = doing, NoField, "", ""
	m.Changed()
}

func (m *Model) work(doing, done string, do func(context.Context) error) {
	m.begin(doing)
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, do(ctx)
	}, func(_ struct{}, err error) { m.finish(err, done) })
}

func (m *Model) finish(err error, done string) {
	m.doing = ""
	if errors.Is(err, context.Canceled) {
		m.refuse(NoField, "Stopped; everything is as it was.")
		return
	}
	if err != nil {
		m.refuse(fieldOf(err), err.Error())
		return
	}
	m.notice = done
	m.Done()
	m.Load()
	if m.here != HereUnknown {
		m.AskKeyring()
	}
}

func fieldOf(err error) Field {
	switch {
	case errors.Is(err, workspace.ErrWrongPassphrase):
		return OldField
	case errors.Is(err, workspace.ErrName):
		return NameField
	case errors.Is(err, workspace.ErrPassphraseTooShort):
		return NewField
	}
	return NoField
}

// Strength says in a line how hard a passphrase is to guess. Nothing is said of an empty one.
func Strength(pass []byte) (line string, role screen.Role) {
	if len(pass) == 0 {
		return "", screen.RoleMuted
	}
	s := workspace.Rate(pass)
	line = strings.ToUpper(s.Word[:1]) + s.Word[1:]
	if s.Advice != "" {
		line += ". " + s.Advice
	}
	switch s.Word {
	case "strong":
		return line, screen.RoleOK
	case "fair":
		return line, screen.RoleInformation
	}
	return line, screen.RoleWarning
}

var columns = []screen.Column{
	{ID: "name", Title: "Who", Width: 200, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "kind", Title: "Opens with", Width: 130, MinWidth: 80, Fixed: true},
	{ID: "cost", Title: "Cost of one guess", Width: 260, MinWidth: 80, Fixed: true},
	{ID: "created", Title: "Since", Width: 100, MinWidth: 70, Mono: true, Fixed: true},
	{ID: "used", Title: "Used last", Width: 100, MinWidth: 70, Mono: true, Fixed: true},
}

// List is the keys as rows.
func (m *Model) List() screen.Grid { return (*grid)(m) }

type grid Model

func (g *grid) Columns() []screen.Column { return columns }
func (g *grid) Len() int                 { return len(g.people) }

func (g *grid) Cell(row, col int) screen.Cell {
	p := g.people[row]
	switch columns[col].ID {
	case "name":
		c := screen.Cell{Text: Title(p), Bold: p.Current}
		if p.Current {
			c.Text += " (you, now)"
		}
		return c
	case "kind":
		return screen.Cell{Text: string(p.Kind)}
	case "cost":
		if p.Kind == workspace.KindKeyring {
			return screen.Cell{Text: "256 random bits: not to be guessed", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: p.Cost, Role: screen.RoleMuted}
	case "created":
		return screen.Cell{Text: day(p.Created), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: day(p.LastUsed), Role: screen.RoleMuted}
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02")
}

// Free says how many more keys the project can have.
func (m *Model) Free() string {
	n := workspace.MaxPeople - len(m.people)
	if n == 1 {
		return "one more key is possible"
	}
	return fmt.Sprintf("%d more keys are possible", n)
}
