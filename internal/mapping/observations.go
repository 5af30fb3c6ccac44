package mapping

import (
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// observationValue turns OBX-5 into the value[x] that fits the type in OBX-2 (HL7's v2-to-FHIR guide, segment OBX). The
// node bears the name that value[x] then has. Where a value does not fit its type it becomes text, so that it is not lost.
func observationValue(c *call, in []value) []value {
	kept := in[:0]
	for i := range in {
		v := in[i]
		if v.empty() || !v.isHL7 {
			continue
		}
		segment := v.hl7.Segment()
		kind := strings.ToUpper(strings.TrimSpace(segment.Field(2).Component(1).Text()))
		n := c.observed(kind, parts{v: v.hl7, real: true}, segment)
		if n == nil {
			n = c.run.node()
			n.Kind, n.Name, n.Text = fhir.String, "valueString", v.hl7.Text()
		}
		kept = append(kept, nodeValue(n))
	}
	return kept
}

func (c *call) observed(kind string, p parts, segment hl7.Segment) *fhir.Node {
	r := c.run
	unit := parts{v: segment.Field(6), real: true}
	named := func(n *fhir.Node, name string) *fhir.Node {
		if n == nil || len(n.Children) == 0 {
			return nil
		}
		n.Name = name
		return n
	}
	plain := func(name, text string) *fhir.Node {
		if text == "" {
			return nil
		}
		n := r.node()
		n.Kind, n.Name, n.Text = fhir.String, name, text
		return n
	}
	switch kind {
	case "NM", "SI":
		return named(c.quantity(p.text(1), unit), "valueQuantity")
	case "SN":
		return c.structuredNumeric(p, unit)
	case "CWE", "CE", "CNE", "CF":
		return named(c.codeableConcept(p), "valueCodeableConcept")
	case "IS", "ID":
		n, coding := r.object(), r.object()
		r.addText(coding, "code", p.text(1))
		r.addList(n, "coding", coding)
		return named(n, "valueCodeableConcept")
	case "DT", "DTM", "TS":
		m, ok := parseHL7Time(p.text(1))
		if !ok {
			return nil
		}
		s, _ := m.dateTime(r.e.zone)
		return plain("valueDateTime", s)
	case "TM":
		m, ok := parseHL7Time("20000101" + p.text(1))
		if !ok || m.digits < 12 {
			return nil
		}
		s := string(m.text[8:10]) + ":" + string(m.text[10:12]) + ":"
		if m.digits == 14 {
			return plain("valueTime", s+string(m.text[12:14]))
		}
		return plain("valueTime", s+"00")
	case "DR":
		return named(c.period(p.text(1), p.text(2)), "valuePeriod")
	case "NR":
		n := r.object()
		r.add(n, "low", c.quantity(p.text(1), unit))
		r.add(n, "high", c.quantity(p.text(2), unit))
		return named(n, "valueRange")
	case "CQ":
		return named(c.quantity(p.text(1), p.sub(2)), "valueQuantity")
	}
	return nil
}

// structuredNumeric reads SN: comparator, number, separator, number (chapter 2A.3.64).
func (c *call) structuredNumeric(p parts, unit parts) *fhir.Node {
	r := c.run
	comparator, low, between, high := p.text(1), p.text(2), p.text(3), p.text(4)
	quantity := func(number string) *fhir.Node { return c.quantity(number, unit) }
	switch {
	case high != "" && (between == ":" || between == "/"):
		n := r.object()
		r.add(n, "numerator", quantity(low))
		r.add(n, "denominator", c.quantity(high, parts{}))
		if len(n.Children) == 2 {
			n.Name = "valueRatio"
			return n
		}
	case high != "" && between == "-":
		n := r.object()
		r.add(n, "low", quantity(low))
		r.add(n, "high", quantity(high))
		if len(n.Children) == 2 {
			n.Name = "valueRange"
			return n
		}
	case high == "" && between == "":
		n := quantity(low)
		if n == nil {
			return nil
		}
		switch comparator {
		case "<", "<=", ">", ">=":
			r.addText(n, "comparator", comparator)
		case "", "=":
		default:
			return nil
		}
		n.Name = "valueQuantity"
		return n
	}
	return nil
}
