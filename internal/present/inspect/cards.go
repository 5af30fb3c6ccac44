package inspect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/inspect/card"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// cardRow is one line of the cards: a heading, a fact or a document.
type cardRow struct {
	head     bool
	label    string
	value    string
	path     string
	personal bool // the mask hides the value
	named    bool // the label is of the message's making, as a result's is
	odd      bool // out of range, or something is wrong with it
	document *card.Document
	panel    *card.Panel // of the head of results
	message  int64       // that the line speaks of, 0 for the open one
}

// ShowsCards says whether the message is shown as cards: what a person looks for in it.
func (m *Model) ShowsCards() bool { return m.cards }

// SetShowsCards shows the message as cards, or as its bytes.
func (m *Model) SetShowsCards(on bool) {
	if m.cards != on {
		m.cards = on
		m.readCards()
		m.Changed(Message | Cursor)
	}
}

// readCards reads the cards of the open message, in the background, while they are shown.
func (m *Model) readCards() {
	m.open.cards, m.open.heads = nil, nil
	if !m.cards || m.open.id == 0 || !m.open.isHL7 {
		return
	}
	id, b := m.open.id, m.open.bytes
	job.StartLatest(m.ctx, m.runner, &m.reading, func(context.Context) ([]cardRow, error) {
		return cardRows(card.Of(hl7.Parse(b))), nil
	}, func(rows []cardRow, err error) {
		switch {
		case errors.Is(err, context.Canceled) || m.open.id != id:
		case err != nil:
			m.fail("Could not read the cards", err)
		default:
			m.setCards(rows)
			m.readChain()
		}
	})
}

// cardRows writes cards below each other.
func cardRows(c card.Cards) (rows []cardRow) {
	add := func(kind string, one *card.Card) {
		if one != nil {
			rows = append(rows, cardRow{head: true, label: kind, value: one.Title, path: one.Path, personal: one.Patient})
			rows = append(rows, factRows(one.Lines)...)
		}
	}
	each := func(kind string, all []card.Card) {
		for i := range all {
			add(kind, &all[i])
		}
	}
	add("Patient", c.Patient)
	each("Relative", c.Relatives)
	add("Visit", c.Visit)
	each("Insurance", c.Insurance)
	each("Guarantor", c.Guarantors)
	add("Appointment", c.Appointment)
	for i := range c.Appointments {
		one := c.Appointments[i]
		kind := one.Title
		one.Title = ""
		if len(one.Lines) > 0 {
			one.Title = one.Lines[0].Value
		}
		add(kind, &one)
	}
	for i := range c.Results {
		p := &c.Results[i]
		if p.Path == "" && onlyDocuments(p, c.Documents) {
			continue // each has a card of its own
		}
		rows = append(rows, cardRow{head: true, label: "Results", value: p.Title, path: p.Path, panel: p})
		rows = append(rows, factRows(p.Lines)...)
		rows = append(rows, factRows(p.Notes)...)
		for _, r := range p.Rows {
			rows = append(rows, resultRow(r))
			rows = append(rows, factRows(r.Notes)...)
		}
	}
	for _, f := range c.Charges {
		rows = append(rows, cardRow{head: true, label: "Charge", value: f.Code, path: f.Path})
		rows = append(rows, factRows(f.Lines)...)
	}
	for i := range c.Documents {
		rows = append(rows, documentRows(&c.Documents[i])...)
	}
	return rows
}

// onlyDocuments says whether nothing but documents stands in a panel.
func onlyDocuments(p *card.Panel, documents []card.Document) bool {
	for _, r := range p.Rows {
		if !slices.ContainsFunc(documents, func(d card.Document) bool { return strings.HasPrefix(d.Path, r.Path+"-") }) {
			return false
		}
	}
	return len(p.Lines) == 0 && len(p.Notes) == 0
}

func factRows(lines []card.Line) (rows []cardRow) {
	for _, l := range lines {
		rows = append(rows, cardRow{label: l.Label, value: l.Value, path: l.Path, personal: l.Patient})
	}
	return rows
}

func resultRow(r card.Result) cardRow {
	parts := []string{strings.ReplaceAll(r.Value, "\n", "; ") + " " + r.Units}
	if r.Range != "" {
		parts = append(parts, "usual "+r.Range)
	}
	for _, s := range []string{r.Meaning, r.Status, r.Time} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return cardRow{label: r.Name, value: strings.Join(parts, "  ·  "), path: r.Path, personal: r.Patient, named: true, odd: r.Abnormal}
}

// documentRows say what a document is and what is odd about it. Its title may name a person.
func documentRows(d *card.Document) []cardRow {
	rows := []cardRow{{head: true, label: "Document", value: d.Title, path: d.Path, personal: true, document: d}}
	what := d.Found
	if what == "" {
		what = "cannot be decoded"
	}
	if d.Reference != "" {
		what = "elsewhere: only a reference is here"
	}
	if d.Size > 0 {
		what += ", " + bytesWords(d.Size)
	}
	if d.Encoding != "" {
		what += ", as " + d.Encoding
	}
	rows = append(rows, cardRow{label: "Content", value: what, path: d.Path, document: d})
	if d.Declared != "" {
		rows = append(rows, cardRow{label: "Said to be", value: d.Declared, path: d.Path, document: d})
	}
	for _, p := range d.Problems {
		rows = append(rows, cardRow{label: "Odd", value: p.Text, path: d.Path, odd: true, document: d})
	}
	return rows
}

// CardGrid is the cards as rows.
func (m *Model) CardGrid() screen.Grid { return (*cardGrid)(m) }

type cardGrid Model

var cardColumns = []screen.Column{
	{ID: "label", Title: "What", Width: 190, MinWidth: 90, Fixed: true},
	{ID: "value", Title: "How it is", Width: 300, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "path", Title: "Path", Width: 96, MinWidth: 50, Mono: true, Fixed: true},
}

func (g *cardGrid) Columns() []screen.Column { return cardColumns }
func (g *cardGrid) Len() int {
	from, to := (*Model)(g).cardRange()
	return to - from
}

func (g *cardGrid) Cell(row, col int) screen.Cell {
	r, ok := (*Model)(g).cardRow(row)
	if !ok {
		return screen.Cell{}
	}
	switch cardColumns[col].ID {
	case "label":
		if r.head {
			return screen.Cell{Text: r.label, Bold: true, Role: screen.RoleAccent}
		}
		return screen.Cell{Text: "    " + r.label, Role: screen.RoleMuted, Masked: g.masked && r.named}
	case "path":
		return screen.Cell{Text: r.path, Role: screen.RoleMuted}
	}
	cell := screen.Cell{Text: oneLine([]byte(r.value)), Bold: r.head, Masked: g.masked && r.value != "" && (r.personal || g.hides(r.path))}
	if r.odd {
		cell.Shape, cell.Role = screen.ShapeTriangle, screen.RoleWarning
	}
	return cell
}

// hides says whether the mask hides what stands at a path, by the rules of all views. It hides what it cannot judge, such
// as what several fields of a segment make up.
func (g *cardGrid) hides(path string) bool {
	p, err := hl7.ParsePath(path)
	if err != nil || p.Field <= 0 {
		return true
	}
	s, ok := g.open.message.Find(p.Segment, max(p.Occurrence, 1))
	return !ok || g.open.drawing.HidesField(s, p.Field)
}

// SelectCard puts the cursor where a line of the cards was read.
func (m *Model) SelectCard(row int) {
	if r, ok := m.cardRow(row); ok {
		m.placeOfCard(r)
	}
}

// endings are the usual endings of file names by media type.
var endings = map[string]string{
	"application/pdf": ".pdf", "application/rtf": ".rtf", "text/rtf": ".rtf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif", "image/gif": ".gif",
	"application/xml": ".xml", "text/xml": ".xml", "text/html": ".html", "text/plain": ".txt", "application/dicom": ".dcm",
}

// DocumentAt proposes a name for the document of a line of the cards; ok is false where there is none that could be saved.
func (m *Model) DocumentAt(row int) (name string, ok bool) {
	r, ok := m.cardRow(row)
	if !ok || m.masked {
		return "", false
	}
	d := r.document
	if d == nil || d.Reference != "" || d.Size == 0 {
		return "", false
	}
	ending := endings[d.Found]
	if ending == "" {
		ending = ".bin"
	}
	return "document" + ending, true
}

// SaveDocument writes the document of a line of the cards to a file. The access log says so before.
func (m *Model) SaveDocument(row int, path string) {
	r, ok := m.cardRow(row)
	if _, saves := m.DocumentAt(row); !ok || !saves {
		return
	}
	d, name, id := r.document, filepath.Base(path), m.open.id
	job.Start(m.ctx, m.runner, func(ctx context.Context) (int, error) {
		b, err := d.Bytes()
		if err != nil {
			return 0, err
		}
		if err := m.store.LogExport(ctx, fmt.Sprintf("document %s of message %d", d.Path, id), 1, name); err != nil {
			return 0, err
		}
		return len(b), writeWhole(path, func(f *os.File) error { _, err := f.Write(b); return err })
	}, func(n int, err error) {
		if err != nil {
			m.fail("Could not write the document", err)
			return
		}
		m.say(NoticeText{Tone: Success, Text: bytesWords(n) + " written to " + name + ". The access log says so.", Other: "Open it"})
		m.other = func() { m.OpenFile(path) }
	})
}
