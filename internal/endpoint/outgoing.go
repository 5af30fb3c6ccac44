package endpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// ErrOnce is the error of a source that cannot be read a second time, such as standard input.
var ErrOnce = errors.New("this source can be read only once: save it to a file to send it several times")

// OneMessage is a source of one message or of a selection.
func OneMessage(messages ...Outgoing) Messages {
	return func(yield func(Outgoing, error) bool) {
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// Files reads the messages of files and folders, folders in the order of their names, without what starts with a dot. Files may hold
// one message, many, or a batch, framed or not. A file without any HL7 v2 message is an error, as sending nothing would look like
// success. With whole a file that is a batch goes out as it is, in one frame. A file whose name ends in .expect holds [Expectations] of the
// messages of all the others; a line of it that fits none of them is an error after the last message.
func Files(paths []string, whole bool) Messages {
	return func(yield func(Outgoing, error) bool) {
		expect, err := expectations(paths)
		if err != nil {
			yield(Outgoing{}, err)
			return
		}
		some := false
		with := func(o Outgoing, err error) bool {
			o.Expect, some = expect.Of(&o), true
			return yield(o, err)
		}
		for _, p := range paths {
			for name, err := range walkFiles(p) {
				if err == nil && strings.HasSuffix(name, ExpectEnding) {
					continue
				}
				if err == nil {
					err = eachMessage(name, whole, with)
				}
				if errors.Is(err, errStopped) {
					return
				}
				if err != nil {
					yield(Outgoing{Name: name}, err)
					return
				}
			}
		}
		if err := expect.Unmet(); err != nil {
			if !some {
				err = errors.New("there are expectations, but no messages: name the files that they are about, too")
			}
			yield(Outgoing{}, err)
		}
	}
}

var errStopped = errors.New("stopped")

// walkFiles yields a file itself, or every file below a folder.
func walkFiles(path string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if strings.HasPrefix(d.Name(), ".") && name != path {
				if d.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
			if d.IsDir() {
				return nil
			}
			if !yield(name, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(path, err)
		}
	}
}

func eachMessage(name string, whole bool, yield func(Outgoing, error) bool) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if whole {
		return wholeFile(f, name, yield)
	}
	return fromReader(f, name, yield)
}

// Reader reads the messages of a stream, once.
func Reader(r io.Reader, name string) Messages {
	used := false
	return func(yield func(Outgoing, error) bool) {
		if used {
			yield(Outgoing{Name: name}, ErrOnce)
			return
		}
		used = true
		if err := fromReader(r, name, yield); err != nil && !errors.Is(err, errStopped) {
			yield(Outgoing{Name: name}, err)
		}
	}
}

func fromReader(r io.Reader, name string, yield func(Outgoing, error) bool) error {
	found, first := false, format.Guess{}
	for p, err := range format.Split(r, format.Options{}) {
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if p.Index == 0 {
			first = p.Guess
		}
		if p.Kind != hl7.ItemMessage || !p.Guess.Kind.IsHL7v2() {
			continue
		}
		if slices.ContainsFunc(p.Notes, func(n hl7.Note) bool { return n.Code == hl7.NoteCut }) {
			return fmt.Errorf("%s: message %d is too large to be sent", name, p.Index)
		}
		found = true
		if !yield(Outgoing{Bytes: p.Bytes, Name: name, Index: p.Index}, nil) {
			return errStopped
		}
	}
	if !found {
		what := "it is empty"
		if first.Kind != "" {
			what = first.Kind.Words()
		}
		return fmt.Errorf("%s holds no HL7 v2 message: %s", name, what)
	}
	return nil
}

// maxWhole is the largest file that is sent in one frame, in bytes.
const maxWhole = 64 << 20

func wholeFile(r io.Reader, name string, yield func(Outgoing, error) bool) error {
	b, err := io.ReadAll(io.LimitReader(r, maxWhole+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > maxWhole {
		return fmt.Errorf("%s is too large to be sent in one frame: it may have %d MB", name, maxWhole>>20)
	}
	if !format.Detect(b[:min(len(b), format.HeadSize)]).Kind.IsHL7v2() {
		return fmt.Errorf("%s holds no HL7 v2 message", name)
	}
	if !yield(Outgoing{Bytes: b, Name: name}, nil) {
		return errStopped
	}
	return nil
}
