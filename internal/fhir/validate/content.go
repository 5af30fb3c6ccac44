package validate

import (
	"fmt"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

// member is an element with all its values: what stands under its name and under _name.
type member struct {
	name        string // as in JSON
	def         *fhir.ElementDefinition
	typ         string
	value, more *fhir.Node
}

// content checks the members of an object against the definition of its content. n is the object, typ names it in texts.
func (w walker) content(n *fhir.Node, e *fhir.ElementDefinition, typ string, at place, isResource bool) {
	for _, twice := range n.Duplicates() {
		w.report(CodeDuplicate, Error, at.of(twice, "."+twice.Name), "the member %s is there twice; receivers take one of the two by chance", short(twice.Name))
	}
	members := w.members(n, e, typ, at, isResource)
	counts := map[*fhir.ElementDefinition]int{}
	for _, m := range members {
		counts[m.def] += w.member(m, at)
	}
	if e.Reference != nil {
		e = e.Reference
	}
	w.slices(e, members, typ, at)
	for _, def := range e.Children {
		count := counts[def]
		name := def.Name
		if def.Choice {
			name += "[x]"
		}
		if count < def.Min {
			w.report(CodeMissing, Error, at, "%s.%s is missing: at least %d needed, %d there", typ, name, def.Min, count)
		}
		if def.Max != fhir.Unlimited && count > def.Max {
			w.report(CodeTooMany, Error, at, "%s.%s is there %d times: at most %d permitted", typ, name, count, def.Max)
		}
	}
	if len(n.Children) == 0 && !isResource {
		w.report(CodeEmpty, Error, at, "the element has no value and no content (ele-1)")
	}
}

// of is the place of a member or item.
func (p place) of(n *fhir.Node, step string) place {
	q := place{path: p.path + step, off: p.off, size: p.size}
	if n != nil && n.End > 0 {
		q.off, q.size = n.Off, n.Len()
	}
	return q
}

// members pairs name and _name, and reports what is not defined.
func (w walker) members(n *fhir.Node, e *fhir.ElementDefinition, typ string, at place, isResource bool) []member {
	var list []member
	index := map[string]int{}
	for _, m := range n.Children {
		if m.Kind == fhir.Comment || isResource && m.Name == "resourceType" {
			continue
		}
		base, isMore := strings.CutPrefix(m.Name, "_")
		def, typeName := e.Child(base)
		if def == nil || isMore && !w.d.Type(typeName).Primitive() {
			w.unknown(m, typ, at)
			continue
		}
		i, there := index[base]
		if !there {
			i = len(list)
			index[base] = i
			list = append(list, member{name: base, def: def, typ: typeName})
		}
		switch {
		case isMore && list[i].more == nil:
			list[i].more = m
		case !isMore && list[i].value == nil:
			list[i].value = m
		}
	}
	return list
}

func (w walker) unknown(m *fhir.Node, typ string, at place) {
	switch {
	case m.Name == "#text":
		w.report(CodeUnknown, Error, at.of(m, ""), "text stands in %s, where only elements may be", typ)
	case strings.HasPrefix(m.Name, "@"):
		w.report(CodeUnknown, Error, at.of(m, ""), "%s has no attribute %s", typ, short(m.Name[1:]))
	default:
		w.report(CodeUnknown, Error, at.of(m, "."+short(m.Name)), "FHIR %s defines no element %s in %s", w.d.Version, short(m.Name), typ)
	}
}

// member checks all values of an element and returns how many there are.
func (w walker) member(m member, at place) int {
	first := m.value
	if first == nil {
		first = m.more
	}
	if first.Kind == fhir.Null {
		w.report(CodeEmpty, Error, at.of(first, "."+m.name), "null is no value: leave the member out")
		return 0
	}
	step := "." + m.name
	if m.def.Choice {
		step = "." + m.def.Name
	}
	isList := first.Kind == fhir.Array
	switch {
	case isList && !m.def.List && w.xml, !isList && m.def.List && w.xml:
		// XML has no lists: how many there are is counted below.
	case isList && !m.def.List:
		w.report(CodeList, Error, at.of(first, step), "%s is a list, and may be there once only: leave the brackets out", m.name)
	case !isList && m.def.List:
		w.report(CodeList, Error, at.of(first, step), "%s must be a list: put brackets around it", m.name)
	}
	if m.value != nil && m.more != nil && (m.value.Kind == fhir.Array) != (m.more.Kind == fhir.Array) {
		w.report(CodeList, Error, at.of(m.more, step), "%s and _%s must both be lists, or none of them", m.name, m.name)
	}
	if !isList {
		w.value(m, m.value, m.more.Item(0), at.of(first, step))
		return 1
	}
	length := 0
	if m.value != nil {
		length = len(m.value.Children)
	}
	if m.more != nil && m.more.Kind == fhir.Array {
		if length > 0 && len(m.more.Children) != length {
			w.report(CodeList, Error, at.of(m.more, step), "%s and _%s must have as many items each: null stands for none", m.name, m.name)
		}
		length = max(length, len(m.more.Children))
	}
	if length == 0 {
		w.report(CodeList, Error, at.of(first, step), "the list is empty: leave it out")
	}
	for i := range length {
		value, more := items(m.value, i), items(m.more, i)
		here := first
		switch {
		case value != nil:
			here = value
		case more != nil:
			here = more
		}
		if value == nil && more == nil {
			w.report(CodeEmpty, Error, at.of(first, fmt.Sprintf("%s[%d]", step, i)), "the item is null and has no extension either")
			continue
		}
		w.value(m, value, more, at.of(here, fmt.Sprintf("%s[%d]", step, i)))
	}
	return length
}

// items returns an item of a list that is there and not null.
func items(n *fhir.Node, i int) *fhir.Node {
	if n == nil || n.Kind != fhir.Array {
		return nil
	}
	if c := n.Item(i); c != nil && c.Kind != fhir.Null {
		return c
	}
	return nil
}

// value checks one value of an element.
func (w walker) value(m member, value, more *fhir.Node, at place) {
	s := w.d.Type(m.typ)
	switch {
	case s.Primitive():
		w.primitive(m, s, value, more, at)
		return
	case value == nil:
		return
	case value.Kind != fhir.Object:
		if m.typ == "xhtml" {
			w.narrative(value, at)
			return
		}
		w.report(CodeType, Error, at, "%s must be an object, not a %s", m.name, value.Kind)
		return
	case m.typ == "Resource" || s != nil && s.Kind == "resource":
		w.inner(m, value, at)
		return
	}
	content := m.def
	if len(m.def.Children) == 0 && m.def.Reference == nil {
		if content = s.RootElement(); content == nil {
			return
		}
	}
	outer := w
	w.owner, w.shared, w.typ, w.url = m.def.Path, "", m.typ, ""
	if m.def.Reference != nil {
		w.shared = m.def.Reference.Path
	}
	if m.typ == "Extension" {
		w.url = value.Find("url").String()
	}
	if m.def.Path == "Bundle.entry" {
		w.entry = value.Find("fullUrl").String()
	}
	name := m.typ
	if name == "" || name == "BackboneElement" || name == "Element" {
		name = m.def.Path
	}
	w.content(value, content, name, at, false)
	self := fhirpath.Element(w.d, value, more, m.typ, content, w.within)
	w.typeInvariants(s, self, at)
	if m.def.Reference != nil {
		w.invariants(m.def.Reference, self, at)
	}
	w.invariants(m.def, self, at)
	w.bound(m, value, at)
	w.prescribed(m.def, value, at)
	switch m.typ {
	case "Reference":
		w.reference(m.def, value, at)
	case "Extension":
		outer.extension(m, value, at)
	case "Attachment":
		w.attachment(value, at)
	}
}

// inner checks a resource within the resource.
func (w walker) inner(m member, n *fhir.Node, at place) {
	if n.ResourceType() == "" {
		w.report(CodeNoResource, Error, at, "a resource should stand here, with a resourceType")
		return
	}
	if m.name != "contained" {
		w.container = nil
	}
	w.resource(n, at, fhirpath.Within(w.d, n, w.within, w.entry))
}

// prescribed compares with a fixed value or a pattern.
func (w walker) prescribed(def *fhir.ElementDefinition, value *fhir.Node, at place) {
	if value == nil {
		return
	}
	if def.Fixed != nil && !sameValue(def.Fixed, value) {
		w.report(CodeFixed, Error, at, "the value differs from the one that the definition prescribes")
	}
	if def.Pattern != nil && !fits(def.Pattern, value) {
		w.report(CodeFixed, Error, at, "the value lacks what the definition prescribes")
	}
}

// sameValue compares without the names of the roots and the order of members.
func sameValue(want, got *fhir.Node) bool {
	return fits(want, got) && fits(got, want)
}

// fits says whether got has everything that the pattern has (ElementDefinition.pattern[x]).
func fits(pattern, got *fhir.Node) bool {
	switch {
	case got == nil || pattern.Kind != got.Kind:
		return false
	case pattern.Kind == fhir.Object:
		for _, m := range pattern.Children {
			if !fits(m, got.Member(m.Name)) {
				return false
			}
		}
		return true
	case pattern.Kind == fhir.Array:
		for _, item := range pattern.Children {
			found := false
			for _, c := range got.Children {
				found = found || fits(item, c)
			}
			if !found {
				return false
			}
		}
		return true
	}
	return pattern.Text == got.Text
}
