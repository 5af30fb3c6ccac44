package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The language of conditions is that of HL7's v2-to-FHIR guide, cleaned up:
//
//	IF PID-8 VALUED AND (PID-30 NOT EQUALS "Y" OR PV1-2 IN ("I", "E"))
//	IF PID-11 LST.COUNT > 1
//	IF NOT VALUED                       the source of the rule
//	IF PID-33 AND PID-34 VALUED         both of them
//
// EQUALS, IS and = compare text, letter by letter; <, >, <= and >= numbers, and dates by their digits. Further words are
// CONTAINS, STARTS WITH, ENDS WITH and MATCHES, which takes a regular expression of Go (RE2, linear in time).

// condition is compiled. It is nil where nothing was asked.
type condition func(r *run, t *turn, rep *repetition) bool

// maxConditions is how many comparisons one condition may have.
const maxConditions = 1000

// condition compiles a condition. subject is the source that NOT VALUED alone speaks of.
func (c *compiler) condition(text string, subject, loop *reference) (condition, error) {
	p := &conditionParser{c: c, text: text, subject: subject, loop: loop}
	if err := p.split(); err != nil {
		return nil, err
	}
	if len(p.words) == 0 {
		return nil, nil
	}
	if p.is("IF") {
		p.at++
	}
	cond, err := p.any(0)
	if err == nil && p.at < len(p.words) {
		err = p.fail("expected AND, OR or the end")
	}
	return cond, err
}

type conditionWord struct {
	text   string
	quoted bool
	off    int
	path   bool // in backquotes: a source that holds blanks or parentheses, such as FHIRPath
}

type conditionParser struct {
	c             *compiler
	text          string
	words         []conditionWord
	at            int
	subject, loop *reference
	comparisons   int
}

func (p *conditionParser) fail(format string, args ...any) error {
	off := len(p.text)
	if p.at < len(p.words) {
		off = p.words[p.at].off
	}
	near := shorten(p.text[off:])
	if near == "" {
		near = "the end"
	}
	return fmt.Errorf("the condition cannot be read at %q: %s", near, fmt.Sprintf(format, args...))
}

// split cuts the condition into words, quoted texts and signs.
func (p *conditionParser) split() error {
	s := p.text
	for i := 0; i < len(s); {
		switch ch := s[i]; {
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			i++
		case ch == '"' || ch == '\'' || ch == '`':
			end := strings.IndexByte(s[i+1:], ch)
			if end < 0 {
				return fmt.Errorf("the condition has a quote that is not closed: %q", shorten(s[i:]))
			}
			p.words = append(p.words, conditionWord{text: s[i+1 : i+1+end], quoted: ch != '`', path: ch == '`', off: i})
			i += end + 2
		case strings.IndexByte("(),", ch) >= 0:
			p.words = append(p.words, conditionWord{text: string(ch), off: i})
			i++
		case strings.IndexByte("=<>!", ch) >= 0:
			n := 1
			for i+n < len(s) && strings.IndexByte("=<>", s[i+n]) >= 0 {
				n++
			}
			p.words = append(p.words, conditionWord{text: s[i : i+n], off: i})
			i += n
		default:
			n, depth := 0, 0
			for ; i+n < len(s); n++ {
				b := s[i+n]
				if b == '[' {
					depth++
				} else if b == ']' {
					depth--
				}
				if depth <= 0 && strings.IndexByte(" \t\r\n(),<>=!\"'`", b) >= 0 {
					break
				}
			}
			p.words = append(p.words, conditionWord{text: s[i : i+n], off: i})
			i += n
		}
	}
	return nil
}

func (p *conditionParser) is(words ...string) bool {
	for i, w := range words {
		at := p.at + i
		if at >= len(p.words) || p.words[at].quoted || p.words[at].path || !strings.EqualFold(p.words[at].text, w) {
			return false
		}
	}
	return true
}

// take moves on if these words come next.
func (p *conditionParser) take(words ...string) bool {
	if !p.is(words...) {
		return false
	}
	p.at += len(words)
	return true
}

func (p *conditionParser) any(depth int) (condition, error) {
	if depth > 50 {
		return nil, p.fail("the parentheses are more than 50 deep")
	}
	left, err := p.all(depth)
	for err == nil && p.take("OR") {
		var right condition
		if right, err = p.all(depth); err == nil {
			a := left
			left = func(r *run, t *turn, rep *repetition) bool { return a(r, t, rep) || right(r, t, rep) }
		}
	}
	return left, err
}

func (p *conditionParser) all(depth int) (condition, error) {
	left, err := p.one(depth)
	for err == nil && p.take("AND") {
		var right condition
		if right, err = p.one(depth); err == nil {
			a := left
			left = func(r *run, t *turn, rep *repetition) bool { return a(r, t, rep) && right(r, t, rep) }
		}
	}
	return left, err
}

func (p *conditionParser) one(depth int) (condition, error) {
	if p.comparisons++; p.comparisons > maxConditions {
		return nil, p.fail("the condition has more than %d comparisons", maxConditions)
	}
	switch {
	case p.take("("):
		inner, err := p.any(depth + 1)
		if err == nil && !p.take(")") {
			err = p.fail("a parenthesis is not closed")
		}
		return inner, err
	case p.is("NOT", "VALUED") || p.is("VALUED"):
		if p.subject == nil {
			return nil, p.fail("say what is meant, as in PID-8 VALUED")
		}
		return p.comparison([]*reference{p.subject}, false)
	case p.is("NOT"):
		p.at++
		inner, err := p.one(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(r *run, t *turn, rep *repetition) bool { return !inner(r, t, rep) }, nil
	}
	return p.operands()
}

// operands reads a source, or several that share what is said of them: PID-33 AND PID-34 VALUED.
func (p *conditionParser) operands() (condition, error) {
	var refs []*reference
	every := true
	for {
		if p.at >= len(p.words) || p.words[p.at].quoted {
			return nil, p.fail("a source is expected, such as %s", p.c.examplePath())
		}
		ref, err := p.c.reference(p.words[p.at].text)
		if err != nil {
			return nil, err
		}
		p.c.used(ref)
		p.at++
		refs = append(refs, ref)
		if len(refs) > 50 {
			return nil, p.fail("more than 50 sources share one comparison")
		}
		switch {
		case len(refs) == 1 && p.is("AND"):
			p.at++
		case len(refs) == 1 && p.is("OR"):
			p.at++
			every = false
		case len(refs) > 1 && every && p.is("AND"), len(refs) > 1 && !every && p.is("OR"):
			p.at++
		default:
			return p.comparison(refs, every)
		}
	}
}

// comparison reads what is said of the sources.
func (p *conditionParser) comparison(refs []*reference, every bool) (condition, error) {
	if p.take("LST.COUNT") || p.take("COUNT") {
		return p.counted(refs, every)
	}
	p.take("IS")
	not := p.take("NOT")
	p.take("IS")
	var test func(r *run, ref *reference, t *turn, rep *repetition) bool
	switch loop := p.loop; {
	case p.take("VALUED"):
		test = func(r *run, ref *reference, t *turn, rep *repetition) bool { return r.valued(ref, loop, t, rep) }
	case p.take("IN"):
		list, err := p.literals()
		if err != nil {
			return nil, err
		}
		test = p.holds(func(s string) bool { return slices.Contains(list, s) })
	default:
		match, err := p.relation()
		if err != nil {
			return nil, err
		}
		test = p.holds(match)
	}
	return func(r *run, t *turn, rep *repetition) bool {
		for _, ref := range refs {
			if (test(r, ref, t, rep) != not) != every {
				return !every
			}
		}
		return every
	}, nil
}

// holds makes a test of a value's text. It holds if it holds for one of the values that the source names.
func (p *conditionParser) holds(match func(string) bool) func(r *run, ref *reference, t *turn, rep *repetition) bool {
	loop := p.loop
	return func(r *run, ref *reference, t *turn, rep *repetition) bool {
		if ref.single && r.message.hl7 != nil {
			return match(r.hl7One(ref, t, rep).First())
		}
		var few [4]value
		values := r.values(ref, loop, t, rep, few[:0])
		for i := range values {
			if match(values[i].String()) {
				return true
			}
		}
		return len(values) == 0 && match("")
	}
}

func (p *conditionParser) literal() (string, error) {
	if p.at >= len(p.words) {
		return "", p.fail(`a value is missing; write it in quotes, as in "Y"`)
	}
	w := p.words[p.at]
	_, numeric := strconv.ParseFloat(w.text, 64)
	if !w.quoted && numeric != nil {
		return "", p.fail(`write the value in quotes, as in "Y"`)
	}
	p.at++
	return w.text, nil
}

func (p *conditionParser) literals() ([]string, error) {
	if !p.take("(") {
		return nil, p.fail(`a list is missing, as in IN ("I", "E")`)
	}
	var list []string
	for {
		s, err := p.literal()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		if p.take(")") {
			return list, nil
		}
		if !p.take(",") {
			return nil, p.fail("a comma or a closing parenthesis is missing in the list")
		}
	}
}

// relation reads an operator and the value after it.
func (p *conditionParser) relation() (func(string) bool, error) {
	type operator struct {
		words []string
		test  func(want string) func(string) bool
	}
	equals := func(want string) func(string) bool { return func(s string) bool { return s == want } }
	order := func(ok func(int) bool) func(string) func(string) bool {
		return func(want string) func(string) bool {
			return func(s string) bool { return s != "" && ok(compareText(s, want)) }
		}
	}
	for _, o := range []operator{
		{[]string{"EQUALS"}, equals},
		{[]string{"EQUAL", "TO"}, equals},
		{[]string{"="}, equals},
		{[]string{"=="}, equals},
		{[]string{"!="}, func(want string) func(string) bool { return func(s string) bool { return s != want } }},
		{[]string{"<>"}, func(want string) func(string) bool { return func(s string) bool { return s != want } }},
		{[]string{">="}, order(func(c int) bool { return c >= 0 })},
		{[]string{"<="}, order(func(c int) bool { return c <= 0 })},
		{[]string{">"}, order(func(c int) bool { return c > 0 })},
		{[]string{"<"}, order(func(c int) bool { return c < 0 })},
		{[]string{"CONTAINS"}, func(want string) func(string) bool { return func(s string) bool { return strings.Contains(s, want) } }},
		{[]string{"STARTS", "WITH"}, func(want string) func(string) bool { return func(s string) bool { return strings.HasPrefix(s, want) } }},
		{[]string{"ENDS", "WITH"}, func(want string) func(string) bool { return func(s string) bool { return strings.HasSuffix(s, want) } }},
	} {
		if p.take(o.words...) {
			want, err := p.literal()
			if err != nil {
				return nil, err
			}
			return o.test(want), nil
		}
	}
	if p.take("MATCHES") {
		pattern, err := p.literal()
		if err != nil {
			return nil, err
		}
		re, err := compilePattern(pattern)
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	if p.at < len(p.words) && p.words[p.at].quoted { // PID-8 IS "M"
		want, _ := p.literal()
		return func(s string) bool { return s == want }, nil
	}
	return nil, p.fail(`VALUED, EQUALS, IN, CONTAINS, STARTS WITH, MATCHES, a comparison or LST.COUNT is expected`)
}

// counted reads what is said of the number of repetitions.
func (p *conditionParser) counted(refs []*reference, every bool) (condition, error) {
	match, err := p.relation()
	if err != nil {
		return nil, err
	}
	loop := p.loop
	return func(r *run, t *turn, rep *repetition) bool {
		for _, ref := range refs {
			if match(strconv.Itoa(r.count(ref, loop, t, rep))) != every {
				return !every
			}
		}
		return every
	}, nil
}

// compareText compares numbers as numbers and everything else, dates of HL7 and FHIR too, as text.
func compareText(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX != nil || errY != nil:
		return strings.Compare(a, b)
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// maxPattern is the length of a regular expression. RE2 takes time in proportion to the text and to this.
const maxPattern = 500

func compilePattern(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("the regular expression has %d bytes; at most %d are taken", len(pattern), maxPattern)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q cannot be read: %w", shorten(pattern), err)
	}
	return re, nil
}
