package inspect

import (
	"bytes"
	"sort"

	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// render makes the raw and the hex view of the open message.
func (o *opened) render(masked bool) {
	var hidden [][2]int
	if masked {
		o.opaque = o.blurred()
		hidden = o.hiddenRanges()
	}
	paint := painter{o, hidden}
	options := screen.BytesOptions{ShowBreaks: true, Colours: paint.spans}
	if o.isHL7 {
		options.Breaks = o.breaks()
	}
	raw := screen.NewBytes(o.bytes, options)
	hex := screen.NewHex(o.bytes, screen.HexOptions{Colours: func(from, to int) []screen.Span { return paint.spans(0, from, to) }})
	if masked {
		// Pointers, so that a view can tell one text from another.
		o.raw, o.hex = &veiledRaw{veiled{raw, hidden}, raw}, &veiledHex{veiled{hex, hidden}, hex}
		return
	}
	o.raw, o.hex = raw, hex
}

// breaks are the ends of the segments. A line end inside a field is none: it is shown where it stands.
func (o *opened) breaks() []screen.Break {
	out := make([]screen.Break, 0, o.message.Len())
	for i := range o.message.Len() {
		if b := o.message.Segment(i).Break(); b.Length > 0 {
			out = append(out, screen.Break{Offset: b.Offset, Length: b.Length})
		}
	}
	return out
}

// painter colours bytes by what they are in HL7 v2.
type painter struct {
	o      *opened
	hidden [][2]int // in order
}

// maxEscape is how far the end of an escape sequence is looked for.
const maxEscape = 64

func (p painter) spans(_, from, to int) []screen.Span {
	if !p.o.isHL7 {
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
	s, ok := p.o.message.SegmentAt(from)
	for at := from; at < to; {
		if !ok || at >= s.End() {
			// The break, or bytes that belong to no segment.
			next := min(to, at+1)
			add(at, next, screen.RoleControl)
			at = next
			s, ok = p.o.message.SegmentAt(at)
			continue
		}
		at = p.value(s, at, min(to, s.End()), add)
	}
	return p.veil(spans, from, to)
}

// value colours what begins at one byte of a segment and returns where it ends.
func (p painter) value(s hl7.Segment, at, to int, add func(int, int, screen.Role)) int {
	b := p.o.bytes
	if id := s.Offset() + len(s.ID()); at < id && s.ID() != "" {
		add(at, min(id, to), screen.RoleSegment)
		return min(id, to)
	}
	d := s.Delimiters()
	// MSH-2 is a list of characters, not a value with separators in it.
	if s.IsHeader() && at < s.Field(2).End() {
		end := min(s.Field(2).End(), to)
		add(at, end, screen.RoleDelimiter)
		return end
	}
	rest := b[at:s.End()]
	for _, sep := range [...]string{d.Field, d.Component, d.Repetition, d.Subcomponent} {
		if sep != "" && bytes.HasPrefix(rest, []byte(sep)) {
			end := min(at+len(sep), to)
			add(at, end, screen.RoleDelimiter)
			return end
		}
	}
	if d.Escape != "" && bytes.HasPrefix(rest, []byte(d.Escape)) {
		n := len(d.Escape)
		window := rest[n:min(len(rest), n+maxEscape)]
		if i := bytes.Index(window, []byte(d.Escape)); i >= 0 && !bytes.ContainsAny(window[:i], "\r\n"+d.Field) {
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
