package hl7

import (
	"bytes"
	"errors"
	"io"
)

// ItemKind says what an item of a stream is.
type ItemKind uint8

const (
	ItemMessage  ItemKind = iota // a message, with or without MSH
	ItemEnvelope                 // an FHS, BHS, BTS or FTS segment
	ItemOutside                  // bytes that belong to no message, or none at all for an empty frame
)

func (k ItemKind) String() string {
	return [...]string{"message", "envelope", "outside"}[min(k, ItemOutside)]
}

// Codes of the notes that a Scanner makes. T numbers are those of the
// catalogue of transport faults.
const (
	NoteNoStart     = "mllp-no-start"     // T1: an end block, but no start block before the message
	NoteNoCR        = "mllp-no-cr"        // T2: FS without CR, the next frame follows
	NoteOddEnd      = "mllp-odd-end"      // T3: FS with LF, FF or CR LF
	NoteBeforeStart = "mllp-before-start" // T4: bytes before the start block
	NoteSecondStart = "mllp-second-start" // T5: a start block inside a frame
	NoteEndInside   = "mllp-end-inside"   // T6: FS inside the message
	NoteNoEnd       = "mllp-no-end"       // T7: the frame never ends
	NoteEmptyFrame  = "mllp-empty"        // T8: a frame without content
	NoteSeveral     = "mllp-several"      // T11: several messages in one frame
	NoteCut         = "cut"               // the message is longer than MaxMessage and was cut
	NoteMark        = "byte-order-mark"   // the item starts with a byte order mark
	NotePrefix      = "line-prefix"       // the header starts in the middle of a line
	NoteNoHeader    = "no-header"         // the message has no MSH
)

// Note is something remarkable about an item, such as a fault of framing.
type Note struct {
	Code   string
	Offset int64 // in the stream
	Length int
	Text   string // one plain sentence
}

// Item is one piece of a stream. Every byte of the stream is in exactly one
// item, or is a framing byte (VT, FS and the line end that belongs to it).
type Item struct {
	Index          int   // from 0
	Offset, Length int64 // place of Bytes in the stream
	Bytes          []byte
	Kind           ItemKind
	Framed         bool // stands in MLLP start and end blocks, or at least one of them
	Notes          []Note
}

// ScanOptions are the limits of a Scanner.
type ScanOptions struct {
	// MaxMessage is the size in bytes at which a message is cut, with a note.
	// 0 means 64 MB.
	MaxMessage int
}

// DefaultMaxMessage is the largest item that a Scanner gives whole.
const DefaultMaxMessage = 64 << 20

// Scanner splits a stream of any size into messages. It holds one item and a
// read buffer in memory, never more than a few times MaxMessage. It may read
// ahead of an item's end, so it is for files and not for live connections.
//
// A message starts at a line that starts with MSH and a separator, at a header
// in the middle of a line that is no segment (log files), or, where no message
// is open, at a line that looks like a segment. It ends before the next start
// or envelope segment and at an MLLP end block. Where a log wrote its time and
// names before every line of a message, they are part of the item.
type Scanner struct {
	r    io.Reader
	max  int
	buf  []byte // buf[pos:] is not given out yet
	pos  int
	base int64 // stream offset of buf[0]
	err  error // of the reader, io.EOF included

	item  Item
	index int
	notes []Note // for the item that is being read

	sep      []byte // field separator of the open message
	framed   bool   // between a start and an end block
	inFrame  int    // messages and envelopes seen in this frame
	afterEnd bool   // nothing since an end block
	rest     bool   // what follows is the rest of a message that was cut
	log      prefixShape
	lead     []byte    // what a log wrote before each segment of the open message
	find     [4]finder // for CR, LF, VT, FS
}

// NewScanner returns a Scanner over r.
func NewScanner(r io.Reader, o ScanOptions) *Scanner {
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	return &Scanner{r: r, max: max(o.MaxMessage, 64)}
}

// Item returns the item that the last Scan found. Its Bytes are never changed
// later; items may share memory.
func (s *Scanner) Item() Item { return s.item }

// Err returns the first error of the reader, nil at a normal end. All bytes
// before an error have been given out.
func (s *Scanner) Err() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// Scan reads the next item and reports whether there is one.
func (s *Scanner) Scan() bool {
	for {
		b := s.peek(0, 1)
		switch {
		case len(b) == 0 && s.framed:
			s.note(NoteNoEnd, 0, 0, "the frame has a start block and nothing more")
			s.emit(ItemOutside, 0)
			s.framed = false
			return true
		case len(b) == 0:
			s.item = Item{}
			return false
		case b[0] == vt && s.startBlock(0, ItemOutside):
			s.enter()
			continue
		case b[0] == fs && s.framed && s.inFrame == 0:
			if width, end := s.endBlock(0, ItemOutside); end {
				s.note(NoteEmptyFrame, 0, 0, "the frame is empty")
				s.emit(ItemOutside, 0)
				s.leave(width)
				return true
			}
		}
		s.take(s.opening())
		return true
	}
}

// take reads one item of the kind from the current position.
func (s *Scanner) take(kind ItemKind) {
	n := 0 // everything before is part of the item
	if kind == ItemOutside {
		if n = max(s.prefix(0), 0); n > 0 {
			s.emit(kind, n)
			return
		}
	}
	for {
		c, at := s.event(n)
		switch {
		case at > s.max:
			s.cut(kind)
			return
		case c == 0:
			if s.framed {
				s.note(NoteNoEnd, int64(at), 0, "the frame has no end block; the data ends inside it")
			}
			s.emit(kind, at)
			s.framed, s.inFrame = false, 0
			return
		case c == vt:
			if s.startBlock(at, kind) {
				s.beforeStart(kind, at)
				s.emit(kind, at)
				return
			}
			n = at + 1
		case c == fs:
			if width, end := s.endBlock(at, kind); end {
				s.emit(kind, at)
				s.leave(width)
				return
			}
			n = at + 1
		default:
			n = s.afterBreak(at)
			if stop := s.boundary(kind, n); stop >= 0 {
				s.emit(kind, stop)
				return
			}
		}
	}
}

// emit makes the next n bytes the item.
func (s *Scanner) emit(kind ItemKind, n int) {
	s.item = Item{
		Index: s.index, Offset: s.base + int64(s.pos), Length: int64(n),
		Bytes: s.buf[s.pos : s.pos+n : s.pos+n], Kind: kind, Framed: s.framed, Notes: s.notes,
	}
	s.index++
	s.notes = nil
	s.pos += n
	s.afterEnd = false
}

// cut gives out MaxMessage bytes of an item that is longer. The rest follows
// as items that are outside, until the next start.
func (s *Scanner) cut(kind ItemKind) {
	if kind != ItemOutside || s.rest {
		s.note(NoteCut, int64(s.max), 0, "the message is longer than the limit; the rest follows as bytes outside of a message")
	}
	s.rest = kind != ItemOutside || s.rest
	s.emit(kind, s.max)
}

// note adds a note to the item that is being read; at counts from its start.
func (s *Scanner) note(code string, at int64, length int, text string) {
	const most = 32 // a binary file may have a fault at every byte
	if len(s.notes) < most {
		s.notes = append(s.notes, Note{Code: code, Offset: s.base + int64(s.pos) + at, Length: length, Text: text})
	}
}

const chunk = 256 << 10

// peek returns up to k bytes from n bytes after the current position; fewer
// only at the end of the data.
func (s *Scanner) peek(n, k int) []byte {
	for len(s.buf)-s.pos < n+k && s.fill() {
	}
	from := min(s.pos+n, len(s.buf))
	return s.buf[from:min(from+k, len(s.buf))]
}

// fill reads more bytes and reports whether any came. Items that were given
// out keep their memory: a full buffer is replaced, not reused.
func (s *Scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if len(s.buf) == cap(s.buf) {
		rest := s.buf[s.pos:]
		// Doubling makes least garbage; beyond the limit nothing is kept.
		buf := make([]byte, len(rest), max(chunk, min(2*len(rest), s.max+2*chunk), len(rest)+chunk))
		copy(buf, rest)
		s.base += int64(s.pos)
		s.buf, s.pos = buf, 0
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		s.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// finder remembers where a byte comes next, as a stream offset.
type finder struct {
	at    int64 // where it is, or up to where there is none
	known bool
}

var events = [4]byte{'\r', '\n', vt, fs}

// event finds the next CR, LF, VT or FS at or after n. At the end of the data
// it returns 0 and the number of bytes left. It stops once it is beyond the
// limit.
func (s *Scanner) event(n int) (c byte, at int) {
	for {
		here := s.base + int64(s.pos)
		end := s.base + int64(len(s.buf))
		best := end
		for i := range s.find {
			f := &s.find[i]
			if from := here + int64(n); f.at < from {
				f.at, f.known = from, false
			}
			if !f.known && f.at < end {
				if j := bytes.IndexByte(s.buf[f.at-s.base:], events[i]); j >= 0 {
					f.at, f.known = f.at+int64(j), true
				} else {
					f.at = end
				}
			}
			if f.known && f.at < best {
				best, c = f.at, events[i]
			}
		}
		at = int(best - here)
		if c != 0 || at > s.max || !s.fill() {
			return c, at
		}
	}
}
