package screen

import "strings"

// HexOptions says how a hex dump is coloured.
type HexOptions struct {
	// Colours returns the colours of the bytes from..to, by their offsets.
	Colours func(from, to int) []Span
}

// Hex is the Text of a hex dump: offset, sixteen bytes in two groups, and their ASCII letters. A byte stands in two
// places, so it is a Ranger.
type Hex struct {
	b       []byte
	options HexOptions
	digits  int // of the offset
}

const (
	hexRow = 16
	hexGap = 2
)

// NewHex returns the hex dump of b, which it keeps.
func NewHex(b []byte, o HexOptions) *Hex {
	return &Hex{b: b, options: o, digits: max(8, len(hex(uint32(min(len(b), 1<<32-1)), 1)))}
}

// Lines implements Text.
func (h *Hex) Lines() int { return max((len(h.b)+hexRow-1)/hexRow, 1) }

// hexCol is the column of a byte's first digit, by its place in the row.
func (h *Hex) hexCol(i int) int {
	c := h.digits + hexGap + 3*i
	if i >= hexRow/2 {
		c++
	}
	return c
}

// textCol is the column of a byte's letter.
func (h *Hex) textCol(i int) int { return h.hexCol(hexRow) + 1 + i }

// Columns implements Text.
func (h *Hex) Columns(line int) int { return h.textCol(h.count(line)) }

// Widest implements Widest.
func (h *Hex) Widest() int { return h.textCol(hexRow) }

// count is the number of bytes of a line.
func (h *Hex) count(line int) int { return min(max(len(h.b)-line*hexRow, 0), hexRow) }

// Offset implements Text.
func (h *Hex) Offset(line, col int) int {
	start, n := line*hexRow, h.count(line)
	if col >= h.textCol(0) {
		return start + min(col-h.textCol(0), n)
	}
	i := 0
	for i < n && col >= h.hexCol(i+1)-boolInt(i+1 == hexRow/2) {
		i++
	}
	return start + i
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Position implements Text. It gives the first of a byte's digits; behind the last byte, where the next would stand.
func (h *Hex) Position(offset int) (line, col int) {
	offset = min(max(offset, 0), len(h.b))
	line = min(offset/hexRow, h.Lines()-1)
	return line, h.hexCol(offset - line*hexRow)
}

// Ranges implements Ranger.
func (h *Hex) Ranges(line, from, to int) [][2]int {
	start := line * hexRow
	a, z := max(from-start, 0), min(to-start, h.count(line))
	if a >= z {
		return nil
	}
	return [][2]int{{h.hexCol(a), h.hexCol(z-1) + 2}, {h.textCol(a), h.textCol(z)}}
}

// Line implements Text.
func (h *Hex) Line(line, from, to int) (string, []Span) {
	start, n := line*hexRow, h.count(line)
	var b strings.Builder
	b.Grow(h.Widest())
	b.WriteString(hex(uint32(start), h.digits))
	pad := func(col int) {
		for b.Len() < col {
			b.WriteByte(' ')
		}
	}
	const digits = "0123456789ABCDEF"
	for i, c := range h.b[start : start+n] {
		pad(h.hexCol(i))
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	pad(h.textCol(0))
	for _, c := range h.b[start : start+n] {
		if c < 0x20 || c > 0x7e {
			c = '.'
		}
		b.WriteByte(c)
	}
	text := b.String()
	from, to = min(max(from, 0), len(text)), min(max(to, 0), len(text))
	if from >= to {
		return "", nil
	}
	return text[from:to], clip(h.colours(line, start, n), from, to)
}

// colours returns the roles of a row by column: the digits first, then the letters, so that they stay in order.
func (h *Hex) colours(line, start, n int) []Span {
	role := make([]Role, n)
	for i, c := range h.b[start : start+n] {
		if c < 0x20 || c > 0x7e {
			role[i] = RoleControl
		}
	}
	if h.options.Colours != nil {
		for _, s := range h.options.Colours(start, start+n) {
			for i := max(s.Start-start, 0); i < min(s.End-start, n); i++ {
				if role[i] == "" || s.Role == RoleMasked {
					role[i] = s.Role
				}
			}
		}
	}
	spans := []Span{{0, h.digits, RoleMuted}}
	for i, r := range role {
		if r == "" {
			r = RoleValue
		}
		spans = append(spans, Span{h.hexCol(i), h.hexCol(i) + 2, r})
	}
	for i, r := range role {
		if r == "" {
			r = RoleValue
		}
		spans = append(spans, Span{h.textCol(i), h.textCol(i) + 1, r})
	}
	return spans
}

// Bytes implements Text.
func (h *Hex) Bytes(from, to int) []byte {
	from = min(max(from, 0), len(h.b))
	return h.b[from:max(from, min(to, len(h.b)))]
}
