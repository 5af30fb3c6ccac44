package dictionary

import (
	"slices"

	"trestle/internal/hl7"
)

// follower goes through a message once more, along the reading that align has
// found, and writes down groups and deviations.
type follower struct {
	*Match
	at    int16              // place that was filled last
	open  []int32            // group -> open instance, -1 = closed
	count []int32            // group -> instances so far within the open parent
	last  []int32            // place -> instance of its group in which it was filled last, -1 = never
	hints map[int16][]string // place -> what may follow it

	steps   []hl7.GroupStep // path of instance stepsOf, kept for the next note
	stepsOf int32
}

func (f *follower) run(n int, name func(int) string) {
	for i := range n {
		if to := f.filled[i]; to != startPlace {
			f.goTo(i, to)
			f.inside[i] = f.current()
			continue
		}
		f.inside[i] = f.current()
		if s := name(i); s != "" && !isLocal(s) {
			f.leftOver(i, s)
		}
	}
	f.goTo(n, f.grammar.end())
	f.join()
}

// current is the innermost instance that is open.
func (f *follower) current() int32 {
	return f.open[f.grammar.places[f.at].group]
}

// goTo makes the move to a place and notes what is wrong with it.
func (f *follower) goTo(segment int, to int16) {
	g, from := f.grammar, f.at
	m := g.move(from, to)
	switch m.how {
	case moveAgain:
		if m.cost > 0 {
			f.note(Deviation{Kind: Repeated, Segment: segment, Name: g.places[to].node.Name, Expected: f.expected(from)}, f.current())
		}
	default:
		ia := f.close(segment, from, m.at)
		path, ib := g.down(to, m.at)
		if m.how == moveRepeat {
			f.missing(segment, m.at, ia+1, len(g.groups[m.at].children))
			f.repeat(segment, m)
			ia = -1
		}
		if m.how == moveOther {
			node := g.groups[m.at].node
			f.note(Deviation{Kind: Repeated, Segment: segment, Name: node.Name, Group: true, Expected: f.expected(from)}, f.open[m.at])
		} else {
			f.missing(segment, m.at, ia+1, ib)
		}
		for _, inner := range path {
			f.enter(inner)
			next := g.places[to].child
			if i := slices.Index(path, inner); i+1 < len(path) {
				next = g.groups[path[i+1]].child
			}
			f.missing(segment, inner, 0, next)
		}
	}
	f.at = to
	f.last[to] = f.open[g.places[to].group]
}

// close leaves the groups from a place up to, not including, group at; it
// returns the child of that group in which the place is.
func (f *follower) close(segment int, from, at int16) (child int) {
	g := f.grammar
	group, child := g.places[from].group, g.places[from].child
	for group != at {
		f.missing(segment, group, child+1, len(g.groups[group].children))
		f.open[group] = -1
		group, child = g.groups[group].parent, g.groups[group].child
	}
	return child
}

// down lists the groups below group at on the way to a place, outermost first,
// and the child of at in which the way begins.
func (g *grammar) down(to, at int16) (path []int16, child int) {
	group, child := g.places[to].group, g.places[to].child
	for group != at {
		path = append(path, group)
		group, child = g.groups[group].parent, g.groups[group].child
	}
	slices.Reverse(path)
	return path, child
}

func (f *follower) repeat(segment int, m move) {
	parent := f.open[f.grammar.groups[m.at].parent]
	f.enter(m.at)
	if node := f.grammar.groups[m.at].node; node.Max == 1 {
		f.note(Deviation{Kind: Repeated, Segment: segment, Name: node.Name, Group: true, Expected: f.expected(f.at)}, parent)
	}
}

// enter opens a new instance of a group in the open instance of its parent.
func (f *follower) enter(group int16) {
	f.count[group]++
	f.open[group] = int32(len(f.instances))
	f.instances = append(f.instances, instance{group: group, parent: f.open[f.grammar.groups[group].parent], repetition: f.count[group]})
	for _, inner := range f.grammar.groups[group].inner {
		f.count[inner] = 0
	}
}

// missing notes the required children from..to-1 of a group.
func (f *follower) missing(segment int, group int16, from, to int) {
	g := &f.grammar.groups[group]
	if g.choice() || from >= to || g.missing[from] == g.missing[to] {
		return
	}
	for i := from; i < to; i++ {
		if g.missing[i] == g.missing[i+1] {
			continue
		}
		node := &g.children[i]
		f.note(Deviation{Kind: Missing, Segment: segment, Name: node.Name, Group: node.Group, Expected: openers(node)}, f.open[group])
	}
}

// openers are the segments that can begin a node.
func openers(n *Node) []string {
	if !n.Group {
		return []string{n.Name}
	}
	var names []string
	for i := range n.Children {
		child := &n.Children[i]
		for _, name := range openers(child) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if !n.Choice && required(child) {
			break
		}
	}
	return names
}

// leftOver notes a segment that no place was found for.
func (f *follower) leftOver(segment int, name string) {
	d := Deviation{Kind: Unexpected, Segment: segment, Name: name, Expected: f.expected(f.at)}
	for _, place := range f.grammar.byName[name] {
		group := f.grammar.places[place].group
		if d.Kind == Unexpected {
			d.Kind = OutOfOrder
		}
		if f.open[group] < 0 {
			continue
		}
		if f.last[place] == f.open[group] && f.grammar.places[place].node.Max == 1 {
			d.Kind, d.After = Repeated, ""
			break
		}
		if d.After == "" {
			d.After = f.before(place)
		}
	}
	f.note(d, f.current())
}

// before names the segment that a place follows: the nearest one ahead of it,
// in a group that is open, that is there or should be.
func (f *follower) before(place int16) string {
	for p := place - 1; p > startPlace; p-- {
		at := &f.grammar.places[p]
		if f.open[at.group] >= 0 && (f.last[p] == f.open[at.group] || at.node.Min > 0) {
			return at.node.Name
		}
	}
	return ""
}

func (f *follower) expected(from int16) []string {
	names, ok := f.hints[from]
	if !ok {
		names = f.grammar.expected(from)
		f.hints[from] = names
	}
	return names
}

func (f *follower) note(d Deviation, at int32) {
	if at != f.stepsOf || f.steps == nil {
		f.steps, f.stepsOf = f.path(at), at
	}
	d.Groups = f.steps
	f.Deviations = append(f.Deviations, d)
}

// join makes one deviation of a segment that is out of order and the same
// segment that is missing where it belongs: the missing one is dropped.
func (f *follower) join() {
	stray := map[string][]int{}
	for i, d := range f.Deviations {
		if d.Kind == OutOfOrder {
			stray[d.Name] = append(stray[d.Name], i)
		}
	}
	if len(stray) == 0 {
		return
	}
	kept := f.Deviations[:0]
	for _, d := range f.Deviations {
		if d.Kind == Missing && take(stray, d.Expected) {
			continue
		}
		kept = append(kept, d)
	}
	f.Deviations = kept
}

// take uses up one stray segment of any of the names.
func take(stray map[string][]int, names []string) bool {
	for _, name := range names {
		if list := stray[name]; len(list) > 0 {
			stray[name] = list[1:]
			return true
		}
	}
	return false
}
