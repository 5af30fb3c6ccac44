package mapping

import (
	"context"

	"trestle/internal/fhir"
)

// Explained is a result with what every rule did to make it.
type Explained struct {
	*Result
	Traces []Trace
	// Made is the trace, by its place in Traces, that made a node of the result's tree; nothing of what rules built around
	// it. Results in HL7 v2 have no tree.
	Made map[*fhir.Node]int
}

// Explain maps one message and tells what every rule did, and which of them made which part of the result.
func (e *Engine) Explain(ctx context.Context, b []byte) (*Explained, error) {
	return e.ExplainRecord(ctx, Record{Bytes: b})
}

// ExplainRecord is [Engine.Explain] for one record of [Engine.Records].
func (e *Engine) ExplainRecord(ctx context.Context, rec Record) (*Explained, error) {
	tr := &tracer{wrote: map[*fhir.Node]int{}}
	result, err := e.runRecord(ctx, rec, tr)
	return &Explained{result, tr.list, tr.wrote}, err
}
