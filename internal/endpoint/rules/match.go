package rules

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// Lists answers whether a value is in a named list that the file does not hold itself: a roster, a table. It must be safe
// for concurrent use and fast, as it is asked for each message.
type Lists interface {
	// Contains reports whether the list holds the value. known is false where there is no such list.
	Contains(list, value string) (in, known bool)
}

// Subject is a message as the rules see it.
type Subject struct {
	Message       *hl7.Message
	Type, Trigger string
	Client        netip.Addr
	Time          time.Time // in the clock that time windows are meant in
	// Findings are asked for only by rules that need them; nil is none.
	Findings func() []check.Finding
}

// Decision is what the rules say to one message.
type Decision struct {
	Index  int    // of the rule in its file, from 0; -1 when none matched
	Rule   *Rule  // nil when none matched
	Action Action // of the rule, or File.Otherwise
	Faults []Fault
}

// Name is how the journal calls the rule that fired: its name, or "rule 3". It is empty when none did.
func (d *Decision) Name() string {
	switch {
	case d.Rule == nil:
		return ""
	case d.Rule.Name != "":
		return d.Rule.Name
	default:
		return fmt.Sprintf("rule %d", d.Index+1)
	}
}

// Program is a file made ready to decide. It counts, so that "every 10th" means something, and may be used by many goroutines at
// once.
type Program struct {
	file     File
	rules    []compiled
	faults   []counted // of messages
	connects []counted // of connections
	findings bool
}

type compiled struct {
	rule     *Rule
	index    int
	sentence string
	tests    []compiledTest
	matched  atomic.Int64 // messages for which all but the counting conditions held
	fired    atomic.Int64
	faults   []counted
	dice     uint64
}

type compiledTest struct {
	FieldTest
	expression *regexp.Regexp
	set        map[string]struct{} // of a list of the file
	lists      Lists
}

type counted struct {
	fault Fault
	n     *atomic.Int64
	dice  uint64
}

// Compile makes a program. lists may be nil: then only the lists of the file are known. A rule that asks for a list that nobody
// knows is an error.
func Compile(f File, lists Lists) (*Program, error) {
	p := &Program{file: f}
	own := map[string]map[string]struct{}{}
	for _, l := range f.Lists {
		set := make(map[string]struct{}, len(l.Values))
		for _, v := range l.Values {
			set[v] = struct{}{}
		}
		own[l.Name] = set
	}
	p.rules = make([]compiled, 0, len(f.Rules))
	for i := range f.Rules {
		r := &f.Rules[i]
		if r.Off {
			continue
		}
		if r.When.Chance < 0 || r.When.Chance >= 1 {
			return nil, fmt.Errorf("rule %d: a chance lies above 0 and below 1; leave it out for always", i+1)
		}
		p.rules = append(p.rules, compiled{rule: r, index: i, sentence: r.Sentence(), dice: mix(f.Seed ^ uint64(i+1)<<32)})
		c := &p.rules[len(p.rules)-1]
		for _, t := range r.When.Fields {
			ready, err := compileTest(t, own, lists)
			if err != nil {
				return nil, fmt.Errorf("rule %d: %w", i+1, err)
			}
			c.tests = append(c.tests, ready)
		}
		c.faults = countFaults(r.Faults, c.dice)
		p.findings = p.findings || r.When.Finding != nil
	}
	for _, f := range countFaults(f.Faults, mix(f.Seed)) {
		if info, _ := f.fault.Kind.Info(); info.Connections {
			p.connects = append(p.connects, f)
		} else {
			p.faults = append(p.faults, f)
		}
	}
	return p, nil
}

func countFaults(list []Fault, seed uint64) (out []counted) {
	for i, f := range list {
		if !f.Off {
			out = append(out, counted{f, new(atomic.Int64), mix(seed ^ uint64(i+1))})
		}
	}
	return out
}

func compileTest(t FieldTest, own map[string]map[string]struct{}, lists Lists) (compiledTest, error) {
	t.Path = everyone(t.Path)
	c := compiledTest{FieldTest: t}
	switch t.Test {
	case Matches:
		if len(t.Values) != 1 {
			return c, fmt.Errorf("%s matches needs one expression", t.Path)
		}
		var err error
		if c.expression, err = regexp.Compile(t.Values[0]); err != nil {
			return c, fmt.Errorf("%s matches %q: %w", t.Path, t.Values[0], err)
		}
	case In:
		if len(t.Values) != 1 {
			return c, fmt.Errorf("%s in needs the name of one list", t.Path)
		}
		set, ok := own[t.Values[0]]
		if ok {
			c.set = set
			break
		}
		if lists != nil {
			if _, known := lists.Contains(t.Values[0], ""); known {
				c.lists = lists
				break
			}
		}
		return c, fmt.Errorf("there is no list %q: name it under lists, or import the roster first", t.Values[0])
	}
	return c, nil
}

// everyone widens a path: what it does not number, it means all of.
func everyone(p hl7.Path) hl7.Path {
	if p.Occurrence == 0 {
		p.Occurrence = hl7.All
	}
	if p.Repetition == 0 {
		p.Repetition = hl7.All
	}
	p.Groups = slices.Clone(p.Groups)
	for i := range p.Groups {
		if p.Groups[i].Repetition == 0 {
			p.Groups[i].Repetition = hl7.All
		}
	}
	return p
}

// File is what the program was made of. It must not be changed.
func (p *Program) File() *File { return &p.file }

// NeedsFindings says that a rule asks for findings, so that each message must be checked.
func (p *Program) NeedsFindings() bool { return p.findings }

// Fired says how often the rule of this index fired so far.
func (p *Program) Fired(index int) int64 {
	for i := range p.rules {
		if p.rules[i].index == index {
			return p.rules[i].fired.Load()
		}
	}
	return 0
}

// Decide finds the first rule that matches, and which faults are due.
func (p *Program) Decide(s *Subject) Decision {
	d := Decision{Index: -1, Action: p.file.Otherwise}
	for i := range p.rules {
		c := &p.rules[i]
		if !c.matches(s) {
			continue
		}
		c.fired.Add(1)
		d.Index, d.Rule, d.Action = c.index, c.rule, c.rule.Then
		d.Faults = due(d.Faults, c.faults)
		break
	}
	d.Faults = due(d.Faults, p.faults)
	return d
}

// Sentence is the sentence of the rule with this index, made once; empty for -1.
func (p *Program) Sentence(index int) string {
	for i := range p.rules {
		if p.rules[i].index == index {
			return p.rules[i].sentence
		}
	}
	return ""
}

// Connect says which faults are due for a client that connects.
func (p *Program) Connect() []Fault { return due(nil, p.connects) }

func due(list []Fault, all []counted) []Fault {
	for i := range all {
		c := &all[i]
		n := c.n.Add(1)
		if c.fault.Every > 1 && n%int64(c.fault.Every) != 0 || c.fault.First > 0 && n > int64(c.fault.First) {
			continue
		}
		if c.fault.Chance > 0 && roll(c.dice, n) >= c.fault.Chance {
			continue
		}
		list = append(list, c.fault.drawn(roll(mix(c.dice^1), n), roll(mix(c.dice^2), n)))
	}
	return list
}

func (c *compiled) matches(s *Subject) bool {
	w := &c.rule.When
	if !hasFold(w.Types, s.Type) || !hasFold(w.Triggers, s.Trigger) {
		return false
	}
	if len(w.From) > 0 && !slices.ContainsFunc(w.From, func(p netip.Prefix) bool { return p.Contains(s.Client.Unmap()) }) {
		return false
	}
	if w.Time != nil && !w.Time.Contains(s.Time) {
		return false
	}
	for i := range c.tests {
		if !c.tests[i].holds(s.Message) {
			return false
		}
	}
	if w.Finding != nil && !w.Finding.holds(s) {
		return false
	}
	if w.First == 0 && w.Every <= 1 && w.Chance == 0 {
		return true
	}
	n := c.matched.Add(1)
	return (w.First == 0 || n <= int64(w.First)) && (w.Every <= 1 || n%int64(w.Every) == 0) && (w.Chance == 0 || roll(c.dice, n) < w.Chance)
}

func hasFold(list []string, word string) bool {
	if len(list) == 0 {
		return true
	}
	for _, w := range list {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

func (t *compiledTest) holds(m *hl7.Message) bool {
	found := false
	if m != nil && t.Path.Field == 0 { // only Exists asks for a segment
		for range m.MatchSegments(t.Path) {
			found = true
			break
		}
	} else if m != nil {
		for v := range m.All(t.Path) {
			if t.one(v) {
				found = true
				break
			}
		}
	}
	return found != t.Not
}

func (t *compiledTest) one(v hl7.Value) bool {
	if v.State() != hl7.Valued {
		// Only "is this text" can be asked of what has no text: equals "" for an empty or absent value, equals "\"\"" for null.
		return t.Test == Equals && (slices.Contains(t.Values, "") && v.State() != hl7.Null || slices.Contains(t.Values, `""`) && v.State() == hl7.Null)
	}
	if t.Test == Exists {
		return true
	}
	text := v.Text()
	switch t.Test {
	case Equals:
		return slices.Contains(t.Values, text)
	case Contains:
		return slices.ContainsFunc(t.Values, func(part string) bool { return strings.Contains(text, part) })
	case Matches:
		return t.expression.MatchString(text)
	case In:
		if t.lists != nil {
			in, _ := t.lists.Contains(t.Values[0], text)
			return in
		}
		_, in := t.set[text]
		return in
	}
	return false
}

func (f *FindingTest) holds(s *Subject) bool {
	if s.Findings == nil {
		return false
	}
	return slices.ContainsFunc(s.Findings(), func(x check.Finding) bool {
		return x.Severity >= f.AtLeast && (len(f.Codes) == 0 || slices.Contains(f.Codes, x.Code))
	})
}

// Contains says whether the window is open at a time.
func (w Window) Contains(t time.Time) bool {
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	day := t.Weekday()
	switch {
	case w.From == w.To:
	case w.From < w.To:
		if at < w.From || at >= w.To {
			return false
		}
	default: // over midnight: the early hours belong to the day before
		if at >= w.To && at < w.From {
			return false
		}
		if at < w.To {
			day = (day + 6) % 7
		}
	}
	return len(w.Days) == 0 || slices.Contains(w.Days, day)
}

// roll is a number from 0 up to 1 that depends on nothing but the seed and the count, so that a run can be repeated.
func roll(seed uint64, n int64) float64 {
	return float64(mix(seed+uint64(n))>>11) / (1 << 53)
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
