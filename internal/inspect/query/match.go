package query

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
)

// Subject is a message that a query is asked of.
type Subject struct {
	Message *hl7.Message
	Summary inspect.Summary
	Source  string // name of the file
	Tags    []string
	// Plain is the text of what is not HL7 v2, such as a FHIR resource, where words are looked for. Message is then empty.
	Plain []byte
	// Findings is asked only by queries for which NeedsFindings holds.
	Findings func() []check.Finding
}

// Match says whether the query holds for a message. It may be called from several goroutines.
func (q *Query) Match(s *Subject) bool { return q.root == nil || q.root.match(s) }

// NeedsFindings says whether the query asks for what is wrong with a message, which takes far longer than the rest.
func (q *Query) NeedsFindings() bool { return q.root != nil && q.root.needsFindings() }

// node is a condition.
type node interface {
	match(*Subject) bool
	needsFindings() bool
}

type either []node

func (e either) match(s *Subject) bool {
	for _, n := range e {
		if n.match(s) {
			return true
		}
	}
	return false
}

func (e either) needsFindings() bool { return both(e).needsFindings() }

type both []node

func (b both) match(s *Subject) bool {
	for _, n := range b {
		if !n.match(s) {
			return false
		}
	}
	return true
}

func (b both) needsFindings() bool {
	for _, n := range b {
		if n.needsFindings() {
			return true
		}
	}
	return false
}

type negation struct{ node }

func (n negation) match(s *Subject) bool { return !n.node.match(s) }

// words are looked for anywhere in the message: at the beginning of a word, or as they stand where they were quoted.
type words struct {
	text          string
	prefix, exact bool
}

func (w words) needsFindings() bool { return false }

func (w words) match(s *Subject) bool {
	if w.text == "" {
		return true
	}
	whole := w.exact && !w.prefix || utf8.RuneCountInString(w.text) == 1 && !w.prefix
	if len(s.Plain) > 0 && hasWord(string(s.Plain), w.text, whole) {
		return true
	}
	for seg := range s.Message.Segments() {
		for f := range seg.Leaves() {
			if hasWord(f.Text(), w.text, whole) {
				return true
			}
		}
		if hasWord(seg.ID(), w.text, whole) {
			return true
		}
	}
	return false
}

// hasWord says whether a text holds words, where whole ends at the end of a word too. Upper and lower case are equal.
func hasWord(text, words string, whole bool) bool {
	text, words = strings.ToLower(text), strings.ToLower(words)
	for from := 0; ; {
		i := strings.Index(text[from:], words)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(words):])
		if !isWordRune(before) && !(whole && isWordRune(after)) {
			return true
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		from = i + max(n, 1)
	}
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// operand is what stands on the left: a field, or a path.
type operand struct {
	field *Field
	path  hl7.Path
	name  string // the path as it was written
}

// literal is what stands on the right.
type literal struct {
	text           string
	prefix, quoted bool
	number         float64
	isNumber       bool
	digits         string // of a date: as many digits of YYYYMMDDHHMMSS as were given, "" where it is none
}

func newLiteral(t token) literal {
	l := literal{text: t.text, prefix: t.prefix, quoted: t.kind == quoted}
	if n, err := strconv.ParseFloat(t.text, 64); err == nil && !t.prefix {
		l.number, l.isNumber = n, true
	}
	l.digits = dateDigits(t.text)
	return l
}

// dateDigits reads a date as people write it (2026, 2026-01, 2026-01-31, 2026-01-31T14:30:05) into the digits of an HL7 one.
func dateDigits(s string) string {
	var b strings.Builder
	for i, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			b.WriteByte(c)
		case (c == '-') && (i == 4 || i == 7), (c == 'T' || c == ' ') && i == 10, c == ':' && (i == 13 || i == 16):
		default:
			return ""
		}
	}
	switch n := b.Len(); {
	case n == 4 && len(s) == 4, n >= 6 && n <= 14 && n%2 == 0 && strings.ContainsAny(s, "-"), (n == 8 || n == 12 || n == 14) && n == len(s):
		return b.String()
	}
	return ""
}

// comparison is a field or path, an operator, and values.
type comparison struct {
	left       operand
	op         operator
	values     []literal
	expression *regexp.Regexp
	colon      bool
}

func (c *comparison) needsFindings() bool { return false }

func (c *comparison) match(s *Subject) bool {
	switch f := c.left.field; {
	case f == nil:
		return c.matchPath(s)
	case f.Name == "tag":
		return c.matchTexts(s.Tags)
	default:
		return c.matchTexts([]string{f.value(s)})
	}
}

// matchTexts says whether the condition holds for one of some texts; for a negative condition, for all of them.
func (c *comparison) matchTexts(texts []string) bool {
	any := false
	for _, t := range texts {
		any = any || t != ""
	}
	switch c.op {
	case valued:
		return any
	case empty:
		return !any
	case null:
		return false
	case different:
		for _, t := range texts {
			if c.values[0].equals(t) {
				return false
			}
		}
		return true
	}
	for _, t := range texts {
		if t != "" && c.holds(t) || t == "" && c.op == equal && c.values[0].text == "" {
			return true
		}
	}
	return false
}

// matchPath is matchTexts for the values at a path.
func (c *comparison) matchPath(s *Subject) bool {
	if c.left.path.Field == 0 {
		return c.matchSegments(s)
	}
	present := false
	for v := range s.Message.All(c.left.path) {
		switch state := v.State(); {
		case c.op == null:
			if state == hl7.Null {
				return true
			}
			continue
		case state == hl7.Absent || state == hl7.Empty:
			continue
		}
		present = true
		switch c.op {
		case valued:
			return true
		case empty:
			return false
		case different:
			if c.holdsFor(v, c.values[0].equals) {
				return false
			}
		default:
			if c.holdsFor(v, c.holds) {
				return true
			}
		}
	}
	switch c.op {
	case empty, different:
		return true
	case equal:
		return !present && c.values[0].text == ""
	}
	return false
}

// matchSegments is matchPath for a path that names a segment only: whether it is there, or what its text is.
func (c *comparison) matchSegments(s *Subject) bool {
	var texts []string
	for seg := range s.Message.MatchSegments(c.left.path) {
		texts = append(texts, string(seg.Bytes()))
	}
	return c.matchTexts(texts)
}

// holdsFor asks of a value's text, and, where it has components and the path does not name one, of the first one's:
// PID-3 = 88121 is meant of the identifier.
func (c *comparison) holdsFor(v hl7.Value, holds func(string) bool) bool {
	if holds(v.Text()) {
		return true
	}
	return c.left.path.Field != 0 && c.left.path.Component == 0 && v.Components() > 1 && holds(v.Component(1).Text())
}

func (c *comparison) holds(text string) bool {
	switch c.op {
	case equal, among:
		for _, l := range c.values {
			if l.equals(text) {
				return true
			}
		}
		return false
	case contains:
		return strings.Contains(strings.ToLower(text), strings.ToLower(c.values[0].text))
	case matches:
		return c.expression.MatchString(text)
	}
	order, ok := c.values[0].compare(text)
	return ok && c.op.holds(order)
}

// holds says whether an order, negative for smaller, is the one that is asked for.
func (o operator) holds(order int) bool {
	switch o {
	case equal:
		return order == 0
	case different:
		return order != 0
	case less:
		return order < 0
	case atMost:
		return order <= 0
	case more:
		return order > 0
	}
	return order >= 0
}

// equals says whether a text is the value, upper and lower case being equal, or begins with it where a star follows.
func (l literal) equals(text string) bool {
	if l.prefix {
		return len(text) >= len(l.text) && strings.EqualFold(text[:len(l.text)], l.text)
	}
	return strings.EqualFold(text, l.text) || l.digits != "" && strings.Contains(l.text, "-") && strings.HasPrefix(text, l.digits)
}

// compare is where a text stands to the value: by date where both are dates (to the precision of the value, zones left
// aside), by number where both are numbers, else by letters. ok is false where they cannot be compared.
func (l literal) compare(text string) (order int, ok bool) {
	if l.digits != "" {
		if have := leadingDigits(text); len(have) >= 4 {
			n := len(l.digits)
			have += strings.Repeat("0", max(n-len(have), 0))
			if len(leadingDigits(text)) >= 8 || strings.Contains(l.text, "-") {
				return strings.Compare(have[:n], l.digits), true
			}
		}
	}
	if l.isNumber {
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		switch {
		case err != nil:
			return 0, false
		case n < l.number:
			return -1, true
		case n > l.number:
			return 1, true
		}
		return 0, true
	}
	return strings.Compare(strings.ToLower(text), strings.ToLower(l.text)), text != ""
}

func leadingDigits(s string) string {
	for i, c := range []byte(s) {
		if c < '0' || c > '9' {
			return s[:i]
		}
	}
	return s
}

// found is a condition on the findings of a message.
type found struct {
	op         operator
	severity   check.Severity
	bySeverity bool
	code       *comparison // compares the codes, nil where severities are
}

func (f found) needsFindings() bool { return true }

func (f found) match(s *Subject) bool {
	if s.Findings == nil {
		return false
	}
	all := s.Findings()
	switch {
	case f.code != nil:
		codes := make([]string, len(all))
		for i, x := range all {
			codes[i] = x.Code
		}
		return f.code.matchTexts(codes)
	case !f.bySeverity:
		return (len(all) > 0) == (f.op == valued)
	case f.op == different:
		for _, x := range all {
			if x.Severity == f.severity {
				return false
			}
		}
		return true
	}
	for _, x := range all {
		if f.op.holds(int(x.Severity) - int(f.severity)) {
			return true
		}
	}
	return false
}
