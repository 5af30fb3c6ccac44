package mllp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

const (
	adt = "MSH|^~\\&|SEND|NORTH|RECV|SOUTH|20260102030405||ADT^A01^ADT_A01|M-1|P|2.5.1\rPID|1||900001^^^NORTH^MR||DOE^JANE\r"
	oru = "MSH|^~\\&|LAB|NORTH|RECV|SOUTH|20260102030406||ORU^R01^ORU_R01|M-2|P|2.5.1\rOBX|1|NM|718-7||13|g/dL\r"
)

func framed(s string) string { return "\x0b" + s + "\x1c\r" }

// words writes events as one line each: kind, offset, length, content, codes.
func words(events []Event) []string {
	var out []string
	for _, e := range events {
		s := fmt.Sprintf("%s %d+%d %q", e.Kind, e.Offset, e.Length, short(e.Bytes))
		for _, d := range e.Deviations {
			s += fmt.Sprintf(" %s@%d+%d", d.Code, d.Offset, d.Length)
		}
		out = append(out, s)
	}
	return out
}

func short(b []byte) []byte {
	if len(b) > 12 {
		return b[:12]
	}
	return b
}

func readAll(t testing.TB, r io.Reader, o ReaderOptions) ([]Event, error) {
	t.Helper()
	rd := NewReader(r, o)
	defer rd.Release()
	var all []Event
	for range 1 << 20 {
		var ev Event
		if err := rd.Read(&ev); err != nil {
			return all, err
		}
		all = append(all, ev)
	}
	t.Fatal("the reader does not end")
	return nil, nil
}

func TestReader(t *testing.T) {
	a, n := framed(adt), int64(len(framed(adt)))
	tests := []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"one", a, []string{fmt.Sprintf(`frame 0+%d "MSH|^~\\&|SEN"`, n)}},
		{"two", a + framed(oru), []string{fmt.Sprintf(`frame 0+%d "MSH|^~\\&|SEN"`, n), fmt.Sprintf(`frame %d+%d "MSH|^~\\&|LAB"`, n, len(framed(oru)))}},
		{"no CR after FS, then a frame", "\x0bMSH|a\r\x1c\x0bMSH|b\r\x1c\r", []string{`frame 0+8 "MSH|a\r" frame-no-cr@7+1`, `frame 8+9 "MSH|b\r"`}},
		{"no CR after FS at the end", "\x0bMSH|a\r\x1c", []string{`frame 0+8 "MSH|a\r" frame-no-cr@7+1`}},
		{"no CR after FS, then text", "\x0bMSH|a\r\x1cMSH|b\r\x1c\r", []string{`frame 0+8 "MSH|a\r" frame-no-cr@7+1`, `frame 8+8 "MSH|b\r" frame-no-start@8+0`}},
		{"FS LF", "\x0bMSH|a\r\x1c\n", []string{`frame 0+9 "MSH|a\r" frame-tail@7+2`}},
		{"FS FF", "\x0bMSH|a\r\x1c\f", []string{`frame 0+9 "MSH|a\r" frame-tail@7+2`}},
		{"FS CR LF, then a frame", "\x0bMSH|a\r\x1c\r\n\x0bMSH|b\r\x1c\r", []string{`frame 0+9 "MSH|a\r"`, `frame 9+10 "MSH|b\r" frame-tail@9+1`}},
		{"FS CR LF at the end", "\x0bMSH|a\r\x1c\r\n", []string{`frame 0+9 "MSH|a\r"`, `outside 9+1 "\n" frame-tail@9+1`}},
		{"bytes before", "log\x0bMSH|a\r\x1c\r", []string{`outside 0+3 "log" outside-message@0+3`, `frame 3+9 "MSH|a\r"`}},
		{"bytes between", "\x0bMSH|a\r\x1c\r\x00\x00 \x0bMSH|b\r\x1c\r", []string{`frame 0+9 "MSH|a\r"`, `outside 9+3 "\x00\x00 " outside-message@9+3`, `frame 12+9 "MSH|b\r"`}},
		{"second start", "\x0bMSH|a\rPID|\x0bMSH|b\r\x1c\r", []string{`cut 0+11 "MSH|a\rPID|" frame-second-start@11+1`, `frame 11+9 "MSH|b\r" frame-second-start@11+1`}},
		{"start after start", "\x0b\x0bMSH|b\r\x1c\r", []string{`frame 0+10 "MSH|b\r" frame-second-start@1+1`}},
		{"empty", "\x0b\x1c\r", []string{`frame 0+3 "" frame-empty@0+3`}},
		{"FS in the text", "\x0bMSH|a\x1cb\r\x1c\r", []string{`frame 0+11 "MSH|a\x1cb\r" frame-end-inside@6+1`}},
		{"FS twice", "\x0bMSH|a\r\x1c\x1c\r", []string{`frame 0+10 "MSH|a\r\x1c" frame-end-inside@7+1 last-terminator-missing@8+0`}},
		{"FS and the letters of no header", "\x0bMSH|a\x1cMSx|\r\x1c\r", []string{`frame 0+14 "MSH|a\x1cMSx|\r" frame-end-inside@6+1`}},
		{"never ends", "\x0bMSH|a\r", []string{`partial 0+7 "MSH|a\r" frame-not-ended@0+7`}},
		{"only a start", "\x0b", []string{`partial 0+1 "" frame-not-ended@0+1`}},
		{"no start", "MSH|a\r\x1c\r", []string{`frame 0+8 "MSH|a\r" frame-no-start@0+0`}},
		{"no frame", "MSH|a\rPID|1\r", []string{`outside 0+12 "MSH|a\rPID|1\r" unframed@0+12`}},
		{"no last CR", "\x0bMSH|a\x1c\r", []string{`frame 0+8 "MSH|a" last-terminator-missing@6+0`}},
		{"two messages", "\x0bMSH|a\rMSH|b\r\x1c\r", []string{`frame 0+15 "MSH|a\rMSH|b\r" frame-many-messages@7+3`}},
		{"commit", "\x0b\x06\x1c\r\x0b\x15\x1c\r", []string{`commit 0+4 "\x06" frame-commit@1+1`, `refusal 4+4 "\x15" frame-commit@5+1`}},
		{"rest of a frame", "PID|1\r\x1c\r\x0bMSH|b\r\x1c\r", []string{`outside 0+8 "PID|1\r\x1c\r" outside-message@0+8`, `frame 8+9 "MSH|b\r"`}},
		{"stray end", "\x1c\r\x0bMSH|b\r\x1c\r", []string{`outside 0+2 "\x1c\r" outside-message@0+2`, `frame 2+9 "MSH|b\r"`}},
		{"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", []string{`outside 0+27 "GET / HTTP/1" wrong-protocol@0+27`}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00", []string{`outside 0+7 "\x16\x03\x01\x02\x00\x01\x00" wrong-protocol@0+7`}},
		{"ASTM ENQ", "\x05", []string{`outside 0+1 "\x05" wrong-protocol@0+1`}},
		{"ASTM STX", "\x021H|\\^&\r", []string{`outside 0+8 "\x021H|\\^&\r" wrong-protocol@0+8`}},
		{"HLLP", "\x0bD21\rMSH|a\r00006123\x1c\r", []string{`frame 0+21 "D21\rMSH|a\r00" wrong-protocol@1+18`}},
		{"FHIR", `{"resourceType":"Patient","id":"p1"}`, []string{`outside 0+36 "{\"resourceTy" wrong-protocol@0+36`}},
		{"FHIR in a frame", framed(`{"resourceType":"Patient","id":"p1"}`), []string{`frame 0+39 "{\"resourceTy" wrong-protocol@1+36`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, cut := range []struct {
				name string
				r    io.Reader
			}{
				{"at once", strings.NewReader(test.in)},
				{"byte by byte", iotest.OneByteReader(strings.NewReader(test.in))},
				{"with the error", iotest.DataErrReader(strings.NewReader(test.in))},
			} {
				events, err := readAll(t, cut.r, ReaderOptions{})
				if err != io.EOF {
					t.Errorf("%s: %v", cut.name, err)
				}
				if got := words(events); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
					t.Errorf("%s:\ngot  %s\nwant %s", cut.name, strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
				}
			}
		})
	}
}

func TestReaderOfOtherFramings(t *testing.T) {
	tests := []struct {
		name string
		f    Framing
		in   string
		want []string
	}{
		{"STX ETX", Framing{Start: []byte{2}, End: []byte{3}}, "\x02a\x03\x02b\x03", []string{`frame 0+3 "a"`, `frame 3+3 "b"`}},
		{"long marks", Framing{Start: []byte("<<<"), End: []byte(">>>")}, "<<<a>b<c>>>x<<<<d>>>", []string{`frame 0+11 "a>b<c"`, `outside 11+1 "x" outside-message@11+1`, `frame 12+8 "<d"`}},
		{"no start", Framing{End: []byte("\n"), Bare: true}, "a\nb\nc", []string{`frame 0+2 "a"`, `frame 2+2 "b"`, `partial 4+1 "c" frame-not-ended@4+1`}},
		{"no end", Framing{Start: []byte{2}, Bare: true}, "\x02abc", []string{`frame 0+4 "abc"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.f.Validate(); err != nil {
				t.Fatal(err)
			}
			for _, r := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in))} {
				events, _ := readAll(t, r, ReaderOptions{Framing: test.f})
				if got := words(events); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
					t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
				}
			}
		})
	}
}

func TestFramingThatCannotWork(t *testing.T) {
	for _, f := range []Framing{
		{Bare: true},
		{Start: []byte{1}, End: []byte{1}},
		{Start: []byte{1}, End: []byte{2, 1}},
		{Start: bytes.Repeat([]byte{1}, 32)},
	} {
		if f.Validate() == nil {
			t.Errorf("%v is taken", f)
		}
	}
	if err := (Framing{}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestFrameBeyondTheLimit(t *testing.T) {
	in := framed(adt) + framed(strings.Repeat("x", 200)) + framed(adt)
	for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
		events, err := readAll(t, r, ReaderOptions{MaxFrame: 150})
		if !errors.Is(err, ErrTooLong) || len(events) != 2 || events[1].Kind != OversizeFrame || !events[1].Has(FrameTooLong) || !events[1].Damaged() {
			t.Errorf("%v %v", err, words(events))
		}
	}
	events, err := readAll(t, strings.NewReader(framed(strings.Repeat("x", 150))), ReaderOptions{MaxFrame: 150})
	if err != io.EOF || len(events) != 1 || events[0].Kind != WholeFrame {
		t.Errorf("a frame of exactly the limit: %v %v", err, words(events))
	}
}

func TestMuchOutsideOfFramesIsKeptInPieces(t *testing.T) {
	in := strings.Repeat("x", 3*MaxOutside+5) + framed(adt)
	events, _ := readAll(t, strings.NewReader(in), ReaderOptions{})
	if len(events) != 5 || len(events[0].Bytes) != MaxOutside || len(events[3].Bytes) != 5 || events[4].Kind != WholeFrame {
		t.Errorf("%v", words(events))
	}
}

// TestMemoryIsBounded sends what makes a careless reader keep more and more.
func TestMemoryIsBounded(t *testing.T) {
	const limit = 256 << 10
	for _, pattern := range []string{"x", "\x00", "\x0b", "\x1c", "\x0bx", "\x0bx", "\x0bx\x1cy", "MSH|a\r", "\x0b\x1c\r", "x\x1c\r", "\x0b" + strings.Repeat("y", 100000)} {
		r := NewReader(&loop{data: []byte(strings.Repeat(pattern, 4096/len(pattern)+1)), n: 1 << 20}, ReaderOptions{MaxFrame: limit})
		var ev Event
		var length int64
		for {
			err := r.Read(&ev)
			if err != nil {
				if err != io.EOF && !errors.Is(err, ErrTooLong) {
					t.Errorf("%q: %v", short([]byte(pattern)), err)
				}
				break
			}
			if length += ev.Length; cap(ev.Bytes) > 2*limit || len(ev.Deviations) > maxDeviations {
				t.Errorf("%q: an event holds %d bytes and %d deviations", short([]byte(pattern)), cap(ev.Bytes), len(ev.Deviations))
				break
			}
		}
		if length < limit {
			t.Errorf("%q: only %d bytes were read", short([]byte(pattern)), length)
		}
		r.Release()
	}
}

func TestLargeFramesShareTheirMemory(t *testing.T) {
	var memory atomic.Int64
	memory.Store(8 << 20)
	large := framed(strings.Repeat("x", 3<<20))
	open := func() (*Reader, Event, error) {
		r := NewReader(strings.NewReader(large), ReaderOptions{})
		r.memory = &memory
		var ev Event
		err := r.Read(&ev)
		return r, ev, err
	}
	one, ev, err := open()
	if err != nil || ev.Kind != WholeFrame {
		t.Fatal(err, ev.Kind)
	}
	two, ev, err := open()
	if err != nil || ev.Kind != OversizeFrame || !ev.Has(FrameTooLong) || len(ev.Bytes) > MaxOutside {
		t.Fatal(err, ev.Kind)
	}
	if err := two.Read(&ev); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
	two.Release()
	one.Release()
	three, ev, err := open()
	if err != nil || ev.Kind != WholeFrame {
		t.Error(err, ev.Kind)
	}
	three.Release()
	if memory.Load() != 8<<20 {
		t.Errorf("%d bytes were not given back", 8<<20-memory.Load())
	}
}

// pipe returns a reader over a connection and the other end of it.
func pipe(t *testing.T, o ReaderOptions) (*Reader, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close(); c.Close() })
	return NewReader(c, o), peer
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}

func TestPauses(t *testing.T) {
	quick := 20 * time.Millisecond
	tests := []struct {
		name, in string
		o        ReaderOptions
		want     string
		err      error // of the read after it, nil if reading goes on
	}{
		{"FS and nothing more", "\x0bMSH|a\r\x1c", ReaderOptions{Settle: quick}, `frame 0+8 "MSH|a\r" frame-no-cr@7+1`, nil},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", ReaderOptions{Settle: quick}, `outside 0+18 "GET / HTTP/1" wrong-protocol@0+18`, nil},
		{"TLS", "\x16\x03\x01\x00", ReaderOptions{Settle: quick}, `outside 0+4 "\x16\x03\x01\x00" wrong-protocol@0+4`, nil},
		{"a frame that stands still", "\x0bMSH|a\r", ReaderOptions{Partial: quick}, `partial 0+7 "MSH|a\r" frame-not-ended@0+7`, nil},
		{"a frame that takes too long", "\x0bMSH|a\r", ReaderOptions{Deadline: quick}, `partial 0+7 "MSH|a\r" frame-too-slow@0+7`, ErrTooSlow},
		{"no end mark at all", "\x02abc", ReaderOptions{Settle: quick, Framing: Framing{Start: []byte{2}, Bare: true}}, `frame 0+4 "abc"`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, peer := pipe(t, test.o)
			write(t, peer, test.in)
			var ev Event
			if err := r.Read(&ev); err != nil {
				t.Fatal(err)
			}
			if got := words([]Event{ev})[0]; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if test.err != nil {
				if err := r.Read(&ev); !errors.Is(err, test.err) {
					t.Errorf("then %v, want %v", err, test.err)
				}
				return
			}
			if test.o.Framing.Bare {
				return
			}
			write(t, peer, framed(oru))
			if err := r.Read(&ev); err != nil || ev.Kind != WholeFrame || string(ev.Bytes) != oru {
				t.Errorf("the next frame: %v %v", err, words([]Event{ev}))
			}
		})
	}
}

func TestIdleConnection(t *testing.T) {
	r, peer := pipe(t, ReaderOptions{Idle: 20 * time.Millisecond})
	var ev Event
	for range 2 {
		if err := r.Read(&ev); !errors.Is(err, ErrIdle) {
			t.Fatal(err)
		}
	}
	write(t, peer, framed(adt))
	if err := r.Read(&ev); err != nil || string(ev.Bytes) != adt {
		t.Errorf("%v %v", err, words([]Event{ev}))
	}
}

func TestResetInsideAFrame(t *testing.T) {
	r, peer := pipe(t, ReaderOptions{Partial: time.Minute})
	write(t, peer, framed(adt)+"\x0bMSH|b")
	var ev Event
	if err := r.Read(&ev); err != nil || ev.Kind != WholeFrame {
		t.Fatal(err)
	}
	if err := peer.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	peer.Close()
	// The system may drop bytes that were not read when the reset came.
	err := r.Read(&ev)
	if err == nil {
		if ev.Kind != PartialFrame || !ev.Has(FrameReset) {
			t.Errorf("%v", words([]Event{ev}))
		}
		err = r.Read(&ev)
	}
	if err == nil || err == io.EOF {
		t.Errorf("after a reset: %v", err)
	}
}

func TestHalfClose(t *testing.T) {
	r, peer := pipe(t, ReaderOptions{})
	write(t, peer, framed(adt)+"\x0bMSH|b")
	if err := peer.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	var got []Event
	for {
		var ev Event
		if err := r.Read(&ev); err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		got = append(got, ev)
	}
	if len(got) != 2 || got[0].Kind != WholeFrame || got[1].Kind != PartialFrame || !got[1].Has(FrameNotEnded) {
		t.Errorf("%v", words(got))
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	in := strings.Repeat(framed(adt), 200)
	src := strings.NewReader(in)
	r := NewReader(src, ReaderOptions{})
	var ev Event
	n := testing.AllocsPerRun(100, func() {
		if err := r.Read(&ev); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func TestLargeBuffersAreNotKept(t *testing.T) {
	in := framed(strings.Repeat("x", 4<<20)) + framed(adt)
	r := NewReader(strings.NewReader(in), ReaderOptions{})
	var ev Event
	for range 2 {
		if err := r.Read(&ev); err != nil {
			t.Fatal(err)
		}
	}
	if cap(ev.Bytes) > keepBuffer {
		t.Errorf("%d bytes are kept for a small frame", cap(ev.Bytes))
	}
}

// chunks is a reader that gives the data in pieces of the sizes, over and over.
type chunks struct {
	data  []byte
	sizes []byte
	n     int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	size := 1
	if len(c.sizes) > 0 {
		size = int(c.sizes[c.n%len(c.sizes)])%70 + 1
		c.n++
	}
	n := copy(p, c.data[:min(size, len(c.data))])
	c.data = c.data[n:]
	return n, nil
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(framed(adt)+framed(oru)), []byte{1, 9, 200}, uint16(500), uint8(0))
	f.Add([]byte("x\x0bMSH|a\x1c\nMSH|b\x1cMSH|c\r\x1c\x0b\x0b\x06\x1c\rMS\x1c"), []byte{3}, uint16(9), uint8(0))
	f.Add([]byte("<<<a>>>b<<<<c>>"), []byte{2, 1}, uint16(9), uint8(1))
	f.Add([]byte("\x02ab\x03\x02"), []byte{}, uint16(3), uint8(2))
	framings := []Framing{{}, {Start: []byte("<<<"), End: []byte(">>>")}, {Start: []byte{2}, End: []byte{3}}, {End: []byte{EndBlock}, Bare: true}, {Start: []byte{2}, Bare: true}}
	f.Fuzz(func(t *testing.T, data, sizes []byte, limit uint16, which uint8) {
		o := ReaderOptions{MaxFrame: int(limit) + 1, Framing: framings[int(which)%len(framings)]}
		whole, err := readAll(t, bytes.NewReader(data), o)
		parts, perr := readAll(t, &chunks{data: data, sizes: sizes}, o)
		if a, b := strings.Join(words(whole), "\n"), strings.Join(words(parts), "\n"); a != b || err != perr {
			t.Fatalf("the events depend on the chunks:\n%s (%v)\nagainst\n%s (%v)", a, err, b, perr)
		}
		var pos int64
		for _, e := range whole {
			if e.Offset != pos {
				t.Fatalf("an event begins at %d, the one before it ended at %d", e.Offset, pos)
			}
			pos += e.Length
			if len(e.Bytes) > o.MaxFrame && len(e.Bytes) > MaxOutside || len(e.Deviations) > maxDeviations {
				t.Fatalf("an event keeps %d bytes and %d deviations", len(e.Bytes), len(e.Deviations))
			}
			if int(e.Start)+len(e.Bytes) > len(data) || e.Kind != OversizeFrame && !bytes.Equal(e.Bytes, data[e.Start:int(e.Start)+len(e.Bytes)]) {
				t.Fatal("the bytes of an event are not those of the stream")
			}
			for _, d := range e.Deviations {
				if d.Offset < 0 || d.Offset+int64(d.Length) > int64(len(data)) {
					t.Fatalf("%s lies outside of the stream: %d+%d of %d", d.Code, d.Offset, d.Length, len(data))
				}
			}
		}
		if errors.Is(err, io.EOF) && pos != int64(len(data)) {
			t.Fatalf("%d of %d bytes are in events", pos, len(data))
		}
	})
}
