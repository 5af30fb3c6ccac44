package message

import (
	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// maxFields bounds the rows of a list of fields: a person reads the first of them.
const maxFields = 5000

var fieldColumns = []screen.Column{
	{ID: "path", Title: "Path", Width: 92, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "name", Title: "Name", Width: 190, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 170, MinWidth: 80, Flex: true, Fixed: true},
}

// Fields is the message as a list of its values, decoded, each with its path and name.
type Fields struct {
	d    *Drawing
	mask bool
	rows []fieldRow
}

type fieldRow struct {
	path   string
	value  hl7.Value
	name   string
	hidden bool
}

// Fields lists the values of the message.
func (d *Drawing) Fields(masked bool) *Fields {
	f := &Fields{d: d, mask: masked}
	if !d.IsHL7 {
		return f
	}
	seen := map[string]int{}
	for s := range d.Message.Segments() {
		if s.ID() == "" {
			continue
		}
		seen[s.ID()]++
		f.segment(s, seen[s.ID()])
		if len(f.rows) >= maxFields {
			break
		}
	}
	return f
}

func (f *Fields) segment(s hl7.Segment, occurrence int) {
	for l := range s.Leaves() {
		if state := l.State(); state == hl7.Absent || state == hl7.Empty {
			continue
		}
		p := hl7.Path{Segment: s.ID(), Field: l.Field}
		if occurrence > 1 {
			p.Occurrence = occurrence
		}
		field := s.Field(l.Field)
		if field.Repetitions() > 1 {
			p.Repetition = l.Repetition
		}
		if r := field.Repetition(l.Repetition); r.Components() > 1 {
			p.Component = l.Component
			if r.Component(l.Component).Subcomponents() > 1 {
				p.Subcomponent = l.Subcomponent
			}
		}
		f.rows = append(f.rows, fieldRow{p.String(), l.Value, f.d.Version.NameOf(p), f.mask && f.d.HidesField(s, l.Field)})
	}
}

// Columns implements screen.Grid.
func (f *Fields) Columns() []screen.Column { return fieldColumns }

// Len implements screen.Grid.
func (f *Fields) Len() int { return len(f.rows) }

// Cell implements screen.Grid.
func (f *Fields) Cell(row, col int) screen.Cell {
	r := f.rows[row]
	switch col {
	case 0:
		return screen.Cell{Text: r.path, Role: screen.RoleMuted}
	case 1:
		return screen.Cell{Text: r.name}
	}
	if r.value.State() == hl7.Null {
		return screen.Cell{Text: `""  delete what is stored`, Role: screen.RoleNull, Masked: r.hidden}
	}
	return screen.Cell{Text: r.value.Text(), Masked: r.hidden}
}
