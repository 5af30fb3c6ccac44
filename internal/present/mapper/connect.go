package mapper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// Join says how a source is joined with a target that has a rule already.
type Join uint8

// The ways.
const (
	JoinRule    Join = iota // one more rule for the target
	JoinSource              // one more source of its rule: the values are taken in order
	JoinReplace             // in the place of what its rule reads
	JoinBefore              // one more rule, before those that write parts of the target: these have the last word
)

// MarkSources keeps the sources in rows as those that [Model.ConnectMarked] joins with a target; none takes the marks away.
func (m *Model) MarkSources(rows []int) {
	if m.doc == nil {
		return
	}
	s := &m.doc.sides[0]
	clear(s.marked)
	for _, row := range rows {
		if row >= 0 && row < len(s.rows) {
			s.marked[s.nodes[s.rows[row]].key] = true
		}
	}
	m.changed(Trees)
}

// Marked says how many sources are marked.
func (m *Model) Marked() int {
	if m.doc == nil {
		return 0
	}
	return len(m.doc.sides[0].marked)
}

// MarkedRows are the rows of the sources that are marked, where they show.
func (m *Model) MarkedRows() (rows []int) {
	if m.doc == nil {
		return nil
	}
	s := &m.doc.sides[0]
	for key := range s.marked {
		if i := s.find(key); i >= 0 && s.rowOf[i] >= 0 {
			rows = append(rows, int(s.rowOf[i]))
		}
	}
	slices.Sort(rows)
	return rows
}

// RuleAt is the first rule that writes what stands in a row of the target, "" for none.
func (m *Model) RuleAt(target int) string {
	if rules := m.RulesAt(true, target); len(rules) > 0 {
		return rules[0]
	}
	return ""
}

// PartsAt are the rules that write parts of what stands in a row of the target, in order. A rule for the whole that comes
// after them replaces what they wrote.
func (m *Model) PartsAt(target int) []string {
	d := m.doc
	if d == nil {
		return nil
	}
	s := m.sideOf(true)
	if target < 0 || target >= len(s.rows) {
		return nil
	}
	return d.partsOf(&s.nodes[s.rows[target]])
}

func (d *document) partsOf(n *node) (rules []string) {
	for _, r := range d.rows {
		if r.rule != nil && r.block.ID == n.block && n.to != "" && r.rule.Status != mapping.OutOfScope && strings.HasPrefix(r.rule.To, n.to+".") {
			rules = append(rules, r.rule.ID)
		}
	}
	return rules
}

// beforeParts is the row after which a rule goes that shall not replace what others write of parts of its target: that
// before the first of them, else the last of the block.
func (d *document) beforeParts(n *node) int {
	if parts := d.partsOf(n); len(parts) > 0 {
		return d.index[parts[0]] - 1
	}
	at := d.index[n.block]
	return at + len(d.rows[at].block.Rules)
}

// RulesAt are the rules that read or write what stands in a row of a side.
func (m *Model) RulesAt(target bool, row int) (rules []string) {
	d := m.doc
	if d == nil {
		return nil
	}
	s := m.sideOf(target)
	if row < 0 || row >= len(s.rows) {
		return nil
	}
	i := s.rows[row]
	if target {
		n := &s.nodes[i]
		for _, r := range d.rows {
			if r.rule != nil && r.block.ID == n.block && n.to != "" && r.rule.To == n.to {
				rules = append(rules, r.rule.ID)
			}
		}
		return rules
	}
	for _, x := range d.lines.all {
		if x.left == i && !slices.Contains(rules, x.rule) {
			rules = append(rules, x.rule)
		}
	}
	return rules
}

// Connect joins the sources in rows with the target in a row, and chooses the rule. An error says why it cannot.
func (m *Model) Connect(sources []int, target int, how Join) error {
	d := m.doc
	if d == nil {
		return nil
	}
	left, right := &d.sides[0], &d.sides[1]
	if target < 0 || target >= len(right.rows) {
		return nil
	}
	n := right.nodes[right.rows[target]]
	if n.to == "" {
		return errors.New("choose a place below it; a whole block is mapped by what it loops over (Map all children)")
	}
	var paths []string
	for _, row := range sources {
		if row < 0 || row >= len(left.rows) {
			continue
		}
		x := &left.nodes[left.rows[row]]
		if left.isHL7() && !strings.Contains(x.key, "-") {
			return fmt.Errorf("%s is a whole segment; choose a field of it, or map all its children", x.key)
		}
		paths = append(paths, d.written(x.key, n.block))
	}
	if len(paths) == 0 {
		return nil
	}
	at, ok := d.index[n.block]
	if !ok {
		return nil
	}
	block := d.rows[at].block
	words := "Map " + strings.Join(paths, ", ") + " to " + n.to
	rule := m.RuleAt(target)
	if rule == "" || how == JoinRule || how == JoinBefore {
		r := mapping.Rule{To: n.to, From: paths, Status: mapping.Draft}
		d.loopFor(&r, &n)
		after := at + len(block.Rules)
		if how == JoinBefore {
			after = d.beforeParts(&n)
		}
		m.addRule(after, r, words)
		return nil
	}
	keys := d.keysOf(n.block, mapping.Rule{From: paths})
	m.Edit(words, func(e *Edit) bool {
		e.takeIn(keys)
		r := e.Rule(n.block, rule)
		if how == JoinSource && r.Value == "" && len(r.Inputs) > 0 {
			for _, p := range paths {
				r.Inputs = append(slices.Clip(r.Inputs), mapping.Input{Name: inputName(len(r.Inputs)), Path: p})
			}
			return true
		}
		if how == JoinReplace || r.Value != "" {
			r.From, r.Inputs, r.Value, r.Formula = nil, nil, "", ""
		}
		r.From = append(slices.Clip(r.From), paths...)
		return true
	})
	m.Choose(rule)
	return nil
}

// keysOf are the keys of what rules of a block read.
func (d *document) keysOf(block string, rules ...mapping.Rule) (keys []string) {
	loops := loopsOf(d.file)[block]
	for i := range rules {
		keys = append(keys, sourceKeys(d.file.Source.Kind, loops, &rules[i])...)
	}
	return keys
}

// takeIn takes fields that are mapped now out of what is left out on purpose, with their parts; and a field of which a part
// is mapped. A whole segment that is left out stays so but for them.
func (e *Edit) takeIn(keys []string) {
	kind := e.File.Source.Kind
	kept := slices.DeleteFunc(slices.Clone(e.File.LeftOut), func(l mapping.LeftOut) bool {
		out := sourceKey(kind, nil, "", strings.TrimSpace(l.Path))
		return out != "" && slices.ContainsFunc(keys, func(key string) bool {
			return out == key || strings.HasPrefix(out, key+".") || kind == mapping.HL7v2 && strings.Contains(out, "-") && strings.HasPrefix(key, out+".")
		})
	})
	if len(kept) < len(e.File.LeftOut) {
		e.File.LeftOut = kept
	}
}

// written is a path of the source as a rule of a block writes it: relative to the item that the block stands at.
func (d *document) written(key, block string) string {
	if d.file.Source.Kind == mapping.HL7v2 || d.file.Source.Kind.HasRows() {
		return key
	}
	if loops := loopsOf(d.file)[block]; len(loops) > 0 {
		base := treeKey(loops[1:], "", loops[0])
		if rest, ok := strings.CutPrefix(key, base+"."); ok {
			return rest
		}
		return "/" + key
	}
	return key
}

// loopFor gives a rule that fills a list from a field that repeats a loop over it.
func (d *document) loopFor(r *mapping.Rule, n *node) {
	if len(r.From) != 1 || !strings.Contains(n.to, "[]") || d.file.Source.Kind != mapping.HL7v2 {
		return
	}
	field, _, _ := strings.Cut(r.From[0], ".")
	segment, number, ok := strings.Cut(field, "-")
	if !ok {
		return
	}
	def, known := version(d.file.Source).Segment(segment)
	for i := range defFields(def, known) {
		if f := &def.Fields[i]; f.Position > 0 && itoa(f.Position) == number && f.Repeat != 1 {
			r.Each = field
		}
	}
}

// sideOf is one of the sides.
func (m *Model) sideOf(target bool) *side {
	if target {
		return &m.doc.sides[1]
	}
	return &m.doc.sides[0]
}

// MapChildren joins what is below a source with what is below a target by name, where neither has a rule yet, as one step
// that can be undone. It returns how many rules that makes.
func (m *Model) MapChildren(source, target int) int {
	d := m.doc
	if d == nil || source < 0 || target < 0 {
		return 0
	}
	left, right := &d.sides[0], &d.sides[1]
	if source >= len(left.rows) || target >= len(right.rows) {
		return 0
	}
	right.deepen(right.rows[target])
	a, b := &left.nodes[left.rows[source]], &right.nodes[right.rows[target]]
	block := b.block
	var rules []mapping.Rule
	used := map[int32]bool{}
	for _, k := range b.kids {
		t := &right.nodes[k]
		if t.to == "" || t.rules > 0 {
			continue
		}
		if from := alike(left, right, a, t, used); from >= 0 {
			used[from] = true
			r := mapping.Rule{To: t.to, From: []string{d.written(left.nodes[from].key, block)}, Status: mapping.Draft}
			d.loopFor(&r, t)
			rules = append(rules, r)
		}
	}
	at, ok := d.index[block]
	if len(rules) == 0 || !ok {
		m.Say(screen.News{Text: "Nothing below " + a.key + " is named like something below " + right.title(b) + " that has no rule yet.", Bad: true}, nil)
		return 0
	}
	x := d.rows[at].block
	for i := range rules {
		rules[i].ID = d.ruleID(x)
	}
	keys := d.keysOf(block, rules...)
	m.Edit(fmt.Sprintf("Map the children of %s", a.key), func(e *Edit) bool {
		e.takeIn(keys)
		y := e.Block(block)
		e.Insert(y, len(y.Rules), rules...)
		return true
	})
	m.Choose(rules[0].ID)
	m.Say(screen.News{Text: screen.Plural(len(rules), "rule") + " added by name, as drafts.", Offer: "Undo"}, m.Undo)
	return len(rules)
}

// alike is the child of a source that goes where a target is: at the same place of the same segment, or of the same name.
func alike(left, right *side, parent *node, t *node, used map[int32]bool) int32 {
	for _, k := range parent.kids {
		s := &left.nodes[k]
		if used[k] {
			continue
		}
		if left.isHL7() && right.isHL7() {
			if s.key == t.to || suffix(s.key) == suffix(t.to) && suffix(t.to) != "" {
				return k
			}
			continue
		}
		for _, name := range []string{s.name, s.about} {
			for _, other := range []string{bare(t.name), t.about} {
				if l := letters(name); l != "" && l == letters(other) {
					return k
				}
			}
		}
	}
	return none
}

// suffix is the number of a field or component.
func suffix(path string) string {
	if cut := strings.LastIndexAny(path, "-."); cut >= 0 {
		return path[cut:]
	}
	return ""
}

// letters are the letters and digits of a name in lower case.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// NewBlock is a block that is to be added: what it makes, and what for.
type NewBlock struct {
	Make, Per, When string
	Into            string // the ID of the block that it shall stand in, "" for none
}

// Makes are what a block can make: resources of FHIR, segments of HL7 v2.
func (m *Model) Makes(text string) (out []Completion) {
	if m.doc == nil {
		return nil
	}
	low := strings.ToLower(strings.TrimSpace(text))
	switch e := m.doc.file.Target; e.Kind {
	case mapping.FHIR:
		for _, name := range fhir.R4().Types() {
			if fhir.R4().IsResource(name) && strings.HasPrefix(strings.ToLower(name), low) {
				out = append(out, Completion{name, ""})
			}
		}
	case mapping.HL7v2:
		for _, s := range version(e).Segments() {
			if strings.HasPrefix(strings.ToLower(s.ID), low) || low != "" && holdsFold(s.Name, low) {
				out = append(out, Completion{s.ID, s.Name})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Completion) int { return len(a.Text) - len(b.Text) })
	return out[:min(len(out), maxCompletions)]
}

// Loops are what a block can run over.
func (m *Model) Loops(text string) []Completion {
	if m.doc == nil {
		return nil
	}
	return m.doc.sides[0].complete(strings.TrimSpace(text), "")
}

// AddBlock adds a block after the others and chooses it. An error says what is to be given.
func (m *Model) AddBlock(n NewBlock) error {
	d := m.doc
	if d == nil {
		return nil
	}
	n.Make, n.Per, n.When = strings.TrimSpace(n.Make), strings.TrimSpace(n.Per), strings.TrimSpace(n.When)
	switch {
	case n.Make == "" && d.file.Target.Kind == mapping.FHIR:
		return errors.New("name the resource that it makes, such as Patient")
	case n.Make == "" && d.file.Target.Kind == mapping.HL7v2:
		return errors.New("name the segment that it makes, such as PID")
	case n.Make == "":
		return errors.New("name the path of the object that it makes, such as patient, or . for the whole document")
	case d.file.Target.Kind == mapping.FHIR && !fhir.R4().IsResource(n.Make):
		return fmt.Errorf("FHIR R4 has no resource %q", n.Make)
	}
	id := d.blockID(n.Make)
	b := mapping.Block{ID: id, Make: n.Make, Per: n.Per, When: n.When}
	m.Edit("Add a block for "+n.Make, func(e *Edit) bool {
		list := &e.File.Blocks
		if n.Into != "" {
			if outer := e.Block(n.Into); outer != nil {
				list = &outer.Blocks
			}
		}
		*list = append(slices.Clip(*list), b)
		return true
	})
	if s := &d.sides[1]; s.find(blockKey(id)) >= 0 {
		s.open[blockKey(id)] = true
		d.arrange()
	}
	m.Choose(id)
	m.changed(Trees)
	return nil
}

func (d *document) blockID(name string) string {
	id := "b-" + identifier(name)
	for n := 2; ; n++ {
		if _, taken := d.index[id]; !taken {
			return id
		}
		id = fmt.Sprintf("b-%s-%d", identifier(name), n)
	}
}
