package endpoints

import (
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/fhir"
	"trestle/internal/present/screen"
)

// abilities is what a FHIR server can do with its types.
type abilities struct {
	personality string
	known       bool
	line        string
	types       []string
	of          map[string]fhirserver.Capabilities // nil: everything
	searches    map[string]string                  // parameters by type
}

// ability is that of the chosen FHIR server; nil where another kind is chosen.
func (m *Model) ability() *abilities {
	p := m.current()
	if p == nil || p.kind != FHIRServer {
		return nil
	}
	if a := &m.able; a.known && a.personality == p.fhir.Personality {
		return a
	}
	m.able = abilities{personality: p.fhir.Personality, known: true, searches: map[string]string{}}
	a := &m.able
	if v, err := fhirserver.FindPersonality(p.fhir.Personality); p.fhir.Personality != "" && err == nil {
		a.line, a.types, a.of = limits(v), v.Types(), v.Resources
		for t, c := range v.Resources {
			names := make([]string, 0, len(c.Search))
			for name := range c.Search {
				names = append(names, name)
			}
			slices.Sort(names)
			a.searches[t] = strings.Join(names, ", ")
		}
		return a
	}
	a.line = "Everything that FHIR R4 has: all types, interactions, search parameters, batch and transaction, history, operations."
	for _, t := range fhir.R4().Types() {
		if def := fhir.R4().Type(t); def != nil && def.Kind == "resource" && !def.Abstract && t != "Parameters" {
			a.types = append(a.types, t)
		}
	}
	slices.Sort(a.types)
	return a
}

// AbilityLine says in a sentence what the chosen FHIR server can do.
func (m *Model) AbilityLine() string {
	if a := m.ability(); a != nil {
		return a.line
	}
	return ""
}

// verbs are the columns of what can be done with a type.
var verbs = []struct {
	title        string
	interactions []string
}{
	{"Read", []string{"read"}}, {"Search", []string{"search-type"}}, {"Create", []string{"create"}}, {"Update", []string{"update"}}, {"Patch", []string{"patch"}}, {"Delete", []string{"delete"}},
	{"History", []string{"history-instance", "history-type"}},
}

var abilityColumns = func() []screen.Column {
	all := []screen.Column{{ID: "type", Title: "Type", Width: 190, MinWidth: 90, Fixed: true}}
	for _, v := range verbs {
		all = append(all, screen.Column{ID: v.title, Title: v.title, Width: 62, MinWidth: 44, Fixed: true})
	}
	return append(all, screen.Column{ID: "search", Title: "Searched by", Width: 260, MinWidth: 80, Flex: true, Fixed: true})
}()

// Abilities is what can be done with each type.
func (m *Model) Abilities() screen.Grid { return (*abilityGrid)(m) }

type abilityGrid Model

func (g *abilityGrid) Columns() []screen.Column { return abilityColumns }

func (g *abilityGrid) Len() int {
	if a := (*Model)(g).ability(); a != nil {
		return len(a.types)
	}
	return 0
}

func (g *abilityGrid) Cell(row, col int) screen.Cell {
	a := (*Model)(g).ability()
	if a == nil || row >= len(a.types) {
		return screen.Cell{}
	}
	typ := a.types[row]
	switch {
	case col == 0:
		return screen.Cell{Text: typ}
	case col == len(abilityColumns)-1:
		text, ok := a.searches[typ]
		if !ok && a.of == nil {
			var names []string
			for _, p := range fhir.R4().SearchParameters(typ) {
				if !strings.HasPrefix(p.Code, "_") {
					names = append(names, p.Code)
				}
			}
			text = strings.Join(names, ", ")
			a.searches[typ] = text
		}
		return screen.Cell{Text: text, Role: screen.RoleMuted}
	}
	can := a.of == nil || slices.ContainsFunc(verbs[col-1].interactions, func(i string) bool { return slices.Contains(a.of[typ].Interactions, i) })
	if can {
		return screen.Cell{Text: "yes", Role: screen.RoleOK}
	}
	return screen.Cell{Text: "no", Role: screen.RoleMuted}
}
