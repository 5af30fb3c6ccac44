package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"trestle/internal/hl7"
)

// DefaultMaxPiece is how many bytes of one piece are kept in memory.
const DefaultMaxPiece = 16 << 20

// MaxResource is DefaultMaxPiece for a FHIR resource: without its end a Bundle
// cannot be read at all.
const MaxResource = 128 << 20

// Codes of the notes that Split itself makes.
const (
	NoteCut           = "piece-cut"      // only the beginning of the piece was kept
	NoteBatchCount    = "batch-count"    // BTS-1 or FTS-1 is not the number of messages or batches
	NoteBatchEnvelope = "batch-envelope" // a header or trailer is missing, or a batch has no message
)

// Options choose how a file is split. Zero values take the defaults.
type Options struct {
	MaxPiece   int // bytes kept of a piece that is not HL7 v2; DefaultMaxPiece, of a FHIR resource MaxResource
	MaxMessage int // bytes of a message at most, as in hl7.ScanOptions
}

// Piece is a part of a file that stands for itself: a message, an envelope
// segment, a line of NDJSON, or a whole file of another kind.
type Piece struct {
	Index          int   // 0-based in the file
	Offset, Length int64 // place in the file; Length exceeds len(Bytes) where only the beginning was kept
	Bytes          []byte
	Guess          Guess
	Notes          []hl7.Note
	Kind           hl7.ItemKind // of HL7 v2; ItemOutside for other kinds
	Framed         bool         // it stood between MLLP bytes
	InHL7          bool         // the file as a whole is HL7 v2
}

// Split reads r and yields its pieces, in order. Memory stays bounded by the
// options whatever r holds. The only errors are those of r; after one the
// sequence ends. The bytes of a piece are its own and stay valid.
func Split(r io.Reader, o Options) iter.Seq2[Piece, error] {
	whole := o.MaxPiece
	if o.MaxPiece <= 0 {
		o.MaxPiece, whole = DefaultMaxPiece, MaxResource
	}
	return func(yield func(Piece, error) bool) {
		s := splitter{options: o, maxResource: whole, yield: yield}
		s.run(r)
	}
}

type splitter struct {
	options     Options
	maxResource int
	yield       func(Piece, error) bool
	index       int
}

func (s *splitter) emit(p Piece) bool {
	p.Index = s.index
	s.index++
	return s.yield(p, nil)
}

func (s *splitter) run(r io.Reader) {
	br := bufio.NewReaderSize(r, HeadSize)
	head, err := br.Peek(HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		if len(head) > 0 && !s.whole(bytes.NewReader(head), Detect(head), 0) {
			return
		}
		s.yield(Piece{}, err)
		return
	}
	g := Detect(head)
	switch {
	case g.Kind.IsHL7v2():
		s.messages(br)
	case g.Kind == NDJSON || g.Kind == FHIRNDJSON:
		s.lines(br)
	case len(head) == HeadSize && (g.Kind == Text || g.Kind == CSV || g.Kind == TSV || g.Kind == Fixed || len(trimLead(head)) == 0):
		s.text(br, g)
	default:
		s.whole(br, g, 0)
	}
}

// text gives a long text a second chance: a log may hold its first message
// after the head, and what begins with blanks or NUL bytes is told by what
// follows them.
func (s *splitter) text(r io.Reader, g Guess) {
	kept, err := io.ReadAll(io.LimitReader(r, int64(s.options.MaxPiece)))
	if err == nil && FindHeader(kept) >= 0 {
		s.messages(io.MultiReader(bytes.NewReader(kept), r))
		return
	}
	if err != nil {
		r = &failing{err: err}
	}
	if body := trimLead(kept); len(body) > 0 && len(kept)-len(body) >= HeadSize {
		g = Detect(body)
	}
	s.whole(io.MultiReader(bytes.NewReader(kept), r), g, 0)
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// messages hands the stream to the HL7 scanner.
func (s *splitter) messages(r io.Reader) {
	scanner := hl7.NewScanner(r, hl7.ScanOptions{MaxMessage: s.options.MaxMessage})
	var tally envelopes
	for scanner.Scan() {
		item := scanner.Item()
		p := Piece{
			Offset: item.Offset, Length: item.Length, Bytes: item.Bytes,
			Notes: item.Notes, Kind: item.Kind, Framed: item.Framed, InHL7: true,
		}
		tally.count(&p)
		switch item.Kind {
		case hl7.ItemMessage:
			p.Guess = Guess{Kind: HL7v2, Why: "It is an HL7 v2 message."}
		case hl7.ItemEnvelope:
			p.Guess = Guess{Kind: HL7v2Batch, Why: "It is a segment of a batch envelope."}
		default:
			p.Guess = Detect(item.Bytes)
		}
		if !s.emit(p) {
			return
		}
	}
	if err := scanner.Err(); err != nil {
		s.yield(Piece{}, err)
	}
}

// lines yields one piece for each line that is not blank.
func (s *splitter) lines(br *bufio.Reader) {
	var offset int64
	for {
		line, length, err := s.readLine(br)
		if trimmed := bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(trimmed)) > 0 {
			p := Piece{Offset: offset, Length: length - int64(len(line)-len(trimmed)), Bytes: trimmed, Guess: Detect(trimmed), Kind: hl7.ItemOutside}
			if length > int64(len(line)) {
				p.Length = length
				p.Notes = []hl7.Note{cutNote(offset, len(line), length)}
			}
			if !s.emit(p) {
				return
			}
		}
		offset += length
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.yield(Piece{}, err)
			}
			return
		}
	}
}

// readLine reads to the next LF and keeps at most MaxPiece bytes.
func (s *splitter) readLine(br *bufio.Reader) (kept []byte, length int64, err error) {
	for {
		part, err := br.ReadSlice('\n')
		length += int64(len(part))
		if room := s.options.MaxPiece - len(kept); room > 0 {
			kept = append(kept, part[:min(room, len(part))]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return kept, length, err
		}
	}
}

// whole yields what is left of the stream as one piece.
func (s *splitter) whole(r io.Reader, g Guess, offset int64) bool {
	most := s.options.MaxPiece
	if g.Kind == FHIRJSON || g.Kind == FHIRXML {
		most = s.maxResource
	}
	kept, err := io.ReadAll(io.LimitReader(r, int64(most)))
	length := int64(len(kept))
	if err == nil {
		var rest int64
		rest, err = io.Copy(io.Discard, r)
		length += rest
	}
	p := Piece{Offset: offset, Length: length, Bytes: kept, Guess: g, Kind: hl7.ItemOutside}
	if length > int64(len(kept)) {
		p.Notes = []hl7.Note{cutNote(offset, len(kept), length)}
	}
	if !s.emit(p) {
		return false
	}
	if err != nil {
		return s.yield(Piece{}, err)
	}
	return true
}

func cutNote(offset int64, kept int, length int64) hl7.Note {
	return hl7.Note{
		Code: NoteCut, Offset: offset + int64(kept), Length: int(length - int64(kept)),
		Text: fmt.Sprintf("Only the first %d of %d bytes are kept here; the file itself is unchanged.", kept, length),
	}
}
