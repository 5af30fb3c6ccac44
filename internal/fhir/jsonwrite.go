package fhir

import (
	"unicode/utf8"
)

// AppendJSON writes the tree as JSON without blanks: names, order and numbers as they are in it. Comments of XML, which
// JSON cannot hold, are left out; bytes that are not UTF-8 become U+FFFD.
func AppendJSON(dst []byte, n *Node) []byte { return (&jsonWriter{}).value(dst, n, 0) }

// AppendIndentedJSON writes the tree with a line for each member and item, each level further in by indent.
func AppendIndentedJSON(dst []byte, n *Node, indent string) []byte {
	return (&jsonWriter{indent: indent, lines: true}).value(dst, n, 0)
}

type jsonWriter struct {
	indent string
	lines  bool
}

func (w *jsonWriter) value(dst []byte, n *Node, depth int) []byte {
	switch {
	case n == nil || n.Kind == Null:
		return append(dst, "null"...)
	case n.Kind == Object:
		return w.list(dst, n, depth, '{', '}')
	case n.Kind == Array:
		return w.list(dst, n, depth, '[', ']')
	case n.Kind == Element:
		return w.element(dst, n, depth)
	case n.Kind == Number || n.Kind == Bool:
		return append(dst, n.Text...)
	}
	return AppendQuoted(dst, n.Text)
}

func (w *jsonWriter) list(dst []byte, n *Node, depth int, opening, closing byte) []byte {
	dst = append(dst, opening)
	first := true
	for _, c := range n.Children {
		if c.Kind == Comment {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = w.line(dst, depth+1)
		if n.Kind == Object {
			dst = append(AppendQuoted(dst, c.Name), ':')
			if w.lines {
				dst = append(dst, ' ')
			}
		}
		dst = w.value(dst, c, depth+1)
	}
	if !first {
		dst = w.line(dst, depth)
	}
	return append(dst, closing)
}

// element writes XML that is not FHIR so that a person can read it: an object of its name and what it holds.
func (w *jsonWriter) element(dst []byte, n *Node, depth int) []byte {
	held := &Node{Kind: Object}
	for _, c := range n.Children {
		m := *c
		switch c.Kind {
		case Attribute:
			m.Kind, m.Name = String, "@"+c.Name
		case Text:
			m.Kind, m.Name = String, "#text"
		}
		held.Children = append(held.Children, &m)
	}
	return w.list(dst, held, depth, '{', '}')
}

func (w *jsonWriter) line(dst []byte, depth int) []byte {
	if !w.lines {
		return dst
	}
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, w.indent...)
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// asItIs are the bytes that JSON takes as they are.
var asItIs = func() (set [256]bool) {
	for c := byte(0x20); c < utf8.RuneSelf; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// AppendQuoted writes text as a JSON string, with the escapes that JSON requires and no others.
func AppendQuoted(dst []byte, text string) []byte {
	dst = append(dst, '"')
	plain := 0
	for plain < len(text) && asItIs[text[plain]] {
		plain++
	}
	if plain == len(text) { // nearly all text
		return append(append(dst, text...), '"')
	}
	from := 0
	for i := plain; i < len(text); {
		c := text[i]
		if asItIs[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, text[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, text[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, text[from:]...), '"')
}
