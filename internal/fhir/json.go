package fhir

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseJSON reads one JSON value (RFC 8259) of up to the default [Limits]. A byte order mark before it is accepted. The
// error is a [*SyntaxError].
func ParseJSON(data []byte) (*Node, error) { return Limits{}.ParseJSON(data) }

// ParseJSON is the function of that name with limits of the caller's.
func (l Limits) ParseJSON(data []byte) (*Node, error) {
	p := jsonParser{data: data, limits: l}
	return p.document()
}

// ParseJSONLenient reads JSON as people type it: with comments, trailing or missing commas, single quotes, names without
// quotes, control characters in strings and numbers in other spellings (JSON5). Each departure is a [Problem]. Only where
// no tree can be made, it returns an error.
func ParseJSONLenient(data []byte) (*Node, []Problem, error) {
	p := jsonParser{data: data, lenient: true}
	n, err := p.document()
	return n, p.problems, err
}

// jsonParser is a recursive descent over bytes. Strings without escapes are pieces of one copy of the text, and nodes
// come from slabs: a tree costs few allocations.
type jsonParser struct {
	data     []byte
	text     string // the same bytes; strings of the tree are pieces of it
	at       int
	limits   Limits
	lenient  bool
	problems []Problem

	nodes   []Node  // the rest of the current slab
	lists   []*Node // the rest of the current slab of children
	pending []*Node // children of the values that are open
	used    int     // nodes made, to size the next slab
}

func (p *jsonParser) document() (*Node, error) {
	if len(p.data) > p.limits.bytes() {
		return nil, syntaxError(nil, 0, "the text has %d bytes, more than the limit of %d; read it as a stream", len(p.data), p.limits.bytes())
	}
	p.text = string(p.data)
	if bytes.HasPrefix(p.data, []byte("\xEF\xBB\xBF")) {
		p.at = 3
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	if p.at == len(p.data) {
		return nil, p.fail(p.at, "the text ends where a value should begin")
	}
	root, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	if p.at < len(p.data) {
		if err := p.depart("after-end", p.at, "there is more text after the end of the value"); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func (p *jsonParser) fail(off int, format string, args ...any) error {
	return syntaxError(p.data, off, format, args...)
}

// depart is for what the grammar forbids and a person means: an error, unless the parser is lenient.
func (p *jsonParser) depart(code string, off int, what string) error {
	if !p.lenient {
		return p.fail(off, "%s", what)
	}
	p.problems = append(p.problems, Problem{code, off, what})
	return nil
}

func (p *jsonParser) node(kind Kind, off int) *Node {
	if len(p.nodes) == 0 {
		p.nodes = make([]Node, min(max(16, p.used), 1024))
	}
	n := &p.nodes[0]
	p.nodes = p.nodes[1:]
	p.used++
	n.Kind, n.Off = kind, off
	return n
}

// children takes what is pending since mark into a list of its own.
func (p *jsonParser) children(mark int) []*Node {
	count := len(p.pending) - mark
	if count == 0 {
		return nil
	}
	if len(p.lists) < count {
		p.lists = make([]*Node, max(count, min(max(16, p.used), 1024)))
	}
	list := p.lists[:count:count]
	p.lists = p.lists[count:]
	copy(list, p.pending[mark:])
	p.pending = p.pending[:mark]
	return list
}

// space skips blanks, and in a lenient parser comments.
func (p *jsonParser) space() error {
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			p.at++
		case c == '/' && p.at+1 < len(p.data) && (p.data[p.at+1] == '/' || p.data[p.at+1] == '*'):
			if err := p.depart("comment", p.at, "there is a comment, which JSON does not have"); err != nil {
				return err
			}
			end, from := "\n", p.at+2
			if p.data[p.at+1] == '*' {
				end = "*/"
			}
			if i := bytes.Index(p.data[from:], []byte(end)); i >= 0 {
				p.at = from + i + len(end)
			} else {
				p.at = len(p.data)
			}
		default:
			return nil
		}
	}
	return nil
}

func (p *jsonParser) value(depth int) (*Node, error) {
	if depth >= p.limits.depth() {
		return nil, p.fail(p.at, "values are nested more than %d deep", p.limits.depth())
	}
	from := p.at
	switch c := p.data[p.at]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"' || c == '\'':
		text, err := p.quoted()
		if err != nil {
			return nil, err
		}
		n := p.node(String, from)
		n.Text, n.End = text, p.at
		return n, nil
	case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	}
	for p.at < len(p.data) && isWord(p.data[p.at]) {
		p.at++
	}
	n := p.node(Bool, from)
	n.Text, n.End = p.text[from:p.at], p.at
	switch n.Text {
	case "true", "false":
		return n, nil
	case "null":
		n.Kind, n.Text = Null, ""
		return n, nil
	case "":
		return nil, p.fail(from, "a value should begin here, not %q", rune(p.data[from]))
	}
	n.Kind = String
	return n, p.depart("bare-name", from, "a word stands here without quotes")
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

func (p *jsonParser) object(depth int) (*Node, error) {
	n := p.node(Object, p.at)
	mark := len(p.pending)
	p.at++
	for first := true; ; first = false {
		done, err := p.between('}', first, n.Off)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		nameOff := p.at
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if err := p.space(); err != nil {
			return nil, err
		}
		if p.at == len(p.data) || p.data[p.at] != ':' {
			return nil, p.fail(p.at, "a colon should follow the name of a member")
		}
		p.at++
		if err := p.space(); err != nil {
			return nil, err
		}
		if p.at == len(p.data) {
			return nil, p.fail(p.at, "the text ends where the value of a member should begin")
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.Name, v.NameOff = name, nameOff
		p.pending = append(p.pending, v)
	}
	n.Children, n.End = p.children(mark), p.at
	return n, nil
}

func (p *jsonParser) array(depth int) (*Node, error) {
	n := p.node(Array, p.at)
	mark := len(p.pending)
	p.at++
	for first := true; ; first = false {
		done, err := p.between(']', first, n.Off)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.pending = append(p.pending, v)
	}
	n.Children, n.End = p.children(mark), p.at
	return n, nil
}

// between stands after an opening bracket or after a value. It says whether the closing bracket was there; if not, it
// stands at the next value.
func (p *jsonParser) between(closing byte, first bool, opened int) (done bool, err error) {
	if err := p.space(); err != nil {
		return false, err
	}
	comma := -1
	if !first && p.at < len(p.data) && p.data[p.at] == ',' {
		comma = p.at
		p.at++
		if err := p.space(); err != nil {
			return false, err
		}
	}
	switch {
	case p.at == len(p.data):
		line, _ := Position(p.data, opened)
		return false, p.fail(p.at, "the text ends before the %q that line %d needs", rune(closing), line)
	case p.data[p.at] == closing:
		p.at++
		if comma >= 0 {
			return true, p.depart("trailing-comma", comma, "there is a comma after the last item")
		}
		return true, nil
	case !first && comma < 0:
		if c := p.data[p.at]; c == '}' || c == ']' || c == ':' {
			return false, p.fail(p.at, "%q or a comma should stand here, not %q", rune(closing), rune(c))
		}
		return false, p.depart("comma", p.at, "a comma is missing before this")
	}
	return false, nil
}

func (p *jsonParser) name() (string, error) {
	if c := p.data[p.at]; c == '"' || c == '\'' {
		return p.quoted()
	}
	from := p.at
	for p.at < len(p.data) && isWord(p.data[p.at]) {
		p.at++
	}
	if p.at == from {
		return "", p.fail(from, "the name of a member should begin here, not %q", rune(p.data[from]))
	}
	return p.text[from:p.at], p.depart("bare-name", from, "the name of this member has no quotes")
}

// quoted reads a string. What has neither escapes nor bytes that need a look is a piece of the text.
func (p *jsonParser) quoted() (string, error) {
	from := p.at
	quote := p.data[p.at]
	if quote == '\'' {
		if err := p.depart("single-quote", p.at, "a string has single quotes, JSON has double ones"); err != nil {
			return "", err
		}
	}
	p.at++
	plain := true
	i := p.at
	for ; i < len(p.data); i++ {
		c := p.data[i]
		if c == quote {
			break
		}
		if c < 0x20 || c >= 0x80 {
			plain = false
		}
		if c == '\\' {
			plain = false
			i++
		}
	}
	if i >= len(p.data) {
		return "", p.fail(from, "a string begins here and does not end")
	}
	body := p.text[p.at:i]
	start := p.at
	p.at = i + 1
	if plain {
		return body, nil
	}
	return p.unescape(body, start)
}

func (p *jsonParser) unescape(body string, start int) (string, error) {
	var b []byte // nil while nothing differs from the text
	copied := 0
	for i := 0; i < len(body); {
		c := body[i]
		switch {
		case c >= 0x80:
			r, size := utf8.DecodeRuneInString(body[i:])
			if r == utf8.RuneError && size == 1 {
				if err := p.depart("utf8", start+i, "this byte is not UTF-8"); err != nil {
					return "", err
				}
			}
			i += size
		case c < 0x20:
			if err := p.depart("control", start+i, "a control character stands in a string; it needs an escape such as \\n or \\u0009"); err != nil {
				return "", err
			}
			i++
		case c != '\\':
			i++
		default:
			decoded, size, err := p.escape(body[i:], start+i)
			if err != nil {
				return "", err
			}
			b = append(b, body[copied:i]...)
			b = append(b, decoded...)
			i += size
			copied = i
		}
	}
	if copied == 0 {
		return body, nil
	}
	return string(append(b, body[copied:]...)), nil
}

// escape decodes the escape at the beginning of s and returns how many bytes it has.
func (p *jsonParser) escape(s string, off int) (decoded string, size int, err error) {
	if len(s) < 2 {
		return "", 0, p.fail(off, "the text ends within an escape")
	}
	switch s[1] {
	case '"', '\\', '/':
		return s[1:2], 2, nil
	case 'b':
		return "\b", 2, nil
	case 'f':
		return "\f", 2, nil
	case 'n':
		return "\n", 2, nil
	case 'r':
		return "\r", 2, nil
	case 't':
		return "\t", 2, nil
	case 'u':
		r, ok := hex4(s)
		if !ok {
			return s[1:2], 2, p.depart("escape", off, "\\u needs four hexadecimal digits")
		}
		if !utf16.IsSurrogate(r) {
			return string(r), 6, nil
		}
		if low, ok := hex4(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return string(pair), 12, nil
			}
		}
		return string(utf8.RuneError), 6, p.depart("escape", off, "this escape is half of a surrogate pair, and the other half does not follow")
	}
	return s[1:2], 2, p.depart("escape", off, "there is no such escape in JSON")
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 32)
	return rune(v), err == nil && s[2] != '+'
}

func (p *jsonParser) number() (*Node, error) {
	from := p.at
	for p.at < len(p.data) {
		c := p.data[p.at]
		if c != '-' && c != '+' && c != '.' && !isWord(c) {
			break
		}
		p.at++
	}
	n := p.node(Number, from)
	n.Text, n.End = p.text[from:p.at], p.at
	if !ValidNumber(n.Text) {
		if err := p.depart("number", from, "this is not a number of JSON: no leading zeros or plus sign, digits on both sides of the point"); err != nil {
			return nil, err
		}
		n.Kind = String // so that what is written from the tree is JSON
	}
	return n, nil
}

// ValidNumber says whether text is a number by the grammar of JSON (RFC 8259, section 6).
func ValidNumber(text string) bool {
	digits := func() bool {
		i := 0
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		text = text[i:]
		return i > 0
	}
	if text != "" && text[0] == '-' {
		text = text[1:]
	}
	if text != "" && text[0] == '0' {
		text = text[1:]
	} else if !digits() {
		return false
	}
	if text != "" && text[0] == '.' {
		text = text[1:]
		if !digits() {
			return false
		}
	}
	if text != "" && (text[0] == 'e' || text[0] == 'E') {
		text = text[1:]
		if text != "" && (text[0] == '+' || text[0] == '-') {
			text = text[1:]
		}
		if !digits() {
			return false
		}
	}
	return text == ""
}
