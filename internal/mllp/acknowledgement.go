package mllp

import (
	"bytes"
	"strconv"

	"trestle/internal/hl7"
)

// Acknowledgement is a reply as its receiver reads it. It refers to the bytes
// of the reply.
type Acknowledgement struct {
	Header    Header
	Code      Code   // None where MSA-1 is no code of table 0008
	ControlID []byte // MSA-2, byte for byte
	Text      string // MSA-3
	Sequence  string // MSA-4
	Errors    []Error
}

// ParseAck reads an acknowledgement, with the errors in either form of ERR. ok
// is false if the bytes have no MSA segment.
func ParseAck(b []byte) (a Acknowledgement, ok bool) {
	a.Header = ReadHeader(b)
	if !a.Header.msa {
		return a, false
	}
	a.Code, a.ControlID = a.Header.AckCode(), a.Header.Acknowledges()
	if len(a.Header.msaField(3)) > 0 || len(a.Header.msaField(4)) > 0 || bytes.Contains(b, []byte("ERR")) {
		a.detail(b)
	}
	return a, true
}

// detail reads what needs decoding.
func (a *Acknowledgement) detail(b []byte) {
	m := hl7.Parse(b)
	if msa, ok := m.Find("MSA", 1); ok {
		a.Text, a.Sequence = msa.Field(3).Text(), msa.Field(4).Text()
	}
	for s := range m.Segments() {
		if s.Name() != "ERR" {
			continue
		}
		if s.Field(3).State() != hl7.Valued {
			for v := range s.Field(1).AllRepetitions() {
				a.Errors = append(a.Errors, oldError(v))
			}
			continue
		}
		e := Error{
			Condition: s.Field(3).Component(1).Text(), Severity: s.Field(4).Text(), AppCode: s.Field(5).Component(1).Text(),
			Diagnostic: s.Field(7).Text(), UserText: s.Field(8).Text(),
		}
		for v := range s.Field(2).AllRepetitions() {
			if v.State() != hl7.Valued {
				continue
			}
			e.Locations = append(e.Locations, Location{
				Segment: v.Component(1).Text(), Sequence: count(v.Component(2)), Field: count(v.Component(3)),
				Repetition: count(v.Component(4)), Component: count(v.Component(5)), Subcomponent: count(v.Component(6)),
			})
		}
		a.Errors = append(a.Errors, e)
	}
}

// oldError reads one repetition of ERR-1.
func oldError(v hl7.Value) Error {
	e := Error{Condition: v.Component(4).Subcomponent(1).Text()}
	if segment := v.Component(1).Text(); segment != "" {
		e.Locations = []Location{{Segment: segment, Sequence: count(v.Component(2)), Field: count(v.Component(3))}}
	}
	if t := v.Component(4).Subcomponent(2); t.State() == hl7.Valued {
		e.UserText = t.Text()
	}
	return e
}

// count reads a number of a location, 0 if there is none.
func count(v hl7.Value) int {
	n, err := strconv.Atoi(v.Text())
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Correlate says whether the reply acknowledges the message: nil if so, else
// the reasons against it. Offsets are those in the reply.
func Correlate(message, reply []byte) []Deviation {
	sent, got := ReadHeader(message), ReadHeader(reply)
	return correlate(&sent, &got)
}

func correlate(sent, got *Header) []Deviation {
	if !got.msa {
		return []Deviation{{Code: AckNotOne, Length: len(got.b), Text: "the reply has no MSA segment, so it acknowledges nothing"}}
	}
	var all []Deviation
	at := func(n int) (int64, int) { s := got.msaAt[n]; return int64(s.from), s.to - s.from }
	if got.AckCode() == None {
		from, n := at(1)
		all = append(all, Deviation{AckBadCode, from, n, "MSA-1 holds none of AA, AE, AR, CA, CE, CR"})
	}
	from, n := at(2)
	switch want, have := sent.ControlID(), got.Acknowledges(); {
	case len(have) == 0:
		all = append(all, Deviation{AckNoID, from, n, "MSA-2 is empty, so the acknowledgement names no message"})
	case bytes.Equal(want, have):
	case bytes.EqualFold(bytes.TrimSpace(want), bytes.TrimSpace(have)):
		all = append(all, Deviation{AckWrongID, from, n, "MSA-2 differs from MSH-10 of the message in blanks or in upper and lower case"})
	default:
		all = append(all, Deviation{AckWrongID, from, n, "MSA-2 is not MSH-10 of the message"})
	}
	return all
}
