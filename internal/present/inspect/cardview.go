package inspect

import (
	"context"
	"errors"
	"image"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/inspect/card"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// cardChoice is which of the cards shows.
type cardChoice struct {
	chosen   int // row of CardList, 0 for everything
	document DocumentView
}

// setCards takes the cards over. The chosen one stays, if there are as many.
func (m *Model) setCards(rows []cardRow) {
	o := &m.open
	o.cards, o.heads = rows, o.heads[:0]
	for i, r := range rows {
		if r.head {
			o.heads = append(o.heads, i)
		}
	}
	if o.card.chosen > len(o.heads) {
		o.card = cardChoice{}
	}
	m.readDocument()
	m.Changed(Cards)
}

// cardRange are the rows of the chosen card.
func (m *Model) cardRange() (from, to int) {
	heads, chosen := m.open.heads, m.open.card.chosen
	if chosen < 1 || chosen > len(heads) {
		return 0, len(m.open.cards)
	}
	from, to = heads[chosen-1], len(m.open.cards)
	if p := m.open.cards[from].panel; p != nil { // the results stand in a table
		return from, from + 1 + len(p.Lines) + len(p.Notes)
	}
	if chosen < len(heads) {
		to = heads[chosen]
	}
	return from, to
}

// CardList is the cards of the open message as rows: all of them together, then each.
func (m *Model) CardList() screen.Grid { return (*cardList)(m) }

type cardList Model

var cardListColumns = []screen.Column{{ID: "card", Title: "Card", Width: 170, Flex: true, Fixed: true}}

func (g *cardList) Columns() []screen.Column { return cardListColumns }

func (g *cardList) Len() int {
	if len(g.open.cards) == 0 {
		return 0
	}
	return len(g.open.heads) + 1
}

func (g *cardList) Cell(row, _ int) screen.Cell {
	if row == 0 {
		return screen.Cell{Text: "Everything"}
	}
	heads := g.open.heads
	if row > len(heads) {
		return screen.Cell{}
	}
	r := g.open.cards[heads[row-1]]
	cell := screen.Cell{Text: r.label, Spans: []screen.Span{{Start: 0, End: len(r.label), Role: screen.RoleText}}, Role: screen.RoleMuted}
	if r.value != "" && !g.masked {
		cell.Text += "  " + oneLine([]byte(r.value))
	}
	end := len(g.open.cards)
	if row < len(heads) {
		end = heads[row]
	}
	if slices.ContainsFunc(g.open.cards[heads[row-1]:end], func(r cardRow) bool { return r.odd }) {
		cell.Shape, cell.Role = screen.ShapeTriangle, screen.RoleWarning
	}
	return cell
}

// ChosenCard is the row of CardList that shows.
func (m *Model) ChosenCard() int { return m.open.card.chosen }

// ChooseCard shows one of the cards, or with row 0 everything.
func (m *Model) ChooseCard(row int) {
	if row < 0 || row > len(m.open.heads) || row == m.open.card.chosen {
		return
	}
	m.open.card = cardChoice{chosen: row}
	if from, to := m.cardRange(); row > 0 && from < to {
		m.placeOfCard(m.open.cards[from])
		m.readDocument()
	}
	m.Changed(Cards)
}

// chosenHead is the first row of the chosen card.
func (m *Model) chosenHead() (cardRow, bool) {
	from, to := m.cardRange()
	if m.open.card.chosen == 0 || from >= to {
		return cardRow{}, false
	}
	return m.open.cards[from], true
}

// ResultGrid is the results of the chosen card as a table; ok is false where the card holds none.
func (m *Model) ResultGrid() (results screen.Grid, ok bool) {
	head, ok := m.chosenHead()
	if !ok || head.panel == nil {
		return nil, false
	}
	g := resultGrid{(*cardGrid)(m), head.panel, resultColumns[:len(resultColumns)-1]}
	if slices.ContainsFunc(head.panel.Rows, func(r card.Result) bool { return len(r.Notes) > 0 }) {
		g.columns = resultColumns
	}
	return g, true
}

type resultGrid struct {
	*cardGrid
	panel   *card.Panel
	columns []screen.Column // the last, the notes, where there are some
}

var resultColumns = []screen.Column{
	{ID: "name", Title: "Test", Width: 150, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 84, MinWidth: 76, Fixed: true},
	{ID: "units", Title: "Units", Width: 68, MinWidth: 40, Fixed: true},
	{ID: "range", Title: "Usual", Width: 80, MinWidth: 40, Fixed: true},
	{ID: "flag", Title: "Flag", Width: 104, MinWidth: 40, Flex: true, Fixed: true},
	{ID: "status", Title: "Status", Width: 60, MinWidth: 40, Fixed: true},
	{ID: "note", Title: "Note", Width: 180, MinWidth: 60, Fixed: true},
}

func (g resultGrid) Columns() []screen.Column { return g.columns }
func (g resultGrid) Len() int                 { return len(g.panel.Rows) }

func (g resultGrid) Cell(row, col int) screen.Cell {
	r := g.panel.Rows[row]
	hidden := g.masked && (r.Patient || g.hides(r.Path))
	switch resultColumns[col].ID {
	case "name":
		return screen.Cell{Text: r.Name, Masked: g.masked}
	case "value":
		cell := screen.Cell{Text: oneLine([]byte(r.Value)), Masked: hidden, Bold: r.Abnormal}
		if r.Abnormal {
			cell.Shape, cell.Role = screen.ShapeTriangle, screen.RoleWarning
		}
		return cell
	case "units":
		return screen.Cell{Text: r.Units, Role: screen.RoleMuted}
	case "range":
		return screen.Cell{Text: r.Range, Role: screen.RoleMuted}
	case "note":
		var notes []string
		for _, n := range r.Notes {
			notes = append(notes, n.Value)
		}
		return screen.Cell{Text: oneLine([]byte(strings.Join(notes, " "))), Masked: g.masked && len(notes) > 0}
	case "flag":
		return screen.Cell{Text: r.Meaning, Masked: hidden && r.Meaning != ""}
	}
	return screen.Cell{Text: r.Status, Role: screen.RoleMuted}
}

// SelectResult puts the cursor on a row of ResultGrid.
func (m *Model) SelectResult(row int) {
	if head, ok := m.chosenHead(); ok && head.panel != nil && row >= 0 && row < len(head.panel.Rows) {
		m.placeOfCard(cardRow{path: head.panel.Rows[row].Path})
	}
}

// placeOfCard puts the cursor where a line of a card was read.
func (m *Model) placeOfCard(r cardRow) {
	p, err := hl7.ParsePath(r.path)
	if err != nil {
		return
	}
	if p.Field == 0 {
		if s, ok := m.open.message.Find(p.Segment, max(p.Occurrence, 1)); ok {
			m.MoveTo(s.Offset())
		}
		return
	}
	if v := m.open.message.Get(p); v.IsPresent() {
		m.MoveTo(v.Offset())
	}
}

// DocumentView is the document of the chosen card as it shows.
type DocumentView struct {
	Image   image.Image // nil for one that is no picture
	Text    screen.Text // nil for one that has none
	About   string      // how the text came of the document
	Problem string      // why nothing shows
	Saves   bool        // it can be written to a file
}

// Document is what shows of the document of the chosen card; ok is false where the card holds none.
func (m *Model) Document() (v DocumentView, ok bool) {
	head, ok := m.chosenHead()
	if !ok || head.document == nil {
		return v, false
	}
	if m.masked {
		return DocumentView{Problem: "The mask is on. Take it off to see the document."}, true
	}
	return m.open.card.document, true
}

// longestDocument is how much text of a document is shown, in bytes.
const longestDocument = 4 << 20

// readDocument decodes the document of the chosen card, in the background.
func (m *Model) readDocument() {
	head, ok := m.chosenHead()
	if !ok || head.document == nil {
		return
	}
	d, id, chosen := head.document, m.open.id, m.open.card.chosen
	job.StartLatest(m.ctx, m.runner, &m.showing, func(context.Context) (DocumentView, error) {
		v := DocumentView{Saves: d.Reference == "" && d.Size > 0}
		shown, err := d.Show()
		if err != nil {
			v.Problem = strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."
			return v, nil
		}
		v.Image, v.About = shown.Image, shown.About
		if v.Image == nil {
			text := shown.Text
			if len(text) > longestDocument {
				text, v.About = strings.ToValidUTF8(text[:longestDocument], ""), v.About+" Only the beginning is shown."
			}
			v.Text = screen.NewBytes([]byte(text), screen.BytesOptions{})
		}
		return v, nil
	}, func(v DocumentView, err error) {
		if err == nil && m.open.id == id && m.open.card.chosen == chosen {
			m.open.card.document = v
			m.Changed(Cards)
		}
	})
}

// chainLimit is how many messages about a patient's appointments are looked into.
const chainLimit = 2000

// readChain looks for the other messages of the project about the appointment of the open one, from its booking (S12) to its
// end (S15, S26 …): those with the same number of the placer or the filler (SCH-1, SCH-2), by time.
func (m *Model) readChain() {
	placer, filler := m.open.message.Get(pathPlacer).Text(), m.open.message.Get(pathFiller).Text()
	if m.fixed || placer == "" && filler == "" {
		return
	}
	condition := "type:SIU"
	if mrn := m.open.row.MRN; mrn != "" {
		condition += " mrn:" + query.Quote(mrn)
	}
	id := m.open.id
	job.StartLatest(m.ctx, m.runner, &m.chaining, func(ctx context.Context) ([]cardRow, error) {
		q, err := query.Parse(condition)
		if err != nil {
			return nil, err
		}
		index, _, err := workspace.Indexed(q)
		if err != nil {
			return nil, err
		}
		ids, err := m.store.IDs(ctx, index)
		if err != nil {
			return nil, err
		}
		type event struct {
			time string
			row  cardRow
		}
		var chain []event
		for msg, err := range m.store.Messages(ctx, ids[:min(len(ids), chainLimit)]) {
			if err != nil {
				return nil, err
			}
			parsed := hl7.Parse(msg.Bytes)
			p, f := parsed.Get(pathPlacer).Text(), parsed.Get(pathFiller).Text()
			if (placer == "" || p != placer) && (filler == "" || f != filler) {
				continue
			}
			name := card.ScheduleEvent(msg.Trigger)
			if name == "" {
				name = "Message"
			}
			row := cardRow{label: msg.Trigger + "  " + name, value: readableTime(msg.Time) + "  ·  " + msg.ControlID, path: "SCH", message: msg.ID}
			if msg.ID == id {
				row.value += "  ·  this message"
			}
			chain = append(chain, event{msg.Time, row})
		}
		slices.SortStableFunc(chain, func(a, b event) int { return strings.Compare(a.time, b.time) })
		rows := []cardRow{{head: true, label: "Course", value: screen.Plural(len(chain), "message") + " about this appointment", path: "SCH"}}
		for _, e := range chain {
			rows = append(rows, e.row)
		}
		return rows, nil
	}, func(rows []cardRow, err error) {
		if err != nil || m.open.id != id || len(rows) < 3 { // the open message alone is no course
			if err != nil && !errors.Is(err, context.Canceled) {
				m.fail("Could not look for the other messages about this appointment", err)
			}
			return
		}
		at := slices.IndexFunc(m.open.cards, func(r cardRow) bool { return r.head && r.label == "Appointment" })
		if at < 0 || slices.ContainsFunc(m.open.cards, func(r cardRow) bool { return r.message != 0 }) {
			return
		}
		end := at + 1
		for end < len(m.open.cards) && !m.open.cards[end].head {
			end++
		}
		if behind := slices.Index(m.open.heads, end); m.open.card.chosen > 0 && behind >= 0 && m.open.card.chosen > behind {
			m.open.card.chosen++ // the same card as before
		}
		m.setCards(slices.Insert(slices.Clone(m.open.cards), end, rows...))
	})
}

var (
	pathPlacer = hl7.MustPath("SCH-1.1")
	pathFiller = hl7.MustPath("SCH-2.1")
)

// OpenCardMessage opens the message that a row of CardGrid speaks of, and says whether there is one.
func (m *Model) OpenCardMessage(row int) bool {
	r, ok := m.cardRow(row)
	if !ok || r.message == 0 {
		return false
	}
	m.openAt(r.message, nil)
	return true
}

// cardRow is a row of CardGrid.
func (m *Model) cardRow(row int) (cardRow, bool) {
	from, to := m.cardRange()
	if row < 0 || from+row >= to {
		return cardRow{}, false
	}
	return m.open.cards[from+row], true
}
