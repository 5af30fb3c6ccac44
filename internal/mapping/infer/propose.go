package infer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/mapping/suggest"
)

// proposer works out one proposal.
type proposer struct {
	ctx    context.Context
	o      *Options
	source mapping.End
	target mapping.End
	pairs  []Pair

	sources []source
	targets *targets
	trials  *trials
	effort  int  // of costly searches, in values
	tired   bool // there was too much of it
	keep    bool // HL7 v2 to HL7 v2: what no rule writes stays
	inner   map[*instance][]*instance

	file  *mapping.File
	ids   map[string]bool
	out   *Proposal
	block map[*unit]string // the ID of the block of a unit
	ranks map[*unit]*suggest.Ranker
	views map[*unit]*view
}

// maxRows is how many rows of a unit are looked at: the first, and then every so many of the others.
const maxRows = 1500

// Propose learns a mapping from pairs. It ends early with the context; its error is for pairs that cannot be read at all.
func Propose(ctx context.Context, pairs []Pair, o Options) (*Proposal, error) {
	p := &proposer{ctx: ctx, o: &o, pairs: pairs, trials: newTrials(o.Zone), ids: map[string]bool{}, block: map[*unit]string{}, ranks: map[*unit]*suggest.Ranker{}, views: map[*unit]*view{}, inner: map[*instance][]*instance{}}
	if len(pairs) == 0 {
		return nil, errors.New("there are no pairs to learn from; give messages before and after, in the same order or with the same control IDs")
	}
	p.source, p.target = o.Source, o.Target
	if p.source.Kind == "" {
		p.source = Recognise(pairs[0].Before.Bytes)
	}
	if p.target.Kind == "" {
		p.target = Recognise(pairs[0].After.Bytes)
	}
	p.out = &Proposal{Pairs: len(pairs)}
	if err := p.read(); err != nil {
		return nil, err
	}
	p.begin()
	p.tell(0.1)
	if err := p.units(); err != nil {
		return nil, err
	}
	if p.keep {
		p.dropped()
	}
	if p.target.Kind.HasRows() && len(p.target.Columns) == 0 && p.target.Fields == nil {
		p.file.Target.Columns = p.columns()
	}
	p.out.File = p.file
	if err := p.verify(); err != nil {
		return nil, err
	}
	p.tell(1)
	return p.out, nil
}

func (p *proposer) tell(share float64) {
	if p.o.Progress != nil {
		p.o.Progress(share)
	}
}

func (p *proposer) note(format string, args ...any) {
	p.out.Notes = append(p.out.Notes, fmt.Sprintf(format, args...))
}

// parseTree reads a record that is a tree.
func parseTree(end mapping.End, b []byte) (*fhir.Node, error) {
	if end.Kind == mapping.XML {
		return fhir.ParseXML(b)
	}
	return fhir.ParseJSON(b) // FHIR and rows are JSON in a record
}

// read reads both sides of all pairs.
func (p *proposer) read() error {
	if p.source.Kind == mapping.HL7v2 {
		messages := make([]*hl7.Message, len(p.pairs))
		for i := range p.pairs {
			messages[i] = hl7.Parse(p.pairs[i].Before.Bytes)
		}
		shape := newShape(messages, p.source.Version)
		for _, m := range messages {
			p.sources = append(p.sources, newHL7Source(m, shape))
		}
	}
	p.targets = newTargets(p.target.Kind)
	var after []*hl7.Message
	if p.target.Kind == mapping.HL7v2 {
		for i := range p.pairs {
			after = append(after, hl7.Parse(p.pairs[i].After.Bytes))
		}
		both := after
		for _, s := range p.sources {
			if x, ok := s.(*hl7Source); ok {
				both = append(both[:len(both):len(both)], x.m)
			}
		}
		p.targets.shape = newShape(both, p.target.Version)
		if p.source.Kind == mapping.HL7v2 { // one shape for both sides, so that a path is the same in both
			p.keep = p.sameStructure(after)
			for _, s := range p.sources {
				s.(*hl7Source).shape = p.targets.shape
			}
		}
	}
	for i := range p.pairs {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if p.source.Kind != mapping.HL7v2 {
			root, err := parseTree(p.source, p.pairs[i].Before.Bytes)
			if err != nil {
				return fmt.Errorf("pair %s: read the message before: %w", p.pairs[i].Name, err)
			}
			p.sources = append(p.sources, &treeSource{kind: p.source.Kind, root: root})
		}
		if p.target.Kind == mapping.HL7v2 {
			p.targets.hl7(i, after[i])
			continue
		}
		root, err := parseTree(p.target, p.pairs[i].After.Bytes)
		if err != nil {
			return fmt.Errorf("pair %s: read the message after: %w", p.pairs[i].Name, err)
		}
		if i == 0 {
			p.describe(root)
		}
		p.targets.tree(i, root)
	}
	p.targets.order()
	if p.target.Kind == mapping.HL7v2 && !p.keep {
		p.targets.nest()
	}
	for _, u := range p.targets.all {
		for _, x := range u.instances {
			p.inner[x.parent] = append(p.inner[x.parent], x)
		}
	}
	return nil
}

// sameStructure says whether nearly all messages keep their type: then what no rule writes is kept, and rules are about
// what changed.
func (p *proposer) sameStructure(after []*hl7.Message) bool {
	if p.o.Target.Keep {
		return true
	}
	same := 0
	for i, m := range after {
		a, _ := p.sources[i].(*hl7Source).m.Header()
		b, _ := m.Header()
		if a.Field(9).Component(1).Text() == b.Field(9).Component(1).Text() {
			same++
		}
	}
	return float64(same) >= p.o.least()*float64(len(after))
}

// describe takes from the first result what the target is to say of itself.
func (p *proposer) describe(root *fhir.Node) {
	switch p.target.Kind {
	case mapping.FHIR:
		if p.target.Root == "" {
			p.target.Root = root.ResourceType()
		}
		if p.target.Root == "Bundle" && p.target.Bundle == "" {
			p.target.Bundle = root.Find("type").String()
		}
	case mapping.XML:
		if p.target.Root == "" {
			p.target.Root = root.Name
		}
	}
}

// begin makes the file.
func (p *proposer) begin() {
	p.target.Keep = p.keep
	p.file = &mapping.File{ID: "learnt", Title: fmt.Sprintf("Learnt from %d pairs", len(p.pairs)), Source: p.source, Target: p.target, Zone: p.o.Zone,
		Note: "every rule is a draft: read it before you agree to it"}
}

// units goes through what was made, outer things first.
func (p *proposer) units() error {
	for i := range p.sources {
		for _, top := range p.targets.root.instances {
			if top.pair == i {
				top.turn = &turn{segment: -1}
			}
		}
	}
	if len(p.targets.root.instances) > 0 && (p.target.Kind == mapping.JSON || p.target.Kind == mapping.XML) {
		p.file.Blocks = append(p.file.Blocks, p.ruled(p.targets.root, mapping.Block{ID: p.id("b", p.targets.root.make), Make: p.targets.root.make}))
		return p.within(p.targets.root, &p.file.Blocks[0].Blocks)
	}
	return p.within(p.targets.root, &p.file.Blocks)
}

// within makes the blocks for what was made within a thing.
func (p *proposer) within(parent *unit, to *[]mapping.Block) error {
	loose := []*unit{}
	for i := 0; i < len(parent.units); i++ { // the list changes: units are split
		u := parent.units[i]
		if u.inline {
			continue
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if p.keep && p.kept(u) {
			continue
		}
		if !p.loop(u) {
			p.targets.split(u)
			if !p.loop(u) {
				p.unexplained(u)
				continue
			}
		}
		loose = append(loose, u)
		p.block[u] = p.id("b", u.make)
	}
	for _, u := range parent.units {
		if p.keep && !u.inline && p.block[u] != "" && !slices.Contains(loose, u) {
			loose = append(loose, u)
		}
	}
	for n, u := range loose {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		*to = append(*to, p.ruled(u, mapping.Block{ID: p.block[u], Make: u.make, Per: u.per}))
		at := len(*to) - 1
		if err := p.within(u, &(*to)[at].Blocks); err != nil {
			return err
		}
		if b := &(*to)[at]; len(b.Rules) == 0 && len(b.Blocks) == 0 && (p.keep || p.target.Kind != mapping.FHIR) {
			*to = (*to)[:at]
		}
		if parent == p.targets.root {
			p.tell(0.1 + 0.7*float64(n+1)/float64(len(loose)))
		}
	}
	return nil
}

// unexplained tells that nothing makes a thing.
func (p *proposer) unexplained(u *unit) {
	p.out.Unexplained = append(p.out.Unexplained, Unexplained{To: u.make, Count: len(u.instances), Of: len(p.pairs), Best: "nothing in the source comes as often"})
	for _, x := range u.instances {
		x.turn = nil
	}
}

// id makes an identifier that no other block or rule has.
func (p *proposer) id(prefix, text string) string {
	var b strings.Builder
	b.WriteString(prefix)
	dash := true
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if dash {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash = false
		default:
			dash = true
		}
	}
	name := b.String()
	for n := 2; p.ids[name]; n++ {
		name = fmt.Sprintf("%s-%d", b.String(), n)
	}
	p.ids[name] = true
	return name
}

// columns are those of a target in rows, in the order of the first results.
func (p *proposer) columns() (names []string) {
	for _, u := range p.targets.root.units {
		for _, path := range u.paths() {
			if !slices.Contains(names, path) {
				names = append(names, path)
			}
		}
	}
	return names
}

// view lays out what can be named from the rows of a unit.
func (p *proposer) view(u *unit) *view {
	if v := p.views[u]; v != nil {
		return v
	}
	v := &view{cols: map[string][]string{}, own: map[string]bool{}}
	for _, x := range u.instances {
		if x.turn != nil {
			v.rows = append(v.rows, row{x.pair, x, x.turn})
		}
	}
	if n := len(v.rows); n > maxRows {
		stride := (n + maxRows - 1) / maxRows
		kept := v.rows[:0:0]
		for i := 0; i < n; i += stride {
			kept = append(kept, v.rows[i])
		}
		p.note("%s was made %d times; every %s was looked at", u.make, n, ordinal(stride))
		v.rows = kept
	}
	p.fill(v, v.rows)
	p.views[u] = v
	return v
}

func ordinal(n int) string {
	switch n {
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return fmt.Sprintf("%dth", n)
}

// fill reads the columns of rows.
func (p *proposer) fill(v *view, rows []row) {
	for i, r := range rows {
		for _, c := range p.sources[r.pair].cells(r.turn) {
			col := v.cols[c.path]
			if col == nil {
				col = make([]string, len(rows))
				v.cols[c.path] = col
			}
			if col[i] == "" {
				col[i] = c.text
			}
		}
		for _, c := range p.sources[r.pair].own(r.turn) {
			v.own[c.path] = true
		}
	}
	v.paths = sortedKeys(v.cols)
}

// affinity is how well the names of some guesses' sources fit a target.
func (p *proposer) affinity(u *unit, v *view, to string, guesses []*guess) map[*guess]float64 {
	ranker := p.ranks[u]
	if ranker == nil {
		o := suggest.Options{Source: p.source, Target: p.target}
		for _, path := range v.paths {
			o.Candidates = append(o.Candidates, suggest.Candidate{Path: path})
		}
		if len(o.Candidates) > 0 {
			ranker = suggest.New(o)
			p.ranks[u] = ranker
		}
	}
	score := map[string]float64{}
	if ranker != nil {
		for _, s := range ranker.Sources(suggest.Target{Make: u.make, Per: u.per, To: to}, len(v.paths)) {
			score[s.From] = s.Score
		}
	}
	rank := map[*guess]float64{}
	for _, g := range guesses {
		for _, path := range g.from {
			r := score[path]
			if suggest.PlainPath(path) == suggest.PlainPath(to) && p.source.Kind == p.target.Kind {
				r += 3
			}
			if v.own[path] {
				r += 0.2
			}
			if strings.HasPrefix(path, "/") || strings.Contains(path, "[") {
				r -= 0.1
			}
			rank[g] += r / float64(len(g.from))
		}
		if g.kind == Constant {
			rank[g] = 0.5
		}
	}
	return rank
}
