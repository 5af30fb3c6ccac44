package mapping

import (
	"fmt"
	"slices"

	"trestle/internal/fhir"
)

// Bytes writes the result in the form of the target: HL7 v2, FHIR or other JSON on one line, XML, or the rows of CSV or fixed width without
// the line of names, which is [Result.Header].
func (r *Result) Bytes() ([]byte, error) {
	if r.file.Target.Kind == HL7v2 {
		return r.Message, nil
	}
	return r.append(make([]byte, 0, r.size+64), "")
}

// Indented is Bytes for people: JSON and XML with indents.
func (r *Result) Indented() ([]byte, error) { return r.append(nil, "  ") }

func (r *Result) append(dst []byte, indent string) ([]byte, error) {
	switch r.file.Target.Kind {
	case HL7v2:
		return append(dst, r.Message...), nil
	case CSV, FixedWidth:
		return r.file.appendRows(dst, r.Rows)
	case XML:
		name := r.file.Target.Root
		if name == "" {
			name = "root"
		}
		root, err := element(name, r.Tree, 0)
		if err != nil {
			return dst, err
		}
		return append(fhir.AppendXMLTree(append(dst, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...), root), '\n'), nil
	}
	if indent == "" {
		return append(fhir.AppendJSON(dst, r.Tree), '\n'), nil
	}
	return append(fhir.AppendIndentedJSON(dst, r.Tree, indent), '\n'), nil
}

// Columns are those of a CSV or fixed-width target, in their order.
func (f *File) Columns() []string {
	switch {
	case f.Target.Fields != nil:
		return f.Target.Fields.Names()
	case len(f.Target.Columns) > 0:
		return f.Target.Columns
	}
	var names []string
	f.Walk(func(b *Block) {
		for i := range b.Rules {
			if to := b.Rules[i].To; !slices.Contains(names, to) && b.Rules[i].Status != OutOfScope {
				names = append(names, to)
			}
		}
	})
	return names
}

// Header is the line of names of a CSV target, nil for one without and for any other.
func (f *File) Header() []byte {
	if f.Target.Kind != CSV || f.Target.NoHeader {
		return nil
	}
	b, err := f.appendCSV(nil, 0, [][]string{f.Columns()})
	if err != nil { // Compile has told
		return nil
	}
	return b
}

// element writes an object as XML: a member is an element, @name an attribute, and each item of a list an element of its
// name.
func element(name string, n *fhir.Node, depth int) (*fhir.Node, error) {
	if depth > 200 {
		return nil, fmt.Errorf("the result is nested more than 200 deep")
	}
	e := &fhir.Node{Kind: fhir.Element, Name: name}
	if n.IsPrimitive() {
		e.Children = []*fhir.Node{{Kind: fhir.Text, Text: n.Text}}
		return e, nil
	}
	var attributes []*fhir.Node
	for _, c := range n.Children {
		items := []*fhir.Node{c}
		if c.Kind == fhir.Array {
			items = c.Children
		}
		for _, item := range items {
			if len(c.Name) > 1 && c.Name[0] == '@' {
				attributes = append(attributes, &fhir.Node{Kind: fhir.Attribute, Name: c.Name[1:], Text: item.Text})
				continue
			}
			child, err := element(c.Name, item, depth+1)
			if err != nil {
				return nil, err
			}
			e.Children = append(e.Children, child)
		}
	}
	e.Children = append(attributes, e.Children...)
	return e, nil
}
