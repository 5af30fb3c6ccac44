package dictionary

// grammar is a structure made ready for matching: its segments as numbered
// places, its groups as a tree, and the price of going from any place to any
// other. Place 0 is the start of the message, places 1..n are the segments of the
// structure in their order, place n+1 is the end.
type grammar struct {
	structure *Structure
	places    []place
	groups    []group // 0 = the whole message
	byName    map[string][]int16
	needed    map[string]bool // names of segments that are required in their group
	any       []int16         // places named ANY
	moves     []move          // [from*len(places)+to]
}

// place is a segment of the structure.
type place struct {
	node  *Node
	group int16
	child int // position among the group's children
}

type group struct {
	node     *Node // nil for the message itself
	parent   int16
	child    int // position among the parent's children
	depth    int
	children []Node
	missing  []int // missing[i] = price of leaving out children 0..i-1
	inner    []int16
}

func (g *group) choice() bool { return g.node != nil && g.node.Choice }

// move says what it costs to have place `to` follow place `from`, and how.
type move struct {
	cost int16
	how  moveKind
	at   int16 // the group in which the move happens: it is repeated, or holds both places
}

type moveKind uint8

const (
	moveNever   moveKind = iota
	moveForward          // to a later child of group at
	moveAgain            // the same place once more
	moveRepeat           // group at begins anew
	moveOther            // to another alternative of choice at
)

// The prices. Only their relations matter: a repeated single segment is read as
// such rather than as a stray one; leaving out one required segment is cheaper
// than declaring another one stray; a second instance of a group that occurs once
// is assumed only if at least two segments support it.
const (
	priceMissing     = 3 // a required segment or group is left out
	priceStray       = 4 // a segment of the structure stands where it has no place
	priceStrayNeeded = 5 // the same for a segment that its group requires: of two, the optional one is the stray
	priceAgain       = 2 // a segment that occurs once is repeated at once
	priceGroupAgain  = 6 // a group that occurs once is repeated
	priceOther       = 4 // a second alternative of a choice
	priceAny         = 1 // a named place is preferred to ANY
	priceImpossible  = 1 << 13

	slack = 60 // readings that cost this much more than the best are given up
)

const (
	startPlace   = 0
	messageGroup = 0
)

func compile(s *Structure) *grammar {
	g := &grammar{structure: s, byName: map[string][]int16{}, needed: map[string]bool{}}
	g.places = append(g.places, place{child: -1})
	g.groups = append(g.groups, group{children: s.Nodes})
	g.add(messageGroup)
	g.places = append(g.places, place{child: len(s.Nodes)})
	for i := range g.places[1 : len(g.places)-1] {
		name, at := g.places[i+1].node.Name, int16(i+1)
		if name == Any {
			g.any = append(g.any, at)
			continue
		}
		g.byName[name] = append(g.byName[name], at)
		if g.places[at].node.Min > 0 {
			g.needed[name] = true
		}
	}
	n := len(g.places)
	g.moves = make([]move, n*n)
	for from := range n - 1 {
		for to := 1; to < n; to++ {
			g.moves[from*n+to] = g.price(int16(from), int16(to))
		}
	}
	return g
}

// add numbers the places and groups below a group.
func (g *grammar) add(id int16) {
	children, depth := g.groups[id].children, g.groups[id].depth
	missing := make([]int, len(children)+1)
	for i := range children {
		node := &children[i]
		missing[i+1] = missing[i]
		if required(node) {
			missing[i+1] += priceMissing
		}
		if !node.Group {
			g.places = append(g.places, place{node: node, group: id, child: i})
			continue
		}
		inner := int16(len(g.groups))
		g.groups[id].inner = append(g.groups[id].inner, inner)
		g.groups = append(g.groups, group{node: node, parent: id, child: i, depth: depth + 1, children: node.Children})
		g.add(inner)
	}
	if g.groups[id].choice() {
		clear(missing) // one alternative leaves out all others
	}
	g.groups[id].missing = missing
}

// required tells whether leaving out a node is a departure. A required group of
// which every member is optional may be left out.
func required(n *Node) bool {
	if n.Min == 0 || !n.Group {
		return n.Min > 0
	}
	for i := range n.Children {
		member := required(&n.Children[i])
		if n.Choice && !member {
			return false
		}
		if !n.Choice && member {
			return true
		}
	}
	return n.Choice
}

func (g *grammar) end() int16 { return int16(len(g.places) - 1) }

func (g *grammar) move(from, to int16) move { return g.moves[int(from)*len(g.places)+int(to)] }

// price finds the cheapest way from one place to another. Ties go to the way
// that changes least: the same segment again, then forward, then the innermost
// group anew.
func (g *grammar) price(from, to int16) move {
	best := move{cost: priceImpossible}
	offer := func(m move) {
		if m.cost < best.cost {
			best = m
		}
	}
	if from == to {
		m := move{how: moveAgain, at: g.places[from].group}
		switch node := g.places[from].node; {
		case node.Max != 1:
			offer(m)
		case node.Name != Any: // one segment more than ANY allows is a stray
			m.cost = priceAgain
			offer(m)
		}
	}
	// Climb from both places to the group that holds both; before and after are
	// what is left out on the way down to `to` and on the way up from `from`.
	a, b := g.places[from].group, g.places[to].group
	ia, ib := g.places[from].child, g.places[to].child
	after, before := 0, 0
	for a != b {
		if g.groups[a].depth >= g.groups[b].depth {
			after += g.after(a, ia)
			a, ia = g.groups[a].parent, g.groups[a].child
			continue
		}
		before += g.groups[b].missing[ib]
		b, ib = g.groups[b].parent, g.groups[b].child
	}
	common := &g.groups[a]
	switch {
	case common.choice() && ia != ib:
		offer(move{cost: int16(after + before + priceOther), how: moveOther, at: a})
	case ia < ib:
		offer(move{cost: int16(after + common.missing[ib] - common.missing[ia+1] + before), how: moveForward, at: a})
	}
	if from == startPlace || to == g.end() {
		return best
	}
	for ; a != messageGroup; a, ia, ib = g.groups[a].parent, g.groups[a].child, g.groups[a].child {
		after += g.after(a, ia)
		before += g.groups[a].missing[ib]
		cost := after + before
		if g.groups[a].node.Max == 1 {
			cost += priceGroupAgain
		}
		offer(move{cost: int16(cost), how: moveRepeat, at: a})
	}
	return best
}

// after is the price of leaving out what follows a child of a group.
func (g *grammar) after(id int16, child int) int {
	missing := g.groups[id].missing
	return missing[len(missing)-1] - missing[child+1]
}

// expected lists the segments that may follow a place without a departure, in
// the order of the structure, beginning after the place.
func (g *grammar) expected(from int16) []string {
	var names []string
	seen := map[string]bool{}
	list := func(to int16) {
		if m := g.move(from, to); m.how == moveNever || m.cost > 0 || to == g.end() {
			return
		}
		if name := g.places[to].node.Name; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for to := from + 1; to < g.end(); to++ {
		list(to)
	}
	for to := int16(1); to <= from; to++ {
		list(to)
	}
	return names
}
