package fhir

import (
	"slices"
	"strings"
)

// SearchParameter is a published search parameter.
type SearchParameter struct {
	URL, Code  string
	Type       string   // number, date, string, token, reference, composite, quantity, uri, special
	Base       []string // resource types
	Expression string   // FHIRPath, the parts for each base joined by |
	Targets    []string // of a reference
	Components []SearchComponent
}

// SearchComponent is a part of a composite parameter.
type SearchComponent struct {
	Definition string // URL of its search parameter
	Expression string // FHIRPath on what the composite's expression finds
}

// SearchParameters returns the parameters of a resource type, those of all resources included, by code.
func (d *Definitions) SearchParameters(resource string) []*SearchParameter {
	d.mu.RLock()
	byParam := d.byParam
	d.mu.RUnlock()
	if byParam == nil {
		byParam = map[string][]*SearchParameter{}
		for _, l := range d.file(fileSearch) {
			p := newSearchParameter(l.read())
			for _, base := range p.Base {
				byParam[base] = append(byParam[base], p)
			}
		}
		d.mu.Lock()
		d.byParam = byParam
		d.mu.Unlock()
	}
	var list []*SearchParameter
	for _, base := range []string{resource, "DomainResource", "Resource"} {
		if base == resource || d.IsA(resource, base) {
			list = append(list, byParam[base]...)
		}
	}
	slices.SortFunc(list, func(a, b *SearchParameter) int {
		return strings.Compare(a.Code+"\x00"+a.URL, b.Code+"\x00"+b.URL)
	})
	return list
}

// SearchParameter returns a parameter by its canonical URL, nil if it is not known.
func (d *Definitions) SearchParameter(url string) *SearchParameter {
	l := d.file(fileSearch)[url]
	if l == nil {
		return nil
	}
	return newSearchParameter(l.read())
}

func newSearchParameter(n *Node) *SearchParameter {
	p := &SearchParameter{URL: n.Find("url").String(), Code: n.Find("code").String(), Type: n.Find("type").String(), Expression: n.Find("expression").String()}
	for b := range n.All("base") {
		p.Base = append(p.Base, b.Text)
	}
	for t := range n.All("target") {
		p.Targets = append(p.Targets, t.Text)
	}
	for c := range n.All("component") {
		definition := c.Find("definition")
		if definition != nil && definition.Kind == Object { // STU3
			definition = definition.Find("reference")
		}
		p.Components = append(p.Components, SearchComponent{definition.String(), c.Find("expression").String()})
	}
	return p
}
