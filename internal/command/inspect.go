package command

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"unicode/utf8"

	"trestle/internal/check"
	"trestle/internal/inspect"
)

func runInspect(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("inspect", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	failOn := severityFlag(set, "fail-on")
	minimum := severityFlag(set, "minimum")
	chosen := profileFlag(set)
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("inspect needs at least one file; - is standard input")
	}
	var options inspect.Options
	options.Check.Rules = chosen.rules()
	if minimum.given {
		options.Check.Minimum = minimum.value
		// What decides the exit status must be looked for, even if it is not shown.
		if failOn.given {
			options.Check.Minimum = min(minimum.value, failOn.value)
		}
	}
	write := s.textWriter(minimum)
	if *asJSON {
		write = s.jsonWriter(minimum)
	}
	failed := false
	total := tally{}
	err = s.eachInput(ctx, files, *recursive, func(in *input) error {
		total.files++
		for record, err := range inspect.Read(ctx, in.source(), in, options) {
			if err != nil {
				return &readError{in.name, err}
			}
			total.add(record)
			for _, f := range record.Findings {
				failed = failed || failOn.given && f.Severity >= failOn.value
			}
			if err := write(in, record); err != nil {
				return err
			}
			// A person or a script that waits for the next message sees this one now.
			if in.file == nil {
				if err := s.out.Flush(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if !*asJSON && (total.pieces > 1 || total.files > 1) && ctx.Err() == nil {
		fmt.Fprintln(s.out, total)
	}
	if err == nil && failed {
		return errFailed
	}
	return err
}

// jsonWriter writes one JSON object a line.
func (s *session) jsonWriter(minimum *severityValue) func(*input, inspect.Record) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	return func(in *input, r inspect.Record) error {
		o := r.Object(in.name)
		o.Findings = shown(o.Findings, minimum)
		return enc.Encode(o)
	}
}

// shown returns the findings that the user wants to see; never nil, so that JSON has [] for none.
func shown(findings []check.Finding, minimum *severityValue) []check.Finding {
	list := make([]check.Finding, 0, len(findings))
	for _, f := range findings {
		if !minimum.given || f.Severity >= minimum.value {
			list = append(list, f)
		}
	}
	return list
}

// textWriter writes for a person: a heading a piece, and a line a finding. Where only some findings are asked for, a
// piece without them is left out: it would be a line for each of a million messages that are in order.
func (s *session) textWriter(minimum *severityValue) func(*input, inspect.Record) error {
	return func(in *input, r inspect.Record) error {
		findings := shown(r.Findings, minimum)
		if minimum.given && len(findings) == 0 {
			return nil
		}
		fmt.Fprintf(s.out, "%s  %s\n", clean(in.title()), heading(r))
		rows := make([][]string, len(findings))
		for i, f := range findings {
			path := f.Path
			if path == "" {
				path = "-"
			}
			rows[i] = []string{f.Severity.String(), f.Code, clean(path), fmt.Sprintf("offset %d+%d", f.Offset, f.Length), clean(f.Text)}
		}
		if len(rows) == 0 {
			fmt.Fprintln(s.out, "  nothing to report")
		}
		return writeAligned(s.out, "  ", rows)
	}
}

// heading is the piece in one line: what it is, where it lies, how large it is.
func heading(r inspect.Record) string {
	sum := r.Summary
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, clean(text))
		}
	}
	add(fmt.Sprintf("[%d]", r.Index))
	if sum.Type == "" {
		add(sum.Format)
	}
	parted := "^"
	if r.IsResource() {
		parted = " "
	}
	add(joinNonEmpty(parted, sum.Type, sum.Trigger, sum.Structure))
	if sum.Version != "" {
		add("v" + sum.Version)
	}
	add(sum.ControlID)
	place := fmt.Sprintf("at %d, %s", r.Offset, plural(r.Length, "byte", "bytes"))
	switch {
	case r.IsResource() && sum.Type == "Bundle":
		place += ", " + plural(int64(sum.Segments), "entry", "entries")
	case sum.Segments > 0:
		place += ", " + plural(int64(sum.Segments), "segment", "segments")
	}
	add(place)
	return strings.Join(parts, "  ")
}

func joinNonEmpty(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// tally is what a whole run found.
type tally struct {
	files, pieces int
	counts        [check.Severities]int64
}

func (t *tally) add(r inspect.Record) {
	t.pieces++
	for _, f := range r.Findings {
		t.counts[f.Severity]++
	}
}

func (t tally) String() string {
	text := fmt.Sprintf("%s, %s", plural(int64(t.files), "file", "files"), plural(int64(t.pieces), "piece", "pieces"))
	return text + ": " + countsText(t.counts)
}

// countsText is "2 errors, 1 warning", the worst first.
func countsText(counts [check.Severities]int64) string {
	words := [check.Severities][2]string{{"information", "information"}, {"warning", "warnings"}, {"error", "errors"}, {"fatal", "fatal"}}
	var parts []string
	for i := len(counts) - 1; i >= 0; i-- {
		if counts[i] > 0 {
			parts = append(parts, plural(counts[i], words[i][0], words[i][1]))
		}
	}
	if len(parts) == 0 {
		return "nothing to report"
	}
	return strings.Join(parts, ", ")
}

func plural(n int64, one, many string) string {
	word := many
	if n == 1 {
		word = one
	}
	return thousands(n) + " " + word
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// writeAligned writes rows as columns, the last one as long as it is.
func writeAligned(w interface{ WriteString(string) (int, error) }, indent string, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			line += cell
			if i < len(row)-1 {
				line += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
			}
		}
		if _, err := w.WriteString(strings.TrimRight(line, " ") + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// severityValue is a flag that holds a severity.
type severityValue struct {
	value check.Severity
	given bool
}

func severityFlag(set *flag.FlagSet, name string) *severityValue {
	v := &severityValue{}
	set.Var(v, name, "")
	return v
}

func (v *severityValue) String() string {
	if v == nil || !v.given {
		return ""
	}
	return v.value.String()
}

func (v *severityValue) Set(text string) (err error) {
	v.value, err = check.ParseSeverity(text)
	v.given = err == nil
	return err
}

func recursiveFlag(set *flag.FlagSet) *bool {
	b := set.Bool("recursive", false, "")
	set.BoolVar(b, "r", false, "")
	return b
}
