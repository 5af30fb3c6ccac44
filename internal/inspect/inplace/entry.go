package inplace

import (
	"bytes"

	"trestle/internal/hl7"
)

// entry is what the index knows of a piece: 24 bytes, and the control ID beside it.
type entry struct {
	start    int64  // in the file
	length   uint32 // bytes that are kept of the piece
	id       uint32 // place of the control ID in the arena
	minute   uint32 // of MSH-7 as minuteOf packs it, 0 where it is not known
	kind     uint16 // into kinds, 0 where it is not known
	idLength uint8
	flags    flags
}

const (
	maxSize   = 1 << 44
	blockSize = 1 << 13 // entries that are allocated together
)

// flags are facts about a piece.
type flags uint8

const (
	itemMask flags = 3 // its hl7.ItemKind
	framed   flags = 4
	inHL7    flags = 8
	known    flags = 16 // the columns hold what its header says: type, trigger, control ID
)

func (e entry) has(f flags) bool   { return e.flags&f != 0 }
func (e entry) item() hl7.ItemKind { return hl7.ItemKind(e.flags & itemMask) }

// kind is what pieces have in common: what they are and, of messages, MSH-9.1 and MSH-9.2.
type kind struct{ format, typ, trigger string }

// entry returns what the index knows of a piece.
func (f *File) entry(i int) (entry, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.at(i)
}

// at is entry where the lock is held.
func (f *File) at(i int) (entry, bool) {
	if i < 0 || i >= f.count {
		return entry{}, false
	}
	return f.blocks[i/blockSize][i%blockSize], true
}

// arena holds short texts one behind the other, each within one chunk.
type arena struct {
	chunks [][]byte
}

const arenaChunk = 1 << 18

// put keeps a text and returns its place.
func (a *arena) put(text []byte) (at uint32, ok bool) {
	last := len(a.chunks) - 1
	if last < 0 || len(a.chunks[last])+len(text) > arenaChunk {
		if last+1 >= 1<<32/arenaChunk {
			return 0, false
		}
		a.chunks = append(a.chunks, make([]byte, 0, arenaChunk))
		last++
	}
	at = uint32(last*arenaChunk + len(a.chunks[last]))
	a.chunks[last] = append(a.chunks[last], text...)
	return at, true
}

func (a *arena) get(at uint32, length uint8) string {
	if length == 0 {
		return ""
	}
	from := at % arenaChunk
	return string(a.chunks[at/arenaChunk][from : from+uint32(length)])
}

// header is what the columns take from the first segment of a message, as it stands there.
type header struct{ time, typ, trigger, id []byte }

// headerBytes is how far a header is looked for: a damaged one may have no end.
const headerBytes = 1024

// read takes the columns from a message. ok is that they are what the message says without any doubt: the message begins
// with MSH, declares the delimiters that the standard recommends, goes on behind MSH-10 on the same line, on which no other
// header stands, and none of the values is escaped, repeated, the null value or other than plain ASCII. inspect.Summarise
// then reads the same.
func (h *header) read(b []byte) (ok bool) {
	*h = header{}
	b = b[:min(len(b), headerBytes)]
	if !bytes.HasPrefix(b, []byte(`MSH|^~\&|`)) && !bytes.HasPrefix(b, []byte(`MSH|^~\&#|`)) {
		return false
	}
	rest := b
	for field := 1; field <= 10; field++ {
		end := bytes.IndexByte(rest, '|')
		if end < 0 {
			return false
		}
		value := rest[:end]
		rest = rest[end+1:]
		switch field {
		case 7:
			h.time = value
		case 9:
			var more []byte
			h.typ, more, _ = bytes.Cut(value, []byte("^"))
			h.trigger, _, _ = bytes.Cut(more, []byte("^"))
		case 10:
			h.id = value
		}
	}
	return plain(h.typ) && plain(h.trigger) && plain(h.id) && oneHeader(b, len(b)-len(rest))
}

// oneHeader reports whether the first line of b, which begins with a header, goes on to a place and holds no other header.
func oneHeader(b []byte, through int) bool {
	end := bytes.IndexByte(b, '\r')
	if end < 0 {
		end = len(b)
	}
	if feed := bytes.IndexByte(b[:end], '\n'); feed >= 0 {
		end = feed
	}
	return end >= through && end < headerBytes && !bytes.Contains(b[3:end], []byte("MSH"))
}

// longestPlain is the longest value that a column takes, in bytes.
const longestPlain = 200

// plain reports a value that is its own text: nothing in it is escaped, separates, or is left aside at its ends.
func plain(value []byte) bool {
	if len(value) == 0 {
		return true
	}
	if len(value) > longestPlain || value[0] == ' ' || value[len(value)-1] == ' ' {
		return false
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
		switch c {
		case '\\', '~', '^', '&', '"', '#':
			return false
		}
	}
	return true
}

// minuteOf packs the date and the minute of an HL7 time so that packed times are ordered as the times are. ok is false where
// the time is less precise than a day, or nothing that a clock shows: what is not known for certain is looked up.
func minuteOf(value []byte) (packed uint32, ok bool) {
	digits := value
	for i, c := range value {
		if c < '0' || c > '9' {
			digits = value[:i]
			break
		}
	}
	if len(digits) < 8 || len(digits)%2 != 0 {
		return 0, false
	}
	two := func(i int) uint32 {
		if i+2 > len(digits) {
			return 0
		}
		return uint32(digits[i]-'0')*10 + uint32(digits[i+1]-'0')
	}
	year, month, day, hour, minute := two(0)*100+two(2), two(4), two(6), two(8), two(10)
	if year < firstYear || year >= firstYear+512 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 {
		return 0, false
	}
	return pack(year, month, day, hour, minute), true
}

// firstYear is the first one that a packed time can hold; there is room for 512.
const firstYear = 1800

func pack(year, month, day, hour, minute uint32) uint32 {
	return ((((year-firstYear)*16+month)*32+day)*32+hour)*64 + minute
}
