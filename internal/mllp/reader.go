package mllp

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// ReaderOptions are the limits of a Reader. Time-outs need a source with
// SetReadDeadline and are off if zero, but for Settle.
type ReaderOptions struct {
	Framing  Framing
	MaxFrame int           // bytes; 0 = DefaultMaxFrame
	Idle     time.Duration // between frames; Read then returns ErrIdle and can be called again
	Partial  time.Duration // without a byte inside a frame: the bytes become a PartialFrame
	Deadline time.Duration // for one whole frame, against peers that trickle; ends the stream with ErrTooSlow
	Settle   time.Duration // a pause after which FS without CR and bytes outside of frames count; 0 = DefaultSettle
}

const (
	// DefaultMaxFrame is the largest frame that is taken, in bytes.
	DefaultMaxFrame = 64 << 20
	// DefaultSettle is how long the reader waits for the byte after FS.
	DefaultSettle = 500 * time.Millisecond
	// MaxOutside is how many bytes one event keeps of what stands outside of
	// frames, and of a frame beyond the limit. More bytes outside make more events.
	MaxOutside = 64 << 10

	readBuffer    = 32 << 10
	maxDeviations = 32 // of one event: a peer must not make us keep a list without end
)

// Reader splits a stream into events. What it gives depends on the bytes and,
// where time-outs are on, on pauses between them, never on how the bytes were cut
// into packets. Its memory is one buffer of 32 KB and the event that is read.
type Reader struct {
	src        io.Reader
	clock      deadliner // nil where the source knows no time-outs
	o          ReaderOptions
	start, end []byte
	tolerant   bool // the end is a byte and CR, for which peers write other things

	buf  []byte
	r, w int
	pos  int64     // offset of buf[r] in the stream
	now  time.Time // when the last bytes came
	err  error     // why there will be no more bytes

	endAt int64 // offset of the next end byte, below pos if it is not known
	noEnd int64 // up to there is no end byte

	inFrame  bool
	waiting  bool // buf[r] may begin a mark; more bytes decide
	afterCut bool // the next frame begins with a second start
	afterEnd bool // the bytes follow a frame directly

	armed     time.Time                 // the deadline of the source, zero = none
	stale     bool                      // that deadline has passed
	interrupt atomic.Pointer[time.Time] // reading ends then

	memory *atomic.Int64 // bytes that large frames may still take, shared; nil = no limit
	held   int64         // of it, by the frame that is read

	beforeFill func() // called before the reader waits for bytes
}

type deadliner interface{ SetReadDeadline(time.Time) error }

var readBuffers = sync.Pool{New: func() any { b := make([]byte, readBuffer); return &b }}

// NewReader returns a reader of the stream.
func NewReader(r io.Reader, o ReaderOptions) *Reader {
	f := o.Framing.marks()
	if o.MaxFrame <= 0 {
		o.MaxFrame = DefaultMaxFrame
	}
	if o.Settle <= 0 {
		o.Settle = DefaultSettle
	}
	clock, _ := r.(deadliner)
	return &Reader{
		src: r, clock: clock, o: o, start: f.Start, end: f.End,
		tolerant: len(f.End) == 2 && f.End[1] == CarriageReturn,
		buf:      *readBuffers.Get().(*[]byte), now: time.Now(), endAt: -1,
	}
}

// Release gives the reader's buffer back. Read must not be called again.
func (r *Reader) Release() {
	r.giveBack()
	if r.buf != nil {
		b := r.buf
		r.buf, r.r, r.w, r.err = nil, 0, 0, ErrClosed
		readBuffers.Put(&b)
	}
}

// Read reads the next event into ev, whose memory is reused. io.EOF is the
// clean end. An error of the stream comes after the events before it.
func (r *Reader) Read(ev *Event) error {
	ev.reset()
	r.giveBack()
	r.inFrame = false
	ev.Offset, ev.Start = r.pos, r.pos
	for {
		if r.step(ev, r.err != nil) {
			return nil
		}
		if r.err != nil {
			return r.finish(ev)
		}
		switch why := r.fill(ev); why {
		case filled, ended:
		case settled:
			if r.step(ev, true) || !r.inFrame && r.closeOutside(ev) {
				return nil
			}
		case pausedFrame:
			if r.step(ev, true) {
				return nil
			}
			r.closePartial(ev, FrameNotEnded, textPaused)
			return nil
		case slowFrame:
			r.err = ErrTooSlow
			r.closePartial(ev, FrameTooSlow, textSlow)
			return nil
		case idle:
			if r.closeOutside(ev) {
				return nil
			}
			return ErrIdle
		}
	}
}

// step goes on with the event over the bytes in the buffer and reports whether
// it is complete. last means that the bytes after the buffer will not come in
// time to decide.
func (r *Reader) step(ev *Event, last bool) bool {
	r.waiting = false
	if !r.inFrame && r.outside(ev, last) {
		return true
	}
	return r.inFrame && r.frame(ev, last)
}

// outside reads up to the start of the next frame. It returns true when bytes
// outside of frames are complete, and sets inFrame where a frame begins.
func (r *Reader) outside(ev *Event, last bool) bool {
	for r.r < r.w {
		b := r.buf[r.r:r.w]
		if len(r.start) == 0 {
			r.begin(ev, 0)
			return false
		}
		if b[0] == r.start[0] {
			switch match(b, r.start) {
			case matchFull:
				if len(ev.Bytes) > 0 && !r.isTail(ev) {
					return r.closeOutside(ev)
				}
				r.begin(ev, len(r.start))
				return false
			case matchPart:
				if !last {
					r.waiting = true
					return false
				}
			}
		}
		if len(r.end) > 0 && b[0] == r.end[0] && len(ev.Bytes) > 0 {
			e := r.endMark(b, last)
			if e.wait {
				r.waiting = true
				return false
			}
			if e.width > 0 {
				if startsWithHeader(ev.Bytes) {
					ev.note(FrameNoStart, ev.Offset, 0, "the message has an end byte and no start byte (VT) before it")
					r.close(ev, e)
					return true
				}
				r.keep(ev, e.width)
				return r.closeOutside(ev)
			}
		}
		r.keep(ev, 1)
		if n := len(ev.Bytes); n == MaxOutside && !startsWithHeader(ev.Bytes) || n == r.o.MaxFrame || !r.reserve(n) {
			return r.closeOutside(ev)
		}
	}
	return false
}

// keep takes n bytes into the event.
func (r *Reader) keep(ev *Event, n int) {
	if ev.Length == 0 {
		ev.FirstByte = r.now
	}
	if need := len(ev.Bytes) + n; need > cap(ev.Bytes) {
		// Doubling: a frame of many megabytes is copied once more, not four times.
		ev.Bytes = append(make([]byte, 0, max(need, 2*cap(ev.Bytes), 512)), ev.Bytes...)
	}
	ev.Bytes = append(ev.Bytes, r.buf[r.r:r.r+n]...)
	ev.Length += int64(n)
	r.advance(n)
}

func (r *Reader) advance(n int) {
	r.r += n
	r.pos += int64(n)
}

// begin starts a frame behind a start mark of n bytes.
func (r *Reader) begin(ev *Event, n int) {
	if len(ev.Bytes) > 0 {
		ev.note(FrameTail, ev.Offset, len(ev.Bytes), "more than CR follows the end byte of the frame before")
		ev.Bytes = ev.Bytes[:0]
	}
	if r.afterCut {
		ev.note(FrameSecondStart, r.pos, n, "this frame begins inside the frame before it, so one of the two is not whole")
	}
	if ev.Length == 0 {
		ev.FirstByte = r.now
	}
	ev.Length += int64(n)
	r.advance(n)
	ev.Start = r.pos
	r.inFrame, r.afterCut, r.afterEnd = true, false, false
}

// frame reads the inside of a frame.
func (r *Reader) frame(ev *Event, last bool) bool {
	for r.r < r.w {
		b := r.buf[r.r:r.w]
		e, s := r.nextEnd(b), -1
		if len(r.start) > 0 {
			s = bytes.IndexByte(b[:e], r.start[0])
		}
		switch {
		case s >= 0:
			switch m := match(b[s:], r.start); {
			case m == matchFull && s == 0 && len(ev.Bytes) == 0:
				// No event of its own: a peer that sends nothing but start bytes
				// must not make one of each.
				ev.note(FrameSecondStart, r.pos, len(r.start), "a start byte follows a start byte, so a message may be missing between them")
				r.advance(len(r.start))
				ev.Length += int64(len(r.start))
				ev.Start = r.pos
			case m == matchFull:
				return r.content(ev, s) || r.cut(ev)
			case m == matchPart && !last:
				r.waiting = true
				return r.content(ev, s)
			case r.content(ev, s+1):
				return true
			}
		case e < len(b):
			mark := r.endMark(b[e:], last)
			if mark.wait {
				r.waiting = true
				return r.content(ev, e)
			}
			if mark.width > 0 {
				if r.content(ev, e) {
					return true
				}
				r.close(ev, mark)
				return true
			}
			at := r.pos + int64(e)
			if r.content(ev, e+1) {
				return true
			}
			if r.tolerant {
				ev.note(FrameEndInside, at, 1, "an end byte that is not followed by CR stands inside the message and was kept as text")
			}
		default:
			return r.content(ev, len(b))
		}
	}
	return false
}

// nextEnd returns where in b, the bytes in the buffer, the next first byte of an
// end mark is, len(b) if nowhere. It looks at each byte once, however many start
// bytes stand before it.
func (r *Reader) nextEnd(b []byte) int {
	if len(r.end) == 0 {
		return len(b)
	}
	if r.endAt >= r.pos {
		return int(r.endAt - r.pos)
	}
	from := int(max(r.noEnd-r.pos, 0))
	if i := bytes.IndexByte(b[from:], r.end[0]); i >= 0 {
		r.endAt = r.pos + int64(from+i)
		return from + i
	}
	r.noEnd = r.pos + int64(len(b))
	return len(b)
}

// content takes n bytes into the frame. It returns true if the frame is beyond
// the limit with them.
func (r *Reader) content(ev *Event, n int) bool {
	if !r.reserve(len(ev.Bytes) + n) {
		r.refuse(ev, "there are as many large frames under way as may be; the connection is refused from here, send the message again later")
		return true
	}
	if over := len(ev.Bytes) + n - r.o.MaxFrame; over > 0 {
		r.keep(ev, n-over)
		r.refuse(ev, "the frame is longer than the limit; the connection is refused from here")
		return true
	}
	r.keep(ev, n)
	return false
}

// refuse gives up a frame that is too large, and the stream.
func (r *Reader) refuse(ev *Event, text string) {
	ev.Kind, ev.LastByte = OversizeFrame, r.now
	ev.note(FrameTooLong, ev.Offset, int(ev.Length), text)
	ev.Bytes = append([]byte(nil), ev.Bytes[:min(len(ev.Bytes), MaxOutside)]...)
	r.err, r.r, r.w = ErrTooLong, 0, 0
}

// largeFrame is the size from which on a frame counts against the memory that
// the connections of a server share, in bytes.
const largeFrame = 1 << 20

// reserve takes shared memory for a frame of that size, and its growth.
func (r *Reader) reserve(size int) bool {
	if r.memory == nil || size <= largeFrame || int64(size) <= r.held {
		return true
	}
	more := 2*int64(size) - r.held
	if r.memory.Add(-more) < 0 {
		r.memory.Add(more)
		return false
	}
	r.held += more
	return true
}

// giveBack returns the shared memory of the frame before.
func (r *Reader) giveBack() {
	if r.held > 0 {
		r.memory.Add(r.held)
		r.held = 0
	}
}

// cut ends the frame before a second start.
func (r *Reader) cut(ev *Event) bool {
	ev.Kind, ev.LastByte = CutFrame, r.now
	ev.note(FrameSecondStart, r.pos, len(r.start), "a start byte stands inside the frame: the message before it was cut off there")
	r.afterCut = true
	return true
}

// close ends a frame with its end mark.
func (r *Reader) close(ev *Event, e endMark) {
	if e.code != "" {
		ev.note(e.code, r.pos, e.width, e.text)
	}
	ev.Length += int64(e.width)
	r.advance(e.width)
	ev.Kind, ev.LastByte = WholeFrame, r.now
	r.afterEnd = true
	r.look(ev)
}

// finish ends the event at the end of the stream, or returns its error.
func (r *Reader) finish(ev *Event) error {
	switch {
	case r.inFrame && errors.Is(r.err, io.EOF):
		r.closePartial(ev, FrameNotEnded, "the connection was closed inside the frame")
	case r.inFrame && errors.Is(r.err, errStopped):
		r.closePartial(ev, FrameNotEnded, "the frame had not ended when reading was stopped")
	case r.inFrame:
		r.closePartial(ev, FrameReset, "the connection broke inside the frame")
	case r.closeOutside(ev):
	default:
		return r.err
	}
	return nil
}

const (
	textPaused = "the frame was begun and no more bytes came"
	textSlow   = "the frame took longer than its deadline"
)

// closePartial ends a frame that has no end.
func (r *Reader) closePartial(ev *Event, code, text string) {
	ev.LastByte = r.now
	r.inFrame = false
	if len(r.end) == 0 && code == FrameNotEnded {
		ev.Kind = WholeFrame
		r.look(ev)
		return
	}
	ev.Kind = PartialFrame
	ev.note(code, ev.Offset, int(ev.Length), text)
}

// isTail reports whether the bytes so far are only line ends directly behind a
// frame, as peers write that end it with FS CR LF.
func (r *Reader) isTail(ev *Event) bool {
	if !r.afterEnd || len(ev.Bytes) > 2 {
		return false
	}
	for _, c := range ev.Bytes {
		if c != '\n' && c != '\r' && c != '\f' {
			return false
		}
	}
	return true
}

// closeOutside ends an event of bytes outside of frames, and returns false if
// there are none.
func (r *Reader) closeOutside(ev *Event) bool {
	if len(ev.Bytes) == 0 {
		return false
	}
	ev.Kind, ev.LastByte = OutsideBytes, r.now
	switch code, text := recognise(ev.Bytes); {
	case code != "":
		ev.note(code, ev.Offset, len(ev.Bytes), text)
	case r.isTail(ev):
		ev.note(FrameTail, ev.Offset, len(ev.Bytes), "more than CR follows the end byte of the frame before")
	default:
		ev.note(OutsideMessage, ev.Offset, len(ev.Bytes), "these bytes stand outside of any frame")
	}
	r.afterEnd = false
	return true
}

// note adds a deviation.
func (e *Event) note(code string, offset int64, length int, text string) {
	if len(e.Deviations) < maxDeviations {
		e.Deviations = append(e.Deviations, Deviation{code, offset, length, text})
	}
}
