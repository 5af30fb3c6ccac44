package mapper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
	"trestle/internal/mapping/suggest"
	"trestle/internal/present/screen"
)

// mostSuggestions is how many sources are proposed for a target.
const mostSuggestions = 12

// Suggestions are sources that may fill one place of the target, the likeliest first. Nothing is applied before the user takes one.
type Suggestions struct {
	m      *Model
	Target string // in words: Patient.birthDate
	block  string
	to     string
	list   []suggest.Suggestion
	values map[string]string // in the sample that is shown, by path
	base   *mapping.File
}

// Suggest looks for sources for the place of a row of the target, in the background: by what HL7 International publishes, by the
// mappings of this project, by values of the samples, by data types and names. An error says why there is nothing to look for.
func (m *Model) Suggest(row int, then func(*Suggestions)) error {
	d := m.doc
	if d == nil {
		return nil
	}
	right := &d.sides[1]
	if row < 0 || row >= len(right.rows) || right.nodes[right.rows[row]].to == "" {
		return errors.New("choose a place of the target first, not a whole block")
	}
	n := right.nodes[right.rows[row]]
	at, ok := d.index[n.block]
	if !ok {
		return nil
	}
	block := d.rows[at].block
	f, others := d.file, m.otherNames()
	records := make([]mapping.Record, len(d.samples.list))
	for i := range d.samples.list {
		records[i] = d.samples.list[i].Record
	}
	shown := d.samples.at
	s := &Suggestions{m: m, Target: strings.TrimPrefix(block.Make+"."+n.to, "."), block: n.block, to: n.to, base: f, values: map[string]string{}}
	target := suggest.Target{Make: block.Make, Per: block.Per, To: n.to, Name: n.about, Type: n.typ}
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]suggest.Suggestion, error) {
		o := suggest.Options{Source: f.Source, Target: f.Target}
		var err error
		if len(records) > 0 {
			if o.Candidates, err = infer.Candidates(f.Source, records); err != nil {
				return nil, err
			}
			for i := range o.Candidates {
				if c := &o.Candidates[i]; shown < len(c.Values) {
					s.values[c.Path] = c.Values[shown]
				}
			}
		}
		for _, name := range others {
			doc, err := m.store.Document(ctx, savedKind, name)
			if err != nil {
				continue // it was deleted meanwhile
			}
			if known, err := mapping.Unpack(doc.Bytes); err == nil {
				o.Known = append(o.Known, known)
			}
		}
		return suggest.New(o).Sources(target, mostSuggestions), ctx.Err()
	}, func(list []suggest.Suggestion, err error) {
		if err != nil {
			m.Fail("Could not look for sources", err)
			return
		}
		s.list = list
		then(s)
	})
	return nil
}

// otherNames are the mappings of the project beside the one that is open.
func (m *Model) otherNames() (names []string) {
	for _, e := range m.entries {
		if e.Name != m.Name() {
			names = append(names, e.Name)
		}
	}
	return names
}

var suggestionColumns = []screen.Column{
	{ID: "from", Title: "Source", Width: 130, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "value", Title: "In this sample", Width: 150, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "do", Title: "Functions", Width: 140, MinWidth: 50, Mono: true, Fixed: true},
	{ID: "why", Title: "What speaks for it", Width: 320, MinWidth: 100, Flex: true, Fixed: true},
}

// Columns implements screen.Grid.
func (s *Suggestions) Columns() []screen.Column { return suggestionColumns }

// Len implements screen.Grid.
func (s *Suggestions) Len() int { return len(s.list) }

// Cell implements screen.Grid.
func (s *Suggestions) Cell(row, col int) screen.Cell {
	if row >= len(s.list) {
		return screen.Cell{}
	}
	x := &s.list[row]
	switch col {
	case 0:
		return screen.Cell{Text: x.From}
	case 1:
		v := s.values[x.From]
		return screen.Cell{Text: v, Masked: s.m.masked && v != ""}
	case 2:
		return screen.Cell{Text: stepWords(x.Do), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: strings.Join(x.Reasons, "; ")}
}

func stepWords(steps []mapping.Step) string {
	words := make([]string, len(steps))
	for i, x := range steps {
		words[i] = x.String()
	}
	return strings.Join(words, " | ")
}

// Take makes a rule of a suggestion, after those of its block. An error says why it cannot.
func (s *Suggestions) Take(row int) error {
	m := s.m
	d := m.doc
	if d == nil || row < 0 || row >= len(s.list) {
		return errors.New("choose one of the sources")
	}
	at, ok := d.index[s.block]
	if !ok {
		return errors.New("the block is there no more")
	}
	x := &s.list[row]
	r := mapping.Rule{To: s.to, From: []string{d.written(x.From, s.block)}, Do: slices.Clone(x.Do), Status: mapping.Draft, Note: "suggested: " + strings.Join(x.Reasons, "; ")}
	d.loopFor(&r, &node{to: s.to})
	m.addRule(at+len(d.rows[at].block.Rules), r, "Map "+x.From+" to "+s.to)
	return nil
}

// Learnt says what became of learning a mapping from examples.
type Learnt struct {
	Name  string // of the mapping
	Words string // sentences
	Rules []LearntRule
}

// LearntRule is what the examples say of one rule.
type LearntRule struct {
	Rule, To, Kind string
	Holds, Of      int
	Distinct       int
}

// Learn makes a mapping from examples: files of messages before and after an interface, in the same order or with the same control
// IDs. It is added to the project as a draft. An error says what is wrong with the form.
func (m *Model) Learn(before, after, name string, told func(Learnt)) error {
	name = strings.TrimSpace(name)
	switch {
	case strings.TrimSpace(before) == "" || strings.TrimSpace(after) == "":
		return errors.New("choose two files: the messages as they were sent, and what became of them")
	case name == "":
		name = m.freeNameFor("learnt from " + strings.TrimSuffix(filepath.Base(before), filepath.Ext(before)))
	}
	if err := m.free(name); err != nil {
		return err
	}
	type read struct {
		stored   *stored
		proposal *infer.Proposal
	}
	job.Track(m.ctx, m.runner, "learning a mapping", func(ctx context.Context, p *job.Progress) (read, error) {
		p.SetTotal(100)
		told := int64(0)
		var sides [2][]mapping.Record
		var ends [2]mapping.End
		for i, path := range []string{before, after} {
			var err error
			if ends[i], sides[i], err = readSide(ctx, path); err != nil {
				return read{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
		}
		pairs, notes := infer.Align(sides[0], sides[1])
		proposal, err := infer.Propose(ctx, pairs, infer.Options{Source: ends[0], Target: ends[1], Progress: func(share float64) {
			if now := int64(100 * share); now > told {
				p.Add(now - told)
				told = now
			}
		}})
		if err != nil {
			return read{}, err
		}
		proposal.Notes = append(notes, proposal.Notes...)
		proposal.File.ID, proposal.File.Title = identifier(name), name
		b, err := mapping.Pack(proposal.File)
		if err != nil {
			return read{}, err
		}
		if _, err = m.store.PutDocument(ctx, savedKind, name, b, 0); err != nil {
			return read{}, err
		}
		x, err := m.read(ctx, name)
		return read{x, proposal}, err
	}, func(r read, err error) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.Fail("No mapping was learnt", err)
			}
			return
		}
		m.opening.Cancel()
		m.show(r.stored)
		m.SetSamples(SampleSet{Paths: []string{before}})
		m.Reload()
		told(learntWords(name, r.proposal))
	})
	return nil
}

// maxLearn is the size in bytes of a file of examples.
const maxLearn = 256 << 20

func readSide(ctx context.Context, path string) (end mapping.End, records []mapping.Record, err error) {
	f, err := os.Open(path)
	if err != nil {
		return end, nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxLearn {
		return end, nil, fmt.Errorf("it is larger than %d MB: a few hundred messages are enough to learn from", maxLearn>>20)
	}
	start := make([]byte, 4096)
	n, err := f.ReadAt(start, 0)
	if n == 0 {
		return end, nil, errors.Join(errors.New("the file is empty"), err)
	}
	end = infer.Recognise(start[:n])
	records, err = infer.Records(ctx, end, f)
	if err == nil && len(records) == 0 {
		err = errors.New("there is no message in it")
	}
	return end, records, err
}

// learntWords sums up a proposal.
func learntWords(name string, p *infer.Proposal) Learnt {
	l := Learnt{Name: name}
	share := 0.0
	if p.Values > 0 {
		share = 100 * float64(p.Reproduced) / float64(p.Values)
	}
	l.Words = fmt.Sprintf("From %s: %s. They give %.0f %% of the values that came out.", screen.Plural(p.Pairs, "pair"), screen.Plural(p.File.Rules(), "rule"), share)
	if p.Extra > 0 {
		l.Words += fmt.Sprintf(" %s come out beside them.", screen.Plural(p.Extra, "value"))
	}
	if n := len(p.Unexplained); n > 0 {
		l.Words += fmt.Sprintf(" %s of what came out could not be explained.", screen.Plural(n, "place"))
	}
	for _, n := range p.Notes {
		if n != "" {
			l.Words += " " + strings.ToUpper(n[:1]) + strings.TrimSuffix(n[1:], ".") + "."
		}
	}
	for _, e := range p.Evidence {
		id := e.Rule
		if id == "" {
			id = e.Block
		}
		l.Rules = append(l.Rules, LearntRule{id, e.To, string(e.Kind), e.Holds, e.Of, e.Distinct})
	}
	return l
}

var learntColumns = []screen.Column{
	{ID: "to", Title: "Target", Width: 190, MinWidth: 80, Mono: true, Fixed: true},
	{ID: "kind", Title: "What", Width: 110, MinWidth: 60, Fixed: true},
	{ID: "holds", Title: "Holds", Width: 80, MinWidth: 50, Right: true, Fixed: true},
	{ID: "of", Title: "Places", Width: 70, MinWidth: 44, Right: true, Fixed: true},
	{ID: "distinct", Title: "Different values", Width: 116, MinWidth: 60, Right: true, Fixed: true},
	{ID: "rule", Title: "Rule", Width: 110, MinWidth: 60, Flex: true, Fixed: true},
}

// Columns implements screen.Grid.
func (l *Learnt) Columns() []screen.Column { return learntColumns }

// Len implements screen.Grid.
func (l *Learnt) Len() int { return len(l.Rules) }

// Cell implements screen.Grid.
func (l *Learnt) Cell(row, col int) screen.Cell {
	if row >= len(l.Rules) {
		return screen.Cell{}
	}
	r := &l.Rules[row]
	switch col {
	case 0:
		return screen.Cell{Text: r.To}
	case 1:
		return screen.Cell{Text: r.Kind, Role: screen.RoleMuted}
	case 2:
		c := screen.Cell{Text: fmt.Sprintf("%.0f %%", 100*float64(r.Holds)/float64(max(r.Of, 1)))}
		if r.Holds < r.Of {
			c.Role = screen.RoleWarning
		}
		return c
	case 3:
		return screen.Cell{Text: screen.Count(r.Of), Role: screen.RoleMuted}
	case 4:
		c := screen.Cell{Text: screen.Count(r.Distinct), Role: screen.RoleMuted}
		if r.Distinct == 1 && r.Of > 1 && r.Kind != string(infer.Constant) {
			c.Role = screen.RoleWarning // it may be chance
		}
		return c
	}
	return screen.Cell{Text: r.Rule, Role: screen.RoleMuted}
}
