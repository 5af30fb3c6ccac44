package message

import (
	"bytes"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// The mask fails closed: everything is hidden but what is known to say nothing about a person. Shown are the parts of the
// envelope that a header really has, and elsewhere fields that hold a set ID or a code of a table. Where segments cannot
// be told apart for certain, patient data may stand in any of them: then nothing is shown but their IDs.

// hides says whether a segment may hold patient data.
func hides(segment string) bool {
	switch segment {
	case "MSH", "FHS", "BHS", "BTS", "FTS", "EVN", "MSA":
		return false
	}
	return true
}

// blurring are the findings after which it is not certain where a segment begins or ends, by the letter of their place in
// the malformation catalogue: transport, lines, header.
var blurring = func() map[string]bool {
	codes := map[string]bool{}
	for _, c := range check.Codes() {
		if c.Severity >= check.Warning && c.Catalogue != "" && bytes.IndexByte([]byte("TLH"), c.Catalogue[0]) >= 0 {
			codes[c.Code] = true
		}
	}
	// These say nothing about where segments begin.
	for _, code := range []string{
		"line-ends", "line-ends-mixed", "byte-order-mark", "message-type-missing", "message-time-missing", "control-id-missing",
		"processing-id-missing", "version-missing", "version-unknown", "message-type-unknown", "structure-id-wrong", "event-disagrees",
		"acknowledgement-mode", "segment-id-lower-case", "frame-no-start", "frame-no-cr", "frame-tail", "frame-empty", "frame-not-ended",
		"outside-message", "frame-many-messages", "field-required",
	} {
		delete(codes, code)
	}
	return codes
}()

// Judge decides whether the mask can trust the borders of the message's segments. It asks the findings, and beside them the
// header itself: another segment that runs into it would move what stands in MSH-9 and MSH-12.
func (d *Drawing) Judge(findings []check.Finding) { d.Opaque = d.blurred(findings) }

func (d *Drawing) blurred(findings []check.Finding) bool {
	if h, ok := d.Message.Header(); ok && h.Name() == "MSH" {
		kind, version := h.Field(9).Component(1).Raw(), h.Field(12).Component(1).Raw()
		if len(kind) != 0 && len(kind) != 3 || len(version) > 8 || len(version) > 0 && (version[0] < '0' || version[0] > '9') {
			return true
		}
	}
	for _, f := range findings {
		if blurring[f.Code] {
			return true
		}
	}
	return false
}

// LongestEnvelope is the longest value in bytes that a header shows under the mask: the names of applications and
// facilities are shorter.
const LongestEnvelope = 48

// HidesField says whether the mask hides a field.
func (d *Drawing) HidesField(s hl7.Segment, field int) bool {
	v := s.Field(field)
	if d.Opaque || len(v.Raw()) > LongestEnvelope && !hides(s.Name()) {
		return true
	}
	switch s.Name() {
	case "MSH", "FHS", "BHS":
		return field > 12 && field != 15 && field != 16 && field != 18
	case "BTS", "FTS":
		return field > 1
	case "EVN":
		return field > 2
	case "MSA":
		return field > 2
	}
	def, ok := d.Version.FieldAt(s.Name(), field, 0, 0)
	if !ok {
		return true
	}
	switch def.Type {
	case "SI":
		return len(v.Raw()) > 4
	case "ID", "IS":
		// Marital status, race and religion say something about a person.
		return s.Name() == "PID" && field != 8 || len(v.Raw()) > 8
	}
	return true
}

// HidesSegment says whether the row of a closed segment hides its bytes.
func (d *Drawing) HidesSegment(s hl7.Segment) bool {
	for f := 1; f <= s.Fields(); f++ {
		if s.Field(f).State() == hl7.Valued && d.HidesField(s, f) {
			return true
		}
	}
	return hides(s.Name())
}

// Hidden are the bytes that the mask hides, in order, without delimiters between fields.
func (d *Drawing) Hidden() [][2]int {
	if !d.IsHL7 {
		return [][2]int{{0, len(d.Bytes)}}
	}
	var ranges [][2]int
	for i := range d.Message.Len() {
		s := d.Message.Segment(i)
		if s.ID() == "" {
			ranges = append(ranges, [2]int{s.Offset(), s.End()})
			continue
		}
		for f := 1; f <= s.Fields(); f++ {
			if f <= 2 && s.IsHeader() {
				continue // the delimiters
			}
			if v := s.Field(f); v.State() == hl7.Valued && d.HidesField(s, f) {
				ranges = append(ranges, [2]int{v.Offset(), v.End()})
			}
		}
	}
	return ranges
}
