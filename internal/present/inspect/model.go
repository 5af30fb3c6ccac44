package inspect

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"trestle/internal/check"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/inplace"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the place needs of a project. A *workspace.Workspace is one.
type Store interface {
	core.Store
	Count(ctx context.Context, q workspace.Query) (int, error)
	IDs(ctx context.Context, q workspace.Query) ([]int64, error)
	Rows(ctx context.Context, ids []int64) ([]workspace.Row, error)
	Message(ctx context.Context, id int64) (workspace.Message, error)
	Messages(ctx context.Context, ids []int64) iter.Seq2[workspace.Message, error]
	Matching(ctx context.Context, q *query.Query, ids []int64, progress func()) ([]int64, error)
	DeleteMessagesProgress(ctx context.Context, ids []int64, progress func(done, total int)) error
	Note(ctx context.Context, id int64) (string, error)
	SetNote(ctx context.Context, id int64, text string) error
	SetTags(ctx context.Context, id int64, tags []string) error
	Documents(ctx context.Context, kind workspace.DocumentKind) ([]workspace.Document, error)
	Document(ctx context.Context, kind workspace.DocumentKind, name string) (workspace.Document, error)
	PutDocument(ctx context.Context, kind workspace.DocumentKind, name string, bytes []byte, revision int64) (workspace.Document, error)
	DeleteDocument(ctx context.Context, kind workspace.DocumentKind, name string, revision int64) error
	Setting(ctx context.Context, key string) (value string, ok bool, err error)
	SetSetting(ctx context.Context, key, value string) error
	LogExport(ctx context.Context, what string, count int, destination string) error
}

// What names the parts of the place that have changed, as a set.
type What uint16

// The parts.
const (
	List       What = 1 << iota // rows, their number or their order
	Message                     // another message is open
	Cursor                      // the cursor moved in the open message
	Tree                        // rows of the tree opened or closed
	Findings                    // another finding is chosen
	Notice                      // the strip above the list
	Remarks                     // note and tags of the open message
	Mask                        // the mask was put on or taken off
	Columns                     // the list shows other columns
	Cards                       // the cards of the open message were read
	Statistics                  // a field is being counted, or has been
	Place                       // a file is open in place, or another, or none; or the project is shown instead
	Agreement                   // another profile is chosen, or its gaps or decisions are others
	All        What = 1<<iota - 1
)

// Tone is how a notice is meant.
type Tone uint8

// The tones.
const (
	Quiet Tone = iota
	Success
	Caution
	Failure
)

// NoticeText is news for the strip above the list. An empty Text means no strip.
type NoticeText struct {
	Tone   Tone
	Text   string
	Detail string // more lines, shown on demand
	Undo   string // what can be taken back with TakeBack, "" for nothing
	Other  string // what can be done instead with Instead, "" for nothing
}

// Model is the state of the place. Make it with New.
type Model struct {
	// Changed tells the view what to redraw. It is called on the goroutine of the screen.
	Changed func(What)
	// OpenFile opens a file that was written in the program that the system has for it.
	OpenFile func(path string)

	runner *job.Runner
	store  Store
	ctx    context.Context
	end    context.CancelFunc

	list       list
	saved      filters
	open       opened
	opening    job.Latest
	shown      func()           // what is to be done when the message that is being opened shows
	drafts     map[int64]*draft // by message
	checking   job.Latest       // of a draft
	keeping    job.Latest       // of the drafts
	cards      bool             // the message is shown as cards
	reading    job.Latest       // of the cards
	showing    job.Latest       // of a document
	chaining   job.Latest       // of the messages about an appointment
	previewing job.Latest       // of what is written
	typing     bool             // the raw view takes letters
	tree       treeRows
	form       formRows
	agreed     agreement
	findings   findingRows
	counting   counting
	notice     NoticeText
	fhir       *fhirview.Model
	validity   *job.Job // checks the open resource, nil while nothing does
	visits     []visit  // where references were followed from
	landing    visit    // where the cursor is to be put in the message that is being opened
	other      func()   // what Instead does
	undo       func()   // takes back what the notice speaks of
	masked     bool
	unwritten  map[string]string // choices that are still to be kept in the project
	writing    bool              // some are being kept
	wraps      bool              // the raw view breaks long segments
	began      bool              // what is read once has been asked for
	fixed      bool              // what it shows is read where it lies and stays as it is
	file       *InPlace          // beside the project, nil for none
	placing    int               // which file was asked for last
}

// New returns the place over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func(What) {}, OpenFile: func(string) {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	m.list = newList(m)
	m.tree.m, m.form.m, m.findings.m = m, m, m
	m.open.none()
	m.fhir = m.newFHIR()
	return m
}

// Close ends the work that the place has under way. Results that come later are dropped.
func (m *Model) Close() {
	m.CloseFile()
	m.end()
	m.Changed = func(What) {}
}

// Fixed says whether what the place shows is read where it lies, and stays as it is: see InPlace.
func (m *Model) Fixed() bool { return m.fixed }

// Notice is the news to show.
func (m *Model) Notice() NoticeText { return m.notice }

// Dismiss takes the news away.
func (m *Model) Dismiss() { m.say(NoticeText{}) }

// TakeBack takes back what the notice speaks of.
func (m *Model) TakeBack() {
	if undo := m.undo; undo != nil {
		m.undo = nil
		undo()
	}
}

// Instead does what the notice offers instead.
func (m *Model) Instead() {
	if other := m.other; other != nil {
		m.other = nil
		other()
	}
}

func (m *Model) say(n NoticeText) {
	m.notice, m.undo, m.other = n, nil, nil
	m.Changed(Notice)
}

// settled takes away good news that has been read: the user has gone on. What can be taken back stays.
func (m *Model) settled() {
	if m.notice.Tone == Success && m.notice.Undo == "" {
		m.say(NoticeText{})
	}
}

func (m *Model) fail(doing string, err error) {
	n := NoticeText{Tone: Failure, Text: doing + ": " + err.Error()}
	s, fixed := m.store.(*fileStore)
	if !fixed {
		m.say(n)
		return
	}
	if m.masked { // the file's name may hold a patient's
		n.Text = strings.ReplaceAll(n.Text, s.file.Name(), "the file")
	}
	if !errors.Is(err, inplace.ErrChanged) {
		m.say(n)
		return
	}
	n.Other = "Open it again"
	m.say(n)
	m.other = s.again
}

// Masked says whether patient data is hidden on the screen.
func (m *Model) Masked() bool { return m.masked }

// SetMasked hides patient data on the screen, or shows it.
func (m *Model) SetMasked(on bool) {
	if m.masked != on {
		m.masked = on
		m.open.render(on)
		m.fhir.SetMasked(on)
		if on {
			m.say(NoticeText{}) // it may name a file
		}
		if m.file != nil {
			m.file.messages.SetMasked(on)
		}
		m.Changed(Mask | List | Message | Tree | Findings | Remarks | Statistics | Cards | Place | Agreement)
	}
}

// Status is the line that says where the cursor is: the path, its name and the findings of the message.
func (m *Model) Status() (where string, counts [check.Severities]int, ok bool) {
	if m.open.id == 0 {
		return "", counts, false
	}
	path := m.open.path
	if m.fhir.IsOpen() {
		if where := m.fhir.Where(); where != "" {
			return where, m.open.counts, true
		}
	}
	if path.Segment == "" {
		return fmt.Sprintf("offset %d of %d", m.open.cursor, len(m.open.bytes)), m.open.counts, true
	}
	where = path.String()
	if name := m.open.version.NameOf(path); name != "" {
		where += "  " + name
	}
	return where, m.open.counts, true
}

// countWords lists findings by severity in words, worst first: "2 errors, 1 warning".
func countWords(c [check.Severities]int) string {
	var parts []string
	for _, s := range []struct {
		severity check.Severity
		one      string
	}{{check.Fatal, "fatal"}, {check.Error, "error"}, {check.Warning, "warning"}} {
		switch n := c[s.severity]; {
		case n > 0 && s.severity == check.Fatal:
			parts = append(parts, screen.Count(n)+" fatal")
		case n > 0:
			parts = append(parts, screen.Plural(n, s.one))
		}
	}
	if len(parts) == 0 {
		if c[check.Information] > 0 {
			return "information only"
		}
		return "no findings"
	}
	return strings.Join(parts, ", ")
}
