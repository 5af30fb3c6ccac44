package screen

import "strings"

// Indented shows another Text with blanks before its lines, which stand for no bytes: what lies further in stands further right.
// Nothing of the other Text is copied.
type Indented struct {
	Text
	indents []uint16 // of each line, in cells
	widest  int
}

// NewIndented puts blanks before the lines of t, as many as indents says; lines beyond it have none.
func NewIndented(t Text, indents []uint16) *Indented {
	n := &Indented{Text: t, indents: indents}
	most := 0
	for _, i := range indents {
		most = max(most, int(i))
	}
	if w, ok := t.(Widest); ok {
		n.widest = w.Widest() + most
	}
	return n
}

func (n *Indented) indent(line int) int {
	if line < 0 || line >= len(n.indents) {
		return 0
	}
	return int(n.indents[line])
}

// Columns implements Text.
func (n *Indented) Columns(line int) int { return n.Text.Columns(line) + n.indent(line) }

// Line implements Text.
func (n *Indented) Line(line, from, to int) (string, []Span) {
	in := n.indent(line)
	blanks := max(0, min(to, in)-max(from, 0))
	text, spans := "", []Span(nil)
	if to > in {
		text, spans = n.Text.Line(line, max(0, from-in), to-in)
	}
	if blanks == 0 {
		return text, spans
	}
	moved := make([]Span, len(spans))
	for i, s := range spans {
		moved[i] = Span{s.Start + blanks, s.End + blanks, s.Role}
	}
	return strings.Repeat(" ", blanks) + text, moved
}

// Offset implements Text: the blanks are the line's first byte.
func (n *Indented) Offset(line, col int) int {
	return n.Text.Offset(line, max(0, col-n.indent(line)))
}

// Position implements Text.
func (n *Indented) Position(offset int) (line, col int) {
	line, col = n.Text.Position(offset)
	return line, col + n.indent(line)
}

// Widest implements Widest: an upper bound.
func (n *Indented) Widest() int { return n.widest }
