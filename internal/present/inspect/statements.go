package inspect

import (
	"context"
	"strings"

	"trestle/internal/check/profile"
	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// Statements are what the chosen profile says, as rows, each with how well it is supported.
func (m *Model) Statements() screen.Grid {
	if m.agreed.chosen == nil {
		return statementGrid{}
	}
	return NewStatements(m.agreed.chosen)
}

// ReadStatements reads a profile that can be chosen, and hands over what it says and its file.
func (m *Model) ReadStatements(id string, then func(statements screen.Grid, text string)) {
	type read struct {
		grid screen.Grid
		text string
	}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (read, error) {
		p, _, err := m.readProfile(ctx, id)
		if err != nil {
			return read{}, err
		}
		b, err := yamlOf(p)
		return read{NewStatements(p), string(b)}, err
	}, func(r read, err error) {
		if err != nil {
			m.fail("Could not read the profile", err)
			return
		}
		then(r.grid, r.text)
	})
}

// NewStatements is what a profile says as rows.
func NewStatements(p *profile.Profile) screen.Grid { return statementGrid{p, p.Statements()} }

type statementGrid struct {
	p   *profile.Profile
	all []profile.Statement
}

var statementColumns = []screen.Column{
	{ID: "message", Title: "Message", Width: 96, MinWidth: 50, Mono: true, Fixed: true},
	{ID: "place", Title: "Place", Width: 84, MinWidth: 40, Mono: true, Fixed: true},
	{ID: "use", Title: "Usage", Width: 74, MinWidth: 40, Mono: true, Fixed: true},
	{ID: "text", Title: "What is agreed", Width: 200, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "level", Title: "Evidence", Width: 150, MinWidth: 50, Fixed: true},
	{ID: "source", Title: "Source", Width: 150, MinWidth: 50, Flex: true, Fixed: true},
}

func (g statementGrid) Columns() []screen.Column { return statementColumns }
func (g statementGrid) Len() int                 { return len(g.all) }

func (g statementGrid) Cell(row, col int) screen.Cell {
	s := g.all[row]
	switch statementColumns[col].ID {
	case "message":
		if s.Message == "" && s.Place != "" {
			return screen.Cell{Text: "all", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: s.Message}
	case "place":
		return screen.Cell{Text: s.Place}
	case "use":
		if s.Use == "ask" {
			return screen.Cell{Text: "to ask", Role: screen.RoleAccent}
		}
		return screen.Cell{Text: s.Use}
	case "text":
		text := s.Text
		if name := g.nameOf(s.Place); name != "" && s.Use != "" {
			text = strings.TrimPrefix(name+"; "+text, "; ")
			text = strings.TrimSuffix(text, "; ")
		}
		return screen.Cell{Text: text}
	case "level":
		return levelCell(s.Level)
	}
	return screen.Cell{Text: evidenceWords(g.p, s.Evidence), Role: screen.RoleMuted}
}

// nameOf is what a place of a statement is called: by the profile, else by the standard.
func (g statementGrid) nameOf(place string) string {
	p, err := hl7.ParsePath(place)
	if err != nil {
		return ""
	}
	if name := g.p.FieldName(p.Segment, p.Field); name != "" {
		return name
	}
	return newest().NameOf(p)
}

// levelCell is a level of evidence in a letter and words. What nobody has verified is marked.
func levelCell(l profile.Level) screen.Cell {
	if l == "" {
		return screen.Cell{}
	}
	cell := screen.Cell{Text: string(l) + "  " + l.Words()}
	if l == profile.Unverified || l == profile.Observed {
		cell.Role = screen.RoleMuted
	}
	return cell
}

// evidenceWords is where a statement comes from: how often it was seen, its source, a note.
func evidenceWords(p *profile.Profile, e profile.Evidence) string {
	var parts []string
	for _, s := range []string{e.Seen, sourceWords(p, e.Source), e.Note} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}

func sourceWords(p *profile.Profile, key string) string {
	if key == "" {
		return ""
	}
	return p.SourceText(key)
}
