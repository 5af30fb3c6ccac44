package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

const fhirPathHelp = `
Evaluates a FHIRPath expression on each resource of the files, JSON, XML or NDJSON, and prints each
result on a line: values as text, everything else as JSON. Without files the expression is
evaluated on nothing, as in: trestle fhir path "1 '[in_i]' = 2.54 'cm'". A path that FHIR does
not define gives nothing, and is named on standard error. Exit status 1 if the expression is
invalid or fails.

  --json          for each resource a line with a list of objects: type and value
  --entries       evaluate on each entry of a Bundle, not on the Bundle; a Bundle may then have
                  any size
  --strict        a path that FHIR does not define is an error, and so is asking for the first of a
                  collection that has no order
  --package FILE  definitions of another release, or of an implementation guide, as .tgz; may be
                  given several times
`

const fhirConvertHelp = `
Converts resources between JSON and XML, without loss: numbers, extensions of values, narratives,
contained resources and what FHIR does not define are kept. Comments of XML have no place in JSON
and are left out. NDJSON and several files give one resource after the other.

  --to FORMAT     json or xml
  --compact       a line for each resource, without indents
  --package FILE  definitions of another release, as .tgz; may be given several times
`

// packagesFlag collects the files of --package.
func packagesFlag(set *flag.FlagSet) *[]string {
	var files []string
	set.Func("package", "", func(name string) error {
		files = append(files, name)
		return nil
	})
	return &files
}

// fhirDefinitions are those of R4 and of guides, or those of another release and of guides.
func fhirDefinitions(files []string) (*fhir.Definitions, error) {
	d := fhir.R4()
	for i, name := range files {
		read := func(use func(f *os.File) (*fhir.Definitions, error)) (*fhir.Definitions, error) {
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return use(f)
		}
		if i == 0 {
			release, err := read(func(f *os.File) (*fhir.Definitions, error) { return fhir.Load(f) })
			if err == nil {
				d = release
				continue
			}
		}
		more, err := read(func(f *os.File) (*fhir.Definitions, error) { return d.With(f) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		d = more
	}
	return d, nil
}

func runFHIRPath(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("fhir path", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	entries := set.Bool("entries", false, "")
	strict := set.Bool("strict", false, "")
	packages := packagesFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) == 0 {
		return usagef(`fhir path needs an expression, as in: trestle fhir path "Patient.name.family" patient.json`)
	}
	e := pathRun{s: s, asJSON: *asJSON, strict: *strict}
	if e.x, err = fhirpath.Compile(plain[0]); err != nil {
		s.complain("%s", err)
		return errFailed
	}
	if e.d, err = fhirDefinitions(*packages); err != nil {
		return err
	}
	if len(plain) == 1 {
		return e.evaluate(ctx, "", nil)
	}
	e.mistakes = e.x.Mistakes(e.d)
	err = s.eachInput(ctx, plain[1:], false, func(in *input) error {
		for rec, err := range e.d.Resources(ctx, in, fhir.StreamOptions{WholeBundles: !*entries}) {
			if err != nil {
				return &readError{in.name, err}
			}
			if rec.Root == nil || rec.Envelope {
				continue
			}
			if err := e.evaluate(ctx, in.title(), rec.Root); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.hint()
	}
	return err
}

// pathRun evaluates one expression on many resources.
type pathRun struct {
	s              *session
	d              *fhir.Definitions
	x              *fhirpath.Expression
	asJSON, strict bool
	mistakes       *fhirpath.Mistakes
}

func (e *pathRun) evaluate(ctx context.Context, name string, n *fhir.Node) error {
	input := fhirpath.Resource(e.d, n)
	out, err := e.x.Evaluate(ctx, input, &fhirpath.Options{Definitions: e.d, Strict: e.strict, CheckOrdered: e.strict})
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		if name != "" {
			name += ": "
		}
		e.s.out.Flush()
		e.s.complain("%s%s", name, err)
		return errFailed
	}
	if n != nil {
		e.mistakes.Look(input, len(out))
	}
	if e.asJSON {
		return e.list(out)
	}
	for _, i := range out {
		fmt.Fprintln(e.s.out, clean(itemText(i)))
	}
	return nil
}

// hint says why the path gives nothing anywhere, if the definitions know.
func (e *pathRun) hint() {
	if wrong := e.mistakes.Found(); wrong != nil {
		e.s.out.Flush()
		e.s.complain("note: %s", wrong)
	}
}

// list writes a line of JSON for the result on one resource.
func (e *pathRun) list(out fhirpath.Collection) error {
	type object struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value,omitempty"`
	}
	list := make([]object, len(out))
	for i, item := range out {
		list[i].Type = itemType(item)
		switch text := item.String(); {
		case isObject(item):
			list[i].Value = fhir.AppendJSON(nil, item.Node())
		case item.HasValue():
			list[i].Value = fhir.AppendQuoted(nil, text)
		}
	}
	enc := json.NewEncoder(e.s.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(list)
}

// itemType is the name of a type as FHIR writes it, also for the values of FHIRPath: integer, dateTime, Quantity.
func itemType(i fhirpath.Item) string {
	t := i.Type()
	if t.Namespace == "System" && t.Name != "Quantity" {
		return strings.ToLower(t.Name[:1]) + t.Name[1:]
	}
	return t.Name
}

func isObject(i fhirpath.Item) bool { return i.Node() != nil && i.Node().Kind == fhir.Object }

func itemText(i fhirpath.Item) string {
	switch {
	case isObject(i):
		return string(fhir.AppendJSON(nil, i.Node()))
	case !i.HasValue() && i.More() != nil: // a primitive with extensions only
		return string(fhir.AppendJSON(nil, i.More()))
	}
	return i.String()
}

func runFHIRConvert(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("fhir convert", flag.ContinueOnError)
	to := set.String("to", "", "")
	compact := set.Bool("compact", false, "")
	packages := packagesFlag(set)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"json", "xml"}, *to) {
		return usagef("fhir convert needs --to json or --to xml")
	}
	if len(files) == 0 {
		return usagef("fhir convert needs at least one file; - is standard input")
	}
	d, err := fhirDefinitions(*packages)
	if err != nil {
		return err
	}
	indent := "  "
	if *compact {
		indent = ""
	}
	return s.eachInput(ctx, files, false, func(in *input) error {
		n := 0
		for rec, err := range d.Resources(ctx, in, fhir.StreamOptions{WholeBundles: true}) {
			if err == nil && rec.Root.ResourceType() == "" {
				err = fmt.Errorf("what begins at offset %d is not a FHIR resource: it has no resourceType", rec.Offset)
			}
			var text []byte
			if err == nil {
				text, err = converted(d, rec.Root, *to, indent)
			}
			if err != nil {
				return &readError{in.name, err}
			}
			n++
			if _, err := s.out.Write(text); err != nil {
				return err
			}
		}
		if n == 0 {
			return &readError{in.name, errors.New("holds no FHIR resource: it is empty")}
		}
		return nil
	})
}

// converted ends with a line end.
func converted(d *fhir.Definitions, n *fhir.Node, to, indent string) ([]byte, error) {
	switch {
	case to == "json" && indent == "":
		return append(fhir.AppendJSON(nil, n), '\n'), nil
	case to == "json":
		return append(fhir.AppendIndentedJSON(nil, n, indent), '\n'), nil
	}
	text, err := d.AppendXML(nil, n, indent)
	if indent == "" {
		text = append(text, '\n')
	}
	return text, err
}
