package inspect

import (
	"context"
	"fmt"
	"io"
	"iter"

	"trestle/internal/check"
)

// Store takes records into a project. AddMessages stores a batch in one
// transaction and returns the ids in the same order.
type Store interface {
	AddMessages(ctx context.Context, batch []Record) ([]int64, error)
}

// A batch is stored when it has this many records or bytes.
const (
	batchRecords = 500
	batchBytes   = 8 << 20
)

// Result is what an import did. After an error it says what was stored before.
type Result struct {
	Messages  int                   // HL7 v2 messages
	Resources int                   // FHIR resources; a Bundle is one
	Others    int                   // envelopes, bytes outside of messages, pieces of other kinds
	Bytes     int64                 // bytes of the source that are dealt with
	IDs       []int64               // ids in the store, in file order
	First     int64                 // id of the first message or resource, 0 where there is none
	Counts    [check.Severities]int // findings by check.Severity
	Format    string                // of the first record
}

// Records is the number of records stored.
func (r Result) Records() int { return r.Messages + r.Resources + r.Others }

// Worst returns the highest severity found; ok is false if nothing was found.
func (r Result) Worst() (severity check.Severity, ok bool) {
	for s := check.Severity(check.Severities); s > 0; s-- {
		if r.Counts[s-1] > 0 {
			return s - 1, true
		}
	}
	return check.Information, false
}

// Import reads r to its end and stores its pieces in batches. progress, which
// may be nil, is called in the same goroutine after each batch and at the end,
// with the bytes read and the records stored so far. When ctx ends, what is
// stored stays and the error is that of ctx.
func Import(ctx context.Context, s Store, name string, r io.Reader, progress func(done int64, messages int)) (Result, error) {
	return ImportRecords(ctx, s, name, Read(ctx, name, r, Options{LargeLater: true}), progress)
}

// ImportRecords is Import for records that are made already, such as those of a
// part of a file.
func ImportRecords(ctx context.Context, s Store, name string, records iter.Seq2[Record, error], progress func(done int64, messages int)) (Result, error) {
	in := importer{ctx: ctx, store: s, progress: progress}
	for rec, err := range records {
		if err != nil {
			return in.result, fmt.Errorf("read %s: %w", name, err)
		}
		if err := in.add(rec); err != nil {
			return in.result, err
		}
	}
	return in.result, in.flush()
}

type importer struct {
	ctx      context.Context
	store    Store
	progress func(int64, int)
	batch    []Record
	size     int
	result   Result
}

func (in *importer) add(rec Record) error {
	in.batch = append(in.batch, rec)
	in.size += len(rec.Bytes)
	if len(in.batch) >= batchRecords || in.size >= batchBytes {
		return in.flush()
	}
	return nil
}

func (in *importer) flush() error {
	if len(in.batch) == 0 {
		return nil
	}
	ids, err := in.store.AddMessages(in.ctx, in.batch)
	if err != nil {
		return fmt.Errorf("store %d records of %s: %w", len(in.batch), in.batch[0].Source, err)
	}
	if in.result.Records() == 0 {
		in.result.Format = in.batch[0].Summary.Format
	}
	in.result.IDs = append(in.result.IDs, ids...)
	for i, rec := range in.batch {
		if in.result.First == 0 && (rec.IsMessage() || rec.IsResource()) {
			in.result.First = ids[i]
		}
		switch {
		case rec.IsMessage():
			in.result.Messages++
		case rec.IsResource():
			in.result.Resources++
		default:
			in.result.Others++
		}
		for s, n := range rec.Counts {
			in.result.Counts[s] += n
		}
		in.result.Bytes = max(in.result.Bytes, rec.Offset+rec.Length)
	}
	clear(in.batch)
	in.batch, in.size = in.batch[:0], 0
	if in.progress != nil {
		in.progress(in.result.Bytes, in.result.Records())
	}
	return nil
}
