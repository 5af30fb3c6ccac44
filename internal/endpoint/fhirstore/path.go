package fhirstore

import (
	"context"
	"regexp"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

// source finds the values of a search parameter in a resource. Nearly all published expressions are plain paths, which are walked
// without an evaluator; the others are left to FHIRPath.
type source struct {
	paths []path
	rest  []*fhirpath.Expression
	d     *fhir.Definitions
}

type path []step

// step goes from an element to those below it.
type step struct {
	members      []member
	reference    string // where(resolve() is Patient)
	name, equals string // where(system = 'phone')
	first        bool   // [0]
}

type member struct {
	name, typ string
	content   *fhir.ElementDefinition
	set       string // value set that its codes are required to be of
}

// newSource compiles the parts of an expression that begin at a type. The base is the definition of the elements that relative
// paths begin at; typ its name.
func newSource(d *fhir.Definitions, typ string, base *fhir.ElementDefinition, expression string) *source {
	s := &source{d: d}
	for _, part := range union(expression) {
		from := base
		if base == nil {
			first, _, _ := strings.Cut(strings.TrimLeft(part, "("), ".")
			first, _, _ = strings.Cut(first, " ")
			switch {
			case !isName(first): // InsurancePlan has "name | alias", without the type
				from = d.Type(typ).RootElement()
			case first != typ && !d.IsA(typ, first):
				continue
			}
		}
		if p, ok := compilePath(d, typ, from, part); ok {
			s.paths = append(s.paths, p)
			continue
		}
		if x, err := fhirpath.Compile(part); err == nil {
			s.rest = append(s.rest, x)
		}
	}
	return s
}

// union splits an expression at each | that is not within brackets or quotes.
func union(text string) []string {
	var parts []string
	depth, from, quoted := 0, 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			parts = append(parts, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	if last := strings.TrimSpace(text[from:]); last != "" {
		parts = append(parts, last)
	}
	return parts
}

func isName(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' }

var (
	asOuter   = regexp.MustCompile(`^\(([\w.\[\]0]+) as (\w+)\)(.*)$`)
	stepForm  = regexp.MustCompile(`^\.?(\w+)`)
	resolveIs = regexp.MustCompile(`^\.where\(resolve\(\) is (\w+)\)`)
	whereIs   = regexp.MustCompile(`^\.where\((\w+) ?= ?'([^']*)'\)`)
	asInner   = regexp.MustCompile(`^\.(?:as|ofType)\((\w+)\)`)
)

// compilePath reads a plain path; false if it is more than that.
func compilePath(d *fhir.Definitions, typ string, base *fhir.ElementDefinition, text string) (path, bool) {
	if m := asOuter.FindStringSubmatch(text); m != nil {
		text = m[1] + ".as(" + m[2] + ")" + m[3]
	}
	at := []member{{typ: typ, content: base}}
	if base == nil {
		at[0].content = d.Type(typ).RootElement()
		name := stepForm.FindString(text)
		text = text[len(name):]
	}
	var p path
	for text != "" {
		last := len(p) - 1
		if m := resolveIs.FindStringSubmatch(text); m != nil && last >= 0 {
			p[last].reference, text = m[1], text[len(m[0]):]
			continue
		}
		if m := whereIs.FindStringSubmatch(text); m != nil && last >= 0 {
			p[last].name, p[last].equals, text = m[1], m[2], text[len(m[0]):]
			continue
		}
		if m := asInner.FindStringSubmatch(text); m != nil && last >= 0 {
			var kept []member
			for _, x := range p[last].members {
				if x.typ == m[1] {
					kept = append(kept, x)
				}
			}
			p[last].members, at, text = kept, kept, text[len(m[0]):]
			continue
		}
		if strings.HasPrefix(text, "[0]") && last >= 0 {
			p[last].first, text = true, text[3:]
			continue
		}
		m := stepForm.FindString(text)
		if m == "" || strings.HasPrefix(text[len(m):], "(") {
			return nil, false
		}
		text = text[len(m):]
		at = below(d, at, strings.TrimPrefix(m, "."))
		if len(at) == 0 {
			return nil, false
		}
		p = append(p, step{members: at})
	}
	return p, true
}

// below lists the members that a name of FHIRPath stands for: valueQuantity and valueString for value.
func below(d *fhir.Definitions, at []member, name string) (list []member) {
	seen := map[string]bool{}
	for _, a := range at {
		e := a.content
		if e == nil || len(e.Children) == 0 && e.Reference == nil {
			e = d.Type(a.typ).RootElement()
		}
		c := e.ChildOfPath(name)
		if c == nil {
			continue
		}
		add := func(m member) {
			if !seen[m.name] {
				seen[m.name] = true
				list = append(list, m)
			}
		}
		set := ""
		if c.Binding.Strength == "required" {
			set = c.Binding.ValueSet
		}
		switch {
		case c.Choice:
			for _, t := range c.Types {
				add(member{name: name + strings.ToUpper(t.Code[:1]) + t.Code[1:], typ: t.Code, set: set})
			}
		case len(c.Types) > 0:
			add(member{name: name, typ: c.Types[0].Code, content: c, set: set})
		default:
			add(member{name: name, content: c})
		}
	}
	return list
}

// each visits the values that the source finds below n, with the names of their types.
func (s *source) each(n *fhir.Node, visit func(n *fhir.Node, typ string)) {
	for _, p := range s.paths {
		if len(p) == 0 {
			visit(n, n.ResourceType())
			continue
		}
		p.walk(n, visit)
	}
	for _, x := range s.rest {
		found, err := x.Evaluate(context.Background(), fhirpath.Resource(s.d, n), &fhirpath.Options{Definitions: s.d, StubReferences: true})
		if err != nil {
			continue // an expression of the standard that does not fit this resource: nothing is found by it
		}
		for _, i := range found {
			if node := i.Node(); node != nil {
				visit(node, i.Type().Name)
			} else if !i.IsElement() {
				visit(fhir.NewString(i.String()), strings.ToLower(i.Type().Name[:1])+i.Type().Name[1:])
			}
		}
	}
}

func (p path) walk(n *fhir.Node, visit func(n *fhir.Node, typ string)) {
	at := &p[0]
	for i := range at.members {
		m := &at.members[i]
		v := n.Member(m.name)
		if v == nil {
			continue
		}
		if v.Kind != fhir.Array {
			p.enter(v, m, visit)
			continue
		}
		for _, item := range v.Children {
			p.enter(item, m, visit)
			if at.first {
				break
			}
		}
	}
}

func (p path) enter(v *fhir.Node, m *member, visit func(n *fhir.Node, typ string)) {
	at := &p[0]
	if v.Kind == fhir.Null || at.name != "" && v.Member(at.name).String() != at.equals {
		return
	}
	if at.reference != "" && !refersTo(v, at.reference) {
		return
	}
	if len(p) == 1 {
		visit(v, m.typ)
	} else {
		p[1:].walk(v, visit)
	}
}

// refersTo says whether a reference can be one to a type, by its text or its type.
func refersTo(n *fhir.Node, typ string) bool {
	text := n.Member("reference").String()
	t, _ := splitReference(text)
	if t == "" {
		t = n.Member("type").String()
	}
	return t == typ
}

// splitReference takes type and id out of Patient/1, Patient/1/_history/2 and http://host/fhir/Patient/1; "" if it has none.
func splitReference(text string) (typ, id string) {
	text, _, _ = strings.Cut(text, "/_history/")
	i := strings.LastIndexByte(text, '/')
	if i <= 0 {
		return "", ""
	}
	typ, id = text[:i], text[i+1:]
	typ = typ[strings.LastIndexByte(typ, '/')+1:]
	if !isName(typ) || id == "" {
		return "", ""
	}
	return typ, id
}

// SplitReference takes type and id out of a reference to a resource: Patient/1, with or without the address of a server and a
// version; "" if it has none.
func SplitReference(text string) (typ, id string) { return splitReference(text) }
