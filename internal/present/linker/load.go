package linker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/project"
	"trestle/internal/workspace"
)

// loaded is what the project knows of both desks.
type loaded struct {
	project *project.Project
	desks   [2]deskState
	seq     int64
	problem error // with one desk; the other is there
}

type deskState struct {
	sides     [2]side
	decisions []linkage.Decision
	spec      linkage.Spec
	planSpec  plan.Spec
	run       int64
	outcome   outcome // of the last run, made again
	samples   []linkage.Sample
}

// Load reads rosters, decisions and the last run. A run is made again from its rosters: the same input gives the same
// output, so that nothing of it but the pairs needs to be stored.
func (m *Model) Load() {
	if m.loads {
		return
	}
	m.loads = true
	m.Changed(Setup)
	job.Track(m.ctx, m.runner, "open the rosters", m.readAll, func(l loaded, err error) {
		m.loads = false
		if err != nil {
			m.Fail("Could not read the rosters", err)
			return
		}
		m.known, m.project, m.seq = true, l.project, l.seq
		for i, d := range m.desks {
			state := l.desks[i]
			d.sides, d.spec, d.planSpec, d.run, d.samples = state.sides, state.spec, state.planSpec, state.run, state.samples
			d.ledger = &linkage.Ledger{}
			d.ledger.Add(state.decisions...)
			d.take(state.outcome)
			if d.has() {
				d.step = Review
			}
		}
		if l.problem != nil {
			m.Fail("Not everything could be read", l.problem)
		}
		m.Changed(All)
	})
}

func (m *Model) readAll(ctx context.Context, p *job.Progress) (l loaded, err error) {
	text, ok, err := m.store.Setting(ctx, project.FileName)
	if err != nil {
		return l, err
	}
	if ok {
		if l.project, err = project.Parse([]byte(text)); err != nil {
			l.problem, l.project = err, nil
		}
	}
	for d, err := range m.store.Linkage().Decisions(ctx, "", 0) {
		if err != nil {
			return l, err
		}
		l.seq = d.Seq
		i := 0
		if d.Kind == linkage.Plans {
			i = 1
		}
		l.desks[i].decisions = append(l.desks[i].decisions, d)
	}
	for i, kind := range []linkage.Kind{linkage.Patients, linkage.Plans} {
		if err := m.readDesk(ctx, kind, &l.desks[i], p); err != nil {
			if ctx.Err() != nil {
				return l, err
			}
			l.problem = errors.Join(l.problem, err)
		}
	}
	return l, nil
}

func (m *Model) readDesk(ctx context.Context, kind linkage.Kind, s *deskState, p *job.Progress) error {
	if err := m.readSwitches(ctx, kind, s); err != nil {
		return err
	}
	store := m.store.Linkage()
	rosters, err := store.Rosters(ctx, kind)
	if err != nil {
		return err
	}
	latest := [2]linkage.StoredRoster{}
	for _, r := range rosters {
		latest[whichOf(r.Side)] = r
	}
	for w, r := range latest {
		if r.ID == 0 {
			continue
		}
		if s.sides[w], err = m.restore(ctx, r); err != nil {
			return err
		}
	}
	runs, err := store.Runs(ctx, kind)
	if err != nil || len(runs) == 0 || s.sides[0].table == nil || s.sides[1].table == nil {
		return err
	}
	last := runs[len(runs)-1]
	if !ofRosters(last, s) {
		return nil
	}
	s.run = last.ID
	if s.samples, err = store.Samples(ctx, last.ID); err != nil {
		return err
	}
	w := m.work(kind, s.sides, s.decisions, s.spec, s.planSpec)
	w.seed = last.Seed
	s.outcome, err = w.do(ctx, p)
	return err
}

// ofRosters says whether a run was over the rosters that are there now: the same files, whatever their numbers.
func ofRosters(run linkage.StoredRun, s *deskState) bool {
	left, right := s.sides[0].table.Hash, s.sides[1].table.Hash
	if run.Kind == linkage.Plans {
		var sum plan.Summary
		return json.Unmarshal(run.Summary, &sum) == nil && sum.Left.SHA256 == left && sum.Right.SHA256 == right
	}
	var sum linkage.Summary
	return json.Unmarshal(run.Summary, &sum) == nil && sum.LeftHash == left && sum.RightHash == right
}

// The switches of a desk are a document with its name.
func (m *Model) readSwitches(ctx context.Context, kind linkage.Kind, s *deskState) error {
	doc, err := m.store.Document(ctx, workspace.DocumentRosterSpec, string(kind))
	if errors.Is(err, workspace.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if kind == linkage.Plans {
		err = yaml.Unmarshal(doc.Bytes, &s.planSpec)
	} else {
		err = yaml.Unmarshal(doc.Bytes, &s.spec)
	}
	if err != nil {
		return fmt.Errorf("the switches of %s: %w", kind, err)
	}
	return nil
}

func (m *Model) writeSwitches(ctx context.Context, kind linkage.Kind, spec any) error {
	b, err := yaml.Marshal(spec)
	if err != nil {
		return err
	}
	revision := int64(0)
	doc, err := m.store.Document(ctx, workspace.DocumentRosterSpec, string(kind))
	switch {
	case err == nil:
		revision = doc.Revision
	case !errors.Is(err, workspace.ErrNotFound):
		return err
	}
	_, err = m.store.PutDocument(ctx, workspace.DocumentRosterSpec, string(kind), b, revision)
	return err
}
