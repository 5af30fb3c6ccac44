package comparing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"trestle/internal/compare"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// ruleBook is the rules with their switches, what can be undone, and where they are kept.
type ruleBook struct {
	m        *Model
	key      []string // of the rule file
	list     []rule
	undo     []step
	redo     []step
	home     home
	revision int64
	storing  bool // they are being written
	unsaved  bool // and have changed since

	project *setup // those of the project while others are in use
}

// step is the rules before a change, and what the change was.
type step struct {
	list  []rule
	words string
}

// rule is one rule; a rule that is off stays in the list and does nothing.
type rule struct {
	one *compare.Rules // with this one rule
	off bool
}

// rulesOf takes rules apart.
func rulesOf(r *compare.Rules, off bool) (list []rule) {
	if r == nil {
		return nil
	}
	for _, x := range r.Ignore {
		list = append(list, rule{&compare.Rules{Ignore: []compare.Ignore{x}}, off})
	}
	for _, x := range r.Normalise {
		list = append(list, rule{&compare.Rules{Normalise: []compare.Normaliser{x}}, off})
	}
	for _, x := range r.Expect {
		list = append(list, rule{&compare.Rules{Expect: []compare.Expectation{x}}, off})
	}
	for _, x := range r.Tables {
		list = append(list, rule{&compare.Rules{Tables: []compare.CodeTable{x}}, off})
	}
	return list
}

// joined puts the rules that are on, or off, together.
func (b *ruleBook) joined(off bool) *compare.Rules {
	r := &compare.Rules{}
	for _, x := range b.list {
		if x.off == off {
			r = r.With(x.one)
		}
	}
	if !off {
		r.Key = slices.Clone(b.key)
	}
	return r
}

// active are the rules that are on.
func (b *ruleBook) active() *compare.Rules { return b.joined(false) }

// words sums the rules up.
func (b *ruleBook) words() string {
	words := b.active().String()
	if b.home != projectRules && !(b.m.masked && b.home.kind == "") { // a folder may be called by a patient's name
		words += " of " + b.home.name
	}
	return words
}

// change puts other rules in the place of those that are there, which can be taken back, and compares again.
func (b *ruleBook) change(list []rule, words string) {
	b.undo = append(b.undo, step{b.list, words})
	b.redo = nil
	b.list = list
	b.changed()
	b.m.Say(screen.News{Text: words + ".", Offer: "Undo"}, b.m.Undo)
}

func (b *ruleBook) changed() {
	b.m.Changed(Rules | Sides)
	b.store()
	b.m.compare()
	if b.m.open.ready && b.m.IsSet() { // at once, and not only when the set is through
		b.m.open.read()
	}
}

// add adds the rules that r has and the book has not.
func (b *ruleBook) add(r *compare.Rules, words string) {
	list := slices.Clone(b.list)
	for _, x := range rulesOf(r, false) {
		known := slices.IndexFunc(list, func(y rule) bool { return sentence(y.one, false) == sentence(x.one, false) })
		if known >= 0 {
			list[known].off = false
			continue
		}
		list = append(list, x)
	}
	b.change(list, words)
}

// IgnoreHere leaves the place of the current difference out; IgnoreEverywhere does so in every such segment and
// repetition.
func (m *Model) IgnoreHere() {
	if d := m.open.difference(); d != nil {
		r := (*compare.Rules)(nil).IgnoreHere(d)
		m.rules.add(r, r.Ignore[0].Path+" is left out")
	}
}

// IgnoreEverywhere leaves the place of the current difference out in every such segment and repetition.
func (m *Model) IgnoreEverywhere() {
	if d := m.open.difference(); d != nil {
		m.rules.add((*compare.Rules)(nil).IgnoreEverywhere(d), d.General()+" is left out everywhere")
	}
}

// ExpectThis expects the change that the current difference is, with its values, at every such place.
func (m *Model) ExpectThis() {
	if d := m.open.difference(); d != nil {
		m.rules.add((*compare.Rules)(nil).ExpectThis(d), "This change of "+d.General()+" is expected")
	}
}

// IgnorePattern leaves the place of a pattern out; ExpectPattern expects all its differences.
func (m *Model) IgnorePattern(row int) {
	if p := m.pattern(row); p != nil {
		m.rules.add(&compare.Rules{Ignore: []compare.Ignore{{Path: p.path}}}, p.path+" is left out everywhere")
	}
}

// ExpectPattern expects all differences of a pattern.
func (m *Model) ExpectPattern(row int) {
	if p := m.pattern(row); p != nil {
		r := (*compare.Rules)(nil).ExpectPattern(compare.Pattern{Path: p.path, Kind: p.kind})
		m.rules.add(r, p.path+" "+p.kind.String()+" is expected")
	}
}

// Undo takes the last change of the rules back.
func (m *Model) Undo() { m.rules.travel(&m.rules.undo, &m.rules.redo) }

// Redo takes an Undo back.
func (m *Model) Redo() { m.rules.travel(&m.rules.redo, &m.rules.undo) }

// CanUndo and CanRedo say what would be undone or done again, "" for nothing.
func (m *Model) CanUndo() string { return last(m.rules.undo) }

// CanRedo says what would be done again, "" for nothing.
func (m *Model) CanRedo() string { return last(m.rules.redo) }

func last(steps []step) string {
	if len(steps) == 0 {
		return ""
	}
	return steps[len(steps)-1].words
}

func (b *ruleBook) travel(from, to *[]step) {
	n := len(*from)
	if n == 0 {
		return
	}
	s := (*from)[n-1]
	*from = (*from)[:n-1]
	*to = append(*to, step{b.list, s.words})
	b.list = s.list
	b.m.Say(screen.News{}, nil)
	b.changed()
}

// SwitchRule turns a rule on or off.
func (m *Model) SwitchRule(row int) {
	b := &m.rules
	if row < 0 || row >= len(b.list) {
		return
	}
	list := slices.Clone(b.list)
	list[row].off = !list[row].off
	words := "A rule is on"
	if list[row].off {
		words = "A rule is off"
	}
	b.change(list, words)
}

// DeleteRule removes a rule.
func (m *Model) DeleteRule(row int) {
	if row >= 0 && row < len(m.rules.list) {
		m.rules.change(slices.Delete(slices.Clone(m.rules.list), row, row+1), "A rule was removed")
	}
}

// RulesText is the rules that are on as the file that they are.
func (m *Model) RulesText() string {
	b, err := m.rules.active().Marshal()
	if err != nil {
		return "# " + err.Error()
	}
	return string(b)
}

// SetRulesText puts rules as text in the place of those that are on. An error says what is wrong with the text.
func (m *Model) SetRulesText(text string) error {
	r, err := compare.ParseRules([]byte(text))
	if err != nil {
		return err
	}
	m.rules.replace(r, "The rules were edited")
	return nil
}

// replace puts rules in the place of those that are on; those that are off stay.
func (b *ruleBook) replace(r *compare.Rules, words string) {
	list := rulesOf(r, false)
	for _, x := range b.list {
		if x.off {
			list = append(list, x)
		}
	}
	b.key = slices.Clone(r.Key)
	b.change(list, words)
}

// ImportRules adds the rules of a file.
func (m *Model) ImportRules(path string) {
	job.Start(m.ctx, m.runner, func(context.Context) (*compare.Rules, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return compare.ParseRules(b)
	}, func(r *compare.Rules, err error) {
		if err != nil {
			m.Fail("The rules were not read", err)
			return
		}
		if len(r.Key) > 0 {
			m.rules.key = r.Key
		}
		m.rules.add(r, "The rules of the file were added")
	})
}

// ExportRules writes the rules that are on to a file, for trestle compare --rules. Values of patients may be in them: the
// access log keeps that it was done.
func (m *Model) ExportRules(path string) {
	r := m.rules.active()
	n := len(rulesOf(r, false))
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		b, err := r.Marshal()
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err == nil {
			err = m.store.LogExport(ctx, "comparison rules", n, path)
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The rules were not written", err)
			return
		}
		m.Say(screen.News{Text: screen.Plural(n, "rule") + " written."}, nil)
	})
}

var ruleColumns = []screen.Column{
	{ID: "rule", Title: "Rule", Width: 200, MinWidth: 120, Flex: true, Fixed: true},
	{ID: "count", Title: "Differences", Width: 90, MinWidth: 60, Right: true, Fixed: true},
	{ID: "why", Title: "Why", Width: 120, MinWidth: 60, Flex: true, Fixed: true},
}

// RuleList is the rules as sentences, each with a switch.
func (m *Model) RuleList() screen.Grid { return (*ruleGrid)(m) }

// RuleCount is how many rules are on, and how many there are.
func (m *Model) RuleCount() (on, all int) {
	for _, x := range m.rules.list {
		if !x.off {
			on++
		}
	}
	return on, len(m.rules.list)
}

type ruleGrid Model

func (g *ruleGrid) Columns() []screen.Column { return ruleColumns }
func (g *ruleGrid) Len() int                 { return len(g.rules.list) }

func (g *ruleGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	x := g.rules.list[row]
	role := screen.RoleText
	if x.off {
		role = screen.RoleMuted
	}
	switch ruleColumns[col].ID {
	case "rule":
		c := screen.Cell{Text: sentence(x.one, g.masked), Switch: screen.SwitchOn, Role: role}
		if x.off {
			c.Switch = screen.SwitchOff
		}
		return c
	case "why":
		return screen.Cell{Text: why(x.one), Role: screen.RoleMuted, Masked: g.masked && why(x.one) != ""}
	}
	return (*Model)(g).ruleCount(x)
}

// ruleCount says of how many differences a rule spoke. One that speaks of none may be out of date.
func (m *Model) ruleCount(x rule) screen.Cell {
	if x.off || m.found == nil || m.found.summary == nil {
		return screen.Cell{}
	}
	for _, c := range m.found.summary.Rules {
		if c.Rule == engineWords(x.one) {
			if c.Count == 0 {
				return screen.Cell{Text: "none", Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
			}
			return screen.Cell{Text: screen.Count(c.Count)}
		}
	}
	return screen.Cell{}
}

// engineWords are what the engine calls a rule.
func engineWords(r *compare.Rules) string {
	switch {
	case len(r.Ignore) > 0:
		return "ignore " + r.Ignore[0].Path
	case len(r.Normalise) > 0:
		return "normalise " + r.Normalise[0].Path
	case len(r.Expect) > 0:
		return "expect " + r.Expect[0].Path
	case len(r.Tables) > 0:
		return "table " + r.Tables[0].Name + " " + r.Tables[0].Path
	}
	return ""
}

func why(r *compare.Rules) string {
	switch {
	case len(r.Ignore) > 0:
		return r.Ignore[0].Why
	case len(r.Normalise) > 0:
		return r.Normalise[0].Why
	case len(r.Expect) > 0:
		return r.Expect[0].Why
	}
	return ""
}

// sentence says a rule in words; under the mask without values, which may be a patient's.
func sentence(r *compare.Rules, masked bool) string {
	value := func(s string) string {
		if masked {
			return compare.Masked
		}
		return s
	}
	where := func(text string) string {
		if text == "" {
			return ""
		}
		return " where " + value(text)
	}
	switch {
	case len(r.Ignore) > 0:
		x := r.Ignore[0]
		return "leave out " + x.Path + where(x.Where)
	case len(r.Normalise) > 0:
		x := r.Normalise[0]
		with := slices.Clone(x.With)
		if x.Replace != "" {
			with = append(with, fmt.Sprintf("%s read as %q", value(x.Replace), value(x.By)))
		}
		return "take " + x.Path + " for equal by " + strings.Join(with, ", ") + where(x.Where)
	case len(r.Expect) > 0:
		x := r.Expect[0]
		words := "expect " + x.Path + " " + x.Kind
		if x.Kind == "" {
			words = "expect any change of " + x.Path
		}
		if x.Left != "" {
			words += " from " + value(x.Left)
		}
		if x.Right != "" {
			words += " to " + value(x.Right)
		}
		return words + where(x.Where)
	case len(r.Tables) > 0:
		x := r.Tables[0]
		return fmt.Sprintf("expect the codes of %s by a table of %s%s", x.Path, screen.Plural(len(x.Codes), "code"), where(x.Where))
	}
	return ""
}

// load reads the rules of the project.
func (b *ruleBook) load() {
	job.Start(b.m.ctx, b.m.runner, func(ctx context.Context) (*setup, error) { return b.m.readSetup(ctx, projectRules) }, func(s *setup, err error) {
		switch {
		case err != nil:
			b.m.Fail("The rules could not be read", err)
		case s != nil && b.home == projectRules && len(b.list) == 0:
			b.set(s, projectRules)
			b.m.Changed(Rules | Sides)
		}
	})
}

func (b *ruleBook) set(s *setup, h home) {
	b.list = append(rulesOf(s.Rules, false), rulesOf(s.Off, true)...)
	b.key, b.revision, b.home = nil, s.revision, h
	if s.Rules != nil {
		b.key = s.Rules.Key
	}
	b.undo, b.redo = nil, nil
}

// take takes over the rules of a baseline; those of the project stay for later.
func (b *ruleBook) take(s *setup, h home) {
	if b.home == projectRules {
		b.project = b.setup()
	}
	b.set(s, h)
	b.m.Changed(Rules)
}

// leave goes back to the rules of the project.
func (b *ruleBook) leave() {
	s := b.project
	if s == nil {
		s = &setup{}
	}
	b.project = nil
	b.set(s, projectRules)
	b.m.Changed(Rules)
}

// setup is what is stored.
func (b *ruleBook) setup() *setup {
	return &setup{Rules: b.active(), Off: b.joined(true), Pairing: b.m.pairing.Way.String(), revision: b.revision}
}

// store writes the rules where they came from, one writing after the other. Those of a folder are not written back: that is
// for ExportRules.
func (b *ruleBook) store() {
	if b.home.kind == "" {
		return
	}
	if b.storing {
		b.unsaved = true
		return
	}
	b.storing, b.unsaved = true, false
	where, s := b.home, b.setup()
	job.Start(b.m.ctx, b.m.runner, func(ctx context.Context) (int64, error) { return b.m.writeSetup(ctx, where, s) }, func(revision int64, err error) {
		b.storing = false
		if err != nil {
			if errors.Is(err, workspace.ErrChanged) {
				err = errors.New("they were changed elsewhere meanwhile; export yours, and open the project again")
			}
			b.m.Fail("The rules were not kept in the project", err)
			return
		}
		if b.home == where {
			b.revision = revision
		} else if b.project != nil && where == projectRules {
			b.project.revision = revision
		}
		if b.unsaved {
			b.store()
		}
	})
}
