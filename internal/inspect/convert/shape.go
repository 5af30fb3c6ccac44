package convert

import (
	"bytes"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// document is a message in the shape that JSON and XML share.
type document struct {
	before   []byte // framing bytes that stand before the message
	lineEnd  string // of the segments that do not say otherwise; "" is CR
	charset  string // IANA name where there are bytes beyond ASCII
	segments []segment
	whole    []byte // the message's bytes, where its segments cannot say them
}

// segment is one segment, or a line that is none.
type segment struct {
	id       string // "" for a line that is no segment
	line     string // its text
	fields   []field
	trailing int    // separators after the last field that has something in it
	end      string // line end, where it is not that of the message
	er7      []byte // the bytes as they came, nil where the shape says them all
}

type field struct {
	number int
	reps   []node
}

// node is a repetition, a component or a subcomponent: text, or parts.
type node struct {
	text  string
	parts []node // parts[0] is number 1; nil for text
	// escapes are escape sequences that XML of other programs holds as elements: the text before each, and its body.
	escapes []escape
}

type escape struct{ before, body string }

func (n node) empty() bool { return n.text == "" && len(n.parts) == 0 && len(n.escapes) == 0 }

// tidy drops empty parts at the end, and the level where only its first text is left: A^^ and A say the same.
func (n node) tidy() node {
	for len(n.parts) > 0 && n.parts[len(n.parts)-1].empty() {
		n.parts = n.parts[:len(n.parts)-1]
	}
	if len(n.parts) == 1 && n.parts[0].parts == nil {
		return n.parts[0]
	}
	if len(n.parts) == 0 {
		n.parts = nil
	}
	return n
}

func (n node) equal(o node) bool {
	if n.text != o.text || len(n.parts) != len(o.parts) || len(n.escapes) != len(o.escapes) {
		return false
	}
	for i := range n.parts {
		if !n.parts[i].equal(o.parts[i]) {
			return false
		}
	}
	return true
}

func (s segment) equal(o segment) bool {
	if s.id != o.id || s.line != o.line || len(s.fields) != len(o.fields) {
		return false
	}
	for i, f := range s.fields {
		g := o.fields[i]
		if f.number != g.number || len(f.reps) != len(g.reps) {
			return false
		}
		for k := range f.reps {
			if !f.reps[k].equal(g.reps[k]) {
				return false
			}
		}
	}
	return true
}

const (
	endNone = "none"
	endCR   = "CR"
)

var lineEnds = map[string]string{"": "\r", endCR: "\r", "LF": "\n", "CRLF": "\r\n", endNone: ""}

func endOf(s hl7.Segment) string {
	switch s.Break().Kind {
	case hl7.BreakCR:
		return endCR
	case hl7.BreakLF:
		return "LF"
	case hl7.BreakCRLF:
		return "CRLF"
	}
	return endNone
}

// shaper makes a document of a message. text is what the target can hold of a text.
type shaper struct{ text func(string) string }

func (sh shaper) document(m *hl7.Message) document {
	d := frame(m)
	for s := range sh.segments(m, &d) {
		d.segments = append(d.segments, *s)
	}
	return d
}

// frame is the document of a message without its segments.
func frame(m *hl7.Message) document {
	d := document{charset: charsetOf(m), lineEnd: commonEnd(m)}
	pos := 0
	for s := range m.Segments() {
		if s.Offset() != pos || s.Break().Length != len(lineEnds[endOf(s)]) {
			d.whole = m.Bytes()
		}
		pos = s.End() + s.Break().Length
	}
	if pos != len(m.Bytes()) {
		d.whole = m.Bytes()
	}
	return d
}

// segments makes the segments of a message one at a time: together they take many times the room of their bytes.
func (sh shaper) segments(m *hl7.Message, d *document) iter.Seq[*segment] {
	return func(yield func(*segment) bool) {
		b := newBuilder(d.charset)
		for s := range m.Segments() {
			out := sh.segment(s)
			if end := endOf(s); end != d.lineEnd && (end != endCR || d.lineEnd != "") {
				out.end = end
			}
			if built, err := b.segment(&out); err != nil || !bytes.Equal(built, s.Bytes()) {
				out.er7 = s.Bytes()
			}
			if !yield(&out) {
				return
			}
		}
	}
}

func charsetOf(m *hl7.Message) string {
	for _, c := range m.Bytes() {
		if c >= utf8.RuneSelf || c == 0x1B {
			return m.Charset().Name
		}
	}
	return ""
}

// commonEnd is the line end of the first segment, "" for CR.
func commonEnd(m *hl7.Message) string {
	for s := range m.Segments() {
		if end := endOf(s); end != endNone && end != endCR {
			return end
		}
		break
	}
	return ""
}

func (sh shaper) segment(s hl7.Segment) segment {
	if s.Kind() != hl7.LineSegment {
		return segment{line: sh.text(strings.ToValidUTF8(string(s.Bytes()), "\uFFFD"))}
	}
	out := segment{id: s.Name(), fields: make([]field, 0, min(s.Fields(), 16))}
	for number, v := range s.All() {
		if v.State() == hl7.Empty {
			out.trailing++
			continue
		}
		f := field{number: number}
		if s.IsHeader() && number <= 2 {
			f.reps = []node{{text: sh.text(strings.ToValidUTF8(string(v.Raw()), "\uFFFD"))}}
		} else {
			for r := v.Repetition(1); r.IsPresent(); r = r.Next() {
				f.reps = append(f.reps, sh.node(r))
			}
		}
		if len(f.reps) == 0 || len(f.reps) == 1 && f.reps[0].empty() {
			out.trailing++
			continue
		}
		out.trailing = 0
		out.fields = append(out.fields, f)
	}
	return out
}

// node makes a node of a repetition.
func (sh shaper) node(v hl7.Value) node {
	if v.Components() <= 1 && v.Subcomponents() <= 1 {
		return node{text: sh.text(v.Text())}
	}
	var n node
	for c := v.Component(1); c.IsPresent(); c = c.Next() {
		if c.Subcomponents() <= 1 {
			n.parts = append(n.parts, node{text: sh.text(c.Text())})
			continue
		}
		var p node
		for s := c.Subcomponent(1); s.IsPresent(); s = s.Next() {
			p.parts = append(p.parts, node{text: sh.text(s.Text())})
		}
		n.parts = append(n.parts, p.tidy())
	}
	return n.tidy()
}

// spill hands on what was written now and then, so that a message of any size is never there as a whole.
type spill struct {
	out  []byte
	to   io.Writer // nil: out keeps it all
	some bool      // something was handed on
	err  error
}

// full is from how many bytes on out is handed on.
const full = 64 << 10

// pass hands on what is written, if that is enough or nothing follows.
func (s *spill) pass(last bool) {
	if s.to == nil || s.err != nil || len(s.out) == 0 || len(s.out) < full && !last {
		return
	}
	_, s.err = s.to.Write(s.out)
	s.out, s.some = s.out[:0], true
}

// endLine ends what was written with a line feed and hands on the rest.
func (s *spill) endLine() error {
	s.out = append(s.out, '\n')
	s.pass(true)
	return s.err
}
