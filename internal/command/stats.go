package command

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
	"trestle/internal/inspect/statistics"
)

const statsHelp = `
Counts what stands at PATH in the messages of files: in how many there is a value, which
values with their counts, how long they are, and what they look like (9 a digit, A and a
letters).

  trestle stats PV1-2 adt.hl7
  trestle stats --where 'type = ORU' --top 20 OBX-3.1,OBX-2 -r feed/

  --where Q    only messages that answer a query; see "trestle help find"
  --top N      as many values and patterns, 10 unless said otherwise; -1 for all
  --json       a JSON object a path
  -r           read every file below folders
`

func runStats(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("stats", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	top := set.Int("top", 10, "")
	where := whereFlag(set)
	recursive := recursiveFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 2 {
		return usagef("stats needs a path and at least one file, as in: trestle stats PV1-2 adt.hl7")
	}
	paths, err := getPaths(plain[0])
	if err != nil {
		return err
	}
	fields := make([]*statistics.Field, len(paths))
	for i, p := range paths {
		fields[i] = statistics.New(p.Path)
	}
	err = s.eachInput(ctx, plain[1:], *recursive, func(in *input) error {
		return s.eachMatch(ctx, in, where.Query, false, func(r inspect.Record) error {
			m := hl7.Parse(r.Bytes)
			for i, f := range fields {
				if len(paths[i].Groups) > 0 {
					f.Add(grouped(m))
					continue
				}
				f.Add(m)
			}
			return nil
		})
	})
	if ctx.Err() != nil {
		return err
	}
	for i, f := range fields {
		if *asJSON {
			if e := s.jsonLine(statsObject(paths[i].name, f, *top)); e != nil {
				return e
			}
			continue
		}
		s.statsText(paths[i].name, f, *top)
	}
	return err
}

// fieldStats is a path's numbers as JSON.
type fieldStats struct {
	Path          string       `json:"path"`
	Name          string       `json:"name,omitempty"`
	Messages      int          `json:"messages"`
	Populated     int          `json:"populated"`
	Percent       float64      `json:"percent"`
	Null          int          `json:"null"`
	Values        int          `json:"values"`
	MostTimes     int          `json:"mostInOneMessage"`
	Distinct      int          `json:"distinct"`
	DistinctExact bool         `json:"distinctExact"`
	Shortest      int          `json:"shortest"`
	Longest       int          `json:"longest"`
	Average       float64      `json:"average"`
	Top           []valueCount `json:"top"`
	Patterns      []valueCount `json:"patterns"`
}

type valueCount struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

func statsObject(name string, f *statistics.Field, top int) fieldStats {
	distinct, exact := f.Distinct()
	return fieldStats{
		Path: name, Name: pathName(f.Path), Messages: f.Messages, Populated: f.With, Percent: 100 * f.Populated(), Null: f.Null, Values: f.Values, MostTimes: f.MostTimes,
		Distinct: distinct, DistinctExact: exact, Shortest: f.Shortest, Longest: f.Longest, Average: f.Average(),
		Top: counts(f.Top(top)), Patterns: counts(f.Patterns(top)),
	}
}

func counts(values []statistics.Value) []valueCount {
	out := make([]valueCount, len(values))
	for i, v := range values {
		out[i] = valueCount{v.Text, v.Count}
	}
	return out
}

// pathName is what the standard calls a path.
func pathName(p hl7.Path) string {
	v, _ := dictionary.For("2.5.1")
	return v.NameOf(p)
}

func (s *session) statsText(name string, f *statistics.Field, top int) {
	title := name
	if n := pathName(f.Path); n != "" {
		title += "  " + n
	}
	fmt.Fprintln(s.out, clean(title))
	fmt.Fprintf(s.out, "  in %s of %s (%.1f %%)", thousands(int64(f.With)), plural(int64(f.Messages), "message", "messages"), 100*f.Populated())
	if f.Null > 0 {
		fmt.Fprintf(s.out, `, %s of "" that delete`, plural(int64(f.Null), "value", "values"))
	}
	fmt.Fprintln(s.out)
	if f.Values == 0 {
		return
	}
	distinct, exact := f.Distinct()
	more := ""
	if !exact {
		more = "more than "
	}
	fmt.Fprintf(s.out, "  %s, %s%s; %d to %d characters, %.1f on average; at most %s in one message\n",
		plural(int64(f.Values), "value", "values"), more, plural(int64(distinct), "is different", "are different"), f.Shortest, f.Longest, f.Average(), plural(int64(f.MostTimes), "value", "values"))
	rows := [][]string{}
	add := func(what string, values []statistics.Value) {
		for i, v := range values {
			if i > 0 {
				what = ""
			}
			share := fmt.Sprintf("%5.1f %%", 100*float64(v.Count)/float64(f.Values))
			rows = append(rows, []string{what, fmt.Sprintf("%*s", len(thousands(int64(values[0].Count))), thousands(int64(v.Count))), share, clean(v.Text)})
		}
	}
	add("values", f.Top(top))
	add("patterns", f.Patterns(top))
	_ = writeAligned(s.out, "  ", rows)
	if left := distinct - top; top >= 0 && left > 0 {
		fmt.Fprintf(s.out, "  %s\n", strings.TrimSpace("and "+plural(int64(left), "further value", "further values")+"; --top shows more"))
	}
}
