package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// input is one thing to read, opened when its turn comes.
type input struct {
	name string // as the user gave it; "-" is standard input
	size int64  // bytes; 0 where unknown
	file *os.File
	io.Reader
}

// source is the name under which the pieces are kept: no folder.
func (in *input) source() string {
	if in.name == "-" {
		return "stdin"
	}
	return filepath.Base(in.name)
}

// title is the name for a person.
func (in *input) title() string {
	if in.name == "-" {
		return "standard input"
	}
	return in.name
}

func (in *input) Close() {
	if in.file != nil {
		in.file.Close()
	}
}

// eachInput opens the named files in turn and calls use. What cannot be read is said on Stderr, the rest is
// read nevertheless, and the error at the end is errUnreadable. Other errors of use end it at once.
func (s *session) eachInput(ctx context.Context, names []string, recursive bool, use func(*input) error) error {
	unreadable := false
	one := func(name string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		in, err := s.open(ctx, name)
		if err == nil {
			err = use(in)
			in.Close()
		}
		var read *readError
		if errors.As(err, &read) && ctx.Err() == nil {
			s.out.Flush()
			s.complain("%s", read)
			unreadable = true
			return nil
		}
		return err
	}
	for _, name := range names {
		var err error
		if info, statErr := os.Stat(name); recursive && name != "-" && statErr == nil && info.IsDir() {
			err = s.walk(name, one, &unreadable)
		} else {
			err = one(name)
		}
		if err != nil {
			return err
		}
	}
	if unreadable {
		return errUnreadable
	}
	return nil
}

// walk calls one for every regular file below folder, by name; what starts with a dot is left out.
func (s *session) walk(folder string, one func(string) error, unreadable *bool) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			s.complain("%s", describe(path, err))
			*unreadable = true
			return nil
		}
		if strings.HasPrefix(e.Name(), ".") && path != folder {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !e.Type().IsRegular() {
			return nil
		}
		return one(path)
	})
}

func (s *session) open(ctx context.Context, name string) (*input, error) {
	if name == "-" {
		if s.Stdin == nil {
			return nil, &readError{name, errors.New("there is no standard input")}
		}
		return &input{name: name, Reader: interruptible(ctx, s.Stdin)}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &readError{name, err}
	}
	in := &input{name: name, file: f, Reader: f}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		f.Close()
		return nil, &readError{name, errFolder}
	case info.Mode().IsRegular():
		in.size = info.Size()
	default:
		in.Reader = interruptible(ctx, f) // a pipe or a device may never answer
	}
	return in, nil
}

var errFolder = errors.New("is a folder: name files, or add -r to read every file below it")

// readError is a file that could not be read; the command goes on with the next one.
type readError struct {
	name string
	err  error
}

func (e *readError) Error() string { return describe(e.name, e.err) }
func (e *readError) Unwrap() error { return e.err }

// describe says what is wrong with a file and what to do.
func describe(name string, err error) string {
	if name == "-" {
		name = "standard input"
	}
	switch {
	case errors.Is(err, errFolder):
		return fmt.Sprintf("%s %s", name, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%s: there is no such file", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%s: you are not allowed to read it", name)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%s: %s", name, err)
}

// interruptible returns a reader whose Read ends with ctx's error when ctx ends, even while r waits for
// input that never comes. One last read of r may then stay behind; the program is ending anyway.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	return &interruptibleReader{ctx: ctx, r: r}
}

type interruptibleReader struct {
	ctx  context.Context
	r    io.Reader
	buf  []byte
	rest []byte // read but not handed out yet
	err  error  // belongs after rest
}

func (i *interruptibleReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(i.rest) == 0 && i.err == nil {
		if i.buf == nil {
			i.buf = make([]byte, 64<<10)
		}
		type result struct {
			n   int
			err error
		}
		done := make(chan result, 1)
		go func() {
			n, err := i.r.Read(i.buf)
			done <- result{n, err}
		}()
		select {
		case got := <-done:
			i.rest, i.err = i.buf[:got.n], got.err
		case <-i.ctx.Done():
			i.err = i.ctx.Err()
		}
	}
	if len(i.rest) > 0 {
		n := copy(p, i.rest)
		i.rest = i.rest[n:]
		return n, nil
	}
	return 0, i.err
}
