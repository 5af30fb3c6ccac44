package validate

import (
	"strings"

	"trestle/internal/fhir"
)

// extension checks an extension against its own definition: the parts of a complex one, the type of a simple one.
func (w walker) extension(m member, n *fhir.Node, at place) {
	url := n.Find("url").String()
	if !strings.Contains(url, ":") {
		return // a part of another, which its definition knows
	}
	s := w.d.Structure(url)
	switch {
	case s == nil && m.name == "modifierExtension":
		w.once(CodeNotChecked, Warning, at, "the modifier extension %s is not known here: who does not understand it must not process the element", short(url))
		return
	case s == nil:
		w.once(CodeNotChecked, Information, at, "the extension %s is not checked: its definition is not loaded", short(url))
		return
	case s.Type != "Extension":
		w.report(CodeExtension, Error, at, "%s defines no extension", short(url))
		return
	}
	if !w.mayStand(s) {
		w.report(CodeExtension, Error, at, "the extension %s may not stand in %s: its definition permits %s", short(url), w.owner, short(strings.Join(s.Contexts, ", ")))
	}
	w.extensionContent(s.Root, n, at)
}

// definitions are resources in which HL7 itself uses the extensions of its tools beyond their contexts.
var definitions = map[string]bool{"StructureDefinition": true, "ValueSet": true, "CodeSystem": true, "OperationDefinition": true, "SearchParameter": true}

// mayStand says whether the contexts of an extension's definition permit it where the walker is. A context that is no
// path of an element and no URL of an extension is an expression, which is not evaluated.
func (w walker) mayStand(s *fhir.Structure) bool {
	if len(s.Contexts) == 0 || definitions[w.within[0].Type().Name] {
		return true
	}
	for _, c := range s.Contexts {
		first, _, _ := strings.Cut(c, ".")
		switch {
		case strings.Contains(c, ":"):
			if c == w.url {
				return true
			}
		case strings.ContainsAny(c, "(' ") || w.d.Type(first) == nil:
			return true
		case c == "Element", c == w.owner, c == w.shared, c == strings.TrimSuffix(w.owner, "[x]"), w.typ != "" && w.d.IsA(w.typ, c):
			return true
		}
	}
	return false
}

func (w walker) extensionContent(e *fhir.ElementDefinition, n *fhir.Node, at place) {
	var value *fhir.Node
	for _, c := range n.Children {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, "_"), "value") {
			value = c
		}
	}
	if def := e.ChildOfPath("value"); def != nil {
		switch {
		case value == nil && def.Min > 0:
			w.report(CodeExtension, Error, at, "the extension needs a value")
		case value != nil && def.Max == 0:
			w.report(CodeExtension, Error, at, "the extension has parts and no value of its own")
		case value != nil:
			if found, _ := e.Child(strings.TrimPrefix(value.Name, "_")); found == nil {
				w.report(CodeExtension, Error, at.of(value, ".value"), "the definition of the extension does not permit %s", short(value.Name))
			}
		}
	}
	parts := e.ChildOfPath("extension")
	if parts == nil || len(parts.Slices) == 0 {
		return
	}
	counts := map[string]int{}
	for part := range n.All("extension") {
		url := part.Find("url").String()
		counts[url]++
		slice := sliceOf(parts, url)
		switch {
		case slice != nil:
			w.extensionContent(slice, part, at.of(part, ".extension"))
		case !strings.Contains(url, ":"):
			w.report(CodeExtension, Error, at.of(part, ".extension"), "the extension has no part %q", short(url))
		}
	}
	for _, slice := range parts.Slices {
		count := counts[urlOf(slice)]
		if count < slice.Min {
			w.report(CodeExtension, Error, at, "the part %q of the extension is missing", slice.SliceName)
		}
		if slice.Max != fhir.Unlimited && count > slice.Max {
			w.report(CodeExtension, Error, at, "the part %q of the extension is there %d times: at most %d permitted", slice.SliceName, count, slice.Max)
		}
	}
}

func urlOf(slice *fhir.ElementDefinition) string {
	if def := slice.ChildOfPath("url"); def != nil && def.Fixed != nil {
		return def.Fixed.Text
	}
	return slice.SliceName
}

func sliceOf(parts *fhir.ElementDefinition, url string) *fhir.ElementDefinition {
	for _, s := range parts.Slices {
		if urlOf(s) == url {
			return s
		}
	}
	return nil
}
