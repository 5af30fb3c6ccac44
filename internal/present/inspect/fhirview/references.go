package fhirview

import (
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/inspect/resource"
	"trestle/internal/present/screen"
)

// ReferenceHere is the reference that the cursor is in, "" for none.
func (m *Model) ReferenceHere() string {
	for i := len(m.chain) - 1; i >= 0; i-- {
		e := &m.chain[i]
		if e.Type == "Reference" && e.Node.Kind == fhir.Object {
			return e.Node.Find("reference").String()
		}
		if (e.Type == "uri" || e.Type == "canonical") && e.Name != "fullUrl" && e.Node.IsPrimitive() {
			if _, ok := m.doc.Follow(e.Node.Text, e.Node.Off); ok {
				return e.Node.Text
			}
		}
	}
	return ""
}

// FollowReference goes to what the reference at the cursor leads to: in this resource, or elsewhere in the project. It says in
// words why it does not, "" where it does.
func (m *Model) FollowReference() (problem string) {
	reference := m.ReferenceHere()
	if reference == "" {
		return "Put the cursor into a reference to another resource."
	}
	t, ok := m.doc.Follow(reference, m.cursor)
	switch {
	case !ok && strings.HasPrefix(reference, "#"):
		return "The resource contains nothing with this id."
	case !ok:
		return "Nothing in this resource has this address."
	}
	m.Visit()
	if t.Node != nil {
		m.Go(t.Node.Off)
		return ""
	}
	m.Leave(t.Type, t.ID)
	return ""
}

// Explanation is what the definitions say of an element.
type Explanation struct {
	Title  string
	Facts  [][2]string
	Codes  []fhir.Coding // of the value set that it is bound to
	Chosen int           // which of them the value is, -1 for none
	Set    string        // the value set, and how strictly it binds
}

// Explain says what the definitions know of the element that the cursor is in.
func (m *Model) Explain() (e Explanation, ok bool) {
	at, ok := m.element()
	if !ok {
		return e, false
	}
	e.Title, e.Chosen = m.Path(), -1
	add := func(what, how string) {
		if how != "" {
			e.Facts = append(e.Facts, [2]string{what, how})
		}
	}
	if at.Def == nil {
		if at.Known() {
			add("What it is", "the type of the resource")
		} else {
			add("Defined", "not by FHIR R4: a receiver may refuse it")
		}
		return e, true
	}
	add("What it is", at.Def.Short)
	add("Type", typeWords(&at))
	add("How often", cardinalityWords(&at))
	if at.Def.Modifier {
		add("Modifier", "it changes what the rest means: a receiver must understand it")
	}
	if at.Def.Summary {
		add("Summary", "part of the summary of the resource")
	}
	for _, c := range at.Def.Constraints {
		if c.Key != "ele-1" && c.Key != "ext-1" {
			add("Rule "+c.Key, c.Human)
		}
	}
	if b := at.Def.Binding; b.ValueSet != "" {
		url, _, _ := strings.Cut(b.ValueSet, "|")
		e.Set = url[strings.LastIndexByte(url, '/')+1:] + ", " + b.Strength
		codes, complete := m.doc.Codes(b.ValueSet)
		if !complete {
			e.Set += "; it has more codes than are published with FHIR"
		}
		e.Codes = codes
		if !m.masked {
			value := at.Node.Text
			if !at.Node.IsPrimitive() {
				value = firstOf(at.Node.Find("coding", "code").String(), at.Node.Find("code").String())
			}
			for i, c := range codes {
				if c.Code == value && value != "" {
					e.Chosen = i
					break
				}
			}
		}
	}
	return e, true
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// typeWords are the types that an element may have, with the one that it has first; of a reference its targets.
func typeWords(e *resource.Element) string {
	words := e.Type
	var others, targets []string
	for _, t := range e.Def.Types {
		if t.Code != e.Type && e.Def.Choice {
			others = append(others, t.Code)
		}
		for _, p := range t.TargetProfiles {
			if t.Code == e.Type {
				targets = append(targets, p[strings.LastIndexByte(p, '/')+1:])
			}
		}
	}
	if len(targets) > 0 {
		words += " to " + strings.Join(targets, ", ")
	}
	if len(others) > 0 {
		words += "; may also be " + strings.Join(others, ", ")
	}
	return words
}

func cardinalityWords(e *resource.Element) string {
	words := e.Cardinality()
	switch {
	case e.Def.Min > 0 && e.Def.Max == 1:
		words += ", required"
	case e.Def.Min > 0:
		words += ", at least " + map[bool]string{true: "one is required", false: "so many are required"}[e.Def.Min == 1]
	case e.Def.Max == fhir.Unlimited:
		words += ", any number"
	default:
		words += ", optional"
	}
	return words
}

type codeGrid []fhir.Coding

// CodeGrid shows the codes of a value set.
func CodeGrid(codes []fhir.Coding) screen.Grid { return codeGrid(codes) }

var codeColumns = []screen.Column{
	{ID: "code", Title: "Code", Width: 130, Mono: true, Fixed: true},
	{ID: "display", Title: "Meaning", Width: 240, Flex: true, Fixed: true},
}

func (g codeGrid) Columns() []screen.Column { return codeColumns }
func (g codeGrid) Len() int                 { return len(g) }

func (g codeGrid) Cell(row, col int) screen.Cell {
	if col == 0 {
		return screen.Cell{Text: g[row].Code}
	}
	return screen.Cell{Text: g[row].Display, Role: screen.RoleMuted}
}
