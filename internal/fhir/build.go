package fhir

import "strconv"

// NewObject returns an object with these members.
func NewObject(members ...*Node) *Node { return &Node{Kind: Object, Children: members} }

// NewArray returns an array of these items. The items lose their names.
func NewArray(items ...*Node) *Node {
	for _, item := range items {
		item.Name = ""
	}
	return &Node{Kind: Array, Children: items}
}

// NewString returns a string.
func NewString(text string) *Node { return &Node{Kind: String, Text: text} }

// NewNumber returns a number as it is to be written; text must follow the grammar of JSON, [ValidNumber].
func NewNumber(text string) *Node { return &Node{Kind: Number, Text: text} }

// NewBool returns true or false.
func NewBool(b bool) *Node { return &Node{Kind: Bool, Text: strconv.FormatBool(b)} }

// Named gives n its name and returns it, to build trees in one expression:
//
//	fhir.NewObject(fhir.NewString("Patient").Named("resourceType"))
func (n *Node) Named(name string) *Node {
	n.Name = name
	return n
}

// Set replaces the first member of value's name in n, or adds it at the end. It changes n: it is for trees that one has
// built or cloned.
func (n *Node) Set(value *Node) {
	for i, c := range n.Children {
		if c.Name == value.Name {
			n.Children[i] = value
			return
		}
	}
	n.Children = append(n.Children, value)
}

// Remove takes all members of that name out of n, which it changes.
func (n *Node) Remove(name string) {
	kept := n.Children[:0:0]
	for _, c := range n.Children {
		if c.Name != name {
			kept = append(kept, c)
		}
	}
	n.Children = kept
}

func itoa(i int) string { return strconv.Itoa(i) }
