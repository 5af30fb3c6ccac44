package command

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"trestle/internal/mapping"
)

func runMapTrace(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map trace", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	only := set.String("rule", "", "")
	number := set.Int("message", 0, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) != 2 {
		return usagef("map trace needs a mapping and one file, as in: trestle map trace adt.yaml sample.hl7")
	}
	e, err := s.compileMapping(plain[0])
	if err != nil {
		return err
	}
	return s.eachRecord(ctx, e, plain[1:], false, func(in *input, rec mapping.Record) error {
		if *number > 0 && rec.Number != *number {
			return nil
		}
		_, list, err := e.TraceRecord(ctx, rec)
		if err != nil {
			s.out.Flush()
			s.complain("%s: message %d: %s", in.title(), rec.Number, err)
		}
		if !*asJSON {
			fmt.Fprintf(s.out, "message %d\n", rec.Number)
		}
		for i := range list {
			t := &list[i]
			if *only != "" && t.Rule != *only {
				continue
			}
			if *asJSON {
				if err := s.jsonLine(t); err != nil {
					return err
				}
				continue
			}
			s.traceLine(t)
		}
		return nil
	})
}

// traceLine writes what a rule did, for people.
func (s *session) traceLine(t *mapping.Trace) {
	place := fmt.Sprintf("%s turn %d", t.Block, t.Turn)
	if t.Repetition > 0 {
		place += fmt.Sprintf(" repetition %d", t.Repetition)
	}
	fmt.Fprintf(s.out, "%s\t%s\t%s\n", t.Rule, place, t.Target)
	if t.Skipped != "" {
		fmt.Fprintf(s.out, "  not run: %s\n", clean(t.Skipped))
	}
	if t.Condition != mapping.NotAsked {
		fmt.Fprintf(s.out, "  condition: %s\n", t.Condition)
	}
	for _, in := range t.Inputs {
		for _, v := range in.Values {
			fmt.Fprintf(s.out, "  %s = %q at %d+%d\n", in.Path, v.Text, v.Offset, v.Length)
		}
	}
	for _, step := range t.Steps {
		fmt.Fprintf(s.out, "  %s: %s\n", clean(step.Function), quotedList(step.Values))
	}
	if t.Fired() {
		fmt.Fprintf(s.out, "  wrote %s\n", quotedList(t.Output))
	}
	for _, w := range t.Warnings {
		fmt.Fprintf(s.out, "  warning: %s\n", clean(w))
	}
}

func quotedList(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(quoted, ", ")
}

func runMapCoverage(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map coverage", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	mask := set.Bool("mask", false, "")
	recursive := recursiveFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 2 {
		return usagef("map coverage needs a mapping and at least one file of samples, as in: trestle map coverage adt.yaml samples/*.hl7")
	}
	e, err := s.compileMapping(plain[0])
	if err != nil {
		return err
	}
	c := mapping.NewCoverage(e)
	err = s.eachRecord(ctx, e, plain[1:], *recursive, func(in *input, rec mapping.Record) error {
		if err := c.Add(ctx, rec); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.complain("%s: message %d: %s", in.title(), rec.Number, err)
		}
		return nil
	})
	r := c.Report()
	if *mask {
		maskReport(r)
	}
	if *asJSON {
		if e := s.jsonIndented(r); err == nil {
			err = e
		}
		return err
	}
	s.coverageText(r)
	return err
}

// maskReport takes the values of messages out of a report.
func maskReport(r *mapping.Report) {
	for i := range r.Unmapped {
		r.Unmapped[i].Top = nil
	}
	for i := range r.LeftOut {
		r.LeftOut[i].Top = nil
	}
	for i := range r.Failed {
		r.Failed[i].Key = "…"
	}
}

func (s *session) coverageText(r *mapping.Report) {
	fmt.Fprintf(s.out, "%s, %d without a result; %d of %d populated values mapped or left out on purpose: %.1f %%\n",
		plural(int64(r.Samples), "sample", "samples"), r.Broken, r.Covered, r.Values, 100*r.Share())
	fmt.Fprintf(s.out, "\npopulated and not mapped: %d\n", len(r.Unmapped))
	for _, f := range r.Unmapped {
		var top []string
		for _, v := range f.Top {
			top = append(top, fmt.Sprintf("%q %d", v.Value, v.Count))
		}
		fmt.Fprintf(s.out, "  %s\t%s\tin %d of %d\t%s\n", f.Path, clean(f.Name), f.Samples, r.Samples, strings.Join(top, ", "))
	}
	fmt.Fprintf(s.out, "\nleft out on purpose: %d\n", len(r.LeftOut))
	for _, f := range r.LeftOut {
		fmt.Fprintf(s.out, "  %s\t%s\tin %d of %d\t%s\n", f.Path, clean(f.Name), f.Samples, r.Samples, clean(f.LeftOut))
	}
	fmt.Fprintf(s.out, "\nrequired and empty: %d\n", len(r.Required))
	for _, q := range r.Required {
		why := "no rule writes it"
		if q.HasRule {
			why = "its rules gave nothing"
		}
		fmt.Fprintf(s.out, "  %s\tin %d of %d\t%s\n", q.Path, q.Missing, q.Made, why)
	}
	fmt.Fprintf(s.out, "\nrules that never fired: %d of %d\n", len(r.NeverFired), len(r.Rules))
	for _, u := range r.NeverFired {
		fmt.Fprintf(s.out, "  %s\t%s\t%s\n", u.Rule, u.Block, clean(u.Target))
	}
	fmt.Fprintf(s.out, "\nlookups that found nothing: %d\n", len(r.Failed))
	for _, f := range r.Failed {
		fmt.Fprintf(s.out, "  %s\t%q\t%d\n", clean(f.Table), f.Key, f.Count)
	}
}
