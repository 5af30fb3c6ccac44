package mapping

import (
	"regexp"
	"strings"

	"trestle/internal/fhir"
)

// reverseFunctions turn data types of FHIR into those of HL7 v2.
func reverseFunctions() []*Function {
	made := func(name, does string, build func(c *call, n *fhir.Node) [][]string) *Function {
		return &Function{Name: name, Group: "healthcare", Does: does, reserved: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				kept := in[:0]
				for i := range in {
					if n := in[i].node; n != nil && n.Kind == fhir.Object {
						kept = append(kept, value{parts: build(c, n)})
					} else if n != nil {
						c.warn(name + " takes a whole " + strings.TrimSuffix(does[:strings.IndexByte(does, ' ')], "'s") + "; the value is a part of one")
					}
				}
				return kept
			}, nil
		}}
	}
	return []*Function{
		made("obx_type", "Observation's value[x] as the type in OBX-2", func(c *call, n *fhir.Node) [][]string { return one(obxType(n)) }),
		made("obx_value", "Observation's value[x] as OBX-5, by the type that obx_type says", func(_ *call, n *fhir.Node) [][]string { return obxValue(n) }),
		made("obx_units", "Observation's units as OBX-6", func(c *call, n *fhir.Node) [][]string {
			for _, path := range [][]string{{"valueQuantity"}, {"valueRange", "low"}, {"valueRange", "high"}, {"valueRatio", "numerator"}} {
				if q := n.Find(path...); q.Find("code").String() != "" || q.Find("unit").String() != "" {
					return unitParts(q)
				}
			}
			return nil
		}),
		made("xpn", "HumanName as XPN", func(c *call, n *fhir.Node) [][]string {
			return one(n.Find("family").String(), itemText(n, "given", 0), restText(n, "given", 1), itemText(n, "suffix", 0), itemText(n, "prefix", 0), "", inverse(nameUses, n.Find("use").String(), "L", "D", "M", "B"))
		}),
		made("xad", "Address as XAD", func(c *call, n *fhir.Node) [][]string {
			kind := inverse(addressUses, n.Find("use").String(), "H", "B", "C", "BA", "BI")
			if kind == "" {
				kind = inverse(addressTypes, n.Find("type").String(), "M", "P")
			}
			return one(itemText(n, "line", 0), restText(n, "line", 1), n.Find("city").String(), n.Find("state").String(), n.Find("postalCode").String(), n.Find("country").String(), kind, "", n.Find("district").String())
		}),
		made("xtn", "ContactPoint as XTN", func(c *call, n *fhir.Node) [][]string {
			out := make([]string, 12)
			number := n.Find("value").String()
			switch n.Find("use").String() {
			case "home", "mobile":
				out[1] = "PRN"
			case "work":
				out[1] = "WPN"
			}
			out[2] = inverse(contactSystems, n.Find("system").String(), "PH", "FX", "Internet", "BP")
			if n.Find("use").String() == "mobile" {
				out[2] = "CP"
			}
			if out[2] == "Internet" {
				out[1], out[3] = "NET", number
				return one(out...)
			}
			if m := northAmerican.FindStringSubmatch(number); m != nil {
				out[0] = "(" + m[1] + ")" + m[2] + "-" + m[3]
				out[4], out[5], out[6], out[7] = "1", m[1], m[2]+m[3], m[4]
			} else {
				out[0], out[11] = number, number
			}
			return one(out...)
		}),
		made("cx", "Identifier as CX", func(c *call, n *fhir.Node) [][]string {
			out := one(n.Find("value").String(), "", "", "", typeCode(n))
			out[3] = c.hd(n)
			return out
		}),
		made("ei", "Identifier as EI", func(c *call, n *fhir.Node) [][]string {
			return append(one(n.Find("value").String()), one(c.hd(n)...)...)
		}),
		made("xcn", "Practitioner as XCN", func(c *call, n *fhir.Node) [][]string {
			id, name := bestIdentifier(n), n.Member("name").Item(0)
			out := make([][]string, 13)
			copy(out, one(id.Find("value").String(), name.Find("family").String(), itemText(name, "given", 0), restText(name, "given", 1), itemText(name, "suffix", 0), itemText(name, "prefix", 0)))
			if out[1][0] == "" {
				out[1][0] = name.Find("text").String()
			}
			out[8] = c.hd(id)
			out[9] = []string{inverse(nameUses, name.Find("use").String(), "L", "D", "M", "B")}
			out[12] = []string{typeCode(id)}
			if id.Find("system").String() == npiSystem {
				out[12][0] = "NPI"
			}
			return out
		}),
		made("xon", "Organization as XON", func(c *call, n *fhir.Node) [][]string {
			id := bestIdentifier(n)
			out := make([][]string, 10)
			out[0], out[5], out[6], out[9] = []string{n.Find("name").String()}, c.hd(id), []string{typeCode(id)}, []string{id.Find("value").String()}
			return out
		}),
		made("cwe", "CodeableConcept as CWE, or Coding as its first triple", func(_ *call, n *fhir.Node) [][]string { return concept(n) }),
	}
}

// northAmerican is a number of the North American plan, however it is written: area, exchange, line, extension.
var northAmerican = regexp.MustCompile(`^(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?([2-9]\d\d)[ .-]?(\d{4})(?: *(?:ext\.?|x) *(\d{1,8}))?$`)

// obxType is the data type that an Observation's value has in HL7 v2 (OBX-2, table 0125).
func obxType(n *fhir.Node) string {
	for _, m := range n.Children {
		switch m.Name {
		case "valueQuantity":
			if m.Find("comparator").String() != "" {
				return "SN"
			}
			return "NM"
		case "valueInteger":
			return "NM"
		case "valueRange", "valueRatio":
			return "SN"
		case "valueCodeableConcept", "valueBoolean":
			return "CWE"
		case "valueString":
			return "ST"
		case "valueDateTime":
			return "TS"
		case "valueTime":
			return "TM"
		case "valuePeriod":
			return "DR"
		}
	}
	return ""
}

func obxValue(n *fhir.Node) [][]string {
	time := func(s string) string {
		m, ok := parseFHIRTime(s)
		if !ok {
			return ""
		}
		return m.hl7(14)
	}
	for _, m := range n.Children {
		text := func(names ...string) string { return m.Find(names...).String() }
		switch m.Name {
		case "valueQuantity":
			if sign := text("comparator"); sign != "" {
				return one(sign, text("value"))
			}
			return one(text("value"))
		case "valueRange":
			return one("", text("low", "value"), "-", text("high", "value"))
		case "valueRatio":
			return one("", text("numerator", "value"), ":", text("denominator", "value"))
		case "valueCodeableConcept":
			return concept(m)
		case "valueBoolean":
			if m.Text == "true" {
				return one("Y", "Yes", "HL70136")
			}
			return one("N", "No", "HL70136")
		case "valueInteger", "valueString":
			return one(m.Text)
		case "valueDateTime":
			return one(time(m.Text))
		case "valueTime":
			return one(strings.ReplaceAll(m.Text, ":", ""))
		case "valuePeriod":
			return one(time(text("start")), time(text("end")))
		}
	}
	return nil
}

// unitParts is the unit of a Quantity as CWE.
func unitParts(q *fhir.Node) [][]string {
	code, unit, system := q.Find("code").String(), q.Find("unit").String(), q.Find("system").String()
	if code == "" {
		return one(unit)
	}
	return one(code, unit, systemName(system))
}

// concept is a CodeableConcept as CWE.
func concept(n *fhir.Node) [][]string {
	codings := n.Member("coding")
	a, b := codings.Item(0), codings.Item(1)
	if codings == nil {
		a = n
	}
	return one(a.Find("code").String(), a.Find("display").String(), systemName(a.Find("system").String()),
		b.Find("code").String(), b.Find("display").String(), systemName(b.Find("system").String()), a.Find("version").String(), b.Find("version").String(), n.Find("text").String())
}

// one makes components of one subcomponent each.
func one(texts ...string) [][]string {
	out := make([][]string, len(texts))
	for i, s := range texts {
		out[i] = []string{s}
	}
	return out
}

const npiSystem = "http://hl7.org/fhir/sid/us-npi"

// universalIDs are the OIDs of systems that FHIR knows by a URI.
var universalIDs = map[string]string{npiSystem: "2.16.840.1.113883.4.6", "http://hl7.org/fhir/sid/us-ssn": "2.16.840.1.113883.4.1", "http://hl7.org/fhir/sid/us-medicare": "2.16.840.1.113883.4.572"}

// hd is the assigning authority of an Identifier: the name of the assigner, and the OID, UUID or URI of the system.
func (c *call) hd(id *fhir.Node) []string {
	name, system := id.Find("assigner", "display").String(), id.Find("system").String()
	if name == "" {
		name = c.referred(id.Find("assigner", "reference").String()).Find("name").String()
	}
	oid, isOID := strings.CutPrefix(system, "urn:oid:")
	if known := universalIDs[system]; known != "" {
		oid, isOID = known, true
	}
	uuid, isUUID := strings.CutPrefix(system, "urn:uuid:")
	switch {
	case isOID:
		return []string{name, oid, "ISO"}
	case isUUID:
		return []string{name, uuid, "UUID"}
	case system != "":
		return []string{name, system, "URI"}
	}
	return []string{name}
}

// referred is the resource of a Bundle that a reference names, nil if it is not there.
func (c *call) referred(reference string) *fhir.Node {
	if reference == "" || c.run == nil || c.run.message.root == nil {
		return nil
	}
	for entry := range c.run.message.root.All("entry") {
		n := entry.Member("resource")
		if url := entry.Find("fullUrl").String(); url == reference || strings.HasSuffix(url, "/"+reference) || reference == n.ResourceType()+"/"+n.Find("id").String() {
			return n
		}
	}
	return nil
}

// typeCode is the code of an Identifier's type (table 0203).
func typeCode(id *fhir.Node) string {
	return id.Find("type").Member("coding").Item(0).Find("code").String()
}

// bestIdentifier is the identifier that HL7 v2 has one place for: the national number of a provider, else the first that has
// not ended.
func bestIdentifier(n *fhir.Node) *fhir.Node {
	var best *fhir.Node
	for id := range n.All("identifier") {
		if s := id.Find("system").String(); s == npiSystem || s == "urn:oid:2.16.840.1.113883.4.6" {
			return id
		}
		if best == nil && id.Find("use").String() != "old" {
			best = id
		}
	}
	return best
}

func itemText(n *fhir.Node, name string, i int) string { return n.Member(name).Item(i).String() }

func restText(n *fhir.Node, name string, from int) string {
	list := n.Member(name)
	if list == nil || list.Kind != fhir.Array || len(list.Children) <= from {
		return ""
	}
	var words []string
	for _, item := range list.Children[from:] {
		words = append(words, item.String())
	}
	return strings.Join(words, " ")
}

// inverse finds the code that stands for a value, by preference.
func inverse(codes map[string]string, want string, preferred ...string) string {
	if want == "" {
		return ""
	}
	for _, code := range preferred {
		if codes[code] == want {
			return code
		}
	}
	return ""
}

func systemNames() *Function {
	return &Function{Name: "system_name", Group: "lookup", Does: "the name in HL7 v2 (table 0396) of a code system's URI, or its OID", make: func(*compiler, []string) (apply, error) { return eachText(systemName), nil }}
}

// systemName is the name in table 0396 of a code system's URI.
func systemName(uri string) string {
	if name := systemNameOf[uri]; name != "" {
		return name
	}
	if table, ok := strings.CutPrefix(uri, "http://terminology.hl7.org/CodeSystem/v2-"); ok && len(table) == 4 {
		return "HL7" + table
	}
	return strings.TrimPrefix(uri, "urn:oid:")
}

// systemNameOf are the names of table 0396 that senders use for a system; others of the same system are read only.
var systemNameOf = map[string]string{
	"http://loinc.org": "LN", "http://snomed.info/sct": "SCT", "http://hl7.org/fhir/sid/icd-10-cm": "I10", "http://hl7.org/fhir/sid/icd-9-cm": "I9C",
	"http://www.cms.gov/Medicare/Coding/ICD10": "I10P", "http://www.ama-assn.org/go/cpt": "C4", "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS",
	"http://hl7.org/fhir/sid/cvx": "CVX", "http://hl7.org/fhir/sid/mvx": "MVX", "http://hl7.org/fhir/sid/ndc": "NDC",
	"http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM", "http://unitsofmeasure.org": "UCUM", "http://nucc.org/provider-taxonomy": "NUCC",
	"urn:oid:2.16.840.1.113883.6.238": "CDCREC", "http://fdasis.nlm.nih.gov": "UNII", "urn:ietf:bcp:47": "BCP47",
}
