package comparing

import (
	"bytes"
	"sort"

	"trestle/internal/compare"
	"trestle/internal/fhir"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
)

// content is the message of one side, in the lines in which it is shown.
type content struct {
	bytes    []byte
	drawing  *message.Drawing // nil of a document
	document bool
	lines    []stretch
	raw      [2]screen.Text // of the drawing: plain, and under the mask
	hidden   [][2]int       // what the mask hides, once it was asked for
}

// stretch is the bytes of a line, with the indent that is drawn before them.
type stretch struct{ from, to, indent int }

// readContent looks at the bytes of a side; nil is a side that is missing.
func readContent(b []byte) *content {
	c := &content{bytes: b}
	if b == nil {
		return c
	}
	if k := format.Detect(b).Kind; !k.IsHL7v2() && compare.IsDocument(k) {
		c.document = true
		c.lines = documentLines(b)
		return c
	}
	c.drawing = message.Read(b)
	for s := range c.drawing.Message.Segments() {
		c.lines = append(c.lines, stretch{from: s.Offset(), to: s.End()})
	}
	return c
}

// lineAt is the line that a byte is in, the nearest one if it is in none; -1 where there is no line.
func (c *content) lineAt(offset int) int {
	at := sort.Search(len(c.lines), func(i int) bool { return c.lines[i].from > offset })
	return max(at-1, min(0, len(c.lines)-1))
}

// longLine is from how many bytes on a line of a document is broken into several.
const longLine = 160

// documentLines are the lines of a document. One that was written without line ends gets those of its structure.
func documentLines(b []byte) []stretch {
	var lines []stretch
	longest := 0
	for from := 0; from < len(b); {
		to, next := len(b), len(b)
		if i := bytes.IndexAny(b[from:], "\r\n"); i >= 0 {
			to, next = from+i, from+i+1
			if b[to] == '\r' && next < len(b) && b[next] == '\n' {
				next++
			}
		}
		longest = max(longest, to-from)
		lines = append(lines, stretch{from: from, to: to})
		from = next
	}
	switch {
	case longest < longLine:
		return lines
	case fhir.LooksLikeXML(b):
		return xmlLines(b)
	}
	return jsonLines(b)
}

// jsonLines breaks JSON where a printer would: after brackets and commas outside of strings.
func jsonLines(b []byte) []stretch {
	var lines []stretch
	depth, from, at, inText := 0, 0, 0, false
	cut := func(to int) {
		text := bytes.TrimSpace(b[from:to])
		if len(text) > 0 {
			start := from + bytes.Index(b[from:to], text[:1])
			lines = append(lines, stretch{start, start + len(text), 2 * max(depth, 0)})
		}
		from = to
	}
	for at < len(b) {
		switch c := b[at]; {
		case inText && c == '\\':
			at++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if end := bytes.IndexByte([]byte("}]"), next(b, at+1)); end >= 0 {
				break // nothing is inside
			}
			cut(at + 1)
			depth++
		case (c == '}' || c == ']') && len(bytes.TrimSpace(b[from:at])) > 0 && !opens(b[from:at]):
			cut(at)
			depth--
		case c == '}' || c == ']':
			if !opens(b[from:at]) {
				depth--
			}
		case c == ',':
			cut(at + 1)
		}
		at++
	}
	cut(len(b))
	return lines
}

// opens says whether a bracket is open at the end of a text.
func opens(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && (b[len(b)-1] == '{' || b[len(b)-1] == '[')
}

// next is the first byte that is no blank, 0 for none.
func next(b []byte, at int) byte {
	for ; at < len(b); at++ {
		switch b[at] {
		case ' ', '\t', '\r', '\n':
		default:
			return b[at]
		}
	}
	return 0
}

// xmlLines breaks XML between elements.
func xmlLines(b []byte) []stretch {
	var lines []stretch
	depth, from := 0, 0
	for from < len(b) {
		to := len(b)
		if i := bytes.Index(b[from:], []byte("><")); i >= 0 {
			to = from + i + 1
		}
		if i := bytes.IndexAny(b[from:to], "\r\n"); i >= 0 {
			to = from + i + 1
		}
		if text := bytes.TrimSpace(b[from:to]); len(text) > 0 {
			closing := bytes.HasPrefix(text, []byte("</"))
			if closing {
				depth--
			}
			start := from + bytes.Index(b[from:to], text[:1])
			lines = append(lines, stretch{start, start + len(text), 2 * max(depth, 0)})
			if !closing && text[0] == '<' && text[len(text)-1] == '>' && !bytes.HasSuffix(text, []byte("/>")) && !bytes.HasPrefix(text, []byte("<?")) &&
				!bytes.HasPrefix(text, []byte("<!")) && !bytes.Contains(text, []byte("</")) {
				depth++
			}
		}
		from = to
	}
	return lines
}

// token is a piece of a line as it is drawn.
type token struct {
	from, to int    // its bytes in the message
	text     []byte // what is drawn
	role     screen.Role
}

// plain is a line as it came, under the mask with asterisks in the place of what is hidden. Its colours are asked for when
// it is seen: see roles.
func (c *content) plain(line int, masked bool) token {
	s := c.lines[line]
	t := token{from: s.from, to: s.to, text: c.bytes[s.from:s.to]}
	if !masked {
		return t
	}
	t.text = bytes.Clone(t.text)
	for _, h := range c.hiddenIn(s.from, s.to) {
		for i := max(h[0], s.from); i < min(h[1], s.to); i++ {
			t.text[i-s.from] = '*'
		}
	}
	return t
}

// hiddenIn are the stretches between two bytes that the mask hides. In a document nothing is known to say nothing about a
// person.
func (c *content) hiddenIn(from, to int) [][2]int {
	if c.drawing == nil {
		return [][2]int{{from, to}}
	}
	if c.hidden == nil {
		c.hidden = c.drawing.Hidden()
	}
	at := sort.Search(len(c.hidden), func(i int) bool { return c.hidden[i][1] > from })
	end := at
	for end < len(c.hidden) && c.hidden[end][0] < to {
		end++
	}
	return c.hidden[at:end]
}

// roles are the colours of a line that is drawn plain, from its beginning.
func (c *content) roles(line int, masked bool) []screen.Span {
	s := c.lines[line]
	if c.drawing == nil {
		role := screen.RoleText
		if masked {
			role = screen.RoleMasked
		}
		return []screen.Span{{Start: 0, End: s.to - s.from, Role: role}}
	}
	which := 0
	if masked {
		which = 1
	}
	if c.raw[which] == nil {
		c.raw[which] = c.drawing.Raw(masked)
	}
	raw := c.raw[which]
	at, from := raw.Position(s.from)
	_, to := raw.Position(s.to)
	_, spans := raw.Line(at, from, to) // they are ours: each call makes them anew
	return spans
}

// decode draws the values of a segment without escapes, as text; its delimiters as they are.
func (c *content) decode(line int, masked bool, to []token) []token {
	s := c.lines[line]
	if c.drawing == nil || c.drawing.Message.Segment(line).Kind() != hl7.LineSegment {
		t := c.plain(line, masked)
		if t.role = screen.RoleText; masked {
			t.role = screen.RoleMasked
		}
		return append(to, t)
	}
	segment := c.drawing.Message.Segment(line)
	at := s.from
	between := func(end int, role screen.Role) {
		if end > at {
			to = append(to, token{at, end, c.bytes[at:end], role})
			at = end
		}
	}
	between(min(s.from+len(segment.ID()), s.to), screen.RoleSegment)
	for leaf := range segment.Leaves() {
		if leaf.State() == hl7.Absent || leaf.State() == hl7.Empty || segment.IsHeader() && leaf.Field <= 2 || leaf.Offset() < at {
			continue
		}
		between(leaf.Offset(), screen.RoleDelimiter)
		t := token{leaf.Offset(), leaf.End(), leaf.Raw(), screen.RoleValue}
		if !asItStands(t.text, segment.Delimiters().Escape) {
			t.text = []byte(leaf.Text())
		}
		switch {
		case masked && len(c.hiddenIn(leaf.Offset(), leaf.End())) > 0:
			t.text, t.role = bytes.Repeat([]byte{'*'}, len(t.text)), screen.RoleMasked
		case leaf.State() == hl7.Null:
			t.text, t.role = leaf.Raw(), screen.RoleNull
		}
		to = append(to, t)
		at = leaf.End()
	}
	between(s.to, screen.RoleDelimiter)
	return to
}

// bigAlignment bounds the table of the alignment of lines; what is beyond stands side by side as it comes.
const bigAlignment = 4 << 20

// asItStands says whether a value has nothing to decode.
func asItStands(b []byte, escape string) bool {
	for _, c := range b {
		if c >= 0x80 || escape != "" && c == escape[0] {
			return false
		}
	}
	return true
}

// alignLines sets the lines of two documents against each other: the longest common sequence of equal lines, and what
// lies between in pairs.
func alignLines(l, r *content) (pairs [][2]int) {
	text := func(c *content, i int) []byte { return bytes.TrimSpace(c.bytes[c.lines[i].from:c.lines[i].to]) }
	n, m := len(l.lines), len(r.lines)
	head := 0
	for head < min(n, m) && bytes.Equal(text(l, head), text(r, head)) {
		pairs = append(pairs, [2]int{head, head})
		head++
	}
	tail := 0
	for tail < min(n, m)-head && bytes.Equal(text(l, n-1-tail), text(r, m-1-tail)) {
		tail++
	}
	rows, cols := n-head-tail, m-head-tail
	i, j := 0, 0
	if rows*cols > 0 && rows*cols <= bigAlignment {
		pairs = append(pairs, commonLines(rows, cols, func(i, j int) bool { return bytes.Equal(text(l, head+i), text(r, head+j)) }, head)...)
		i, j = rows, cols
	}
	pairs = append(pairs, between(head+i, head+rows, head+j, head+cols)...)
	for k := tail; k > 0; k-- {
		pairs = append(pairs, [2]int{n - k, m - k})
	}
	return pairs
}

// between pairs lines that are not equal, as they come.
func between(i, n, j, m int) (pairs [][2]int) {
	for ; i < n || j < m; i, j = i+1, j+1 {
		p := [2]int{i, j}
		if i >= n {
			p[0] = -1
		}
		if j >= m {
			p[1] = -1
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// commonLines is the longest common sequence by the usual table, with what lies between its lines.
func commonLines(n, m int, equal func(i, j int) bool, head int) (pairs [][2]int) {
	table := make([]int32, (n+1)*(m+1))
	at := func(i, j int) *int32 { return &table[i*(m+1)+j] }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if equal(i, j) {
				*at(i, j) = *at(i+1, j+1) + 1
			} else {
				*at(i, j) = max(*at(i+1, j), *at(i, j+1))
			}
		}
	}
	i, j, fromI, fromJ := 0, 0, 0, 0
	for i < n && j < m {
		switch {
		case equal(i, j):
			pairs = append(pairs, between(head+fromI, head+i, head+fromJ, head+j)...)
			pairs = append(pairs, [2]int{head + i, head + j})
			i, j = i+1, j+1
			fromI, fromJ = i, j
		case *at(i+1, j) >= *at(i, j+1):
			i++
		default:
			j++
		}
	}
	return append(pairs, between(head+fromI, head+n, head+fromJ, head+m)...)
}
