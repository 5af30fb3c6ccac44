package comparing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"

	"trestle/internal/compare"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// home is where rules are kept: a document of the project. Without a kind they are not kept by us.
type home struct {
	kind workspace.DocumentKind
	name string
}

// projectRules are the rules that are used where a baseline brings no others.
var projectRules = home{workspace.DocumentComparisonRules, "rules"}

// setup is rules as they are kept, those that are switched off apart.
type setup struct {
	Pairing string         `yaml:"pairing,omitempty"`
	Rules   *compare.Rules `yaml:"rules,omitempty"`
	Off     *compare.Rules `yaml:"off,omitempty"`

	revision int64
}

// way is how the messages are paired.
func (s *setup) way() compare.Pairing {
	for _, w := range []compare.Pairing{compare.ByOrder, compare.BySimilarity} {
		if s.Pairing == w.String() {
			return w
		}
	}
	return compare.ByKey
}

// readSetup reads rules of the project, nil if there are none.
func (m *Model) readSetup(ctx context.Context, h home) (*setup, error) {
	d, err := m.store.Document(ctx, h.kind, h.name)
	if errors.Is(err, workspace.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &setup{revision: d.Revision}
	y := yaml.NewDecoder(bytes.NewReader(d.Bytes))
	y.KnownFields(true)
	if err := y.Decode(s); err != nil {
		return nil, fmt.Errorf("the rules of %s: %s", h.name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	for _, r := range []*compare.Rules{s.Rules, s.Off} {
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("the rules of %s: %w", h.name, err)
		}
	}
	return s, nil
}

// writeSetup writes rules and returns their revision.
func (m *Model) writeSetup(ctx context.Context, h home, s *setup) (int64, error) {
	b, err := yaml.Marshal(s)
	if err != nil {
		return 0, err
	}
	d, err := m.store.PutDocument(ctx, h.kind, h.name, b, s.revision)
	return d.Revision, err
}

// SaveBaseline keeps the messages of a side (0 left, 1 right) under a name, with the rules. A set of that name is replaced
// if replace says so; otherwise taken is called.
func (m *Model) SaveBaseline(name string, side int, replace bool, taken func()) error {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return errors.New("give it a name, such as go-live 2026-02")
	case m.inputs == nil:
		return errors.New("compare something first: its messages are kept")
	}
	in, s := m.inputs, m.rules.setup()
	if s.revision = 0; len(m.pairing.Key) > 0 { // the way in which they were paired belongs to it
		s.Rules.Key = m.pairing.Key
	}
	in.users++
	job.Track(m.ctx, m.runner, "keep a baseline", func(ctx context.Context, p *job.Progress) (set workspace.Set, err error) {
		if set, err = m.store.PutSet(ctx, name, setMessages(ctx, in.sources[side], p), replace); err != nil {
			return set, err
		}
		h := home{workspace.DocumentBaseline, set.Name}
		old, err := m.store.Document(ctx, h.kind, h.name)
		if err == nil {
			s.revision = old.Revision
		} else if !errors.Is(err, workspace.ErrNotFound) {
			return set, err
		}
		_, err = m.writeSetup(ctx, h, s)
		return set, err
	}, func(set workspace.Set, err error) {
		in.release()
		switch {
		case err != nil && !replace && errors.Is(err, workspace.ErrChanged):
			taken()
		case err != nil:
			m.Fail("The baseline was not kept", err)
		default:
			m.Say(screen.News{Text: fmt.Sprintf("The baseline %s is kept: %s, and the rules.", set.Name, screen.Plural(int(set.Messages), "message"))}, nil)
		}
	})
	return nil
}

// setMessages are the messages of a source as a set keeps them.
func setMessages(ctx context.Context, s compare.Source, p *job.Progress) iter.Seq2[workspace.SetMessage, error] {
	return func(yield func(workspace.SetMessage, error) bool) {
		n := 0
		for e, err := range s.Messages(ctx) {
			if err == nil && e.Skip {
				continue
			}
			if n++; n%64 == 0 {
				p.Note(screen.Plural(n, "message"))
			}
			if !yield(workspace.SetMessage{Label: e.Name, Bytes: e.Bytes}, err) || err != nil {
				return
			}
		}
	}
}

// DeleteBaseline removes a set with its rules.
func (m *Model) DeleteBaseline(name string) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		d, err := m.store.Document(ctx, workspace.DocumentBaseline, name)
		if err == nil {
			err = m.store.DeleteDocument(ctx, workspace.DocumentBaseline, name, d.Revision)
		}
		if err != nil && !errors.Is(err, workspace.ErrNotFound) {
			return struct{}{}, err
		}
		return struct{}{}, m.store.DeleteSet(ctx, name)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The baseline was not deleted", err)
			return
		}
		m.Say(screen.News{Text: "The baseline " + name + " is deleted."}, nil)
	})
}

// Choices are what of the project can be a side.
type Choices struct {
	Baselines []string
	Journals  []JournalChoice
	Mappings  []Mapping
}

// JournalChoice is a run of a sender, or the whole journal of an endpoint.
type JournalChoice struct {
	Endpoint, Run string
	Words         string
}

// LoadChoices reads what of the project can be a side, and hands it to then.
func (m *Model) LoadChoices(then func(Choices)) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (c Choices, err error) {
		sets, err := m.store.Sets(ctx)
		if err != nil {
			return c, err
		}
		for _, s := range sets {
			c.Baselines = append(c.Baselines, s.Name)
		}
		runs, err := m.store.Runs(ctx)
		if err != nil {
			return c, err
		}
		for _, r := range runs {
			c.Journals = append(c.Journals, JournalChoice{r.Endpoint, r.Name,
				fmt.Sprintf("%s, run %s, %s, %s", r.Endpoint, r.Name, r.Started.Local().Format("2006-01-02 15:04"), screen.Plural(int(r.Exchanges), "exchange"))})
		}
		if c.Mappings, err = mappings(); err != nil {
			return c, err
		}
		all, err := m.store.EndpointFigures(ctx)
		for _, f := range all {
			c.Journals = append(c.Journals, JournalChoice{f.Endpoint, "", f.Endpoint + ", its whole journal"})
		}
		return c, err
	}, func(c Choices, err error) {
		if err != nil {
			m.Fail("The project could not be read", err)
			return
		}
		then(c)
	})
}

// SuggestKeys looks at two sides and says by which keys their messages would pair, the best first.
func (m *Model) SuggestKeys(sides [2]Side, then func([]compare.Suggestion, error)) {
	job.Track(m.ctx, m.runner, "look for a key", func(ctx context.Context, _ *job.Progress) ([]compare.Suggestion, error) {
		in, err := m.openInputs(ctx, sides)
		if err != nil {
			return nil, err
		}
		defer in.close()
		return compare.SuggestKeys(ctx, in.sources[0], in.sources[1])
	}, then)
}
