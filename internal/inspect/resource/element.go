package resource

import (
	"sort"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

// Element is a place in the tree: a value with its name and what the definitions say of it.
type Element struct {
	Node *fhir.Node // the value, a list of values, or what stands under _name where there is no value
	More *fhir.Node // what stands under _name beside the value: id and extensions of a primitive
	Name string     // of the member, as in JSON; of an item that of its list
	Item int        // which item of a list this is, -1 where it is none
	Def  *fhir.ElementDefinition
	Type string // HumanName, string; that of the resource where it is one; "" of content without a type of its own

	path    string                  // "" below an element that has none: who needs no paths spares the time to write them
	content *fhir.ElementDefinition // whose children its members are
}

// Path is the element's path, as findings name it: Patient.name[0].family.
func (e *Element) Path() string { return e.path }

// Known says whether FHIR defines the element.
func (e *Element) Known() bool { return e.Def != nil || e.Name == "resourceType" }

// IsList says whether the element stands for all its values.
func (e *Element) IsList() bool { return e.Node != nil && e.Node.Kind == fhir.Array }

// HasChildren says whether something lies below the element.
func (e *Element) HasChildren() bool {
	n := e.Node
	return n != nil && (n.Kind == fhir.Object || n.Kind == fhir.Array) && len(n.Children) > 0 || e.More != nil
}

// Cardinality is how often the element may be there: 0..1, 1..*; "" where nothing says so.
func (e *Element) Cardinality() string {
	if e.Def == nil {
		return ""
	}
	most := "*"
	if e.Def.Max != fhir.Unlimited {
		most = strconv.Itoa(e.Def.Max)
	}
	return strconv.Itoa(e.Def.Min) + ".." + most
}

// Root is the resource itself; its Node is nil where there is no tree.
func (d *Document) Root() Element {
	e := Element{Node: d.Tree, Item: -1, Type: d.Type(), path: d.Type()}
	e.Name = e.Type
	if s := d.Definitions.Type(e.Type); e.Type != "" && s != nil {
		e.Def, e.content = s.Root, s.Root
	}
	return e
}

// Children are the elements below one: the members of an object, the items of a list. What stands under name and _name is
// one element.
func (d *Document) Children(e Element) []Element {
	var out []Element
	if e.Node != nil {
		out = make([]Element, 0, len(e.Node.Children))
		d.each(&e, func(c Element) bool {
			out = append(out, c)
			return true
		})
	}
	if e.More != nil && !e.IsList() {
		more := e
		more.Node, more.More = e.More, nil
		more.content = nil
		if s := d.Definitions.Type("Element"); s != nil {
			more.content = s.Root
		}
		out = append(out, d.Children(more)...)
	}
	return out
}

// each visits the elements below one until visit returns false.
func (d *Document) each(e *Element, visit func(Element) bool) {
	if e.Node.Kind == fhir.Array {
		for i, n := range e.Node.Children {
			if !visit(d.item(e, i, n)) {
				return
			}
		}
		return
	}
	if e.Node.Kind != fhir.Object {
		return
	}
	for _, n := range e.Node.Children {
		if base, more := strings.CutPrefix(n.Name, "_"); more {
			if e.Node.Member(base) == nil && !visit(d.member(e, n, base)) {
				return
			}
			continue // it is shown with its value
		}
		if d.XML && n.Name == "resourceType" {
			continue // XML says it in the tag
		}
		if !visit(d.member(e, n, n.Name)) {
			return
		}
	}
}

// member is the element that a member of an object is.
func (d *Document) member(e *Element, n *fhir.Node, name string) Element {
	c := Element{Node: n, Name: name, Item: -1}
	if n.Kind == fhir.Comment {
		c.Name, name = "comment", "comment()"
	}
	if e.path != "" {
		c.path = e.path + "." + name
	}
	if n.Kind == fhir.Comment {
		return c
	}
	if n.Name == name { // not _name alone
		c.More = e.Node.Member("_" + name)
	}
	if c.Def, c.Type = e.content.Child(name); c.Def == nil {
		return c
	}
	if c.More != nil && c.More.Kind == fhir.Array && n.Kind == fhir.Array {
		c.content = nil // each item has its own
	}
	d.describe(&c)
	return c
}

// Item is the i-th item of a list.
func (d *Document) Item(list Element, i int) Element { return d.item(&list, i, list.Node.Children[i]) }

// item is an item of a list.
func (d *Document) item(e *Element, i int, n *fhir.Node) Element {
	c := *e
	c.Node, c.Item, c.More = n, i, nil
	if e.path != "" {
		c.path = e.path + "[" + strconv.Itoa(i) + "]"
	}
	if e.More != nil && e.More.Kind == fhir.Array {
		if c.More = e.More.Item(i); c.More != nil && c.More.Kind == fhir.Null {
			c.More = nil
		}
	}
	if c.Def != nil {
		d.describe(&c)
	}
	return c
}

// describe finds the definition of what lies in an element.
func (d *Document) describe(c *Element) {
	c.content = nil
	switch {
	case c.Type == "Resource" || c.Type == "DomainResource" || d.Definitions.IsResource(c.Type):
		if s := d.Definitions.Type(c.Node.ResourceType()); s != nil && c.Node.ResourceType() != "" {
			c.content, c.Type = s.Root, c.Node.ResourceType()
		}
	case c.Def.Reference != nil || len(c.Def.Children) > 0:
		c.content = c.Def
	default:
		if s := d.Definitions.Type(c.Type); s != nil {
			c.content = s.Root
		}
	}
}

// At is the innermost element that holds a byte. ok is false outside of the resource.
func (d *Document) At(offset int) (Element, bool) {
	chain := d.Chain(offset)
	if len(chain) == 0 {
		return Element{}, false
	}
	return chain[len(chain)-1], true
}

// Chain is the way from the resource to the innermost element that holds a byte; nil outside of the resource.
func (d *Document) Chain(offset int) []Element {
	e := d.Root()
	if e.Node == nil || offset < e.Node.Off || offset >= e.Node.End {
		return nil
	}
	chain := []Element{e}
	for {
		next, ok := d.childAt(&e, offset)
		if !ok {
			return chain
		}
		chain = append(chain, next)
		e = next
	}
}

// childAt finds the child that holds a byte: by search in a long list, one by one elsewhere.
func (d *Document) childAt(e *Element, offset int) (found Element, ok bool) {
	if e.IsList() {
		items := e.Node.Children
		i := sort.Search(len(items), func(i int) bool { return items[i].End > offset })
		if i < len(items) && begin(items[i]) <= offset {
			return d.item(e, i, items[i]), true
		}
		return found, false
	}
	for _, n := range e.Node.Children {
		if offset < begin(n) || offset >= n.End && !(n.Off == n.End && offset == n.Off) || d.XML && n.Name == "resourceType" {
			continue // XML says the type in the tag of the resource itself
		}
		if base, more := strings.CutPrefix(n.Name, "_"); more {
			return d.beside(e, n, base), true
		}
		return d.member(e, n, n.Name), true
	}
	return found, false
}

// beside is the element that _name stands for: its ids and extensions are below it.
func (d *Document) beside(e *Element, n *fhir.Node, base string) Element {
	c := d.member(e, n, base)
	c.More = nil
	if s := d.Definitions.Type("Element"); s != nil && c.Def != nil {
		c.content = s.Root
	}
	return c
}

// begin is where a node begins, with its name.
func begin(n *fhir.Node) int {
	if n.Name != "" {
		return min(n.Off, n.NameOff)
	}
	return n.Off
}

// Find is the element at a path such as Patient.name[0].family. A step to a list without a number stands for the list.
func (d *Document) Find(path string) (Element, bool) {
	e := d.Root()
	rest, ok := strings.CutPrefix(path, e.path)
	if e.Node == nil || !ok {
		return e, false
	}
	for rest != "" {
		var next Element
		found := false
		if number, after, ok := cutItem(rest); ok && e.IsList() {
			if number >= len(e.Node.Children) {
				return e, false
			}
			e, rest = d.item(&e, number, e.Node.Children[number]), after
			continue
		}
		d.each(&e, func(c Element) bool {
			step := c.path[len(e.path):]
			after, ok := strings.CutPrefix(rest, step)
			if !ok || after != "" && after[0] != '.' && after[0] != '[' {
				return true
			}
			next, rest, found = c, after, true
			return false
		})
		if !found {
			return e, false
		}
		e = next
	}
	return e, true
}

// cutItem reads [3] at the beginning of a path.
func cutItem(path string) (number int, rest string, ok bool) {
	inside, rest, ok := strings.Cut(path, "]")
	digits, begins := strings.CutPrefix(inside, "[")
	if !ok || !begins {
		return 0, path, false
	}
	number, err := strconv.Atoi(digits)
	return number, rest, err == nil && number >= 0
}
