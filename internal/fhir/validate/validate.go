package validate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

// Options choose what is checked and how.
type Options struct {
	Definitions *fhir.Definitions // default R4
	// AllowComments makes comments in JSON no error.
	AllowComments bool
	// Profiles are the canonical URLs of profiles to check against, beside those that resources claim.
	Profiles []string
	// BestPractice reports rules of good practice too, such as that a resource should have a narrative (dom-6).
	BestPractice bool
	// Limit is how many findings of one code are listed; default 50.
	Limit int
}

// Bytes validates a resource in JSON or XML. The findings are in the order of the text.
func Bytes(ctx context.Context, data []byte, o Options) []Finding {
	v := newValidator(ctx, o)
	if fhir.LooksLikeXML(data) {
		n, err := v.d.ParseXML(data)
		if err != nil {
			v.syntax(err)
			return v.done()
		}
		v.xml = true
		v.resource(n)
		return v.done()
	}
	n, problems, err := fhir.ParseJSONLenient(data)
	if err != nil {
		v.syntax(err)
		return v.done()
	}
	for _, p := range problems {
		if p.Code == "comment" && o.AllowComments {
			continue
		}
		path, _ := n.PathAt(p.Off)
		v.report(CodeForm, Error, place{path, p.Off, 1}, "JSON: %s", p.Text)
	}
	v.resource(n)
	return v.done()
}

// Tree validates a resource that was read already.
func Tree(ctx context.Context, n *fhir.Node, o Options) []Finding {
	v := newValidator(ctx, o)
	v.resource(n)
	return v.done()
}

type validator struct {
	ctx    context.Context
	d      *fhir.Definitions
	limit  int
	xml    bool
	asked  []string // profiles for the root
	best   bool     // rules of good practice too
	list   []Finding
	found  map[Finding]bool
	counts map[string]int
	left   bool
	worst  Severity
	said   map[string]bool // what is told once
}

func newValidator(ctx context.Context, o Options) *validator {
	v := &validator{ctx: ctx, d: o.Definitions, limit: o.Limit, asked: o.Profiles, best: o.BestPractice, found: map[Finding]bool{}, counts: map[string]int{}, said: map[string]bool{}}
	if v.d == nil {
		v.d = fhir.R4()
	}
	if v.limit <= 0 {
		v.limit = perCode
	}
	return v
}

func (v *validator) done() []Finding {
	slices.SortStableFunc(v.list, func(a, b Finding) int { return a.Offset - b.Offset })
	if v.left {
		v.list = append(v.list, Finding{Code: CodeTooManyFound, Severity: v.worst, Text: fmt.Sprintf("there are more findings: of each kind only the first %d are listed", v.limit)})
	}
	return v.list
}

func (v *validator) syntax(err error) {
	at := place{}
	text := err.Error()
	var s *fhir.SyntaxError
	if errors.As(err, &s) {
		at.off = s.Off
		text = fmt.Sprintf("line %d, column %d: %s", s.Line, s.Column, s.What)
	}
	v.report(CodeSyntax, Fatal, at, "%s", text)
}

// resource validates the root.
func (v *validator) resource(n *fhir.Node) {
	at := place{n.ResourceType(), n.Off, n.Len()}
	if n.Kind != fhir.Object || n.ResourceType() == "" {
		v.report(CodeNoResource, Fatal, at, "this is no FHIR resource: it has no resourceType")
		return
	}
	w := walker{validator: v, root: n}
	w.resource(n, at, fhirpath.Resource(v.d, n))
}

// walker goes through one resource and what lies in it.
type walker struct {
	*validator
	root   *fhir.Node
	within fhirpath.Collection // the innermost resource
	bundle *bundle             // around it, nil if there is none
	entry  string              // fullUrl of the entry that it lies in

	owner  string // path of the element in whose content this is, as definitions name it: Patient.name
	shared string // path of the element whose content that shares, if it does
	typ    string // its type
	url    string // of the extension that this lies in

	container *fhir.Node // the resource that contains this one, or this one
}

// resource validates a resource whose place is known; self is it as FHIRPath sees it.
func (w walker) resource(n *fhir.Node, at place, self fhirpath.Collection) {
	name := n.ResourceType()
	s := w.d.Type(name)
	if s == nil || s.Kind != "resource" || s.Abstract {
		w.report(CodeNoResource, Error, at, "there is no resource type %q in FHIR %s", short(name), w.d.Version)
		return
	}
	w.within, w.owner, w.shared, w.typ, w.url = self, name, "", name, ""
	if w.container == nil {
		w.container = n
	}
	if name == "Bundle" {
		w.bundle = newBundle(n)
	}
	w.content(n, s.Root, name, at, true)
	w.typeInvariants(s, self, at)
	w.profiles(n, at, self)
	switch name {
	case "Bundle":
		w.checkBundle(n, at)
	case "CapabilityStatement":
		w.searchParameters(n, at)
	}
}

// searchParameters compares the search parameters of a CapabilityStatement with their definitions.
func (w walker) searchParameters(n *fhir.Node, at place) {
	n.Walk(func(path string, p *fhir.Node) bool {
		definition := p.Member("definition").String()
		if _, item, _ := strings.Cut(path, ".searchParam["); definition == "" || !strings.HasSuffix(item, "]") || strings.Contains(item, ".") {
			return true
		}
		url, _, _ := strings.Cut(definition, "|")
		if known := w.d.SearchParameter(url); known != nil && p.Find("type").String() != known.Type {
			w.report(CodeValue, Error, at.of(p, strings.TrimPrefix(path, n.ResourceType())), "the search parameter is of type %s by its definition, and %s here", known.Type, short(p.Find("type").String()))
		}
		return true
	})
}

// profiles checks the profiles that a resource claims, and those that were asked for. What is not known is said.
func (w walker) profiles(n *fhir.Node, at place, self fhirpath.Collection) {
	urls := map[string]bool{}
	check := func(url string) {
		url, _, _ = strings.Cut(url, "|")
		if urls[url] {
			return
		}
		urls[url] = true
		s := w.d.Structure(url)
		switch {
		case s == nil:
			w.once(CodeNotChecked, Information, at, "the profile %s is not checked: its definition is not loaded", short(url))
		case !w.d.IsA(n.ResourceType(), s.Type):
			w.report(CodeProfile, Error, at, "the profile %s is for %s", short(url), s.Type)
		case s.Constraint:
			w.content(n, s.Root, n.ResourceType(), at, true)
			w.invariants(s.Root, self, at)
		}
	}
	for p := range n.All("meta", "profile") {
		check(p.Text)
	}
	if n == w.root {
		for _, url := range w.asked {
			check(url)
		}
	}
}

// once reports what is the same for many elements a single time.
func (w walker) once(code string, s Severity, at place, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if w.said[text] {
		return
	}
	w.said[text] = true
	w.report(code, s, at, "%s", text)
}

// short keeps names and codes in findings to a line.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}

// compiled are the invariants' expressions, shared by all validations.
var compiled sync.Map // expression -> *fhirpath.Expression, or nil where it cannot be compiled

func compile(expression string) *fhirpath.Expression {
	if x, ok := compiled.Load(expression); ok {
		return x.(*fhirpath.Expression)
	}
	x, err := fhirpath.Compile(expression)
	if err != nil {
		x = nil
	}
	compiled.Store(expression, x)
	return x
}

// native are the invariants that the structure's own checks cover, without FHIRPath.
var native = map[string]bool{"ele-1": true}

// errata correct rules of R4 that cannot be kept as published.
var errata = map[string]string{
	// A boolean of FHIR is no System.Boolean; R5 has it so.
	"operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
}

// typeInvariants evaluates the rules of a type and of those that it derives from.
func (w walker) typeInvariants(s *fhir.Structure, self fhirpath.Collection, at place) {
	for range 16 { // a package may define a circle
		if s == nil {
			return
		}
		w.invariants(s.Root, self, at)
		s = w.d.Structure(s.Base)
	}
}

// invariants evaluates the rules of a definition on an element. A rule that gives nothing is not broken: dates of different
// precision, for example, have no order.
func (w walker) invariants(e *fhir.ElementDefinition, self fhirpath.Collection, at place) {
	if e == nil {
		return
	}
	for _, c := range e.Constraints {
		if native[c.Key] || c.Expression == "" {
			continue
		}
		if c.Key == "dom-6" && !w.best {
			continue
		}
		if c.Key == "dom-3" && self[0].Node().Member("contained") == nil {
			continue
		}
		expression := c.Expression
		if corrected, ok := errata[expression]; ok {
			expression = corrected
		}
		x := compile(expression)
		if x == nil {
			w.once(CodeNotChecked, Information, at, "the rule %s cannot be checked: its expression is not understood", c.Key)
			continue
		}
		out, err := x.Evaluate(w.ctx, self, &fhirpath.Options{Definitions: w.d, Resource: w.within})
		if err != nil {
			w.once(CodeNotChecked, Information, at, "the rule %s cannot be checked here", c.Key)
			continue
		}
		if len(out) == 0 {
			continue
		}
		if b, ok := out[0].Bool(); len(out) == 1 && (b || !ok) {
			continue
		}
		s := Error
		if c.Severity == "warning" {
			s = Warning
		}
		w.report(CodeInvariant, s, at, "%s: %s", c.Key, c.Human)
	}
}
