package mllp

import (
	"bytes"
	"fmt"
)

// Bytes of MLLP. HL7 2.3.1 Implementation Guide, C.4.2; release 2 adds the
// commit bytes.
const (
	StartBlock     = 0x0B // VT
	EndBlock       = 0x1C // FS, then CR
	CarriageReturn = 0x0D
	CommitByte     = 0x06 // release 2, ACK: received and committed to safe storage
	RefuseByte     = 0x15 // release 2, NAK: not committed
)

// maxMark is the longest start or end mark, as other engines have it.
const maxMark = 31

// Framing is how the two ends of a frame are marked: sequences of 0 to 31
// bytes. The zero Framing is that of MLLP, VT before and FS CR after. Where
// Bare is set the marks are taken as they are, even if they are empty: without
// Start a frame begins with the first byte, without End it ends with a pause, the
// next start or the end of the connection.
type Framing struct {
	Start, End []byte
	Bare       bool
}

// MLLP is the framing of the standard.
func MLLP() Framing { return Framing{Start: []byte{StartBlock}, End: []byte{EndBlock, CarriageReturn}} }

// marks returns the marks with the defaults filled in.
func (f Framing) marks() Framing {
	if f.Bare {
		return f
	}
	if len(f.Start) == 0 {
		f.Start = []byte{StartBlock}
	}
	if len(f.End) == 0 {
		f.End = []byte{EndBlock, CarriageReturn}
	}
	return f
}

// Validate says why the framing cannot work, or nil.
func (f Framing) Validate() error {
	f = f.marks()
	switch {
	case len(f.Start) > maxMark || len(f.End) > maxMark:
		return fmt.Errorf("start and end of a frame are at most %d bytes: shorten them", maxMark)
	case len(f.Start) == 0 && len(f.End) == 0:
		return fmt.Errorf("a frame needs a start or an end: give at least one of them")
	case len(f.Start) > 0 && bytes.Equal(f.Start, f.End):
		return fmt.Errorf("start and end of a frame are the same bytes: give two different ones")
	case len(f.Start) > 0 && len(f.End) > 0 && (bytes.Contains(f.End, f.Start) || bytes.Contains(f.Start, f.End)):
		return fmt.Errorf("one mark of the frame contains the other: give two that can be told apart")
	}
	return nil
}

// Append appends the payload in its frame to dst.
func (f Framing) Append(dst, payload []byte) []byte {
	if f.Bare || len(f.Start) > 0 || len(f.End) > 0 {
		f = f.marks()
		dst = append(dst, f.Start...)
		dst = append(dst, payload...)
		return append(dst, f.End...)
	}
	dst = append(dst, StartBlock)
	dst = append(dst, payload...)
	return append(dst, EndBlock, CarriageReturn)
}
