package fhirview

import (
	"bytes"
	"sort"

	"trestle/internal/fhir"
	"trestle/internal/inspect/resource"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
)

// longLine is from how many bytes on a line is taken for a text that was written without line ends.
const longLine = 160

// textOf is the text of a resource in its lines and colours.
func textOf(doc *resource.Document) screen.Text {
	o, indents := optionsOf(doc)
	return indented(screen.NewBytes(doc.Bytes, o), indents)
}

// indented puts the lines that the structure made further in, by their level.
func indented(t screen.Text, indents []uint16) screen.Text {
	if indents == nil {
		return t
	}
	return screen.NewIndented(t, indents)
}

func optionsOf(doc *resource.Document) (o screen.BytesOptions, indents []uint16) {
	if breaks, levels := structural(doc); breaks != nil {
		o.Breaks, o.ShowBreaks, indents = breaks, true, levels
	}
	switch {
	case doc.Tree == nil:
	case doc.XML:
		o.Colours = markup{doc.Bytes}.spans
	default:
		o.Colours = values{doc.Tree}.spans
	}
	return o, indents
}

// veil is the text under the mask. It takes a second for 50 MB.
func veil(doc *resource.Document) screen.Text {
	o, indents := optionsOf(doc)
	return indented(message.Veil(doc.Bytes, o, doc.Hidden()), indents)
}

// hexText is the bytes as a hex dump, made when it is first asked for. Under the mask nothing of it shows.
func (m *Model) hexText() screen.Text {
	i := 0
	if m.masked {
		i = 1
	}
	if m.hexes[i] == nil {
		d := message.Drawing{Bytes: m.doc.Bytes}
		m.hexes[i] = d.Hex(m.masked)
	}
	return m.hexes[i]
}

// structural are the places at which a text that has no line ends is broken, with the indents of its lines; nil for one that has
// line ends. JSON is broken after what opens a level and after commas, XML after tags.
func structural(doc *resource.Document) (breaks []screen.Break, indents []uint16) {
	b := doc.Bytes
	head := b[:min(len(b), 64<<10)]
	if len(b) < longLine || doc.Tree == nil || bytes.Count(head, []byte{'\n'})*2*longLine > len(head) {
		return nil, nil
	}
	indents = []uint16{0}
	if doc.XML {
		return markupBreaks(b, indents)
	}
	inText, depth := false, 0
	cut := func(at int) {
		breaks, indents = append(breaks, screen.Break{Offset: at, Length: 1}), append(indents, uint16(2*min(max(depth, 0), maxIndent)))
	}
	for at := 0; at < len(b); at++ {
		next := byte(0)
		if at+1 < len(b) {
			next = b[at+1]
		}
		switch c := b[at]; {
		case inText && c == '\\':
			at++
		case c == '"':
			inText = !inText
		case inText:
		case c == '\n':
			cut(at)
		case c == '{' || c == '[':
			depth++
			if next != '}' && next != ']' && next != '\n' && next != '\r' {
				cut(at)
			}
		case c == '}' || c == ']':
			depth--
		case c == ',' && next != '\n' && next != '\r':
			cut(at)
		}
	}
	return breaks, indents
}

// maxIndent is the deepest level that is indented.
const maxIndent = 40

// markupBreaks is structural for XML.
func markupBreaks(b []byte, indents []uint16) ([]screen.Break, []uint16) {
	breaks, depth := []screen.Break{}, 0
	from := 0
	for {
		i := bytes.Index(b[from:], []byte("><"))
		line, closes := b[from:], false
		if i >= 0 {
			line, closes = b[from:from+i+1], from+i+2 < len(b) && b[from+i+2] == '/'
		}
		switch {
		case len(line) < 2 || line[0] != '<' || line[1] == '?' || line[1] == '!' || bytes.HasSuffix(line, []byte("/>")) || bytes.Contains(line[1:], []byte("</")):
		case line[1] == '/':
			depth--
		default:
			depth++
		}
		if i < 0 {
			return breaks, indents
		}
		level := depth
		if closes {
			level--
		}
		from += i + 1
		breaks, indents = append(breaks, screen.Break{Offset: from - 1, Length: 1}), append(indents, uint16(2*min(max(level, 0), maxIndent)))
	}
}

// values colours JSON by its tree.
type values struct{ root *fhir.Node }

func (v values) spans(_, from, to int) []screen.Span {
	var out []screen.Span
	for at := from; at < to; {
		role, end := v.at(at)
		end = min(max(end, at+1), to)
		if n := len(out); n > 0 && out[n-1].Role == role && out[n-1].End == at {
			out[n-1].End = end
		} else {
			out = append(out, screen.Span{Start: at, End: end, Role: role})
		}
		at = end
	}
	return out
}

// at is the role of a byte, and up to where it goes.
func (v values) at(at int) (role screen.Role, end int) {
	n := v.root
	if at < n.Off {
		return screen.RoleControl, n.Off
	}
	if at >= n.End {
		return screen.RoleControl, at + 1
	}
	for {
		children := n.Children
		i := sort.Search(len(children), func(i int) bool { return children[i].End > at })
		if i == len(children) {
			return screen.RoleDelimiter, n.End
		}
		c := children[i]
		begin := c.Off
		if n.Kind == fhir.Object {
			begin = c.NameOff
		}
		switch {
		case at < begin:
			return screen.RoleDelimiter, begin
		case at < c.Off:
			return screen.RoleSegment, c.Off
		case c.Kind == fhir.Object || c.Kind == fhir.Array:
			n = c
		case c.Kind == fhir.Null:
			return screen.RoleNull, c.End
		default:
			return screen.RoleValue, c.End
		}
	}
}

// markup colours XML by its signs alone.
type markup struct{ b []byte }

// lookBack is how far the beginning of a tag is looked for.
const lookBack = 4 << 10

func (m markup) spans(_, from, to int) []screen.Span {
	var out []screen.Span
	add := func(from, to int, role screen.Role) {
		if from < to {
			out = append(out, screen.Span{Start: from, End: to, Role: role})
		}
	}
	before := m.b[max(0, from-lookBack):from]
	inTag := bytes.LastIndexByte(before, '<') > bytes.LastIndexByte(before, '>')
	for at := from; at < to; {
		if !inTag {
			i := bytes.IndexByte(m.b[at:to], '<')
			if i < 0 {
				add(at, to, screen.RoleText)
				break
			}
			add(at, at+i, screen.RoleText)
			name := at + i + 1
			for name < to && bytes.IndexByte([]byte(" \t\r\n/>"), m.b[name]) < 0 || name < to && name == at+i+1 {
				name++
			}
			add(at+i, name, screen.RoleSegment)
			at, inTag = name, true
			continue
		}
		switch c := m.b[at]; c {
		case '>':
			add(at, at+1, screen.RoleSegment)
			at, inTag = at+1, false
		case '"', '\'':
			end := to
			if i := bytes.IndexByte(m.b[at+1:to], c); i >= 0 {
				end = at + i + 2
			}
			add(at, end, screen.RoleValue)
			at = end
		default:
			end := at + 1
			for end < to && bytes.IndexByte([]byte(`"'>`), m.b[end]) < 0 {
				end++
			}
			add(at, end, screen.RoleDelimiter)
			at = end
		}
	}
	return out
}
