package query

import (
	"regexp"
	"strings"
	"unicode"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// Query is a condition on messages. The zero value holds for all.
type Query struct {
	text string
	root node // nil holds for all

	// Sort is the order that was asked for, "" for none; Descending is the largest first.
	Sort       string
	Descending bool
}

// String is the text that the query was read from.
func (q *Query) String() string { return q.text }

// All says whether the query holds for every message.
func (q *Query) All() bool { return q.root == nil }

// operators are the words that compare, and what they want on the right.
var operators = map[string]operator{
	"=": equal, "!=": different, "<>": different, "<": less, "<=": atMost, ">": more, ">=": atLeast,
	"contains": contains, "matches": matches, "in": among, "exists": valued, "valued": valued, "empty": empty, "null": null,
}

type operator uint8

const (
	equal operator = iota
	different
	less
	atMost
	more
	atLeast
	contains
	matches
	among
	valued
	empty
	null
)

// unary says whether an operator has nothing on its right.
func (o operator) unary() bool { return o >= valued }

// Parse reads a query. Errors are *Error and say what is possible.
func Parse(text string) (*Query, error) {
	p := &parser{text: text, query: &Query{text: strings.TrimSpace(text)}}
	if err := p.next(); err != nil {
		return nil, err
	}
	root, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.token.kind != end {
		return nil, failAt(p.token.at, "%q does not belong here; take it away, or put an opening parenthesis before", p.token.text)
	}
	p.query.root = root
	return p.query, nil
}

type parser struct {
	text  string
	token token
	query *Query
	depth int
}

func (p *parser) next() (err error) {
	p.token, err = lex(p.text, p.token.to)
	return err
}

// is says whether the next token is a word, in any case of letters, or a sign.
func (p *parser) is(what string) bool {
	return p.token.kind == sign && p.token.text == what || p.token.kind == word && !p.token.prefix && strings.EqualFold(p.token.text, what)
}

// alternatives reads terms with "or" between them; nil is none.
func (p *parser) alternatives() (node, error) {
	first, err := p.conjunction()
	if err != nil {
		return nil, err
	}
	all := either{first}
	for p.is("or") {
		at := p.token.at
		if err := p.next(); err != nil {
			return nil, err
		}
		n, err := p.conjunction()
		if err != nil {
			return nil, err
		}
		if n == nil || all[0] == nil {
			return nil, failAt(at, "or needs a condition before and behind it")
		}
		all = append(all, n)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

// conjunction reads terms with "and" or nothing between them; nil is none.
func (p *parser) conjunction() (node, error) {
	var all both
	for p.token.kind != end && !p.is(")") && !p.is("or") {
		if p.is("and") {
			at := p.token.at
			if err := p.next(); err != nil {
				return nil, err
			}
			if len(all) == 0 || p.token.kind == end || p.is(")") || p.is("and") || p.is("or") {
				return nil, failAt(at, "and needs a condition before and behind it")
			}
			continue
		}
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		if n != nil { // nil is an order of the list
			all = append(all, n)
		}
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return all, nil
}

// maxDepth bounds parentheses and negations, which are read by recursion.
const maxDepth = 100

func (p *parser) term() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, failAt(p.token.at, "there are more than %d parentheses within each other", maxDepth)
	}
	defer func() { p.depth-- }()
	switch {
	case p.is("not"):
		at := p.token.at
		if err := p.next(); err != nil {
			return nil, err
		}
		if p.token.kind == end {
			return nil, failAt(at, "not needs a condition behind it")
		}
		n, err := p.term()
		if err != nil || n == nil {
			return nil, err
		}
		return negation{n}, nil
	case p.is("("):
		return p.parenthesis()
	case p.token.kind == sign:
		return nil, failAt(p.token.at, "%s stands without something before it; write for example type = ADT, or put what you look for in quotation marks", p.token.text)
	}
	return p.comparison()
}

func (p *parser) parenthesis() (node, error) {
	at := p.token.at
	if err := p.next(); err != nil {
		return nil, err
	}
	n, err := p.alternatives()
	switch {
	case err != nil:
		return nil, err
	case !p.is(")"):
		return nil, failAt(at, "the parenthesis is not closed")
	case n == nil:
		return nil, failAt(at, "there is nothing between the parentheses")
	}
	return n, p.next()
}

// comparison reads a term: a field or path with an operator, or a word to look for.
func (p *parser) comparison() (node, error) {
	t := p.token
	if err := p.next(); err != nil {
		return nil, err
	}
	op, known := operators[strings.ToLower(p.token.text)]
	known = known && (p.token.kind == sign || p.token.kind == word && !p.token.prefix)
	colon := p.token.kind == sign && p.token.text == ":"
	if !known && !colon {
		if name, _, ok := strings.Cut(t.text, ":"); ok && t.kind == word && isName(name) {
			return nil, failAt(t.at, "%q is no field; fields are %s. To look for the text itself, put it in quotation marks", name, fieldNames())
		}
		return words{t.text, t.prefix, t.kind == quoted}, nil
	}
	left, err := readOperand(t)
	if err != nil {
		return nil, err
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	c := &comparison{left: *left, op: op, colon: colon}
	if colon {
		c.op = equal
	}
	if !c.op.unary() {
		if err := p.values(c); err != nil {
			return nil, err
		}
	}
	return p.finish(c, t)
}

// isName says whether a text is made of letters only, as the names of fields are.
func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// readOperand reads what stands on the left of an operator.
func readOperand(t token) (*operand, error) {
	if t.kind != word || t.prefix {
		return nil, failAt(t.at, "on the left of a comparison stands a field such as type or mrn, or a path such as PID-3.1")
	}
	if f := fieldNamed(t.text); f != nil {
		return &operand{field: f}, nil
	}
	path, err := hl7.ParsePath(t.text)
	if err != nil {
		return nil, failAt(t.at, "%q is neither a field nor a path; fields are %s; a path is like PID-3.1 or OBX[2]-5", t.text, fieldNames())
	}
	if path.Occurrence == 0 {
		path.Occurrence = hl7.All
	}
	if path.Repetition == 0 && path.Field != 0 {
		path.Repetition = hl7.All
	}
	return &operand{path: path, name: t.text}, nil
}

func fieldNames() string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// values reads what stands on the right.
func (p *parser) values(c *comparison) error {
	if c.op != among {
		v, err := p.value()
		if err != nil {
			return err
		}
		c.values = []literal{v}
		return nil
	}
	if !p.is("(") {
		return failAt(p.token.at, "in needs its values in parentheses: in (A, B)")
	}
	at := p.token.at
	for {
		if err := p.next(); err != nil {
			return err
		}
		v, err := p.value()
		if err != nil {
			return err
		}
		c.values = append(c.values, v)
		switch {
		case p.is(")"):
			return p.next()
		case !p.is(","):
			return failAt(at, "the values after in stand between parentheses, with commas between them: in (A, B)")
		}
	}
}

func (p *parser) value() (literal, error) {
	t := p.token
	if t.kind != word && t.kind != quoted {
		return literal{}, failAt(t.at, `a value is missing; write it as it is, or in quotation marks: = "left arm"`)
	}
	return newLiteral(t), p.next()
}

// finish looks at what only some fields allow, and brings the shorter ways of writing into the longer.
func (p *parser) finish(c *comparison, t token) (node, error) {
	if c.left.field == nil {
		return c, c.compile(t)
	}
	first := literal{}
	if len(c.values) > 0 {
		first = c.values[0]
	}
	switch c.left.field.Name {
	case "sort":
		p.query.Descending = strings.HasPrefix(first.text, "-")
		p.query.Sort = strings.ToLower(strings.TrimPrefix(first.text, "-"))
		return nil, nil
	case "text":
		return words{first.text, first.prefix, first.quoted}, nil
	case "since", "until":
		op := map[string]operator{"since": atLeast, "until": atMost}[c.left.field.Name]
		if first.digits == "" {
			return nil, failAt(t.at, "%s:%s is not a date; write it as 2026-01-31, or 2026-01-31T14:30", c.left.field.Name, first.text)
		}
		return &comparison{left: operand{field: fieldNamed("time")}, op: op, values: c.values}, nil
	case "severity":
		severity, err := check.ParseSeverity(first.text)
		if err != nil {
			return nil, failAt(t.at, "%v", err)
		}
		return found{op: atLeast, severity: severity, bySeverity: true}, nil
	case "finding":
		return c.finding(t)
	case "format":
		for i, v := range c.values {
			if strings.EqualFold(v.text, "fhir") { // no format by itself: JSON, XML and NDJSON are meant
				c.values[i].text, c.values[i].prefix = "fhir", true
			}
		}
	case "type":
		if typ, trigger, ok := strings.Cut(first.text, "^"); ok && c.op == equal {
			a := &comparison{left: c.left, op: equal, values: []literal{newLiteral(token{kind: quoted, text: typ})}}
			b := &comparison{left: operand{field: fieldNamed("trigger")}, op: equal, values: []literal{newLiteral(token{kind: quoted, text: trigger, prefix: first.prefix})}}
			return both{a, b}, nil
		}
	}
	return c, c.compile(t)
}

// finding reads a condition on the findings.
func (c *comparison) finding(t token) (node, error) {
	if c.op.unary() {
		n := found{op: c.op}
		if c.op == null {
			return nil, failAt(t.at, "a finding is never null; ask finding exists, or finding empty")
		}
		return n, nil
	}
	if severity, err := check.ParseSeverity(c.values[0].text); err == nil && len(c.values) == 1 && c.op <= atLeast {
		return found{op: c.op, severity: severity, bySeverity: true}, nil
	}
	if c.op != equal && c.op != different && c.op != contains && c.op != matches && c.op != among {
		return nil, failAt(t.at, "finding is compared with a severity (information, warning, error, fatal), or equals a code such as date-impossible")
	}
	return found{op: c.op, code: c}, c.compile(t)
}

// compile reads a regular expression.
func (c *comparison) compile(t token) error {
	if c.op != matches {
		return nil
	}
	expression, err := regexp.Compile(c.values[0].text)
	if err != nil {
		return failAt(t.to, "the regular expression cannot be read: %v", err)
	}
	c.expression = expression
	return nil
}
