package fhirpath

import (
	"math/big"
	"strings"
	"unicode"

	"trestle/internal/fhir"
)

// equalCollections is the operator = (FHIRPath 2.0, section 6.1.1).
func (ev *evaluation) equalCollections(a, b Collection) (logical, error) {
	if len(a) == 0 || len(b) == 0 {
		return unknown, nil
	}
	if len(a) != len(b) {
		return no, nil
	}
	result := yes
	for i := range a {
		l, err := ev.equal(&a[i], &b[i], 0)
		if err != nil || l == no {
			return no, err
		}
		if l == unknown {
			result = unknown
		}
	}
	return result, nil
}

func (ev *evaluation) equal(a, b *Item, depth int) (logical, error) {
	if err := ev.step(1); err != nil {
		return unknown, err
	}
	if a.node != nil && a.node == b.node && a.more == b.more {
		return yes, nil
	}
	if a.hasObject() && b.hasObject() {
		return ev.equalObjects(a, b, depth)
	}
	x, y := promote(a.system(), b.system())
	if x.kind == kindNone || y.kind == kindNone {
		if a.IsElement() && b.IsElement() && x.kind == y.kind { // both with extensions only
			return logicalOf(a.more.Same(b.more)), nil
		}
		return no, nil
	}
	if x.kind != y.kind {
		return no, nil
	}
	switch x.kind {
	case kindBoolean:
		return logicalOf(x.b == y.b), nil
	case kindInteger:
		return logicalOf(x.i == y.i), nil
	case kindDecimal:
		return logicalOf(x.d.Cmp(y.d) == 0), nil
	case kindQuantity:
		order, known := x.quantity().compare(y.quantity())
		if !known {
			return unknown, nil
		}
		return logicalOf(order == 0), nil
	case kindDate, kindDateTime, kindTime:
		order, known := x.t.compare(*y.t)
		if !known {
			return unknown, nil
		}
		return logicalOf(order == 0), nil
	}
	return logicalOf(x.s == y.s), nil
}

// equalObjects compares all children, in their order for each name.
func (ev *evaluation) equalObjects(a, b *Item, depth int) (logical, error) {
	if depth > maxCalls {
		return no, nil
	}
	if isQuantity(a.typ.Name) && isQuantity(b.typ.Name) {
		if x, y := a.system(), b.system(); x.kind == kindQuantity && y.kind == kindQuantity {
			if order, known := x.quantity().compare(y.quantity()); known {
				return logicalOf(order == 0), nil
			}
		}
	}
	x, y := ev.children(nil, a), ev.children(nil, b)
	if len(x) != len(y) || a.node.ResourceType() != b.node.ResourceType() {
		return no, nil
	}
	result := yes
	used := make([]bool, len(y))
	for i := range x {
		found := -1
		for j := range y {
			if !used[j] && y[j].name == x[i].name {
				found = j
				break
			}
		}
		if found < 0 {
			return no, nil
		}
		used[found] = true
		l, err := ev.equal(&x[i], &y[found], depth+1)
		if err != nil || l == no {
			return no, err
		}
		if l == unknown {
			result = unknown
		}
	}
	return result, nil
}

// equivalentCollections is the operator ~ (section 6.1.2): order does not matter, nor case and blanks of text, nor digits
// beyond the less precise number.
func (ev *evaluation) equivalentCollections(a, b Collection) (bool, error) {
	if len(a) != len(b) {
		return false, nil
	}
	used := make([]bool, len(b))
next:
	for i := range a {
		for j := range b {
			if used[j] {
				continue
			}
			same, err := ev.equivalent(&a[i], &b[j], 0)
			if err != nil {
				return false, err
			}
			if same {
				used[j] = true
				continue next
			}
		}
		return false, nil
	}
	return true, nil
}

func (ev *evaluation) equivalent(a, b *Item, depth int) (bool, error) {
	if err := ev.step(1); err != nil {
		return false, err
	}
	x, y := promote(a.system(), b.system())
	if x.kind == kindNone && y.kind == kindNone && a.IsElement() && b.IsElement() && depth < maxCalls {
		return ev.equivalentObjects(a, b, depth)
	}
	if x.kind != y.kind {
		return false, nil
	}
	switch x.kind {
	case kindBoolean:
		return x.b == y.b, nil
	case kindInteger:
		return x.i == y.i, nil
	case kindDecimal:
		return equivalentDecimals(x.d, y.d), nil
	case kindQuantity:
		return x.quantity().equivalent(y.quantity()), nil
	case kindDate, kindDateTime, kindTime:
		order, known := x.t.compare(*y.t)
		return known && order == 0, nil
	}
	return normalised(x.s) == normalised(y.s), nil
}

func (ev *evaluation) equivalentObjects(a, b *Item, depth int) (bool, error) {
	x, y := ev.children(nil, a), ev.children(nil, b)
	ids := func(c Collection) Collection { // ids of elements say nothing of their meaning
		kept := c[:0]
		for _, i := range c {
			if i.name != "id" || a.typ.Name == b.typ.Name && ev.d.IsResource(a.typ.Name) {
				kept = append(kept, i)
			}
		}
		return kept
	}
	x, y = ids(x), ids(y)
	if len(x) != len(y) {
		return false, nil
	}
	used := make([]bool, len(y))
next:
	for i := range x {
		for j := range y {
			if used[j] || x[i].name != y[j].name {
				continue
			}
			same, err := ev.equivalent(&x[i], &y[j], depth+1)
			if err != nil {
				return false, err
			}
			if same {
				used[j] = true
				continue next
			}
		}
		return false, nil
	}
	return true, nil
}

func equivalentDecimals(a, b Decimal) bool {
	scale := min(a.significantScale(), b.significantScale())
	return a.round(scale).Cmp(b.round(scale)) == 0
}

// normalised folds case and makes every run of blanks one.
func normalised(s string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " "))
}

// key is the same for values that are equal, for those kinds where that can be told without comparing.
func (i *Item) key() (string, bool) {
	if i.node != nil && i.node.Kind == fhir.Object {
		return "", false
	}
	v := i.system()
	switch v.kind {
	case kindBoolean, kindString:
		s, _ := v.text()
		return v.kind.String() + s, true
	case kindInteger:
		return "n" + big.NewInt(v.i).String(), true
	case kindDecimal:
		return "n" + v.d.reduced().String(), true
	}
	return "", false
}

// distinct drops items that are equal to an earlier one.
func (ev *evaluation) distinct(c Collection) (Collection, error) {
	out := make(Collection, 0, len(c))
	var seen map[string]bool
	if len(c) > 8 {
		seen = make(map[string]bool, len(c))
	}
	others := Collection{} // those without a key
	for i := range c {
		if key, ok := c[i].key(); ok && seen != nil {
			if !seen[key] {
				seen[key] = true
				out = append(out, c[i])
			}
			continue
		}
		among := out
		if seen != nil {
			among = others
		}
		there, err := ev.has(among, &c[i])
		if err != nil {
			return nil, err
		}
		if there {
			continue
		}
		out = append(out, c[i])
		if seen != nil {
			others = append(others, c[i])
		}
	}
	return out, nil
}

func (ev *evaluation) has(c Collection, i *Item) (bool, error) {
	for k := range c {
		l, err := ev.equal(&c[k], i, 0)
		if err != nil {
			return false, err
		}
		if l == yes {
			return true, nil
		}
	}
	return false, nil
}
