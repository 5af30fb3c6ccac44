package compare

import (
	"strings"

	"trestle/internal/fhir"
)

// refer remembers by which names references call two resources that were set against each other.
func (d *documents) refer(l, r *fhir.Node) {
	if !d.fhir {
		return
	}
	d.pairs++
	for _, side := range []struct {
		n  *fhir.Node
		to map[string]int
	}{{l, d.left}, {r, d.right}} {
		in := side.n
		if res := in.Find("resource"); res != nil {
			in = res
			if url := side.n.Find("fullUrl").String(); url != "" {
				side.to[url] = d.pairs
			}
		}
		kind, id := in.Find("resourceType").String(), in.Find("id").String()
		if kind != "" && id != "" {
			side.to[kind+"/"+id] = d.pairs
			side.to["#"+id] = d.pairs
		}
	}
}

// sameReference says whether two references name resources that were set against each other, or one resource by its
// absolute and its relative URL.
func (d *documents) sameReference(l, r string) bool {
	a, b := d.left[relative(l)], d.right[relative(r)]
	if a == 0 {
		a = d.left[l]
	}
	if b == 0 {
		b = d.right[r]
	}
	if a != 0 || b != 0 {
		return a == b
	}
	return relative(l) == relative(r)
}

// relative is Type/id of a reference, without server and version.
func relative(reference string) string {
	reference, _, _ = strings.Cut(reference, "/_history/")
	if !strings.HasPrefix(reference, "http://") && !strings.HasPrefix(reference, "https://") {
		return reference
	}
	parts := strings.Split(reference, "/")
	if len(parts) < 5 {
		return reference
	}
	return strings.Join(parts[len(parts)-2:], "/")
}

// serversOwn leaves out what each FHIR server makes by itself.
func (d *documents) serversOwn(x *Difference, l, r *fhir.Node) {
	path := generalPath(x.Path)
	last := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case last == "id" || last == "fullUrl",
		strings.HasSuffix(path, "meta.lastUpdated"), strings.HasSuffix(path, "meta.versionId"),
		strings.HasSuffix(path, ".meta") && onlyServersMeta(l) && onlyServersMeta(r),
		strings.Contains(path, ".text.div"), strings.HasSuffix(path, ".text.status"), last == "text" && (hasDiv(l) || hasDiv(r)):
		x.Verdict, x.Rule = Ignored, "what a FHIR server makes by itself"
	case last == "reference" && l != nil && r != nil && d.sameReference(l.Text, r.Text):
		x.Verdict, x.Rule = Ignored, "references to the same resource"
	}
}

func hasDiv(n *fhir.Node) bool { return n != nil && n.Find("div") != nil }

// onlyServersMeta says whether a meta element has nothing but what a server writes into it.
func onlyServersMeta(n *fhir.Node) bool {
	if n == nil {
		return true
	}
	for _, c := range n.Children {
		if c.Name != "lastUpdated" && c.Name != "versionId" {
			return false
		}
	}
	return true
}

// judge asks the rules about a difference of documents. Conditions are of HL7 v2: rules that have one do not speak of
// documents.
func (d *documents) judge(x *Difference) {
	if d.rules == nil || x.Verdict != Open {
		return
	}
	path := documentNames(x.Path)
	inner := documentNames(x.inner)
	for i := range d.rules.set().rules {
		u := &d.rules.set().rules[i]
		if u.document == nil || u.where != nil || !coversNames(u.document, path) && (x.inner == "" || !coversNames(u.document, inner)) {
			continue
		}
		if verdict, ok := u.verdict(x); ok {
			x.Verdict, x.Rule = verdict, u.words
			return
		}
	}
}

// coversNames says whether a path of a rule is the beginning of a path. * is any name; at the beginning, any names.
func coversNames(rule, path []string) bool {
	if len(rule) > 1 && rule[0] == "*" {
		for i := range path {
			if coversNames(rule[1:], path[i:]) {
				return true
			}
		}
		return false
	}
	if len(rule) > len(path) {
		return false
	}
	for i, name := range rule {
		if name != "*" && name != "**" && name != path[i] {
			return false
		}
	}
	return true
}
