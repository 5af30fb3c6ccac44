package mllp

import (
	"bytes"

	"trestle/internal/hl7"
)

// headerFields is how many fields of MSH are kept: up to MSH-21.
const headerFields = 21

// span is a part of a message; both 0 where it is absent.
type span struct{ from, to int }

// Header is the MSH segment of a message and what else an acknowledgement
// needs to know. It refers to the bytes of the message: do not change them while
// it is in use.
type Header struct {
	b       []byte
	present bool
	sep     []byte // the delimiters as declared; empty = not declared
	comp    []byte
	rep     []byte
	esc     []byte
	sub     []byte
	at      [headerFields + 1]span
	msa     bool
	msaAt   [7]span // MSA-1 to MSA-6
}

// ReadHeader reads the header of a message. It never fails: Present says
// whether there is one. It takes the same time however long the message is, as
// long as the header is written in the usual way.
func ReadHeader(message []byte) Header {
	h := Header{b: message}
	if !h.quick() {
		h.slow()
	}
	return h
}

// quick reads a header that is beyond doubt: ASCII, distinct delimiters, CR at
// its end and a segment after it. All other cases are for package hl7.
func (h *Header) quick() bool {
	b := h.b
	if len(b) < 9 || !bytes.HasPrefix(b, mshID) || !isSeparator(b[3]) || b[3] >= 0x80 {
		return false
	}
	end := bytes.IndexByte(b, CarriageReturn)
	if end < 0 || end > 4096 || !usual(b[:end]) {
		return false
	}
	if !h.segmentAt(end + 1) {
		return false
	}
	n, from := 2, 4
	for from <= end && n <= headerFields {
		to := end
		if i := bytes.IndexByte(b[from:end], b[3]); i >= 0 {
			to = from + i
		}
		h.at[n] = span{from, to}
		n++
		from = to + 1
	}
	enc := h.b[h.at[2].from:h.at[2].to]
	if len(enc) < 4 || len(enc) > 5 || !distinct(b[3], enc) {
		h.at = [headerFields + 1]span{}
		return false
	}
	h.at[1] = span{3, 4}
	h.sep, h.comp, h.rep, h.esc, h.sub = b[3:4], enc[0:1], enc[1:2], enc[2:3], enc[3:4]
	h.present = true
	if !h.findMSA(end + 1) {
		*h = Header{b: b}
		return false
	}
	return true
}

// usual reports whether a line is printable ASCII.
func usual(line []byte) bool {
	for _, c := range line {
		if c >= 0x7F || c < ' ' {
			return false
		}
	}
	return true
}

func isID(b []byte) bool {
	for i, c := range b {
		if (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// distinct reports whether all are different and can be delimiters.
func distinct(sep byte, enc []byte) bool {
	for i, c := range enc {
		if c == sep || !isSeparator(c) || bytes.IndexByte(enc[:i], c) >= 0 {
			return false
		}
	}
	return true
}

// findMSA looks for the MSA segment, which stands behind MSH and at most some
// SFT and UAC segments. It returns false where a line may go on after its end.
func (h *Header) findMSA(from int) bool {
	for range 32 {
		line := h.b[from:]
		if len(line) < 4 {
			return true
		}
		id := string(line[:3])
		if id != "MSA" && id != "SFT" && id != "UAC" {
			return true
		}
		end := bytes.IndexByte(line, CarriageReturn)
		if end < 0 || !usual(line[:end]) || !h.segmentAt(from+end+1) {
			return false
		}
		if id == "MSA" {
			h.splitMSA(from+4, from+end)
			return true
		}
		from += end + 1
	}
	return true
}

// segmentAt reports whether a segment beyond doubt begins there, or nothing.
func (h *Header) segmentAt(at int) bool {
	b := h.b[at:]
	return len(b) == 0 || len(b) >= 4 && b[3] == h.b[3] && isID(b[:3])
}

func (h *Header) splitMSA(from, end int) {
	h.msa = true
	for n := 1; n < len(h.msaAt) && from <= end; n++ {
		to := end
		if i := bytes.Index(h.b[from:end], h.sep); i >= 0 {
			to = from + i
		}
		h.msaAt[n] = span{from, to}
		from = to + len(h.sep)
	}
}

// slow reads the header with package hl7, which knows every oddity.
func (h *Header) slow() {
	m := hl7.Parse(h.b)
	d := m.Delimiters().Usable()
	msh, ok := m.Find("MSH", 1)
	h.present = ok
	if d.Guessed || !ok {
		return
	}
	h.sep, h.comp, h.rep, h.esc, h.sub = []byte(d.Field), []byte(d.Component), []byte(d.Repetition), []byte(d.Escape), []byte(d.Subcomponent)
	for n := 1; n <= headerFields; n++ {
		if v := msh.Field(n); v.IsPresent() {
			h.at[n] = span{v.Offset(), v.End()}
		}
	}
	if msa, ok := m.Find("MSA", 1); ok {
		h.msa = true
		for n := 1; n < len(h.msaAt); n++ {
			if v := msa.Field(n); v.IsPresent() {
				h.msaAt[n] = span{v.Offset(), v.End()}
			}
		}
	}
}

// Present reports whether the message has an MSH segment.
func (h *Header) Present() bool { return h.present }

// Field returns MSH-n, from 1, byte for byte; nil if it is absent or beyond
// MSH-21.
func (h *Header) Field(n int) []byte {
	if n < 1 || n > headerFields || h.at[n] == (span{}) {
		return nil
	}
	return h.b[h.at[n].from:h.at[n].to:h.at[n].to]
}

// Offset returns where MSH-n stands in the message, -1 if it is absent.
func (h *Header) Offset(n int) int {
	if h.Field(n) == nil {
		return -1
	}
	return h.at[n].from
}

// component returns the n-th component of the first repetition of MSH-field.
func (h *Header) component(field, n int) []byte {
	v := h.Field(field)
	if len(h.rep) > 0 {
		v, _, _ = bytes.Cut(v, h.rep)
	}
	for ; n > 1; n-- {
		if len(h.comp) == 0 {
			return nil
		}
		_, v, _ = bytes.Cut(v, h.comp)
	}
	if len(h.comp) > 0 {
		v, _, _ = bytes.Cut(v, h.comp)
	}
	return v
}

// ControlID returns MSH-10.
func (h *Header) ControlID() []byte { return h.Field(10) }

// Type returns MSH-9.1, such as ADT.
func (h *Header) Type() []byte { return h.component(9, 1) }

// Trigger returns MSH-9.2, such as A01.
func (h *Header) Trigger() []byte { return h.component(9, 2) }

// Version returns MSH-12.1, such as 2.5.1.
func (h *Header) Version() []byte { return h.component(12, 1) }

// IsAck reports whether the message acknowledges or answers another: its type
// is ACK or it has an MSA segment.
func (h *Header) IsAck() bool { return h.msa || string(h.Type()) == "ACK" }

// AckCode returns MSA-1, None if it is absent or no code of table 0008.
func (h *Header) AckCode() Code {
	switch c := Code(h.msaField(1)); c {
	case AA, AE, AR, CA, CE, CR:
		return c
	}
	return None
}

// Acknowledges returns MSA-2, byte for byte; nil if it is absent.
func (h *Header) Acknowledges() []byte { return h.msaField(2) }

func (h *Header) msaField(n int) []byte {
	if h.msaAt[n] == (span{}) {
		return nil
	}
	return h.b[h.msaAt[n].from:h.msaAt[n].to:h.msaAt[n].to]
}

// minor returns n of version 2.n. Without a version that can be read it is that
// of 2.5, the most frequent one.
func (h *Header) minor() int {
	v := h.Version()
	if len(v) < 3 || v[0] != '2' || v[1] != '.' {
		return 5
	}
	n := 0
	for _, c := range v[2:min(len(v), 5)] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// Problems returns what is missing in the header that a receiver needs, as an
// acknowledgement reports it: MSH-9, MSH-10, MSH-11 and MSH-12.
func (h *Header) Problems() []Error {
	if !h.present {
		return []Error{{Locations: []Location{{Segment: "MSH", Sequence: 1}}, Condition: "100", UserText: "The message has no MSH segment."}}
	}
	var all []Error
	for _, f := range []struct {
		n    int
		name string
	}{{9, "message type"}, {10, "message control ID"}, {11, "processing ID"}, {12, "version ID"}} {
		if blank(h.Field(f.n)) {
			all = append(all, Error{
				Locations: []Location{{Segment: "MSH", Sequence: 1, Field: f.n}}, Condition: "101",
				UserText: "The " + f.name + " is missing.",
			})
		}
	}
	return all
}

// blank reports whether a value says nothing.
func blank(b []byte) bool { return len(bytes.TrimSpace(b)) == 0 || string(b) == `""` }
