package screen

import "testing"

func TestIndentedMovesColumnsAndKeepsBytes(t *testing.T) {
	text := []byte("{a,bc}")
	breaks := []Break{{0, 1}, {2, 1}}
	colours := func(_, from, to int) []Span { return []Span{{from, to, RoleValue}} }
	in := NewIndented(NewBytes(text, BytesOptions{Breaks: breaks, ShowBreaks: true, Colours: colours}), []uint16{0, 2, 4})
	for line, want := range []string{"{", "  a,", "    bc}"} {
		got, spans := in.Line(line, 0, in.Columns(line))
		if got != want || in.Columns(line) != len(want) {
			t.Errorf("line %d: %q of %d cells, want %q", line, got, in.Columns(line), want)
		}
		if s := spans[0]; s.Role != RoleValue || s.Start != 2*line || s.End != len(want) {
			t.Errorf("line %d: %v", line, spans)
		}
	}
	if got, spans := in.Line(2, 3, 5); got != " b" || spans[0].Start != 1 {
		t.Errorf("%q %v", got, spans)
	}
	if got, _ := in.Line(2, 0, 3); got != "   " {
		t.Errorf("%q", got)
	}
	for at := range text {
		line, col := in.Position(at)
		if back := in.Offset(line, col); back != at {
			t.Errorf("byte %d stands at %d,%d, which is byte %d", at, line, col, back)
		}
	}
	if at := in.Offset(2, 1); at != 3 {
		t.Errorf("a click on the blanks is byte %d", at)
	}
	if w := in.Widest(); w < 7 {
		t.Errorf("widest %d", w)
	}
	if b := in.Bytes(1, 4); string(b) != "a,b" {
		t.Errorf("%q", b)
	}
}
