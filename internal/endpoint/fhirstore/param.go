package fhirstore

import (
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// Param is a search parameter of one resource type.
type Param struct {
	Code, Type, URL string
	Targets         []string // of a reference: the types that it can point to; none is any

	at     int // in the list of its type
	source *source
	set    string // value set of a code without a system
	groups []group
	own    special
}

// group is one of the elements that a composite parameter looks at as a whole, with the sources of its components below it.
type group struct {
	whole *source
	parts []*source
}

// special parameters are answered from what the store knows and not from an index.
type special uint8

const (
	indexed special = iota
	byID
	byUpdated
	byText    // _text: the narrative
	byContent // _content: everything
	byType    // _type, in searches over several types
	unknown
)

var specials = map[string]special{"_id": byID, "_lastUpdated": byUpdated, "_text": byText, "_content": byContent, "_query": unknown, "_filter": unknown, "_list": unknown, "_has": unknown}

// newParams compiles the parameters of a type, in the order of their codes.
func newParams(d *fhir.Definitions, typ string) []*Param {
	var list []*Param
	root := d.Type(typ).RootElement()
	for _, def := range d.SearchParameters(typ) {
		if len(list) > 0 && list[len(list)-1].Code == def.Code {
			continue
		}
		p := &Param{Code: def.Code, Type: def.Type, URL: def.URL, Targets: def.Targets, own: specials[def.Code]}
		switch {
		case p.own == unknown || p.own == indexed && def.Expression == "":
			continue
		case p.own != indexed:
		case def.Type == "composite":
			p.groups = compositeGroups(d, typ, root, def)
			if len(p.groups) == 0 {
				continue
			}
		default:
			p.source = newSource(d, typ, nil, def.Expression)
			for _, way := range p.source.paths {
				for _, m := range way[max(0, len(way)-1):] {
					for _, x := range m.members {
						if x.typ == "code" && x.set != "" {
							p.set = x.set
						}
					}
				}
			}
		}
		p.at = len(list)
		list = append(list, p)
	}
	return list
}

// compositeGroups compiles a composite parameter: the elements that it looks at, and the paths of its components below each.
func compositeGroups(d *fhir.Definitions, typ string, root *fhir.ElementDefinition, def *fhir.SearchParameter) (list []group) {
	for _, part := range union(def.Expression) {
		name, _, _ := strings.Cut(part, ".")
		if name != typ {
			continue
		}
		whole := newSource(d, typ, nil, part)
		if len(whole.paths) != 1 {
			continue
		}
		base := root
		if p := whole.paths[0]; len(p) > 0 {
			m := p[len(p)-1].members[0]
			if base = m.content; base == nil || len(base.Children) == 0 {
				base = d.Type(m.typ).RootElement()
			}
		}
		g := group{whole: whole}
		for _, c := range def.Components {
			g.parts = append(g.parts, newSource(d, typ, base, c.Expression))
		}
		if !slices.ContainsFunc(g.parts, func(s *source) bool { return len(s.paths) == 0 }) {
			list = append(list, g)
		}
	}
	return list
}

// Accepts says whether a reference of this parameter can point to a type.
func (p *Param) Accepts(typ string) bool {
	return len(p.Targets) == 0 || slices.Contains(p.Targets, typ) || slices.Contains(p.Targets, "Resource")
}
