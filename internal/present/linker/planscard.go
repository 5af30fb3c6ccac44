package linker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/present/screen"
	"trestle/internal/report/links"
	"trestle/internal/workspace"
)

// planCandidate is a case of plans as the ledger has it.
func (d *desk) planCandidate(i item) linkage.Candidate {
	if i.form == createCase {
		p := d.plans.Creations[i.index].Plan
		return linkage.Candidate{Left: p.ID, LeftHash: planHash(p), Pattern: d.reason(i)}
	}
	c := d.plans.Candidates[i.index]
	var gates []string
	for _, g := range c.Gates {
		gates = append(gates, string(g))
	}
	return linkage.Candidate{Left: c.Left, Right: c.Right, LeftHash: planHash(&d.plans.Left.Plans[c.LeftRow]), RightHash: planHash(&d.plans.Right.Plans[c.RightRow]),
		Probability: c.Probability, Bits: c.Bits, Band: c.Band, Gates: gates, Pattern: d.reason(i)}
}

// planHash is the same for plans that say the same.
func planHash(p *plan.Plan) string { return contentHash(p.Record) }

// teaches is the name that a decision about plans teaches: from now on ours is read as theirs. Names that are equal, or
// that were taught to stand for something else already, teach nothing.
func (d *desk) teaches(x linkage.Decision) []linkage.Alias {
	if d.kind != linkage.Plans || x.Action != linkage.ActSame || d.plans == nil {
		return nil
	}
	from, to := planName(d.plans.Left, x.Left), planName(d.plans.Right, x.Right)
	if from == "" || to == "" || plan.Normal(from) == plan.Normal(to) {
		return nil
	}
	for other := range d.ledger.InForce() {
		if other.Seq != x.Seq && other.Action == linkage.ActSame && plan.Normal(planName(d.plans.Left, other.Left)) == plan.Normal(from) {
			return nil
		}
	}
	a := linkage.Alias{Kind: linkage.Plans, From: from, To: to, Decision: x.Seq, At: x.At}
	if _, err := plan.Standard().With(a); err != nil {
		return nil
	}
	return []linkage.Alias{a}
}

// planName is what a list calls a plan.
func planName(l *plan.List, id string) string {
	if p := planWith(l, id); p != nil {
		return strings.TrimSpace(p.Name)
	}
	return ""
}

// DecideMany links the plan of the open case although the one on the other side has a link already, by explicit choice.
func (m *Model) DecideMany() {
	d := m.desk()
	c := &d.cases
	if d.kind != linkage.Plans || c.at < 0 || c.at >= len(c.shown) || c.shown[c.at].form != planCase {
		m.Say(screen.News{Text: "Several of ours may stand for one of theirs with plans only: a patient is one person.", Bad: true}, nil)
		return
	}
	i := c.shown[c.at]
	x, err := d.decide(i, linkage.ActSame)
	if err != nil {
		m.Say(screen.News{Text: err.Error(), Bad: true}, nil)
		return
	}
	x.Many = true
	m.keep(d, x)
	m.goOn(d, i)
}

// planCard is the card of a plan with its best candidate, or of one to create.
func (d *desk) planCard(i item) *Card {
	card := &Card{item: i}
	pair := d.planPair(i)
	left := pair[0]
	if i.form == twinCase {
		x := d.plans.Duplicates[i.index]
		card.inside = whichOf(x.Side).String()
		card.Title = fmt.Sprintf("Two plans of %s say the same, %s sure", whichOf(x.Side), percent(x.Probability))
		card.Sentence = "Their owner knows whether both are needed. Same (s) or different (d) is recorded; what is linked does not change."
		card.fields = planFields(pair)
		return card
	}
	if i.form == createCase {
		c := d.plans.Creations[i.index]
		card.Title = "No counterpart: to be created"
		switch {
		case c.Duplicate != "":
			card.Title = "To be created, and said twice in our list"
			card.Sentence = "An earlier plan of our list says the same: create one of them."
		case c.NearID != "":
			card.Sentence = "The most similar plan that exists is below, so that nobody makes it twice: " + c.NearWhy + "."
		default:
			card.Sentence = "Nothing in their list is like it. Confirm with n; it is exported with its fields as they were understood."
		}
	} else {
		c := d.plans.Candidates[i.index]
		card.Title = fmt.Sprintf("%s, %s sure", upper(d.reason(i)), percent(c.Probability))
		card.Sentence = upper(c.Reasons) + "."
		card.Bad = c.Band == linkage.Blocked
	}
	card.fields = append(card.fields, planFields(pair)...)
	if i.form == planCase {
		c := d.plans.Candidates[i.index]
		card.weighPlans(slices.Concat(c.Insurer, c.Within))
	}
	for k, c := range d.plans.Candidates {
		if c.LeftRow != rowOf(d.plans.Left, left) || i.form == planCase && int32(k) == i.index {
			continue
		}
		p := &d.plans.Right.Plans[c.RightRow]
		what := fmt.Sprintf("candidate %d, %s", c.Rank, percent(c.Probability))
		card.others = append(card.others, other{what: what, id: c.Right, name: strings.TrimSpace(p.Insurer + "  " + p.Name), born: string(p.Business), more: c.Reasons, bits: c.Bits, isCandidate: true, to: item{planCase, int32(k)}})
	}
	return card
}

// evidenceFields are the fields beside which the weight of a comparison stands.
var evidenceFields = map[string]string{
	"insurer": "insurer", "telephone": "→ phones", "PO box": "→ po box", "payer ID": "→ payer ids", "programme": "→ programme", "line of business": "→ line of business",
	"product": "→ product", "metal": "→ metal", "state": "→ states", "name": "name",
}

// weighPlans sets what each comparison says beside its field, and below them all what has no field of its own.
func (c *Card) weighPlans(all []plan.Evidence) {
	for _, e := range all {
		at := slices.IndexFunc(c.fields, func(f field) bool { return f.name == evidenceFields[e.Field] && !f.hasEvidence })
		if at < 0 {
			values := [2]string{e.Left, e.Right}
			if e.Right == "" {
				values[1] = e.Left
			}
			c.fields = append(c.fields, field{name: e.Field, values: values})
			at = len(c.fields) - 1
		}
		c.fields[at].bits, c.fields[at].hasEvidence = e.Bits, true
		if evidenceFields[e.Field] != "" {
			c.fields[at].words = e.Text()
		}
	}
}

// planWith finds a plan by its ID, nil if the list has it no more.
func planWith(l *plan.List, id string) *plan.Plan {
	for i := range l.Plans {
		if l.Plans[i].ID == id {
			return &l.Plans[i]
		}
	}
	return nil
}

func rowOf(l *plan.List, p *plan.Plan) int {
	return slices.IndexFunc(l.Plans, func(x plan.Plan) bool { return x.ID == p.ID })
}

// planFields sets two plans side by side: what the lists have, and below it what was understood.
func planFields(pair [2]*plan.Plan) []field {
	var all []field
	add := func(name string, of func(*plan.Plan) string, understood bool) {
		var values [2]string
		for i, p := range pair {
			if p != nil {
				values[i] = strings.TrimSpace(of(p))
			}
		}
		if values[0] == "" && values[1] == "" {
			return
		}
		f := field{name: name, values: values}
		if values[0] != "" && values[1] != "" && !understood {
			f.spans = differences(values[0], values[1])
		}
		all = append(all, f)
	}
	add("plan id", func(p *plan.Plan) string { return p.ID }, true)
	add("insurer", func(p *plan.Plan) string { return p.Insurer }, false)
	add("name", func(p *plan.Plan) string { return p.Name }, false)
	add("type", func(p *plan.Plan) string { return p.Type }, false)
	for n, name := range links.CreationFields() {
		switch name {
		case "name", "insurer":
			continue
		}
		add("→ "+strings.ReplaceAll(name, "_", " "), func(p *plan.Plan) string {
			return links.PlanCreation(plan.Creation{Plan: p}).Fields[n].Value
		}, false)
	}
	return all
}

// Simulation says what the project's messages would do with the links as they stand.
type Simulation struct {
	Segments int
	Lines    []string
	Missing  []string // the plan IDs that would create a plan, the most frequent first
}

// Simulate plays the project's messages against the links: which IN1 would find a linked plan, and which would create a
// new one. from is whose messages they are, key where they carry the plan ID.
func (m *Model) Simulate(from Which, key string, then func(Simulation)) {
	d := m.desk()
	if d.plans == nil {
		m.Say(screen.News{Text: "Compare the plans first (F5): the simulation plays messages against their links.", Bad: true}, nil)
		return
	}
	linked := map[string]string{}
	for l := range d.links() {
		if from == Ours {
			linked[l[0]] = l[1]
		} else {
			linked[l[1]] = l[0]
		}
	}
	list := d.plans.Left
	if from == Theirs {
		list = d.plans.Right
	}
	job.Track(m.ctx, m.runner, "simulate with messages", func(ctx context.Context, p *job.Progress) (s Simulation, err error) {
		dictionary := plan.Standard()
		sim, err := plan.NewSimulation(list, linked, key, dictionary)
		if err != nil {
			return s, err
		}
		ids, err := m.store.IDs(ctx, workspace.Query{})
		if err != nil {
			return s, err
		}
		p.SetTotal(int64(len(ids)))
		counts, missing := map[plan.Outcome]int{}, map[string]int{}
		for message, err := range m.store.Messages(ctx, ids) {
			p.Add(1)
			if err != nil {
				if errors.Is(err, workspace.ErrDamaged) || errors.Is(err, workspace.ErrNotFound) {
					continue
				}
				return s, err
			}
			for _, a := range sim.Play(hl7.Parse(message.Bytes)) {
				s.Segments++
				counts[a.Outcome]++
				if a.Outcome == plan.OutcomeNew || a.Outcome == plan.OutcomeUnlinked || a.Outcome == plan.OutcomeByName {
					missing[a.Key]++
				}
			}
		}
		for _, o := range plan.Outcomes {
			if n := counts[o]; n > 0 {
				s.Lines = append(s.Lines, fmt.Sprintf("%s: %d", o, n))
			}
		}
		s.Missing = frequent(missing, 12)
		return s, ctx.Err()
	}, func(s Simulation, err error) {
		if err != nil {
			m.Fail("The simulation ended", err)
			return
		}
		then(s)
	})
}

func frequent(counts map[string]int, most int) []string {
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s (%d)", k, counts[k])
	}
	return keys[:min(len(keys), most)]
}
