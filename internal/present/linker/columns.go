package linker

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
	"trestle/internal/present/screen"
)

// Title is what stands above one side: the system, its file and its rows.
func (m *Model) Title(w Which) (title, facts string) {
	d := m.desk()
	s := &d.sides[w]
	title = strings.ToUpper(w.String()[:1]) + w.String()[1:]
	if name := m.name(w); name != w.String() {
		title += "  " + name
	}
	switch {
	case s.reading, m.loads:
		facts = "is being read"
	case s.table != nil:
		file := s.table.Name
		if m.masked {
			file = "a file"
		}
		facts = fmt.Sprintf("%s, %s", file, screen.Plural(s.table.Len(), "row"))
		if n := len(s.table.Bad); n > 0 {
			facts += fmt.Sprintf(", %d set aside", n)
		}
		if s.unstored {
			facts += ", not confirmed yet"
		}
	case s.stored.Skipped != "":
		facts = "no existing data: " + s.stored.Skipped
	default:
		facts = "no roster yet"
	}
	return title, facts
}

// Problem says what must be answered before the columns of a side can be used, "" for nothing.
func (m *Model) Problem(w Which) string { return m.desk().sides[w].problem }

// Has says whether a side has a roster.
func (m *Model) Has(w Which) bool { return m.desk().sides[w].table != nil }

// Notes are what the user should know of how a roster was read.
func (m *Model) Notes(w Which) []string {
	if t := m.desk().sides[w].table; t != nil {
		return t.Notes
	}
	return nil
}

var columnColumns = []screen.Column{
	{ID: "name", Title: "Column", Width: 110, MinWidth: 70, Flex: true, Fixed: true},
	{ID: "role", Title: "Taken for", Width: 112, MinWidth: 70, Fixed: true},
	{ID: "sample", Title: "Sample", Width: 110, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
	{ID: "filled", Title: "Filled", Width: 62, MinWidth: 44, Right: true, Fixed: true},
	{ID: "distinct", Title: "Distinct", Width: 62, MinWidth: 44, Right: true, Fixed: true},
	{ID: "odd", Title: "Odd", Width: 56, MinWidth: 40, Right: true, Fixed: true},
	{ID: "pattern", Title: "Pattern", Width: 90, MinWidth: 60, Mono: true, Fixed: true},
}

// Columns lists the columns of a side: what each was taken for, and its profile.
func (m *Model) Columns(w Which) screen.Grid { return columnGrid{m, w} }

type columnGrid struct {
	m *Model
	w Which
}

func (g columnGrid) side() *side              { return &g.m.desk().sides[g.w] }
func (g columnGrid) Columns() []screen.Column { return columnColumns }
func (g columnGrid) Len() int                 { return len(g.side().profile) }

func (g columnGrid) Cell(row, col int) screen.Cell {
	s := g.side()
	if row >= len(s.profile) {
		return screen.Cell{}
	}
	p := s.profile[row]
	rows := max(s.table.Len(), 1)
	switch columnColumns[col].ID {
	case "name":
		return screen.Cell{Text: p.Name}
	case "role":
		role := s.roleOf(row, g.m.desk().kind)
		switch role {
		case "":
			return screen.Cell{Text: "–", Role: screen.RoleMuted}
		case string(roster.ID), "plan id":
			return screen.Cell{Text: role, Bold: true, Role: screen.RoleAccent}
		}
		return screen.Cell{Text: role}
	case "sample":
		return screen.Cell{Text: s.sample(row), Masked: g.m.masked, Role: screen.RoleMuted}
	case "filled":
		return screen.Cell{Text: fmt.Sprintf("%d %%", 100*p.Filled/rows), Bar: float64(p.Filled) / float64(rows), BarRole: screen.RoleAccent}
	case "distinct":
		return screen.Cell{Text: screen.Count(p.Distinct)}
	case "odd":
		if n := p.Placeholders + p.Unreadable; n > 0 {
			return screen.Cell{Text: screen.Count(n), Role: screen.RoleWarning}
		}
		return screen.Cell{}
	}
	if len(p.Patterns) > 0 {
		return screen.Cell{Text: p.Patterns[0].Text, Role: screen.RoleMuted}
	}
	return screen.Cell{}
}

// roleOf is what a column is taken for, "" for nothing.
func (s *side) roleOf(column int, kind linkage.Kind) string {
	if kind == linkage.Plans {
		if column < len(s.roles) && s.roles[column] != "ignore" {
			return s.roles[column]
		}
		return ""
	}
	c := s.table.Columns[column]
	text := string(c.Role)
	if c.Role == roster.BirthDate && c.Dates != roster.AnyOrder {
		text = "born, " + string(c.Dates)
	}
	return text
}

func (s *side) sample(column int) string {
	for row := range min(s.table.Len(), 200) {
		if v := strings.TrimSpace(s.table.Cell(row, column)); v != "" {
			return v
		}
	}
	return ""
}

var badColumns = []screen.Column{
	{ID: "line", Title: "Line", Width: 60, MinWidth: 44, Right: true, Fixed: true},
	{ID: "reason", Title: "Why it was set aside", Width: 240, MinWidth: 120, Flex: true, Fixed: true},
	{ID: "row", Title: "Row", Width: 200, MinWidth: 80, Flex: true, Mono: true, Fixed: true},
}

// BadRows lists the rows of a side that were set aside, with the reason.
func (m *Model) BadRows(w Which) screen.Grid { return badGrid{m, w} }

type badGrid struct {
	m *Model
	w Which
}

func (g badGrid) Columns() []screen.Column { return badColumns }

func (g badGrid) Len() int {
	if t := g.m.desk().sides[g.w].table; t != nil {
		return len(t.Bad)
	}
	return 0
}

func (g badGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	b := g.m.desk().sides[g.w].table.Bad[row]
	switch col {
	case 0:
		return screen.Cell{Text: screen.Count(b.Line)}
	case 1:
		return screen.Cell{Text: b.Reason, Role: screen.RoleWarning}
	}
	return screen.Cell{Text: strings.Join(b.Cells, " | "), Masked: g.m.masked}
}

// ColumnForm is what can be said about one column.
type ColumnForm struct {
	Name      string
	Roles     []string // what it can be; the first is nothing
	Role      int
	Dates     int    // of DateOrders, for birth dates
	Authority string // of the identifier
	Facts     []string
}

// DateOrders are the orders of day, month and year, as a choice.
var DateOrders = []string{"as the values say", "year, month, day", "month, day, year", "day, month, year"}

var dateOrders = []roster.DateOrder{roster.AnyOrder, roster.YMD, roster.MDY, roster.DMY}

// Column is the form of a column.
func (m *Model) Column(w Which, column int) (ColumnForm, bool) {
	d := m.desk()
	s := &d.sides[w]
	if s.table == nil || column < 0 || column >= len(s.table.Columns) {
		return ColumnForm{}, false
	}
	c, p := s.table.Columns[column], s.profile[column]
	f := ColumnForm{Name: c.Name, Roles: m.roleNames(), Dates: max(slices.Index(dateOrders, c.Dates), 0), Authority: c.Authority}
	role := string(c.Role)
	if d.kind == linkage.Plans && column < len(s.roles) {
		role = s.roles[column]
	}
	if f.Role = slices.Index(f.Roles, role); f.Role < 0 {
		f.Role = 0
		if role != "" && role != "ignore" { // a payer ID for one clearinghouse
			f.Roles = append(f.Roles, role)
			f.Role = len(f.Roles) - 1
		}
	}
	if c.Why != "" && d.kind == linkage.Patients {
		f.Facts = append(f.Facts, "Guessed: "+c.Why)
	}
	f.Facts = append(f.Facts, fmt.Sprintf("%s filled of %s, %s distinct", screen.Count(p.Filled), screen.Count(s.table.Len()), screen.Count(p.Distinct)))
	if p.Placeholders > 0 {
		f.Facts = append(f.Facts, fmt.Sprintf("%s stand for no value, such as UNKNOWN or 999-99-9999", screen.Count(p.Placeholders)))
	}
	if p.Unreadable > 0 {
		f.Facts = append(f.Facts, fmt.Sprintf("%s cannot be what the column is taken for", screen.Count(p.Unreadable)))
	}
	if p.LeadingZeros > 0 {
		f.Facts = append(f.Facts, fmt.Sprintf("%s begin with a zero, which is kept", screen.Count(p.LeadingZeros)))
	}
	if len(p.Patterns) > 0 {
		f.Facts = append(f.Facts, "Patterns: "+counted(p.Patterns))
	}
	if len(p.Frequent) > 0 {
		if m.masked {
			f.Facts = append(f.Facts, "Frequent values are hidden by the mask")
		} else {
			f.Facts = append(f.Facts, "Frequent: "+counted(p.Frequent))
		}
	}
	return f, true
}

func counted(list []roster.Counted) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, fmt.Sprintf("%s (%s)", c.Text, screen.Count(c.Count)))
	}
	return strings.Join(parts, ", ")
}

// nothing is the role of a column that is no evidence.
const nothing = "nothing"

func (m *Model) roleNames() []string {
	names := []string{nothing}
	if m.desk().kind == linkage.Plans {
		return append(names, "plan id", "insurer", "name", "type", "payer id", "address", "city", "state", "zip", "phone")
	}
	for _, r := range roster.Roles {
		names = append(names, string(r))
	}
	return names
}

// SetColumn says what a column is.
func (m *Model) SetColumn(w Which, column int, f ColumnForm) error {
	d := m.desk()
	s := &d.sides[w]
	if s.table == nil || column < 0 || column >= len(s.table.Columns) || f.Role < 0 || f.Role >= len(f.Roles) {
		return fmt.Errorf("the column is not there any more: look at the roster again")
	}
	role := f.Roles[f.Role]
	if d.kind == linkage.Plans {
		if err := s.setPlanColumn(column, role); err != nil {
			return err
		}
	} else {
		if role == nothing {
			role = "ignore"
		}
		spec := roster.Spec{Columns: map[string]string{s.table.Columns[column].Name: role}}
		if role == string(roster.BirthDate) && f.Dates > 0 {
			spec.Dates = dateOrders[f.Dates]
		}
		if role == string(roster.ID) {
			spec.Authority = strings.TrimSpace(f.Authority)
		}
		if err := s.table.Apply(spec); err != nil {
			return err
		}
	}
	s.unstored = true
	d.outdated("the columns of " + w.String() + " have changed")
	m.Changed(Setup | Desk)
	return nil
}

func (s *side) setPlanColumn(column int, role string) error {
	name := s.table.Columns[column].Name
	if s.list.Columns == nil {
		s.list.Columns = map[string]string{}
	}
	switch role {
	case "plan id":
		s.list.Key = name
		delete(s.list.Columns, name)
	case nothing:
		role = "ignore"
		fallthrough
	default:
		if strings.EqualFold(s.list.Key, name) {
			s.list.Key = ""
		}
		s.list.Columns[name] = role
	}
	s.interpret(linkage.Plans)
	return nil
}
