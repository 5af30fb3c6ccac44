package mapper

import (
	"slices"
	"sort"
	"strconv"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
)

// result is what the mapping made of the sample that is shown, as text, and which rule made which part.
type result struct {
	bytes []byte
	kind  mapping.Kind
	spans []madeBy // in order; none overlap
	text  screen.Text
	marks []screen.Mark
}

// madeBy is a part of the text that a rule made.
type madeBy struct {
	from, to int
	trace    int
	rule     string
}

// readResult writes a result for people and finds in it what each rule has made.
func readResult(f *mapping.File, x *mapping.Explained) (*result, error) {
	b, err := x.Indented()
	if err != nil {
		return nil, err
	}
	r := &result{bytes: b, kind: f.Target.Kind}
	switch f.Target.Kind {
	case mapping.FHIR, mapping.JSON:
		root, err := fhir.ParseJSON(b)
		if err != nil {
			return r, nil // it shows, without its rules
		}
		r.tree(x, x.Tree, root, none)
	case mapping.HL7v2:
		r.message(x)
	case mapping.CSV:
		r.rows(f, x)
	}
	slices.SortFunc(r.spans, func(a, b madeBy) int { return a.from - b.from })
	return r, nil
}

// tree goes down what was made and what was written of it, side by side.
func (r *result) tree(x *mapping.Explained, made, written *fhir.Node, trace int) {
	if made == nil || written == nil {
		return
	}
	if t, ok := x.Made[made]; ok {
		trace = t
	}
	if len(made.Children) != len(written.Children) || len(made.Children) == 0 {
		if trace >= 0 {
			r.add(written.Off, written.End, trace, x)
		}
		return
	}
	for i := range made.Children {
		r.tree(x, made.Children[i], written.Children[i], trace)
	}
}

func (r *result) add(from, to, trace int, x *mapping.Explained) {
	r.spans = append(r.spans, madeBy{from, to, trace, x.Traces[trace].Rule})
}

// message finds in a message the fields that rules have written: those of a block's n-th turn stand in the n-th segment that
// it made.
func (r *result) message(x *mapping.Explained) {
	m := hl7.Parse(r.bytes)
	type turn struct {
		block string
		n     int
	}
	order := map[string][]turn{} // turns that wrote something, by segment
	known := map[turn]bool{}
	for i := range x.Traces {
		t := &x.Traces[i]
		p, err := targetPath(t.Target)
		if k := (turn{t.Block, t.Turn}); err == nil && t.Fired() && !known[k] {
			known[k] = true
			order[p.Segment] = append(order[p.Segment], k)
		}
	}
	for i := range x.Traces {
		t := &x.Traces[i]
		p, err := targetPath(t.Target)
		if err != nil || !t.Fired() {
			continue
		}
		p.Occurrence = slices.Index(order[p.Segment], turn{t.Block, t.Turn}) + 1
		if p.Repetition == hl7.All {
			p.Repetition = max(t.Repetition, 1)
		}
		if v := m.Get(p); v.IsPresent() && v.End() > v.Offset() {
			r.add(v.Offset(), v.End(), i, x)
		}
	}
	slices.SortStableFunc(r.spans, func(a, b madeBy) int { return a.from - b.from })
	kept := r.spans[:0]
	for _, s := range r.spans {
		if n := len(kept); n == 0 || s.from >= kept[n-1].to {
			kept = append(kept, s)
		}
	}
	r.spans = kept
}

// rows finds the cells of a CSV target.
func (r *result) rows(f *mapping.File, x *mapping.Explained) {
	at, columns, sign := 0, f.Columns(), byte(',')
	switch d := f.Target.Delimiter; {
	case d == "tab":
		sign = '\t'
	case len(d) == 1:
		sign = d[0]
	}
	for line := range x.Rows {
		for c, name := range columns {
			from := at
			at = cellEnd(r.bytes, at, sign)
			for i := range x.Traces {
				if t := &x.Traces[i]; t.Target == name && t.Fired() && (t.Turn == line+1 || len(x.Rows) == 1) {
					r.add(from, at, i, x)
					break
				}
			}
			if c < len(columns)-1 || at < len(r.bytes) {
				at++
			}
		}
	}
}

// cellEnd is where the cell of CSV that begins at a byte ends.
func cellEnd(b []byte, at int, sign byte) int {
	quoted := at < len(b) && b[at] == '"'
	for i := at; i < len(b); i++ {
		switch {
		case quoted && b[i] == '"' && i > at:
			if i+1 < len(b) && b[i+1] == '"' {
				i++
			} else {
				quoted = false
			}
		case !quoted && (b[i] == sign || b[i] == '\n'):
			return i
		}
	}
	return len(b)
}

// targetPath reads the target of a rule in HL7 v2.
func targetPath(to string) (hl7.Path, error) {
	for i := 0; i+1 < len(to); i++ {
		if to[i] == '[' && to[i+1] == ']' {
			return hl7.ParsePath(to[:i] + "[*]" + to[i+2:])
		}
	}
	return hl7.ParsePath(to)
}

// paint makes the text. Under the mask all values of a document are hidden, and of a message those that the mask of
// messages hides: nothing of what a rule wrote is known to say nothing about a person.
func (r *result) paint(masked bool) {
	if r.kind == mapping.HL7v2 {
		r.text = message.Read(r.bytes).Raw(masked)
		return
	}
	shown := r.bytes
	var hidden [][2]int
	if masked {
		hidden = valuesIn(r.bytes, r.kind)
		shown = slices.Clone(r.bytes)
		for _, h := range hidden {
			for i := h[0]; i < h[1]; i++ {
				shown[i] = '*'
			}
		}
	}
	r.text = screen.NewBytes(shown, screen.BytesOptions{Colours: func(_, from, to int) []screen.Span { return r.colours(hidden, from, to) }})
}

// colours are those of a stretch of a line: values in their own, what is hidden as blocks.
func (r *result) colours(hidden [][2]int, from, to int) []screen.Span {
	var out []screen.Span
	if hidden != nil {
		at := sort.Search(len(hidden), func(i int) bool { return hidden[i][1] > from })
		for ; at < len(hidden) && hidden[at][0] < to; at++ {
			out = append(out, screen.Span{Start: max(hidden[at][0], from), End: min(hidden[at][1], to), Role: screen.RoleMasked})
		}
		return out
	}
	at := sort.Search(len(r.spans), func(i int) bool { return r.spans[i].to > from })
	for ; at < len(r.spans) && r.spans[at].from < to; at++ {
		out = append(out, screen.Span{Start: max(r.spans[at].from, from), End: min(r.spans[at].to, to), Role: screen.RoleValue})
	}
	return out
}

// valuesIn are the values of a document, which the mask hides. What cannot be told apart is hidden whole.
func valuesIn(b []byte, kind mapping.Kind) (hidden [][2]int) {
	var root *fhir.Node
	var err error
	switch kind {
	case mapping.FHIR, mapping.JSON:
		root, err = fhir.ParseJSON(b)
	case mapping.XML:
		root, err = fhir.ParseXML(b)
	default:
		return [][2]int{{0, len(b)}}
	}
	if err != nil {
		return [][2]int{{0, len(b)}}
	}
	root.Walk(func(_ string, n *fhir.Node) bool {
		switch {
		case n.Kind == fhir.Attribute, n.Kind == fhir.Text, n.Kind == fhir.Comment, n.IsPrimitive():
			if n.Name != "resourceType" {
				hidden = append(hidden, [2]int{n.Off, n.End})
			}
		}
		return true
	})
	slices.SortFunc(hidden, func(a, b [2]int) int { return a[0] - b[0] })
	return hidden
}

// mark marks what a rule has made.
func (r *result) mark(rule string) {
	r.marks = nil
	for _, s := range r.spans {
		if s.rule == rule {
			r.marks = append(r.marks, screen.Mark{From: s.from, To: s.to, Kind: screen.MarkHit})
		}
	}
}

// ResultText is the whole result for the sample that is shown, nil while there is none.
func (m *Model) ResultText() screen.Text {
	if m.doc == nil || m.doc.preview.result == nil {
		return nil
	}
	return m.doc.preview.result.text
}

// ResultMarks are what the rule that is looked at has made, and where the first of it begins; -1 where it made nothing.
func (m *Model) ResultMarks() (marks []screen.Mark, first int) {
	if m.doc == nil || m.doc.preview.result == nil {
		return nil, -1
	}
	r := m.doc.preview.result
	r.mark(m.doc.chosen.id)
	if t := m.doc.preview.traces[m.doc.chosen.id]; m.doc.chosen.turn < len(t) {
		for _, s := range r.spans {
			if s.trace == t[m.doc.chosen.turn] {
				return r.marks, s.from
			}
		}
	}
	if len(r.marks) == 0 {
		return nil, -1
	}
	return r.marks, r.marks[0].From
}

// ChooseResult looks at the rule that made what stands at a byte of the result, at the turn in which it did.
func (m *Model) ChooseResult(offset int) bool {
	d := m.doc
	if d == nil || d.preview.result == nil {
		return false
	}
	list := d.preview.result.spans
	i := sort.Search(len(list), func(i int) bool { return list[i].to >= offset })
	if i == len(list) || list[i].from > offset {
		return false
	}
	m.Choose(list[i].rule)
	for turn, trace := range d.preview.traces[list[i].rule] {
		if trace == list[i].trace && d.chosen.turn != turn {
			d.chosen.turn = turn
			m.changed(Chosen)
		}
	}
	return true
}

// ResultWords sum the result up, or say why there is none.
func (m *Model) ResultWords() (text string, bad bool) {
	d := m.doc
	switch {
	case d == nil:
		return "", false
	case d.preview.failure != "":
		return d.preview.failure, true
	case len(d.samples.list) == 0:
		return "No samples yet: choose messages to see what the rules make of them.", false
	case d.preview.shown == nil:
		return "", false
	}
	n := len(d.preview.shown.Warnings)
	words := screen.Plural(len(d.preview.shown.Traces), "step")
	if n > 0 {
		words += ", " + screen.Plural(n, "warning")
	}
	if k := len(d.preview.problems); k > 0 {
		return strconv.Itoa(k) + " of the rules cannot be run  ·  " + words, true
	}
	return words, false
}
