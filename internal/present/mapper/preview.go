package mapper

import (
	"context"
	"errors"
	"slices"

	"trestle/internal/job"
	"trestle/internal/mapping"
)

// preview is what the mapping makes of the samples. It follows each change: the sample that is shown first, then all of
// them.
type preview struct {
	d        *document
	running  job.Latest
	covering job.Latest
	engine   *mapping.Engine // of the rules that are sound
	problems mapping.Problems
	byRule   map[string]string // problems by the ID of the rule or block
	shown    *mapping.Explained
	failure  string           // why there is no result
	traces   map[string][]int // of the sample that is shown, by rule
	report   *mapping.Report  // over all samples; nil until it was made
	uses     map[string]*mapping.RuleUse
	result   *result
	fresh    bool // the report is of the rules as they are
}

func (p *preview) cancel() {
	p.running.Cancel()
	p.covering.Cancel()
}

// previewed is what one run made.
type previewed struct {
	engine   *mapping.Engine
	problems mapping.Problems
	shown    *mapping.Explained
	failure  string
	result   *result
}

// run makes the preview anew.
func (p *preview) run() {
	d, m := p.d, p.d.m
	f := d.file
	var sample *Sample
	if d.samples.at < len(d.samples.list) {
		sample = &d.samples.list[d.samples.at]
	}
	before := p.engine
	p.covering.Cancel()
	p.fresh = false
	job.StartLatest(m.ctx, m.runner, &p.running, func(ctx context.Context) (*previewed, error) {
		r := &previewed{}
		if before != nil && before.File() == f {
			r.engine = before
		} else {
			r.engine, r.problems = compileSound(f)
		}
		if sample == nil || r.engine == nil {
			return r, ctx.Err()
		}
		x, err := r.engine.ExplainRecord(ctx, sample.Record)
		if err != nil {
			r.failure = err.Error()
			return r, ctx.Err()
		}
		r.shown = x
		if r.result, err = readResult(f, x); err != nil {
			r.failure = err.Error()
		}
		return r, ctx.Err()
	}, func(r *previewed, err error) {
		if err != nil {
			m.Fail("The mapping was not tried on the sample", err)
			return
		}
		p.take(r, before)
		m.changed(Values | Chosen | Trees)
		p.cover()
	})
}

func (p *preview) take(r *previewed, before *mapping.Engine) {
	p.engine, p.shown, p.failure, p.result = r.engine, r.shown, r.failure, r.result
	if r.engine != before || r.engine == nil {
		p.problems = r.problems
		p.byRule = map[string]string{}
		for _, x := range r.problems {
			if x.Rule != "" {
				p.byRule[x.Rule] = x.Text
			}
		}
	}
	p.traces = map[string][]int{}
	if p.shown != nil {
		for i := range p.shown.Traces {
			t := &p.shown.Traces[i]
			p.traces[t.Rule] = append(p.traces[t.Rule], i)
		}
	}
	if p.result != nil {
		p.result.paint(p.d.m.masked)
	}
	p.d.chosen.settle()
	p.d.targetValues()
}

// cover tries the mapping on all samples.
func (p *preview) cover() {
	d, m, e := p.d, p.d.m, p.engine
	list := d.samples.list
	if e == nil || len(list) == 0 {
		p.report, p.uses = nil, nil
		m.changed(Values)
		return
	}
	job.StartLatest(m.ctx, m.runner, &p.covering, func(ctx context.Context) (*mapping.Report, error) {
		c := mapping.NewCoverage(e)
		for i := range list {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := c.Add(ctx, list[i].Record); err != nil && ctx.Err() != nil {
				return nil, ctx.Err()
			} // what one sample has no result for is counted by the report
		}
		return c.Report(), nil
	}, func(r *mapping.Report, err error) {
		if err != nil {
			m.Fail("The mapping was not tried on all samples", err)
			return
		}
		p.report, p.fresh = r, true
		p.uses = make(map[string]*mapping.RuleUse, len(r.Rules))
		for i := range r.Rules {
			p.uses[r.Rules[i].Rule] = &r.Rules[i]
		}
		m.changed(Values)
	})
}

// compileSound makes an engine of the rules that can be run, and says what is wrong with the others. A rule that is being
// written must not take the values of all others off the screen.
func compileSound(f *mapping.File) (*mapping.Engine, mapping.Problems) {
	e, err := mapping.Compile(f)
	if err == nil {
		return e, nil
	}
	var all mapping.Problems
	if !errors.As(err, &all) {
		return nil, mapping.Problems{{Text: err.Error()}}
	}
	for range 4 { // what was hidden behind the first problems may come to light
		var problems mapping.Problems
		broken := map[string]bool{}
		if !errors.As(err, &problems) {
			break
		}
		for _, p := range problems {
			if p.Rule != "" {
				broken[p.Rule] = true
			}
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
		if len(broken) == 0 {
			break
		}
		g := *f
		g.Blocks = without(f.Blocks, broken)
		f = &g
		if e, err = mapping.Compile(f); err == nil {
			return e, all
		}
	}
	return nil, all
}

// without leaves broken rules and blocks out.
func without(list []mapping.Block, broken map[string]bool) []mapping.Block {
	kept := make([]mapping.Block, 0, len(list))
	for _, b := range list {
		if broken[b.ID] {
			continue
		}
		b.Rules = slices.DeleteFunc(slices.Clone(b.Rules), func(r mapping.Rule) bool { return broken[r.ID] })
		b.Blocks = without(b.Blocks, broken)
		kept = append(kept, b)
	}
	return kept
}

// Engine runs the rules of the mapping that are sound; nil before the first preview, or where nothing can be run.
func (m *Model) Engine() *mapping.Engine {
	if m.doc == nil {
		return nil
	}
	return m.doc.preview.engine
}

// Problems are what keeps rules from being run.
func (m *Model) Problems() mapping.Problems {
	if m.doc == nil {
		return nil
	}
	return m.doc.preview.problems
}

// Report is the coverage over the samples, nil while there is none. fresh says that it is of the rules as they are now.
func (m *Model) Report() (r *mapping.Report, fresh bool) {
	if m.doc == nil {
		return nil, false
	}
	return m.doc.preview.report, m.doc.preview.fresh
}
