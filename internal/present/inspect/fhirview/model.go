package fhirview

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"trestle/internal/check"
	"trestle/internal/fhir"
	"trestle/internal/inspect/resource"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// What names the parts of the view that have changed, as a set.
type What uint8

// The parts.
const (
	Text    What = 1 << iota // another text is shown, or the same under the mask
	Cursor                   // the cursor moved
	Tree                     // rows of the tree opened or closed
	Answers                  // the FHIRPath line has an answer, or waits for one
	Entries                  // the table of entries
	Cards                    // the cards were read
	All     What = 1<<iota - 1
)

// Mode is what the upper part shows.
type Mode uint8

// The modes.
const (
	JSON Mode = iota
	XML
	Hex
	CardMode
	EntryMode
)

// Model is the open resource. It belongs to the goroutine of the screen.
type Model struct {
	// Changed tells the view what to redraw.
	Changed func(What)
	// Go moves the cursor of the place.
	Go func(offset int)
	// Leave opens a resource that lies elsewhere in the project.
	Leave func(typ, id string)
	// Visit remembers where the cursor is, before a reference is followed.
	Visit func()
	// Fail tells what could not be done.
	Fail func(doing string, err error)

	ctx    context.Context
	runner *job.Runner

	doc      *resource.Document // nil: no resource is open
	plain    screen.Text
	veiled   screen.Text    // what the mask lets be read, nil until it is known
	shown    screen.Text    // one of the two
	hexes    [2]screen.Text // without and with the mask, once they were asked for
	veiling  job.Latest
	masked   bool
	mode     Mode
	other    converted
	turning  job.Latest
	findings []check.Finding
	bad      map[int]badness // by entry
	chain    []resource.Element
	cursor   int

	tree    treeRows
	asked   question
	asking  job.Latest
	entries entryRows
	sifting job.Latest
	cards   []cardRow
	reading job.Latest
	carded  bool // the cards were read
}

// New returns the view. Its work ends with ctx.
func New(ctx context.Context, runner *job.Runner) *Model {
	m := &Model{ctx: ctx, runner: runner, Changed: func(What) {}, Go: func(int) {}, Leave: func(string, string) {}, Visit: func() {}, Fail: func(string, error) {}}
	m.tree.m, m.entries.m = m, m
	m.none()
	return m
}

func (m *Model) none() {
	m.doc, m.plain, m.veiled = nil, screen.NewBytes(nil, screen.BytesOptions{}), nil
	m.shown, m.hexes = m.plain, [2]screen.Text{}
	m.other = converted{}
	m.findings, m.bad, m.chain, m.cursor = nil, nil, nil, 0
	m.cards, m.carded = nil, false
	m.tree.reset()
	m.entries.reset()
	m.asked.forget()
}

// Prepared is a resource with what takes time to make of it. It may be made in the background.
type Prepared struct {
	doc    *resource.Document
	plain  screen.Text
	veiled screen.Text // nil if it was not asked for
}

// Prepare makes the text of a resource, and with masked what the mask lets be read of it.
func Prepare(doc *resource.Document, masked bool) Prepared {
	p := Prepared{doc: doc, plain: textOf(doc)}
	if masked {
		p.veiled = veil(doc)
	}
	return p
}

// Open shows a resource. What it showed before is forgotten, but for the mode and the FHIRPath expression.
func (m *Model) Open(p Prepared) {
	m.cancel()
	m.none()
	m.doc, m.plain, m.veiled = p.doc, p.plain, p.veiled
	if m.mode == EntryMode && !m.IsBundle() {
		m.mode = m.Own()
	}
	if m.mode == JSON && p.doc.XML || m.mode == XML && !p.doc.XML {
		m.mode = m.Own()
	}
	m.draw()
	m.tree.rebuild()
	m.sift()
	m.ask()
	m.readCards()
	m.Changed(All)
}

// Close shows nothing.
func (m *Model) Close() {
	if m.doc != nil {
		m.cancel()
		m.none()
		m.Changed(All)
	}
}

func (m *Model) cancel() {
	for _, l := range []*job.Latest{&m.veiling, &m.turning, &m.asking, &m.sifting, &m.reading} {
		l.Cancel()
	}
}

// IsOpen says whether a resource is open.
func (m *Model) IsOpen() bool { return m.doc != nil }

// Document is the open resource, nil for none.
func (m *Model) Document() *resource.Document { return m.doc }

// IsBundle says whether the open resource is a Bundle.
func (m *Model) IsBundle() bool { return m.doc != nil && m.doc.Type() == "Bundle" }

// Own is the mode of the text as it came.
func (m *Model) Own() Mode {
	if m.doc != nil && m.doc.XML {
		return XML
	}
	return JSON
}

// Mode is what the upper part shows.
func (m *Model) Mode() Mode { return m.mode }

// SetMode chooses what the upper part shows.
func (m *Model) SetMode(mode Mode) {
	if m.mode == mode || m.doc == nil || mode == EntryMode && !m.IsBundle() {
		return
	}
	m.mode = mode
	m.convert()
	m.readCards()
	m.Changed(Text | Cursor | Entries | Cards)
}

// SetFindings tells what is wrong with the resource, once that is known.
func (m *Model) SetFindings(found []check.Finding) {
	m.findings = found
	m.bad = map[int]badness{}
	if m.doc != nil {
		for _, f := range found {
			if i := m.doc.EntryAt(f.Offset); i >= 0 && f.Severity > check.Information {
				b := m.bad[i]
				b.count++
				b.worst = max(b.worst, f.Severity)
				m.bad[i] = b
			}
		}
	}
	m.Changed(Text | Tree | Entries)
}

// badness is how bad an entry is.
type badness struct {
	count int
	worst check.Severity
}

// SetMasked hides patient data on the screen, or shows it.
func (m *Model) SetMasked(on bool) {
	if m.masked != on {
		m.masked = on
		if m.doc != nil {
			m.draw()
			m.other = converted{}
			m.convert()
		}
		m.Changed(All)
	}
}

// draw chooses the text that is shown. Under the mask nothing shows until it is known what may be read.
func (m *Model) draw() {
	m.shown = m.plain
	if !m.masked {
		return
	}
	if m.shown = m.veiled; m.veiled != nil {
		return
	}
	m.shown = screen.NewBytes(nil, screen.BytesOptions{})
	doc := m.doc
	job.StartLatest(m.ctx, m.runner, &m.veiling, func(context.Context) (screen.Text, error) { return veil(doc), nil }, func(t screen.Text, err error) {
		if err == nil && m.doc == doc {
			m.veiled = t
			m.draw()
			m.Changed(Text | Cursor)
		}
	})
}

// Text is what the raw view shows.
func (m *Model) Text() screen.Text {
	switch {
	case m.mode == Hex:
		return m.hexText()
	case m.converted() && m.other.doc != nil:
		return m.other.shown
	}
	return m.shown
}

// converted says whether the text is that of the other format.
func (m *Model) converted() bool {
	return m.doc != nil && (m.mode == JSON || m.mode == XML) && m.mode != m.Own()
}

// Follow puts the view where the cursor of the place is. It returns the bytes of the element there.
func (m *Model) Follow(offset int) (from, to int) {
	if m.doc == nil {
		return offset, offset
	}
	m.cursor = offset
	m.chain = m.doc.Chain(offset)
	m.tree.follow()
	m.markEntry()
	m.Changed(Cursor | Tree)
	if e, ok := m.element(); ok && e.Node.End > e.Node.Off {
		return e.Node.Off, e.Node.End
	}
	return offset, offset
}

// element is the one that the cursor is in.
func (m *Model) element() (resource.Element, bool) {
	if len(m.chain) == 0 {
		return resource.Element{}, false
	}
	return m.chain[len(m.chain)-1], true
}

// Path is the path of the element that the cursor is in, "" outside any. Under the mask it ends before what FHIR does not define,
// whose name may say anything.
func (m *Model) Path() string {
	path := ""
	if m.masked && m.doc != nil && !m.doc.Definitions.IsResource(m.doc.Type()) {
		return ""
	}
	for i := range m.chain {
		if m.masked && i > 0 && !m.chain[i].Known() {
			break
		}
		path = m.chain[i].Path()
	}
	return path
}

// Where is the path with what the definitions call the element.
func (m *Model) Where() string {
	path := m.Path()
	if e, ok := m.element(); ok && e.Def != nil && e.Def.Short != "" && path == e.Path() {
		return path + "  " + e.Def.Short
	}
	return path
}

// Title is the open resource in one line: what it is, and how much.
func (m *Model) Title() (kind, detail string) {
	if m.doc == nil {
		return "", ""
	}
	f := m.doc.Facts()
	kind = f.Type
	if m.masked && !SaysType(f.Type, f.Kind) {
		return "FHIR resource", "R4"
	}
	var parts []string
	switch {
	case f.Type == "":
		kind = "not readable as FHIR"
	case f.Type == "Bundle":
		kind += "  " + f.Kind
		parts = append(parts, screen.Plural(f.Count, "entry"))
	}
	if f.ID != "" && !m.masked {
		parts = append(parts, f.ID)
	}
	format := "JSON"
	if m.doc.XML {
		format = "XML"
	}
	return kind, strings.Join(append(parts, "FHIR R4, "+format), "  ·  ")
}

// SaysType says whether the type of a resource and the kind of a Bundle are those of FHIR: anything else may say something about
// a person.
func SaysType(typ, kind string) bool {
	d := fhir.R4()
	return (typ == "" || d.IsResource(typ)) && (kind == "" || d.MemberOf(bundleKinds, "", kind) == fhir.Member)
}

// bundleKinds is the value set of Bundle.type.
const bundleKinds = "http://hl7.org/fhir/ValueSet/bundle-type"

// longestMark is how many bytes of a finding are underlined.
const longestMark = 240

// Marks are what the raw view underlines: findings, answers, and the element under the cursor.
func (m *Model) Marks() []screen.Mark {
	if m.doc == nil || m.mode == CardMode || m.mode == EntryMode {
		return nil
	}
	if m.converted() {
		if from, to, ok := m.other.span(m.Path()); ok {
			return []screen.Mark{{From: from, To: to, Kind: screen.MarkCursorField}}
		}
		return nil
	}
	var marks []screen.Mark
	if e, ok := m.element(); ok && len(m.chain) > 1 && e.Node.End > e.Node.Off {
		marks = append(marks, screen.Mark{From: e.Node.Off, To: e.Node.End, Kind: screen.MarkCursorField})
	}
	marks = append(marks, m.asked.marks()...)
	for _, f := range m.findings {
		kind := screen.MarkInformation
		switch f.Severity {
		case check.Error, check.Fatal:
			kind = screen.MarkError
		case check.Warning:
			kind = screen.MarkWarning
		}
		switch {
		case f.Length > longestMark: // of a whole element its beginning: lines and lines of underline say nothing
			marks = append(marks, screen.Mark{From: f.Offset, To: f.Offset + 1, Kind: kind})
		case f.Length > 0:
			marks = append(marks, screen.Mark{From: f.Offset, To: f.Offset + f.Length, Kind: kind})
		}
	}
	return marks
}

// CursorShown is where the cursor stands in the text that is shown.
func (m *Model) CursorShown() int {
	if m.converted() {
		from, _, _ := m.other.span(m.Path())
		return from
	}
	return m.cursor
}

// MoveTo moves the cursor to a byte of the text that is shown.
func (m *Model) MoveTo(offset int) {
	if m.doc == nil {
		return
	}
	if m.converted() {
		if m.other.doc != nil {
			if e, ok := m.other.doc.At(offset); ok {
				m.goTo(e.Path())
			}
		}
		return
	}
	m.Go(offset)
}

// goTo moves the cursor to the element at a path.
func (m *Model) goTo(path string) {
	if e, ok := m.doc.Find(path); ok && e.Node != nil {
		m.Go(e.Node.Off)
	}
}

// fail tells of an error that is none of the user's making.
func (m *Model) fail(doing string, err error) {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, job.ErrClosed) {
		m.Fail(doing, err)
	}
}

// HintAt says in one line what stands at a byte of the text that is shown.
func (m *Model) HintAt(offset int) string {
	doc := m.doc
	if m.converted() {
		doc = m.other.doc
	}
	if doc == nil || offset < 0 || m.mode == Hex {
		return ""
	}
	e, ok := doc.At(offset)
	if !ok || e.Def == nil {
		return ""
	}
	return strings.Join([]string{e.Path(), fmt.Sprintf("%s %s", e.Cardinality(), e.Type), e.Def.Short}, "  ·  ")
}

// ElementAt is the byte range that a double click takes: the value at the offset; or a triple click: what it lies in.
func (m *Model) ElementAt(offset, clicks int) (from, to int) {
	doc := m.doc
	if m.converted() {
		doc = m.other.doc
	}
	if doc == nil {
		return offset, offset
	}
	chain := doc.Chain(offset)
	if len(chain) == 0 {
		return offset, offset
	}
	n := chain[max(0, len(chain)-max(1, clicks-1))].Node
	return n.Off, n.End
}
