package mapping

import (
	"context"

	"trestle/internal/fhir"
)

// Trace is what one rule did at one place of one message.
type Trace struct {
	Block, Rule string // IDs
	Turn        int    // of the block, from 1
	Repetition  int    // of the rule's own loop, from 1; 0 without one
	Condition   Verdict
	Skipped     string // why the rule did not run, if not for its condition
	Inputs      []TraceInput
	Steps       []TraceStep
	Output      []string
	Target      string
	Warnings    []string
}

// Verdict is the answer of a condition.
type Verdict string

// The answers. A rule without a condition has none.
const (
	NotAsked Verdict = ""
	Held     Verdict = "true"
	Failed   Verdict = "false"
)

// Fired says whether the rule wrote anything.
func (t *Trace) Fired() bool { return len(t.Output) > 0 }

// TraceInput is a source with what was found there.
type TraceInput struct {
	Path   string
	Values []TraceValue
}

// TraceValue is a value with its place in the source.
type TraceValue struct {
	Text           string
	Offset, Length int // in bytes; 0 where nothing is there
}

// TraceStep is a function with what came out of it.
type TraceStep struct {
	Function string
	Values   []string
}

// Trace maps one message and tells what every rule did, in the order in which they ran.
func (e *Engine) Trace(ctx context.Context, b []byte) (*Result, []Trace, error) {
	tr := &tracer{}
	result, err := e.run(ctx, b, tr)
	return result, tr.list, err
}

// maxTraces bounds a trace; a message that needs more is no sample to look at.
const maxTraces = 200_000

// tracer collects traces, and the values that were read.
type tracer struct {
	list  []Trace
	reads reads
	wrote map[*fhir.Node]int // what rules have made, by their place in the list; nil unless origins are asked for
	off   bool
}

func (tr *tracer) begin(rule *rule, t *turn, rep *repetition) {
	if tr.off = len(tr.list) >= maxTraces; tr.off {
		return
	}
	x := Trace{Block: rule.block.src.ID, Rule: rule.src.ID, Turn: t.index + 1, Target: rule.src.To}
	if rep != nil {
		x.Repetition = rep.n + 1
	}
	tr.list = append(tr.list, x)
}

func (tr *tracer) last() *Trace {
	if len(tr.list) == 0 || tr.off {
		return &Trace{}
	}
	return &tr.list[len(tr.list)-1]
}

func (tr *tracer) condition(ok bool) {
	tr.last().Condition = Failed
	if ok {
		tr.last().Condition = Held
	}
}

func (tr *tracer) skip(why string) { tr.last().Skipped = why }

// skipped tells of the rules of a block whose condition did not hold.
func (tr *tracer) skipped(b *block, t *turn) {
	for _, g := range b.groups {
		for _, rule := range g.rules {
			tr.begin(rule, t, nil)
			tr.skip("the condition of its block does not hold")
		}
	}
}

func (tr *tracer) input(path string, values []value) {
	in := TraceInput{Path: path, Values: make([]TraceValue, 0, len(values))}
	for i := range values {
		v := &values[i]
		x := TraceValue{Text: v.String()}
		switch {
		case v.isHL7:
			x.Text = v.hl7.Text()
			x.Offset, x.Length = v.hl7.Offset(), v.hl7.End()-v.hl7.Offset()
		case v.node != nil:
			x.Offset, x.Length = v.node.Off, v.node.Len()
		}
		tr.reads.add(v)
		in.Values = append(in.Values, x)
	}
	last := tr.last()
	last.Inputs = append(last.Inputs, in)
}

func (tr *tracer) step(name string, values []value) {
	s := TraceStep{Function: name, Values: make([]string, 0, len(values))}
	for i := range values {
		s.Values = append(s.Values, values[i].String())
	}
	last := tr.last()
	last.Steps = append(last.Steps, s)
}

func (tr *tracer) output(v *value) {
	last := tr.last()
	last.Output = append(last.Output, v.String())
}

func (tr *tracer) warning(text string) {
	last := tr.last()
	last.Warnings = append(last.Warnings, text)
}

// reads are the places of the source that rules have read.
type reads struct {
	spans []span // bytes
	nodes map[*fhir.Node]bool
}

func (r *reads) add(v *value) {
	switch {
	case v.isHL7 && v.hl7.IsPresent():
		r.spans = append(r.spans, span{v.hl7.Offset(), v.hl7.End()})
	case v.node != nil:
		if r.nodes == nil {
			r.nodes = map[*fhir.Node]bool{}
		}
		r.nodes[v.node] = true
	}
}
