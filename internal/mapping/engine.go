package mapping

import (
	"errors"
	"fmt"
	"strconv"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Result is what became of one message.
type Result struct {
	// Tree is what was made, nil for HL7 v2. It shares nothing that may not be kept.
	Tree *fhir.Node
	// Message is what was made of HL7 v2, nil otherwise.
	Message []byte
	// Rows are the lines of a CSV or fixed-width target, as objects.
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

// makeRoot makes the root of the target.
func (r *run) makeRoot() {
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
	from := len(r.list)
	r.loop(b, parent)
	found, within := len(r.list), 0
	for i := from; i < found; i++ {
		if r.planned++; r.planned > maxTurns {
			r.warnAt(b, nil, fmt.Sprintf("the loops make more than %d turns; the rest was left out", maxTurns))
			break
		}
		t := r.list[i]
		t.block, t.parent = b, parent
		if b.when != nil && !b.when(r, t, nil) {
			if r.tracer != nil {
				r.tracer.skipped(b, t)
			}
			continue
		}
		t.index, t.within = len(r.turns[b.number]), within
		within++
		r.turns[b.number] = append(r.turns[b.number], t)
		if r.e.file.Target.Kind == FHIR {
			r.identify(t)
		}
		r.order = append(r.order, t)
		for _, inner := range b.blocks {
			r.plan(inner, t)
		}
	}
	r.list = r.list[:from]
}

// identify derives the identifier of a resource, from its keys or from the message and the place in it.
func (r *run) identify(t *turn) {
	seed := r.e.file.Seed
	part := func(text []byte, p string) []byte { return append(append(text, p...), 0) }
	text := part(derivation(r.scratch[:0], seed), t.block.src.Make)
	filled := false
	for _, k := range t.block.key {
		p := r.firstText(k, t)
		filled = filled || p != ""
		text = part(text, p)
	}
	if !filled {
		if r.identity == "" {
			text = append(append(derivation(text[:0], seed), r.message.bytes...), 0)
			r.identity = derivedURN(text)[len(urnUUID):]
		}
		text = part(part(derivation(text[:0], seed), r.identity), t.block.src.ID)
		text = append(strconv.AppendInt(text, int64(t.index), 10), 0)
	}
	r.scratch = text
	t.urn = derivedURN(text)
	if filled {
		if other := r.keyed[t.urn]; other != nil {
			t.twin = other
			return
		}
		if r.keyed == nil {
			r.keyed = map[string]*turn{}
		}
		r.keyed[t.urn] = t
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
	if n := r.repetitions(g, t); n == 0 && r.tracer != nil {
		for _, rule := range g.rules {
			r.tracer.begin(rule, t, nil)
			r.tracer.skip(rule.src.Each + " has no repetition here")
		}
	}
}

// repeat runs the rules of a group for one repetition. It is false when no more are to follow.
func (r *run) repeat(t *turn, g *ruleGroup, rep repetition) bool {
	r.rep = rep
	for _, rule := range g.rules {
		if r.refused == nil {
			r.rule(t, rule, &r.rep)
		}
	}
	return rep.n+1 < maxValues && r.refused == nil
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
	if len(values) > 0 || rule.unasked || r.tracer != nil {
		r.call = call{run: r, turn: t, rep: rep, rule: rule}
		for i, f := range rule.steps {
			values = f(&r.call, values)
			if r.tracer != nil {
				r.tracer.step(rule.names[i], values)
			}
		}
		values = r.keepValued(values)
	}
	if len(values) == 0 {
		if rule.src.Default == "" {
			return
		}
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
		if !values[i].empty() || (values[i].clears || values[i].null()) && r.e.file.Target.Kind == HL7v2 {
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
		return append(values, textValue(rule.src.Value))
	case rule.formula != nil:
		return r.computed(t, rule, rep, values)
	case r.tracer == nil && len(rule.refs) == 1 && rule.refs[0].single:
		if v := r.hl7One(rule.refs[0], t, rep); v.State() == hl7.Valued || v.State() == hl7.Null && r.e.file.Target.Kind == HL7v2 {
			values = append(values, hl7Value(v))
		}
		return values
	}
	for i, ref := range rule.refs {
		from := len(values)
		values = r.values(ref, rule.loop, t, rep, values)
		if r.tracer != nil {
			r.tracer.input(rule.src.From[i], values[from:])
		}
	}
	return r.keepValued(values)
}

// computed are the values of a formula.
func (r *run) computed(t *turn, rule *rule, rep *repetition, values []value) []value {
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
	return values
}

// output writes what came out of a rule.
func (r *run) output(t *turn, rule *rule, rep *repetition, values []value) {
	if len(values) > 1 && (!rule.many || rep != nil && !rule.appends) {
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
