package endpoints

import (
	"bytes"
	"strings"

	"trestle/internal/endpoint"
	"trestle/internal/fhir"
	"trestle/internal/present/screen"
)

// An exchange of FHIR is kept as the bytes of HTTP: a first line, headers, an empty line, the body. It is shown with the body indented.

// maxIndented is the longest body in bytes that is shown indented; a longer one is shown as it is.
const maxIndented = 8 << 20

// splitHTTP divides what was kept into head and body.
func splitHTTP(b []byte) (head, body []byte) {
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
		return b[:i], b[i+4:]
	}
	return b, nil
}

// indented is a body as a person reads it: JSON indented, everything else as it is.
func indented(body []byte) []byte {
	if len(body) == 0 || len(body) > maxIndented || fhir.LooksLikeXML(body) {
		return body
	}
	n, err := fhir.ParseJSON(body)
	if err != nil {
		return body
	}
	return fhir.AppendIndentedJSON(nil, n, "  ")
}

// drawHTTP draws what was kept of one side of an exchange; nil for nothing. The mask hides all that may be about a patient: the path
// but for the type, values of headers, and the body.
func drawHTTP(b []byte, masked bool) screen.Text {
	if len(b) == 0 {
		return screen.NewBytes(nil, screen.BytesOptions{})
	}
	head, body := splitHTTP(b)
	text := bytes.ReplaceAll(head, []byte("\r\n"), []byte("\n"))
	if masked {
		text = maskHead(text)
		if len(body) > 0 {
			body = []byte("the body is hidden by the mask")
		}
	}
	at := len(text)
	if len(body) > 0 {
		text = append(append(bytes.Clone(text), "\n\n"...), indented(body)...)
		at += 2
	}
	return screen.NewBytes(text, screen.BytesOptions{Colours: httpPainter{text, at}.spans})
}

// maskHead keeps the method, the status and the names of headers.
func maskHead(head []byte) []byte {
	lines := strings.Split(string(head), "\n")
	if words := strings.SplitN(lines[0], " ", 3); len(words) > 1 && !strings.HasPrefix(words[0], "HTTP/") {
		lines[0] = words[0] + " ***"
	}
	for i, line := range lines[1:] {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "content-type", "content-length", "accept", "date", "prefer", "retry-after", "user-agent", "cache-control", "etag", "if-match":
		default:
			lines[i+1] = name + ": ***"
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// drawJSON draws indented JSON.
func drawJSON(b []byte, masked bool) screen.Text {
	if masked {
		b = []byte("the resource is hidden by the mask")
	}
	return screen.NewBytes(b, screen.BytesOptions{Colours: httpPainter{b, 0}.spans})
}

// httpPainter colours the names of headers and of JSON's members, and its values.
type httpPainter struct {
	b    []byte
	body int // where the body begins
}

// spans colours the bytes of a line, or of a part of one. Indented JSON has no line end inside of a string, so that each line can be read
// by itself.
func (p httpPainter) spans(_, from, to int) []screen.Span {
	start := bytes.LastIndexByte(p.b[:from], '\n') + 1
	var spans []screen.Span
	add := func(a, b int, role screen.Role) {
		if a, b = max(a, from), min(b, to); a < b {
			spans = append(spans, screen.Span{Start: a, End: b, Role: role})
		}
	}
	if start < p.body {
		if colon := bytes.IndexByte(p.b[start:to], ':'); start > 0 && colon > 0 {
			add(start, start+colon, screen.RoleMuted)
		} else if start == 0 {
			add(start, to, screen.RoleSegment)
		}
		return spans
	}
	for i := start; i < to; {
		switch c := p.b[i]; {
		case c == '"':
			end := i + 1
			for end < to && p.b[end] != '"' && p.b[end] != '\n' {
				if p.b[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, to)
			role := screen.RoleText
			if end < to && p.b[end] == ':' {
				role = screen.RoleSegment
			}
			add(i, end, role)
			i = end
		case strings.IndexByte("{}[],:", c) >= 0:
			add(i, i+1, screen.RoleMuted)
			i++
		default:
			i++
		}
	}
	return spans
}

// httpFields is one side of an exchange value by value: the first line, the headers, and each value of the body with its path.
type httpFields struct {
	rows   [][2]string
	masked bool
}

var httpColumns = []screen.Column{
	{ID: "path", Title: "Where", Width: 260, MinWidth: 100, Mono: true, Fixed: true},
	{ID: "value", Title: "Value", Width: 300, MinWidth: 100, Flex: true, Fixed: true},
}

// maxFields is how many values are listed.
const maxFields = 20_000

func readHTTP(b []byte, masked bool) *httpFields {
	f := &httpFields{masked: masked}
	if len(b) == 0 {
		return f
	}
	head, body := splitHTTP(b)
	for i, line := range strings.Split(string(head), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if i == 0 || !ok {
			name, value = "", line
		}
		f.rows = append(f.rows, [2]string{name, strings.TrimSpace(value)})
	}
	if len(body) > maxIndented {
		return f
	}
	if n, err := fhir.R4().Parse(body); err == nil {
		n.Walk(func(path string, n *fhir.Node) bool {
			if n.IsPrimitive() && len(f.rows) < maxFields {
				f.rows = append(f.rows, [2]string{path, n.String()})
			}
			return len(f.rows) < maxFields
		})
	}
	return f
}

func (f *httpFields) Columns() []screen.Column { return httpColumns }
func (f *httpFields) Len() int                 { return len(f.rows) }

func (f *httpFields) Cell(row, col int) screen.Cell {
	if col == 0 {
		return screen.Cell{Text: f.rows[row][0], Role: screen.RoleMuted}
	}
	return screen.Cell{Text: f.rows[row][1], Masked: f.masked && f.rows[row][1] != ""}
}

// isHTTP says whether an exchange is kept as bytes of HTTP.
func isHTTP(e *endpoint.Exchange) bool { return e.Kind == endpoint.KindFHIR }
