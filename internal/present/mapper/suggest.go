package mapper

import (
	"context"
	"strings"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/mapping/suggest"
	"trestle/internal/present/screen"
)

// proposals are the sources that a target may be filled from. They are shown; nothing is applied but what the user takes.
type proposals struct {
	asking job.Latest
	ranker *suggest.Ranker
	of     string // what the ranker was made from
	block  string
	node   node
	list   []suggest.Suggestion
}

// mostProposals is how many sources are proposed for a target.
const mostProposals = 8

// Suggest ranks the sources for the target in a row and calls then when that is done, with how many there are.
func (m *Model) Suggest(target int, then func(n int)) {
	d := m.doc
	if d == nil {
		return
	}
	right := &d.sides[1]
	if target < 0 || target >= len(right.rows) {
		return
	}
	n := right.nodes[right.rows[target]]
	at, ok := d.index[n.block]
	if n.to == "" || !ok {
		m.Say(screen.News{Text: "Choose a place below the block to see which sources may go there.", Bad: true}, nil)
		return
	}
	block := d.rows[at].block
	p := &d.proposals
	file, ranker, candidates := d.file, p.ranker, []suggest.Candidate(nil)
	name := d.name
	made := d.sides[0].made
	if ranker == nil || p.of != made {
		ranker, candidates = nil, d.candidates()
	}
	type ranked struct {
		ranker *suggest.Ranker
		list   []suggest.Suggestion
	}
	job.StartLatest(m.ctx, m.runner, &p.asking, func(ctx context.Context) (ranked, error) {
		if ranker == nil {
			ranker = suggest.New(suggest.Options{Source: file.Source, Target: file.Target, Candidates: candidates})
		}
		known, err := m.otherMappings(ctx, name)
		if err != nil {
			return ranked{}, err
		}
		list := ranker.With(append(known, file)...).Sources(suggest.Target{Make: block.Make, Per: block.Per, To: n.to, Type: n.typ}, mostProposals)
		return ranked{ranker, list}, nil
	}, func(r ranked, err error) {
		if err != nil {
			m.Fail("No source could be proposed", err)
			return
		}
		if m.doc != d {
			return
		}
		p.ranker, p.of, p.list, p.block, p.node = r.ranker, made, r.list, block.ID, n
		if len(r.list) == 0 {
			m.Say(screen.News{Text: "Nothing is known that speaks for a source of " + n.to + "."}, nil)
		}
		then(len(r.list))
	})
}

// otherMappings are the mappings of the project but one, as they were saved: what goes where in them may go there again.
func (m *Model) otherMappings(ctx context.Context, but string) (list []*mapping.File, err error) {
	docs, err := m.store.Documents(ctx, savedKind)
	if err != nil {
		return nil, err
	}
	for _, d := range docs[:min(len(docs), maxKnown)] {
		if d.Name == but {
			continue
		}
		doc, err := m.store.Document(ctx, savedKind, d.Name)
		if err != nil {
			return nil, err
		}
		if f, err := mapping.Unpack(doc.Bytes); err == nil { // one that cannot be read knows nothing
			list = append(list, f)
		}
	}
	return list, nil
}

// maxKnown is how many mappings of the project are asked.
const maxKnown = 30

// candidates are the places of the source that something stands below or at, with the values of the samples.
func (d *document) candidates() []suggest.Candidate {
	s := &d.sides[0]
	list := make([]suggest.Candidate, 0, len(s.nodes))
	place := make(map[string]int, len(s.nodes))
	for i := range s.nodes {
		n := &s.nodes[i]
		if s.isHL7() && n.depth == 0 {
			continue // a segment is no source
		}
		place[n.key] = len(list)
		list = append(list, suggest.Candidate{Path: n.key, Type: n.typ})
	}
	samples := d.samples.list[:min(len(d.samples.list), maxCandidateSamples)]
	for k := range samples {
		visitValues(d.file.Source, samples[k].Bytes, func(v visited) {
			i, ok := place[v.key]
			if !ok {
				return
			}
			c := &list[i]
			if c.Values == nil {
				c.Values = make([]string, len(samples))
			}
			if c.Values[k] == "" {
				c.Values[k] = v.text
			}
		})
	}
	return list
}

// maxCandidateSamples is how many samples speak for a source by the form of their values.
const maxCandidateSamples = 40

// ProposalTitle names the target that sources are proposed for.
func (m *Model) ProposalTitle() string {
	if m.doc == nil {
		return ""
	}
	return m.doc.sides[1].title(&m.doc.proposals.node)
}

var proposalColumns = []screen.Column{
	{ID: "source", Title: "Source", Width: 110, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "name", Title: "Name", Width: 170, MinWidth: 60, Flex: true, Fixed: true},
	{ID: "value", Title: "In this sample", Width: 120, MinWidth: 50, Mono: true, Fixed: true},
	{ID: "do", Title: "Functions", Width: 100, MinWidth: 40, Mono: true, Fixed: true},
	{ID: "score", Title: "", Width: 60, MinWidth: 40, Fixed: true},
	{ID: "why", Title: "What speaks for it", Width: 320, MinWidth: 80, Flex: true, Fixed: true},
}

// Proposals are the sources for the target that was asked for, the best first.
func (m *Model) Proposals() screen.Grid { return (*proposalGrid)(m) }

type proposalGrid Model

func (g *proposalGrid) Columns() []screen.Column { return proposalColumns }

func (g *proposalGrid) Len() int {
	if g.doc == nil {
		return 0
	}
	return len(g.doc.proposals.list)
}

func (g *proposalGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	x := &g.doc.proposals.list[row]
	s := &g.doc.sides[0]
	switch proposalColumns[col].ID {
	case "source":
		return screen.Cell{Text: x.From, Role: screen.RoleSegment}
	case "name":
		if at := s.find(suggest.PlainPath(x.From)); at >= 0 {
			return screen.Cell{Text: s.nodes[at].about, Role: screen.RoleMuted}
		}
	case "value":
		if at := s.find(suggest.PlainPath(x.From)); at >= 0 {
			return s.valueCell(&s.nodes[at])
		}
	case "do":
		return screen.Cell{Text: stepsText(x.Do)}
	case "score":
		return screen.Cell{Bar: x.Score, BarRole: screen.RoleInformation}
	case "why":
		return screen.Cell{Text: strings.Join(x.Reasons, "; ")}
	}
	return screen.Cell{}
}

// TakeProposal adds a rule with a source that was proposed, and its functions, as a draft.
func (m *Model) TakeProposal(row int) {
	d := m.doc
	if d == nil || row < 0 || row >= len(d.proposals.list) {
		return
	}
	p := &d.proposals
	if _, ok := d.index[p.block]; !ok {
		return
	}
	x := p.list[row]
	key := suggest.PlainPath(x.From)
	r := mapping.Rule{To: p.node.to, From: []string{d.written(key, p.block)}, Do: x.Do, Status: mapping.Draft}
	d.loopFor(&r, &p.node)
	m.addRule(d.beforeParts(&p.node), r, "Map "+key+" to "+p.node.to)
	m.Reveal()
}
