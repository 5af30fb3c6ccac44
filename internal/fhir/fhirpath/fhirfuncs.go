package fhirpath

import (
	"strings"

	"trestle/internal/fhir"
)

// fhirFunctions are those that FHIR adds (R4, "Using FHIRPath with FHIR").
func fhirFunctions() map[string]*function {
	return map[string]*function{
		"extension":      {1, 1, false, extension},
		"hasExtension":   {1, 1, false, hasExtension},
		"hasValue":       {run: hasValue},
		"getValue":       {run: getValue},
		"resolve":        {run: resolve},
		"memberOf":       {1, 1, false, memberOf},
		"subsumes":       {1, 1, false, subsumes(false)},
		"subsumedBy":     {1, 1, false, subsumes(true)},
		"conformsTo":     {1, 1, false, conformsTo},
		"htmlChecks":     {run: htmlChecks},
		"checkModifiers": {0, 100, false, checkModifiers},
	}
}

func extension(c call) (Collection, error) {
	url, ok, err := c.textArg(0)
	if err != nil || !ok {
		return nil, err
	}
	var all, out Collection
	for i := range c.in {
		all = c.ev.child(all, &c.in[i], "extension")
	}
	for _, e := range all {
		if e.node.Find("url").String() == url {
			out = append(out, e)
		}
	}
	return out, c.ev.step(len(all))
}

// hasExtension is what search parameters of R4 call extension(url).exists().
func hasExtension(c call) (Collection, error) {
	found, err := extension(c)
	return truth(len(found) > 0), err
}

func hasValue(c call) (Collection, error) {
	return truth(len(c.in) == 1 && c.in[0].hasValue()), nil
}

func getValue(c call) (Collection, error) {
	if len(c.in) != 1 || !c.in[0].hasValue() {
		return nil, nil
	}
	v := c.in[0].system()
	return one(system(v.kind, v)), nil
}

// resolve follows references: to contained resources, within the bundle, and as far as the caller resolves others.
func resolve(c call) (Collection, error) {
	var out Collection
	for _, i := range c.in {
		reference := ""
		switch {
		case i.hasObject():
			reference = i.node.Find("reference").String()
		default:
			reference = i.String()
		}
		if reference == "" {
			continue
		}
		r, ok, err := c.resolve(i, reference)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (c call) resolve(i Item, reference string) (Item, bool, error) {
	ev := c.ev
	if id, ok := strings.CutPrefix(reference, "#"); ok {
		for h := i.home; h != nil; h = h.parent {
			if id == "" || h.node.Find("id").String() == id && h.parent != nil {
				container := h
				for id == "" && container.parent != nil && container.parent.node.ResourceType() != "Bundle" {
					container = container.parent
				}
				return resourceItem(ev.d, container.node, container.parent, container.url), true, nil
			}
			for n := range h.node.All("contained") {
				if n.Find("id").String() == id {
					return resourceItem(ev.d, n, h, ""), true, nil
				}
			}
		}
		return Item{}, false, nil
	}
	for h := i.home; h != nil; h = h.parent {
		if h.node.ResourceType() != "Bundle" {
			continue
		}
		base := ""
		if i.home.url != "" && !strings.HasPrefix(i.home.url, "urn:") {
			base = strings.TrimSuffix(i.home.url, i.home.node.ResourceType()+"/"+i.home.node.Find("id").String())
		}
		for e := range h.node.All("entry") {
			if err := ev.step(1); err != nil {
				return Item{}, false, err
			}
			n, url := e.Find("resource"), e.Find("fullUrl").String()
			if n == nil {
				continue
			}
			if url == reference || base != "" && url == base+reference || reference == n.ResourceType()+"/"+n.Find("id").String() {
				return resourceItem(ev.d, n, h, url), true, nil
			}
		}
	}
	if ev.Resolve != nil {
		if n := ev.Resolve(reference); n != nil {
			return resourceItem(ev.d, n, nil, ""), true, nil
		}
	}
	if ev.StubReferences {
		if name := referencedType(ev.d, reference, i.node); name != "" {
			return resourceItem(ev.d, fhir.NewObject(fhir.NewString(name).Named("resourceType")), nil, ""), true, nil
		}
	}
	return Item{}, false, nil
}

// referencedType reads the type from a reference like Patient/1, http://example.org/fhir/Patient/1/_history/2 or from its
// element type.
func referencedType(d *fhir.Definitions, reference string, n *fhir.Node) string {
	if t := n.Find("type").String(); t != "" && d.IsResource(t) {
		return t
	}
	parts := strings.Split(reference, "/")
	if len(parts) >= 4 && parts[len(parts)-2] == "_history" {
		parts = parts[:len(parts)-2]
	}
	if len(parts) >= 2 && d.IsResource(parts[len(parts)-2]) {
		return parts[len(parts)-2]
	}
	return ""
}

// codings returns the codes of a code, Coding or CodeableConcept.
func codings(i Item) [][2]string {
	if !i.hasObject() {
		if s := i.String(); s != "" {
			return [][2]string{{"", s}}
		}
		return nil
	}
	var list [][2]string
	if i.node.Member("coding") == nil {
		return [][2]string{{i.node.Find("system").String(), i.node.Find("code").String()}}
	}
	for c := range i.node.All("coding") {
		list = append(list, [2]string{c.Find("system").String(), c.Find("code").String()})
	}
	return list
}

// memberOf is empty where the set's codes are not published with the definitions.
func memberOf(c call) (Collection, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return nil, err
	}
	set, ok, err := c.textArg(0)
	if err != nil || !ok {
		return nil, err
	}
	known := true
	for _, coding := range codings(i) {
		switch c.ev.d.MemberOf(set, coding[0], coding[1]) {
		case fhir.Member:
			return truth(true), nil
		case fhir.Unknown:
			known = false
		}
	}
	if !known {
		return nil, nil
	}
	return truth(false), nil
}

func subsumes(by bool) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		i, ok, err := single(c.x, c.in)
		if err != nil || !ok {
			return nil, err
		}
		o, ok, err := c.item(0)
		if err != nil || !ok {
			return nil, err
		}
		for _, a := range codings(i) {
			for _, b := range codings(o) {
				if by {
					a, b = b, a
				}
				if a[0] != b[0] {
					continue
				}
				if a[1] == b[1] {
					return truth(true), nil
				}
				if s := c.ev.d.CodeSystem(a[0]); s.Has(a[1]) == fhir.Member && s.Has(b[1]) == fhir.Member {
					return truth(s.Subsumes(a[1], b[1])), nil
				}
			}
		}
		return nil, nil
	}
}

func conformsTo(c call) (Collection, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return nil, err
	}
	profile, ok, err := c.textArg(0)
	if err != nil || !ok {
		return nil, err
	}
	if c.ev.ConformsTo != nil && i.node != nil {
		if conforms, known := c.ev.ConformsTo(i.node, profile); known {
			return truth(conforms), nil
		}
	}
	s := c.ev.d.Structure(profile)
	switch {
	case s == nil:
		return nil, c.fail("the profile of conformsTo() is not known")
	case !c.ev.d.IsA(i.typ.Name, s.Type):
		return truth(false), nil
	case !s.Constraint:
		return truth(true), nil
	}
	return nil, c.fail("conformsTo() cannot check a profile here")
}

// forbidden are elements that a narrative must not have (R4, section 2.4.1).
var forbidden = map[string]bool{
	"head": true, "body": true, "script": true, "form": true, "base": true, "link": true, "xlink": true, "frame": true, "iframe": true, "object": true, "input": true, "style": true, "meta": true, "title": true,
}

// htmlChecks looks for what narratives must not have.
func htmlChecks(c call) (Collection, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return nil, err
	}
	root, err := fhir.ParseXHTML([]byte(i.String()))
	if err != nil || root.Name != "div" && !strings.HasSuffix(root.Name, ":div") {
		return truth(false), nil
	}
	fine := true
	root.Walk(func(_ string, n *fhir.Node) bool {
		switch n.Kind {
		case fhir.Element:
			fine = fine && !forbidden[n.Name]
		case fhir.Attribute:
			fine = fine && !strings.HasPrefix(n.Name, "on")
		}
		return fine
	})
	return truth(fine), c.ev.step(root.Len() / 64)
}

// checkModifiers refuses modifier extensions that the caller does not name.
func checkModifiers(c call) (Collection, error) {
	known := map[string]bool{}
	for k := range c.x.args {
		url, _, err := c.textArg(k)
		if err != nil {
			return nil, err
		}
		known[url] = true
	}
	var all Collection
	for i := range c.in {
		all = c.ev.child(all, &c.in[i], "modifierExtension")
	}
	for _, e := range all {
		if !known[e.node.Find("url").String()] {
			return nil, c.fail("there is a modifier extension that is not understood")
		}
	}
	return c.in, nil
}
