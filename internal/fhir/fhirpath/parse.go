package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
)

// expr is a node of the syntax tree. Exactly the fields of its op are set.
type expr struct {
	op   op
	off  int
	text string  // name of a member, function, variable, constant; operator; type
	args []*expr // operands; of a call its arguments
	on   *expr   // what a member, call or index is taken of; nil: of $this
	item Item    // of a literal
	call *function
	typ  Type // of is and as
}

type op uint8

const (
	opLiteral op = iota
	opEmpty      // {}
	opMember
	opCall
	opIndex // on[args[0]]
	opThis
	opIndexVariable
	opTotal
	opConstant
	opNegate
	opPlus // unary
	opBinary
	opIs
	opAs
)

// Expression is compiled FHIRPath. It may be used by many goroutines.
type Expression struct {
	text string
	root *expr
}

// String returns the text that was compiled.
func (x *Expression) String() string { return x.text }

const (
	maxText  = 64 << 10 // bytes of an expression
	maxDepth = 200      // of nesting
)

// Compile reads an expression. The error is an [*Error] with the place in it.
func Compile(text string) (*Expression, error) {
	if len(text) > maxText {
		return nil, &Error{What: fmt.Sprintf("the expression has %d bytes, more than the limit of %d", len(text), maxText)}
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, p.unexpected("an operator or the end")
	}
	return &Expression{text, root}, nil
}

type parser struct {
	tokens []token
	at     int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) symbol(s string) bool {
	if t := p.peek(); t.kind == tokenSymbol && t.text == s {
		p.at++
		return true
	}
	return false
}

func (p *parser) unexpected(want string) error {
	t := p.peek()
	if t.kind == tokenEnd {
		return &Error{Off: t.off, What: "the expression ends where " + want + " should stand"}
	}
	return &Error{Off: t.off, What: want + " should stand here"}
}

// precedence of the binary operators, from loose to tight (FHIRPath 2.0, section 6.8).
var precedence = map[string]int{
	"implies": 1, "or": 2, "xor": 2, "and": 3, "in": 4, "contains": 4,
	"=": 5, "~": 5, "!=": 5, "!~": 5, "<": 6, ">": 6, "<=": 6, ">=": 6, "|": 7,
	"is": 8, "as": 8, "+": 9, "-": 9, "&": 9, "*": 10, "/": 10, "div": 10, "mod": 10,
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return &Error{Off: p.peek().off, What: fmt.Sprintf("the expression is nested more than %d deep", maxDepth)}
	}
	return nil
}

func (p *parser) binary(least int) (*expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for length := 0; ; length++ {
		t := p.peek()
		rank := precedence[t.text]
		if t.kind != tokenWord && t.kind != tokenSymbol || rank == 0 || rank <= least {
			return left, nil
		}
		if length > 10*maxDepth { // a chain is evaluated as deep as it is long
			return nil, &Error{Off: t.off, What: "the expression has too many operators in a row"}
		}
		p.at++
		if t.text == "is" || t.text == "as" {
			typ, err := p.typeName()
			if err != nil {
				return nil, err
			}
			o := opIs
			if t.text == "as" {
				o = opAs
			}
			left = &expr{op: o, off: t.off, on: left, typ: typ}
			continue
		}
		right, err := p.binary(rank)
		if err != nil {
			return nil, err
		}
		left = &expr{op: opBinary, off: t.off, text: t.text, args: []*expr{left, right}}
	}
}

func (p *parser) unary() (*expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.peek()
	if t.kind == tokenSymbol && (t.text == "-" || t.text == "+") {
		p.at++
		operand, err := p.unary()
		if err != nil {
			return nil, err
		}
		o := opNegate
		if t.text == "+" {
			o = opPlus
		}
		return &expr{op: o, off: t.off, on: operand}, nil
	}
	return p.path()
}

// path reads a term and what is taken of it.
func (p *parser) path() (*expr, error) {
	x, err := p.term()
	if err != nil {
		return nil, err
	}
	for length := 0; ; length++ {
		if length > 10*maxDepth {
			return nil, &Error{Off: p.peek().off, What: "the path has too many steps"}
		}
		off := p.peek().off
		switch {
		case p.symbol("."):
			if x, err = p.invocation(x); err != nil {
				return nil, err
			}
		case p.symbol("["):
			index, err := p.binary(0)
			if err != nil {
				return nil, err
			}
			if !p.symbol("]") {
				return nil, p.unexpected("a closing bracket ]")
			}
			x = &expr{op: opIndex, off: off, on: x, args: []*expr{index}}
		default:
			return x, nil
		}
	}
}

func (p *parser) invocation(on *expr) (*expr, error) {
	t := p.peek()
	switch t.kind {
	case tokenVariable:
		return p.variable()
	case tokenWord, tokenQuotedWord:
		p.at++
	default:
		return nil, p.unexpected("the name of an element or function")
	}
	if t.kind == tokenWord && p.symbol("(") {
		return p.function(t, on)
	}
	return &expr{op: opMember, off: t.off, text: t.text, on: on}, nil
}

func (p *parser) variable() (*expr, error) {
	t := p.take()
	switch t.text {
	case "this":
		return &expr{op: opThis, off: t.off}, nil
	case "index":
		return &expr{op: opIndexVariable, off: t.off}, nil
	case "total":
		return &expr{op: opTotal, off: t.off}, nil
	}
	return nil, &Error{Off: t.off, What: "there are $this, $index and $total, and no other variables with a $"}
}

func (p *parser) function(name token, on *expr) (*expr, error) {
	f := functions[name.text]
	if f == nil {
		return nil, &Error{Off: name.off, What: "there is no function " + quoted(name.text), Semantic: true}
	}
	x := &expr{op: opCall, off: name.off, text: name.text, on: on, call: f}
	if f.takesType {
		if t := p.peek(); !(t.kind == tokenSymbol && t.text == ")") {
			typ, err := p.typeName()
			if err != nil {
				return nil, err
			}
			x.typ = typ
		}
		if !p.symbol(")") {
			return nil, p.unexpected("a closing parenthesis )")
		}
		if x.typ.Name == "" {
			return nil, &Error{Off: name.off, What: name.text + "() needs the name of a type"}
		}
		return x, nil
	}
	for !p.symbol(")") {
		if len(x.args) > 0 && !p.symbol(",") {
			return nil, p.unexpected("a comma or a closing parenthesis )")
		}
		arg, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		x.args = append(x.args, arg)
	}
	if len(x.args) < f.least || len(x.args) > f.most {
		want := strconv.Itoa(f.least)
		if f.most != f.least {
			want += " to " + strconv.Itoa(f.most)
		}
		return nil, &Error{Off: name.off, What: fmt.Sprintf("%s() has %d arguments, not %s", name.text, len(x.args), want), Semantic: true}
	}
	return x, nil
}

// typeName reads a name like Patient, FHIR.Patient or System.String; parentheses around it are accepted.
func (p *parser) typeName() (Type, error) {
	if p.symbol("(") {
		if err := p.enter(); err != nil {
			return Type{}, err
		}
		defer func() { p.depth-- }()
		t, err := p.typeName()
		if err == nil && !p.symbol(")") {
			err = p.unexpected("a closing parenthesis )")
		}
		return t, err
	}
	t := p.peek()
	if t.kind != tokenWord && t.kind != tokenQuotedWord {
		return Type{}, p.unexpected("the name of a type")
	}
	p.at++
	if !p.symbol(".") {
		return Type{Name: t.text}, nil
	}
	n := p.peek()
	if n.kind != tokenWord && n.kind != tokenQuotedWord {
		return Type{}, p.unexpected("the name of a type")
	}
	p.at++
	return Type{t.text, n.text}, nil
}

func (p *parser) term() (*expr, error) {
	t := p.peek()
	switch t.kind {
	case tokenSymbol:
		switch {
		case p.symbol("("):
			x, err := p.binary(0)
			if err != nil {
				return nil, err
			}
			if !p.symbol(")") {
				return nil, p.unexpected("a closing parenthesis )")
			}
			return x, nil
		case p.symbol("{"):
			if !p.symbol("}") {
				return nil, p.unexpected("a closing brace }")
			}
			return &expr{op: opEmpty, off: t.off}, nil
		}
	case tokenVariable:
		return p.variable()
	case tokenConstant:
		p.at++
		return &expr{op: opConstant, off: t.off, text: t.text}, nil
	case tokenString:
		p.at++
		return literal(t, text(t.text)), nil
	case tokenNumber:
		return p.number()
	case tokenDate:
		return p.date()
	case tokenWord, tokenQuotedWord:
		if t.kind == tokenWord {
			switch t.text {
			case "true", "false":
				p.at++
				return literal(t, boolean(t.text == "true")), nil
			case "and", "or", "xor", "implies", "div", "mod":
				return nil, p.unexpected("a value")
			}
		}
		return p.invocation(nil)
	}
	return nil, p.unexpected("a value")
}

func literal(t token, i Item) *expr { return &expr{op: opLiteral, off: t.off, item: i} }

func (p *parser) number() (*expr, error) {
	t := p.take()
	d, ok := ParseDecimal(t.text)
	if !ok {
		return nil, &Error{Off: t.off, What: "the number has too many digits"}
	}
	switch next := p.peek(); {
	case next.kind == tokenString:
		p.at++
		return literal(t, quantity(Quantity{d, next.text, false})), nil
	case next.kind == tokenWord:
		word := strings.TrimSuffix(next.text, "s")
		if _, ok := calendarUnits[word]; ok {
			p.at++
			return literal(t, quantity(Quantity{d, word, true})), nil
		}
	}
	if strings.Contains(t.text, ".") {
		return literal(t, decimal(d)), nil
	}
	i, ok := d.int64()
	if !ok {
		return nil, &Error{Off: t.off, What: "the integer is too large"}
	}
	return literal(t, integer(i)), nil
}

func (p *parser) date() (*expr, error) {
	t := p.take()
	k, s := kindDate, t.text
	switch {
	case strings.HasPrefix(s, "T"):
		k, s = kindTime, s[1:]
	case strings.Contains(s, "T"):
		k = kindDateTime
	}
	v, ok := parseTemporal(s, k)
	if !ok {
		return nil, &Error{Off: t.off, What: "this is no date or time: write @2026-01-31, @2026-01-31T14:30:00Z or @T14:30"}
	}
	return literal(t, temporal(v)), nil
}

func quoted(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.Quote(s)
}
