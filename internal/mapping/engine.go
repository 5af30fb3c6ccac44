package mapping

import (
	"context"
	"errors"
	"fmt"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Result is what became of one message.
type Result struct {
	// Tree is what was made, nil for HL7 v2. It shares nothing that may not be kept.
	Tree *fhir.Node
	// Message is what was made of HL7 v2, nil otherwise.
	Message []byte
	// Rows are the lines of a CSV target, as objects.
	Rows     []*fhir.Node
	Warnings []Warning
	// Failed are the lookups that found nothing, with how often.
	Failed []FailedLookup

	file *File
	size int // about how long the text will be, in bytes
}

// Warning is something that a rule could not do as it was told. It names no patient data.
type Warning struct {
	Block, Rule string // IDs
	Turn        int    // of the block, from 1
	Repetition  int    // of the rule's own loop, from 1; 0 without one
	Text        string
}

// String writes the warning with its place.
func (w Warning) String() string {
	at := w.Block
	if w.Rule != "" {
		at = w.Rule
	}
	return at + ": " + w.Text
}

// FailedLookup is a value that a table does not hold.
type FailedLookup struct {
	Table, Key string
	Count      int
}

// maxWarnings is how many warnings one message may give; the rest is counted in the last.
const maxWarnings = 200

// run is the mapping of one message.
type run struct {
	e        *Engine
	ctx      context.Context
	message  *message
	identity string
	turns    [][]*turn // by block
	order    []*turn
	planned  int
	keyed    map[string]*turn // by the identifier of what they make
	root     *fhir.Node
	entries  *fhir.Node
	rows     []*fhir.Node
	segments []*segmentOut
	edits    []edit
	arena    []fhir.Node
	slots    []*fhir.Node
	call     call
	split    []hl7.Value // the components of the value that is being converted
	made     int         // nodes that were taken for the arena
	spent    int         // bytes that functions made
	steps    int         // values that rules read
	warnings []Warning
	failed   []FailedLookup
	refused  error
	buffer   []value
	tracer   *tracer

	now     *rule // what is being done, for warnings
	nowTurn *turn
	nowRep  *repetition
}

// Run maps one message: HL7 v2, or a document of JSON, XML or FHIR, or a CSV file of one row ([Records] takes apart what
// holds many). An error means that there is no result; what one rule could not do is a warning.
func (e *Engine) Run(ctx context.Context, b []byte) (*Result, error) { return e.run(ctx, b, nil) }

func (e *Engine) run(ctx context.Context, b []byte, tr *tracer) (*Result, error) {
	if e.file.Source.Kind == HL7v2 {
		m := e.newHL7(b)
		if _, ok := m.hl7.Header(); !ok {
			m.release()
			return nil, errors.New("this is no HL7 v2 message: it has no MSH segment")
		}
		defer m.release()
		return e.do(ctx, m, tr)
	}
	var root *fhir.Node
	var err error
	switch e.file.Source.Kind {
	case FHIR:
		root, err = e.definitions.Parse(b)
	case JSON:
		root, err = fhir.ParseJSON(b)
	case XML:
		root, err = fhir.ParseXML(b)
	case CSV:
		return e.oneRow(ctx, b, tr)
	}
	if err != nil {
		return nil, fmt.Errorf("read the source: %w", err)
	}
	return e.runTree(ctx, b, root, tr)
}

// runTree maps a document that was read already. b is its text, from which identifiers are derived.
func (e *Engine) runTree(ctx context.Context, b []byte, root *fhir.Node, tr *tracer) (*Result, error) {
	m := &message{bytes: b, root: root}
	if e.file.Source.Kind == FHIR {
		if root.ResourceType() == "Bundle" {
			for n := range root.All("entry", "resource") {
				m.resources = append(m.resources, n)
			}
		} else {
			m.resources = []*fhir.Node{root}
		}
	}
	return e.do(ctx, m, tr)
}

func (e *Engine) do(ctx context.Context, m *message, tr *tracer) (*Result, error) {
	r := &run{e: e, ctx: ctx, message: m, tracer: tr, turns: make([][]*turn, len(e.all)), buffer: make([]value, 0, 16)}
	r.begin()
	for _, b := range e.blocks {
		r.plan(b, nil)
	}
	for _, t := range r.order {
		if err := ctx.Err(); err != nil {
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
	out := &Result{Tree: r.root, Rows: r.rows, Failed: r.failed, file: e.file, size: 32 * (r.made - len(r.arena))}
	e.nodes.Store(int64(r.made - len(r.arena)))
	if e.file.Target.Kind == HL7v2 {
		var err error
		if out.Message, err = r.finishHL7(); err != nil {
			return nil, err
		}
	}
	if r.entries != nil && len(r.entries.Children) > 0 {
		r.add(r.root, "entry", r.entries)
	}
	out.Warnings = r.warnings
	return out, nil
}

// begin makes the root of the target.
func (r *run) begin() {
	t := r.e.file.Target
	switch t.Kind {
	case FHIR:
		r.root = r.object()
		r.addText(r.root, "resourceType", t.Root)
		if t.Root == "Bundle" {
			kind := t.Bundle
			if kind == "" {
				kind = "collection"
			}
			r.addText(r.root, "type", kind)
			r.entries = r.node()
			r.entries.Kind = fhir.Array
		}
	case JSON, XML:
		r.root = r.object()
	}
}

// plan finds the turns of a block before anything is made, so that rules can refer to what comes later.
func (r *run) plan(b *block, parent *turn) {
	for _, t := range r.loop(b, parent) {
		if r.planned++; r.planned > maxTurns {
			r.warnAt(b, nil, fmt.Sprintf("the loops make more than %d turns; the rest was left out", maxTurns))
			return
		}
		t.block, t.parent = b, parent
		if b.when != nil && !b.when(r, t, nil) {
			if r.tracer != nil {
				r.tracer.skipped(b, t)
			}
			continue
		}
		t.index = len(r.turns[b.number])
		r.turns[b.number] = append(r.turns[b.number], t)
		if r.e.file.Target.Kind == FHIR {
			r.identify(t)
		}
		r.order = append(r.order, t)
		for _, inner := range b.blocks {
			r.plan(inner, t)
		}
	}
}

// identify derives the identifier of a resource, from its keys or from the message and the place in it.
func (r *run) identify(t *turn) {
	var few [8]string
	parts := append(few[:0], t.block.src.Make)
	filled := false
	for _, k := range t.block.key {
		var buf [4]value
		text := ""
		if values := r.values(k, nil, t, nil, buf[:0]); len(values) > 0 {
			text = values[0].String()
		}
		filled = filled || text != ""
		parts = append(parts, text)
	}
	if !filled {
		if r.identity == "" {
			r.identity = derivedUUID(r.e.file.Seed, string(r.message.bytes))
		}
		parts = append(few[:0], r.identity, t.block.src.ID, fmt.Sprint(t.index))
	}
	t.id = derivedUUID(r.e.file.Seed, parts...)
	if filled {
		if other := r.keyed[t.id]; other != nil {
			t.twin = other
			return
		}
		if r.keyed == nil {
			r.keyed = map[string]*turn{}
		}
		r.keyed[t.id] = t
	}
}

// instances are the turns of a block that have made something.
func (r *run) instances(block string) []*turn {
	b := r.e.byID[block]
	if b == nil {
		return nil
	}
	return r.turns[b.number]
}

// group runs rules that share a loop.
func (r *run) group(t *turn, g *ruleGroup) {
	if g.each == nil {
		for _, rule := range g.rules {
			if r.refused == nil {
				r.rule(t, rule, nil)
			}
		}
		return
	}
	n := 0
	r.repetitions(g.each, t, func(rep *repetition) bool {
		rep.n = n
		n++
		for _, rule := range g.rules {
			if r.refused == nil {
				r.rule(t, rule, rep)
			}
		}
		return n < maxValues && r.refused == nil
	})
	if n == 0 && r.tracer != nil {
		for _, rule := range g.rules {
			r.tracer.begin(rule, t, nil)
			r.tracer.skip(rule.src.Each + " has no repetition here")
		}
	}
}

// rule runs one rule once.
func (r *run) rule(t *turn, rule *rule, rep *repetition) {
	r.now, r.nowTurn, r.nowRep = rule, t, rep
	if r.tracer != nil {
		r.tracer.begin(rule, t, rep)
	}
	if rule.when != nil {
		ok := rule.when(r, t, rep)
		if r.tracer != nil {
			r.tracer.condition(ok)
		}
		if !ok {
			return
		}
	}
	values := r.inputs(t, rule, rep)
	if r.steps += 1 + len(values); r.steps > maxSteps {
		r.refuse(fmt.Sprintf("the loops of the mapping make more than %d steps of this message; it was given up", maxSteps))
		return
	}
	r.call = call{run: r, turn: t, rep: rep, rule: rule}
	for i, f := range rule.steps {
		values = f(&r.call, values)
		if r.tracer != nil {
			r.tracer.step(rule.names[i], values)
		}
	}
	values = r.keepValued(values)
	if len(values) == 0 && rule.src.Default != "" {
		values = append(values, textValue(rule.src.Default))
		if r.tracer != nil {
			r.tracer.step("default", values)
		}
	}
	r.output(t, rule, rep, values)
}

// keepValued leaves out what says nothing. HL7's "" stays for an HL7 v2 target.
func (r *run) keepValued(values []value) []value {
	kept := values[:0]
	for i := range values {
		if !values[i].empty() || values[i].null() && r.e.file.Target.Kind == HL7v2 {
			kept = append(kept, values[i])
		}
	}
	return kept
}

// inputs are the values that a rule begins with.
func (r *run) inputs(t *turn, rule *rule, rep *repetition) []value {
	values := r.buffer[:0]
	switch {
	case rule.src.Value != "":
		values = append(values, textValue(rule.src.Value))
	case rule.formula != nil:
		in := make([]any, len(rule.inputs))
		for i, ref := range rule.inputs {
			found := r.values(ref, rule.loop, t, rep, nil)
			if r.tracer != nil {
				r.tracer.input(rule.src.Inputs[i].Path, found)
			}
			texts := make([]string, len(found))
			for j := range found {
				texts[j] = found[j].String()
			}
			switch {
			case rule.lists[i]:
				in[i] = texts
			case len(texts) > 0:
				in[i] = texts[0]
			default:
				in[i] = ""
			}
		}
		out, err := rule.formula.evaluate(r.ctx, in)
		if err != nil {
			r.warn(err.Error())
		}
		c := call{run: r}
		for i := range out {
			if len(values) < maxValues && c.spend(len(out[i].text)) {
				values = append(values, out[i])
			}
		}
		if r.tracer != nil {
			r.tracer.step("formula", values)
		}
	default:
		for i, ref := range rule.refs {
			from := len(values)
			values = r.values(ref, rule.loop, t, rep, values)
			if r.tracer != nil {
				r.tracer.input(rule.src.From[i], values[from:])
			}
		}
	}
	return values
}

// output writes what came out of a rule.
func (r *run) output(t *turn, rule *rule, rep *repetition, values []value) {
	many := rule.many()
	if len(values) > 1 && (!many || rep != nil && !rule.appends()) {
		r.warn(fmt.Sprintf("%s takes one value and there are %d; the first was taken", rule.src.To, len(values)))
		values = values[:1]
	}
	for i := range values {
		if r.tracer != nil {
			r.tracer.output(&values[i])
		}
		if t.seg != nil {
			r.writeHL7(t, &rule.hl7, rule.loop, rep, &values[i])
		} else {
			r.write(t, &rule.tree, rule.loop, rep, &values[i])
		}
	}
}

// many says whether the target takes many values.
func (r *rule) many() bool {
	n := len(r.tree.steps)
	return r.hl7.loop || n > 0 && r.tree.steps[n-1].mode == newItem
}

// appends says whether a rule with a loop writes to a list within the item of its turn.
func (r *rule) appends() bool {
	n := 0
	for _, s := range r.tree.steps {
		if s.mode == newItem {
			n++
		}
	}
	return n > 1
}

func (r *run) warn(text string) { r.warnAt(nil, r.now, text) }

func (r *run) warnAt(b *block, rule *rule, text string) {
	switch {
	case len(r.warnings) == maxWarnings:
		r.warnings = append(r.warnings, Warning{Text: "there are more warnings than are listed"})
		return
	case len(r.warnings) > maxWarnings:
		return
	}
	w := Warning{Text: text}
	if r.nowTurn != nil {
		w.Turn = r.nowTurn.index + 1
		b = r.nowTurn.block
	}
	if r.nowRep != nil {
		w.Repetition = r.nowRep.n + 1
	}
	if rule != nil {
		w.Rule = rule.src.ID
	}
	if b != nil {
		w.Block = b.src.ID
	}
	r.warnings = append(r.warnings, w)
	if r.tracer != nil && rule != nil {
		r.tracer.warning(text)
	}
}

// refuse ends the message without a result.
func (r *run) refuse(text string) {
	if r.refused == nil {
		r.refused = errors.New(r.now.src.ID + ": " + text)
	}
}

// fail counts a lookup that found nothing.
func (r *run) fail(table, key string) {
	for i := range r.failed {
		if f := &r.failed[i]; f.Table == table && f.Key == key {
			f.Count++
			return
		}
	}
	if len(r.failed) < maxValues {
		r.failed = append(r.failed, FailedLookup{table, key, 1})
	}
}
