package mapper

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// blockKey is the key of a block's node. No path begins with a colon.
func blockKey(id string) string { return ":" + id }

// targetKey is the key of a place below what a block makes.
func targetKey(block, to string) string { return blockKey(block) + "." + to }

// growTarget makes the nodes of what is made: a root for each block, with what its definition has.
func (s *side) growTarget() {
	var walk func(list []mapping.Block, parent int32)
	walk = func(list []mapping.Block, parent int32) {
		for i := range list {
			walk(list[i].Blocks, s.block(&list[i], parent))
		}
	}
	walk(s.d.file.Blocks, none)
}

// block makes the node of a block, or brings it up to date.
func (s *side) block(b *mapping.Block, parent int32) int32 {
	name, about := b.Make, ""
	if b.Drop {
		name = "drop " + b.Make + b.Per
	}
	switch {
	case b.Per != "" && b.Per != b.Make:
		about = "for each " + b.Per
	case b.Per != "":
		about = "for each"
	}
	if b.When != "" {
		about = strings.TrimSpace(about + "  if " + strings.TrimPrefix(strings.TrimPrefix(b.When, "IF "), "if "))
	}
	at := s.find(blockKey(b.ID))
	if at < 0 {
		n := node{key: blockKey(b.ID), block: b.ID}
		if s.end().Kind == mapping.FHIR {
			n.element = fhir.R4().Type(b.Make).RootElement()
		}
		at = s.add(parent, n)
	}
	s.nodes[at].name, s.nodes[at].about = name, about
	if s.nodes[at].grown {
		return at
	}
	switch s.end().Kind {
	case mapping.FHIR:
		s.deepen(at)
	case mapping.HL7v2:
		s.nodes[at].grown = true
		s.targetSegment(at, b)
	case mapping.CSV, mapping.FixedWidth:
		s.nodes[at].grown = true
		for _, c := range slices.Concat(described(s.end()), s.d.layout.Target) {
			s.add(at, node{key: targetKey(b.ID, c), name: c, about: fieldNote(s.end(), c), block: b.ID, to: c, grown: true})
		}
	default:
		s.nodes[at].grown = true
		for _, path := range slices.Concat(described(s.end()), s.d.layout.Target) {
			if rest, ok := strings.CutPrefix(path, b.Make+"."); ok || b.Make == "." {
				if !ok {
					rest = path
				}
				s.describe(s.ensureTo(b.ID, rest), path)
			}
		}
	}
	return at
}

// describe tells a place of the target what its schema says of it.
func (s *side) describe(at int32, path string) {
	shape := s.end().Shape
	if shape == nil || at < 0 {
		return
	}
	if x, ok := shape.Element(path); ok {
		n := &s.nodes[at]
		n.typ, n.required, n.about = x.Type, x.Required, x.Note
		if x.List {
			n.typ = "list of " + cmp.Or(x.Type, "values")
		}
	}
}

// targetSegment makes the fields of the segment that a block makes.
func (s *side) targetSegment(at int32, b *mapping.Block) {
	def, ok := version(s.end()).Segment(b.Make)
	if !ok {
		return
	}
	for i := range def.Fields {
		f := &def.Fields[i]
		if !f.Defined() || b.Make == "MSH" && f.Position <= 2 {
			continue
		}
		to := b.Make + "-" + strconv.Itoa(f.Position)
		field := s.add(at, node{key: targetKey(b.ID, to), name: strconv.Itoa(f.Position), about: f.Name, typ: f.Type, required: f.Usage == "R", block: b.ID, to: to, grown: true})
		for _, c := range f.Components() {
			if c.Defined() {
				s.add(field, node{key: targetKey(b.ID, to+"."+strconv.Itoa(c.Position)), name: strconv.Itoa(f.Position) + "." + strconv.Itoa(c.Position), about: c.Name, typ: c.Type,
					block: b.ID, to: to + "." + strconv.Itoa(c.Position), grown: true})
			}
		}
	}
}

// ensureTo is the node of the place that a rule writes, made with what leads to it if there was none.
func (s *side) ensureTo(block, to string) int32 {
	if at := s.find(targetKey(block, to)); at >= 0 || to == "" {
		return at
	}
	root := s.find(blockKey(block))
	if root < 0 {
		return none
	}
	switch s.end().Kind {
	case mapping.HL7v2:
		return s.ensureTargetField(root, block, to)
	case mapping.CSV, mapping.FixedWidth:
		return s.add(root, node{key: targetKey(block, to), name: to, block: block, to: to, grown: true})
	}
	parent, name := root, to
	if cut := strings.LastIndexByte(to, '.'); cut > 0 {
		parent, name = s.ensureTo(block, to[:cut]), to[cut+1:]
	}
	if parent < 0 {
		return none
	}
	n := node{key: targetKey(block, to), name: name, block: block, to: to, grown: true}
	if s.end().Kind == mapping.FHIR {
		s.deepen(parent)
		if at := s.find(n.key); at >= 0 {
			return at
		}
		n.grown = false
		if n.element, n.typ = s.nodes[parent].child(bare(name)); n.element != nil {
			n.about = short(n.element)
		}
	}
	return s.beside(parent, n)
}

// beside adds a node after its like: identifier[ssn] after identifier[].
func (s *side) beside(parent int32, n node) int32 {
	at := s.add(parent, n)
	kids := s.nodes[parent].kids
	last := len(kids) - 1
	for i := last - 1; i >= 0; i-- {
		if bare(s.nodes[kids[i]].name) == bare(n.name) {
			copy(kids[i+2:], kids[i+1:last])
			kids[i+1] = at
			break
		}
	}
	return at
}

// ensureTargetField is the node of a field or a part of it.
func (s *side) ensureTargetField(root int32, block, to string) int32 {
	p, err := hl7.ParsePath(strings.Replace(to, "[]", "[*]", 1))
	if err != nil || p.Field <= 0 {
		return s.add(root, node{key: targetKey(block, to), name: to, block: block, to: to, grown: true})
	}
	if plain := plainField(p); plain != to { // PID-3[2].1 stands below PID-3
		parent := s.ensureTo(block, plain)
		if parent < 0 {
			return none
		}
		return s.add(s.nodes[parent].parent, node{key: targetKey(block, to), name: strings.TrimPrefix(to, p.Segment+"-"), about: s.nodes[parent].about, typ: s.nodes[parent].typ, block: block, to: to, grown: true})
	}
	cut := strings.LastIndexByte(to, '.')
	if cut < 0 {
		return s.add(root, node{key: targetKey(block, to), name: strings.TrimPrefix(to, p.Segment+"-"), about: version(s.end()).NameOf(p), block: block, to: to, grown: true})
	}
	parent := s.ensureTo(block, to[:cut])
	if parent < 0 {
		return none
	}
	return s.add(parent, node{key: targetKey(block, to), name: strings.TrimPrefix(to, p.Segment+"-"), about: version(s.end()).NameOf(p), block: block, to: to, grown: true})
}

// plainField writes a path without the numbers of occurrences and repetitions.
func plainField(p hl7.Path) string {
	p.Groups, p.Anywhere, p.Occurrence, p.Repetition = nil, false, 0, 0
	if p.Component < 0 {
		p.Component, p.Subcomponent = 0, 0
	}
	if p.Subcomponent < 0 {
		p.Subcomponent = 0
	}
	return p.String()
}
