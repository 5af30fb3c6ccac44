package fhir

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// AppendXML writes a resource as XML, by the definitions: elements in their order, ids and extension URLs as attributes,
// the narrative as XHTML. A non-empty indent gives each element a line. Members that the definitions do not know come last,
// in the order of the tree. The error says where the tree holds what XML cannot: control characters, narratives that are
// not well-formed, lists of lists.
func (d *Definitions) AppendXML(dst []byte, n *Node, indent string) ([]byte, error) {
	name := n.ResourceType()
	if !isXMLName(name) {
		return dst, fmt.Errorf("only a resource can be written as XML: the tree has no resourceType")
	}
	w := &xmlWriter{d: d, indent: indent, dst: append(dst, `<?xml version="1.0" encoding="UTF-8"?>`...)}
	w.resource(n, name, name, 0, ` xmlns="`+Namespace+`"`)
	if indent != "" {
		w.dst = append(w.dst, '\n')
	}
	return w.dst, w.err
}

type xmlWriter struct {
	d      *Definitions
	indent string
	dst    []byte
	err    error
}

func (w *xmlWriter) fail(path, format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
	}
}

func (w *xmlWriter) line(depth int) {
	if w.indent == "" {
		return
	}
	w.dst = append(w.dst, '\n')
	for range depth {
		w.dst = append(w.dst, w.indent...)
	}
}

func (w *xmlWriter) resource(n *Node, name, path string, depth int, declaration string) {
	if depth > defaultDepth {
		w.fail(path, "elements are nested more than %d deep", defaultDepth)
		return
	}
	w.line(depth)
	w.dst = append(append(append(w.dst, '<'), name...), declaration...)
	w.body(n, nil, w.d.Type(name).RootElement(), name, path, depth)
}

// pair is a primitive: its value under the name and the rest of it under _name.
type pair struct{ value, more *Node }

// body writes attributes, content and end tag of an element whose start tag is open. value is the text of a primitive,
// nil if it is none.
func (w *xmlWriter) body(n *Node, value *string, e *ElementDefinition, name, path string, depth int) {
	var order []string
	members := map[string]*pair{}
	comments := map[string][]*Node{} // by the member that follows
	var pending []*Node
	for _, c := range n.objectMembers() {
		if c.Kind == Comment {
			pending = append(pending, c)
			continue
		}
		if c.Name == "resourceType" && depth >= 0 && n.ResourceType() == name {
			continue
		}
		base, isMore := strings.CutPrefix(c.Name, "_")
		p := members[base]
		if p == nil {
			p = &pair{}
			members[base] = p
			order = append(order, base)
		}
		if isMore {
			if p.more != nil {
				w.fail(path+"."+c.Name, "the member is there twice, which XML cannot tell")
			}
			p.more = c
		} else {
			if p.value != nil {
				w.fail(path+"."+c.Name, "the member is there twice, which XML cannot tell")
			}
			p.value = c
		}
		comments[base] = append(comments[base], pending...)
		pending = nil
	}
	order = w.attributes(order, members, e, path)
	if value != nil {
		w.attribute("value", *value, path)
	}
	if len(order) == 0 && len(pending) == 0 {
		w.dst = append(w.dst, "/>"...)
		return
	}
	w.dst = append(w.dst, '>')
	for _, member := range ordered(order, e) {
		w.comments(comments[member], depth+1)
		w.member(member, *members[member], e, path+"."+member, depth+1)
	}
	w.comments(pending, depth+1)
	w.line(depth)
	w.dst = append(append(append(w.dst, "</"...), name...), '>')
}

func (n *Node) objectMembers() []*Node {
	if n == nil || n.Kind != Object {
		return nil
	}
	return n.Children
}

func (w *xmlWriter) comments(list []*Node, depth int) {
	for _, c := range list {
		w.line(depth)
		w.dst = AppendXMLTree(w.dst, c)
	}
}

// attributes writes the members that are attributes in XML and returns the others.
func (w *xmlWriter) attributes(order []string, members map[string]*pair, e *ElementDefinition, path string) []string {
	var rest []string
	for _, member := range order {
		p := members[member]
		attribute, marked := strings.CutPrefix(member, "@")
		def, _ := e.Child(member)
		isAttribute := marked || def != nil && def.Attribute || def == nil && member == "id" && e == nil
		if !isAttribute || p.value == nil || !p.value.IsPrimitive() || p.more != nil || !isXMLName(attribute) {
			rest = append(rest, member)
			continue
		}
		w.attribute(attribute, p.value.Text, path+"."+member)
	}
	return rest
}

func (w *xmlWriter) attribute(name, text, path string) {
	w.check(text, path)
	w.dst = appendAttribute(w.dst, name, text)
}

// check refuses characters that XML cannot hold.
func (w *xmlWriter) check(text, path string) {
	for i, r := range text {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			w.fail(path, "the text holds the character U+%04X, which XML cannot hold", r)
			return
		}
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			w.fail(path, "the text is not UTF-8")
			return
		}
	}
}

// ordered puts members into the order of the definition, unknown ones last.
func ordered(members []string, e *ElementDefinition) []string {
	if e == nil {
		return members
	}
	if e.Reference != nil {
		e = e.Reference
	}
	sorted := make([]string, 0, len(members))
	taken := map[string]bool{}
	for _, c := range e.Children {
		for _, m := range members {
			if taken[m] || !strings.HasPrefix(m, c.Name) {
				continue
			}
			if def, _ := e.Child(m); def == c {
				sorted = append(sorted, m)
				taken[m] = true
			}
		}
	}
	for _, m := range members {
		if !taken[m] {
			sorted = append(sorted, m)
		}
	}
	return sorted
}

func (w *xmlWriter) member(name string, p pair, parent *ElementDefinition, path string, depth int) {
	if name == "#text" && p.value != nil && p.more == nil {
		w.check(p.value.String(), path)
		w.dst = appendEscaped(w.dst, p.value.String(), false)
		return
	}
	if !isXMLName(name) {
		w.fail(path, "the name of this member cannot be the name of an XML element")
		return
	}
	e, typ := parent.Child(name)
	if p.value != nil && p.value.Kind == Array || p.more != nil && p.more.Kind == Array {
		n := max(p.value.count(), p.more.count())
		if n == 0 {
			w.fail(path, "the list is empty, which XML cannot tell from a list that is not there")
		}
		for i := range n {
			w.single(name, pair{p.value.Item(i), p.more.Item(i)}, e, typ, fmt.Sprintf("%s[%d]", path, i), depth)
		}
		return
	}
	w.single(name, p, e, typ, path, depth)
}

func (n *Node) count() int {
	switch {
	case n == nil:
		return 0
	case n.Kind == Array:
		return len(n.Children)
	}
	return 1
}

func (w *xmlWriter) single(name string, p pair, e *ElementDefinition, typ, path string, depth int) {
	if depth > defaultDepth {
		w.fail(path, "elements are nested more than %d deep", defaultDepth)
		return
	}
	switch {
	case p.value != nil && p.value.Kind == Array || p.more != nil && p.more.Kind == Array:
		w.fail(path, "a list stands within a list, which XML cannot hold")
		return
	case p.value != nil && p.value.Kind == Object:
		w.object(name, p, e, typ, path, depth)
		return
	case typ == "xhtml" && p.value != nil && p.value.Kind == String:
		w.line(depth)
		w.narrative(p.value.Text, path)
		return
	}
	w.line(depth)
	w.dst = append(append(w.dst, '<'), name...)
	var value *string
	if p.value.IsPrimitive() {
		value = &p.value.Text
	}
	content := w.d.Type(typ).RootElement()
	if content == nil {
		content = w.d.Type("Element").RootElement()
	}
	w.body(p.more, value, content, name, path, depth)
}

func (w *xmlWriter) object(name string, p pair, e *ElementDefinition, typ, path string, depth int) {
	if p.more != nil && p.more.Kind != Null {
		w.fail(path, "the member is an object and has a member _%s too", name)
		return
	}
	w.line(depth)
	w.dst = append(append(w.dst, '<'), name...)
	s := w.d.Type(typ)
	if resource := p.value.ResourceType(); resource != "" && (typ == "Resource" || e == nil || s != nil && s.Kind == "resource") {
		if !isXMLName(resource) {
			w.fail(path, "the resourceType cannot be the name of an XML element")
			return
		}
		w.dst = append(w.dst, '>')
		w.resource(p.value, resource, path, depth+1, "")
		w.line(depth)
		w.dst = append(append(append(w.dst, "</"...), name...), '>')
		return
	}
	content := e
	if e != nil && len(e.Children) == 0 && e.Reference == nil {
		content = s.RootElement()
	}
	w.body(p.value, nil, content, name, path, depth)
}

// narrative writes the text of an XHTML element. Named references of HTML, which XML does not know, become characters.
func (w *xmlWriter) narrative(text, path string) {
	root, err := ParseXHTML([]byte(text))
	if err != nil {
		w.fail(path, "the narrative is not well-formed XHTML: %v", err)
		return
	}
	asIs := true
	for at := strings.IndexByte(text, '&'); at >= 0; {
		name, _, _ := strings.Cut(text[at+1:], ";")
		if _, html := htmlEntities[name]; html {
			asIs = false
		}
		next := strings.IndexByte(text[at+1:], '&')
		if next < 0 {
			break
		}
		at += next + 1
	}
	if root.Member("xmlns") == nil && !strings.Contains(root.Name, ":") {
		root.Children = append([]*Node{{Kind: Attribute, Name: "xmlns", Text: NamespaceXHTML}}, root.Children...)
		asIs = false
	}
	if asIs {
		w.dst = append(w.dst, text[root.Off:root.End]...)
		return
	}
	w.dst = AppendXMLTree(w.dst, root)
}

func isXMLName(name string) bool {
	if name == "" || !utf8.ValidString(name) {
		return false
	}
	p := xmlParser{data: []byte(name), text: name}
	return p.name() == name && !strings.Contains(name, ":") && !strings.ContainsFunc(name, func(r rune) bool { return r == 0xFFFE || r == 0xFFFF })
}

// ParseXHTML reads a narrative's div: XML, in which the references of HTML such as &nbsp; are known.
func ParseXHTML(data []byte) (*Node, error) {
	p := xmlParser{data: data, text: string(data), entities: htmlEntities}
	return p.document()
}
