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

	"trestle/internal/compare"
	"trestle/internal/report/difference"
)

const compareHelp = `
Says what changed between two messages, two files of messages or two folders. Segments are
set against each other by what identifies them, not by their place, so that one inserted
OBX is one difference. Different delimiters are none; trailing delimiters, escapes, line
ends and the like are formatting, which does not fail a test. FHIR, JSON and XML are
compared too.

  --rules FILE         what to leave out, to take for equal and to expect, in YAML
  --key PATH[,PATH...] pair messages by these values; without it by MSH-10, and where
                       hardly any message pairs by that, by what the data suggest. The
                       word file stands for the name of the file
  --order              pair the first with the first instead
  --similar            pair by what messages have in common
  --map FILE           compare what this mapping makes of LEFT: HL7 v2 with the FHIR that came
                       of it. Each difference names the field that it comes from; the sum says
                       what arrived, what was changed, what was lost and what no rule reads
  --ignore PATH[,...]  leave these out: MSH-7, OBX[*]-14, *-7, ZPI
  --json               print JSON: pairs (key, status, differences), patterns, summary
  --html FILE          write a page that needs nothing else
  --junit FILE         write JUnit XML for a build server
  --mask               hide what may be patient data, in all of them

LEFT may be a baseline: a folder of messages with its rules in the file compare.yaml, which
are used if --rules names no others. Patient data is in all output unless it is masked.

A rule file, each part of which can be left out:
  key: [PID-3.1, EVN-2]
  ignore:
    - path: OBX-14
      where: OBX-3.1 = 8302-2
  normalise:
    - path: PID-5
      with: [name]
    - path: MSH-7
      with: [time to minute]
  expect:
    - {path: MSH-3, kind: changed, left: LAB, right: LAB2}
    - {path: PID-3, kind: removed, where: PID-3.5 = PT}
  tables:
    - {path: PID-8, codes: {M: "1", F: "2"}}

Exit status: 0 no differences beyond the expected; 1 differences; 2 trouble.
`

func runCompare(ctx context.Context, s *session, args []string) (err error) {
	set := flag.NewFlagSet("compare", flag.ContinueOnError)
	rulesFile := set.String("rules", "", "")
	keys := set.String("key", "", "")
	ignore := set.String("ignore", "", "")
	mapFile := set.String("map", "", "")
	order := set.Bool("order", false, "")
	similar := set.Bool("similar", false, "")
	asJSON := set.Bool("json", false, "")
	htmlFile := set.String("html", "", "")
	junitFile := set.String("junit", "", "")
	mask := set.Bool("mask", false, "")
	sides, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(sides) != 2 {
		return usagef("compare needs two files or folders, as in: trestle compare before.hl7 after.hl7")
	}
	o := compare.Options{Key: splitPaths(*keys)}
	switch {
	case *order && *similar, *order && *keys != "", *similar && *keys != "":
		return usagef("give one of --key, --order and --similar: messages are paired in one way")
	case *order:
		o.Pairing = compare.ByOrder
	case *similar:
		o.Pairing = compare.BySimilarity
	}
	if *rulesFile == "" { // a baseline brings its own
		own := filepath.Join(sides[0], compare.BaselineRules)
		if info, statErr := os.Stat(own); statErr == nil && info.Mode().IsRegular() {
			*rulesFile = own
		}
	}
	if o.Rules, err = compareRules(*rulesFile, splitPaths(*ignore)); err != nil {
		return err
	}
	left, err := compareSide(sides[0])
	if err != nil {
		return err
	}
	defer left.Close()
	right, err := compareSide(sides[1])
	if err != nil {
		return err
	}
	defer right.Close()

	about := difference.Options{Left: sides[0], Right: sides[1], Mask: *mask}
	if !o.Rules.Empty() {
		about.Rules = o.Rules.String()
	}
	writers := []difference.Writer{}
	if *asJSON {
		writers = append(writers, difference.NewJSON(s.out, about))
	} else {
		writers = append(writers, &compareText{s: s, mask: *mask, alone: left.Len() == 1 && right.Len() == 1})
	}
	for _, file := range []struct {
		name string
		make func(io.WriteSeeker) difference.Writer
	}{
		{*htmlFile, func(w io.WriteSeeker) difference.Writer { return difference.NewHTML(w, about) }},
		{*junitFile, func(w io.WriteSeeker) difference.Writer { return difference.NewJUnit(w, about) }},
	} {
		if file.name == "" {
			continue
		}
		f, openErr := os.OpenFile(file.name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if openErr != nil {
			return errors.New(describe(file.name, openErr))
		}
		defer func() {
			if closeErr := f.Close(); closeErr != nil && (err == nil || errors.Is(err, errFailed)) {
				err = errors.New(describe(file.name, closeErr))
			}
		}()
		writers = append(writers, file.make(f))
	}
	var first compare.Source = left
	if *mapFile != "" {
		e, mapErr := s.compileMapping(*mapFile)
		if mapErr != nil {
			return mapErr
		}
		first = compare.Through(left, e)
	}
	return s.compare(ctx, first, right, o, difference.Several(writers...))
}

func (s *session) compare(ctx context.Context, left, right compare.Source, o compare.Options, w difference.Writer) error {
	if s.Live {
		shown := int64(-1)
		o.Report = func(done, total int64) {
			if percent := 100 * done / max(total, 1); percent != shown {
				shown = percent
				fmt.Fprintf(s.Stderr, "\r%3d %%  %s compared", percent, plural(done/2, "message", "messages"))
			}
		}
		defer fmt.Fprint(s.Stderr, "\r\033[K")
	}
	o.Begin = func(sum *compare.Summary) error {
		for i, side := range [...]string{"left", "right"} {
			if sum.Messages[i] == 0 {
				return fmt.Errorf("the %s side holds no message: nothing was compared", side)
			}
		}
		return nil
	}
	summary, err := compare.Sets(ctx, left, right, o, w.Pair)
	if err != nil {
		return err
	}
	if err := w.Close(summary); err != nil {
		return err
	}
	if summary.Suggested {
		s.out.Flush()
		s.complain("hardly any message has its MSH-10 on the other side: paired by %s; --key chooses another", strings.Join(summary.Key, ","))
	}
	if !summary.Clean() {
		return errFailed
	}
	return nil
}

// splitPaths reads PATH[,PATH...].
func splitPaths(text string) (paths []string) {
	for p := range strings.SplitSeq(text, ",") {
		if p = strings.TrimSpace(p); p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}

// compareRules are those of the file and of --ignore.
func compareRules(file string, ignore []string) (*compare.Rules, error) {
	rules := &compare.Rules{}
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, errors.New(describe(file, err))
		}
		if rules, err = compare.ParseRules(b); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	more := &compare.Rules{}
	for _, p := range ignore {
		more.Ignore = append(more.Ignore, compare.Ignore{Path: p})
	}
	if err := more.Check(); err != nil {
		return nil, usagef("%s", err)
	}
	return rules.With(more), nil
}

func compareSide(name string) (*compare.Files, error) {
	if name == "-" {
		return nil, usagef("compare reads each side twice and cannot read standard input: save it to a file first")
	}
	f, err := compare.OpenFiles(filepath.Clean(name))
	if err != nil {
		return nil, errors.New(describe(name, err))
	}
	return f, nil
}

// compareText writes for a person: the pairs that differ, as many as a screen or two hold, the patterns and the sum.
type compareText struct {
	s      *session
	mask   bool
	alone  bool // one file on each side: formatting is shown too
	listed int
	left   int
}

const (
	listedPairs    = 20
	listedPatterns = 30
)

// Pair implements difference.Writer.
func (c *compareText) Pair(p *compare.Pair) error {
	if p.Status == compare.Exact || p.Status == compare.Same && !c.alone {
		return nil
	}
	if c.listed == listedPairs {
		c.left++
		return nil
	}
	c.listed++
	words := p.Status.String()
	if p.Duplicate {
		words += ", an earlier message has the same key"
	}
	fmt.Fprintf(c.s.out, "%s  %s  %s\n", clean(p.Title(c.mask)), clean(p.Type), words)
	if p.Result == nil {
		return nil
	}
	for d := range p.Result.Shown() {
		line := difference.Line(d, c.mask)
		if d.Verdict == compare.Expected {
			line += " (expected)"
		}
		fmt.Fprintf(c.s.out, "  %s\n", clean(line))
	}
	return nil
}

// Close implements difference.Writer.
func (c *compareText) Close(sum *compare.Summary) error {
	if c.left > 0 {
		fmt.Fprintf(c.s.out, "… and %s; --json lists all\n", plural(int64(c.left), "more pair that differs", "more pairs that differ"))
	}
	if sum.Total() > 1 {
		if err := c.patterns(sum); err != nil {
			return err
		}
		rows := [][]string{{"type"}}
		for _, status := range compare.Statuses() {
			rows[0] = append(rows[0], status.String())
		}
		for _, t := range sum.Types {
			row := []string{clean(t.Type)}
			for _, status := range compare.Statuses() {
				row = append(row, thousands(int64(t.Counts[status])))
			}
			rows = append(rows, row)
		}
		fmt.Fprintln(c.s.out)
		if err := writeAligned(c.s.out, "", rows); err != nil {
			return err
		}
		fmt.Fprintln(c.s.out)
	}
	for _, line := range difference.Sentences(sum) {
		fmt.Fprintln(c.s.out, clean(line))
	}
	return nil
}

func (c *compareText) patterns(sum *compare.Summary) error {
	if len(sum.Patterns) == 0 {
		return nil
	}
	fmt.Fprintln(c.s.out, "\nwhat differs, and how often:")
	var rows [][]string
	for i, p := range sum.Patterns {
		if i == listedPatterns {
			rows = append(rows, []string{fmt.Sprintf("… and %d more", len(sum.Patterns)-i)})
			break
		}
		row := []string{p.Kind.String(), clean(p.Path), thousands(int64(p.Count)), "in " + plural(int64(p.Pairs), "pair", "pairs")}
		if p.From != "" {
			row = append(row, "from "+clean(p.From))
		}
		rows = append(rows, row)
	}
	return writeAligned(c.s.out, "  ", rows)
}
