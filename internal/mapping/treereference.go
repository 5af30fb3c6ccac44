package mapping

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

func (r *run) treeValues(ref, loop *reference, t *turn, rep *repetition, dst []value) []value {
	from := r.message.root
	for u := t; u != nil; u = u.parent {
		if u.node != nil {
			from = u.node
			break
		}
	}
	steps := ref.steps
	switch {
	case ref.fhirpath != nil:
	case ref.relative && rep != nil:
		from = rep.node
	case rep != nil && rep.node != nil:
		if rest, ok := ref.below(loop); ok {
			from, steps = rep.node, rest
			return appendTree(dst, from, steps)
		}
	}
	if ref.fhirpath != nil {
		return r.pathValues(ref, t, dst)
	}
	switch {
	case ref.absolute:
		from = r.message.root
	case ref.resource != "":
		if from.ResourceType() != ref.resource {
			for _, n := range r.message.resources {
				if n.ResourceType() == ref.resource {
					return appendTree(dst, n, steps)
				}
			}
			return dst
		}
	}
	return appendTree(dst, from, steps)
}

// pathValues evaluates FHIRPath: at the first resource of the type that it begins with, or at the resource that the loops
// stand at. Its own limits on steps and time hold; what fails gives nothing and is warned of.
func (r *run) pathValues(ref *reference, t *turn, dst []value) []value {
	from := r.message.root
	for u := t; u != nil; u = u.parent {
		if u.node.ResourceType() != "" {
			from = u.node
			break
		}
	}
	if ref.resource != "" && from.ResourceType() != ref.resource {
		at := slices.IndexFunc(r.message.resources, func(n *fhir.Node) bool { return n.ResourceType() == ref.resource })
		if at < 0 {
			return dst
		}
		from = r.message.resources[at]
	}
	root := fhirpath.Resource(r.e.definitions, r.message.root)
	in := root
	if from != r.message.root {
		in = fhirpath.Within(r.e.definitions, from, root, "")
	}
	out, err := ref.fhirpath.Evaluate(r.ctx, in, &fhirpath.Options{Definitions: r.e.definitions})
	if err != nil {
		r.warn(fmt.Sprintf("the FHIRPath %q failed: %s", shorten(ref.text), err))
		return dst
	}
	for _, item := range out {
		if n := item.Node(); n != nil && !n.IsPrimitive() {
			dst = append(dst, nodeValue(n))
		} else {
			dst = append(dst, textValue(item.String()))
		}
	}
	return dst
}

// appendTree goes down from a node. A list on the way stands for its first item unless the path says otherwise.
func appendTree(dst []value, n *fhir.Node, steps []treeStep) []value {
	if n == nil || len(dst) >= maxValues {
		return dst
	}
	if len(steps) == 0 {
		if n.Kind == fhir.Array {
			n = n.Item(0)
		}
		if n == nil {
			return dst
		}
		return append(dst, nodeValue(n))
	}
	s := steps[0]
	if n.Kind == fhir.Array {
		n = n.Item(0)
	}
	items := membersOf(n, s.name)
	for i, item := range items {
		switch {
		case s.filter != "" && filterText(item, s.filter) != s.equals:
			continue
		case s.index == first && i > 0, s.index >= 0 && i != s.index:
			continue
		}
		dst = appendTree(dst, item, steps[1:])
	}
	return dst
}

func filterText(n *fhir.Node, path string) string {
	steps := strings.Split(path, ".")
	if found := n.Find(steps...); found != nil {
		return nodeText(found)
	}
	return ""
}

// membersOf lists the items of a member: those of its array, or the elements of that name in XML.
func membersOf(n *fhir.Node, name string) []*fhir.Node {
	if n == nil {
		return nil
	}
	if n.Kind == fhir.Element {
		name = strings.TrimPrefix(name, "@")
		var found []*fhir.Node
		for _, c := range n.Children {
			if (c.Kind == fhir.Element || c.Kind == fhir.Attribute) && (c.Name == name || strings.HasSuffix(c.Name, ":"+name)) {
				found = append(found, c)
			}
		}
		return found
	}
	m := n.Member(name)
	switch {
	case m == nil:
		return nil
	case m.Kind == fhir.Array:
		return m.Children
	}
	return []*fhir.Node{m}
}
