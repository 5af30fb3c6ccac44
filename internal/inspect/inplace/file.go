package inplace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
)

// ErrChanged is in the error of a read of a file that is no longer the one that was opened.
var ErrChanged = errors.New("the file was changed or cut off after it was opened here; open it again to see what it holds now")

// ErrNotPlain is in the error of Open for what cannot be read at any place, such as a pipe.
var ErrNotPlain = errors.New("it is no plain file, so it cannot be read in place; import it instead")

// File is a file of messages with its index. Its methods may be called from several goroutines.
type File struct {
	name     string
	file     *os.File
	size     int64
	modified time.Time
	indexing sync.Mutex // Index runs once at a time

	mu       sync.RWMutex
	blocks   [][]entry // all of blockSize but the last
	count    int
	text     arena
	kinds    []kind
	notes    map[int][]hl7.Note
	guesses  map[int]format.Guess // of the first pieces that are no HL7 v2
	lengths  map[int]int64        // of pieces of which only the beginning is kept
	leftOut  int                  // notes that there was no room for
	through  int64                // bytes that are indexed
	complete bool
	found    *findings // of the last scan of the whole file, nil before one
}

// Open opens a file to be read in place. It reads nothing yet but what the system says of the file.
func Open(path string) (*File, error) {
	f, size, err := inspect.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case size < 0:
		err = ErrNotPlain
	case size >= maxSize:
		err = fmt.Errorf("it has more than %d TB; split it first", maxSize>>40)
	default:
		return &File{name: filepath.Base(path), file: f, size: size, modified: info.ModTime(), kinds: []kind{{}}}, nil
	}
	_ = f.Close()
	return nil, fmt.Errorf("cannot open %s: %w", path, err)
}

// Close closes the file. What reads it afterwards gets an error.
func (f *File) Close() error { return f.file.Close() }

// Name is the file's name without its folder.
func (f *File) Name() string { return f.name }

// Size is the file's size in bytes when it was opened.
func (f *File) Size() int64 { return f.size }

// Len is how many pieces are known by now.
func (f *File) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.count
}

// Indexed is how many bytes of the file the index covers, and whether that is all of them.
func (f *File) Indexed() (through int64, complete bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.through, f.complete
}

// LeftOut is how many notes on framing there was no room for: pieces beyond lack findings that a scan would give.
func (f *File) LeftOut() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.leftOut
}

// unchanged says whether the file may still be what was indexed. One that has grown is: a log goes on behind what is known
// of it.
func (f *File) unchanged() error {
	info, err := f.file.Stat()
	switch {
	case err != nil:
		return f.explain(err)
	case info.Size() < f.size, info.Size() == f.size && !info.ModTime().Equal(f.modified):
		return f.explain(ErrChanged)
	}
	return nil
}

func (f *File) explain(err error) error {
	var system *fs.PathError
	if errors.As(err, &system) {
		err = system.Err // the path may hold a name, and the file's own is said
	}
	return fmt.Errorf("reading %s: %w", f.name, err)
}

// readAt fills b with the bytes from an offset on.
func (f *File) readAt(b []byte, offset int64) error {
	if err := f.unchanged(); err != nil {
		return err
	}
	switch _, err := f.file.ReadAt(b, offset); {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return f.explain(ErrChanged) // it was long enough when it was opened
	default:
		return f.explain(err)
	}
}

// Piece reads a piece, from 0. It is the one that format.Split gives, with its notes.
func (f *File) Piece(i int) (format.Piece, error) {
	e, ok := f.entry(i)
	if !ok {
		return format.Piece{}, fmt.Errorf("%s has no piece %d", f.name, i+1)
	}
	b := make([]byte, e.length)
	if err := f.readAt(b, e.start); err != nil {
		return format.Piece{}, err
	}
	return f.piece(i, e, b)
}

// piece is what the bytes at an entry are. It fails if they cannot be what was indexed.
func (f *File) piece(i int, e entry, b []byte) (format.Piece, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if e.has(known) {
		var h header
		if h.read(b); string(h.id) != f.text.get(e.id, e.idLength) {
			return format.Piece{}, f.explain(ErrChanged)
		}
	}
	p := format.Piece{
		Index: i, Offset: e.start, Length: int64(e.length), Bytes: b,
		Kind: e.item(), Framed: e.has(framed), InHL7: e.has(inHL7), Notes: f.notes[i],
	}
	if n, cut := f.lengths[i]; cut {
		p.Length = n
	}
	switch g, kept := f.guesses[i]; {
	case kept:
		p.Guess = g
	case p.InHL7 && p.Kind == hl7.ItemMessage:
		p.Guess = format.Guess{Kind: format.HL7v2, Why: "It is an HL7 v2 message."}
	case p.InHL7 && p.Kind == hl7.ItemEnvelope:
		p.Guess = format.Guess{Kind: format.HL7v2Batch, Why: "It is a segment of a batch envelope."}
	default:
		p.Guess = format.Detect(b)
	}
	return p, nil
}

// Record is a piece with its summary and its findings. What other messages of the file say about it, such as a control ID
// that comes twice, is in it once the whole file was scanned.
func (f *File) Record(i int) (inspect.Record, error) {
	p, err := f.Piece(i)
	if err != nil {
		return inspect.Record{}, err
	}
	return f.record(p), nil
}

// Container is what the surroundings of a piece say: framing, batch counts and, once the whole file was scanned, what other
// messages say.
func (f *File) Container(p format.Piece) []check.Finding {
	if container, ok := f.container(p.Index); ok {
		return container
	}
	return check.Piece(p, check.Options{})
}

// Kind is what a piece is and, of a message, its type and trigger; sure is false where the piece must be read to know.
func (f *File) Kind(i int) (format, typ, trigger string, sure bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	e, ok := f.at(i)
	if !ok || e.kind == 0 || e.item() == hl7.ItemMessage && e.has(inHL7) && !e.has(known) {
		return "", "", "", false
	}
	k := f.kinds[e.kind]
	return k.format, k.typ, k.trigger, !inspect.IsFHIR(k.format) // whose type stands in it
}

func (f *File) record(p format.Piece) inspect.Record {
	r := inspect.Alone(f.name, p, inspect.Options{})
	if container, ok := f.container(p.Index); ok {
		said := r.Findings[len(r.Container):]
		r.Findings = append(container[:len(container):len(container)], said...)
		r.Container = r.Findings[:len(container):len(container)]
		r.Counts = check.Count(r.Findings)
	}
	return r
}
