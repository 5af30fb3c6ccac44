package message

import (
	"bytes"
	"sort"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// Drawing is a message as it is drawn. Make it with Read, or fill in what is known already.
type Drawing struct {
	Bytes   []byte
	IsHL7   bool // HL7 v2; anything else is drawn as plain bytes
	Message *hl7.Message
	Version *dictionary.Version
	// Opaque says that the mask trusts no segment of this message: see Judge.
	Opaque bool
}

// Read looks at bytes of any kind.
func Read(b []byte) *Drawing {
	d := &Drawing{Bytes: b, Message: hl7.Parse(b), IsHL7: format.Detect(b).Kind.IsHL7v2()}
	version := ""
	if v, err := d.Message.GetString("MSH-12.1"); err == nil {
		version = v.Text()
	}
	d.Version, _ = dictionary.For(version)
	if d.IsHL7 {
		d.Judge(check.Message(d.Message, check.Options{Minimum: check.Warning}))
	}
	return d
}

// Raw is the text of the message.
func (d *Drawing) Raw(masked bool) screen.Text {
	raw, hidden := d.raw(masked)
	if masked {
		return &veiledRaw{veiled{raw, hidden}, raw} // a pointer, so that a view can tell one text from another
	}
	return raw
}

func (d *Drawing) raw(masked bool) (*screen.Bytes, [][2]int) {
	hidden := d.hidden(masked)
	options := screen.BytesOptions{ShowBreaks: true, Colours: painter{d, hidden}.spans}
	if d.IsHL7 {
		options.Breaks = d.breaks()
	}
	return screen.NewBytes(d.Bytes, options), hidden
}

// Hex is the message as a hex dump.
func (d *Drawing) Hex(masked bool) screen.Text {
	hidden := d.hidden(masked)
	paint := painter{d, hidden}
	hex := screen.NewHex(d.Bytes, screen.HexOptions{Colours: func(from, to int) []screen.Span { return paint.spans(0, from, to) }})
	if masked {
		return &veiledHex{veiled{hex, hidden}, hex}
	}
	return hex
}

func (d *Drawing) hidden(masked bool) [][2]int {
	if !masked {
		return nil
	}
	return d.Hidden()
}

// breaks are the ends of the segments. A line end inside a field is none: it is shown where it stands.
func (d *Drawing) breaks() []screen.Break {
	out := make([]screen.Break, 0, d.Message.Len())
	for i := range d.Message.Len() {
		if b := d.Message.Segment(i).Break(); b.Length > 0 {
			out = append(out, screen.Break{Offset: b.Offset, Length: b.Length})
		}
	}
	return out
}

// painter colours bytes by what they are in HL7 v2.
type painter struct {
	d      *Drawing
	hidden [][2]int // in order
}

// maxEscape is how far the end of an escape sequence is looked for.
const maxEscape = 64

func (p painter) spans(_, from, to int) []screen.Span {
	if !p.d.IsHL7 {
		return p.veil(nil, from, to)
	}
	var spans []screen.Span
	add := func(from, to int, role screen.Role) {
		if n := len(spans); n > 0 && spans[n-1].End == from && spans[n-1].Role == role {
			spans[n-1].End = to
			return
		}
		spans = append(spans, screen.Span{Start: from, End: to, Role: role})
	}
	s, ok := p.d.Message.SegmentAt(from)
	for at := from; at < to; {
		if !ok || at >= s.End() {
			// The break, or bytes that belong to no segment.
			next := min(to, at+1)
			add(at, next, screen.RoleControl)
			at = next
			s, ok = p.d.Message.SegmentAt(at)
			continue
		}
		at = p.value(s, at, min(to, s.End()), add)
	}
	return p.veil(spans, from, to)
}

// value colours what begins at one byte of a segment and returns where it ends.
func (p painter) value(s hl7.Segment, at, to int, add func(int, int, screen.Role)) int {
	b := p.d.Bytes
	if id := s.Offset() + len(s.ID()); at < id && s.ID() != "" {
		add(at, min(id, to), screen.RoleSegment)
		return min(id, to)
	}
	marks := s.Delimiters()
	// MSH-2 is a list of characters, not a value with separators in it.
	if s.IsHeader() && at < s.Field(2).End() {
		end := min(s.Field(2).End(), to)
		add(at, end, screen.RoleDelimiter)
		return end
	}
	rest := b[at:s.End()]
	for _, sep := range [...]string{marks.Field, marks.Component, marks.Repetition, marks.Subcomponent} {
		if sep != "" && bytes.HasPrefix(rest, []byte(sep)) {
			end := min(at+len(sep), to)
			add(at, end, screen.RoleDelimiter)
			return end
		}
	}
	if marks.Escape != "" && bytes.HasPrefix(rest, []byte(marks.Escape)) {
		n := len(marks.Escape)
		window := rest[n:min(len(rest), n+maxEscape)]
		if i := bytes.Index(window, []byte(marks.Escape)); i >= 0 && !bytes.ContainsAny(window[:i], "\r\n"+marks.Field) {
			end := min(at+n+i+n, to)
			add(at, end, screen.RoleEscape)
			return end
		}
	}
	if bytes.HasPrefix(rest, []byte(`""`)) {
		end := min(at+2, to)
		add(at, end, screen.RoleNull)
		return end
	}
	if c := b[at]; c < 0x20 || c == 0x7f {
		add(at, at+1, screen.RoleControl)
	} else {
		add(at, at+1, screen.RoleValue)
	}
	return at + 1
}

// veil lays the mask over the colours: what is hidden is drawn as blocks.
func (p painter) veil(spans []screen.Span, from, to int) []screen.Span {
	if len(p.hidden) == 0 {
		return spans
	}
	var out []screen.Span
	at := from
	first := sort.Search(len(p.hidden), func(i int) bool { return p.hidden[i][1] > from })
	for _, h := range p.hidden[first:] {
		if h[0] >= to {
			break
		}
		out = append(out, clip(spans, at, h[0])...)
		out = append(out, screen.Span{Start: max(h[0], from), End: min(h[1], to), Role: screen.RoleMasked})
		at = h[1]
	}
	return append(out, clip(spans, at, to)...)
}

// clip cuts spans to the bytes from..to.
func clip(spans []screen.Span, from, to int) []screen.Span {
	var out []screen.Span
	for _, s := range spans {
		s.Start, s.End = max(s.Start, from), min(s.End, to)
		if s.Start < s.End {
			out = append(out, s)
		}
	}
	return out
}

// veiled is a text under the mask: what is copied from it is hidden as well.
type veiled struct {
	screen.Text
	hidden [][2]int
}

// Bytes implements screen.Text.
func (v veiled) Bytes(from, to int) []byte { return blank(v.Text.Bytes(from, to), from, v.hidden) }

// veiledRaw and veiledHex pass on what the raw and the hex view know beside a Text.
type veiledRaw struct {
	veiled
	screen.Widest
}

type veiledHex struct {
	veiled
	screen.Ranger
}

// blank returns a copy of b, which begins at offset from, with what is hidden as asterisks.
func blank(b []byte, from int, hidden [][2]int) []byte {
	out := append([]byte(nil), b...)
	for _, h := range hidden {
		for i := max(h[0]-from, 0); i < min(h[1]-from, len(out)); i++ {
			if out[i] != '\r' && out[i] != '\n' {
				out[i] = '*'
			}
		}
	}
	return out
}
