package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/linkage"
)

// Outcome is what the other side would do with one IN1 segment.
type Outcome string

// The outcomes.
const (
	OutcomeLinked   Outcome = "linked"     // its key is one of a linked plan
	OutcomeUnlinked Outcome = "not linked" // its key is in the list, but the plan has no link yet
	OutcomeByName   Outcome = "name only"  // its key is in no list, and its name is that of a plan: somebody should look
	OutcomeNew      Outcome = "new"        // it would create a plan
	OutcomeEmpty    Outcome = "no key"     // it carries no key at all
)

// Outcomes lists them, from the best to the worst.
var Outcomes = []Outcome{OutcomeLinked, OutcomeUnlinked, OutcomeByName, OutcomeNew, OutcomeEmpty}

// Arrival is one IN1 segment and what would become of it.
type Arrival struct {
	Segment int // the how many-th IN1 of the message, from 1
	Key     string
	Name    string // of the plan, or of the company
	Outcome Outcome
	Plan    string  // the plan's ID in the list of the sender; for [OutcomeByName] the most similar one
	Linked  string  // the ID in the other list
	Near    float64 // for [OutcomeByName], 0 to 1
}

// Simulation plays real messages against the links before anything goes live.
type Simulation struct {
	path   hl7.Path // of the key, in an IN1
	list   *List    // of the system that sends
	other  map[string]string
	byKey  map[string]int
	reader *Dictionary
	model  *model
}

// KeyPath is where messages carry the plan ID: IN1-2.1 unless the partner says otherwise (IN1-3.1 for the company's, or a
// field of its own).
const KeyPath = "IN1-2.1"

// NewSimulation plays messages of the system whose plans list has. links gives the other system's ID of each of its
// linked plans. keyPath says where the messages carry the key; empty is [KeyPath].
func NewSimulation(list *List, links map[string]string, keyPath string, d *Dictionary) (*Simulation, error) {
	path, err := hl7.ParsePath(cmp.Or(keyPath, KeyPath))
	if err != nil {
		return nil, err
	}
	if path.Segment != "IN1" || path.Field < 1 {
		return nil, fmt.Errorf("the plan ID is looked for in %s: name a field of IN1, such as %s or IN1-3.1", keyPath, KeyPath)
	}
	s := &Simulation{path: path, list: list, other: links, byKey: map[string]int{}, reader: d, model: newModel(list, &List{})}
	for i := range list.Plans {
		s.byKey[list.Plans[i].ID] = i
	}
	return s, nil
}

// Play says what would become of each IN1 of a message. A message without insurance has none.
func (s *Simulation) Play(m *hl7.Message) []Arrival {
	var all []Arrival
	for segment := range m.MatchSegments(hl7.MustPath("IN1[*]")) {
		all = append(all, s.one(m, segment, len(all)+1))
	}
	return all
}

func (s *Simulation) one(m *hl7.Message, segment hl7.Segment, n int) Arrival {
	text := func(path string) string { return strings.TrimSpace(get(segment, hl7.MustPath(path))) }
	a := Arrival{Segment: n, Key: strings.TrimSpace(get(segment, s.path))}
	company := text("IN1-4.1")
	a.Name = cmp.Or(text("IN1-2.2"), company)
	if i, ok := s.byKey[a.Key]; ok && a.Key != "" {
		a.Plan = s.list.Plans[i].ID
		if a.Linked = s.other[a.Plan]; a.Linked != "" {
			a.Outcome = OutcomeLinked
		} else {
			a.Outcome = OutcomeUnlinked
		}
		return a
	}
	p := Parse(Record{
		ID: a.Key, Insurer: company, Name: cmp.Or(text("IN1-2.2"), company), Type: text("IN1-15"), PayerIDs: []PayerID{{Value: text("IN1-3.1")}},
		Address: text("IN1-5.1"), City: text("IN1-5.3"), State: text("IN1-5.4"), ZIP: text("IN1-5.5"), Phones: []string{text("IN1-7.1")},
	}, s.reader)
	near, probability := s.nearest(&p)
	switch {
	case near >= 0 && probability >= 0.5:
		a.Outcome, a.Plan, a.Near = OutcomeByName, s.list.Plans[near].ID, probability
		a.Linked = s.other[a.Plan]
	case a.Key == "":
		a.Outcome = OutcomeEmpty
	default:
		a.Outcome = OutcomeNew
	}
	return a
}

// get gives the text at a path of IN1 within one segment.
func get(s hl7.Segment, p hl7.Path) string {
	v := s.Field(p.Field)
	if p.Component > 0 {
		v = v.Repetition(1).Component(p.Component)
	}
	if p.Subcomponent > 0 {
		v = v.Subcomponent(p.Subcomponent)
	}
	return v.Text()
}

// nearest finds the most similar plan of the list that nothing contradicts, and its share of the probability.
func (s *Simulation) nearest(p *Plan) (row int, probability float64) {
	row = -1
	sum, best := 1.0, 0.0
	for i := range s.list.Plans {
		c := s.model.compare(p, &s.list.Plans[i])
		if slices.ContainsFunc(c.gates, Gate.Blocks) || !c.insurerMet {
			continue
		}
		odds := math.Exp2(c.bits) / max(float64(len(s.list.Plans)), 1)
		sum += odds
		if odds > best {
			row, best = i, odds
		}
	}
	return row, best / sum
}

// LinksOf gives the links of a result from the left plans' IDs to the right's, or back.
func (r *Result) LinksOf(from linkage.Side) map[string]string {
	links := map[string]string{}
	for _, c := range r.Links() {
		if from == linkage.Right {
			links[c.Right] = c.Left
		} else {
			links[c.Left] = c.Right
		}
	}
	return links
}
