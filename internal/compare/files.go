package compare

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Files is a source of files. A file may hold one message or a million; they are streamed.
type Files struct {
	paths []string
	names []string // what a key "file" and reports see: the path below the folder that was given

	mu    sync.Mutex
	open  map[int32]*openFile
	order []int32
}

type openFile struct {
	*os.File
	users int
	stale bool
}

// BaselineRules is the file of rules in a folder of messages. With it the folder is a baseline: what a system once sent, and
// what may differ from it.
const BaselineRules = "compare.yaml"

// maxOpen is how many files are held open for reading messages again.
const maxOpen = 64

// OpenFiles returns a source of files and folders; of folders, with all files below them in the order of their names,
// but those whose names start with a dot and the rules of a baseline. Close it when done.
func OpenFiles(paths ...string) (*Files, error) {
	f := &Files{open: map[int32]*openFile{}}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			f.add(p, filepath.Base(p))
			continue
		}
		err = filepath.WalkDir(p, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case name != p && strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return filepath.SkipDir
				}
			case e.Type().IsRegular():
				relative, err := filepath.Rel(p, name)
				if err != nil {
					return err
				}
				if relative != BaselineRules {
					f.add(name, filepath.ToSlash(relative))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Files) add(path, name string) {
	f.paths = append(f.paths, path)
	f.names = append(f.names, name)
}

// Len is the number of files.
func (f *Files) Len() int { return len(f.paths) }

// Messages implements Source.
func (f *Files) Messages(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i := range f.paths {
			if !f.messages(ctx, int32(i), yield) {
				return
			}
		}
	}
}

func (f *Files) messages(ctx context.Context, at int32, yield func(Entry, error) bool) bool {
	file, err := os.Open(f.paths[at])
	if err != nil {
		yield(Entry{}, err)
		return false
	}
	defer file.Close()
	count := 0
	for piece, err := range format.Split(file, format.Options{}) {
		if count++; err == nil && count%256 == 1 {
			err = ctx.Err()
		}
		if err != nil {
			yield(Entry{}, fmt.Errorf("read %s: %w", f.names[at], err))
			return false
		}
		e := Entry{Name: f.names[at], Bytes: piece.Bytes, Ref: Ref{File: at, Offset: piece.Offset, Length: int32(min(piece.Length, math.MaxInt32))}}
		if !piece.Guess.Kind.IsHL7v2() {
			e.Kind = piece.Guess.Kind
		}
		e.Skip = piece.Kind == hl7.ItemEnvelope || piece.Kind == hl7.ItemOutside && (piece.InHL7 || !IsDocument(e.Kind)) || piece.Length > math.MaxInt32
		if !yield(e, nil) {
			return false
		}
	}
	return true
}

// Read implements Source.
func (f *Files) Read(_ context.Context, ref Ref, buf []byte) ([]byte, error) {
	file, err := f.hold(ref.File)
	if err != nil {
		return nil, err
	}
	defer f.release(file)
	buf = slices.Grow(buf[:0], int(ref.Length))[:ref.Length]
	if n, err := file.ReadAt(buf, ref.Offset); err != nil && !(err == io.EOF && n == len(buf)) {
		return nil, fmt.Errorf("read %s again: it has changed meanwhile, or cannot be read any more (%w)", f.names[ref.File], err)
	}
	return buf, nil
}

// hold opens a file if it is not, and keeps it open for the next message.
func (f *Files) hold(at int32) (*openFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.open[at]; o != nil {
		o.users++
		return o, nil
	}
	file, err := os.Open(f.paths[at])
	if err != nil {
		return nil, err
	}
	if len(f.order) == maxOpen {
		old := f.open[f.order[0]]
		delete(f.open, f.order[0])
		f.order = f.order[1:]
		if old.stale = true; old.users == 0 {
			old.Close()
		}
	}
	o := &openFile{File: file, users: 1}
	f.open[at] = o
	f.order = append(f.order, at)
	return o, nil
}

func (f *Files) release(o *openFile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.users--; o.stale && o.users == 0 {
		o.Close()
	}
}

// Close closes the files that are held open.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.open {
		o.Close()
	}
	clear(f.open)
	f.order = nil
	return nil
}
