package fhirview

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/inspect/resource"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// entryRows is the table of a Bundle's entries.
type entryRows struct {
	m          *Model
	types      []TypeCount
	only       string // a type, "" for all
	filter     string // words
	sort       string // id of a column, "" for the order of the Bundle
	descending bool
	rows       []int // entries
	chosen     int
}

// TypeCount is how many entries have a type.
type TypeCount struct {
	Type  string
	Count int
}

func (r *entryRows) reset() {
	r.types, r.only, r.filter, r.rows, r.chosen = nil, "", "", nil, -1
}

// Types counts the entries by type, the most frequent first.
func (m *Model) Types() []TypeCount { return m.entries.types }

// Filter is what the table is narrowed to: a type, "" for all, and words.
func (m *Model) Filter() (typ, words string) { return m.entries.only, m.entries.filter }

// SetFilter narrows the table to a type, "" for all, and to entries in whose type, id, name or address the words stand.
func (m *Model) SetFilter(typ, words string) {
	if m.entries.only != typ || m.entries.filter != words {
		m.entries.only, m.entries.filter = typ, words
		m.sift()
	}
}

// SortEntries orders the table by a column; a second time reverses it.
func (m *Model) SortEntries(column string) {
	r := &m.entries
	if r.sort == column {
		r.descending = !r.descending
	} else {
		r.sort, r.descending = column, column == "findings"
	}
	m.sift()
}

// SortedEntries is the column that the table is ordered by, "" for the order of the Bundle.
func (m *Model) SortedEntries() (column string, descending bool) {
	return m.entries.sort, m.entries.descending
}

// sifted is the table as it is to be shown.
type sifted struct {
	types []TypeCount
	rows  []int
}

// sift makes the table in the background: a Bundle may have a hundred thousand entries.
func (m *Model) sift() {
	if !m.IsBundle() {
		return
	}
	doc, only, words, by, down, bad := m.doc, m.entries.only, strings.ToLower(strings.TrimSpace(m.entries.filter)), m.entries.sort, m.entries.descending, m.bad
	job.StartLatest(m.ctx, m.runner, &m.sifting, func(ctx context.Context) (s sifted, err error) {
		counts := map[string]int{}
		for i := range doc.Entries() {
			e := &doc.Entries()[i]
			counts[e.Type]++
			if only != "" && e.Type != only || words != "" && !holds(e, words) {
				continue
			}
			s.rows = append(s.rows, i)
		}
		for t, n := range counts {
			s.types = append(s.types, TypeCount{t, n})
		}
		slices.SortFunc(s.types, func(a, b TypeCount) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Type, b.Type)) })
		order(doc, s.rows, by, down, bad)
		return s, ctx.Err()
	}, func(s sifted, err error) {
		if m.doc != doc || errors.Is(err, context.Canceled) {
			return
		}
		m.entries.types, m.entries.rows = s.types, s.rows
		m.markEntry()
		m.Changed(Entries)
	})
}

// holds says whether words, in lower case, stand in what the table shows of an entry.
func holds(e *resource.Entry, words string) bool {
	for _, text := range []string{e.Type + "/" + e.ID, e.FullURL, resource.Title(e.Resource)} {
		if strings.Contains(strings.ToLower(text), words) {
			return true
		}
	}
	return false
}

// order sorts entries by a column; those that are equal stay in the order of the Bundle.
func order(doc *resource.Document, rows []int, by string, down bool, bad map[int]badness) {
	if by == "" {
		return
	}
	texts := make(map[int]string, len(rows))
	for _, i := range rows {
		e := &doc.Entries()[i]
		switch by {
		case "type":
			texts[i] = e.Type
		case "id":
			texts[i] = e.ID
		case "what":
			texts[i] = strings.ToLower(resource.Title(e.Resource))
		case "time":
			texts[i] = resource.When(e.Resource)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		c := strings.Compare(texts[a], texts[b])
		switch by {
		case "number":
			c = a - b
		case "findings":
			c = cmp.Or(int(bad[a].worst)-int(bad[b].worst), bad[a].count-bad[b].count)
		}
		if down {
			return -c
		}
		return c
	})
}

// EntryGrid is the entries as rows.
func (m *Model) EntryGrid() screen.Grid { return (*entryGrid)(m) }

// ChosenEntry is the row of the entry that the cursor is in, -1 for none.
func (m *Model) ChosenEntry() int { return m.entries.chosen }

// markEntry finds the row of the entry that the cursor is in.
func (m *Model) markEntry() {
	m.entries.chosen = -1
	if m.doc != nil {
		if at := m.doc.EntryAt(m.cursor); at >= 0 {
			m.entries.chosen = slices.Index(m.entries.rows, at)
		}
	}
}

// SelectEntry moves the cursor to an entry's resource.
func (m *Model) SelectEntry(i int) {
	if i < 0 || i >= len(m.entries.rows) {
		return
	}
	e := &m.doc.Entries()[m.entries.rows[i]]
	if e.Resource != nil {
		m.Go(e.Resource.Off)
	} else {
		m.Go(e.Node.Off)
	}
}

type entryGrid Model

var entryColumns = []screen.Column{
	{ID: "number", Title: "#", Width: 52, MinWidth: 30, Right: true},
	{ID: "findings", Title: "Worst", Width: 60, MinWidth: 40},
	{ID: "type", Title: "Type", Width: 130, MinWidth: 60},
	{ID: "id", Title: "ID", Width: 130, MinWidth: 50, Mono: true},
	{ID: "what", Title: "What", Width: 180, MinWidth: 80, Flex: true},
	{ID: "time", Title: "Time", Width: 150, MinWidth: 60, Mono: true},
	{ID: "request", Title: "Request", Width: 90, MinWidth: 40, Mono: true, Fixed: true},
}

func (g *entryGrid) Columns() []screen.Column { return entryColumns }
func (g *entryGrid) Len() int                 { return len(g.entries.rows) }

func (g *entryGrid) Cell(row, col int) screen.Cell {
	at := g.entries.rows[row]
	e := &g.doc.Entries()[at]
	switch entryColumns[col].ID {
	case "number":
		return screen.Cell{Text: screen.Count(at), Role: screen.RoleMuted}
	case "findings":
		if b := g.bad[at]; b.count > 0 && b.worst > check.Information {
			shape, role := shapeOf(b.worst)
			return screen.Cell{Text: screen.Count(b.count), Shape: shape, Role: role}
		}
		return screen.Cell{}
	case "type":
		if e.Type == "" {
			return screen.Cell{Text: "no resource", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: e.Type, Masked: g.masked && !g.doc.Definitions.IsResource(e.Type)}
	case "id":
		return screen.Cell{Text: e.ID, Masked: g.masked && e.ID != ""}
	case "what":
		text := oneLine(resource.Title(e.Resource))
		return screen.Cell{Text: text, Masked: g.masked && text != ""}
	case "time":
		text := resource.When(e.Resource)
		return screen.Cell{Text: text, Role: screen.RoleMuted, Masked: g.masked && text != ""}
	}
	method := e.Node.Find("request", "method").String()
	if len(method) > 8 {
		method = method[:8]
	}
	return screen.Cell{Text: method, Role: screen.RoleMuted, Masked: g.masked && !slices.Contains([]string{"", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}, method)}
}
