package format

import (
	"bytes"
	"fmt"
	"iter"
)

// linesOf yields the lines of b without their ends (CR, LF or CRLF) and
// without empty ones.
func linesOf(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			i := bytes.IndexAny(b, "\r\n")
			line := b
			if i < 0 {
				b = nil
			} else {
				line, b = b[:i], b[i+1:]
			}
			if len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}

func lineCount(b []byte) int {
	n := 0
	for range linesOf(b) {
		n++
	}
	return n
}

// sampleLines is how many lines the table detection judges.
const sampleLines = 50

// detectTable knows separated and fixed-width columns: every line has the
// same number of separators outside quotes, or the same length with blanks in
// the same places.
func detectTable(b []byte) (Guess, bool) {
	var lines [][]byte
	for line := range linesOf(b) {
		if lines = append(lines, line); len(lines) > sampleLines {
			break
		}
	}
	if len(lines) > 2 {
		lines = lines[:len(lines)-1] // the last may be cut by the head's end
	}
	if len(lines) < 2 {
		return Guess{}, false
	}
	for _, s := range []struct {
		sep  byte
		kind Kind
		name string
	}{{'\t', TSV, "a tab"}, {',', CSV, "a comma"}, {';', CSV, "a semicolon"}, {'|', CSV, "a bar"}} {
		if n := columns(lines, s.sep); n > 1 {
			return Guess{Kind: s.kind, Why: fmt.Sprintf("Its lines have %d columns each, with %s between them.", n, s.name)}, true
		}
	}
	return detectFixed(lines)
}

// columns returns the number of columns if at least nine lines in ten agree.
// A quoted cell may hold the separator and line ends, so quotes carry over.
func columns(lines [][]byte, sep byte) int {
	counts := map[int]int{}
	quoted, n, rows := false, 0, 0
	for _, line := range lines {
		for _, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case c == sep && !quoted:
				n++
			}
		}
		if quoted {
			continue
		}
		counts[n]++
		rows++
		n = 0
	}
	best, times := 0, 0
	for n, t := range counts {
		if t > times || t == times && n > best {
			best, times = n, t
		}
	}
	if best == 0 || times < 2 || times*10 < rows*9 {
		return 0
	}
	// Prose has a comma to a line now and then; a table of two columns must
	// show itself over more than a few lines.
	if best == 1 && (rows < 3 || times != rows) {
		return 0
	}
	return best + 1
}

// detectFixed wants at least four lines of one length with two common columns
// of blanks that part three columns of text.
func detectFixed(lines [][]byte) (Guess, bool) {
	width := len(lines[0])
	if len(lines) < 4 || width < 12 {
		return Guess{}, false
	}
	for _, line := range lines {
		if len(line) != width {
			return Guess{}, false
		}
	}
	gaps, in := 0, true
	for i := range width {
		blank := true
		for _, line := range lines {
			blank = blank && line[i] == ' '
		}
		if blank && !in {
			gaps++
		}
		in = blank
	}
	if gaps < 2 {
		return Guess{}, false
	}
	return Guess{Kind: Fixed, Why: fmt.Sprintf("Its lines are all %d bytes long with blanks in the same places.", width)}, true
}
