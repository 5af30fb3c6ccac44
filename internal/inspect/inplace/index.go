package inplace

import (
	"context"
	"errors"
	"io"
	"math"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

const (
	// A batch of entries is made known together: the first after a few, so that a screen has something to show at once.
	// Lists read pages of 128, so that none of them is known in part.
	firstBatch = 128
	batch      = 1024

	maxNotes   = 1 << 18 // notes that are kept
	maxGuesses = 64      // guesses that are kept
)

// Begin notes where the first pieces of the file are, so that they can be shown before Index has begun.
func (f *File) Begin(ctx context.Context) error {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	err := f.index(ctx, func(_ int64, pieces int) { enough() })
	if errors.Is(err, context.Canceled) && f.Len() > 0 {
		return nil
	}
	return err
}

// Index goes through the file and notes where its pieces are. What is indexed can be read at once. progress, which may be
// nil, is called in the same goroutine now and then, with the bytes and pieces so far. After an error, which may be that of
// ctx, what is indexed stays; a second call begins anew, and what the first one found stays until it is found again.
func (f *File) Index(ctx context.Context, progress func(through int64, pieces int)) error {
	if progress == nil {
		progress = func(int64, int) {}
	}
	return f.index(ctx, progress)
}

func (f *File) index(ctx context.Context, progress func(int64, int)) error {
	f.indexing.Lock()
	defer f.indexing.Unlock()
	if err := f.unchanged(); err != nil {
		return err
	}
	f.mu.Lock()
	f.complete = false
	f.mu.Unlock()
	ix := indexer{f: f, kinds: map[kind]uint16{{}: 0}, progress: progress, limit: firstBatch}
	source := &inFile{ctx: ctx, f: f}
	for p, err := range format.Split(source, format.Options{}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			ix.publish()
			return err
		}
		ix.add(p)
	}
	ix.publish()
	if source.offset < f.size {
		return f.explain(ErrChanged)
	}
	f.mu.Lock()
	f.through, f.complete = f.size, true
	f.mu.Unlock()
	progress(f.size, f.Len())
	return nil
}

// reset forgets what is indexed. The lock is held.
func (f *File) reset() {
	f.blocks, f.count, f.text, f.kinds = nil, 0, arena{}, []kind{{}}
	f.notes, f.guesses, f.lengths = map[int][]hl7.Note{}, map[int]format.Guess{}, map[int]int64{}
	f.leftOut, f.through, f.found = 0, 0, nil
}

// inFile reads the file from its beginning to where it ended when it was opened.
type inFile struct {
	ctx    context.Context
	f      *File
	offset int64
}

func (r *inFile) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	left := r.f.size - r.offset
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := r.f.file.ReadAt(b[:min(int64(len(b)), left)], r.offset)
	r.offset += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.f.explain(err)
	}
	return n, err
}

// indexer gathers entries before it makes them known.
type indexer struct {
	f        *File
	kinds    map[kind]uint16
	made     []kind
	entries  []entry
	asides   []format.Piece // without their bytes
	begun    bool           // what was known before has been forgotten
	ids      []byte         // control IDs of the entries, one behind the other
	through  int64
	limit    int
	progress func(int64, int)
}

func (ix *indexer) add(p format.Piece) {
	e := entry{start: p.Offset, length: uint32(min(int64(len(p.Bytes)), math.MaxUint32)), flags: flags(p.Kind) & itemMask}
	if p.Framed {
		e.flags |= framed
	}
	var h header
	if p.InHL7 {
		e.flags |= inHL7
		if p.Kind == hl7.ItemMessage && h.read(p.Bytes) {
			e.flags |= known
			e.idLength = uint8(len(h.id))
			e.minute, _ = minuteOf(h.time)
			ix.ids = append(ix.ids, h.id...)
		}
	}
	if e.kind = ix.kind(string(p.Guess.Kind), h, e.has(known)); e.kind == 0 {
		e.flags &^= known
	}
	ix.entries = append(ix.entries, e)
	ix.through = p.Offset + p.Length
	if len(p.Notes) > 0 || p.Length != int64(len(p.Bytes)) || !p.InHL7 {
		p.Bytes = nil
		ix.asides = append(ix.asides, p)
	}
	if len(ix.entries) >= ix.limit {
		ix.publish()
		ix.limit = batch
	}
}

// kind numbers what a piece is. There is room for so many; a file with more has garbage where MSH-9 belongs, and its
// pieces are looked at one by one.
func (ix *indexer) kind(format string, h header, known bool) uint16 {
	if !known {
		h = header{}
	}
	// The conversions in the index of a map do not allocate.
	if n, ok := ix.kinds[kind{format, string(h.typ), string(h.trigger)}]; ok {
		return n
	}
	if len(ix.kinds) > maxKinds {
		return 0
	}
	k := kind{format, string(h.typ), string(h.trigger)}
	n := uint16(len(ix.kinds))
	ix.kinds[k] = n
	ix.made = append(ix.made, k)
	return n
}

// maxKinds is how many kinds there may be: types and triggers of all versions are a few hundred.
const maxKinds = 1 << 12

// aside keeps what few pieces have. The lock is held.
func (f *File) aside(p format.Piece, kept int64) {
	if len(p.Notes) > 0 {
		if len(f.notes) < maxNotes {
			f.notes[p.Index] = p.Notes
		} else {
			f.leftOut++
		}
	}
	if p.Length != kept {
		f.lengths[p.Index] = p.Length
	}
	if !p.InHL7 && len(f.guesses) < maxGuesses {
		f.guesses[p.Index] = p.Guess
	}
}

// publish makes the gathered entries known.
func (ix *indexer) publish() {
	f := ix.f
	if len(ix.entries) == 0 && ix.begun {
		return
	}
	f.mu.Lock()
	if !ix.begun {
		ix.begun = true
		f.reset()
	}
	for _, p := range ix.asides {
		f.aside(p, int64(ix.entries[p.Index-f.count].length))
	}
	f.kinds = append(f.kinds, ix.made...)
	ids := ix.ids
	for _, e := range ix.entries {
		if e.idLength > 0 {
			var ok bool
			if e.id, ok = f.text.put(ids[:e.idLength]); !ok {
				e.flags &^= known // no room: looked up in the file
			}
			ids = ids[e.idLength:]
		}
		if f.count%blockSize == 0 {
			f.blocks = append(f.blocks, make([]entry, 0, blockSize))
		}
		last := len(f.blocks) - 1
		f.blocks[last] = append(f.blocks[last], e)
		f.count++
	}
	f.through = ix.through
	count := f.count
	f.mu.Unlock()
	clear(ix.asides)
	ix.made, ix.entries, ix.asides, ix.ids = ix.made[:0], ix.entries[:0], ix.asides[:0], ix.ids[:0]
	ix.progress(ix.through, count)
}
