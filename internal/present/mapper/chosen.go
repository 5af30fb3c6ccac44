package mapper

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// chosen is the rule that is looked at, with its values in the sample that is shown.
type chosen struct {
	d    *document
	id   string // of the rule, or of a block
	turn int    // which of its traces is shown, from 0
	// instead: it stands in for one that is gone, and nobody went to it.
	instead bool
}

// settle keeps the turn within what the rule did in the sample.
func (c *chosen) settle() {
	c.turn = min(max(c.turn, 0), max(len(c.d.preview.traces[c.id])-1, 0))
}

// keepChoice chooses something near when what was chosen is gone: what writes or reads where the user is, else the block
// that he is in, else the first rule.
func (d *document) keepChoice() {
	c := &d.chosen
	if _, ok := d.index[c.id]; ok {
		return
	}
	c.instead = c.id != ""
	c.turn = 0
	c.id = ""
	if c.instead {
		if c.id = d.ruleNear(); c.id != "" {
			return
		}
	}
	for _, r := range d.rows {
		if r.rule != nil {
			c.id = r.rule.ID
			return
		}
	}
}

// ruleNear is a rule of the row of the target that the user is on, else of that of the source, else the block of the target's
// row; "" for none.
func (d *document) ruleNear() string {
	at := [2]int32{d.sides[0].find(d.sides[0].cursor), d.sides[1].find(d.sides[1].cursor)}
	near := ""
	for _, x := range d.lines.all {
		if x.right == at[1] && at[1] >= 0 {
			return x.rule
		}
		if near == "" && x.left == at[0] && at[0] >= 0 {
			near = x.rule
		}
	}
	if near == "" && at[1] >= 0 {
		near = d.sides[1].nodes[at[1]].block
	}
	if _, ok := d.index[near]; !ok {
		return ""
	}
	return near
}

// StandsIn says whether the rule that is looked at stands in for one that is gone, as after Undo: nobody went to it, and the
// user stays where he is.
func (m *Model) StandsIn() bool { return m.doc != nil && m.doc.chosen.instead }

// Choose looks at a rule, or at a block.
func (m *Model) Choose(id string) {
	d := m.doc
	if d == nil || d.chosen.id == id {
		if d != nil {
			d.chosen.instead = false
		}
		return
	}
	if _, ok := d.index[id]; !ok {
		return
	}
	d.chosen.id, d.chosen.turn, d.chosen.instead = id, 0, false
	for i, at := range d.preview.traces[id] { // one that wrote something says more
		if d.preview.shown.Traces[at].Fired() {
			d.chosen.turn = i
			break
		}
	}
	if d.preview.result != nil {
		d.preview.result.mark(id)
	}
	m.changed(Chosen)
}

// Chosen is the ID of the rule or block that is looked at, "" for none.
func (m *Model) Chosen() string {
	if m.doc == nil {
		return ""
	}
	return m.doc.chosen.id
}

// chosenRow is the row of what is looked at.
func (m *Model) chosenRow() (row, bool) {
	if m.doc == nil {
		return row{}, false
	}
	at, ok := m.doc.index[m.doc.chosen.id]
	if !ok {
		return row{}, false
	}
	return m.doc.rows[at], true
}

// RuleTitle says which rule is looked at, and what is wrong with it or what it did.
type RuleTitle struct {
	Text  string // pid-11  PID-8 → Patient.gender
	Block bool   // it is a block
	Words string // what the rule did in this sample, or why it did nothing
	Role  screen.Role
	Shape screen.Shape
}

// RuleTitle is the title of what is looked at; false while nothing is.
func (m *Model) RuleTitle() (RuleTitle, bool) {
	r, ok := m.chosenRow()
	if !ok {
		return RuleTitle{}, false
	}
	if r.rule == nil {
		t := RuleTitle{Text: r.block.ID + "  makes " + r.block.Make, Block: true}
		if p := m.doc.preview.byRule[r.block.ID]; p != "" {
			t.Words, t.Role, t.Shape = p, screen.RoleError, screen.ShapeSquare
		}
		return t, true
	}
	t := RuleTitle{Text: r.rule.ID + "  " + shown(m, r) + " → " + r.block.Make + "." + r.rule.To}
	if r.rule.To == "" {
		t.Text = r.rule.ID + "  " + shown(m, r) + " → …"
	}
	t.Words, t.Role, t.Shape = m.doc.chosen.words()
	return t, true
}

// shown are the sources of a rule as they are shown in its title.
func shown(m *Model, r row) string {
	text := sourcesText(r.rule)
	if text == "" {
		return "…"
	}
	return text
}

// trace is what the rule did at the turn that is shown, nil where it was not asked.
func (c *chosen) trace() *mapping.Trace {
	p := &c.d.preview
	list := p.traces[c.id]
	if p.shown == nil || c.turn >= len(list) {
		return nil
	}
	return &p.shown.Traces[list[c.turn]]
}

// words say what became of the rule at this turn.
func (c *chosen) words() (text string, role screen.Role, shape screen.Shape) {
	d := c.d
	if p := d.preview.byRule[c.id]; p != "" {
		return p, screen.RoleError, screen.ShapeSquare
	}
	r := d.rows[d.index[c.id]].rule
	if r.Status == mapping.OutOfScope {
		return "The rule is out of scope and does not run.", screen.RoleMuted, screen.ShapeRing
	}
	if d.preview.failure != "" {
		return d.preview.failure, screen.RoleError, screen.ShapeSquare
	}
	t := c.trace()
	switch {
	case len(d.samples.list) == 0:
		return "Choose samples to see its values.", screen.RoleMuted, screen.ShapeNone
	case t == nil:
		return "This sample has nothing for which its block is made.", screen.RoleMuted, screen.ShapeRing
	case len(t.Warnings) > 0:
		return strings.Join(t.Warnings, "; "), screen.RoleWarning, screen.ShapeTriangle
	case t.Condition == mapping.Failed:
		return "Its condition does not hold here.", screen.RoleMuted, screen.ShapeRing
	case t.Skipped != "":
		return "It did not run: " + t.Skipped + ".", screen.RoleMuted, screen.ShapeRing
	case !t.Fired():
		return "Nothing came out.", screen.RoleMuted, screen.ShapeRing
	}
	return "", screen.RoleOK, screen.ShapeCircle
}

// Turns says how often the rule was asked in this sample, and which time is shown, from 0.
func (m *Model) Turns() (n, at int) {
	if m.doc == nil {
		return 0, 0
	}
	return len(m.doc.preview.traces[m.doc.chosen.id]), m.doc.chosen.turn
}

// StepTurn shows what the rule did at the next repetition, or at the one before.
func (m *Model) StepTurn(by int) {
	d := m.doc
	if d == nil {
		return
	}
	before := d.chosen.turn
	d.chosen.turn += by
	if d.chosen.settle(); d.chosen.turn != before {
		m.changed(Chosen)
	}
}

// TurnWords say which repetition is shown, "" where there is only one.
func (m *Model) TurnWords() string {
	n, at := m.Turns()
	if n < 2 {
		return ""
	}
	words := fmt.Sprintf("%d of %d", at+1, n)
	if t := m.doc.chosen.trace(); t != nil && t.Repetition > 0 {
		words += fmt.Sprintf("  (turn %d, repetition %d)", t.Turn, t.Repetition)
	}
	return words
}

// ChipKind says what a chip stands for.
type ChipKind uint8

// The kinds of chips.
const (
	SourceChip ChipKind = iota
	FormulaChip
	FunctionChip
	DefaultChip
	TargetChip
)

// Chip is one step from the source to the target, with what is there after it.
type Chip struct {
	Kind   ChipKind
	Text   string // PID-8, lookup: sex
	Value  string // what came out of it at the turn that is shown
	Masked bool
	At     int  // of a function: its place among those of the rule; -1 for one that the type of the target brings along
	Reads  bool // of a source: something stands there
}

// Chips are the steps of the rule that is looked at, in order.
func (m *Model) Chips() []Chip {
	r, ok := m.chosenRow()
	if !ok || r.rule == nil {
		return nil
	}
	x, t := r.rule, m.doc.chosen.trace()
	var chips []Chip
	add := func(kind ChipKind, text string, values []string, at int) *Chip {
		c := Chip{Kind: kind, Text: text, Value: strings.Join(values, " | "), At: at}
		c.Masked = m.masked && c.Value != "" && !(kind == SourceChip && x.Value != "")
		chips = append(chips, c)
		return &chips[len(chips)-1]
	}
	if x.Value != "" {
		add(SourceChip, `"`+x.Value+`"`, nil, -1)
	}
	paths := x.From
	for _, in := range x.Inputs {
		paths = append(slices.Clip(paths), in.Path)
	}
	for i, p := range paths {
		var values []string
		if t != nil && i < len(t.Inputs) {
			for _, v := range t.Inputs[i].Values {
				values = append(values, v.Text)
			}
		}
		text := p
		if len(x.Inputs) > i && len(x.From) == 0 {
			text = x.Inputs[i].Name + ": " + p
		}
		add(SourceChip, text, values, i).Reads = len(values) > 0
	}
	steps := []mapping.TraceStep(nil)
	if t != nil {
		steps = t.Steps
	}
	taken := 0
	take := func() []string {
		if taken < len(steps) {
			taken++
			return steps[taken-1].Values
		}
		return nil
	}
	if x.Formula != "" {
		add(FormulaChip, "= "+x.Formula, take(), -1)
	}
	for i, s := range x.Do {
		add(FunctionChip, stepText(s), take(), i)
	}
	if len(x.Do) == 0 && x.Formula == "" && len(steps) > 0 { // what the type of the target asks for
		add(FunctionChip, steps[0].Function, take(), -1)
	}
	if x.Default != "" {
		add(DefaultChip, "else "+x.Default, nil, -1)
	}
	var out []string
	if t != nil {
		out = t.Output
	}
	to := x.To
	if to == "" {
		to = "…"
	}
	add(TargetChip, to, out, -1)
	return chips
}

// RuleField is the text of a part of what is looked at, as [Model.SetRuleField] reads it.
func (m *Model) RuleField(column int) string {
	r, ok := m.chosenRow()
	if !ok {
		return ""
	}
	return cellText(r, column)
}

// SetRuleField changes a part of what is looked at. An error says what is wrong with the text.
func (m *Model) SetRuleField(column int, text string) error {
	r, ok := m.chosenRow()
	if !ok {
		return nil
	}
	return m.setCell(r, column, text)
}

// PutFunction puts a function, as "pad: 8, 0", before the one at a place, or in its place.
func (m *Model) PutFunction(at int, text string, replace bool) error {
	r, ok := m.chosenRow()
	if !ok || r.rule == nil {
		return nil
	}
	steps, err := readSteps(text)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		return nil
	}
	at = min(max(at, 0), len(r.rule.Do))
	end := at
	words := "Add " + steps[0].Name
	if replace && at < len(r.rule.Do) {
		end, words = at+1, "Change "+r.rule.Do[at].Name
	}
	m.doSteps(r, words, slices.Replace(slices.Clone(r.rule.Do), at, end, steps...))
	return nil
}

// RemoveFunction takes a function away.
func (m *Model) RemoveFunction(at int) {
	if r, ok := m.chosenRow(); ok && r.rule != nil && at >= 0 && at < len(r.rule.Do) {
		m.doSteps(r, "Remove "+r.rule.Do[at].Name, slices.Delete(slices.Clone(r.rule.Do), at, at+1))
	}
}

// MoveFunction puts a function before or after its neighbour. It returns where it is then.
func (m *Model) MoveFunction(at, by int) int {
	r, ok := m.chosenRow()
	to := at + by
	if !ok || r.rule == nil || at < 0 || at >= len(r.rule.Do) || to < 0 || to >= len(r.rule.Do) {
		return at
	}
	steps := slices.Clone(r.rule.Do)
	steps[at], steps[to] = steps[to], steps[at]
	m.doSteps(r, "Move "+steps[to].Name, steps)
	return to
}

func (m *Model) doSteps(r row, words string, steps []mapping.Step) {
	m.Edit(words+" in "+r.rule.ID, func(e *Edit) bool {
		e.Rule(r.block.ID, r.rule.ID).Do = steps
		return true
	})
}

// Completion is a text that could be written, and what it means.
type Completion struct{ Text, About string }

// CompleteFunction are the functions that begin with a text, or whose words hold it; after the name of one that asks a
// table, the tables.
func (m *Model) CompleteFunction(text string) []Completion {
	text = strings.TrimLeft(text, " ")
	name, rest, args := strings.Cut(text, ":")
	if args {
		return m.completeArgument(strings.TrimSpace(name), strings.ToLower(strings.TrimSpace(rest)))
	}
	low := strings.ToLower(strings.TrimSpace(text))
	type ranked struct {
		Completion
		rank int
	}
	var list []ranked
	for _, f := range mapping.Functions() {
		rank := 3
		switch {
		case strings.HasPrefix(f.Name, low):
			rank = 0
		case strings.Contains(f.Name, low):
			rank = 1
		case holdsFold(f.Does, low) || holdsFold(f.Group, low):
			rank = 2
		}
		if rank < 3 {
			about := f.Does
			if f.Arguments != "" {
				about = f.Arguments + ": " + about
			}
			list = append(list, ranked{Completion{f.Name, about}, rank})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	out := make([]Completion, len(list))
	for i := range list {
		out[i] = list[i].Completion
	}
	return out
}

// BestFunction completes a text that names no function and no table where there is no doubt which one is meant: the only one
// whose name begins so, or else the only one whose name holds it. false leaves the text as it is.
func (m *Model) BestFunction(text string) (best string, ok bool) {
	name, rest, args := strings.Cut(strings.TrimSpace(text), ":")
	name = strings.TrimSpace(name)
	wanted, before := strings.ToLower(name), ""
	if args {
		wanted, before = strings.ToLower(strings.TrimSpace(rest)), name+": "
	}
	if wanted == "" || args && !slices.Contains(lookupSteps, name) || !args && function(name) != nil {
		return "", false
	}
	var begin, hold []string
	for _, c := range m.CompleteFunction(text) {
		switch offered := strings.ToLower(strings.TrimPrefix(c.Text, before)); {
		case offered == wanted:
			return "", false
		case strings.HasPrefix(offered, wanted):
			begin = append(begin, c.Text)
		case strings.Contains(offered, wanted):
			hold = append(hold, c.Text)
		}
	}
	if len(begin) == 0 {
		begin = hold
	}
	if len(begin) != 1 {
		return "", false
	}
	return begin[0], true
}

func (m *Model) completeArgument(name, low string) (out []Completion) {
	if m.doc == nil || !slices.Contains(lookupSteps, name) {
		if f := function(name); f != nil {
			out = append(out, Completion{name + ": ", f.Arguments + ": " + f.Does})
		}
		return out
	}
	for _, t := range m.doc.file.Tables {
		if strings.Contains(strings.ToLower(t.Name), low) {
			out = append(out, Completion{name + ": " + t.Name, screen.Plural(len(t.Rows.Lines), "row")})
		}
	}
	return out
}

// CompleteSource are paths of the source that hold the last of the paths that are typed.
func (m *Model) CompleteSource(text string) []Completion {
	if m.doc == nil {
		return nil
	}
	head := ""
	if cut := strings.LastIndexAny(text, ",: "); cut >= 0 {
		head, text = text[:cut+1]+" ", text[cut+1:]
		head = strings.Join(strings.Fields(head), " ") + " "
	}
	return m.doc.sides[0].complete(strings.TrimSpace(text), head)
}

// CompleteTarget are places below the block of the rule that is looked at.
func (m *Model) CompleteTarget(text string) []Completion {
	r, ok := m.chosenRow()
	if !ok {
		return nil
	}
	s, low := &m.doc.sides[1], strings.ToLower(strings.TrimSpace(text))
	var out []Completion
	for i := range s.nodes {
		if n := &s.nodes[i]; n.block == r.block.ID && n.to != "" && strings.Contains(strings.ToLower(n.to), low) {
			if out = append(out, Completion{n.to, n.about}); len(out) == maxCompletions {
				break
			}
		}
	}
	return out
}

// maxCompletions is how many are offered: nobody reads on.
const maxCompletions = 40

// complete are the paths of the source that begin with a text, then those whose name holds it.
func (s *side) complete(text, head string) (out []Completion) {
	low := strings.ToLower(text)
	if low == "" {
		return nil
	}
	for _, wanted := range []func(n *node) bool{
		func(n *node) bool { return len(n.key) >= len(low) && strings.EqualFold(n.key[:len(low)], low) },
		func(n *node) bool { return len(low) > 1 && holdsFold(n.about, low) },
	} {
		for i := range s.nodes {
			if n := &s.nodes[i]; wanted(n) && len(out) < maxCompletions && !slices.ContainsFunc(out, func(c Completion) bool { return c.Text == head+n.key }) {
				out = append(out, Completion{head + n.key, n.about})
			}
		}
	}
	return out
}
