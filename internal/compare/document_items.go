package compare

import (
	"hash/maphash"

	"trestle/internal/fhir"
)

// items makes what is aligned of the items of an array.
func (d *documents) items(list []*fhir.Node) []item {
	out := make([]item, len(list))
	for i, n := range list {
		out[i] = item{name: uint64(n.Kind), content: contentOfNode(n), single: n.Kind == fhir.Object || n.Kind == fhir.Element}
		if n.Kind == fhir.Element {
			out[i].name = maphash.String(seed, n.Name)
		}
		if n.Kind == fhir.Object || n.Kind == fhir.Element {
			kind, key := identityOfNode(n)
			if kind != "" {
				out[i].name ^= maphash.String(seed, kind)
				out[i].single = key == "" || !clinical[kind]
				out[i].sole = !clinical[kind]
			}
			if key != "" {
				out[i].key = maphash.String(seed, key) | 1
			}
		}
	}
	return out
}

// clinical are resources of which one on each side need not be the same thing.
var clinical = map[string]bool{
	"Observation": true, "Condition": true, "AllergyIntolerance": true, "Immunization": true, "MedicationRequest": true, "MedicationStatement": true,
	"MedicationAdministration": true, "MedicationDispense": true, "Procedure": true, "DiagnosticReport": true, "ServiceRequest": true, "DocumentReference": true,
	"Coverage": true, "RelatedPerson": true, "Specimen": true, "Claim": true, "ExplanationOfBenefit": true,
}

// identityOfNode says what an item is and by what it is told apart from its siblings.
func identityOfNode(n *fhir.Node) (kind, key string) {
	in := n
	if res := n.Find("resource"); res != nil && res.Kind == fhir.Object {
		in = res
	}
	if kind = in.Find("resourceType").String(); kind != "" {
		for v := range in.All("identifier") { // whatever their order
			if own := pairOf(v, "system", "value"); own != "" && (key == "" || own < key) {
				key = own
			}
		}
		if key != "" {
			return kind, key
		}
		for _, path := range [][]string{{"url"}, {"code", "coding"}, {"vaccineCode", "coding"}, {"medicationCodeableConcept", "coding"}, {"type", "coding"}} {
			if v := in.Find(path...); v != nil {
				if key = pairOf(v, "system", "value") + pairOf(v, "system", "code"); key == "" && v.Kind == fhir.String {
					key = v.Text
				}
				if key != "" {
					return kind, key
				}
			}
		}
		return kind, ""
	}
	for _, name := range [...]string{"url", "linkId", "reference", "@id", "id", "key", "name"} {
		if v := n.Find(name); v != nil && v.Kind <= fhir.Bool && v.Kind >= fhir.String && v.Text != "" {
			return "", v.Text
		}
	}
	if key = pairOf(n, "system", "value"); key == "" {
		if key = pairOf(n, "system", "code"); key == "" {
			if v := n.Find("code", "coding"); v != nil {
				key = pairOf(v, "system", "code")
			}
		}
	}
	for _, c := range n.Children {
		if c.Kind == fhir.Attribute && (c.Name == "id" || c.Name == "ID" || c.Name == "name" || c.Name == "key") {
			return "", c.Text
		}
	}
	return "", key
}

// pairOf joins two members if the second is there.
func pairOf(n *fhir.Node, first, second string) string {
	v := n.Find(second)
	if v == nil || v.Text == "" {
		return ""
	}
	return n.Find(first).String() + "|" + v.Text
}

// contentOfNode hashes a node whatever the order of its members.
func contentOfNode(n *fhir.Node) uint64 {
	h := maphash.String(seed, n.Text) + uint64(n.Kind)
	for i, c := range n.Children {
		if blankNode(c) {
			continue
		}
		x := contentOfNode(c) ^ maphash.String(seed, c.Name)
		if n.Kind != fhir.Object && c.Kind != fhir.Attribute {
			x = (x ^ uint64(i)) * 0x9E3779B97F4A7C15
		}
		h += x * 0xBF58476D1CE4E5B9
	}
	return h
}

// alikeNodes is the share of leaves that two nodes have in common.
func alikeNodes(l, r *fhir.Node) float64 {
	have := map[string]int{}
	total := leaves(l, "", func(s string) { have[s]++ })
	both := 0
	total += leaves(r, "", func(s string) {
		if have[s] > 0 {
			have[s]--
			both++
		}
	})
	if total == 0 {
		return 1
	}
	return 2 * float64(both) / float64(total)
}

func leaves(n *fhir.Node, path string, visit func(string)) int {
	if len(n.Children) == 0 {
		if blankNode(n) {
			return 0
		}
		visit(path + "=" + n.Text)
		return 1
	}
	sum := 0
	for _, c := range n.Children {
		sum += leaves(c, path+"/"+c.Name, visit)
	}
	return sum
}
