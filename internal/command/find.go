package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
)

const findFilesHelp = `
Prints one line for each message or FHIR resource that answers the query: file, index, type,
control ID or id, place. A query is made of conditions on fields and paths, with and, or, not and
parentheses:

  trestle find 'type = ADT and PID-3.1 = "88121"' adt.hl7
  trestle find 'PV1-44 > 2026-01-01 and finding >= error' -r feed/
  trestle find 'OBX-5 contains "left arm" or NK1 exists' *.hl7
  trestle find 'type = Observation and finding >= error' -r fhir/

Operators: = != < <= > >= contains matches in exists empty null. A star behind a value
means "begins with". Words without an operator are looked for anywhere in the message.
The fields are
%s
  --raw        print the messages themselves, byte for byte
  --json       print a JSON object a message; its findings too, where the query asks for
               findings
  --count      print only how many there are
  --limit N    stop after N messages
  -r           read every file below folders

Exit status: 0 found; 1 nothing answers; 2 the query cannot be read, or a file.
`

// findFilesText is the help with the fields that there are.
func findFilesText() string {
	var lines strings.Builder
	for _, f := range query.Fields() {
		fmt.Fprintf(&lines, "  %-11s  %s\n", f.Name, f.About)
	}
	return fmt.Sprintf(findFilesHelp, lines.String())
}

// errEnough ends a reading that has given what was asked for.
var errEnough = errors.New("enough")

func runFindFiles(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("find", flag.ContinueOnError)
	raw := set.Bool("raw", false, "")
	asJSON := set.Bool("json", false, "")
	onlyCount := set.Bool("count", false, "")
	limit := set.Int("limit", 0, "")
	recursive := recursiveFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 2 {
		return usagef(`find needs a query and at least one file, as in: trestle find 'type = ADT' adt.hl7`)
	}
	q, err := readQuery(plain[0])
	if err != nil {
		return err
	}
	write := s.foundLine
	switch {
	case *onlyCount:
		write = func(*input, inspect.Record) error { return nil }
	case *raw:
		write = func(_ *input, r inspect.Record) error {
			if r.IsResource() && !bytes.HasSuffix(r.Bytes, []byte{'\n'}) {
				return s.wholeMessage(append(bytes.Clone(r.Bytes), '\n'))
			}
			return s.wholeMessage(r.Bytes)
		}
	case *asJSON:
		write = s.jsonWriter(&severityValue{})
	}
	n := 0
	err = s.eachInput(ctx, plain[1:], *recursive, func(in *input) error {
		return s.eachMatch(ctx, in, q, true, func(r inspect.Record) error {
			n++
			if err := write(in, r); err != nil {
				return err
			}
			if *limit > 0 && n >= *limit {
				return errEnough
			}
			return nil
		})
	})
	if *onlyCount {
		fmt.Fprintln(s.out, n)
	}
	switch {
	case err != nil && !errors.Is(err, errEnough):
		return err
	case n == 0:
		return errFailed
	}
	return nil
}

// readQuery reads a query that stands among the arguments.
func readQuery(text string) (*query.Query, error) {
	q, err := query.Parse(text)
	var e *query.Error
	if errors.As(err, &e) {
		return nil, usagef("the query cannot be read at %q: %s", clean(excerpt(text[e.Offset:])), e)
	}
	return q, err
}

// excerpt is the beginning of a text.
func excerpt(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}

// eachMatch calls use for each message of an input that a query holds for; resources lets FHIR resources be among them.
func (s *session) eachMatch(ctx context.Context, in *input, q *query.Query, resources bool, use func(inspect.Record) error) error {
	for r, err := range inspect.Read(ctx, in.source(), in, inspect.Options{SkipChecks: !q.NeedsFindings()}) {
		if err != nil {
			return &readError{in.name, err}
		}
		subject := query.Subject{Message: hl7.Parse(nil), Summary: r.Summary, Source: r.Source, Findings: func() []check.Finding { return r.Findings }}
		switch {
		case r.IsMessage():
			subject.Message = hl7.Parse(r.Bytes)
		case r.IsResource() && resources:
			subject.Plain = r.Bytes
		default:
			continue
		}
		if !q.Match(&subject) {
			continue
		}
		if err := use(r); err != nil {
			return err
		}
		if in.file == nil {
			if err := s.out.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) foundLine(in *input, r inspect.Record) error {
	_, err := fmt.Fprintf(s.out, "%s\t%d\t%s\t%s\t%d+%d\n", field(in.name), r.Index, field(joinNonEmpty("^", r.Summary.Type, r.Summary.Trigger)), field(r.Summary.ControlID), r.Offset, r.Length)
	return err
}

// wholeMessage writes a message so that another can follow.
func (s *session) wholeMessage(b []byte) error {
	if _, err := s.out.Write(b); err != nil {
		return err
	}
	if n := len(b); n > 0 && b[n-1] != '\r' && b[n-1] != '\n' {
		return s.out.WriteByte('\r')
	}
	return nil
}

// messageQuery is the flag --where of commands that read messages.
type messageQuery struct{ *query.Query }

func whereFlag(set *flag.FlagSet) *messageQuery {
	w := &messageQuery{&query.Query{}}
	set.Func("where", "", func(text string) (err error) {
		w.Query, err = readQuery(text)
		return err
	})
	return w
}

// jsonLine writes a value as one line of JSON.
func (s *session) jsonLine(v any) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
