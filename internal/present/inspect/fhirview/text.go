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
const longLine = 400

// textOf is the text of a resource in its lines and colours.
func textOf(doc *resource.Document) *screen.Bytes { return screen.NewBytes(doc.Bytes, optionsOf(doc)) }

func optionsOf(doc *resource.Document) screen.BytesOptions {
	o := screen.BytesOptions{}
	if breaks := structural(doc); breaks != nil {
		o.Breaks, o.ShowBreaks = breaks, true
	}
	switch {
	case doc.Tree == nil:
	case doc.XML:
		o.Colours = markup{doc.Bytes}.spans
	default:
		o.Colours = values{doc.Tree}.spans
	}
	return o
}

// veil is the text under the mask; without ranges all of it is hidden.
func veil(doc *resource.Document, hidden [][2]int) screen.Text {
	if hidden == nil {
		hidden = [][2]int{{0, len(doc.Bytes)}}
	}
	return message.Veil(doc.Bytes, optionsOf(doc), hidden)
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

// structural are the places at which a text that has no line ends is broken, nil for one that has: after what opens a
// level and after commas, in XML after tags.
func structural(doc *resource.Document) []screen.Break {
	b := doc.Bytes
	if len(b) < longLine || bytes.Count(b[:min(len(b), 64<<10)], []byte{'\n'})*longLine > min(len(b), 64<<10)/2 || doc.Tree == nil {
		return nil
	}
	var breaks []screen.Break
	if doc.XML {
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte("><"))
			if i < 0 {
				return breaks
			}
			breaks = append(breaks, screen.Break{Offset: at + i, Length: 1})
			at += i + 1
		}
	}
	inText := false
	for at := 0; at < len(b); at++ {
		switch c := b[at]; {
		case inText && c == '\\':
			at++
		case c == '"':
			inText = !inText
		case inText:
		case c == '\n':
			breaks = append(breaks, screen.Break{Offset: at, Length: 1})
		case c == ',', (c == '{' || c == '[') && at+1 < len(b) && b[at+1] != '}' && b[at+1] != ']':
			if at+1 < len(b) && b[at+1] != '\n' && b[at+1] != '\r' {
				breaks = append(breaks, screen.Break{Offset: at, Length: 1})
			}
		}
	}
	return breaks
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
