package endpoints

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

const (
	journalPage = 200     // exchanges read at a time
	journalMost = 100_000 // rows kept on the screen; older ones are found by a filter
)

// journal is the list of exchanges of the chosen endpoint, newest first. It holds what was looked at; more is read when its
// end is.
type journal struct {
	m       *Model
	text    string
	query   workspace.ExchangeQuery
	problem string
	paused  bool
	missed  bool // something came while it was paused
	rows    []endpoint.Exchange
	total   int64
	whole   bool // the oldest one is there
	reading bool // more is on its way
	search  job.Latest
	typing  job.Latest
	behind  bool // something came while the list was being read
}

// Columns of the journal.
const (
	colTime = iota
	colWay
	colMessage
	colCode
	colLatency
	colControl
	colMRN
	colWhat
)

var journalColumns = []screen.Column{
	{ID: "time", Title: "Time", Width: 112, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "way", Title: "", Width: 32, MinWidth: 30, Mono: true, Fixed: true},
	{ID: "message", Title: "Message", Width: 84, MinWidth: 50, Mono: true, Fixed: true},
	{ID: "code", Title: "Answer", Width: 80, MinWidth: 44, Fixed: true},
	{ID: "latency", Title: "After", Width: 64, MinWidth: 44, Right: true, Fixed: true},
	{ID: "control", Title: "Control ID", Width: 130, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "mrn", Title: "MRN", Width: 104, MinWidth: 48, Mono: true, Fixed: true},
	{ID: "what", Title: "What happened", Width: 240, MinWidth: 100, Flex: true, Fixed: true},
}

// requestColumns are those of an endpoint that speaks FHIR, each with the column of the journal that it shows.
var requestColumns = []struct {
	screen.Column
	as int
}{
	{journalColumns[colTime], colTime}, {journalColumns[colWay], colWay},
	{screen.Column{ID: "message", Title: "Request", Width: 190, MinWidth: 50, Mono: true, Fixed: true}, colMessage},
	{journalColumns[colCode], colCode}, {journalColumns[colLatency], colLatency},
	{screen.Column{ID: "control", Title: "Request ID", Width: 110, MinWidth: 60, Mono: true, Fixed: true}, colControl},
	{journalColumns[colWhat], colWhat},
}

// JournalList is the exchanges of the chosen endpoint, newest first. It is another list for endpoints that speak FHIR.
func (m *Model) JournalList() screen.Grid {
	if p := m.current(); p != nil && p.kind.FHIR() {
		return (*requestGrid)(&m.journal)
	}
	return (*journalGrid)(&m.journal)
}

// requestGrid is the journal with the columns of HTTP.
type requestGrid journal

func (g *requestGrid) Columns() []screen.Column {
	all := make([]screen.Column, len(requestColumns))
	for i, c := range requestColumns {
		all[i] = c.Column
	}
	return all
}

func (g *requestGrid) Len() int { return len(g.rows) }

func (g *requestGrid) Cell(row, col int) screen.Cell {
	return (*journalGrid)(g).Cell(row, requestColumns[min(col, len(requestColumns)-1)].as)
}

type journalGrid journal

func (g *journalGrid) Columns() []screen.Column { return journalColumns }
func (g *journalGrid) Len() int                 { return len(g.rows) }

func (g *journalGrid) Cell(row, col int) screen.Cell {
	if row >= len(g.rows) {
		return screen.Cell{}
	}
	if row >= len(g.rows)-journalPage/4 && !g.whole && !g.reading {
		(*journal)(g).more()
	}
	e := &g.rows[row]
	switch col {
	case colTime:
		return screen.Cell{Text: e.LastByte.Local().Format("15:04:05.000"), Role: screen.RoleMuted}
	case colWay:
		if e.Direction == endpoint.Outbound {
			return screen.Cell{Text: "→"}
		}
		return screen.Cell{Text: "←"}
	case colMessage:
		return screen.Cell{Text: messageWords(e)}
	case colControl:
		return screen.Cell{Text: e.ControlID, Role: screen.RoleMuted}
	case colMRN:
		return screen.Cell{Text: e.MRN, Masked: g.m.masked && e.MRN != ""}
	case colCode:
		return answerCell(e)
	case colLatency:
		return screen.Cell{Text: short(e.Latency()), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: whatHappened(e), Role: screen.RoleMuted}
}

// messageWords is the type of a message, or what came instead of one.
func messageWords(e *endpoint.Exchange) string {
	switch {
	case isHTTP(e):
		return strings.TrimSpace(e.Type + " " + e.Trigger)
	case e.Type != "" && e.Trigger != "":
		return e.Type + "^" + e.Trigger
	case e.Type != "":
		return e.Type
	}
	return string(e.Kind)
}

// answerCell is how an exchange ended, by shape, colour and word.
func answerCell(e *endpoint.Exchange) screen.Cell {
	c := screen.Cell{Text: e.Code}
	switch e.Outcome {
	case endpoint.OutcomeAccepted:
		c.Role = screen.RoleOK
	case endpoint.OutcomeError, endpoint.OutcomeRejected:
		c.Role, c.Shape = screen.RoleWarning, screen.ShapeTriangle
	case endpoint.OutcomeSilent: // the code is what would have been said
		c.Text, c.Role, c.Shape = "none", screen.RoleInformation, screen.ShapeRing
	default:
		c.Role, c.Shape = screen.RoleError, screen.ShapeSquare
	}
	if c.Text == "" {
		c.Text = string(e.Outcome)
	}
	if e.Direction == endpoint.Outbound && !e.Passed {
		c.Role, c.Shape = screen.RoleError, screen.ShapeSquare
	}
	return c
}

// faultWords are the titles of faults.
func faultWords(kinds []string) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = kind
		for _, info := range slices.Concat(mllpFaults, httpFaults) {
			if string(info.Kind) == kind {
				words[i] = strings.ToLower(info.Title)
			}
		}
	}
	return strings.Join(words, ", ")
}

// whatHappened is the rest that is worth a word.
func whatHappened(e *endpoint.Exchange) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.Attempt > 1 {
		add(fmt.Sprintf("try %d", e.Attempt))
	}
	if e.MaybeTwice {
		add("may have arrived twice")
	}
	add(e.Detail)
	add(faultWords(e.Faults))
	add(e.Rule)
	for _, f := range e.Findings {
		add(f.Code)
		if len(parts) > 6 {
			break
		}
	}
	if e.Kind != endpoint.KindMessage && !isHTTP(e) && e.Type != "" {
		add(string(e.Kind))
	}
	return strings.Join(parts, "  ·  ")
}

// JournalTitle is "Journal 1,204" with what the filter finds.
func (m *Model) JournalTitle() string {
	j := &m.journal
	if m.current() == nil {
		return "Journal"
	}
	text := "Journal  " + screen.Count(int(j.total))
	if j.text != "" {
		text += " found"
	}
	return text
}

// JournalQuery is the filter's text and what is wrong with it.
func (m *Model) JournalQuery() (text, problem string) { return m.journal.text, m.journal.problem }

// FilterJournal filters the journal.
func (m *Model) FilterJournal(text string) {
	j := &m.journal
	j.typing.Cancel()
	q, err := readJournalQuery(text)
	j.text, j.problem = strings.TrimSpace(text), ""
	if err != nil {
		j.problem = err.Error()
		m.Changed(Journal)
		return
	}
	j.query = q
	j.reload()
}

// typingPause is how long the user must stop typing before the journal is searched.
const typingPause = 200 * time.Millisecond

// TypeFilter is FilterJournal for a text that is being typed.
func (m *Model) TypeFilter(text string) {
	job.StartLatest(m.ctx, m.runner, &m.journal.typing, func(ctx context.Context) (struct{}, error) {
		select {
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		case <-time.After(typingPause):
			return struct{}{}, nil
		}
	}, func(_ struct{}, err error) {
		if err == nil {
			m.FilterJournal(text)
		}
	})
}

// Paused says whether the journal stands still while more comes in; Missed, that something has.
func (m *Model) Paused() (paused, missed bool) { return m.journal.paused, m.journal.missed }

// Pause lets the journal stand still, or go on.
func (m *Model) Pause(on bool) {
	j := &m.journal
	j.paused = on
	if !on && j.missed {
		j.reload()
	}
	j.missed = false
	m.Changed(Journal)
}

// forget empties the list.
func (j *journal) forget() {
	j.search.Cancel()
	j.rows, j.total, j.whole, j.reading, j.missed, j.behind = nil, 0, false, false, false, false
}

// asked is the query of the chosen endpoint.
func (j *journal) asked() (workspace.ExchangeQuery, bool) {
	p := j.m.current()
	if p == nil {
		return workspace.ExchangeQuery{}, false
	}
	q := j.query
	q.Endpoint = p.name
	return q, true
}

// read is what a reading of the journal brings.
type read struct {
	rows  []endpoint.Exchange
	again []endpoint.Exchange // those after them that were shown already, which may be more complete now
	total int64
	all   bool // there are no older ones
}

// reload reads the newest exchanges.
func (j *journal) reload() {
	q, ok := j.asked()
	if !ok {
		j.forget()
		j.m.Changed(Journal)
		return
	}
	j.reading = true
	m := j.m
	job.StartLatest(m.ctx, m.runner, &j.search, func(ctx context.Context) (read, error) {
		rows, err := m.store.Exchanges(ctx, q, workspace.ExchangePage{Limit: journalPage})
		if err != nil {
			return read{}, err
		}
		total, err := m.store.CountExchanges(ctx, q)
		return read{rows: rows, total: total, all: len(rows) < journalPage}, err
	}, func(r read, err error) {
		j.reading = false
		if err != nil {
			m.Fail("Could not read the journal", err)
			return
		}
		j.rows, j.total, j.whole = r.rows, r.total, r.all
		if j.behind {
			j.behind = false
			j.follow()
		}
		m.Changed(Journal)
	})
}

// follow takes up what has come since.
func (j *journal) follow() {
	switch {
	case j.paused:
		j.missed = true
		j.m.Changed(Journal)
		return
	case j.reading:
		j.behind = true
		return
	case len(j.rows) == 0:
		j.reload()
		return
	}
	q, ok := j.asked()
	if !ok {
		return
	}
	newest, m := j.rows[0].ID, j.m
	j.reading = true
	job.StartLatest(m.ctx, m.runner, &j.search, func(ctx context.Context) (read, error) {
		rows, err := m.store.Exchanges(ctx, q, workspace.ExchangePage{Limit: journalPage})
		if err != nil {
			return read{}, err
		}
		total, err := m.store.CountExchanges(ctx, q)
		for i, e := range rows {
			if e.ID <= newest {
				return read{rows: rows[:i], again: rows[i:], total: total, all: true}, err
			}
		}
		return read{rows: rows, total: total}, err // more than a page has come: the list begins anew
	}, func(r read, err error) {
		j.reading = false
		switch {
		case errors.Is(err, context.Canceled):
			return
		case err != nil:
			m.Fail("Could not read the journal", err)
			return
		case r.all:
			for i, e := range r.again { // an exchange is completed after it was first seen
				if i < len(j.rows) && j.rows[i].ID == e.ID {
					j.rows[i] = e
				}
			}
			j.rows = append(r.rows, j.rows...)
		default:
			j.rows, j.whole = r.rows, false
		}
		j.total = r.total
		if j.behind {
			j.behind = false
			j.follow()
		}
		m.open.shifted(len(r.rows), r.all)
		m.Changed(Journal)
	})
}

// more reads older exchanges behind those that are there.
func (j *journal) more() {
	q, ok := j.asked()
	if !ok || len(j.rows) == 0 || len(j.rows) >= journalMost {
		j.whole = true
		return
	}
	last, m := j.rows[len(j.rows)-1].ID, j.m
	j.reading = true
	job.StartLatest(m.ctx, m.runner, &j.search, func(ctx context.Context) (read, error) {
		rows, err := m.store.Exchanges(ctx, q, workspace.ExchangePage{After: last, Limit: journalPage})
		return read{rows: rows, all: len(rows) < journalPage}, err
	}, func(r read, err error) {
		j.reading = false
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.Fail("Could not read the journal", err)
			}
			return
		}
		j.rows, j.whole = append(j.rows, r.rows...), r.all
		if j.behind {
			j.behind = false
			j.follow()
		}
		m.Changed(Journal)
	})
}

// Similar is a filter that finds exchanges that share something with one.
type Similar struct{ Title, Query string }

// SimilarExchanges lists the filters that a row offers.
func (m *Model) SimilarExchanges(row int) (all []Similar) {
	if row < 0 || row >= len(m.journal.rows) {
		return nil
	}
	e := &m.journal.rows[row]
	add := func(title, field, value string) {
		if value != "" {
			all = append(all, Similar{title, field + ":\"" + value + "\""})
		}
	}
	add("Show "+messageWords(e)+" only", "type", messageWords(e))
	if m.masked {
		add("Show this patient only", "mrn", e.MRN)
	} else {
		add("Show MRN "+e.MRN+" only", "mrn", e.MRN)
	}
	add("Show this control ID only", "control", e.ControlID)
	add("Show "+e.Code+" only", "code", e.Code)
	add("Show what this rule answered", "rule", e.Rule)
	add("Show this run only", "run", e.Run)
	return all
}

// ExportJournal writes what the filter shows of the journal, oldest first: a table without the bytes where the file's name
// ends in .csv, else a JSON object a line with them.
func (m *Model) ExportJournal(path string) {
	q, ok := m.journal.asked()
	if !ok {
		return
	}
	job.Track(m.ctx, m.runner, "export the journal", func(ctx context.Context, p *job.Progress) (int, error) {
		write := writeLines
		if strings.EqualFold(filepath.Ext(path), ".csv") {
			write = writeTable
		}
		return write(ctx, path, m.store.ExportExchanges(ctx, q, filepath.Base(path)), p)
	}, func(n int, err error) {
		if err != nil {
			m.Fail("Could not export the journal", err)
			return
		}
		m.Say(screen.News{Text: screen.Plural(n, "exchange") + " exported. The file holds patient data and is not encrypted."}, nil)
	})
}
