package inspect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"trestle/internal/check"
	"trestle/internal/format"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

const (
	pageRows = 128 // rows read from the store at a time
	keepPage = 64  // pages kept: about eight thousand rows
)

// list is the message list: the ids that the query found, and the pages of rows that were looked at.
type list struct {
	m        *Model
	text     string
	query    *query.Query
	index    workspace.Query // what the index answers of it, and the order
	exact    bool            // the index answers all of it, in a moment
	looks    bool            // the messages are asked too
	problem  string          // what is wrong with the query's text
	hint     string          // what the query's text asks for before it is looked for
	ids      []int64
	total    int // messages in the project
	columns  columnSet
	pages    map[int][]listRow
	order    []int // pages by age, oldest first
	wanted   map[int]bool
	selected int // row, -1 for none
	search   job.Latest
	scanning *job.Job // looks into messages, nil while none does
	scan     int      // which one that is
	typing   job.Latest
	first    bool // open the first message when the answer comes and the open one is not in it
	known    bool // the first answer has come
	answers  int  // how many have come
	edition  int  // of the rows: those that are read for an older one are dropped
}

func newList(m *Model) list {
	return list{m: m, query: &query.Query{}, exact: true, columns: makeColumns(defaultColumns), pages: map[int][]listRow{}, wanted: map[int]bool{}, selected: -1}
}

// List is the message list as rows and columns.
func (m *Model) List() screen.Grid { return (*listGrid)(&m.list) }

type listGrid list

func (g *listGrid) Columns() []screen.Column { return g.columns.grid }
func (g *listGrid) Len() int                 { return len(g.ids) }

func (g *listGrid) Cell(row, col int) screen.Cell {
	r, ok := (*list)(g).row(row)
	if !ok || col >= len(g.columns.all) {
		return screen.Cell{}
	}
	cell := g.columns.all[col].cell(&r, g.m.masked)
	if g.columns.ids[col] == colType && g.m.drafts[r.ID].changed() {
		cell.Text = "*" + cell.Text // changes that are not stored
	}
	return cell
}

func typeCell(r workspace.Row) screen.Cell {
	copied := ""
	if isRepaired(r.Source) || isEdited(r.Source) {
		copied = " copy"
	}
	switch {
	case core.IsFHIR(r.Format) && r.Type != "":
		return screen.Cell{Text: joinWords(r.Type, r.Structure) + copied}
	case r.Type != "" && r.Trigger != "":
		return screen.Cell{Text: r.Type + "^" + r.Trigger + copied}
	case r.Type != "":
		return screen.Cell{Text: r.Type + copied}
	case r.Format == string(format.HL7v2):
		return screen.Cell{Text: "no type" + copied, Role: screen.RoleMuted}
	case r.Format == string(format.HL7v2Batch):
		return screen.Cell{Text: "batch", Role: screen.RoleMuted}
	}
	return screen.Cell{Text: r.Format, Role: screen.RoleMuted} // as format: finds it
}

// joinWords writes words with a space between them, leaving out those that are empty.
func joinWords(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// findingsCell shows the worst severity by shape and how many findings have it.
func findingsCell(c [check.Severities]int) screen.Cell {
	for s := check.Fatal; s > check.Information; s-- {
		if n := c[s]; n > 0 {
			cell := severityCell(s)
			cell.Text = screen.Count(n)
			if s == check.Fatal { // the same shape as an error, so it is said in a word
				cell.Text, cell.Bold = "fatal", true
			}
			return cell
		}
	}
	return screen.Cell{}
}

// severityCell is how a severity looks everywhere: a shape and a colour.
func severityCell(s check.Severity) screen.Cell {
	switch s {
	case check.Fatal, check.Error:
		return screen.Cell{Shape: screen.ShapeSquare, Role: screen.RoleError}
	case check.Warning:
		return screen.Cell{Shape: screen.ShapeTriangle, Role: screen.RoleWarning}
	}
	return screen.Cell{Shape: screen.ShapeCircle, Role: screen.RoleInformation}
}

// readableTime turns 20260302101400 into 2026-03-02 10:14; anything else stays as it is.
func readableTime(s string) string {
	digits := s
	if i := strings.IndexAny(digits, ".+-"); i >= 0 {
		digits = digits[:i]
	}
	for layout, out := range map[int][2]string{
		14: {"20060102150405", "2006-01-02 15:04"}, 12: {"200601021504", "2006-01-02 15:04"}, 8: {"20060102", "2006-01-02"},
	} {
		if len(digits) == layout {
			if t, err := time.Parse(out[0], digits); err == nil {
				return t.Format(out[1])
			}
		}
	}
	return s
}

// forget drops the rows that were read.
func (l *list) forget() {
	l.pages, l.wanted, l.order = map[int][]listRow{}, map[int]bool{}, nil
	l.edition++
}

func (l *list) row(i int) (listRow, bool) {
	if i < 0 || i >= len(l.ids) {
		return listRow{}, false
	}
	page, at := i/pageRows, i%pageRows
	rows, ok := l.pages[page]
	if !ok {
		l.want(page)
		return listRow{}, false
	}
	if at >= len(rows) {
		return listRow{}, false
	}
	return rows[at], true
}

// want reads a page in the background; until it is there its rows are blank.
func (l *list) want(page int) {
	if l.wanted[page] {
		return
	}
	l.wanted[page] = true
	from := page * pageRows
	ids := l.ids[from:min(from+pageRows, len(l.ids))]
	m, paths, edition := l.m, l.columns.paths, l.edition
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]listRow, error) {
		return m.readRows(ctx, ids, paths)
	}, func(rows []listRow, err error) {
		if edition != l.edition {
			return // the list has changed since
		}
		if err != nil {
			if m.ctx.Err() == nil {
				m.fail("Could not read the list", err)
			}
			return
		}
		l.keep(page, rows)
		m.Changed(List)
	})
}

func (l *list) keep(page int, rows []listRow) {
	if old, twice := l.pages[page]; twice { // it was asked for again when the list had grown
		if len(rows) > len(old) {
			l.pages[page] = rows
		}
		return
	}
	l.pages[page] = rows
	l.order = append(l.order, page)
	if len(l.order) > keepPage {
		old := l.order[0]
		l.order = l.order[1:]
		delete(l.pages, old)
		delete(l.wanted, old)
	}
}

// Similar is a query that finds messages that share something with one.
type Similar struct{ Title, Query string }

// Similar lists the queries that a row offers.
func (m *Model) Similar(row int) []Similar {
	r, ok := m.list.row(row)
	if !ok {
		return nil
	}
	var out []Similar
	add := func(title, field, value string) {
		if value != "" {
			out = append(out, Similar{title, field + ":" + query.Quote(value)})
		}
	}
	if core.IsFHIR(r.Format) && r.Type != "" {
		out = append(out, Similar{"Show " + r.Type + " only", "type:" + query.Quote(r.Type)})
	}
	if r.Trigger != "" {
		out = append(out, Similar{"Show " + r.Type + "^" + r.Trigger + " only", "type:" + query.Quote(r.Type) + " trigger:" + query.Quote(r.Trigger)})
	}
	if m.masked {
		add("Show this patient only", "mrn", r.MRN)
	} else {
		add("Show MRN "+r.MRN+" only", "mrn", r.MRN)
	}
	add("Show this account only", "account", r.Account)
	if !m.fixed {
		add("Show this file only", "source", r.Source)
	}
	for i, p := range m.list.columns.paths {
		if i >= len(r.values) || r.values[i].text == "" || len(r.values[i].text) > longestFilterValue {
			continue
		}
		name, shown := p.String(), r.values[i].text
		if m.masked {
			shown = "this value"
		}
		out = append(out, Similar{"Show " + name + " = " + shown + " only", name + " = " + query.Quote(r.values[i].text)})
	}
	return out
}

// Sort orders the list by a column; a second time reverses it.
func (m *Model) Sort(column int) {
	columns := m.list.columns.grid
	if m.fixed {
		m.say(NoticeText{Tone: Quiet, Text: "A file that is read in place keeps its own order. Import it to sort its messages."})
		return
	}
	if column < 0 || column >= len(columns) || columns[column].Fixed {
		return
	}
	q := &m.list.index
	id := columns[column].ID
	if q.Sort == id {
		q.Descending = !q.Descending
	} else {
		q.Descending = id == colFindings // the worst first
	}
	q.Sort = id
	m.reload(0)
}

// SortedBy is the column that the list is ordered by, -1 for the order of arrival.
func (m *Model) SortedBy() (column int, descending bool) {
	for i, c := range m.list.columns.grid {
		if c.ID == m.list.index.Sort && c.ID != "" {
			return i, m.list.index.Descending
		}
	}
	return -1, false
}

// Reload reads the list again and keeps the selected message if it is still there.
func (m *Model) Reload() {
	if !m.began {
		m.began = true
		m.loadFilters()
		m.loadChoices()
	}
	m.reload(m.open.id)
}

func (l *list) take(a answer, keep int64) {
	if s, ok := l.m.store.(*fileStore); ok && !l.m.Filtered() { // it may have grown since
		a.ids = s.all()
		a.total = len(a.ids)
	}
	l.ids, l.total, l.known = a.ids, a.total, true
	l.answers++
	l.forget()
	l.selected = -1
	if keep == 0 {
		keep = l.m.open.id
	}
	for i, id := range l.ids {
		if id == keep {
			l.selected = i
			break
		}
	}
}

// Shown is how many messages the list shows, how many the project has, and whether that is known yet.
func (m *Model) Shown() (shown, total int, known bool) {
	return len(m.list.ids), m.list.total, m.list.known
}

// Answers counts how often the list was read: a view that waits for a new order compares it.
func (m *Model) Answers() int { return m.list.answers }

// Selected is the selected row, -1 for none.
func (m *Model) Selected() int { return m.list.selected }

// IDsOf are the messages of rows.
func (m *Model) IDsOf(rows []int) (ids []int64) {
	for _, r := range rows {
		if r >= 0 && r < len(m.list.ids) {
			ids = append(ids, m.list.ids[r])
		}
	}
	return ids
}

// ListedIDs are the messages of the list.
func (m *Model) ListedIDs() []int64 { return slices.Clone(m.list.ids) }

// Delete removes the messages of the given rows with their notes and tags. The access log keeps that it happened.
func (m *Model) Delete(rows []int) {
	ids := m.IDsOf(rows)
	if len(ids) == 0 || m.fixed {
		return
	}
	m.remove(ids, screen.Plural(len(ids), "message")+" deleted. The access log says so.")
}

// worthCompacting is how many deleted messages leave enough room in the file to speak of.
const worthCompacting = 1000

// remove deletes messages, all or none, and then says what was done.
func (m *Model) remove(ids []int64, done string) {
	m.removing(ids, func() {
		if len(ids) >= worthCompacting {
			done += " The file keeps their room until it is compacted, on the page Backup of Project."
		}
		m.say(NoticeText{Tone: Success, Text: done})
	})
}

// removing deletes messages, all or none, and then goes on.
func (m *Model) removing(ids []int64, then func()) {
	m.say(NoticeText{})
	job.Track(m.ctx, m.runner, "delete "+screen.Plural(len(ids), "message"), func(ctx context.Context, p *job.Progress) (struct{}, error) {
		return struct{}{}, m.store.DeleteMessagesProgress(ctx, ids, func(done, total int) {
			p.SetTotal(int64(total))
			p.Set(int64(done))
		})
	}, func(_ struct{}, err error) {
		switch {
		case errors.Is(err, context.Canceled):
			m.say(NoticeText{Tone: Caution, Text: "Deleting was stopped: nothing is deleted."})
			return
		case err != nil:
			m.fail("Could not delete", err)
			return
		}
		for _, id := range ids {
			delete(m.drafts, id)
		}
		if slices.Contains(ids, m.open.id) {
			m.close()
		}
		then()
		m.reload(0)
	})
}

// close shows no message.
func (m *Model) close() {
	m.opening.Cancel()
	m.open.none()
	m.fhir.Close()
	m.tree.reset()
	m.findings.selected = -1
	m.tree.rebuild()
	m.Changed(Message | Tree | Findings | Cursor | Remarks)
}
