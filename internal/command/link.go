package command

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
)

const linkRunHelp = `
Finds which patients of two rosters are the same. A roster is CSV, an Excel workbook, HL7 v2
messages or FHIR resources. Only what is certain is linked; what is probable is left to a
person, with the reasons.

  --left FILE    the roster of our system
  --right FILE   the roster of the other system
  --spec FILE    what the columns mean and which gates are off, in YAML; the rest is guessed
  --out DIR      write links.csv, review.csv, duplicates.csv and summary.json into this folder;
                 they hold patients' identifiers and are NOT encrypted
  --seed N       what chance is drawn from; the same seed gives the same result
  --json         print the summary as JSON

A specification, each part of which can be left out:
  left:
    columns: {chart_no: other id, lname: last name}
    dates: MDY
    sheet: Patients
  right:
    charset: windows-1252
  gates: {no-corroboration: false}
  threshold: 0.9995

links.csv has left_id, right_id, probability, band (automatic) and reasons; review.csv the
same with the bands review and blocked, its reasons being the gates that were closed;
duplicates.csv has system, id_a, id_b and probability. An identifier that a spreadsheet
could take for a formula has an apostrophe before it.
`

const linkProfileHelp = `
Says what is in the columns of a roster: role, filled and distinct values, patterns,
placeholders and the most frequent values; and which rows were set aside, and why.

  --spec FILE    what the columns mean, in YAML, as the parts "left" and "right" of the
                 specification of a run
  --json         print JSON
`

func runLinkRun(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("link run", flag.ContinueOnError)
	left := set.String("left", "", "")
	right := set.String("right", "", "")
	specFile := set.String("spec", "", "")
	out := set.String("out", "", "")
	seed := set.Uint64("seed", 0, "")
	asJSON := set.Bool("json", false, "")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if *left == "" || *right == "" || len(rest) > 0 {
		return usagef("link run needs --left FILE and --right FILE, and no other files")
	}
	spec, err := readLinkSpec(*specFile)
	if err != nil {
		return err
	}
	options, err := spec.Options()
	if err != nil {
		return err
	}
	options.Seed = *seed
	if *out != "" {
		if err := os.MkdirAll(*out, 0o700); err != nil {
			return fmt.Errorf("making the folder for the results: %w", err)
		}
	}
	ours, err := s.openRoster(ctx, *left, spec.Left)
	if err != nil {
		return err
	}
	theirs, err := s.openRoster(ctx, *right, spec.Right)
	if err != nil {
		return err
	}
	options.Progress = job.NewProgress()
	stop := s.showProgress("linking", options.Progress)
	result, err := linkage.Run(ctx, ours, theirs, options)
	stop()
	if err != nil {
		return err
	}
	if *out != "" {
		if err := writeLinkFiles(*out, result); err != nil {
			return err
		}
	}
	if *asJSON {
		return result.WriteSummary(s.out)
	}
	s.tellLinks(result, ours, theirs)
	return nil
}

// readLinkSpec reads a specification; without a file it is empty.
func readLinkSpec(name string) (linkage.Spec, error) {
	if name == "" {
		return linkage.Spec{}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return linkage.Spec{}, fmt.Errorf("reading the specification: %w", err)
	}
	defer f.Close()
	spec, err := linkage.ParseSpec(f)
	if err != nil {
		return spec, fmt.Errorf("%s: %w", name, err)
	}
	return spec, nil
}

func (s *session) openRoster(ctx context.Context, name string, spec roster.Spec) (*roster.Roster, error) {
	p := job.NewProgress()
	defer s.showProgress("reading "+filepath.Base(name), p)()
	if name == "-" {
		return roster.ReadProgress(ctx, "stdin", s.Stdin, spec, p)
	}
	return roster.Open(ctx, name, spec, p)
}

// writeLinkFiles writes the results. Each file takes its name when it is whole, so that a run that was cut off leaves no
// half of one.
func writeLinkFiles(dir string, r *linkage.Result) error {
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"links.csv", func(w io.Writer) error { return r.WriteLinks(w, linkage.Automatic) }},
		{"review.csv", func(w io.Writer) error { return r.WriteLinks(w, linkage.Review, linkage.Blocked) }},
		{"duplicates.csv", r.WriteDuplicates},
		{"summary.json", r.WriteSummary},
	} {
		if err := writeWhole(dir, f.name, f.write); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) tellLinks(r *linkage.Result, ours, theirs *roster.Roster) {
	for _, x := range []*roster.Roster{ours, theirs} {
		fmt.Fprintf(s.out, "%s  %s\n", clean(x.Name), plural(int64(x.Len()), "row", "rows"))
		for _, c := range x.Columns {
			if c.Role != roster.Ignore {
				fmt.Fprintf(s.out, "  %s: %s, %s\n", clean(c.Name), c.Role, clean(c.Why))
			}
		}
		for _, n := range x.Notes {
			fmt.Fprintf(s.out, "  %s\n", clean(n))
		}
		if n := len(x.Bad); n > 0 {
			fmt.Fprintf(s.out, "  %s set aside; \"trestle link profile\" lists them\n", plural(int64(n), "row", "rows"))
		}
	}
	sum := r.Summary
	fmt.Fprintf(s.out, "automatic %s, of which %.2g are expected to be false\n", thousands(int64(sum.Automatic)), sum.ExpectedFalse)
	fmt.Fprintf(s.out, "review    %s\n", thousands(int64(sum.Review)))
	fmt.Fprintf(s.out, "blocked   %s\n", thousands(int64(sum.Blocked)))
	fmt.Fprintf(s.out, "duplicates inside left %d, inside right %d; overlays %d\n", sum.Duplicates[linkage.Left], sum.Duplicates[linkage.Right], sum.Overlays)
	for _, g := range linkage.AllGates() {
		if n := sum.Gates[g.String()]; n > 0 {
			fmt.Fprintf(s.out, "  %s: %d, %s\n", g, n, g.About())
		}
	}
	if sum.AutomaticOff != "" {
		fmt.Fprintln(s.out, clean(sum.AutomaticOff))
	}
	for _, n := range sum.Notes {
		fmt.Fprintln(s.out, clean(n))
	}
}

func runLinkProfile(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("link profile", flag.ContinueOnError)
	specFile := set.String("spec", "", "")
	asJSON := set.Bool("json", false, "")
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("link profile needs one file")
	}
	var spec roster.Spec
	if *specFile != "" {
		f, err := os.Open(*specFile)
		if err != nil {
			return fmt.Errorf("reading the specification: %w", err)
		}
		defer f.Close()
		if spec, err = roster.ParseSpec(f); err != nil {
			return err
		}
	}
	r, err := s.openRoster(ctx, files[0], spec)
	if err != nil {
		return err
	}
	profiles, err := r.Profile(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		type bad struct {
			Line   int    `json:"line"`
			Reason string `json:"reason"`
		}
		list := make([]bad, 0, len(r.Bad))
		for _, b := range r.Bad {
			list = append(list, bad{b.Line, b.Reason})
		}
		return e.Encode(struct {
			Name    string           `json:"name"`
			Hash    string           `json:"sha256"`
			Kind    string           `json:"kind"`
			Rows    int              `json:"rows"`
			Columns []roster.Profile `json:"columns"`
			Bad     []bad            `json:"bad_rows"`
			Notes   []string         `json:"notes"`
		}{r.Name, r.Hash, string(r.Kind), r.Len(), profiles, list, append([]string{}, r.Notes...)})
	}
	return s.tellProfile(r, profiles)
}

func (s *session) tellProfile(r *roster.Roster, profiles []roster.Profile) error {
	fmt.Fprintf(s.out, "%s  %s, %s\n", clean(r.Name), r.Kind.Words(), plural(int64(r.Len()), "row", "rows"))
	rows := [][]string{{"column", "role", "filled", "distinct", "placeholders", "unreadable", "patterns", "frequent"}}
	for _, p := range profiles {
		role := string(p.Role)
		if role == "" {
			role = "-"
		}
		if p.Dates != "" {
			role += " " + string(p.Dates)
		}
		rows = append(rows, []string{clean(p.Name), role, fmt.Sprint(p.Filled), fmt.Sprint(p.Distinct), fmt.Sprint(p.Placeholders), fmt.Sprint(p.Unreadable), counted(p.Patterns), counted(p.Frequent)})
	}
	if err := writeAligned(s.out, "  ", rows); err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintln(s.out, clean(n))
	}
	for _, b := range r.Bad {
		fmt.Fprintf(s.out, "line %d was set aside: %s\n", b.Line, clean(b.Reason))
	}
	return nil
}

func counted(list []roster.Counted) string {
	parts := make([]string, 0, 3)
	for _, c := range list[:min(3, len(list))] {
		parts = append(parts, fmt.Sprintf("%s (%d)", clean(c.Text), c.Count))
	}
	return strings.Join(parts, ", ")
}
