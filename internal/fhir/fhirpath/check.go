package fhirpath

import (
	"errors"

	"trestle/internal/fhir"
)

// Check looks for paths that the definitions do not have, and functions that need an order where there is none. It needs
// the input for its type only. The error is an [*Error] with Semantic set; nil also where nothing can be said.
func (x *Expression) Check(input Collection, d *fhir.Definitions) error {
	return x.check(&evaluation{Options: Options{Strict: true, CheckOrdered: true}, d: d}, input)
}

// Mistakes gathers what [Expression.Check] says of resources of several types. An expression that is right for one of them, or
// has an answer, is no mistake: it is not meant of the others.
type Mistakes struct {
	x     *Expression
	d     *fhir.Definitions
	types map[string]bool
	right bool
	first *Error
}

// Mistakes begins with no resource.
func (x *Expression) Mistakes(d *fhir.Definitions) *Mistakes {
	return &Mistakes{x: x, d: d, types: map[string]bool{}}
}

// Look takes up what a resource was asked and how many answers it gave. A type is looked at once.
func (m *Mistakes) Look(input Collection, answers int) {
	if answers > 0 {
		m.right = true
	}
	if m.right || len(input) == 0 || m.types[input[0].typ.Name] {
		return
	}
	m.types[input[0].typ.Name] = true
	var e *Error
	switch {
	case !errors.As(m.x.Check(input, m.d), &e):
		m.right = true
	case m.first == nil || e.Off > m.first.Off:
		m.first = e
	}
}

// Found is the mistake for the type that the expression goes furthest for; nil if there is none.
func (m *Mistakes) Found() *Error {
	if m.right {
		return nil
	}
	return m.first
}

// check looks for mistakes that the definitions show without data: unknown paths in strict mode, and functions that need
// an order on collections that have none.
func (x *Expression) check(ev *evaluation, input Collection) error {
	k := checker{ev: ev}
	start := shape{known: len(input) > 0}
	for _, i := range input {
		if i.typ.Namespace != "FHIR" || i.def == nil {
			start.known = false
		}
		start.types = append(start.types, typed{i.typ.Name, i.def})
	}
	_, err := k.visit(x.root, start)
	return err
}

// shape is what can be said of a collection without data.
type shape struct {
	known     bool // types are all that it can hold
	types     []typed
	unordered bool
}

type typed struct {
	name string
	def  *fhir.ElementDefinition
}

type checker struct{ ev *evaluation }

// ordering are the functions whose result depends on the order of their input.
var ordering = map[string]bool{"first": true, "last": true, "tail": true, "skip": true, "take": true}

// keeping are the functions that return some of their input, and filtering is by their arguments.
var keeping = map[string]bool{
	"where": true, "first": true, "last": true, "tail": true, "skip": true, "take": true, "single": true, "distinct": true, "trace": true, "exclude": true, "sort": true,
}

func (k checker) visit(x *expr, this shape) (shape, error) {
	on := this
	var err error
	if x.on != nil {
		if on, err = k.visit(x.on, this); err != nil {
			return shape{}, err
		}
	}
	switch x.op {
	case opThis:
		return this, nil
	case opMember:
		return k.member(x, on, x.on == nil)
	case opIs, opAs:
		return k.narrowed(x, on)
	case opCall:
		return k.call(x, on, this)
	case opIndex:
		if on.unordered && k.ev.CheckOrdered {
			return shape{}, &Error{Off: x.off, What: "an index needs an order, which this collection does not have", Semantic: true}
		}
		if _, err := k.visit(x.args[0], this); err != nil {
			return shape{}, err
		}
		return on, nil
	}
	unordered := false
	for _, a := range x.args {
		s, err := k.visit(a, this)
		if err != nil {
			return shape{}, err
		}
		unordered = unordered || s.unordered
	}
	return shape{unordered: unordered && x.text == "|"}, nil
}

func (k checker) member(x *expr, on shape, root bool) (shape, error) {
	out := shape{known: on.known, unordered: on.unordered}
	found := false
	for _, t := range on.types {
		if root && k.ev.d.IsA(t.name, x.text) {
			out.types = append(out.types, t)
			found = true
			continue
		}
		def := t.def.ChildOfPath(x.text)
		if def == nil {
			continue
		}
		found = true
		if len(def.Types) == 0 || def.Reference != nil {
			out.types = append(out.types, typed{"", def})
		}
		for _, ref := range def.Types {
			content := def
			if len(def.Children) == 0 && def.Reference == nil {
				content = rootOf(k.ev.d, ref.Code)
			}
			if content == nil || ref.Code == "Resource" {
				out.known = false
			}
			out.types = append(out.types, typed{ref.Code, content})
		}
	}
	if on.known && !found && k.ev.Strict {
		return out, &Error{Off: x.off, What: "the definitions have no element " + quoted(x.text) + " here", Semantic: true}
	}
	if !found {
		out.known = false
	}
	return out, nil
}

func (k checker) narrowed(x *expr, on shape) (shape, error) {
	if _, ok := k.ev.isOf(&Item{}, x.typ); !ok {
		return shape{}, unknownType(x)
	}
	if x.op == opIs || x.text == "is" {
		return shape{}, nil
	}
	out := shape{known: on.known, unordered: on.unordered}
	for _, t := range on.types {
		if k.ev.d.IsA(t.name, x.typ.Name) {
			out.types = append(out.types, t)
		}
	}
	if on.known && len(out.types) == 0 && k.ev.Strict {
		return out, &Error{Off: x.off, What: "nothing here can be a " + quoted(x.typ.Name), Semantic: true}
	}
	if s := k.ev.d.Type(x.typ.Name); !on.known && len(out.types) == 0 && x.typ.Namespace != "System" && s != nil && s.Root != nil && !s.Abstract {
		// Whatever it was asked of, it is of this type now: a Bundle's resource is an Observation.
		out.types, out.known = []typed{{x.typ.Name, s.Root}}, true
	}
	return out, nil
}

func (k checker) call(x *expr, on, this shape) (shape, error) {
	if on.unordered && k.ev.CheckOrdered && ordering[x.text] {
		return shape{}, &Error{Off: x.off, What: x.text + "() needs an order, which this collection does not have", Semantic: true}
	}
	switch x.text {
	case "is", "as", "ofType":
		return k.narrowed(x, on)
	case "children", "descendants":
		return shape{unordered: true}, nil
	case "iif", "defineVariable", "aggregate", "repeat", "repeatAll":
		return shape{}, nil // what they see is not followed
	}
	focus := this
	switch x.text {
	case "where", "all", "exists", "select", "sort", "trace":
		focus = on
	}
	var last shape
	for _, a := range x.args {
		s, err := k.visit(a, focus)
		if err != nil {
			return shape{}, err
		}
		last = s
	}
	switch {
	case x.text == "sort":
		on.unordered = false
		return on, nil
	case keeping[x.text]:
		return on, nil
	case x.text == "select":
		return last, nil
	}
	return shape{}, nil
}
