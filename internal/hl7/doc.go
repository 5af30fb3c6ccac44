// Package hl7 reads, edits and splits HL7 v2 text without ever losing a byte.
//
// The central type is [Message]: the bytes as they came plus an index of their
// segments. Fields, repetitions, components and subcomponents are slices of
// those bytes; nothing is copied or decoded until [Value.Text] asks for it.
// Parsing never fails: whatever is not HL7 is kept as lines that are no
// segment, and Parse(b).Bytes() is always b.
//
//	m := hl7.Parse(data)
//	v, err := m.GetString("PID-3[2].4.1")
//
// Visit many parts with [Value.Next] or [Segment.Leaves]: they allocate nothing.
//
// [Path] names a place in a message, [Message.Set] and its relatives make an
// edited copy, [Scanner] splits streams of any size into messages, and
// [Message.Charset] says how the bytes are to be read as text.
package hl7
