package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Column ids of the list. Those that the store sorts by have its names.
const (
	colFindings = "severity"
	colType     = "type"
	colMRN      = "mrn"
	colName     = "name"
	colControl  = "control"
	colTime     = "time"
	colSource   = "source"
)

// column is one column of the list: what is known of every message, or the value at a path.
type column struct {
	screen.Column
	cell func(r *listRow, masked bool) screen.Cell
	text func(r *listRow) string // what is exported, where that is not what shows
}

// listRow is a row with what stands at the paths of the columns.
type listRow struct {
	workspace.Row
	values []pathValue
}

// pathValue is what a message has at a path of the columns.
type pathValue struct {
	text   string // of the first value
	all    string // of all values, with ~ between them
	more   int    // how many further values there are
	null   bool
	hidden bool // the mask hides it
}

func (v pathValue) cell(masked bool) screen.Cell {
	switch {
	case v.null:
		return screen.Cell{Text: `""`, Role: screen.RoleNull}
	case v.text == "":
		return screen.Cell{}
	}
	text := oneLine([]byte(v.text))
	if v.more > 0 {
		text += fmt.Sprintf("  +%d", v.more)
	}
	return screen.Cell{Text: text, Masked: masked && v.hidden}
}

// plainText makes the cell of a text that says nothing about a person; what is longer than an envelope's values is hidden all
// the same, as it may be something else that ran into the field.
func plainText(of func(*listRow) string) func(*listRow, bool) screen.Cell {
	return func(r *listRow, masked bool) screen.Cell {
		text := of(r)
		return screen.Cell{Text: text, Role: screen.RoleMuted, Masked: masked && len(text) > message.LongestEnvelope}
	}
}

// personal makes the cell of a text that is a person's.
func personal(role screen.Role, of func(*listRow) string) func(*listRow, bool) screen.Cell {
	return func(r *listRow, masked bool) screen.Cell {
		text := of(r)
		return screen.Cell{Text: text, Role: role, Masked: masked && text != ""}
	}
}

// knownColumns are the columns that need no look into the message, in the order in which they are offered.
var knownColumns = sortable([]column{
	{Column: screen.Column{ID: colFindings, Title: "Worst", Width: 64, MinWidth: 40}, cell: func(r *listRow, _ bool) screen.Cell { return findingsCell(r.Counts) }},
	{Column: screen.Column{ID: colType, Title: "Type", Width: 80, MinWidth: 48, Mono: true}, cell: func(r *listRow, masked bool) screen.Cell {
		cell := typeCell(r.Row)
		cell.Masked = masked && core.IsFHIR(r.Format) && r.Type != "" && !fhirview.SaysType(r.Type, r.Structure)
		return cell
	}},
	{Column: screen.Column{ID: colMRN, Title: "MRN", Width: 84, MinWidth: 48, Mono: true}, cell: personal("", func(r *listRow) string { return r.MRN })},
	{Column: screen.Column{ID: colName, Title: "Patient", Width: 120, MinWidth: 100, Flex: true}, cell: personal("", func(r *listRow) string { return r.Name })},
	{Column: screen.Column{ID: colControl, Title: "Control ID", Width: 96, MinWidth: 48, Mono: true}, cell: func(r *listRow, masked bool) screen.Cell {
		cell := plainText(func(r *listRow) string { return r.ControlID })(r, masked)
		cell.Masked = cell.Masked || masked && core.IsFHIR(r.Format) && r.ControlID != "" // people number resources by their patients
		return cell
	}},
	{Column: screen.Column{ID: colTime, Title: "Message time", Width: 124, MinWidth: 60, Mono: true}, cell: plainText(func(r *listRow) string { return readableTime(r.Time) })},
	// A file's name may hold a patient's.
	{Column: screen.Column{ID: colSource, Title: "Source", Width: 120, MinWidth: 120, Flex: true}, cell: func(r *listRow, masked bool) screen.Cell {
		return screen.Cell{Text: r.Source, Role: screen.RoleMuted, Masked: masked}
	}},
	{Column: screen.Column{ID: "account", Title: "Account", Width: 90, MinWidth: 48, Mono: true}, cell: personal("", func(r *listRow) string { return r.Account })},
	{Column: screen.Column{ID: "visit", Title: "Visit", Width: 90, MinWidth: 48, Mono: true}, cell: personal("", func(r *listRow) string { return r.Visit })},
	{Column: screen.Column{ID: "structure", Title: "Structure", Width: 90, MinWidth: 48, Mono: true}, cell: plainText(func(r *listRow) string { return r.Structure })},
	{Column: screen.Column{ID: "version", Title: "Version", Width: 60, MinWidth: 40, Mono: true}, cell: plainText(func(r *listRow) string { return r.Version })},
	{Column: screen.Column{ID: "sender", Title: "Sender", Width: 110, MinWidth: 48}, cell: plainText(func(r *listRow) string { return joined(r.SendingApplication, r.SendingFacility) })},
	{Column: screen.Column{ID: "receiver", Title: "Receiver", Width: 110, MinWidth: 48}, cell: plainText(func(r *listRow) string { return joined(r.ReceivingApplication, r.ReceivingFacility) })},
	{Column: screen.Column{ID: "size", Title: "Bytes", Width: 70, MinWidth: 40, Right: true}, cell: plainText(func(r *listRow) string { return screen.Count(r.Size) })},
	{Column: screen.Column{ID: "segments", Title: "Segments", Width: 66, MinWidth: 40, Right: true}, cell: plainText(func(r *listRow) string { return strconv.Itoa(r.Segments) })},
	{Column: screen.Column{ID: "received", Title: "Came in", Width: 124, MinWidth: 60, Mono: true}, cell: plainText(func(r *listRow) string { return r.Received.Local().Format("2006-01-02 15:04") })},
	{Column: screen.Column{ID: "tags", Title: "Tags", Width: 100, MinWidth: 40}, cell: personal(screen.RoleMuted, func(r *listRow) string { return strings.Join(r.Tags, ", ") })},
})

// joined writes an application and its facility.
func joined(application, facility string) string {
	if facility == "" {
		return application
	}
	return application + " · " + facility
}

// defaultColumns are shown until the user chooses others.
var defaultColumns = []string{colFindings, colType, colMRN, colName, colControl, colTime, colSource}

// sortable marks the columns by which the store cannot sort.
func sortable(columns []column) []column {
	sorts := workspace.Sorts()
	for i := range columns {
		columns[i].Fixed = !slices.Contains(sorts, columns[i].ID)
	}
	return columns
}

// columnSet is the columns that the list shows.
type columnSet struct {
	ids   []string
	all   []column
	grid  []screen.Column
	paths []hl7.Path // of those that need a look into the message
}

// makeColumns makes the columns of ids. One that is neither known nor a path, as another version of the program may have
// kept it, is left out.
func makeColumns(ids []string) columnSet {
	var s columnSet
	for _, id := range ids {
		if slices.Contains(s.ids, id) {
			continue
		}
		c, ok := columnOf(id, len(s.paths))
		if !ok {
			continue
		}
		if path, err := ColumnPath(id); err == nil {
			s.paths = append(s.paths, path)
		}
		s.ids, s.all, s.grid = append(s.ids, id), append(s.all, c), append(s.grid, c.Column)
	}
	return s
}

func columnOf(id string, place int) (column, bool) {
	if i := slices.IndexFunc(knownColumns, func(c column) bool { return c.ID == id }); i >= 0 {
		return knownColumns[i], true
	}
	path, err := ColumnPath(id)
	if err != nil {
		return column{}, false
	}
	title := path.String()
	if name := newest().NameOf(path); name != "" {
		title += "  " + name
	}
	c := column{Column: screen.Column{ID: id, Title: title, Width: 110, MinWidth: 48, Fixed: true}}
	c.cell = func(r *listRow, masked bool) screen.Cell {
		if place >= len(r.values) {
			return screen.Cell{}
		}
		return r.values[place].cell(masked)
	}
	c.text = func(r *listRow) string {
		if place >= len(r.values) {
			return ""
		}
		return r.values[place].all
	}
	return c, true
}

// newest is the version that has most names.
func newest() *dictionary.Version {
	v, _ := dictionary.For(dictionary.Versions()[len(dictionary.Versions())-1])
	return v
}

// ColumnPath reads the path of a column: that of a field or a part of one. Errors say what to write instead.
func ColumnPath(text string) (hl7.Path, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return hl7.Path{}, errors.New("write a path, such as PID-8 or OBX[2]-5.1")
	}
	if slices.ContainsFunc(knownColumns, func(c column) bool { return c.ID == text }) {
		return hl7.Path{}, fmt.Errorf("%q is a column of the list above; turn its switch on", text)
	}
	p, err := hl7.ParsePath(text)
	switch {
	case err != nil:
		return p, err
	case p.Field <= 0 || len(p.Groups) > 0:
		return p, errors.New("name a field, such as PID-8 or OBX[2]-5.1")
	}
	return p, nil
}

// ColumnChoice is one line of the choice of columns.
type ColumnChoice struct {
	ID, Title string
	On        bool
}

// ColumnChoices lists the columns that can be shown: those that are, in their order, then the others.
func (m *Model) ColumnChoices() []ColumnChoice {
	var out []ColumnChoice
	for _, c := range m.list.columns.grid {
		out = append(out, ColumnChoice{c.ID, c.Title, true})
	}
	for _, c := range knownColumns {
		if !slices.Contains(m.list.columns.ids, c.ID) {
			out = append(out, ColumnChoice{c.ID, c.Title, false})
		}
	}
	return out
}

// DefaultColumns lists the columns that can be shown, with those of a new project turned on.
func DefaultColumns() []ColumnChoice {
	var out []ColumnChoice
	for _, c := range knownColumns {
		out = append(out, ColumnChoice{c.ID, c.Title, slices.Contains(defaultColumns, c.ID)})
	}
	return out
}

// PathColumn is the choice of a column for a path, turned on.
func PathColumn(text string) (ColumnChoice, error) {
	p, err := ColumnPath(text)
	if err != nil {
		return ColumnChoice{}, err
	}
	c, _ := columnOf(p.String(), 0)
	return ColumnChoice{c.ID, c.Title, true}, nil
}

// settingColumns keeps the columns of the list, separated by spaces.
const settingColumns = "inspect.columns"

// SetColumns shows the columns that are turned on, in their order, and keeps the choice in the project.
func (m *Model) SetColumns(choices []ColumnChoice) error {
	var ids []string
	for _, c := range choices {
		if c.On {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return errors.New("turn at least one column on")
	}
	m.showColumns(ids)
	m.keepSetting(settingColumns, strings.Join(m.list.columns.ids, " "), "Could not keep the columns")
	return nil
}

// AddColumn shows one more column, that of a path, at the end.
func (m *Model) AddColumn(path string) error {
	c, err := PathColumn(path)
	if err != nil {
		return err
	}
	choices := slices.DeleteFunc(m.ColumnChoices(), func(x ColumnChoice) bool { return !x.On || x.ID == c.ID })
	return m.SetColumns(append(choices, c))
}

func (m *Model) showColumns(ids []string) {
	m.list.columns = makeColumns(ids)
	m.list.forget()
	m.Changed(List | Columns)
}

// loadChoices reads how the project shows its messages.
func (m *Model) loadChoices() {
	type kept struct{ columns, wrap, drafts, profile string }
	job.Start(m.ctx, m.runner, func(ctx context.Context) (k kept, err error) {
		if k.columns, _, err = m.store.Setting(ctx, settingColumns); err == nil {
			k.wrap, _, err = m.store.Setting(ctx, settingWrap)
		}
		if err == nil {
			k.drafts, _, err = m.store.Setting(ctx, settingDrafts)
		}
		if err == nil {
			k.profile, _, err = m.store.Setting(ctx, settingProfile)
		}
		return k, err
	}, func(k kept, err error) {
		if err != nil {
			return // it shows them as a new project does
		}
		if ids := strings.Fields(k.columns); len(makeColumns(ids).ids) > 0 {
			m.showColumns(ids)
		}
		if m.wraps = k.wrap == "on"; m.wraps {
			m.Changed(Message)
		}
		m.restoreDrafts(k.drafts)
		if k.profile != "" {
			m.openProfile(k.profile, "Could not use the profile that was chosen", func() {})
		}
	})
}

// keepSetting writes a choice into the project, after those that were made before: the last one is what stays. A project
// that is only read keeps none, and that is no news.
func (m *Model) keepSetting(key, value, doing string) {
	if m.unwritten == nil {
		m.unwritten = map[string]string{}
	}
	m.unwritten[key] = value
	if !m.writing {
		m.writeSettings(doing)
	}
}

func (m *Model) writeSettings(doing string) {
	choices := m.unwritten
	m.unwritten, m.writing = nil, true
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		for key, value := range choices {
			if err := m.store.SetSetting(ctx, key, value); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		m.writing = false
		if err != nil && !errors.Is(err, workspace.ErrReadOnly) && m.ctx.Err() == nil {
			m.fail(doing, err)
		}
		if len(m.unwritten) > 0 {
			m.writeSettings(doing)
		}
	})
}

// readRows reads rows and what stands at paths in their messages. Reading messages is logged as viewing them.
func (m *Model) readRows(ctx context.Context, ids []int64, paths []hl7.Path) ([]listRow, error) {
	rows, err := m.store.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]listRow, len(rows))
	place := make(map[int64]int, len(rows))
	for i, r := range rows {
		out[i].Row, place[r.ID] = r, i
	}
	if len(paths) == 0 {
		return out, nil
	}
	reader := pathReader{paths: paths}
	for msg, err := range m.store.Messages(ctx, ids) {
		switch {
		case errors.Is(err, workspace.ErrDamaged) || errors.Is(err, workspace.ErrNotFound):
			continue // its row says what is known
		case err != nil:
			return nil, err
		}
		if i, ok := place[msg.ID]; ok && !core.IsFHIR(msg.Format) { // the paths are those of HL7 v2
			out[i].values = reader.read(&msg)
		}
	}
	return out, ctx.Err()
}

// pathReader reads what messages have at some paths.
type pathReader struct {
	paths   []hl7.Path
	message hl7.Message
}

// What is kept for a cell, in bytes: of one value, and after which no further ones are taken up.
const (
	maxCellText  = 1000
	maxCellTexts = 8000
)

func (r *pathReader) read(msg *workspace.Message) []pathValue {
	values := make([]pathValue, len(r.paths))
	r.message.Reset(msg.Bytes)
	version, _ := dictionary.For(msg.Version)
	mask := columnMask{drawing: message.Drawing{Bytes: msg.Bytes, IsHL7: true, Message: &r.message, Version: version}}
	for i, p := range r.paths {
		if p.Occurrence == 0 {
			p.Occurrence = hl7.All
		}
		if p.Repetition == 0 {
			p.Repetition = hl7.All
		}
		values[i] = r.value(p, &mask)
	}
	return values
}

func (r *pathReader) value(p hl7.Path, mask *columnMask) (out pathValue) {
	var all strings.Builder
	found := 0
	for v := range r.message.All(p) {
		state := v.State()
		if state != hl7.Valued && state != hl7.Null {
			continue
		}
		text := v.Text()
		if len(text) > maxCellText {
			text = strings.ToValidUTF8(text[:maxCellText], "") + "…"
		}
		if found++; found > 1 {
			out.more++
			all.WriteByte('~')
		} else {
			out.null, out.text = state == hl7.Null, strings.Clone(text) // not the whole message for one value
			out.hidden = mask.hides(v.Segment(), p.Field)
		}
		if all.Len() < maxCellTexts {
			all.WriteString(text)
		}
	}
	out.all = all.String()
	return out
}

// columnMask asks the mask's rules, and only where they might show a value looks for findings that make them doubtful.
type columnMask struct {
	drawing message.Drawing
	judged  bool
}

func (c *columnMask) hides(s hl7.Segment, field int) bool {
	if c.drawing.HidesField(s, field) {
		return true
	}
	if !c.judged {
		c.judged = true
		c.drawing.Judge(check.Message(c.drawing.Message, check.Options{Minimum: check.Warning}))
	}
	return c.drawing.Opaque
}

// TypeCount is how many of the listed messages have a type.
type TypeCount struct {
	Name  string // "ADT^A08", or the format of what has no type
	About string // what the trigger event is called
	Count int
	Query string // finds them
}

// countBatch is how many rows are read at a time to count something of all.
const countBatch = 2000

// CountTypes counts the listed messages by type and hands the counts over, the most frequent first.
func (m *Model) CountTypes(then func([]TypeCount)) {
	ids, read := m.list.ids, m.store.Rows
	if s, ok := m.store.(*fileStore); ok {
		read = s.Types
	}
	job.Track(m.ctx, m.runner, "count the messages by type", func(ctx context.Context, p *job.Progress) ([]TypeCount, error) {
		p.SetTotal(int64(len(ids)))
		counts := map[TypeCount]int{}
		for batch := range slices.Chunk(ids, countBatch) {
			rows, err := read(ctx, batch)
			if err != nil {
				return nil, err
			}
			for i := range rows {
				counts[typeOf(&rows[i])]++
			}
			p.Add(int64(len(batch)))
		}
		out := make([]TypeCount, 0, len(counts))
		for t, n := range counts {
			t.Count = n
			out = append(out, t)
		}
		slices.SortFunc(out, func(a, b TypeCount) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Name, b.Name)) })
		return out, nil
	}, func(all []TypeCount, err error) {
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.fail("Could not count the messages", err)
		default:
			then(all)
		}
	})
}

// typeOf is the type of a row, without a count.
func typeOf(r *workspace.Row) TypeCount {
	switch {
	case r.Type == "":
		return TypeCount{Name: r.Format, About: "no message type", Query: "format:" + query.Quote(r.Format)}
	case core.IsFHIR(r.Format):
		return TypeCount{Name: r.Type, About: "FHIR resource", Query: "type:" + query.Quote(r.Type)}
	case r.Trigger == "":
		return TypeCount{Name: r.Type, Query: "type:" + query.Quote(r.Type) + " and trigger empty"}
	}
	about, _ := newest().Trigger(r.Trigger)
	return TypeCount{Name: r.Type + "^" + r.Trigger, About: about, Query: "type:" + query.Quote(r.Type) + " trigger:" + query.Quote(r.Trigger)}
}

// ColumnHere is the path of the column that shows the value at the cursor, in any repetition; "" outside a field.
func (m *Model) ColumnHere() string {
	p := m.open.path
	if p.Segment == "" || p.Field == 0 {
		return ""
	}
	p.Repetition = 0
	return p.String()
}

type typeGrid []TypeCount

// TypeGrid shows counts by type.
func TypeGrid(all []TypeCount) screen.Grid { return typeGrid(all) }

var typeColumns = []screen.Column{
	{ID: "count", Title: "Messages", Width: 110, Right: true, Fixed: true},
	{ID: "type", Title: "Type", Width: 110, Mono: true, Fixed: true},
	{ID: "about", Title: "Trigger event", Width: 200, Flex: true, Fixed: true},
}

func (g typeGrid) Columns() []screen.Column { return typeColumns }
func (g typeGrid) Len() int                 { return len(g) }
func (g typeGrid) Cell(row, col int) screen.Cell {
	t := g[row]
	switch typeColumns[col].ID {
	case "count":
		return screen.Cell{Text: screen.Count(t.Count), Bar: float64(t.Count) / float64(g[0].Count), BarRole: screen.RoleAccent}
	case "type":
		return screen.Cell{Text: t.Name}
	}
	return screen.Cell{Text: t.About, Role: screen.RoleMuted}
}
