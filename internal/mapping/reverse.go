package mapping

import (
	"strings"

	"trestle/internal/fhir"
)

// reverseFunctions turn data types of FHIR into those of HL7 v2.
func reverseFunctions() []*Function {
	made := func(name, does string, build func(n *fhir.Node) [][]string) *Function {
		return &Function{Name: name, Group: "healthcare", Does: does, reserved: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				kept := in[:0]
				for i := range in {
					if n := in[i].node; n != nil && n.Kind == fhir.Object {
						kept = append(kept, value{parts: build(n)})
					} else if n != nil {
						c.warn(name + " takes a whole " + does[:strings.IndexByte(does, ' ')] + "; the value is a part of one")
					}
				}
				return kept
			}, nil
		}}
	}
	one := func(texts ...string) [][]string {
		out := make([][]string, len(texts))
		for i, s := range texts {
			out[i] = []string{s}
		}
		return out
	}
	return []*Function{
		made("xpn", "HumanName as XPN", func(n *fhir.Node) [][]string {
			return one(n.Find("family").String(), itemText(n, "given", 0), restText(n, "given", 1), itemText(n, "suffix", 0), itemText(n, "prefix", 0), "", inverse(nameUses, n.Find("use").String(), "L", "D", "M", "B"))
		}),
		made("xad", "Address as XAD", func(n *fhir.Node) [][]string {
			kind := inverse(addressUses, n.Find("use").String(), "H", "B", "C", "BA", "BI")
			if kind == "" {
				kind = inverse(addressTypes, n.Find("type").String(), "M", "P")
			}
			return one(itemText(n, "line", 0), restText(n, "line", 1), n.Find("city").String(), n.Find("state").String(), n.Find("postalCode").String(), n.Find("country").String(), kind, "", n.Find("district").String())
		}),
		made("xtn", "ContactPoint as XTN", func(n *fhir.Node) [][]string {
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
			} else {
				out[0], out[11] = number, number
			}
			return one(out...)
		}),
		made("cx", "Identifier as CX", func(n *fhir.Node) [][]string {
			system := n.Find("system").String()
			out := one(n.Find("value").String(), "", "", "", n.Find("type", "coding", "code").String())
			if oid, ok := strings.CutPrefix(system, "urn:oid:"); ok {
				out[3] = []string{n.Find("assigner", "display").String(), oid, "ISO"}
			} else if system != "" {
				out[3] = []string{n.Find("assigner", "display").String(), system, "URI"}
			} else {
				out[3] = []string{n.Find("assigner", "display").String()}
			}
			return out
		}),
		made("cwe", "CodeableConcept as CWE", func(n *fhir.Node) [][]string {
			codings := n.Member("coding")
			a, b := codings.Item(0), codings.Item(1)
			return one(a.Find("code").String(), a.Find("display").String(), systemName(a.Find("system").String()),
				b.Find("code").String(), b.Find("display").String(), systemName(b.Find("system").String()), a.Find("version").String(), b.Find("version").String(), n.Find("text").String())
		}),
	}
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

// systemName is the name in table 0396 of a code system's URI.
func systemName(uri string) string {
	switch uri {
	case "http://loinc.org":
		return "LN"
	case "http://snomed.info/sct":
		return "SCT"
	case "http://hl7.org/fhir/sid/icd-10-cm":
		return "I10"
	case "http://hl7.org/fhir/sid/icd-9-cm":
		return "I9C"
	case "http://www.ama-assn.org/go/cpt":
		return "C4"
	case "http://hl7.org/fhir/sid/cvx":
		return "CVX"
	case "http://hl7.org/fhir/sid/ndc":
		return "NDC"
	case "http://www.nlm.nih.gov/research/umls/rxnorm":
		return "RXNORM"
	}
	if table, ok := strings.CutPrefix(uri, "http://terminology.hl7.org/CodeSystem/v2-"); ok && len(table) == 4 {
		return "HL7" + table
	}
	return strings.TrimPrefix(uri, "urn:oid:")
}
