package format

import (
	"io"
	"iter"

	"trestle/internal/hl7"
)

// Kind names what a file or a piece of it is.
type Kind string

// Guess is what Detect thinks of the bytes.
type Guess struct {
	Kind     Kind
	Why      string // one plain sentence
	Encoding string // IANA name where the bytes tell: "UTF-8", "UTF-16LE" ...; else empty
}

// Detect looks at the head of a file, 64 KiB at most, and says what it is.
func Detect(head []byte) Guess { return Guess{} }

// DefaultMaxPiece is how many bytes of one piece are kept in memory.
const DefaultMaxPiece = 16 << 20

// Options choose how a file is split.
type Options struct {
	MaxPiece   int // bytes kept of a piece that is not HL7 v2; 0 is DefaultMaxPiece
	MaxMessage int // passed on to hl7.ScanOptions
}

// Piece is a part of a file that stands for itself: a message, an envelope
// segment, a line of NDJSON, or a whole file of another kind.
type Piece struct {
	Index          int   // 0-based in the file
	Offset, Length int64 // place in the file; Length may exceed len(Bytes)
	Bytes          []byte
	Guess          Guess
	Notes          []hl7.Note
	Kind           hl7.ItemKind
	Framed         bool
}

// Split reads r and yields its pieces with bounded memory.
func Split(r io.Reader, o Options) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {}
}
