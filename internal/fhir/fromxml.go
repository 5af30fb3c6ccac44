package fhir

import (
	"fmt"
	"slices"
	"strings"
)

// Namespaces of FHIR in XML.
const (
	Namespace      = "http://hl7.org/fhir"
	NamespaceXHTML = "http://www.w3.org/1999/xhtml"
)

// Parse reads a resource in JSON or XML, whichever it is.
func (d *Definitions) Parse(data []byte) (*Node, error) {
	if LooksLikeXML(data) {
		return d.ParseXML(data)
	}
	return ParseJSON(data)
}

// ParseXML reads a resource in XML into the tree that its JSON would give, by the definitions: repeating elements become
// arrays, primitives with an id or extensions get their _name. Places are those of the XML. Comments stay in the tree.
// What the definitions do not know is kept: an unknown element as a member of its name, an unknown attribute as @name,
// stray text as #text.
func (d *Definitions) ParseXML(data []byte) (*Node, error) {
	root, err := ParseXML(data)
	if err != nil {
		return nil, err
	}
	c := fromXML{d: d, data: data}
	return c.root(root)
}

type fromXML struct {
	d          *Definitions
	data       []byte
	namespaces []map[string]string // of the elements that are open, outermost first
}

// open notes the namespaces that an element declares; the returned function forgets them.
func (c *fromXML) open(n *Node) func() {
	var own map[string]string
	for _, a := range n.Children {
		if a.Kind != Attribute {
			break
		}
		prefix, ok := strings.CutPrefix(a.Name, "xmlns:")
		if !ok && a.Name != "xmlns" {
			continue
		}
		if own == nil {
			own = map[string]string{}
		}
		own[prefix] = a.Text
		if a.Name == "xmlns" {
			delete(own, "xmlns")
			own[""] = a.Text
		}
	}
	if own == nil {
		return func() {}
	}
	c.namespaces = append(c.namespaces, own)
	return func() { c.namespaces = c.namespaces[:len(c.namespaces)-1] }
}

// name returns the namespace and the local name of an element whose own namespaces are open.
func (c *fromXML) name(n *Node) (space, local string) {
	prefix, local, ok := strings.Cut(n.Name, ":")
	if !ok {
		prefix, local = "", n.Name
	}
	for i := len(c.namespaces) - 1; i >= 0; i-- {
		if space, ok := c.namespaces[i][prefix]; ok {
			return space, local
		}
	}
	return "", local
}

func (c *fromXML) root(n *Node) (*Node, error) {
	defer c.open(n)()
	space, local := c.name(n)
	if space != Namespace {
		line, column := Position(c.data, n.Off)
		return nil, &SyntaxError{Off: n.Off, Line: line, Column: column, What: fmt.Sprintf("the root element is not in FHIR's namespace; a resource begins like <Patient xmlns=%q>", Namespace)}
	}
	return c.resource(n, local), nil
}

// resource converts an element that is a resource and whose namespaces are open.
func (c *fromXML) resource(n *Node, name string) *Node {
	o := &Node{Kind: Object, Off: n.Off, End: n.End, NameOff: n.NameOff}
	o.Children = append(o.Children, &Node{Kind: String, Name: "resourceType", Text: name, Off: n.Off, End: n.Off + 1 + len(n.Name), NameOff: n.Off})
	c.members(o, n, c.d.Type(name).RootElement())
	return o
}

// members adds what n holds to o, by the definition e of n's content, nil if there is none.
func (c *fromXML) members(o, n *Node, e *ElementDefinition) {
	for _, child := range n.Children {
		switch child.Kind {
		case Attribute:
			if isDeclaration(child.Name) {
				continue
			}
			m := *child
			m.Kind = String
			if known, _ := e.Child(m.Name); known == nil && m.Name != "id" && m.Name != "url" {
				m.Name = "@" + m.Name
			}
			o.Children = append(o.Children, &m)
		case Text:
			if strings.TrimSpace(child.Text) != "" {
				m := *child
				m.Kind, m.Name = String, "#text"
				o.Children = append(o.Children, &m)
			}
		case Comment:
			o.Children = append(o.Children, child)
		case Element:
			c.member(o, child, e)
		}
	}
}

func isDeclaration(name string) bool {
	return name == "xmlns" || strings.HasPrefix(name, "xmlns:") || strings.HasPrefix(name, "xsi:")
}

func (c *fromXML) member(o, n *Node, parent *ElementDefinition) {
	defer c.open(n)()
	space, name := c.name(n)
	if space != Namespace && space != NamespaceXHTML {
		name = n.Name
	}
	e, typ := parent.Child(name)
	s := c.d.Type(typ)
	list := e != nil && e.List
	switch {
	case typ == "xhtml" || e == nil && space == NamespaceXHTML:
		c.put(o, name, list, &Node{Kind: String, Text: c.narrative(n), Off: n.Off, End: n.End, NameOff: n.NameOff}, nil)
	case typ == "Resource" || s != nil && s.Kind == "resource":
		c.wrapped(o, name, n, list)
	case s.Primitive() || e == nil && looksPrimitive(n):
		value, more := c.primitive(o, n, typ, s.RootElement())
		c.put(o, name, list, value, more)
	default:
		content := e
		if e != nil && len(e.Children) == 0 && e.Reference == nil {
			content = s.RootElement()
		}
		v := &Node{Kind: Object, Off: n.Off, End: n.End, NameOff: n.NameOff}
		c.members(v, n, content)
		c.put(o, name, list, v, nil)
	}
}

// wrapped is an element that holds resources, as contained and Bundle.entry.resource do.
func (c *fromXML) wrapped(o *Node, name string, n *Node, list bool) {
	found := false
	for _, child := range n.Children {
		switch child.Kind {
		case Element:
			closeIt := c.open(child)
			_, local := c.name(child)
			c.put(o, name, list || found, c.resource(child, local), nil)
			closeIt()
			found = true
		case Comment:
			o.Children = append(o.Children, child)
		}
	}
	if !found {
		c.put(o, name, list, &Node{Kind: Object, Off: n.Off, End: n.End, NameOff: n.NameOff}, nil)
	}
}

func looksPrimitive(n *Node) bool {
	if n.Member("value") == nil || n.Member("value").Kind != Attribute {
		return false
	}
	return !slices.ContainsFunc(n.Children, func(c *Node) bool { return c.Kind == Element && c.Name != "extension" })
}

// primitive returns the value of a primitive, Null if it has none, and the object with its id and extensions, nil if it
// has neither. Comments within it go to o, before it.
func (c *fromXML) primitive(o, n *Node, typ string, e *ElementDefinition) (value, more *Node) {
	value = &Node{Kind: Null, Off: n.Off, End: n.End, NameOff: n.NameOff}
	rest := &Node{Kind: Element}
	for _, child := range n.Children {
		switch {
		case child.Kind == Attribute && child.Name == "value":
			value.Kind, value.Text, value.Off, value.End = String, child.Text, child.Off, child.End
		case child.Kind == Comment:
			o.Children = append(o.Children, child)
		case child.Kind == Text && strings.TrimSpace(child.Text) == "", child.Kind == Attribute && isDeclaration(child.Name):
		default:
			rest.Children = append(rest.Children, child)
		}
	}
	if value.Kind == String {
		value.Kind = jsonKind(typ, value.Text)
	}
	if len(rest.Children) > 0 {
		more = &Node{Kind: Object, Off: n.Off, End: n.End, NameOff: n.NameOff}
		if e == nil {
			e = c.d.Type("Element").RootElement()
		}
		c.members(more, rest, e)
	}
	return value, more
}

// jsonKind says how JSON writes a primitive (R4, section 2.6.2.2). What does not follow its type's form stays a string,
// so that nothing is lost.
func jsonKind(typ, text string) Kind {
	switch typ {
	case "boolean":
		if text == "true" || text == "false" {
			return Bool
		}
	case "decimal", "integer", "positiveInt", "unsignedInt":
		if ValidNumber(text) {
			return Number
		}
	}
	return String
}

// put adds a value to o under a name, and more under _name; in lists the two stay side by side.
func (c *fromXML) put(o *Node, name string, list bool, value, more *Node) {
	have := o.Member(name)
	extra := o.Member("_" + name)
	if have == nil && extra == nil && !list {
		if value.Kind != Null || more == nil {
			o.Children = append(o.Children, value.Named(name))
		}
		if more != nil {
			o.Children = append(o.Children, more.Named("_"+name))
		}
		return
	}
	if have == nil {
		have = &Node{Kind: Array, Name: name, Off: value.Off, NameOff: value.NameOff}
		o.Children = append(o.Children, have)
		if extra != nil { // a single primitive without value, that is not alone after all
			have.Children = append(have.Children, &Node{Kind: Null})
		}
	}
	c.intoArray(have)
	if extra != nil {
		c.intoArray(extra)
	}
	have.Children = append(have.Children, value.Named(""))
	have.End = max(value.End, value.Off)
	if more != nil && extra == nil {
		extra = &Node{Kind: Array, Name: "_" + name, Off: more.Off, NameOff: more.NameOff}
		o.Children = slices.Insert(o.Children, slices.Index(o.Children, have)+1, extra)
	}
	if extra == nil {
		return
	}
	for len(extra.Children) < len(have.Children)-1 {
		extra.Children = append(extra.Children, &Node{Kind: Null})
	}
	if more == nil {
		more = &Node{Kind: Null}
	}
	extra.Children = append(extra.Children, more.Named(""))
}

// intoArray makes an array of a single value that turns out to be there more than once.
func (c *fromXML) intoArray(n *Node) {
	if n.Kind == Array {
		return
	}
	item := *n
	item.Name = ""
	*n = Node{Kind: Array, Name: n.Name, Off: n.Off, End: n.End, NameOff: n.NameOff, Children: []*Node{&item}}
}

// narrative returns an XHTML element as text: its bytes as they are, unless it needs a namespace or a prefix from outside.
func (c *fromXML) narrative(n *Node) string {
	raw := string(c.data[n.Off:n.End])
	if attribute := n.Member("xmlns"); attribute != nil && attribute.Kind == Attribute {
		return raw
	}
	prefix, _, ok := strings.Cut(n.Name, ":")
	if !ok {
		space, _ := c.name(n)
		if space != NamespaceXHTML {
			return raw
		}
		return raw[:1+len(n.Name)] + ` xmlns="` + NamespaceXHTML + `"` + raw[1+len(n.Name):]
	}
	plain := unprefixed(n, prefix+":")
	plain.Children = append([]*Node{{Kind: Attribute, Name: "xmlns", Text: NamespaceXHTML}}, slices.DeleteFunc(plain.Children, func(a *Node) bool { return a.Kind == Attribute && a.Name == "xmlns:"+prefix })...)
	return string(AppendXMLTree(nil, plain))
}

func unprefixed(n *Node, prefix string) *Node {
	o := *n
	if n.Kind == Element {
		o.Name = strings.TrimPrefix(n.Name, prefix)
	}
	o.Children = make([]*Node, len(n.Children))
	for i, c := range n.Children {
		o.Children[i] = unprefixed(c, prefix)
	}
	return &o
}
