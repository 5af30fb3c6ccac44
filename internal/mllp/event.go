package mllp

import (
	"time"
)

// Kind says what an event is.
type Kind uint8

const (
	WholeFrame    Kind = iota // a frame with its end; it may still have deviations
	PartialFrame              // a frame that never ended: a pause, the end of the connection, a reset, a deadline
	CutFrame                  // a frame that a second start cut off
	OversizeFrame             // a frame beyond the limit; only its beginning is kept
	OutsideBytes              // bytes that stand in no frame
	CommitAck                 // MLLP release 2: 06 in a frame
	CommitNak                 // MLLP release 2: 15 in a frame
)

var kindNames = [...]string{"frame", "partial", "cut", "oversize", "outside", "commit", "refusal"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Event is one piece of what a peer sent.
type Event struct {
	Kind   Kind
	Bytes  []byte // without the framing bytes
	Offset int64  // of the first byte in the stream, framing included
	Length int64  // on the wire, framing included; more than is in Bytes where bytes were not kept
	Start  int64  // offset of Bytes[0] in the stream

	// FirstByte and LastByte are when the read returned that brought these bytes.
	FirstByte, LastByte time.Time

	Deviations []Deviation
}

// Damaged reports whether the message may not be whole, so that it must never
// be acknowledged positively.
func (e *Event) Damaged() bool {
	if e.Kind != WholeFrame {
		return true
	}
	return e.Has(FrameSecondStart)
}

// Has reports whether the event has a deviation with this code.
func (e *Event) Has(code string) bool {
	for i := range e.Deviations {
		if e.Deviations[i].Code == code {
			return true
		}
	}
	return false
}

// Detach takes the bytes out of the event, so that they are not reused.
func (e *Event) Detach() []byte {
	b := e.Bytes
	e.Bytes = nil
	return b
}

// reset empties the event and keeps its memory, unless that is large.
func (e *Event) reset() {
	b, d := e.Bytes, e.Deviations
	if cap(b) > keepBuffer {
		b = nil
	}
	if cap(d) > 64 {
		d = nil
	}
	*e = Event{Bytes: b[:0], Deviations: d[:0]}
}

// keepBuffer is the largest buffer that waits for its next use, in bytes.
const keepBuffer = 64 << 10
