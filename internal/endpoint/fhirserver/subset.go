package fhirserver

import (
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// subset says which part of a resource is asked for (R4 3.1.1.5.6, 3.1.1.5.7).
type subset struct {
	summary  string // true, text, data, count; "" for false
	elements []string
}

func readSubset(pairs []fhirstore.Pair) (x subset, err error) {
	for _, p := range pairs {
		switch p.Name {
		case "_summary":
			if !slices.Contains([]string{"true", "false", "text", "data", "count"}, p.Value) {
				return x, fail(400, "_summary must be true, text, data, count or false")
			}
			if x.summary = p.Value; x.summary == "false" {
				x.summary = ""
			}
		case "_elements":
			for e := range strings.SplitSeq(p.Value, ",") {
				if i := strings.IndexByte(e, '.'); i > 0 && e[0] >= 'A' && e[0] <= 'Z' { // Patient.name
					e = e[i+1:]
				}
				x.elements = append(x.elements, strings.TrimSpace(e))
			}
		}
	}
	return x, nil
}

// subset trims the answer of a read.
func (s *Server) subset(r *request, p *response) error {
	x, err := readSubset(r.query)
	if err != nil || x.summary == "" && len(x.elements) == 0 {
		return err
	}
	p.tree, p.version = s.trim(p.version.Tree(), x), nil
	return nil
}

// trim returns the part of a resource that is asked for, tagged SUBSETTED. Mandatory elements and modifiers stay.
func (s *Server) trim(n *fhir.Node, x subset) *fhir.Node {
	if x.summary == "" && len(x.elements) == 0 {
		return n
	}
	def := s.d.Type(n.ResourceType()).RootElement()
	out := fhir.NewObject()
	for _, c := range n.Children {
		e, _ := def.Child(strings.TrimPrefix(c.Name, "_"))
		keep := c.Name == "resourceType" || c.Name == "id" || c.Name == "meta"
		switch {
		case keep:
		case e == nil:
			keep = x.summary == "data"
		case len(x.elements) > 0:
			keep = slices.Contains(x.elements, e.Name) || e.Min > 0 || e.Modifier
		case x.summary == "true":
			keep = e.Summary || e.Min > 0 || e.Modifier
		case x.summary == "text":
			keep = e.Name == "text" || e.Min > 0
		case x.summary == "data":
			keep = e.Name != "text"
		}
		if keep {
			out.Children = append(out.Children, c)
		}
	}
	tagSubsetted(out)
	return out
}

func tagSubsetted(n *fhir.Node) {
	tag := fhir.NewObject(fhir.NewString("http://terminology.hl7.org/CodeSystem/v3-ObservationValue").Named("system"), fhir.NewString("SUBSETTED").Named("code"))
	meta := fhir.NewObject().Named("meta")
	if m := n.Member("meta"); m != nil {
		meta.Children = slices.Clone(m.Children)
	}
	tags := fhir.NewArray().Named("tag")
	if t := meta.Member("tag"); t != nil {
		tags.Children = slices.Clone(t.Children)
	}
	tags.Children = append(tags.Children, tag)
	meta.Set(tags)
	if n.Member("meta") != nil {
		n.Set(meta)
		return
	}
	at := min(2, len(n.Children))
	n.Children = slices.Insert(n.Children, at, meta)
}
