package mllp

// Deviation is one way in which a peer does not do as the standard says. The
// code is stable.
type Deviation struct {
	Code   string
	Offset int64 // in the stream
	Length int   // in bytes
	Text   string
}

// Codes of deviations. Where package check finds the same in a file, it is the
// same code.
const (
	FrameNoStart      = "frame-no-start"
	FrameNoCR         = "frame-no-cr"
	FrameTail         = "frame-tail"
	OutsideMessage    = "outside-message"
	FrameSecondStart  = "frame-second-start"
	FrameEndInside    = "frame-end-inside"
	FrameNotEnded     = "frame-not-ended"
	FrameEmpty        = "frame-empty"
	FrameManyMessages = "frame-many-messages"
	FrameCommit       = "frame-commit"
	WrongProtocol     = "wrong-protocol"
	Unframed          = "unframed"
	FrameTooLong      = "frame-too-long"
	FrameTooSlow      = "frame-too-slow"
	FrameReset        = "frame-reset"
	NoSegmentEnd      = "last-terminator-missing"
	PlainOnTLS        = "plain-on-tls"
	AckOneValued      = "ack-one-valued"
	AckOddValue       = "ack-odd-value"
	AckWrongID        = "ack-wrong-id"
	AckNoID           = "ack-no-id"
	AckNotOne         = "ack-not-an-ack"
	AckBadCode        = "ack-bad-code"
	AckLate           = "ack-late"
	AckOutOfOrder     = "ack-out-of-order"
	AckUnexpected     = "ack-unexpected"
)

// Description is one code in words.
type Description struct {
	Code      string
	Catalogue string // number in the catalogue of transport faults, "" if it has none
	Text      string // one plain sentence
}

// Codes lists every deviation that this package names.
func Codes() []Description {
	return []Description{
		{FrameNoStart, "T1", "A message has an end mark and no start mark before it."},
		{FrameNoCR, "T2", "The end byte (FS) is not followed by CR."},
		{FrameTail, "T3", "Another byte than CR follows the end byte, such as LF or FF, or more follows the CR."},
		{OutsideMessage, "T4", "Bytes stand outside of any frame, such as a line of a log or a keep-alive."},
		{FrameSecondStart, "T5", "A start byte stands inside a frame: the message before it was cut off, or this byte is part of a text."},
		{FrameEndInside, "T6", "An end byte that is not followed by CR stands inside a message and was kept as text."},
		{FrameNotEnded, "T7", "A frame was begun and never ended."},
		{FrameEmpty, "T8", "A frame holds nothing."},
		{FrameManyMessages, "T11", "One frame holds several messages; many receivers acknowledge only the first."},
		{FrameCommit, "T12", "A commit acknowledgement of MLLP release 2: the peer expects release 2 or speaks it."},
		{WrongProtocol, "T14", "The bytes are of another protocol; the text says which."},
		{Unframed, "T1", "The bytes are HL7 without a frame around it."},
		{FrameTooLong, "", "A frame is longer than the limit of this listener; the connection was refused."},
		{FrameTooSlow, "", "A frame took longer than the deadline for one frame."},
		{FrameReset, "", "The peer broke the connection in the middle of a frame."},
		{NoSegmentEnd, "L5", "The last segment has no CR before the end byte; some receivers insist on it."},
		{PlainOnTLS, "T14", "A peer spoke without TLS to a port that expects TLS."},
		{AckOneValued, "", "Only one of MSH-15 and MSH-16 is valued; receivers differ in what they make of it."},
		{AckOddValue, "", "MSH-15 or MSH-16 holds a value outside table 0155 (AL, NE, ER, SU)."},
		{AckWrongID, "T13", "The acknowledgement names another control ID than the message has."},
		{AckNoID, "T13", "The acknowledgement names no control ID in MSA-2."},
		{AckNotOne, "T13", "The reply is not an acknowledgement: it has no MSA segment."},
		{AckBadCode, "T13", "MSA-1 holds none of AA, AE, AR, CA, CE, CR."},
		{AckLate, "T13", "An acknowledgement came after its sender had stopped waiting."},
		{AckOutOfOrder, "T13", "An acknowledgement came before that of an earlier message."},
		{AckUnexpected, "T13", "A frame came that no message was waiting for."},
	}
}
