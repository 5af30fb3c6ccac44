package mapper

import (
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// node is a place of one side: a segment, field or element, or a block of the target.
type node struct {
	parent   int32
	depth    int16
	required bool
	grown    bool // what is below it was made, as far as anything is known of it
	key      string
	name     string // PID, 5, 5.1, name[]
	about    string // Patient Name
	kids     []int32
	block    string                  // of the target: the block that it belongs to
	to       string                  // of the target: the place below it, as a rule writes it; "" for the block itself
	element  *fhir.ElementDefinition // of FHIR, nil where unknown
	typ      string
	rules    int32 // how many rules read it or write it
	below    int32 // and how many below it
}

const none = -1

// side is one of the two lists of the picture.
type side struct {
	d       *document
	target  bool
	nodes   []node
	roots   []int32
	byKey   map[string]int32
	open    map[string]bool
	search  string
	filter  Filter
	rows    []int32 // those that show, in order
	rowOf   []int32 // by node: its row, or none
	nearest []int32 // by node: the row of the nearest that shows, or none
	marked  map[string]bool
	cursor  string   // key of the row that the user is on
	left    []string // of the source: keys that are left out on purpose
	made    string   // what the nodes were made from

	values map[string]string // of the target: what rules wrote for the sample that is shown, by key
}

// Filter chooses which places of a side show.
type Filter uint8

// The filters.
const (
	Everything Filter = iota
	Populated         // the samples, or the result, have it
	Unmapped          // populated, or required, and no rule has it
	Mapped            // rules have it
	Required          // it must be there
)

// Filters are the words of the filters, in their order.
var Filters = []string{"All", "Populated", "Unmapped", "Mapped", "Required"}

func (s *side) reset(open []string) {
	s.nodes, s.roots, s.rows = nil, nil, nil
	s.byKey = map[string]int32{}
	s.open, s.marked = map[string]bool{}, map[string]bool{}
	for _, key := range open {
		s.open[key] = true
	}
}

// add makes a node below another, or a root.
func (s *side) add(parent int32, n node) int32 {
	if at, ok := s.byKey[n.key]; ok {
		return at
	}
	at := int32(len(s.nodes))
	n.parent = parent
	if parent >= 0 {
		n.depth = s.nodes[parent].depth + 1
		s.nodes[parent].kids = append(s.nodes[parent].kids, at)
	} else {
		s.roots = append(s.roots, at)
	}
	s.nodes = append(s.nodes, n)
	s.byKey[n.key] = at
	return at
}

// find is the node of a key, or none.
func (s *side) find(key string) int32 {
	if at, ok := s.byKey[key]; ok {
		return at
	}
	return none
}

// count counts the rules at each node, and below it.
func (s *side) count(at []int32) {
	for i := range s.nodes {
		s.nodes[i].rules, s.nodes[i].below = 0, 0
	}
	for _, n := range at {
		if n < 0 {
			continue
		}
		s.nodes[n].rules++
		for p := s.nodes[n].parent; p >= 0; p = s.nodes[p].parent {
			s.nodes[p].below++
		}
	}
}

// shows says whether a node by itself passes the filter and the search.
func (s *side) shows(i int32) bool {
	n := &s.nodes[i]
	switch s.filter {
	case Populated:
		if !s.populated(n) {
			return false
		}
	case Unmapped:
		if n.rules+n.below > 0 || n.parent >= 0 && s.covered(n) || s.leftOut(n) || !s.populated(n) && !(s.target && n.required) {
			return false
		}
	case Mapped:
		if n.rules == 0 {
			return false
		}
	case Required:
		if !n.required {
			return false
		}
	}
	return s.search == "" || s.matches(n)
}

// covered says whether a rule has something that a node is a part of.
func (s *side) covered(n *node) bool {
	for p := n.parent; p >= 0; p = s.nodes[p].parent {
		if s.nodes[p].rules > 0 && s.nodes[p].to != "" || !s.target && s.nodes[p].rules > 0 {
			return true
		}
	}
	return false
}

// leftOut says whether a place, or what it is a part of, is left out on purpose.
func (s *side) leftOut(n *node) bool {
	for _, key := range s.left {
		if rest, ok := strings.CutPrefix(n.key, key); ok && (rest == "" || rest[0] == '.' || rest[0] == '-') {
			return true
		}
	}
	return false
}

func (s *side) populated(n *node) bool {
	if s.target {
		return s.values[n.key] != ""
	}
	return s.d.samples.counts[n.key] > 0
}

// matches looks for the text of the search in path, name and value. A value that the mask hides is not found by it.
func (s *side) matches(n *node) bool {
	if holdsFold(n.key, s.search) || holdsFold(n.name, s.search) || holdsFold(n.about, s.search) || holdsFold(n.typ, s.search) {
		return true
	}
	text, hidden := s.value(n)
	return !hidden && holdsFold(text, s.search)
}

// holdsFold says whether a text holds another that is in lower case, whatever the case of its own ASCII letters.
func holdsFold(text, low string) bool {
	n := len(low)
	for i := 0; i+n <= len(text); i++ {
		k := 0
		for k < n {
			c := text[i+k]
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != low[k] {
				break
			}
			k++
		}
		if k == n {
			return true
		}
	}
	return false
}

// value is what stands at a node in the sample that is shown, or in its result.
func (s *side) value(n *node) (text string, hidden bool) {
	masked := s.d.m.masked
	if s.target {
		text = s.values[n.key]
		return text, masked && text != ""
	}
	p := s.d.samples.values[n.key]
	return p.first, masked && p.first != "" && !p.open
}

// flatten lists the rows that show: all open branches, or what passes the filter with the branches that lead there.
func (s *side) flatten() {
	s.rows = s.rows[:0]
	s.rowOf = resized(s.rowOf, len(s.nodes))
	s.nearest = resized(s.nearest, len(s.nodes))
	narrowed := s.filter != Everything || s.search != ""
	var keep []bool
	if narrowed {
		keep = make([]bool, len(s.nodes))
		for i := range s.nodes {
			if keep[i] || !s.shows(int32(i)) {
				continue
			}
			for p := int32(i); p >= 0 && !keep[p]; p = s.nodes[p].parent {
				keep[p] = true
			}
		}
	}
	for i := range s.rowOf {
		s.rowOf[i] = none
	}
	var walk func(list []int32)
	walk = func(list []int32) {
		for _, i := range list {
			if narrowed && !keep[i] {
				continue
			}
			s.rowOf[i] = int32(len(s.rows))
			s.rows = append(s.rows, i)
			if s.isOpen(i, narrowed, keep) {
				walk(s.nodes[i].kids)
			}
		}
	}
	walk(s.roots)
	for i := range s.nodes { // parents come before their children
		switch {
		case s.rowOf[i] >= 0:
			s.nearest[i] = s.rowOf[i]
		case s.nodes[i].parent >= 0:
			s.nearest[i] = s.nearest[s.nodes[i].parent]
		default:
			s.nearest[i] = none
		}
	}
}

// isOpen says whether what is below a node shows. While something is looked for, the branches that lead to it are open.
func (s *side) isOpen(i int32, narrowed bool, keep []bool) bool {
	n := &s.nodes[i]
	if open, said := s.open[n.key]; said || !narrowed {
		return open
	}
	return slices.ContainsFunc(n.kids, func(k int32) bool { return keep[k] })
}

func resized(list []int32, n int) []int32 {
	if cap(list) < n {
		return make([]int32, n, n+n/4)
	}
	return list[:n]
}

// toggle opens or closes the branch in a row.
func (s *side) toggle(row int) {
	if row < 0 || row >= len(s.rows) {
		return
	}
	i := s.rows[row]
	_, _, open := s.level(row)
	if !open {
		s.deepen(i)
	}
	s.open[s.nodes[i].key] = !open
}

// level is the depth of a row, whether it has anything below it and whether that shows.
func (s *side) level(row int) (depth int, branch, open bool) {
	i := s.rows[row]
	n := &s.nodes[i]
	branch = len(n.kids) > 0 || !n.grown && s.mayHaveKids(n)
	open = row+1 < len(s.rows) && s.nodes[s.rows[row+1]].parent == i
	return int(n.depth), branch, open
}

// reveal opens what leads to a node, so that it shows.
func (s *side) reveal(i int32) {
	for p := s.nodes[i].parent; p >= 0; p = s.nodes[p].parent {
		s.open[s.nodes[p].key] = true
	}
}

// openKeys are the branches that are open, in order.
func (s *side) openKeys() []string {
	var keys []string
	for key, open := range s.open {
		if open {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// title is what is said of a node elsewhere: its path with its name.
func (s *side) title(n *node) string {
	path := n.key
	if s.target {
		path = s.nodes[s.rootOf(n)].name
		if n.to != "" {
			path += "." + n.to
		}
		if s.isHL7() && n.to != "" {
			path = n.to
		}
	}
	if n.about == "" {
		return path
	}
	return path + "  " + strings.TrimSpace(n.about)
}

// rootOf is the block that a node of the target lies in.
func (s *side) rootOf(n *node) int32 {
	if at, ok := s.byKey[blockKey(n.block)]; ok {
		return at
	}
	return 0
}
