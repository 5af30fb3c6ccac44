package fhir

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseXML reads an XML document (XML 1.0, UTF-8) of up to the default [Limits] and returns its root element: attributes,
// texts and comments are kept, names stay as they are written, with their prefix. Document types are refused: entities
// that they declare are a way to attack who reads. The error is a [*SyntaxError].
//
// [Definitions.ParseXML] reads FHIR in XML as FHIR.
func ParseXML(data []byte) (*Node, error) { return Limits{}.ParseXML(data) }

// ParseXML is the function of that name with limits of the caller's.
func (l Limits) ParseXML(data []byte) (*Node, error) {
	if len(data) > l.bytes() {
		return nil, syntaxError(nil, 0, "the text has %d bytes, more than the limit of %d", len(data), l.bytes())
	}
	p := xmlParser{data: data, text: string(data), limits: l}
	return p.document()
}

type xmlParser struct {
	data     []byte
	text     string
	at       int
	limits   Limits
	entities map[string]string // names beyond the five of XML; only narratives in JSON have them
}

func (p *xmlParser) fail(off int, format string, args ...any) error {
	return syntaxError(p.data, off, format, args...)
}

func (p *xmlParser) document() (*Node, error) {
	if strings.HasPrefix(p.text, "\uFEFF") {
		p.at = len("\uFEFF")
	}
	if strings.HasPrefix(p.text, "\xFF\xFE") || strings.HasPrefix(p.text, "\xFE\xFF") {
		return nil, p.fail(0, "the text is UTF-16; save it as UTF-8")
	}
	if err := p.declaration(); err != nil {
		return nil, err
	}
	if err := p.outside(); err != nil {
		return nil, err
	}
	if p.at == len(p.data) {
		return nil, p.fail(p.at, "the text ends before the first element")
	}
	root, err := p.element(0)
	if err != nil {
		return nil, err
	}
	if err := p.outside(); err != nil {
		return nil, err
	}
	if p.at < len(p.data) {
		return nil, p.fail(p.at, "there is a second element after the end of the first")
	}
	return root, nil
}

// declaration reads <?xml version="1.0" encoding="UTF-8"?>, if it is there.
func (p *xmlParser) declaration() error {
	rest := p.text[p.at:]
	if !strings.HasPrefix(rest, "<?xml") || len(rest) > 5 && !isSpace(rest[5]) {
		return nil
	}
	end := strings.Index(rest, "?>")
	if end < 0 {
		return p.fail(p.at, "the XML declaration does not end")
	}
	if _, after, ok := strings.Cut(rest[:end], "encoding"); ok {
		after = strings.TrimLeft(after, " \t\r\n=")
		if after != "" {
			name, _, _ := strings.Cut(after[1:], after[:1])
			switch strings.ToLower(name) {
			case "utf-8", "utf8", "us-ascii", "ascii":
			default:
				return p.fail(p.at, "the XML declaration says that the encoding is not UTF-8; save the text as UTF-8")
			}
		}
	}
	p.at += end + 2
	return nil
}

// outside skips blanks, comments and processing instructions around the root element.
func (p *xmlParser) outside() error {
	for p.at < len(p.data) {
		rest := p.text[p.at:]
		var err error
		switch {
		case isSpace(rest[0]):
			p.at++
		case strings.HasPrefix(rest, "<!--"):
			_, err = p.comment()
		case strings.HasPrefix(rest, "<?"):
			err = p.skipTo("?>", "a processing instruction")
		case strings.HasPrefix(rest, "<!"):
			return p.fail(p.at, "there is a document type declaration, which is refused because entities can be declared in it; remove it")
		case rest[0] == '<':
			return nil
		default:
			return p.fail(p.at, "an element should stand here, not text")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *xmlParser) skipTo(end, what string) error {
	i := strings.Index(p.text[p.at:], end)
	if i < 0 {
		return p.fail(p.at, "%s begins here and does not end", what)
	}
	p.at += i + len(end)
	return nil
}

func (p *xmlParser) comment() (*Node, error) {
	from := p.at
	p.at += len("<!--")
	start := p.at
	i := strings.Index(p.text[p.at:], "--")
	if i < 0 {
		return nil, p.fail(from, "a comment begins here and does not end")
	}
	p.at += i + 2
	if p.at >= len(p.data) || p.data[p.at] != '>' {
		return nil, p.fail(p.at-2, "two hyphens stand within a comment")
	}
	p.at++
	text := p.text[start : p.at-3]
	if err := p.characters(text, start); err != nil {
		return nil, err
	}
	return &Node{Kind: Comment, Text: text, Off: from, End: p.at, NameOff: from}, nil
}

// element reads an element from its < on.
func (p *xmlParser) element(depth int) (*Node, error) {
	if depth >= p.limits.depth() {
		return nil, p.fail(p.at, "elements are nested more than %d deep", p.limits.depth())
	}
	n := &Node{Kind: Element, Off: p.at, NameOff: p.at}
	p.at++
	n.Name = p.name()
	if n.Name == "" {
		return nil, p.fail(p.at, "the name of an element should stand here")
	}
	closed, err := p.attributes(n)
	if err != nil {
		return nil, err
	}
	if !closed {
		if err := p.content(n, depth); err != nil {
			return nil, err
		}
	}
	n.End = p.at
	return n, nil
}

func (p *xmlParser) name() string {
	from := p.at
	for p.at < len(p.data) {
		c := p.data[p.at]
		if !isNameByte(c) || p.at == from && (c == '-' || c == '.' || c >= '0' && c <= '9') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':' || c >= utf8.RuneSelf
}

// attributes reads up to the end of the start tag and says whether the element is closed with it.
func (p *xmlParser) attributes(n *Node) (closed bool, err error) {
	for {
		before := p.at
		for p.at < len(p.data) && isSpace(p.data[p.at]) {
			p.at++
		}
		switch rest := p.text[p.at:]; {
		case rest == "":
			return false, p.fail(n.Off, "the tag of %s does not end", n.Name)
		case rest[0] == '>':
			p.at++
			return false, nil
		case strings.HasPrefix(rest, "/>"):
			p.at += 2
			return true, nil
		}
		from := p.at
		name := p.name()
		if name == "" {
			return false, p.fail(from, "an attribute or the end of the tag should stand here")
		}
		if before == from {
			return false, p.fail(from, "a blank is missing before the attribute %s", name)
		}
		for p.at < len(p.data) && isSpace(p.data[p.at]) {
			p.at++
		}
		if p.at == len(p.data) || p.data[p.at] != '=' {
			return false, p.fail(p.at, "the attribute %s has no value", name)
		}
		p.at++
		for p.at < len(p.data) && isSpace(p.data[p.at]) {
			p.at++
		}
		if p.at == len(p.data) || p.data[p.at] != '"' && p.data[p.at] != '\'' {
			return false, p.fail(p.at, "the value of the attribute %s has no quotes", name)
		}
		start := p.at + 1
		i := strings.IndexByte(p.text[start:], p.data[p.at])
		if i < 0 {
			return false, p.fail(p.at, "the value of the attribute %s does not end", name)
		}
		raw := p.text[start : start+i]
		if lt := strings.IndexByte(raw, '<'); lt >= 0 {
			return false, p.fail(start+lt, "a < stands in an attribute; write &lt;")
		}
		value, err := p.resolve(raw, start, true)
		if err != nil {
			return false, err
		}
		p.at = start + i + 1
		for _, c := range n.Children {
			if c.Name == name {
				return false, p.fail(from, "the attribute %s is there twice", name)
			}
		}
		n.Children = append(n.Children, &Node{Kind: Attribute, Name: name, Text: value, Off: start, End: start + i, NameOff: from})
	}
}

// content reads what an element holds, up to and with its end tag.
func (p *xmlParser) content(n *Node, depth int) error {
	var text *Node // the last child, if it is text that goes on
	addText := func(s string, from int) {
		if text == nil {
			text = &Node{Kind: Text, Off: from, NameOff: from}
			n.Children = append(n.Children, text)
		}
		text.Text += s
		text.End = p.at
	}
	for {
		rest := p.text[p.at:]
		switch {
		case rest == "":
			return p.fail(p.at, "the text ends before </%s>, which line %d needs", n.Name, p.line(n.Off))
		case rest[0] != '<':
			i := strings.IndexByte(rest, '<')
			if i < 0 {
				i = len(rest)
			}
			from := p.at
			if j := strings.Index(rest[:i], "]]>"); j >= 0 {
				return p.fail(from+j, "]]> stands in text")
			}
			s, err := p.resolve(rest[:i], from, false)
			if err != nil {
				return err
			}
			p.at += i
			addText(s, from)
		case strings.HasPrefix(rest, "</"):
			from := p.at
			p.at += 2
			name := p.name()
			for p.at < len(p.data) && isSpace(p.data[p.at]) {
				p.at++
			}
			if name != n.Name || p.at == len(p.data) || p.data[p.at] != '>' {
				return p.fail(from, "the end tag </%s> should stand here for line %d, not </%s", n.Name, p.line(n.Off), name)
			}
			p.at++
			return nil
		case strings.HasPrefix(rest, "<!--"):
			c, err := p.comment()
			if err != nil {
				return err
			}
			n.Children, text = append(n.Children, c), nil
		case strings.HasPrefix(rest, "<![CDATA["):
			from := p.at
			if err := p.skipTo("]]>", "a CDATA section"); err != nil {
				return err
			}
			s := p.text[from+len("<![CDATA[") : p.at-len("]]>")]
			if err := p.characters(s, from); err != nil {
				return err
			}
			addText(newlines(s), from)
		case strings.HasPrefix(rest, "<?"):
			if err := p.skipTo("?>", "a processing instruction"); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "<!"):
			return p.fail(p.at, "a declaration stands within an element")
		default:
			c, err := p.element(depth + 1)
			if err != nil {
				return err
			}
			n.Children, text = append(n.Children, c), nil
		}
	}
}

func (p *xmlParser) line(off int) int {
	line, _ := Position(p.data, off)
	return line
}

func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// characters refuses what XML cannot hold (XML 1.0, section 2.2).
func (p *xmlParser) characters(s string, off int) error {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 && !isSpace(c) {
			return p.fail(off+i, "a control character stands here, which XML cannot hold")
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				return p.fail(off+i, "this byte is not UTF-8")
			}
			if r == 0xFFFE || r == 0xFFFF {
				return p.fail(off+i, "this character is none of XML")
			}
			i += size - 1
		}
	}
	return nil
}

// resolve replaces references and normalises line ends (sections 2.11 and 3.3.3).
func (p *xmlParser) resolve(s string, off int, attribute bool) (string, error) {
	if err := p.characters(s, off); err != nil {
		return "", err
	}
	if strings.IndexByte(s, '&') < 0 {
		s = newlines(s)
		if attribute {
			s = blanks.Replace(s)
		}
		return s, nil
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "&")
		plain := newlines(before)
		if attribute {
			plain = blanks.Replace(plain)
		}
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		at := off + len(before)
		name, rest, ok := strings.Cut(after, ";")
		if !ok || len(name) > 32 {
			return "", p.fail(at, "an & stands alone; write &amp;")
		}
		text, ok := p.reference(name)
		if !ok {
			return "", p.fail(at, "this reference is not known in XML; write the character itself or its number, such as &#160;")
		}
		b.WriteString(text)
		off = at + len(name) + 2
		s = rest
	}
}

var blanks = strings.NewReplacer("\n", " ", "\t", " ")

func (p *xmlParser) reference(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		text, ok := p.entities[name]
		return text, ok
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || v < 0x20 && v != '\t' && v != '\n' && v != '\r' || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) || v == 0xFFFE || v == 0xFFFF {
		return "", false
	}
	return string(rune(v)), true
}

// AppendXMLTree writes a tree of [ParseXML], blanks and comments as they are in it.
func AppendXMLTree(dst []byte, n *Node) []byte {
	switch n.Kind {
	case Text:
		return appendEscaped(dst, n.Text, false)
	case Comment:
		return append(append(append(dst, "<!--"...), n.Text...), "-->"...)
	case Attribute:
		return appendAttribute(dst, n.Name, n.Text)
	}
	dst = append(append(dst, '<'), n.Name...)
	i := 0
	for ; i < len(n.Children) && n.Children[i].Kind == Attribute; i++ {
		dst = AppendXMLTree(dst, n.Children[i])
	}
	if i == len(n.Children) {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for _, c := range n.Children[i:] {
		dst = AppendXMLTree(dst, c)
	}
	return append(append(append(dst, "</"...), n.Name...), '>')
}

func appendAttribute(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, ' '), name...), `="`...)
	return append(appendEscaped(dst, value, true), '"')
}

// appendEscaped writes characters so that a reader finds the same: line ends of attributes and carriage returns would be
// normalised otherwise.
func appendEscaped(dst []byte, s string, attribute bool) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '&':
			dst = append(dst, "&amp;"...)
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>':
			dst = append(dst, "&gt;"...)
		case c == '"' && attribute:
			dst = append(dst, "&quot;"...)
		case c == '\r', attribute && (c == '\n' || c == '\t'):
			dst = append(strconv.AppendUint(append(dst, "&#"...), uint64(c), 10), ';')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// LooksLikeXML says whether the first character that is no blank is a <.
func LooksLikeXML(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), " \t\r\n")
	return len(data) > 0 && data[0] == '<'
}
