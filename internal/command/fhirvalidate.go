package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"

	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
)

const fhirValidateHelp = `
Checks resources in JSON, XML or NDJSON against the definitions of FHIR R4: form, unknown elements,
cardinality, types, values, required codes, invariants, references, narratives, extensions and
profiles. What cannot be checked here, such as codes of SNOMED CT, is said as information. Exit
status 1 when there is an error.

  --json              one JSON object a line for each resource, with its findings
  --profile URL       check against this profile too; may be given several times
  --package FILE      definitions of another release, or of an implementation guide, as .tgz; may
                      be given several times
  --minimum SEVERITY  show only findings of information, warning, error or fatal and above
  --allow-comments    comments in JSON are no error
  --best-practice     rules of good practice too, such as that a resource should have a narrative
`

func runFHIRValidate(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("fhir validate", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	comments := set.Bool("allow-comments", false, "")
	best := set.Bool("best-practice", false, "")
	minimum := severityFlag(set, "minimum")
	packages := packagesFlag(set)
	var o validate.Options
	set.Func("profile", "", func(url string) error {
		o.Profiles = append(o.Profiles, url)
		return nil
	})
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("fhir validate needs at least one file; - is standard input")
	}
	if o.Definitions, err = fhirDefinitions(*packages); err != nil {
		return err
	}
	for _, url := range o.Profiles {
		if o.Definitions.Structure(url) == nil {
			return usagef("the profile %s is not known; name the package that defines it with --package", url)
		}
	}
	o.AllowComments, o.BestPractice = *comments, *best
	v := validateRun{s: s, o: o, asJSON: *asJSON, minimum: minimum}
	err = s.eachInput(ctx, files, false, func(in *input) error { return v.file(ctx, in) })
	if err == nil && v.failed {
		return errFailed
	}
	return err
}

type validateRun struct {
	s       *session
	o       validate.Options
	asJSON  bool
	minimum *severityValue
	failed  bool
}

// maxWhole is the most that is read of a resource; what is longer than that stands in NDJSON or Bundles that can be split.
const maxWhole = 512 << 20

// file validates what a file holds: line by line, if its first line is a whole resource, so that NDJSON may have any size;
// or else as one text.
func (v *validateRun) file(ctx context.Context, in *input) error {
	r := bufio.NewReaderSize(in, 1<<20)
	offset := int64(0)
	for index := 0; ; index++ {
		line, err := readLine(r)
		if err != nil && err != io.EOF {
			return &readError{in.name, err}
		}
		done := err == io.EOF
		if index == 0 && !done {
			if _, err := fhir.ParseJSON(line); err != nil { // a resource of many lines
				rest, err := io.ReadAll(io.LimitReader(r, maxWhole))
				if err != nil {
					return &readError{in.name, err}
				}
				if line = append(line, rest...); len(line) >= maxWhole {
					return &readError{in.name, errTooLong}
				}
				done = true
			}
		}
		if len(bytes.TrimSpace(line)) > 0 || index == 0 && done {
			if err := v.one(ctx, in, index, offset, line); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
		offset += int64(len(line))
	}
}

var errTooLong = fmt.Errorf("a resource has more than %d MB; split the Bundle, and write its resources as NDJSON, one a line", maxWhole>>20)

// readLine reads up to and with the next line end.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxWhole {
			return nil, errTooLong
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

func (v *validateRun) one(ctx context.Context, in *input, index int, offset int64, data []byte) error {
	list := validate.Bytes(ctx, data, v.o)
	if err := ctx.Err(); err != nil {
		return err
	}
	v.failed = v.failed || !validate.Valid(list)
	shown := []validate.Finding{}
	for _, f := range list {
		f.Offset += int(offset)
		if !v.minimum.given || int(f.Severity) >= int(v.minimum.value) {
			shown = append(shown, f)
		}
	}
	if v.asJSON {
		enc := json.NewEncoder(v.s.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(struct {
			File     string             `json:"file"`
			Index    int                `json:"index"`
			Offset   int64              `json:"offset"`
			Valid    bool               `json:"valid"`
			Findings []validate.Finding `json:"findings"`
		}{in.name, index, offset, validate.Valid(list), shown})
	}
	if v.minimum.given && len(shown) == 0 {
		return nil
	}
	fmt.Fprintf(v.s.out, "%s  [%d]  at %d\n", clean(in.title()), index, offset)
	rows := make([][]string, len(shown))
	for i, f := range shown {
		path := f.Path
		if path == "" {
			path = "-"
		}
		rows[i] = []string{f.Severity.String(), f.Code, clean(path), fmt.Sprintf("offset %d+%d", f.Offset, f.Length), clean(f.Text)}
	}
	if len(rows) == 0 {
		fmt.Fprintln(v.s.out, "  nothing to report")
	}
	return writeAligned(v.s.out, "  ", rows)
}
