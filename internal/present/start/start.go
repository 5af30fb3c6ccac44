package start

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"trestle/internal/format"
	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// Extension is what the file name of a workspace ends with.
const Extension = ".trestle"

// Tool is what the access log calls the window.
const Tool = "window"

// Field is a part of the form that a problem belongs to.
type Field uint8

// The fields.
const (
	None Field = iota
	File
	Passphrase
	Again
	Name
)

// Recent is a project that was open on this computer. Only its place is remembered, nothing of what is in it.
type Recent struct {
	Path    string
	Missing bool // the file is not there now
}

// Title is the file's name without its extension.
func (r Recent) Title() string { return strings.TrimSuffix(filepath.Base(r.Path), Extension) }

// Folder is where the file lies.
func (r Recent) Folder() string { return filepath.Dir(r.Path) }

// maxRecent is how many projects are remembered.
const maxRecent = 8

// Model is the state of the place. Make it with New.
type Model struct {
	Changed func()                     // tells the view to redraw
	Opened  func(*workspace.Workspace) // takes over the open project
	Keep    func(paths []string)       // remembers the list of recent projects
	User    string                     // who the access log says it was
	Anchors workspace.AnchorStore      // what this computer remembers of projects; nil is nothing
	Keyring workspace.Keyring          // of this computer; nil is none
	// Held gives the project at a path if it is open behind the locked window, because work in it goes on; nil if not.
	Held func(path string) *workspace.Workspace
	Tell func(title, text string) // says what went wrong beside an opening that worked

	runner   *job.Runner
	recent   []string
	cipher   workspace.Cipher
	remember bool
	doing    string
	said     string
	problem  string
	field    Field
	job      *job.Job
}

// HoldMessages says whether files are none of them a project, so that they are to be read into one.
func HoldMessages(paths []string) bool {
	for _, path := range paths {
		if strings.EqualFold(filepath.Ext(path), Extension) {
			return false
		}
		if kind := inspect.KindOf(path); kind == format.Workspace || kind == format.Empty {
			return false
		}
	}
	return len(paths) > 0
}

// New returns the place with the projects that were open before, newest first.
func New(runner *job.Runner, recent []string) *Model {
	return &Model{
		Changed: func() {}, Opened: func(*workspace.Workspace) {}, Keep: func([]string) {}, Tell: func(_, _ string) {}, Held: func(string) *workspace.Workspace { return nil },
		runner: runner, recent: recent,
	}
}

// Recent lists the projects that were open before, newest first.
func (m *Model) Recent() []Recent {
	out := make([]Recent, 0, len(m.recent))
	for _, p := range m.recent {
		_, err := os.Stat(p)
		out = append(out, Recent{Path: p, Missing: err != nil})
	}
	return out
}

// Forget takes a project off the list. The file stays.
func (m *Model) Forget(path string) {
	m.recent = without(m.recent, path)
	m.Keep(m.recent)
	m.Changed()
}

func without(list []string, path string) []string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		if p != path {
			out = append(out, p)
		}
	}
	return out
}

// Doing is what is under way, "" for nothing.
func (m *Model) Doing() string { return m.doing }

// Say shows a sentence until the user does something: why the place is shown, as after a lock.
func (m *Model) Say(text string) {
	m.said = text
	m.Changed()
}

// Said is that sentence, or "".
func (m *Model) Said() string { return m.said }

// Problem is what stopped the last attempt and the field it belongs to.
func (m *Model) Problem() (Field, string) { return m.field, m.problem }

// Clear takes the problem away, as soon as the user changes something.
func (m *Model) Clear() {
	if m.problem != "" {
		m.field, m.problem = None, ""
		m.Changed()
	}
}

func (m *Model) refuse(f Field, words string) {
	m.doing, m.field, m.problem = "", f, words
	m.Changed()
}

// MayBeRemembered says whether the project at path may open without its passphrase, because this computer remembers a key of it.
func (m *Model) MayBeRemembered(path string) bool {
	return m.Keyring != nil && path != "" && workspace.MayBeRemembered(path)
}

// AboutRemembering is what the choice to remember a key means.
const AboutRemembering = "Whoever is signed in to this computer as you can then open the project without the passphrase, also after it locked itself."

// OpenRemembered opens a project with the key that this computer remembers.
func (m *Model) OpenRemembered(path string) {
	if m.doing != "" || m.Keyring == nil {
		return
	}
	m.start("Opening "+filepath.Base(path), nil, func(ctx context.Context) (*workspace.Workspace, error) {
		return workspace.OpenRemembered(ctx, path, m.Keyring, m.options())
	})
}

func (m *Model) options() workspace.OpenOptions {
	return workspace.OpenOptions{User: m.User, Tool: Tool, Anchors: m.Anchors, Beside: true}
}

// Open opens a project. The passphrase is cleared from memory when it has been used.
func (m *Model) Open(path string, passphrase []byte) {
	switch {
	case m.doing != "":
		return
	case path == "":
		m.refuse(File, "Choose the project file first.")
		return
	case len(passphrase) == 0:
		m.refuse(Passphrase, "Enter the project's passphrase.")
		return
	}
	doing := "Opening " + filepath.Base(path)
	if d := workspace.NextTry(path); d > 0 {
		doing = fmt.Sprintf("After wrong passphrases this one waits %s", d.Round(time.Second))
	}
	m.begin(doing)
	remember, held := m.remember && m.Keyring != nil, m.Held(path)
	m.job = job.Start(context.Background(), m.runner, func(ctx context.Context) (opening, error) {
		defer clear(passphrase)
		if held != nil {
			return opening{held, nil}, held.Check(ctx, passphrase)
		}
		w, err := workspace.Open(ctx, path, passphrase, m.options())
		if err != nil || !remember {
			return opening{w, nil}, err
		}
		return opening{w, w.Remember(ctx, m.Keyring)}, nil
	}, func(o opening, err error) {
		m.remember = false
		m.finish(o.workspace, err)
		if o.forgotten != nil {
			m.Tell("This computer does not remember the key", sentence(o.forgotten))
		}
	})
}

// opening is an open project, and why its key could not be remembered.
type opening struct {
	workspace *workspace.Workspace
	forgotten error
}

// SetRemember chooses whether this computer's keyring gets a key of the next project that is opened with a passphrase.
func (m *Model) SetRemember(on bool) { m.remember = on }

// SetCipher chooses what seals the pages of the next project that is made.
func (m *Model) SetCipher(c workspace.Cipher) { m.cipher = c }

// Create makes a new project and opens it. Both passphrases are cleared from memory.
func (m *Model) Create(path, name string, passphrase, again []byte) {
	defer clear(again)
	name = strings.TrimSpace(name)
	switch {
	case m.doing != "":
		return
	case name == "":
		m.refuse(Name, "Give the project a name, such as the two systems that it connects.")
		return
	case path == "":
		m.refuse(File, "Choose where the project's file goes.")
		return
	case !LongEnough(passphrase):
		m.refuse(Passphrase, "Use at least 8 characters. Four or five unrelated words are better still.")
		return
	case string(passphrase) != string(again):
		m.refuse(Again, "The two passphrases differ. Type the same one twice.")
		return
	}
	if filepath.Ext(path) == "" {
		path += Extension
	}
	if folder, err := os.Stat(filepath.Dir(path)); err != nil || !folder.IsDir() {
		m.refuse(File, "There is no folder "+filepath.Dir(path)+". Make it first, or choose another.")
		return
	}
	if _, err := os.Stat(path); err == nil {
		m.refuse(File, "There is a file of this name already. Choose another name, or open that project.")
		return
	}
	m.start("Creating "+filepath.Base(path), passphrase, func(ctx context.Context) (*workspace.Workspace, error) {
		return workspace.Create(ctx, path, passphrase, workspace.CreateOptions{Project: name, User: m.User, Tool: Tool, Cipher: m.cipher, Anchors: m.Anchors})
	})
}

// Run opens a project that is made by make, such as the sample.
func (m *Model) Run(doing string, make func(context.Context, *job.Progress) (*workspace.Workspace, error)) {
	if m.doing != "" {
		return
	}
	m.begin(doing)
	m.job = job.Track(context.Background(), m.runner, doing, make, m.finish)
}

func (m *Model) begin(doing string) {
	m.said = ""
	m.doing, m.field, m.problem = doing, None, ""
	m.Changed()
}

func (m *Model) start(doing string, passphrase []byte, work func(context.Context) (*workspace.Workspace, error)) {
	m.begin(doing)
	m.job = job.Start(context.Background(), m.runner, func(ctx context.Context) (*workspace.Workspace, error) {
		defer clear(passphrase)
		return work(ctx)
	}, m.finish)
}

// Cancel gives up what is under way.
func (m *Model) Cancel() {
	if m.job != nil {
		m.job.Cancel()
	}
}

func (m *Model) finish(w *workspace.Workspace, err error) {
	m.doing, m.job = "", nil
	if err != nil {
		if errors.Is(err, context.Canceled) {
			m.refuse(None, "")
			return
		}
		m.refuse(fieldOf(err), sentence(err))
		return
	}
	m.recent = append([]string{w.Path()}, without(m.recent, w.Path())...)
	m.recent = m.recent[:min(len(m.recent), maxRecent)]
	m.Keep(m.recent)
	m.Changed()
	m.Opened(w)
}

func fieldOf(err error) Field {
	if errors.Is(err, workspace.ErrWrongPassphrase) {
		return Passphrase
	}
	return File
}

// sentence starts an error with a capital letter, unless it starts with a file's name, and ends it with a full stop.
func sentence(err error) string {
	s := strings.TrimPrefix(err.Error(), "workspace: ")
	if s == "" {
		return ""
	}
	if first, _, _ := strings.Cut(s, " "); !strings.Contains(first, ".") {
		r, n := utf8.DecodeRuneInString(s)
		s = strings.ToUpper(string(r)) + s[n:]
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// FileName proposes a file name for a project.
func FileName(project string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(project) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" {
		name = "project"
	}
	return name + Extension
}

// LongEnough says whether a passphrase has the least number of characters that a new project accepts.
func LongEnough(passphrase []byte) bool {
	return utf8.RuneCount(norm.NFC.Bytes(passphrase)) >= workspace.MinPassphrase
}
