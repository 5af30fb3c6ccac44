package fhirpath

import (
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

// kind is the System type of a value.
type kind uint8

const (
	kindNone kind = iota // an object, or a primitive without a value
	kindBoolean
	kindInteger
	kindDecimal
	kindString
	kindDate
	kindDateTime
	kindTime
	kindQuantity
	kindType // what type() returns
)

var kindNames = [...]string{"object", "Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity", "TypeInfo"}

func (k kind) String() string { return kindNames[k] }

// Type is the name of a type in its namespace: System for the values of FHIRPath itself, FHIR for elements.
type Type struct{ Namespace, Name string }

// String writes FHIR.Patient, System.Integer.
func (t Type) String() string { return t.Namespace + "." + t.Name }

// Item is one member of a collection: an element of a tree, or a value that was computed.
type Item struct {
	typ  Type
	node *fhir.Node              // of an element: its value; nil if it has only an id or extensions
	more *fhir.Node              // the _name member of a primitive
	def  *fhir.ElementDefinition // of what the element holds, nil if it is not known
	home *resource               // that it lies in
	val  *value                  // computed; nil for elements, which are read when needed
	name string                  // the name of the member, for Path
}

// value is a value of a System type.
type value struct {
	kind kind
	b    bool
	i    int64
	s    string
	d    Decimal
	t    *Temporal
	unit string // of a quantity, whose number is d
	cal  bool   // a calendar duration
}

// resource is where an element lies, for references and %resource.
type resource struct {
	node   *fhir.Node
	parent *resource // the Bundle or the resource that contains it
	url    string    // fullUrl of its entry
}

// Collection is an ordered list of items.
type Collection []Item

func system(k kind, v value) Item {
	v.kind = k
	return Item{typ: Type{"System", kindNames[k]}, val: &v}
}

func boolean(b bool) Item      { return system(kindBoolean, value{b: b}) }
func integer(i int64) Item     { return system(kindInteger, value{i: i}) }
func text(s string) Item       { return system(kindString, value{s: s}) }
func decimal(d Decimal) Item   { return system(kindDecimal, value{d: d}) }
func temporal(t Temporal) Item { return system(t.kind, value{t: &t}) }
func quantity(q Quantity) Item {
	return system(kindQuantity, value{d: q.value, unit: q.unit, cal: q.calendar})
}
func one(i Item) Collection        { return Collection{i} }
func truth(b bool) Collection      { return truths[b] }
func count(n int) Collection       { return one(integer(int64(n))) }
func (v value) quantity() Quantity { return Quantity{v.d, v.unit, v.cal} }

// truths are shared: nobody changes a collection in place.
var truths = map[bool]Collection{false: one(boolean(false)), true: one(boolean(true))}

// Resource makes the collection that an expression on a resource begins with.
func Resource(d *fhir.Definitions, n *fhir.Node) Collection {
	if n == nil {
		return nil
	}
	return one(resourceItem(d, n, nil, ""))
}

// Element makes a collection of an element of a resource: its value n, its _name member if it is a primitive that has one,
// its type, and the definition of its content if that is not the type's own. in is the resource that it lies in, as
// [Resource] or [Within] made it; nil if there is none.
func Element(d *fhir.Definitions, n, more *fhir.Node, typ string, content *fhir.ElementDefinition, in Collection) Collection {
	i := Item{typ: Type{"FHIR", typ}, node: n, more: more, def: content}
	if content == nil {
		i.def = rootOf(d, typ)
	}
	if len(in) > 0 {
		i.home = in[0].home
	}
	return one(i)
}

// Within makes the collection of a resource that lies in another: contained, or in an entry of a Bundle with its fullUrl.
func Within(d *fhir.Definitions, n *fhir.Node, in Collection, fullURL string) Collection {
	var parent *resource
	if len(in) > 0 {
		parent = in[0].home
	}
	return one(resourceItem(d, n, parent, fullURL))
}

func resourceItem(d *fhir.Definitions, n *fhir.Node, parent *resource, url string) Item {
	name := n.ResourceType()
	return Item{typ: Type{"FHIR", name}, node: n, def: rootOf(d, name), home: &resource{node: n, parent: parent, url: url}}
}

func rootOf(d *fhir.Definitions, name string) *fhir.ElementDefinition {
	if s := d.Type(name); s != nil {
		return s.Root
	}
	return nil
}

// Type returns the item's type.
func (i Item) Type() Type { return i.typ }

// Node returns the node of an element that has a value or content, nil for computed values.
func (i Item) Node() *fhir.Node { return i.node }

// More returns the node with the id and the extensions of a primitive, nil if it has none.
func (i Item) More() *fhir.Node { return i.more }

// IsElement says whether the item is part of a tree, not a computed value.
func (i Item) IsElement() bool { return i.typ.Namespace == "FHIR" }

// String returns the value of a primitive or computed item as text: what toString() returns; "" for objects.
func (i Item) String() string {
	s, _ := i.system().text()
	return s
}

// Bool returns the value of a Boolean item.
func (i Item) Bool() (b, ok bool) {
	v := i.system()
	return v.b, v.kind == kindBoolean
}

func (v value) text() (string, bool) {
	switch v.kind {
	case kindBoolean:
		return strconv.FormatBool(v.b), true
	case kindInteger:
		return strconv.FormatInt(v.i, 10), true
	case kindDecimal:
		return v.d.String(), true
	case kindString:
		return v.s, true
	case kindDate, kindDateTime, kindTime:
		return v.t.String(), true
	case kindQuantity:
		return v.quantity().String(), true
	case kindType:
		return v.s, true
	}
	return "", false
}

// kindOf gives the System type of a primitive type of FHIR (R4, "Using FHIRPath with FHIR").
func kindOf(name string) kind {
	switch name {
	case "boolean":
		return kindBoolean
	case "integer", "positiveInt", "unsignedInt", "integer64":
		return kindInteger
	case "decimal":
		return kindDecimal
	case "date":
		return kindDate
	case "dateTime", "instant":
		return kindDateTime
	case "time":
		return kindTime
	case "string", "uri", "url", "canonical", "code", "id", "oid", "uuid", "markdown", "base64Binary", "xhtml":
		return kindString
	}
	return kindNone
}

// system returns the item as a value of a System type; kindNone for objects and primitives without a value. A value that
// does not follow its type's form is a String.
func (i Item) system() value {
	if i.val != nil {
		return *i.val
	}
	n := i.node
	switch {
	case n == nil || n.Kind == fhir.Null || n.Kind == fhir.Array:
		return value{}
	case n.Kind == fhir.Object:
		if isQuantity(i.typ.Name) {
			return quantityOf(n)
		}
		return value{}
	}
	asText := value{kind: kindString, s: n.Text}
	k := kindOf(i.typ.Name)
	if k == kindNone { // the type is not known: JSON tells
		switch n.Kind {
		case fhir.Bool:
			k = kindBoolean
		case fhir.Number:
			k = kindDecimal
		}
	}
	switch k {
	case kindBoolean:
		if n.Text == "true" || n.Text == "false" {
			return value{kind: k, b: n.Text == "true"}
		}
	case kindInteger:
		if v, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return value{kind: k, i: v}
		}
		if d, ok := ParseDecimal(n.Text); ok {
			return value{kind: kindDecimal, d: d}
		}
	case kindDecimal:
		if d, ok := ParseDecimal(n.Text); ok {
			return value{kind: k, d: d}
		}
	case kindDate, kindDateTime, kindTime:
		if t, ok := parseTemporal(n.Text, k); ok {
			return value{kind: k, t: &t}
		}
	}
	return asText
}

// hasValue says whether the item is a primitive with a value.
func (i Item) hasValue() bool {
	if i.val != nil {
		return true
	}
	return i.node.IsPrimitive()
}

func isQuantity(name string) bool {
	switch name {
	case "Quantity", "Age", "Count", "Distance", "Duration", "Money", "SimpleQuantity", "MoneyQuantity":
		return true
	}
	return false
}

// quantityOf reads a Quantity. A unit of UCUM is known by its code; without one, the unit's text is compared as it is. A
// quantity with a comparator is no value: it stands for many.
func quantityOf(n *fhir.Node) value {
	d, ok := ParseDecimal(n.Find("value").String())
	if !ok || n.Find("comparator").String() != "" {
		return value{}
	}
	v := value{kind: kindQuantity, d: d, unit: "1"}
	code := n.Find("code").String()
	switch {
	case n.Find("system").String() == ucumSystem && code != "":
		v.unit = code
		if word, ok := calendarOfCode[code]; ok {
			v.unit, v.cal = word, true
		}
	case code != "":
		v.unit = code
	case n.Find("unit").String() != "":
		v.unit = n.Find("unit").String()
	case n.Find("currency").String() != "":
		v.unit = n.Find("currency").String()
	}
	return v
}

// calendarOfCode: codes of UCUM in a FHIR Quantity are calendar durations (FHIR R4, "Using FHIRPath with FHIR").
var calendarOfCode = map[string]string{
	"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}

// each calls visit for every element of the items of n and _n, which may be arrays or single.
func pairs(n, more *fhir.Node, visit func(n, more *fhir.Node)) {
	if n != nil && n.Kind != fhir.Array {
		visit(n, more.Item(0))
		return
	}
	length := 0
	if n != nil {
		length = len(n.Children)
	}
	if more != nil && more.Kind == fhir.Array {
		length = max(length, len(more.Children))
	} else if more != nil {
		length = max(length, 1)
	}
	for i := range length {
		a, b := n.Item(i), more.Item(i)
		if b != nil && b.Kind == fhir.Null {
			b = nil
		}
		if a != nil && a.Kind == fhir.Null {
			a = nil
		}
		if a == nil && b == nil {
			continue
		}
		visit(a, b)
	}
}

// member makes the items of a member of an object, by the definition of the element and its type.
func (ev *evaluation) member(out Collection, parent *Item, n, more *fhir.Node, def *fhir.ElementDefinition, typ, name string) Collection {
	content := def
	if def != nil && len(def.Children) == 0 && def.Reference == nil {
		content = rootOf(ev.d, typ)
	}
	if typ == "" && def != nil && def.Reference != nil && len(def.Reference.Types) > 0 {
		typ = def.Reference.Types[0].Code
	}
	pairs(n, more, func(n, more *fhir.Node) {
		if n != nil && n.Kind == fhir.Null && more == nil || n == nil && more == nil {
			return
		}
		if n != nil && n.Kind == fhir.Object && (typ == "Resource" || typ == "" || ev.d.IsResource(typ)) && n.ResourceType() != "" {
			url := ""
			if parent != nil && name == "resource" {
				url = parent.node.Find("fullUrl").String()
			}
			var home *resource
			if parent != nil {
				home = parent.home
			}
			r := resourceItem(ev.d, n, home, url)
			r.name = name
			out = append(out, r)
			return
		}
		i := Item{typ: Type{"FHIR", typ}, node: n, more: more, def: content, name: name}
		if parent != nil {
			i.home = parent.home
		}
		if typ == "" && n != nil {
			i.typ.Name = guessType(n)
		}
		out = append(out, i)
	})
	return out
}

// guessType names the type of a value that no definition knows.
func guessType(n *fhir.Node) string {
	switch n.Kind {
	case fhir.Bool:
		return "boolean"
	case fhir.Number:
		return "decimal"
	case fhir.String:
		return "string"
	}
	return "Element"
}

// child appends the items of the element of that name.
func (ev *evaluation) child(out Collection, i *Item, name string) Collection {
	if i.typ.Namespace != "FHIR" {
		if i.val != nil && i.val.kind == kindType {
			space, local, _ := strings.Cut(i.val.s, ".")
			switch name {
			case "namespace":
				out = append(out, text(space))
			case "name":
				out = append(out, text(local))
			}
		}
		return out
	}
	if i.node == nil || i.node.Kind != fhir.Object {
		if i.more == nil || i.more.Kind != fhir.Object {
			return out
		}
		return ev.objectChild(out, i, i.more, name)
	}
	return ev.objectChild(out, i, i.node, name)
}

func (ev *evaluation) objectChild(out Collection, i *Item, n *fhir.Node, name string) Collection {
	if i.def == nil {
		return ev.member(out, i, n.Member(name), n.Member("_"+name), nil, "", name)
	}
	def := i.def.ChildOfPath(name)
	if def == nil {
		return out
	}
	if !def.Choice {
		typ := ""
		if len(def.Types) > 0 {
			typ = def.Types[0].Code
		}
		return ev.member(out, i, n.Member(name), n.Member("_"+name), def, typ, name)
	}
	for _, m := range n.Children {
		own, base := m, strings.TrimPrefix(m.Name, "_")
		if !strings.HasPrefix(base, name) {
			continue
		}
		found, typ := i.def.Child(base)
		if found != def {
			continue
		}
		more := n.Member("_" + base)
		if base != m.Name {
			if n.Member(base) != nil {
				continue // it was, or will be, seen with its value
			}
			own = nil
		}
		out = ev.member(out, i, own, more, def, typ, name)
	}
	return out
}

// children appends every child of an element, in the order of the text.
func (ev *evaluation) children(out Collection, i *Item) Collection {
	if i.typ.Namespace != "FHIR" {
		return out
	}
	n := i.node
	if n == nil || n.Kind != fhir.Object {
		n = i.more
	}
	if n == nil || n.Kind != fhir.Object {
		return out
	}
	for _, m := range n.Children {
		if m.Kind == fhir.Comment || m.Name == "resourceType" && i.home != nil && i.home.node == n {
			continue
		}
		base := strings.TrimPrefix(m.Name, "_")
		own, more := m, n.Member("_"+base)
		if base != m.Name {
			if n.Member(base) != nil {
				continue
			}
			own = nil
		}
		def, typ := i.def.Child(base)
		name := base
		if def != nil {
			name = def.Name
		}
		out = ev.member(out, i, own, more, def, typ, name)
	}
	return out
}

// HasValue says whether the item is a primitive or computed value, and not an object or a primitive with extensions only.
func (i Item) HasValue() bool { return i.hasValue() }
