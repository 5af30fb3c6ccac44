package comparing

import (
	"fmt"
	"strings"

	"trestle/internal/compare"
	"trestle/internal/present/screen"
)

// Signs stand before what they mean, so that colour is never all that tells.
var changeSigns = map[compare.Change]struct {
	sign string
	role screen.Role
}{
	compare.Added: {"+", screen.RoleAdded}, compare.Removed: {"-", screen.RoleRemoved}, compare.Changed: {"~", screen.RoleChanged},
	compare.Moved: {"↕", screen.RoleAccent}, compare.Formatting: {"≈", screen.RoleMuted},
}

// statusLooks are how statuses look: a letter for the bars, a role, a shape.
var statusLooks = [...]struct {
	block string
	role  screen.Role
	shape screen.Shape
}{
	compare.Exact:      {"█", screen.RoleOK, screen.ShapeNone},
	compare.Same:       {"▓", screen.RoleMuted, screen.ShapeNone},
	compare.AsExpected: {"▒", screen.RoleInformation, screen.ShapeCircle},
	compare.Different:  {"▄", screen.RoleError, screen.ShapeSquare},
	compare.OnlyLeft:   {"▌", screen.RoleWarning, screen.ShapeTriangle},
	compare.OnlyRight:  {"▐", screen.RoleWarning, screen.ShapeTriangle},
}

// Title names what is compared and what was found.
type Title struct {
	Left, Right string
	Hidden      bool // the names may say something about a person, and the mask is on
	Numbers     string
	Rules       string
}

// Title is what stands above the place.
func (m *Model) Title() Title {
	t := Title{Left: m.sides[0].Words(), Right: m.sides[1].Words(), Rules: m.rules.words()}
	if m.masked {
		for i, side := range []*string{&t.Left, &t.Right} {
			if m.sides[i].mayNamePatient() {
				*side = "hidden by the mask"
			}
		}
	}
	switch r := m.found; {
	case m.work != nil && r == nil:
		t.Numbers = "comparing …"
	case r == nil:
	case m.work != nil:
		t.Numbers = screen.Plural(len(r.pairs), "pair") + " so far"
	default:
		t.Numbers = screen.Plural(len(r.pairs), "pair")
		if s := r.summary; s != nil {
			t.Numbers += pairedBy(s)
		}
	}
	return t
}

func pairedBy(s *compare.Summary) string {
	switch {
	case s.Total() == 1:
		return ""
	case s.Pairing == compare.ByKey:
		return " by " + strings.Join(s.Key, ", ")
	}
	return " by " + s.Pairing.String()
}

// Remarks are what a person must know of a set beside its counts: what has no key, what is repeated, what was left out.
func (m *Model) Remarks() string {
	if m.found == nil || m.found.summary == nil {
		return ""
	}
	s := m.found.summary
	var parts []string
	for i, side := range sideNames {
		for _, x := range []struct {
			n     int
			words string
		}{{s.NoKey[i], "without a key"}, {s.Repeated[i], "with a key that an earlier one has"}, {s.Skipped[i], "that are envelopes or no messages"}} {
			if x.n > 0 {
				parts = append(parts, fmt.Sprintf("%s on the %s %s", screen.Count(x.n), side, x.words))
			}
		}
	}
	if t := s.Translation; t != nil {
		parts = append(parts, arrival(t))
		if text := unread(t); text != "" {
			parts = append(parts, text)
		}
	}
	if s.Overflow > 0 {
		parts = append(parts, screen.Count(s.Overflow)+" differences of further patterns")
	}
	return strings.Join(parts, " · ")
}

// HasResults says whether anything was compared; IsSet whether it is more than one pair.
func (m *Model) HasResults() bool { return m.found != nil }

// IsSet says whether there is more than one pair.
func (m *Model) IsSet() bool { return m.found != nil && len(m.found.pairs) > 1 }

// Columns of the types.
const (
	colKind = iota
	colBar
	colFirstStatus // then one for each status
)

var typeColumns = []screen.Column{
	{ID: "type", Title: "Type", Width: 72, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "bar", Title: "Share", Width: 112, MinWidth: 112, Mono: true, Flex: true, Fixed: true},
	{ID: "exact", Title: "Exact", Width: 62, MinWidth: 40, Right: true, Fixed: true},
	{ID: "same", Title: "Same", Width: 58, MinWidth: 40, Right: true, Fixed: true},
	{ID: "expected", Title: "Expected", Width: 74, MinWidth: 40, Right: true, Fixed: true},
	{ID: "different", Title: "Different", Width: 74, MinWidth: 40, Right: true, Fixed: true},
	{ID: "left", Title: "Only left", Width: 70, MinWidth: 40, Right: true, Fixed: true},
	{ID: "right", Title: "Only right", Width: 76, MinWidth: 40, Right: true, Fixed: true},
}

// Types is the summary: a row for all types of message, then one for each.
func (m *Model) Types() screen.Grid { return (*typeGrid)(m) }

type typeGrid Model

func (g *typeGrid) Columns() []screen.Column { return typeColumns }

func (g *typeGrid) Len() int {
	if g.found == nil {
		return 0
	}
	return 1 + len(g.found.types)
}

func (g *typeGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	t := &typeRow{kind: "all", counts: g.found.counts}
	if row > 0 {
		t = g.found.types[row-1]
	}
	switch {
	case col == colKind && t.kind == "":
		return screen.Cell{Text: "no type", Role: screen.RoleMuted}
	case col == colKind:
		return screen.Cell{Text: t.kind, Bold: row == 0}
	case col == colBar:
		return stackedBar(t)
	}
	s := compare.Status(col - colFirstStatus)
	n := t.counts[s]
	if n == 0 {
		return screen.Cell{}
	}
	c := screen.Cell{Text: screen.Count(n), Bold: row == 0}
	if s >= compare.Different {
		c.Role = statusLooks[s].role
	}
	return c
}

// barLetters is how many letters a stacked bar has.
const barLetters = 12

// stackedBar draws the statuses of a type as one bar. What there is any of gets a letter at least.
func stackedBar(t *typeRow) screen.Cell {
	total := t.total()
	if total == 0 {
		return screen.Cell{}
	}
	var letters [len(statusLooks)]int
	used, largest := 0, 0
	for s, n := range t.counts {
		if n > 0 {
			letters[s] = max(n*barLetters/total, 1)
		}
		used += letters[s]
		if letters[s] > letters[largest] {
			largest = s
		}
	}
	letters[largest] = max(letters[largest]+barLetters-used, 1) // what rounding left over
	var b strings.Builder
	c := screen.Cell{Mono: true}
	for s, n := range letters {
		if n > 0 {
			from := b.Len()
			b.WriteString(strings.Repeat(statusLooks[s].block, n))
			c.Spans = append(c.Spans, screen.Span{Start: from, End: b.Len(), Role: statusLooks[s].role})
		}
	}
	c.Text = b.String()
	return c
}

var patternColumns = []screen.Column{
	{ID: "count", Title: "Count", Width: 62, MinWidth: 44, Right: true, Fixed: true},
	{ID: "what", Title: "Pattern", Width: 120, MinWidth: 80, Mono: true, Flex: true, Fixed: true},
	{ID: "pairs", Title: "Pairs", Width: 62, MinWidth: 44, Right: true, Fixed: true},
	{ID: "example", Title: "Example", Width: 140, MinWidth: 80, Mono: true, Flex: true, Fixed: true},
}

// Patterns are the differences that no rule speaks of, by place and kind, the most frequent first.
func (m *Model) Patterns() screen.Grid { return (*patternGrid)(m) }

type patternGrid Model

func (g *patternGrid) Columns() []screen.Column { return patternColumns }

func (g *patternGrid) Len() int {
	if g.found == nil {
		return 0
	}
	return len(g.found.order)
}

func (g *patternGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	p := &g.found.patterns[g.found.order[row]]
	switch patternColumns[col].ID {
	case "count":
		most := g.found.patterns[g.found.order[0]].count
		return screen.Cell{Text: screen.Count(p.count), Bar: float64(p.count) / float64(max(most, p.count)), BarRole: changeSigns[p.kind].role}
	case "what":
		words := p.path + " " + p.kind.String()
		if p.from != "" {
			words += ", from " + p.from
		}
		return signed(p.kind, words)
	case "pairs":
		return screen.Cell{Text: screen.Count(p.pairs), Role: screen.RoleMuted}
	}
	text := p.example.Left + " → " + p.example.Right
	switch {
	case p.example.Left == "":
		text = p.example.Right
	case p.example.Right == "":
		text = p.example.Left
	}
	return screen.Cell{Text: oneLine(text), Role: screen.RoleMuted, Masked: (*Model)(g).masked && p.hidden}
}

// signed is words with the sign of a change before them, in its colour.
func signed(kind compare.Change, words string) screen.Cell {
	look := changeSigns[kind]
	return screen.Cell{Text: look.sign + " " + words, Spans: []screen.Span{{Start: 0, End: len(look.sign), Role: look.role}}}
}

// oneLine takes the line ends out of a text.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ⏎ ", "\r", " ⏎ ", "\n", " ⏎ ").Replace(s)
}

// Pattern names the pattern of a row, "" for none.
func (m *Model) Pattern(row int) string {
	if p := m.pattern(row); p != nil {
		return p.path + " " + p.kind.String()
	}
	return ""
}

func (m *Model) pattern(row int) *patternRow {
	if m.found == nil || row < 0 || row >= len(m.found.order) {
		return nil
	}
	return &m.found.patterns[m.found.order[row]]
}

// OpenExample opens the first pair that has a difference of a pattern, and goes to that.
func (m *Model) OpenExample(row int) {
	if p := m.pattern(row); p != nil {
		at := p.patternAt
		m.open.wanted = &at
		m.OpenIndex(p.first)
	}
}

// PairsOfPattern lists the pairs of one pattern only.
func (m *Model) PairsOfPattern(row int) {
	if p := m.pattern(row); p != nil {
		at := p.patternAt
		m.setFilter(filter{pattern: &at})
	}
}

// PairsOfType lists the pairs of the type in a row of Types only.
func (m *Model) PairsOfType(row int) {
	switch {
	case m.found == nil || row < 0 || row > len(m.found.types):
	case row == 0:
		m.setFilter(filter{})
	default:
		m.setFilter(filter{kind: m.found.types[row-1].kind})
	}
}

var pairColumns = []screen.Column{
	{ID: "number", Title: "Pair", Width: 58, MinWidth: 44, Right: true, Fixed: true},
	{ID: "key", Title: "Key", Width: 120, MinWidth: 80, Mono: true, Flex: true, Fixed: true},
	{ID: "type", Title: "Type", Width: 90, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "status", Title: "Status", Width: 100, MinWidth: 70, Fixed: true},
	{ID: "patterns", Title: "What differs", Width: 160, MinWidth: 80, Mono: true, Flex: true, Fixed: true},
	{ID: "source", Title: "Left", Width: 90, MinWidth: 60, Flex: true, Fixed: true},
	{ID: "other", Title: "Right", Width: 90, MinWidth: 60, Flex: true, Fixed: true},
}

// Pairs is the list of the pairs that pass the filter.
func (m *Model) Pairs() screen.Grid { return (*pairGrid)(m) }

type pairGrid Model

func (g *pairGrid) Columns() []screen.Column { return pairColumns }

func (g *pairGrid) Len() int {
	if g.found == nil {
		return 0
	}
	return len(g.found.shown)
}

func (g *pairGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	p := &g.found.pairs[g.found.shown[row]]
	switch pairColumns[col].ID {
	case "number":
		return screen.Cell{Text: screen.Count(p.number), Role: screen.RoleMuted}
	case "key":
		if strings.TrimSpace(p.key) == "" {
			return screen.Cell{Text: "no key", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: p.key, Masked: g.masked && p.keyHidden}
	case "type":
		return screen.Cell{Text: p.kind}
	case "status":
		look := statusLooks[p.status]
		c := screen.Cell{Text: p.status.String(), Role: look.role, Shape: look.shape}
		if p.duplicate {
			c.Text += ", repeated"
		}
		return c
	case "patterns":
		return screen.Cell{Text: g.found.whatDiffers(p), Role: screen.RoleMuted}
	case "source":
		return g.member(p.left)
	}
	return g.member(p.right)
}

// member says where a message of a pair is from.
func (g *pairGrid) member(m compare.Member) screen.Cell {
	if m.Index < 0 {
		return screen.Cell{Text: "none", Role: screen.RoleMuted}
	}
	return screen.Cell{Text: strings.TrimSpace(fmt.Sprintf("%s %d", m.Name, m.Index+1)), Role: screen.RoleMuted, Masked: g.masked && m.Name != ""}
}

// whatDiffers names the first patterns of a pair.
func (r *results) whatDiffers(p *pairRow) string {
	const shown = 4
	var b strings.Builder
	for i, id := range p.patterns {
		if i == shown {
			fmt.Fprintf(&b, " and %d more", len(p.patterns)-i)
			break
		}
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(changeSigns[r.patterns[id].kind].sign + r.patterns[id].path)
	}
	return b.String()
}

// Filter is what the list of pairs is limited to.
type Filter struct {
	Status  StatusFilter
	Type    string // "" for all
	Text    string
	Pattern string // "" for all
}

// Filter is what the list of pairs is limited to now.
func (m *Model) Filter() Filter {
	if m.found == nil {
		return Filter{}
	}
	f := &m.found.filter
	out := Filter{Status: f.status, Type: f.kind, Text: f.text}
	if p := f.pattern; p != nil {
		out.Pattern = p.path + " " + p.kind.String()
	}
	return out
}

// FilterStatus lists pairs of some statuses.
func (m *Model) FilterStatus(s StatusFilter) {
	if m.found != nil {
		f := m.found.filter
		f.status = s
		m.setFilter(f)
	}
}

// FilterText lists pairs whose key has a text in it.
func (m *Model) FilterText(text string) {
	if m.found != nil {
		f := m.found.filter
		f.text = strings.ToLower(strings.TrimSpace(text))
		m.setFilter(f)
	}
}

// ClearFilter lists all pairs.
func (m *Model) ClearFilter() { m.setFilter(filter{}) }

func (m *Model) setFilter(f filter) {
	if m.found == nil {
		return
	}
	m.found.filter = f
	m.found.refilter()
	m.Changed(Results)
}

// PairsTitle counts what is listed.
func (m *Model) PairsTitle() string {
	if m.found == nil {
		return "Pairs"
	}
	if all := len(m.found.pairs); len(m.found.shown) != all {
		return fmt.Sprintf("Pairs  %s of %s", screen.Count(len(m.found.shown)), screen.Count(all))
	}
	return "Pairs  " + screen.Count(len(m.found.pairs))
}

// OpenRow is the row of the open pair in the list, -1 if it is not in it.
func (m *Model) OpenRow() int {
	if m.found == nil || m.open.index < 0 {
		return -1
	}
	shown := m.found.shown
	lo, hi := 0, len(shown)
	for lo < hi {
		if mid := (lo + hi) / 2; int(shown[mid]) < m.open.index {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(shown) && int(shown[lo]) == m.open.index {
		return lo
	}
	return -1
}
