package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/inspect/batch"
)

const joinHelp = `
Puts the HL7 v2 messages of files into one batch file: FHS, BHS, the messages, BTS, FTS, with
the counts in BTS-1 and FTS-1. The messages stay as they are, byte for byte; one without a line
end at its end gets one behind it. Sender and receiver of the headers are those of the first
message. What is no message (envelopes, MLLP bytes, blank lines) is left out.

  trestle join --out monday.hl7 -r outbox/
  trestle join --size 100 --id LAB0302 adt.hl7 oru.hl7 > batch.hl7

  --size N      messages of a batch at most; all in one without it
  --batch-only  BHS and BTS alone, without FHS and FTS around them
  --id TEXT     control ID of the file (FHS-11) and, with a number behind it, of its batches
  --name TEXT   name of the file (FHS-9) and its batches (BHS-9)
  --no-time     leave the time out (FHS-7, BHS-7), so that the same messages give the same file
  --out FILE    write there, not to standard output
  -r            read every file below folders

How many messages and bytes went in is said on standard error.
`

const splitHelp = `
Takes the HL7 v2 messages out of batches, files of many messages, and MLLP captures: each into
a file of its own, byte for byte, or so many to a file. Counts of BTS-1 and FTS-1 that are not
true are said, and nothing is dropped because of them.

  trestle split --out-dir single/ batch.hl7

  --out-dir DIR  where the files go; they are named after their source, with a number
  --size N       messages of a file; 1 unless said otherwise
  -r             read every file below folders

Exit status: 1 if an envelope says something else than what the file holds.
`

func runJoin(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("join", flag.ContinueOnError)
	var o batch.Options
	set.IntVar(&o.Size, "size", 0, "")
	set.BoolVar(&o.NoFile, "batch-only", false, "")
	set.StringVar(&o.ID, "id", "", "")
	set.StringVar(&o.Name, "name", "", "")
	noTime := set.Bool("no-time", false, "")
	out := set.String("out", "", "")
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	switch {
	case err != nil:
		return err
	case len(files) == 0:
		return usagef("join needs at least one file, as in: trestle join --out batch.hl7 adt.hl7")
	case o.Size < 0:
		return usagef("--size is how many messages a batch has at most: 1 or more")
	}
	if !*noTime {
		o.Time = time.Now()
	}
	var messages, bytes int64
	err = s.writeTo(*out, files, func(w io.Writer) error {
		b := batch.NewWriter(w, o)
		err := s.eachPiece(ctx, files, *recursive, func(in *input, p format.Piece) error {
			if !isMessage(p) {
				return nil
			}
			if err := b.Write(p.Bytes); errors.Is(err, batch.ErrNoMessage) {
				return &readError{in.name, fmt.Errorf("message %d: %w", p.Index+1, err)}
			} else if err != nil {
				return err
			}
			messages++
			bytes += int64(len(p.Bytes))
			return nil
		})
		if err == nil || errors.Is(err, errUnreadable) {
			err = errors.Join(err, b.Close())
		}
		if messages == 0 && (err == nil || errors.Is(err, errUnreadable)) {
			return errors.New("the files hold no message")
		}
		return err
	})
	if messages > 0 {
		fmt.Fprintf(s.Stderr, "%s of %s put together.\n", plural(messages, "message", "messages"), plural(bytes, "byte", "bytes"))
	}
	return err
}

// eachPiece calls use for every piece of the files, in order.
func (s *session) eachPiece(ctx context.Context, files []string, recursive bool, use func(*input, format.Piece) error) error {
	return s.eachInput(ctx, files, recursive, func(in *input) error {
		for p, err := range format.Split(in, format.Options{}) {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && int64(len(p.Bytes)) < p.Length && isMessage(p) {
				err = fmt.Errorf("message %d is larger than can be kept in one piece; nothing of it is written", p.Index+1)
			}
			if err != nil {
				return &readError{in.name, err}
			}
			if err := use(in, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// isMessage says whether a piece of a file is an HL7 v2 message.
func isMessage(p format.Piece) bool { return p.Kind == hl7.ItemMessage && p.Guess.Kind == format.HL7v2 }

func runSplit(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("split", flag.ContinueOnError)
	dir := set.String("out-dir", "", "")
	size := set.Int("size", 1, "")
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	switch {
	case err != nil:
		return err
	case len(files) == 0:
		return usagef("split needs at least one file, as in: trestle split --out-dir single batch.hl7")
	case *dir == "":
		return usagef("split needs --out-dir DIR: where the files of the messages go")
	case *size < 1:
		return usagef("--size is how many messages a file has: 1 or more")
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return errors.New(describe(*dir, err))
	}
	p := parts{dir: *dir, size: *size}
	untrue := false
	err = s.eachPiece(ctx, files, *recursive, func(in *input, piece format.Piece) error {
		for _, n := range piece.Notes {
			if n.Code == format.NoteBatchCount || n.Code == format.NoteBatchEnvelope {
				s.complain("%s: %s", in.title(), n.Text)
				untrue = true
			}
		}
		if !isMessage(piece) {
			return nil
		}
		return p.write(in, piece.Bytes)
	})
	err = errors.Join(err, p.close())
	if p.messages > 0 {
		fmt.Fprintf(s.Stderr, "%s written to %s in %s.\n", plural(p.messages, "message", "messages"), plural(p.files, "file", "files"), *dir)
	}
	switch {
	case err != nil:
		return err
	case p.messages == 0:
		return errors.New("the files hold no message")
	case untrue:
		return errFailed
	}
	return nil
}

// parts are the files that the messages of others are written to.
type parts struct {
	dir             string
	size            int
	messages, files int64

	of     *input // that is read
	number int    // of the last file that was begun for it
	in     int    // messages in it
	file   *os.File
}

// write adds a message of an input to the open file, or begins another. A file that is there already is never replaced.
func (p *parts) write(of *input, message []byte) error {
	if p.of != of {
		p.of, p.number, p.in = of, 0, p.size
	}
	if p.file == nil || p.in == p.size {
		if err := p.close(); err != nil {
			return err
		}
		p.number++
		base := strings.TrimSuffix(of.source(), filepath.Ext(of.source()))
		name := filepath.Join(p.dir, fmt.Sprintf("%s-%06d.hl7", base, p.number))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return errors.New(describe(name, err))
		}
		p.file, p.in = f, 0
		p.files++
	}
	p.in++
	p.messages++
	_, err := p.file.Write(message)
	if last := len(message) - 1; err == nil && p.size > 1 && message[last] != '\r' && message[last] != '\n' {
		_, err = p.file.WriteString("\r") // the next one begins a line
	}
	return err
}

func (p *parts) close() error {
	if p.file == nil {
		return nil
	}
	err := p.file.Close()
	p.file = nil
	return err
}
