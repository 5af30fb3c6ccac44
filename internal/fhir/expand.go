package fhir

import (
	"slices"
	"strings"
)

// Coding is a code of a system, with what it means.
type Coding struct{ System, Code, Display string }

// Expand lists the codes of a set by its definition, ordered by system and code. complete is false if it has codes that are not
// published with the definitions, or filters that cannot be answered by them.
func (d *Definitions) Expand(set string) (codes []Coding, complete bool) {
	systems, complete := map[string]bool{}, true
	d.systemsOf(set, systems, &complete, 0)
	for url := range systems {
		c := d.CodeSystem(url)
		if c == nil {
			complete = false
			continue
		}
		for _, k := range c.concepts {
			if k.abstract {
				continue
			}
			switch d.MemberOf(set, url, k.code) {
			case Member:
				codes = append(codes, Coding{url, k.code, k.display})
			case Unknown:
				complete = false
			}
		}
		complete = complete && c.Complete
	}
	slices.SortFunc(codes, func(a, b Coding) int {
		if n := strings.Compare(a.System, b.System); n != 0 {
			return n
		}
		return strings.Compare(a.Code, b.Code)
	})
	return codes, complete && len(systems) > 0
}

// systemsOf collects the code systems that a set takes codes from.
func (d *Definitions) systemsOf(set string, into map[string]bool, complete *bool, depth int) {
	v := d.ValueSet(set)
	if v == nil || depth > 16 {
		*complete = false
		return
	}
	for _, i := range v.include {
		if system := i.Find("system").String(); system != "" {
			into[system] = true
			continue
		}
		for s := range i.All("valueSet") {
			d.systemsOf(s.Text, into, complete, depth+1)
		}
	}
}
