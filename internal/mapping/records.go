package mapping

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Record is one message of a source, ready to be mapped.
type Record struct {
	Number int // from 1
	Bytes  []byte

	root *fhir.Node // of a source that was read as a tree
}

// Records takes a stream apart into the messages of the mapping's source: HL7 v2 messages with or without framing,
// resources of FHIR or lines of NDJSON, one document of JSON or XML, or the rows of CSV and fixed width. Only one message is in memory at a
// time, but for documents. The bytes of a record are the caller's.
func (e *Engine) Records(ctx context.Context, in io.Reader) iter.Seq2[Record, error] {
	switch e.file.Source.Kind {
	case HL7v2:
		return e.hl7Records(ctx, in)
	case FHIR:
		return e.fhirRecords(ctx, in)
	case CSV, FixedWidth:
		return e.file.Source.rows(ctx, in)
	case JSON:
		return jsonRecords(ctx, in)
	}
	return func(yield func(Record, error) bool) {
		b, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
		if err == nil && len(b) > MaxFile {
			err = fmt.Errorf("the document is larger than %d bytes", MaxFile)
		}
		yield(Record{Number: 1, Bytes: b}, err)
	}
}

// RunRecord maps one record of [Engine.Records].
func (e *Engine) RunRecord(ctx context.Context, rec Record) (*Result, error) {
	return e.runRecord(ctx, rec, nil)
}

// TraceRecord is [Engine.Trace] for one record of [Engine.Records].
func (e *Engine) TraceRecord(ctx context.Context, rec Record) (*Result, []Trace, error) {
	tr := &tracer{}
	result, err := e.runRecord(ctx, rec, tr)
	return result, tr.list, err
}

func (e *Engine) hl7Records(ctx context.Context, in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		scanner := hl7.NewScanner(in, hl7.ScanOptions{})
		n := 0
		for scanner.Scan() {
			item := scanner.Item()
			if item.Kind != hl7.ItemMessage {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			n++
			if !yield(Record{Number: n, Bytes: bytes.Clone(item.Bytes)}, nil) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield(Record{}, err)
		}
	}
}

func (e *Engine) fhirRecords(ctx context.Context, in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		n := 0
		for rec, err := range e.definitions.Resources(ctx, in, fhir.StreamOptions{WholeBundles: true}) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			if rec.Root == nil {
				continue
			}
			n++
			if !yield(Record{Number: n, Bytes: fhir.AppendJSON(nil, rec.Root), root: rec.Root}, nil) {
				return
			}
		}
	}
}

// jsonRecords reads one document after the other, as in NDJSON; the items of an array at the top are one document.
func jsonRecords(ctx context.Context, in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		b, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
		if err == nil && len(b) > MaxFile {
			err = fmt.Errorf("the document is larger than %d bytes", MaxFile)
		}
		if err != nil {
			yield(Record{}, err)
			return
		}
		if _, err := fhir.ParseJSON(b); err == nil {
			yield(Record{Number: 1, Bytes: b}, nil)
			return
		}
		n := 0
		for line := range bytes.SplitSeq(b, []byte("\n")) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			n++
			if !yield(Record{Number: n, Bytes: line}, ctx.Err()) || ctx.Err() != nil {
				return
			}
		}
	}
}
