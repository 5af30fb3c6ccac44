package comparing

import (
	"fmt"

	"trestle/internal/compare"
	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// IsOpen says whether a pair is open.
func (m *Model) IsOpen() bool { return m.open.ready }

// Panes are the texts of the open pair: the left and the right, or one for both where they are unified.
func (m *Model) Panes() (panes [2]*Pane, unified bool) { return m.open.panes, m.open.unified }

// Unified says whether both sides stand in one text; Decoded whether values are shown without escapes; Folded whether what
// is equal is folded.
func (m *Model) Unified() bool { return m.open.unified }

// SetUnified shows both sides in one text, or beside each other.
func (m *Model) SetUnified(on bool) { m.redraw(&m.open.unified, on) }

// Decoded says whether values are shown without their escapes.
func (m *Model) Decoded() bool { return m.open.decoded }

// SetDecoded shows values without their escapes, or the bytes as they came.
func (m *Model) SetDecoded(on bool) { m.redraw(&m.open.decoded, on) }

// Folded says whether long stretches without a difference are one line.
func (m *Model) Folded() bool { return m.open.folded }

// SetFolded folds what is equal, or unfolds it.
func (m *Model) SetFolded(on bool) { m.redraw(&m.open.folded, on) }

func (m *Model) redraw(flag *bool, on bool) {
	if *flag == on {
		return
	}
	*flag = on
	if m.open.ready {
		m.open.panes = [2]*Pane{}
		m.open.draw()
	}
	m.Changed(Open | Current)
}

// PairTitle names the open pair: what it is, what it is called, and how its sides relate.
type PairTitle struct {
	Type, Key string
	KeyHidden bool
	Status    string
	Role      screen.Role
	Shape     screen.Shape
}

// PairTitle is what stands above the open pair; ok is false where none is open.
func (m *Model) PairTitle() (t PairTitle, ok bool) {
	o := &m.open
	if !o.ready || m.found == nil || o.index >= len(m.found.pairs) {
		return t, false
	}
	p := &m.found.pairs[o.index]
	status := p.status
	if o.result != nil {
		status = o.result.Status()
	}
	look := statusLooks[status]
	t = PairTitle{Type: p.kind, Key: p.key, Status: status.String(), Role: look.role, Shape: look.shape}
	if m.masked && p.keyHidden {
		t.Key = fmt.Sprintf("pair %d", p.number)
	}
	return t, true
}

var differenceColumns = []screen.Column{
	{ID: "what", Title: "What", Width: 94, MinWidth: 60, Fixed: true},
	{ID: "path", Title: "Path", Width: 120, MinWidth: 60, Mono: true, Flex: true, Fixed: true},
	{ID: "name", Title: "Name", Width: 120, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "left", Title: "Left", Width: 150, MinWidth: 80, Mono: true, Flex: true, Fixed: true},
	{ID: "right", Title: "Right", Width: 150, MinWidth: 80, Mono: true, Flex: true, Fixed: true},
	{ID: "rule", Title: "By the rules", Width: 150, MinWidth: 70, Fixed: true},
}

// Differences are those of the open pair: first what matters, then what rules leave out.
func (m *Model) Differences() screen.Grid { return (*differenceGrid)(m) }

type differenceGrid Model

func (g *differenceGrid) Columns() []screen.Column { return differenceColumns }
func (g *differenceGrid) Len() int                 { return len(g.open.listed) }

func (g *differenceGrid) Cell(row, col int) screen.Cell {
	if row >= len(g.open.listed) {
		return screen.Cell{}
	}
	d := &g.open.result.Differences[g.open.listed[row]]
	c := g.differenceCell(d, row, differenceColumns[col].ID)
	if !matters(d) && c.Role == "" {
		c.Role = screen.RoleMuted
	}
	return c
}

func (g *differenceGrid) differenceCell(d *compare.Difference, row int, column string) screen.Cell {
	switch column {
	case "what":
		words := d.Kind.String()
		switch {
		case d.About != "":
			words = d.About
		case d.Count > 1:
			words += fmt.Sprintf(", %d segments", d.Count)
		}
		return signed(d.Kind, words)
	case "path":
		path := d.Path
		if d.Left.Path != "" && d.Right.Path != "" && d.Left.Path != d.Right.Path {
			path = d.Left.Path + " → " + d.Right.Path
		}
		return screen.Cell{Text: path}
	case "name":
		return screen.Cell{Text: g.open.names[row], Role: screen.RoleMuted}
	case "rule":
		switch d.Verdict {
		case compare.Expected:
			return screen.Cell{Text: "expected", Role: screen.RoleInformation, Shape: screen.ShapeCircle}
		case compare.Ignored, compare.Implied:
			return screen.Cell{Text: d.Rule, Role: screen.RoleMuted}
		}
		return screen.Cell{}
	}
	s := d.Left
	if column == "right" {
		s = d.Right
	}
	if g.masked && s.Text != "" && d.MayBePatientData() {
		return screen.Cell{Text: compare.Masked, Masked: true}
	}
	if s.State == hl7.Null {
		return screen.Cell{Text: `""`, Role: screen.RoleNull}
	}
	return screen.Cell{Text: oneLine(clipped(s.Text))}
}

// clipped bounds what one cell draws.
func clipped(s string) string {
	const most = 400
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// CurrentRow is the current difference's row in the list, -1 for none.
func (m *Model) CurrentRow() int { return m.open.current }

// DifferencesTitle counts the differences of the open pair.
func (m *Model) DifferencesTitle() string {
	n := 0
	for _, i := range m.open.listed {
		if matters(&m.open.result.Differences[i]) {
			n++
		}
	}
	words := "Differences  " + screen.Count(n)
	if out := len(m.open.listed) - n; out > 0 {
		words += fmt.Sprintf(" and %s left out", screen.Count(out))
	}
	return words
}

// Where says in words where the current difference is.
func (m *Model) Where() string {
	d := m.open.difference()
	if d == nil {
		return ""
	}
	words := d.Path + " " + d.Kind.String()
	if name := m.open.names[m.open.current]; name != "" {
		words = d.Path + "  " + name + "  " + d.Kind.String()
	}
	return words
}

// CurrentPath is the path of the current difference, "" for none.
func (m *Model) CurrentPath() string {
	if d := m.open.difference(); d != nil {
		return d.Path
	}
	return ""
}
