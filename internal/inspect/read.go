package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"trestle/internal/format"
)

// Read yields every piece of r as a record, HL7 v2 or not, in order and with
// bounded memory. name is the file's name; its folder is dropped. The only
// errors are those of r and of ctx; after one the sequence ends. An empty
// stream gives one record that says so.
func Read(ctx context.Context, name string, r io.Reader, o Options) iter.Seq2[Record, error] {
	source := filepath.Base(filepath.ToSlash(name))
	if name == "" {
		source = ""
	}
	return func(yield func(Record, error) bool) {
		rd := reader{ctx: ctx, source: source, skip: o.SkipChecks, check: o.Check, later: o.LargeLater}
		pieces := format.Split(&cancelled{ctx: ctx, r: r}, format.Options{MaxPiece: o.MaxPiece, MaxMessage: o.MaxMessage})
		for p, err := range pieces {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(rd.record(p), nil) {
				return
			}
		}
	}
}

// cancelled ends a stream when its context ends.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// ErrIsFolder is in the error of Open for a folder.
var ErrIsFolder = errors.New("it is a folder")

// Open opens a file for Read. Its errors say what to do; they wrap those of
// the system, so errors.Is works with fs.ErrNotExist, fs.ErrPermission and
// ErrIsFolder. size is -1 where it is not known, as of a pipe.
func Open(path string) (file *os.File, size int64, err error) {
	file, err = os.Open(path)
	if err != nil {
		return nil, 0, explain(path, err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, 0, explain(path, err)
	}
	if info.IsDir() {
		_ = file.Close()
		return nil, 0, fmt.Errorf("cannot read %s: %w; name the files in it, as in %s", path, ErrIsFolder, filepath.Join(path, "*.hl7"))
	}
	if !info.Mode().IsRegular() {
		return file, -1, nil
	}
	return file, info.Size(), nil
}

// KindOf says what a file is, by its beginning. What cannot be read is
// format.Empty.
func KindOf(path string) format.Kind {
	f, _, err := Open(path)
	if err != nil {
		return format.Empty
	}
	defer f.Close()
	head := make([]byte, format.HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return format.Empty
	}
	return format.Detect(head[:n]).Kind
}

func explain(path string, err error) error {
	var system *fs.PathError
	if errors.As(err, &system) {
		err = system.Err // the path is named once
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s (%w); look at the spelling", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read by this user (%w); ask for permission or copy the file", path, err)
	}
	return fmt.Errorf("cannot open %s: %w", path, err)
}
