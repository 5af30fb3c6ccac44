package inspect

import (
	"context"
	"errors"
	"fmt"

	"trestle/internal/hl7"
	"trestle/internal/inspect/query"
	"trestle/internal/inspect/statistics"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// counting is what stands at one path in the listed messages.
type counting struct {
	field    *statistics.Field // nil until it is counted
	path     hl7.Path          // as a query names it
	ids      []int64           // of the messages that were counted
	patterns bool              // the list shows patterns in place of values
	values   []statistics.Value
	shapes   []statistics.Value
	filter   string // what the list was filtered by
	scan     *job.Job
	turn     int
}

// shownValues is how many values are listed: a person reads the first of them.
const shownValues = 1000

// CountHere counts what stands in the field at the cursor in all listed messages, in the background. It is false outside a
// field. Counting reads the messages, which the access log keeps.
func (m *Model) CountHere() bool {
	p := m.open.path
	if p.Segment == "" || p.Field == 0 {
		return false
	}
	p.Occurrence, p.Repetition, p.Groups = 0, 0, nil
	m.count(p)
	return true
}

func (m *Model) count(p hl7.Path) {
	c := &m.counting
	if c.scan != nil {
		c.scan.Cancel()
	}
	c.turn++
	turn, ids, filter := c.turn, m.list.ids, m.list.query.String()
	c.scan = job.Track(m.ctx, m.runner, "count "+p.String(), func(ctx context.Context, progress *job.Progress) (counting, error) {
		progress.SetTotal(int64(len(ids)))
		field := statistics.New(p)
		counted := make([]int64, 0, len(ids))
		var message hl7.Message
		for msg, err := range m.store.Messages(ctx, ids) {
			progress.Add(1)
			switch {
			case errors.Is(err, workspace.ErrDamaged) || errors.Is(err, workspace.ErrNotFound):
				continue
			case err != nil:
				return counting{}, err
			}
			message.Reset(msg.Bytes)
			field.Add(&message)
			counted = append(counted, msg.ID)
		}
		if err := ctx.Err(); err != nil {
			return counting{}, err
		}
		return counting{field: field, path: p, ids: counted, filter: filter, values: field.Top(shownValues), shapes: field.Patterns(shownValues)}, nil
	}, func(done counting, err error) {
		if turn != c.turn {
			return // another one has been asked for
		}
		c.scan = nil
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.fail("Could not count", err)
		default:
			done.turn, done.patterns = c.turn, c.patterns
			m.counting = done
		}
		m.Changed(Statistics)
	})
	m.Changed(Statistics)
}

// Counting says whether a field is being counted now.
func (m *Model) Counting() bool { return m.counting.scan != nil }

// FieldStatistics is what was counted last, in words.
type FieldStatistics struct {
	Title string   // path and name
	Facts []string // populated, distinct, lengths
}

// Statistics is what was counted last.
func (m *Model) Statistics() (s FieldStatistics, ok bool) {
	f := m.counting.field
	if f == nil {
		return s, false
	}
	s.Title = m.counting.path.String()
	if name := newest().NameOf(m.counting.path); name != "" {
		s.Title += "  " + name
	}
	of := "in " + percent(f.With, f.Messages) + " of " + screen.Plural(f.Messages, "message")
	if m.counting.filter != "" {
		of += " that the filter found"
	}
	s.Facts = append(s.Facts, of)
	distinct, exact := f.Distinct()
	words := screen.Plural(f.Values, "value") + ", " + screen.Count(distinct) + " different"
	if !exact {
		words = screen.Plural(f.Values, "value") + ", more than " + screen.Count(distinct) + " different"
	}
	if f.Null > 0 {
		words += ", " + screen.Count(f.Null) + ` of them ""`
	}
	s.Facts = append(s.Facts, words)
	if f.Values > 0 {
		s.Facts = append(s.Facts, fmt.Sprintf("%d to %s, %.1f on average", f.Shortest, screen.Plural(f.Longest, "character"), f.Average()))
	}
	if f.MostTimes > 1 {
		s.Facts = append(s.Facts, "up to "+screen.Count(f.MostTimes)+" in one message")
	}
	return s, true
}

// percent is a share in words: 100 % and 0 % are said of all and none only.
func percent(n, of int) string {
	switch {
	case of == 0 || n == 0:
		return "0 %"
	case n == of:
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", min(max(100*float64(n)/float64(of), 0.1), 99.9))
}

// ShowsPatterns says whether the list of counts is one of patterns: 9 for a digit, A and a for letters.
func (m *Model) ShowsPatterns() bool { return m.counting.patterns }

// SetShowsPatterns lists patterns, or values.
func (m *Model) SetShowsPatterns(on bool) {
	m.counting.patterns = on
	m.Changed(Statistics)
}

// CountGrid is the values or patterns that were counted, the most frequent first.
func (m *Model) CountGrid() screen.Grid { return (*countGrid)(m) }

type countGrid Model

var countColumns = []screen.Column{
	{ID: "count", Title: "Count", Width: 90, MinWidth: 50, Right: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 120, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
	{ID: "meaning", Title: "Meaning", Width: 90, MinWidth: 40, Fixed: true},
}

func (g *countGrid) rows() []statistics.Value {
	if g.counting.patterns {
		return g.counting.shapes
	}
	return g.counting.values
}

func (g *countGrid) Columns() []screen.Column { return countColumns }
func (g *countGrid) Len() int                 { return len(g.rows()) }

func (g *countGrid) Cell(row, col int) screen.Cell {
	all := g.rows()
	v := all[row]
	switch countColumns[col].ID {
	case "count":
		return screen.Cell{Text: screen.Count(v.Count), Bar: float64(v.Count) / float64(all[0].Count), BarRole: screen.RoleAccent}
	case "value":
		return screen.Cell{Text: oneLine([]byte(v.Text)), Masked: g.masked}
	}
	if g.counting.patterns {
		return screen.Cell{Text: percent(v.Count, g.counting.field.Values), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: g.meaning(v.Text), Role: screen.RoleMuted, Masked: g.masked}
}

// meaning is what a code of the field's table stands for.
func (g *countGrid) meaning(code string) string {
	p := g.counting.path
	def, ok := g.open.version.FieldAt(p.Segment, p.Field, p.Component, p.Subcomponent)
	if !ok || def.Table == "" {
		return ""
	}
	if t, ok := g.open.version.Table(def.Table); ok {
		if c, ok := t.Code(code); ok {
			return c.Display
		}
		if len(t.Codes) > 0 && t.Listed {
			return "not in table " + def.Table
		}
	}
	return ""
}

// FilterCounted narrows the list to the messages with a value that was counted. It is false for a pattern, and for a value
// that is too long to be looked for.
func (m *Model) FilterCounted(row int) bool {
	if m.counting.patterns || row < 0 || row >= len(m.counting.values) || len(m.counting.values[row].Text) > longestFilterValue {
		return false
	}
	path, text := m.counting.path.String(), m.counting.values[row].Text
	if text == `""` {
		m.AndQuery(path + " null")
		return true
	}
	m.AndQuery(path + " = " + query.Quote(text))
	return true
}

// FilterWithout narrows the list to the messages without a value at the counted path.
func (m *Model) FilterWithout() {
	if m.counting.field != nil {
		m.AndQuery(m.counting.path.String() + " empty")
	}
}

// OpenExample opens the first message that has a counted value or pattern, where the list still shows it.
func (m *Model) OpenExample(row int) bool {
	all := (*countGrid)(m).rows()
	if row < 0 || row >= len(all) || all[row].Example >= len(m.counting.ids) {
		return false
	}
	id := m.counting.ids[all[row].Example]
	for i, other := range m.list.ids {
		if other == id {
			m.Select(i)
			return true
		}
	}
	return false
}
