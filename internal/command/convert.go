package command

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"trestle/internal/hl7"
	"trestle/internal/inspect/convert"
)

const convertHelp = `
Writes HL7 v2 messages in another shape. What the files are (pipes and hats, JSON or XML of
this program, XML of another one) is recognised. From JSON and XML the messages come back
byte for byte, framing and line ends included.

  trestle convert --to json adt.hl7 > adt.jsonl
  trestle convert --to er7 --out again.hl7 adt.jsonl
  trestle convert --to csv --paths PID-3.1,PID-5.1 --guard --out patients.csv -r feed/

  --to FORMAT      json   one object a message and line
                   xml    the XML encoding of HL7 v2, with the groups of the structure
                   er7    pipes and hats
                   csv    the values at --paths, a row a message, after file and number
  --pretty         JSON and XML with indents
  --out FILE       write there, not to standard output
  -r               read every file below folders

For csv:
  --paths P,P,...  the columns
  --joiner TEXT    between the values where a path has several in a message; " | " unless
                   said otherwise
  --rows           a row for each of them instead
  --guard          an apostrophe before what a spreadsheet would run as a formula
`

func runConvert(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("convert", flag.ContinueOnError)
	to := set.String("to", "", "")
	pretty := set.Bool("pretty", false, "")
	out := set.String("out", "", "")
	pathList := set.String("paths", "", "")
	var table convert.TableOptions
	set.StringVar(&table.Joiner, "joiner", "", "")
	set.BoolVar(&table.RowPerRep, "rows", false, "")
	set.BoolVar(&table.Guard, "guard", false, "")
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("convert needs at least one file, as in: trestle convert --to json adt.hl7")
	}
	c := converter{s: s, files: files, recursive: *recursive}
	switch {
	case *to == "csv" && *pathList == "":
		return usagef("csv needs --paths, as in: trestle convert --to csv --paths PID-3.1,PID-5.1 adt.hl7")
	case *to != "csv" && *pathList != "":
		return usagef("--paths is for --to csv")
	case *to == "csv":
		named, err := getPaths(*pathList)
		if err != nil {
			return err
		}
		paths := make([]hl7.Path, len(named))
		for i, p := range named {
			if paths[i], err = hl7.ParsePath(p.name); err != nil {
				return usagef("%s", err)
			}
		}
		return s.writeTo(*out, files, func(w io.Writer) error { return c.table(ctx, w, paths, table) })
	}
	if _, err := convert.NewWriter(io.Discard, convert.Format(*to), convert.Options{}); err != nil {
		return usagef("--to must be json, xml, er7 or csv")
	}
	return s.writeTo(*out, files, func(w io.Writer) error {
		return c.messages(ctx, w, convert.Format(*to), convert.Options{Pretty: *pretty})
	})
}

// writeTo gives standard output to write, or a file that is there whole at the end or not at all. Where some of the
// inputs could not be read, what came of the others is kept.
func (s *session) writeTo(out string, inputs []string, write func(io.Writer) error) error {
	if out == "" {
		return write(s.out)
	}
	for _, name := range inputs {
		if sameFile(name, out) {
			return usagef("--out %s is a file that is read; give the copy another name", out)
		}
	}
	var unreadable error
	folder, name := filepath.Split(out)
	err := writeWhole(folder, name, func(file io.Writer) error {
		w := bufio.NewWriterSize(file, 64<<10)
		err := write(w)
		if errors.Is(err, errUnreadable) || errors.Is(err, errFailed) {
			unreadable, err = err, nil
		}
		return errors.Join(err, w.Flush())
	})
	if err == nil {
		err = unreadable
	}
	return err
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

type converter struct {
	s         *session
	files     []string
	recursive bool
}

// each calls use for every item of the files, in order.
func (c *converter) each(ctx context.Context, use func(in *input, n int, it convert.Item) error) error {
	return c.s.eachInput(ctx, c.files, c.recursive, func(in *input) error {
		n := 0
		for it, err := range convert.Read(in) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return &readError{in.name, err}
			}
			n++
			if err := use(in, n, it); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *converter) messages(ctx context.Context, out io.Writer, f convert.Format, o convert.Options) error {
	w, err := convert.NewWriter(out, f, o)
	if err != nil {
		return err
	}
	err = c.each(ctx, func(_ *input, _ int, it convert.Item) error { return w.Write(it) })
	if err == nil || errors.Is(err, errUnreadable) {
		err = errors.Join(err, w.Close())
	}
	return err
}

func (c *converter) table(ctx context.Context, out io.Writer, paths []hl7.Path, o convert.TableOptions) error {
	t, err := convert.NewTable(out, []string{"file", "message"}, paths, o)
	if err != nil {
		return err
	}
	rows := 0
	of, number := "", 0
	err = c.each(ctx, func(in *input, n int, it convert.Item) error {
		m := it.Message()
		if h, ok := m.Header(); m.Len() == 0 || ok && h.Name() != "MSH" && m.Len() == 1 { // framing; an envelope
			return nil
		}
		if of != in.name {
			of, number = in.name, 0
		}
		number++
		rows++
		return t.Add([]string{in.title(), strconv.Itoa(number)}, m)
	})
	if err == nil || errors.Is(err, errUnreadable) {
		err = errors.Join(err, t.Close())
	}
	if err == nil && rows == 0 {
		return fmt.Errorf("the files hold no message")
	}
	return err
}
