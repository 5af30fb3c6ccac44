package endpoints

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/job"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
)

// opened is the exchange that is open, with its conversation.
type opened struct {
	m            *Model
	row          int // of the journal, -1 for none
	id           int64
	exchange     endpoint.Exchange
	conversation []endpoint.Exchange
	request      *message.Drawing
	reply        *message.Drawing
	texts        [2]screen.Text // request and reply as they are drawn
	fields       [2]screen.Grid // and value by value
	loading      job.Latest
}

func (o *opened) none() {
	o.loading.Cancel()
	m := o.m
	*o = opened{m: m, row: -1}
}

// shifted keeps the row in step with a list that has grown at its front.
func (o *opened) shifted(by int, grown bool) {
	switch {
	case o.id == 0:
	case grown:
		o.row += by
	default:
		o.row = -1
	}
}

// shownExchange is what the background brings for an exchange.
type shownExchange struct {
	exchange       endpoint.Exchange
	conversation   []endpoint.Exchange
	request, reply *message.Drawing
}

// OpenExchange opens the exchange of a row of the journal.
func (m *Model) OpenExchange(row int) {
	if row < 0 || row >= len(m.journal.rows) {
		return
	}
	m.open.row = row
	m.openID(m.journal.rows[row].ID)
}

// OpenStep opens the exchange of a line of the conversation.
func (m *Model) OpenStep(line int) {
	if line < 0 || line >= len(m.open.conversation) {
		return
	}
	id := m.open.conversation[line].ID
	m.open.row = -1
	for i := range m.journal.rows {
		if m.journal.rows[i].ID == id {
			m.open.row = i
		}
	}
	m.openID(id)
}

func (m *Model) openID(id int64) {
	job.StartLatest(m.ctx, m.runner, &m.open.loading, func(ctx context.Context) (s shownExchange, err error) {
		if s.exchange, err = m.store.Exchange(ctx, id); err != nil {
			return s, err
		}
		if s.conversation, err = m.store.Conversation(ctx, s.exchange.Conversation); err != nil {
			return s, err
		}
		// Both sides of an exchange may be here: what was sent comes before what was received of it.
		slices.SortStableFunc(s.conversation, func(a, b endpoint.Exchange) int { return a.LastByte.Compare(b.LastByte) })
		if !isHTTP(&s.exchange) {
			s.request, s.reply = message.Read(s.exchange.Request), message.Read(s.exchange.Reply)
		}
		return s, nil
	}, func(s shownExchange, err error) {
		if err != nil {
			m.Fail("Could not open the exchange", err)
			return
		}
		o := &m.open
		o.id, o.exchange, o.conversation, o.request, o.reply = id, s.exchange, s.conversation, s.request, s.reply
		o.rebuild()
		m.Changed(Open)
	})
}

// rebuild draws the messages anew, as the mask asks for.
func (o *opened) rebuild() {
	o.texts, o.fields = [2]screen.Text{}, [2]screen.Grid{}
	if e := &o.exchange; o.id != 0 && isHTTP(e) {
		for i, b := range [][]byte{e.Request, e.Reply} {
			o.texts[i], o.fields[i] = drawHTTP(b, o.m.masked), readHTTP(b, o.m.masked)
		}
		return
	}
	for i, d := range []*message.Drawing{o.request, o.reply} {
		if d != nil {
			o.texts[i], o.fields[i] = d.Raw(o.m.masked), d.Fields(o.m.masked)
		}
	}
}

// OpenRow is the row of the open exchange in the journal, -1 for none.
func (m *Model) OpenRow() int { return m.open.row }

// IsOpen says whether an exchange is open.
func (m *Model) IsOpen() bool { return m.open.id != 0 }

// CloseExchange shows none.
func (m *Model) CloseExchange() {
	m.open.none()
	m.Changed(Open)
}

// Request is the message of the open exchange; nil where there is none.
func (m *Model) Request() screen.Text { return m.open.texts[0] }

// Fields are the values of the request and of the reply with their names; nil where there is none.
func (m *Model) Fields() (request, reply screen.Grid) {
	return m.open.fields[0], m.open.fields[1]
}

// Reply is the answer of the open exchange.
func (m *Model) Reply() screen.Text { return m.open.texts[1] }

// OpenRequest is the request's bytes, for the other places; nil where they were not kept.
func (m *Model) OpenRequest() []byte { return m.open.exchange.Request }

// OpenReply is the reply's bytes, nil where there is none or they were not kept.
func (m *Model) OpenReply() []byte { return m.open.exchange.Reply }

// OpenName names where the bytes of the open exchange come from, for lists of other places.
func (m *Model) OpenName() string {
	e := &m.open.exchange
	return e.Endpoint + " " + e.LastByte.Local().Format("2006-01-02 15:04:05")
}

// Fact is a line about the open exchange.
type Fact struct {
	Name, Text string
	Role       screen.Role
}

// Facts are what is known of the open exchange beside its bytes.
func (m *Model) Facts() (facts []Fact) {
	if m.open.id == 0 {
		return nil
	}
	e := &m.open.exchange
	add := func(name, text string, role screen.Role) {
		if text != "" {
			facts = append(facts, Fact{name, text, role})
		}
	}
	answer := answerCell(e)
	add("Answer", strings.TrimSpace(answer.Text+"  "+e.Detail), answer.Role)
	add("Rule", strings.TrimSpace(e.Rule+"  "+strings.ReplaceAll(e.Sentence, " → ", ": ")), screen.RoleText)
	add("Faults", faultWords(e.Faults), screen.RoleWarning)
	if e.Direction == endpoint.Outbound {
		expected := e.Expected
		if expected == "" && isHTTP(e) {
			expected = "a status below 400"
		} else if expected == "" {
			expected = "AA or CA"
		}
		add("Expected", expected, screen.RoleText)
		if e.Attempt > 1 || e.MaybeTwice {
			again := fmt.Sprintf("try %d", e.Attempt)
			if e.MaybeTwice {
				again += "; an earlier one may have arrived"
			}
			add("Tries", again, screen.RoleWarning)
		}
	}
	add("Time", timeLine(e), screen.RoleText)
	add("Peer", e.Peer, screen.RoleText)
	if t := e.TLS; t != nil {
		add("TLS", strings.TrimSpace(t.Version+"  "+t.Cipher+"  "+t.PeerName), screen.RoleText)
	}
	add("Size", sizes(e), screen.RoleText)
	for _, f := range e.Findings {
		where := "request"
		if f.Reply {
			where = "reply"
		}
		role := screen.RoleInformation
		if f.Severity > 1 {
			role = screen.RoleError
		} else if f.Severity > 0 {
			role = screen.RoleWarning
		}
		add(f.Code, fmt.Sprintf("%s (%s, offset %d)", f.Text, where, f.Offset), role)
	}
	return facts
}

func sizes(e *endpoint.Exchange) string {
	text := screen.Plural(int(e.RequestSize), "byte")
	if e.ReplySize > 0 {
		text += ", answered with " + screen.Count(int(e.ReplySize))
	}
	if e.Request == nil && e.RequestSize > 0 {
		text += "; the bytes were not kept"
	}
	return text
}

// timeLine is when what happened, as offsets from the first byte.
func timeLine(e *endpoint.Exchange) string {
	first := e.FirstByte
	if first.IsZero() {
		first = e.LastByte
	}
	if first.IsZero() {
		return ""
	}
	text := first.Local().Format("2006-01-02 15:04:05.000000")
	for _, x := range []struct {
		word string
		at   time.Time
	}{{"last byte", e.LastByte}, {"decided", e.Decided}, {"on disk", e.Committed}, {"answered", e.ReplyWritten}} {
		if !x.at.IsZero() && x.at != first {
			text += fmt.Sprintf("  ·  %s +%s", x.word, since(x.at.Sub(first)))
		}
	}
	return text
}

func since(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return short(d)
}

// Columns of a conversation.
var stepColumns = []screen.Column{
	{ID: "after", Title: "After", Width: 70, MinWidth: 50, Right: true, Fixed: true},
	{ID: "way", Title: "", Width: 32, MinWidth: 30, Mono: true, Fixed: true},
	{ID: "what", Title: "What", Width: 110, MinWidth: 60, Fixed: true},
	{ID: "answer", Title: "Answer", Width: 76, MinWidth: 44, Fixed: true},
	{ID: "detail", Title: "", Width: 160, MinWidth: 60, Flex: true, Fixed: true},
}

// Steps is the conversation that the open exchange belongs to: message, retries, acknowledgements and responses on a line of
// time.
func (m *Model) Steps() screen.Grid { return (*stepGrid)(&m.open) }

type stepGrid opened

func (g *stepGrid) Columns() []screen.Column { return stepColumns }
func (g *stepGrid) Len() int                 { return len(g.conversation) }

func (g *stepGrid) Cell(row, col int) screen.Cell {
	e := &g.conversation[row]
	bold := e.ID == g.id
	switch col {
	case 0:
		return screen.Cell{Text: since(e.LastByte.Sub(g.conversation[0].LastByte)), Role: screen.RoleMuted}
	case 1:
		if e.Direction == endpoint.Outbound {
			return screen.Cell{Text: "→"}
		}
		return screen.Cell{Text: "←"}
	case 2:
		text := messageWords(e)
		if e.Kind == endpoint.KindApplication {
			text = "application ack"
		}
		return screen.Cell{Text: text, Bold: bold}
	case 3:
		return answerCell(e)
	}
	return screen.Cell{Text: whatHappened(e), Role: screen.RoleMuted}
}
