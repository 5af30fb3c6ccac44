package fhirview

import (
	"context"
	"errors"

	"trestle/internal/inspect/card"
	"trestle/internal/inspect/resource"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// cardRow is one line of the cards: a heading or a fact.
type cardRow struct {
	head               bool
	label, value, path string
	personal           bool
}

// readCards reads the cards in the background, when they are shown and not read yet.
func (m *Model) readCards() {
	if m.mode != CardMode || m.doc == nil || m.carded {
		return
	}
	doc := m.doc
	job.StartLatest(m.ctx, m.runner, &m.reading, func(context.Context) ([]cardRow, error) { return cardRows(doc), nil }, func(rows []cardRow, err error) {
		switch {
		case m.doc != doc || errors.Is(err, context.Canceled):
		case err != nil:
			m.fail("Could not read the cards", err)
		default:
			m.cards, m.carded = rows, true
			m.Changed(Cards)
		}
	})
}

// cardRows writes cards below each other.
func cardRows(doc *resource.Document) (rows []cardRow) {
	for _, c := range card.OfResource(doc) {
		rows = append(rows, cardRow{head: true, label: c.Kind, value: c.Title, path: c.Path, personal: c.Patient})
		for _, l := range c.Lines {
			rows = append(rows, cardRow{label: l.Label, value: l.Value, path: l.Path, personal: l.Patient})
		}
	}
	return rows
}

// CardGrid is the cards as rows.
func (m *Model) CardGrid() screen.Grid { return (*cardGrid)(m) }

// SelectCard puts the cursor where a line of the cards was read.
func (m *Model) SelectCard(i int) {
	if i >= 0 && i < len(m.cards) {
		m.goTo(m.cards[i].path)
	}
}

type cardGrid Model

var cardColumns = []screen.Column{
	{ID: "label", Title: "What", Width: 170, MinWidth: 90, Fixed: true},
	{ID: "value", Title: "How it is", Width: 300, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "path", Title: "Path", Width: 240, MinWidth: 50, Flex: true, Mono: true, Fixed: true},
}

func (g *cardGrid) Columns() []screen.Column { return cardColumns }
func (g *cardGrid) Len() int                 { return len(g.cards) }

func (g *cardGrid) Cell(i, col int) screen.Cell {
	r := &g.cards[i]
	switch cardColumns[col].ID {
	case "label":
		if r.head {
			return screen.Cell{Text: r.label, Bold: true, Role: screen.RoleAccent}
		}
		return screen.Cell{Text: "    " + r.label, Role: screen.RoleMuted}
	case "path":
		return screen.Cell{Text: r.path, Role: screen.RoleMuted}
	}
	return screen.Cell{Text: oneLine(r.value), Bold: r.head, Masked: g.masked && r.value != "" && r.personal}
}
