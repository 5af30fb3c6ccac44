package convert

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// builder writes segments as ER7 from their shape. The header segments set its delimiters.
type builder struct {
	d       hl7.Delimiters
	charset hl7.Charset
	known   bool // the character set was given; else the header says it
}

func newBuilder(charset string) *builder {
	return &builder{d: hl7.Standard(), charset: hl7.Charset{Name: charset}, known: charset != ""}
}

func (b *builder) segment(s *segment) ([]byte, error) {
	if s.id == "" {
		return b.charset.Encode(s.line)
	}
	fields := s.fields
	last := s.trailing
	if len(fields) > 0 {
		last += fields[len(fields)-1].number
	}
	out := []byte(s.id)
	start := 1
	if isHeader(s.id) && len(fields) >= 1 && fields[0].number == 1 && len(fields[0].reps) == 1 {
		sep := fields[0].reps[0].text
		fields = fields[1:]
		encoding := ""
		if len(fields) > 0 && fields[0].number == 2 && len(fields[0].reps) == 1 {
			encoding = fields[0].reps[0].text
			fields = fields[1:]
		}
		out = append(append(out, sep...), encoding...)
		b.d = hl7.Parse(append(out[:len(out):len(out)], sep...)).Delimiters().Usable()
		start = 3
	}
	for n := start; n <= last; n++ {
		out = append(out, b.d.Field...)
		if len(fields) == 0 || fields[0].number != n {
			continue
		}
		for i, rep := range fields[0].reps {
			if i > 0 {
				out = append(out, b.d.Repetition...)
			}
			var err error
			if out, err = b.node(out, rep, 0); err != nil {
				return nil, fmt.Errorf("%s-%d: %w", s.id, n, err)
			}
		}
		fields = fields[1:]
	}
	if isHeader(s.id) && !b.known {
		b.known = true
		b.charset = hl7.Parse(out).Charset()
	}
	return out, nil
}

func isHeader(id string) bool { return id == "MSH" || id == "FHS" || id == "BHS" }

func (b *builder) node(out []byte, n node, level int) ([]byte, error) {
	if n.parts == nil {
		return b.text(out, n)
	}
	sep := b.d.Component
	if level == 1 {
		sep = b.d.Subcomponent
	}
	for i, p := range n.parts {
		if i > 0 {
			out = append(out, sep...)
		}
		var err error
		if out, err = b.node(out, p, level+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *builder) text(out []byte, n node) ([]byte, error) {
	for _, e := range n.escapes {
		raw, err := b.charset.Encode(e.before)
		if err != nil {
			return nil, err
		}
		out = append(out, b.d.EscapeText(string(raw))...)
		out = append(out, b.d.Escape+e.body+b.d.Escape...)
	}
	if n.text == `""` {
		return append(out, n.text...), nil
	}
	if isASCII(n.text) { // the same in every character set here
		return append(out, b.d.EscapeText(n.text)...), nil
	}
	raw, err := b.charset.Encode(n.text)
	if err != nil {
		return nil, err
	}
	return append(out, b.d.EscapeText(string(raw))...), nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// er7 is the message that the document stands for. Where a segment carries its original bytes, they count as long as they
// still say the same as its shape; where the shape was changed, it is written anew.
func (d *document) er7(sh shaper) ([]byte, error) {
	if d.whole != nil {
		return d.whole, nil
	}
	out, carried, err := d.join(nil)
	if err != nil || !carried {
		return out, err
	}
	again := sh.document(hl7.Parse(out))
	same := len(again.segments) == len(d.segments)
	var header []byte
	changed := make([]bool, len(d.segments))
	any := false
	for i := range d.segments {
		s := &d.segments[i]
		if isHeader(s.id) && s.er7 != nil {
			header = append(append([]byte(nil), s.er7...), '\r')
		}
		if s.er7 == nil {
			continue
		}
		if same {
			changed[i] = !s.equal(again.segments[i])
		} else if alone := sh.document(hl7.Parse(append(header[:len(header):len(header)], s.er7...))); len(alone.segments) > 0 {
			changed[i] = !s.equal(alone.segments[len(alone.segments)-1])
		}
		any = any || changed[i]
	}
	if !any {
		return out, nil
	}
	out, _, err = d.join(changed)
	return out, err
}

// join writes all segments; those of changed from their shape.
func (d *document) join(changed []bool) (out []byte, carried bool, err error) {
	b := newBuilder(d.charset)
	for i := range d.segments {
		s := &d.segments[i]
		if s.id == "" && s.er7 == nil && s.fields != nil {
			return nil, false, fmt.Errorf("a segment has fields and no ID")
		}
		built, err := b.segment(s)
		if s.er7 != nil && (changed == nil || !changed[i]) {
			built, err = s.er7, nil
			carried = true
		}
		if err != nil {
			return nil, false, err
		}
		out = append(out, built...)
		end := s.end
		if end == "" {
			end = d.lineEnd
		}
		bytes, ok := lineEnds[end]
		if !ok {
			return nil, false, fmt.Errorf("there is no line end of the name %.10q; choose CR, LF, CRLF or none", strings.ToValidUTF8(end, "?"))
		}
		out = append(out, bytes...)
	}
	return out, carried, nil
}
