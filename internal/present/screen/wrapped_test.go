package screen

import (
	"strings"
	"testing"
)

// rows puts the rows of a wrapped text together again.
func rows(w *Wrapped) (lines []string) {
	for row := range w.Lines() {
		text, _ := w.Line(row, 0, w.Columns(row))
		line, begins, _ := w.Source(row)
		if begins {
			lines = append(lines, "")
		}
		lines[line] += text
	}
	return lines
}

func checkWrapped(t *testing.T, b []byte, width int) {
	t.Helper()
	x := NewBytes(b, BytesOptions{ShowBreaks: true})
	w := NewWrapped(x, width)
	if got, want := strings.Join(rows(w), "|"), strings.Join(lines(x), "|"); got != want {
		t.Fatalf("width %d: %q, want %q", width, got, want)
	}
	before := -1
	for offset := range len(b) {
		row, col := w.Position(offset)
		if row < before {
			t.Fatalf("byte %d stands above the one before", offset)
		}
		before = row
		if again := w.Offset(row, col); again > offset || offset-again > 64 {
			t.Fatalf("byte %d stands at %d, %d, where byte %d is", offset, row, col, again)
		}
		if col > w.Columns(row) {
			t.Fatalf("byte %d stands beyond its row", offset)
		}
	}
}

func TestWrapped(t *testing.T) {
	for _, s := range []string{"", "MSH|^~\\&|", strings.Repeat("x", 40), strings.Repeat("x", 41) + "\r" + strings.Repeat("é\x0b", 30) + "\r\n", strings.Repeat("李", 50), "\r\r"} {
		for _, width := range []int{1, 16, 20, 40, 1000} {
			checkWrapped(t, []byte(s), width)
		}
	}
	w := NewWrapped(NewBytes([]byte(strings.Repeat("x", 45)+"\rPID"), BytesOptions{}), 20)
	if w.Lines() != 4 || w.Columns(2) != 5 || w.Columns(0) != 20 {
		t.Errorf("%d rows", w.Lines())
	}
	if line, begins, ends := w.Source(2); line != 0 || begins || !ends {
		t.Errorf("row 2 is of line %d", line)
	}
	if row, col := w.Position(45); row != 2 || col != 5 {
		t.Errorf("the end of the line is at %d, %d", row, col)
	}
}

func FuzzWrapped(f *testing.F) {
	f.Add([]byte("MSH|^~\\&|LAKESIDE|\x0b\x1c\rPID|李é"), 17)
	f.Fuzz(func(t *testing.T, b []byte, width int) {
		if len(b) < 2000 && width < 3000 {
			checkWrapped(t, b, width)
		}
	})
}
