package main

import (
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// trim returns the file of the archive that a definition belongs to, and what of it the program needs; nil if it is not a
// definition.
func trim(n *fhir.Node) (file string, trimmed *fhir.Node) {
	if url := n.Find("url").String(); !strings.Contains(url, ":") {
		return "", nil
	}
	switch n.ResourceType() {
	case "StructureDefinition":
		return structure(n)
	case "SearchParameter":
		if !strings.HasPrefix(n.Find("url").String(), "http://hl7.org/fhir/SearchParameter/") || strings.Contains(n.Find("url").String(), "example") {
			return "", nil
		}
		return "search", keep(n, "url", "name", "code", "base", "type", "expression", "target", "multipleOr", "multipleAnd", "comparator", "modifier", "chain", "component")
	case "CodeSystem":
		c := keep(n, "url", "version", "name", "caseSensitive", "hierarchyMeaning", "content", "supplements", "property", "concept")
		if n.Find("content").String() == "example" {
			c.Remove("concept")
		}
		concepts(c)
		return "codesystems", c
	case "ValueSet":
		v := keep(n, "url", "version", "name", "immutable", "compose")
		each(v, func(m *fhir.Node) bool {
			return m.Name != "extension" && m.Name != "designation" && m.Name != "display"
		})
		return "valuesets", v
	case "OperationDefinition":
		return "operations", keep(n, "url", "name", "kind", "affectsState", "code", "resource", "system", "type", "instance", "parameter")
	case "CompartmentDefinition":
		if strings.Contains(n.Find("url").String(), "example") {
			return "", nil
		}
		return "compartments", keep(n, "url", "name", "code", "resource")
	}
	return "", nil
}

// keep returns a copy with the resource type and the named members, in this order.
func keep(n *fhir.Node, names ...string) *fhir.Node {
	o := fhir.NewObject(n.Member("resourceType"))
	for _, name := range names {
		if m := n.Member(name); m != nil {
			o.Children = append(o.Children, m.Clone())
		}
	}
	return o
}

// each takes out members that are not wanted, at any depth.
func each(n *fhir.Node, wanted func(*fhir.Node) bool) {
	kept := n.Children[:0]
	for _, c := range n.Children {
		if n.Kind != fhir.Object || wanted(c) {
			each(c, wanted)
			kept = append(kept, c)
		}
	}
	n.Children = kept
}

// concepts leaves of each concept its code, display, properties that place it in a hierarchy or forbid its use, and what
// lies below it.
func concepts(n *fhir.Node) {
	for c := range n.All("concept") {
		properties := fhir.NewArray()
		for p := range c.All("property") {
			switch p.Find("code").String() {
			case "subsumedBy", "notSelectable", "status", "parent":
				properties.Children = append(properties.Children, p)
			}
		}
		c.Children = slices.DeleteFunc(c.Children, func(m *fhir.Node) bool {
			return m.Name != "code" && m.Name != "display" && m.Name != "concept"
		})
		if len(properties.Children) > 0 {
			c.Children = append(c.Children, properties.Named("property"))
		}
		concepts(c)
	}
}

func structure(n *fhir.Node) (file string, trimmed *fhir.Node) {
	url := n.Find("url").String()
	file = "types"
	if n.Find("derivation").String() == "constraint" {
		file = "profiles"
	}
	if n.Find("kind").String() == "logical" || n.Find("experimental").String() == "true" && strings.Contains(url, "example") {
		return "", nil
	}
	s := keep(n, "url", "name", "kind", "abstract", "type", "baseDefinition", "derivation", "context")
	elements := fhir.NewArray()
	for e := range n.All("snapshot", "element") {
		elements.Children = append(elements.Children, element(e, url, file == "types"))
	}
	if len(elements.Children) == 0 { // two examples of unfinished profiles
		return "", nil
	}
	s.Children = append(s.Children, fhir.NewObject(elements.Named("element")).Named("snapshot"))
	return file, s
}

func element(e *fhir.Node, url string, ofType bool) *fhir.Node {
	o := fhir.NewObject()
	for _, m := range e.Children {
		wanted := false
		switch m.Name {
		case "path", "sliceName", "slicing", "short", "min", "max", "contentReference", "maxLength", "mustSupport", "representation":
			wanted = true
		case "id":
			wanted = m.Text != e.Find("path").String()
		case "isModifier", "isSummary":
			wanted = m.Text == "true"
		case "type", "binding", "constraint", "base":
			wanted = true
		default:
			for _, prefix := range []string{"fixed", "pattern", "minValue", "maxValue"} {
				wanted = wanted || strings.HasPrefix(m.Name, prefix)
			}
		}
		if !wanted {
			continue
		}
		m = m.Clone()
		switch m.Name {
		case "type":
			for t := range m.All() {
				typeRef(t)
			}
		case "binding":
			m.Remove("description")
			m.Remove("extension")
		case "slicing":
			m.Remove("id")
			m.Remove("description")
		case "base":
			// What a profile narrows tells no more whether JSON has a list.
			if m.Find("max").String() == e.Find("max").String() {
				continue
			}
			m.Remove("min")
			m.Remove("path")
		case "constraint":
			m = constraints(m, url, ofType)
			if m == nil {
				continue
			}
		}
		o.Children = append(o.Children, m)
	}
	return o
}

// typeRef leaves of a type's extensions those that say what it is: the FHIR type behind a type of FHIRPath, and the
// expression that its text must match.
func typeRef(t *fhir.Node) {
	extensions := fhir.NewArray()
	for x := range t.All("extension") {
		switch u := x.Find("url").String(); u {
		case fhir.ExtensionType, fhir.ExtensionRegex:
			extensions.Children = append(extensions.Children, x)
		}
	}
	t.Remove("extension")
	t.Remove("_code")
	if len(extensions.Children) > 0 {
		t.Children = append(t.Children, extensions.Named("extension"))
	}
}

// constraints leaves those that the definition makes itself: the others hold by the element's type, where they are kept.
func constraints(list *fhir.Node, url string, ofType bool) *fhir.Node {
	kept := fhir.NewArray()
	for c := range list.All() {
		if source := c.Find("source").String(); ofType && source != "" && source != url {
			continue
		}
		switch key := c.Find("key").String(); {
		case !ofType && (key == "ele-1" || key == "ext-1" || strings.HasPrefix(key, "dom-")):
			continue
		}
		kept.Children = append(kept.Children, keepMembers(c, "key", "severity", "human", "expression"))
	}
	if len(kept.Children) == 0 {
		return nil
	}
	return kept.Named(list.Name)
}

func keepMembers(n *fhir.Node, names ...string) *fhir.Node {
	o := fhir.NewObject()
	for _, name := range names {
		if m := n.Member(name); m != nil {
			o.Children = append(o.Children, m)
		}
	}
	return o
}
