package resource

import (
	"bytes"
	"strings"

	"trestle/internal/fhir"
)

// Hides says whether a mask hides the value of an element. It fails closed: shown are the types of resources, codes of a
// required set that the code is in, and the names of code systems that are published; everything else may say something about
// a person.
func (d *Document) Hides(e *Element) bool {
	n := e.Node
	switch {
	case n == nil:
		return true
	case e.Name == "resourceType":
		return !d.Definitions.IsResource(n.Text)
	case e.Def == nil || !n.IsPrimitive():
		return true
	case e.Type == "code" && e.Def.Binding.Strength == "required":
		if strings.HasPrefix(e.Def.Path, "Patient.") && e.Name != "gender" { // marital status says something about a person
			return true
		}
		return d.Definitions.MemberOf(e.Def.Binding.ValueSet, "", n.Text) != fhir.Member
	case e.Type == "uri" && e.Name == "system":
		return d.Definitions.CodeSystem(n.Text) == nil
	}
	return true
}

// Hidden are the bytes that a mask hides, in order. Of a text that could not be read it is all of it, and of one that departs
// from JSON too: what stands between its values may say anything.
func (d *Document) Hidden() [][2]int {
	h := hiding{d: d}
	if d.Tree == nil || d.Loose {
		h.hide(0, len(d.Bytes))
		return h.ranges
	}
	root := d.Root()
	root.path = ""
	if d.XML {
		h.markup(root)
	} else {
		h.hide(0, d.Tree.Off)
		h.json(root)
	}
	h.hide(h.at, len(d.Bytes))
	return h.ranges
}

// hiding collects what is hidden: everything between what is shown.
type hiding struct {
	d      *Document
	ranges [][2]int
	at     int // up to here it is decided
}

// hide hides the bytes from..to, as far as nothing is decided about them.
func (h *hiding) hide(from, to int) {
	if from = max(from, h.at); from >= to {
		return
	}
	if n := len(h.ranges); n > 0 && h.ranges[n-1][1] == from {
		h.ranges[n-1][1] = to
	} else {
		h.ranges = append(h.ranges, [2]int{from, to})
	}
	h.at = to
}

// show hides what lies before from..to and shows that.
func (h *hiding) show(from, to int) {
	h.hide(h.at, from)
	h.at = max(h.at, to)
}

// json shows the brackets, the commas and the blanks between values, the names that FHIR defines and the values that say
// nothing about a person. Between the members of an object and the items of a list the grammar permits nothing else: a tree was
// made.
func (h *hiding) json(e Element) {
	n := e.Node
	switch n.Kind {
	case fhir.Object, fhir.Array:
		h.show(n.Off, min(n.Off+1, n.End))
		for _, c := range n.Children {
			h.show(h.at, begin(c)) // blanks and a comma
			below := h.child(&e, c)
			if n.Kind == fhir.Object {
				h.memberName(&below, c)
			}
			h.json(below)
		}
		h.show(h.at, n.End)
	case fhir.Null:
		h.show(n.Off, n.End)
	default:
		if h.d.Hides(&e) {
			h.hide(n.Off, n.End)
		} else {
			h.show(n.Off, n.End)
		}
	}
}

// child is a member or item as an element; of _name what it stands for.
func (h *hiding) child(e *Element, c *fhir.Node) Element {
	if e.Node.Kind == fhir.Array {
		item := *e
		item.Node = c
		if item.Def != nil {
			if c.Kind == fhir.Object && e.content != nil && item.Type != "Resource" {
				item.content = e.content
			} else {
				h.d.describe(&item)
			}
		}
		return item
	}
	if base, more := strings.CutPrefix(c.Name, "_"); more {
		return h.d.beside(e, c, base)
	}
	return h.d.member(e, c, c.Name)
}

// memberName shows the name of a member that FHIR defines, with the colon behind it.
func (h *hiding) memberName(e *Element, c *fhir.Node) {
	if e.Known() {
		h.show(c.NameOff, c.Off)
		return
	}
	h.hide(c.NameOff, c.Off)
}

// markup shows the tags of elements that FHIR defines, and the values that say nothing about a person.
func (h *hiding) markup(e Element) {
	n := e.Node
	if e.Known() {
		h.tag(n.NameOff)
	}
	switch n.Kind {
	case fhir.Object, fhir.Array:
		for _, c := range n.Children {
			if c.Kind != fhir.Comment {
				h.markup(h.child(&e, c))
			}
		}
		if n.Kind == fhir.Object && n.End <= len(h.d.Bytes) {
			if i := bytes.LastIndex(h.d.Bytes[n.Off:n.End], []byte("</")); i >= 0 && n.Off+i >= h.at && e.Known() {
				h.show(n.Off+i, n.End)
			}
		}
	default:
		if !h.d.Hides(&e) && n.Off >= h.at {
			h.show(n.Off, n.End)
		}
	}
}

// tag shows the name of the tag that begins at a byte.
func (h *hiding) tag(from int) {
	b := h.d.Bytes
	if from < h.at || from >= len(b) || b[from] != '<' {
		return
	}
	to := from + 1
	for to < len(b) && (b[to] == ':' || b[to] == '_' || b[to] >= '0' && b[to] <= '9' || b[to]|0x20 >= 'a' && b[to]|0x20 <= 'z') {
		to++
	}
	h.show(from, to)
}
