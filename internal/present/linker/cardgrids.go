package linker

import (
	"fmt"
	"math"
	"slices"

	"trestle/internal/present/screen"
)

// Card is the open case, nil for none.
func (m *Model) Card() *Card { return m.desk().cases.card }

// Blind says that the open case is judged without what the engine thinks of it.
func (m *Model) Blind() bool { return m.desk().cases.filter == SecondReview }

// History is who decided what about the open case's records and when, the newest first.
func (m *Model) History() []string {
	if c := m.Card(); c != nil {
		return c.history
	}
	return nil
}

var fieldColumns = []screen.Column{
	{ID: "field", Title: "Field", Width: 104, MinWidth: 70, Fixed: true},
	{ID: "left", Title: "Ours", Width: 150, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "right", Title: "Theirs", Width: 150, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "why", Title: "Why, in bits", Width: 170, MinWidth: 90, Flex: true, Fixed: true},
}

// Fields is the open case's records side by side.
func (m *Model) Fields() screen.Grid { return fieldGrid{m} }

type fieldGrid struct{ m *Model }

func (g fieldGrid) Columns() []screen.Column {
	c := g.m.Card()
	if c == nil || c.inside == "" {
		return fieldColumns
	}
	columns := slices.Clone(fieldColumns)
	columns[1].Title, columns[2].Title, columns[3].Title = "One of "+c.inside, "Other of "+c.inside, "Do they agree?"
	return columns
}

func (g fieldGrid) Len() int {
	if c := g.m.Card(); c != nil {
		return len(c.fields)
	}
	return 0
}

// fullBar is how many bits fill the bar of a field.
const fullBar = 14

func (g fieldGrid) Cell(row, col int) screen.Cell {
	c := g.m.Card()
	if c == nil || row >= len(c.fields) {
		return screen.Cell{}
	}
	f := c.fields[row]
	switch col {
	case 0:
		return screen.Cell{Text: f.name, Role: screen.RoleMuted}
	case 1, 2:
		cell := screen.Cell{Text: f.values[col-1], Spans: f.spans[col-1], Masked: g.m.masked && f.values[col-1] != ""}
		if f.normal {
			cell.Role = screen.RoleMuted
			if cell.Text != "" {
				shift := len("→ ")
				cell.Text = "→ " + cell.Text
				cell.Spans = slices.Clone(cell.Spans)
				for i := range cell.Spans {
					cell.Spans[i].Start, cell.Spans[i].End = cell.Spans[i].Start+shift, cell.Spans[i].End+shift
				}
			}
		}
		return cell
	}
	if g.m.Blind() || !f.hasEvidence {
		if g.m.Blind() {
			return screen.Cell{}
		}
		return screen.Cell{Text: f.words, Role: screen.RoleMuted}
	}
	cell := screen.Cell{Text: fmt.Sprintf("%+.1f  %s", f.bits, f.words), Bar: max(math.Abs(f.bits)/fullBar, 0.005), BarRole: screen.RoleOK}
	if f.bits < 0 {
		cell.BarRole = screen.RoleError
	}
	return cell
}

var otherColumns = []screen.Column{
	{ID: "what", Title: "Also in sight", Width: 136, MinWidth: 90, Fixed: true},
	{ID: "id", Title: "Identifier", Width: 88, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "name", Title: "Name", Width: 150, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "born", Title: "Born", Width: 88, MinWidth: 60, Fixed: true},
	{ID: "more", Title: "Address, phone", Width: 150, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "bits", Title: "Bits", Width: 60, MinWidth: 40, Right: true, Fixed: true},
}

var otherPlanColumns = []screen.Column{
	{ID: "what", Title: "Also in sight", Width: 140, MinWidth: 90, Fixed: true},
	{ID: "id", Title: "Plan ID", Width: 88, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "name", Title: "Insurer, plan", Width: 180, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "born", Title: "Line", Width: 88, MinWidth: 60, Fixed: true},
	{ID: "more", Title: "Why", Width: 180, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "bits", Title: "Bits", Width: 60, MinWidth: 40, Right: true, Fixed: true},
}

// Others lists the other candidates of both records and both households.
func (m *Model) Others() screen.Grid { return otherGrid{m} }

type otherGrid struct{ m *Model }

func (g otherGrid) Columns() []screen.Column {
	if g.m.IsPlans() {
		return otherPlanColumns
	}
	return otherColumns
}

func (g otherGrid) Len() int {
	if c := g.m.Card(); c != nil {
		return len(c.others)
	}
	return 0
}

func (g otherGrid) Cell(row, col int) screen.Cell {
	c := g.m.Card()
	if c == nil || row >= len(c.others) {
		return screen.Cell{}
	}
	o := c.others[row]
	text := func(s string) screen.Cell { return screen.Cell{Text: s, Masked: g.m.masked && s != ""} }
	switch otherColumns[col].ID {
	case "what":
		if o.isCandidate {
			return screen.Cell{Text: o.what, Role: screen.RoleAccent}
		}
		return screen.Cell{Text: o.what, Role: screen.RoleMuted}
	case "id":
		return text(o.id)
	case "name":
		return text(o.name)
	case "born":
		return text(o.born)
	case "more":
		return text(o.more)
	}
	if !o.isCandidate || g.m.Blind() {
		return screen.Cell{}
	}
	return screen.Cell{Text: fmt.Sprintf("%+.1f", o.bits)}
}

// OpenOther opens the case of another candidate by its row.
func (m *Model) OpenOther(row int) {
	d := m.desk()
	c := d.cases.card
	if c == nil || row < 0 || row >= len(c.others) || !c.others[row].isCandidate || m.Blind() {
		return
	}
	to := c.others[row].to
	if at := slices.Index(d.cases.shown, to); at >= 0 {
		m.OpenCase(at)
		return
	}
	// It is not in the list that the filter gives: it is put there, beside the one that it competes with.
	d.cases.shown = slices.Insert(slices.Clone(d.cases.shown), d.cases.at+1, to)
	m.Changed(Cases)
	m.OpenCase(d.cases.at + 1)
}
