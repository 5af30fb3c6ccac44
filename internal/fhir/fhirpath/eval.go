package fhirpath

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"trestle/internal/fhir"
)

// Options of an evaluation; nil stands for none. Zero limits mean the defaults.
type Options struct {
	// Definitions say what elements are; default R4.
	Definitions *fhir.Definitions
	// Resource is %resource and RootResource %rootResource; default the resource that the input lies in, and the one that
	// contains it.
	Resource, RootResource Collection
	// Variables are further constants: %name.
	Variables map[string]Collection
	// Resolve finds a resource by a reference that points out of the input, nil if there is none.
	Resolve func(reference string) *fhir.Node
	// StubReferences makes resolve() answer a reference like Patient/1 that cannot be found with an empty resource of that
	// type, so that "resolve() is Patient" can be told from the reference alone, as search parameters need it.
	StubReferences bool
	// ConformsTo answers conformsTo() for profiles; known is false if the profile is not known. Without it, only the types
	// of FHIR are known.
	ConformsTo func(resource *fhir.Node, profile string) (conforms, known bool)
	// Trace is told what passes trace().
	Trace func(name string, items Collection)
	// Now is the time of now() and today(); default the computer's.
	Now time.Time
	// Strict makes paths that the definitions do not have an error.
	Strict bool
	// CheckOrdered makes functions that need an order an error on collections that have none.
	CheckOrdered bool
	// MaxSteps bounds the work, MaxItems the size of a collection; defaults 5 million and 500,000.
	MaxSteps, MaxItems int
}

const (
	defaultSteps = 5_000_000
	defaultItems = 500_000
	maxString    = 4 << 20 // bytes of a string that is computed
	maxCalls     = 1000    // of nesting
)

// Evaluate evaluates the expression on an input, see [Resource] and [Element]. The error is an [*Error], or the context's.
func (x *Expression) Evaluate(ctx context.Context, input Collection, o *Options) (Collection, error) {
	if o == nil {
		o = &Options{}
	}
	ev := &evaluation{ctx: ctx, Options: *o, d: o.Definitions}
	if ev.d == nil {
		ev.d = fhir.R4()
	}
	if ev.MaxSteps <= 0 {
		ev.MaxSteps = defaultSteps
	}
	if ev.MaxItems <= 0 {
		ev.MaxItems = defaultItems
	}
	ev.input = input
	if o.Strict || o.CheckOrdered {
		if err := x.check(ev, input); err != nil {
			return nil, err
		}
	}
	out, _, err := ev.eval(x.root, scope{this: input, index: -1})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Test evaluates an expression whose result is a condition: an invariant. Nothing is not true; a single item that is no
// Boolean is.
func (x *Expression) Test(ctx context.Context, input Collection, o *Options) (bool, error) {
	out, err := x.Evaluate(ctx, input, o)
	if err != nil || len(out) == 0 {
		return false, err
	}
	if len(out) > 1 {
		return false, &Error{What: "the condition gives more than one item"}
	}
	b, isBool := out[0].Bool()
	return b || !isBool, nil
}

type evaluation struct {
	Options
	ctx   context.Context
	d     *fhir.Definitions
	input Collection
	steps int
	depth int
}

// scope is what an expression sees around it.
type scope struct {
	this  Collection
	index int
	total Collection
	vars  *binding
}

// binding is a variable of defineVariable().
type binding struct {
	name  string
	value Collection
	next  *binding
}

func (b *binding) find(name string) (Collection, bool) {
	for ; b != nil; b = b.next {
		if b.name == name {
			return b.value, true
		}
	}
	return nil, false
}

var errSteps = errors.New("the expression takes too many steps")

func (ev *evaluation) step(n int) error {
	before := ev.steps
	ev.steps += n
	if ev.steps > ev.MaxSteps {
		return errSteps
	}
	if before>>10 != ev.steps>>10 || before == 0 {
		return ev.ctx.Err()
	}
	return nil
}

// fail makes an error of evaluation with the place in the expression.
func fail(x *expr, format string, args ...any) error {
	return &Error{Off: x.off, What: fmt.Sprintf(format, args...)}
}

// placed gives an error its place, if it has none.
func placed(x *expr, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Off: x.off, What: err.Error()}
}

// eval returns the result and the scope of what follows: the same but for variables that were defined.
func (ev *evaluation) eval(x *expr, s scope) (Collection, scope, error) {
	if ev.depth++; ev.depth > maxCalls*3 {
		return nil, s, fail(x, "the expression is nested too deep")
	}
	defer func() { ev.depth-- }()
	if err := ev.step(1); err != nil {
		return nil, s, placed(x, err)
	}
	out, after, err := ev.dispatch(x, s)
	if err == nil && len(out) > ev.MaxItems {
		err = fail(x, "the result has more than %d items", ev.MaxItems)
	}
	if err == nil {
		err = ev.step(len(out) / 4)
	}
	return out, after, placed(x, err)
}

func (ev *evaluation) dispatch(x *expr, s scope) (Collection, scope, error) {
	switch x.op {
	case opLiteral:
		return one(x.item), s, nil
	case opEmpty:
		return nil, s, nil
	case opThis:
		return s.this, s, nil
	case opTotal:
		return s.total, s, nil
	case opIndexVariable:
		if s.index < 0 {
			return nil, s, fail(x, "$index has no meaning here")
		}
		return count(s.index), s, nil
	case opConstant:
		out, err := ev.constant(x, s)
		return out, s, err
	case opMember:
		if x.on == nil {
			return ev.rootMember(x.text, s), s, nil
		}
		in, s, err := ev.eval(x.on, s)
		if err != nil {
			return nil, s, err
		}
		var out Collection
		for i := range in {
			out = ev.child(out, &in[i], x.text)
		}
		return out, s, nil
	case opCall:
		in := s.this
		if x.on != nil {
			var err error
			if in, s, err = ev.eval(x.on, s); err != nil {
				return nil, s, err
			}
		}
		if x.text == "defineVariable" {
			return ev.define(x, in, s)
		}
		out, err := x.call.run(call{ev: ev, x: x, in: in, s: s})
		return out, s, err
	}
	out, err := ev.operate(x, s)
	return out, s, err
}

// value evaluates an operand or argument, whose variables nobody else sees.
func (ev *evaluation) value(x *expr, s scope) (Collection, error) {
	out, _, err := ev.eval(x, s)
	return out, err
}

// rootMember is a name at the beginning of a path: the type of $this, or an element of it.
func (ev *evaluation) rootMember(name string, s scope) Collection {
	var out Collection
	for i := range s.this {
		item := &s.this[i]
		if item.typ.Namespace == "FHIR" && name[:min(1, len(name))] == strings.ToUpper(name[:min(1, len(name))]) && ev.d.IsA(item.typ.Name, name) {
			out = append(out, *item)
			continue
		}
		out = ev.child(out, item, name)
	}
	return out
}

func (ev *evaluation) constant(x *expr, s scope) (Collection, error) {
	if v, ok := s.vars.find(x.text); ok {
		return v, nil
	}
	if v, ok := ev.Variables[x.text]; ok {
		return v, nil
	}
	switch x.text {
	case "context":
		return ev.input, nil
	case "resource":
		if ev.Resource != nil {
			return ev.Resource, nil
		}
		return ev.home(false), nil
	case "rootResource":
		if ev.RootResource != nil {
			return ev.RootResource, nil
		}
		return ev.home(true), nil
	case "ucum":
		return one(text(ucumSystem)), nil
	case "sct":
		return one(text("http://snomed.info/sct")), nil
	case "loinc":
		return one(text("http://loinc.org")), nil
	case "us-zip":
		return one(text("[0-9]{5}(-[0-9]{4}){0,1}")), nil
	}
	if name, ok := strings.CutPrefix(x.text, "vs-"); ok {
		return one(text("http://hl7.org/fhir/ValueSet/" + name)), nil
	}
	if name, ok := strings.CutPrefix(x.text, "ext-"); ok {
		return one(text("http://hl7.org/fhir/StructureDefinition/" + name)), nil
	}
	return nil, fail(x, "there is no constant %%%s", x.text)
}

// home is the resource that the input lies in, or the one that contains that.
func (ev *evaluation) home(root bool) Collection {
	if len(ev.input) == 0 || ev.input[0].home == nil {
		return nil
	}
	h := ev.input[0].home
	if root && h.parent != nil && h.parent.node.ResourceType() != "Bundle" {
		h = h.parent
	}
	return one(resourceItem(ev.d, h.node, h.parent, h.url))
}

var reservedNames = map[string]bool{"context": true, "resource": true, "rootResource": true, "ucum": true, "sct": true, "loinc": true, "us-zip": true}

// define is defineVariable(): its input passes, and what follows sees the variable.
func (ev *evaluation) define(x *expr, in Collection, s scope) (Collection, scope, error) {
	name, err := ev.value(x.args[0], s)
	if err != nil {
		return nil, s, err
	}
	if len(name) != 1 || name[0].system().kind != kindString {
		return nil, s, fail(x, "defineVariable() needs a name")
	}
	key := name[0].String()
	if _, there := s.vars.find(key); there || reservedNames[key] || strings.HasPrefix(key, "vs-") || strings.HasPrefix(key, "ext-") {
		return nil, s, fail(x, "the variable %%%s is there already", key)
	}
	if _, there := ev.Variables[key]; there {
		return nil, s, fail(x, "the variable %%%s is there already", key)
	}
	v := in
	if len(x.args) > 1 {
		inner := s
		inner.this = in
		if v, err = ev.value(x.args[1], inner); err != nil {
			return nil, s, err
		}
	}
	s.vars = &binding{key, v, s.vars}
	return in, s, nil
}

// single returns the only item of a collection; ok is false if it is empty.
func single(x *expr, c Collection) (i Item, ok bool, err error) {
	switch len(c) {
	case 0:
		return Item{}, false, nil
	case 1:
		return c[0], true, nil
	}
	return Item{}, false, fail(x, "%s needs a single item, and there are %d", x.what(), len(c))
}

// what names a node for errors.
func (x *expr) what() string {
	switch x.op {
	case opCall:
		return x.text + "()"
	case opBinary:
		return "the operator " + x.text
	case opIs:
		return "is"
	case opNegate:
		return "the minus sign"
	case opIndex:
		return "[ ]"
	}
	return "this"
}

// logical is a Boolean or nothing.
type logical int8

const (
	unknown logical = iota
	no
	yes
)

func logicalOf(b bool) logical {
	if b {
		return yes
	}
	return no
}

func (l logical) collection() Collection {
	switch l {
	case yes:
		return truth(true)
	case no:
		return truth(false)
	}
	return nil
}

// condition evaluates a collection as a Boolean: a single item that is none counts as true (FHIRPath 2.0, section 4.5).
func condition(x *expr, c Collection) (logical, error) {
	i, ok, err := single(x, c)
	if err != nil || !ok {
		return unknown, err
	}
	if b, isBool := i.Bool(); isBool {
		return logicalOf(b), nil
	}
	return yes, nil
}
