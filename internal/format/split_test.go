package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func split(t *testing.T, r io.Reader, o Options) []Piece {
	t.Helper()
	var pieces []Piece
	for p, err := range Split(r, o) {
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, p)
	}
	return pieces
}

func TestSplitKinds(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // kind:length of each piece
	}{
		{"two messages", adt + adt, fmt.Sprintf("hl7v2:%d hl7v2:%d", len(adt), len(adt))},
		{"framed", "\x0b" + adt + "\x1c\r\x0b" + adt + "\x1c\r", fmt.Sprintf("hl7v2:%d hl7v2:%d", len(adt), len(adt))},
		{"batch", "BHS|^~\\&|A\r" + adt + "BTS|1\r", fmt.Sprintf("hl7v2-batch:11 hl7v2:%d hl7v2-batch:6", len(adt))},
		{"lines of JSON", "{\"a\":1}\n\n{\"a\":2}\r\n{\"a\":3}", "json:7 json:7 json:7"},
		{"one document", `{"resourceType":"Patient"}`, "fhir-json:26"},
		{"table", "a,b,c\n1,2,3\n4,5,6\n", "csv:18"},
		{"nothing", "", "empty:0"},
		{"byte order mark", "\xEF\xBB\xBF" + adt, fmt.Sprintf("hl7v2:%d", len(adt)+3)},
		{"log before every line", "INFO [in] " + strings.ReplaceAll(strings.TrimSuffix(adt, "\r"), "\r", "\nINFO [in] "), fmt.Sprintf("hl7v2:%d", len(adt)-1+10*strings.Count(adt, "\r"))},
		{"a hole, then a message", strings.Repeat("\x00", 70000) + adt, fmt.Sprintf("binary:70000 hl7v2:%d", len(adt))},
		{"a hole, then a table", strings.Repeat("\x00", 70000) + "a,b,c\n1,2,3\n4,5,6\n", "csv:70018"},
		{"a hole and nothing else", strings.Repeat("\x00", 70000), "binary:70000"},
		{"a frame that has only begun", "\x0b", "empty:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
				var have []string
				for i, p := range split(t, r, Options{}) {
					have = append(have, fmt.Sprintf("%s:%d", p.Guess.Kind, p.Length))
					if p.Index != i || p.Length != int64(len(p.Bytes)) || c.text[p.Offset:p.Offset+p.Length] != string(p.Bytes) {
						t.Errorf("piece %d says index %d, offset %d, length %d", i, p.Index, p.Offset, p.Length)
					}
				}
				if got := strings.Join(have, " "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			}
		})
	}
}

// TestSplitFindsMessagesBehindALongText: a log whose first message comes after
// the head.
func TestSplitFindsMessagesBehindALongText(t *testing.T) {
	text := strings.Repeat("the listener waits for a connection and nothing comes\n", 3000) + adt
	pieces := split(t, strings.NewReader(text), Options{})
	last := pieces[len(pieces)-1]
	if last.Guess.Kind != HL7v2 || string(last.Bytes) != adt {
		t.Errorf("the last of %d pieces is %s", len(pieces), last.Guess.Kind)
	}
}

func TestEnvelopeCounts(t *testing.T) {
	for _, c := range []struct{ name, text, codes string }{
		{"right", "FHS|^~\\&|A\rBHS|^~\\&|A\r" + adt + adt + "BTS|2\rFTS|1\r", ""},
		{"right without batch", "FHS|^~\\&|A\r" + adt + "FTS|1\r", ""},
		{"no counts", "BHS|^~\\&|A\r" + adt + "BTS\r", ""},
		{"too many", "BHS|^~\\&|A\r" + adt + "BTS|2\r", "batch-count"},
		{"no number", "BHS|^~\\&|A\r" + adt + "BTS|one\r", "batch-count"},
		{"batches", "FHS|^~\\&|A\rBHS|^~\\&|A\r" + adt + "BTS|1\rFTS|7\r", "batch-count"},
		{"no header", adt + "BTS|1\r", "batch-envelope"},
		{"no trailer", "FHS|^~\\&|A\rBHS|^~\\&|A\r" + adt + "FTS|1\r", "batch-envelope"},
		{"nothing inside", "BHS|^~\\&|A\rBTS|0\r", "batch-envelope"},
		{"header twice", "BHS|^~\\&|A\r" + adt + "BHS|^~\\&|A\r" + adt + "BTS|1\r", "batch-envelope"},
	} {
		var codes []string
		for _, p := range split(t, strings.NewReader(c.text), Options{}) {
			for _, n := range p.Notes {
				codes = append(codes, n.Code)
				if n.Offset < p.Offset || n.Offset+int64(n.Length) > p.Offset+p.Length {
					t.Errorf("%s: the note %s lies outside of its piece", c.name, n.Code)
				}
			}
		}
		if got := strings.Join(codes, " "); got != c.codes {
			t.Errorf("%s: %q, want %q", c.name, got, c.codes)
		}
	}
}

// endless gives n bytes without holding them.
type endless struct {
	n    int64
	line []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && e.n > 0 {
		c := copy(p[n:min(len(p), n+int(min(e.n, 1<<20)))], e.line[e.at:])
		e.at = (e.at + c) % len(e.line)
		n += c
		e.n -= int64(c)
	}
	return n, nil
}

// TestSplitIsBounded reads files far larger than what is kept.
func TestSplitIsBounded(t *testing.T) {
	const size = 256 << 20
	for name, line := range map[string]string{"zeros": "\x00\x00\x00\x00", "text": "words without any format ", "JSON": "{\"a\":\"" + strings.Repeat("x", 4090)} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			pieces := split(t, &endless{n: size, line: []byte(line)}, Options{MaxPiece: 1 << 20})
			runtime.ReadMemStats(&after)
			if len(pieces) != 1 || pieces[0].Length != size || len(pieces[0].Bytes) != 1<<20 {
				t.Fatalf("%d pieces, the first with %d of %d bytes", len(pieces), len(pieces[0].Bytes), pieces[0].Length)
			}
			if n := pieces[0].Notes; len(n) != 1 || n[0].Code != NoteCut {
				t.Errorf("the cut is not noted: %v", n)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
				t.Errorf("%d MB were allocated", grown>>20)
			}
		})
	}
}

func TestSplitKeepsWhatCameBeforeAnError(t *testing.T) {
	broken := errors.New("the drive was removed")
	for name, text := range map[string]string{"messages": adt + adt, "table": "a,b,c\n1,2,3\n4,5,6\n", "lines": "{\"a\":1}\n{\"a\":2}\n", "nothing": ""} {
		bytesSeen, failed := 0, false
		for p, err := range Split(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), Options{}) {
			if err != nil {
				failed = errors.Is(err, broken)
				continue
			}
			bytesSeen += len(p.Bytes)
		}
		if !failed || bytesSeen < len(text)-2 {
			t.Errorf("%s: %d of %d bytes, error seen: %v", name, bytesSeen, len(text), failed)
		}
	}
}

// FuzzSplit: no byte of any stream is lost or in two pieces. What lies between
// pieces are framing bytes or line ends.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(adt + adt))
	f.Add([]byte("\x0b" + adt + "\x1c\r\x0b" + adt))
	f.Add([]byte("{\"a\":1}\n{\"a\":2}"))
	f.Add([]byte("BHS|^~\\&|A\r" + adt + "BTS|2\r"))
	f.Fuzz(func(t *testing.T, b []byte) {
		end := int64(0)
		for p, err := range Split(bytes.NewReader(b), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Offset < end || !bytes.Equal(b[p.Offset:p.Offset+p.Length], p.Bytes) {
				t.Fatalf("piece %d at %d+%d overlaps or differs", p.Index, p.Offset, p.Length)
			}
			if gap := b[end:p.Offset]; len(bytes.Trim(gap, "\x0b\x1c\r\n\x0c \t\x00")) > 0 {
				t.Fatalf("%q is in no piece", gap)
			}
			end = p.Offset + p.Length
		}
		if gap := b[end:]; len(bytes.Trim(gap, "\x0b\x1c\r\n\x0c \t\x00")) > 0 {
			t.Fatalf("%q at the end is in no piece", gap)
		}
	})
}
