package compare

import (
	"hash/maphash"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// node is a segment or a group of segments.
type node struct {
	item
	segment int32 // of a segment its index, else -1
	kids    []int32
	entry   bool // its first segment is an entry of a list
}

// tree is a message as segments in groups. Node 0 is the message.
type tree struct {
	nodes []node
}

// structureOf finds the structure that a message declares.
func (s *side) structureOf() *dictionary.Structure {
	h, ok := s.m.Header()
	if !ok || h.Name() != "MSH" {
		return nil
	}
	v := s.dictionaryOf()
	kind := h.Field(9)
	if st, ok := v.Structure(kind.Component(3).Text()); ok {
		return st
	}
	id, ok := v.StructureOf(kind.Component(1).Text(), kind.Component(2).Text())
	if !ok {
		return nil
	}
	st, _ := v.Structure(id)
	return st
}

// trees lays both messages in groups: by their structure if both declare the same, else by what usually follows what.
func (c *comparison) trees() (l, r *tree) {
	sl, sr := c.l.structureOf(), c.r.structureOf()
	if sl != nil && sr != nil && sl.ID == sr.ID {
		ml, mr := c.l.dictionaryOf().Match(c.l.m, sl), c.r.dictionaryOf().Match(c.r.m, sr)
		return c.l.grow(ml.Groups, c.same), c.r.grow(mr.Groups, c.same)
	}
	return c.l.grow(usualGroups(&c.l), c.same), c.r.grow(usualGroups(&c.r), c.same)
}

// grow makes the tree of the groups that each segment is in.
func (s *side) grow(groups func(int) []hl7.GroupStep, same bool) *tree {
	t := &tree{nodes: make([]node, 1, 2*len(s.lines)+1)}
	t.nodes[0] = node{segment: -1}
	var open []hl7.GroupStep
	at := []int32{0} // the nodes of the message and the open groups
	for i := range s.lines {
		g := groups(i)
		k := 0
		for k < len(g) && k < len(open) && g[k] == open[k] {
			k++
		}
		open = append(open[:k], g[k:]...)
		at = at[:k+1]
		for _, step := range g[k:] {
			at = append(at, t.add(at[len(at)-1], node{segment: -1, item: item{name: maphash.String(seed, step.Name)}}))
		}
		t.add(at[len(at)-1], s.leaf(i, same))
	}
	t.finish(0, s)
	return t
}

func (t *tree) add(parent int32, n node) int32 {
	at := int32(len(t.nodes))
	t.nodes = append(t.nodes, n)
	t.nodes[parent].kids = append(t.nodes[parent].kids, at)
	return at
}

// leaf makes the node of one segment.
func (s *side) leaf(i int, same bool) node {
	l := s.lines[i]
	n := node{segment: int32(i)}
	n.content = s.contentOf(i, same)
	if !l.segment {
		n.name = 1
		return n
	}
	n.name = uint64(l.name[0])<<16 | uint64(l.name[1])<<8 | uint64(l.name[2]) | 1<<32
	n.key = identityOf(l.name, s.m.Segment(i))
	n.entry = lists[l.name]
	n.single = !n.entry
	return n
}

// finish works out what identifies the groups: the first identity among their first two segments, so that an ORC without
// numbers leaves it to its OBR.
func (t *tree) finish(at int32, s *side) {
	n := &t.nodes[at]
	if n.segment >= 0 {
		return
	}
	for k, kid := range n.kids {
		t.finish(kid, s)
		c := &t.nodes[kid]
		n.content = n.content*0x9E3779B97F4A7C15 + c.content
		if k < 2 && n.key == 0 {
			n.key = c.key
		}
		if k == 0 {
			n.entry = c.entry
		}
	}
	n.single = !n.entry
}

// usual says which group a segment begins where the structure is not known, how deep it lies, and what follows it there.
type usual struct {
	name    string
	level   int
	follows map[name3]bool // nil: whatever begins no group as deep or less deep
}

func names(ids ...string) map[name3]bool {
	set := map[name3]bool{}
	for _, id := range ids {
		set[name3([]byte(id))] = true
	}
	return set
}

var usualStarts = func() map[name3]usual {
	order := usual{"ORDER", 2, nil}
	table := map[string]usual{
		"PID": {"PATIENT", 1, nil},
		"ORC": order, "OBR": order, "RXO": order, "RXE": order, "RXA": order, "RXD": order, "RXG": order,
		"SPM": {"SPECIMEN", 3, names("OBX", "NTE", "SAC")},
		"OBX": {"OBSERVATION", 4, names("NTE", "PRT", "TCD", "SID")},
		"FT1": {"FINANCIAL", 2, names("NTE", "DG1", "PR1", "ROL", "ORC", "OBR", "OBX")},
		"IN1": {"INSURANCE", 2, names("IN2", "IN3", "ROL", "AUT", "RF1", "NTE")},
		"PR1": {"PROCEDURE", 3, names("ROL", "NTE")},
		"RGS": {"RESOURCES", 2, names("AIS", "AIG", "AIL", "AIP", "NTE")},
		"MFE": {"ENTRY", 1, nil},
		"STF": {"STAFF", 2, nil},
		"PRB": {"PROBLEM", 2, nil}, "GOL": {"GOAL", 2, nil},
	}
	out := map[name3]usual{}
	for id, u := range table {
		out[name3([]byte(id))] = u
	}
	return out
}()

// usualGroups groups by what usually follows what, and notes with what they follow.
func usualGroups(s *side) func(int) []hl7.GroupStep {
	all := make([][]hl7.GroupStep, len(s.lines))
	counts := map[string]int{}
	var open []usual
	var steps []hl7.GroupStep
	order := name3{} // the segment that began the open order
	orc, obr, nte := name3{'O', 'R', 'C'}, name3{'O', 'B', 'R'}, name3{'N', 'T', 'E'}
	for i, l := range s.lines {
		u, starts := usualStarts[l.name]
		for k, o := range open { // an order goes on: ORC, then OBR or RX?
			if o.name == "ORDER" && u.name == "ORDER" && l.name != orc && (order == orc && l.name != obr || order == orc && !s.within(i, obr)) {
				starts = false
				open, steps = open[:k+1], steps[:k+1]
				if l.name == obr {
					order = obr
				}
				break
			}
		}
		if l.segment {
			for len(open) > 0 {
				o := open[len(open)-1]
				if starts && u.level > o.level && (o.follows == nil || o.follows[l.name]) || !starts && (o.follows == nil || o.follows[l.name] || l.name[0] == 'Z') {
					break
				}
				open, steps = open[:len(open)-1], steps[:len(steps)-1]
			}
		}
		if starts {
			open = append(open, u)
			counts[u.name]++
			steps = append(steps[:len(steps):len(steps)], hl7.GroupStep{Name: u.name, Repetition: counts[u.name]})
			if u.name == "ORDER" {
				order = l.name
			}
		} else if i+1 < len(s.lines) && s.lines[i+1].name == nte && l.name != nte && l.segment && l.name != obr && l.name != orc {
			noted := usual{l.name.String() + " with notes", 9, names("NTE")}
			open = append(open, noted)
			counts[noted.name]++
			steps = append(steps[:len(steps):len(steps)], hl7.GroupStep{Name: noted.name, Repetition: counts[noted.name]})
		}
		all[i] = steps[:len(steps):len(steps)]
	}
	return func(i int) []hl7.GroupStep { return all[i] }
}

// within says whether the order that segment i would continue has a segment of the name already.
func (s *side) within(i int, name name3) bool {
	for k := i - 1; k >= 0; k-- {
		switch s.lines[k].name {
		case name:
			return true
		case name3{'O', 'R', 'C'}:
			return false
		}
	}
	return false
}
