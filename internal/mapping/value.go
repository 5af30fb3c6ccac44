package mapping

import (
	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Limits on what one mapping can make of one message. They stop a mapping that was written badly or in bad faith; no
// message of the standard comes near them.
const (
	maxText   = 16 << 20  // bytes of one value
	maxValues = 10_000    // values of one rule
	maxTurns  = 100_000   // turns of all loops
	maxSteps  = 1_000_000 // values that the rules of one message read
	maxTotal  = 64 << 20  // bytes that all functions and formulas of one message make
)

// value is one value on its way through a rule: text, a place in an HL7 v2 message, or a tree.
type value struct {
	text  string
	hl7   hl7.Value
	node  *fhir.Node
	parts [][]string // components and subcomponents made for an HL7 v2 target
	isHL7 bool       // text was not decoded yet

	clears bool // what was there is taken out
}

func textValue(s string) value { return value{text: s} }

func nodeValue(n *fhir.Node) value { return value{node: n} }

func hl7Value(v hl7.Value) value { return value{hl7: v, isHL7: true} }

// String is the text of the value. Where a sender has put components into what is one value, it is the first: that is how
// HL7 has receivers read later versions (chapter 2, compatibility).
func (v *value) String() string {
	switch {
	case v.isHL7:
		return v.hl7.First()
	case v.node != nil:
		return nodeText(v.node)
	case v.parts != nil:
		return partsText(v.parts)
	}
	return v.text
}

// empty says whether there is nothing to write. HL7's "" is a statement and no nothing, but only HL7 v2 can take it.
func (v *value) empty() bool {
	switch {
	case v.isHL7:
		s := v.hl7.State()
		return s != hl7.Valued
	case v.node != nil:
		return v.node.Kind == fhir.Null || len(v.node.Children) == 0 && v.node.Text == ""
	case v.parts != nil:
		return partsText(v.parts) == ""
	}
	return v.text == ""
}

// null says whether the sender asks for a deletion.
func (v *value) null() bool { return v.isHL7 && v.hl7.State() == hl7.Null }

func nodeText(n *fhir.Node) string {
	switch n.Kind {
	case fhir.Object, fhir.Array:
		return string(fhir.AppendJSON(nil, n))
	case fhir.Element:
		var text string
		for _, c := range n.Children {
			switch c.Kind {
			case fhir.Text:
				text += c.Text
			case fhir.Element:
				if len(text) < maxText {
					text += nodeText(c)
				}
			}
		}
		return text
	}
	return n.String()
}

func partsText(parts [][]string) string {
	var b []byte
	written := 0
	for i, subs := range parts {
		for j, s := range subs {
			if s == "" {
				continue
			}
			for ; written < i; written++ {
				b = append(b, '^')
			}
			if j > 0 {
				b = append(b, '&')
			}
			b = append(b, s...)
		}
	}
	return string(b)
}
