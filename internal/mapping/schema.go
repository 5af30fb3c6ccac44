package mapping

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// Schema is what a JSON Schema says of a document: which members it can have, of which types, and which it must have. It
// reads what drafts 4 to 2020-12 have in common: properties, items, required, type, enum, const, format, allOf, anyOf, oneOf
// and references within the file. Conditions between members are not looked at.
type Schema struct {
	Title    string
	Elements []SchemaElement // outer ones first, in the order of the file

	byPath map[string]int
	text   []byte
}

// SchemaElement is one member that a document can have.
type SchemaElement struct {
	Path     string // as a target names it: Patient.Identifiers[].ID
	Type     string // string, number, integer, boolean, object; of a list that of its items; "" = not said
	List     bool
	Required bool // wherever what it belongs to is there
	Enum     []string
	Format   string // such as date-time
	Note     string // its title or description
}

// The bounds of what is read of a schema, so that one that refers to itself comes to an end.
const (
	maxSchemaDepth    = 14
	maxSchemaElements = 50_000
	maxSchemaSteps    = 1_000_000
)

// ReadSchema reads a JSON Schema.
func ReadSchema(b []byte) (*Schema, error) {
	root, err := fhir.ParseJSON(b)
	if err != nil {
		return nil, fmt.Errorf("not readable as JSON: %w", err)
	}
	if root.Kind != fhir.Object {
		return nil, errors.New(`this is no JSON Schema: write an object, as in {"type": "object", "properties": {...}}`)
	}
	r := &schemaReader{root: root, s: &Schema{Title: root.Find("title").String(), byPath: map[string]int{}, text: b}}
	r.members(root, "", 0, true)
	if r.err != nil {
		return nil, r.err
	}
	if len(r.s.Elements) == 0 {
		return nil, errors.New("the JSON Schema names no properties; a target is described by those of an object")
	}
	return r.s, nil
}

// WriteTo writes the schema as it was read.
func (s *Schema) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(s.text)
	return int64(n), err
}

// Element finds a member by its path; what stands between brackets does not count.
func (s *Schema) Element(path string) (SchemaElement, bool) {
	i, ok := s.byPath[treePath(path)]
	if !ok {
		return SchemaElement{}, false
	}
	return s.Elements[i], true
}

type schemaReader struct {
	root  *fhir.Node
	s     *Schema
	steps int
	err   error
}

// resolve follows the references of a schema, within the file.
func (r *schemaReader) resolve(n *fhir.Node) *fhir.Node {
	for range 20 {
		ref := n.Member("$ref")
		if ref == nil || ref.Kind != fhir.String {
			return n
		}
		pointer, ok := strings.CutPrefix(ref.Text, "#")
		if !ok {
			r.fail(fmt.Errorf("the schema refers to another file (%s); put both into one", shorten(ref.Text)))
			return nil
		}
		at := r.root
		for _, name := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
			if name != "" {
				at = at.Member(strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
			}
		}
		if at == nil {
			r.fail(fmt.Errorf("the schema refers to %s, which it does not have", shorten(ref.Text)))
			return nil
		}
		n = at
	}
	r.fail(errors.New("the schema has references that go in a circle"))
	return nil
}

func (r *schemaReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// members reads the properties of an object. sure says whether what it requires is required: not so for one of several
// alternatives.
func (r *schemaReader) members(n *fhir.Node, path string, depth int, sure bool) {
	if r.steps++; r.steps > maxSchemaSteps || depth > maxSchemaDepth || r.err != nil || len(r.s.Elements) >= maxSchemaElements {
		return
	}
	if n = r.resolve(n); n == nil || n.Kind != fhir.Object {
		return
	}
	var required []string
	if list := n.Member("required"); list != nil && list.Kind == fhir.Array && sure {
		for _, x := range list.Children {
			required = append(required, x.Text)
		}
	}
	for _, part := range []struct {
		name string
		sure bool
	}{{"allOf", sure}, {"anyOf", false}, {"oneOf", false}} {
		if list := n.Member(part.name); list != nil {
			for _, x := range list.Children {
				r.members(x, path, depth+1, part.sure)
			}
		}
	}
	if items := n.Member("items"); items != nil && items.Kind == fhir.Object && depth == 0 {
		r.members(items, path, depth+1, sure)
	}
	properties := n.Member("properties")
	if properties == nil || properties.Kind != fhir.Object {
		return
	}
	for _, p := range properties.Children {
		r.member(p, strings.TrimPrefix(path+"."+p.Name, "."), depth, slices.Contains(required, p.Name))
	}
}

func (r *schemaReader) member(n *fhir.Node, path string, depth int, required bool) {
	if n = r.resolve(n); n == nil {
		return
	}
	e := SchemaElement{Required: required, Note: n.Find("description").String(), Format: n.Find("format").String()}
	if title := n.Find("title").String(); title != "" && e.Note == "" {
		e.Note = title
	}
	e.Type = schemaType(n)
	inner := n
	for e.Type == "array" {
		e.List, e.Type = true, ""
		items := r.resolve(n.Member("items"))
		if items != nil && items.Kind == fhir.Array {
			items = r.resolve(items.Item(0))
		}
		if items == nil {
			break
		}
		if inner = items; schemaType(inner) != "array" { // lists of lists have no path of their own
			e.Type = schemaType(inner)
		}
	}
	if e.List {
		path += "[]"
	}
	for _, x := range itemsOf(inner.Member("enum")) {
		e.Enum = append(e.Enum, x.Text)
	}
	if c := inner.Member("const"); c.IsPrimitive() {
		e.Enum = []string{c.Text}
	}
	e.Path = path
	plain := treePath(path)
	if i, known := r.s.byPath[plain]; known {
		old := &r.s.Elements[i]
		old.Required = old.Required || e.Required
		if old.Type != e.Type {
			old.Type = ""
		}
	} else if len(r.s.Elements) < maxSchemaElements {
		r.s.byPath[plain] = len(r.s.Elements)
		r.s.Elements = append(r.s.Elements, e)
	}
	r.members(inner, path, depth+1, true)
}

// schemaType is the type of a schema: the one beside null, or what its keywords tell.
func schemaType(n *fhir.Node) string {
	t := n.Member("type")
	switch {
	case t == nil && n.Member("properties") != nil:
		return "object"
	case t == nil && n.Member("items") != nil:
		return "array"
	case t == nil:
		return ""
	case t.Kind == fhir.Array:
		found := ""
		for _, x := range t.Children {
			if x.Text != "null" {
				if found != "" {
					return ""
				}
				found = x.Text
			}
		}
		return found
	}
	return t.Text
}

func itemsOf(n *fhir.Node) []*fhir.Node {
	if n == nil || n.Kind != fhir.Array {
		return nil
	}
	return n.Children
}
