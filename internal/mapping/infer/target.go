package infer

import (
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// unit is what one block of the proposal would make: a segment, a resource, an object or a row; or, inline, the items of a
// list within such a thing, which a rule makes with a loop of its own.
type unit struct {
	key       string // tells the units apart
	make      string // what the block makes; of an inline unit the path of its list
	inline    bool
	parent    *unit
	units     []*unit
	instances []*instance
	kinds     map[string]fhir.Kind // of the values in JSON, by path

	added    bool   // in a message that is kept
	per      string // what it loops over
	filtered bool   // only some turns of the loop make something
	spare    []row  // turns that made nothing
}

// instance is one thing that was made.
type instance struct {
	pair   int
	parent *instance
	place  int // among the segments of the message, or the items of the list
	values map[string]string
	order  []string // the paths of values as they came
	before string   // of HL7 v2: the nearest segment before it that has another name

	turn *turn
}

func (i *instance) set(path, text string) {
	if text == "" {
		return
	}
	if _, twice := i.values[path]; !twice {
		i.order = append(i.order, path)
	}
	i.values[path] = text
}

// targets collects units over all pairs.
type targets struct {
	kind  mapping.Kind
	root  *unit
	all   []*unit
	shape *shape // of HL7 v2
}

func newTargets(kind mapping.Kind) *targets {
	t := &targets{kind: kind}
	t.root = &unit{key: "", make: ".", kinds: map[string]fhir.Kind{}}
	return t
}

func (t *targets) unit(parent *unit, made string, inline bool) *unit {
	key := parent.key + "/" + made
	for _, u := range parent.units {
		if u.key == key {
			return u
		}
	}
	u := &unit{key: key, make: made, inline: inline, parent: parent, kinds: map[string]fhir.Kind{}}
	parent.units = append(parent.units, u)
	t.all = append(t.all, u)
	return u
}

func (u *unit) add(pair int, parent *instance, place int) *instance {
	i := &instance{pair: pair, parent: parent, place: place, values: map[string]string{}}
	u.instances = append(u.instances, i)
	return i
}

// hl7 takes up a message in HL7 v2: a unit for each kind of segment, and an inline one for each field that repeats.
func (t *targets) hl7(pair int, m *hl7.Message) {
	top := t.root.add(pair, nil, 0)
	before, last := "", ""
	for seg := range m.Segments() {
		if seg.Name() == "" {
			continue
		}
		u := t.unit(t.root, seg.Name(), false)
		it := u.add(pair, top, seg.Index())
		if u.make != last {
			before, last = last, u.make
		}
		it.before = before
		fields := map[int]map[int]*instance{}
		for leaf := range seg.Leaves() {
			if leaf.State() != hl7.Valued && leaf.State() != hl7.Null || seg.IsHeader() && leaf.Field <= 2 {
				continue
			}
			text := leaf.Text()
			if leaf.State() == hl7.Null {
				text = `""`
			}
			p := t.shape.path(seg.Name(), leaf, 1)
			if !t.shape.repeats[spot{segment: seg.Name(), field: leaf.Field}] {
				it.set(p.String(), text)
				continue
			}
			list := t.unit(u, hl7.Path{Segment: seg.Name(), Field: leaf.Field}.String()+"[]", true)
			if fields[leaf.Field] == nil {
				fields[leaf.Field] = map[int]*instance{}
			}
			rep := fields[leaf.Field][leaf.Repetition]
			if rep == nil {
				rep = list.add(pair, it, leaf.Repetition)
				fields[leaf.Field][leaf.Repetition] = rep
			}
			rep.set(p.String(), text)
		}
	}
}

// tree takes up a tree. A FHIR Bundle has a unit for each type of resource, JSON one for each list of objects.
func (t *targets) tree(pair int, root *fhir.Node) {
	top := t.root.add(pair, nil, 0)
	switch {
	case t.kind.HasRows():
		u := t.unit(t.root, "row", false)
		items := []*fhir.Node{root}
		if root.Kind == fhir.Array { // several rows of one message
			items = root.Children
		}
		for i, row := range items {
			t.members(u, u.add(pair, top, i), row, "", nil)
		}
	case t.kind == mapping.FHIR && root.ResourceType() == "Bundle":
		links := map[string]string{} // what an entry can be referred to by, to the type of its resource
		for e := range root.All("entry") {
			r := e.Member("resource")
			links[e.Find("fullUrl").String()] = r.ResourceType()
			links[r.ResourceType()+"/"+r.Find("id").String()] = r.ResourceType()
		}
		delete(links, "")
		place := 0
		for r := range root.All("entry", "resource") {
			u := t.unit(t.root, r.ResourceType(), false)
			t.members(u, u.add(pair, top, place), r, "", links)
			place++
		}
		rest := fhir.NewObject()
		for _, m := range root.Children {
			if m.Name != "entry" && m.Name != "resourceType" && m.Name != "id" && m.Name != "type" {
				rest.Children = append(rest.Children, m)
			}
		}
		if len(rest.Children) > 0 {
			u := t.unit(t.root, "Bundle", false)
			t.members(u, u.add(pair, top, 0), rest, "", links)
		}
	case t.kind == mapping.FHIR:
		u := t.unit(t.root, root.ResourceType(), false)
		t.members(u, u.add(pair, top, 0), root, "", nil)
	default:
		t.members(t.root, top, root, "", nil)
	}
}

// volatile members cannot come from the source: the engine derives them.
var volatile = map[string]bool{"id": true, "resourceType": true, "fullUrl": true}

// referred marks the value of a reference to another entry.
const referred = "\x00reference "

func (t *targets) members(u *unit, it *instance, n *fhir.Node, path string, links map[string]string) {
	if n.Kind == fhir.Element {
		t.element(u, it, n, path)
		return
	}
	for _, c := range n.Children {
		at := strings.TrimPrefix(path+"."+c.Name, ".")
		switch {
		case t.kind == mapping.FHIR && path == "" && volatile[c.Name]:
		case c.IsPrimitive():
			if to := links[c.Text]; to != "" && c.Name == "reference" {
				it.set(path, referred+to)
				continue
			}
			it.set(at, c.Text)
			u.kinds[at] = c.Kind
		case c.Kind == fhir.Object:
			t.members(u, it, c, at, links)
		case c.Kind == fhir.Array:
			t.items(u, it, c, at, links)
		}
	}
}

func (t *targets) items(u *unit, it *instance, list *fhir.Node, at string, links map[string]string) {
	for i, item := range list.Children {
		index := at + "[" + strconv.Itoa(i) + "]"
		switch {
		case item.IsPrimitive():
			it.set(index, item.Text)
			u.kinds[index] = item.Kind
		case item.Kind != fhir.Object:
		case t.kind == mapping.FHIR && u.inline: // a rule has one loop only
			t.members(u, it, item, index, links)
		default:
			inner := t.unit(u, at+"[]", t.kind == mapping.FHIR)
			t.members(inner, inner.add(it.pair, it, i), item, "", links)
		}
	}
}

// element takes up an element of XML; those of one name beside each other are a list.
func (t *targets) element(u *unit, it *instance, n *fhir.Node, path string) {
	count := map[string]int{}
	for _, c := range n.Children {
		if c.Kind == fhir.Element {
			count[c.Name]++
		}
	}
	seen := map[string]int{}
	for _, c := range n.Children {
		at := strings.TrimPrefix(path+"."+c.Name, ".")
		switch {
		case c.Kind == fhir.Attribute:
			if !strings.HasPrefix(c.Name, "xmlns") {
				it.set(strings.TrimPrefix(path+".@"+c.Name, "."), c.Text)
			}
		case c.Kind != fhir.Element:
		case count[c.Name] > 1 || t.known(u, at+"[]"):
			inner := t.unit(u, at+"[]", false)
			x := inner.add(it.pair, it, seen[c.Name])
			seen[c.Name]++
			if text := primitiveText(c); text != "" {
				x.set("#text", text)
			}
			t.element(inner, x, c, "")
		default:
			it.set(at, primitiveText(c))
			t.element(u, it, c, at)
		}
	}
}

func (t *targets) known(u *unit, made string) bool {
	return slices.ContainsFunc(u.units, func(x *unit) bool { return x.make == made })
}

// flatten dissolves an inline unit, or one of a list, whose items no loop gives: each item gets a place of its own.
func (t *targets) flatten(u *unit) {
	for _, x := range u.instances {
		prefix := strings.TrimSuffix(u.make, "[]") + "[" + strconv.Itoa(x.place) + "]."
		for _, path := range x.order {
			at := strings.TrimSuffix(prefix+path, ".") // the item itself, if it is a reference
			if t.kind == mapping.HL7v2 {
				at = strings.TrimSuffix(u.make, "[]")
				rest := strings.TrimPrefix(path, at)
				if x.place > 1 {
					at += "[" + strconv.Itoa(x.place) + "]"
				}
				at += rest
			}
			x.parent.set(at, x.values[path])
			u.parent.kinds[at] = u.kinds[path]
		}
	}
	u.instances = nil
	u.parent.units = slices.DeleteFunc(u.parent.units, func(x *unit) bool { return x == u })
	t.all = slices.DeleteFunc(t.all, func(x *unit) bool { return x == u })
}

// split makes units of their own of the first, second and further things of one kind, where no loop gives them.
func (t *targets) split(u *unit) {
	byOrder := map[int][]*instance{}
	count := map[*instance]int{}
	most := 0
	for _, x := range u.instances {
		n := count[x.parent]
		count[x.parent]++
		byOrder[n] = append(byOrder[n], x)
		most = max(most, n)
	}
	u.instances = byOrder[0]
	at := slices.Index(u.parent.units, u)
	all := slices.Index(t.all, u)
	for n := 1; n <= most; n++ {
		next := &unit{key: u.key + "#" + strconv.Itoa(n+1), make: u.make, parent: u.parent, instances: byOrder[n], kinds: u.kinds}
		u.parent.units = slices.Insert(u.parent.units, at+n, next)
		t.all = slices.Insert(t.all, all+n, next)
	}
}

// order puts what stands beside each other in messages and Bundles into the order in which it mostly stands there: the first
// message need not have all of it.
func (t *targets) order() {
	if t.kind != mapping.HL7v2 && t.kind != mapping.FHIR {
		return
	}
	first := map[*unit]map[int]int{} // by pair, the place of the first
	for _, u := range t.root.units {
		first[u] = map[int]int{}
		for _, x := range u.instances {
			if at, ok := first[u][x.pair]; !ok || x.place < at {
				first[u][x.pair] = x.place
			}
		}
	}
	before := func(a, b *unit) bool {
		n := 0
		for pair, at := range first[a] {
			if other, ok := first[b][pair]; ok && at < other {
				n++
			} else if ok {
				n--
			}
		}
		return n > 0
	}
	var list []*unit
	for _, u := range t.root.units {
		at := len(list)
		for i, other := range list {
			if before(u, other) {
				at = i
				break
			}
		}
		list = slices.Insert(list, at, u)
	}
	t.root.units = list
}

// nest puts segments that stand between the repetitions of another below that, as in groups: ORC, OBR, ORC, OBR. A block
// within a block is made in each turn of the outer one.
func (t *targets) nest() {
	for i := len(t.root.units) - 1; i > 0; i-- {
		u := t.root.units[i]
		for j := i - 1; j >= 0; j-- {
			if outer := t.root.units[j]; t.between(outer, u) {
				for _, x := range u.instances {
					x.parent = nearestBefore(outer, x)
				}
				u.parent = outer
				outer.units = append([]*unit{u}, outer.units...)
				t.root.units = slices.Delete(t.root.units, i, i+1)
				break
			}
		}
	}
}

// between says whether the things of a unit stand between those of another: in most messages that have several of the other,
// and never before the first of it.
func (t *targets) between(outer, inner *unit) bool {
	places := func(u *unit) map[int][]int {
		m := map[int][]int{}
		for _, x := range u.instances {
			m[x.pair] = append(m[x.pair], x.place)
		}
		return m
	}
	out, in := places(outer), places(inner)
	several, mixed := 0, 0
	for pair, list := range in {
		around := out[pair]
		if len(around) == 0 || list[0] < around[0] {
			return false
		}
		if len(around) > 1 {
			several++
			if list[0] < around[len(around)-1] {
				mixed++
			}
		}
	}
	return several > 0 && 2*mixed > several
}

// nearestBefore is the thing of a unit that stands nearest before another.
func nearestBefore(u *unit, x *instance) *instance {
	var found *instance
	for _, y := range u.instances {
		if y.pair == x.pair && y.place < x.place && (found == nil || y.place > found.place) {
			found = y
		}
	}
	return found
}
