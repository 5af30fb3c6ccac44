package mapper

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// A route maps what a listener receives and hands the results on, as they come: listener, mapping, sender. It reads the listener's
// journal, where a message stands before it is acknowledged, so that nothing is lost when it is stopped or the partner is away: it goes
// on behind the last message that it dealt with. A message may be handed on twice after a crash, never not at all.

// listens is how often a route looks for what has come.
const listens = 200 * time.Millisecond

// routePage is how many exchanges are read at a time.
const routePage = 200

// routeRuns begins the news of a route.
const routeRuns = "The route runs: "

// keepEvery is how often a route keeps how far it is.
const keepEvery = 2 * time.Second

// Resume says whether the last route of the mapping that is open can go on where it stopped.
func (m *Model) Resume() bool {
	x := m.runs.run()
	return x != nil && !x.working && x.Cursor > 0 && x.Plan.From == FromListener
}

// RunFromNow begins a route with what comes from now on, whatever came before.
func (m *Model) RunFromNow() error {
	x := m.runs.run()
	if x == nil || x.working {
		return nil
	}
	if err := x.Plan.Validate(); err != nil {
		return err
	}
	return m.startRoute(x, x.Plan, 0)
}

// startRoute runs until it is stopped. It goes on behind an exchange, or behind the last that there is if after is 0.
func (m *Model) startRoute(x *run, p Plan, after int64) error {
	e, way, err := m.ready(p)
	if err != nil {
		return err
	}
	name := m.doc.name
	x.begin(p, e)
	x.Cursor = after
	ctx, stop := context.WithCancel(m.ctx)
	x.stop = stop
	w := &worker{m: m, e: e, plan: p, way: way, name: name, cursor: after}
	w.told = func() { m.runner.Post(func() { m.tookOver(x, w) }) }
	began := x.Began
	m.runs.goroutine.Go(func() {
		err := w.route(ctx, func() { m.runner.Post(func() { m.tookOver(x, w); m.keepRun(x) }) })
		err = errors.Join(err, w.close())
		if m.ctx.Err() != nil { // the project is being closed: nobody else will keep how far it is
			err = errors.Join(err, w.keepLast(x.stored, began))
		}
		logged := m.store.LogAct(context.WithoutCancel(ctx), workspace.ActionStopped, "route "+name, "")
		m.runner.Post(func() {
			x.working, x.stop, x.waiting = false, nil, ""
			x.Ended = time.Now().UTC()
			m.tookOver(x, w)
			if err = errors.Join(err, logged); err != nil && !errors.Is(err, context.Canceled) {
				m.Fail("The route "+name+" has ended", err)
			} else if strings.HasPrefix(m.News().Text, routeRuns) {
				m.Dismiss()
			}
			m.keepRun(x)
			m.changed(Runs)
		})
		stop()
	})
	m.changed(Runs)
	m.Say(screen.News{Text: routeRuns + "what " + p.Listener + " receives is mapped as it comes, until you stop it."}, nil)
	return nil
}

// route follows the journal of the listener until ctx ends.
func (w *worker) route(ctx context.Context, keep func()) error {
	q := workspace.ExchangeQuery{Endpoint: w.plan.Listener, Direction: endpoint.Inbound}
	if err := w.m.store.LogAct(ctx, workspace.ActionStarted, "route "+w.name, w.plan.Listener+" to "+w.destination()); err != nil {
		return err
	}
	if w.cursor == 0 {
		last, err := w.m.store.Exchanges(ctx, q, workspace.ExchangePage{Limit: 1})
		if err != nil {
			return err
		}
		if len(last) > 0 {
			w.cursor = last[0].ID
		}
	}
	tick := time.NewTicker(listens)
	defer tick.Stop()
	kept, dirty := time.Now(), false
	for {
		list, err := w.m.store.Exchanges(ctx, q, workspace.ExchangePage{After: w.cursor, Oldest: true, Limit: routePage})
		if err != nil {
			return err
		}
		for i := range list {
			if err := w.arrived(ctx, &list[i]); err != nil {
				return err
			}
			dirty = true
		}
		if dirty && w.plan.To == ToProject {
			if err := w.store(ctx); err != nil {
				return err
			}
		}
		if dirty && (len(list) == 0 || time.Since(kept) > keepEvery) {
			kept, dirty = time.Now(), false
			keep()
		}
		if len(list) == routePage {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// arrived maps what one exchange brought, if it was taken.
func (w *worker) arrived(ctx context.Context, e *endpoint.Exchange) error {
	if (e.Kind == endpoint.KindMessage || e.Kind == endpoint.KindBatch) && e.Outcome == endpoint.OutcomeAccepted {
		o := Outcome{Name: e.Type + "^" + e.Trigger + "  " + e.ControlID, Ref: workspace.ExchangeRef(e.ID)}
		b, err := w.m.store.Source().Message(ctx, o.Ref)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, workspace.ErrNotFound):
			err = w.failed(ctx, o, "its bytes were not kept: let the listener keep the messages in the journal")
		case err == nil:
			err = w.bytes(ctx, o, b)
		}
		if err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.cursor = e.ID
	w.mu.Unlock()
	return nil
}

// keepLast keeps how far the route came.
func (w *worker) keepLast(stored *draftWriter, began time.Time) error {
	b, err := json.Marshal(&run{Plan: w.plan, Began: began, Ended: time.Now().UTC(), Counts: w.counts, Outcomes: w.outcomes, Cursor: w.cursor})
	if err != nil {
		return err
	}
	return stored.put(context.Background(), math.MaxInt, b)
}

func (w *worker) destination() string {
	switch w.plan.To {
	case ToFolder:
		return "a folder"
	case ToProject:
		return "the project"
	case ToEndpoint:
		return w.plan.Endpoint
	}
	return "nowhere"
}
