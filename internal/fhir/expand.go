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
	x := expansion{d: d, systems: map[string]bool{}, listed: map[Coding]string{}, complete: true}
	x.collect(set, 0)
	known := map[Coding]bool{}
	add := func(system, code, display string) {
		if known[Coding{System: system, Code: code}] {
			return
		}
		switch d.MemberOf(set, system, code) {
		case Member:
			known[Coding{System: system, Code: code}] = true
			codes = append(codes, Coding{system, code, display})
		case Unknown:
			x.complete = false
		}
	}
	for c, display := range x.listed {
		if display == "" {
			display = d.CodeSystem(c.System).Display(c.Code)
		}
		add(c.System, c.Code, display)
	}
	for url := range x.systems {
		c := d.CodeSystem(url)
		if c == nil {
			x.complete = false
			continue
		}
		for _, k := range c.concepts {
			if !k.abstract {
				add(url, k.code, k.display)
			}
		}
		x.complete = x.complete && c.Complete
	}
	slices.SortFunc(codes, func(a, b Coding) int {
		if n := strings.Compare(a.System, b.System); n != 0 {
			return n
		}
		return strings.Compare(a.Code, b.Code)
	})
	return codes, x.complete && len(x.systems)+len(x.listed) > 0
}

// expansion collects where the codes of a set can come from.
type expansion struct {
	d        *Definitions
	systems  map[string]bool
	listed   map[Coding]string // one by one, without a display; that which the set gives it
	complete bool
}

func (x *expansion) collect(set string, depth int) {
	v := x.d.ValueSet(set)
	if v == nil || depth > 16 {
		x.complete = false
		return
	}
	for _, i := range v.include {
		system := i.Find("system").String()
		switch {
		case system != "" && i.Member("concept") != nil:
			for c := range i.All("concept") {
				x.listed[Coding{System: system, Code: c.Find("code").String()}] = c.Find("display").String()
			}
		case system != "":
			x.systems[system] = true
		default:
			for s := range i.All("valueSet") {
				x.collect(s.Text, depth+1)
			}
		}
	}
}
