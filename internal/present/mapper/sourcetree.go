package mapper

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// version is that of an end in HL7 v2; the one that most messages declare where none is given.
func version(e mapping.End) *dictionary.Version {
	v, _ := dictionary.For(e.Version)
	return v
}

// isHL7 says whether the side is HL7 v2.
func (s *side) isHL7() bool { return s.end().Kind == mapping.HL7v2 }

func (s *side) end() mapping.End {
	if s.target {
		return s.d.file.Target
	}
	return s.d.file.Source
}

// growSource makes the nodes of what is read: what the standard defines, what the samples have, and what rules name.
func (s *side) growSource() {
	if s.isHL7() {
		s.growSegments()
		return
	}
	if s.end().Kind == mapping.FHIR {
		for _, b := range s.roots {
			s.deepen(b)
		}
	}
	if s.end().Kind.HasRows() {
		for _, name := range described(s.end()) {
			s.ensureTree(name)
		}
	}
	for _, key := range s.d.samples.order {
		s.ensureTree(key)
	}
}

// described are the places that an end names itself: the columns of CSV, the fields of a layout, the members of a schema.
func described(e mapping.End) []string {
	switch {
	case e.Fields != nil:
		return e.Fields.Names()
	case e.Shape != nil:
		names := make([]string, len(e.Shape.Elements))
		for i, x := range e.Shape.Elements {
			names[i] = x.Path
		}
		return names
	}
	return e.Columns
}

// fieldNote is what a layout says of a field.
func fieldNote(e mapping.End, name string) string {
	if e.Fields == nil {
		return ""
	}
	f, ok := e.Fields.Field(name)
	if !ok {
		return ""
	}
	if f.Note != "" {
		return f.Note
	}
	return fmt.Sprintf("from %d, %d long", f.Start, f.Length)
}

// growSegments makes the segments of the source in the order of their message structure, then others that samples have.
func (s *side) growSegments() {
	v := version(s.end())
	if id := s.end().Message; id != "" {
		if st, ok := v.Structure(id); ok {
			segmentsOf(st.Nodes, func(name string) { s.segment(v, name) })
		}
	}
	for _, key := range s.d.samples.order {
		if len(key) == 3 {
			s.segment(v, key)
		}
	}
	for _, key := range s.d.samples.order { // fields that the standard does not define
		if len(key) > 3 {
			s.ensureHL7(key)
		}
	}
}

func segmentsOf(list []dictionary.Node, visit func(name string)) {
	for _, n := range list {
		if len(n.Children) > 0 {
			segmentsOf(n.Children, visit)
		} else if n.Name != dictionary.Any {
			visit(n.Name)
		}
	}
}

// segment makes a segment with its fields and their parts.
func (s *side) segment(v *dictionary.Version, name string) int32 {
	if at := s.find(name); at >= 0 {
		return at
	}
	def, known := v.Segment(name)
	n := node{key: name, name: name, grown: true}
	if known {
		n.about = def.Name
	}
	at := s.add(none, n)
	if !known {
		return at
	}
	for i := range def.Fields {
		if f := &def.Fields[i]; f.Defined() && !(name == "MSH" && f.Position <= 2) {
			s.parts(at, name+"-"+strconv.Itoa(f.Position), strconv.Itoa(f.Position), f, 2)
		}
	}
	return at
}

// parts makes a field or component with the components below it.
func (s *side) parts(parent int32, key, name string, f *dictionary.Field, levels int) {
	at := s.add(parent, node{key: key, name: name, about: f.Name, typ: f.Type, required: f.Usage == "R", grown: true})
	if levels == 0 {
		return
	}
	list := f.Components()
	for i := range list {
		if c := &list[i]; c.Defined() {
			number := strconv.Itoa(c.Position)
			s.parts(at, key+"."+number, name+"."+number, c, levels-1)
		}
	}
}

// ensureHL7 is the node of a path in HL7 v2, made with what leads to it if there was none.
func (s *side) ensureHL7(key string) int32 {
	if at := s.find(key); at >= 0 {
		return at
	}
	if len(key) == 3 {
		return s.segment(version(s.end()), key)
	}
	cut := strings.LastIndexAny(key, ".-")
	if cut <= 0 {
		return none
	}
	parent := s.ensureHL7(key[:cut])
	if parent < 0 {
		return none
	}
	name := key[cut+1:]
	if key[cut] == '.' {
		name = s.nodes[parent].name + "." + name
	}
	about := ""
	if p, err := hl7.ParsePath(key); err == nil {
		about = version(s.end()).NameOf(p)
	}
	return s.add(parent, node{key: key, name: name, about: about, grown: true})
}

// ensureTree is the node of a path of a document, made with what leads to it if there was none.
func (s *side) ensureTree(key string) int32 {
	if at := s.find(key); at >= 0 {
		return at
	}
	if s.end().Kind.HasRows() {
		return s.add(none, node{key: key, name: key, about: fieldNote(s.end(), key), grown: true})
	}
	parent, name := int32(none), key
	if cut := strings.LastIndexByte(key, '.'); cut > 0 {
		parent, name = s.ensureTree(key[:cut]), key[cut+1:]
	}
	n := node{key: key, name: name, grown: true}
	if s.end().Kind == mapping.FHIR {
		n.grown = false
		if parent < 0 {
			n.element = fhir.R4().Type(name).RootElement()
		} else {
			n.element, n.typ = s.nodes[parent].child(name)
		}
		if n.element != nil {
			n.about, n.required = short(n.element), n.element.Min > 0
		}
	}
	return s.add(parent, n)
}

// child is the element of FHIR of a name below a node, and its type.
func (n *node) child(name string) (*fhir.ElementDefinition, string) {
	at := n.definition()
	if at == nil {
		return nil, ""
	}
	return at.Child(strings.TrimPrefix(name, "_"))
}

// definition is where the elements below a node are defined.
func (n *node) definition() *fhir.ElementDefinition {
	e := n.element
	if e == nil || e.Reference != nil || len(e.Children) > 0 || n.typ == "" {
		return e
	}
	return fhir.R4().Type(n.typ).RootElement()
}

// short is what FHIR says of an element in one line.
func short(e *fhir.ElementDefinition) string {
	text, _, _ := strings.Cut(e.Short, "\n")
	return text
}

// maxDepth is how deep the elements of FHIR are listed: some hold themselves.
const maxDepth = 9

// mayHaveKids says whether something may be below a node that was not looked at yet.
func (s *side) mayHaveKids(n *node) bool {
	if s.end().Kind != mapping.FHIR || n.element == nil || n.depth >= maxDepth {
		return false
	}
	at := n.definition()
	return at != nil && (at.Reference != nil || len(at.Children) > 0) && !primitive(n.typ)
}

// primitive says whether a type of FHIR is plain text, below which nobody maps.
func primitive(typ string) bool {
	if typ == "" {
		return false
	}
	t := fhir.R4().Type(typ)
	return t == nil || t.Primitive()
}

// deepen makes the nodes below a node of FHIR, in the order of their definition.
func (s *side) deepen(i int32) {
	n := s.nodes[i]
	if n.grown || !s.mayHaveKids(&n) {
		s.nodes[i].grown = true
		return
	}
	s.nodes[i].grown = true
	at := n.definition()
	if at.Reference != nil {
		at = at.Reference
	}
	before := s.nodes[i].kids
	s.nodes[i].kids = nil
	for _, c := range at.Children {
		if c.Name == "id" || c.Name == "modifierExtension" || c.Name == "contained" || c.Name == "implicitRules" || c.Name == "language" && n.depth == 0 {
			continue
		}
		s.element(i, &n, c, before)
	}
	for _, k := range before { // what rules or samples have, and the definition does not
		if !slices.Contains(s.nodes[i].kids, k) {
			s.nodes[i].kids = append(s.nodes[i].kids, k)
		}
	}
}

// element makes the nodes of one element: for each type of a choice one, for a list those that rules name.
func (s *side) element(parent int32, n *node, c *fhir.ElementDefinition, before []int32) {
	names := []string{c.Name}
	types := []string{""}
	if len(c.Types) > 0 {
		types[0] = c.Types[0].Code
	}
	if c.Choice {
		names, types = nil, nil
		for _, t := range c.Types[:min(len(c.Types), maxChoice)] {
			names, types = append(names, c.Name+strings.ToUpper(t.Code[:1])+t.Code[1:]), append(types, t.Code)
		}
	}
	for k, name := range names {
		shown, found := name, false
		for _, b := range before { // name[], name[official] where a rule has it so
			if bare(s.nodes[b].name) == name {
				s.nodes[parent].kids = append(s.nodes[parent].kids, b)
				found = found || !s.target || s.nodes[b].name == name || strings.HasSuffix(s.nodes[b].name, "[]")
			}
		}
		if found {
			continue
		}
		if s.target && c.List {
			shown += "[]"
		}
		key, to := n.key+"."+shown, ""
		if s.target {
			to = strings.TrimPrefix(n.to+"."+shown, ".")
		}
		at := s.add(parent, node{key: key, name: shown, about: short(c), typ: types[k], required: c.Min > 0, element: c, block: n.block, to: to})
		if !slices.Contains(s.nodes[parent].kids, at) {
			s.nodes[parent].kids = append(s.nodes[parent].kids, at)
		}
	}
}

// maxChoice is how many types of value[x] are listed: an extension has fifty.
const maxChoice = 12

// bare is the name of a step without its brackets.
func bare(step string) string {
	name, _, _ := strings.Cut(step, "[")
	return name
}
