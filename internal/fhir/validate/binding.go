package validate

import (
	"strings"

	"trestle/internal/fhir"
)

// bound checks a required binding.
func (w walker) bound(m member, n *fhir.Node, at place) {
	b := m.def.Binding
	if b.Strength != "required" || b.ValueSet == "" {
		return
	}
	set, _, _ := strings.Cut(b.ValueSet, "|")
	name := set[strings.LastIndexByte(set, '/')+1:]
	answer := fhir.Unknown
	switch {
	case n.IsPrimitive():
		answer = w.d.MemberOf(set, "", n.Text)
	case m.typ == "Coding" || m.typ == "Quantity":
		code := n.Find("code").String()
		if code == "" {
			return
		}
		answer = w.d.MemberOf(set, n.Find("system").String(), code)
	case m.typ == "CodeableConcept":
		if n.Member("coding") == nil {
			if n.Member("extension") == nil {
				w.report(CodeBinding, Error, at, "there is no code, and one of the set %s is required", name)
			}
			return
		}
		answer = fhir.NotMember
		for c := range n.All("coding") {
			switch w.d.MemberOf(set, c.Find("system").String(), c.Find("code").String()) {
			case fhir.Member:
				return
			case fhir.Unknown:
				answer = fhir.Unknown
			}
		}
	default:
		return
	}
	switch answer {
	case fhir.NotMember:
		w.report(CodeBinding, Error, at, "the code is not in the set %s, which is required here", name)
	case fhir.Unknown:
		w.once(CodeNotChecked, Information, at, "codes of the set %s are not checked: they are not part of the definitions", name)
	}
}
