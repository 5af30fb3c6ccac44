package query

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Suggestion is something that could stand at the cursor.
type Suggestion struct {
	Text  string // what would be written
	About string // in a few words
}

// maxSuggestions bounds a list that a person reads.
const maxSuggestions = 40

// Complete proposes what could be written at the cursor, a place in bytes of the text: the word there begins at from.
// The version gives the names of segments and fields, and the codes of their tables.
func Complete(text string, cursor int, version *dictionary.Version) (from int, all []Suggestion) {
	cursor = min(max(cursor, 0), len(text))
	var before []token
	for at := 0; ; {
		t, err := lex(text[:cursor], at)
		if err != nil {
			return cursor, nil // inside of a quoted value
		}
		if t.kind == end {
			from = cursor
			break
		}
		if t.to == cursor && t.kind == word {
			from = t.at
			break
		}
		before = append(before, t)
		at = t.to
	}
	typed := text[from:cursor]
	c := completer{version: version, typed: typed}
	c.propose(before)
	return from, c.all
}

type completer struct {
	version *dictionary.Version
	typed   string
	all     []Suggestion
}

func (c *completer) add(text, about string) {
	if len(c.all) < maxSuggestions && len(text) >= len(c.typed) && strings.EqualFold(text[:len(c.typed)], c.typed) {
		c.all = append(c.all, Suggestion{text, about})
	}
}

// propose looks at what stands before.
func (c *completer) propose(before []token) {
	last := func(n int) token {
		if len(before) < n {
			return token{}
		}
		return before[len(before)-n]
	}
	switch left := operandIn(before); {
	case left != nil:
		c.values(left)
	case isOperand(last(1)) && !isOperator(last(2)):
		c.operators()
	default:
		if t := last(1); t.kind == quoted || t.kind == word && !isConnective(t) || t.text == ")" {
			c.add("and", "both must hold")
			c.add("or", "one is enough")
		}
		c.terms()
	}
}

// operandIn is what stands on the left where a value is expected: behind an operator, or in the parentheses after in.
func operandIn(before []token) *operand {
	i := len(before) - 1
	for i >= 1 && (before[i].text == "," && before[i].kind == sign || before[i].kind != sign && before[i-1].text != "" && (before[i-1].text == "," || before[i-1].text == "(")) {
		i--
	}
	if i >= 1 && before[i].text == "(" && strings.EqualFold(before[i-1].text, "in") {
		i--
	}
	if i < 1 || !isOperator(before[i]) || operators[strings.ToLower(before[i].text)].unary() {
		return nil
	}
	left, err := readOperand(before[i-1])
	if err != nil {
		return nil
	}
	return left
}

func isOperator(t token) bool {
	_, ok := operators[strings.ToLower(t.text)]
	return ok && (t.kind == sign || t.kind == word) || t.kind == sign && t.text == ":"
}

func isConnective(t token) bool {
	return t.kind == word && slices.Contains([]string{"and", "or", "not"}, strings.ToLower(t.text))
}

func isOperand(t token) bool {
	if isConnective(t) {
		return false
	}
	left, err := readOperand(t)
	return err == nil && left != nil
}

func (c *completer) operators() {
	for _, o := range []Suggestion{
		{"=", "equal; a star behind the value: begins with it"}, {"!=", "different"}, {"<", "before, smaller"}, {"<=", "at most"},
		{">", "after, larger"}, {">=", "at least"}, {"contains", "holds the text"}, {"in", "one of: in (A, B)"},
		{"matches", "a regular expression"}, {"exists", "has a value"}, {"empty", "has none"}, {"null", `holds "", which deletes`},
	} {
		c.add(o.Text, o.About)
	}
}

// terms proposes fields, and paths as far as one is typed.
func (c *completer) terms() {
	if segment, _, ok := strings.Cut(strings.ToUpper(c.typed), "-"); ok && c.version != nil {
		c.fieldsOf(segment)
		return
	}
	for _, f := range fields {
		c.add(f.Name, f.About)
	}
	if c.typed == "" || c.version == nil {
		return
	}
	for _, s := range c.version.Segments() {
		c.add(s.ID+"-", s.Name)
	}
}

// fieldsOf proposes the fields of a segment, or the components of the field that is typed.
func (c *completer) fieldsOf(segment string) {
	if i := strings.IndexByte(segment, '['); i >= 0 {
		segment = segment[:i]
	}
	s, ok := c.version.Segment(segment)
	if !ok {
		return
	}
	stem := c.typed[:strings.IndexByte(c.typed, '-')+1]
	if field, _, ok := strings.Cut(c.typed, "."); ok {
		path, err := hl7.ParsePath(field)
		if err != nil {
			return
		}
		if f, ok := c.version.FieldAt(segment, path.Field, 0, 0); ok {
			for _, component := range f.Components() {
				c.add(field+"."+strconv.Itoa(component.Position), component.Name)
			}
		}
		return
	}
	for _, f := range s.Fields {
		if f.Defined() {
			c.add(stem+strconv.Itoa(f.Position), f.Name)
		}
	}
}

// values proposes what can stand on the right.
func (c *completer) values(left *operand) {
	if left.field == nil {
		c.codes(left.path)
		return
	}
	switch left.field.Name {
	case "severity", "finding":
		for s := range check.Severity(check.Severities) {
			c.add(s.String(), "severity")
		}
		if left.field.Name == "finding" && c.typed != "" {
			for _, d := range check.Codes() {
				c.add(d.Code, d.Text)
			}
		}
	case "format":
		for _, f := range []string{"hl7v2", "hl7v2-batch", "fhir", "fhir-json", "fhir-xml", "x12", "ccda"} {
			c.add(f, "")
		}
	case "type":
		c.table("0076")
		if c.typed != "" {
			for _, t := range resourceTypes() {
				c.add(t, "FHIR resource")
			}
		}
	case "trigger":
		c.table("0003")
	case "version":
		c.table("0104")
	default:
		c.add(left.field.Example, "for example")
	}
}

// resourceTypes are the resource types of FHIR R4, in the order of their names.
var resourceTypes = sync.OnceValue(func() []string {
	all := slices.DeleteFunc(fhir.R4().Types(), func(t string) bool { return !fhir.R4().IsResource(t) })
	slices.Sort(all)
	return all
})

// codes proposes the codes of the table of a path.
func (c *completer) codes(p hl7.Path) {
	if c.version == nil || p.Field <= 0 {
		return
	}
	if f, ok := c.version.FieldAt(p.Segment, p.Field, max(p.Component, 0), max(p.Subcomponent, 0)); ok && f.Table != "" {
		c.table(f.Table)
	}
}

func (c *completer) table(id string) {
	if c.version == nil {
		return
	}
	if t, ok := c.version.Table(id); ok {
		for _, code := range t.Codes {
			c.add(code.Value, code.Display)
		}
	}
}
