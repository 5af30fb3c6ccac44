package fhir

import (
	"iter"
	"strings"
)

// Kind says what a Node is.
type Kind uint8

// Kinds of nodes. The first six are those of JSON, the others appear in trees of [ParseXML]; a comment also where FHIR in
// XML was read.
const (
	Object Kind = iota + 1
	Array
	String
	Number
	Bool
	Null
	Element   // an XML element; its children are attributes, texts, comments and elements
	Attribute // an attribute: Name and Text
	Text      // character data between tags, references resolved
	Comment   // the text of an XML comment
)

var kindNames = [...]string{"nothing", "object", "array", "string", "number", "boolean", "null", "element", "attribute", "text", "comment"}

// String names the kind for a person: "object", "number".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Node is a value with its name and its place in the text. A tree that was read is not changed by anything in this
// package, so subtrees may be shared and read by many goroutines.
//
// Methods that only read accept a nil Node, which has nothing in it: n.Find("name", "family").String() is "" if there is
// no name.
type Node struct {
	Kind     Kind
	Name     string  // of a member, an element or an attribute (with its prefix, as written); "" of array items and roots
	Text     string  // a string's characters, a number or boolean as written, the text of an attribute, text or comment
	Children []*Node // members, items, or what an element holds, in the order of the text
	Off, End int     // the value's bytes in the text: from Off to before End; both 0 if it was not read from a text
	NameOff  int     // where the member begins: its name's quote, or the tag
}

// Len is the number of bytes that the value takes in the text.
func (n *Node) Len() int {
	if n == nil {
		return 0
	}
	return n.End - n.Off
}

// String returns the text of a primitive value, and "" for anything else, null too.
func (n *Node) String() string {
	if n == nil || n.Kind == Null {
		return ""
	}
	return n.Text
}

// IsPrimitive says whether n is a string, a number or a boolean.
func (n *Node) IsPrimitive() bool {
	return n != nil && (n.Kind == String || n.Kind == Number || n.Kind == Bool)
}

// Member returns the first member, attribute or child element of that name, nil if there is none.
func (n *Node) Member(name string) *Node {
	if n == nil || n.Kind != Object && n.Kind != Element {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name && c.Kind != Comment {
			return c
		}
	}
	return nil
}

// Item returns the i-th item of an array, from 0, nil if there is none. Anything that is not an array is its own item 0.
func (n *Node) Item(i int) *Node {
	switch {
	case n == nil || i < 0:
		return nil
	case n.Kind != Array:
		if i == 0 {
			return n
		}
		return nil
	case i < len(n.Children):
		return n.Children[i]
	}
	return nil
}

// Find goes down by names, through the first item of each array on the way, and returns what is there, nil if nothing is.
// If the last member is an array, it is its first item.
func (n *Node) Find(names ...string) *Node {
	for _, name := range names {
		n = n.Item(0).Member(name)
	}
	return n.Item(0)
}

// All goes down by names through every item of every array, and every member of a name that is there twice.
func (n *Node) All(names ...string) iter.Seq[*Node] {
	return func(yield func(*Node) bool) { n.walk(names, yield) }
}

func (n *Node) walk(names []string, yield func(*Node) bool) bool {
	if n == nil {
		return true
	}
	if n.Kind == Array {
		for _, item := range n.Children {
			if !item.walk(names, yield) {
				return false
			}
		}
		return true
	}
	if len(names) == 0 {
		return yield(n)
	}
	if n.Kind != Object && n.Kind != Element {
		return true
	}
	for _, c := range n.Children {
		if c.Name == names[0] && c.Kind != Comment && !c.walk(names[1:], yield) {
			return false
		}
	}
	return true
}

// ResourceType returns the type of the resource whose root n is, "" if n is none.
func (n *Node) ResourceType() string {
	if t := n.Member("resourceType"); t != nil && t.Kind == String {
		return t.Text
	}
	return ""
}

// Duplicates returns the members whose name came before in the same object. JSON permits them and FHIR does not; which of
// them a receiver takes is chance.
func (n *Node) Duplicates() []*Node {
	if n == nil || n.Kind != Object {
		return nil
	}
	var twice []*Node
	if len(n.Children) <= 16 {
		for i, c := range n.Children {
			for _, before := range n.Children[:i] {
				if before.Name == c.Name && c.Kind != Comment && before.Kind != Comment {
					twice = append(twice, c)
					break
				}
			}
		}
		return twice
	}
	seen := make(map[string]bool, len(n.Children))
	for _, c := range n.Children {
		if c.Kind == Comment {
			continue
		}
		if seen[c.Name] {
			twice = append(twice, c)
		}
		seen[c.Name] = true
	}
	return twice
}

// Walk visits n and everything below it, in the order of the text, with the path that leads there: Patient.name[0].family
// for resources, name[0].family for other JSON. It ends early when visit returns false.
func (n *Node) Walk(visit func(path string, n *Node) bool) {
	if n != nil {
		n.visit(n.ResourceType(), visit)
	}
}

func (n *Node) visit(path string, visit func(string, *Node) bool) bool {
	if !visit(path, n) {
		return false
	}
	for i, c := range n.Children {
		if !c.visit(path+step(n, i), visit) {
			return false
		}
	}
	return true
}

// step is what leads from n to its i-th child.
func step(n *Node, i int) string {
	c := n.Children[i]
	switch {
	case n.Kind == Array:
		return "[" + itoa(i) + "]"
	case c.Kind == Attribute:
		return ".@" + c.Name
	case c.Kind == Text:
		return ".text()"
	case c.Kind == Comment:
		return ".comment()"
	case n.Kind == Element:
		nth := 0
		for _, before := range n.Children[:i] {
			if before.Kind == Element && before.Name == c.Name {
				nth++
			}
		}
		return "." + c.Name + "[" + itoa(nth) + "]"
	}
	return "." + c.Name
}

// PathAt returns the path of the innermost value that holds the byte at offset, and that value; "" and nil if offset lies
// outside of n.
func (n *Node) PathAt(offset int) (string, *Node) {
	if n == nil || offset < n.Off || offset >= n.End {
		return "", nil
	}
	var b strings.Builder
	b.WriteString(n.ResourceType())
next:
	for {
		for i, c := range n.Children {
			if from := min(c.Off, c.nameOff()); offset >= from && offset < c.End {
				b.WriteString(step(n, i))
				n = c
				continue next
			}
		}
		return strings.TrimPrefix(b.String(), "."), n
	}
}

func (n *Node) nameOff() int {
	if n.Name == "" {
		return n.Off
	}
	return n.NameOff
}

// Clone returns a copy that shares nothing with n.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	if n.Children != nil {
		c.Children = make([]*Node, len(n.Children))
		for i, child := range n.Children {
			c.Children[i] = child.Clone()
		}
	}
	return &c
}

// Same says whether two trees are the same but for where they came from: kinds, names, texts and order.
func (n *Node) Same(o *Node) bool {
	if n == nil || o == nil {
		return n == o
	}
	if n.Kind != o.Kind || n.Name != o.Name || n.Text != o.Text || len(n.Children) != len(o.Children) {
		return false
	}
	for i, c := range n.Children {
		if !c.Same(o.Children[i]) {
			return false
		}
	}
	return true
}
