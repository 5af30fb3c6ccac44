package format

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// envelopes compares batch and file trailers with what they enclose
// (HL7 v2.9.1 section 2.10.3: BTS-1 counts messages, FTS-1 counts batches).
type envelopes struct {
	file, batch       bool // a header is open
	messages, batches int  // since the open header
	loose             int  // messages in the file outside of any batch
}

// count looks at a piece and notes on it what does not add up.
func (e *envelopes) count(p *Piece) {
	switch p.Kind {
	case hl7.ItemMessage:
		e.messages++
		if !e.batch {
			e.loose++
		}
		return
	case hl7.ItemEnvelope:
	default:
		return
	}
	m := hl7.Parse(usual(p.Bytes))
	for s := range m.Segments() {
		if s.Kind() == hl7.LineSegment {
			e.envelope(p, s)
			return
		}
	}
}

// usual is a trailer segment with the usual field separator, each byte in its place: it does not say itself which other
// one it has from its header.
func usual(b []byte) []byte {
	if len(b) < 4 || b[3] == '|' || b[3] < ' ' || b[3] >= utf8.RuneSelf || b[1] == 'H' || b[1] == 'h' {
		return b
	}
	return bytes.ReplaceAll(b, b[3:4], []byte("|"))
}

func (e *envelopes) envelope(p *Piece, s hl7.Segment) {
	switch s.Name() {
	case "FHS":
		if e.file {
			e.note(p, s, NoteBatchEnvelope, "A file header (FHS) comes before the file before it was closed by FTS.")
		}
		*e = envelopes{file: true}
	case "BHS":
		if e.batch {
			e.note(p, s, NoteBatchEnvelope, "A batch header (BHS) comes before the batch before it was closed by BTS.")
			e.batches++
		}
		e.batch, e.messages = true, 0
	case "BTS":
		e.compare(p, s, e.messages, "BTS-1", "message", "messages")
		if !e.batch {
			e.note(p, s, NoteBatchEnvelope, "A batch trailer (BTS) stands here without a batch header (BHS).")
		} else if e.messages == 0 {
			e.note(p, s, NoteBatchEnvelope, "The batch holds no message.")
		}
		e.batch, e.messages = false, 0
		e.batches++
	case "FTS":
		if e.batch {
			e.note(p, s, NoteBatchEnvelope, "The file ends (FTS), but its last batch was not closed by BTS.")
			e.batches++
		}
		batches := e.batches
		if batches == 0 && e.loose > 0 {
			batches = 1 // messages without BHS and BTS count as one batch
		}
		e.compare(p, s, batches, "FTS-1", "batch", "batches")
		if !e.file {
			e.note(p, s, NoteBatchEnvelope, "A file trailer (FTS) stands here without a file header (FHS).")
		}
		*e = envelopes{}
	}
}

// compare checks a count that is given; an empty one says nothing.
func (e *envelopes) compare(p *Piece, s hl7.Segment, have int, field, one, many string) {
	v := s.Field(1)
	text := strings.TrimSpace(v.Text())
	if text == "" || text == `""` {
		return
	}
	want, err := strconv.Atoi(text)
	if err == nil && want == have {
		return
	}
	there := fmt.Sprintf("there are %d %s", have, many)
	if have == 1 {
		there = "there is 1 " + one
	}
	e.noteAt(p, v.Offset(), len(v.Raw()), NoteBatchCount, fmt.Sprintf("%s says %q, but %s.", field, cutText(text), there))
}

func cutText(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:20]) + "…"
	}
	return s
}

func (e *envelopes) note(p *Piece, s hl7.Segment, code, text string) {
	e.noteAt(p, s.Offset(), 3, code, text)
}

func (e *envelopes) noteAt(p *Piece, offset, length int, code, text string) {
	p.Notes = append(p.Notes, hl7.Note{Code: code, Offset: p.Offset + int64(offset), Length: length, Text: text})
}
