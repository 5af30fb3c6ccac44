package validate

import (
	"fmt"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

// slices sorts the items of sliced elements into their slices, and checks each against its slice (R4, section 5.1.0.14).
func (w walker) slices(e *fhir.ElementDefinition, members []member, typ string, at place) {
	for _, def := range e.Children {
		if len(def.Slices) > 0 && def.Slicing != nil {
			w.sliced(def, members, typ, at)
		}
	}
}

func (w walker) sliced(def *fhir.ElementDefinition, members []member, typ string, at place) {
	counts := map[*fhir.ElementDefinition]int{}
	for _, m := range members { // a choice has a member for each type
		if m.def != def {
			continue
		}
		for i, value := range itemsOf(m.value) {
			if value.Kind == fhir.Null {
				continue
			}
			step := "." + def.Name
			if def.List {
				step += fmt.Sprintf("[%d]", i)
			}
			here := at.of(value, step)
			slice, known := w.sliceOf(def, m.typ, value, here)
			switch {
			case !known:
				w.once(CodeNotChecked, Information, here, "the slices of %s are not checked: what tells them apart cannot be looked at here", def.Path)
				return
			case slice != nil:
				counts[slice]++
				w.value(member{name: m.name, def: slice, typ: m.typ, value: value}, value, nil, here)
			case def.Slicing.Rules == "closed":
				w.report(CodeProfile, Error, here, "the profile permits only its slices in %s, and this belongs to none", def.Path)
			}
		}
	}
	for _, slice := range def.Slices {
		count := counts[slice]
		if count < slice.Min {
			w.report(CodeProfile, Error, at, "the slice %s of %s.%s is missing: at least %d needed, %d there", slice.SliceName, typ, def.Name, slice.Min, count)
		}
		if slice.Max != fhir.Unlimited && count > slice.Max {
			w.report(CodeProfile, Error, at, "the slice %s of %s.%s is there %d times: at most %d permitted", slice.SliceName, typ, def.Name, count, slice.Max)
		}
	}
}

func itemsOf(n *fhir.Node) []*fhir.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == fhir.Array:
		return n.Children
	}
	return []*fhir.Node{n}
}

// sliceOf finds the slice of an item; known is false where a discriminator cannot be evaluated.
func (w walker) sliceOf(def *fhir.ElementDefinition, typ string, value *fhir.Node, at place) (slice *fhir.ElementDefinition, known bool) {
	for _, s := range def.Slices {
		matches := true
		for _, d := range def.Slicing.Discriminators {
			ok, known := w.discriminated(def, s, d, typ, value)
			if !known {
				return nil, false
			}
			matches = matches && ok
		}
		if matches && len(def.Slicing.Discriminators) > 0 {
			return s, true
		}
	}
	return nil, true
}

// discriminated says whether an item has what a slice prescribes at the path of a discriminator.
func (w walker) discriminated(whole, slice *fhir.ElementDefinition, d fhir.Discriminator, typ string, value *fhir.Node) (matches, known bool) {
	target := slice
	path := strings.TrimPrefix(strings.TrimPrefix(d.Path, "$this"), ".")
	if strings.Contains(path, "(") { // extension(url), resolve(), ofType()
		return false, false
	}
	if path != "" {
		for name := range strings.SplitSeq(path, ".") {
			next := target.ChildOfPath(name)
			if next == nil {
				if name == "url" && target == slice && typ == "Extension" {
					return w.extensionSlice(slice, value)
				}
				return false, false
			}
			target = next
		}
	}
	x := compile(d.Path)
	if x == nil {
		return false, false
	}
	content := whole // of an element whose type says nothing of it, as a BackboneElement
	if len(whole.Children) == 0 && whole.Reference == nil {
		content = nil
	}
	found, err := x.Evaluate(w.ctx, fhirpath.Element(w.d, value, nil, typ, content, w.within), &fhirpath.Options{Definitions: w.d})
	if err != nil {
		return false, false
	}
	switch d.Type {
	case "exists":
		return (len(found) > 0) == (target.Max != 0), true
	case "type":
		for _, i := range found {
			for _, t := range target.Types {
				if w.d.IsA(i.Type().Name, t.Code) {
					return true, true
				}
			}
		}
		return false, true
	case "value", "pattern":
		return w.hasPrescribed(target, found)
	}
	return false, false
}

// extensionSlice tells extensions by the profile that the slice names.
func (w walker) extensionSlice(slice *fhir.ElementDefinition, value *fhir.Node) (matches, known bool) {
	for _, t := range slice.Types {
		for _, p := range t.Profiles {
			url, _, _ := strings.Cut(p, "|")
			return value.Find("url").String() == url, true
		}
	}
	return false, false
}

func (w walker) hasPrescribed(target *fhir.ElementDefinition, found fhirpath.Collection) (matches, known bool) {
	switch {
	case target.Fixed != nil:
		for _, i := range found {
			if i.Node() != nil && sameValue(target.Fixed, i.Node()) {
				return true, true
			}
		}
		return false, true
	case target.Pattern != nil:
		for _, i := range found {
			if i.Node() != nil && fits(target.Pattern, i.Node()) {
				return true, true
			}
		}
		return false, true
	case target.Binding.Strength == "required":
		return w.hasBound(target, found)
	case len(target.Children) > 0: // what is prescribed lies below, as code and system of a Coding
		return w.hasBelow(target, found)
	}
	return false, false
}

func (w walker) hasBound(target *fhir.ElementDefinition, found fhirpath.Collection) (matches, known bool) {
	known = true
	for _, i := range found {
		n := i.Node()
		codings := []*fhir.Node{n}
		if n.Member("coding") != nil {
			codings = itemsOf(n.Member("coding"))
		}
		for _, c := range codings {
			system, code := c.Find("system").String(), c.Find("code").String()
			if c.IsPrimitive() {
				system, code = "", c.Text
			}
			switch w.d.MemberOf(target.Binding.ValueSet, system, code) {
			case fhir.Member:
				return true, true
			case fhir.Unknown:
				known = false
			}
		}
	}
	return false, known
}

func (w walker) hasBelow(target *fhir.ElementDefinition, found fhirpath.Collection) (matches, known bool) {
	for _, i := range found {
		all, some := true, false
		for _, c := range target.Children {
			want := c.Fixed
			if want == nil {
				want = c.Pattern
			}
			if want == nil {
				continue
			}
			some = true
			all = all && fits(want, i.Node().Find(c.Name))
		}
		if !some {
			return false, false
		}
		if all {
			return true, true
		}
	}
	return false, true
}
