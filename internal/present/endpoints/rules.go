package endpoints

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/endpoint/rules"
	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/present/screen"
)

// Columns of the rules.
const (
	colRule = iota
	colFired
)

var ruleColumns = []screen.Column{
	{ID: "rule", Title: "Rules, the first that matches decides", Width: 420, MinWidth: 200, Flex: true, Fixed: true},
	{ID: "fired", Title: "Fired", Width: 64, MinWidth: 48, Right: true, Fixed: true},
}

// RuleList is the rules of the chosen listener as sentences, each with a switch; the last row is what holds otherwise.
func (m *Model) RuleList() screen.Grid { return (*ruleGrid)(m) }

type ruleGrid Model

func (g *ruleGrid) point() *point { return (*Model)(g).current() }

func (g *ruleGrid) Columns() []screen.Column { return ruleColumns }

func (g *ruleGrid) Len() int {
	if p := g.point(); p != nil && p.kind.Listens() {
		return len(p.rules.Rules) + 1
	}
	return 0
}

func (g *ruleGrid) Cell(row, col int) screen.Cell {
	p := g.point()
	if p == nil || row > len(p.rules.Rules) {
		return screen.Cell{}
	}
	if row == len(p.rules.Rules) {
		if col == colRule {
			return screen.Cell{Text: "otherwise → " + p.rules.Otherwise.Sentence(), Role: screen.RoleMuted}
		}
		return screen.Cell{}
	}
	r := p.rules.Rules[row]
	if col == colFired {
		if p.running == nil {
			return screen.Cell{}
		}
		return screen.Cell{Text: countOf(p.running.server.Fired(row)), Role: screen.RoleMuted}
	}
	c := screen.Cell{Text: fmt.Sprintf("%d  %s", row+1, r.Sentence()), Switch: screen.SwitchOn}
	if r.Name != "" {
		c.Text = fmt.Sprintf("%d  %s:  %s", row+1, r.Name, r.Sentence())
	}
	if r.Off {
		c.Switch, c.Role = screen.SwitchOff, screen.RoleMuted
	}
	return c
}

// IsRule says whether a row of the list is a rule that can be edited and moved, not what holds otherwise.
func (m *Model) IsRule(row int) bool {
	p := m.current()
	return p != nil && row >= 0 && row < len(p.rules.Rules)
}

// SwitchRule turns a rule off or on.
func (m *Model) SwitchRule(row int) {
	if m.IsRule(row) {
		m.changeRules(func(f *rules.File) { f.Rules[row].Off = !f.Rules[row].Off })
	}
}

// MoveRule puts a rule in another place.
func (m *Model) MoveRule(from, to int) {
	if m.IsRule(from) && m.IsRule(to) {
		m.changeRules(func(f *rules.File) {
			r := f.Rules[from]
			f.Rules = slices.Insert(slices.Delete(f.Rules, from, from+1), to, r)
		})
	}
}

// DeleteRule removes a rule; the news offer to take it back.
func (m *Model) DeleteRule(row int) {
	if !m.IsRule(row) {
		return
	}
	r := m.current().rules.Rules[row]
	m.changeRules(func(f *rules.File) { f.Rules = slices.Delete(f.Rules, row, row+1) })
	m.Say(screen.News{Text: "Rule " + fmt.Sprint(row+1) + " is deleted.", Offer: "Take back"}, func() {
		m.changeRules(func(f *rules.File) { f.Rules = slices.Insert(f.Rules, min(row, len(f.Rules)), r) })
	})
}

// DuplicateRule puts a copy of a rule behind it.
func (m *Model) DuplicateRule(row int) {
	if m.IsRule(row) {
		m.changeRules(func(f *rules.File) { f.Rules = slices.Insert(f.Rules, row+1, f.Rules[row]) })
	}
}

// PutRule changes a rule, or adds one at the end where row is that of what holds otherwise or beyond.
func (m *Model) PutRule(row int, r rules.Rule) {
	m.changeRules(func(f *rules.File) {
		if row >= 0 && row < len(f.Rules) {
			r.Comment = f.Rules[row].Comment
			f.Rules[row] = r
			return
		}
		f.Rules = append(f.Rules, r)
	})
}

// SetOtherwise changes what is answered where no rule matches.
func (m *Model) SetOtherwise(a rules.Action) {
	m.changeRules(func(f *rules.File) { f.Otherwise = a })
}

// changeRules changes the rules of the chosen listener: on the screen at once, in a listener that runs, and in the project.
func (m *Model) changeRules(change func(*rules.File)) {
	p := m.current()
	if p == nil || !p.kind.Listens() {
		return
	}
	f := p.rules
	f.Rules, f.Faults = slices.Clone(f.Rules), slices.Clone(f.Faults)
	change(&f)
	m.replaceRules(p, f)
}

func (m *Model) replaceRules(p *point, f rules.File) {
	if p.running != nil {
		if err := p.running.server.SetRules(f); err != nil {
			m.Fail("The rules stay as they were", err)
			return
		}
	}
	p.rules = f
	if p.running == nil {
		if _, err := rules.Compile(f, m.rosters); err != nil {
			m.Say(screen.News{Text: "The rules are stored, but the listener cannot start with them: " + err.Error(), Bad: true}, nil)
		}
	}
	m.Changed(Rules)
	if p.unsaved = p.storing; !p.storing {
		m.storeRules(p)
	}
}

// storeRules writes the rules of a listener; what changes meanwhile is written after that.
func (m *Model) storeRules(p *point) {
	p.storing, p.unsaved = true, false
	name, file, revision := p.name, p.rules, p.ruleRev
	job.Start(m.ctx, m.runner, func(ctx context.Context) (int64, error) {
		d, err := m.putRules(ctx, name, file, revision)
		return d.Revision, err
	}, func(revision int64, err error) {
		p.storing = false
		switch {
		case err != nil:
			m.Fail("The rules are in use, but could not be stored", err)
		default:
			p.ruleRev = revision
			if p.unsaved {
				m.storeRules(p)
			}
		}
	})
}

// RulesText is the rules as the file that they are, for who prefers to write.
func (m *Model) RulesText() string {
	p := m.current()
	if p == nil {
		return ""
	}
	b, err := rules.Format(p.rules)
	if err != nil {
		return ""
	}
	return string(b)
}

// SetRulesText reads the rules from a file's text. An error says in which lines something is wrong.
func (m *Model) SetRulesText(text string) error {
	f, err := rules.Parse([]byte(text))
	if err != nil {
		return err
	}
	if _, err := rules.Compile(f, m.rosters); err != nil {
		return err
	}
	if p := m.current(); p != nil {
		m.replaceRules(p, f)
	}
	return nil
}

// rosterNames are the names of the project's rosters, each a list for rules, without what is in them.
type rosterNames []string

// Contains knows the lists and none of their values: it is asked only whether there is one.
func (r rosterNames) Contains(list, _ string) (in, known bool) {
	return false, slices.ContainsFunc(r, func(name string) bool { return name == list || strings.TrimSuffix(name, filepath.Ext(name)) == list })
}

// Lists are the lists that a rule of the chosen listener can ask for: those of its rules, then the project's rosters.
func (m *Model) Lists() (names []string) {
	if p := m.current(); p != nil {
		for _, l := range p.rules.Lists {
			names = append(names, l.Name)
		}
	}
	return append(names, m.rosters...)
}

// ReadRosters reads which rosters there are; other places add and remove them.
func (m *Model) ReadRosters() {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (names rosterNames, err error) {
		all, err := m.store.Linkage().Rosters(ctx, linkage.Patients)
		for _, r := range all {
			if r.Name != "" && !slices.Contains(names, r.Name) {
				names = append(names, r.Name)
			}
		}
		return names, err
	}, func(names rosterNames, err error) {
		if err != nil {
			m.Fail("Could not read which rosters there are", err)
			return
		}
		m.rosters = names
	})
}

// Columns of the faults.
const (
	colFault = iota
	colHow
	colAbout
)

var faultColumns = []screen.Column{
	{ID: "fault", Title: "Fault of the whole endpoint", Width: 264, MinWidth: 120, Fixed: true},
	{ID: "how", Title: "How", Width: 120, MinWidth: 60, Fixed: true},
	{ID: "about", Title: "What the partner sees", Width: 300, MinWidth: 120, Flex: true, Fixed: true},
}

// FaultList is every fault with a switch and one line that explains it.
func (m *Model) FaultList() screen.Grid { return (*faultGrid)(m) }

type faultGrid Model

func (g *faultGrid) Columns() []screen.Column { return faultColumns }

func (g *faultGrid) Len() int {
	return len((*Model)(g).faults())
}

// The faults of MLLP and of HTTP.
var mllpFaults, httpFaults = rules.Faults(), rules.HTTPFaults()

// faultsOf are the faults that an endpoint can have.
func faultsOf(http bool) []rules.FaultInfo {
	if http {
		return httpFaults
	}
	return mllpFaults
}

// faults are those of the chosen endpoint, none where it does not listen.
func (m *Model) faults() []rules.FaultInfo {
	if p := m.current(); p != nil && p.kind.Listens() {
		return faultsOf(p.kind.FHIR())
	}
	return nil
}

func (g *faultGrid) Cell(row, col int) screen.Cell {
	info := (*Model)(g).faults()[row]
	f, on := (*Model)(g).fault(info.Kind)
	switch col {
	case colFault:
		c := screen.Cell{Text: info.Title, Switch: screen.SwitchOff}
		if on {
			c.Switch, c.Bold = screen.SwitchOn, true
		}
		return c
	case colHow:
		return screen.Cell{Text: howOften(info, f), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: info.Text, Role: screen.RoleMuted}
}

// fault is the chosen listener's fault of a kind, and whether it is switched on.
func (m *Model) fault(k rules.FaultKind) (f rules.Fault, on bool) {
	if p := m.current(); p != nil {
		for _, f := range p.rules.Faults {
			if f.Kind == k {
				return f, !f.Off
			}
		}
	}
	return rules.Fault{Kind: k}, false
}

// howOften is a fault's argument and how often it happens, in words.
func howOften(info rules.FaultInfo, f rules.Fault) string {
	text := ""
	switch info.Argument {
	case rules.TimeArgument:
		if text = short(f.Duration()); f.To > 0 || f.Sigma > 0 {
			text = f.Span()
		}
	case rules.CountArgument:
		text = fmt.Sprint(f.Number())
	case rules.ValueArgument:
		text = f.Word()
	}
	add := func(s string) {
		if text != "" {
			text += ", "
		}
		text += s
	}
	if f.Every > 1 {
		add(fmt.Sprintf("every %d.", f.Every))
	}
	if f.First > 0 {
		add(fmt.Sprintf("first %d", f.First))
	}
	if f.Chance > 0 {
		add(fmt.Sprintf("%g %%", 100*f.Chance))
	}
	return text
}

// SwitchFault turns a fault of the whole endpoint on or off.
func (m *Model) SwitchFault(row int) {
	infos := m.faults()
	if row < 0 || row >= len(infos) {
		return
	}
	f, on := m.fault(infos[row].Kind)
	f.Off = on
	m.putFault(f)
}

// putFault changes or adds a fault of the whole endpoint.
func (m *Model) putFault(f rules.Fault) {
	m.changeRules(func(file *rules.File) {
		for i, old := range file.Faults {
			if old.Kind == f.Kind {
				file.Faults[i] = f
				return
			}
		}
		file.Faults = append(file.Faults, f)
	})
}

// FaultsOn is how many faults of the whole endpoint are switched on.
func (m *Model) FaultsOn() (n int) {
	if p := m.current(); p != nil {
		for _, f := range p.rules.Faults {
			if !f.Off {
				n++
			}
		}
	}
	return n
}
