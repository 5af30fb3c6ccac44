package fhirview

import (
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// Proposal is something that could be written in the FHIRPath line.
type Proposal struct{ Text, About string }

// maxProposals bounds a list that a person reads.
const maxProposals = 40

// functions are those that are proposed behind a path. The place of the cursor is behind an open parenthesis where they take
// something.
var functions = []Proposal{
	{"where(", "those for which a condition holds"}, {"first()", "the first"}, {"exists()", "whether there is any"}, {"count()", "how many"},
	{"ofType(", "those of a type"}, {"select(", "something of each"}, {"empty()", "whether there is none"}, {"all(", "whether a condition holds for all"},
	{"distinct()", "each once"}, {"last()", "the last"}, {"extension(", "the extensions with this URL"}, {"resolve()", "what references lead to"},
	{"contains(", "whether a text holds another"}, {"startsWith(", "whether a text begins so"}, {"matches(", "whether a regular expression matches"},
	{"toString()", "as text"}, {"descendants()", "everything below"}, {"not()", "the contrary"},
}

// Complete proposes what could be written at the cursor, a place in bytes of the text: the word there stands from from to before
// to. The names are those that the definitions have at that place. Under the mask nothing is proposed: what fits would tell what
// was typed.
func (m *Model) Complete(text string, cursor int) (from, to int, all []Proposal) {
	cursor = min(max(cursor, 0), len(text))
	from, to = cursor, cursor
	for from > 0 && isNameByte(text[from-1]) {
		from--
	}
	for to < len(text) && isNameByte(text[to]) {
		to++
	}
	if m.masked || m.doc == nil || m.doc.Tree == nil || quotedAt(text, from) {
		return from, to, nil
	}
	typed := strings.ToLower(text[from:cursor])
	before := text[:from]
	c := completion{m: m}
	seen := map[string]bool{}
	add := func(p Proposal) {
		if !seen[p.Text] && len(all) < maxProposals && strings.HasPrefix(strings.ToLower(p.Text), typed) && !strings.EqualFold(p.Text, typed) {
			seen[p.Text] = true
			all = append(all, p)
		}
	}
	if types, asked := c.types(before); asked {
		for _, t := range types {
			add(Proposal{t.Path, t.Short})
		}
		return from, to, all
	}
	path, dotted := strings.CutSuffix(before, ".")
	if !dotted && typed == "" {
		return from, to, nil // an operator may follow as well: who types nothing asks for nothing
	}
	in := c.around(before)
	if dotted {
		in = c.of(path)
	}
	for _, e := range in {
		if e.Reference != nil {
			e = e.Reference
		}
		for _, child := range e.Children {
			add(Proposal{child.Name, child.Short})
		}
	}
	if !dotted {
		for _, t := range c.roots() {
			add(Proposal{t, "the resource"})
		}
		return from, to, all
	}
	if len(in) > 0 || typed != "" {
		for _, f := range functions {
			add(f)
		}
	}
	return from, to, all
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// quotedAt says whether a byte lies within a text literal.
func quotedAt(text string, at int) bool {
	inside := false
	for i := 0; i < at; i++ {
		switch {
		case inside && text[i] == '\\':
			i++
		case text[i] == '\'':
			inside = !inside
		}
	}
	return inside
}

// completion finds out what stands before the cursor, by the definitions: the contents that a path may have.
type completion struct{ m *Model }

// maxDepth bounds how many parentheses are looked into.
const maxDepth = 20

// roots are the types of the resources that the expression is asked of.
func (c completion) roots() []string {
	m := c.m
	if !m.asked.each || !m.IsBundle() {
		return []string{m.doc.Type()}
	}
	return c.held()
}

// held are the types of the resources in the Bundle.
func (c completion) held() (types []string) {
	for _, t := range c.m.entries.types {
		if c.m.doc.Definitions.IsResource(t.Type) {
			types = append(types, t.Type)
		}
	}
	return types
}

// types are those that what stands before an open ofType(, as( or is( may be of; asked says whether a text ends with one.
func (c completion) types(before string) (types []*fhir.ElementDefinition, asked bool) {
	path := strings.TrimRight(before, " ")
	for _, function := range []string{".ofType(", ".as(", ".is("} {
		if path, asked = strings.CutSuffix(path, function); asked {
			break
		}
	}
	if !asked {
		return nil, false
	}
	for _, e := range c.of(path) {
		if !strings.Contains(e.Path, ".") { // else what it holds is of no type of its own
			types = append(types, e)
		}
	}
	return types, true
}

func (c completion) contents(types ...string) (out []*fhir.ElementDefinition) {
	for _, t := range types {
		if s := c.m.doc.Definitions.Type(t); s != nil && s.Root != nil {
			out = append(out, s.Root)
		}
	}
	return out
}

// around is what a name without a path before it belongs to: what the function is asked of in whose parentheses it stands, else
// the resource.
func (c completion) around(before string) []*fhir.ElementDefinition {
	return c.enclosing(before, maxDepth)
}

func (c completion) enclosing(before string, depth int) []*fhir.ElementDefinition {
	open := 0
	for i := len(before) - 1; i >= 0 && depth > 0; i-- {
		switch before[i] {
		case ')':
			open++
		case '(':
			if open--; open < 0 {
				start := i
				for start > 0 && isNameByte(before[start-1]) {
					start--
				}
				if path, ok := strings.CutSuffix(before[:start], "."); ok && start < i {
					return c.path(path, depth-1)
				}
				return c.enclosing(before[:start], depth-1)
			}
		}
	}
	return c.contents(c.roots()...)
}

// of is what a path leads to.
func (c completion) of(path string) []*fhir.ElementDefinition { return c.path(path, maxDepth) }

// path splits the last path of a text into its steps, and goes along them.
func (c completion) path(text string, depth int) []*fhir.ElementDefinition {
	var steps []string
	end := len(text)
	at := end
	for depth > 0 {
		start := stepBefore(text, at)
		if start == at {
			return nil
		}
		steps = append(steps, text[start:at])
		if start == 0 || text[start-1] != '.' {
			at = start
			break
		}
		at = start - 1
	}
	slices.Reverse(steps)
	in := c.enclosing(text[:at], depth-1)
	for i, s := range steps {
		in = c.step(in, s, i == 0)
	}
	return in
}

// stepBefore is where the step begins that ends at a byte: a name, with what stands in parentheses and brackets behind it.
func stepBefore(text string, at int) int {
	start := at
	for start > 0 && (text[start-1] == ')' || text[start-1] == ']') {
		open := 0
		for start > 0 {
			start--
			switch text[start] {
			case ')', ']':
				open++
			case '(', '[':
				open--
			}
			if open == 0 {
				break
			}
		}
	}
	for start > 0 && isNameByte(text[start-1]) {
		start--
	}
	return start
}

// step goes one step further.
func (c completion) step(in []*fhir.ElementDefinition, step string, first bool) []*fhir.ElementDefinition {
	name, arguments, isCall := strings.Cut(step, "(")
	name, _, _ = strings.Cut(name, "[")
	if isCall {
		arguments, _, _ = strings.Cut(arguments, ")")
		switch name {
		case "where", "first", "last", "single", "tail", "skip", "take", "distinct", "trace", "repeat":
			return in
		case "ofType", "as":
			return c.contents(strings.TrimPrefix(strings.TrimSpace(arguments), "FHIR."))
		case "extension":
			return c.contents("Extension")
		case "resolve":
			return c.contents(c.held()...)
		}
		return nil
	}
	if first && c.m.doc.Definitions.IsResource(name) {
		return c.contents(name)
	}
	if name == "$this" || name == "" {
		return in
	}
	var out []*fhir.ElementDefinition
	for _, e := range in {
		child := e.ChildOfPath(name)
		switch {
		case child == nil:
		case child.Reference != nil || len(child.Children) > 0:
			out = append(out, child)
		default:
			for _, t := range child.Types {
				if t.Code == "Resource" {
					out = append(out, c.contents(c.held()...)...)
					continue
				}
				out = append(out, c.contents(t.Code)...)
			}
		}
	}
	return out
}
