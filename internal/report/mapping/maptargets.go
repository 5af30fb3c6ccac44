package mappaper

import (
	"fmt"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// transform is the last target of a rule, without its place. undone says which functions have no transform.
func (b *structureBuilder) transform(r *mapping.Rule, values []string) (t mapTarget, undone string) {
	last := mapParameter{ID: "src"}
	if len(values) > 0 {
		last.ID = values[0]
	}
	copied := mapTarget{Transform: "copy", Parameter: []mapParameter{last}}
	switch {
	case r.Value != "":
		return mapTarget{Transform: "copy", Parameter: []mapParameter{{String: r.Value}}}, functionsLeft(r.Do)
	case r.Formula != "":
		return copied, "the formula " + r.Formula
	case len(r.Do) == 0:
		return copied, ""
	}
	s := r.Do[0]
	left := functionsLeft(r.Do[1:])
	switch s.Name {
	case "lookup", "concept", "coded":
		kind := map[string]string{"lookup": "code", "concept": "CodeableConcept", "coded": "Coding"}[s.Name]
		return mapTarget{Transform: "translate", Parameter: []mapParameter{last, {String: b.s.canonical("ConceptMap", b.s.name()+"-"+s.Args[0])}, {String: kind}}}, left
	case "left":
		n := 0
		if _, err := fmt.Sscan(s.Args[0], &n); err == nil {
			return mapTarget{Transform: "truncate", Parameter: []mapParameter{last, {Integer: &n}}}, left
		}
	case "constant":
		return mapTarget{Transform: "copy", Parameter: []mapParameter{{String: s.Args[0]}}}, left
	case "join", "prefix", "suffix":
		return b.appended(s, values), left
	case "reference":
		return mapTarget{Transform: "reference", Parameter: []mapParameter{{ID: variableName(s.Args[0])}}}, left
	case "uuid":
		return mapTarget{Transform: "uuid"}, left
	case "date", "datetime", "instant", "time", "boolean", "number":
		to := map[string]string{"datetime": "dateTime", "number": "decimal"}[s.Name]
		if to == "" {
			to = s.Name
		}
		return mapTarget{Transform: "cast", Parameter: []mapParameter{last, {String: to}}}, left
	}
	return copied, functionsLeft(r.Do)
}

// appended is the transform of texts put together.
func (b *structureBuilder) appended(s mapping.Step, values []string) mapTarget {
	t := mapTarget{Transform: "append"}
	for i, v := range values {
		switch {
		case s.Name == "join" && i > 0 && s.Args[0] != "", s.Name == "prefix" && i == 0:
			t.Parameter = append(t.Parameter, mapParameter{String: s.Args[0]})
		}
		t.Parameter = append(t.Parameter, mapParameter{ID: v})
	}
	if s.Name == "suffix" || len(t.Parameter) == 0 {
		t.Parameter = append(t.Parameter, mapParameter{String: s.Args[0]})
	}
	return t
}

func functionsLeft(steps []mapping.Step) string {
	words := make([]string, len(steps))
	for i, s := range steps {
		words[i] = inWords(s)
	}
	return strings.Join(words, ", then ")
}

// targets go down to the element. Lists that several rules fill share an item.
func (b *structureBuilder) targets(r *mapping.Rule, last mapTarget) []mapTarget {
	if b.s.Mapping.Target.Kind == mapping.HL7v2 {
		if q, err := hl7.ParsePath(strings.Replace(r.To, "[]", "", 1)); err == nil {
			return b.chain(last, hl7Elements(q))
		}
	}
	var steps []targetElement
	for _, step := range strings.Split(strings.TrimSuffix(r.To, "[x]"), ".") {
		name, in, indexed := strings.Cut(step, "[")
		e := targetElement{name: name}
		if in = strings.TrimSuffix(in, "]"); indexed {
			e.share = name + "-" + in
			if in == "" {
				e.share = name + "-" + r.Each
			}
			e.share = fhirID(strings.Trim(e.share, "-"))
		}
		steps = append(steps, e)
	}
	return b.chain(last, steps)
}

type targetElement struct{ name, share string }

func hl7Elements(q hl7.Path) []targetElement {
	name := q.Segment
	var steps []targetElement
	for _, n := range []int{q.Field, q.Component, q.Subcomponent} {
		if n <= 0 {
			break
		}
		name = fmt.Sprintf("%s_%d", name, n)
		steps = append(steps, targetElement{name: name})
	}
	return steps
}

func (b *structureBuilder) chain(last mapTarget, steps []targetElement) (list []mapTarget) {
	context := "tgt"
	for i, s := range steps {
		t := mapTarget{}
		if i == len(steps)-1 {
			t = last
		} else {
			t.Variable = fmt.Sprintf("t%d", i+1)
			if s.share != "" {
				t.ListMode, t.ListRuleID = []string{"share"}, s.share
			}
		}
		t.Context, t.ContextType, t.Element = context, "variable", s.name
		list = append(list, t)
		context = t.Variable
	}
	return list
}

// variableName writes a name as FHIR's id and as the mapping language's identifier at once: letters and digits.
func variableName(name string) string {
	n := computable(name)
	return strings.ToLower(n[:1]) + n[1:]
}

// elementName writes a name as that of an element: a letter, then letters, digits and _.
func elementName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_') {
			return r
		}
		return '_'
	}, name)
	if clean == "" || clean[0] >= '0' && clean[0] <= '9' || clean[0] == '_' {
		clean = "n" + clean
	}
	return clean
}
