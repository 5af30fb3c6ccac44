package compare

import (
	"bytes"
	"errors"
	"hash/maphash"
	"slices"

	"trestle/internal/hl7"
)

// Patch turns the left side of a comparison into the right one.
type Patch struct {
	Edits []Edit // in order, not overlapping
	left  uint64 // hash of what it is for
}

// Edit exchanges the bytes of a span of the left side.
type Edit struct {
	Span Span
	Text []byte
}

// errOtherMessage is what a patch says of bytes that it was not made for.
var errOtherMessage = errors.New("this patch was made for another message: compare again")

// Patch returns the edits that the differences stand for. Whatever no difference speaks of is taken from the left, so
// that a difference that was overlooked would show.
func (r *Result) Patch() Patch {
	p := Patch{left: maphash.Bytes(seed, r.Left.Bytes())}
	if r.Identical {
		return p
	}
	left, right := r.Left.Bytes(), r.Right.Bytes()
	at := 0 // of the left: what comes before is settled
	cut := func(until int) {
		if until > at {
			p.Edits = append(p.Edits, Edit{Span: Span{at, until}})
			at = until
		}
	}
	put := func(text []byte) {
		if len(text) > 0 {
			p.Edits = append(p.Edits, Edit{Span: Span{at, at}, Text: text})
		}
	}
	for _, row := range r.Rows {
		switch {
		case row.Right < 0: // cut with the next row that both have
		case row.Left < 0 || row.Moved:
			put(wholeLine(right, r.Right.Segment(row.Right)))
		default:
			sl, sr := r.Left.Segment(row.Left), r.Right.Segment(row.Right)
			cut(sl.Offset())
			if r.same {
				p.Edits = append(p.Edits, r.rowEdits(row)...)
			} else {
				p.Edits = append(p.Edits, Edit{Span{sl.Offset(), sl.End()}, right[sr.Offset():sr.End()]})
			}
			at = sl.Break().Offset
			bl, br := sl.Break(), sr.Break()
			if to := right[br.Offset : br.Offset+br.Length]; !bytes.Equal(left[bl.Offset:bl.Offset+bl.Length], to) {
				p.Edits = append(p.Edits, Edit{Span{bl.Offset, bl.Offset + bl.Length}, to})
			}
			at = bl.Offset + bl.Length
		}
	}
	cut(len(left))
	return p
}

func wholeLine(b []byte, s hl7.Segment) []byte {
	return b[s.Offset() : s.Break().Offset+s.Break().Length]
}

// rowEdits are the edits of the differences inside one pair of segments.
func (r *Result) rowEdits(row Row) []Edit {
	var edits []Edit
	for _, d := range r.Differences[row.First:row.Last] {
		if d.covered || d.Kind == Moved && d.at.field == 0 {
			continue
		}
		edits = append(edits, Edit{d.from, r.Right.Bytes()[d.by.Offset:d.by.End]})
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.Span.Offset - b.Span.Offset })
	return edits
}

// Apply returns the left side with the edits made.
func (p Patch) Apply(left []byte) ([]byte, error) {
	if maphash.Bytes(seed, left) != p.left {
		return nil, errOtherMessage
	}
	var out []byte
	at := 0
	for _, e := range p.Edits {
		out = append(append(out, left[at:e.Span.Offset]...), e.Text...)
		at = e.Span.End
	}
	return append(out, left[at:]...), nil
}
