package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	for _, c := range []struct {
		in          string
		size, cells int
		box         string
	}{
		{"", 0, 0, ""},
		{"A|", 1, 1, ""},
		{"\r", 1, 2, "CR"},
		{"\x00", 1, 3, "NUL"},
		{"\x1c", 1, 2, "FS"},
		{"\x7f", 1, 3, "DEL"},
		{"\xe9x", 1, 2, "E9"},
		{"é", 2, 1, ""},
		{"e\u0301x", 3, 1, ""},
		{"李", 3, 2, ""},
		{"\u0301", 2, 4, "0301"},
		{"\u00a0", 2, 4, "NBSP"},
		{"\ufeffMSH", 3, 3, "BOM"},
		{"\u202e", 3, 4, "202E"},
		{"\u0085", 2, 4, "0085"},
		{"e" + strings.Repeat("\u0301", 20), 1 + 2*maxMarks, 1, ""},
	} {
		size, cells, box := Next(c.in)
		if size != c.size || cells != c.cells || box != c.box {
			t.Errorf("Next(%q) = %d, %d, %q, want %d, %d, %q", c.in, size, cells, box, c.size, c.cells, c.box)
		}
	}
}

func lines(t Text) []string {
	var all []string
	for i := range t.Lines() {
		s, _ := t.Line(i, 0, t.Columns(i))
		all = append(all, s)
	}
	return all
}

func TestBreaks(t *testing.T) {
	for _, c := range []struct {
		in   string
		o    BytesOptions
		want string
	}{
		{"", BytesOptions{}, ""},
		{"MSH\rPID\r", BytesOptions{}, "MSH/PID"},
		{"MSH\r\nPID\nPV1\rZZZ", BytesOptions{}, "MSH/PID/PV1/ZZZ"},
		{"\n\r\r\n", BytesOptions{}, "//"},
		{"a\nb\rc", BytesOptions{Breaks: []Break{{3, 1}}}, "a\nb/c"},
		{"a\nb", BytesOptions{Breaks: []Break{}}, "a\nb"},
		{"a\nb", BytesOptions{Breaks: []Break{{1, 1}, {0, 1}, {2, 9}}}, "a/b"},
		{"a\r\nb", BytesOptions{ShowBreaks: true}, "a\r\n/b"},
	} {
		if got := strings.Join(lines(NewBytes([]byte(c.in), c.o)), "/"); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

// agree checks what every Text promises about offsets, columns and lines.
func agree(t *testing.T, x *Bytes) {
	t.Helper()
	for line := range x.Lines() {
		cols := x.Columns(line)
		start, end := x.limits(line)
		offset, col := start, 0
		for offset < end {
			size, cells, _ := next(x.b[offset:end])
			for k := range cells {
				if got := x.Offset(line, col+k); got != offset {
					t.Fatalf("Offset(%d, %d) = %d, want %d", line, col+k, got, offset)
				}
			}
			for k := range size {
				if l, c := x.Position(offset + k); l != line || c != col {
					t.Fatalf("Position(%d) = %d, %d, want %d, %d", offset+k, l, c, line, col)
				}
			}
			if s, _ := x.Line(line, col, col+1); s != string(x.b[offset:offset+size]) {
				t.Fatalf("Line(%d, %d) = %q, want %q", line, col, s, x.b[offset:offset+size])
			}
			offset, col = offset+size, col+cells
		}
		if col != cols || x.Offset(line, cols) != end || x.Offset(line, cols+9) != end {
			t.Fatalf("line %d: %d columns, %d counted; end %d, want %d", line, cols, col, x.Offset(line, cols), end)
		}
	}
}

func TestLongLines(t *testing.T) {
	for name, s := range map[string]string{
		"ascii":     strings.Repeat("OBX|1|ST|", 300),
		"mixed":     strings.Repeat("PID|Müller^李|\x1c\xe9e\u0301", 200),
		"late":      strings.Repeat("x", 3*stride) + "é" + strings.Repeat("y", 2*stride),
		"marks":     strings.Repeat("x", stride-1) + "e\u0301" + strings.Repeat("y\u0301", stride),
		"at stride": strings.Repeat("x", stride) + "\u0301" + strings.Repeat("y", stride),
		"two lines": strings.Repeat("é", stride) + "\r" + strings.Repeat("z", 2*stride),
	} {
		t.Run(name, func(t *testing.T) { agree(t, NewBytes([]byte(s), BytesOptions{})) })
	}
}

func FuzzBytes(f *testing.F) {
	f.Add([]byte("MSH|^~\\&|\rPID|1\r\n"), false)
	f.Add([]byte("e\u0301\u0301\xff\x00李\r\r\n"), true)
	f.Add([]byte(strings.Repeat("é\u0301\x0b", 300)), false)
	f.Fuzz(func(t *testing.T, b []byte, show bool) {
		if len(b) > 8*stride { // the check walks each line once for each of its letters
			return
		}
		x := NewBytes(b, BytesOptions{ShowBreaks: show})
		agree(t, x)
		if !bytes.Equal(x.Bytes(-1, len(b)+1), b) {
			t.Fatal("the bytes are not the bytes")
		}
		x.Widest()
		x.Lookup("a", 3)
	})
}

func TestColoursAreClippedToWhatIsShown(t *testing.T) {
	x := NewBytes([]byte("MSH|^~\\&|A\rPID|1|88"), BytesOptions{Colours: func(line, from, to int) []Span {
		return []Span{{11, 14, RoleSegment}, {14, 15, RoleDelimiter}, {17, 99, RoleValue}}
	}})
	s, spans := x.Line(1, 1, 7)
	want := []Span{{0, 2, RoleSegment}, {2, 3, RoleDelimiter}, {5, 6, RoleValue}}
	if s != "ID|1|8" || len(spans) != 3 || spans[0] != want[0] || spans[1] != want[1] || spans[2] != want[2] {
		t.Fatalf("%q %v", s, spans)
	}
}

func TestLookup(t *testing.T) {
	x := NewBytes([]byte("Adt adt ADT 12"), BytesOptions{})
	if got := x.Lookup("adt", 10); len(got) != 3 || got[2] != (Mark{8, 11, MarkHit}) {
		t.Fatalf("%v", got)
	}
	if got := x.Lookup("12", 10); len(got) != 1 || got[0].From != 12 {
		t.Fatalf("%v", got)
	}
	if got := x.Lookup("adt", 2); len(got) != 2 {
		t.Fatalf("limit: %v", got)
	}
}

func TestHex(t *testing.T) {
	b := []byte("MSH|^~\\&|LAKESIDE\r\x0b")
	h := NewHex(b, HexOptions{})
	if h.Lines() != 2 {
		t.Fatalf("%d lines", h.Lines())
	}
	s, _ := h.Line(0, 0, 99)
	if want := "00000000  4D 53 48 7C 5E 7E 5C 26  7C 4C 41 4B 45 53 49 44  MSH|^~\\&|LAKESID"; s != want {
		t.Fatalf("%q\n%q", s, want)
	}
	for i := range b {
		line, col := h.Position(i)
		for _, c := range []int{col, col + 1, h.textCol(i % hexRow)} {
			if got := h.Offset(line, c); got != i {
				t.Errorf("byte %d at column %d gives %d", i, c, got)
			}
		}
	}
	if r := h.Ranges(0, 3, 20); len(r) != 2 || r[0] != [2]int{19, 59 - 1} || r[1] != [2]int{h.textCol(3), h.textCol(16)} {
		t.Errorf("%v", r)
	}
	if h.Ranges(1, 0, 3) != nil {
		t.Error("bytes of another line")
	}
	if l, c := h.Position(len(b)); l != 1 || h.Offset(l, c) != len(b) {
		t.Errorf("end at %d, %d", l, c)
	}
	if s, _ := NewHex(nil, HexOptions{}).Line(0, 0, 80); !strings.HasPrefix(s, "00000000") {
		t.Errorf("empty: %q", s)
	}
}

// Ten megabytes in one line, the worst that a message can be, must open at once and answer at once.
func TestTenMegabytesInOneLine(t *testing.T) {
	for name, b := range map[string][]byte{
		"ascii": bytes.Repeat([]byte("0123456789"), 1<<20),
		"utf-8": bytes.Repeat([]byte("Müllerxxx"), 1<<20),
	} {
		start := time.Now()
		x := NewBytes(b, BytesOptions{})
		cols := x.Columns(0)
		x.Line(0, cols/2, cols/2+200)
		opened := time.Since(start)
		start = time.Now()
		for i := range 1000 {
			x.Position(len(b) / 1000 * i)
			x.Offset(0, cols/1000*i)
		}
		each := time.Since(start) / 2000
		t.Logf("%s: opened in %v, a lookup %v", name, opened, each)
		if opened > 2*time.Second || each > time.Millisecond {
			t.Errorf("%s: opened in %v, a lookup %v", name, opened, each)
		}
	}
}

func BenchmarkOpen10MB(b *testing.B) {
	data := bytes.Repeat([]byte("OBX|1|ST|8302-2^Body height^LN||172|cm|||||F|||20260302101400\r"), 10<<20/64)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		x := NewBytes(data, BytesOptions{})
		x.Widest()
		x.Line(0, 0, 200)
	}
}
