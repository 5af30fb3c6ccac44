package suggest

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run ./gen -from ../../../../shared/data/v2-to-fhir -out data/guide.tsv

// guideText holds the facts of the Version 2 to FHIR Implementation Guide, hl7.fhir.uv.v2mappings 1.0.0 (HL7 International,
// CC0-1.0); the folder gen makes it and says what its cells are.
//
//go:embed data/guide.tsv
var guideText string

// fact is one row of the guide.
type fact struct {
	field string // PID-5; of a data type XPN.1
	types string // the map of data types that goes on below, XPN>HumanName
	fixed bool   // the field triggers a fixed value
}

// facts are the guide: by "Patient name", and for data types by "XPN>HumanName family".
type facts struct {
	byTarget map[string][]fact
	bySource map[string][]sourceFact // by PID-5, and by "XPN>HumanName .1"
}

type sourceFact struct {
	holder, path, types string
	fixed               bool
}

var guide = sync.OnceValue(func() facts {
	g := facts{map[string][]fact{}, map[string][]sourceFact{}}
	for line := range strings.Lines(guideText) {
		cell := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		holder, path := cell[0], cell[1]
		fixed := cell[4] == "="
		g.byTarget[holder+" "+path] = append(g.byTarget[holder+" "+path], fact{cell[2], cell[3], fixed})
		from := cell[2]
		if strings.Contains(holder, ">") {
			_, component, _ := strings.Cut(from, ".")
			from = holder + " ." + component
		}
		g.bySource[from] = append(g.bySource[from], sourceFact{holder, path, cell[3], fixed})
	}
	return g
})

// guided is a source that the guide names for a target, with how directly: 1 if it names this very place.
type guided struct {
	path  string
	how   float64
	fixed bool
	text  string
}

// sources are the fields and components of HL7 v2 that the guide maps to a path of a resource.
func (g facts) sources(resource, path string) (found []guided) {
	for _, f := range g.byTarget[resource+" "+path] {
		found = append(found, guided{f.field, 1, f.fixed, "the guide maps " + f.field + " to " + resource + "." + path})
	}
	steps := strings.Split(path, ".")
	for i := len(steps) - 1; i > 0; i-- {
		above, below := strings.Join(steps[:i], "."), strings.Join(steps[i:], ".")
		for _, f := range g.byTarget[resource+" "+above] {
			if f.fixed {
				continue
			}
			parts := g.byTarget[f.types+" "+below]
			for _, p := range parts {
				_, component, _ := strings.Cut(p.field, ".")
				found = append(found, guided{f.field + "." + component, 0.97, p.fixed, "the guide maps " + f.field + " to " + resource + "." + above + ", and in it " + p.field + " to " + below})
			}
			if len(parts) == 0 {
				found = append(found, guided{f.field, 0.7, false, "the guide maps " + f.field + " to " + resource + "." + above})
			}
		}
	}
	// A target that is a whole takes what the guide maps to its parts, as a weaker sign.
	prefix := resource + " " + path + "."
	for _, part := range wholes[path] {
		for _, f := range g.byTarget[prefix+part] {
			found = append(found, guided{f.field, 0.75, f.fixed, "the guide maps " + f.field + " to " + resource + "." + path + "." + part})
		}
	}
	return found
}

// wholes are the parts that stand for the whole where the guide maps the part only.
var wholes = map[string][]string{
	"identifier": {"value"}, "type": {"coding.code", "text"}, "code": {"coding.code", "text"}, "period": {"start"}, "class": {"code"},
	"participant": {"individual", "actor"}, "hospitalization": {"admitSource"}, "dosage": {"route"}, "content": {"attachment"},
}

// targets are the paths of FHIR that the guide maps a field or component to: the reverse, which HL7 does not publish.
func (g facts) targets(field string) (found []guided) {
	for _, f := range g.bySource[field] {
		if !f.fixed {
			found = append(found, guided{f.holder + "." + f.path, 1, false, "the guide maps " + field + " to " + f.holder + "." + f.path})
		}
	}
	whole, component, part := strings.Cut(field, ".")
	if !part {
		return found
	}
	for _, f := range g.bySource[whole] {
		if f.fixed {
			continue
		}
		parts := g.bySource[f.types+" ."+component]
		for _, p := range parts {
			if !p.fixed {
				found = append(found, guided{f.holder + "." + f.path + "." + p.path, 0.97, false, "the guide maps " + whole + " to " + f.holder + "." + f.path + ", and in it component " + component + " to " + p.path})
			}
		}
		if len(parts) == 0 {
			found = append(found, guided{f.holder + "." + f.path, 0.7, false, "the guide maps " + whole + " to " + f.holder + "." + f.path})
		}
	}
	return found
}
