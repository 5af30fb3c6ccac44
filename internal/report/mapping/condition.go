package mappaper

import (
	"fmt"
	"strconv"
	"strings"
)

// condition is a condition of a mapping as a tree, to be written in another language. The grammar is that of package
// mapping, which has compiled the text before.
type condition struct {
	op     string // and, or, not, is
	parts  []*condition
	path   string // of is; "" is the rule's own source
	count  bool   // of is: how many there are, not what they say
	test   string // valued, =, !=, <, <=, >, >=, in, contains, starts, ends, matches
	values []string
}

// parseCondition reads a condition; nil for an empty one.
func parseCondition(text string) (*condition, error) {
	p := &conditionReader{text: text}
	if err := p.split(); err != nil {
		return nil, err
	}
	if len(p.words) == 0 {
		return nil, nil
	}
	p.take("IF")
	c, err := p.any(0)
	if err == nil && p.at < len(p.words) {
		err = p.fail()
	}
	return c, err
}

type conditionReader struct {
	text  string
	words []conditionWord
	at    int
}

type conditionWord struct {
	text   string
	quoted bool
	path   bool // in backquotes: a source that holds blanks
}

func (p *conditionReader) fail() error {
	near := "its end"
	if p.at < len(p.words) {
		near = p.words[p.at].text
	}
	return fmt.Errorf("the condition %q cannot be read at %s", p.text, near)
}

func (p *conditionReader) split() error {
	s := p.text
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '"' || c == '\'' || c == '`':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return p.fail()
			}
			p.words = append(p.words, conditionWord{text: s[i+1 : i+1+end], quoted: c != '`', path: c == '`'})
			i += end + 2
		case strings.IndexByte("(),", c) >= 0:
			p.words = append(p.words, conditionWord{text: s[i : i+1]})
			i++
		case strings.IndexByte("=<>!", c) >= 0:
			n := 1
			for i+n < len(s) && strings.IndexByte("=<>", s[i+n]) >= 0 {
				n++
			}
			p.words = append(p.words, conditionWord{text: s[i : i+n]})
			i += n
		default:
			n, depth := 0, 0
			for ; i+n < len(s); n++ {
				switch s[i+n] {
				case '[':
					depth++
				case ']':
					depth--
				}
				if depth <= 0 && strings.IndexByte(" \t\r\n(),<>=!\"'`", s[i+n]) >= 0 {
					break
				}
			}
			p.words = append(p.words, conditionWord{text: s[i : i+n]})
			i += n
		}
	}
	return nil
}

// take moves on if these words come next.
func (p *conditionReader) take(words ...string) bool {
	for i, w := range words {
		if at := p.at + i; at >= len(p.words) || p.words[at].quoted || p.words[at].path || !strings.EqualFold(p.words[at].text, w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *conditionReader) next(words ...string) bool {
	at := p.at
	ok := p.take(words...)
	p.at = at
	return ok
}

// maxDepth is how deep parentheses stand in each other.
const maxDepth = 60

func (p *conditionReader) any(depth int) (*condition, error) { return p.list("or", depth, p.all) }

func (p *conditionReader) all(depth int) (*condition, error) { return p.list("and", depth, p.one) }

func (p *conditionReader) list(op string, depth int, part func(int) (*condition, error)) (*condition, error) {
	if depth > maxDepth {
		return nil, p.fail()
	}
	first, err := part(depth)
	c := &condition{op: op, parts: []*condition{first}}
	for err == nil && p.take(op) {
		var next *condition
		if next, err = part(depth); err == nil {
			c.parts = append(c.parts, next)
		}
	}
	if len(c.parts) == 1 {
		return first, err
	}
	return c, err
}

func (p *conditionReader) one(depth int) (*condition, error) {
	switch {
	case p.take("("):
		c, err := p.any(depth + 1)
		if err == nil && !p.take(")") {
			err = p.fail()
		}
		return c, err
	case p.next("NOT", "VALUED"), p.next("VALUED"):
		return p.comparison([]string{""}, "and")
	case p.take("NOT"):
		c, err := p.one(depth + 1)
		return &condition{op: "not", parts: []*condition{c}}, err
	}
	return p.operands()
}

// operands reads a source, or several that share what is said of them.
func (p *conditionReader) operands() (*condition, error) {
	var paths []string
	op := "and"
	for {
		if p.at >= len(p.words) || p.words[p.at].quoted {
			return nil, p.fail()
		}
		paths = append(paths, p.words[p.at].text)
		p.at++
		switch {
		case len(paths) == 1 && p.take("AND"):
		case len(paths) == 1 && p.take("OR"):
			op = "or"
		case len(paths) > 1 && p.take(op):
		default:
			return p.comparison(paths, op)
		}
	}
}

// comparison reads what is said of the sources.
func (p *conditionReader) comparison(paths []string, op string) (*condition, error) {
	is := condition{op: "is"}
	negated := false
	if is.count = p.take("LST.COUNT") || p.take("COUNT"); !is.count {
		p.take("IS")
		negated = p.take("NOT")
		p.take("IS")
	}
	if err := p.relation(&is); err != nil {
		return nil, err
	}
	all := &condition{op: op}
	for _, path := range paths {
		one := is
		one.path = path
		part := &one
		if negated {
			part = &condition{op: "not", parts: []*condition{part}}
		}
		all.parts = append(all.parts, part)
	}
	if len(all.parts) == 1 {
		return all.parts[0], nil
	}
	return all, nil
}

func (p *conditionReader) relation(is *condition) error {
	switch {
	case !is.count && p.take("VALUED"):
		is.test = "valued"
		return nil
	case !is.count && p.take("IN"):
		is.test = "in"
		return p.literals(is)
	}
	for _, o := range []struct {
		words []string
		test  string
	}{{[]string{"EQUALS"}, "="}, {[]string{"EQUAL", "TO"}, "="}, {[]string{"="}, "="}, {[]string{"=="}, "="}, {[]string{"!="}, "!="}, {[]string{"<>"}, "!="}, {[]string{">="}, ">="}, {[]string{"<="}, "<="},
		{[]string{">"}, ">"}, {[]string{"<"}, "<"}, {[]string{"CONTAINS"}, "contains"}, {[]string{"STARTS", "WITH"}, "starts"}, {[]string{"ENDS", "WITH"}, "ends"}, {[]string{"MATCHES"}, "matches"}} {
		if p.take(o.words...) {
			is.test = o.test
			return p.literal(is)
		}
	}
	if p.at < len(p.words) && p.words[p.at].quoted {
		is.test = "="
		return p.literal(is)
	}
	return p.fail()
}

func (p *conditionReader) literal(is *condition) error {
	if p.at >= len(p.words) {
		return p.fail()
	}
	w := p.words[p.at]
	if _, err := strconv.ParseFloat(w.text, 64); !w.quoted && err != nil {
		return p.fail()
	}
	is.values = append(is.values, w.text)
	p.at++
	return nil
}

func (p *conditionReader) literals(is *condition) error {
	if !p.take("(") {
		return p.fail()
	}
	for {
		if err := p.literal(is); err != nil {
			return err
		}
		if p.take(")") {
			return nil
		}
		if !p.take(",") {
			return p.fail()
		}
	}
}
