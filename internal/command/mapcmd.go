package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
	"trestle/internal/project"
)

const mapRunHelp = `
Maps the messages of the files. MAPPING is a mapping in YAML with its lookup tables beside it;
"trestle map new" gives one to begin with. HL7 v2, FHIR, JSON, XML, CSV and fixed-width files can
be read and written, as the mapping says: CSV with or without a line of names, with any delimiter
and encoding; fixed width with a layout in YAML beside the mapping; the types of a JSON target by
a JSON Schema beside it. Files are streamed: their size does not matter, but a document of
JSON or XML is read whole. What one rule cannot do is a warning on standard error, and the rest of
the message is mapped nevertheless; a message that cannot be mapped at all is named there and the
exit status is 1.

  --out DIR   write a file for each message, FILE-NUMBER.json, .hl7 or .xml; the rows of CSV and
              of fixed width to one file for each input
  --indent    JSON with indents
  --quiet     no warnings
  -r          read every file below folders
`

const mapCheckHelp = `
Says what is wrong or unwise in a mapping: what cannot be read, with its line; fields and elements
that no version defines; two rules for one place; tables that no rule uses; required elements that
no rule writes; rules that write what the other side owns. Exit status 1 when there is an error.

  --json          a JSON object a line for each finding
  --project DIR   check against the scope of the project in this folder
  --functions     list the functions that rules can use instead; needs no MAPPING
`

const mapCoverageHelp = `
Maps samples and says what the mapping still misses: populated source fields that no rule reads,
with their most frequent values; required elements without a rule, or without a value and in how
many; rules that never fired; lookups that found nothing. The output names values of the messages.

  --json      as one JSON object
  --mask      without values
  -r          read every file below folders
`

const mapTraceHelp = `
Maps one file and says for every rule what it did: whether its condition held, what it read and
where (offset and length in bytes), the value after each function, what it wrote and what it
warned of. The output names values of the messages.

  --json        one JSON object a line and rule
  --rule ID     of this rule only
  --message N   of the N-th message of the file only
`

const mapNewHelp = `
Writes a starter mapping and its lookup tables: HL7 v2 to FHIR R4, made from what HL7 International
publishes in its Version 2 to FHIR Implementation Guide, and FHIR R4 to HL7 v2, the same the other
way round. Without --from it lists them.

  --from NAME   one of the list, such as adt-to-patient, siu-to-appointment or report-to-oru
  --out FILE    where the mapping goes; its tables go to tables/ beside it. NAME.yaml unless said
                otherwise. Files that are there already are left alone.
`

// loadMapping reads a mapping with its tables. What is wrong with it is said on Stderr, each on a line, and the error is
// errUnreadable.
func (s *session) loadMapping(name string) (*mapping.File, error) {
	folder, base := filepath.Split(name)
	if folder == "" {
		folder = "."
	}
	f, err := mapping.Load(os.DirFS(folder), base)
	return f, s.mappingError(name, err)
}

func (s *session) mappingError(name string, err error) error {
	var problems mapping.Problems
	if !errors.As(err, &problems) {
		return err
	}
	s.out.Flush()
	for _, p := range problems {
		s.complain("%s: %s", name, p)
	}
	return errUnreadable
}

func (s *session) compileMapping(name string) (*mapping.Engine, error) {
	f, err := s.loadMapping(name)
	if err != nil {
		return nil, err
	}
	e, err := mapping.Compile(f)
	return e, s.mappingError(name, err)
}

// eachRecord calls use for every message of the files.
func (s *session) eachRecord(ctx context.Context, e *mapping.Engine, files []string, recursive bool, use func(*input, mapping.Record) error) error {
	return s.eachInput(ctx, files, recursive, func(in *input) error {
		n := 0
		for rec, err := range e.Records(ctx, in) {
			if err != nil {
				return &readError{in.name, err}
			}
			n++
			if err := use(in, rec); err != nil {
				return err
			}
		}
		if n == 0 {
			return &readError{in.name, fmt.Errorf("holds nothing that the mapping reads (%s)", e.File().Source.Kind)}
		}
		return nil
	})
}

func runMapRun(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map run", flag.ContinueOnError)
	m := mapRun{s: s}
	set.StringVar(&m.out, "out", "", "")
	set.BoolVar(&m.indent, "indent", false, "")
	set.BoolVar(&m.quiet, "quiet", false, "")
	recursive := recursiveFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 2 {
		return usagef("map run needs a mapping and at least one file, as in: trestle map run adt.yaml feed.hl7")
	}
	if m.e, err = s.compileMapping(plain[0]); err != nil {
		return err
	}
	if m.out != "" {
		if err := os.MkdirAll(m.out, 0o700); err != nil {
			return err
		}
	}
	err = s.eachRecord(ctx, m.e, plain[1:], *recursive, func(in *input, rec mapping.Record) error { return m.one(ctx, in, rec) })
	if e := m.closeRows(); err == nil {
		err = e
	}
	if m.out != "" {
		fmt.Fprintf(s.out, "%s mapped, %d failed, %s\n", plural(int64(m.mapped), "message", "messages"), m.failed, plural(int64(m.warnings), "warning", "warnings"))
	}
	if err == nil && m.failed > 0 {
		err = errFailed
	}
	return err
}

// mapRun maps the messages of files.
type mapRun struct {
	s             *session
	e             *mapping.Engine
	out           string
	indent, quiet bool

	text                     []byte // memory for the next
	mapped, failed, warnings int
	headed                   bool // the names of CSV stand on standard output
	rows                     *bufio.Writer
	rowsFile                 *os.File
	rowsOf                   *input
}

func (m *mapRun) one(ctx context.Context, in *input, rec mapping.Record) error {
	text, result, err := m.convert(ctx, rec)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m.failed++
		m.s.out.Flush()
		m.s.complain("%s: message %d: %s", in.title(), rec.Number, err)
		return nil
	}
	m.mapped++
	m.warnings += len(result.Warnings)
	if !m.quiet && len(result.Warnings) > 0 {
		m.s.out.Flush()
		for _, w := range result.Warnings {
			m.s.complain("%s: message %d: %s", in.title(), rec.Number, w)
		}
	}
	switch {
	case m.e.File().Target.Kind.HasRows():
		return m.row(in, text)
	case m.out == "":
		_, err = m.s.out.Write(text)
		return err
	}
	ending := map[mapping.Kind]string{mapping.HL7v2: ".hl7", mapping.XML: ".xml"}[m.e.File().Target.Kind]
	if ending == "" {
		ending = ".json"
	}
	name := fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(in.source(), filepath.Ext(in.source())), rec.Number, ending)
	return writeWhole(m.out, name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// convert gives the text of what a message becomes; it is good until the next.
func (m *mapRun) convert(ctx context.Context, rec mapping.Record) ([]byte, *mapping.Result, error) {
	if m.indent {
		result, err := m.e.RunRecord(ctx, rec)
		if err != nil {
			return nil, nil, err
		}
		text, err := result.Indented()
		return text, result, err
	}
	var result *mapping.Result
	var err error
	m.text, result, err = m.e.Convert(ctx, m.text[:0], rec)
	return m.text, result, err
}

// row writes rows of CSV or fixed width: to standard output, or to one file for each input.
func (m *mapRun) row(in *input, text []byte) error {
	if m.out == "" {
		if !m.headed {
			m.headed = true
			if _, err := m.s.out.Write(m.e.File().Header()); err != nil {
				return err
			}
		}
		_, err := m.s.out.Write(text)
		return err
	}
	if m.rowsOf != in {
		if err := m.closeRows(); err != nil {
			return err
		}
		ending := ".csv"
		if m.e.File().Target.Kind == mapping.FixedWidth {
			ending = ".txt"
		}
		name := strings.TrimSuffix(in.source(), filepath.Ext(in.source())) + ending
		if sameFile(in.name, filepath.Join(m.out, name)) {
			return usagef("%s would be written over itself; give --out another folder", in.title())
		}
		file, err := os.OpenFile(filepath.Join(m.out, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		m.rowsOf, m.rowsFile, m.rows = in, file, bufio.NewWriter(file)
		if _, err := m.rows.Write(m.e.File().Header()); err != nil {
			return err
		}
	}
	_, err := m.rows.Write(text)
	return err
}

func (m *mapRun) closeRows() error {
	if m.rowsFile == nil {
		return nil
	}
	err := errors.Join(m.rows.Flush(), m.rowsFile.Close())
	m.rowsFile = nil
	return err
}

func runMapCheck(_ context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map check", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	folder := set.String("project", "", "")
	functions := set.Bool("functions", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if *functions {
		return s.mapFunctions()
	}
	if len(plain) != 1 {
		return usagef("map check needs one mapping, as in: trestle map check adt.yaml")
	}
	var scope []mapping.Flow
	if *folder != "" {
		if scope, err = projectScope(*folder); err != nil {
			return err
		}
	}
	f, err := s.loadMapping(plain[0])
	if errors.Is(err, errUnreadable) {
		return errFailed
	}
	if err != nil {
		return err
	}
	failed := false
	for _, found := range mapping.Check(f, scope) {
		failed = failed || found.Severity == mapping.Error
		if *asJSON {
			if err := s.jsonLine(found); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(s.out, "%s\t%s\tline %d\t%s\t%s\n", found.Severity, found.Code, found.Line, found.ID, clean(found.Text))
	}
	if failed {
		return errFailed
	}
	return nil
}

func (s *session) mapFunctions() error {
	group := ""
	for _, f := range mapping.Functions() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(s.out, "%s\n", group)
		}
		name := f.Name
		if f.Arguments != "" {
			name = "{" + f.Name + ": " + f.Arguments + "}"
		}
		fmt.Fprintf(s.out, "  %-34s %s\n", name, f.Does)
	}
	return nil
}

// projectScope reads who owns which data from a project's folder.
func projectScope(folder string) ([]mapping.Flow, error) {
	p, err := project.Load(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("read the project in %s: %w", folder, err)
	}
	var flows []mapping.Flow
	for _, f := range p.Scope.Flows {
		flows = append(flows, mapping.Flow{Data: string(f.Data), Ours: f.Record == project.Ours, Direction: string(f.Direction)})
	}
	return flows, nil
}

func runMapNew(_ context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map new", flag.ContinueOnError)
	from := set.String("from", "", "")
	out := set.String("out", "", "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) > 0 {
		return usagef("map new takes no files; name the mapping with --out, as in: trestle map new --from adt-to-patient --out adt.yaml")
	}
	if *from == "" {
		list, err := starter.List()
		for _, x := range list {
			fmt.Fprintf(s.out, "%s\t%s\n", x.Name, x.Title)
		}
		return err
	}
	files, err := starter.Files(*from)
	if err != nil {
		return usagef("%s; trestle map new lists what there is", err)
	}
	if *out == "" {
		*out = *from + ".yaml"
	}
	folder, name := filepath.Split(*out)
	files[0].Name = name
	for _, f := range files {
		at := filepath.Join(folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return err
		}
		switch old, err := os.ReadFile(at); {
		case err == nil && string(old) == string(f.Text):
			continue
		case err == nil:
			s.complain("%s is there already and was left alone", at)
			continue
		}
		if err := os.WriteFile(at, f.Text, 0o600); err != nil {
			return err
		}
		fmt.Fprintln(s.out, at)
	}
	return nil
}

// jsonIndented writes one JSON object.
func (s *session) jsonIndented(v any) error {
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
