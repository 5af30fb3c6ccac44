package linker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/present/screen"
)

// work is one run, with all that it needs: it goes on beside the screen.
type work struct {
	kind        linkage.Kind
	sides       [2]side
	decisions   []linkage.Decision
	spec        linkage.Spec
	planSpec    plan.Spec
	planAliases func(context.Context) ([]linkage.Alias, error)
	seed        uint64
}

// outcome is what a run gives.
type outcome struct {
	patients *linkage.Result
	plans    *plan.Result
	forecast map[linkage.Gate]linkage.Forecast
	current  linkage.Forecast
	cases    []item
	asked    int
	alone    int
	summary  []byte
	model    string
}

func (m *Model) work(kind linkage.Kind, sides [2]side, decisions []linkage.Decision, spec linkage.Spec, planSpec plan.Spec) work {
	return work{kind: kind, sides: sides, decisions: decisions, spec: spec, planSpec: planSpec, seed: 1, planAliases: func(ctx context.Context) ([]linkage.Alias, error) {
		return m.store.Linkage().Aliases(ctx, linkage.Plans)
	}}
}

func (w *work) ledger() *linkage.Ledger {
	l := &linkage.Ledger{}
	l.Add(w.decisions...)
	return l
}

func (w *work) do(ctx context.Context, p *job.Progress) (o outcome, err error) {
	if w.kind == linkage.Plans {
		return w.doPlans(ctx, p)
	}
	options, err := w.spec.Options()
	if err != nil {
		return o, err
	}
	options.Seed, options.Ledger, options.Progress = w.seed, w.ledger(), p
	r, err := linkage.Run(ctx, w.sides[0].table, w.sides[1].table, options)
	if err != nil {
		return o, err
	}
	o = outcome{patients: r, model: linkage.ModelVersion, forecast: r.Forecasts(), current: r.Forecast(options.Off)}
	o.cases, o.asked, o.alone = patientCases(r)
	o.remember(w)
	o.summary, err = json.Marshal(r.Summary)
	return o, err
}

func (w *work) doPlans(ctx context.Context, p *job.Progress) (o outcome, err error) {
	aliases, err := w.planAliases(ctx)
	if err != nil {
		return o, err
	}
	dictionary, err := plan.Standard().With(aliases...)
	if err != nil {
		return o, err
	}
	var lists [2]*plan.List
	for i := range w.sides {
		if lists[i], err = plan.FromTable(w.sides[i].table, w.sides[i].list, dictionary); err != nil {
			return o, err
		}
	}
	options := w.planSpec.Apply(plan.Options{Decided: verdicts{w.ledger()}, Progress: func(done, all int) {
		p.SetTotal(int64(all))
		p.Set(int64(done))
	}})
	r, err := plan.Match(ctx, lists[0], lists[1], options)
	if err != nil {
		return o, err
	}
	o = outcome{plans: r, model: plan.ModelVersion, cases: planCases(r)}
	o.asked = len(o.cases)
	o.remember(w)
	o.summary, err = json.Marshal(r.Summary(options))
	return o, err
}

// remember adds the decisions that the result does not show.
func (o *outcome) remember(w *work) {
	d := desk{kind: w.kind, ledger: w.ledger(), patients: o.patients, plans: o.plans, cases: cases{all: o.cases}}
	o.cases = append(o.cases, d.remembered()...)
}

// verdicts are the decisions as the comparison of plans asks for them.
type verdicts struct{ ledger *linkage.Ledger }

func (v verdicts) Pair(left, right string) plan.Verdict {
	d, ok := v.ledger.Of(left, right)
	switch {
	case !ok:
		return plan.Undecided
	case d.Action == linkage.ActSame:
		return plan.Same
	case d.Action == linkage.ActDifferent:
		return plan.Different
	}
	return plan.Undecided
}

func (v verdicts) Links() [][2]string {
	var all [][2]string
	for d := range v.ledger.InForce() {
		if d.Action == linkage.ActSame && d.Side == "" {
			all = append(all, [2]string{d.Left, d.Right})
		}
	}
	return all
}

func (v verdicts) Many(right string) bool {
	for d := range v.ledger.InForce() {
		if d.Right == right && d.Many && d.Action == linkage.ActSame {
			return true
		}
	}
	return false
}

// Run compares both rosters, which confirms what their columns were taken for. What people decided stays.
func (m *Model) Run() {
	d := m.desk()
	if d.running != nil {
		return
	}
	if problem := m.missing(); problem != "" {
		d.step = Rosters
		m.Say(screen.News{Text: problem, Bad: true}, nil)
		m.Changed(Desk)
		return
	}
	w := m.work(d.kind, d.sides, d.ledger.All(), d.spec, d.planSpec)
	type done struct {
		outcome
		stored [2]linkage.StoredRoster
		run    int64
	}
	d.running = job.Track(m.ctx, m.runner, "compare "+string(d.kind), func(ctx context.Context, p *job.Progress) (r done, err error) {
		for i := range w.sides {
			s := &w.sides[i]
			r.stored[i] = s.stored
			if s.unstored || s.stored.ID == 0 {
				if r.stored[i], err = m.save(ctx, w.kind, Which(i), s); err != nil {
					return r, fmt.Errorf("storing the roster of %s: %w", Which(i), err)
				}
			}
		}
		if r.outcome, err = w.do(ctx, p); err != nil {
			return r, err
		}
		r.run, err = m.store.Linkage().SaveRun(ctx, linkage.StoredRun{Kind: w.kind, LeftRoster: r.stored[0].ID, RightRoster: r.stored[1].ID, Seed: w.seed, Model: r.model, Summary: r.summary}, r.candidates())
		return r, err
	}, func(r done, err error) {
		d.running = nil
		if err != nil {
			m.Fail("The rosters were not compared", err)
			m.Changed(All)
			return
		}
		for i := range d.sides {
			if d.sides[i].table == w.sides[i].table {
				d.sides[i].stored, d.sides[i].unstored = r.stored[i], false
			}
		}
		d.run, d.samples = r.run, nil
		d.take(r.outcome)
		d.step = Review
		m.Say(screen.News{Text: d.verdict(), Bad: d.patients != nil && d.patients.Summary.AutomaticOff != ""}, nil)
		m.Changed(All)
	})
	m.Changed(All)
}

// Cancel ends the run that is under way.
func (m *Model) Cancel() {
	if j := m.desk().running; j != nil {
		j.Cancel()
	}
}

// missing says why there is nothing to compare yet.
func (m *Model) missing() string {
	d := m.desk()
	for i := range d.sides {
		s := &d.sides[i]
		switch {
		case s.reading:
			return "The roster of " + m.name(Which(i)) + " is still being read."
		case s.stored.Skipped != "":
			return "There is no existing data of " + m.name(Which(i)) + " (" + s.stored.Skipped + "): there is nothing to compare. Import a roster if that has changed."
		case s.table == nil:
			return "Import the roster of " + m.name(Which(i)) + " first: a comparison needs both sides."
		case s.problem != "":
			return m.name(Which(i)) + ": " + s.problem
		}
	}
	return ""
}

// take shows a result.
func (d *desk) take(o outcome) {
	d.patients, d.plans, d.forecast, d.current, d.stale = o.patients, o.plans, o.forecast, o.current, ""
	d.cases.reset()
	d.cases.all, d.cases.asked, d.cases.alone = o.cases, o.asked, o.alone
	d.weigh()
	d.filter()
	d.first()
}

// outdated says that the result is of other rosters, columns or switches than those that are there.
func (d *desk) outdated(why string) {
	if d.has() {
		d.stale = why
	}
}

// Stale says why the result is out of date, "" if it is not.
func (m *Model) Stale() string { return m.desk().stale }

// verdict says what a run found, and whether its training can be trusted, in words.
func (d *desk) verdict() string {
	if d.plans != nil {
		c := d.plans.Counts()
		return fmt.Sprintf("%s of %s plans linked, %s to review, %s to create. %s.", screen.Count(c.Automatic), screen.Count(len(d.plans.Left.Plans)), screen.Count(c.Review+c.Blocked), screen.Count(c.Create),
			screen.Plural(c.NotPayers, "row")+" are no payers")
	}
	s, t := d.patients.Summary, d.patients.Training
	if s.AutomaticOff != "" {
		return "No automatic links: " + s.AutomaticOff
	}
	text := fmt.Sprintf("The training is sound: about %s people in both systems, %s certain beforehand. %s linked, of which %.2g are expected to be wrong; %s to decide.",
		screen.Count(int(t.Expected+0.5)), screen.Count(int(t.Anchor+0.5)), screen.Count(s.Automatic), s.ExpectedFalse, screen.Count(s.Review+s.Blocked))
	var first []string
	if n := s.Duplicates[linkage.Left] + s.Duplicates[linkage.Right]; n > 0 {
		first = append(first, screen.Plural(n, "possible duplicate")+" inside one system")
	}
	if s.Overlays > 0 {
		first = append(first, screen.Plural(s.Overlays, "identifier")+" of two people")
	}
	if len(first) > 0 {
		text += " First look at " + strings.Join(first, " and ") + "."
	}
	return text
}

// Verdict says what the last run found, in words; its notes follow.
func (m *Model) Verdict() (text string, notes []string, bad bool) {
	d := m.desk()
	if !d.has() {
		return "", nil, false
	}
	if d.plans != nil {
		return d.verdict(), slices.Concat(d.plans.Notes), false
	}
	s := d.patients.Summary
	notes = append(notes, d.patients.Training.Problems...)
	notes = append(notes, s.Notes...)
	if s.Blocking > 0 {
		notes = append(notes, fmt.Sprintf("About %.1f %% of the true pairs share a key and could be found.", 100*s.Blocking))
	}
	return d.verdict(), notes, s.AutomaticOff != ""
}

var gateColumns = []screen.Column{
	{ID: "gate", Title: "Gate", Width: 170, MinWidth: 110, Fixed: true},
	{ID: "stopped", Title: "Pairs", Width: 64, MinWidth: 44, Right: true, Fixed: true},
	{ID: "forecast", Title: "If turned", Width: 190, MinWidth: 110, Fixed: true},
	{ID: "about", Title: "What it stops", Width: 300, MinWidth: 120, Flex: true, Fixed: true},
}

// GateList is the gates, each with a switch and with what turning it would give.
func (m *Model) GateList() screen.Grid { return gateGrid{m} }

type gateGrid struct{ m *Model }

func (g gateGrid) Columns() []screen.Column { return gateColumns }

func (g gateGrid) Len() int {
	if g.m.IsPlans() {
		return len(planGates)
	}
	return linkage.Gates
}

func (g gateGrid) Cell(row, col int) screen.Cell {
	if g.m.IsPlans() {
		return g.planCell(row, col)
	}
	d, gate := g.m.desk(), linkage.Gate(row)
	switch gateColumns[col].ID {
	case "gate":
		c := screen.Cell{Text: gate.String(), Switch: screen.SwitchOn}
		if gate.Fixed() {
			c.Switch, c.Role = screen.NoSwitch, screen.RoleMuted
		} else if on, ok := d.spec.Gates[gate.String()]; ok && !on {
			c.Switch = screen.SwitchOff
		}
		return c
	case "stopped":
		if d.patients == nil {
			return screen.Cell{}
		}
		return countCell(d.patients.Summary.Gates[gate.String()])
	case "forecast":
		f, ok := d.forecast[gate]
		if !ok {
			return screen.Cell{Text: "", Role: screen.RoleMuted}
		}
		if f.Automatic == d.current.Automatic && f.Review == d.current.Review {
			return screen.Cell{Text: "no change", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: fmt.Sprintf("automatic %+d, review %+d", f.Automatic-d.current.Automatic, f.Review-d.current.Review)}
	}
	return screen.Cell{Text: gate.About(), Role: screen.RoleMuted}
}

func countCell(n int) screen.Cell {
	if n == 0 {
		return screen.Cell{}
	}
	return screen.Cell{Text: screen.Count(n)}
}

// planGates are the gates of plans that a project may open.
var planGates = []plan.Gate{plan.GateBlueHalf, plan.GateStateOneSide, plan.GateLineOneSide, plan.GateProduct, plan.GateMetal, plan.GateLetter, plan.GateProgramme, plan.GateNumber, plan.GateName, plan.GateInsurerWeak}

func (g gateGrid) planCell(row, col int) screen.Cell {
	if row >= len(planGates) {
		return screen.Cell{}
	}
	d, gate := g.m.desk(), planGates[row]
	switch gateColumns[col].ID {
	case "gate":
		c := screen.Cell{Text: string(gate), Switch: screen.SwitchOn}
		if slices.Contains(d.planSpec.Open, gate) {
			c.Switch = screen.SwitchOff
		}
		return c
	case "stopped", "forecast":
		if d.plans == nil {
			return screen.Cell{}
		}
		stopped, alone := 0, 0
		for _, c := range d.plans.ForReview() {
			if slices.Contains(c.Gates, gate) {
				stopped++
				if len(c.Gates) == 1 && c.Rank == 1 {
					alone++
				}
			}
		}
		if gateColumns[col].ID == "stopped" {
			return countCell(stopped)
		}
		if alone == 0 || slices.Contains(d.planSpec.Open, gate) {
			return screen.Cell{Text: "", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: fmt.Sprintf("review −%d at most", alone), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: "asks a person before such plans are linked", Role: screen.RoleMuted}
}

// SwitchGate turns a gate by its row. It holds from the next run on; the forecast says what that will give.
func (m *Model) SwitchGate(row int) {
	d := m.desk()
	var spec any
	if d.kind == linkage.Plans {
		if row < 0 || row >= len(planGates) {
			return
		}
		if i := slices.Index(d.planSpec.Open, planGates[row]); i >= 0 {
			d.planSpec.Open = slices.Delete(slices.Clone(d.planSpec.Open), i, i+1)
		} else {
			d.planSpec.Open = append(slices.Clone(d.planSpec.Open), planGates[row])
		}
		spec = d.planSpec
	} else {
		gate := linkage.Gate(row)
		if row < 0 || row >= linkage.Gates || gate.Fixed() {
			return
		}
		gates := map[string]bool{}
		for name, on := range d.spec.Gates {
			gates[name] = on
		}
		if on, ok := gates[gate.String()]; ok && !on {
			delete(gates, gate.String())
		} else {
			gates[gate.String()] = false
		}
		d.spec.Gates = gates
		spec = d.spec
		if d.patients != nil {
			if o, err := d.spec.Options(); err == nil {
				d.current = d.patients.Forecast(o.Off)
				d.forecast = map[linkage.Gate]linkage.Forecast{}
				for _, g := range linkage.AllGates() {
					if !g.Fixed() {
						d.forecast[g] = d.patients.Forecast(o.Off ^ 1<<g)
					}
				}
			}
		}
	}
	d.outdated("gates have been switched")
	kind := d.kind
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.writeSwitches(ctx, kind, spec)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The switches were not stored", err)
		}
	})
	m.Changed(Gates | Desk)
}

// GateLine says what the switches as they stand would give.
func (m *Model) GateLine() string {
	d := m.desk()
	if d.patients == nil {
		if d.plans != nil {
			return "A gate that is off lets plans be linked without a person. It holds from the next run (F5) on."
		}
		return "Run first (F5): then each switch says what turning it would give."
	}
	f := d.current
	text := fmt.Sprintf("As they stand: %s automatic, of which %.2g expected wrong, and %s to review.", screen.Count(f.Automatic), f.ExpectedFalse, screen.Count(f.Review))
	if d.stale != "" {
		text += " Run again (F5) to have it so."
	}
	if d.patients.Summary.AutomaticOff != "" {
		text += " The training was not trusted, so that no switch makes links automatic."
	}
	return text
}

// Conflicts says how many records have decisions that cannot all be right.
func (m *Model) Conflicts() int { return len(m.desk().ledger.Conflicts()) }

// gateWords writes gate names for people.
func gateWords(names []string) string { return strings.ReplaceAll(strings.Join(names, ", "), "-", " ") }
