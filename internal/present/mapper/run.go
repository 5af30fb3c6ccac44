package mapper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// RunFrom says what a run takes.
type RunFrom uint8

// Where a run takes messages from.
const (
	FromSamples  RunFrom = iota // those that the mapping is tried on
	FromProject                 // messages of the project that answer a condition
	FromFiles                   // files and folders
	FromListener                // what a listener of the project receives, as it comes: a route
)

// RunTo says what becomes of the results.
type RunTo uint8

// Where a run puts results.
const (
	ToNowhere  RunTo = iota // they are counted
	ToFolder                // files of a folder
	ToProject               // messages of the project
	ToEndpoint              // an endpoint sends them
)

// The kinds in words, by their index.
var (
	RunFroms = []string{"the samples", "messages of the project", "files and folders", "a listener, as they come"}
	RunTos   = []string{"nowhere: only count", "a folder", "the project's messages", "an endpoint, which sends them"}
)

// Plan is what a run is to do.
type Plan struct {
	From     RunFrom  `json:"from,omitempty"`
	Query    string   `json:"query,omitempty"`
	Paths    []string `json:"paths,omitempty"`
	Listener string   `json:"listener,omitempty"`
	To       RunTo    `json:"to,omitempty"`
	Folder   string   `json:"folder,omitempty"`
	Endpoint string   `json:"endpoint,omitempty"`
}

// Validate says what is missing from the plan.
func (p Plan) Validate() error {
	switch {
	case p.From == FromFiles && len(p.Paths) == 0:
		return errors.New("choose the files or the folder that are to be mapped")
	case p.From == FromListener && p.Listener == "":
		return errors.New("choose the listener whose messages are to be mapped; the place Endpoints makes one")
	case p.To == ToFolder && p.Folder == "":
		return errors.New("choose the folder that the results go to")
	case p.To == ToEndpoint && p.Endpoint == "":
		return errors.New("choose the sender or the REST console that sends the results; the place Endpoints makes one")
	}
	if p.From == FromProject {
		return CheckSamples(p.Query)
	}
	return nil
}

// Counts are what a run did so far.
type Counts struct {
	Read     int `json:"read"`
	Mapped   int `json:"mapped"`
	Warned   int `json:"warned"` // of those that were mapped
	Failed   int `json:"failed"`
	Sent     int `json:"sent"`
	Refused  int `json:"refused"` // by the partner; they count as failed
	Warnings int `json:"warnings"`
}

// Outcome is a message of a run that did not go through as it should.
type Outcome struct {
	Name   string `json:"name"`             // of the message or file
	Ref    string `json:"ref,omitempty"`    // of a message or exchange of the project
	Path   string `json:"path,omitempty"`   // of a file
	Number int    `json:"number,omitempty"` // in the file, from 1
	Reason string `json:"reason"`
	Failed bool   `json:"failed"` // else it was mapped, with a warning
}

// maxOutcomes is how many failures and warnings of a run are kept; all are counted.
const maxOutcomes = 10_000

// runKind is the kind of the document that keeps the last run of a mapping: its failures can be repeated in another session.
const runKind = workspace.DocumentKind("mapping-run")

// run is the last or the running run of one mapping.
type run struct {
	Plan     Plan      `json:"plan"`
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"` // zero while it runs
	Counts   Counts    `json:"counts"`
	Outcomes []Outcome `json:"outcomes,omitempty"`
	Cursor   int64     `json:"cursor,omitempty"` // of a route: the last exchange that was dealt with

	planned bool // the plan was set in this session
	working bool
	waiting string // why a route waits
	stop    context.CancelFunc
	engine  *mapping.Engine
	stored  *draftWriter
	reading job.Latest
	known   bool // what is kept was read
}

// runs are those of all mappings of the project that were looked at.
type runs struct {
	m         *Model
	wires     Wires
	all       map[string]*run // by the name of the mapping
	goroutine sync.WaitGroup
}

// run is that of the mapping that is open, nil while none is.
func (r *runs) run() *run {
	d := r.m.doc
	if d == nil {
		return nil
	}
	x := r.all[d.name]
	if x == nil {
		x = &run{stored: &draftWriter{store: r.m.store, kind: runKind, name: d.name}}
		if r.all == nil {
			r.all = map[string]*run{}
		}
		r.all[d.name] = x
	}
	return x
}

// ReadRun reads what is kept of the last run of the mapping that is open. A view calls it when it shows the run.
func (m *Model) ReadRun() {
	x := m.runs.run()
	if x == nil || x.known {
		return
	}
	x.known = true
	name := m.doc.name
	job.StartLatest(m.ctx, m.runner, &x.reading, func(ctx context.Context) (kept run, err error) {
		d, err := m.store.Document(ctx, runKind, name)
		if errors.Is(err, workspace.ErrNotFound) {
			return run{}, nil
		}
		if err != nil {
			return run{}, err
		}
		x.stored.mu.Lock()
		x.stored.revision = d.Revision
		x.stored.mu.Unlock()
		if json.Unmarshal(d.Bytes, &kept) != nil {
			return run{}, nil // of another version of the program
		}
		return kept, nil
	}, func(kept run, err error) {
		if err != nil {
			m.Fail("Could not read the last run", err)
			return
		}
		if x.working || x.planned {
			return
		}
		x.Plan, x.Began, x.Ended, x.Counts, x.Outcomes, x.Cursor = kept.Plan, kept.Began, kept.Ended, kept.Counts, kept.Outcomes, kept.Cursor
		m.changed(Runs)
	})
}

// keep stores what is known of the run.
func (m *Model) keepRun(x *run) {
	b, err := json.Marshal(x)
	if err != nil {
		return
	}
	x.stored.asked++
	asked, w := x.stored.asked, x.stored
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) { return struct{}{}, w.put(ctx, asked, b) }, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The run could not be kept", err)
		}
	})
}

// Plan is what the next run is to do.
func (m *Model) Plan() Plan {
	if x := m.runs.run(); x != nil {
		return x.Plan
	}
	return Plan{}
}

// SetPlan changes what the next run is to do.
func (m *Model) SetPlan(p Plan) {
	x := m.runs.run()
	if x == nil || x.working {
		return
	}
	x.Plan, x.planned = p, true
	m.changed(Runs)
}

// IsRunning says whether the mapping that is open is being run.
func (m *Model) IsRunning() bool {
	x := m.runs.run()
	return x != nil && x.working
}

// Running is how many routes go on, also those of mappings that are not open.
func (m *Model) Running() (n int) {
	for _, x := range m.runs.all {
		if x.working && x.Plan.From == FromListener {
			n++
		}
	}
	return n
}

// Line is what the status line says of routes wherever the user is.
func (m *Model) Line() string {
	var parts []string
	for name, x := range m.runs.all {
		if x.working && x.Plan.From == FromListener {
			text := fmt.Sprintf("● route %s  %s", name, screen.Count(x.Counts.Read))
			if x.Counts.Failed > 0 {
				text += fmt.Sprintf("  %s failed", screen.Count(x.Counts.Failed))
			}
			parts = append(parts, text)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "   ")
}

// StopRun ends the run of the mapping that is open, after the message that is under way.
func (m *Model) StopRun() {
	if x := m.runs.run(); x != nil && x.working && x.stop != nil {
		x.stop()
	}
}

// Wait returns when every route has ended. It is called after Close, not on the goroutine of the screen.
func (m *Model) Wait() { m.runs.goroutine.Wait() }

// RunNow runs the mapping that is open as it stands. An error says what is missing from the plan.
func (m *Model) RunNow() error {
	x := m.runs.run()
	if x == nil || x.working {
		return nil
	}
	p := x.Plan
	if p.From == FromProject && p.Query == "" {
		p.Query = usual(m.doc.file)
	}
	if err := p.Validate(); err != nil {
		return err
	}
	if p.From == FromListener {
		return m.startRoute(x, p, x.Cursor)
	}
	return m.startRun(x, p, nil)
}

// RunFailed runs those that failed again.
func (m *Model) RunFailed() error {
	x := m.runs.run()
	if x == nil || x.working {
		return nil
	}
	var again []Outcome
	for _, o := range x.Outcomes {
		if o.Failed {
			again = append(again, o)
		}
	}
	if len(again) == 0 {
		return errors.New("nothing failed in the last run")
	}
	return m.startRun(x, x.Plan, again)
}

// ready makes an engine of all rules of the mapping, and opens the way to the partner.
func (m *Model) ready(p Plan) (e *mapping.Engine, way Delivery, err error) {
	if e, err = mapping.Compile(m.doc.file); err != nil {
		return nil, nil, fmt.Errorf("the mapping cannot run as it is: %w", err)
	}
	if p.To == ToEndpoint {
		if m.runs.wires == nil {
			return nil, nil, errors.New("there are no endpoints here")
		}
		if way, err = m.runs.wires.Connect(p.Endpoint); err != nil {
			return nil, nil, err
		}
	}
	return e, way, nil
}

// begin counts anew.
func (x *run) begin(p Plan, e *mapping.Engine) {
	x.Plan, x.planned, x.known, x.working, x.waiting = p, true, true, true, ""
	x.Began, x.Ended, x.Counts, x.Outcomes, x.engine = time.Now().UTC(), time.Time{}, Counts{}, nil, e
}

// startRun runs over what the plan takes, or over messages that failed before.
func (m *Model) startRun(x *run, p Plan, again []Outcome) error {
	e, way, err := m.ready(p)
	if err != nil {
		return err
	}
	name, list := m.doc.name, slices.Clone(m.doc.samples.list)
	x.begin(p, e)
	w := &worker{m: m, e: e, plan: p, way: way, name: name}
	j := job.Track(m.ctx, m.runner, "map with "+name, func(ctx context.Context, progress *job.Progress) (struct{}, error) {
		w.progress = progress
		w.told = func() { m.runner.Post(func() { m.tookOver(x, w) }) }
		err := w.all(ctx, list, again)
		return struct{}{}, errors.Join(err, w.close())
	}, func(_ struct{}, err error) {
		x.working, x.stop = false, nil
		m.tookOver(x, w)
		x.Ended = time.Now().UTC()
		if err != nil && !errors.Is(err, context.Canceled) {
			m.Fail("The run ended early", err)
		}
		m.keepRun(x)
		m.changed(Runs)
	})
	x.stop = j.Cancel
	m.changed(Runs)
	return nil
}

// tookOver shows how far a run is.
func (m *Model) tookOver(x *run, w *worker) {
	w.mu.Lock()
	x.Counts, x.Outcomes, x.waiting = w.counts, slices.Clone(w.outcomes), w.waiting
	if w.cursor > x.Cursor {
		x.Cursor = w.cursor
	}
	w.mu.Unlock()
	m.changed(Runs)
}

// RunWords say how far the run is, or how the last one ended.
func (m *Model) RunWords() (text string, role screen.Role) {
	x := m.runs.run()
	if x == nil || x.Began.IsZero() {
		return "It has not been run yet.", screen.RoleMuted
	}
	c := x.Counts
	parts := []string{screen.Plural(c.Read, "message"), screen.Count(c.Mapped) + " mapped"}
	if c.Warned > 0 {
		parts = append(parts, screen.Count(c.Warned)+" with warnings")
	}
	if c.Sent > 0 {
		parts = append(parts, screen.Count(c.Sent)+" sent")
	}
	if c.Failed > 0 {
		parts = append(parts, screen.Count(c.Failed)+" failed")
	}
	text, role = strings.Join(parts, "  ·  "), screen.RoleOK
	switch {
	case c.Failed > 0:
		role = screen.RoleError
	case c.Warned > 0:
		role = screen.RoleWarning
	}
	if x.working {
		if x.waiting != "" {
			return text + "  ·  " + x.waiting, screen.RoleWarning
		}
		return text, role
	}
	if x.Ended.IsZero() {
		return text + "  ·  it was ended with the program", role
	}
	took := x.Ended.Sub(x.Began)
	if took >= time.Millisecond && x.Plan.From != FromListener {
		text += fmt.Sprintf("  ·  in %s", took.Round(time.Millisecond))
	}
	return text + "  ·  " + x.Ended.Local().Format("2006-01-02 15:04"), role
}

// RunStale says that the run uses rules from before the last change.
func (m *Model) RunStale() bool {
	x := m.runs.run()
	return x != nil && x.working && x.engine != nil && m.doc.file != x.engine.File()
}

// CanRepeat is how many messages of the last run failed and can be run again.
func (m *Model) CanRepeat() (n int) {
	x := m.runs.run()
	if x == nil || x.working {
		return 0
	}
	for i := range x.Outcomes {
		if x.Outcomes[i].Failed {
			n++
		}
	}
	return n
}

var outcomeColumns = []screen.Column{
	{ID: "name", Title: "Message", Width: 220, MinWidth: 80, Fixed: true},
	{ID: "how", Title: "", Width: 90, MinWidth: 60, Fixed: true},
	{ID: "reason", Title: "Why", Width: 420, MinWidth: 100, Flex: true, Fixed: true},
}

// RunList is what did not go through as it should.
func (m *Model) RunList() screen.Grid { return (*outcomeGrid)(m) }

type outcomeGrid Model

func (g *outcomeGrid) list() []Outcome {
	if x := (*Model)(g).runs.run(); x != nil {
		return x.Outcomes
	}
	return nil
}

func (g *outcomeGrid) Columns() []screen.Column { return outcomeColumns }
func (g *outcomeGrid) Len() int                 { return len(g.list()) }

func (g *outcomeGrid) Cell(row, col int) screen.Cell {
	list := g.list()
	if row >= len(list) {
		return screen.Cell{}
	}
	o := &list[row]
	switch col {
	case 0:
		return screen.Cell{Text: o.Name, Masked: g.masked && o.Path != ""}
	case 1:
		if o.Failed {
			return screen.Cell{Text: "failed", Role: screen.RoleError, Shape: screen.ShapeSquare}
		}
		return screen.Cell{Text: "warning", Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
	}
	return screen.Cell{Text: o.Reason}
}

// UseOutcome tries the mapping on the message of a row of the run.
func (m *Model) UseOutcome(row int) {
	list := (*outcomeGrid)(m).list()
	if row < 0 || row >= len(list) {
		return
	}
	o := list[row]
	if o.Path != "" {
		m.SetSamples(SampleSet{Paths: []string{o.Path}})
		return
	}
	kind, id, ok := strings.Cut(o.Ref, "/")
	var n int64
	if _, err := fmt.Sscan(id, &n); !ok || err != nil {
		return
	}
	if kind == "message" {
		m.UseSamples([]int64{n})
		return
	}
	m.SetSamples(SampleSet{Exchanges: []int64{n}})
}

// indexedIDs are the messages of the project that answer a condition.
func (m *Model) indexedIDs(ctx context.Context, text string) ([]int64, error) {
	q, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	index, exact, err := workspace.Indexed(q)
	if err != nil {
		return nil, err
	}
	ids, err := m.store.IDs(ctx, index)
	if err == nil && !exact {
		ids, err = m.store.Matching(ctx, q, ids, nil)
	}
	return ids, err
}

// walkFiles visits files and all files in folders.
func walkFiles(ctx context.Context, paths []string, visit func(path string) error) error {
	for _, top := range paths {
		err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			if err := visit(path); err != nil {
				return err
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
