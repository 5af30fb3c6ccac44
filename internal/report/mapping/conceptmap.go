package mappaper

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// conceptMap is FHIR's ConceptMap (R4, 4.10).
type conceptMap struct {
	conformance
	Group []conceptGroup `json:"group,omitempty"`
}

type conceptGroup struct {
	Source   string           `json:"source,omitempty"`
	Target   string           `json:"target,omitempty"`
	Element  []conceptElement `json:"element"`
	Unmapped *unmapped        `json:"unmapped,omitempty"`
}

type conceptElement struct {
	Code    string          `json:"code"`
	Display string          `json:"display,omitempty"`
	Target  []conceptTarget `json:"target"`
}

type conceptTarget struct {
	Code        string `json:"code,omitempty"`
	Display     string `json:"display,omitempty"`
	Equivalence string `json:"equivalence"`
	Comment     string `json:"comment,omitempty"`
}

type unmapped struct {
	Mode string `json:"mode"`
	Code string `json:"code,omitempty"`
}

type collection struct {
	ResourceType string            `json:"resourceType"`
	Type         string            `json:"type"`
	Entry        []collectionEntry `json:"entry"`
}

type collectionEntry struct {
	FullURL  string `json:"fullUrl"`
	Resource any    `json:"resource"`
}

// writeConceptMaps writes the lookup tables: one as a resource, several in a Bundle.
func (s Spec) writeConceptMaps(w io.Writer) error {
	var maps []conceptMap
	var names []string
	for i := range s.Mapping.Tables {
		t := &s.Mapping.Tables[i]
		names = append(names, t.Name)
		if s.Table != "" && t.Name != s.Table {
			continue
		}
		if len(t.Rows.Lines) > 0 {
			maps = append(maps, s.conceptMap(t))
		}
	}
	switch {
	case s.Table != "" && !slices.Contains(names, s.Table):
		return fmt.Errorf("the mapping has no lookup table %q; it has %s", s.Table, orNone(names))
	case len(maps) == 0:
		return fmt.Errorf("there is no lookup table with rows, of which a ConceptMap could be made; the mapping has %s", orNone(names))
	case len(maps) == 1:
		return writeJSON(w, maps[0])
	}
	b := collection{ResourceType: "Bundle", Type: "collection"}
	for _, m := range maps {
		b.Entry = append(b.Entry, collectionEntry{s.fullURL("ConceptMap", m.ID, m.URL), m})
	}
	return writeJSON(w, b)
}

// fullURL is where a resource of a Bundle is: at the address that was given, or at the UUID that is its canonical URL.
func (s Spec) fullURL(kind, id, url string) string {
	if s.URL != "" {
		return strings.TrimSuffix(s.URL, "/") + "/" + kind + "/" + id
	}
	return url
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// conceptMap makes a resource of a table, with a group for each code system of the answers.
func (s Spec) conceptMap(t *mapping.Table) conceptMap {
	uses := func(r *mapping.Rule) bool { return slices.Contains(tablesOf(r), t.Name) }
	id := s.name() + "-" + t.Name
	m := conceptMap{conformance: s.conformance("ConceptMap", id, s.title()+": "+t.Name, agreedOn(s.Mapping, uses))}
	m.Description = fmt.Sprintf("The code table %s of the mapping %s. A code that is not listed %s.", t.Name, s.title(), missingWords(t.Missing))
	key, value, system, display := t.Columns()
	from := s.sourceSystem(t, uses)
	answers := map[string]int{}
	for _, line := range t.Rows.Lines {
		answers[at(line, system)+"\x00"+line[value]]++
	}
	bound := s.boundSystem(t, uses)
	var rows strings.Builder
	for _, line := range t.Rows.Lines {
		to := at(line, system)
		if to == "" {
			to = bound
		}
		i := slices.IndexFunc(m.Group, func(g conceptGroup) bool { return g.Target == to })
		if i < 0 {
			i = len(m.Group)
			m.Group = append(m.Group, conceptGroup{Source: from, Target: to})
		}
		target := conceptTarget{Code: line[value], Display: at(line, display), Equivalence: "equivalent"}
		switch {
		case line[value] == "":
			target = conceptTarget{Equivalence: "unmatched"}
		case answers[at(line, system)+"\x00"+line[value]] > 1:
			target.Equivalence = "wider" // several codes of the source share this one
		}
		m.Group[i].Element = append(m.Group[i].Element, conceptElement{Code: line[key], Target: []conceptTarget{target}})
		fmt.Fprintf(&rows, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>", escaped(line[key]), escaped(line[value]), escaped(target.Display))
	}
	if u := unmappedOf(t.Missing); u != nil {
		m.Group[groupOf(m.Group, u.Code)].Unmapped = u
	}
	m.Text = generated("<p>" + escaped(m.Description) + "</p><table><tbody>" + rows.String() + "</tbody></table>")
	return m
}

// unmappedOf is what FHIR calls the policy of a table. That a code stays empty it says by saying nothing.
func unmappedOf(m mapping.Missing) *unmapped {
	switch m.Policy {
	case mapping.UseDefault:
		return &unmapped{"fixed", m.Use}
	case mapping.PassThrough:
		return &unmapped{Mode: "provided"}
	}
	return nil
}

// groupOf is the group that has a code as a target, the first if none has it.
func groupOf(groups []conceptGroup, code string) int {
	for i, g := range groups {
		for _, e := range g.Element {
			if code != "" && e.Target[0].Code == code {
				return i
			}
		}
	}
	return 0
}

// sourceSystem is the code system of HL7 v2 that the keys of a table are of, if all its rules read fields of one.
func (s Spec) sourceSystem(t *mapping.Table, uses func(*mapping.Rule) bool) string {
	if s.Mapping.Source.Kind != mapping.HL7v2 {
		return ""
	}
	p := paper{Spec: s}
	p.source = versionOf(s.Mapping.Source)
	found := map[string]bool{}
	s.Mapping.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			r := &b.Rules[i]
			if !uses(r) {
				continue
			}
			for _, path := range sourcePaths(r) {
				q, err := hl7.ParsePath(p.full(b, r, path))
				if err != nil {
					continue
				}
				number := hl7About(p.source, q).table
				if q.Component == 1 && number == "" { // the identifier of a coded element is of the field's table
					q.Component = 0
					number = hl7About(p.source, q).table
				}
				found[number] = true
			}
		}
	})
	if len(found) == 1 {
		for number := range found {
			if number != "" {
				return "http://terminology.hl7.org/CodeSystem/v2-" + number
			}
		}
	}
	return ""
}

// boundSystem is the one code system that holds all answers of a table, among those that FHIR binds to where its rules write.
func (s Spec) boundSystem(t *mapping.Table, uses func(*mapping.Rule) bool) string {
	if s.Mapping.Target.Kind != mapping.FHIR {
		return ""
	}
	d := fhir.R4()
	_, value, _, _ := t.Columns()
	system := ""
	s.Mapping.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			if r := &b.Rules[i]; system == "" && uses(r) {
				set := boundSet(d, b.Make, r.To)
				if set == "" {
					continue
				}
				codes, _ := d.Expand(set)
				system = holding(codes, t.Rows.Lines, value)
			}
		}
	})
	return system
}

// holding is the system that holds the codes of all lines, "" if there is none.
func holding(codes []fhir.Coding, lines [][]string, column int) string {
	systems := map[string]map[string]bool{}
	var order []string
	for _, c := range codes {
		if systems[c.System] == nil {
			systems[c.System] = map[string]bool{}
			order = append(order, c.System)
		}
		systems[c.System][c.Code] = true
	}
	for _, system := range order {
		if !slices.ContainsFunc(lines, func(line []string) bool { return line[column] != "" && !systems[system][line[column]] }) {
			return system
		}
	}
	return ""
}

// boundSet is the value set that an element is bound to.
func boundSet(d *fhir.Definitions, resource, path string) string {
	t := d.Type(resource)
	if t == nil {
		return ""
	}
	e := t.RootElement()
	for _, name := range strings.Split(withoutBrackets(path), ".") {
		if e == nil {
			return ""
		}
		child, typ := e.Child(name)
		if child == nil {
			return ""
		}
		if e = child; child.Binding.ValueSet == "" && child.Reference == nil && len(child.Children) == 0 {
			e = d.Type(typ).RootElement()
		}
	}
	if e == nil {
		return ""
	}
	return e.Binding.ValueSet
}
