package mllp

import "bytes"

// matching says how far some bytes are a mark.
type matching uint8

const (
	matchNone matching = iota
	matchPart          // so far; more bytes decide
	matchFull
)

func match(b, mark []byte) matching {
	switch {
	case bytes.HasPrefix(b, mark):
		return matchFull
	case len(b) < len(mark) && bytes.HasPrefix(mark, b):
		return matchPart
	}
	return matchNone
}

// endMark is what an end byte turned out to be.
type endMark struct {
	width      int // bytes of the end mark; 0 = it is text
	wait       bool
	code, text string
}

// endMark reads the end mark at the start of b, whose first byte is that of an
// end mark, with the ways in which peers write FS CR wrongly.
func (r *Reader) endMark(b []byte, last bool) endMark {
	switch match(b, r.end) {
	case matchFull:
		return endMark{width: len(r.end)}
	case matchPart:
		if !last {
			return endMark{wait: true}
		}
		if r.tolerant {
			return endMark{width: 1, code: FrameNoCR, text: "the end byte (FS) is not followed by CR; nothing came after it"}
		}
		return endMark{}
	}
	if !r.tolerant {
		return endMark{}
	}
	switch next := b[1:]; {
	case next[0] == '\n':
		return endMark{width: 2, code: FrameTail, text: "LF follows the end byte (FS), it should be CR"}
	case next[0] == '\f':
		return endMark{width: 2, code: FrameTail, text: "FF follows the end byte (FS), it should be CR"}
	case len(r.start) > 0 && next[0] == r.start[0]:
		if m := match(next, r.start); m != matchNone {
			return endMark{width: 1, wait: m == matchPart && !last, code: FrameNoCR, text: "the end byte (FS) is not followed by CR; the next frame follows at once"}
		}
	case headerPart(next):
		if len(next) < 4 {
			return endMark{wait: !last}
		}
		return endMark{width: 1, code: FrameNoCR, text: "the end byte (FS) is not followed by CR; the next message follows at once"}
	}
	return endMark{}
}

// headerPart reports whether b begins with a header segment, as far as it goes.
func headerPart(b []byte) bool {
	n := min(len(b), 3)
	if !bytes.HasPrefix([]byte("MSH"), b[:n]) && !bytes.HasPrefix([]byte("FHS"), b[:n]) && !bytes.HasPrefix([]byte("BHS"), b[:n]) {
		return false
	}
	return len(b) < 4 || isSeparator(b[3])
}

// isSeparator reports whether c can be a field separator.
func isSeparator(c byte) bool {
	return c > ' ' && c != 0x7F && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}
