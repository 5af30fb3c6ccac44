package infer

import (
	"slices"
	"strconv"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// turn is where a block of the proposal would stand in a source message: at a segment, at a repetition of a field, at an
// item of a tree, or nowhere.
type turn struct {
	segment    int // of HL7 v2, -1 for none
	field, rep int // a repetition, from 1; 0 for none
	chain      []hl7.GroupStep
	node       *fhir.Node // of a tree, nil for none
}

// cell is a place of the source that can be named from a turn, with its text.
type cell struct{ path, text string }

// source is a message before.
type source interface {
	// turns are those of an iterator, within another turn.
	turns(per string, in *turn) []*turn
	// iterators are what a block can loop over in this message, within a turn.
	iterators(in *turn) []string
	// cells are what can be named from a turn; own are those that lie in what the turn stands at.
	cells(t *turn) []cell
	own(t *turn) []cell
}

// shape says which fields of HL7 v2 have components in these messages, so that a path means the same in all of them: by the
// standard, and by what was seen in Z segments and in fields that are used in another way.
type shape struct {
	version *dictionary.Version
	parts   map[spot]bool // field or component: has parts
	repeats map[spot]bool // field: repeats somewhere
	asked   map[spot]bool // field: is composite by the standard
}

// spot is a field of HL7 v2, or a component of one.
type spot struct {
	segment          string
	field, component int
}

func newShape(messages []*hl7.Message, version string) *shape {
	if version == "" && len(messages) > 0 {
		if h, ok := messages[0].Header(); ok {
			version = h.Field(12).Component(1).Text()
		}
	}
	s := &shape{parts: map[spot]bool{}, repeats: map[spot]bool{}, asked: map[spot]bool{}}
	s.version, _ = dictionary.For(version)
	for _, m := range messages {
		for seg := range m.Segments() {
			for leaf := range seg.Leaves() {
				field := spot{segment: seg.Name(), field: leaf.Field}
				if leaf.Component > 1 {
					s.parts[field] = true
				}
				if leaf.Repetition > 1 {
					s.repeats[field] = true
				}
				if leaf.Subcomponent > 1 {
					field.component = leaf.Component
					s.parts[field] = true
				}
			}
		}
	}
	return s
}

// path is the path of a leaf.
func (s *shape) path(segment string, leaf hl7.Leaf, rep int) hl7.Path {
	p := hl7.Path{Segment: segment, Field: leaf.Field}
	field := spot{segment: segment, field: leaf.Field}
	if leaf.Component > 1 || s.parts[field] || s.composite(segment, leaf.Field) {
		p.Component = leaf.Component
		field.component = leaf.Component
		if leaf.Subcomponent > 1 || s.parts[field] {
			p.Subcomponent = leaf.Subcomponent
		}
	}
	if rep > 1 {
		p.Repetition = rep
	}
	return p
}

// composite says whether a field has components by the standard. The answer is kept.
func (s *shape) composite(segment string, field int) bool {
	p := spot{segment: segment, field: field}
	known, asked := s.asked[p]
	if !asked {
		f, ok := s.version.FieldAt(segment, field, 0, 0)
		known = ok && len(f.Components()) > 1
		s.asked[p] = known
	}
	return known
}

// hl7Source is a message in HL7 v2.
type hl7Source struct {
	m      *hl7.Message
	names  []string
	groups *dictionary.Match
	shape  *shape
}

func newHL7Source(m *hl7.Message, s *shape) *hl7Source {
	x := &hl7Source{m: m, shape: s}
	for seg := range m.Segments() {
		x.names = append(x.names, seg.Name())
	}
	header, _ := m.Header()
	structure, ok := s.version.Structure(header.Field(9).Component(3).Text())
	if !ok {
		if id, known := s.version.StructureOf(header.Field(9).Component(1).Text(), header.Field(9).Component(2).Text()); known {
			structure, _ = s.version.Structure(id)
		}
	}
	x.groups = s.version.Match(m, structure)
	return x
}

// bounds are the segments around one that share its groups, as the engine draws them.
func (x *hl7Source) bounds(segment int, chain []hl7.GroupStep) (from, to int) {
	if len(chain) == 0 || segment < 0 {
		return 0, len(x.names)
	}
	inside := func(i int) bool {
		have := x.groups.Groups(i)
		return len(have) >= len(chain) && slices.Equal(have[:len(chain)], chain)
	}
	for from = segment; from > 0 && inside(from-1); {
		from--
	}
	for to = segment + 1; to < len(x.names) && inside(to); {
		to++
	}
	return from, to
}

// locate finds the segment of a name as the engine does: where the turn stands, then in the innermost group, then outwards.
func (x *hl7Source) locate(t *turn, name string) int {
	if t.segment >= 0 && x.names[t.segment] == name {
		return t.segment
	}
	for depth := len(t.chain); ; depth-- {
		from, to := x.bounds(t.segment, t.chain[:max(0, depth)])
		if i := slices.Index(x.names[from:to], name); i >= 0 {
			return from + i
		}
		if depth <= 0 {
			return -1
		}
	}
}

func (x *hl7Source) iterators(in *turn) (list []string) {
	from, to := x.bounds(in.segment, in.chain)
	for i := from; i < to; i++ {
		name := x.names[i]
		if name == "" || slices.Contains(list, name) || i == in.segment {
			continue
		}
		list = append(list, name)
	}
	for _, name := range slices.Clone(list) {
		list = x.fields(name, list)
	}
	if in.segment >= 0 {
		list = x.fields(x.names[in.segment], list)
	}
	return list
}

// fields adds the fields of a segment that repeat in some message.
func (x *hl7Source) fields(segment string, list []string) []string {
	var found []string
	for p := range x.shape.repeats {
		if p.segment == segment {
			found = append(found, hl7.Path{Segment: segment, Field: p.field}.String())
		}
	}
	slices.Sort(found)
	return append(list, found...)
}

func (x *hl7Source) turns(per string, in *turn) (list []*turn) {
	if per == "" {
		return []*turn{in}
	}
	p, err := hl7.ParsePath(per)
	if err != nil {
		return nil
	}
	if p.Field > 0 {
		i := x.locate(in, p.Segment)
		if i < 0 {
			return nil
		}
		n := 0
		for v := range x.m.Segment(i).Field(p.Field).AllRepetitions() {
			if n++; v.State() == hl7.Valued {
				list = append(list, &turn{segment: i, field: p.Field, rep: n, chain: x.groups.Groups(i)})
			}
		}
		return list
	}
	from, to := x.bounds(in.segment, in.chain)
	for i := from; i < to; i++ {
		if x.names[i] == p.Segment {
			list = append(list, &turn{segment: i, chain: x.groups.Groups(i)})
		}
	}
	return list
}

func (x *hl7Source) own(t *turn) (list []cell) {
	if t.segment < 0 {
		return x.cells(t)
	}
	return x.segment(t.segment, t, x.names[t.segment], list)
}

// segment adds the leaves of a segment. At a repetition only that one is named, without its number.
func (x *hl7Source) segment(i int, t *turn, name string, list []cell) []cell {
	for leaf := range x.m.Segment(i).Leaves() {
		rep := leaf.Repetition
		if i == t.segment && t.field == leaf.Field && t.field > 0 {
			if rep != t.rep {
				continue
			}
			rep = 1
		}
		if leaf.State() != hl7.Valued || x.m.Segment(i).IsHeader() && leaf.Field <= 2 {
			continue
		}
		p := x.shape.path(x.names[i], leaf, rep)
		text := p.String()
		if name != x.names[i] { // a further occurrence
			text = name + strings.TrimPrefix(text, p.Segment)
		}
		list = append(list, cell{text, leaf.Text()})
	}
	return list
}

func (x *hl7Source) cells(t *turn) (list []cell) {
	seen := map[string]bool{}
	for _, name := range x.names {
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		if i := x.locate(t, name); i >= 0 {
			list = x.segment(i, t, name, list)
		}
	}
	if t.segment >= 0 {
		return list
	}
	count := map[string]int{}
	for i, name := range x.names {
		if count[name]++; name != "" && count[name] > 1 && count[name] <= 3 {
			list = x.segment(i, t, name+"["+strconv.Itoa(count[name])+"]", list)
		}
	}
	return list
}

// treeSource is a message as a tree: FHIR, JSON, XML, or a row.
type treeSource struct {
	kind mapping.Kind
	root *fhir.Node
}

func (x *treeSource) iterators(in *turn) (list []string) {
	if x.kind.HasRows() {
		return nil
	}
	root := x.root
	if in.node != nil {
		root = in.node
	}
	seen := map[string]bool{}
	if x.kind == mapping.FHIR && in.node == nil {
		for _, r := range x.resources() {
			if name := r.ResourceType(); !seen[name] {
				seen[name] = true
				list = append(list, name)
			}
		}
		return list
	}
	var walk func(n *fhir.Node, path string, depth int)
	walk = func(n *fhir.Node, path string, depth int) {
		count := map[string]int{}
		for _, c := range n.Children {
			at := strings.TrimPrefix(path+"."+c.Name, ".")
			count[c.Name]++
			switch {
			case depth > 6:
			case c.Kind == fhir.Array, c.Kind == fhir.Element:
				if !seen[at] {
					seen[at] = true
					list = append(list, at)
				}
				if c.Kind == fhir.Element && count[c.Name] == 1 {
					walk(c, at, depth+1)
				}
			case c.Kind == fhir.Object:
				walk(c, at, depth+1)
			}
		}
	}
	walk(root, "", 0)
	return list
}

func (x *treeSource) resources() (list []*fhir.Node) {
	if x.root.ResourceType() != "Bundle" {
		return []*fhir.Node{x.root}
	}
	for n := range x.root.All("entry", "resource") {
		list = append(list, n)
	}
	return list
}

func (x *treeSource) turns(per string, in *turn) (list []*turn) {
	if per == "" {
		return []*turn{in}
	}
	if x.kind == mapping.FHIR && in.node == nil {
		for _, r := range x.resources() {
			if r.ResourceType() == per {
				list = append(list, &turn{segment: -1, node: r})
			}
		}
		return list
	}
	at := x.root
	if in.node != nil {
		at = in.node
	}
	names := strings.Split(per, ".")
	for _, name := range names[:len(names)-1] {
		if at = at.Member(name); at == nil {
			return nil
		}
	}
	for _, c := range at.Children {
		if c.Name != names[len(names)-1] {
			continue
		}
		items := []*fhir.Node{c}
		if c.Kind == fhir.Array {
			items = c.Children
		}
		for _, n := range items {
			list = append(list, &turn{segment: -1, node: n})
		}
	}
	return list
}

func (x *treeSource) own(t *turn) []cell {
	if t.node == nil {
		return x.cells(t)
	}
	return leaves(t.node, x.prefix(t.node), nil)
}

// prefix begins the paths of a node: the type of a resource.
func (x *treeSource) prefix(n *fhir.Node) string {
	if x.kind == mapping.FHIR {
		return n.ResourceType()
	}
	return ""
}

func (x *treeSource) cells(t *turn) (list []cell) {
	if x.kind == mapping.FHIR {
		seen := map[string]bool{}
		if t.node != nil {
			if name := t.node.ResourceType(); name != "" {
				seen[name] = true
			}
			list = leaves(t.node, t.node.ResourceType(), list)
		}
		for _, r := range x.resources() {
			if name := r.ResourceType(); !seen[name] {
				seen[name] = true
				list = leaves(r, name, list)
			}
		}
		return list
	}
	if t.node == nil {
		return leaves(x.root, "", list)
	}
	list = leaves(t.node, "", list)
	if t.node.IsPrimitive() || t.node.Kind == fhir.Element {
		if text := primitiveText(t.node); text != "" {
			list = append(list, cell{".", text})
		}
	}
	for _, c := range leaves(x.root, "", nil) {
		list = append(list, cell{"/" + c.path, c.text})
	}
	return list
}

// maxLeaves is how many places of one message are looked at.
const maxLeaves = 5000

// leaves adds the values of a tree with their paths: an item of a list by its number, the first without, and items that say
// of what kind they are by that too.
func leaves(n *fhir.Node, path string, list []cell) []cell {
	if len(list) > maxLeaves {
		return list
	}
	if n.Kind == fhir.Element {
		return elementLeaves(n, path, list)
	}
	for _, c := range n.Children {
		at := strings.TrimPrefix(path+"."+c.Name, ".")
		switch {
		case c.IsPrimitive():
			if c.Text != "" && c.Name != "resourceType" {
				list = append(list, cell{at, c.Text})
			}
		case c.Kind == fhir.Object:
			list = leaves(c, at, list)
		case c.Kind == fhir.Array:
			list = itemLeaves(c.Children, at, list)
		}
	}
	return list
}

func itemLeaves(items []*fhir.Node, at string, list []cell) []cell {
	kinds := map[string]bool{}
	for i, item := range items {
		index := ""
		if i > 0 {
			index = "[" + strconv.Itoa(i) + "]"
		}
		if item.IsPrimitive() {
			list = append(list, cell{at + index, item.Text})
			continue
		}
		list = leaves(item, at+index, list)
		if name, kind := kindOf(item); name != "" && !kinds[kind] {
			kinds[kind] = true
			list = leaves(item, at+"["+name+"="+kind+"]", list)
		}
	}
	return list
}

// kindNames are the members by which items of a list say what they are.
var kindNames = []string{"IDType", "use", "system", "type", "Type", "kind", "Kind", "code"}

func kindOf(item *fhir.Node) (name, kind string) {
	for _, name := range kindNames {
		if m := item.Member(name); m != nil && m.Kind == fhir.String && m.Text != "" && len(m.Text) < 80 && !strings.ContainsAny(m.Text, "[]\"'") {
			return name, m.Text
		}
	}
	return "", ""
}

func elementLeaves(n *fhir.Node, path string, list []cell) []cell {
	byName := map[string][]*fhir.Node{}
	var order []string
	for _, c := range n.Children {
		if c.Kind != fhir.Element && c.Kind != fhir.Attribute {
			continue
		}
		name := c.Name[strings.LastIndexByte(c.Name, ':')+1:]
		if c.Kind == fhir.Attribute {
			name = "@" + name
		}
		if byName[name] == nil {
			order = append(order, name)
		}
		byName[name] = append(byName[name], c)
	}
	for _, name := range order {
		for i, c := range byName[name] {
			at := strings.TrimPrefix(path+"."+name, ".")
			if i > 0 {
				at += "[" + strconv.Itoa(i) + "]"
			}
			if text := primitiveText(c); text != "" {
				list = append(list, cell{at, text})
			}
			if len(list) < maxLeaves {
				list = elementLeaves(c, at, list)
			}
		}
	}
	return list
}

// primitiveText is the text of a value, or of an element that holds text only.
func primitiveText(n *fhir.Node) string {
	if n.Kind != fhir.Element {
		return n.Text
	}
	text := ""
	for _, c := range n.Children {
		switch c.Kind {
		case fhir.Element:
			return ""
		case fhir.Text:
			text += c.Text
		}
	}
	return strings.TrimSpace(text)
}
