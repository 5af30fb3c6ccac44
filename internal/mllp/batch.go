package mllp

import (
	"bytes"
	"strconv"
	"time"

	"trestle/internal/hl7"
)

// Batch is the content of a frame that holds more than one message, or
// envelopes. HL7 v2.9.1 section 2.10.3.
type Batch struct {
	Messages           [][]byte
	FHS, BHS, BTS, FTS []byte // the first envelope segment of each kind as it came, without its line end; nil if there is none
	Batches            int    // BHS segments
	Stray              int    // pieces that are neither a message nor an envelope
}

// SplitBatch splits the payload of a frame into its messages. batch is false
// where it is one message, or none, without envelope. The messages are parts of
// the payload; only those of the scanner's limit of 64 MB are cut.
func SplitBatch(payload []byte) (b Batch, batch bool) {
	if startsWithHeader(payload) && bytes.HasPrefix(payload, mshID) && secondMessage(payload) < 0 && !hasTrailer(payload) {
		b.Messages = [][]byte{payload}
		return b, false
	}
	s := hl7.NewScanner(bytes.NewReader(payload), hl7.ScanOptions{})
	for s.Scan() {
		item := s.Item()
		piece := payload[item.Offset : item.Offset+item.Length : item.Offset+item.Length]
		switch item.Kind {
		case hl7.ItemMessage:
			b.Messages = append(b.Messages, piece)
		case hl7.ItemEnvelope:
			b.envelope(bytes.TrimRight(piece, "\r\n"))
		default:
			if len(bytes.TrimSpace(piece)) > 0 {
				b.Stray++
			}
		}
	}
	return b, len(b.Messages) > 1 || b.FHS != nil || b.BHS != nil || b.BTS != nil || b.FTS != nil
}

// hasTrailer reports whether the payload ends in a batch or file trailer.
func hasTrailer(payload []byte) bool {
	tail := payload[max(0, len(payload)-512):]
	return bytes.Contains(tail, []byte("\rBTS")) || bytes.Contains(tail, []byte("\rFTS")) || bytes.Contains(tail, []byte("\nBTS")) || bytes.Contains(tail, []byte("\nFTS"))
}

func (b *Batch) envelope(segment []byte) {
	if len(segment) < 3 {
		return
	}
	var to *[]byte
	switch string(bytes.ToUpper(segment[:3])) {
	case "FHS":
		to = &b.FHS
	case "BHS":
		b.Batches++
		to = &b.BHS
	case "BTS":
		to = &b.BTS
	case "FTS":
		to = &b.FTS
	default:
		return
	}
	if *to == nil {
		*to = segment
	}
}

// AppendBatch appends one response batch that holds the replies, in envelopes
// as the batch has them: BHS with the names swapped, an ID of its own and the ID
// of the batch in BHS-12, BTS with the count; the same with FHS and FTS. Without
// envelopes the replies follow each other. Replies may be fewer than messages,
// or none, where only the messages in error are to be answered.
func (b *Builder) AppendBatch(dst []byte, batch *Batch, replies [][]byte) []byte {
	if batch.FHS != nil {
		dst = b.opening(dst, "FHS", batch.FHS)
	}
	inner := batch.BHS != nil || batch.BTS != nil
	if inner {
		dst = b.opening(dst, "BHS", batch.BHS)
	}
	for _, r := range replies {
		dst = append(dst, r...)
	}
	if inner {
		dst = closing(dst, "BTS", batch.BHS, len(replies))
	}
	if batch.FHS != nil {
		n := 0
		if inner {
			n = 1
		}
		dst = closing(dst, "FTS", batch.FHS, n)
	}
	return dst
}

// opening writes the header of a response batch or file.
func (b *Builder) opening(dst []byte, id string, theirs []byte) []byte {
	m := hl7.Parse(theirs)
	s, ok := m.Find(id, 1)
	sep, marks := []byte("|"), standardMarks[1:]
	raw := func(n int) []byte { return nil }
	if ok {
		sep, marks = s.Field(1).Raw(), s.Field(2).Raw()
		raw = func(n int) []byte { return s.Field(n).Raw() }
	}
	dst = append(dst, id...)
	dst = append(dst, sep...)
	dst = append(dst, marks...)
	field := func(v []byte) {
		dst = append(dst, sep...)
		dst = append(dst, v...)
	}
	own := func(name string, v []byte) {
		if name != "" {
			v = []byte(name)
		}
		field(v)
	}
	own(b.Application, raw(5))
	own(b.Facility, raw(6))
	field(raw(3))
	field(raw(4))
	now := time.Now
	if b.Clock != nil {
		now = b.Clock
	}
	field(now().AppendFormat(nil, timeForm))
	for range 3 {
		field(nil)
	}
	if b.NewID != nil {
		field(b.NewID(nil))
	} else {
		field(NextID(nil))
	}
	field(raw(11))
	return append(dst, CarriageReturn)
}

// closing writes a trailer with its count.
func closing(dst []byte, id string, header []byte, n int) []byte {
	sep := []byte("|")
	m := hl7.Parse(header)
	if s, ok := m.Header(); ok && s.Field(1).IsPresent() {
		sep = s.Field(1).Raw()
	}
	dst = append(dst, id...)
	dst = append(dst, sep...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, CarriageReturn)
}
