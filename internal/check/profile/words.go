package profile

import (
	"fmt"
	"strings"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// KindOf is the kind whose findings have a code; ok is false for a code of the standard.
func KindOf(code string) (kind Kind, ok bool) {
	for k, c := range kindCodes {
		if c == code {
			return k, true
		}
	}
	return "", false
}

// Departure is a finding with the rule that the message departs from, and what was decided about it.
type Departure struct {
	check.Finding
	Message  string // label of the rules, "" for a rule of the whole profile
	Rule     string // path of the rule
	Kind     Kind
	Evidence Evidence
	Decision Choice
	Note     string // of the decision
}

// Departures is Apply with the rules.
func (p *Profile) Departures(m *hl7.Message) []Departure {
	r := p.compiled()
	found := r.apply(m)
	out := make([]Departure, len(found))
	for i := range found {
		v := &found[i]
		out[i] = Departure{Finding: v.finding, Message: v.message, Rule: v.rule, Kind: v.kind, Evidence: v.evidence, Decision: Open}
		if d := r.decided[v.key()]; d != nil {
			out[i].Decision, out[i].Note = d.Choice, d.Note
		}
		if r.ignored[v.key()] {
			out[i].Severity = check.Information
		}
	}
	return out
}

// RulesOf are the rules for a message by its type and event; ok is false where the profile has none.
func (p *Profile) RulesOf(m *hl7.Message) (rules *Message, ok bool) {
	found, _, _ := p.compiled().of(m)
	if found == nil {
		return nil, false
	}
	return found.m, true
}

// Words is usage and cardinality as the file has them: "R 1..*".
func (s *SegmentRule) Words() string { return useWords(s.Usage, s.Cardinality) }

// Words is usage and cardinality as the file has them.
func (f *FieldRule) Words() string { return useWords(f.Usage, f.Cardinality) }

func useWords(u Usage, c *Cardinality) string {
	if c == nil {
		return u.String()
	}
	return strings.TrimSpace(u.String() + " " + c.String())
}

// Conditions is when the segment is used, "" for always.
func (s *SegmentRule) Conditions() string { return strings.Join(when(s.When), "") }

// Conditions is what the rule asks of a value beside usage and cardinality, as a person reads it.
func (f *FieldRule) Conditions() string {
	parts := when(f.When)
	switch {
	case f.MaxLength > 0 && f.MinLength > 0:
		parts = append(parts, fmt.Sprintf("%d to %d characters", f.MinLength, f.MaxLength))
	case f.MaxLength > 0:
		parts = append(parts, fmt.Sprintf("at most %d characters", f.MaxLength))
	}
	var codes []string
	for _, v := range f.Values {
		code := v.Code
		if v.Text != "" {
			code += " = " + v.Text
		}
		codes = append(codes, code)
	}
	if len(codes) > 0 {
		parts = append(parts, strings.Join(codes, ", "))
	}
	if f.Pattern != nil {
		parts = append(parts, "pattern "+strings.TrimSuffix(strings.TrimPrefix(f.Pattern.String(), "^(?:"), ")$"))
	}
	if f.Format != "" {
		parts = append(parts, f.Format)
	}
	if f.Equals.Segment != "" {
		parts = append(parts, "the same as "+f.Equals.String())
	}
	return strings.Join(parts, "; ")
}

func when(c *Condition) []string {
	if c == nil {
		return nil
	}
	return []string{"if " + c.String()}
}

// Statement is one thing that a profile says, with how well it is supported.
type Statement struct {
	Message string // label of the message's rules, "" for what holds for all
	Place   string // path or segment; "" for a fact or a question
	Use     string // usage and cardinality
	Text    string
	Evidence
}

// Statements lists all that a profile says in the order of its file: what holds for every message, the rules of each
// message, facts, and what to ask at kickoff. A question has no evidence.
func (p *Profile) Statements() []Statement {
	var out []Statement
	general := func(place, text string) {
		if text != "" {
			out = append(out, Statement{Place: place, Text: text, Evidence: p.Evidence})
		}
	}
	general("MSH-12", strings.Join(p.Versions, ", "))
	general("MSH-2", p.Delimiters)
	general("MSH-18", strings.Join(p.Charset, ", "))
	general("", prefixed("acknowledgement mode ", p.Acknowledgement.Mode))
	general("MSH-15", p.Acknowledgement.Accept)
	general("MSH-16", p.Acknowledgement.Application)
	for _, l := range p.Local {
		general(l.Name, l.Title)
		for _, f := range l.Fields {
			general(fmt.Sprintf("%s-%d", l.Name, f.Position), f.Name)
		}
	}
	for i := range p.Messages {
		m := &p.Messages[i]
		label := m.Label()
		for j := range m.Segments {
			s := &m.Segments[j]
			out = append(out, Statement{label, s.Name, s.Words(), s.Conditions(), p.RuleEvidence(m, s.Evidence)})
		}
		for j := range m.Fields {
			f := &m.Fields[j]
			out = append(out, Statement{label, f.Path.String(), f.Words(), f.Conditions(), p.RuleEvidence(m, f.Evidence)})
		}
		if m.Only {
			out = append(out, Statement{Message: label, Text: "nothing else is sent", Evidence: p.RuleEvidence(m, m.Evidence)})
		}
	}
	for _, f := range p.Facts {
		out = append(out, Statement{Text: f.Text, Evidence: f.Evidence})
	}
	for _, q := range p.Questions {
		out = append(out, Statement{Text: q, Use: "ask"})
	}
	return out
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// EvidenceCounts is how many rules and facts have which evidence, the best level first: "V3 T12 U2".
func (p *Profile) EvidenceCounts() string {
	counts := map[Level]int{}
	for _, s := range p.Statements() {
		if s.Place != "" && s.Message == "" || s.Use == "ask" {
			continue // what holds for all is no rule of its own
		}
		counts[s.Level]++
	}
	var parts []string
	for _, l := range Levels() {
		if counts[l] > 0 {
			parts = append(parts, fmt.Sprintf("%s%d", l, counts[l]))
		}
	}
	return strings.Join(parts, " ")
}
