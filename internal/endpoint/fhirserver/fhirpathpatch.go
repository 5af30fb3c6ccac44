package fhirserver

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

// fhirPathPatch applies Parameters of FHIRPath Patch (R4 section 2.1.13, "FHIRPath Patch").
func (s *Server) fhirPathPatch(ctx context.Context, root, parameters *fhir.Node) (*fhir.Node, error) {
	i := 0
	for p := range parameters.All("parameter") {
		if p.Member("name").String() != "operation" {
			return nil, fail(400, "the Parameters of a FHIRPath Patch hold parameters named operation")
		}
		o := pathPatch{s: s, ctx: ctx, root: root}
		if err := o.apply(p); err != nil {
			f := asFailure(err)
			f.issues[0].text = "operation " + strconv.Itoa(i) + " of the patch: " + f.issues[0].text
			return nil, f
		}
		i++
	}
	if i == 0 {
		return nil, fail(400, "the patch holds no operation")
	}
	return root, nil
}

type pathPatch struct {
	s    *Server
	ctx  context.Context
	root *fhir.Node
}

func (o *pathPatch) apply(p *fhir.Node) error {
	parts := map[string]*fhir.Node{}
	for part := range p.All("part") {
		parts[part.Member("name").String()] = part
	}
	kind, path := valueOf(parts["type"]).String(), valueOf(parts["path"]).String()
	if path == "" {
		return fail(400, "it needs a path")
	}
	found, err := o.find(path)
	if err != nil {
		return err
	}
	switch kind {
	case "add":
		return o.add(found, valueOf(parts["name"]).String(), parts["value"])
	case "delete":
		return o.remove(found)
	case "replace":
		return o.replace(found, parts["value"])
	case "insert", "move":
		return o.arrange(kind, found, parts)
	}
	return fail(400, "its type must be add, insert, delete, replace or move")
}

// find evaluates a path; all that it finds must be parts of the resource.
func (o *pathPatch) find(path string) ([]*fhir.Node, error) {
	x, err := fhirpath.Compile(path)
	if err != nil {
		return nil, fail(400, "its path is no FHIRPath: %s", err)
	}
	items, err := x.Evaluate(o.ctx, fhirpath.Resource(o.s.d, o.root), &fhirpath.Options{Definitions: o.s.d})
	if err != nil {
		return nil, fail(422, "its path cannot be followed: %s", err)
	}
	var nodes []*fhir.Node
	for _, i := range items {
		if i.Node() == nil {
			return nil, fail(422, "its path finds what is no part of the resource")
		}
		nodes = append(nodes, i.Node())
	}
	return nodes, nil
}

func one(found []*fhir.Node) (*fhir.Node, error) {
	if len(found) != 1 {
		return nil, fail(422, "its path finds %d elements, not one", len(found))
	}
	return found[0], nil
}

// valueOf returns the value[x] of a parameter, nil if it has none.
func valueOf(part *fhir.Node) *fhir.Node {
	if part == nil {
		return nil
	}
	for _, m := range part.Children {
		if strings.HasPrefix(m.Name, "value") {
			return m
		}
	}
	return nil
}

// build makes the value of a part: its value[x], or an object of the parts below it.
func build(part *fhir.Node) (n *fhir.Node, typ string, err error) {
	if v := valueOf(part); v != nil {
		return v.Clone(), strings.TrimPrefix(v.Name, "value"), nil
	}
	n = fhir.NewObject()
	for p := range part.Item(0).All("part") {
		v, _, err := build(p)
		if err != nil {
			return nil, "", err
		}
		name := p.Member("name").String()
		if before := n.Member(name); before != nil && before.Kind == fhir.Array {
			before.Children = append(before.Children, v.Named(""))
		} else if before != nil {
			n.Set(fhir.NewArray(before, v).Named(name))
		} else {
			n.Children = append(n.Children, v.Named(name))
		}
	}
	if len(n.Children) == 0 {
		return nil, "", fail(400, "it needs a value")
	}
	return n, "", nil
}

// add puts a value below the one element that was found: at the end of a list, or where nothing is yet.
func (o *pathPatch) add(found []*fhir.Node, name string, part *fhir.Node) error {
	at, err := one(found)
	if err != nil {
		return err
	}
	if name == "" {
		return fail(400, "it needs the name of what is added")
	}
	v, typ, err := build(part)
	if err != nil {
		return err
	}
	def := o.definition(at)
	e := def.ChildOfPath(name)
	if e == nil {
		return fail(422, "FHIR defines no %s there", printable(name))
	}
	o.wrapLists(v, o.contentOf(e))
	if e.Choice {
		name += typ
	}
	before := at.Member(name)
	switch {
	case !e.List && before != nil:
		return fail(422, "%s is there already and is no list; replace it", name)
	case !e.List:
		at.Children = append(at.Children, v.Named(name))
	case before == nil:
		at.Children = append(at.Children, fhir.NewArray(v).Named(name))
	default:
		before.Children = append(slices.Clone(before.Children), v.Named(""))
	}
	return nil
}

// definition finds the element definition of a node of the resource.
func (o *pathPatch) definition(n *fhir.Node) *fhir.ElementDefinition {
	def := o.s.d.Type(o.root.ResourceType()).RootElement()
	for at := o.root; at != n; {
		var next *fhir.Node
		for _, c := range at.Children {
			if c == n || parentOf(c, n) != nil {
				next = c
				break
			}
		}
		if next == nil {
			return nil
		}
		if next.Name != "" {
			e, typ := def.Child(next.Name)
			if def = e; e != nil && len(e.Children) == 0 && e.Reference == nil {
				def = o.s.d.Type(typ).RootElement()
			}
		}
		at = next
	}
	return def
}

func (o *pathPatch) contentOf(e *fhir.ElementDefinition) *fhir.ElementDefinition {
	if e == nil || len(e.Children) > 0 || e.Reference != nil || len(e.Types) == 0 {
		return e
	}
	return o.s.d.Type(e.Types[0].Code).RootElement()
}

// wrapLists makes lists of members that are lists, where a value was made of parts that do not say so.
func (o *pathPatch) wrapLists(n *fhir.Node, def *fhir.ElementDefinition) {
	if n.Kind != fhir.Object || def == nil {
		return
	}
	for i, c := range n.Children {
		e, _ := def.Child(c.Name)
		if e == nil {
			continue
		}
		if e.List && c.Kind != fhir.Array {
			name := c.Name
			n.Children[i] = fhir.NewArray(c).Named(name)
		}
		for _, item := range n.Children[i].Children {
			if n.Children[i].Kind == fhir.Array {
				o.wrapLists(item, o.contentOf(e))
			}
		}
		if c.Kind == fhir.Object && !e.List {
			o.wrapLists(c, o.contentOf(e))
		}
	}
}

// remove takes the one element out that was found; nothing to delete is no error.
func (o *pathPatch) remove(found []*fhir.Node) error {
	if len(found) == 0 {
		return nil
	}
	n, err := one(found)
	if err != nil {
		return err
	}
	parent := parentOf(o.root, n)
	if parent == nil {
		return fail(422, "the whole resource cannot be deleted by a patch")
	}
	i := slices.Index(parent.Children, n)
	parent.Children = slices.Delete(slices.Clone(parent.Children), i, i+1)
	if parent.Kind == fhir.Object {
		parent.Remove("_" + n.Name)
	} else {
		dropEmpty(o.root, parent)
	}
	return nil
}

func (o *pathPatch) replace(found []*fhir.Node, part *fhir.Node) error {
	n, err := one(found)
	if err != nil {
		return err
	}
	v, _, err := build(part)
	if err != nil {
		return err
	}
	if n == o.root {
		return fail(422, "the whole resource cannot be replaced by a patch")
	}
	*n = fhir.Node{Kind: v.Kind, Name: n.Name, Text: v.Text, Children: v.Children}
	return nil
}

// arrange inserts into a list, or moves within it.
func (o *pathPatch) arrange(kind string, found []*fhir.Node, parts map[string]*fhir.Node) error {
	if len(found) == 0 {
		return fail(422, "its path finds no list; add makes one")
	}
	list := parentOf(o.root, found[0])
	if list == nil || list.Kind != fhir.Array {
		return fail(422, "its path finds no list")
	}
	place := func(name string, most int) (int, error) {
		i, ok := position(valueOf(parts[name]).String(), most)
		if !ok {
			return 0, fail(422, "%s must be a place of the list, from 0 to %d", name, most)
		}
		return i, nil
	}
	items := slices.Clone(list.Children)
	if kind == "insert" {
		at, err := place("index", len(items))
		if err != nil {
			return err
		}
		v, _, err := build(parts["value"])
		if err != nil {
			return err
		}
		list.Children = slices.Insert(items, at, v.Named(""))
		return nil
	}
	from, err := place("source", len(items)-1)
	if err != nil {
		return err
	}
	to, err := place("destination", len(items)-1)
	if err != nil {
		return err
	}
	n := items[from]
	list.Children = slices.Insert(slices.Delete(items, from, from+1), to, n)
	return nil
}
