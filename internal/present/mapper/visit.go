package mapper

import (
	"strconv"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/present/message"
)

// visited is a place of a sample where something stands.
type visited struct {
	key  string // of the node in the tree: PID-5.1, Patient.name.family, the name of a column
	text string // what stands there, "" for a branch that shows none
	open bool   // the mask need not hide it
}

// visitValues visits the places of a sample where something stands, branches first.
func visitValues(source mapping.End, b []byte, visit func(visited)) {
	if source.Kind == mapping.HL7v2 {
		visitHL7(b, visit)
		return
	}
	var root *fhir.Node
	var err error
	switch {
	case source.Kind == mapping.FHIR:
		root, err = fhir.R4().Parse(b)
	case source.Kind == mapping.XML:
		root, err = fhir.ParseXML(b)
	default:
		root, err = fhir.ParseJSON(b) // rows of CSV come as objects
	}
	if err == nil {
		visitTree(root, "", visit)
	}
}

// valuesOf is what stands where in one sample.
func valuesOf(source mapping.End, b []byte) map[string]places {
	found := map[string]places{}
	visitValues(source, b, func(v visited) {
		p, again := found[v.key]
		if !again {
			p = places{first: v.text, open: v.open}
		}
		p.count++
		found[v.key] = p
	})
	return found
}

// visitHL7 visits the segments, fields, components and subcomponents of a message. The mask is asked of a drawing, which
// knows what it may show.
func visitHL7(b []byte, visit func(visited)) {
	d := message.Read(b)
	for s := range d.Message.Segments() {
		name := s.Name()
		if s.Kind() != hl7.LineSegment || name == "" {
			continue
		}
		visit(visited{key: name, open: true})
		for n, f := range s.All() {
			if st := f.State(); st == hl7.Absent || st == hl7.Empty || s.IsHeader() && n <= 2 {
				continue
			}
			open := !d.HidesField(s, n)
			key := name + "-" + strconv.Itoa(n)
			for rep := range f.AllRepetitions() {
				if st := rep.State(); st == hl7.Absent || st == hl7.Empty {
					continue
				}
				visit(visited{key, string(rep.Raw()), open})
				visitParts(rep, key, open, visit)
			}
		}
	}
}

func visitParts(rep hl7.Value, key string, open bool, visit func(visited)) {
	i := 0
	for c := range rep.AllComponents() {
		i++
		if st := c.State(); st == hl7.Absent || st == hl7.Empty {
			continue
		}
		at := key + "." + strconv.Itoa(i)
		visit(visited{at, c.Text(), open})
		j := 0
		for sub := range c.AllSubcomponents() {
			j++
			if st := sub.State(); st != hl7.Absent && st != hl7.Empty && (j > 1 || c.Subcomponents() > 1) {
				visit(visited{at + "." + strconv.Itoa(j), sub.Text(), open})
			}
		}
	}
}

// visitTree visits the members of a document, by paths without the numbers of items. A resource begins a path of its own,
// as sources of rules name it. Nothing of a document is known to say nothing about a person.
func visitTree(n *fhir.Node, path string, visit func(visited)) {
	if t := n.ResourceType(); t != "" {
		path = t
		visit(visited{key: path})
	}
	for _, c := range n.Children {
		items := []*fhir.Node{c}
		if c.Kind == fhir.Array {
			items = c.Children
		}
		name := c.Name
		switch c.Kind {
		case fhir.Attribute:
			name = "@" + name
		case fhir.Text, fhir.Comment:
			continue
		}
		if path == "Bundle.entry" && name == "resource" {
			for _, item := range items {
				visitTree(item, "", visit)
			}
			continue
		}
		key := strings.TrimPrefix(path+"."+name, ".")
		for _, item := range items {
			visit(visited{key: key, text: scalar(item)})
			visitTree(item, key, visit)
		}
	}
}

// scalar is the text of a value without anything below it.
func scalar(n *fhir.Node) string {
	switch {
	case n.IsPrimitive() || n.Kind == fhir.Attribute:
		return n.Text
	case n.Kind == fhir.Element:
		for _, c := range n.Children {
			if c.Kind == fhir.Text && strings.TrimSpace(c.Text) != "" {
				return strings.TrimSpace(c.Text)
			}
		}
	}
	return ""
}
