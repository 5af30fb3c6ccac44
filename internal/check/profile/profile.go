package profile

import (
	"regexp"
	"strings"
	"sync/atomic"

	"trestle/internal/hl7"

	"go.yaml.in/yaml/v3"
)

// Level says how well a fact is supported.
type Level string

// The levels of evidence, the best first.
const (
	Vendor     Level = "V" // the vendor's own page or specification
	Measured   Level = "M" // counted in messages, as Learner does
	ThirdParty Level = "T" // a third party that works with the system
	Observed   Level = "O" // seen only in public samples
	Stated     Level = "S" // stated by the project itself
	Unverified Level = "U" // general knowledge; confirm before relying on it
)

var levelWords = map[Level]string{
	Vendor: "the vendor's own specification", Measured: "counted in messages", ThirdParty: "a third party",
	Observed: "seen in public samples", Stated: "stated by the project", Unverified: "unverified, confirm it",
}

// Words says what the level means: "seen in public samples"; empty for no level.
func (l Level) Words() string { return levelWords[l] }

// Levels lists the levels, the best first.
func Levels() []Level {
	return []Level{Vendor, Measured, ThirdParty, Observed, Stated, Unverified}
}

// Evidence is where a fact comes from. An empty part is that of what surrounds it: a field's of its message's, a
// message's of the profile's.
type Evidence struct {
	Level  Level
	Source string // key of Profile.Sources
	Seen   string // "412 of 412": how often a learnt fact was seen: a segment in messages, a field in segments, a component in repetitions
	Note   string
}

// Profile is an agreement between a sender and a receiver. It is made by Load, Parse or Learner.
type Profile struct {
	ID              string // the name of the file or of the starter, without extension
	Name            string
	About           string
	Aliases         []string
	Versions        []string // values of MSH-12; none = any
	Delimiters      string   // MSH-1 and MSH-2 together, `|^~\&`; empty = any
	Charset         []string // values of MSH-18; none = any
	Acknowledgement Acknowledgement
	Evidence

	Local     []LocalSegment // the names of Z segments and their fields
	Messages  []Message
	Facts     []Fact
	Questions []string // to ask at kickoff
	Sources   []Source
	Decisions []Decision

	document *yaml.Node // as it was read, for its comments
	rules    atomic.Pointer[rules]
}

// Acknowledgement is how messages are answered (HL7 2.5.1 section 2.9).
type Acknowledgement struct {
	Mode        string // "original", "enhanced", "" = not agreed
	Accept      string // MSH-15: AL, NE, ER, SU; "" = not agreed
	Application string // MSH-16
}

// LocalSegment names a segment that the standard leaves to the partners.
type LocalSegment struct {
	Name, Title string
	Fields      []LocalField
}

// LocalField is a field of a local segment.
type LocalField struct {
	Position int
	Name     string
}

// Message holds the rules of one message type.
type Message struct {
	Type      string   // MSH-9.1
	Events    []string // MSH-9.2; none = every event
	Direction string   // "in", "out" or "both", as seen from our side; "" = not said
	Only      bool     // what is not listed is Unexpected (segments) or Extra (fields)
	Evidence
	Segments []SegmentRule
	Fields   []FieldRule
}

// Label is the message as a person names it: "ADT^A04,A08".
func (m *Message) Label() string {
	if len(m.Events) == 0 {
		return m.Type
	}
	return m.Type + "^" + strings.Join(m.Events, ",")
}

// SegmentRule says how a segment is used in a message.
type SegmentRule struct {
	Name        string
	Usage       Usage
	Cardinality *Cardinality // nil = not agreed
	When        *Condition   // of usage C
	Evidence
}

// FieldRule says how a field, component or subcomponent is used. Its path has no occurrence of the segment: the rule
// is for each of them.
type FieldRule struct {
	Path        hl7.Path
	Usage       Usage
	Cardinality *Cardinality
	When        *Condition
	MinLength   int // in characters after unescaping; 0 = not agreed
	MaxLength   int
	Values      []Value
	Pattern     *regexp.Regexp // of the whole value; nil = not agreed
	Format      string         // a key of formats, such as "YYYYMMDD"
	Equals      hl7.Path       // the value is that of another place; zero = not agreed
	Evidence
}

// Value is one of a value set.
type Value struct {
	Code string
	Text string // what it means, or how often it was seen; may be empty
}

// Fact is something worth knowing that is no rule.
type Fact struct {
	Text string
	Evidence
}

// Source is what a key of Evidence.Source stands for.
type Source struct{ Key, Text string }

// SourceText returns the words for a source's key, the key itself where there are none.
func (p *Profile) SourceText(key string) string {
	for _, s := range p.Sources {
		if s.Key == key {
			return s.Text
		}
	}
	return key
}

// evidenceOf completes the evidence of a rule with that of its message and of the profile.
func (p *Profile) evidenceOf(e, message Evidence) Evidence {
	for _, outer := range []Evidence{message, p.Evidence} {
		if e.Level == "" {
			e.Level = outer.Level
			if e.Source == "" {
				e.Source = outer.Source
			}
		}
	}
	return e
}

// RuleEvidence is where a rule of a message comes from: its own evidence, completed with the message's and the
// profile's.
func (p *Profile) RuleEvidence(m *Message, e Evidence) Evidence { return p.evidenceOf(e, m.Evidence) }

// FieldName is the profile's own name of a field of a Z segment, "" if it has none.
func (p *Profile) FieldName(segment string, field int) string {
	for _, s := range p.Local {
		if s.Name != segment {
			continue
		}
		if field == 0 {
			return s.Title
		}
		for _, f := range s.Fields {
			if f.Position == field {
				return f.Name
			}
		}
	}
	return ""
}
