package inplace

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/inspect"
)

const (
	// Pieces that lie near each other are read together: so many bytes at a time, with gaps of no more than that much.
	windowSize = 1 << 20
	windowGap  = 64 << 10
)

// window is some pieces that are read in one step.
type window struct {
	sequence int
	indexes  []int
	entries  []entry
	from, to int64
}

// windows groups pieces, which are in the order of the file, and calls use for each group.
func (f *File) windows(ctx context.Context, n int, index func(int) int, use func(window) bool) error {
	w := window{}
	flush := func() bool {
		if len(w.indexes) == 0 {
			return true
		}
		full := w
		w = window{sequence: full.sequence + 1}
		return use(full)
	}
	for k := range n {
		if k%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		i := index(k)
		e, ok := f.entry(i)
		if !ok {
			continue
		}
		end := e.start + int64(e.length)
		if len(w.indexes) > 0 && (e.start < w.to || e.start-w.to > windowGap || end-w.from > windowSize) && !flush() {
			return nil
		}
		if len(w.indexes) == 0 {
			w.from = e.start
		}
		w.indexes, w.entries, w.to = append(w.indexes, i), append(w.entries, e), end
	}
	flush()
	return ctx.Err()
}

// pieces reads a window and calls use for each of its pieces. The bytes of a piece are part of buffer, which is returned
// for the next window.
func (f *File) pieces(w window, buffer []byte, use func(format.Piece) error) ([]byte, error) {
	size := int(w.to - w.from)
	if cap(buffer) < size {
		buffer = make([]byte, size)
	}
	buffer = buffer[:size]
	if err := f.readAt(buffer, w.from); err != nil {
		return buffer, err
	}
	for k, i := range w.indexes {
		from := int(w.entries[k].start - w.from)
		to := from + int(w.entries[k].length)
		p, err := f.piece(i, w.entries[k], buffer[from:to:to])
		if err != nil {
			return buffer, err
		}
		if err := use(p); err != nil {
			return buffer, err
		}
	}
	return buffer, nil
}

// Each reads pieces, given by their indexes in the order of the file, and calls use for each in that order. The bytes of a
// piece are its own only until use returns. An error, that of use included, ends it.
func (f *File) Each(ctx context.Context, indexes []int, use func(format.Piece) error) error {
	var buffer []byte
	var failed error
	err := f.windows(ctx, len(indexes), func(k int) int { return indexes[k] }, func(w window) bool {
		buffer, failed = f.pieces(w, buffer, func(p format.Piece) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return use(p)
		})
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// Records reads pieces, as Each does, and yields them as records with their findings. The bytes are the record's own. An
// error ends the sequence.
func (f *File) Records(ctx context.Context, indexes []int) iter.Seq2[inspect.Record, error] {
	return f.records(ctx, indexes, f.record)
}

// Read is Records without findings, which takes a fraction of the time.
func (f *File) Read(ctx context.Context, indexes []int) iter.Seq2[inspect.Record, error] {
	return f.records(ctx, indexes, func(p format.Piece) inspect.Record {
		return inspect.Alone(f.name, p, inspect.Options{SkipChecks: true})
	})
}

func (f *File) records(ctx context.Context, indexes []int, record func(format.Piece) inspect.Record) iter.Seq2[inspect.Record, error] {
	return func(yield func(inspect.Record, error) bool) {
		err := f.Each(ctx, indexes, func(p format.Piece) error {
			p.Bytes = bytes.Clone(p.Bytes)
			if !yield(record(p), nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(inspect.Record{}, err)
		}
	}
}

// errEnough ends a reading that nobody wants to go on.
var errEnough = errors.New("enough")

// spread reads pieces in windows on all cores. start makes what one goroutine needs: a function that is called for each of
// its pieces and one that is called after each window with the bytes that were read. The pieces of a window come in order,
// the windows as it happens.
func (f *File) spread(ctx context.Context, n int, index func(int) int, start func() (piece func(format.Piece), done func(w window))) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := min(max(runtime.GOMAXPROCS(0), 1), 8)
	work := make(chan window, workers)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			piece, done := start()
			var buffer []byte
			var err error
			for w := range work {
				if ctx.Err() != nil {
					continue // nobody waits for these any more
				}
				buffer, err = f.pieces(w, buffer, func(p format.Piece) error { piece(p); return ctx.Err() })
				if err != nil {
					cancel(err)
					continue
				}
				if cap(buffer) > 8*windowSize { // a giant piece's room is not kept
					buffer = nil
				}
				done(w)
			}
		})
	}
	err := f.windows(ctx, n, index, func(w window) bool {
		select {
		case work <- w:
			return true
		case <-ctx.Done():
			return false
		}
	})
	close(work)
	wait.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

const (
	glanceWhole = 1 << 20  // a piece up to this size is looked at as a whole
	glanceHead  = 64 << 10 // of a larger one its beginning
)

// Glance reads what a list shows of pieces: records without their bytes. Of one that is larger than a megabyte only the
// beginning is read, and its findings are those that a scan of the file has found, or none.
func (f *File) Glance(ctx context.Context, indexes []int) ([]inspect.Record, error) {
	records := make([]inspect.Record, 0, len(indexes))
	var buffer []byte
	for _, i := range indexes {
		if err := ctx.Err(); err != nil {
			return records, err
		}
		e, ok := f.entry(i)
		if !ok {
			continue
		}
		size := int(e.length)
		if size > glanceWhole {
			size = glanceHead
		}
		if cap(buffer) < size {
			buffer = make([]byte, max(size, glanceHead))
		}
		if err := f.readAt(buffer[:size], e.start); err != nil {
			return records, err
		}
		p, err := f.piece(i, e, buffer[:size])
		if err != nil {
			return records, err
		}
		r := f.glance(p, size == int(e.length))
		r.Bytes, r.Findings, r.Container = nil, nil, nil
		records = append(records, r)
	}
	return records, nil
}

func (f *File) glance(p format.Piece, whole bool) inspect.Record {
	if whole {
		return f.record(p)
	}
	r := inspect.Alone(f.name, p, inspect.Options{SkipChecks: true})
	found, _ := f.foundIn(p.Index)
	r.Counts = check.Count(found)
	return r
}
