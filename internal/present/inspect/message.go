package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/format"
	"trestle/internal/hl7"
	core "trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// opened is the message that the place shows.
type opened struct {
	id       int64 // 0: none
	row      workspace.Row
	bytes    []byte
	isHL7    bool
	kind     string // what format the bytes are
	isFHIR   bool   // fhirview draws it
	message  *hl7.Message
	version  *dictionary.Version
	exact    bool // the dictionary has the version that the message names
	findings []check.Finding
	counts   [check.Severities]int
	note     string

	container []check.Finding // what the file said that it came in

	drawing  *message.Drawing
	raw, hex screen.Text
	hexView  bool
	cards    []cardRow // where they are shown
	card     cardChoice
	heads    []int // of cards: the rows that begin one

	cursor  int
	path    hl7.Path
	current [2]int // bytes of the value that the cursor is in
}

func (o *opened) none() {
	v, _ := dictionary.For("")
	*o = opened{message: hl7.Parse(nil), version: v, hexView: o.hexView}
	o.render(false)
}

// render makes the raw and the hex view of the open message.
func (o *opened) render(masked bool) {
	o.drawing = &message.Drawing{Bytes: o.bytes, IsHL7: o.isHL7, Message: o.message, Version: o.version}
	if o.isFHIR {
		o.drawing.Bytes = nil
	}
	if masked {
		o.drawing.Judge(o.findings)
	}
	o.raw, o.hex = o.drawing.Raw(masked), o.drawing.Hex(masked)
}

// loaded is what the background brings for one message.
type loaded struct {
	message  workspace.Message
	parsed   *hl7.Message
	version  *dictionary.Version
	exact    bool
	isHL7    bool
	findings []check.Finding
	rules    check.Rules // that it was checked against
	note     string
	fhir     *fhirview.Prepared // of a FHIR resource
	checked  bool               // the findings are complete
}

// Select opens the message of a row. The last message stays until the new one is there.
func (m *Model) Select(row int) {
	if row < 0 || row >= len(m.list.ids) {
		return
	}
	m.list.selected = row
	m.settled()
	m.Changed(List)
	m.load(m.list.ids[row])
}

// Move selects the row n further down, or up if n is negative.
func (m *Model) Move(n int) {
	if last := len(m.list.ids) - 1; last >= 0 {
		m.Select(max(0, min(last, m.list.selected+n)))
	}
}

func (m *Model) load(id int64) {
	m.shown = nil
	rules, masked := m.rules(), m.masked
	job.StartLatest(m.ctx, m.runner, &m.opening, func(ctx context.Context) (loaded, error) {
		msg, err := m.store.Message(ctx, id)
		if err != nil {
			return loaded{}, err
		}
		note, err := m.store.Note(ctx, id)
		if err != nil {
			return loaded{}, err
		}
		l := examine(ctx, msg, rules, masked)
		l.note = note
		return l, nil
	}, func(l loaded, err error) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.fail("Could not open the message", err)
			}
			return
		}
		m.show(id, l)
	})
}

// examine reads a stored message: off the goroutine of the screen. What the container said was stored with it; what the
// message says is found anew, by the rules of this program.
func examine(ctx context.Context, msg workspace.Message, rules check.Rules, masked bool) loaded {
	if core.IsFHIR(msg.Format) {
		return examineResource(ctx, msg, masked)
	}
	l := loaded{message: msg, parsed: hl7.Parse(msg.Bytes), rules: rules, checked: true}
	l.isHL7 = format.Kind(msg.Format).IsHL7v2()
	l.version, l.exact = dictionary.For(msg.Version)
	l.findings = slices.Clone(msg.Container)
	if msg.Format == string(format.HL7v2) {
		l.findings = append(l.findings, check.Message(l.parsed, check.Options{Rules: rules, Truncated: check.CutOff(msg.Container)})...)
	}
	return l
}

func (m *Model) show(id int64, l loaded) {
	hex := m.open.hexView
	m.open = opened{
		id: id, row: l.message.Row, bytes: l.message.Bytes, isHL7: l.isHL7, isFHIR: l.fhir != nil, message: l.parsed,
		version: l.version, exact: l.exact, findings: l.findings, counts: check.Count(l.findings), note: l.note,
		hexView: hex, kind: l.message.Format, container: l.message.Container,
	}
	m.open.render(m.masked)
	m.showResource(l)
	m.tree.reset()
	m.place(m.land(id, m.findings.reset()))
	m.tree.follow()
	m.readCards()
	m.Changed(Message | Tree | Findings | Cursor | Remarks | Cards)
	if d := m.drafts[id]; d != nil {
		m.resume(d)
	}
	if l.rules != m.rules() { // another profile was chosen meanwhile
		m.recheck()
	}
	if then := m.shown; then != nil {
		m.shown = nil
		then()
	}
}

// Open is the message that is open, 0 for none.
func (m *Model) Open() int64 { return m.open.id }

// IsOpen says whether a message is open.
func (m *Model) IsOpen() bool { return m.open.id != 0 }

// Title is the open message in one line: type, control ID, time, where it came from.
func (m *Model) Title() (kind, detail string) {
	o := &m.open
	if o.id == 0 {
		return "", ""
	}
	r := o.row
	if m.fhir.IsOpen() {
		kind, detail = m.fhir.Title()
		detail += "  ·  " + bytesWords(len(o.bytes))
		if !m.masked { // a file's name may hold a patient's
			detail += "  ·  from " + r.Source
		}
		return kind, detail
	}
	kind = typeCell(r).Text
	if r.Structure != "" && o.isHL7 {
		if name, ok := o.version.Trigger(r.Trigger); ok {
			kind += "  " + name
		}
	}
	var parts []string
	if r.ControlID != "" {
		parts = append(parts, r.ControlID)
	}
	if t := readableTime(r.Time); t != "" {
		parts = append(parts, t)
	}
	if o.isHL7 {
		parts = append(parts, versionWords(r.Version, o.version, o.exact))
	}
	parts = append(parts, bytesWords(len(o.bytes)))
	if !m.masked { // a file's name may hold a patient's
		parts = append(parts, "from "+r.Source)
	}
	return kind, strings.Join(parts, "  ·  ")
}

// versionWords says which dictionary a message is read with, where that is not the one it names.
func versionWords(named string, v *dictionary.Version, exact bool) string {
	used := "v" + v.Name
	if v.Draft {
		used += " (draft)"
	}
	switch {
	case named == "":
		return "no version, read as " + used
	case !exact:
		return fmt.Sprintf("version %q, read as %s", named, used)
	}
	return used
}

func bytesWords(n int) string {
	switch {
	case n < 10_000:
		return screen.Plural(n, "byte")
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Text is the open message as the raw or the hex view shows it.
func (m *Model) Text() screen.Text {
	if m.open.hexView {
		return m.open.hex
	}
	return m.open.raw
}

// Hex says whether the message is shown as hex.
func (m *Model) Hex() bool { return m.open.hexView }

// SetHex chooses between raw and hex.
func (m *Model) SetHex(on bool) {
	if m.open.hexView != on {
		m.open.hexView = on
		m.Changed(Message | Cursor)
	}
}

// Raw is the open message's bytes; do not change them.
func (m *Model) Raw() []byte { return m.open.bytes }

// Cursor is the byte offset of the cursor, and the range of the value that it is in.
func (m *Model) Cursor() (offset, from, to int) {
	return m.open.cursor, m.open.current[0], m.open.current[1]
}

// Path is the path of the value that the cursor is in, "" outside any.
func (m *Model) Path() string {
	if m.fhir.IsOpen() {
		return m.fhir.Path()
	}
	if m.open.path.Segment == "" {
		return ""
	}
	return m.open.path.String()
}

// MoveTo puts the cursor on a byte of the message. Tree and findings follow.
func (m *Model) MoveTo(offset int) {
	if m.open.id == 0 {
		return
	}
	m.place(offset)
	m.tree.follow()
	m.findings.follow()
	m.Changed(Cursor | Tree | Findings)
}

// place moves the cursor and finds the value there.
func (m *Model) place(offset int) {
	o := &m.open
	o.cursor = max(0, min(offset, len(o.bytes)))
	o.path, o.current = hl7.Path{}, [2]int{o.cursor, o.cursor}
	if o.isFHIR {
		o.current[0], o.current[1] = m.fhir.Follow(o.cursor)
	}
	if !o.isHL7 {
		return
	}
	o.path = o.message.Locate(o.cursor)
	if o.path.Segment == "" {
		return
	}
	if o.path.Field == 0 {
		if s, ok := o.message.SegmentAt(o.cursor); ok {
			o.current = [2]int{s.Offset(), s.End()}
		}
		return
	}
	if v := o.message.Get(o.path); v.IsPresent() {
		o.current = [2]int{v.Offset(), v.End()}
	}
}

// Step moves the cursor to the next field (n=1) or the one before (n=-1) that holds something.
func (m *Model) Step(n int) {
	o := &m.open
	if o.id == 0 || !o.isHL7 {
		return
	}
	at, ok := o.message.SegmentAt(o.cursor)
	if !ok {
		return
	}
	field := o.path.Field
	for i := at.Index(); i >= 0 && i < o.message.Len(); i += n {
		s := o.message.Segment(i)
		for f := nextField(field, n, s.Fields()); f >= 1 && f <= s.Fields(); f += n {
			if v := s.Field(f); v.State() == hl7.Valued || v.State() == hl7.Null {
				m.MoveTo(v.Offset())
				return
			}
		}
		field = 0
	}
}

// nextField is the field to look at after field, 0 standing for "enter the segment from outside".
func nextField(field, n, last int) int {
	if n > 0 {
		return field + 1
	}
	if field == 0 {
		return last
	}
	return field - 1
}

// FieldAt is the byte range that a double click takes (the value at the offset) or a triple click (its segment).
func (m *Model) FieldAt(offset, clicks int) (from, to int) {
	o := &m.open
	if !o.isHL7 {
		line, _ := o.raw.Position(offset)
		return o.raw.Offset(line, 0), o.raw.Offset(line, o.raw.Columns(line))
	}
	s, ok := o.message.SegmentAt(offset)
	if !ok {
		return offset, offset
	}
	if clicks < 3 {
		if p := o.message.Locate(offset); p.Field > 0 {
			if v := o.message.Get(p); v.IsPresent() {
				return v.Offset(), v.End()
			}
		}
	}
	return s.Offset(), s.End()
}

// Marks are what the raw view underlines: findings, and the value under the cursor.
func (m *Model) Marks() []screen.Mark {
	o := &m.open
	marks := make([]screen.Mark, 0, len(o.findings)+1)
	if o.current[1] > o.current[0] && o.path.Field > 0 {
		marks = append(marks, screen.Mark{From: o.current[0], To: o.current[1], Kind: screen.MarkCursorField})
	}
	for _, f := range o.findings {
		kind := screen.MarkInformation
		switch f.Severity {
		case check.Error, check.Fatal:
			kind = screen.MarkError
		case check.Warning:
			kind = screen.MarkWarning
		}
		if f.Length > 0 && f.Length < len(o.bytes) {
			marks = append(marks, screen.Mark{From: f.Offset, To: f.Offset + f.Length, Kind: kind})
		}
	}
	return marks
}
