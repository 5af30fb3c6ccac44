package dictionary

import (
	"slices"

	"trestle/internal/hl7"
)

// follower goes through a message once more, along the reading that align has
// found, and writes down groups and deviations.
type follower struct {
	*Match
	at     int16              // place that was filled last
	open   []int32            // group -> open instance, -1 = closed
	count  []int32            // group -> instances so far within the open parent
	last   []int32            // place -> instance of its group in which it was filled last, -1 = never
	hints  map[int16][]string // place -> what may follow it
	strays []stray

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
	f.placeStrays()
	f.join()
}

// current is the innermost instance that is open.
func (f *follower) current() int32 {
	return f.open[f.grammar.places[f.at].group]
}

// goTo makes the move to a place and notes what is wrong with it.
func (f *follower) goTo(segment int, to int16) {
	g := f.grammar
	if m := g.move(f.at, to); m.how == moveAgain {
		if m.cost > 0 {
			f.note(Deviation{Kind: Repeated, Segment: segment, Name: g.places[to].node.Name, Expected: f.expected(f.at)}, f.current())
		}
	} else {
		f.cross(segment, to, m)
	}
	f.at = to
	f.last[to] = f.open[g.places[to].group]
}

// cross leaves groups, begins the one in which the move happens anew if it is
// repeated, and enters groups down to the place.
func (f *follower) cross(segment int, to int16, m move) {
	g := f.grammar
	from := f.close(segment, f.at, m.at)
	path, child := g.down(to, m.at)
	switch m.how {
	case moveRepeat:
		f.missing(segment, m.at, from+1, len(g.groups[m.at].children))
		f.repeat(segment, m.at)
		f.missing(segment, m.at, 0, child)
	case moveOther:
		f.note(Deviation{Kind: Repeated, Segment: segment, Name: g.groups[m.at].node.Name, Group: true, Expected: f.expected(f.at)}, f.open[m.at])
	default:
		f.missing(segment, m.at, from+1, child)
	}
	for i, inner := range path {
		f.enter(inner)
		next := g.places[to].child
		if i+1 < len(path) {
			next = g.groups[path[i+1]].child
		}
		f.missing(segment, inner, 0, next)
	}
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

// repeat begins a group anew.
func (f *follower) repeat(segment int, group int16) {
	parent := f.open[f.grammar.groups[group].parent]
	f.enter(group)
	if node := f.grammar.groups[group].node; node.Max == 1 {
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
	places := f.grammar.byName[name]
	if len(places) == 0 {
		f.note(d, f.current())
		return
	}
	for _, p := range places {
		if at := &f.grammar.places[p]; at.node.Max == 1 && f.open[at.group] >= 0 && f.last[p] == f.open[at.group] {
			d.Kind = Repeated
			f.note(d, f.current())
			return
		}
	}
	d.Kind = OutOfOrder
	d.Expected = without(d.Expected, name)
	place := f.home(places)
	s := stray{deviation: len(f.Deviations), segment: segment, place: place}
	s.instance, d.After = f.nearest(place)
	f.inside[segment] = s.instance
	if d.After == "" {
		f.strays = append(f.strays, s)
	}
	f.note(d, f.current())
}

// home chooses where a stray segment most likely belongs: in the innermost
// group that is open, ahead rather than behind.
func (f *follower) home(places []int16) int16 {
	best, depth := places[0], -1
	for _, p := range places {
		group := f.grammar.places[p].group
		for f.open[group] < 0 {
			group = f.grammar.groups[group].parent
		}
		d := 2 * f.grammar.groups[group].depth
		if p > f.at {
			d++
		}
		if d > depth {
			best, depth = p, d
		}
	}
	return best
}

// nearest climbs from a place to the first group that is open and returns its
// instance. If a group on the way needs a segment before the place, that segment
// is what the place comes after.
func (f *follower) nearest(place int16) (at int32, after string) {
	g := f.grammar
	group, child := g.places[place].group, g.places[place].child
	for f.open[group] < 0 {
		for i := child - 1; i >= 0 && after == ""; i-- {
			if node := &g.groups[group].children[i]; required(node) && !g.groups[group].choice() {
				after = openers(node)[0]
			}
		}
		group, child = g.groups[group].parent, g.groups[group].child
	}
	return f.open[group], after
}

func without(names []string, name string) []string {
	if !slices.Contains(names, name) {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == name })
}

func (f *follower) expected(from int16) []string {
	names, ok := f.hints[from]
	if !ok {
		names = f.grammar.expected(from)
		if f.hints == nil {
			f.hints = map[int16][]string{}
		}
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
