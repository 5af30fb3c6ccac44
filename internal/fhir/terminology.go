package fhir

import "strings"

// CodeSystem holds the codes of a system, as far as they are published with the definitions.
type CodeSystem struct {
	URL           string
	Complete      bool // all codes are here
	CaseSensitive bool
	concepts      map[string]*concept
}

type concept struct {
	code, display string
	parents       []string
	abstract      bool
}

// ValueSet is a set of codes by its definition.
type ValueSet struct {
	URL              string
	include, exclude []*Node
}

// Membership is the answer to whether a code is in a set.
type Membership uint8

// Answers. Unknown is the honest one wherever codes of the set are not published with the definitions: SNOMED CT, LOINC,
// UCUM, languages.
const (
	Unknown Membership = iota
	Member
	NotMember
)

// CodeSystem returns a system by its canonical URL, nil if it is not known.
func (d *Definitions) CodeSystem(url string) *CodeSystem {
	url, _, _ = strings.Cut(url, "|")
	d.mu.RLock()
	c, ok := d.codes[url]
	d.mu.RUnlock()
	if ok {
		return c
	}
	l := d.file(fileCodeSystems)[url]
	if l == nil {
		return nil
	}
	c = newCodeSystem(l.read())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.codes == nil {
		d.codes = map[string]*CodeSystem{}
	}
	d.codes[url] = c
	return c
}

func newCodeSystem(n *Node) *CodeSystem {
	c := &CodeSystem{
		URL: n.Find("url").String(), Complete: n.Find("content").String() == "complete",
		CaseSensitive: n.Find("caseSensitive").String() != "false", concepts: map[string]*concept{},
	}
	c.add(n, nil)
	return c
}

func (c *CodeSystem) add(n *Node, parents []string) {
	for m := range n.All("concept") {
		k := &concept{code: m.Find("code").String(), display: m.Find("display").String(), parents: parents}
		for p := range m.All("property") {
			switch p.Find("code").String() {
			case "subsumedBy", "parent":
				k.parents = append(k.parents[:len(k.parents):len(k.parents)], p.Find("valueCode").String())
			case "notSelectable":
				k.abstract = p.Find("valueBoolean").String() == "true"
			}
		}
		c.concepts[c.key(k.code)] = k
		c.add(m, []string{k.code})
	}
}

func (c *CodeSystem) key(code string) string {
	if c.CaseSensitive {
		return code
	}
	return strings.ToLower(code)
}

// Has says whether the system has a code.
func (c *CodeSystem) Has(code string) Membership {
	switch {
	case c == nil:
		return Unknown
	case c.concepts[c.key(code)] != nil:
		return Member
	case c.Complete:
		return NotMember
	}
	return Unknown
}

// Display returns what a code means, "" if it is not known.
func (c *CodeSystem) Display(code string) string {
	if c == nil {
		return ""
	}
	if k := c.concepts[c.key(code)]; k != nil {
		return k.display
	}
	return ""
}

// Subsumes says whether a code is another or lies above it in the system's hierarchy.
func (c *CodeSystem) Subsumes(above, code string) bool { return c.below(code, above, 0) }

// below says whether a code is another or lies under it in the hierarchy.
func (c *CodeSystem) below(code, ancestor string, depth int) bool {
	if c.key(code) == c.key(ancestor) {
		return true
	}
	k := c.concepts[c.key(code)]
	if k == nil || depth > 64 {
		return false
	}
	for _, p := range k.parents {
		if c.below(p, ancestor, depth+1) {
			return true
		}
	}
	return false
}

// ValueSet returns a set by its canonical URL, nil if it is not known.
func (d *Definitions) ValueSet(url string) *ValueSet {
	url, _, _ = strings.Cut(url, "|")
	d.mu.RLock()
	v, ok := d.sets[url]
	d.mu.RUnlock()
	if ok {
		return v
	}
	l := d.file(fileValueSets)[url]
	if l == nil {
		return nil
	}
	n := l.read()
	v = &ValueSet{URL: url}
	for i := range n.All("compose", "include") {
		v.include = append(v.include, i)
	}
	for x := range n.All("compose", "exclude") {
		v.exclude = append(v.exclude, x)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sets == nil {
		d.sets = map[string]*ValueSet{}
	}
	d.sets[url] = v
	return v
}

// MemberOf says whether a code is in a set, by the set's definition. An empty system stands for any: a code alone, as
// elements of type code have it.
func (d *Definitions) MemberOf(set, system, code string) Membership {
	return d.memberOf(set, system, code, 0)
}

func (d *Definitions) memberOf(set, system, code string, depth int) Membership {
	v := d.ValueSet(set)
	if v == nil || len(v.include) == 0 || depth > 16 { // sets may name each other in a circle
		return Unknown
	}
	answer := NotMember
	for _, i := range v.include {
		switch d.included(i, system, code, depth) {
		case Member:
			return d.excluded(v, system, code, depth)
		case Unknown:
			answer = Unknown
		}
	}
	return answer
}

func (d *Definitions) excluded(v *ValueSet, system, code string, depth int) Membership {
	answer := Member
	for _, x := range v.exclude {
		switch d.included(x, system, code, depth) {
		case Member:
			return NotMember
		case Unknown:
			answer = Unknown
		}
	}
	return answer
}

// included answers for one include or exclude of a set: system, codes or filters, and sets, all of which must hold.
func (d *Definitions) included(n *Node, system, code string, depth int) Membership {
	answer := Member
	also := func(m Membership) {
		if m == NotMember || m == Unknown && answer == Member {
			answer = m
		}
	}
	for s := range n.All("valueSet") {
		also(d.memberOf(s.Text, system, code, depth+1))
	}
	own := n.Find("system").String()
	if own == "" {
		return answer
	}
	if system != "" && system != own {
		return NotMember
	}
	codes := d.CodeSystem(own)
	switch {
	case n.Member("concept") != nil:
		listed := NotMember
		for c := range n.All("concept", "code") {
			if c.Text == code || codes != nil && !codes.CaseSensitive && strings.EqualFold(c.Text, code) {
				listed = Member
				break
			}
		}
		also(listed)
	case n.Member("filter") != nil:
		has := codes.Has(code)
		also(has)
		for f := range n.All("filter") {
			if has == Member {
				also(codes.filter(f, code))
			}
		}
	default:
		also(codes.Has(code))
	}
	return answer
}

// filter answers for one filter of an include, for a code that the system has.
func (c *CodeSystem) filter(f *Node, code string) Membership {
	value := f.Find("value").String()
	holds := false
	switch op := f.Find("op").String(); {
	case op == "is-a":
		holds = c.below(code, value, 0)
	case op == "descendent-of":
		holds = c.key(code) != c.key(value) && c.below(code, value, 0)
	case op == "is-not-a":
		holds = !c.below(code, value, 0)
	default:
		return Unknown
	}
	if holds {
		return Member
	}
	return NotMember
}
