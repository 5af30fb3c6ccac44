// Package format recognises what a file is and splits it into the pieces that
// stand for themselves: HL7 v2 messages, batch envelopes, lines of NDJSON, or
// the whole file where it is one thing.
//
// Its central type is Guess: a kind and one plain sentence that says why.
// Recognition looks only at bytes, never at a file's name, and never fails: what
// it does not know is text or binary. Splitting streams, keeps a bounded part
// of any piece in memory, and accounts for every byte.
//
//	g := format.Detect(head)        // {Kind: "x12", Why: "It begins with an X12 interchange header (ISA) ..."}
//	for piece, err := range format.Split(file, format.Options{}) { ... }
package format
