package mapping

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// healthcareFunctions turn HL7 v2 data types into those of FHIR, as HL7's v2-to-FHIR guide maps them.
func healthcareFunctions() []*Function {
	tree := func(name, does string, build func(c *call, p parts) *fhir.Node) *Function {
		return &Function{Name: name, Group: "healthcare", Does: does, reserved: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				kept := in[:0]
				for i := range in {
					if in[i].empty() {
						continue
					}
					if n := build(c, c.run.parts(&in[i])); n != nil && len(n.Children) > 0 {
						kept = append(kept, nodeValue(n))
					}
				}
				return kept
			}, nil
		}}
	}
	plain := func(name, does string, f func(s string) string) *Function {
		g := text(name, does, f)
		g.Group = "healthcare"
		return g
	}
	return []*Function{
		tree("human_name", "XPN as HumanName", func(c *call, p parts) *fhir.Node { return c.humanName(p, 1, 7) }),
		tree("xcn_name", "the name in XCN as HumanName", func(c *call, p parts) *fhir.Node { return c.humanName(p, 2, 10) }),
		tree("address", "XAD as Address", (*call).address),
		tree("contact_point", "XTN as ContactPoint", (*call).contactPoint),
		tree("identifier", "CX as Identifier", (*call).identifierCX),
		tree("xcn_identifier", "the number in XCN as Identifier", (*call).identifierXCN),
		tree("xon_identifier", "the number in XON as Identifier", (*call).identifierXON),
		tree("ei_identifier", "EI as Identifier", (*call).identifierEI),
		tree("concept_cwe", "CWE, CE or CNE as CodeableConcept", (*call).codeableConcept),
		tree("coding", "the first triple of CWE as Coding", func(c *call, p parts) *fhir.Node { return c.coding(p, 1) }),
		tree("quantity_cq", "CQ as Quantity", func(c *call, p parts) *fhir.Node { return c.quantity(p.text(1), p.sub(2)) }),
		tree("period_dr", "DR as Period", func(c *call, p parts) *fhir.Node { return c.period(p.text(1), p.text(2)) }),
		tree("money", "CP or MO as Money", (*call).money),
		{Name: "display_name", Group: "healthcare", Does: "XPN as a name for people: given, second and family name", reserved: true, make: displayName(1)},
		{Name: "xcn_display", Group: "healthcare", Does: "the name in XCN for people", reserved: true, make: displayName(2)},
		plain("boolean", "Y as true, N as false (table 0136)", func(s string) string {
			switch strings.ToUpper(strings.TrimSpace(s)) {
			case "Y", "YES", "TRUE", "T", "1":
				return "true"
			case "N", "NO", "FALSE", "F", "0":
				return "false"
			}
			return ""
		}),
		plain("phone", "a North American number as (555) 555-0123; anything else as it is", formatPhone),
		plain("ssn", "a social security number as 900-00-0000; nothing if it has not nine digits", func(s string) string {
			d := withoutDashes.Replace(s)
			if len(d) != 9 || !allDigits(d) {
				return ""
			}
			return d[:3] + "-" + d[3:5] + "-" + d[5:]
		}),
		plain("zip", "a ZIP code: five digits, or five and four", func(s string) string {
			d := withoutDashes.Replace(s)
			if len(d) == 9 && allDigits(d) {
				return d[:5] + "-" + d[5:]
			}
			return s
		}),
		{Name: "observation_value", Group: "healthcare", Does: "OBX-5 by the type in OBX-2; it goes to value[x]", reserved: true, make: func(*compiler, []string) (apply, error) { return observationValue, nil }},
		{Name: "attachment", Group: "healthcare", Does: "OBX-5 as Attachment: the data of ED, the address of RP, anything else as text", reserved: true, make: func(*compiler, []string) (apply, error) { return attachments, nil }},
		{Name: "of_type", Group: "healthcare", Arguments: "[type, ...]", Does: "the values of OBX-5 whose type in OBX-2 is one of these", least: 1, most: -1, whole: true, reserved: true, make: func(_ *compiler, args []string) (apply, error) {
			return func(c *call, in []value) []value {
				return slices.DeleteFunc(in, func(v value) bool { return !v.isHL7 || !slices.Contains(args, v.hl7.Segment().Field(2).First()) })
			}, nil
		}},
		{Name: "following", Group: "healthcare", Arguments: "segment", Does: "the values whose segment stands right below one of that name, as the notes of an order", least: 1, most: 1, whole: true, reserved: true, make: func(c *compiler, args []string) (apply, error) {
			if c.file.Source.Kind != HL7v2 || !segmentName(args[0]) {
				return nil, fmt.Errorf("following needs HL7 v2 and the name of a segment, as in {following: OBR}")
			}
			return following(args[0]), nil
		}},
	}
}

// A Replacer is built at its first use and then shared.
var (
	withoutDashes = strings.NewReplacer("-", "", " ", "")
	phoneSigns    = strings.NewReplacer("-", "", " ", "", "(", "", ")", "", ".", "", "+", "")
)

// parts are the components of a value, from HL7 v2 or made of text.
type parts struct {
	v     hl7.Value
	whole string
	real  bool
	// split are the components from the first on, where they were found beforehand: conversions ask for a dozen of them.
	split []hl7.Value
}

func partsOf(v *value) parts {
	if v.isHL7 {
		return parts{v: v.hl7, real: true}
	}
	return parts{whole: v.String()}
}

// mostParts is how many components are found beforehand; no data type of the standard has more.
const mostParts = 30

// parts is partsOf with the components split.
func (r *run) parts(v *value) parts {
	p := partsOf(v)
	if !p.real {
		return p
	}
	if r.split == nil {
		r.split = make([]hl7.Value, 0, mostParts)
	}
	switch p.v.Level() {
	case hl7.LevelComponent:
		r.split = p.v.AppendSubcomponents(r.split[:0])
	case hl7.LevelField, hl7.LevelRepetition:
		r.split = p.v.AppendComponents(r.split[:0])
	default:
		return p
	}
	p.split = r.split
	return p
}

// component n; the value itself is its own first component.
func (p parts) component(n int) hl7.Value {
	switch {
	case n <= len(p.split):
		return p.split[n-1]
	case p.split != nil && len(p.split) < mostParts:
		return hl7.Value{}
	case p.v.Level() == hl7.LevelComponent:
		return p.v.Subcomponent(n)
	}
	return p.v.Component(n)
}

// text is component n, or its first subcomponent.
func (p parts) text(n int) string {
	if !p.real {
		if n == 1 {
			return p.whole
		}
		return ""
	}
	if n <= len(p.split) {
		return p.split[n-1].First()
	}
	return p.component(n).First()
}

// sub are the subcomponents of component n.
func (p parts) sub(n int) parts {
	if !p.real || p.v.Level() == hl7.LevelComponent {
		return parts{whole: p.text(n)}
	}
	return parts{v: p.component(n), real: true}
}

func (c *call) dateTime(s string) string {
	m, ok := parseHL7Time(s)
	if !ok {
		if s != "" {
			c.warn("a date inside of the value is none that HL7 knows; it was left out")
		}
		return ""
	}
	t, _ := m.dateTime(c.run.e.zone)
	return t
}

func (c *call) period(from, to string) *fhir.Node {
	n := c.run.object()
	c.run.addText(n, "start", c.dateTime(from))
	c.run.addText(n, "end", c.dateTime(to))
	return n
}

// nameUses is table 0200 in FHIR.
var nameUses = map[string]string{"L": "official", "D": "usual", "M": "maiden", "N": "nickname", "A": "anonymous", "S": "anonymous", "B": "old", "BAD": "old", "C": "old", "MSK": "anonymous", "T": "temp", "P": "nickname", "I": "official", "K": "nickname", "NB": "official", "NAV": "temp", "R": "official", "TEMP": "temp", "U": ""}

// humanName reads XPN with the family name at component first and the name type at use (10 of XCN).
func (c *call) humanName(p parts, first, use int) *fhir.Node {
	r, n := c.run, c.run.object()
	r.addText(n, "use", nameUses[p.text(use)])
	r.addText(n, "family", p.text(first))
	r.addListText(n, "given", p.text(first+1))
	r.addListText(n, "given", p.text(first+2))
	r.addListText(n, "prefix", p.text(first+4))
	r.addListText(n, "suffix", p.text(first+3))
	r.addListText(n, "suffix", p.text(first+5))
	// The professional suffix, and from when to when the name holds: XPN.14, 12, 13 and 10; XCN.21, 19, 20 and 17.
	suffix, from, whole := 14, 12, 10
	if first == 2 {
		suffix, from, whole = 21, 19, 17
	}
	r.addListText(n, "suffix", p.text(suffix))
	since, until := p.text(from), p.text(from+1)
	if since == "" && until == "" {
		if dates := p.sub(whole); dates.real {
			since, until = dates.text(1), dates.text(2)
		}
	}
	r.add(n, "period", c.period(since, until))
	if len(n.Children) == 1 && n.Children[0].Name == "use" {
		return nil
	}
	return n
}

// addressUses and addressTypes are table 0190 in FHIR.
var (
	addressUses  = map[string]string{"H": "home", "B": "work", "O": "work", "C": "temp", "T": "temp", "TM": "temp", "BA": "old", "BI": "billing", "L": "home", "P": "home", "V": "temp"}
	addressTypes = map[string]string{"M": "postal", "SH": "postal", "BI": "postal", "P": "physical", "L": "physical"}
)

func (c *call) address(p parts) *fhir.Node {
	r, n := c.run, c.run.object()
	kind := p.text(7)
	r.addText(n, "use", addressUses[kind])
	r.addText(n, "type", addressTypes[kind])
	r.addListText(n, "line", p.text(1))
	r.addListText(n, "line", p.text(2))
	r.addListText(n, "line", p.text(19))
	r.addText(n, "city", p.text(3))
	r.addText(n, "district", p.text(9))
	r.addText(n, "state", p.text(4))
	r.addText(n, "postalCode", p.text(5))
	r.addText(n, "country", p.text(6))
	from, to := p.text(13), p.text(14)
	if from == "" && to == "" && p.real {
		dates := p.sub(12)
		from, to = dates.text(1), dates.text(2)
	}
	r.add(n, "period", c.period(from, to))
	for _, m := range n.Children {
		if m.Name != "use" && m.Name != "type" && m.Name != "period" {
			return n
		}
	}
	return nil
}

// authority writes an assigning authority (HD): its URI as the system, its name as the assigner.
func (c *call) authority(n *fhir.Node, hd parts) {
	r := c.run
	namespace := hd.text(1)
	system := ""
	if hd.real {
		system = identifierURI(hd.text(2))
	}
	if system == "" {
		system = identifierURI(namespace)
	}
	r.addText(n, "system", system)
	if namespace != "" && identifierURI(namespace) == "" {
		assigner := r.object()
		r.addText(assigner, "display", namespace)
		r.add(n, "assigner", assigner)
	}
}

func (c *call) identifierType(n *fhir.Node, code string) {
	if code == "" {
		return
	}
	r := c.run
	concept, coding := r.object(), r.object()
	r.addText(coding, "system", "http://terminology.hl7.org/CodeSystem/v2-0203")
	r.addText(coding, "code", code)
	r.addList(concept, "coding", coding)
	r.add(n, "type", concept)
}

func (c *call) identifierCX(p parts) *fhir.Node {
	if p.text(1) == "" {
		return nil
	}
	n := c.run.object()
	c.identifierType(n, p.text(5))
	c.authority(n, p.sub(4))
	c.run.addText(n, "value", p.text(1))
	c.run.add(n, "period", c.period(p.text(7), p.text(8)))
	return n
}

func (c *call) identifierXCN(p parts) *fhir.Node {
	if p.text(1) == "" {
		return nil
	}
	n := c.run.object()
	c.identifierType(n, p.text(13))
	c.authority(n, p.sub(9))
	c.run.addText(n, "value", p.text(1))
	return n
}

func (c *call) identifierXON(p parts) *fhir.Node {
	id := p.text(10)
	if id == "" {
		id = p.text(3)
	}
	if id == "" {
		return nil
	}
	n := c.run.object()
	c.identifierType(n, p.text(7))
	c.authority(n, p.sub(6))
	c.run.addText(n, "value", id)
	return n
}

func (c *call) identifierEI(p parts) *fhir.Node {
	if p.text(1) == "" {
		return nil
	}
	n := c.run.object()
	system := identifierURI(p.text(3))
	if system == "" {
		system = identifierURI(p.text(2))
	}
	c.run.addText(n, "system", system)
	c.run.addText(n, "value", p.text(1))
	if namespace := p.text(2); namespace != "" && identifierURI(namespace) == "" {
		assigner := c.run.object()
		c.run.addText(assigner, "display", namespace)
		c.run.add(n, "assigner", assigner)
	}
	return n
}

// coding is the triple of code, text and system that begins at a component.
func (c *call) coding(p parts, at int) *fhir.Node {
	code := p.text(at)
	if code == "" {
		return nil
	}
	version := 7
	oid := 14
	if at == 4 {
		version, oid = 8, 17
	}
	r, n := c.run, c.run.object()
	system := systemURI(p.text(at + 2))
	if system == "" {
		system = systemURI(p.text(oid))
	}
	r.addText(n, "system", system)
	r.addText(n, "version", p.text(version))
	if strings.ContainsAny(code, " \t\r\n\f\v") { // FHIR's code has single blanks only
		code = strings.Join(strings.Fields(code), " ")
	}
	r.addText(n, "code", code)
	r.addText(n, "display", p.text(at+1))
	return n
}

func (c *call) codeableConcept(p parts) *fhir.Node {
	r, n := c.run, c.run.object()
	r.addList(n, "coding", c.coding(p, 1))
	r.addList(n, "coding", c.coding(p, 4))
	words := p.text(9)
	if words == "" && p.text(1) == "" {
		words = p.text(2)
	}
	r.addText(n, "text", words)
	return n
}

// quantity takes UCUM as the system only where the sender says so.
func (c *call) quantity(number string, unit parts) *fhir.Node {
	r, n := c.run, c.run.object()
	s := plainNumber(number)
	if s == "" {
		return nil
	}
	v := r.node()
	v.Kind, v.Name, v.Text = fhir.Number, "value", s
	r.attach(n, v)
	r.units(n, unit)
	return n
}

func (r *run) units(n *fhir.Node, unit parts) {
	code, words, system := unit.text(1), unit.text(2), systemURI(unit.text(3))
	if words == "" {
		words = code
	}
	r.addText(n, "unit", words)
	if code != "" && system != "" {
		r.addText(n, "system", system)
		r.addText(n, "code", code)
	}
}

func (c *call) money(p parts) *fhir.Node {
	amount, currency := p.text(1), p.text(2)
	if p.real && p.v.Level() != hl7.LevelComponent && p.component(1).Subcomponents() > 1 {
		mo := p.sub(1)
		amount, currency = mo.text(1), mo.text(2)
	}
	s := plainNumber(amount)
	if s == "" {
		return nil
	}
	n, v := c.run.object(), c.run.node()
	v.Kind, v.Name, v.Text = fhir.Number, "value", s
	c.run.attach(n, v)
	if len(currency) == 3 {
		c.run.addText(n, "currency", currency)
	}
	return n
}

// displayName writes a name as people read it. first is the component of the family name.
func displayName(first int) func(c *compiler, args []string) (apply, error) {
	return func(*compiler, []string) (apply, error) {
		return func(c *call, in []value) []value {
			for i := range in {
				p := partsOf(&in[i])
				var words []string
				for _, n := range []int{first + 4, first + 1, first + 2, first, first + 3} {
					if s := p.text(n); s != "" {
						words = append(words, s)
					}
				}
				in[i] = textValue(strings.Join(words, " "))
			}
			return in
		}, nil
	}
}
