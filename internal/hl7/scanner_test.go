package hl7

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// describe writes items as "kind length framed [codes]".
func describe(items []Item) string {
	var out []string
	for _, it := range items {
		s := fmt.Sprintf("%s %d", it.Kind, it.Length)
		if it.Framed {
			s += " framed"
		}
		for _, n := range it.Notes {
			s += " " + n.Code
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// led writes each line as a log does.
func led(text string) string {
	return "2026-01-02 INFO " + strings.ReplaceAll(strings.TrimSuffix(text, "\r"), "\r", "\n2026-01-02 INFO ") + "\n"
}

func TestScanner(t *testing.T) {
	const a = "MSH|^~\\&|A\rPID|1\r" // 17 bytes
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"one", a, "message 17"},
		{"two", a + a, "message 17, message 17"},
		{"two with blank lines", a + "\r\n" + a, "message 19, message 17"},
		{"LF", strings.ReplaceAll(a+a, "\r", "\n"), "message 17, message 17"},
		{"another delimiter", a + "MSH#^~\\&#B\rPID#1\r", "message 17, message 17"},
		{"lower case", "msh|^~\\&|a\rpid|1\rmsh|^~\\&|a\r", "message 17, message 11"},
		{"MSH in text", "MSH|^~\\&|A\rNTE|1||the\nMSH segment\rNTE|2|see MSH|^~\\&| for it\r", "message 61"},
		{"batch", "FHS|^~\\&|F\rBHS|^~\\&|B\r" + a + a + "BTS|2\rFTS|1\r", "envelope 11, envelope 11, message 17, message 17, envelope 6, envelope 6"},
		{"batch without messages", "BHS|^~\\&|B\rBTS|0\r", "envelope 11, envelope 6"},
		{"envelope segment inside a message", "MSH|^~\\&|A\rBTS|\rPID|1\r", "message 22"},
		{"no MSH", "PID|1||5\rPV1|1\r", "message 15 no-header"},
		{"no MSH, lower case", "pid|1||5\rpv1|1\r", "message 15 no-header"},
		{"no MSH in a batch", "BHS|^~\\&|B\rPID|1\rBTS|1\r", "envelope 11, message 6 no-header, envelope 6"},
		{"MSH alone", "MSH", "message 3"},
		{"junk before", "junk\rjunk\r" + a, "outside 10, message 17"},
		{"not HL7", "hello\nworld\n", "outside 12"},
		{"blank", "\n\n", "outside 2"},
		{"byte order mark", "\xef\xbb\xbf" + a, "message 20 byte-order-mark"},
		{"byte order mark before a batch", "\xef\xbb\xbfBHS|^~\\&|B\r" + a, "envelope 14 byte-order-mark, message 17"},
		{"byte order mark without HL7", "\xef\xbb\xbfhello\n", "outside 9 byte-order-mark"},
		{"indented", "  " + a, "outside 2, message 17"},
		{"log", "2026-01-02 INFO " + a + "2026-01-02 INFO done\r2026-01-02 INFO " + a, "outside 16 line-prefix, message 17, outside 37 line-prefix, message 17"},
		{"log that starts with other lines", "2026-01-02 INFO up\n2026-01-02 INFO MSH|^~\\&|A\rPID|1\n2026-01-02 INFO done\n", "outside 35 line-prefix, message 17, outside 21"},
		{"log before every line", led(a), "message 49"},
		{"log before every line, two messages", led(a + a), "message 49, message 49"},
		{"log before every line, after other lines", "2026-01-02 INFO up\n" + led(a) + "2026-01-02 INFO done\n", "outside 19, message 49, outside 21"},
		{"log before every line, one of another kind between", led(a) + "2026-01-02 INFO alive\n" + led("PV1|1\r"), "message 93"},
		{"log before every line, text broken in two", led("MSH|^~\\&|A\rNTE|1||one\r") + "two\n" + led("PID|1\r"), "message 80"},
		{"log before every header, each a message of one line", led("MSH|^~\\&|A\rMSH|^~\\&|B\r"), "outside 16 line-prefix, message 11, outside 16 line-prefix, message 11"},
		{"a hole of NUL bytes", strings.Repeat("\x00", 1500) + a + strings.Repeat("\x00", 3000), "outside 1500, message 3017"},
		{"NUL bytes alone", strings.Repeat("\x00", 1500), "outside 1500"},
		{"frames", "\x0b" + a + "\x1c\r\x0b" + a + "\x1c\r", "message 17 framed, message 17 framed"},
		{"T1 no start", a + "\x1c\r" + a + "\x1c\r", "message 17 framed mllp-no-start, message 17 framed mllp-no-start"},
		{"T2 no CR", "\x0b" + a + "\x1c\x0b" + a + "\x1c", "message 17 framed mllp-no-cr, message 17 framed mllp-no-cr"},
		{"T2 no CR, no start", "\x0b" + a + "\x1c" + a + "\x1c\r", "message 17 framed mllp-no-cr, message 17 framed mllp-no-start"},
		{"T3 FS LF", "\x0b" + a + "\x1c\n\x0b" + a + "\x1c\r", "message 17 framed mllp-odd-end, message 17 framed"},
		{"T3 FS FF", "\x0b" + a + "\x1c\f", "message 17 framed mllp-odd-end"},
		{"T3 FS CR LF", "\x0b" + a + "\x1c\r\n\x0b" + a + "\x1c\r", "message 17 framed mllp-odd-end, message 17 framed"},
		{"T4 bytes before", "connected\n\x0b" + a + "\x1c\r  \x0b" + a + "\x1c\r", "outside 10 mllp-before-start, message 17 framed, outside 2 mllp-before-start, message 17 framed"},
		{"T5 second start", "\x0bMSH|^~\\&|A\rPI\x0b" + a + "\x1c\r", "message 13 framed mllp-second-start, message 17 framed"},
		{"T6 FS inside", "\x0bMSH|^~\\&|A\rNTE|1||a\x1cb\r\x1c\r", "message 22 framed mllp-end-inside"},
		{"vertical tab in text", "\x0bMSH|^~\\&|A\rNTE|1||a\x0bb\r\x1c\r", "message 22 framed"},
		{"T7 never ends", "\x0b" + a, "message 17 framed mllp-no-end"},
		{"T7 only a start", "\x0b", "outside 0 framed mllp-no-end"},
		{"T8 empty", "\x0b\x1c\r\x0b" + a + "\x1c\r", "outside 0 framed mllp-empty, message 17 framed"},
		{"T11 several", "\x0b" + a + a + "\x1c\r", "message 17 framed, message 17 framed mllp-several"},
		{"T12 commit bytes", "\x0b\x06\x1c\r\x0b\x15\x1c\r", "outside 1 framed, outside 1 framed"},
		{"no CR before FS", "\x0bMSH|^~\\&|A\rPID|1\x1c\r", "message 16 framed"},
		{"binary", "\x00\x0b\x01\x1c\r\x02", "outside 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			items := scanAll(t, strings.NewReader(c.in), ScanOptions{})
			if got := describe(items); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			checkStream(t, []byte(c.in), items)
			if got := describe(scanAll(t, iotest.OneByteReader(strings.NewReader(c.in)), ScanOptions{})); got != c.want {
				t.Errorf("byte by byte: %s", got)
			}
		})
	}
}

func TestScannerCut(t *testing.T) {
	data := "MSH|^~\\&|A\rOBX|1|ED|||" + strings.Repeat("x", 200) + "\rNTE|1\rMSH|^~\\&|B\r"
	items := scanAll(t, strings.NewReader(data), ScanOptions{MaxMessage: 100})
	if got := describe(items); got != "message 100 cut, outside 100 cut, outside 29, message 11" {
		t.Error(got)
	}
	checkStream(t, []byte(data), items)
}

// endless gives one message after another, for ever up to n bytes.
type endless struct {
	text []byte
	pos  int
	left int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), e.left)], e.text[e.pos:])
	e.pos = (e.pos + n) % len(e.text)
	e.left -= int64(n)
	return n, nil
}

// TestScannerMemory reads 300 MB and checks that the buffer stays small, then
// one line without end.
func TestScannerMemory(t *testing.T) {
	const total = 300 << 20
	s := NewScanner(&endless{text: []byte("MSH|^~\\&|A\rOBX|1|ED|||" + strings.Repeat("QUJD", 5000) + "\r"), left: total}, ScanOptions{MaxMessage: 1 << 20})
	size, largest := int64(0), 0
	for s.Scan() {
		size += s.Item().Length
		largest = max(largest, cap(s.buf))
	}
	if size != total || largest > 1<<20 {
		t.Errorf("%d bytes in items of %d, buffer %d", size, int64(total), largest)
	}
	s = NewScanner(&endless{text: []byte("x"), left: 20 << 20}, ScanOptions{MaxMessage: 1 << 20})
	size = 0
	for s.Scan() {
		size += s.Item().Length
		largest = max(largest, cap(s.buf))
	}
	if size != 20<<20 || largest > 16<<20 {
		t.Errorf("%d bytes in items, buffer %d", size, largest)
	}
}

func TestScannerError(t *testing.T) {
	broken := errors.New("the disk is gone")
	s := NewScanner(io.MultiReader(strings.NewReader("MSH|^~\\&|A\rPID|1"), iotest.ErrReader(broken)), ScanOptions{})
	if !s.Scan() || s.Item().Length != 16 || s.Scan() || !errors.Is(s.Err(), broken) {
		t.Errorf("item %+v, error %v", s.Item(), s.Err())
	}
	s = NewScanner(iotest.DataErrReader(strings.NewReader("MSH|^~\\&|A\r")), ScanOptions{})
	if !s.Scan() || s.Scan() || s.Err() != nil {
		t.Error("data together with the end of file is not read well")
	}
}

// TestScannerKeepsItems checks that the bytes of an item stay as they are when
// the scanner goes on.
func TestScannerKeepsItems(t *testing.T) {
	var in bytes.Buffer
	for i := range 50_000 {
		fmt.Fprintf(&in, "MSH|^~\\&|A|%d\rPID|1||%d\r", i, i)
	}
	items := scanAll(t, iotest.HalfReader(bytes.NewReader(in.Bytes())), ScanOptions{})
	if len(items) != 50_000 {
		t.Fatalf("%d items", len(items))
	}
	checkStream(t, in.Bytes(), items)
}
