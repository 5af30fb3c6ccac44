package profile

import (
	"cmp"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// Choice is what is done about a gap.
type Choice string

// The choices.
const (
	Open         Choice = "open"                  // nobody has decided yet
	MapIt        Choice = "map it"                // our side translates
	SenderChange Choice = "the sender changes it" // the partner sends something else
	Ignore       Choice = "ignore it"             // both sides live with it
)

// Choices lists the choices.
func Choices() []Choice { return []Choice{Open, MapIt, SenderChange, Ignore} }

func choiceNames() []string {
	var names []string
	for _, c := range Choices() {
		names = append(names, string(c))
	}
	return names
}

// Decision is what was decided about one gap. It is kept in the profile's file.
type Decision struct {
	Message string // label of the message's rules, "" for a rule of the whole profile
	Path    string // of the rule, "PID-8"
	Kind    Kind
	Choice  Choice
	Note    string
}

type gapKey struct {
	message, path string
	kind          Kind
}

func (v *violation) key() gapKey { return gapKey{v.message, v.rule, v.kind} }

// Decide keeps a decision about a gap, in the place of an earlier one. Open takes it back. Write then writes it.
func (p *Profile) Decide(d Decision) {
	same := func(e Decision) bool { return e.Message == d.Message && e.Path == d.Path && e.Kind == d.Kind }
	at := slices.IndexFunc(p.Decisions, same)
	switch {
	case d.Choice == Open && d.Note == "":
		p.Decisions = slices.DeleteFunc(p.Decisions, same)
	case at >= 0:
		p.Decisions[at] = d
	default:
		p.Decisions = append(p.Decisions, d)
	}
	p.rules.Store(nil)
}

// Gap is one rule of a profile that messages depart from, with how many do.
type Gap struct {
	Message  string         `json:"message"` // label of the rules, "ADT^A04,A08"
	Path     string         `json:"path"`    // of the rule
	Kind     Kind           `json:"finding"`
	Severity check.Severity `json:"severity"`
	Text     string         `json:"text"`     // of the first finding
	Findings int            `json:"findings"` // at most twenty a message are counted
	Messages int            `json:"messages"` // with at least one
	First    int            `json:"first"`    // number of the first such message, from 0
	Values   []ValueCount   `json:"values,omitempty"`
	Level    Level          `json:"level,omitempty"`
	Source   string         `json:"source,omitempty"`
	Decision Choice         `json:"decision"`
	Note     string         `json:"note,omitempty"` // of the decision
}

// ValueCount is a code that stands in no value set, and how often it came.
type ValueCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// maxGapValues is how many distinct codes of one gap are counted. A field with more holds no codes.
const maxGapValues = 20

// Gaps counts the departures of many messages from a profile. Its memory depends on the profile and not on the number
// of messages. It is not for several goroutines at once.
type Gaps struct {
	r        *rules
	gaps     map[gapKey]*Gap
	labels   int // messages without rules that have a gap of their own
	Messages int // that were added
	Clean    int // of them, those without any gap above information
}

// Gaps returns an empty count.
func (p *Profile) Gaps() *Gaps { return &Gaps{r: p.compiled(), gaps: map[gapKey]*Gap{}} }

// maxLabels bounds the gaps "no such message": senders invent types.
const maxLabels = 100

// Add counts what m does against the profile, and returns its findings.
func (g *Gaps) Add(m *hl7.Message) []check.Finding {
	found := g.r.apply(m)
	out := make([]check.Finding, 0, len(found))
	clean := true
	for i := range found {
		v := &found[i]
		if g.r.ignored[v.key()] {
			v.finding.Severity = check.Information
		}
		out = append(out, v.finding)
		clean = clean && v.finding.Severity == check.Information
		g.count(v, slices.ContainsFunc(found[:i], func(w violation) bool { return w.key() == v.key() }))
	}
	g.Messages++
	if clean {
		g.Clean++
	}
	return out
}

func (g *Gaps) count(v *violation, again bool) {
	gap := g.gaps[v.key()]
	if gap == nil {
		if v.rule == "MSH-9" && v.kind == UnexpectedKind {
			if g.labels++; g.labels > maxLabels {
				return
			}
		}
		gap = &Gap{Message: v.message, Path: v.rule, Kind: v.kind, Severity: v.finding.Severity, Text: v.finding.Text, First: g.Messages,
			Level: v.evidence.Level, Source: v.evidence.Source, Decision: Open}
		if d := g.r.decided[v.key()]; d != nil {
			gap.Decision, gap.Note = d.Choice, d.Note
		}
		g.gaps[v.key()] = gap
	}
	gap.Findings++
	if !again {
		gap.Messages++
	}
	if v.value == "" {
		return
	}
	at := slices.IndexFunc(gap.Values, func(c ValueCount) bool { return c.Value == v.value })
	switch {
	case at >= 0:
		gap.Values[at].Count++
	case len(gap.Values) < maxGapValues:
		gap.Values = append(gap.Values, ValueCount{v.value, 1})
	}
}

// List returns the gaps, the gravest first, then those of most messages.
func (g *Gaps) List() []Gap {
	list := make([]Gap, 0, len(g.gaps))
	for _, gap := range g.gaps {
		one := *gap
		one.Values = slices.Clone(gap.Values)
		slices.SortStableFunc(one.Values, func(a, b ValueCount) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) })
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Gap) int {
		return cmp.Or(int(b.Severity)-int(a.Severity), b.Messages-a.Messages, strings.Compare(a.Message, b.Message), strings.Compare(a.Path, b.Path), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return list
}
