package mapper

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
	"trestle/internal/present/screen"
)

// maxPairs is from how many messages of each side a mapping is learnt: more say the same again.
const maxPairs = 2000

// Learn adds a mapping that was learnt from messages as they were and what an interface has made of each, in files or
// folders, and opens it. Its rules are drafts, and the note of each says in how many pairs it holds. An error says what is
// wrong with the name.
func (m *Model) Learn(name string, before, after []string) error {
	name = strings.TrimSpace(name)
	if err := m.free(name); err != nil {
		return err
	}
	job.Track(m.ctx, m.runner, "learning a mapping", func(ctx context.Context, progress *job.Progress) (*stored, error) {
		p, err := learn(ctx, before, after, progress)
		if err != nil {
			return nil, err
		}
		p.File.ID = identifier(name)
		p.File.Title = name
		noteSupport(p)
		b, err := mapping.Pack(p.File)
		if err != nil {
			return nil, err
		}
		if _, err := m.store.PutDocument(ctx, savedKind, name, b, 0); err != nil {
			return nil, err
		}
		s, err := m.read(ctx, name)
		if err == nil {
			s.learnt = learntWords(p)
			s.layout.Samples = SampleSet{Paths: before}
		}
		return s, err
	}, func(s *stored, err error) {
		if err != nil {
			m.Fail("No mapping was learnt", err)
			return
		}
		m.opening.Cancel()
		m.show(s)
		m.Reload()
		m.Say(screen.News{Text: s.learnt}, nil)
	})
	return nil
}

func learn(ctx context.Context, before, after []string, progress *job.Progress) (*infer.Proposal, error) {
	var o infer.Options
	left, err := exampleRecords(ctx, before, &o.Source)
	if err != nil {
		return nil, err
	}
	right, err := exampleRecords(ctx, after, &o.Target)
	if err != nil {
		return nil, err
	}
	pairs, notes := infer.Align(left, right)
	progress.SetTotal(100)
	o.Progress = func(share float64) { progress.Set(int64(100 * share)) }
	p, err := infer.Propose(ctx, pairs, o)
	if err == nil {
		p.Notes = append(notes, p.Notes...)
	}
	return p, err
}

// exampleRecords are the messages of files and folders, and what they are.
func exampleRecords(ctx context.Context, paths []string, end *mapping.End) (list []mapping.Record, err error) {
	for _, top := range paths {
		err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || len(list) >= maxPairs {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			b := bufio.NewReaderSize(f, 64<<10)
			if end.Kind == "" {
				start, err := b.Peek(4096)
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				*end = infer.Recognise(start)
			}
			more, err := infer.Records(ctx, *end, b)
			if err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
			list = append(list, more...)
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, errors.New("there is no message in these files")
	}
	return list[:min(len(list), maxPairs)], nil
}

// noteSupport writes into the note of each rule in how many of the pairs it holds. Counterexamples hold values of patients
// and stay out of the mapping.
func noteSupport(p *infer.Proposal) {
	said := make(map[string]*infer.Evidence, len(p.Evidence))
	for i := range p.Evidence {
		if e := &p.Evidence[i]; e.Rule != "" {
			said[e.Rule] = e
		}
	}
	p.File.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			r := &b.Rules[i]
			e := said[r.ID]
			if e == nil {
				continue
			}
			note := fmt.Sprintf("%s, holds in %d of %d", e.Kind, e.Holds, e.Of)
			if e.Distinct == 1 {
				note += ", seen with one value only"
			}
			if len(e.Otherwise) > 0 {
				note += "; or " + strings.Join(e.Otherwise, ", ")
			}
			if r.Note != "" {
				note = r.Note + "; " + note
			}
			if r.Note = note; r.Status == "" {
				r.Status = mapping.Draft
			}
		}
	})
}

// learntWords sum up what was learnt.
func learntWords(p *infer.Proposal) string {
	words := fmt.Sprintf("%s learnt from %s", screen.Plural(p.File.Rules(), "rule"), screen.Plural(p.Pairs, "pair"))
	if p.Values > 0 {
		words += fmt.Sprintf("; they give %.0f %% of the %s again", 100*float64(p.Reproduced)/float64(p.Values), screen.Plural(p.Values, "value"))
	}
	if n := len(p.Unexplained); n > 0 {
		places := make([]string, 0, n)
		for _, u := range p.Unexplained {
			if !slices.Contains(places, u.To) {
				places = append(places, u.To)
			}
		}
		words += ". Nothing explains " + strings.Join(places[:min(len(places), 6)], ", ")
		if more := len(places) - 6; more > 0 {
			words += fmt.Sprintf(" and %d more", more)
		}
	}
	return words + "."
}
