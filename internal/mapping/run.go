package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// run is the mapping of one message. Its memory is used again for the next ([runs]).
type run struct {
	e        *Engine
	ctx      context.Context
	message  *message
	own      message // what message is, unless it was read before
	identity string
	scratch  []byte    // for what identifiers are derived from
	turns    [][]*turn // by block
	order    []*turn
	list     []*turn // turns that were found, while they are being planned
	planned  int
	time     time.Time
	assumed  bool             // that times without a zone are in that of the mapping, which was said
	keyed    map[string]*turn // by the identifier of what they make
	root     *fhir.Node
	entries  *fhir.Node
	rows     []*fhir.Node
	segments []*segmentOut
	edits    []edit
	keys     []itemKey // of the turn that is being made
	made     arena[turn]
	nodes    arena[fhir.Node]
	slots    arena[*fhir.Node]
	call     call
	rep      repetition
	split    []hl7.Value // the components of the value that is being converted
	last     struct {    // the field or repetition whose components were asked for last
		of    hl7.Value
		parts []hl7.Value
	}
	spent    int // bytes that functions made
	steps    int // values that rules read
	warnings []Warning
	failed   []FailedLookup
	refused  error
	buffer   []value
	tracer   *tracer

	now     *rule // what is being done, for warnings
	nowTurn *turn
	nowRep  *repetition
}

// clock is the time at which the message is mapped, the same for all of it.
func (r *run) clock() time.Time {
	if r.time.IsZero() {
		r.time = time.Now()
	}
	return r.time
}

var runs = sync.Pool{New: func() any { return &run{buffer: make([]value, 0, 16)} }}

// begin takes a run for one message.
func (e *Engine) begin(ctx context.Context, tr *tracer) *run {
	r := runs.Get().(*run)
	r.e, r.ctx, r.tracer = e, ctx, tr
	if r.turns = slices.Grow(r.turns[:0], len(e.all))[:len(e.all)]; tr == nil {
		r.nodes.expect(int(min(e.nodes.Load()+8, 4096))) // messages of one feed are alike
	}
	return r
}

// end lets go of the message. With again the tree that was made is given up too, and its memory used again.
func (r *run) end(again bool) {
	if again {
		r.nodes.reset()
		r.slots.reset()
	} else {
		r.nodes.leave()
		r.slots.leave()
	}
	r.made.reset()
	r.own.forget()
	for i := range r.turns {
		clear(r.turns[i])
		r.turns[i] = r.turns[i][:0]
	}
	clear(r.keyed)
	parts := emptied(r.last.parts)
	*r = run{
		own: r.own, scratch: emptied(r.scratch), turns: r.turns[:0], order: emptied(r.order), list: emptied(r.list), keyed: r.keyed, segments: emptied(r.segments), edits: emptied(r.edits),
		keys: emptied(r.keys), made: r.made, nodes: r.nodes, slots: r.slots, split: emptied(r.split), buffer: emptied(r.buffer),
	}
	r.last.parts = parts
	runs.Put(r)
}

// emptied is a list without what it held; what a flood has made is given up.
func emptied[T any](list []T) []T {
	if cap(list) > 4096 {
		return nil
	}
	clear(list[:cap(list)])
	return list[:0]
}

// Run maps one message: HL7 v2, or a document of JSON, XML or FHIR, or a CSV or fixed-width file of one row ([Records] takes apart what
// holds many). An error means that there is no result; what one rule could not do is a warning.
func (e *Engine) Run(ctx context.Context, b []byte) (*Result, error) { return e.run(ctx, b, nil) }

func (e *Engine) run(ctx context.Context, b []byte, tr *tracer) (*Result, error) {
	return e.runRecord(ctx, Record{Bytes: b}, tr)
}

func (e *Engine) runRecord(ctx context.Context, rec Record, tr *tracer) (*Result, error) {
	r := e.begin(ctx, tr)
	defer r.end(false)
	return r.record(rec)
}

// Convert maps one message and appends the text of the result to dst, as [Result.Bytes] gives it. It is for feeds: the
// memory of the tree is used again for the next message, so that the result that it returns has neither Tree nor Rows nor
// Message, but warnings and failed lookups only.
func (e *Engine) Convert(ctx context.Context, dst []byte, rec Record) ([]byte, *Result, error) {
	r := e.begin(ctx, nil)
	defer r.end(true)
	result, err := r.record(rec)
	if err != nil {
		return dst, nil, err
	}
	if dst, err = result.append(dst, ""); err != nil {
		return dst, nil, err
	}
	result.Tree, result.Rows, result.Message = nil, nil, nil
	return dst, result, nil
}

// record reads the source and maps it.
func (r *run) record(rec Record) (*Result, error) {
	e, b := r.e, rec.Bytes
	r.message = &r.own
	if e.file.Source.Kind == HL7v2 {
		r.own.read(e, b)
		if _, ok := r.own.hl7.Header(); !ok {
			return nil, errors.New("this is no HL7 v2 message: it has no MSH segment")
		}
		return r.do()
	}
	root := rec.root
	if root == nil {
		var err error
		switch e.file.Source.Kind {
		case FHIR:
			root, err = e.definitions.Parse(b)
		case JSON:
			root, err = fhir.ParseJSON(b)
		case XML:
			root, err = fhir.ParseXML(b)
		case CSV, FixedWidth:
			b, root, err = e.file.Source.oneRow(r.ctx, b)
		}
		if err != nil {
			return nil, fmt.Errorf("read the source: %w", err)
		}
	}
	r.message = &message{bytes: b, root: root}
	if e.file.Source.Kind == FHIR {
		if root.ResourceType() == "Bundle" {
			for n := range root.All("entry", "resource") {
				r.message.resources = append(r.message.resources, n)
			}
		} else {
			r.message.resources = []*fhir.Node{root}
		}
	}
	return r.do()
}

func (r *run) do() (*Result, error) {
	r.makeRoot()
	for _, b := range r.e.blocks {
		r.plan(b, nil)
	}
	for _, t := range r.order {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		if !r.make(t) {
			continue
		}
		for _, g := range t.block.groups {
			r.group(t, g)
		}
		if r.refused != nil {
			return nil, r.refused
		}
	}
	if r.entries != nil && len(r.entries.Children) > 0 {
		r.add(r.root, "entry", r.entries)
		if isRequested(r.root.Member("type").String()) {
			fhir.AddRequests(r.root)
		}
	}
	used := r.nodes.used()
	out := &Result{Tree: r.root, Rows: r.rows, Failed: r.failed, file: r.e.file, size: 32 * used}
	r.e.nodes.Store(int64(used))
	if r.e.file.Target.Kind == HL7v2 {
		var err error
		if out.Message, err = r.finishHL7(); err != nil {
			return nil, err
		}
	}
	out.Warnings = r.warnings
	return out, nil
}
