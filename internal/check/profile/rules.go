package profile

import (
	"slices"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// rules are a profile made ready for looking things up. They are made once and then only read.
type rules struct {
	p        *Profile
	messages []messageRules
	local    map[string]bool
	ignored  map[gapKey]bool // decided to be ignored
	decided  map[gapKey]*Decision
}

type messageRules struct {
	m        *Message
	segments map[string]*SegmentRule
	fields   map[string][]*fieldRules // by segment, in the order of the file
	listed   map[string][]bool        // by segment and field number
}

type fieldRules struct {
	*FieldRule
	evidence Evidence
	codes    map[string]bool
	whole    bool // a field, not a part of one
	lenient  bool // its field has a rule of its own that does not require it
}

var _ check.Rules = (*Profile)(nil)

// compiled returns the rules, made at the first call. A profile must not be changed after that, but by Decide.
func (p *Profile) compiled() *rules {
	if r := p.rules.Load(); r != nil {
		return r
	}
	r := p.compile()
	p.rules.Store(r)
	return r
}

func (p *Profile) compile() *rules {
	r := &rules{p: p, local: map[string]bool{}, ignored: map[gapKey]bool{}, decided: map[gapKey]*Decision{}}
	for _, s := range p.Local {
		r.local[s.Name] = true
	}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		key := gapKey{d.Message, d.Path, d.Kind}
		r.decided[key] = d
		r.ignored[key] = d.Choice == Ignore
	}
	for i := range p.Messages {
		m := &p.Messages[i]
		mr := messageRules{m: m, segments: map[string]*SegmentRule{}, fields: map[string][]*fieldRules{}, listed: map[string][]bool{}}
		for j := range m.Segments {
			mr.segments[m.Segments[j].Name] = &m.Segments[j]
		}
		for j := range m.Fields {
			f := &m.Fields[j]
			c := &fieldRules{FieldRule: f, evidence: p.evidenceOf(f.Evidence, m.Evidence), whole: f.Path.Component == 0}
			if len(f.Values) > 0 {
				c.codes = make(map[string]bool, len(f.Values))
				for _, v := range f.Values {
					c.codes[v.Code] = true
				}
			}
			if !c.whole {
				at := slices.IndexFunc(m.Fields, func(g FieldRule) bool {
					return g.Path.Segment == f.Path.Segment && g.Path.Field == f.Path.Field && g.Path.Component == 0
				})
				c.lenient = at >= 0 && m.Fields[at].Usage.Code != Required
			}
			listed := mr.listed[f.Path.Segment]
			for len(listed) <= f.Path.Field {
				listed = append(listed, false)
			}
			listed[f.Path.Field] = true
			mr.listed[f.Path.Segment] = listed
			mr.fields[f.Path.Segment] = append(mr.fields[f.Path.Segment], c)
		}
		r.messages = append(r.messages, mr)
	}
	return r
}

// of returns the rules for a message: those that name its event before those for every event of its type. typeKnown
// says whether the profile has the type at all.
func (r *rules) of(m *hl7.Message) (found *messageRules, label string, typeKnown bool) {
	h, ok := m.Header()
	if !ok || h.Name() != "MSH" {
		return nil, "", false
	}
	typ, event := h.Field(9).Component(1).Text(), h.Field(9).Component(2).Text()
	label = typ
	if event != "" {
		label += "^" + event
	}
	for i := range r.messages {
		mr := &r.messages[i]
		if mr.m.Type != typ {
			continue
		}
		typeKnown = true
		if slices.Contains(mr.m.Events, event) {
			return mr, label, true
		}
		if len(mr.m.Events) == 0 && found == nil {
			found = mr
		}
	}
	return found, label, typeKnown
}

// severityOf is how grave a departure is. What nobody has verified is no reason to refuse a message; what a receiver
// must ignore by the standard (HL7 2.5.1 section 2.8.2) is information.
func severityOf(k Kind, e Evidence, missing bool) check.Severity {
	switch {
	case k == ExtraKind || k == UnexpectedKind:
		return check.Information
	case k == UsageKind && missing && e.Level != Unverified && e.Level != Observed:
		return check.Error
	}
	return check.Warning
}
